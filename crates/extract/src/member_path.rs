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

/// The longest part of a path, bytes: the limit of file systems.
const PART: usize = 255;

/// The longest path, bytes, with room for what tells equal ones apart: of eight in a row, as deep as containers are
/// opened, the sandbox takes each letter.
pub(crate) const PATH: usize = 2000;

/// A path that leads nowhere but into its container: no root, drive, `..`, backslash or character that misleads
/// (`report\u{202E}fdp.exe` shows as `reportexe.pdf`); no part longer than [`PART`], whose extension stays, and no more
/// than the last 64 parts and [`PATH`] bytes.
fn harmless(name: &str) -> String {
    let parts: Vec<String> = name
        .split(['/', '\\'])
        .map(|part| {
            let part: String = part.chars().filter(|c| !is_misleading(*c)).collect();
            shortened(part.trim(), PART)
        })
        .filter(|part| !matches!(part.as_str(), "" | "." | "..") && !is_drive(part))
        .collect();
    let mut left = PATH;
    let fitting = parts.iter().rev().take(64).take_while(|part| {
        let fits = part.len() < left;
        left = left.saturating_sub(part.len() + 1);
        fits
    });
    let deepest = parts.len() - fitting.count();
    match parts.get(deepest..).unwrap_or_default() {
        [] => "unnamed".into(),
        parts => parts.join("/"),
    }
}

/// At most `most` bytes of a name, its extension among them.
fn shortened(name: &str, most: usize) -> String {
    if name.len() <= most {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        // As long as extensions are.
        Some((stem, extension)) if extension.len() <= 16 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let room = stem.floor_char_boundary(most.saturating_sub(extension.len()));
    format!("{}{extension}", stem.get(..room).unwrap_or_default().trim_end())
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
    fn a_long_name_keeps_its_extension_and_a_long_path_its_end() {
        let long = format!("{}.hwp", "가".repeat(500));
        assert_eq!(harmless(&long), format!("{}.hwp", "가".repeat(83)));
        let many: Vec<String> = (0..64).map(|n| format!("{n}{}", "나".repeat(80))).collect();
        let path = harmless(&format!("{}/끝.hwp", many.join("/")));
        assert!(path.len() <= PATH && path.ends_with("/끝.hwp"), "{}", path.len());
        assert!(path.starts_with(&many[56]) && !path.contains(&many[55]), "{path}");
        // Whatever their ends are, they are two.
        let mut paths = MemberPaths::default();
        let [one, other] =
            ["하나.txt", "둘.txt"].map(|end| paths.take(&format!("{}{end}", "가".repeat(500))));
        assert!(one != other && other.ends_with("#2.txt"), "{one} {other}");
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
