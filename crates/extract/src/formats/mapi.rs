//! Properties of mails as Outlook and Exchange keep them (MS-OXPROPS), in MSG files and in winmail.dat alike.

use std::collections::BTreeMap;

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata::{AUTHOR, CREATED, KEYWORDS, MODIFIED, TITLE, Value};
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::bytes::{u32_at, u64_at};
use super::keywords::keywords;
use super::mail_body::{self, MailPage};
use super::{code_page, date, html, rtf, rtf_compressed, text};
use crate::context::Context;
use crate::encoding::decode_declared;

/// Properties that one object may have; those of real mails are some hundred.
const MOST: usize = 10_000;

pub(super) const SUBJECT: u16 = 0x0037;
pub(super) const BODY: u16 = 0x1000;
pub(super) const RTF: u16 = 0x1009;
pub(super) const HTML: u16 = 0x1013;
pub(super) const ATTACH_DATA: u16 = 0x3701;
pub(super) const ATTACH_METHOD: u16 = 0x3705;
const SENT_REPRESENTING_NAME: u16 = 0x0042;
const SENT_REPRESENTING_ADDRESS: u16 = 0x0065;
const SENT_REPRESENTING_SMTP: u16 = 0x5D02;
const SENDER_NAME: u16 = 0x0C1A;
const SENDER_ADDRESS: u16 = 0x0C1F;
const SENDER_SMTP: u16 = 0x5D01;
const SUBMIT_TIME: u16 = 0x0039;
const DELIVERY_TIME: u16 = 0x0E06;
const CREATION_TIME: u16 = 0x3007;
const CHANGE_TIME: u16 = 0x3008;
const MESSAGE_ID: u16 = 0x1035;
const TRANSPORT_HEADERS: u16 = 0x007D;
const MESSAGE_CLASS: u16 = 0x001A;
const INTERNET_CODE_PAGE: u16 = 0x3FDE;
const MESSAGE_CODE_PAGE: u16 = 0x3FFD;
const RECIPIENT_TYPE: u16 = 0x0C15;
const DISPLAY_NAME: u16 = 0x3001;
const ADDRESS: u16 = 0x3003;
const SMTP_ADDRESS: u16 = 0x39FE;
const LONG_FILE_NAME: u16 = 0x3707;
const FILE_NAME: u16 = 0x3704;
const EXTENSION: u16 = 0x3703;
/// Words of a contact that people look for: company, title, and numbers of its telephones.
const OF_A_CONTACT: [u16; 6] = [0x3A16, 0x3A17, 0x3A18, 0x3A08, 0x3A1C, 0x3A09];

/// The type of a property: text in a code page, text in UTF-16, bytes.
const STRING8: u16 = 0x001E;
const UNICODE: u16 = 0x001F;

/// Code pages that prove nothing: mails of Korean programs say that they are western, as their makers' programs did, and
/// UTF-8 is known by itself.
const WESTERN: [u16; 4] = [1252, 20127, 28591, 65001];

/// The properties of a message, a recipient or an attachment.
#[derive(Debug, Default)]
pub(super) struct Properties {
    values: BTreeMap<u16, (u16, Vec<u8>)>,
    /// The code page of its texts, where the object itself does not name one.
    page: Option<u16>,
}

impl Properties {
    /// None yet, with texts in this code page unless they say otherwise.
    pub(super) fn in_page(page: Option<u16>) -> Properties {
        Properties { values: BTreeMap::new(), page }
    }

    /// Adds one: its number, its type and its bytes. Of two the text in Unicode stays, else the first.
    pub(super) fn add(&mut self, id: u16, kind: u16, bytes: Vec<u8>) {
        if self.values.len() < MOST
            && self.values.get(&id).is_none_or(|(known, _)| *known == STRING8 && kind == UNICODE)
        {
            self.values.insert(id, (kind, bytes));
        }
    }

    /// The bytes as they stand.
    pub(super) fn bytes(&self, id: u16) -> Option<&[u8]> {
        self.values.get(&id).map(|(_, bytes)| bytes.as_slice())
    }

    /// A number.
    pub(super) fn number(&self, id: u16) -> Option<u32> {
        let (_, bytes) = self.values.get(&id)?;
        u32_at(bytes, 0)
    }

