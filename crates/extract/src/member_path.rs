use std::collections::HashSet;

use madang_document::shown::is_misleading;

/// The paths of the members of one container: made harmless, and no two the same.
#[derive(Debug, Default)]
pub(crate) struct MemberPaths {
    taken: HashSet<String>,
}

impl MemberPaths {
    /// The path under which the member that calls itself `name` is catalogued. A second member of a name gets
    /// `#2` before its extension, so that the extension still tells its format.
    pub(crate) fn take(&mut self, name: &str) -> String {
        let path = harmless(name);
        if self.taken.insert(path.clone()) {
            return path;
        }
        let (folder, file) = path.rsplit_once('/').map_or(("", path.as_str()), |(a, b)| (a, b));
        let (stem, extension) = match file.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
            _ => (file, String::new()),
        };
        let slash = if folder.is_empty() { "" } else { "/" };
        // Counting from the number of names taken keeps ten thousand equal names from costing their square.
        let tries = (2..10).chain(self.taken.len()..);
        let unique = tries
            .map(|n| format!("{folder}{slash}{stem}#{n}{extension}"))
            .find(|unique| !self.taken.contains(unique));
        let unique = unique.unwrap_or(path);
        self.taken.insert(unique.clone());
        unique
    }
}

/// A path that leads nowhere but into its container: no root, drive, `..`, backslash or character that misleads
/// (`report\u{202E}fdp.exe` shows as `reportexe.pdf`); no
/// part longer than 255 bytes, the limit of file systems, and not more than 64 parts.
fn harmless(name: &str) -> String {
    let parts: Vec<String> = name
        .split(['/', '\\'])
        .map(|part| {
            let part: String = part.chars().filter(|c| !is_misleading(*c)).collect();
            let part = part.trim();
            part.get(..part.floor_char_boundary(255)).unwrap_or_default().to_owned()
        })
        .filter(|part| !matches!(part.as_str(), "" | "." | "..") && !is_drive(part))
        .collect();
    if parts.is_empty() {
        return "unnamed".into();
    }
    let deepest = parts.len().saturating_sub(64);
    parts.get(deepest..).unwrap_or_default().join("/")
}

fn is_drive(part: &str) -> bool {
    part.len() == 2 && part.ends_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out() {
        for (name, path) in [
            ("../../etc/passwd", "etc/passwd"),
            ("/etc/passwd", "etc/passwd"),
            ("C:\\보고서\\1월.hwp", "보고서/1월.hwp"),
            ("a/./b//c", "a/b/c"),
            ("a\0b\u{202E}gpj.exe", "abgpj.exe"),
            ("a\u{061C}b\u{2028}c", "abc"),
            ("..", "unnamed"),
        ] {
            assert_eq!(MemberPaths::default().take(name), path);
        }
        assert!(harmless(&"가/".repeat(5000)).len() < 300);
        assert_eq!(harmless(&"가".repeat(500)).len(), 255);
    }

    #[test]
    fn equal_names_are_told_apart() {
        let mut paths = MemberPaths::default();
        let all: Vec<_> = (0..3).map(|_| paths.take("a/b.txt")).collect();
        assert_eq!(all, ["a/b.txt", "a/b#2.txt", "a/b#3.txt"]);
        let many: HashSet<_> = (0..5000).map(|_| paths.take("x")).collect();
        assert_eq!(many.len(), 5000);
    }
}
