//! A font of a PDF as far as text needs it: the codes of a string, their characters and widths
//! (ISO 32000-2, sections 9.5 to 9.10).

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use lopdf::{DecompressError, Dictionary, Document, Error, Object, Stream};

use super::pdf_cmap::{CMap, Code, Codes, ToUnicode, is_no_text};
use super::pdf_doubt::Doubt;
use super::pdf_font_program::FontProgram;
use super::pdf_signs::Signs;
use super::pdf_tex_font::TexEncoding;
use super::{pdf_glyph_name, pdf_korea, pdf_standard_font, pdf_stream};

/// Decoded bytes of one CMap or font program at most.
const STREAM_MOST: usize = 32 << 20;

/// How often a CMap may extend another.
const CMAPS_DEEPEST: u32 = 4;

/// Glyphs of a composite font whose widths are kept.
const CIDS_MOST: usize = 65_536;

/// One glyph of a string that is shown. Lengths are in units of the font size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    /// How far it moves the pen along the line.
    pub(super) advance: f64,
    /// A single byte 32, which word spacing widens.
    pub(super) is_space: bool,
    /// Whether it has characters.
    pub(super) is_read: bool,
    /// Whether what may have said them was not read whole.
    pub(super) doubt: Option<Doubt>,
}

#[derive(Debug)]
pub(super) struct Font<'a> {
    kind: Kind<'a>,
    to_unicode: Option<ToUnicode>,
    /// What is the matter with a map of its codes that was not read whole.
    doubt: Option<Doubt>,
    /// Lines run from top to bottom.
    pub(super) vertical: bool,
    /// Units of glyph space in one of text space: 0.001 but for fonts of type 3.
    scale: f64,
}

#[derive(Debug)]
enum Kind<'a> {
    Simple(Box<Simple>),
    Composite(Box<Composite<'a>>),
}

#[derive(Debug)]
struct Simple {
    texts: Vec<Option<Box<str>>>,
    widths: Vec<f64>,
    /// What is the matter with the font program, if that was asked.
    doubt: Option<Doubt>,
}

#[derive(Debug)]
struct Composite<'a> {
    codes: Codes,
    /// The collection of its glyphs is Adobe-Korea1.
    korean: bool,
    /// A TrueType font that is not embedded: its glyphs are likely in the usual order.
    usual: bool,
    /// The file says that codes are UTF-16, which the font program may know better.
    unicode: bool,
    /// Its letters are signs.
    signs: Option<Signs>,
    /// Where the codes are glyphs of a font of its own.
    embedded: Option<Embedded<'a>>,
    widths: Vec<f32>,
    default_width: f64,
    default_down: f64,
}

/// A font program, read when a glyph comes whose characters the PDF itself does not say.
#[derive(Debug)]
struct Embedded<'a> {
    document: &'a Document,
    descriptor: Option<&'a Dictionary>,
    /// `CIDToGIDMap`, if it is a stream.
    map: Option<&'a Stream>,
    left: Rc<Cell<usize>>,
    read: OnceCell<EmbeddedRead>,
}

/// What was read of a font program.
#[derive(Debug)]
struct EmbeddedRead {
    program: Option<FontProgram>,
    /// The glyphs of the codes, two bytes each.
    glyphs: Vec<u8>,
    doubt: Option<Doubt>,
}

impl Embedded<'_> {
    /// The characters of a glyph, or why they may be missing, and whether a map of glyphs came with it.
    fn text(&self, cid: u32) -> (Result<String, Option<Doubt>>, bool) {
        let EmbeddedRead { program, glyphs, doubt } = self.read.get_or_init(|| {
            let doubt = Cell::new(None);
            let program =
                self.descriptor.and_then(|d| program(self.document, d, &self.left, &doubt));
            let glyphs = self.map.and_then(|map| map_of(map, &self.left, &doubt));
            EmbeddedRead { program, glyphs: glyphs.unwrap_or_default(), doubt: doubt.get() }
        });
        let glyph = match glyphs.get(cid as usize * 2..cid as usize * 2 + 2) {
            Some([high, low]) => u16::from_be_bytes([*high, *low]),
            _ => u16::try_from(cid).unwrap_or(0),
        };
        let text = program.as_ref().and_then(|program| program.text_of_glyph(glyph));
        (text.ok_or(*doubt), !glyphs.is_empty())
    }
}