    /// The code page of its texts.
    pub(super) fn code_page(&self) -> Option<u16> {
        let page = |id| self.number(id).and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0);
        // UTF-8 and UTF-16 are pages of the mail as it was sent, not of the texts in the file.
        page(MESSAGE_CODE_PAGE)
            .or_else(|| page(INTERNET_CODE_PAGE))
            .filter(|page| !matches!(page, 1200 | 1201))
            .or(self.page)
    }

    /// A text, without what stands behind its end.
    pub(super) fn text(&self, id: u16) -> Option<String> {
        let (kind, bytes) = self.values.get(&id)?;
        let text = match *kind {
            UNICODE => encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0.into_owned(),
            STRING8 => self.decode(bytes),
            _ => return None,
        };
        let text = text.trim_matches('\0').to_owned();
        (!text.trim().is_empty()).then_some(text)
    }

    fn decode(&self, bytes: &[u8]) -> String {
        let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
        let bytes = bytes.get(..end).unwrap_or_default();
        match self.code_page() {
            Some(page) if !WESTERN.contains(&page) => code_page::decode(bytes, page),
            _ => decode_declared(bytes, None).text,
        }
    }

    fn time(&self, id: u16) -> Option<String> {
        let ticks = u64_at(self.bytes(id)?, 0)?;
        date::filetime(ticks).map(|time| time.to_string())
    }

    /// A name and an address, as `Name <address>`; addresses that lead to nobody outside are left out.
    fn person(&self, name: u16, addresses: &[u16]) -> Option<String> {
        let address = addresses.iter().filter_map(|id| self.text(*id)).find(|a| a.contains('@'));
        match (self.text(name), address) {
            (Some(name), Some(address)) if name != address => Some(format!("{name} <{address}>")),
            (Some(one), _) | (None, Some(one)) => Some(one),
            (None, None) => None,
        }
    }
}

/// The name of an attachment.
pub(super) fn attachment_name(attachment: &Properties) -> Option<String> {
    attachment.text(LONG_FILE_NAME).or_else(|| attachment.text(FILE_NAME)).or_else(|| {
        let name = attachment.text(DISPLAY_NAME)?;
        Some(name + &attachment.text(EXTENSION).unwrap_or_default())
    })
}

/// Adds what a message says: its header as properties and as text, then its body.
pub(super) fn read_message(
    message: &Properties,
    recipients: &[Properties],
    content: &mut Content,
    context: &Context<'_>,
) {
    header(message, recipients, content);
    body(message, content, context);
}

fn header(message: &Properties, recipients: &[Properties], content: &mut Content) {
    let mut lines = Vec::new();
    if let Some(subject) = message.text(SUBJECT) {
        lines.push(subject.trim().to_owned());
        content.metadata.at("PidTagSubject").set(TITLE, subject);
    }
    let from = message
        .person(SENT_REPRESENTING_NAME, &[SENT_REPRESENTING_SMTP, SENT_REPRESENTING_ADDRESS])
        .or_else(|| message.person(SENDER_NAME, &[SENDER_SMTP, SENDER_ADDRESS]));
    // The header as the mail was sent stands for what programs did not take from it.
    let sent = message.text(TRANSPORT_HEADERS);
    let sent = sent.map(|header| super::eml::Envelope::read(header.as_bytes())).unwrap_or_default();
    let from = from.or_else(|| sent.from.first().cloned());
    content.metadata.at("sender").set_some(AUTHOR, from.as_deref());
    let to = |kind: u32| {
        recipients
            .iter()
            .filter(|one| one.number(RECIPIENT_TYPE).unwrap_or(1) & 0xF == kind)
            .filter_map(|one| one.person(DISPLAY_NAME, &[SMTP_ADDRESS, ADDRESS]))
            .collect::<Vec<_>>()
    };
    // The lists for display stand for recipients that the file does not keep.
    let shown = |id| message.text(id).into_iter().collect::<Vec<_>>();
    let or_else = |people: Vec<String>, others: Vec<String>| match people.is_empty() {
        true => others,
        false => people,
    };
    let or_shown = |people: Vec<String>, id| or_else(people, shown(id));
    for (name, part, people) in [
        ("mail.from", "sender", Vec::from_iter(from)),
        ("mail.to", "recipients", or_else(or_shown(to(1), 0x0E04), sent.to)),
        ("mail.cc", "recipients", or_else(or_shown(to(2), 0x0E03), sent.cc)),
        ("mail.bcc", "recipients", or_shown(to(3), 0x0E02)),
    ] {
        lines.extend(people.iter().cloned());
        content.metadata.at(part).set(name, Value::from(people));
    }
    let created = [SUBMIT_TIME, DELIVERY_TIME, CREATION_TIME];
    let created = created.iter().find_map(|id| message.time(*id)).or(sent.date);
    content.metadata.at("times").set_some(CREATED, created);
    content.metadata.at("PidTagLastModificationTime").set_some(MODIFIED, message.time(CHANGE_TIME));
    let id = message.text(MESSAGE_ID);
    content.metadata.at("PidTagInternetMessageId").set_some("mail.message_id", id);
    let class = message.text(MESSAGE_CLASS);
    let is_contact = class.as_deref().is_some_and(|class| {
        ["IPM.Contact", "IPM.DistList"].iter().any(|contact| class.starts_with(contact))
    });
    // What a contact is called. Where it has a subject, that is a short form of it; of anything else the name is a file's.
    if let Some(name) = message.text(DISPLAY_NAME).filter(|_| is_contact) {
        if content.metadata.text(TITLE).is_none() {
            lines.push(name.clone());
        }
        content.metadata.at("PidTagDisplayName").add(TITLE, name);
    }
    content.metadata.at("PidTagMessageClass").set_some("mail.class", class);
    if let Some(words) = message.text(0x0E_05) {
        content.metadata.at("PidTagKeywords").set(KEYWORDS, keywords(&words));
    }
    lines.extend(OF_A_CONTACT.iter().filter_map(|id| message.text(*id)));
    content.push_text(lines.join("\n"), Locator::Whole {});
}

