use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use madang_document::content::Content;
use madang_document::metadata;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::formats::hangul_numbering::{Bullet, Look, Numbers};
use crate::formats::hwpx::package::attribute;
use crate::formats::hwpx::section::character;
use crate::formats::utf8_stream::Utf8Stream;

/// Embedded files that are opened, and the longest text of the head that is read, bytes.
const FILES_MOST: usize = 100_000;
const TEXT_MOST: usize = 64 << 10;

/// What stands before the body.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// How paragraphs are numbered.
    pub(super) numbers: Numbers,
    /// The extensions of the embedded files, by their numbers.
    pub(super) files: BTreeMap<String, String>,
}

impl Head {
    /// Reads it, the properties into the content. What is damaged is left to the reader of the body.
    pub(super) fn read(stream: impl Read, content: &mut Content) -> Head {
        let mut head = Head::default();
        let mut reader = Reader::from_reader(BufReader::new(Utf8Stream::new(stream)));
        let mut buffer = Vec::new();
        let mut wanted = Wanted::default();
        let mut text = String::new();
        loop {
            buffer.clear();
            match reader.read_event_into(&mut buffer) {
                Err(_) | Ok(Event::Eof) => break,
                Ok(Event::Start(e)) if e.local_name().as_ref() == "BODY" => break,
                Ok(Event::Start(e)) => {
                    text.clear();
                    wanted.what = head.element(&e, &mut wanted.list, content);
                }
                Ok(Event::Empty(e)) => {
                    let what = head.element(&e, &mut wanted.list, content);
                    head.take(what, "", content);
                }
                Ok(Event::Text(piece)) if wanted.has_room(&text) => {
                    text.push_str(&piece.xml10_content());
                }
                Ok(Event::GeneralRef(reference)) if wanted.has_room(&text) => {
                    text.extend(character(&reference));
                }
                Ok(Event::End(_)) => head.take(wanted.what.take(), &text, content),
                Ok(_) => {}
            }
        }
        head
    }

    /// Takes what an element says by itself, and tells what its text is.
    fn element(
        &mut self,
        e: &BytesStart<'_>,
        list: &mut u16,
        content: &mut Content,
    ) -> Option<What> {
        let number = |name: &str| attribute(e, name).and_then(|value| value.parse::<u16>().ok());
        let level = || number("Level").and_then(|level| u8::try_from(level).ok());
        match e.local_name().as_ref() {
            "HWPML" => {
                let version = attribute(e, "Version").map(Cow::into_owned);
                content.metadata.at("HWPML").set_some(metadata::FORMAT_VERSION, version);
            }
            "TITLE" => return Some(What::Property(metadata::TITLE)),
            "AUTHOR" => return Some(What::Property(metadata::AUTHOR)),
            "SUBJECT" => return Some(What::Property(metadata::DESCRIPTION)),
            "NUMBERING" => *list = number("Id").unwrap_or_default(),
            // Bullets have such heads, too.
            "BULLET" => {
                *list = 0;
                let sign = attribute(e, "Char").and_then(|sign| sign.chars().next());
                if let (Some(bullet), Some(sign)) = (number("Id"), sign) {
                    self.numbers.add_bullet(bullet, Bullet { sign, ticked: None });
                }
            }
            "PARAHEAD" => {
                let level = level().and_then(|level| level.checked_sub(1)).filter(|_| *list > 0)?;
                let look = Look::named(&attribute(e, "NumFormat").unwrap_or_default());
                let start = u32::from(number("Start").unwrap_or(1));
                return Some(What::Level { list: *list, level, start, look });
            }
            // The numberings come first.
            "PARASHAPE" if self.numbers.are_named() => {
                let (shape, level) = (number("Id")?, level()?);
                match attribute(e, "HeadingType").as_deref() {
                    Some("Outline") => self.numbers.add_shape(shape, None, level),
                    Some("Number") => self.numbers.add_shape(shape, number("Heading"), level),
                    Some("Bullet") => {
                        self.numbers.add_bullet_shape(shape, number("Heading"), false);
                    }
                    _ => {}
                }
            }
            "BINITEM" if self.files.len() < FILES_MOST => {
                let format = attribute(e, "Format").unwrap_or_default();
                self.files.insert(attribute(e, "BinData")?.into_owned(), format.into_owned());
            }
            _ => {}
        }
        None
    }

    fn take(&mut self, what: Option<What>, text: &str, content: &mut Content) {
        match what {
            Some(What::Property(name)) => content.metadata.at("DOCSUMMARY").set(name, text),
            Some(What::Level { list, level, start, look }) => {
                self.numbers.add_level(list, level, start, look, text);
            }
            None => {}
        }
    }
}

/// What the text of the open element is, and the numbering that is open.
#[derive(Debug, Default)]
struct Wanted {
    what: Option<What>,
    list: u16,
}

impl Wanted {
    fn has_room(&self, text: &str) -> bool {
        self.what.is_some() && text.len() < TEXT_MOST
    }
}

#[derive(Debug)]
enum What {
    Property(&'static str),
    Level { list: u16, level: u8, start: u32, look: Look },
}