impl<'a> Font<'a> {
    /// Reads a font; what it decodes is taken from the bytes that are left.
    pub(super) fn parse(
        document: &'a Document,
        font: &'a Dictionary,
        left: &Rc<Cell<usize>>,
    ) -> Font<'a> {
        let doubt = Cell::new(None);
        let to_unicode = match font.get_deref(b"ToUnicode", document) {
            Ok(Object::Stream(stream)) => {
                let map = map_of(stream, left, &doubt).map(|bytes| ToUnicode::parse(&bytes));
                if map.as_ref().is_some_and(|map| map.is_cut) {
                    Doubt::MapCut.keep(&doubt);
                }
                map
            }
            Ok(Object::Name(name)) if name.starts_with(b"Identity") => Some(ToUnicode::identity()),
            _ => None,
        };
        let base_font = String::from_utf8_lossy(name(document, font, b"BaseFont").unwrap_or(b""));
        let signs = Signs::of(&base_font);
        let to_unicode = match signs {
            Some(signs) => to_unicode.map(|map| map.spelled(|c| signs.of_char(c))),
            None => to_unicode,
        };
        let to_unicode = to_unicode.filter(|map| !map.is_nonsense());
        let subtype = name(document, font, b"Subtype").unwrap_or_default();
        let descendant = font
            .get_deref(b"DescendantFonts", document)
            .and_then(Object::as_array)
            .ok()
            .and_then(|fonts| dictionary(document, fonts.first()?));
        let read = match descendant {
            Some(descendant) if subtype != b"Type3" => {
                Font::composite(document, font, (descendant, signs), to_unicode, left, &doubt)
            }
            _ => Font::simple(document, font, subtype, to_unicode, left),
        };
        Font { doubt: doubt.get(), ..read }
    }

    /// What stands for a font that is missing, where the codes are ASCII.
    pub(super) fn stand_in() -> Font<'a> {
        let text = |code| pdf_standard_font::encoded(b"WinAnsiEncoding", code);
        let texts: Vec<_> = (0..=u8::MAX).map(text).collect();
        let width = |text: &Option<Box<str>>| {
            let c = text.as_ref().and_then(|text| text.chars().next());
            pdf_standard_font::width("", c.unwrap_or('n'))
        };
        let widths = texts.iter().map(width).collect();
        let doubt = Some(Doubt::FontMissing);
        let kind = Kind::Simple(Box::new(Simple { texts, widths, doubt }));
        Font { kind, to_unicode: None, doubt: None, vertical: false, scale: 0.001 }
    }

    /// Calls back for every code of a string, after its characters were written behind `out`.
    pub(super) fn show(
        &self,
        bytes: &[u8],
        out: &mut String,
        each: &mut dyn FnMut(&mut String, Shown),
    ) {
        match &self.kind {
            Kind::Simple(simple) => {
                for &byte in bytes {
                    let mapped =
                        self.to_unicode.as_ref().is_some_and(|map| map.write(u32::from(byte), out));
                    let text = simple.texts.get(usize::from(byte)).and_then(Option::as_deref);
                    if let Some(text) = text.filter(|_| !mapped) {
                        out.push_str(text);
                    }
                    let width = simple.widths.get(usize::from(byte)).copied().unwrap_or(0.0);
                    each(
                        out,
                        Shown {
                            advance: width * self.scale,
                            is_space: byte == b' ',
                            is_read: mapped || text.is_some(),
                            doubt: self.doubt.or(simple.doubt).filter(|_| !mapped),
                        },
                    );
                }
            }
            Kind::Composite(composite) => {
                let mut rest = bytes;
                while let Some(code) = composite.codes.first(rest).filter(|code| code.length > 0) {
                    rest = rest.get(code.length..).unwrap_or_default();
                    let cid = composite.cid_of(code);
                    let mapped =
                        self.to_unicode.as_ref().is_some_and(|map| map.write(code.value, out));
                    let read = if mapped { Ok(()) } else { composite.write(code, cid, out) };
                    let advance = match self.vertical {
                        true => composite.default_down,
                        false => composite.width(code, cid),
                    };
                    each(
                        out,
                        Shown {
                            advance: advance * self.scale,
                            is_space: code == Code { value: 32, length: 1 },
                            is_read: read.is_ok(),
                            doubt: self.doubt.filter(|_| !mapped).or(read.err().flatten()),
                        },
                    );
                }
            }
        }
    }

    fn simple(
        document: &Document,
        font: &Dictionary,
        subtype: &[u8],
        to_unicode: Option<ToUnicode>,
        left: &Cell<usize>,
    ) -> Font<'a> {
        let base_font = String::from_utf8_lossy(name(document, font, b"BaseFont").unwrap_or(b""));
        let descriptor = font.get_deref(b"FontDescriptor", document).and_then(Object::as_dict).ok();
        // What is known from the PDF needs no look into the program.
        let encoding = font.get_deref(b"Encoding", document).ok();
        let is_encoded = match encoding {
            Some(Object::Name(_)) => true,
            Some(Object::Dictionary(encoding)) => encoding.has(b"BaseEncoding"),
            _ => false,
        };
        // Some writers map only the glyphs whose names say nothing.
        let is_mapped = to_unicode.as_ref().is_some_and(|map| maps_all(document, font, map));
        let doubt = Cell::new(None);
        let program = descriptor
            .filter(|_| !is_encoded && !is_mapped && subtype != b"Type3")
            .and_then(|descriptor| program(document, descriptor, left, &doubt));
        let unmapped = to_unicode.is_none();
        let texts =
            simple_texts(document, font, subtype, &base_font, descriptor, program, unmapped);
        let widths = simple_widths(document, font, &base_font, descriptor, &texts);
        let scale = match subtype {
            b"Type3" => font
                .get_deref(b"FontMatrix", document)
                .and_then(Object::as_array)
                .ok()
                .and_then(|matrix| number(document, matrix.first()?))
                .map_or(0.001, f64::abs),
            _ => 0.001,
        };
        let kind = Kind::Simple(Box::new(Simple { texts, widths, doubt: doubt.get() }));
        Font { kind, to_unicode, doubt: None, vertical: false, scale }
    }

    fn composite(
        document: &'a Document,
        font: &'a Dictionary,
        (descendant, signs): (&'a Dictionary, Option<Signs>),
        to_unicode: Option<ToUnicode>,
        left: &Rc<Cell<usize>>,
        doubt: &Cell<Option<Doubt>>,
    ) -> Font<'a> {
        let (codes, vertical) = match font.get_deref(b"Encoding", document) {
            Ok(Object::Stream(stream)) => own_codes(document, stream, left, doubt, CMAPS_DEEPEST),
            Ok(Object::Name(name)) => {
                Codes::predefined(name).unwrap_or((Codes::Identity, name.ends_with(b"-V")))
            }
            _ => (Codes::Identity, false),
        };
        let ordering = descendant
            .get_deref(b"CIDSystemInfo", document)
            .and_then(Object::as_dict)
            .and_then(|system| system.get_deref(b"Ordering", document))
            .and_then(Object::as_str)
            .unwrap_or_default();
        let down = descendant
            .get_deref(b"DW2", document)
            .and_then(Object::as_array)
            .ok()
            .and_then(|both| number(document, both.get(1)?));
        let descriptor =
            descendant.get_deref(b"FontDescriptor", document).and_then(Object::as_dict).ok();
        let is_absent = descriptor.is_none_or(|descriptor| {
            !descriptor.has(b"FontFile2")
                && !descriptor.has(b"FontFile3")
                && !descriptor.has(b"FontFile")
        });
        // Elsewhere the codes are characters, or glyphs of a collection.
        let is_glyphs = matches!(codes, Codes::Identity | Codes::Own(_));
        let embedded = is_glyphs.then(|| Embedded {
            document,
            descriptor,
            map: stream(document, descendant, b"CIDToGIDMap"),
            left: Rc::clone(left),
            read: OnceCell::new(),
        });
        // A name in the place of the map says that codes are UTF-16, which those of a font that is cut down are not.
        let is_named =
            font.get_deref(b"ToUnicode", document).is_ok_and(|map| map.as_name().is_ok());
        let unicode = is_named && !is_absent && is_glyphs;
        let composite = Composite {
            codes,
            korean: ordering.starts_with(b"Korea"),
            usual: is_absent && name(document, descendant, b"Subtype") == Some(b"CIDFontType2"),
            unicode,
            signs,
            embedded,
            widths: composite_widths(document, descendant),
            default_width: value(document, descendant, b"DW").unwrap_or(1000.0),
            default_down: down.map_or(1000.0, f64::abs),
        };
        let to_unicode = to_unicode.filter(|_| !unicode);
        let kind = Kind::Composite(Box::new(composite));
        Font { kind, to_unicode, doubt: None, vertical, scale: 0.001 }
    }
}

