//! Signed files and mails (CMS, RFC 5652; before that PKCS #7), and those with a stamp of time (RFC 5544), a digest, or packed
//! (RFC 3274): what was signed stands within, and is a member. What is encrypted for the keys of people is told; nobody but they
//! can read it. All come as bytes or as base64, between lines that say so (RFC 7468, sections 8 and 9) or bare, as mailers save
//! `smime.p7m`.

use std::borrow::Cow;

use flate2::read::ZlibDecoder;
use madang_document::content::Content;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;
use mail_parser::decoders::base64::base64_decode;

use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::unpack::take_member;

pub(super) const FORMAT: Format = Format {
    name: "pkcs7",
    version: 4,
    media_types: &["application/pkcs7-mime"],
    // A signature that stands beside what it signs holds nothing to be read.
    sniff: |probe| {
        let read = |bytes: &[u8]| Cms::read(bytes).is_some();
        // One that is damaged is known by its name, and by the mark of a sequence, in bytes or in base64.
        let is_named = probe.extension == "p7m"
            && [b"\x30".as_slice(), b"M", b"-----BEGIN "].iter().any(|it| probe.starts_with(it));
        match read(&probe.head) || in_base64(&probe.head).is_some_and(|bytes| read(&bytes)) {
            true => Match::Magic,
            false if is_named => Match::Extension,
            false => Match::No,
        }
    },
    media_type: |_| "application/pkcs7-mime",
    extract,
};

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let stored = blob.read_all(context.limits.member)?;
    let bytes = in_base64(&stored).map_or(stored, Cow::Owned);
    let (within, is_packed) = match Cms::read(&bytes) {
        Some(Cms::Within(within)) => (within, false),
        Some(Cms::Packed(packed)) => (packed, true),
        Some(Cms::Enveloped) => {
            return Err(ExtractError::Encrypted(ReasonKind::Certificate.of(Noun::File)));
        }
        None if is_other(&bytes) => {
            return Err(ExtractError::Unsupported(
                ReasonKind::NoReader("signed messages".into()).into(),
            ));
        }
        None => return Err(ExtractError::corrupt(ReasonKind::Damaged.of(Noun::File))),
    };
    let mut content = Content::default();
    let path = MemberPaths::default().take(&name(context.name));
    if element(&bytes).is_some_and(|outermost| outermost.is_cut) {
        content.lost(ReasonKind::EndsEarly.of(Noun::File));
    }
    match is_packed {
        true => {
            take_member(ZlibDecoder::new(within.as_slice()), &path, None, context, &mut content)
        }
        false => take_member(within.as_slice(), &path, None, context, &mut content),
    };
    Ok(content)
}

/// Whether these bytes are a whole structure of another kind, as certificates alone.
fn is_other(bytes: &[u8]) -> bool {
    let outermost = element(bytes).filter(|outermost| !outermost.is_cut);
    let first = outermost.and_then(|outermost| Elements(outermost.of(SEQUENCE)?).next());
    first.is_some_and(|first| first.tag == OBJECT && !first.is_cut)
}

/// The name of what was signed: `계약서.pdf` of `계약서.pdf.p7m`, and a mail of `smime.p7m`.
fn name(name: &str) -> String {
    let known = [".p7m", ".p7s", ".p7z", ".p7", ".sig", ".pem", ".cms", ".tsd"];
    let end = known.iter().find(|end| name.to_ascii_lowercase().ends_with(**end));
    let stem = end.and_then(|end| name.get(..name.len() - end.len())).unwrap_or(name);
    match stem.contains('.') {
        true => stem.to_owned(),
        false => format!("{stem}.eml"),
    }
}

