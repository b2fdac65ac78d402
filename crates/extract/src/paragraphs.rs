use madang_document::content::{Content, Origin, Segment};
use madang_document::locator::Locator;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

/// Gathers lines into segments, so that every hit has a place and yet a log file of 30 MB does not become a
/// million segments.
///
/// The first [`Paragraphs::FINE`] paragraphs are a segment each; after that, paragraphs are put together up to
/// [`Paragraphs::BLOCK`] bytes. A longer line is split, at a space if it has one.
#[derive(Debug)]
pub(crate) struct Paragraphs<'a> {
    content: &'a mut Content,
    origin: Origin,
    block: String,
    place: Locator,
    limit: u64,
    bytes: u64,
    full: bool,
}

impl<'a> Paragraphs<'a> {
    /// How many paragraphs stay apart.
    pub(crate) const FINE: usize = 10_000;
    /// How large a segment grows, in bytes.
    pub(crate) const BLOCK: usize = 4 * 1024;

    /// Appends to `content` up to `limit` bytes of text.
    pub(crate) fn new(content: &'a mut Content, limit: u64) -> Paragraphs<'a> {
        Paragraphs {
            content,
            origin: Origin::Native,
            block: String::new(),
            place: Locator::Whole {},
            limit,
            bytes: 0,
            full: false,
        }
    }

    /// Adds a line of the running paragraph; `place` is asked if it begins a segment.
    pub(crate) fn line(&mut self, line: &str, place: impl Fn() -> Locator) {
        let mut rest = line.trim_end();
        while !rest.is_empty() && !self.full {
            if !self.block.is_empty() && self.block.len() + rest.len() >= Self::BLOCK {
                self.flush();
            }
            if self.block.is_empty() {
                self.place = place();
            } else {
                self.block.push('\n');
            }
            let (piece, after) = split(rest, Self::BLOCK * 2);
            self.block.push_str(piece);
            rest = after;
        }
    }

    /// Ends the paragraph.
    pub(crate) fn end(&mut self) {
        if self.content.segments.len() < Self::FINE || self.block.len() >= Self::BLOCK {
            self.flush();
        }
    }

    /// Whether the limit is reached: further lines are dropped, and a warning says so.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Delivers what is still gathered.
    pub(crate) fn finish(mut self) {
        self.flush();
    }

    fn flush(&mut self) {
        if self.block.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.block);
        if text.trim().is_empty() || self.full {
            return;
        }
        self.bytes += text.len() as u64;
        if self.bytes > self.limit {
            self.full = true;
            let cut = ReasonKind::CutAfter { bytes: self.limit, of: None };
            self.content.cut(cut.of(Noun::Text));
            return;
        }
        let locator = std::mem::replace(&mut self.place, Locator::Whole {});
        self.content.segments.push(Segment {
            text,
            locator,
            origin: self.origin,
            confidence: None,
            words: Vec::new(),
        });
    }
}

/// The first piece of a line, at most `most` bytes, and the rest.
fn split(line: &str, most: usize) -> (&str, &str) {
    if line.len() <= most {
        return (line, "");
    }
    let end = line.floor_char_boundary(most);
    let (piece, _) = line.split_at(end);
    match piece.rfind(char::is_whitespace).filter(|at| *at > 0) {
        Some(at) => {
            let (piece, rest) = line.split_at(at);
            (piece, rest.trim_start())
        }
        None => line.split_at(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(lines: impl Iterator<Item = String>, limit: u64) -> Content {
        let mut content = Content::default();
        let mut paragraphs = Paragraphs::new(&mut content, limit);
        for (n, line) in lines.enumerate() {
            paragraphs.line(&line, || Locator::Paragraph { number: n as u32 + 1 });
            paragraphs.end();
        }
        paragraphs.finish();
        content
    }

    #[test]
    fn many_lines_make_few_segments_and_lose_nothing() {
        let content = gather((0..200_000).map(|n| format!("log line {n}")), u64::MAX);
        assert!(content.segments.len() < 12_000, "{}", content.segments.len());
        assert_eq!(content.text().lines().count(), 200_000);
        assert_eq!(content.segments[9].locator, Locator::Paragraph { number: 10 });
    }

    #[test]
    fn a_long_line_is_split_at_spaces() {
        let line = "안전점검 결과 ".repeat(5000);
        let content = gather(std::iter::once(line.clone()), u64::MAX);
        assert!(content.segments.iter().all(|s| s.text.len() <= 2 * Paragraphs::BLOCK));
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&content.text()), words(&line));
        assert_eq!(gather(std::iter::once("x".repeat(20_000)), u64::MAX).text().len(), 20_002);
    }

    #[test]
    fn the_limit_cuts_and_says_so() {
        let content = gather((0..100).map(|_| "x".repeat(100)), 1000);
        assert_eq!(content.segments.len(), 10);
        assert_eq!(content.warnings.len(), 1);
    }
}
