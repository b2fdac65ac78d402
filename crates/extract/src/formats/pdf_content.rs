use lopdf::{Dictionary, Document, Object, Stream};
use madang_document::part::Noun;
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::pdf_run::Run;
use super::pdf_stream;

/// The content of a page: its streams follow one another like one.
///
/// # Errors
/// Why, when nothing of it can be decoded.
pub(super) fn page_content(
    document: &Document,
    bytes: &[u8],
    page: &Dictionary,
    run: &mut Run,
) -> Result<Vec<u8>, Reason> {
    let Ok(contents) = page.get_deref(b"Contents", document) else {
        return Ok(Vec::new());
    };
    let parts = match contents {
        Object::Array(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let (mut content, mut lost) = (Vec::new(), None);
    for part in parts {
        let Ok((_, Object::Stream(stream))) = document.dereference(part) else {
            lost = Some(ReasonKind::Missing.of(Noun::Content));
            continue;
        };
        let whole = without_length(document, bytes, stream);
        let stream = whole.as_ref().unwrap_or(stream);
        match pdf_stream::decode(stream, run.content_left) {
            // The shortest that a filter makes of nothing has a few bytes.
            Ok(decoded) if decoded.bytes.is_empty() && stream.content.len() > 16 => {
                lost = Some(ReasonKind::NotDecoded.of(Noun::Content));
            }
            Ok(decoded) => {
                if !decoded.is_whole {
                    lost = Some(ReasonKind::Damaged.of(Noun::AnyPart));
                }
                run.content_left -= decoded.bytes.len().min(run.content_left);
                content.extend_from_slice(&decoded.bytes);
                content.push(b'\n');
            }
            Err(error) => {
                let broken = ReasonKind::Broken(Quote::of(&error));
                lost = Some(ReasonKind::NotDecoded.of(Noun::Content).because(broken));
            }
        }
    }
    match lost {
        Some(error) if content.is_empty() => Err(error),
        Some(_) => {
            run.text.lose(ReasonKind::Damaged.of(Noun::AnyPart));
            Ok(content)
        }
        None => Ok(content),
    }
}

/// A stream that does not say how long it is and so came out empty: it goes on to its end mark.
fn without_length(document: &Document, bytes: &[u8], stream: &Stream) -> Option<Stream> {
    let is_lost = stream.content.is_empty() && !document.was_encrypted();
    let rest = bytes.get(stream.start_position.filter(|_| is_lost)?..)?;
    let end = rest.windows(9).position(|w| w == b"endstream")?;
    let content = rest.get(..end).unwrap_or_default().to_vec();
    Some(Stream::new(stream.dict.clone(), content))
}
