//! What press agencies write into pictures: IPTC's Information Interchange Model (IIM 4.2), alone in a TIFF, or in one
//! of Photoshop's image resources.

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata;

use super::date;
use crate::encoding::{decode_declared, decode_known};

/// The part of the file that says it.
const PART: &str = "IPTC";

/// Data sets of a block that are read; a photo has some twenty.
const SETS_MOST: usize = 10_000;

/// Keywords and names of one picture that are kept.
const REPEATS_MOST: usize = 1_000;

/// Image resources that are walked; Photoshop knows some hundred kinds.
const RESOURCES_MOST: usize = 10_000;

/// The image resource that holds IIM (Adobe Photoshop File Formats Specification, Image Resource IDs).
const IIM: [u8; 2] = [0x04, 0x04];

/// The image resource that says how large it is printed.
const RESOLUTION: [u8; 2] = [0x03, 0xED];

/// The set of the envelope record that names the coded character set (IIM 4.2, chapter 5, 1:90).
const CHARACTER_SET: (u8, u8) = (1, 90);

/// UTF-8 as ISO 2022 announces it (ISO-IR 196).
const UTF_8: &[u8] = b"\x1B%G";

/// Data sets of the application record (IIM 4.2, chapter 6).
mod set {
    pub(super) const OBJECT_NAME: u8 = 5;
    pub(super) const KEYWORDS: u8 = 25;
    pub(super) const INSTRUCTIONS: u8 = 40;
    pub(super) const DATE_CREATED: u8 = 55;
    pub(super) const TIME_CREATED: u8 = 60;
    pub(super) const DIGITAL_DATE: u8 = 62;
    pub(super) const DIGITAL_TIME: u8 = 63;
    pub(super) const BY_LINE: u8 = 80;
    pub(super) const CITY: u8 = 90;
    pub(super) const SUBLOCATION: u8 = 92;
    pub(super) const PROVINCE: u8 = 95;
    pub(super) const COUNTRY: u8 = 101;
    pub(super) const HEADLINE: u8 = 105;
    pub(super) const CREDIT: u8 = 110;
    pub(super) const SOURCE: u8 = 115;
    pub(super) const COPYRIGHT: u8 = 116;
    pub(super) const CAPTION: u8 = 120;
    pub(super) const CAPTION_WRITER: u8 = 122;
}

/// Adds what a block of data sets says behind what the content says already: its properties, and the headline and the
/// caption, which are whole sentences, as text.
pub(super) fn read(block: &[u8], content: &mut Content) {
    let sets = Sets::of(block);
    let headline = sets.text(set::HEADLINE);
    let caption = sets.text(set::CAPTION);
    let mut properties = content.metadata.at(PART);
    // The object name is a shorthand of the agency, often a number; what is meant to be read is the headline.
    let name = sets.text(set::OBJECT_NAME);
    properties.add_some(metadata::TITLE, headline.clone().or_else(|| name.clone()));
    properties.add_some(metadata::DESCRIPTION, caption.clone());
    properties.add(metadata::KEYWORDS, sets.texts(set::KEYWORDS));
    properties.add(metadata::AUTHOR, sets.texts(set::BY_LINE).join(", "));
    for (number, name) in [
        (set::COPYRIGHT, metadata::COPYRIGHT),
        (set::CREDIT, metadata::CREDIT),
        (set::SOURCE, metadata::SOURCE),
        (set::INSTRUCTIONS, metadata::INSTRUCTIONS),
    ] {
        properties.add_some(name, sets.text(number));
    }
    // Agencies put down several, one for each language or desk.
    properties.add(metadata::CAPTION_WRITER, sets.texts(set::CAPTION_WRITER).join(", "));
    let places = [set::SUBLOCATION, set::CITY, set::PROVINCE, set::COUNTRY];
    let places: Vec<String> = places.into_iter().filter_map(|place| sets.text(place)).collect();
    properties.add(metadata::COVERAGE, places.join(", "));
    let taken = sets.moment(set::DATE_CREATED, set::TIME_CREATED);
    properties.add_some(metadata::TAKEN_AT, taken);
    let digitised = sets.moment(set::DIGITAL_DATE, set::DIGITAL_TIME);
    properties.add_some(metadata::CREATED, digitised);
    content.metadata.at("IPTC object name").add_some(metadata::TITLE, name);
    for text in [headline, caption].into_iter().flatten() {
        content.push_text(text, Locator::Whole {});
    }
}

/// The block of data sets among Photoshop's image resources. One that is cut gives what there is of it.
pub(super) fn of_photoshop(resources: &[u8]) -> Option<&[u8]> {
    resource(resources, IIM)
}

/// Dots per inch across and down among the same resources.
pub(super) fn dots_of_photoshop(resources: &[u8]) -> Option<(f64, f64)> {
    let info = resource(resources, RESOLUTION)?;
    // Fixed-point numbers, in inches whatever unit they are shown in.
    let dots = |at: usize| {
        let bytes = info.get(at..)?.first_chunk()?;
        Some((f64::from(u32::from_be_bytes(*bytes)) / 65.536).round() / 1e3)
    };
    Some((dots(0)?, dots(8)?)).filter(|(x, y)| *x > 0.0 && *y > 0.0)
}

