//! Runs the content of a page for the text that it shows (ISO 32000-2, sections 8.4, 8.10, 9.4 and 14.6). Paths,
//! colours and pictures are passed over. Whatever a page may repeat without end has a bound.

use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use super::pdf_annotation::{Annotation, matrix_of};
use super::pdf_content::page_content;
use super::pdf_field::Values;
use super::pdf_font::Font;
use super::pdf_glyph::GLYPHS_MOST;
use super::pdf_layers::Layers;
use super::pdf_lexer::{Lexer, Token};
use super::pdf_matrix::Matrix;
use super::pdf_operand::{Operand, last, matrix};
use super::pdf_page_text::PageText;
use super::pdf_resources::Resources;
use super::pdf_run::{Mark, Run};
use super::pdf_state::State;
use super::pdf_structure::{Structure, Words};
use super::{pdf_metadata, pdf_stream};

/// Operators that one page may run, forms included. Maps and drawings have a million.
const OPERATORS_MOST: u32 = 5_000_000;

/// Decoded bytes of content that one page may run, forms included.
const CONTENT_MOST: usize = 64 << 20;

/// Decoded bytes of content that one document may run.
const DOCUMENT_MOST: usize = 2 << 30;

/// Decoded bytes of forms that are kept, because a letterhead is on every page.
const KEPT_MOST: usize = 16 << 20;

/// Forms that one page may run, those that a document may run, and how many more for each of its pages: drawings have some
/// thousands of symbols, and twenty forms that draw one another ten times each have more than anybody can wait for.
const FORMS_MOST: u32 = 100_000;
const FORMS_OF_DOCUMENT: u32 = 500_000;
const FORMS_FOR_PAGE: u32 = 200;

/// How deep forms may lie in forms, and states and marks in one another.
const FORMS_DEEPEST: usize = 24;
const STATES_DEEPEST: usize = 1024;

/// Operands that one operator may have, items of arrays included.
const OPERANDS_MOST: usize = 100_000;

/// Fonts that are held at once, and decoded bytes of fonts that one document may cost. A file of some kilobytes can
/// name thousands of fonts that share one program.
const FONTS_MOST: usize = 128;
const FONT_BYTES_MOST: usize = 256 << 20;

/// Annotations that one document may show. Pages may share them.
const ANNOTATIONS_MOST: usize = 2_000_000;

/// Operators between two signs of life.
const OPERATORS_SILENT: u32 = 50_000;

/// Interprets the pages of a document.
pub(super) struct Interpreter<'a> {
    document: &'a Document,
    bytes: &'a [u8],
    progress: &'a dyn Fn(),
    /// By the place of their dictionary, which the document holds still.
    fonts: HashMap<usize, Rc<Font<'a>>>,
    forms: HashMap<usize, Rc<Vec<u8>>>,
    kept: usize,
    layers: Layers,
    structure: Structure<'a>,
    content_left: usize,
    forms_left: u32,
    font_bytes_left: Rc<Cell<usize>>,
    /// Where fonts are that nothing else has.
    of_fields: Resources<'a>,
    /// For a font that is not there.
    stand_in: Rc<Font<'a>>,
    annotations_left: usize,
    values: Values<'a>,
    /// By the place of their dictionary: content may mark the same again and again.
    properties: HashMap<usize, Rc<Property>>,
}

/// What is said of marked content in an entry of the resources.
struct Property {
    actual: Option<Rc<str>>,
    described: Vec<String>,
    number: Option<i64>,
}

impl Property {
    fn of(document: &Document, object: &Object) -> Property {
        let entry = |key: &[u8]| object.as_dict().ok()?.get_deref(key, document).ok();
        let text = |key: &[u8]| pdf_metadata::text_of(entry(key)?);
        Property {
            actual: text(b"ActualText").map(Rc::from),
            described: [b"Alt".as_slice(), b"E"].into_iter().filter_map(text).collect(),
            number: entry(b"MCID").and_then(|number| number.as_i64().ok()),
        }
    }
}

