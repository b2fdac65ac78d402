use serde_json::Value;

use crate::api::{Api, part, query};
use crate::arguments::{Search, Show};
use crate::failure::Failure;
use crate::progress::{line, out};
use crate::terminal::{mark, text_of};

/// `madang search`.
pub(crate) fn search(command: &Search) -> Result<(), Failure> {
    let limit = command.limit.to_string();
    let mut pairs = vec![("q", command.query.as_str()), ("limit", limit.as_str())];
    for (name, values) in [
        ("agency", &command.agency),
        ("kind", &command.kind),
        ("type", &command.media_type),
        ("lang", &command.lang),
    ] {
        pairs.extend(values.iter().map(|value| (name, value.as_str())));
    }
    for (name, value) in [("from", &command.from), ("to", &command.to), ("sort", &command.sort)] {
        pairs.extend(value.as_deref().map(|value| (name, value)));
    }
    let found = Api::reach(&command.place)?.get(&format!("/v1/search{}", query(&pairs)))?;
    if command.json {
        out(&found.to_string())?;
        return Ok(());
    }
    let hits = found.get("hits").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for hit in hits {
        out(&mark(text_of(hit, "title")))?;
        let place = match hit.get("url").and_then(Value::as_str).and_then(|url| url.split_once('#'))
        {
            Some((_, place)) => format!("  [{place}]"),
            None => String::new(),
        };
        out(&format!("  {}{place}", text_of(hit, "path")))?;
        out(&format!(
            "  {}  {}  {}",
            text_of(hit, "id"),
            text_of(hit, "media_type"),
            text_of(hit, "agency")
        ))?;
        if let Some(snippet) = hit.get("snippet") {
            let text = highlighted(snippet);
            if !text.trim().is_empty() {
                out(&format!("  {text}"))?;
            }
        }
        out("")?;
    }
    let total = found.get("total").and_then(Value::as_u64).unwrap_or(0);
    line(&format!("{} of {total} documents", hits.len()));
    Ok(())
}

/// A snippet on one line, its highlights marked.
fn highlighted(snippet: &Value) -> String {
    let text: Vec<char> = text_of(snippet, "text").chars().collect();
    let ranges = snippet.get("highlights").and_then(Value::as_array);
    let mut out = String::new();
    let mut at = 0;
    for range in ranges.into_iter().flatten() {
        let of =
            |n: usize| range.get(n).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let (Some(start), Some(end)) = (of(0), of(1)) else { continue };
        let (Some(before), Some(hit)) = (text.get(at..start), text.get(start..end)) else {
            continue;
        };
        out.extend(before);
        out.push_str(&mark(&hit.iter().collect::<String>()));
        at = end;
    }
    out.extend(text.get(at..).unwrap_or_default());
    out.split_whitespace().collect::<Vec<_>>().join(" ")
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
        out(&whole.to_string())?;
        return Ok(());
    }
    out(&mark(text_of(&document, "title")))?;
    for name in
        ["path", "agency", "pipeline", "media_type", "language", "outcome", "reason", "sha256"]
    {
        match document.get(name) {
            Some(Value::String(value)) => out(&format!("{name:12} {value}"))?,
            Some(Value::Number(value)) => out(&format!("{name:12} {value}"))?,
            _ => {}
        }
    }
    for (name, value) in document.get("metadata").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        out(&format!("{name:12} {value}"))?;
    }
    for segment in text.get("segments").and_then(Value::as_array).into_iter().flatten() {
        out("")?;
        out(text_of(segment, "text"))?;
    }
    Ok(())
}