impl Composite<'_> {
    fn cid_of(&self, code: Code) -> Option<u32> {
        self.cid_by(&self.codes, code)
    }

    fn cid_by(&self, codes: &Codes, code: Code) -> Option<u32> {
        match codes {
            Codes::Identity => Some(code.value),
            Codes::Own(cmap) => match cmap.base_of(code.value) {
                Some(base) => self.cid_by(base, code),
                None => cmap.cid_of(code.value),
            },
            Codes::Legacy(_, half) => {
                let c = codes.char_of(code)?;
                match c {
                    ' '..='~' if *half && self.korean => Some(8094 + u32::from(c) - 32),
                    ' '..='~' if !half => Some(u32::from(c) - 31),
                    c if self.korean => pdf_korea::cid_of(c),
                    _ => None,
                }
            }
            Codes::Unicode(_) => match codes.char_of(code)? {
                c @ ' '..='~' => Some(u32::from(c) - 31),
                c if self.korean => pdf_korea::cid_of(c),
                _ => None,
            },
        }
    }

    fn width(&self, code: Code, cid: Option<u32>) -> f64 {
        let given = cid.and_then(|cid| self.widths.get(cid as usize)).filter(|w| !w.is_nan());
        if let Some(width) = given {
            return f64::from(*width);
        }
        // Fonts that are not embedded often say nothing of their Latin letters.
        match (&self.codes, self.codes.char_of(code)) {
            (Codes::Legacy(..) | Codes::Unicode(_), Some(' '..='~')) if self.widths.is_empty() => {
                self.default_width / 2.0
            }
            _ => self.default_width,
        }
    }

    /// Writes the characters of a code that no map says.
    ///
    /// # Errors
    /// None are known, and what may be to blame.
    fn write(&self, code: Code, cid: Option<u32>, out: &mut String) -> Result<(), Option<Doubt>> {
        if let Some(c) = self.codes.char_of(code).filter(|&c| !is_no_text(c)) {
            out.push(c);
            return Ok(());
        }
        let cid = cid.ok_or(None)?;
        if self.korean
            && let Some(c) = pdf_korea::char_of(cid)
        {
            out.push(c);
            return Ok(());
        }
        let (text, is_mapped) = self.embedded.as_ref().map_or((Err(None), false), |e| e.text(cid));
        if self.usual && !is_mapped {
            let c = pdf_standard_font::usual_glyph(cid).and_then(|c| self.spelled(c));
            out.push(c.ok_or(None)?);
            return Ok(());
        }
        let text = text.or_else(|doubt| {
            let c = self.unicode.then(|| char::from_u32(code.value)).flatten();
            c.filter(|&c| !is_no_text(c)).map(String::from).ok_or(doubt)
        })?;
        match text.chars().next().filter(|_| self.signs.is_some()) {
            Some(c) => out.push(self.spelled(c).ok_or(None)?),
            None => out.push_str(&text),
        }
        Ok(())
    }

    /// What stands for a character that is no sign by itself.
    fn spelled(&self, c: char) -> Option<char> {
        self.signs.map_or(Some(c), |signs| signs.of_char(c))
    }
}

