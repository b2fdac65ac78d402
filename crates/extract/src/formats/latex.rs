//! LaTeX: the words without the commands that set them.
//!
//! No macro is expanded: what a document defines itself is dropped with its name, and the words given to it are kept.

use madang_document::content::Content;
use madang_document::metadata::{AUTHOR, TITLE};
use unicode_normalization::char::compose;

use super::text::read_lines;
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "latex",
    version: 3,
    media_types: &["text/x-tex"],
    sniff,
    media_type: |_| "text/x-tex",
    extract,
};

fn sniff(probe: &Probe<'_>) -> Match {
    let named = matches!(probe.extension.as_str(), "tex" | "latex" | "ltx");
    let Some(text) = probe.text() else { return Match::No };
    if text.trim_start().starts_with("\\documentclass") {
        Match::Magic
    } else if named && text.contains('\\') {
        Match::Extension
    } else {
        Match::No
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, |_| None)?;
    // What stands before the document are settings, and its title.
    let (settings, body) = match decoded.text.split_once("\\begin{document}") {
        Some((settings, body)) => (settings, body),
        None => ("", decoded.text.as_str()),
    };
    let of = |name: &str| {
        let found = argument_of(settings, name).or_else(|| argument_of(body, name))?;
        let text = Words::of(found).text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    };
    let (title, author) = (of("\\title"), of("\\author"));
    // A title in the settings is set where the document wants it; in the body it is met there.
    let heading =
        title.iter().chain(author.iter()).filter(|_| argument_of(settings, "\\title").is_some());
    let mut text: String = heading.map(|line| format!("{line}\n")).collect();
    let words = Words::of(body.split("\\end{document}").next().unwrap_or_default());
    text.push_str(&words.text);
    content.metadata.at(r"\title").set_some(TITLE, title);
    content.metadata.at(r"\author").set_some(AUTHOR, author);
    let lines = text.split('\n').map(|line| {
        let cells = line.split('\t').map(str::trim);
        cells.collect::<Vec<_>>().join("\t")
    });
    read_lines(&lines.collect::<Vec<_>>().join("\n"), &mut content, context.limits.text, context);
    Ok(content)
}

/// The first argument of a command.
fn argument_of<'a>(text: &'a str, command: &str) -> Option<&'a str> {
    let mut rest = text;
    loop {
        let (_, after) = rest.split_once(command)?;
        let open = skip_optional(after.trim_start());
        if open.starts_with('{') {
            return group(open).map(|(inside, _)| inside);
        }
        rest = after;
    }
}

/// What stands in the braces at the start, and what follows them.
fn group(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0usize;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some((text.get(1..at)?, text.get(at + 1..)?));
                }
            }
            _ => {}
        }
    }
    None
}

/// Behind what stands in square brackets at the start, if any does: within a line or so.
fn skip_optional(text: &str) -> &str {
    let Some(inside) = text.strip_prefix('[') else { return text };
    let near = inside.get(..inside.floor_char_boundary(400)).unwrap_or(inside);
    match near.find(']') {
        Some(end) => inside.get(end + 1..).unwrap_or_default(),
        None => text,
    }
}

/// Commands whose arguments are no words, and how many these are.
const NO_WORDS: &[(&str, usize)] = &[
    ("label", 1),
    ("ref", 1),
    ("eqref", 1),
    ("pageref", 1),
    ("autoref", 1),
    ("cref", 1),
    ("Cref", 1),
    ("cite", 1),
    ("citep", 1),
    ("citet", 1),
    ("nocite", 1),
    ("bibliography", 1),
    ("bibliographystyle", 1),
    ("includegraphics", 1),
    ("input", 1),
    ("include", 1),
    ("usepackage", 1),
    ("documentclass", 1),
    ("RequirePackage", 1),
    ("hypersetup", 1),
    ("geometry", 1),
    ("pagestyle", 1),
    ("thispagestyle", 1),
    ("vspace", 1),
    ("hspace", 1),
    ("setlength", 2),
    ("addtolength", 2),
    ("setcounter", 2),
    ("addtocounter", 2),
    ("newcommand", 2),
    ("renewcommand", 2),
    ("providecommand", 2),
    ("newenvironment", 3),
    ("renewenvironment", 3),
    ("newtheorem", 1),
    ("newcounter", 1),
    ("newlength", 1),
    ("color", 1),
    ("textcolor", 1),
    ("colorbox", 1),
    ("definecolor", 3),
    ("fontsize", 2),
    ("selectlanguage", 1),
    ("setmainfont", 1),
    ("setmainhangulfont", 1),
    ("linespread", 1),
    ("rule", 2),
    ("cline", 1),
    ("multicolumn", 2),
    ("multirow", 2),
    ("raisebox", 1),
    ("parbox", 1),
    ("resizebox", 2),
    ("scalebox", 1),
    ("rotatebox", 1),
    ("graphicspath", 1),
    ("hyphenation", 1),
    ("title", 0),
    ("pagenumbering", 1),
    ("tikzset", 1),
    ("usetikzlibrary", 1),
    ("lstset", 1),
    ("theoremstyle", 1),
];

