//! The bytes of a stream, and whether it is whole: lopdf takes what came out of a damaged one for all of it, or nothing.

use std::borrow::Cow;

use flate2::{Decompress, FlushDecompress, Status};
use lopdf::filters::png;
use lopdf::{DecompressError, Dictionary, Error, Object, Stream};

use super::pdf_filter::{self, Decoded};

/// Bytes that may stand behind packed data: its check sum, and the ends of lines that a wrong length takes in.
const BEHIND_MOST: usize = 8;

/// Bytes for which room is made before any came out.
const ROOM_MOST: usize = 1 << 20;

/// Decodes a stream by its filters, at most `most` bytes in any step. A check sum that is wrong or missing behind packed
/// data is no loss: writers get it wrong, and every reader passes over it.
///
/// # Errors
/// A filter that is not known or what it met, or that more bytes came out.
pub(super) fn decode(stream: &Stream, most: usize) -> Result<Decoded, Error> {
    let filters = stream.filters().unwrap_or_default();
    // The library has its bound on their number.
    if filters.is_empty() || filters.len() > Stream::MAX_FILTERS {
        let bytes = stream.get_plain_content_with_limit(most)?;
        return Ok(Decoded { bytes, is_whole: true });
    }
    let parameters = stream.dict.get(b"DecodeParms").ok();
    let mut data = Cow::Borrowed(stream.content.as_slice());
    let mut is_whole = true;
    for (at, filter) in filters.iter().enumerate() {
        let parameters = match parameters {
            Some(Object::Array(all)) => all.get(at).and_then(|one| one.as_dict().ok()),
            Some(Object::Dictionary(one)) => Some(one),
            _ => None,
        };
        let (decoded, is_predicted) = match *filter {
            b"FlateDecode" | b"Fl" => (inflate(&data, most), true),
            b"LZWDecode" | b"LZW" => {
                let early =
                    parameters.and_then(|p| p.get(b"EarlyChange").and_then(Object::as_i64).ok());
                (pdf_filter::lzw(&data, early != Some(0), most), true)
            }
            b"ASCII85Decode" | b"A85" => (pdf_filter::ascii85(&data, most), false),
            b"ASCIIHexDecode" | b"AHx" => (pdf_filter::ascii_hex(&data, most), false),
            b"RunLengthDecode" | b"RL" => (pdf_filter::run_length(&data, most), false),
            // What is not decrypted stands as it is.
            b"Crypt" => continue,
            _ => {
                let bytes = by_library(filter, parameters, &data, most)?;
                (Decoded { bytes, is_whole: true }, false)
            }
        };
        is_whole &= decoded.is_whole;
        if decoded.bytes.len() > most {
            return Err(DecompressError::MemoryLimitExceeded { limit: most }.into());
        }
        let rows = if is_predicted { rows(parameters) } else { Rows::Plain };
        data = Cow::Owned(match rows {
            Rows::Plain => decoded.bytes,
            Rows::Png { pixel, row } if row <= most => {
                png::decode_frame(&decoded.bytes, pixel, row)?
            }
            // Of pictures: no text is predicted so.
            Rows::Png { .. } | Rows::Other => by_library(filter, parameters, &data, most)?,
        });
    }
    Ok(Decoded { bytes: data.into_owned(), is_whole })
}

/// How the rows of packed bytes were predicted (ISO 32000-2, section 7.4.4.4).
enum Rows {
    Plain,
    /// As in PNG, with so many bytes of a pixel and of a row.
    Png {
        pixel: usize,
        row: usize,
    },
    Other,
}

fn rows(parameters: Option<&Dictionary>) -> Rows {
    let value = |key: &[u8], usual: i64| {
        parameters.and_then(|p| p.get(key).and_then(Object::as_i64).ok()).unwrap_or(usual)
    };
    let size = |key: &[u8], usual: i64| usize::try_from(value(key, usual)).unwrap_or(1).max(1);
    let bits = size(b"Colors", 1).checked_mul(size(b"BitsPerComponent", 8));
    let row = bits.and_then(|bits| bits.checked_mul(size(b"Columns", 1)));
    match (value(b"Predictor", 1), bits, row) {
        (10..=15, Some(bits), Some(row)) => {
            Rows::Png { pixel: bits.div_ceil(8), row: row.div_ceil(8) }
        }
        (2 | 10..=15, ..) => Rows::Other,
        _ => Rows::Plain,
    }
}

