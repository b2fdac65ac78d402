//! What an RTF file says (Rich Text Format Specification 1.9.1).

use std::collections::BTreeMap;

use super::super::eq_field;
use super::destination::{Aside, Destination, Moment, Opening, Property, opening};
use super::field::{self, Form};
use super::flow::Flow;
use super::font::Fonts;
use super::part::{Part, PartKind};
use super::token::{Token, Tokens};

/// Groups deeper than this share the state of their parent. Word stays below 100.
const DEPTH: usize = 2_000;
/// Bytes of a property, of the name of a shape's property, of a field's instruction.
const LONGEST: usize = 64 << 10;
/// Pictures and objects that are kept.
const MOST_PARTS: usize = 10_000;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) headers: Vec<String>,
    pub(super) body: Vec<String>,
    pub(super) footers: Vec<String>,
    pub(super) properties: BTreeMap<Property, String>,
    pub(super) moments: BTreeMap<Moment, [u32; 6]>,
    pub(super) pages: Option<u32>,
    /// Whether some of the text is hidden.
    pub(super) any_hidden: bool,
    pub(super) parts: Vec<Part>,
    /// Further ones, which are not kept.
    pub(super) more_parts: u64,
    /// Whether the file ends within a group.
    pub(super) broken_off: bool,
}

/// What holds inside a group.
#[derive(Clone, Copy, Debug)]
struct State {
    destination: Destination,
    /// What the text of `\ud` goes to, inside `\upr`.
    doubled: Option<Destination>,
    /// A text beside the body that ends with this group.
    aside: Option<Aside>,
    /// Whether the group opened its destination, so that this ends with it.
    owner: bool,
    font: Option<i32>,
    /// Bytes that stand for a `\u` for those who cannot read it.
    skip: u32,
    hidden: bool,
    deleted: bool,
    in_table: bool,
    /// Whether `\af` names the font of the characters that follow.
    associated: bool,
}

/// Reads a file.
pub(super) fn read(bytes: &[u8], progress: &dyn Fn()) -> Document {
    let mut reader = Reader::new();
    let mut count = 0u32;
    let mut last = None;
    for token in Tokens::new(bytes) {
        count = count.wrapping_add(1);
        if count.is_multiple_of(1 << 16) {
            progress();
        }
        reader.token(token);
        // What stands behind the last group is not the document's.
        if reader.stack.is_empty() && token == Token::Close {
            return reader.finish();
        }
        last = Some(token);
    }
    // Some writers forget to close a group or two at the end.
    reader.document.broken_off = last != Some(Token::Close);
    reader.finish()
}

struct Reader {
    document: Document,
    fonts: Fonts,
    state: State,
    stack: Vec<State>,
    /// Groups that are open beyond [`DEPTH`].
    deeper: usize,
    /// The running text, and above it what stands beside it.
    flows: Vec<Flow>,
    /// Bytes of text that are not decoded yet: a letter may come in two tokens.
    bytes: Vec<u8>,
    /// Bytes still to be skipped after a `\u`.
    skip_left: u32,
    high_surrogate: Option<u16>,
    /// Whether the group has just been opened: only there does `\\*` mark a destination.
    fresh: bool,
    starred: bool,
    default_font: Option<i32>,
    /// Hexadecimal digits of the picture or object being read.
    part: Option<Part>,
    instruction: String,
    form: Form,
    shape_name: String,
    shape_value: String,
    new_picture: bool,
    new_shape: bool,
}

impl Reader {
    fn new() -> Reader {
        Reader {
            document: Document::default(),
            fonts: Fonts::default(),
            state: State {
                destination: Destination::Text,
                doubled: None,
                aside: None,
                owner: false,
                font: None,
                skip: 1,
                hidden: false,
                deleted: false,
                in_table: false,
                associated: false,
            },
            stack: Vec::new(),
            deeper: 0,
            flows: vec![Flow::default()],
            bytes: Vec::new(),
            skip_left: 0,
            high_surrogate: None,
            fresh: false,
            starred: false,
            default_font: None,
            part: None,
            instruction: String::new(),
            form: Form::default(),
            shape_name: String::new(),
            shape_value: String::new(),
            new_picture: false,
            new_shape: false,
        }
    }

    fn finish(mut self) -> Document {
        self.flush();
        while !self.stack.is_empty() {
            self.close();
        }
        let mut flows = self.flows.into_iter();
        self.document.body = flows.next().unwrap_or_default().finish();
        self.document
    }

