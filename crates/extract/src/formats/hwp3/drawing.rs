use crate::formats::bytes::{u16_at, u32_at};

/// Bytes of what every shape says about itself, behind its size, and where in them its flags stand.
const COMMON: usize = 88;
const FLAGS: usize = 84;

/// What may follow it, by the flag that says so, and its bytes.
const OPTIONS: [(u32, usize); 4] =
    [(0x2_0000, 32), (0x1_0000, 28), (0x4_0000, 278), (0x10_0000, 5)];

/// The flag of a shape that holds text, and the bytes between its properties and the text.
const HOLDS_TEXT: u32 = 0x8_0000;
const BEFORE_TEXT: usize = 8;

/// The kind of a shape that is nothing but a box of text.
const TEXT_BOX: u16 = 6;

/// Shapes of one drawing that are looked at.
const SHAPES: usize = 10_000;

/// The places in a drawing where lists of paragraphs begin, each with what follows it.
pub(super) fn lists(block: &[u8]) -> Vec<&[u8]> {
    let mut lists = Vec::new();
    let Some((_, mut rest)) = sized(block) else { return lists };
    while lists.len() < SHAPES {
        let Some((shape, behind)) = sized(rest).filter(|(shape, _)| shape.len() >= COMMON) else {
            break;
        };
        let flags = u32_at(shape, FLAGS).unwrap_or_default();
        let mut properties = COMMON;
        for (flag, bytes) in OPTIONS {
            if flags & flag != 0 && shape.len() >= properties + bytes {
                properties += bytes;
            }
        }
        if flags & HOLDS_TEXT != 0 {
            lists.extend(shape.get(properties + BEFORE_TEXT..));
        }
        // Two blocks of its own, each with its size in front.
        let Some(behind) = sized(behind).and_then(|(_, rest)| sized(rest)).map(|(_, rest)| rest)
        else {
            break;
        };
        if u16_at(shape, 0) == Some(TEXT_BOX) {
            // Only reading its text tells where it ends, and the next shape begins.
            lists.push(behind);
            break;
        }
        rest = behind;
    }
    lists
}

/// A block that has its size in front, and what lies behind it.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let size = usize::try_from(u32_at(bytes, 0)?).ok()?;
    bytes.get(4..)?.split_at_checked(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(bytes: &[u8]) -> Vec<u8> {
        [&(bytes.len() as u32).to_le_bytes(), bytes].concat()
    }

    fn shape(kind: u16, flags: u32, rest: &[u8]) -> Vec<u8> {
        let mut shape = [&kind.to_le_bytes()[..], &[0; FLAGS - 2], &flags.to_le_bytes()].concat();
        shape.extend(rest);
        [block(&shape), block(&[1, 2, 3, 4]), block(b"")].concat()
    }

    #[test]
    fn text_stands_in_shapes() {
        let turned = [&[0; 32 + 8][..], b"turned"].concat();
        let drawing = [
            block(&[0; 24]),
            shape(2, 0, b""),
            shape(2, HOLDS_TEXT | 0x2_0000, &turned),
            shape(TEXT_BOX, 0, b""),
            b"box".to_vec(),
        ]
        .concat();
        assert_eq!(lists(&drawing), [&b"turned"[..], b"box"]);
        assert!(lists(&block(&[0; 24])).is_empty());
        assert!(lists(b"\xFF\xFF\xFF\xFF").is_empty());
        assert!(lists(b"").is_empty());
    }
}
