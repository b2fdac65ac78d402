use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use madang_document::raster::{Raster, Shades};

/// Quality, of 100.
const QUALITY: u8 = 80;

/// A file of JPEG with these pixels. This is the one place where a picture becomes a file: what a child hands over are
/// pixels, of which any number means something, and a browser is given no byte that was made where foreign bytes are read.
pub fn jpeg_file(raster: &Raster) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, QUALITY);
    // Most previews are pages of text: colour at half the resolution frays coloured letters.
    encoder.set_sampling_factor(SamplingFactor::R_4_4_4);
    let kind = match raster.shades() {
        Shades::Gray => ColorType::Luma,
        Shades::Rgb => ColorType::Rgb,
    };
    let encoded = encoder.encode(raster.pixels(), raster.width(), raster.height(), kind);
    // Memory takes all that is written to it, and a raster has as many bytes as its sides say: there is nothing else that
    // the encoder refuses.
    debug_assert!(encoded.is_ok(), "{encoded:?}");
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_become_a_file_of_the_same_sides() {
        for (shades, bytes, components) in [(Shades::Gray, 1, 1), (Shades::Rgb, 3, 3)] {
            for (width, height) in [(480u16, 320u16), (1, 1), (1, 480), (65_535, 1)] {
                let pixels = usize::from(width) * usize::from(height) * bytes;
                let pixels = (0..pixels).map(|n| n as u8).collect();
                let raster = Raster::new(width.into(), height.into(), shades, pixels).unwrap();
                let file = jpeg_file(&raster);
                assert!(file.starts_with(&[0xFF, 0xD8, 0xFF]) && file.ends_with(&[0xFF, 0xD9]));
                // The head of the frame (ITU T.81, B.2.2): its mark, length, precision, sides, components.
                let at = file.windows(2).position(|mark| mark == [0xFF, 0xC0]).unwrap();
                let head = &file[at + 5..at + 10];
                let [high, low] = height.to_be_bytes();
                let [left, right] = width.to_be_bytes();
                assert_eq!(head, [high, low, left, right, components]);
            }
        }
    }
}