    fn token(&mut self, token: Token<'_>) {
        let fresh = std::mem::replace(&mut self.fresh, token == Token::Open);
        match token {
            Token::Byte(byte) => self.text(&[byte]),
            Token::Text(bytes) => self.text(bytes),
            Token::Binary(bytes) => {
                if let (Destination::Picture | Destination::Object, Some(part)) =
                    (self.state.destination, &mut self.part)
                {
                    part.bytes.extend_from_slice(bytes);
                }
            }
            Token::Open => {
                self.flush();
                self.open();
            }
            Token::Close => {
                self.flush();
                self.close();
            }
            Token::Symbol(symbol) => {
                if self.skip_left > 0 && symbol != b'*' {
                    self.skip_left -= 1;
                    return;
                }
                match symbol {
                    // These are bytes of text that could not stand alone.
                    b'{' | b'}' | b'\\' => self.text(&[symbol]),
                    b'*' => self.starred = fresh,
                    b'~' => self.text(b" "),
                    b'_' => self.text(b"-"),
                    b'\r' | b'\n' => self.word("par", None),
                    b'\t' => self.word("tab", None),
                    _ => {}
                }
            }
            Token::Word(word, number) => self.word(word, number),
        }
    }

    fn open(&mut self) {
        self.starred = false;
        self.skip_left = 0;
        if self.stack.len() >= DEPTH {
            self.deeper += 1;
            return;
        }
        self.stack.push(self.state);
        self.state.owner = false;
        self.state.aside = None;
    }

    fn close(&mut self) {
        self.starred = false;
        self.skip_left = 0;
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let Some(outer) = self.stack.pop() else { return };
        let inner = std::mem::replace(&mut self.state, outer);
        if let Some(aside) = inner.aside
            && self.flows.len() > 1
            && let Some(flow) = self.flows.pop()
        {
            self.end_aside(aside, flow.finish());
        }
        if inner.owner {
            self.end_destination(inner.destination);
        }
    }

    fn end_aside(&mut self, aside: Aside, lines: Vec<String>) {
        let all = match aside {
            Aside::Header => &mut self.document.headers,
            Aside::Footer => &mut self.document.footers,
            Aside::Note => {
                if let Some(flow) = self.flows.last_mut() {
                    flow.note(lines);
                }
                return;
            }
        };
        // Each section may repeat them. Those of real files are few.
        if all.len() < 1000 {
            let new = lines.into_iter().filter(|line| !all.contains(line)).collect::<Vec<_>>();
            all.extend(new);
        }
    }

    fn end_destination(&mut self, destination: Destination) {
        match destination {
            Destination::Picture | Destination::Object => {
                let part = self.part.take().filter(|part| !part.bytes.is_empty());
                if self.document.parts.len() < MOST_PARTS {
                    self.document.parts.extend(part);
                } else if part.is_some() {
                    self.document.more_parts += 1;
                }
            }
            Destination::Instruction => self.end_instruction(),
            Destination::ShapeValue => self.end_shape_value(),
            _ => {}
        }
    }

    /// A field whose words stand in its instruction: signs and controls of forms.
    fn end_instruction(&mut self) {
        let instruction = std::mem::take(&mut self.instruction);
        if let Some(sign) = field::sign(&instruction) {
            self.put(sign.encode_utf8(&mut [0; 4]));
        } else if let Some(words) = eq_field::shown(&instruction) {
            self.put(&words);
        }
        let form = std::mem::take(&mut self.form);
        self.put(form.shown());
    }

    /// Words that a shape shows without a text of its own: its description, and text art.
    fn end_shape_value(&mut self) {
        let value = std::mem::take(&mut self.shape_value);
        if matches!(self.shape_name.trim(), "wzDescription" | "gtextUNICODE")
            && let Some(flow) = self.flows.last_mut()
        {
            flow.note(value.lines().map(|line| line.trim().to_owned()).collect());
        }
        self.shape_name.clear();
    }