/// One step of lopdf's.
fn by_library(
    filter: &[u8],
    parameters: Option<&Dictionary>,
    data: &[u8],
    most: usize,
) -> Result<Vec<u8>, Error> {
    let mut dictionary = Dictionary::new();
    dictionary.set("Filter", Object::Name(filter.to_vec()));
    if let Some(parameters) = parameters {
        dictionary.set("DecodeParms", parameters.clone());
    }
    Stream::new(dictionary, data.to_vec()).get_plain_content_with_limit(most)
}

/// Unpacks data in the zlib format (RFC 1950), or what can be had of it; a byte more than `most` if there is more.
fn inflate(data: &[u8], most: usize) -> Decoded {
    let zlib = Inflated::of(Decompress::new(true), data, most);
    // Nothing in no bytes is all of it.
    if zlib.has_ended || data.is_empty() || zlib.bytes.len() > most {
        return Decoded { bytes: zlib.bytes, is_whole: true };
    }
    // Some writers leave head and check sum out; data that ends where it should is no accident.
    if zlib.bytes.is_empty() {
        let bare = Inflated::of(Decompress::new(false), data, most);
        let is_all = bare.has_ended && data.len().saturating_sub(bare.taken) <= BEHIND_MOST;
        if is_all && !bare.bytes.is_empty() || bare.bytes.len() > most {
            return Decoded { bytes: bare.bytes, is_whole: true };
        }
    }
    // Its check sum may be all that is wrong: it goes over the bytes again without looking at that, and at the head.
    let body = data.get(2..).unwrap_or_default();
    let bare = Inflated::of(Decompress::new(false), body, most);
    if bare.has_ended && body.len().saturating_sub(bare.taken) <= BEHIND_MOST {
        return Decoded { bytes: bare.bytes, is_whole: true };
    }
    Decoded { bytes: zlib.bytes, is_whole: false }
}

/// How far packed data could be unpacked.
struct Inflated {
    bytes: Vec<u8>,
    has_ended: bool,
    /// Packed bytes that were used up.
    taken: usize,
}

impl Inflated {
    fn of(mut inflater: Decompress, data: &[u8], most: usize) -> Inflated {
        let room = data.len().saturating_mul(4).clamp(256, ROOM_MOST);
        let mut bytes = Vec::with_capacity(room.min(most.saturating_add(1)));
        let mut taken = 0;
        let has_ended = loop {
            let input = data.get(taken..).unwrap_or_default();
            let before = (taken, bytes.len());
            // What came out before an error is kept.
            let status = inflater.decompress_vec(input, &mut bytes, FlushDecompress::None);
            taken = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
            match status {
                Ok(Status::StreamEnd) => break true,
                Err(_) => break false,
                Ok(_) if bytes.len() > most => break false,
                Ok(_) if bytes.len() == bytes.capacity() => {
                    let room = most.saturating_add(1).saturating_sub(bytes.len());
                    bytes.reserve_exact(bytes.len().max(256).min(room));
                }
                Ok(_) if before == (taken, bytes.len()) => break false,
                Ok(_) => {}
            }
        };
        Inflated { bytes, has_ended, taken }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use lopdf::dictionary;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut writer =
            flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(text).unwrap();
        writer.finish().unwrap()
    }

    fn decoded(content: &[u8]) -> (Vec<u8>, bool) {
        let filters = dictionary! { "Filter" => "FlateDecode" };
        let decoded = decode(&Stream::new(filters, content.to_vec()), 1 << 20).unwrap();
        (decoded.bytes, decoded.is_whole)
    }

    fn text() -> Vec<u8> {
        (0..500).flat_map(|n| format!("수문 {n} 점검 {}\n", n * 7919).into_bytes()).collect()
    }