/// The first image resource of this kind. One that is cut gives what there is of it.
pub(super) fn resource(resources: &[u8], wanted: [u8; 2]) -> Option<&[u8]> {
    let mut rest = resources;
    for _ in 0..RESOURCES_MOST {
        let [b'8', b'B', b'I', b'M', a, b, name, after @ ..] = rest else { return None };
        // The name, with the byte of its length, and the data are padded to even sizes.
        let skipped = usize::from(*name) + usize::from(name & 1 == 0);
        let ([a1, a2, a3, a4, data @ ..], kind) = (after.get(skipped..)?, [*a, *b]) else {
            return None;
        };
        let length = usize::try_from(u32::from_be_bytes([*a1, *a2, *a3, *a4])).ok()?;
        if kind == wanted {
            return Some(data.get(..length).unwrap_or(data));
        }
        rest = data.get(length.checked_add(length & 1)?..)?;
    }
    None
}

/// The data sets of a block that are read here, in their order.
struct Sets<'a> {
    application: Vec<(u8, &'a [u8])>,
    /// What all of it together is in: a name of three syllables alone proves little.
    encoding: Option<&'static str>,
}

impl<'a> Sets<'a> {
    /// All up to the end or to what is no data set.
    fn of(block: &'a [u8]) -> Sets<'a> {
        let mut sets = Sets { application: Vec::new(), encoding: None };
        let mut label = None;
        let mut rest = block;
        for _ in 0..SETS_MOST {
            let Some((DataSet { id, value }, behind)) = first(rest) else { break };
            match id {
                CHARACTER_SET => label = value.starts_with(UTF_8).then_some("utf-8"),
                (2, number) => sets.application.push((number, value)),
                _ => {}
            }
            rest = behind;
        }
        let written = |number: u8| !matches!(number, 0 | set::DATE_CREATED..=set::DIGITAL_TIME);
        let values = sets.application.iter().filter(|(number, _)| written(*number));
        let all: Vec<&[u8]> = values.map(|(_, value)| *value).collect();
        // The bytes are believed first: there are programs that announce UTF-8 over CP949.
        let whole = decode_declared(&all.join(b"\n".as_slice()), label);
        // Sets of several programs may be in several encodings; then each is read by itself.
        sets.encoding = (whole.doubts.is_empty() && !whole.lossy).then_some(whole.encoding);
        sets
    }

    fn values(&self, number: u8) -> impl Iterator<Item = &'a [u8]> {
        let all = self.application.iter();
        all.filter(move |(set, _)| *set == number).map(|(_, value)| *value)
    }

    fn texts(&self, number: u8) -> Vec<String> {
        let text = |value: &[u8]| {
            let text = decode_known(value, self.encoding);
            text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned()
        };
        let texts = self.values(number).take(REPEATS_MOST).map(text);
        texts.filter(|text| !text.is_empty()).collect()
    }

    fn text(&self, number: u8) -> Option<String> {
        self.texts(number).into_iter().next()
    }

    /// `CCYYMMDD`, with `HHMMSS±HHMM` if that is there, too.
    fn moment(&self, date: u8, time: u8) -> Option<String> {
        let date = std::str::from_utf8(self.values(date).next()?).ok()?.trim();
        if date.len() != 8 {
            return None;
        }
        let time = self.values(time).next().and_then(|time| std::str::from_utf8(time).ok());
        let time = time.map(str::trim).filter(|time| time.len() >= 6);
        if let Some(moment) = time.and_then(|time| date::pdf(&format!("{date}{time}"))) {
            return Some(moment);
        }
        // Without a time midnight would be invented.
        date::pdf(date)?.get(..10).map(str::to_owned)
    }
}

/// One data set.
struct DataSet<'a> {
    /// Of the record, and in it.
    id: (u8, u8),
    value: &'a [u8],
}

