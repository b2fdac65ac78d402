//! HTML and XHTML pages.
//!
//! Only the tokenizer of html5ever is used, not its tree: no document can then nest deeper than the stack,
//! and the text needs no tree.

use std::cell::RefCell;

use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};
use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata::{
    AUTHOR, COPYRIGHT, CREATED, DESCRIPTION, KEYWORDS, LANGUAGE, MODIFIED, Metadata, PRODUCER,
    PUBLISHER, TITLE,
};
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::formats::date::iso8601;
use crate::formats::html_element::{ends_by_itself, hides, is_apart, is_block, is_void};
use crate::formats::html_table::HtmlTable;
use crate::formats::keywords::keywords;
use crate::formats::linked_data;
use crate::formats::page_fonts::PageFonts;
use crate::formats::symbol_font;
use crate::paragraphs::Paragraphs;
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "html",
    version: 5,
    media_types: &["text/html", "application/xhtml+xml"],
    sniff,
    media_type: |probe| match probe.text() {
        Some(text) if text.trim_start().starts_with("<?xml") => "application/xhtml+xml",
        _ => "text/html",
    },
    extract,
};

/// Tables in tables that are told apart.
const MOST_TABLES: usize = 64;

/// Pages in attributes of frames that are read, and bytes of records for search engines.
const MOST_FRAMES: usize = 100;
/// Lists within one another that count their items.
const MOST_LISTS: usize = 1_000;
const MOST_RECORDS: usize = 256 << 10;
/// What is kept of what a page says beside its text, and bytes of an address or of the text of a link.
const MOST_ASIDE: usize = 1_000;
const LONGEST_LINK: usize = 2_048;

fn sniff(probe: &Probe<'_>) -> Match {
    let named = matches!(probe.extension.as_str(), "html" | "htm" | "xhtml" | "xht" | "shtml");
    let Some(text) = probe.text() else {
        // Servers have sent pages full of NULs; a page is still known by its name and its first tag.
        let page =
            named && probe.head.windows(5).take(8192).any(|w| w.eq_ignore_ascii_case(b"<html"));
        return if page { Match::Extension } else { Match::No };
    };
    let start = text.get(..text.floor_char_boundary(2048)).unwrap_or(text).to_ascii_lowercase();
    // A declaration and comments may stand before the first tag.
    let mut rest = start.trim_start();
    while let Some(after) = rest
        .strip_prefix("<?")
        .and_then(|r| r.split_once("?>"))
        .or_else(|| rest.strip_prefix("<!--").and_then(|r| r.split_once("-->")))
        .map(|(_, after)| after.trim_start())
    {
        rest = after;
    }
    if ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| rest.starts_with(tag)) {
        Match::Magic
    } else if named {
        Match::Extension
    } else {
        Match::No
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, declared)?;
    read_page(&decoded.text, &mut content, context);
    Ok(content)
}

/// The encoding that the page says it has: `<meta charset=…>`, `charset=` in a `<meta http-equiv>`, or the
/// XML declaration, all within the first bytes (HTML Standard, 13.2.3.2 looks at 1,024; Korean pages put
/// scripts before). What stands in a comment says nothing.
pub(super) fn declared(bytes: &[u8]) -> Option<String> {
    const WITHIN: usize = 32 << 10;
    let head = String::from_utf8_lossy(bytes.get(..WITHIN).unwrap_or(bytes)).to_ascii_lowercase();
    let mut rest = head.as_str();
    while let Some((before, after)) = rest.split_once("<!--") {
        let found = in_meta(before);
        if found.is_some() {
            return found;
        }
        rest = after.split_once("-->").map_or("", |(_, rest)| rest);
    }
    in_meta(rest).or_else(|| {
        let declaration = head.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
        let (_, value) = declaration.split_once("encoding")?;
        value.trim_start().strip_prefix('=').map(label)
    })
}

fn in_meta(head: &str) -> Option<String> {
    head.split("<meta").skip(1).find_map(|meta| {
        let meta = meta.split('>').next()?;
        let (_, value) = meta.split_once("charset")?;
        let label = value.trim_start().strip_prefix('=').map(label)?;
        (!label.is_empty()).then_some(label)
    })
}

