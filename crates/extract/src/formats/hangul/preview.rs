use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageReader, Limits};
use madang_document::content::Preview;
use madang_document::locator::Locator;

use crate::context::Context;

/// Bytes of a stored preview picture that are looked at; 한글 writes some tens of kilobytes.
pub(in crate::formats) const LARGEST: u64 = 16 << 20;

/// Quality of the JPEG file, from 1 to 100.
const QUALITY: u8 = 80;

/// Decodes the preview picture that the word processor stored and encodes it anew, no larger than the limit.
///
/// # Errors
/// One sentence that says why there is no preview.
pub(in crate::formats) fn preview(
    picture: &[u8],
    context: &Context<'_>,
) -> Result<Preview, String> {
    let mut reader = ImageReader::new(Cursor::new(picture))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    // Four bytes per pixel, and as much again for the decoder's own rows.
    limits.max_alloc = Some(context.limits.pixels.saturating_mul(8).min(context.unpacked_left()));
    reader.limits(limits);
    let image = reader.decode().map_err(|error| error.to_string())?;
    context.spend_unpacked(image.as_bytes().len() as u64).map_err(|error| error.to_string())?;
    let longest = context.limits.preview.max(1);
    let image = if image.width() > longest || image.height() > longest {
        image.thumbnail(longest, longest)
    } else {
        image
    };
    let image = on_white(&image);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode_image(&image)
        .map_err(|error| error.to_string())?;
    Ok(Preview { locator: Locator::Whole {}, width: image.width(), height: image.height(), jpeg })
}

/// Paper is white: JPEG has no transparency, and dropping it would turn clear pixels black.
fn on_white(image: &DynamicImage) -> image::RgbImage {
    if !image.color().has_alpha() {
        return image.to_rgb8();
    }
    let rgba = image.to_rgba8();
    image::RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [red, green, blue, alpha] = rgba.get_pixel(x, y).0;
        let over = |c: u8| {
            let (c, alpha) = (u32::from(c), u32::from(alpha));
            u8::try_from((c * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
        };
        image::Rgb([over(red), over(green), over(blue)])
    })
}
