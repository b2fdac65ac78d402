use madang_document::counted::counted;
use madang_document::locale::Locale;
use madang_document::locator::Locator;
use madang_document::shown::Shown;
use serde::Deserialize;
use serde_json::Value;

use crate::api::{Api, part, query};
use crate::arguments::{Search, Show};
use crate::failure::Failure;
use crate::terminal::{
    line, lines, number_of, out, out_all, out_json, out_marked, path_of, shown, text_of,
    whole_path_of,
};
use crate::terminal_locale::{sentence, terminal_locale, told_in};

/// `madang search`.
pub(crate) fn search(command: &Search) -> Result<(), Failure> {
    let limit = command.limit.to_string();
    let mut pairs = vec![("q", command.query.as_str()), ("limit", limit.as_str())];
    for (name, values) in [
        ("agency", &command.agency),
        ("kind", &command.kind),
        ("type", &command.media_type),
        ("lang", &command.lang),
        ("outcome", &command.outcome),
        ("reason", &command.reason),
        ("pipeline", &command.pipeline),
    ] {
        pairs.extend(values.iter().map(|value| (name, value.as_str())));
    }
    for (name, value) in [
        ("path", &command.path),
        ("ocr", &command.ocr),
        ("from", &command.from),
        ("to", &command.to),
        ("sort", &command.sort),
    ] {
        pairs.extend(value.as_deref().map(|value| (name, value)));
    }
    let api = Api::reach(&command.place)?;
    let found = api.get(&format!("/v1/search{}", query(&pairs)))?;
    if command.json {
        return out_json(&found);
    }
    let hits = found.get("hits").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for hit in hits {
        out_marked(&[(text_of(hit, "title"), true)])?;
        let place = place(hit).map_or_else(String::new, |place| format!("  [{place}]"));
        out(&shown!("  {}{place}", path_of(hit, "path")))?;
        out(&shown!(
            "  {}  {}  {}",
            text_of(hit, "id"),
            text_of(hit, "media_type"),
            text_of(hit, "agency")
        ))?;
        if let Some(snippet) = hit.get("snippet") {
            let mut parts = highlighted(snippet);
            if !parts.is_empty() {
                parts.insert(0, (shown!("  "), false));
                out_marked(&parts)?;
            }
        }
        out(&Shown::default())?;
    }
    let total = number_of(&found, "total");
    line(&shown!("{} of {}", hits.len(), counted(total, "document", "documents")));
    if let Some(missing) = missing(&found, api.is_service()) {
        line(&missing);
    }
    Ok(())
}

/// Where in the document the passage stands, in words.
fn place(hit: &Value) -> Option<String> {
    Locator::deserialize(hit.get("locator")?).ok()?.words(Locale::English)
}

/// Whose documents the answer is without, and why; none if it is whole. What a service builds anew, nobody does where
/// none runs.
fn missing(found: &Value, is_service: bool) -> Option<Shown> {
    let agencies: Vec<&str> =
        found.get("missing")?.as_array()?.iter().filter_map(Value::as_str).collect();
    if agencies.is_empty() {
        return None;
    }
    let cure = match is_service {
        true => "is being built anew; ask again in a while",
        false => "must be built anew: `madang up` does so by itself, or run `madang index rebuild`",
    };
    Some(shown!("not in this answer: {}, whose index {cure}", agencies.join(", ")))
}

/// A snippet on one line, in parts that are highlighted or not; none if it is blank.
fn highlighted(snippet: &Value) -> Vec<(Shown, bool)> {
    let text: Vec<char> =
        snippet.get("text").and_then(Value::as_str).unwrap_or_default().chars().collect();
    let ranges = snippet.get("highlights").and_then(Value::as_array);
    let mut parts: Vec<(&[char], bool)> = Vec::new();
    let mut at = 0;
    for range in ranges.into_iter().flatten() {
        let of =
            |n: usize| range.get(n).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let (Some(start), Some(end)) = (of(0), of(1)) else { continue };
        let (Some(before), Some(hit)) = (text.get(at..start), text.get(start..end)) else {
            continue;
        };
        parts.extend([(before, false), (hit, true)]);
        at = end;
    }
    parts.push((text.get(at..).unwrap_or_default(), false));
    if text.iter().all(|c| c.is_whitespace()) {
        return Vec::new();
    }
    // Breaks and runs of blanks are one blank, across the parts as well.
    let mut blank = true;
    let on_one_line = |part: &[char]| {
        part.iter().fold(String::new(), |mut out, c| {
            match c.is_whitespace() {
                true if blank => {}
                true => out.push(' '),
                false => out.push(*c),
            }
            blank = c.is_whitespace();
            out
        })
    };
    let texts: Vec<String> = parts.iter().map(|(part, _)| *part).map(on_one_line).collect();
    texts.iter().zip(parts).map(|(text, (_, hit))| (Shown::new(text), hit)).collect()
}

