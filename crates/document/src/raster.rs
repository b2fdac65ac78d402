//! A small picture as bare pixels: no file, so nothing in it is parsed by whoever takes it over.

/// What one pixel is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shades {
    /// One byte: how light it is.
    Gray,
    /// Three bytes: red, green, blue.
    Rgb,
}

impl Shades {
    /// Bytes of one pixel.
    pub fn bytes(self) -> usize {
        match self {
            Shades::Gray => 1,
            Shades::Rgb => 3,
        }
    }
}

/// A picture as bare pixels, row by row from the top, without gaps. It has as many bytes as its sides and its shades say:
/// there is no other way to make one.
#[derive(Clone, PartialEq, Eq)]
pub struct Raster {
    width: u16,
    height: u16,
    shades: Shades,
    pixels: Vec<u8>,
}

impl Raster {
    /// The bytes that a picture of these sides has; none where a side is nothing, or longer than any file of pictures can
    /// say.
    pub fn length(width: u32, height: u32, shades: Shades) -> Option<usize> {
        let side = |side: u32| u16::try_from(side).ok().filter(|side| *side > 0).map(usize::from);
        side(width)?.checked_mul(side(height)?)?.checked_mul(shades.bytes())
    }

    /// A picture of these pixels; none if they are not as many as the sides and shades say.
    pub fn new(width: u32, height: u32, shades: Shades, pixels: Vec<u8>) -> Option<Raster> {
        if Raster::length(width, height, shades)? != pixels.len() {
            return None;
        }
        let (width, height) = (u16::try_from(width).ok()?, u16::try_from(height).ok()?);
        Some(Raster { width, height, shades, pixels })
    }

    /// Pixels from side to side.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Pixels from top to bottom.
    pub fn height(&self) -> u16 {
        self.height
    }

    /// What a pixel is made of.
    pub fn shades(&self) -> Shades {
        self.shades
    }

    /// The pixels.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels, without the picture.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }
}

impl std::fmt::Debug for Raster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Raster({}x{}, {:?})", self.width, self.height, self.shades)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_as_many_bytes_as_its_sides_say() {
        for (width, height, shades, bytes, is_one) in [
            (2, 3, Shades::Gray, 6, true),
            (2, 3, Shades::Rgb, 18, true),
            (2, 3, Shades::Rgb, 17, false),
            (2, 3, Shades::Gray, 7, false),
            (0, 3, Shades::Gray, 0, false),
            (3, 0, Shades::Rgb, 0, false),
            (65_535, 1, Shades::Gray, 65_535, true),
            (65_536, 1, Shades::Gray, 65_536, false),
            (u32::MAX, u32::MAX, Shades::Rgb, 9, false),
        ] {
            let raster = Raster::new(width, height, shades, vec![7; bytes]);
            assert_eq!(raster.is_some(), is_one, "{width}x{height} {shades:?} {bytes}");
        }
    }
}