fn label(value: &str) -> String {
    let value = value.trim_start().trim_start_matches(['"', '\'']);
    value.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_:.".contains(*c)).collect()
}

/// Adds a page, line by line, and its properties.
pub(super) fn read_page(text: &str, content: &mut Content, context: &Context<'_>) {
    read_chapter(text, 0, content, context);
}

/// Adds the page of a mail without its properties: it has a title that nobody sees. Gives what it says beside its text.
pub(super) fn read_mail_page(text: &str, content: &mut Content, context: &Context<'_>) -> Aside {
    let properties = content.metadata.clone();
    let (_, aside) = read_whole(text, 0, content, context);
    content.metadata = properties;
    aside
}

/// Adds a page that goes on where another ended, after its paragraph `number`; gives the number of its own last.
pub(super) fn read_chapter(
    text: &str,
    number: u32,
    content: &mut Content,
    context: &Context<'_>,
) -> u32 {
    read_whole(text, number, content, context).0
}

/// What a page says beside its text, at most [`MOST_ASIDE`] of each, in its order.
#[derive(Debug, Default)]
pub(super) struct Aside {
    /// The texts in the place of its pictures, and of its links. They stand in its text, too.
    pub(super) labels: Vec<String>,
    /// Where its links lead.
    pub(super) links: Vec<String>,
}

impl Aside {
    /// Adds what another page says.
    pub(super) fn append(&mut self, mut other: Aside) {
        self.labels.append(&mut other.labels);
        self.links.append(&mut other.links);
        self.labels.truncate(MOST_ASIDE);
        self.links.truncate(MOST_ASIDE);
    }

    /// Adds the text in the place of a picture, or of a link.
    fn label(&mut self, text: Option<&str>) {
        let text = text.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        let text = text.filter(|text| !text.is_empty() && self.labels.len() < MOST_ASIDE);
        self.labels.extend(text);
    }

    /// Adds where a link leads, if that is an address and no place in the page.
    fn link(&mut self, to: Option<&str>) {
        let is_address = |to: &&str| {
            let scheme = to.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
            let known = ["http", "https", "ftp", "mailto", "tel"];
            scheme.is_some_and(|scheme| known.contains(&scheme.as_str()))
                && to.len() <= LONGEST_LINK
        };
        let to = to.map(str::trim).filter(is_address);
        if let Some(to) = to.filter(|_| self.links.len() < MOST_ASIDE)
            && !self.links.iter().any(|known| known == to)
        {
            self.links.push(to.to_owned());
        }
    }
}

fn read_whole(
    text: &str,
    number: u32,
    content: &mut Content,
    context: &Context<'_>,
) -> (u32, Aside) {
    let (mut number, beside) = read_flat(text, number, content, context);
    let Beside { frames, more_frames, said, mut aside, mut any_hidden } = beside;
    let mut is_too_deep = false;
    for frame in &frames {
        // A frame's properties are its own, and its frames are left out: none can nest without end.
        let mut inner = Content::default();
        let (last, within) = read_flat(frame, number, &mut inner, context);
        number = last;
        is_too_deep |= !within.frames.is_empty();
        aside.append(within.aside);
        any_hidden |= within.any_hidden;
        content.segments.append(&mut inner.segments);
    }
    if more_frames > 0 {
        let first = frames.len() as u64;
        let of = Some(first.saturating_add(more_frames));
        content.cut(ReasonKind::OnlyFirst { first, of, unit: Unit::Frames });
    }
    if is_too_deep {
        content.cut(ReasonKind::TooDeep(1).of(Noun::Frames));
    }
    if any_hidden {
        content.note(ReasonKind::SomeHidden.of(Noun::Document));
    }
    (push_unshown(&said, number, content, context), aside)
}

