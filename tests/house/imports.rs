//! Which file of a crate imports which: reads paths in source text, for the rule that no two import each other.

use std::collections::{BTreeMap, BTreeSet};

/// A module that has a file of its own: the names on the way from the crate's root; none for the root.
pub(crate) type Module = Vec<String>;

/// The arrows between the files of one crate. What stands in a file's own test modules counts as well; a file that only
/// tests see (`#[cfg(test)] mod x;`) does not.
pub(crate) fn arrows(files: &BTreeMap<Module, String>) -> BTreeMap<Module, BTreeSet<Module>> {
    let words: BTreeMap<&Module, Vec<&str>> =
        files.iter().map(|(module, text)| (module, words(text))).collect();
    let tests: BTreeSet<Module> = words
        .iter()
        .flat_map(|(module, words)| test_files(words).map(|name| child(module, name)))
        .collect();
    let own = |module: &Module| !tests.iter().any(|test| module.starts_with(test));
    words
        .iter()
        .filter(|(module, _)| own(module))
        .map(|(module, words)| {
            let to = imports(module, words, files);
            ((*module).clone(), to.into_iter().filter(own).collect())
        })
        .collect()
}

/// A shortest circle of arrows, its first file once more at its end; none if there is no circle.
pub(crate) fn circle(arrows: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<Module>> {
    arrows.keys().filter_map(|start| way_back(start, arrows)).min_by_key(Vec::len)
}

/// The shortest way from a file back to itself.
fn way_back(start: &Module, arrows: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<Module>> {
    let mut seen: BTreeSet<&Module> = BTreeSet::new();
    let mut ways = vec![vec![start]];
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in way.last().and_then(|last| arrows.get(*last)).into_iter().flatten() {
                if next == start {
                    return Some(way.into_iter().chain([start]).cloned().collect());
                }
                if seen.insert(next) {
                    longer.push(way.iter().copied().chain([next]).collect());
                }
            }
        }
        ways = longer;
    }
    None
}

/// Every path of several names in a source text, with all branches of its braces: `use a::{b, c::d};` holds `a::b` and
/// `a::c::d`.
pub(crate) fn paths(text: &str) -> Vec<Vec<&str>> {
    let words = words(text);
    let mut paths = Vec::new();
    let mut rest = words.as_slice();
    while let [_, others @ ..] = rest {
        if let [_, "::", ..] = rest {
            read_path(&mut rest, &mut Vec::new(), &mut paths);
        } else {
            rest = others;
        }
    }
    paths
}

/// Whether a source text names this, outside of comments and texts.
pub(crate) fn names(text: &str, name: &str) -> bool {
    words(text).contains(&name)
}

fn child(module: &Module, name: &str) -> Module {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

/// The names of `#[cfg(test)] mod name;`.
fn test_files<'a>(words: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    words.windows(10).filter_map(|window| match window {
        ["#", "[", "cfg", "(", "test", ")", "]", "mod", name, ";"] => Some(*name),
        _ => None,
    })
}

/// The other files that a file names by `crate::…`, `super::…`, `self::…` or by a child of its own.
fn imports(module: &Module, words: &[&str], files: &BTreeMap<Module, String>) -> BTreeSet<Module> {
    let mut found = BTreeSet::new();
    // Modules that are open in this file, each with the depth of braces in which it stands.
    let mut inner: Vec<(String, usize)> = Vec::new();
    let mut depth = 0usize;
    let mut at = 0;
    while at < words.len() {
        let follows = at.checked_sub(1).and_then(|before| words.get(before)) == Some(&"::");
        match words[at..] {
            ["mod", name, "{", ..] => {
                inner.push((name.to_owned(), depth));
                depth += 1;
                at += 3;
                continue;
            }
            // Who may see it is no import.
            ["pub", "(", "in", ..] => {
                at += words[at..].iter().position(|word| *word == ")").unwrap_or(1);
                continue;
            }
            ["{", ..] => depth += 1,
            ["}", ..] => {
                depth = depth.saturating_sub(1);
                inner.pop_if(|(_, opened)| *opened == depth);
            }
            [first, "::", ..] if !follows => {
                let here: Module = module
                    .iter()
                    .cloned()
                    .chain(inner.iter().map(|(name, _)| name.clone()))
                    .collect();
                let is_path = matches!(first, "crate" | "super" | "self")
                    || (inner.is_empty() && files.contains_key(&child(module, first)));
                if is_path {
                    let mut rest = &words[at..];
                    let mut paths = Vec::new();
                    read_path(&mut rest, &mut Vec::new(), &mut paths);
                    found.extend(paths.iter().filter_map(|path| file_of(path, &here, files)));
                }
            }
            _ => {}
        }
        at += 1;
    }
    found.remove(module);
    found
}