/// What base64 writes of this: between the lines that begin and end it, or bare. None if it is none of a structure of CMS.
fn in_base64(bytes: &[u8]) -> Option<Vec<u8>> {
    /// The last is Netscape's, which signed texts of the web carry.
    const LABELS: [&[u8]; 3] = [b"PKCS7-----", b"CMS-----", b"PKCS #7 SIGNED DATA-----"];
    /// Letters that tell whether it is worth to decode them all: the head of a structure and its identifier lie in them.
    const FIRST: usize = 64;
    /// How the identifiers of all structures begin (1.2.840.113549.1).
    const IDENTIFIER: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01";
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let letters = match bytes.strip_prefix(b"-----BEGIN ") {
        Some(rest) => LABELS.iter().find_map(|label| rest.strip_prefix(*label))?,
        // How the mark of a sequence is written.
        None => Some(bytes).filter(|bytes| bytes.starts_with(b"M"))?,
    };
    let is_letter = |byte: &u8| {
        byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=".contains(byte)
    };
    let first = letters.get(..FIRST.min(letters.len())).unwrap_or_default();
    let first = first.split(|byte| !is_letter(byte)).next().and_then(base64_decode)?;
    first.windows(IDENTIFIER.len()).find(|bytes| *bytes == IDENTIFIER)?;
    // What is damaged goes as far as its letters do.
    let end = letters.iter().position(|byte| !is_letter(byte)).unwrap_or(letters.len());
    base64_decode(letters.get(..end)?)
}

/// What the outermost structure is (RFC 5652, section 3).
enum Cms {
    /// With what was signed (section 5.2), digested or stamped.
    Within(Vec<u8>),
    /// With what is packed by zlib.
    Packed(Vec<u8>),
    /// For the keys of people (sections 6 and 9).
    Enveloped,
}

impl Cms {
    /// Reads as far as what was signed; none if these bytes are neither.
    fn read(bytes: &[u8]) -> Option<Cms> {
        let mut outermost = Elements(element(bytes)?.of(SEQUENCE)?);
        let kind = outermost.next()?.of(OBJECT)?;
        // 1.2.840.113549.1, of which 7 is PKCS #7 and 9.16.1 what S/MIME added.
        let kind = kind.strip_prefix(b"\x2A\x86\x48\x86\xF7\x0D\x01")?;
        let mut within = || Some(Elements(element(outermost.next()?.of(WITHIN)?)?.of(SEQUENCE)?));
        match kind {
            b"\x07\x03" | b"\x07\x06" | b"\x09\x10\x01\x17" => Some(Cms::Enveloped),
            // The algorithms of all who signed, or the one of the digest, stand before the content.
            b"\x07\x02" | b"\x07\x05" | b"\x09\x10\x01\x09" => {
                let mut parts = within()?;
                parts.next()?.of(INTEGER)?;
                let algorithms = parts.next()?;
                algorithms.of(SET).or_else(|| algorithms.of(SEQUENCE))?;
                let mut content = Elements(parts.next()?.of(SEQUENCE)?);
                content.next()?.of(OBJECT)?;
                let octets = octets(&element(content.next()?.of(WITHIN)?)?)?;
                Some(match kind {
                    b"\x09\x10\x01\x09" => Cms::Packed(octets),
                    _ => Cms::Within(octets),
                })
            }
            // Its address and what is said of it may stand before it (RFC 5544, section 2).
            b"\x09\x10\x01\x1F" => {
                let stamped = within()?.find(|it| matches!(it.tag, OCTETS | OCTETS_IN_PIECES))?;
                Some(Cms::Within(octets(&stamped)?))
            }
            _ => None,
        }
    }
}

// Identifiers of X.690, section 8.1.2.
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OBJECT: u8 = 0x06;
const OCTETS_IN_PIECES: u8 = 0x24;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const WITHIN: u8 = 0xA0;

/// Bytes of an identifier and a length, at most, of what is read here.
const LONGEST_HEAD: usize = 10;

/// How deep structures may lie in each other.
const DEEPEST: u32 = 16;

/// An element of BER (X.690, section 8.1).
struct Element<'a> {
    tag: u8,
    body: &'a [u8],
    rest: &'a [u8],
    /// Whether it says that it is longer.
    is_cut: bool,
}

impl<'a> Element<'a> {
    fn of(&self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.body)
    }
}

struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let element = element(self.0)?;
        self.0 = element.rest;
        Some(element)
    }
}

fn element(bytes: &[u8]) -> Option<Element<'_>> {
    element_at(bytes, 0)
}