/// The codes of a CMap in the file, and whether they run down. It may extend another one.
fn own_codes(
    document: &Document,
    stream: &Stream,
    left: &Cell<usize>,
    doubt: &Cell<Option<Doubt>>,
    deeper: u32,
) -> (Codes, bool) {
    let cmap = map_of(stream, left, doubt).map(|bytes| CMap::parse(&bytes)).unwrap_or_default();
    if cmap.is_cut {
        Doubt::MapCut.keep(doubt);
    }
    let base = match stream.dict.get_deref(b"UseCMap", document) {
        Ok(Object::Stream(base)) if deeper > 0 => {
            Some(own_codes(document, base, left, doubt, deeper - 1))
        }
        Ok(Object::Stream(_)) => {
            Doubt::MapCut.keep(doubt);
            None
        }
        Ok(Object::Name(name)) => Codes::predefined(name),
        _ => cmap.base_name().and_then(Codes::predefined),
    };
    let mode = value(document, &stream.dict, b"WMode").map(|mode| mode == 1.0);
    let inherited = base.as_ref().is_some_and(|(_, vertical)| *vertical);
    let vertical = cmap.vertical().or(mode).unwrap_or(inherited);
    (Codes::Own(cmap.extending(base.map(|(codes, _)| codes))), vertical)
}