/// The first data set of a block, and what follows it (IIM 4.2, chapter 3).
fn first(block: &[u8]) -> Option<(DataSet<'_>, &[u8])> {
    let [0x1C, record, number, a, b, rest @ ..] = block else { return None };
    let length = u16::from_be_bytes([*a, *b]);
    let (length, rest) = match length & 0x8000 {
        0 => (usize::from(length), rest),
        // An extended one: as many bytes say its length.
        _ => {
            let (size, rest) = rest.split_at_checked(usize::from(length & 0x7FFF))?;
            if size.len() > 4 {
                return None;
            }
            (size.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((DataSet { id: (*record, *number), value }, rest))
}

#[cfg(test)]
mod tests {
    use madang_document::metadata::Value;

    use super::*;

    /// How a program writes a text.
    type Write<'a> = &'a dyn Fn(&str) -> Vec<u8>;

    fn set(number: u8, value: &[u8]) -> Vec<u8> {
        let length = (value.len() as u16).to_be_bytes();
        [&[0x1C, 2, number], length.as_slice(), value].concat()
    }

    fn read_all(block: &[u8]) -> Content {
        let mut content = Content::default();
        read(block, &mut content);
        content
    }

    #[test]
    fn reads_what_agencies_write_in_cp949_and_in_utf_8() {
        let korean = |text: &str| encoding_rs::EUC_KR.encode(text).0.into_owned();
        let utf_8 = |text: &str| text.as_bytes().to_vec();
        let announced = [[0x1C, 1, 90, 0, 3].as_slice(), UTF_8].concat();
        let cases: [(Vec<u8>, Write<'_>); 4] = [
            (Vec::new(), &korean),
            (Vec::new(), &utf_8),
            (announced.clone(), &utf_8),
            (announced, &korean),
        ];
        for (head, bytes) in cases {
            let block = [
                head,
                set(0, &[0, 4]),
                set(5, &bytes("PYH20260703")),
                set(25, &bytes("침수")),
                set(25, &bytes("하천")),
                set(40, &bytes("7월 4일까지 보도 유예")),
                set(55, b"20260703"),
                set(60, b"093000+0900"),
                set(62, b"20260704"),
                set(80, &bytes("홍길동")),
                set(90, &bytes("부산")),
                set(101, &bytes("대한민국")),
                set(105, &bytes("집중호우 피해")),
                set(110, &bytes("마당시 제공")),
                set(115, &bytes("마당시 하천과")),
                set(116, &bytes("ⓒ 마당뉴스")),
                set(120, &bytes("온천천 산책로 침수 현장")),
                set(122, &bytes("김영희")),
                set(122, &bytes("이철수")),
                b"\0\0".to_vec(),
            ];
            let content = read_all(&block.concat());
            let text = |name| content.metadata.text(name).unwrap_or_default();
            assert_eq!(text(metadata::TITLE), "집중호우 피해");
            assert_eq!(text(metadata::DESCRIPTION), "온천천 산책로 침수 현장");
            assert_eq!(text(metadata::AUTHOR), "홍길동");
            assert_eq!(text(metadata::COVERAGE), "부산, 대한민국");
            assert_eq!(text(metadata::COPYRIGHT), "ⓒ 마당뉴스");
            assert_eq!(text(metadata::CREDIT), "마당시 제공");
            assert_eq!(text(metadata::SOURCE), "마당시 하천과");
            assert_eq!(text(metadata::INSTRUCTIONS), "7월 4일까지 보도 유예");
            assert_eq!(text(metadata::CAPTION_WRITER), "김영희, 이철수");
            assert_eq!(text(metadata::TAKEN_AT), "2026-07-03T09:30:00+09:00");
            assert_eq!(text(metadata::CREATED), "2026-07-04");
            let words: Value = vec!["침수", "하천"].into();
            assert_eq!(content.metadata.get(metadata::KEYWORDS), Some(&words));
            let names = content.metadata.stated(metadata::TITLE);
            assert_eq!(names.get(1).map(|name| &name.value), Some(&"PYH20260703".into()));
            assert_eq!(content.text(), "집중호우 피해\n온천천 산책로 침수 현장");
        }
    }

    #[test]
    fn finds_the_block_among_the_resources_of_photoshop() {
        let resource = |kind: [u8; 2], name: &[u8], data: &[u8]| {
            let length = (data.len() as u32).to_be_bytes();
            [b"8BIM".as_slice(), &kind, name, &length, data, &[0][..data.len() & 1]].concat()
        };
        let block = set(120, b"caption");
        let before = resource([3, 0xED], b"\0\0", b"odd");
        let named = resource([4, 0x22], b"\x03abc", b"even");
        let whole = [before, named, resource(IIM, b"\0\0", &block)].concat();
        assert_eq!(of_photoshop(&whole), Some(block.as_slice()));
        for cut in 0..whole.len() {
            let part = of_photoshop(&whole[..cut]);
            assert!(part.is_none_or(|part| block.starts_with(part)), "{cut}");
        }
        let long = resource([3, 0xED], b"\0\0", b"");
        let long = [&long[..8], [0xFF; 4].as_slice(), &whole].concat();
        assert_eq!(of_photoshop(&long), None);
    }

    #[test]
    fn hostile_lengths_end_it() {
        let caption = set(120, b"caption");
        for bad in [
            [0x1C, 2, 120, 0x7F, 0xFF].as_slice(),
            &[0x1C, 2, 120, 0x80, 4, 0xFF, 0xFF, 0xFF, 0xFF],
            &[0x1C, 2, 120, 0x80, 8, 0, 0, 0, 0, 0, 0, 0, 1, b'x'],
            &[0x1C, 2, 120, 0xFF, 0xFF],
            &[0x1C],
        ] {
            assert_eq!(read_all(&[caption.as_slice(), bad].concat()).text(), "caption");
        }
        let extended = [0x1C, 2, 105, 0x80, 2, 0, 3, b'a', b'b', b'c'];
        assert_eq!(read_all(&[extended.as_slice(), &caption].concat()).text(), "abc\ncaption");
        let many = set(25, b"w").repeat(200_000);
        let words = read_all(&many);
        let Some(Value::List(words)) = words.metadata.get(metadata::KEYWORDS) else { panic!() };
        assert_eq!(words.len(), REPEATS_MOST);
    }
}