/// Adds what a page says of itself to search engines only; gives the number of the last paragraph. What the page shows is
/// not said again.
fn push_unshown(
    said: &[String],
    mut number: u32,
    content: &mut Content,
    context: &Context<'_>,
) -> u32 {
    if said.is_empty() {
        return number;
    }
    let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let shown = bare(&content.text());
    for words in said {
        let mut inner = Content::default();
        // It may be HTML.
        match words.contains(['<', '&']) {
            true => drop(read_flat(words, number, &mut inner, context)),
            false => words.lines().for_each(|line| inner.push_text(line, Locator::Whole {})),
        }
        for segment in inner.segments {
            let line = bare(&segment.text);
            // The page may set it in other pieces: a line is known by its ends.
            let end = |line: String| line.chars().take(LINE_END).collect::<String>();
            let last = end(line.chars().rev().collect()).chars().rev().collect::<String>();
            if shown.contains(&end(line)) && shown.contains(&last) {
                continue;
            }
            number = number.saturating_add(1);
            content.push_text(segment.text.trim(), Locator::Paragraph { number });
        }
    }
    number
}

/// Letters at either end of a line by which it is known.
const LINE_END: usize = 60;

/// What lies beside the text of a page.
#[derive(Default)]
struct Beside {
    /// Pages that stand in the attribute of a frame.
    frames: Vec<String>,
    /// Further ones, which are not kept.
    more_frames: u64,
    /// What is said to search engines and is text.
    said: Vec<String>,
    aside: Aside,
    /// Whether some of its text is hidden from who looks at it.
    any_hidden: bool,
}

/// Adds a page, and gives the number of its last paragraph and what lies beside its text.
fn read_flat(
    text: &str,
    number: u32,
    content: &mut Content,
    context: &Context<'_>,
) -> (u32, Beside) {
    let mut metadata = std::mem::take(&mut content.metadata);
    let page = Page {
        paragraphs: Paragraphs::new(content, context.limits.text),
        metadata: &mut metadata,
        line: String::new(),
        space: false,
        number,
        cells: 0,
        tables: Vec::new(),
        deeper: 0,
        tabs: 0,
        dropped: None,
        records: None,
        named: None,
        drawings: 0,
        beside: Beside::default(),
        title: None,
        preformatted: 0,
        reading: false,
        brackets: false,
        fonts: PageFonts::default(),
        lists: Vec::new(),
        marker: None,
        hidden: None,
        link: None,
    };
    let tokenizer = Tokenizer::new(PageSink(RefCell::new(page)), Default::default());
    let queue = BufferQueue::default();
    let mut rest = text;
    while !rest.is_empty() && !tokenizer.sink.0.borrow().paragraphs.is_full() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(64 << 10));
        rest = after;
        queue.push_back(StrTendril::from_slice(piece));
        // The tokenizer stops at the end of each script, and goes on when asked again.
        while !queue.is_empty() {
            let _ = tokenizer.feed(&queue);
        }
        context.progress();
    }
    tokenizer.end();
    let mut page = tokenizer.sink.0.into_inner();
    page.end_line();
    if let Some((part, named)) = page.named.take() {
        page.metadata.at(&part).add(TITLE, named);
    }
    let beside = std::mem::take(&mut page.beside);
    let number = page.number;
    page.paragraphs.finish();
    content.metadata = metadata;
    (number, beside)
}

struct PageSink<'a>(RefCell<Page<'a>>);

impl TokenSink for PageSink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => page.characters(&text),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return page.start(&tag),
            Token::TagToken(tag) => page.end(&tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// What has been read of a page.
struct Page<'a> {
    paragraphs: Paragraphs<'a>,
    metadata: &'a mut Metadata,
    line: String,
    /// Whether white space waits to be written before the next letter.
    space: bool,
    number: u32,
    /// Cells so far in this row of a table.
    cells: u32,
    /// The tables that are open, and how many more are.
    tables: Vec<HtmlTable>,
    deeper: u32,
    /// Columns that the line goes on before the next word.
    tabs: usize,
    /// The element whose text is dropped until it ends.
    dropped: Option<String>,
    /// The records of a page for search engines (JSON-LD), while they are read.
    records: Option<String>,
    /// What the page is called by its properties.
    named: Option<(String, String)>,
    /// Drawings (SVG) that are open: a title in them is none of the page.
    drawings: u32,
    beside: Beside,
    title: Option<String>,
    preformatted: u32,
    /// Whether the reading of a word is open (`rt`), and brackets that are left out (`rp`).
    reading: bool,
    brackets: bool,
    fonts: PageFonts,
    /// The lists that are open, with the number of the next item of those that count.
    lists: Vec<Option<i64>>,
    /// The number of an item whose first letter is still to come.
    marker: Option<String>,
    /// The outermost element that is hidden and open, and how many of its name are.
    hidden: Option<(String, u32)>,
    /// The text of the link that is open.
    link: Option<String>,
}

