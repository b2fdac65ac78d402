//! Calendars (RFC 5545): each event's words, place and time.

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata::{DESCRIPTION, TITLE};
use madang_document::outcome::Outcome;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;
use mail_parser::decoders::base64::base64_decode;

use super::content_line::{self, split, unescaped, unfolded_bytes, whole_lines};
use super::date;
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::unpack::{leave_member, take_member};

pub(super) const FORMAT: Format = Format {
    name: "calendar",
    version: 5,
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
    let mut within: Vec<String> = Vec::new();
    // Parts that are open and lie deeper than any calendar has them: they are counted, and end before the others do.
    let mut deeper = 0u64;
    let mut paths = MemberPaths::default();
    let mut goes_on = true;
    let mut zones = Zones::default();
    let (mut number, mut events) = (0u32, 0u32);
    let mut is_too_deep = false;
    for line in whole_lines(&decoded.text) {
        let Some((name, value)) = split(&line) else { continue };
        let value = &*content_line::decoded(name, value);
        let (name, parameters) = name.split_once(';').unwrap_or((name, ""));
        let name = name.to_ascii_uppercase();
        let part = within.last().map(String::as_str).unwrap_or_default();
        let is_event = holds_words(part);
        match name.as_str() {
            "BEGIN" if within.len() < DEEPEST => within.push(value.trim().to_ascii_uppercase()),
            "BEGIN" => {
                deeper += 1;
                is_too_deep = true;
            }
            "END" if deeper > 0 => deeper -= 1,
            _ if deeper > 0 => {}
            "END" => {
                let ended = value.trim().to_ascii_uppercase();
                // What begins in it ends with it, though nothing says so.
                let Some(at) = within.iter().rposition(|part| *part == ended) else { continue };
                within.truncate(at);
                if holds_words(&ended) {
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
            "TZID" if part == "VTIMEZONE" => zones.begin(value),
            "TZOFFSETTO" if matches!(part, "STANDARD" | "DAYLIGHT") => zones.add(value),
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
            "ATTACH" if goes_on => {
                goes_on = attached(parameters, value, &mut paths, context, &mut content);
            }
            "CATEGORIES" | "RESOURCES" => lines.push(unescaped(value)),
            "DTSTART" | "DTEND" | "DUE" => {
                let Some(time) = time(value, zones.offset_in(parameters)) else { continue };
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
    if is_too_deep {
        content.lost(ReasonKind::TooDeep(DEEPEST as u64).of(Noun::CalendarParts));
    } else if let Some(open) = within.pop() {
        content.lost(ReasonKind::EndsWithin(Part::from(&open)).of(Noun::File));
    }
    Ok(content)
}

/// Parts of a calendar in one another: an alarm in an event in a calendar is three deep.
const DEEPEST: usize = 256;

/// Takes a file that stands in the calendar itself (RFC 5545, section 3.8.1.1) as a member; an address of one is none.
/// Gives whether another may be taken.
fn attached(
    parameters: &str,
    value: &str,
    paths: &mut MemberPaths,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    let parameter = |name: &str| {
        let of = |one: &str| {
            let (found, value) = one.split_once('=')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim_matches('"').to_owned())
        };
        parameters.split(';').find_map(of)
    };
    if !parameter("ENCODING").is_some_and(|encoding| encoding.eq_ignore_ascii_case("BASE64")) {
        return true;
    }
    // The names that Apple's, Google's and Microsoft's programs give it.
    let name = ["FILENAME", "X-FILENAME", "X-APPLE-FILENAME", "X-LABEL"];
    let name = name.iter().find_map(|name| parameter(name));
    let path = paths.take(&name.unwrap_or_else(|| "attachment".to_owned()));
    match base64_decode(value.trim().as_bytes()) {
        Some(bytes) => take_member(bytes.as_slice(), &path, None, context, content),
        None => {
            let reason = ReasonKind::NotDecoded.into();
            leave_member(&path, None, Outcome::Corrupt, reason, context, content)
        }
    }
}

/// Whether a part of a calendar is something that people look for: not an alarm, which says the same again or nothing.
fn holds_words(part: &str) -> bool {
    matches!(part, "VEVENT" | "VTODO" | "VJOURNAL")
}

/// The zones that a calendar lays down (RFC 5545, section 3.6.5), by their names, with what they are ahead of UTC.
#[derive(Debug, Default)]
struct Zones(Vec<(String, Offset)>);

/// What a zone is ahead of UTC.
#[derive(Debug)]
enum Offset {
    Unsaid,
    Always(String),
    /// By the time of the year.
    Changing,
}

impl Zones {
    /// Zones of a calendar that are looked at.
    const MOST: usize = 64;

    fn begin(&mut self, name: &str) {
        if self.0.len() < Zones::MOST {
            self.0.push((name.trim().to_owned(), Offset::Unsaid));
        }
    }

    /// Adds what the last one is ahead of UTC at some time of the year.
    fn add(&mut self, value: &str) {
        let Some((_, ahead)) = self.0.last_mut() else { return };
        let added = date::offset(value);
        *ahead = match ahead {
            Offset::Unsaid => Offset::Always(added),
            Offset::Always(before) if *before == added => return,
            _ => Offset::Changing,
        };
    }

    /// The offset of a time with these parameters; nothing where it depends on the time of the year, or nothing says it.
    fn offset_in(&self, parameters: &str) -> &str {
        let named = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.eq_ignore_ascii_case("TZID").then(|| value.trim_matches('"'))
        });
        let zone = self.0.iter().find(|(name, _)| Some(name.as_str()) == named);
        match zone {
            Some((_, Offset::Always(offset))) => offset,
            _ => "",
        }
    }
}

/// `20260302T093000Z` or `20260302` as RFC 3339; a time without a zone of its own is in one with this offset.
fn time(value: &str, offset: &str) -> Option<String> {
    let digits: String = value.chars().filter(char::is_ascii_digit).take(14).collect();
    let part = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse().ok());
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let zone = if value.trim_end().ends_with('Z') { "Z" } else { offset };
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
    fn a_zone_that_is_always_as_far_ahead_is_known() {
        let mut zones = Zones::default();
        zones.begin("Korea Standard Time");
        zones.add("+0900");
        zones.begin("W. Europe Standard Time");
        zones.add("+0100");
        zones.add("+0200");
        zones.begin("(UTC+09:00) 서울");
        for (parameters, offset) in [
            ("TZID=\"Korea Standard Time\"", "+09:00"),
            ("VALUE=DATE-TIME;tzid=Korea Standard Time", "+09:00"),
            ("TZID=W. Europe Standard Time", ""),
            ("TZID=(UTC+09:00) 서울", ""),
            ("TZID=Asia/Seoul", ""),
            ("", ""),
        ] {
            assert_eq!(zones.offset_in(parameters), offset, "{parameters}");
        }
    }

    #[test]
    fn times_and_people() {
        assert_eq!(time("20260302T093000Z", "+09:00").as_deref(), Some("2026-03-02T09:30:00Z"));
        let local = time("20260302T093000", "+09:00");
        assert_eq!(local.as_deref(), Some("2026-03-02T09:30:00+09:00"));
        assert_eq!(time("20260302", "+09:00").as_deref(), Some("2026-03-02"));
        assert_eq!(time("soon", ""), None);
        let line = "ATTENDEE;CN=\"홍길동\";RSVP=TRUE:mailto:hong@example.go.kr";
        assert_eq!(person(line, "mailto:hong@example.go.kr"), "홍길동 <hong@example.go.kr>");
    }
}