/// The first element. One that is cut off goes as far as the bytes do.
fn element_at(bytes: &[u8], depth: u32) -> Option<Element<'_>> {
    let (&[tag, length], after) = bytes.split_first_chunk::<2>()?;
    // Tags of more than a byte stand in none of what is read here.
    if tag & 0x1F == 0x1F || depth > DEEPEST {
        return None;
    }
    if length == 0x80 {
        let mut rest = after;
        let is_cut = loop {
            if rest.starts_with(&[0, 0]) {
                break false;
            }
            match element_at(rest, depth + 1) {
                Some(next) => rest = next.rest,
                // Bytes that end within the head of an element are as good as at their end.
                None if rest.len() <= LONGEST_HEAD => break true,
                None => return None,
            }
        };
        let body = after.get(..after.len() - rest.len())?;
        let rest = if is_cut { &[] } else { rest.get(2..).unwrap_or_default() };
        return Some(Element { tag, body, rest, is_cut });
    }
    let (length, after) = match length {
        0..=0x7F => (usize::from(length), after),
        _ => {
            let (digits, after) = after.split_at_checked(usize::from(length & 0x7F))?;
            if digits.len() > 8 {
                return None;
            }
            let length = digits.iter().fold(0u64, |length, byte| length << 8 | u64::from(*byte));
            (usize::try_from(length).ok()?, after)
        }
    };
    let (body, rest) = after.split_at(length.min(after.len()));
    Some(Element { tag, body, rest, is_cut: length > body.len() })
}

/// The bytes of a string of octets, which may come in pieces (section 8.7).
fn octets(element: &Element<'_>) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    collect(element, &mut octets, 0)?;
    Some(octets)
}