/// Letters that have a name.
const LETTERS: [(&str, char); 13] = [
    ("ss", 'ß'),
    ("o", 'ø'),
    ("O", 'Ø'),
    ("ae", 'æ'),
    ("AE", 'Æ'),
    ("oe", 'œ'),
    ("OE", 'Œ'),
    ("aa", 'å'),
    ("AA", 'Å'),
    ("l", 'ł'),
    ("L", 'Ł'),
    ("i", 'i'),
    ("j", 'j'),
];

/// Accents whose name is a letter.
const ACCENTS: [(&str, char); 8] = [
    ("c", '\u{327}'),
    ("v", '\u{30C}'),
    ("H", '\u{30B}'),
    ("u", '\u{306}'),
    ("k", '\u{328}'),
    ("r", '\u{30A}'),
    ("d", '\u{323}'),
    ("b", '\u{331}'),
];

/// Environments that are given measures before their words.
const MEASURED: [&str; 8] = [
    "tabular",
    "tabular*",
    "tabularx",
    "longtable",
    "array",
    "minipage",
    "thebibliography",
    "multicols",
];

/// Environments whose text stands as it is.
const VERBATIM: [&str; 4] = ["verbatim", "verbatim*", "lstlisting", "minted"];

/// The words of a text, as they come.
struct Words {
    text: String,
    /// Bytes that may still be searched for the ends of groups: of a text whose braces never close each would be searched
    /// to its end.
    left: usize,
}

impl Words {
    fn of(source: &str) -> Words {
        let left = source.len().saturating_mul(4).saturating_add(1 << 16);
        let mut words = Words { text: String::with_capacity(source.len()), left };
        let mut rest = source;
        while let Some(at) = rest.find(['\\', '%', '{', '}', '~', '$', '&', '`', '\'', '-']) {
            let (plain, after) = rest.split_at(at);
            words.text.push_str(plain);
            rest = words.mark(after);
        }
        words.text.push_str(rest);
        words
    }