    #[test]
    fn what_is_cut_or_garbled_is_not_whole() {
        let whole = packed(&text());
        assert_eq!(decoded(&whole), (text(), true));
        let (bytes, is_whole) = decoded(&whole[..whole.len() / 2]);
        assert!(!is_whole && bytes.len() > 2_000 && text().starts_with(&bytes));
        let mut garbled = whole.clone();
        garbled[1000..].fill(0xFF);
        assert!(!decoded(&garbled).1);
        assert_eq!(decoded(&[0x55; 300]), (Vec::new(), false));
        assert_eq!(decoded(&[]), (Vec::new(), true));
    }

    #[test]
    fn a_check_sum_is_no_loss() {
        let whole = packed(&text());
        let end = whole.len() - 4;
        let wrong = [&whole[..end], &[1, 2, 3, 4]].concat();
        let with_line_end = [&whole[..], b"\r\n"].concat();
        let without_head = [&[0, 0], &whole[2..]].concat();
        let bare = &whole[2..end];
        for content in
            [&whole[..end], &whole[..end + 2], &wrong, &with_line_end, &without_head, bare]
        {
            assert_eq!(decoded(content), (text(), true));
        }
        assert!(!decoded(&bare[..bare.len() / 2]).1);
    }

    #[test]
    fn takes_each_filter_in_its_turn() {
        let hex: String = packed(b"abc").iter().map(|byte| format!("{byte:02x}")).collect();
        let filters = dictionary! {
            "Filter" => vec!["ASCIIHexDecode".into(), "FlateDecode".into()],
        };
        let stream = Stream::new(filters.clone(), format!("{hex}>").into_bytes());
        let whole = decode(&stream, 100).unwrap();
        assert_eq!((whole.bytes.as_slice(), whole.is_whole), (b"abc".as_slice(), true));
        let cut = Stream::new(filters, format!("{}>", &hex[..8]).into_bytes());
        assert!(!decode(&cut, 100).unwrap().is_whole);
        let rows = dictionary! { "Predictor" => 12, "Columns" => 2 };
        let filters = dictionary! { "Filter" => "FlateDecode", "DecodeParms" => rows };
        let up = Stream::new(filters, packed(&[2, 1, 2, 2, 3, 3]));
        assert_eq!(decode(&up, 100).unwrap().bytes, [1, 2, 4, 5]);
    }

    #[test]
    fn tells_what_is_cut_whatever_the_filter() {
        let decoded = |filters: &[&str], content: &[u8]| {
            let filters: Vec<Object> = filters.iter().map(|name| (*name).into()).collect();
            decode(&Stream::new(dictionary! { "Filter" => filters }, content.to_vec()), 100)
                .unwrap()
        };
        for (filter, content, text) in [
            ("ASCIIHexDecode", b"616263>".as_slice(), "abc"),
            ("AHx", b"616263>", "abc"),
            ("ASCII85Decode", b"9jqo^~>", "Man "),
            ("RunLengthDecode", &[2, 97, 98, 99, 128], "abc"),
            ("LZWDecode", &[0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01], "-----A---B"),
        ] {
            let whole = decoded(&[filter], content);
            assert_eq!(
                (whole.bytes.as_slice(), whole.is_whole),
                (text.as_bytes(), true),
                "{filter}"
            );
            assert!(!decoded(&[filter], &content[..content.len() - 2]).is_whole, "{filter}");
        }
        let twofold = decoded(&["ASCIIHexDecode", "ASCII85Decode"], b"396a716f5e>");
        assert!(twofold.bytes == b"Man " && !twofold.is_whole);
        assert!(decoded(&["Crypt", "AHx"], b"61>").is_whole);
    }

    #[test]
    fn stops_at_its_bound() {
        let filters = dictionary! { "Filter" => "FlateDecode" };
        let bomb = Stream::new(filters, packed(&vec![0; 1 << 20]));
        assert!(decode(&bomb, 1 << 20).is_ok_and(|decoded| decoded.is_whole));
        assert!(decode(&bomb, (1 << 20) - 1).is_err());
    }
}
