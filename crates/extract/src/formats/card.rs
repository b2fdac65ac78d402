//! Cards of people (vCard 2.1 to 4.0, RFC 6350): what an address book says of them.

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata::TITLE;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::content_line::{decoded, split, unescaped, unfolded_bytes, whole_lines};
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "card",
    version: 4,
    media_types: &["text/vcard"],
    sniff: |probe| {
        let text = probe.text().unwrap_or_default().trim_start();
        let first = text.get(..11).unwrap_or_default();
        if first.eq_ignore_ascii_case("BEGIN:VCARD") { Match::Magic } else { Match::No }
    },
    media_type: |_| "text/vcard",
    extract,
};

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let text = encoding::read_joined(blob, context, &mut content, |_| None, unfolded_bytes)?.text;
    let mut card: Vec<String> = Vec::new();
    let mut number = 0u32;
    let mut is_open = false;
    for line in whole_lines(&text) {
        let Some((name, value)) = split(&line) else { continue };
        let mut parameters = name.split(';');
        // A group may stand before the name, as in `item1.TEL`.
        let key = parameters.next().unwrap_or_default();
        let key = key.rsplit('.').next().unwrap_or_default().to_ascii_uppercase();
        match key.as_str() {
            "BEGIN" => is_open = true,
            "END" if value.trim().eq_ignore_ascii_case("VCARD") => {
                number = number.saturating_add(1);
                content.push_text(card.join("\n"), Locator::Paragraph { number });
                card.clear();
                is_open = false;
                context.progress();
            }
            "FN" | "N" | "NICKNAME" | "ORG" | "TITLE" | "ROLE" | "TEL" | "EMAIL" | "ADR"
            | "LABEL" | "NOTE" | "URL" | "CATEGORIES" | "BDAY" => {
                let value = readable(name, value);
                if key == "FN" && content.metadata.text(TITLE).is_none() {
                    content.metadata.at("FN").set(TITLE, value.as_str());
                }
                // The name in parts says again what the name in full says.
                if !value.is_empty() && !card.contains(&value) {
                    card.push(value);
                }
            }
            _ => {}
        }
    }
    content.push_text(card.join("\n"), Locator::Paragraph { number: number.saturating_add(1) });
    if is_open {
        content.lost(ReasonKind::EndsWithin("VCARD".into()).of(Noun::File));
    }
    Ok(content)
}

/// A value as people read it: its parts between blanks, decoded from the encoding that its parameters name.
fn readable(parameters: &str, value: &str) -> String {
    let value = decoded(parameters, value);
    // An escaped semicolon is a sign of the text, any other stands between parts.
    let parts = value.replace("\\;", "\u{1}");
    let parts = parts.split(';').map(|part| unescaped(&part.replace('\u{1}', ";")));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_old_and_new_cards() {
        for (parameters, value, text) in [
            ("N", "홍;길동;;;", "홍 길동"),
            ("N;CHARSET=EUC-KR;ENCODING=QUOTED-PRINTABLE", "=C8=AB;=B1=E6=B5=BF", "홍 길동"),
            ("NOTE", "a\\, b\\; c\\nd", "a, b; c\nd"),
            ("TEL;TYPE=WORK", "051-123-4567", "051-123-4567"),
        ] {
            assert_eq!(readable(parameters, value), text);
        }
    }
}
