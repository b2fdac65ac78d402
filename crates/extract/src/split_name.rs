//! Names of the parts of archives that were split: each packer counts in its own way, and a part without the others
//! is no archive.

use madang_document::reason_kind::ReasonKind;

/// Archives whose parts are numbered behind the whole name, as in `기록.7z.002`.
const NUMBERED: [&str; 8] = ["zip", "7z", "rar", "egg", "alz", "tar", "gz", "tgz"];

/// What is told of a part.
pub(crate) const JOIN: ReasonKind = ReasonKind::SplitPart(None);

/// Whether a name is that of a part of a split archive: `.7z.001`, `.z01` and `.zip` beside it (the last part, which
/// its name does not tell), `.part2.rar`, `.r00`, `.vol2.egg`, `.a00` (ALZ).
pub(crate) fn is_part(name: &str) -> bool {
    let name = name.to_lowercase();
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    let before = stem.rsplit_once('.').map_or("", |(_, before)| before);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let counted = |start: &str| before.strip_prefix(start).is_some_and(digits);
    match extension {
        "rar" => counted("part"),
        "egg" => counted("vol"),
        _ if digits(extension) => extension.len() == 3 && NUMBERED.contains(&before),
        _ => ["z", "r", "a"].iter().any(|letter| {
            extension.strip_prefix(letter).is_some_and(|rest| rest.len() == 2 && digits(rest))
        }),
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
