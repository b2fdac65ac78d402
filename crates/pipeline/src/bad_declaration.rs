//! What is wrong with what people write as TOML: all of it at once, each with its line and its cure.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// A declaration that cannot be used: names the file, the place and the cure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {message}", line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct BadDeclaration {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// What is wrong, and the cure.
    pub message: String,
}

/// The table that a text holds.
///
/// # Errors
/// Everything in it that is no TOML.
pub fn table<'t>(file: &str, text: &'t str) -> Result<Spanned<DeTable<'t>>, Vec<BadDeclaration>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    match errors.is_empty() {
        true => Ok(table),
        false => Err(errors.iter().map(|error| of_toml(file, text, error)).collect()),
    }
}

/// Reads a value from a table of this text.
///
/// # Errors
/// Everything that is wrong with it: whoever mends one fault after the other wants to know of the next.
pub fn read<T: DeserializeOwned>(
    file: &str,
    text: &str,
    table: Spanned<DeTable<'_>>,
) -> Result<T, Vec<BadDeclaration>> {
    let (at, table) = (table.span(), table.into_inner());
    let of = |value: Spanned<DeValue<'_>>| T::deserialize(toml::de::ValueDeserializer::from(value));
    read_value(file, text, Spanned::new(at, DeValue::Table(table)), of)
}

/// As [`read`], by a reader of its own.
///
/// # Errors
/// Likewise.
pub fn read_value<T>(
    file: &str,
    text: &str,
    mut value: Spanned<DeValue<'_>>,
    read: impl Fn(Spanned<DeValue<'_>>) -> Result<T, toml::de::Error>,
) -> Result<T, Vec<BadDeclaration>> {
    let mut bad: Vec<BadDeclaration> = Vec::new();
    let mut taken: Vec<Taken> = Vec::new();
    loop {
        let error = match read(value.clone()) {
            Ok(value) if bad.is_empty() => return Ok(value),
            Ok(_) => return Err(bad),
            Err(error) => error,
        };
        let at = error.span().map(|span| span.start);
        let missing = quoted(error.message(), "missing field `");
        // A key that was taken out because it is wrong is not missing.
        let is_taken = missing.is_some_and(|key| {
            taken.iter().any(|taken| taken.key == key && Some(taken.table) == at)
        });
        if !is_taken {
            bad.push(of_toml(file, text, &error));
        }
        match at.and_then(|at| take_out(&mut value, at, missing.is_some())) {
            Some(key) => taken.push(key),
            None => return Err(bad),
        }
    }
}

/// A key that was taken out, so that what stands behind it can be read.
struct Taken {
    key: String,
    /// Where its table begins.
    table: usize,
}

/// Takes the innermost key out that stands at this place, or whose value begins there; where a table lacks something,
/// the whole of it.
fn take_out(value: &mut Spanned<DeValue<'_>>, at: usize, whole: bool) -> Option<Taken> {
    let start = value.span().start;
    let lacks =
        |value: &Spanned<DeValue<'_>>| value.get_ref().is_table() && value.span().contains(&at);
    match value.get_mut() {
        DeValue::Table(table) => {
            for (_, value) in table.iter_mut() {
                if let Some(taken) = take_out(value, at, whole) {
                    return Some(taken);
                }
            }
            let key = match whole {
                true => {
                    let mut keys = table.iter();
                    keys.find(|(_, value)| lacks(value)).map(|(key, _)| key.get_ref().to_string())
                }
                false => key_of(table, at),
            }?;
            table.remove(key.as_str())?;
            Some(Taken { key, table: start })
        }
        DeValue::Array(values) => {
            for value in values.iter_mut() {
                if let Some(taken) = take_out(value, at, whole) {
                    return Some(taken);
                }
            }
            let lacking = values.iter().position(lacks).filter(|_| whole)?;
            let all = std::mem::replace(values, DeArray::new()).into_iter().enumerate();
            *values = all.filter(|(n, _)| *n != lacking).map(|(_, value)| value).collect();
            Some(Taken { key: String::new(), table: start })
        }
        _ => None,
    }
}

/// The innermost key that stands at this place, or whose value does.
fn key_at(value: &DeValue<'_>, at: usize) -> Option<String> {
    match value {
        DeValue::Table(table) => {
            let inner = table.iter().find_map(|(_, value)| key_at(value.get_ref(), at));
            inner.or_else(|| key_of(table, at))
        }
        DeValue::Array(values) => values.iter().find_map(|value| key_at(value.get_ref(), at)),
        _ => None,
    }
}

fn key_of(table: &DeTable<'_>, at: usize) -> Option<String> {
    let here = |(key, value): &(&Spanned<_>, &Spanned<DeValue<'_>>)| {
        key.span().contains(&at) || value.span().contains(&at)
    };
    table.iter().find(here).map(|(key, _)| key.get_ref().to_string())
}

/// What stands between this beginning of a message and the next backquote.
fn quoted<'m>(message: &'m str, beginning: &str) -> Option<&'m str> {
    message.strip_prefix(beginning)?.split('`').next()
}

