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
use madang_document::metadata::{AUTHOR, DESCRIPTION, KEYWORDS, Metadata, PRODUCER, TITLE};

use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::formats::keywords::keywords;
use crate::paragraphs::Paragraphs;
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "html",
    version: 1,
    media_types: &["text/html", "application/xhtml+xml"],
    sniff,
    media_type: |probe| match probe.text() {
        Some(text) if text.trim_start().starts_with("<?xml") => "application/xhtml+xml",
        _ => "text/html",
    },
    extract,
};

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
/// scripts before).
pub(super) fn declared(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(bytes.get(..8192).unwrap_or(bytes)).to_ascii_lowercase();
    let from_meta = head.split("<meta").skip(1).find_map(|meta| {
        let meta = meta.split('>').next()?;
        let (_, value) = meta.split_once("charset")?;
        value.trim_start().strip_prefix('=').map(label)
    });
    from_meta.or_else(|| {
        let declaration = head.strip_prefix("<?xml")?.split("?>").next()?.to_owned();
        let (_, value) = declaration.split_once("encoding")?;
        value.trim_start().strip_prefix('=').map(label)
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

/// Adds a page that goes on where another ended, after its paragraph `number`; gives the number of its own last.
pub(super) fn read_chapter(
    text: &str,
    number: u32,
    content: &mut Content,
    context: &Context<'_>,
) -> u32 {
    let mut metadata = std::mem::take(&mut content.metadata);
    let page = Page {
        paragraphs: Paragraphs::new(content, context.limits.text),
        metadata: &mut metadata,
        line: String::new(),
        space: false,
        number,
        cells: 0,
        dropped: None,
        title: None,
        preformatted: 0,
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
    let number = page.number;
    page.paragraphs.finish();
    content.metadata = metadata;
    number
}

struct PageSink<'a>(RefCell<Page<'a>>);

impl TokenSink for PageSink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => page.text(&text),
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
    /// The element whose text is dropped until it ends.
    dropped: Option<String>,
    title: Option<String>,
    preformatted: u32,
}

impl Page<'_> {
    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        if self.dropped.is_some() {
            return TokenSinkResult::Continue;
        }
        let attribute = |name: &str| {
            tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| a.value.to_string())
        };
        match &*tag.name {
            // XHTML closes a script in its own tag; a page of HTML never does that and means it.
            "script" | "style" | "title" | "textarea" | "iframe" if tag.self_closing => {}
            "script" => {
                self.dropped = Some("script".into());
                return TokenSinkResult::RawData(RawKind::ScriptData);
            }
            name @ ("style" | "xmp" | "iframe" | "noembed" | "noframes") => {
                if name != "xmp" {
                    self.dropped = Some(name.to_owned());
                }
                return TokenSinkResult::RawData(RawKind::Rawtext);
            }
            "title" => {
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
                let name = attribute("name").or_else(|| attribute("property"));
                if let (Some(name), Some(value)) = (name, attribute("content")) {
                    self.meta(&name.to_ascii_lowercase(), &value);
                }
            }
            "br" => self.break_line(),
            "td" | "th" => {
                if self.cells > 0 {
                    self.line.push('\t');
                }
                self.space = false;
                self.cells += 1;
            }
            "tr" => {
                self.end_line();
                self.cells = 0;
            }
            "img" | "area" => {
                if let Some(alt) = attribute("alt") {
                    self.text(&alt);
                }
            }
            "input" => {
                let kind = attribute("type").unwrap_or_default().to_ascii_lowercase();
                if matches!(kind.as_str(), "" | "text" | "submit" | "button" | "reset")
                    && let Some(value) = attribute("value")
                {
                    self.space = true;
                    self.text(&value);
                    self.space = true;
                }
            }
            "pre" | "listing" => {
                self.end_line();
                self.preformatted += 1;
            }
            "option" => self.space = true,
            // A block in a cell of a table does not end the row.
            name if is_block(name) && self.cells == 0 => self.end_line(),
            name if is_block(name) => self.space = true,
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn end(&mut self, name: &str) {
        if self.dropped.as_deref() == Some(name) {
            self.dropped = None;
            return;
        }
        match name {
            "title" => {
                if let Some(title) = self.title.take() {
                    let title: Vec<_> = title.split_whitespace().collect();
                    self.metadata.set(TITLE, title.join(" "));
                }
            }
            "tr" | "table" => {
                self.cells = 0;
                self.end_line();
            }
            "pre" | "listing" => {
                self.preformatted = self.preformatted.saturating_sub(1);
                self.end_line();
            }
            name if is_block(name) && self.cells == 0 => self.end_line(),
            name if is_block(name) => self.space = true,
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.dropped.is_some() {
            return;
        }
        if let Some(title) = &mut self.title {
            title.extend(text.chars().take(4096usize.saturating_sub(title.len())));
            return;
        }
        for c in text.chars() {
            if self.preformatted > 0 && c == '\n' {
                self.break_line();
            } else if c.is_whitespace() && self.preformatted == 0 {
                self.space = true;
            } else if c != '\u{AD}' && c != '\u{200B}' && c != '\0' {
                if self.space && !self.line.is_empty() && !self.line.ends_with(['\t', ' ']) {
                    self.line.push(' ');
                }
                self.space = false;
                self.line.push(c);
            }
        }
        // A page without blocks must not gather in one line without bound.
        if self.line.len() > 1 << 20 {
            self.break_line();
        }
    }

    fn meta(&mut self, name: &str, content: &str) {
        match name {
            "description" | "dc.description" => self.metadata.set(DESCRIPTION, content),
            "og:description" if self.metadata.text(DESCRIPTION).is_none() => {
                self.metadata.set(DESCRIPTION, content);
            }
            "author" | "dc.creator" => self.metadata.set(AUTHOR, content),
            "generator" => self.metadata.set(PRODUCER, content),
            "keywords" => self.metadata.set(KEYWORDS, keywords(content)),
            _ => {}
        }
    }

    /// Ends the line, but not the paragraph.
    fn break_line(&mut self) {
        if self.line.trim().is_empty() {
            self.line.clear();
        } else {
            let line = std::mem::take(&mut self.line);
            self.number = self.number.saturating_add(1);
            let number = self.number;
            self.paragraphs.line(&line, || Locator::Paragraph { number });
        }
        self.space = false;
    }

    fn end_line(&mut self) {
        self.break_line();
        self.paragraphs.end();
    }
}

/// Elements that stand on lines of their own (HTML Standard, 15.3).
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "head"
            | "header"
            | "hgroup"
            | "hr"
            | "html"
            | "legend"
            | "li"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "optgroup"
            | "p"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "textarea"
            | "tfoot"
            | "thead"
            | "ul"
    )
}