/// `madang show`.
pub(crate) fn show(command: &Show) -> Result<(), Failure> {
    let api = Api::reach(&command.place)?;
    let id = part(&command.id);
    let document = api.get(&format!("/v1/documents/{id}"))?;
    let text = api.get(&format!("/v1/documents/{id}/text"))?;
    if command.json {
        let mut whole = document;
        if let (Some(whole), Some(segments)) = (whole.as_object_mut(), text.get("segments")) {
            whole.insert("segments".into(), segments.clone());
        }
        return out_json(&whole);
    }
    out_marked(&[(text_of(&document, "title"), true)])?;
    out(&shown!("{:12} {}", "path", whole_path_of(&document, "path")))?;
    for name in ["agency", "pipeline", "media_type", "language", "outcome"] {
        out_field(&document, name)?;
    }
    let locale = terminal_locale();
    let why = told_in(locale, &document, "reason", "reason_ko");
    if let Some(why) = why {
        out(&shown!("{:12} {why}", "reason"))?;
    }
    let noted = document.get("warnings").and_then(Value::as_array).into_iter().flatten();
    for note in noted.filter_map(|it| told_in(locale, it, "message", "message_ko")) {
        if Some(note) != why {
            out(&shown!("{:12} {note}", "note"))?;
        }
    }
    let headway = document.get("progress").and_then(|progress| progress.get("sentence"));
    if headway.is_some() {
        out(&shown!("{:12} {}", "progress", sentence(headway)))?;
    }
    out_field(&document, "sha256")?;
    for (name, value) in document.get("metadata").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        out(&shown!("{name:12} {value}"))?;
    }
    for segment in text.get("segments").and_then(Value::as_array).into_iter().flatten() {
        out(&Shown::default())?;
        out_all(&lines(segment.get("text").and_then(Value::as_str).unwrap_or_default()))?;
    }
    Ok(())
}

/// A field with its name; nothing if it has no value.
fn out_field(document: &Value, name: &str) -> Result<(), Failure> {
    match document.get(name) {
        Some(Value::String(value)) => out(&shown!("{name:12} {value}")),
        Some(Value::Number(value)) => out(&shown!("{name:12} {value}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_hit_is_said_in_words() {
        for (locator, told) in [
            (
                serde_json::json!({ "cell": { "sheet": "침수 피해 접수 현황", "row": 3, "column": 1 } }),
                { Some("침수 피해 접수 현황!A3") },
            ),
            (serde_json::json!({ "page": { "number": 2, "bounds": null } }), Some("p. 2")),
            (serde_json::json!({ "time": { "start_ms": 65_000, "end_ms": 70_000 } }), Some("1:05")),
            (serde_json::json!({ "whole": {} }), None),
            (Value::Null, None),
        ] {
            let hit = serde_json::json!({ "locator": locator });
            assert_eq!(place(&hit).as_deref(), told, "{hit}");
        }
    }

    #[test]
    fn an_answer_that_is_not_whole_says_whose_documents_it_is_without() {
        let found = |missing: &[&str]| serde_json::json!({ "total": 0, "missing": missing });
        for is_service in [true, false] {
            assert_eq!(missing(&found(&[]), is_service), None);
            let told = missing(&found(&["1741000", "5360000"]), is_service).unwrap();
            assert!(told.as_str().contains("1741000, 5360000"), "{told}");
            assert_eq!(told.as_str().contains("madang index rebuild"), !is_service, "{told}");
        }
    }

    #[test]
    fn a_snippet_is_one_line_whatever_is_in_it() {
        let snippet = serde_json::json!({
            "text": " 가\n\u{1b}[2K나 다\r\n라\u{202e} ", "highlights": [[3, 8], [9, 12]],
        });
        let parts = highlighted(&snippet);
        let text: String = parts.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(text, "가 ␛[2K나 다 라\\u{202e} ");
        let hits: Vec<&str> =
            parts.iter().filter(|(_, hit)| *hit).map(|(text, _)| text.as_str()).collect();
        assert_eq!(hits, ["␛[2K나", "다 "]);
        assert_eq!(highlighted(&serde_json::json!({ "text": " \n" })), []);
    }
}