/// A TOML error with its line and key, and the nearest known key where one is unknown.
pub fn of_toml(file: &str, text: &str, error: &toml::de::Error) -> BadDeclaration {
    let span = error.span();
    let line = span
        .as_ref()
        .map(|span| text.as_bytes().iter().take(span.start).filter(|&&b| b == b'\n').count() + 1);
    let mut message = error.message().trim().to_owned();
    for kind in ["u32", "u64", "usize"] {
        message = message.replace(&format!("a nonzero {kind}"), "a whole number from 1 on");
    }
    for (rust, plain) in [
        ("path string", "a text in quotes"),
        ("a string", "a text in quotes"),
        ("a sequence", "a list"),
    ] {
        message = message.replace(&format!("expected {rust}"), &format!("expected {plain}"));
    }
    if let Some((before, name)) = message.split_once("expected struct ") {
        let rest = name.split_once(' ').map(|(_, rest)| format!(" {rest}")).unwrap_or_default();
        message = format!("{before}expected a table{rest}");
    }
    if let Some(rest) = message.strip_prefix("unknown field `")
        && let Some((unknown, expected)) = rest.split_once('`')
    {
        let nearest = expected
            .split('`')
            .skip(1)
            .step_by(2)
            .max_by(|a, b| {
                let alike = |known: &str| strsim::jaro_winkler(unknown, known);
                alike(a).total_cmp(&alike(b))
            })
            .map(|known| format!("; did you mean `{known}`?"));
        message = format!("unknown key `{unknown}`{}", nearest.unwrap_or_default());
    } else if message == "duplicate key" {
        let key = span.and_then(|span| text.get(span)).unwrap_or_default();
        message = format!("`{key}` stands here a second time: keep one of the two");
    } else if ["invalid ", "unknown variant"].iter().any(|vague| message.starts_with(vague))
        && let Some(span) = span
        && let Some(key) =
            key_at(&DeValue::Table(DeTable::parse_recoverable(text).0.into_inner()), span.start)
    {
        message = format!("`{key}`: {message}");
    }
    BadDeclaration { file: file.to_owned(), line, message }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "read, and looked at by nobody")]
    struct Whole {
        name: String,
        weight: std::num::NonZeroU32,
        folder: Option<std::path::PathBuf>,
        #[serde(default)]
        parts: Vec<Part>,
        inner: Option<Part>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "likewise")]
    struct Part {
        url: String,
        takes: Option<Vec<String>>,
    }

    fn faults(text: &str) -> Vec<String> {
        let whole = table("a.toml", text).and_then(|table| read::<Whole>("a.toml", text, table));
        match whole {
            Ok(_) => Vec::new(),
            Err(bad) => bad.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn every_fault_is_told_with_its_line_and_its_key() {
        for (text, told) in [
            ("name = \"a\"\nweight = 1\n", &[] as &[&str]),
            (
                "name = 3\nweight = 1\n",
                &["a.toml:1: `name`: invalid type: integer `3`, expected a text in quotes"],
            ),
            (
                "nmae = \"a\"\nweight = \"much\"\n[inner]\nurl = true\ntakes = \"all\"\nurrl = 1\n",
                &[
                    "a.toml:1: unknown key `nmae`; did you mean `name`?",
                    "a.toml:2: `weight`: invalid type: string \"much\", expected a whole number from 1 on",
                    "a.toml:4: `url`: invalid type: boolean `true`, expected a text in quotes",
                    "a.toml:5: `takes`: invalid type: string \"all\", expected a list",
                    "a.toml:6: unknown key `urrl`; did you mean `url`?",
                    "missing field `name`",
                ],
            ),
            (
                "name = \"a\"\nweight = 1\n[[parts]]\nurl = 1\n[[parts]]\n[[parts]]\nurl = 2\n",
                &["a.toml:4: `url`", "missing field `url`", "a.toml:7: `url`"],
            ),
            (
                "name = \"a\"\nweight = 1\ninner = 7\nfolder = 8\n",
                &[
                    "a.toml:3: `inner`: invalid type: integer `7`, expected a table",
                    "a.toml:4: `folder`: invalid type: integer `8`, expected a text in quotes",
                ],
            ),
            (
                "name = \"a\"\n[inner]\ntakes = [\"x\", 3]\n",
                &["missing field `weight`", "missing field `url`", "a.toml:3: `takes`: "],
            ),
            (
                "name = \"a\"\nweight = 1\nname = \"b\"\n",
                &["a.toml:3: `name` stands here a second time"],
            ),
        ] {
            let found = faults(text);
            assert_eq!(found.len(), told.len(), "{text}: {found:#?}");
            for told in told {
                assert!(found.iter().any(|found| found.contains(told)), "{told}: {found:#?}");
            }
        }
    }
}