fn collect(element: &Element<'_>, octets: &mut Vec<u8>, depth: u32) -> Option<()> {
    match element.tag {
        OCTETS => octets.extend_from_slice(element.body),
        OCTETS_IN_PIECES if depth < DEEPEST => {
            Elements(element.body).try_for_each(|piece| collect(&piece, octets, depth + 1))?;
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
    const DATA: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01";

    fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        [&[tag, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
    }

    fn signed(content: &[u8]) -> Vec<u8> {
        let content = der(SEQUENCE, &[DATA, &der(WITHIN, &[content])]);
        let signed = der(SEQUENCE, &[&[INTEGER, 1, 1], &[SET, 0], &content]);
        der(SEQUENCE, &[SIGNED, &der(WITHIN, &[&signed])])
    }

    fn read(bytes: &[u8]) -> Option<Vec<u8>> {
        match Cms::read(bytes)? {
            Cms::Within(octets) | Cms::Packed(octets) => Some(octets),
            Cms::Enveloped => None,
        }
    }

    #[test]
    fn what_was_signed_is_had_in_one_piece_or_many() {
        assert_eq!(read(&signed(b"\x04\x02ab")).unwrap(), b"ab");
        assert_eq!(read(&signed(b"\x24\x80\x04\x01a\x04\x01b\0\0")).unwrap(), b"ab");
        let whole = signed(b"\x04\x05abcde");
        assert_eq!(read(&whole[..whole.len() - 2]).unwrap(), b"abc", "as far as it goes");
        // Streamed: wherever the head of a file ends within the pieces, it is one of these.
        let pieces = b"\x04\x02ab\x04\x81\x03cde\x04\x01f".as_slice();
        let version_and_digests = b"\x30\x80\x02\x01\x01\x31\x00".as_slice();
        let open: [&[u8]; 8] = [
            b"\x30\x80",
            SIGNED,
            b"\xA0\x80",
            version_and_digests,
            b"\x30\x80",
            DATA,
            b"\xA0\x80",
            b"\x24\x80",
        ];
        let open = open.concat();
        let streamed = [open.as_slice(), pieces, &[0; 14]].concat();
        assert_eq!(read(&streamed).unwrap(), b"abcdef");
        for cut in open.len()..streamed.len() {
            let found = read(&streamed[..cut]).unwrap();
            assert!(b"abcdef".starts_with(&found), "{cut}");
        }
        // Beside what it signs.
        let content = der(SEQUENCE, &[DATA]);
        let beside = der(SEQUENCE, &[&[INTEGER, 1, 1], &[SET, 0], &content]);
        assert!(Cms::read(&der(SEQUENCE, &[SIGNED, &der(WITHIN, &[&beside])])).is_none());
    }

    #[test]
    fn what_is_digested_stamped_or_packed_stands_within() {
        let of = |kind: &[u8]| [b"\x2A\x86\x48\x86\xF7\x0D\x01", kind].concat();
        let whole = |kind: &[u8], parts: &[&[u8]]| {
            let within = der(SEQUENCE, &[&[&[INTEGER, 1, 1][..]], parts].concat());
            der(SEQUENCE, &[&der(OBJECT, &[&of(kind)]), &der(WITHIN, &[&within])])
        };
        let content = der(SEQUENCE, &[DATA, &der(WITHIN, &[b"\x04\x02ab"])]);
        let algorithm = der(SEQUENCE, &[DATA]);
        let digested = whole(b"\x07\x05", &[&algorithm, &content, b"\x04\x02no"]);
        assert!(matches!(Cms::read(&digested), Some(Cms::Within(octets)) if octets == b"ab"));
        let packed = whole(b"\x09\x10\x01\x09", &[&algorithm, &content]);
        assert!(matches!(Cms::read(&packed), Some(Cms::Packed(octets)) if octets == b"ab"));
        let told = der(SEQUENCE, &[&[1, 1, 0]]);
        let stamped = whole(b"\x09\x10\x01\x1F", &[b"\x16\x01u", &told, b"\x04\x02ab", b"\xA0\0"]);
        assert!(matches!(Cms::read(&stamped), Some(Cms::Within(octets)) if octets == b"ab"));
        // A stamp beside what it stands for.
        assert!(Cms::read(&whole(b"\x09\x10\x01\x1F", &[&told, b"\xA0\0"])).is_none());
        assert!(Cms::read(&whole(b"\x09\x10\x01\x02", &[&algorithm, &content])).is_none());
    }

    #[test]
    fn base64_is_read_between_its_lines_or_bare() {
        let file = signed(b"\x04\x02ab");
        let letters = base64(&file);
        for (begin, end) in [
            ("-----BEGIN PKCS7-----\r\n", "\r\n-----END PKCS7-----\r\n"),
            ("\u{FEFF}-----BEGIN CMS-----\n", "\n-----END CMS-----\n"),
            ("-----BEGIN PKCS #7 SIGNED DATA-----\n", ""),
            ("", "\n"),
            ("\n\n", ""),
        ] {
            let text = format!("{begin}{letters}{end}");
            assert_eq!(in_base64(text.as_bytes()).unwrap(), file, "{begin:?}");
        }
        for none in [
            "-----BEGIN CERTIFICATE-----\nMIIB",
            "-----BEGIN PKCS7-----\n",
            "Meetings and Minutes of the board",
            "M",
            "",
        ] {
            assert!(in_base64(none.as_bytes()).is_none(), "{none}");
        }
        // A certificate has an identifier of this family, too, and is no structure of CMS.
        let certificate = der(SEQUENCE, &[&der(SEQUENCE, &[SIGNED])]);
        let read = in_base64(base64(&certificate).as_bytes()).unwrap();
        assert!(Cms::read(&read).is_none());
    }

    /// In lines of eight letters.
    fn base64(bytes: &[u8]) -> String {
        let alphabet: Vec<char> =
            ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
        let mut text = String::new();
        for (n, piece) in bytes.chunks(3).enumerate() {
            let mut three = [0; 4];
            three[1..=piece.len()].copy_from_slice(piece);
            let number = u32::from_be_bytes(three);
            for at in 0..4 {
                let place = (number >> (18 - 6 * at)) as usize % 64;
                text.push(if at > piece.len() { '=' } else { alphabet[place] });
            }
            if n % 2 == 1 {
                text.push('\n');
            }
        }
        text
    }

    #[test]
    fn hostile_lengths_and_depths_end() {
        assert!(Cms::read(&[0x30, 0x80].repeat(10_000)).is_none());
        assert!(Cms::read(b"\x30\xFF").is_none());
        assert!(Cms::read(b"\x30\x88\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x06").is_none());
        assert!(read(&signed(&[0x24, 0x80].repeat(40))).is_none());
        assert!(Cms::read(b"").is_none());
    }

    #[test]
    fn the_name_of_what_was_signed_is_in_that_of_the_file() {
        for (file, inside) in [
            ("계약서.pdf.p7m", "계약서.pdf"),
            ("smime.P7M", "smime.eml"),
            ("a.hwp", "a.hwp"),
            ("공고.hwp.TSD", "공고.hwp"),
        ] {
            assert_eq!(name(file), inside);
        }
    }
}
