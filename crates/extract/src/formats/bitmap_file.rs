//! Bitmaps of Windows as documents keep them: without the head that makes a file of them.

use super::bytes::{u16_at, u32_at};

/// Bytes of the head of a file.
const FILE_HEAD: usize = 14;

/// The bitmap with that head (`BITMAPFILEHEADER`) before it, so that whoever reads pictures reads it. Bytes that have one
/// stay as they are.
pub(super) fn bitmap_file(bitmap: &[u8]) -> Vec<u8> {
    if bitmap.starts_with(b"BM") {
        return bitmap.to_vec();
    }
    let head = u32_at(bitmap, 0).unwrap_or(0) as usize;
    // How many colours the palette has, and how many bytes each takes; masks take the place of three.
    let old = head == 12;
    let depth = u16_at(bitmap, if old { 10 } else { 14 }).unwrap_or(0);
    let all = if depth <= 8 { 1usize << depth } else { 0 };
    let (colours, width) = match old {
        true => (all, 3),
        false => {
            let used = u32_at(bitmap, 32).unwrap_or(0) as usize;
            let has_masks = head == 40 && u32_at(bitmap, 16) == Some(3);
            (if used > 0 { used } else { all } + if has_masks { 3 } else { 0 }, 4)
        }
    };
    let pixels = FILE_HEAD.saturating_add(head).saturating_add(colours.saturating_mul(width));
    let size = FILE_HEAD + bitmap.len();
    let mut file = b"BM".to_vec();
    file.extend(u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes());
    file.extend([0; 4]);
    file.extend(u32::try_from(pixels.min(size)).unwrap_or(u32::MAX).to_le_bytes());
    file.extend_from_slice(bitmap);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pixels_stand_behind_the_palette() {
        let bitmap = |head: u32, depth: u16, masks: u32, colours: u32| {
            let mut bitmap = head.to_le_bytes().to_vec();
            match head {
                12 => bitmap.extend([2, 0, 2, 0, 1, 0]),
                _ => bitmap.extend([2, 0, 0, 0, 2, 0, 0, 0, 1, 0]),
            }
            bitmap.extend(depth.to_le_bytes());
            bitmap.extend(masks.to_le_bytes());
            bitmap.resize(32, 0);
            bitmap.extend(colours.to_le_bytes());
            bitmap.resize(2000, 7);
            bitmap
        };
        for (bitmap, pixels) in [
            (bitmap(40, 24, 0, 0), 54),
            (bitmap(40, 8, 0, 0), 54 + 1024),
            (bitmap(40, 8, 0, 16), 54 + 64),
            (bitmap(40, 16, 3, 0), 54 + 12),
            (bitmap(12, 4, 0, 0), 26 + 48),
            // A palette that leads out of it.
            (bitmap(40, 8, 0, u32::MAX), 2014),
        ] {
            let file = bitmap_file(&bitmap);
            assert!(file.starts_with(b"BM") && file.ends_with(&bitmap));
            assert_eq!((u32_at(&file, 2), u32_at(&file, 10)), (Some(2014), Some(pixels)));
            assert_eq!(bitmap_file(&file), file);
        }
    }
}
