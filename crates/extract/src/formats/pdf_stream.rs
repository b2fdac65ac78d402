//! The bytes of a stream, and whether it is whole: lopdf takes what came out of a damaged one for all of it.

use std::borrow::Cow;

use flate2::{Decompress, FlushDecompress, Status};
use lopdf::filters::png;
use lopdf::{DecompressError, Dictionary, Error, Object, Stream};

/// Bytes that may stand behind packed data: its check sum, and the ends of lines that a wrong length takes in.
const BEHIND_MOST: usize = 8;

/// Bytes for which room is made before any came out.
const ROOM_MOST: usize = 1 << 20;

/// What came out of a stream.
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// Whether the packed data went to its end. A check sum that is wrong or missing behind that is no loss: writers get
    /// it wrong, and every reader passes over it.
    pub(super) is_whole: bool,
}

/// Decodes a stream by its filters, at most `most` bytes in any step.
///
/// # Errors
/// A filter that is not known or what it met, or that more bytes came out.
pub(super) fn decode(stream: &Stream, most: usize) -> Result<Decoded, Error> {
    let filters = stream.filters().unwrap_or_default();
    let is_packed = filters.iter().any(|filter| is_flate(filter));
    // The other filters are lopdf's, and it has its bound on their number.
    if !is_packed || filters.len() > Stream::MAX_FILTERS {
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
        let decoded = match is_flate(filter) {
            true => {
                let inflated = inflate(&data, most);
                is_whole &= inflated.is_whole;
                if inflated.bytes.len() > most {
                    return Err(DecompressError::MemoryLimitExceeded { limit: most }.into());
                }
                match rows(parameters) {
                    Rows::Plain => inflated.bytes,
                    Rows::Png { pixel, row } if row <= most => {
                        png::decode_frame(&inflated.bytes, pixel, row)?
                    }
                    // Of pictures: no text is predicted so.
                    Rows::Png { .. } | Rows::Other => by_library(filter, parameters, &data, most)?,
                }
            }
            false => by_library(filter, parameters, &data, most)?,
        };
        data = Cow::Owned(decoded);
    }
    Ok(Decoded { bytes: data.into_owned(), is_whole })
}

fn is_flate(filter: &[u8]) -> bool {
    filter == b"FlateDecode"
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
        for content in [&whole[..end], &whole[..end + 2], &wrong, &with_line_end, &without_head] {
            assert_eq!(decoded(content), (text(), true));
        }
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
    fn stops_at_its_bound() {
        let filters = dictionary! { "Filter" => "FlateDecode" };
        let bomb = Stream::new(filters, packed(&vec![0; 1 << 20]));
        assert!(decode(&bomb, 1 << 20).is_ok_and(|decoded| decoded.is_whole));
        assert!(decode(&bomb, (1 << 20) - 1).is_err());
    }
}
