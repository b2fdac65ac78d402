//! Pictures of medicine (DICOM PS3.10): what kind they are, when and where they were made. Who is on them is not read: that
//! there is somebody is a property, the name is none.

use madang_document::content::Content;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::date;
use super::korean_bytes::tag_text;
use super::picture::{self, Header};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "dicom",
    version: 3,
    media_types: &["application/dicom"],
    sniff: |probe| if probe.has_at(PREAMBLE, b"DICM") { Match::Magic } else { Match::No },
    media_type: |_| "application/dicom",
    extract,
};

/// Bytes that anybody may use, before the magic.
const PREAMBLE: usize = 128;

/// Bytes before the pixels that are read, elements of them, and how deep sequences lie in each other.
const HEAD_MOST: u64 = 16 << 20;
const ELEMENTS_MOST: usize = 20_000;
const VALUE_MOST: usize = 64 << 10;

/// Length of what ends with a mark of its own.
const UNDEFINED: u32 = u32::MAX;

/// Elements by group and number (PS3.6).
mod tag {
    pub(super) const TRANSFER_SYNTAX: (u16, u16) = (0x0002, 0x0010);
    pub(super) const CHARACTER_SET: (u16, u16) = (0x0008, 0x0005);
    pub(super) const STUDY_DATE: (u16, u16) = (0x0008, 0x0020);
    pub(super) const ACQUISITION_DATE: (u16, u16) = (0x0008, 0x0022);
    pub(super) const STUDY_TIME: (u16, u16) = (0x0008, 0x0030);
    pub(super) const ACQUISITION_TIME: (u16, u16) = (0x0008, 0x0032);
    pub(super) const MODALITY: (u16, u16) = (0x0008, 0x0060);
    pub(super) const MANUFACTURER: (u16, u16) = (0x0008, 0x0070);
    pub(super) const INSTITUTION: (u16, u16) = (0x0008, 0x0080);
    pub(super) const STUDY: (u16, u16) = (0x0008, 0x1030);
    pub(super) const SERIES: (u16, u16) = (0x0008, 0x103E);
    pub(super) const MODEL: (u16, u16) = (0x0008, 0x1090);
    pub(super) const PATIENT: [(u16, u16); 3] =
        [(0x0010, 0x0010), (0x0010, 0x0020), (0x0010, 0x0030)];
    pub(super) const BODY_PART: (u16, u16) = (0x0018, 0x0015);
    pub(super) const SOFTWARE: (u16, u16) = (0x0018, 0x1020);
    pub(super) const SAMPLES: (u16, u16) = (0x0028, 0x0002);
    pub(super) const FRAMES: (u16, u16) = (0x0028, 0x0008);
    pub(super) const ROWS: (u16, u16) = (0x0028, 0x0010);
    pub(super) const COLUMNS: (u16, u16) = (0x0028, 0x0011);
    pub(super) const BITS: (u16, u16) = (0x0028, 0x0101);
    pub(super) const PIXELS: (u16, u16) = (0x7FE0, 0x0010);
    pub(super) const ITEM_GROUP: u16 = 0xFFFE;
}

/// How values are written: PS3.10, annex A, names them.
#[derive(Clone, Copy)]
struct Syntax {
    is_explicit: bool,
    is_big: bool,
}

/// The syntax of the file's own head, whatever that of the rest is.
const HEAD_SYNTAX: Syntax = Syntax { is_explicit: true, is_big: false };

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let head = read_range(blob, PREAMBLE as u64 + 4, HEAD_MOST)?;
    let read = elements(&head);
    let number = |wanted| read.number(wanted);
    let mut header = Header {
        width: number(tag::COLUMNS).unwrap_or(0),
        height: number(tag::ROWS).unwrap_or(0),
        bit_depth: number(tag::BITS),
        channels: number(tag::SAMPLES),
        frames: read.text(tag::FRAMES).and_then(|frames| frames.trim().parse().ok()),
        ..Header::default()
    };
    let said = &mut header.said;
    let mut properties = said.at("DICOM");
    for (tag, name) in [
        (tag::MODALITY, "dicom.modality"),
        (tag::BODY_PART, "dicom.body_part"),
        (tag::SERIES, "dicom.series"),
        (tag::INSTITUTION, metadata::PUBLISHER),
        (tag::STUDY, metadata::DESCRIPTION),
        (tag::MANUFACTURER, metadata::CAMERA_MAKE),
        (tag::MODEL, metadata::CAMERA_MODEL),
        (tag::SOFTWARE, metadata::PRODUCER),
    ] {
        properties.set_some(name, read.text(tag));
    }
    properties.set_some(metadata::CREATED, read.moment(tag::STUDY_DATE, tag::STUDY_TIME));
    properties
        .set_some(metadata::TAKEN_AT, read.moment(tag::ACQUISITION_DATE, tag::ACQUISITION_TIME));
    // Personal data of the kind that the law protects most (health): that there is such is said, what it is stays where it is.
    if tag::PATIENT.iter().any(|tag| read.text(*tag).is_some_and(|text| !text.trim().is_empty())) {
        properties.set("dicom.names_patient", true);
    }
    if !read.is_whole {
        header.odd = Some(ReasonKind::EndsEarly.of(Noun::BeforePixels));
    }
    if header.width == 0 || header.height == 0 {
        // A report, a plan of a treatment, a directory: no picture.
        let mut content = Content { metadata: header.said, ..Content::default() };
        if let Some(note) = header.odd {
            content.note(note);
        }
        return Ok(content);
    }
    picture::undecoded(context, header, ReasonKind::NotDecoded.of(Noun::Pixels))
}