/// Whether a map says something of every code of a simple font that has a width.
fn maps_all(document: &Document, font: &Dictionary, map: &ToUnicode) -> bool {
    let first = value(document, font, b"FirstChar").unwrap_or(0.0).max(0.0) as u32;
    let widths = font.get_deref(b"Widths", document).and_then(Object::as_array);
    let widths = widths.map(Vec::as_slice).unwrap_or_default();
    let is_used = |width: &Object| number(document, width).is_none_or(|width| width != 0.0);
    (first..=255).zip(widths).all(|(code, width)| !is_used(width) || map.has(code))
}

/// The characters of the 256 codes of a simple font (section 9.6.5).
fn simple_texts(
    document: &Document,
    font: &Dictionary,
    subtype: &[u8],
    base_font: &str,
    descriptor: Option<&Dictionary>,
    program: Option<FontProgram>,
    unmapped: bool,
) -> Vec<Option<Box<str>>> {
    let encoding = font.get_deref(b"Encoding", document).ok();
    let (base, differences) = match encoding {
        Some(Object::Name(name)) => (Some(name.as_slice()), None),
        Some(Object::Dictionary(encoding)) => (
            name(document, encoding, b"BaseEncoding"),
            encoding.get_deref(b"Differences", document).and_then(Object::as_array).ok(),
        ),
        _ => (None, None),
    };
    let flags = descriptor.and_then(|d| value(document, d, b"Flags")).unwrap_or(0.0) as i64;
    let symbolic = flags & 4 != 0;
    let signs = Signs::of(base_font);
    let mut texts: Vec<Option<Box<str>>> = (0..=u8::MAX)
        .map(|code| {
            let own = program.as_ref().and_then(|program| program.text_of_code(code));
            let sign = signs.filter(|signs| signs.has_no_names() || own.is_none());
            if let Some(signs) = sign {
                return signs.of_code(code).map(|c| String::from(c).into_boxed_str());
            }
            match (base, own) {
                (_, Some(text)) => Some(text.into()),
                (Some(base), None) => pdf_standard_font::encoded(base, code),
                (None, None) if subtype == b"Type3" => None,
                (None, None) => {
                    pdf_standard_font::built_in(base_font, code, subtype == b"TrueType" || symbolic)
                }
            }
        })
        .collect();
    let mut code = 0usize;
    let (mut named, mut unknown) = (Vec::new(), Vec::new());
    // Three times as many as there are codes: what comes behind that names no code, or one again.
    for item in differences.into_iter().flatten().take(1024) {
        match document.dereference(item).map(|(_, item)| item) {
            Ok(Object::Name(name)) => {
                let name = String::from_utf8_lossy(name);
                let text = pdf_standard_font::named(base_font, &name)
                    .or_else(|| pdf_glyph_name::text_of(&name))
                    .and_then(|text| match (signs, text.chars().next()) {
                        (Some(signs), Some(c)) => signs.of_char(c).map(String::from),
                        _ => Some(text),
                    })
                    .filter(|text| !text.chars().all(is_no_text));
                if name != ".notdef" {
                    named.push(code);
                }
                if text.is_none() && name != ".notdef" {
                    unknown.push((code, name.into_owned()));
                }
                if let Some(place) = texts.get_mut(code) {
                    *place = text.map(String::into_boxed_str);
                }
                code = code.saturating_add(1);
            }
            Ok(other) => {
                if let Ok(number) = other.as_float() {
                    code = number.max(0.0) as usize;
                }
            }
            Err(_) => {}
        }
    }
    // Names that a writer made up for glyphs that it drew: the codes are all there is, and mostly text.
    let is_private = |(_, name): &(usize, String)| !name.contains(|c: char| c.is_ascii_digit());
    if subtype == b"Type3"
        && unmapped
        && unknown.len() * 2 >= named.len()
        && unknown.iter().all(is_private)
    {
        for code in named {
            let c = u8::try_from(code).ok().filter(u8::is_ascii_graphic).map(char::from);
            if let (Some(c), Some(place)) = (c, texts.get_mut(code)) {
                *place = Some(String::from(c).into_boxed_str());
            }
        }
        return texts;
    }
    // If all names are numbers of their codes, the codes are text.
    let spoken = unknown.iter().all(|(code, name)| numbered(name) == u8::try_from(*code).ok());
    let is_of_tex =
        subtype == b"Type3" && spoken && unknown.iter().all(|(_, n)| n.starts_with('a'));
    let of_tex = is_of_tex.then(|| TexEncoding::of(&named)).flatten();
    for (code, name) in unknown {
        let number = numbered(&name).filter(|_| spoken || subtype != b"Type3");
        let own = of_tex.and_then(|encoding| encoding.text(code)).map(String::into_boxed_str);
        if let Some(place) = texts.get_mut(code) {
            *place = own.or_else(|| pdf_standard_font::encoded(b"WinAnsiEncoding", number?));
        }
    }
    if let Some(space @ None) = texts.get_mut(32) {
        *space = Some(" ".into());
    }
    texts
}