impl Page<'_> {
    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        if self.dropped.is_some() {
            return TokenSinkResult::Continue;
        }
        self.brackets = false;
        let attribute = |name: &str| {
            tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| a.value.to_string())
        };
        self.start_hidden(tag);
        self.fonts.begin(&tag.name, tag.self_closing, attribute);
        match &*tag.name {
            // XHTML closes a script in its own tag; a page of HTML never does that and means it.
            "script" | "style" | "title" | "textarea" | "iframe" if tag.self_closing => {}
            "script" => {
                let kind = attribute("type").unwrap_or_default().to_ascii_lowercase();
                if kind.trim() == "application/ld+json" {
                    self.records = Some(String::new());
                }
                self.dropped = Some("script".into());
                return TokenSinkResult::RawData(RawKind::ScriptData);
            }
            // What stands in `noframes` is for those who see no frames, as this reader does not.
            name @ ("style" | "xmp" | "iframe" | "noembed") => {
                if let Some(page) = attribute("srcdoc").filter(|_| name == "iframe") {
                    match self.beside.frames.len() < MOST_FRAMES {
                        true => self.beside.frames.push(page),
                        false => self.beside.more_frames += 1,
                    }
                }
                if name != "xmp" {
                    self.dropped = Some(name.to_owned());
                }
                return TokenSinkResult::RawData(RawKind::Rawtext);
            }
            "svg" if !tag.self_closing => self.drawings = self.drawings.saturating_add(1),
            "html" => self.metadata.at("html lang").set_some(LANGUAGE, attribute("lang")),
            "title" if self.drawings == 0 => {
                if self.metadata.text(TITLE).is_none() {
                    self.title = Some(String::new());
                } else {
                    self.dropped = Some("title".into());
                }
                return TokenSinkResult::RawData(RawKind::Rcdata);
            }
            "textarea" => return TokenSinkResult::RawData(RawKind::Rcdata),
            "plaintext" => return TokenSinkResult::Plaintext,
            "meta" => {
                let name = attribute("name")
                    .or_else(|| attribute("property"))
                    .or_else(|| attribute("http-equiv"));
                if let (Some(name), Some(value)) = (name, attribute("content")) {
                    self.meta(&name.to_ascii_lowercase(), &value);
                }
            }
            // A line end in a cell does not end the row.
            "br" if self.cells > 0 => self.space = true,
            "br" => self.break_line(),
            "table" => {
                self.at_block();
                match self.tables.len() < MOST_TABLES {
                    true => self.tables.push(HtmlTable::default()),
                    false => self.deeper = self.deeper.saturating_add(1),
                }
            }
            "td" | "th" => {
                let (columns, rows) = (attribute("colspan"), attribute("rowspan"));
                if self.tables.is_empty() {
                    self.tables.push(HtmlTable::default());
                }
                if let Some(table) = self.tables.last_mut() {
                    self.tabs += table.cell(columns.as_deref(), rows.as_deref());
                }
                self.space = false;
                self.cells += 1;
            }
            "tr" => {
                self.end_line();
                self.cells = 0;
                if let Some(table) = self.tables.last_mut() {
                    table.row();
                }
            }
            "a" => {
                self.end_link();
                if let Some(to) = attribute("href") {
                    self.beside.aside.link(Some(&to));
                    self.link = Some(String::new());
                }
            }
            "img" | "area" => {
                self.beside.aside.link(attribute("href").as_deref());
                self.beside.aside.label(attribute("alt").as_deref());
                self.apart(attribute("alt"));
            }
            "input" => {
                let kind = attribute("type").unwrap_or_default().to_ascii_lowercase();
                match kind.as_str() {
                    "hidden" | "password" | "checkbox" | "radio" | "file" | "color" | "range" => {}
                    "image" => self.apart(attribute("alt")),
                    _ => self.apart(attribute("value")),
                }
            }
            "optgroup" => {
                self.end_line();
                self.apart(attribute("label"));
            }
            "option" => {
                self.space = true;
                // What is shown in the place of the element's own text.
                self.apart(attribute("label"));
            }
            // How a formula was typed; what it says stands before it.
            "annotation" | "annotation-xml" if !tag.self_closing => {
                self.dropped = Some(tag.name.to_string());
            }
            // The reading above a word stands in brackets behind it, and needs none of those that a page keeps for old
            // browsers.
            "rp" => {
                self.end_reading();
                self.brackets = true;
            }
            "rt" => {
                self.end_reading();
                self.line.push('(');
                self.reading = true;
            }
            "rb" | "rtc" => self.end_reading(),
            name if is_apart(name) => self.space = true,
            "pre" | "listing" => {
                self.end_line();
                self.preformatted += 1;
            }
            name @ ("ol" | "ul" | "menu" | "dir") => {
                self.at_block();
                let first = attribute("start").and_then(|start| start.trim().parse().ok());
                if self.lists.len() < MOST_LISTS {
                    self.lists.push((name == "ol").then(|| first.unwrap_or(1)));
                }
            }
            "li" => {
                self.at_block();
                let value = attribute("value").and_then(|value| value.trim().parse::<i64>().ok());
                if let Some(Some(number)) = self.lists.last_mut() {
                    *number = value.unwrap_or(*number);
                    self.marker = Some(format!("{number}. "));
                    *number = number.saturating_add(1);
                }
            }
            name if is_block(name) => self.at_block(),
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn end(&mut self, name: &str) {
        if self.dropped.as_deref() == Some(name) {
            self.dropped = None;
            if let Some(records) = self.records.take() {
                linked_data::read(&records, self.metadata, &mut self.named);
                self.beside.said.append(&mut linked_data::words(&records));
            }
            return;
        }
        self.brackets = false;
        self.end_hidden(name);
        self.fonts.end(name);
        match name {
            "rt" | "ruby" => self.end_reading(),
            name if is_apart(name) => self.space = true,
            "svg" => self.drawings = self.drawings.saturating_sub(1),
            "a" => self.end_link(),
            "title" => {
                if let Some(title) = self.title.take() {
                    let title: Vec<_> = title.split_whitespace().collect();
                    self.metadata.at("title").set(TITLE, title.join(" "));
                }
            }
            "tr" | "table" => {
                self.cells = 0;
                self.end_line();
                if name == "table" {
                    match self.deeper {
                        0 => drop(self.tables.pop()),
                        deeper => self.deeper = deeper - 1,
                    }
                    if let Some(outer) = self.tables.last_mut() {
                        outer.end_line();
                    }
                }
            }
            "ol" | "ul" | "menu" | "dir" => {
                self.lists.pop();
                self.marker = None;
                self.at_block();
            }
            "pre" | "listing" => {
                self.preformatted = self.preformatted.saturating_sub(1);
                self.end_line();
            }
            name if is_block(name) => self.at_block(),
            _ => {}
        }
    }

    /// The characters of the page, in the font in which they are set.
    fn characters(&mut self, text: &str) {
        match self.fonts.signs() {
            Some(font) if self.title.is_none() && self.records.is_none() => {
                let signs = symbol_font::signs(font, text);
                self.text(&signs);
            }
            _ => self.text(text),
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(records) = self.records.as_mut().filter(|r| r.len() < MOST_RECORDS) {
            records.push_str(text);
        }
        if self.dropped.is_some() || self.brackets {
            return;
        }
        if let Some(title) = &mut self.title {
            title.extend(text.chars().take(4096usize.saturating_sub(title.len())));
            return;
        }
        if let Some(link) = self.link.as_mut().filter(|link| link.len() < LONGEST_LINK) {
            link.push_str(text);
        }
        self.beside.any_hidden |= self.hidden.is_some() && !text.trim().is_empty();
        for c in text.chars() {
            if self.preformatted > 0 && c == '\n' {
                self.break_line();
            } else if c.is_whitespace() && self.preformatted == 0 {
                self.space = true;
            } else if c != '\u{AD}' && c != '\u{200B}' && c != '\0' {
                if self.tabs > 0 {
                    self.line.extend(std::iter::repeat_n('\t', std::mem::take(&mut self.tabs)));
                    self.space = false;
                }
                if self.space && !self.line.is_empty() && !self.line.ends_with(['\t', ' ']) {
                    self.line.push(' ');
                }
                self.space = false;
                if let Some(marker) = self.marker.take() {
                    self.line.push_str(&marker);
                }
                self.line.push(c);
            }
        }
        // A page without blocks must not gather in one line without bound.
        if self.line.len() > 1 << 20 {
            self.break_line();
        }
    }

    /// Notes that what follows is hidden from who looks at the page, if this element is. The text is read all the same, as that
    /// of hidden sheets is: a click or a script shows it.
    fn start_hidden(&mut self, tag: &Tag) {
        let name = &*tag.name;
        if tag.self_closing || is_void(name) {
            return;
        }
        match &mut self.hidden {
            Some((hidden, open)) if hidden == name && !ends_by_itself(name) => *open += 1,
            // The next one ends what is not closed.
            Some((hidden, _)) if hidden == name || (hidden == "p" && is_block(name)) => {
                self.hidden = None;
            }
            _ => {}
        }
        let attribute =
            |name: &str| tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| &*a.value);
        let is_hidden = attribute("hidden").is_some() || attribute("style").is_some_and(hides);
        if self.hidden.is_none() && is_hidden && name != "body" {
            self.hidden = Some((name.to_owned(), 1));
        }
    }

    fn end_link(&mut self) {
        let link = self.link.take();
        self.beside.aside.label(link.as_deref());
    }

    fn end_hidden(&mut self, name: &str) {
        if let Some((_, open)) = self.hidden.as_mut().filter(|(hidden, _)| hidden == name) {
            *open -= 1;
            if *open == 0 {
                self.hidden = None;
            }
        }
    }

    /// A block in a cell of a table does not end the row.
    fn at_block(&mut self) {
        match self.cells {
            0 => self.end_line(),
            _ => self.space = true,
        }
    }

    /// A text that stands by itself in its line, as that of a picture or a button does.
    fn apart(&mut self, text: Option<String>) {
        if let Some(text) = text {
            self.space = true;
            self.text(&text);
            self.space = true;
        }
    }

    fn end_reading(&mut self) {
        if std::mem::take(&mut self.reading) {
            self.line.push(')');
        }
    }

    fn meta(&mut self, name: &str, content: &str) {
        let part = format!("meta {name}");
        let mut metadata = self.metadata.at(&part);
        match name {
            "description" | "dc.description" | "dcterms.description" => {
                metadata.set(DESCRIPTION, content);
            }
            "og:description" | "twitter:description" => metadata.add(DESCRIPTION, content),
            "author" | "dc.creator" | "dcterms.creator" | "article:author" | "citation_author" => {
                metadata.set(AUTHOR, content);
            }
            "article:published_time"
            | "dc.date"
            | "dc.date.issued"
            | "dcterms.created"
            | "dcterms.issued"
            | "dcterms.date"
            | "citation_publication_date"
            | "date" => {
                metadata.set_some(CREATED, iso8601(content));
            }
            "article:modified_time" | "dcterms.modified" => {
                metadata.set_some(MODIFIED, iso8601(content));
            }
            "og:title" | "dc.title" | "dcterms.title" | "twitter:title" | "citation_title" => {
                self.named.get_or_insert_with(|| (part.clone(), content.to_owned()));
            }
            "generator" => metadata.set(PRODUCER, content),
            "dc.language" | "dcterms.language" | "content-language" => {
                metadata.add(LANGUAGE, content);
            }
            "dc.publisher" | "dcterms.publisher" => metadata.set(PUBLISHER, content),
            "dc.rights" | "dcterms.rights" | "copyright" => metadata.set(COPYRIGHT, content),
            "keywords" | "dc.subject" | "dcterms.subject" => {
                metadata.set(KEYWORDS, keywords(content));
            }
            _ => {}
        }
    }

    /// Ends the line, but not the paragraph.
    fn break_line(&mut self) {
        self.end_reading();
        if self.line.trim().is_empty() {
            self.line.clear();
        } else {
            let line = std::mem::take(&mut self.line);
            self.number = self.number.saturating_add(1);
            let number = self.number;
            self.paragraphs.line(&line, || Locator::Paragraph { number });
        }
        (self.space, self.tabs) = (false, 0);
    }

    fn end_line(&mut self) {
        self.break_line();
        self.paragraphs.end();
    }
}