/// Elements that are wanted here, with their bytes.
#[derive(Default)]
struct Elements<'a> {
    found: Vec<((u16, u16), &'a [u8])>,
    is_big: bool,
    /// Whether the pixels, or the end, were reached.
    is_whole: bool,
}

impl Elements<'_> {
    fn bytes(&self, wanted: (u16, u16)) -> Option<&[u8]> {
        self.found.iter().find(|(tag, _)| *tag == wanted).map(|(_, value)| *value)
    }

    fn number(&self, wanted: (u16, u16)) -> Option<u32> {
        let number = *self.bytes(wanted)?.first_chunk()?;
        Some(
            if self.is_big { u16::from_be_bytes(number) } else { u16::from_le_bytes(number) }
                .into(),
        )
    }

    fn text(&self, wanted: (u16, u16)) -> Option<String> {
        let bytes = self.bytes(wanted)?;
        let names = self.bytes(tag::CHARACTER_SET).unwrap_or_default();
        let holds = |name: &[u8]| names.windows(name.len()).any(|window| window == name);
        // KS X 1001 behind its escape, or as it is; Unicode; else whatever it looks like.
        let text = if holds(b"ISO 2022 IR 149") {
            let bare: Vec<u8> = without_escapes(bytes);
            encoding_rs::EUC_KR.decode_without_bom_handling(&bare).0.into_owned()
        } else {
            tag_text(bytes)
        };
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned();
        Some(text).filter(|text| !text.is_empty())
    }

    fn moment(&self, date: (u16, u16), time: (u16, u16)) -> Option<String> {
        let digits = |tag| self.text(tag).map(|text| text.replace([':', '.'], ""));
        let date = digits(date).filter(|date| date.len() == 8)?;
        match digits(time).and_then(|time| Some(time.get(..6)?.to_owned())) {
            Some(time) => date::pdf(&format!("{date}{time}")),
            None => Some(date::pdf(&date)?.get(..10)?.to_owned()),
        }
    }
}

/// Bytes without the escapes of ISO 2022 that announce KS X 1001.
fn without_escapes(bytes: &[u8]) -> Vec<u8> {
    const ESCAPE: &[u8] = b"\x1B$)C";
    let mut bare = Vec::new();
    let mut rest = bytes;
    while let Some((byte, behind)) = rest.split_first() {
        match rest.strip_prefix(ESCAPE) {
            Some(after) => rest = after,
            None => {
                bare.push(*byte);
                rest = behind;
            }
        }
    }
    bare
}

/// The elements up to the pixels. What lies in sequences is passed over.
fn elements(bytes: &[u8]) -> Elements<'_> {
    let mut read = Elements::default();
    let mut rest = bytes;
    let mut syntax = HEAD_SYNTAX;
    let mut depth = 0usize;
    for _ in 0..ELEMENTS_MOST {
        if rest.is_empty() {
            read.is_whole = depth == 0;
            break;
        }
        // The head is the group 2; what follows is written as it says.
        let in_head = rest.starts_with(&[2, 0]);
        if !in_head && read.bytes(tag::TRANSFER_SYNTAX).is_some() && depth == 0 {
            syntax = of_name(&read);
            read.is_big = syntax.is_big;
        }
        let Some((tag, length, behind)) = element(rest, syntax) else { break };
        if tag == tag::PIXELS && depth == 0 {
            read.is_whole = true;
            break;
        }
        rest = behind;
        if tag.0 == tag::ITEM_GROUP {
            // An item is walked, and its end needs no count, for sequences count.
            if tag.1 == 0xE0DD {
                depth = depth.saturating_sub(1);
            }
            continue;
        }
        if length == UNDEFINED {
            depth += 1;
            continue;
        }
        let Some((value, behind)) =
            usize::try_from(length).ok().and_then(|n| rest.split_at_checked(n))
        else {
            break;
        };
        rest = behind;
        if depth == 0 && value.len() <= VALUE_MOST && matches!(tag.0, 2 | 8 | 0x10 | 0x18 | 0x28) {
            read.found.push((tag, value));
        }
    }
    read
}

