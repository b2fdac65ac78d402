//! Names of the parts of archives that were split: each packer counts in its own way, and a part without the others
//! is no archive.

use madang_document::reason_kind::ReasonKind;

/// Archives whose parts are numbered behind the whole name, as in `기록.7z.002`.
const NUMBERED: [&str; 12] =
    ["zip", "7z", "rar", "egg", "alz", "tar", "gz", "tgz", "bz2", "xz", "cab", "iso"];

/// What is told of a part.
pub(crate) const JOIN: ReasonKind = ReasonKind::SplitPart(None);

/// Whether a name is that of a part of a split archive that is numbered behind the whole name, as `기록.tar.002` is: then it
/// is one, even if what is stored in it reads as text.
pub(crate) fn is_numbered_part(name: &str) -> bool {
    let name = name.to_lowercase();
    let Some((stem, number)) = name.rsplit_once('.') else { return false };
    let archive = stem.rsplit_once('.').map_or("", |(_, archive)| archive);
    number.len() == 3 && digits(number) && NUMBERED.contains(&archive)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a name is that of a part of a split archive: `.7z.001`, `.z01` and `.zip` beside it (the last part, which
/// its name does not tell), `.part2.rar`, `.r00`, `.vol2.egg`, `.a00` (ALZ); behind `.z99` stands `.z100`, behind `.r99`
/// `.s00`, behind `.a99` `.b00`.
pub(crate) fn is_part(name: &str) -> bool {
    if is_numbered_part(name) {
        return true;
    }
    let name = name.to_lowercase();
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    let before = stem.rsplit_once('.').map_or("", |(_, before)| before);
    let counted = |start: &str| before.strip_prefix(start).is_some_and(digits);
    match extension {
        "rar" => counted("part"),
        "egg" => counted("vol"),
        _ => [("z", 2..=3), ("r", 2..=2), ("s", 2..=2), ("a", 2..=2), ("b", 2..=2)].iter().any(
            |(letter, length)| {
                let rest = extension.strip_prefix(letter);
                rest.is_some_and(|rest| length.contains(&rest.len()) && digits(rest))
            },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_their_names() {
        for name in [
            "기록.7z.001",
            "기록.ZIP.012",
            "기록.z01",
            "기록.z100",
            "기록.s00",
            "기록.b07",
            "기록.part2.rar",
            "기록.r00",
            "기록.vol2.egg",
            "기록.a00",
            "a.tar.gz.001",
        ] {
            assert!(is_part(name), "{name}");
        }
        for name in
            ["기록.zip", "기록.2026.001", "기록.rar", "part2.rar", "a.r", "a.z1", "z01", "기록.egg"]
        {
            assert!(!is_part(name), "{name}");
        }
    }
}
