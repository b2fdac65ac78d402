//! Degrees, minutes and seconds, in which EXIF and XMP say a place on earth.

/// An axis of places on earth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Latitude,
    Longitude,
}

/// These parts as degrees, negative in the south and in the west. What is more than there is, or below nought though a point of
/// the compass says the side, is no place.
pub(super) fn signed(parts: [f64; 3], axis: Axis, is_negative: bool) -> Option<f64> {
    let [degrees, minutes, seconds] = parts;
    let most = match axis {
        Axis::Latitude => 90.0,
        Axis::Longitude => 180.0,
    };
    let degrees = degrees + minutes / 60.0 + seconds / 3600.0;
    let degrees = Some(degrees).filter(|degrees| (0.0..=most).contains(degrees))?;
    // A ten-millionth is a centimetre.
    let degrees = (degrees * 1e7).round() / 1e7;
    Some(if is_negative { -degrees } else { degrees })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_degrees_of_an_axis() {
        for (parts, axis, is_negative, expected) in [
            ([37.0, 33.99, 0.0], Axis::Latitude, false, Some(37.5665)),
            ([126.0, 58.0, 41.0], Axis::Longitude, true, Some(-126.978_055_6)),
            ([90.0, 0.0, 0.0], Axis::Latitude, true, Some(-90.0)),
            ([90.0, 0.0, 1.0], Axis::Latitude, false, None),
            ([126.0, 0.0, 0.0], Axis::Latitude, false, None),
            ([-1.0, 0.0, 0.0], Axis::Longitude, false, None),
            ([f64::NAN, 0.0, 0.0], Axis::Longitude, false, None),
            ([f64::INFINITY, 0.0, 0.0], Axis::Longitude, false, None),
        ] {
            assert_eq!(signed(parts, axis, is_negative), expected, "{parts:?}");
        }
    }
}
