//! What cameras write only into their maker's notes and no tag of EXIF says: by how much their clock was set off UTC.

use super::ifd::{Ifd, Ifds};
use crate::blob::read_range;

/// Canon's record of its time zone, and Nikon's.
const CANON_TIME: u16 = 0x0035;
const NIKON_TIME: u16 = 0x0024;

/// The offset from UTC that the notes say; none if they say none. `make` is the maker's name, `place` where the notes lie.
pub(super) fn offset(ifd: &Ifd<'_>, make: &str, place: (u64, u64)) -> Option<String> {
    let (at, length) = place;
    let minutes = if make.starts_with("Canon") {
        // A directory whose places count from the start of the structure.
        let notes = Ifds::at(ifd.blob(), ifd.ifds().is_little(), at);
        let record = notes.first()?.numbers(CANON_TIME);
        // The zone, and by how much the summer's time is before it.
        *record.get(1)? + record.get(3).copied().unwrap_or(0.0)
    } else if make.to_ascii_uppercase().starts_with("NIKON") {
        // A name, a version, then a structure of its own.
        let bytes = read_range(ifd.blob(), at, length.min(1 << 16)).ok()?;
        let own = bytes.strip_prefix(b"Nikon\0")?.get(4..)?;
        let notes = Ifds::open(&own)?;
        let [a, b, daylight, ..] = *notes.first()?.bytes(NIKON_TIME)?.as_slice() else {
            return None;
        };
        let zone =
            if notes.is_little() { i16::from_le_bytes([a, b]) } else { i16::from_be_bytes([a, b]) };
        f64::from(zone) + if daylight == 1 { 60.0 } else { 0.0 }
    } else {
        return None;
    };
    // A zone is whole quarters of an hour.
    let is_zone = (-720.0..=840.0).contains(&minutes) && minutes % 15.0 == 0.0;
    is_zone.then(|| {
        let (sign, minutes) = (if minutes < 0.0 { '-' } else { '+' }, minutes.abs() as u32);
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    })
}

#[cfg(test)]
mod tests {
    use super::super::ifd::made;
    use super::*;

    #[test]
    fn reads_what_two_makers_write() {
        // Nikon's notes: a structure of its own behind ten bytes.
        let own = made::tiff(&[&[(NIKON_TIME, 7, &[0x1C, 2, 0, 0])]]);
        let notes = [b"Nikon\0\x02\x10\0\0".as_slice(), &own].concat();
        let file = made::tiff(&[&[(0x927C, 7, &notes)]]);
        let ifds = Ifds::open(&file).unwrap();
        let ifd = ifds.first().unwrap();
        let place = ifd.place(0x927C).unwrap();
        assert_eq!(offset(&ifd, "NIKON CORPORATION", place).as_deref(), Some("+09:00"));
        assert_eq!(offset(&ifd, "Canon", place), None);
        assert_eq!(offset(&ifd, "SONY", place), None);
        // Canon's: a directory with places that count from the start of the file.
        let time: Vec<u8> = [16i32, -270, 0, 60].into_iter().flat_map(i32::to_le_bytes).collect();
        let file = made::tiff(&[&[(CANON_TIME, 9, &time)]]);
        let ifds = Ifds::open(&file).unwrap();
        let ifd = ifds.first().unwrap();
        assert_eq!(offset(&ifd, "Canon", (8, 40)).as_deref(), Some("-03:30"));
    }
}