/// The number in names like `g65`, `c65`, `C0065`, which writers without a glyph list make of the code.
fn numbered(name: &str) -> Option<u8> {
    let digits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    (1..=2).contains(&(name.len() - digits.len())).then(|| digits.parse().ok()).flatten()
}

fn simple_widths(
    document: &Document,
    font: &Dictionary,
    base_font: &str,
    descriptor: Option<&Dictionary>,
    texts: &[Option<Box<str>>],
) -> Vec<f64> {
    let first = value(document, font, b"FirstChar").unwrap_or(0.0).max(0.0) as usize;
    let given = font.get_deref(b"Widths", document).and_then(Object::as_array).ok();
    let missing = descriptor.and_then(|d| value(document, d, b"MissingWidth"));
    (0..256usize)
        .zip(texts)
        .map(|(code, text)| {
            let width = code
                .checked_sub(first)
                .and_then(|at| number(document, given?.get(at)?))
                .or(missing.filter(|_| given.is_some()));
            width.unwrap_or_else(|| {
                let c = text.as_ref().and_then(|text| text.chars().next());
                match given {
                    Some(_) => 0.0,
                    None => pdf_standard_font::width(base_font, c.unwrap_or('n')),
                }
            })
        })
        .collect()
}

/// `W` of a composite font; what it does not name is not a number.
fn composite_widths(document: &Document, font: &Dictionary) -> Vec<f32> {
    let mut widths = Vec::new();
    let mut put = |cid: usize, width: f64| {
        if cid < CIDS_MOST {
            if widths.len() <= cid {
                widths.resize(cid + 1, f32::NAN);
            }
            if let Some(place) = widths.get_mut(cid) {
                *place = width as f32;
            }
        }
    };
    let items = font.get_deref(b"W", document).and_then(Object::as_array);
    let mut items = items.map(Vec::as_slice).unwrap_or_default();
    while let [first, second, rest @ ..] = items {
        items = rest;
        let Some(first) = number(document, first) else { continue };
        let first = first.max(0.0) as usize;
        match document.dereference(second) {
            Ok((_, Object::Array(list))) => {
                for (cid, width) in (first..).zip(list).take(CIDS_MOST) {
                    put(cid, number(document, width).unwrap_or(0.0));
                }
            }
            Ok((_, last)) => {
                let Some((width, rest)) = items.split_first() else { break };
                items = rest;
                let last = last.as_float().unwrap_or(0.0).max(0.0) as usize;
                let width = number(document, width).unwrap_or(0.0);
                for cid in first..=last.min(CIDS_MOST) {
                    put(cid, width);
                }
            }
            Err(_) => {}
        }
    }
    widths
}

