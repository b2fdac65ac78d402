//! Netpbm's pictures (PBM, PGM, PPM, PAM): a head in letters, then pixels.

use image::ImageFormat;
use madang_document::content::Content;

use super::korean_bytes::tag_text;
use super::picture::{self, Header};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "portable_picture",
    version: 4,
    media_types: &[
        "image/x-portable-bitmap",
        "image/x-portable-graymap",
        "image/x-portable-pixmap",
        "image/x-portable-arbitrarymap",
    ],
    sniff: |probe| if of_head(&probe.head).is_some() { Match::Magic } else { Match::No },
    media_type,
    extract,
};

/// Bytes of a head that are read: comments stand in it.
const HEAD_MOST: u64 = 64 << 10;

fn media_type(probe: &Probe<'_>) -> &'static str {
    match probe.head.get(1) {
        Some(b'1' | b'4') => "image/x-portable-bitmap",
        Some(b'2' | b'5') => "image/x-portable-graymap",
        Some(b'3' | b'6') => "image/x-portable-pixmap",
        _ => "image/x-portable-arbitrarymap",
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let head = read_range(blob, 0, HEAD_MOST)?;
    picture::content(blob, context, ImageFormat::Pnm, of_head(&head).unwrap_or_default())
}

/// What a head says; none if it is none.
fn of_head(head: &[u8]) -> Option<Header> {
    let &[b'P', kind @ b'1'..=b'7', space, ..] = head else { return None };
    if !space.is_ascii_whitespace() {
        return None;
    }
    let mut header = Header::default();
    let rest = head.get(3..)?;
    if kind == b'7' {
        return arbitrary(rest, header);
    }
    let mut words = Words(rest);
    let mut number = |header: &mut Header| {
        let word = words.next(header)?;
        std::str::from_utf8(word).ok()?.parse::<u32>().ok()
    };
    header.width = number(&mut header)?;
    header.height = number(&mut header)?;
    let most = if matches!(kind, b'1' | b'4') { 1 } else { number(&mut header)? };
    (header.width > 0 && header.height > 0 && (1..=65_535).contains(&most)).then_some(())?;
    header.bit_depth = Some(most.ilog2() + 1);
    header.channels = Some(if matches!(kind, b'3' | b'6') { 3 } else { 1 });
    Some(header)
}

/// The head of a PAM: a name and a number on each line.
fn arbitrary(rest: &[u8], mut header: Header) -> Option<Header> {
    for line in rest.split(|byte| *byte == b'\n') {
        let line = std::str::from_utf8(line).ok()?.trim();
        if let Some(comment) = line.strip_prefix('#') {
            header.texts.push(("comment", "comment", comment.trim().to_owned()));
            continue;
        }
        let (name, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let number = value.trim().parse::<u32>().ok();
        match name {
            "WIDTH" => header.width = number?,
            "HEIGHT" => header.height = number?,
            "DEPTH" => header.channels = Some(number?),
            "MAXVAL" => header.bit_depth = Some(number?.checked_ilog2()? + 1),
            "TUPLTYPE" | "" => {}
            "ENDHDR" => return (header.width > 0 && header.height > 0).then_some(header),
            _ => return None,
        }
    }
    None
}

/// The words of a head. What stands behind a `#` is a comment, up to the end of its line.
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn next(&mut self, header: &mut Header) -> Option<&'a [u8]> {
        loop {
            self.0 = self.0.trim_ascii_start();
            let Some(comment) = self.0.strip_prefix(b"#") else { break };
            let end = comment.iter().position(|byte| *byte == b'\n')?;
            let (comment, rest) = comment.split_at_checked(end)?;
            header.texts.push(("comment", "comment", tag_text(comment.trim_ascii())));
            self.0 = rest;
        }
        let end = self.0.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'#');
        let (word, rest) = self.0.split_at_checked(end.unwrap_or(self.0.len()))?;
        self.0 = rest;
        Some(word).filter(|word| !word.is_empty() && word.len() <= 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_told_from_letters_that_begin_so() {
        for (head, expected) in [
            (b"P5\n# of a scanner\n91 84\n255\n\xFF".as_slice(), Some((91, 84, 8, 1))),
            (b"P4 8\t9\n\0", Some((8, 9, 1, 1))),
            (b"P3\n2 2\n1023\n0 0 0", Some((2, 2, 10, 3))),
            (
                b"P7\nWIDTH 3\nHEIGHT 4\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n",
                Some((3, 4, 8, 4)),
            ),
            (b"P6\n0 2\n255\n", None),
            (b"P5 of the plan: 12 pages", None),
            (b"P1.", None),
            (b"P2\n# never ends", None),
            (b"P7\nWIDTH 3\nand so on\nENDHDR", None),
        ] {
            let read = of_head(head)
                .map(|h| (h.width, h.height, h.bit_depth.unwrap(), h.channels.unwrap()));
            assert_eq!(read, expected, "{}", String::from_utf8_lossy(head));
        }
    }
}