/// The body: as plain text, and what only the page says that stands beside it.
fn body(message: &Properties, content: &mut Content, context: &Context<'_>) {
    let before = content.segments.len();
    if let Some(plain) = message.text(BODY) {
        text::read_lines(&plain, content, context.limits.text, context);
    }
    mail_body::add_page(before, page(message, context), content);
}

/// The page that RTF wraps, or the RTF, else the page that stands by itself (MS-OXBBODY, section 2.1.3).
fn page(message: &Properties, context: &Context<'_>) -> MailPage {
    let mut read = MailPage::default();
    let MailPage { content, aside } = &mut read;
    if let Some(packed) = message.bytes(RTF) {
        match rtf_compressed::unpack(packed) {
            Some(rtf) => match context.spend_unpacked(rtf.len() as u64) {
                Ok(()) => aside.append(rtf::read_body(&rtf, content, context)),
                Err(limit) => content.cut(limit),
            },
            None => content.lost(ReasonKind::NotUnpacked.of(Noun::RtfBody)),
        }
    }
    if content.segments.is_empty()
        && let Some((kind, bytes)) = message.values.get(&HTML)
    {
        let page = match *kind {
            UNICODE => message.text(HTML).unwrap_or_default(),
            _ => {
                let label = html::declared(bytes);
                // The page of the mail as it was sent is that of its HTML, whatever its other texts are in.
                let page = message.number(INTERNET_CODE_PAGE).and_then(|n| u16::try_from(n).ok());
                match (label, page) {
                    (None, Some(page)) if !WESTERN.contains(&page) => {
                        code_page::decode(bytes, page)
                    }
                    (label, _) => decode_declared(bytes, label.as_deref()).text,
                }
            }
        };
        aside.append(html::read_mail_page(&page, content, context));
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_of(texts: &[(u16, &str)]) -> Content {
        let mut message = Properties::default();
        for (id, text) in texts {
            message.add(*id, UNICODE, text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        }
        let mut content = Content::default();
        header(&message, &[], &mut content);
        content
    }

    #[test]
    fn the_header_as_it_was_sent_stands_for_what_is_lacking() {
        let sent = "From: =?utf-8?B?7ZmN6ri464+Z?= <h@x.kr>\r\nTo: a@b\r\nDate: Mon, 02 Mar 2026 09:00:00 +0900\r\n";
        let content = header_of(&[(SUBJECT, "회의"), (TRANSPORT_HEADERS, sent)]);
        assert_eq!(content.text(), "회의\n홍길동 <h@x.kr>\na@b");
        assert_eq!(content.metadata.text(AUTHOR), Some("홍길동 <h@x.kr>"));
        assert_eq!(content.metadata.text(CREATED), Some("2026-03-02T09:00:00+09:00"));
        // What the program itself says is believed first.
        let content = header_of(&[(SENDER_NAME, "김"), (0x0E04, "박"), (TRANSPORT_HEADERS, sent)]);
        assert_eq!(content.text(), "김\n박");
    }

    #[test]
    fn a_contact_is_called_by_its_name() {
        let contact = (MESSAGE_CLASS, "IPM.Contact");
        let content = header_of(&[contact, (DISPLAY_NAME, "홍길동"), (0x3A16, "부산광역시")]);
        assert_eq!(content.text(), "홍길동\n부산광역시");
        assert_eq!(content.metadata.text(TITLE), Some("홍길동"));
        let content = header_of(&[contact, (SUBJECT, "홍길동"), (DISPLAY_NAME, "홍길동")]);
        assert_eq!(content.text(), "홍길동");
        assert_eq!(header_of(&[(DISPLAY_NAME, "첨부")]).text(), "");
    }

    #[test]
    fn texts_are_in_the_page_that_the_mail_names() {
        let mut properties = Properties::in_page(None);
        properties.add(SUBJECT, STRING8, b"\xC8\xB8\xC0\xC7\0".to_vec());
        assert_eq!(properties.text(SUBJECT).as_deref(), Some("회의"));
        properties.add(MESSAGE_CODE_PAGE, 3, 949u32.to_le_bytes().to_vec());
        assert_eq!(properties.text(SUBJECT).as_deref(), Some("회의"));
        properties.add(SUBJECT, UNICODE, b"\x00\xAC\0\0".to_vec());
        assert_eq!(properties.text(SUBJECT).as_deref(), Some("가"));
        properties.add(SUBJECT, STRING8, b"x".to_vec());
        assert_eq!(properties.text(SUBJECT).as_deref(), Some("가"));
    }
}