impl<'a> Interpreter<'a> {
    /// For a document and the bytes that it was read from.
    pub(super) fn new(
        document: &'a Document,
        bytes: &'a [u8],
        progress: &'a dyn Fn(),
    ) -> Interpreter<'a> {
        Interpreter {
            document,
            bytes,
            progress,
            fonts: HashMap::new(),
            forms: HashMap::new(),
            kept: 0,
            layers: Layers::of(document),
            structure: Structure::of(document),
            content_left: DOCUMENT_MOST,
            forms_left: FORMS_OF_DOCUMENT,
            font_bytes_left: Rc::new(Cell::new(FONT_BYTES_MOST)),
            of_fields: Resources::of_fields(document),
            stand_in: Rc::new(Font::stand_in()),
            annotations_left: ANNOTATIONS_MOST,
            values: Values::of(document),
            properties: HashMap::new(),
        }
    }

    /// The values of the fields that stand on no page; a line for each.
    pub(super) fn unplaced(&self) -> String {
        self.values.unplaced()
    }

    /// What was not read of the document, whatever the page.
    pub(super) fn faults(&self) -> Vec<Reason> {
        let structure =
            self.structure.is_cut.then(|| ReasonKind::LimitReached.of(Noun::StructurePart));
        structure.into_iter().chain(self.values.take_faults()).collect()
    }

    /// Reads the text of a page and of what lies on it (form fields, notes).
    ///
    /// # Errors
    /// Why, when there is no such page or nothing of its content can be decoded.
    pub(super) fn page(&mut self, id: ObjectId) -> Result<PageText, Reason> {
        let document = self.document;
        let page =
            document.get_dictionary(id).map_err(|_| ReasonKind::Missing.of(Noun::PageObject))?;
        let mut run = Run::new(CONTENT_MOST.min(self.content_left));
        self.forms_left = self.forms_left.saturating_add(FORMS_FOR_PAGE);
        let before = run.content_left;
        let content = page_content(document, self.bytes, page, &mut run);
        let resources = Resources::of_page(document, page);
        if let Ok(content) = &content {
            self.run(content, page, resources, State::new(Matrix::IDENTITY), &mut run);
        }
        self.annotations(page, &mut run);
        self.describe(&mut run);
        self.content_left = self.content_left.saturating_sub(before - run.content_left);
        match content {
            Err(error) if run.text.glyphs.glyphs.is_empty() => Err(error),
            Err(_) => {
                run.text.lose(ReasonKind::Damaged.of(Noun::AnyPart));
                Ok(run.text)
            }
            Ok(_) => Ok(run.text),
        }
    }

    /// Runs the content of `holder`, a page or a form.
    fn run(
        &mut self,
        content: &[u8],
        holder: &'a Dictionary,
        resources: Resources<'a>,
        state: State<'a>,
        run: &mut Run,
    ) {
        let base_marks = run.marks.len();
        let mut lexer = Lexer::new(content);
        let elements = self.structure.elements(holder);
        let mut page = Page { resources, elements, state, saved: Vec::new(), deeper: 0 };
        let mut operands: Vec<Operand<'_>> = Vec::new();
        // Where the open array or dictionary began; one within another is taken as its part.
        let (mut open, mut depth) = (0usize, 0u32);
        while let Some(token) = lexer.next() {
            match token {
                Token::Number(number) => operands.push(Operand::Number(number)),
                Token::Name(name) => operands.push(Operand::Name(name)),
                Token::Text(text) => operands.push(Operand::Text(text)),
                Token::ArrayOpen | Token::DictionaryOpen => {
                    if depth == 0 {
                        open = operands.len();
                    }
                    depth += 1;
                }
                Token::ArrayClose | Token::DictionaryClose => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 && open <= operands.len() {
                        let items = operands.split_off(open);
                        operands.push(Operand::Items(items));
                    }
                }
                Token::Word(b"true" | b"false" | b"null") => {}
                // Some writers set spacing between the strings of an array.
                Token::Word(b"Tc" | b"Tw" | b"Tz" | b"TL" | b"Ts" | b"Tr") if depth > 0 => {}
                Token::Word(word) => {
                    if depth > 0 && open <= operands.len() {
                        let items = operands.split_off(open);
                        operands.push(Operand::Items(items));
                    }
                    depth = 0;
                    run.operators += 1;
                    if run.operators.is_multiple_of(OPERATORS_SILENT) {
                        (self.progress)();
                    }
                    if run.operators > OPERATORS_MOST {
                        let limit = OPERATORS_MOST as u64;
                        run.text.lose(ReasonKind::MoreThan { limit, unit: Unit::Operators });
                        return;
                    }
                    if word == b"ID" {
                        if !run.is_off() {
                            run.text.painted.picture(&page.state.ctm, inline_pixels(&operands));
                        }
                        if !lexer.skip_image() {
                            run.text.lose(ReasonKind::Damaged.of(Noun::AnyPart));
                        }
                    } else {
                        self.operate(word, &operands, &mut page, run);
                    }
                    operands.clear();
                }
            }
            if operands.len() > OPERANDS_MOST {
                run.text.lose(ReasonKind::LimitReached.of(Noun::AnyPart));
                operands.clear();
                open = 0;
            }
            if run.is_full() {
                let limit = GLYPHS_MOST as u64;
                run.text.lose(ReasonKind::MoreThan { limit, unit: Unit::Characters });
                return;
            }
        }
        // A form that leaves a mark open does not mark what follows it.
        while run.marks.len() > base_marks {
            self.unmark(run);
        }
    }

    fn operate(
        &mut self,
        operator: &[u8],
        operands: &[Operand<'_>],
        page: &mut Page<'a>,
        run: &mut Run,
    ) {
        let state = &mut page.state;
        match operator {
            b"q" if page.saved.len() < STATES_DEEPEST => page.saved.push(state.clone()),
            b"q" => page.deeper += 1,
            b"Q" if page.deeper > 0 => page.deeper -= 1,
            b"Q" => {
                if let Some(saved) = page.saved.pop() {
                    *state = saved;
                }
            }
            b"cm" => {
                if let Some(matrix) = matrix(operands) {
                    state.ctm = matrix.then(&state.ctm);
                }
            }
            b"BT" => state.begin(Matrix::IDENTITY),
            b"Tm" => {
                if let Some(matrix) = matrix(operands) {
                    state.begin(matrix);
                }
            }
            b"Td" => {
                let [x, y] = last(operands);
                state.next_line(x, y);
            }
            b"TD" => {
                let [x, y] = last(operands);
                state.leading = -y;
                state.next_line(x, y);
            }
            b"T*" => state.next_line(0.0, -state.leading),
            b"Tc" => [state.char_space] = last(operands),
            b"Tw" => [state.word_space] = last(operands),
            b"Tz" => [state.stretch] = last(operands).map(|percent: f64| percent / 100.0),
            b"TL" => [state.leading] = last(operands),
            b"Ts" => [state.rise] = last(operands),
            b"Tf" => {
                let name = operands.iter().find_map(Operand::as_name);
                let font = name.and_then(|name| {
                    let font = page.resources.find(self.document, b"Font", name);
                    font.or_else(|| self.of_fields.find(self.document, b"Font", name))
                });
                page.state.font = font.and_then(|(font, _)| self.font(font));
                [page.state.size] = last(operands);
            }
            b"gs" => {
                let name = operands.first().and_then(Operand::as_name);
                let set =
                    name.and_then(|name| page.resources.find(self.document, b"ExtGState", name));
                let font = set
                    .and_then(|(set, _)| set.as_dict().ok())
                    .and_then(|set| set.get_deref(b"Font", self.document).ok())
                    .and_then(|font| font.as_array().ok());
                if let Some([font, size]) = font.map(Vec::as_slice) {
                    let font = self.document.dereference(font).ok();
                    page.state.font = font.and_then(|(_, font)| self.font(font));
                    page.state.size = size.as_float().map_or(1.0, f64::from);
                }
            }
            b"Tj" => self.show(operands, page, run),
            b"'" => {
                state.next_line(0.0, -state.leading);
                self.show(operands, page, run);
            }
            b"\"" => {
                if let [word, char, ..] = operands {
                    state.word_space = word.number();
                    state.char_space = char.number();
                }
                state.next_line(0.0, -state.leading);
                self.show(operands, page, run);
            }
            b"TJ" => {
                if let Some(Operand::Items(items)) = operands.last() {
                    self.show(items, page, run);
                }
            }
            b"Do" => {
                let name = operands.last().and_then(Operand::as_name);
                let object =
                    name.and_then(|name| page.resources.find(self.document, b"XObject", name));
                match object {
                    Some((Object::Stream(form), _)) => {
                        let state = page.state.clone();
                        self.form(form, page.resources, state, run);
                    }
                    _ if run.is_off() => {}
                    _ => {
                        run.text.lose(ReasonKind::Missing.of(Noun::AnyPart));
                    }
                }
            }
            b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*" if !run.is_off() => {
                run.text.painted.shape();
                let is_lined = operator.first().is_some_and(|first| b"Bb".contains(first));
                if !state.fills_white || is_lined && !state.strokes_white {
                    run.text.painted.mark();
                }
            }
            b"S" | b"s" if !run.is_off() && !state.strokes_white => run.text.painted.mark(),
            b"sh" if !run.is_off() => run.text.painted.mark(),
            b"g" | b"rg" | b"k" | b"cs" | b"sc" | b"scn" => {
                state.fills_white = is_white(operator, operands);
            }
            b"G" | b"RG" | b"K" | b"CS" | b"SC" | b"SCN" => {
                state.strokes_white = is_white(operator, operands);
            }
            b"BMC" | b"BDC" if run.marks.len() < STATES_DEEPEST * 4 => {
                let mark = self.mark(operands, page, run);
                run.marks.push(mark);
            }
            b"BMC" | b"BDC" => run.deeper_marks += 1,
            b"EMC" if run.deeper_marks > 0 => run.deeper_marks -= 1,
            b"EMC" => self.unmark(run),
            _ => {}
        }
    }

    /// Runs a form XObject, unless it is running already, and takes a picture.
    fn form(
        &mut self,
        form: &'a Stream,
        outer: Resources<'a>,
        mut state: State<'a>,
        run: &mut Run,
    ) {
        let document = self.document;
        let kind = form.dict.get_deref(b"Subtype", document).and_then(Object::as_name).ok();
        let is_hidden = self.layers.is_off(document, form.dict.get(b"OC").ok());
        if kind == Some(b"Image") && !is_hidden && !run.is_off() {
            let side = |key: &[u8]| form.dict.get_deref(key, document).and_then(Object::as_float);
            let pixels = side(b"Width").unwrap_or(0.0) * side(b"Height").unwrap_or(0.0);
            run.text.painted.picture(&state.ctm, pixels.into());
            let words = self.structure.of_object(&form.dict);
            self.take_words(words, run);
        }
        let is_form = kind == Some(b"Form");
        let key = std::ptr::from_ref(form) as usize;
        if !is_form || is_hidden || run.active.contains(&key) {
            return;
        }
        let may_run = self.forms_left > 0 && run.forms < FORMS_MOST;
        if run.active.len() >= FORMS_DEEPEST || !may_run {
            run.text.lose(ReasonKind::Circle.of(Noun::Forms));
            return;
        }
        self.forms_left -= 1;
        run.forms += 1;
        let Some(content) = self.form_content(form, key, run) else { return };
        if let Some(matrix) =
            form.dict.get_deref(b"Matrix", document).ok().and_then(|m| matrix_of(document, m))
        {
            state.ctm = matrix.then(&state.ctm);
        }
        let own = Resources::of_form(document, &form.dict, outer);
        run.active.push(key);
        self.run(&content, &form.dict, own, state, run);
        run.active.pop();
    }

    fn form_content(&mut self, form: &Stream, key: usize, run: &mut Run) -> Option<Rc<Vec<u8>>> {
        if let Some(content) = self.forms.get(&key) {
            // It costs its length each time it runs, or few bytes could keep us for hours.
            let content = Rc::clone(content);
            run.spend(content.len())?;
            return Some(content);
        }
        let decoded = pdf_stream::decode(form, run.content_left);
        if !decoded.as_ref().is_ok_and(|decoded| decoded.is_whole) {
            run.text.lose(ReasonKind::Damaged.of(Noun::AnyPart));
        }
        let decoded = decoded.ok()?;
        let content = Rc::new(decoded.bytes);
        run.spend(content.len())?;
        if decoded.is_whole && self.kept + content.len() <= KEPT_MOST {
            self.kept += content.len();
            self.forms.insert(key, Rc::clone(&content));
        }
        Some(content)
    }

    /// Shows what lies on the page, and takes the notes.
    fn annotations(&mut self, page: &'a Dictionary, run: &mut Run) {
        let named = Annotation::named(self.document, page);
        let may = named.len().min(self.annotations_left);
        self.annotations_left -= may;
        if may < named.len() {
            run.text.lose(ReasonKind::LimitReached.of(Noun::Annotations));
        }
        for annotation in Annotation::of(self.document, named.get(..may).unwrap_or_default()) {
            if self.layers.is_off(self.document, annotation.dictionary.get(b"OC").ok()) {
                continue;
            }
            let start = run.text.glyphs.chars.len();
            match annotation.appearance(&self.values) {
                Some((form, place)) => self.form(form, Resources::none(), State::new(place), run),
                None => {
                    if let Some((text, rectangle)) = annotation.value(&self.values) {
                        run.write(&text, rectangle);
                    }
                }
            }
            let drawn = run.text.glyphs.chars.get(start..).unwrap_or_default();
            run.text.notes.extend(annotation.notes().filter(|note| !says(drawn, note)));
            annotation.description().into_iter().for_each(|text| run.describe(text));
            let words = self.structure.of_object(annotation.dictionary);
            self.take_words(words, run);
        }
    }

    fn font(&mut self, font: &'a Object) -> Option<Rc<Font<'a>>> {
        let dictionary = font.as_dict().ok()?;
        let key = std::ptr::from_ref(dictionary) as usize;
        if let Some(font) = self.fonts.get(&key) {
            return Some(Rc::clone(font));
        }
        (self.progress)();
        if self.fonts.len() >= FONTS_MOST {
            self.fonts.clear();
        }
        let font = Rc::new(Font::parse(self.document, dictionary, &self.font_bytes_left));
        self.fonts.insert(key, Rc::clone(&font));
        Some(font)
    }

    /// Shows strings, between which numbers move the pen.
    fn show(&mut self, items: &[Operand<'_>], page: &mut Page<'a>, run: &mut Run) {
        let state = &mut page.state;
        // Where the font is missing, other readers take their own: what is ASCII in every encoding may stand.
        let is_ascii = || {
            let texts = items.iter().filter_map(Operand::as_text);
            texts.flatten().all(|byte| matches!(byte, b' '..=b'~'))
        };
        let stand_in = || is_ascii().then(|| Rc::clone(&self.stand_in));
        let Some(font) = state.font.clone().or_else(stand_in) else {
            let bytes = items.iter().filter_map(Operand::as_text).map(<[u8]>::len).sum::<usize>();
            run.text.glyphs.shown += bytes;
            run.text.glyphs.unread += bytes;
            return;
        };
        for item in items {
            match item {
                Operand::Number(number) => {
                    let back = -number / 1000.0 * state.size;
                    match font.vertical {
                        true => state.move_pen(0.0, back),
                        false => state.move_pen(back * state.stretch, 0.0),
                    }
                }
                Operand::Text(text) => {
                    // Borrowed for the call back, which has the buffer of characters in its hands.
                    let mut chars = std::mem::take(&mut run.text.glyphs.chars);
                    let mut start = chars.len();
                    font.show(text, &mut chars, &mut |chars, shown| {
                        run.put(chars, start, state, font.vertical, shown);
                        start = chars.len();
                    });
                    run.text.glyphs.chars = chars;
                }
                Operand::Name(_) | Operand::Items(_) => {}
            }
        }
    }

    /// Takes what the structure says of something that is no marked content.
    fn take_words(&mut self, words: Option<Rc<Words>>, run: &mut Run) {
        let Some(words) = words else { return };
        self.structure.describe(&words).into_iter().for_each(|text| run.describe(text));
        words.actual.iter().chain(&words.restated).for_each(|(id, text)| run.miss(*id, text));
    }

    /// Tells what describes the page, unless that stands on it.
    fn describe(&mut self, run: &mut Run) {
        let mut described = run.take_described();
        for (id, text) in run.take_unshown() {
            if self.structure.say(id) {
                described.push(text);
            }
        }
        if described.is_empty() {
            return;
        }
        let mut said = bare(&run.text.glyphs.chars);
        run.text.notes.iter().for_each(|note| said.push_str(&bare(note)));
        for text in described {
            let words = bare(&text);
            if !said.contains(&words) {
                said.push_str(&words);
                run.text.notes.push(text.trim().to_owned());
            }
        }
    }

    /// Leaves the innermost mark.
    fn unmark(&mut self, run: &mut Run) {
        let Some(mark) = run.marks.pop() else { return };
        if let Some((before, words)) = mark.restated {
            for (id, text) in &words.restated {
                if run.text.glyphs.glyphs.len() > before {
                    self.structure.say(*id);
                } else {
                    run.miss(*id, text);
                }
            }
        }
        let (Some(id), Some(text)) = (mark.id, mark.actual) else { return };
        if !text.is_empty() {
            self.structure.unsay(id);
            run.miss(id, &text);
        }
    }

    fn mark(&mut self, operands: &[Operand<'_>], page: &Page<'a>, run: &mut Run) -> Mark {
        let mut mark = Mark { off: false, actual: None, id: None, restated: None };
        let mut number = None;
        let mut described = Vec::new();
        let tag = operands.first().and_then(Operand::as_name);
        match operands.get(1) {
            Some(Operand::Items(items)) => {
                for pair in items.windows(2) {
                    match pair {
                        [Operand::Name(key), Operand::Text(text)] => match key.as_ref() {
                            b"ActualText" if mark.actual.is_none() => {
                                mark.actual = decoded(text).map(Rc::from);
                            }
                            b"Alt" | b"E" => described.extend(decoded(text)),
                            _ => {}
                        },
                        [Operand::Name(key), Operand::Number(given)] if key.as_ref() == b"MCID" => {
                            number = Some(*given as i64);
                        }
                        _ => {}
                    }
                }
            }
            Some(Operand::Name(name)) => {
                let Some((object, id)) = page.resources.find(self.document, b"Properties", name)
                else {
                    return mark;
                };
                if tag == Some(b"OC") {
                    let reference = id.map(Object::Reference);
                    let content = reference.as_ref().or(Some(object));
                    mark.off = self.layers.is_off(self.document, content);
                }
                let place = std::ptr::from_ref(object) as usize;
                let property = self.properties.entry(place);
                let property =
                    property.or_insert_with(|| Rc::new(Property::of(self.document, object)));
                mark.actual = property.actual.clone();
                number = property.number;
                if !mark.off && !run.is_off() && run.told_places.insert(place) {
                    described.extend(property.described.iter().cloned());
                }
            }
            _ => {}
        }
        if mark.off || run.is_off() {
            return mark;
        }
        described.into_iter().for_each(|text| run.describe(text));
        let element = number
            .and_then(|number| usize::try_from(number).ok())
            .and_then(|number| page.elements?.get(number));
        let Some(words) = element.and_then(|element| self.structure.of_content(element)) else {
            return mark;
        };
        self.structure.describe(&words).into_iter().for_each(|text| run.describe(text));
        if !words.restated.is_empty() {
            mark.restated = Some((run.text.glyphs.glyphs.len(), Rc::clone(&words)));
        }
        if let Some((id, text)) = &words.actual {
            // What one element has in several places is said in the first.
            let is_new = self.structure.say(*id);
            mark.id = is_new.then_some(*id);
            mark.actual = Some(if is_new { Rc::clone(text) } else { "".into() });
        }
        mark
    }
}

/// What content is running with which resources.
struct Page<'a> {
    resources: Resources<'a>,
    /// The elements of its marked content, if it is tagged.
    elements: Option<&'a [Object]>,
    state: State<'a>,
    saved: Vec<State<'a>>,
    /// States that were saved beyond the bound.
    deeper: u32,
}

/// Whether a colour is the white of the sheet, for all that is known: one number of a space that is not told may be full ink.
fn is_white(operator: &[u8], operands: &[Operand<'_>]) -> bool {
    match operands {
        [gray] => matches!(operator, b"g" | b"G") && gray.number() >= 1.0,
        [_, _, _] => operands.iter().all(|part| part.number() >= 1.0),
        [_, _, _, _] => operands.iter().all(|ink| matches!(ink, Operand::Number(n) if *n <= 0.0)),
        _ => false,
    }
}

/// Pixels of an inline image, by the entries before its data.
fn inline_pixels(entries: &[Operand<'_>]) -> f64 {
    let entry = |names: [&[u8]; 2]| {
        let mut pairs = entries.windows(2).filter_map(|pair| match pair {
            [Operand::Name(name), Operand::Number(number)] => Some((name.as_ref(), *number)),
            _ => None,
        });
        pairs.find(|(name, _)| names.contains(name)).map_or(0.0, |(_, number)| number)
    };
    entry([b"W", b"Width"]) * entry([b"H", b"Height"])
}

/// Whether what is drawn says a note, blanks aside: a stamp is drawn with its words.
fn says(drawn: &str, note: &str) -> bool {
    bare(drawn).contains(&bare(note))
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// A text string in content.
fn decoded(text: &[u8]) -> Option<String> {
    pdf_metadata::text_of(&Object::String(text.to_vec(), lopdf::StringFormat::Literal))
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::super::pdf_doubt::Doubt;
    use super::*;

    /// A document of one page with some content, resources and further entries.
    fn document(content: &str, resources: Dictionary, entries: Dictionary) -> (Document, ObjectId) {
        let mut document = Document::with_version("1.7");
        let content = document.add_object(Stream::new(Dictionary::new(), content.into()));
        let mut page =
            dictionary! { "Type" => "Page", "Contents" => content, "Resources" => resources };
        page.extend(&entries);
        let page = document.add_object(page);
        let pages =
            document.add_object(dictionary! { "Type" => "Pages", "Kids" => vec![page.into()] });
        let root = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
        document.trailer.set("Root", root);
        (document, page)
    }

    fn fonts() -> Dictionary {
        let latin =
            dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" };
        let korean = |encoding: &str| {
            let system = dictionary! { "Ordering" => Object::string_literal("Korea1") };
            let descendant = dictionary! { "Subtype" => "CIDFontType0", "CIDSystemInfo" => system };
            dictionary! {
                "Type" => "Font",
                "Subtype" => "Type0",
                "Encoding" => encoding,
                "DescendantFonts" => vec![Object::Dictionary(descendant)],
            }
        };
        dictionary! {
            "F" => latin,
            "U" => korean("KSCms-UHC-H"),
            "E" => korean("KSC-EUC-V"),
            "S" => korean("UniKS-UTF16-H"),
            "I" => korean("Identity-H"),
        }
    }

    #[test]
    fn what_can_be_seen_is_drawn_and_white_on_white_cannot() {
        for (content, is_drawn) in [
            ("", false),
            ("0 0 m 9 9 l S", true),
            ("0 0 m 9 9 l n", false),
            ("0 0 9 9 re f", true),
            ("1 g 0 0 600 800 re f", false),
            ("1 1 1 rg 0 0 600 800 re f", false),
            ("0 0 0 0 k 0 0 600 800 re f", false),
            ("q 1 g 0 0 600 800 re f Q 0 0 9 9 re f", true),
            ("1 g 0 0 9 9 re B", true),
            ("1 g 1 G 0 0 9 9 re B", false),
            ("/Cs1 cs 1 scn 0 0 9 9 re f", true),
            ("1 G 0 0 m 9 9 l S", false),
        ] {
            assert_eq!(read(content).painted.is_drawn(), is_drawn, "{content}");
        }
    }

    fn read(content: &str) -> PageText {
        read_with(content, dictionary! { "Font" => fonts() }, Dictionary::new())
    }

    fn read_with(content: &str, resources: Dictionary, entries: Dictionary) -> PageText {
        let (document, page) = document(content, resources, entries);
        Interpreter::new(&document, &[], &|| ()).page(page).unwrap()
    }

    #[test]
    fn reads_korean_fonts_that_are_not_embedded() {
        for (content, expected) in [
            ("/U 10 Tf <C7D1B1DB8141> Tj", "한글갂"),
            ("/E 10 Tf <C7D1B1DB41> Tj", "한글A"),
            ("/S 10 Tf <D55CAE000021> Tj", "한글!"),
            ("/I 10 Tf <043E0001> Tj", "가 "),
        ] {
            assert_eq!(read(content).glyphs.chars, expected, "{content}");
        }
    }

    #[test]
    fn moves_the_pen() {
        let page =
            read("2 0 0 2 0 0 cm BT /F 10 Tf 5 TL 1 0 0 1 30 40 Tm [(A) -1000 (B)] TJ (C) ' ET");
        let places: Vec<_> = page.glyphs.glyphs.iter().map(|g| (g.x, g.y, g.size)).collect();
        // An A is 0.667 wide, and the number moves one font size further.
        let second = (60.0 + (6.67 + 10.0) * 2.0, 80.0, 20.0);
        assert_eq!(places, [(60.0, 80.0, 20.0), second, (60.0, 70.0, 20.0)]);
        let down = read("BT /E 10 Tf 1 0 0 1 30 40 Tm <C7D1B1DB> Tj ET");
        let places: Vec<_> = down.glyphs.glyphs.iter().map(|g| (g.x, g.y, g.dy)).collect();
        assert_eq!(places, [(30.0, 40.0, -10.0), (30.0, 30.0, -10.0)]);
    }

    #[test]
    fn reads_what_is_said_in_place_of_glyphs() {
        let page = read("/F 10 Tf /Span <</ActualText (fi)>> BDC (xyz) Tj EMC (n) Tj");
        assert_eq!(page.glyphs.chars, "fin");
    }

    #[test]
    fn ends_forms_that_hold_themselves() {
        let form =
            Stream::new(dictionary! { "Subtype" => "Form" }, b"/F 1 Tf (a) Tj /X Do".to_vec());
        let mut bomb = Document::with_version("1.7");
        let first = bomb.add_object(form);
        let resources =
            dictionary! { "Font" => fonts(), "XObject" => dictionary! { "X" => first } };
        let content = bomb.add_object(Stream::new(Dictionary::new(), b"/X Do /X Do".to_vec()));
        let page =
            dictionary! { "Type" => "Page", "Contents" => content, "Resources" => resources };
        let page = bomb.add_object(page);
        assert_eq!(Interpreter::new(&bomb, &[], &|| ()).page(page).unwrap().glyphs.chars, "aa");
    }

    #[test]
    fn bounds_forms_that_double_one_another() {
        let mut bomb = Document::with_version("1.7");
        let mut inner =
            bomb.add_object(Stream::new(dictionary! { "Subtype" => "Form" }, b"q Q".to_vec()));
        for _ in 0..20 {
            let resources = dictionary! { "XObject" => dictionary! { "X" => inner } };
            let form = dictionary! { "Subtype" => "Form", "Resources" => resources };
            inner = bomb.add_object(Stream::new(form, b"/X Do ".repeat(10)));
        }
        let resources = dictionary! { "XObject" => dictionary! { "X" => inner } };
        let content = bomb.add_object(Stream::new(Dictionary::new(), b"/X Do".to_vec()));
        let page =
            dictionary! { "Type" => "Page", "Contents" => content, "Resources" => resources };
        let page = bomb.add_object(page);
        let text = Interpreter::new(&bomb, &[], &|| ()).page(page).unwrap();
        assert_eq!(text.faults, [ReasonKind::Circle.of(Noun::Forms)]);
    }

    #[test]
    fn tells_what_is_drawn_and_cannot_be_had() {
        let gone = read("/F 10 Tf (a) Tj /Gone Do");
        assert_eq!(gone.faults, [ReasonKind::Missing.of(Noun::AnyPart)]);
        let many = read(&format!("/F 10 Tf [{}] TJ (b) Tj", "(a) ".repeat(OPERANDS_MOST + 1)));
        assert_eq!(many.faults, [ReasonKind::LimitReached.of(Noun::AnyPart)]);

        let mut deep = Document::with_version("1.7");
        let form =
            dictionary! { "Subtype" => "Form", "Resources" => dictionary! { "Font" => fonts() } };
        let mut inner = deep.add_object(Stream::new(form, b"/F 1 Tf (a) Tj".to_vec()));
        for _ in 0..FORMS_DEEPEST {
            let resources = dictionary! { "XObject" => dictionary! { "X" => inner } };
            let form = dictionary! { "Subtype" => "Form", "Resources" => resources };
            inner = deep.add_object(Stream::new(form, b"/X Do".to_vec()));
        }
        let resources = dictionary! { "XObject" => dictionary! { "X" => inner } };
        let content = deep.add_object(Stream::new(Dictionary::new(), b"/X Do".to_vec()));
        let page =
            dictionary! { "Type" => "Page", "Contents" => content, "Resources" => resources };
        let page = deep.add_object(page);
        let text = Interpreter::new(&deep, &[], &|| ()).page(page).unwrap();
        assert_eq!(text.faults, [ReasonKind::Circle.of(Noun::Forms)]);
    }

    #[test]
    fn counts_what_has_no_characters() {
        let lost = read("/Missing 10 Tf <AC00AC> Tj /I 10 Tf <4E204E21> Tj");
        assert_eq!((lost.glyphs.unread, lost.glyphs.shown, lost.glyphs.chars.as_str()), (5, 5, ""));
    }

    #[test]
    fn a_font_that_is_missing_costs_no_ascii() {
        for shown in ["(it's a - b) Tj", "[(it's) 3 ( a - b)] TJ"] {
            let page = read(&format!("/Missing 10 Tf {shown}"));
            assert_eq!(page.glyphs.chars, "it's a - b", "{shown}");
            assert_eq!((page.glyphs.unread, page.faults), (0, vec![Doubt::FontMissing.reason()]));
        }
    }

    #[test]
    fn fields_take_the_fonts_of_their_form() {
        let (mut document, page) =
            document("/F 10 Tf (ab) Tj", Dictionary::new(), Dictionary::new());
        let form = dictionary! { "DR" => dictionary! { "Font" => fonts() } };
        document.catalog_mut().unwrap().set("AcroForm", form);
        let page = Interpreter::new(&document, &[], &|| ()).page(page).unwrap();
        assert_eq!((page.glyphs.chars.as_str(), page.faults), ("ab", Vec::new()));
    }

    #[test]
    fn reads_fields_that_nobody_drew() {
        let field = dictionary! {
            "Subtype" => "Widget", "FT" => "Tx", "V" => Object::string_literal("Kim"),
            "Rect" => vec![10.into(), 10.into(), 90.into(), 25.into()],
        };
        let hidden = dictionary! { "Subtype" => "FreeText", "F" => 2, "Contents" => Object::string_literal("no") };
        let notes = vec![Object::Dictionary(field), Object::Dictionary(hidden)];
        let page = read_with("", Dictionary::new(), dictionary! { "Annots" => notes });
        assert_eq!(page.glyphs.chars, "Kim");
    }

    #[test]
    fn passes_over_noise() {
        let noise = "q ] >> /F 10 Tf [(a) 0.5 Tc (b) TJ BI /W 1 ID \u{1}\u{2} EI (c) Tj EMC Q Q Q 1 2 cm <zz";
        assert_eq!(read(noise).glyphs.chars, "abc");
    }
}
