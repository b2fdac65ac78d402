//! Mail messages (RFC 5322 and MIME) and mailboxes of them (RFC 4155).
//!
//! mail-parser finds the parts; their text is decoded here, because Korean mails label their encoding wrongly or
//! not at all.

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata::{AUTHOR, CREATED, TITLE, Value};
use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;
use mail_parser::{Addr, Address, Message, MessageParser, MessagePart, PartType};

use super::html::Aside;
use super::mail_body::{self, MailPage};
use super::mail_flowed;
use super::mail_header::{Header, LONGEST_FIELD, readable, shortened};
use super::mail_transfer::{Transferred, is_cut_text, transferred};
use super::uuencode::{self, Uuencoded};
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding::{decode_declared, decode_wide};
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::unpack::{End, take_member, take_unpacked, unpack};

pub(super) const EML: Format = Format {
    name: "eml",
    version: 8,
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
    version: 8,
    media_types: &["application/mbox"],
    sniff: |probe| {
        let lines = probe.head.strip_prefix(b"From ".as_slice()).and_then(after_line);
        match lines.map(known_headers) {
            Some(2..) if !named(probe) => Match::Magic,
            Some(1) if probe.extension == "mbox" => Match::Magic,
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
        // Parts that are sent as they are hold bytes of every kind: the first line tells.
        _ if named(probe) && (probe.text().is_some() || begins_with_field(&probe.head)) => {
            Match::Extension
        }
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

fn begins_with_field(head: &[u8]) -> bool {
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let colon = line.iter().take(80).position(|b| *b == b':');
    colon
        .and_then(|at| line.get(..at))
        .is_some_and(|field| !field.is_empty() && field.iter().all(u8::is_ascii_graphic))
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
    let messages = messages(&bytes);
    if let [only] = messages.as_slice() {
        read_mail(&unquoted(only), &mut content, context)?;
        return Ok(content);
    }
    for (n, message) in messages.into_iter().enumerate() {
        let path = format!("{}.eml", n + 1);
        if !take_member(&*unquoted(message), &path, None, context, &mut content) {
            break;
        }
    }
    Ok(content)
}

/// How the line begins that stands before each message of a mailbox.
const SEPARATOR: &[u8] = b"From ";

/// The messages of a mailbox: each begins after a line `From `, which follows a blank line (RFC 4155, appendix A).
fn messages(bytes: &[u8]) -> Vec<&[u8]> {
    let mut starts = vec![0];
    for (at, window) in bytes.windows(7).enumerate() {
        let is_behind_blank = || bytes.get(..at).is_some_and(|before| before.ends_with(b"\n\r"));
        let start = match window {
            b"\n\nFrom " => at + 2,
            [b'\n', line @ ..] if line.starts_with(SEPARATOR) && is_behind_blank() => at + 1,
            _ => continue,
        };
        if bytes.get(start..).is_some_and(separates) {
            starts.push(start);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| after_line(bytes.get(*start..end)?)).collect()
}

/// Whether a line `From ` stands between messages. Some programs write such a line of a message's own words as it is: one that
/// separates says when the message came, or a header follows it.
fn separates(line: &[u8]) -> bool {
    let Some(after) = after_line(line) else { return false };
    let line = line.get(..line.len() - after.len()).unwrap_or_default();
    let line = line.get(..LONGEST_SEPARATOR).unwrap_or(line);
    // The sender has no blanks; what follows is the date.
    let sender = String::from_utf8_lossy(line.get(SEPARATOR.len()..).unwrap_or_default());
    let stamp = sender.trim().split_once(' ').map_or("", |(_, stamp)| stamp.trim_start());
    let is_stamp = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        .iter()
        .any(|day| stamp.strip_prefix(day).is_some_and(|rest| rest.starts_with([' ', ','])));
    let is_dated = || super::date::mail(stamp).is_some_and(|date| date.contains('T'));
    (is_stamp && is_dated()) || known_headers(after) > 0
}

/// Bytes of a line between messages that are looked at.
const LONGEST_SEPARATOR: usize = 1000;

/// A message of a mailbox as it was sent: its own lines that begin with `From ` are kept there behind a `>`, one more than they had.
fn unquoted(message: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let is_quoted = |line: &[u8]| {
        let own = line.iter().position(|b| *b != b'>').and_then(|at| line.get(at..));
        line.starts_with(b">") && own.is_some_and(|own| own.starts_with(SEPARATOR))
    };
    let lines = || message.split_inclusive(|b| *b == b'\n');
    if !lines().any(is_quoted) {
        return message.into();
    }
    let bare = |line| if is_quoted(line) { line.get(1..).unwrap_or_default() } else { line };
    lines().flat_map(bare).copied().collect::<Vec<u8>>().into()
}

fn read_mail(
    bytes: &[u8],
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    let bytes = without_envelope(bytes);
    let (bytes, is_shortened) = shortened(bytes, || context.progress());
    if is_shortened {
        let cut = ReasonKind::CutAfter { bytes: LONGEST_FIELD as u64, of: None };
        content.cut(cut.of(Noun::MailHeader));
    }
    context.progress();
    let bytes = readable(&bytes);
    context.progress();
    let message = MessageParser::default()
        .parse(bytes.as_ref())
        .ok_or_else(|| ExtractError::corrupt(ReasonKind::Missing.of(Noun::MailHeader)))?;
    header(&message, &Header::read(&bytes), content);
    let before = content.segments.len();
    let files = body(&message, content, context);
    attachments(&message, before, files, content, context);
    Ok(())
}

/// The message in a file of Apple Mail (`.emlx`): a line before it counts its bytes, and behind it stands a property list of the
/// program's own. Any other mail as it is.
fn without_envelope(bytes: &[u8]) -> &[u8] {
    let is_counted = bytes.trim_ascii_start().first().is_some_and(u8::is_ascii_digit);
    let Some(rest) = after_line(bytes).filter(|_| is_counted) else { return bytes };
    let count = bytes.get(..bytes.len() - rest.len()).unwrap_or_default().trim_ascii();
    let count = std::str::from_utf8(count).ok().and_then(|count| count.parse::<usize>().ok());
    let (message, behind) = count.and_then(|n| rest.split_at_checked(n)).unwrap_or((rest, &[]));
    let is_list = |bytes: &[u8]| {
        let starts = [b"<?xml".as_slice(), b"<!DOCTYPE plist", b"<plist"];
        starts.iter().any(|start| bytes.trim_ascii_start().starts_with(start))
    };
    if is_list(behind) {
        return message;
    }
    // Whoever changed the ends of lines, or a letter, did not count anew.
    let ends_as_list = rest.trim_ascii_end().ends_with(b"</plist>");
    let mut lists = rest.windows(6).enumerate().filter(|(_, start)| *start == b"\n<?xml");
    let last = lists.next_back().filter(|_| ends_as_list);
    last.and_then(|(at, _)| rest.get(..=at)).unwrap_or(rest)
}

/// Subject, people and date: as properties, and as text, because that is what people look for in mails.
fn header(message: &Message<'_>, fields: &Header<'_>, content: &mut Content) {
    let subject = fields.text("subject");
    let mut lines = Vec::new();
    if let Some(subject) = subject {
        lines.push(subject.trim().to_owned());
        content.metadata.at("Subject").set(TITLE, subject);
    }
    let from = people(message.from().or_else(|| message.sender()));
    content.metadata.at("From").set_some(AUTHOR, from.first().map(String::as_str));
    for (name, part, mut people) in [
        ("mail.from", "From", from),
        ("mail.to", "To", people(message.to())),
        ("mail.cc", "Cc", people(message.cc())),
        ("mail.bcc", "Bcc", people(message.bcc())),
    ] {
        if people.len() > MOST_PEOPLE {
            let of = Some(people.len() as u64);
            let first =
                ReasonKind::OnlyFirst { first: MOST_PEOPLE as u64, of, unit: Unit::Recipients };
            content.cut(first.of(part));
            people.truncate(MOST_PEOPLE);
        }
        lines.extend(people.iter().cloned());
        content.metadata.at(part).set(name, Value::from(people));
    }
    let date = date_of(message, fields);
    content.metadata.at("Date").set_some(CREATED, date);
    content.metadata.at("Message-ID").set_some("mail.message_id", message.message_id());
    content.push_text(lines.join("\n"), Locator::Whole {});
}

fn date_of(message: &Message<'_>, fields: &Header<'_>) -> Option<String> {
    let stated = fields.text("date").and_then(|date| super::date::mail(&date));
    stated.or_else(|| message.date().filter(|date| date.is_valid()).map(|date| date.to_rfc3339()))
}

/// What the header of a mail says that is kept apart from its body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) from: Vec<String>,
    pub(super) to: Vec<String>,
    pub(super) cc: Vec<String>,
    pub(super) date: Option<String>,
}

impl Envelope {
    /// Reads a header.
    pub(super) fn read(header: &[u8]) -> Envelope {
        // Exchange puts a line before it that is no field.
        let is_field =
            header.split(|b| *b == b'\n').next().is_some_and(|line| line.contains(&b':'));
        let header = if is_field { header } else { after_line(header).unwrap_or_default() };
        let readable = readable(header);
        let Some(message) = MessageParser::default().parse(readable.as_ref()) else {
            return Envelope::default();
        };
        Envelope {
            from: people(message.from().or_else(|| message.sender())),
            to: people(message.to()),
            cc: people(message.cc()),
            date: date_of(&message, &Header::read(&readable)),
        }
    }
}

/// People of one field that are read.
const MOST_PEOPLE: usize = 10_000;

fn people(address: Option<&Address<'_>>) -> Vec<String> {
    let person = |person: &Addr<'_>| match (person.name(), person.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    };
    let mut people: Vec<String> = match address {
        Some(Address::List(all)) => all.iter().map(person).collect(),
        // A group stands before its people.
        Some(Address::Group(groups)) => groups
            .iter()
            .flat_map(|group| {
                let name = group.name.iter().map(|name| name.clone().into_owned());
                name.chain(group.addresses.iter().map(person))
            })
            .collect(),
        None => Vec::new(),
    };
    people.retain(|person| !person.is_empty());
    people
}

/// Reads what the mail says, and gives the files that stand in its lines.
fn body(message: &Message<'_>, content: &mut Content, context: &Context<'_>) -> Vec<Uuencoded> {
    let before = content.segments.len();
    let mut page = MailPage::default();
    if message.html_body == message.text_body {
        let files = read_parts(message, &message.text_body, content, &mut page.aside, context);
        // All of it is read: only where its links lead is not said.
        mail_body::add_page(before, page, content);
        return files;
    }
    // What stands beside the text of a page among the plain parts is told of the page.
    let files = read_parts(message, &message.text_body, content, &mut page.aside, context);
    // What stands in its lines stands in the plain ones, too.
    read_parts(message, &message.html_body, &mut page.content, &mut page.aside, context);
    mail_body::add_page(before, page, content);
    files
}

fn read_parts(
    message: &Message<'_>,
    parts: &[u32],
    content: &mut Content,
    aside: &mut Aside,
    context: &Context<'_>,
) -> Vec<Uuencoded> {
    let mut files = Vec::new();
    for part in parts.iter().filter_map(|id| message.parts.get(*id as usize)) {
        context.progress();
        let text = match &part.body {
            PartType::Text(text) | PartType::Html(text) => {
                let (text, fault) = part_text(message, part, text);
                if let Some(fault) = fault {
                    content.lost(ReasonKind::Damaged.of(Noun::Text).because(fault));
                }
                text
            }
            _ => continue,
        };
        if matches!(part.body, PartType::Html(_)) {
            // A page in a mail has a title that nobody sees.
            let subject = content.metadata.clone();
            aside.append(super::html::read_mail_page(&text, content, context));
            content.metadata = subject;
        } else {
            let header = part_header(message, part);
            let says = |name: &str, word: &str| {
                let value = header.parameter("content-type", name);
                value.is_some_and(|value| value.eq_ignore_ascii_case(word))
            };
            let text = match says("format", "flowed") {
                true => mail_flowed::joined(&text, says("delsp", "yes")),
                false => text,
            };
            let (text, mut inside) = uuencode::taken_out(text);
            files.append(&mut inside);
            super::text::read_lines(&text, content, context.limits.text, context);
        }
    }
    files
}

/// The extension of a text that has no name: an invitation is opened as one, and not as text.
fn text_extension(header: &Header<'_>) -> &'static str {
    const EXTENSIONS: [(&str, &str); 5] = [
        ("text/calendar", ".ics"),
        ("text/csv", ".csv"),
        ("text/vcard", ".vcf"),
        ("text/x-vcard", ".vcf"),
        ("text/directory", ".vcf"),
    ];
    let stated = header.field("content-type").unwrap_or_default().trim_ascii_start();
    let is_stated = |kind: &str| {
        stated.get(..kind.len()).is_some_and(|it| it.eq_ignore_ascii_case(kind.as_bytes()))
    };
    EXTENSIONS.iter().find(|(kind, _)| is_stated(kind)).map_or(".txt", |(_, extension)| *extension)
}

/// The text of a part, decoded from its bytes, and why it is not whole; what mail-parser made of it if these cannot be had.
fn part_text(
    message: &Message<'_>,
    part: &MessagePart<'_>,
    parsed: &str,
) -> (String, Option<Reason>) {
    let Some(Transferred { bytes, fault, .. }) = part_bytes(message, part) else {
        return (parsed.to_owned(), None);
    };
    (bytes_text(message, part, &bytes), fault)
}

fn bytes_text(message: &Message<'_>, part: &MessagePart<'_>, bytes: &[u8]) -> String {
    let named = part_header(message, part).parameter("content-type", "charset");
    if let Some(decoded) = named.as_deref().and_then(|label| decode_wide(bytes, label)) {
        return decoded.text;
    }
    // A page names its own encoding where its part does not.
    let own = || match part.body {
        PartType::Html(_) => super::html::declared(bytes),
        _ => None,
    };
    decode_declared(bytes, named.or_else(own).as_deref()).text
}

fn part_header<'a>(message: &'a Message<'_>, part: &MessagePart<'_>) -> Header<'a> {
    Header::read(bytes_of(message, part.offset_header, part.offset_body).unwrap_or_default())
}

/// The bytes of a part without its transfer encoding, as far as they go.
fn part_bytes(message: &Message<'_>, part: &MessagePart<'_>) -> Option<Transferred> {
    let raw = bytes_of(message, part.offset_body, part.offset_end)?;
    // A stray semicolon before the line makes mail-parser overlook it.
    let header = part_header(message, part);
    let named = header.field("content-transfer-encoding").unwrap_or_default();
    let named = String::from_utf8_lossy(named).trim().to_ascii_lowercase();
    let mut read = transferred(raw, part.encoding, &named)?;
    if read.fault.is_none() && is_left_open(message, part) {
        let is_cut = match read.is_encoded {
            true => !read.is_padded,
            false => is_cut_text(raw),
        };
        read.fault =
            is_cut.then(|| ReasonKind::EndsBefore(Noun::ClosingBoundary.into()).of(Noun::Mail));
    }
    Some(read)
}

/// Whether a part is the last of a mail that ends without the line that closes its parts. Many mails lack only that line.
fn is_left_open(message: &Message<'_>, part: &MessagePart<'_>) -> bool {
    let outermost = message.parts.first();
    let in_parts = outermost.is_some_and(|first| {
        matches!(first.body, PartType::Multipart(_)) && first.offset_body < part.offset_body
    });
    in_parts && part.offset_end as usize >= message.raw_message.trim_ascii_end().len()
}

fn bytes_of<'a>(message: &'a Message<'_>, start: u32, end: u32) -> Option<&'a [u8]> {
    message.raw_message.get(start as usize..end as usize)
}

/// Whether a part only says in another notation what the body says.
fn is_alternative(header: &Header<'_>) -> bool {
    const NOTATIONS: [&[u8]; 4] =
        [b"text/enriched", b"text/richtext", b"text/x-amp-html", b"text/watch-html"];
    let kind = header.field("content-type").unwrap_or_default();
    let kind = kind.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    header.field("content-disposition").is_none()
        && NOTATIONS.iter().any(|notation| kind.eq_ignore_ascii_case(notation))
}

/// `before` is how many segments the header made: what lies behind them is the body, in whose lines `files` stood.
fn attachments(
    message: &Message<'_>,
    before: usize,
    files: Vec<Uuencoded>,
    content: &mut Content,
    context: &Context<'_>,
) {
    let mut paths = MemberPaths::default();
    for (n, id) in message.attachments.iter().enumerate() {
        let Some(part) = message.parts.get(*id as usize) else { continue };
        let header = part_header(message, part);
        let (parsed, extension): (&[u8], &str) = match &part.body {
            PartType::Message(_) => (&[], ".eml"),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => (bytes, ""),
            PartType::Text(text) => (text.as_bytes(), text_extension(&header)),
            PartType::Html(text) => (text.as_bytes(), ".html"),
            PartType::Multipart(_) => continue,
        };
        // The message once more, for programs that show no page.
        if content.segments.len() > before && is_alternative(&header) {
            continue;
        }
        let decoded = part_bytes(message, part);
        let (bytes, fault) = match &decoded {
            Some(read) => (read.bytes.as_slice(), read.fault.clone()),
            None => (parsed, None),
        };
        let name = header
            .parameter("content-disposition", "filename")
            .or_else(|| header.parameter("content-type", "name"))
            .or_else(|| match &part.body {
                PartType::Message(_) => Header::read(bytes).text("subject").map(|s| s + ".eml"),
                _ => None,
            })
            // A name is no path, whatever signs are in it.
            .map(|name| name.replace(['/', '\\'], "-"));
        let path = paths.take(&name.unwrap_or_else(|| format!("attachment-{}{extension}", n + 1)));
        let goes_on = take_unpacked(&path, None, context, content, |most| {
            let mut unpacked = unpack(bytes, most, context);
            if let (End::Whole, Some(fault)) = (&unpacked.end, fault) {
                unpacked.end = End::Damaged(fault);
            }
            Ok(unpacked)
        });
        if !goes_on {
            return;
        }
    }
    for Uuencoded { name, bytes } in files {
        let path = paths.take(&name.replace(['/', '\\'], "-"));
        if !take_member(bytes.as_slice(), &path, None, context, content) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn only_a_line_with_a_date_or_before_a_header_separates_messages() {
        for end in ["\n", "\r\n"] {
            let mailbox = "From a@b Mon Mar  2 09:00:00 2026\nSubject: one\n\nfirst\n\nFrom here on\nstill first\n\n\
                From Monday 2 Mar 2026 09:00 on\n\nFrom c@d Mon Mar  2 09:01:00 2026\nx\n\nFrom - no date\nSubject: three\n\nlast\n";
            let mailbox = mailbox.replace('\n', end);
            let starts: Vec<String> = messages(mailbox.as_bytes())
                .into_iter()
                .map(|message| String::from_utf8_lossy(message).lines().next().unwrap().to_owned())
                .collect();
            assert_eq!(starts, ["Subject: one", "x", "Subject: three"]);
        }
    }

    #[test]
    fn lines_of_messages_lose_the_sign_that_keeps_them_apart() {
        let kept = b"A: b\n\n>From here\n>>From there\n> From me\n>Fro\n";
        assert_eq!(&*unquoted(kept), b"A: b\n\nFrom here\n>From there\n> From me\n>Fro\n");
        assert!(matches!(unquoted(b"A: b\n\n> x\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_property_list_behind_a_counted_message_is_none_of_it() {
        let list = "<?xml version=\"1.0\"?>\n<plist><dict/></plist>\n";
        let message = "Subject: a\n\nb <?xml\n";
        for count in [message.len(), message.len() + 3, 9999] {
            let file = format!("{count}     \n{message}{list}");
            assert_eq!(without_envelope(file.as_bytes()), message.as_bytes(), "{count}");
        }
        let page = "Subject: a\n\n1\n<?xml?><a/>\n";
        assert_eq!(without_envelope(page.as_bytes()), page.as_bytes());
        assert_eq!(without_envelope(format!("99\n{page}").as_bytes()), page.as_bytes());
    }

    #[test]
    fn a_header_by_itself_says_who_and_when() {
        let header = "Microsoft Mail Internet Headers Version 2.0\r\nFrom: =?utf-8?B?7Zmp?= <h@x.kr>\r\nTo: a@b, c@d\r\n\
            Date: Mon, 02 Mar 2026 09:00:00 +0900\r\n\r\n";
        let read = Envelope {
            from: vec!["황 <h@x.kr>".into()],
            to: vec!["a@b".into(), "c@d".into()],
            cc: Vec::new(),
            date: Some("2026-03-02T09:00:00+09:00".into()),
        };
        assert_eq!(Envelope::read(header.as_bytes()), read);
    }
}