/// The syntax that the head names.
fn of_name(read: &Elements<'_>) -> Syntax {
    let name = read.bytes(tag::TRANSFER_SYNTAX).unwrap_or_default();
    match name.trim_ascii_end().strip_suffix(b"\0").unwrap_or(name.trim_ascii_end()) {
        b"1.2.840.10008.1.2" => Syntax { is_explicit: false, is_big: false },
        b"1.2.840.10008.1.2.2" => Syntax { is_explicit: true, is_big: true },
        _ => HEAD_SYNTAX,
    }
}

/// Tag and length of the first element, and what stands behind them (PS3.5, section 7.1).
fn element(bytes: &[u8], syntax: Syntax) -> Option<((u16, u16), u32, &[u8])> {
    let short = |bytes: [u8; 2]| {
        if syntax.is_big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    };
    let long = |bytes: [u8; 4]| {
        if syntax.is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    let &[g1, g2, e1, e2, a, b, c, d, ref rest @ ..] = bytes else { return None };
    let tag = (short([g1, g2]), short([e1, e2]));
    if !syntax.is_explicit || tag.0 == tag::ITEM_GROUP {
        return Some((tag, long([a, b, c, d]), rest));
    }
    let is_long = matches!(
        &[a, b],
        b"OB"
            | b"OD"
            | b"OF"
            | b"OL"
            | b"OV"
            | b"OW"
            | b"SQ"
            | b"SV"
            | b"UC"
            | b"UN"
            | b"UR"
            | b"UT"
            | b"UV"
    );
    match is_long {
        true => {
            let (length, rest) = rest.split_first_chunk()?;
            Some((tag, long(*length), rest))
        }
        false => Some((tag, short([c, d]).into(), rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explicit(tag: (u16, u16), kind: &[u8; 2], value: &[u8]) -> Vec<u8> {
        let (group, number) = (tag.0.to_le_bytes(), tag.1.to_le_bytes());
        let length = match kind {
            b"SQ" | b"OW" => [&[0, 0], (value.len() as u32).to_le_bytes().as_slice()].concat(),
            _ => (value.len() as u16).to_le_bytes().to_vec(),
        };
        [group.as_slice(), &number, kind, &length, value].concat()
    }

    fn implicit(tag: (u16, u16), value: &[u8]) -> Vec<u8> {
        let length = (value.len() as u32).to_le_bytes();
        [tag.0.to_le_bytes().as_slice(), &tag.1.to_le_bytes(), &length, value].concat()
    }

    fn scan() -> Vec<u8> {
        let korean = [b"\x1B$)C".as_slice(), &encoding_rs::EUC_KR.encode("밀양병원").0].concat();
        // A sequence without a length, with an item that names another modality.
        let inner = [
            [0x08, 0, 0x40, 0x11].as_slice(),
            b"SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF",
            &explicit(tag::MODALITY, b"CS", b"US"),
            b"\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0",
        ];
        [
            explicit(tag::TRANSFER_SYNTAX, b"UI", b"1.2.840.10008.1.2.1\0"),
            explicit(tag::CHARACTER_SET, b"CS", b"\\ISO 2022 IR 149"),
            explicit(tag::STUDY_DATE, b"DA", b"20260703"),
            explicit(tag::STUDY_TIME, b"TM", b"093000.000"),
            inner.concat(),
            explicit(tag::MODALITY, b"CS", b"CT"),
            explicit(tag::INSTITUTION, b"LO", &korean),
            explicit(tag::PATIENT[0], b"PN", b"Hong^Gildong"),
            explicit(tag::ROWS, b"US", &512u16.to_le_bytes()),
            explicit(tag::PIXELS, b"OW", &[0; 8]),
        ]
        .concat()
    }

    #[test]
    fn reads_what_is_written_either_way() {
        let scan = scan();
        let read = elements(&scan);
        assert!(read.is_whole);
        assert_eq!(read.text(tag::MODALITY).as_deref(), Some("CT"));
        assert_eq!(read.text(tag::INSTITUTION).as_deref(), Some("밀양병원"));
        assert_eq!(read.number(tag::ROWS), Some(512));
        let moment = read.moment(tag::STUDY_DATE, tag::STUDY_TIME);
        assert_eq!(moment.as_deref(), Some("2026-07-03T09:30:00"));
        let plain = [
            explicit(tag::TRANSFER_SYNTAX, b"UI", b"1.2.840.10008.1.2\0"),
            implicit(tag::MODALITY, b"MR"),
            implicit(tag::COLUMNS, &[0, 1]),
        ];
        let plain = plain.concat();
        let read = elements(&plain);
        assert_eq!(read.text(tag::MODALITY).as_deref(), Some("MR"));
        assert_eq!(read.number(tag::COLUMNS), Some(256));
    }

    #[test]
    fn hostile_elements_end() {
        let whole = scan();
        for at in 0..whole.len() {
            elements(&whole[..at]);
            let mut broken = whole.clone();
            broken[at] = 0xFF;
            elements(&broken);
        }
    }
}
