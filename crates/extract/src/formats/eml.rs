//! Mail messages (RFC 5322 and MIME) and mailboxes of them (RFC 4155).
//!
//! mail-parser finds the parts; their text is decoded here, because Korean mails label their encoding wrongly or
//! not at all.

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata::{AUTHOR, CREATED, TITLE, Value};
use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Address, Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use crate::blob::Blob;
use crate::context::Context;
use crate::encoding::{decode, decode_declared};
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::unpack::take_member;

pub(super) const EML: Format = Format {
    name: "eml",
    version: 1,
    media_types: &["message/rfc822", "multipart/related"],
    sniff,
    media_type: |probe| match probe.extension.as_str() {
        "mht" | "mhtml" => "multipart/related",
        _ => "message/rfc822",
    },
    extract,
};

pub(super) const MBOX: Format = Format {
    name: "mbox",
    version: 1,
    media_types: &["application/mbox"],
    sniff: |probe| {
        let lines = probe.head.strip_prefix(b"From ".as_slice()).and_then(after_line);
        match lines.map(known_headers) {
            Some(2..) if !named(probe) => Match::Magic,
            _ => Match::No,
        }
    },
    media_type: |_| "application/mbox",
    extract: extract_mbox,
};

fn named(probe: &Probe<'_>) -> bool {
    matches!(probe.extension.as_str(), "eml" | "emlx" | "mht" | "mhtml")
}

fn sniff(probe: &Probe<'_>) -> Match {
    // A text may quote a mail: its name is believed.
    if matches!(probe.extension.as_str(), "txt" | "md" | "log" | "csv") {
        return Match::No;
    }
    match known_headers(&probe.head) {
        3.. => Match::Magic,
        1.. if named(probe) => Match::Magic,
        _ if named(probe) && !probe.head.is_empty() && !probe.head.contains(&0) => Match::Extension,
        _ => Match::No,
    }
}

/// How many fields that only mails have stand at the start; none if what stands there is no header.
fn known_headers(head: &[u8]) -> usize {
    const KNOWN: [&str; 19] = [
        "from",
        "to",
        "cc",
        "subject",
        "date",
        "received",
        "message-id",
        "return-path",
        "reply-to",
        "sender",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "delivered-to",
        "dkim-signature",
        "x-mailer",
        "envelope-to",
        "status",
        "x-original-to",
    ];
    let mut known = 0;
    for line in head.split(|b| *b == b'\n').take(200) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") || line.starts_with(b"From ") {
            continue;
        }
        let Some(colon) = line.iter().position(|b| *b == b':') else { return 0 };
        let field = line.get(..colon).unwrap_or_default();
        if field.is_empty() || !field.iter().all(|b| b.is_ascii_graphic()) {
            return 0;
        }
        known += usize::from(KNOWN.iter().any(|name| field.eq_ignore_ascii_case(name.as_bytes())));
    }
    known
}

fn after_line(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|b| *b == b'\n')?;
    bytes.get(end + 1..)
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let bytes = blob.read_all(context.limits.member)?;
    let mut content = Content::default();
    read_mail(&bytes, &mut content, context)?;
    Ok(content)
}

fn extract_mbox(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let bytes = blob.read_all(context.limits.member)?;
    let mut content = Content::default();
    let mut messages = messages(&bytes);
    if let [only] = messages.as_slice() {
        read_mail(only, &mut content, context)?;
        return Ok(content);
    }
    for (n, message) in messages.drain(..).enumerate() {
        if !take_member(message, &format!("{}.eml", n + 1), None, context, &mut content) {
            break;
        }
    }
    Ok(content)
}

/// The messages of a mailbox: each begins after a line `From `, which follows a blank line (RFC 4155, appendix A).
fn messages(bytes: &[u8]) -> Vec<&[u8]> {
    let mut starts = vec![0];
    for (at, window) in bytes.windows(7).enumerate() {
        if window == b"\n\nFrom "
            || (window.starts_with(b"\nFrom ")
                && at > 2
                && bytes.get(at - 1) == Some(&b'\r')
                && bytes.get(at - 2) == Some(&b'\n'))
        {
            starts.push(at + if window.starts_with(b"\n\n") { 2 } else { 1 });
        }
    }
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| after_line(bytes.get(*start..end)?)).collect()
}

fn read_mail(
    bytes: &[u8],
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    // Apple's emlx counts the bytes of the message in a line before it.
    let bytes = match after_line(bytes) {
        Some(rest) if bytes.trim_ascii_start().first().is_some_and(u8::is_ascii_digit) => rest,
        _ => bytes,
    };
    let bytes = readable_header(bytes);
    let message = MessageParser::default()
        .parse(bytes.as_ref())
        .ok_or_else(|| ExtractError::corrupt("there is no mail header in it"))?;
    header(&message, content);
    body(&message, content, context);
    attachments(&message, content, context);
    Ok(())
}

