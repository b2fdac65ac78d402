use madang_document::shown::Shown;
use serde_json::Value;

use crate::api::{Api, part, query};
use crate::arguments::{Compare, Versions};
use crate::failure::Failure;
use crate::terminal::{
    from_to, number_of, out_all, out_json_indented, raw_text_of, shown, table, text_of,
};

/// `madang versions`.
pub(crate) fn versions(command: &Versions) -> Result<(), Failure> {
    let api = Api::reach(&command.place)?;
    let answer = api.get(&format!("/v1/documents/{}/versions", part(&command.id)))?;
    if command.json {
        return out_json_indented(&answer);
    }
    let versions = answer.get("versions").and_then(Value::as_array);
    let rows: Vec<Vec<Shown>> = versions.into_iter().flatten().map(row).collect();
    out_all(&table(&HEAD, &rows))
}

const HEAD: [&str; 7] =
    ["revision", "since", "changed", "outcome", "reader", "bytes", "characters"];

fn row(version: &Value) -> Vec<Shown> {
    let since = match (raw_text_of(version, "since"), raw_text_of(version, "until")) {
        ("", "") => "".into(),
        // The oldest that is known.
        ("", until) => shown!("until {until}"),
        (since, _) => Shown::new(since),
    };
    vec![
        shown!("{}", number_of(version, "revision")),
        since,
        shown!("{}", words(version, "changed").join(", ")),
        text_of(version, "outcome"),
        text_of(version, "format"),
        shown!("{}", number_of(version, "size")),
        shown!("{}", number_of(version, "characters")),
    ]
}

/// A field that is a list of texts.
fn words<'a>(value: &'a Value, name: &str) -> Vec<&'a str> {
    let list = value.get(name).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).collect()
}

/// `madang compare`.
pub(crate) fn compare(command: &Compare) -> Result<(), Failure> {
    let api = Api::reach(&command.place)?;
    let [from, to] = [command.from, command.to].map(|number| number.map(|n| n.to_string()));
    let pairs = [("from", from.as_deref()), ("to", to.as_deref())];
    let pairs: Vec<(&str, &str)> =
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let path = format!("/v1/documents/{}/versions/compare{}", part(&command.id), query(&pairs));
    let answer = api.get(&path)?;
    match command.json {
        true => out_json_indented(&answer),
        false => out_all(&lines(&answer)),
    }
}

/// What differs, for people.
fn lines(answer: &Value) -> Vec<Shown> {
    let (Some(from), Some(to)) = (answer.get("from"), answer.get("to")) else { return Vec::new() };
    let kinds = match words(answer, "kinds").join(", ") {
        none if none.is_empty() => "nothing differs".to_owned(),
        kinds => kinds,
    };
    let (before, after) = (number_of(from, "revision"), number_of(to, "revision"));
    let mut lines = vec![shown!("revision {before} → {after}: {kinds}")];
    for (name, what) in [
        ("outcome", "outcome"),
        ("reason", "reason"),
        ("format", "reader"),
        ("media_type", "media type"),
        ("language", "language"),
        ("store", "store"),
        ("name", "path"),
        ("size", "bytes"),
        ("characters", "characters"),
    ] {
        let nothing = Value::Null;
        let of = |version| Value::get(version, name).unwrap_or(&nothing);
        lines.extend(from_to(what, of(from), of(to)));
    }
    for property in answer.get("metadata").and_then(Value::as_array).into_iter().flatten() {
        let pair = property.get("from").zip(property.get("to"));
        let told = pair.and_then(|(from, to)| from_to(raw_text_of(property, "property"), from, to));
        lines.extend(told);
    }
    if let Some(members) = answer.get("members").filter(|members| members.is_object()) {
        for (name, sign) in [("removed", '-'), ("added", '+')] {
            lines.extend(words(members, name).iter().map(|path| shown!("  {sign} member {path}")));
        }
        if members.get("cut") == Some(&Value::Bool(true)) {
            lines.push("  …".into());
        }
        match number_of(members, "changed") {
            0 => {}
            changed => lines.push(shown!("  members changed: {changed}")),
        }
    }
    let text = answer.get("text").filter(|text| text.is_object());
    match raw_text_of(answer, "text_state") {
        "places" => lines.push("  text: the same words, elsewhere in the file".into()),
        "too_long" => lines.push("  text: too long to be compared".into()),
        "lost" => lines.push("  text: lost, so that it cannot be compared".into()),
        _ => {}
    }
    if let Some(text) = text {
        lines.extend(words(text, "lines").iter().map(|line| shown!("    {line}")));
        if text.get("cut") == Some(&Value::Bool(true)) {
            lines.push("    …".into());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_told_for_people() {
        let version = |revision, outcome, characters| {
            json!({ "revision": revision, "outcome": outcome, "format": "text/1", "size": 9,
                "media_type": "text/plain", "language": null, "reason": null, "characters": characters })
        };
        let answer = json!({
            "from": version(1, "partial", 3), "to": version(4, "ok", 4), "kinds": ["text", "outcome"],
            "metadata": [{ "property": "title", "from": null, "to": "제\u{1b}목" }],
            "members": { "removed": ["a.txt"], "added": [], "changed": 2, "cut": false },
            "text_state": "changed",
            "text": { "lines": ["@@ -1,1 +1,1 @@", "-가나", "+가나다"], "removed": 1, "added": 1, "cut": true },
        });
        let told: Vec<String> = lines(&answer).iter().map(ToString::to_string).collect();
        let expected = [
            "revision 1 → 4: text, outcome",
            "  outcome: partial → ok",
            "  characters: 3 → 4",
            "  title: nothing → 제␛목",
            "  - member a.txt",
            "  members changed: 2",
            "    @@ -1,1 +1,1 @@",
            "    -가나",
            "    +가나다",
            "    …",
        ];
        assert_eq!(told, expected);
        let same = json!({ "from": version(1, "ok", 3), "to": version(1, "ok", 3), "kinds": [],
            "metadata": [], "members": null, "text_state": "same", "text": null });
        let told: Vec<String> = lines(&same).iter().map(ToString::to_string).collect();
        assert_eq!(told, ["revision 1 → 1: nothing differs"]);
    }

    #[test]
    fn the_oldest_says_until_when_it_was() {
        let at = "2026-11-26T09:00:00Z";
        let row = |since: Option<&str>, until: Option<&str>| {
            row(&json!({ "revision": 1, "since": since, "until": until }))[1].to_string()
        };
        assert_eq!(row(None, Some(at)), format!("until {at}"));
        assert_eq!(row(Some(at), Some(at)), at);
        assert_eq!(row(None, None), "");
    }
}