    /// Reads what begins with a mark, and gives what follows it.
    fn mark<'a>(&mut self, text: &'a str) -> &'a str {
        let after = text.get(1..).unwrap_or_default();
        match text.as_bytes().first() {
            Some(b'\\') => return self.command(after),
            // A comment ends with its line; so does the blank that a line end is.
            Some(b'%') => {
                let end = after.find('\n').map_or(after.len(), |at| at + 1);
                return after.get(end..).unwrap_or_default();
            }
            Some(b'~') => self.text.push(' '),
            Some(b'&') => self.text.push('\t'),
            Some(b'`') => {
                let double = after.strip_prefix('`');
                self.text.push(if double.is_some() { '“' } else { '‘' });
                return double.unwrap_or(after);
            }
            Some(b'\'') => {
                let double = after.strip_prefix('\'');
                self.text.push(if double.is_some() { '”' } else { '’' });
                return double.unwrap_or(after);
            }
            Some(b'-') => {
                let (dash, after) = match after.strip_prefix('-') {
                    Some(after) => match after.strip_prefix('-') {
                        Some(after) => ('—', after),
                        None => ('–', after),
                    },
                    None => ('-', after),
                };
                self.text.push(dash);
                return after;
            }
            // Braces and the marks of formulas are no words.
            _ => {}
        }
        after
    }

    /// Reads what stands behind a backslash.
    fn command<'a>(&mut self, text: &'a str) -> &'a str {
        let length = text.bytes().take_while(|b| b.is_ascii_alphabetic() || *b == b'@').count();
        let (name, after) = text.split_at(length);
        if name.is_empty() {
            return self.sign(text);
        }
        let starred = after.strip_prefix('*').unwrap_or(after);
        match name {
            "begin" => return self.begin(after),
            "end" => {
                self.text.push('\n');
                return self.group(after).map_or(after, |(_, rest)| rest);
            }
            "item" => {
                self.text.push('\n');
                let label = starred.strip_prefix('[').and_then(|inside| inside.split_once(']'));
                // A label of an item is read as its first words.
                if let Some((label, rest)) = label.filter(|(label, _)| label.len() < 400) {
                    self.text.push_str(&Words::of(label).text);
                    return rest;
                }
                return starred;
            }
            "footnote" | "href" | "thanks" => self.text.push(' '),
            "par" | "newline" | "linebreak" | "tabularnewline" => {
                self.text.push('\n');
                return skip_optional(starred);
            }
            "verb" | "lstinline" => {
                // It ends with its line at the latest.
                let line = starred.split('\n').next().unwrap_or_default();
                let near = line.get(..line.floor_char_boundary(1000)).unwrap_or(line);
                if let Some(mark) = near.chars().next()
                    && let Some((inside, _)) =
                        near.get(mark.len_utf8()..).and_then(|rest| rest.split_once(mark))
                {
                    self.text.push_str(inside);
                    let used = inside.len() + 2 * mark.len_utf8();
                    return starred.get(used..).unwrap_or_default();
                }
                return starred;
            }
            "def" | "let" | "gdef" | "edef" => {
                let brace =
                    after.get(..after.floor_char_boundary(200)).and_then(|near| near.find('{'));
                let from = brace.and_then(|at| after.get(at..)).and_then(|from| self.group(from));
                return from.map_or(after, |(_, rest)| rest);
            }
            "part" | "chapter" | "section" | "subsection" | "subsubsection" | "paragraph"
            | "caption" => {
                self.text.push('\n');
                return skip_optional(starred);
            }
            "textbackslash" => self.text.push('\\'),
            "ldots" | "dots" => self.text.push('…'),
            "textdegree" => self.text.push('°'),
            _ => {}
        }
        // The blank behind either only ends its name.
        let behind = after.trim_start_matches(' ');
        if let Some((_, letter)) = LETTERS.iter().find(|(known, _)| *known == name) {
            self.text.push(*letter);
            return behind;
        }
        if let Some((_, accent)) = ACCENTS.iter().find(|(known, _)| *known == name) {
            return self.accented(behind, *accent);
        }
        let mut rest = skip_optional(starred);
        let dropped = NO_WORDS.iter().find(|(known, _)| *known == name).map_or(0, |(_, n)| *n);
        for _ in 0..dropped {
            let next = skip_optional(rest.trim_start());
            rest = match next.strip_prefix('{') {
                Some(_) => match self.group(next) {
                    Some((_, after)) => after,
                    None => break,
                },
                // `\newcommand\name{…}`.
                None => match next.strip_prefix('\\') {
                    Some(next) => {
                        next.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '@')
                    }
                    None => break,
                },
            };
        }
        // The blank behind a command only ends its name.
        if rest.starts_with(' ')
            && rest.len() == after.len()
            && !self.text.ends_with(char::is_whitespace)
        {
            return rest;
        }
        rest.strip_prefix(' ').unwrap_or(rest)
    }

    /// Reads a command that is one sign.
    fn sign<'a>(&mut self, text: &'a str) -> &'a str {
        let Some(sign) = text.chars().next() else { return "" };
        let after = text.get(sign.len_utf8()..).unwrap_or_default();
        match sign {
            '\\' => {
                self.text.push('\n');
                return skip_optional(after.strip_prefix('*').unwrap_or(after));
            }
            '%' | '&' | '_' | '#' | '$' | '{' | '}' => self.text.push(sign),
            ' ' | ',' | ';' | ':' | '!' | '/' | '\n' => self.text.push(' '),
            '\'' | '`' | '^' | '"' | '~' | '=' | '.' => {
                return self.accented(
                    after,
                    match sign {
                        '\'' => '\u{301}',
                        '`' => '\u{300}',
                        '^' => '\u{302}',
                        '"' => '\u{308}',
                        '~' => '\u{303}',
                        '=' => '\u{304}',
                        _ => '\u{307}',
                    },
                );
            }
            // Formulas: their words are kept.
            _ => {}
        }
        after
    }

    /// Reads the letter that follows an accent, which stands behind it in Unicode, and in one with it where there is such a letter.
    fn accented<'a>(&mut self, text: &'a str, accent: char) -> &'a str {
        let (letter, rest) = match text.starts_with('{') {
            true => self.group(text).unwrap_or(("", text)),
            false => {
                // `\i` is a letter, too.
                let length = usize::from(text.starts_with('\\'));
                let letter = text.get(length..).and_then(|text| text.chars().next());
                text.split_at(length + letter.map_or(0, char::len_utf8))
            }
        };
        let mut letters = letter.strip_prefix('\\').unwrap_or(letter).chars();
        match letters.next() {
            Some(first) if first.is_alphabetic() => match compose(first, accent) {
                Some(whole) => self.text.push(whole),
                None => self.text.extend([first, accent]),
            },
            first => self.text.extend(first),
        }
        self.text.push_str(letters.as_str());
        rest
    }

    fn begin<'a>(&mut self, text: &'a str) -> &'a str {
        let Some((name, after)) = self.group(text) else { return text };
        self.text.push('\n');
        let end = format!("\\end{{{name}}}");
        if name == "comment" {
            return after.split_once(&end).map_or("", |(_, rest)| rest);
        }
        if VERBATIM.contains(&name) {
            let (inside, rest) = after.split_once(&end).unwrap_or((after, ""));
            self.text.push_str(inside);
            self.text.push('\n');
            return rest;
        }
        let mut rest = skip_optional(after);
        if MEASURED.contains(&name) {
            while rest.starts_with(['{', '[']) {
                let next = self.group(rest).map_or("", |(_, rest)| rest);
                let next = if rest.starts_with('[') { skip_optional(rest) } else { next };
                if next.len() >= rest.len() || next.is_empty() {
                    break;
                }
                rest = next;
            }
        }
        rest
    }

    /// What stands in the braces at the start, and what follows them.
    fn group<'a>(&mut self, text: &'a str) -> Option<(&'a str, &'a str)> {
        let near = text.get(..text.floor_char_boundary(self.left))?;
        let found = group(near);
        self.left -= found.map_or(near.len(), |(inside, _)| inside.len() + 2).min(self.left);
        let (inside, _) = found?;
        Some((inside, text.get(inside.len() + 2..)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_commands() {
        for (source, text) in [
            ("\\section{배경}\n본문 \\textbf{굵은} 글~1", "배경 본문 굵은 글 1"),
            ("a\\% b \\& c % 주석\nd", "a% b & c d"),
            ("\\label{x}가 \\cite[p.~1]{y}나\\footnote{다}", "가 나 다"),
            ("\\begin{tabular}{l|r}\\hline 1 & 2 \\\\[2pt] 3 & 4\\end{tabular}", "1 2 3 4"),
            ("\\newcommand{\\x}[1]{y #1}z \\def\\q#1{w}v", "z v"),
            ("\\begin{comment}x\\end{comment}\\verb|\\a|", "\\a"),
            ("\\begin{itemize}\\item[둘] 가\\end{itemize}", "둘 가"),
            ("$\\alpha + b$ ``q''--r", "+ b “q”–r"),
            (
                "Caf\\'e \\\"{o} na\\\"{\\i}ve \\'\\i x \\c{c}a \\v s \\'가",
                "Café ö naïve í x ça š 가\u{301}",
            ),
            ("\\L\\'od\\'z \\aa{} \\OE uvre \\b{x}\\'", "Łódź å Œuvre x\u{331}"),
            ("\\textcolor{red}{빨강} \\href{https://a.kr}{고리}", "빨강 https://a.kr고리"),
            ("{unclosed \\begin{x", "unclosed x"),
        ] {
            let words = Words::of(source).text;
            assert_eq!(words.split_whitespace().collect::<Vec<_>>().join(" "), text, "{source}");
        }
    }
}