/// The font program that a descriptor names, and what is the matter with it.
fn program(
    document: &Document,
    descriptor: &Dictionary,
    left: &Cell<usize>,
    doubt: &Cell<Option<Doubt>>,
) -> Option<FontProgram> {
    let key = [b"FontFile".as_slice(), b"FontFile2", b"FontFile3"]
        .into_iter()
        .find(|key| descriptor.has(key))?;
    let own = Cell::new(None);
    let bytes = stream(document, descriptor, key).and_then(|file| map_of(file, left, &own));
    let program = bytes.map(|bytes| match key {
        b"FontFile" => FontProgram::parse_type1(&bytes),
        _ => FontProgram::parse(&bytes),
    });
    match (&program, own.get()) {
        (_, Some(Doubt::MapCut)) => Doubt::ProgramCut.keep(doubt),
        (Some(program), None) if program.is_cut => Doubt::ProgramCut.keep(doubt),
        (Some(program), None) if !program.is_damaged => {}
        _ => Doubt::ProgramDamaged.keep(doubt),
    }
    program
}

fn stream<'a>(document: &'a Document, holder: &'a Dictionary, key: &[u8]) -> Option<&'a Stream> {
    holder.get_deref(key, document).and_then(Object::as_stream).ok()
}

/// The bytes of a map of codes, and what is the matter with them.
fn map_of(stream: &Stream, left: &Cell<usize>, doubt: &Cell<Option<Doubt>>) -> Option<Vec<u8>> {
    let decoded = pdf_stream::decode(stream, STREAM_MOST.min(left.get()));
    let is_limit =
        matches!(decoded, Err(Error::Decompress(DecompressError::MemoryLimitExceeded { .. })));
    if is_limit {
        // A limit is none of the file's faults.
        Doubt::MapCut.keep(doubt);
    } else if !decoded.as_ref().is_ok_and(|decoded| decoded.is_whole) {
        Doubt::MapDamaged.keep(doubt);
    }
    let bytes = decoded.ok()?.bytes;
    left.set(left.get().saturating_sub(bytes.len()));
    Some(bytes)
}

fn dictionary<'a>(document: &'a Document, object: &'a Object) -> Option<&'a Dictionary> {
    document.dereference(object).ok()?.1.as_dict().ok()
}

fn name<'a>(document: &'a Document, holder: &'a Dictionary, key: &[u8]) -> Option<&'a [u8]> {
    holder.get_deref(key, document).and_then(Object::as_name).ok()
}

fn number(document: &Document, object: &Object) -> Option<f64> {
    let (_, object) = document.dereference(object).ok()?;
    object.as_float().ok().map(f64::from).filter(|number| number.is_finite())
}

fn value(document: &Document, holder: &Dictionary, key: &[u8]) -> Option<f64> {
    holder.get(key).ok().and_then(|object| number(document, object))
}