/// Reads a path, with all branches of its braces.
fn read_path<'a>(words: &mut &[&'a str], so_far: &mut Vec<&'a str>, paths: &mut Vec<Vec<&'a str>>) {
    let before = so_far.len();
    loop {
        match **words {
            ["{", ..] => {
                *words = &words[1..];
                while !matches!(**words, [] | ["}", ..]) {
                    let left = words.len();
                    read_path(words, so_far, paths);
                    // A new name, a comma: whatever stands between two branches.
                    while !matches!(**words, [] | ["}", ..] | [",", ..]) {
                        *words = &words[1..];
                    }
                    if let [",", ..] = **words {
                        *words = &words[1..];
                    }
                    if words.len() == left {
                        break;
                    }
                }
                *words = words.get(1..).unwrap_or_default();
                break;
            }
            [name, "::", ..] => {
                so_far.push(name);
                *words = &words[2..];
            }
            [name, ..] => {
                so_far.push(name);
                *words = &words[1..];
                paths.push(so_far.clone());
                break;
            }
            [] => break,
        }
    }
    so_far.truncate(before);
}

/// The file in which a path leads, seen from the module `here`.
fn file_of(path: &[&str], here: &Module, files: &BTreeMap<Module, String>) -> Option<Module> {
    let mut place = here.clone();
    let mut names = path;
    match path.first() {
        Some(&"crate") => {
            place.clear();
            names = &path[1..];
        }
        Some(&"self") => names = &path[1..],
        Some(&"super") => {
            while let Some((&"super", rest)) = names.split_first() {
                place.pop();
                names = rest;
            }
        }
        _ => {}
    }
    place.extend(names.iter().map(|name| (*name).to_owned()));
    // The deepest file on the way; what comes behind it is an item in it.
    while !files.contains_key(&place) {
        place.pop()?;
    }
    Some(place)
}

/// The words of a source text, without comments and texts.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            '"' => text_length(rest),
            'r' | 'b' | 'c' if raw_text_length(rest).is_some() => {
                raw_text_length(rest).unwrap_or(1)
            }
            '\'' => letter_length(rest),
            _ if rest.starts_with("::") => {
                words.push(&rest[..2]);
                2
            }
            c if c.is_alphanumeric() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                let end = end.unwrap_or(rest.len());
                words.push(&rest[..end]);
                end
            }
            c if c.is_whitespace() => c.len_utf8(),
            c => {
                words.push(&rest[..c.len_utf8()]);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    words
}

/// The length of a text in quotes.
fn text_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of `r"…"`, `r#"…"#`, `br"…"`; none if it is no such text.
fn raw_text_length(rest: &str) -> Option<usize> {
    let marks = rest.trim_start_matches(['b', 'c']);
    let marks = marks.strip_prefix('r')?;
    let quote = marks.find(|c| c != '#')?;
    let inside = marks[quote..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(quote));
    let start = rest.len() - inside.len();
    Some(inside.find(&end).map_or(rest.len(), |at| start + at + end.len()))
}

