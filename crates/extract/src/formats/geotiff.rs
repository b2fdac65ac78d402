//! Where on earth a picture lies (OGC GeoTIFF 1.1): the reference system, the edges, the size of a pixel.

use madang_document::metadata::{Metadata, Value};

use super::ifd::Ifd;

/// The part of the file that says it.
const PART: &str = "GeoTIFF";

/// Tags (OGC 19-008r4, section 7).
const PIXEL_SCALE: u16 = 33550;
const TIE_POINT: u16 = 33922;
const TRANSFORMATION: u16 = 34264;
const KEYS: u16 = 34735;
const TEXTS: u16 = 34737;

/// Keys: the reference system of a map and that of a globe, and what they are called.
const PROJECTED: f64 = 3072.0;
const GEODETIC: f64 = 2048.0;
const CITATIONS: [f64; 3] = [3073.0, 2049.0, 1026.0];

/// A number that says that the system is described and has none.
const USER_DEFINED: f64 = 32767.0;

/// Keys that are looked at.
const KEYS_MOST: usize = 500;

/// Sets what the directory says of a picture of this size.
pub(super) fn read(ifd: &Ifd<'_>, (width, height): (u32, u32), metadata: &mut Metadata) {
    let numbers = ifd.numbers(KEYS);
    let keys: Vec<&[f64]> = numbers.chunks_exact(4).skip(1).take(KEYS_MOST).collect();
    let place = Placement::of(ifd);
    if keys.is_empty() && place.is_none() {
        return;
    }
    let mut properties = metadata.at(PART);
    let code = |wanted: f64| {
        let key = keys
            .iter()
            .find(|key| matches!(key, [id, place, ..] if *id == wanted && *place == 0.0))?;
        let code = *key.get(3)?;
        (code > 0.0 && code < USER_DEFINED).then_some(code as u32)
    };
    properties.set_some("geo.epsg", code(PROJECTED).or_else(|| code(GEODETIC)));
    let texts = ifd.bytes(TEXTS).unwrap_or_default();
    let citation = |wanted: f64| {
        let key = keys.iter().find(
            |key| matches!(key, [id, place, ..] if *id == wanted && *place == f64::from(TEXTS)),
        )?;
        let (length, at) = (*key.get(2)? as usize, *key.get(3)? as usize);
        let text = texts.get(at..at.checked_add(length)?.min(texts.len()))?;
        let text = super::korean_bytes::tag_text(text.split(|byte| *byte == 0).next()?);
        Some(text.trim_end_matches('|').to_owned()).filter(|text| !text.trim().is_empty())
    };
    properties.set_some("geo.reference_system", CITATIONS.into_iter().find_map(citation));
    if let Some(place) = place {
        let (right, bottom) = (f64::from(width), f64::from(height));
        let corners = [(0.0, 0.0), (right, 0.0), (0.0, bottom), (right, bottom)];
        let corners = corners.map(|corner| place.of_pixel(corner));
        let edge = |pick: fn(f64, f64) -> f64, at: fn(&(f64, f64)) -> f64| {
            corners.iter().map(at).fold(f64::NAN, pick)
        };
        let bounds = [
            edge(f64::min, |(x, _)| *x),
            edge(f64::min, |(_, y)| *y),
            edge(f64::max, |(x, _)| *x),
            edge(f64::max, |(_, y)| *y),
        ];
        if bounds.iter().all(|edge| edge.is_finite()) {
            properties.set("geo.bounds", Value::from(bounds.to_vec()));
            let size = [place.across.0.hypot(place.across.1), place.down.0.hypot(place.down.1)];
            properties.set("geo.pixel_size", Value::from(size.to_vec()));
        }
    }
}

/// How a pixel becomes a place.
struct Placement {
    origin: (f64, f64),
    /// By how much one pixel across moves it, and one down.
    across: (f64, f64),
    down: (f64, f64),
}

impl Placement {
    fn of(ifd: &Ifd<'_>) -> Option<Placement> {
        if let [a, b, _, d, e, f, _, h, ..] = *ifd.numbers(TRANSFORMATION).as_slice() {
            return Some(Placement { origin: (d, h), across: (a, e), down: (b, f) });
        }
        let scale = ifd.numbers(PIXEL_SCALE);
        let tie = ifd.numbers(TIE_POINT);
        let ([wide, high, ..], [column, row, _, x, y, ..]) = (scale.as_slice(), tie.as_slice())
        else {
            return None;
        };
        // Rows go south.
        let origin = (x - column * wide, y + row * high);
        Some(Placement { origin, across: (*wide, 0.0), down: (0.0, -high) })
    }

    fn of_pixel(&self, (column, row): (f64, f64)) -> (f64, f64) {
        let x = self.origin.0 + column * self.across.0 + row * self.down.0;
        let y = self.origin.1 + column * self.across.1 + row * self.down.1;
        (x, y)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ifd::{Ifds, made};
    use super::*;

    fn doubles(numbers: &[f64]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn read_of(values: &[made::Value<'_>]) -> Metadata {
        let file = made::tiff(&[values]);
        let ifds = Ifds::open(&file).unwrap();
        let mut metadata = Metadata::default();
        read(&ifds.first().unwrap(), (200, 100), &mut metadata);
        metadata
    }

    #[test]
    fn an_orthophoto_has_its_edges_and_its_reference_system() {
        let keys = [1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 5186, 3073, 34737, 25, 0];
        let keys: Vec<u8> = keys.into_iter().flat_map(u16::to_le_bytes).collect();
        let scale = doubles(&[0.25, 0.25, 0.0]);
        let tie = doubles(&[0.0, 0.0, 0.0, 237_287.5, 319_845.5, 0.0]);
        let metadata = read_of(&[
            (PIXEL_SCALE, 12, &scale),
            (TIE_POINT, 12, &tie),
            (KEYS, 3, &keys),
            (TEXTS, 2, b"Korea 2000 / Central Belt|\0"),
        ]);
        assert_eq!(metadata.integer("geo.epsg"), Some(5186));
        assert_eq!(metadata.text("geo.reference_system"), Some("Korea 2000 / Central Belt"));
        let bounds = vec![237_287.5, 319_820.5, 237_337.5, 319_845.5];
        assert_eq!(metadata.get("geo.bounds"), Some(&bounds.into()));
        assert_eq!(metadata.get("geo.pixel_size"), Some(&vec![0.25, 0.25].into()));
    }

    #[test]
    fn a_turned_one_has_edges_around_it() {
        let mut matrix = [0.0; 16];
        (matrix[1], matrix[3], matrix[4], matrix[7]) = (1.0, 500.0, 1.0, 700.0);
        let metadata = read_of(&[(TRANSFORMATION, 12, &doubles(&matrix))]);
        let bounds = vec![500.0, 700.0, 600.0, 900.0];
        assert_eq!(metadata.get("geo.bounds"), Some(&bounds.into()));
    }

    #[test]
    fn a_plain_picture_has_no_place() {
        assert!(read_of(&[(256, 3, &[1, 0])]).is_empty());
        let nonsense = doubles(&[f64::MAX, f64::MAX, 0.0]);
        let tie = doubles(&[f64::MIN; 6]);
        assert!(read_of(&[(PIXEL_SCALE, 12, &nonsense), (TIE_POINT, 12, &tie)]).is_empty());
    }
}
