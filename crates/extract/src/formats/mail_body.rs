//! What a mail says twice: plainly, and as a page. Mails by MIME and those of Outlook are read by the same rule.

use std::collections::HashSet;
use std::ops::Range;

use madang_document::content::{Content, Origin, Segment, WarningKind};
use madang_document::locator::Locator;
use madang_document::metadata::Value;

use super::html::Aside;

/// The page of a mail, read apart from its plain text.
#[derive(Debug, Default)]
pub(super) struct MailPage {
    /// What it says.
    pub(super) content: Content,
    /// What it says beside its text.
    pub(super) aside: Aside,
}

/// Adds what only the page says to a mail whose plain text stands in the segments from `plain_from` on. Without a plain text that
/// is all of it.
pub(super) fn add_page(plain_from: usize, page: MailPage, content: &mut Content) {
    let MailPage { content: mut page, aside: Aside { labels, links } } = page;
    let plain_segments = content.segments.get(plain_from..).unwrap_or_default();
    let plain: HashSet<String> = plain_segments.iter().flat_map(|s| words(&s.text)).collect();
    let shown: HashSet<String> = page.segments.iter().flat_map(|s| words(&s.text)).collect();
    let lacking = shown.difference(&plain).count();
    // A plain alternative may be there for form's sake only: then the page has words that it lacks.
    let is_stub = lacking * 2 > shown.len();
    if is_stub {
        content.segments.append(&mut page.segments);
        content.warnings.append(&mut page.warnings);
    } else {
        // It may lack a part of what the page says, and often the texts of buttons and of pictures.
        let mut own: Vec<Segment> =
            page.segments.iter().flat_map(|s| own_passages(s, &plain)).collect();
        let mut known = plain;
        known.extend(own.iter().flat_map(|s| words(&s.text)));
        for text in labels {
            if words(&text).any(|word| !known.contains(&word)) {
                known.extend(words(&text));
                let (locator, origin) = (Locator::Whole {}, Origin::Native);
                own.push(Segment { text, locator, origin, confidence: None, words: Vec::new() });
            }
        }
        // Of a page that cannot be read at all nobody knows whether it said more.
        if !own.is_empty() || page.segments.is_empty() {
            page.warnings.retain(|it| !own.is_empty() || it.kind != WarningKind::Note);
            content.warnings.append(&mut page.warnings);
        }
        content.segments.append(&mut own);
    }
    add_links(links, plain_from, content);
}

/// Adds the addresses to which links of the page lead and that stand nowhere in the text.
fn add_links(links: Vec<String>, from: usize, content: &mut Content) {
    if links.is_empty() {
        return;
    }
    let said = content.segments.get(from..).unwrap_or_default();
    let said: HashSet<String> = said.iter().flat_map(|segment| words(&segment.text)).collect();
    // Addresses of mail and numbers are said without what makes a link of them.
    let bare = |link: &str| {
        let schemes = ["mailto:", "tel:"];
        schemes.iter().find_map(|scheme| link.strip_prefix(scheme)).unwrap_or(link).to_owned()
    };
    let unsaid =
        links.into_iter().filter(|link| words(&bare(link)).any(|word| !said.contains(&word)));
    let unsaid = unsaid.map(Value::from).collect();
    content.metadata.at("a href").set("mail.links", Value::List(unsaid));
}

/// The words of a text as both notations of a mail have them: one quotes, underlines or ends them otherwise than the other, or sets
/// the address of a link right behind its text.
fn words(text: &str) -> impl Iterator<Item = String> {
    let words =
        text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '[' | ']'));
    words.map(bare).filter(|word| !word.is_empty())
}

fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// The passages of a piece of a page of which the plain text lacks the words. Single words differ for many reasons; a passage has
/// [`PASSAGE`] that are lacking, and never more than [`GAP`] others between two of them, or is a line of which no word stands
/// there, as that of a button or a row of a table.
fn own_passages(piece: &Segment, plain: &HashSet<String>) -> Vec<Segment> {
    const PASSAGE: usize = 8;
    const GAP: usize = 3;
    struct Passage {
        place: Range<usize>,
        lacking: usize,
        others: usize,
    }
    let text = piece.text.as_str();
    let mut passages: Vec<Passage> = Vec::new();
    for word in text.split_whitespace() {
        let place = place(word, text);
        let is_nothing = words(word).next().is_none();
        let lacks = words(word).any(|word| !plain.contains(&word));
        match passages.last_mut().filter(|last| last.others <= GAP) {
            Some(last) if lacks => {
                (last.place.end, last.others) = (place.end, 0);
                last.lacking += 1;
            }
            Some(last) => last.others += usize::from(!is_nothing),
            None if lacks => passages.push(Passage { place, lacking: 1, others: 0 }),
            None => {}
        }
    }
    passages.retain(|passage| passage.lacking >= PASSAGE);
    let mut own: Vec<Range<usize>> = passages.into_iter().map(|passage| passage.place).collect();
    for line in text.lines().map(str::trim) {
        let place = place(line, text);
        let is_apart = |known: &Range<usize>| known.end <= place.start || place.end <= known.start;
        let says_something = words(line).any(|word| word.chars().any(char::is_alphabetic));
        if says_something
            && words(line).all(|word| !plain.contains(&word))
            && own.iter().all(is_apart)
        {
            own.push(place);
        }
    }
    own.sort_by_key(|place| place.start);
    own.into_iter()
        .filter_map(|place| text.get(place))
        .map(|own| Segment { text: own.to_owned(), words: Vec::new(), ..piece.clone() })
        .collect()
}

/// Where a part of a text stands in it.
fn place(part: &str, text: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    start..start + part.len()
}