/// The length of a letter in quotes, or of the quote alone where it begins a lifetime.
fn letter_length(rest: &str) -> usize {
    let mut inside = rest[1..].char_indices();
    match inside.next() {
        Some((_, '\\')) => {
            // Behind the backslash the first letter may be a quote itself.
            rest[3..].find('\'').map_or(rest.len(), |at| at + 4)
        }
        Some((_, _)) if inside.next().is_some_and(|(_, c)| c == '\'') => {
            1 + rest[1..].find('\'').unwrap_or_default().max(1) + 1
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
        let module = |name: &str| -> Module {
            name.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let files = files.iter().map(|(name, text)| (module(name), (*text).to_owned())).collect();
        let arrows = arrows(&files);
        let named = |module: &Module| module.join("::");
        arrows.iter().map(|(from, to)| (named(from), to.iter().map(named).collect())).collect()
    }

    #[test]
    fn every_way_to_name_a_file_is_an_arrow() {
        let rest = [("a", ""), ("b", ""), ("b::c", ""), ("b::d", ""), ("", "")];
        let cases: [(&str, &[&str]); 17] = [
            ("use crate::a::Thing;", &["a"]),
            ("use crate::b::{self, c::{X, Y as Z}, d};", &["b", "b::c", "b::d"]),
            ("use crate::{a, b::c::*};", &["a", "b::c"]),
            ("fn f() { crate::b::d::g::<u8>(); }", &["b::d"]),
            ("fn f(x: &dyn super::a::Thing) {}", &["a"]),
            ("use crate::Thing;", &[""]),
            ("mod tests { use super::*; use crate::a::X; }", &["a"]),
            ("mod tests { use super::super::b::X; }", &["b"]),
            ("mod tests { mod more { use super::super::*; } } use super::a;", &["a"]),
            ("mod k; use k::X; fn f() { k::g() }", &["it::k"]),
            ("pub use self::k::X;", &["it::k"]),
            ("// crate::a::X\n/* crate::b */ const A: &str = \"crate::a\";", &[]),
            ("const A: &str = r#\"crate::a \" \"#; const B: char = '\"'; use crate::b::X;", &["b"]),
            ("fn f<'a>(x: &'a str) -> char { '\\'' } use crate::b::X;", &["b"]),
            ("use std::a::crate_::b; use other::a::X; fn f() { x.a; a(); }", &[]),
            ("pub(crate) fn f() {} pub(in crate::a) fn g() {}", &[]),
            ("use it::X;", &[]),
        ];
        for (text, expected) in cases {
            let files: Vec<_> = rest.iter().copied().chain([("it", text), ("it::k", "")]).collect();
            assert_eq!(of(&files)["it"], *expected, "{text}");
        }
    }

    #[test]
    fn paths_have_all_their_branches() {
        let text = "use std::{fs, io::{self, Read}}; fn f() { x::y(\"std::env\"); } // std::net";
        let found: Vec<String> = paths(text).iter().map(|path| path.join("::")).collect();
        assert_eq!(found, ["std::fs", "std::io::self", "std::io::Read", "x::y"]);
        assert!(names(text, "Read") && !names(text, "env") && !names(text, "net"));
    }

    #[test]
    fn files_that_only_tests_see_do_not_count() {
        let found = of(&[
            ("", "pub mod a; #[cfg(test)] mod trial;"),
            ("a", "#[cfg(test)] mod tests { use crate::trial::X; }"),
            ("trial", "use crate::a::Y;"),
        ]);
        assert_eq!(found["a"], Vec::<String>::new());
        assert!(!found.contains_key("trial"));
    }

    #[test]
    fn the_shortest_circle_is_found() {
        let arrows = |pairs: &[(&str, &str)]| {
            let mut arrows: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
            for (from, to) in pairs {
                arrows.entry(vec![(*from).to_owned()]).or_default().insert(vec![(*to).to_owned()]);
            }
            arrows
        };
        let straight = [("a", "b"), ("b", "c"), ("a", "c")];
        assert_eq!(circle(&arrows(&straight)), None);
        let round = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "c")];
        let found = circle(&arrows(&round)).unwrap();
        assert_eq!(found.concat(), ["c", "d", "c"]);
    }
}