    fn word(&mut self, word: &str, number: Option<i32>) {
        self.flush();
        self.skip_left = 0;
        let starred = std::mem::take(&mut self.starred);
        if self.state.destination == Destination::Skip {
            if word == "ud" {
                self.state.destination = self.state.doubled.unwrap_or(Destination::Skip);
            }
            return;
        }
        match opening(word) {
            Some(opening) => return self.begin(opening),
            None if starred => {
                self.state.destination = Destination::Skip;
                return;
            }
            None => {}
        }
        let on = number != Some(0);
        match word {
            "u" => self.unicode(number.unwrap_or_default()),
            "uc" => {
                self.state.skip = number.and_then(|n| u32::try_from(n).ok()).unwrap_or(1).min(16);
            }
            "f" | "af" => match (self.state.destination, number) {
                (Destination::Fonts, Some(number)) if word == "f" => self.fonts.begin(number),
                (Destination::Fonts, _) => {}
                (_, number) if word == "f" || self.state.associated => self.state.font = number,
                _ => {}
            },
            "loch" | "hich" | "dbch" => self.state.associated = true,
            "rtlch" | "ltrch" => self.state.associated = false,
            "fcharset" => self.fonts.charset(number.unwrap_or_default()),
            "cpg" => {
                self.fonts.code_page(number.and_then(|n| n.try_into().ok()).unwrap_or_default());
            }
            "ansicpg" => {
                if let Some(page) = number.and_then(|n| n.try_into().ok()).filter(|page| *page > 0)
                {
                    self.fonts.set_page(page);
                }
            }
            "mac" => self.fonts.set_page(10000),
            "pc" => self.fonts.set_page(437),
            "pca" => self.fonts.set_page(850),
            "deff" => {
                self.default_font = number;
                self.state.font = number;
            }
            "plain" => {
                self.state.font = self.default_font;
                self.state.hidden = false;
                self.state.deleted = false;
            }
            "v" => self.state.hidden = on,
            "deleted" => self.state.deleted = on,
            "pard" => self.state.in_table = false,
            "intbl" => self.state.in_table = on,
            "par" | "sect" | "page" | "column" | "line" | "lbr" => self.line_end(),
            "cell" | "nestcell" => self.flow(Flow::cell),
            "row" => self.flow(Flow::end),
            "nestrow" => self.flow(Flow::blank),
            "tab" => self.put("\t"),
            "emdash" => self.put("—"),
            "endash" => self.put("–"),
            "bullet" => self.put("•"),
            "lquote" => self.put("‘"),
            "rquote" => self.put("’"),
            "ldblquote" => self.put("“"),
            "rdblquote" => self.put("”"),
            "emspace" | "enspace" | "qmspace" => self.put(" "),
            "zwj" => self.put("\u{200D}"),
            "zwnj" => self.put("\u{200C}"),
            "nofpages" => {
                self.document.pages = number.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
            }
            "fftype" => self.form.kind = number.unwrap_or_default(),
            "ffres" => self.form.result = number,
            "ffdefres" => self.form.default = number,
            "pngblip" => self.picture("png"),
            "jpegblip" => self.picture("jpg"),
            "emfblip" => self.picture("emf"),
            "wmetafile" => self.picture("wmf"),
            "macpict" => self.picture("pict"),
            "dibitmap" => self.picture("dib"),
            "wbitmap" => self.picture("ddb"),
            "yr" | "mo" | "dy" | "hr" | "min" | "sec" => self.moment(word, number),
            _ => {}
        }
    }

    fn begin(&mut self, opening: Opening) {
        let state = &mut self.state;
        let to = match opening {
            Opening::To(destination) => destination,
            Opening::Same => return,
            Opening::Aside(aside) => {
                // Beside a text that goes nowhere there is nothing.
                if matches!(state.destination, Destination::Text | Destination::Hollow)
                    && state.aside.is_none()
                {
                    state.aside = Some(aside);
                    state.in_table = false;
                    state.destination = Destination::Text;
                    self.flows.push(Flow::default());
                }
                return;
            }
            Opening::Doubled => {
                state.doubled = Some(state.destination);
                Destination::Skip
            }
            Opening::Undoubled => return,
            Opening::NewPicture => {
                self.new_picture = true;
                return;
            }
            Opening::NewShape => {
                self.new_shape = true;
                return;
            }
            Opening::OldPicture if self.new_picture => Destination::Skip,
            Opening::OldShape if self.new_shape => Destination::Skip,
            Opening::OldPicture | Opening::OldShape => return,
            Opening::Form => {
                self.form = Form::default();
                Destination::Hollow
            }
        };
        state.destination = to;
        state.owner = true;
        let part = |kind| Some(Part::new(kind));
        match to {
            Destination::Picture => self.part = part(PartKind::Picture("bin")),
            Destination::Object => self.part = part(PartKind::Object),
            Destination::Choice if self.form.choices.len() < 1000 => {
                self.form.choices.push(String::new());
            }
            Destination::ShapeName => self.shape_name.clear(),
            Destination::ShapeValue => self.shape_value.clear(),
            _ => {}
        }
    }