/// The mail with a header that mail-parser understands: the older Korean mailers sent bare CP949 there, and some
/// name it in encoded words by names that the WHATWG list of encodings does not have.
fn readable_header(bytes: &[u8]) -> Cow<'_, [u8]> {
    let blank = bytes.windows(3).position(|w| w.starts_with(b"\n\n") || w == b"\n\r\n");
    let (header, rest) = bytes.split_at(blank.unwrap_or(bytes.len()));
    let names = ["=?cp949?", "=?ms949?", "=?x-windows-949?", "=?uhc?", "=?ks_c_5601?"];
    let is_odd = |w: &[u8]| {
        names.iter().any(|n| w.get(..n.len()).is_some_and(|w| w.eq_ignore_ascii_case(n.as_bytes())))
    };
    let named = (0..header.len())
        .any(|at| header.get(at..).is_some_and(|w| w.starts_with(b"=?") && is_odd(w)));
    let bare = std::str::from_utf8(header).is_err();
    if !named && !bare {
        return bytes.into();
    }
    let mut text =
        if bare { decode(header).text } else { String::from_utf8_lossy(header).into_owned() };
    for name in names.iter().filter(|_| named) {
        for spelling in [(*name).to_owned(), name.to_uppercase()] {
            text = text.replace(&spelling, "=?euc-kr?");
        }
    }
    [text.as_bytes(), rest].concat().into()
}

/// Subject, people and date: as properties, and as text, because that is what people look for in mails.
fn header(message: &Message<'_>, content: &mut Content) {
    let subject = message.subject().map(str::to_owned);
    let mut lines = Vec::new();
    if let Some(subject) = subject {
        lines.push(subject.trim().to_owned());
        content.metadata.set(TITLE, subject);
    }
    let from = people(message.from().or_else(|| message.sender()));
    content.metadata.set_some(AUTHOR, from.first().map(String::as_str));
    for (name, people) in [
        ("mail.from", from),
        ("mail.to", people(message.to())),
        ("mail.cc", people(message.cc())),
        ("mail.bcc", people(message.bcc())),
    ] {
        lines.extend(people.iter().cloned());
        content.metadata.set(name, Value::from(people));
    }
    content.metadata.set_some(CREATED, message.date().map(|date| date.to_rfc3339()));
    content.metadata.set_some("mail.message_id", message.message_id());
    content.push_text(lines.join("\n"), Locator::Whole {});
}

fn people(address: Option<&Address<'_>>) -> Vec<String> {
    let people = address.into_iter().flat_map(|address| address.iter()).take(1000);
    people
        .map(|person| match (person.name(), person.address()) {
            (Some(name), Some(address)) => format!("{name} <{address}>"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => String::new(),
        })
        .filter(|person| !person.is_empty())
        .collect()
}

fn body(message: &Message<'_>, content: &mut Content, context: &Context<'_>) {
    let before = content.segments.len();
    read_parts(message, &message.text_body, content, context);
    // A plain alternative may be there for form's sake only.
    if content.segments.len() == before {
        read_parts(message, &message.html_body, content, context);
    }
}

fn read_parts(message: &Message<'_>, parts: &[u32], content: &mut Content, context: &Context<'_>) {
    for part in parts.iter().filter_map(|id| message.parts.get(*id as usize)) {
        context.progress();
        let text = match &part.body {
            PartType::Text(text) | PartType::Html(text) => part_text(message, part, text),
            _ => continue,
        };
        if matches!(part.body, PartType::Html(_)) {
            // A page in a mail has a title that nobody sees.
            let subject = content.metadata.clone();
            super::html::read_page(&text, content, context);
            content.metadata = subject;
        } else {
            super::text::read_lines(&text, content, context.limits.text);
        }
    }
}

/// The text of a part, decoded from its bytes; what mail-parser made of it if these cannot be had.
fn part_text(message: &Message<'_>, part: &MessagePart<'_>, parsed: &str) -> String {
    match part_bytes(message, part) {
        Some(bytes) => {
            let charset = part.content_type().and_then(|kind| kind.attribute("charset"));
            decode_declared(&bytes, charset).text
        }
        None => parsed.to_owned(),
    }
}

/// The bytes of a part without its transfer encoding.
fn part_bytes(message: &Message<'_>, part: &MessagePart<'_>) -> Option<Vec<u8>> {
    let raw = bytes_of(message, part.offset_body, part.offset_end)?;
    match part.encoding {
        Encoding::None => Some(raw.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
        Encoding::Base64 => base64_decode(raw),
    }
}

fn bytes_of<'a>(message: &'a Message<'_>, start: u32, end: u32) -> Option<&'a [u8]> {
    message.raw_message.get(start as usize..end as usize)
}

fn attachments(message: &Message<'_>, content: &mut Content, context: &Context<'_>) {
    let mut paths = MemberPaths::default();
    for (n, id) in message.attachments.iter().enumerate() {
        let Some(part) = message.parts.get(*id as usize) else { continue };
        let decoded;
        let (bytes, extension): (&[u8], &str) = match &part.body {
            PartType::Message(_) => {
                decoded = part_bytes(message, part).unwrap_or_default();
                (&decoded, ".eml")
            }
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => (bytes, ""),
            PartType::Text(text) | PartType::Html(text) => {
                decoded = part_bytes(message, part).unwrap_or_else(|| text.as_bytes().to_vec());
                let html = matches!(part.body, PartType::Html(_));
                (&decoded, if html { ".html" } else { ".txt" })
            }
            PartType::Multipart(_) => continue,
        };
        let nested_subject = match &part.body {
            PartType::Message(nested) => {
                nested.subject().map(|s| format!("{s}.eml").replace(['/', '\\'], "-"))
            }
            _ => None,
        };
        let name = part.attachment_name().map(str::to_owned).or(nested_subject);
        let path = paths.take(&name.unwrap_or_else(|| format!("attachment-{}{extension}", n + 1)));
        if !take_member(bytes, &path, None, context, content) {
            break;
        }
    }
}
