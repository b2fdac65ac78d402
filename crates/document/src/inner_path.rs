use std::fmt;

use serde::{Deserialize, Serialize};

/// The way to a member inside archives, mails and compound documents: one part for each container on the way,
/// written `a.zip!/b.eml!/c.pdf`. A part is the member's own path in its container and may hold slashes
/// (`2026/7월/c.pdf`).
///
/// Never empty: the object itself has no inner path.
///
/// The written form reads back exactly. A run of `!` that stands before a slash inside a part, or at the end of a
/// part that another follows, is written twice as long; an odd run before a slash is therefore always the
/// separator.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct InnerPath(Vec<String>);

impl InnerPath {
    /// The way to a member of the object itself.
    pub fn of(part: impl Into<String>) -> InnerPath {
        InnerPath(vec![part.into()])
    }

    /// The way to a member of what lies here.
    #[must_use]
    pub fn join(&self, part: impl Into<String>) -> InnerPath {
        let mut parts = self.0.clone();
        parts.push(part.into());
        InnerPath(parts)
    }

    /// The container that this member lies in; none if that is the object itself.
    pub fn parent(&self) -> Option<InnerPath> {
        let (_, rest) = self.0.split_last()?;
        (!rest.is_empty()).then(|| InnerPath(rest.to_vec()))
    }

    /// The member's own path in its container.
    pub fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The member's own name, without folders.
    pub fn name(&self) -> &str {
        let last = self.last();
        last.rsplit('/').next().unwrap_or(last)
    }

    /// The parts, outermost container first.
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// Reads the written form.
    pub fn parse(text: &str) -> InnerPath {
        let mut parts = Vec::new();
        let mut part = String::new();
        let mut marks = 0usize;
        for c in text.chars() {
            match c {
                '!' => {
                    marks += 1;
                    continue;
                }
                '/' => {
                    part.extend(std::iter::repeat_n('!', marks / 2));
                    if marks % 2 == 1 {
                        parts.push(std::mem::take(&mut part));
                    } else {
                        part.push('/');
                    }
                }
                c => {
                    part.extend(std::iter::repeat_n('!', marks));
                    part.push(c);
                }
            }
            marks = 0;
        }
        part.extend(std::iter::repeat_n('!', marks));
        parts.push(part);
        InnerPath(parts)
    }
}

/// Writes a part; `followed` says whether another one comes after it.
fn write_part(f: &mut fmt::Formatter<'_>, part: &str, followed: bool) -> fmt::Result {
    let mut marks = 0usize;
    for c in part.chars() {
        if c == '!' {
            marks += 1;
            continue;
        }
        let times = if c == '/' { marks * 2 } else { marks };
        (0..times).try_for_each(|_| f.write_str("!"))?;
        marks = 0;
        write!(f, "{c}")?;
    }
    let times = if followed { marks * 2 } else { marks };
    (0..times).try_for_each(|_| f.write_str("!"))
}

impl fmt::Display for InnerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, part) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("!/")?;
            }
            write_part(f, part, n + 1 < self.0.len())?;
        }
        Ok(())
    }
}

impl From<String> for InnerPath {
    fn from(text: String) -> InnerPath {
        InnerPath::parse(&text)
    }
}

impl From<InnerPath> for String {
    fn from(path: InnerPath) -> String {
        path.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_reads_back() {
        let ways: [&[&str]; 9] = [
            &["c.pdf"],
            &["2026/c.pdf"],
            &["a.zip", "b.eml", "x/c.pdf"],
            &["a!", "b"],
            &["a!/b"],
            &["a!!", "!b!"],
            &["!/", "/!"],
            &["", "b"],
            &["a!", "/b"],
        ];
        let mut written: Vec<String> = Vec::new();
        for way in ways {
            let path = InnerPath(way.iter().map(|part| (*part).to_owned()).collect());
            assert_eq!(InnerPath::parse(&path.to_string()), path, "{path}");
            assert!(!written.contains(&path.to_string()), "{path} is written like another");
            written.push(path.to_string());
        }
        assert_eq!(written.get(2).map(String::as_str), Some("a.zip!/b.eml!/x/c.pdf"));
    }

    #[test]
    fn a_parent_is_the_container_and_not_a_folder() {
        let path = InnerPath::of("2026/in.tar").join("folder/b.txt");
        assert_eq!(path.parent(), Some(InnerPath::of("2026/in.tar")));
        assert_eq!(InnerPath::of("2026/in.tar").parent(), None);
        assert_eq!((path.last(), path.name()), ("folder/b.txt", "b.txt"));
    }
}