    fn picture(&mut self, kind: &'static str) {
        if let Some(part) = self.part.as_mut().filter(|part| part.kind != PartKind::Object) {
            part.kind = PartKind::Picture(kind);
        }
    }

    fn moment(&mut self, word: &str, number: Option<i32>) {
        let (Destination::Moment(moment), Some(number)) =
            (self.state.destination, number.and_then(|n| u32::try_from(n).ok()))
        else {
            return;
        };
        let at = ["yr", "mo", "dy", "hr", "min", "sec"].iter().position(|part| *part == word);
        let parts = self.document.moments.entry(moment).or_default();
        if let Some(part) = at.and_then(|at| parts.get_mut(at)) {
            *part = number;
        }
    }

    fn flow(&mut self, act: fn(&mut Flow)) {
        if self.state.destination == Destination::Text
            && let Some(flow) = self.flows.last_mut()
        {
            act(flow);
        }
    }

    fn line_end(&mut self) {
        // A paragraph in a cell does not end the row.
        match self.state.in_table {
            true => self.flow(Flow::blank),
            false => self.flow(Flow::end),
        }
        if self.state.destination != Destination::Text {
            self.put("\n");
        }
    }

    /// `\uN`: a unit of UTF-16, signed; the bytes that stand for it follow.
    fn unicode(&mut self, number: i32) {
        self.skip_left = self.state.skip;
        let Ok(unit) = u16::try_from(number.rem_euclid(0x1_0000)) else { return };
        // Some writers give the number of the character at once.
        if let Some(c) = u32::try_from(number).ok().filter(|n| *n > 0xFFFF).and_then(char::from_u32)
        {
            self.put(c.encode_utf8(&mut [0; 4]));
            return;
        }
        match (self.high_surrogate.take(), unit) {
            (Some(_), 0xD800..=0xDBFF) => self.put("\u{FFFD}"),
            (None, 0xD800..=0xDBFF) => self.high_surrogate = Some(unit),
            (Some(high), 0xDC00..=0xDFFF) => {
                if let Some(Ok(c)) = char::decode_utf16([high, unit]).next() {
                    self.put(c.encode_utf8(&mut [0; 4]));
                }
            }
            (_, 0) => {}
            (None, 0xDC00..=0xDFFF) => self.put("\u{FFFD}"),
            (_, unit) => {
                if let Some(c) = self.fonts.sign(u32::from(unit), self.state.font) {
                    self.put(c.encode_utf8(&mut [0; 4]));
                }
            }
        }
    }

    fn text(&mut self, bytes: &[u8]) {
        let skipped = bytes.len().min(self.skip_left as usize);
        self.skip_left -= u32::try_from(skipped).unwrap_or(self.skip_left);
        let bytes = bytes.get(skipped..).unwrap_or_default();
        if bytes.is_empty() {
            return;
        }
        self.starred = false;
        match self.state.destination {
            Destination::Skip | Destination::Hollow | Destination::Moment(_) => {}
            Destination::Picture | Destination::Object => {
                if let Some(part) = &mut self.part {
                    part.digits(bytes);
                }
            }
            _ => self.bytes.extend_from_slice(bytes),
        }
    }

    /// Decodes the bytes gathered so far.
    fn flush(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        if self.high_surrogate.take().is_some() {
            self.put("\u{FFFD}");
        }
        let font = match self.state.destination {
            Destination::Text => self.state.font,
            _ => None,
        };
        let text = self.fonts.text(&bytes, font);
        self.put(&text);
    }

    fn put(&mut self, text: &str) {
        let bounded = |to: &mut String| {
            if to.len() + text.len() <= LONGEST {
                to.push_str(text);
            }
        };
        match self.state.destination {
            Destination::Text if self.state.deleted => {}
            Destination::Text => {
                self.document.any_hidden |= self.state.hidden && !text.trim().is_empty();
                if let Some(flow) = self.flows.last_mut() {
                    flow.push(text);
                }
            }
            Destination::Fonts => self.fonts.name(text),
            Destination::Property(property) => {
                bounded(self.document.properties.entry(property).or_default());
            }
            Destination::Instruction => bounded(&mut self.instruction),
            Destination::Choice => self.form.choices.last_mut().map_or((), bounded),
            Destination::ShapeName => bounded(&mut self.shape_name),
            Destination::ShapeValue => bounded(&mut self.shape_value),
            Destination::Skip
            | Destination::Hollow
            | Destination::Moment(_)
            | Destination::Picture
            | Destination::Object => {}
        }
    }
}
