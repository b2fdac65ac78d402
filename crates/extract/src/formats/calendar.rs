//! Calendars (RFC 5545): each event's words, place and time.

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata::{DESCRIPTION, TITLE};

use super::content_line::{split, unescaped, unfolded, unfolded_bytes};
use super::date;
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "calendar",
    version: 2,
    media_types: &["text/calendar"],
    sniff,
    media_type: |_| "text/calendar",
    extract,
};

fn sniff(probe: &Probe<'_>) -> Match {
    let Some(text) = probe.text() else { return Match::No };
    let first = text.trim_start().get(..15).unwrap_or_default();
    if first.eq_ignore_ascii_case("BEGIN:VCALENDAR") { Match::Magic } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read_joined(blob, context, &mut content, |_| None, unfolded_bytes)?;
    let mut lines: Vec<String> = Vec::new();
    let mut within = Vec::new();
    let (mut number, mut events) = (0u32, 0u32);
    for line in unfolded(&decoded.text) {
        let Some((name, value)) = split(&line) else { continue };
        let name = name.split(';').next().unwrap_or_default().to_ascii_uppercase();
        let part = within.last().map(String::as_str).unwrap_or_default();
        let is_event = matches!(part, "VEVENT" | "VTODO" | "VJOURNAL");
        match name.as_str() {
            "BEGIN" if within.len() < 32 => within.push(value.trim().to_ascii_uppercase()),
            "BEGIN" => {}
            "END" => {
                within.pop();
                if is_event {
                    number = number.saturating_add(1);
                    let text = std::mem::take(&mut lines).join("\n");
                    content.push_text(text, Locator::Paragraph { number });
                    context.progress();
                    events += 1;
                }
            }
            "X-WR-CALNAME" => content.metadata.at("X-WR-CALNAME").set(TITLE, unescaped(value)),
            "X-WR-CALDESC" => {
                content.metadata.at("X-WR-CALDESC").set(DESCRIPTION, unescaped(value));
            }
            "METHOD" => content.metadata.at("METHOD").set("calendar.method", value),
            _ if !is_event => {}
            "SUMMARY" | "LOCATION" | "DESCRIPTION" | "COMMENT" | "CONTACT" => {
                let value = unescaped(value);
                if events == 0 && name == "SUMMARY" {
                    content.metadata.at("SUMMARY").add(TITLE, value.as_str());
                }
                if events == 0 && name == "LOCATION" {
                    content.metadata.at("LOCATION").set("calendar.location", value.as_str());
                }
                lines.push(value);
            }
            "CATEGORIES" | "RESOURCES" => lines.push(unescaped(value)),
            "DTSTART" | "DTEND" | "DUE" => {
                let Some(time) = time(value) else { continue };
                lines.push(time.clone());
                let property = if name == "DTSTART" { "calendar.start" } else { "calendar.end" };
                if events == 0 {
                    content.metadata.at(&name).set(property, time);
                }
            }
            "ORGANIZER" | "ATTENDEE" => lines.push(person(&line, value)),
            _ => {}
        }
    }
    content.push_text(lines.join("\n"), Locator::Paragraph { number: number.saturating_add(1) });
    Ok(content)
}

/// `20260302T093000Z` or `20260302` as RFC 3339.
fn time(value: &str) -> Option<String> {
    let digits: String = value.chars().filter(char::is_ascii_digit).take(14).collect();
    let part = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse().ok());
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let zone = if value.trim_end().ends_with('Z') { "Z" } else { "" };
    let clock = [part(8, 10).unwrap_or(0), part(10, 12).unwrap_or(0), part(12, 14).unwrap_or(0)];
    let [hour, minute, second] = clock;
    let whole = date::rfc3339([year, month, day, hour, minute, second], zone)?;
    match digits.len() {
        8 => whole.get(..10).map(str::to_owned),
        _ => Some(whole),
    }
}

/// A name and an address.
fn person(line: &str, value: &str) -> String {
    let address = value.trim();
    let address = match address.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => address.get(7..).unwrap_or(""),
        _ => address,
    };
    let name = line.split_once("CN=").map(|(_, rest)| match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default(),
        None => rest.split([';', ':']).next().unwrap_or_default(),
    });
    match name.filter(|name| !name.is_empty() && *name != address) {
        Some(name) if address.is_empty() => name.to_owned(),
        Some(name) => format!("{name} <{address}>"),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_people() {
        assert_eq!(time("20260302T093000Z").as_deref(), Some("2026-03-02T09:30:00Z"));
        assert_eq!(time("20260302").as_deref(), Some("2026-03-02"));
        assert_eq!(time("soon"), None);
        let line = "ATTENDEE;CN=\"홍길동\";RSVP=TRUE:mailto:hong@example.go.kr";
        assert_eq!(person(line, "mailto:hong@example.go.kr"), "홍길동 <hong@example.go.kr>");
    }
}
