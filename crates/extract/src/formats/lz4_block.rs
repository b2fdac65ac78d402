//! Blocks of LZ4 (lz4_Block_format.md of its source).

use super::snappy::copy;

/// What a block unpacks to, if that is at most `most` bytes; none if it is damaged.
pub(super) fn unpack(block: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = block;
    while let Some((token, behind)) = rest.split_first() {
        rest = behind;
        let count = length(usize::from(token >> 4), &mut rest)?;
        let (literal, behind) = rest.split_at_checked(count)?;
        rest = behind;
        out.extend_from_slice(literal);
        if out.len() > most {
            return None;
        }
        // The last piece is one that stands there.
        let Some((offset, behind)) = rest.split_first_chunk() else { break };
        rest = behind;
        let count = length(usize::from(token & 15), &mut rest)?.checked_add(4)?;
        if out.len().checked_add(count)? > most {
            return None;
        }
        copy(&mut out, usize::from(u16::from_le_bytes(*offset)), count)?;
    }
    Some(out)
}

/// A length of which the first half byte is known.
fn length(first: usize, rest: &mut &[u8]) -> Option<usize> {
    let mut length = first;
    if first == 15 {
        loop {
            let (byte, behind) = rest.split_first()?;
            *rest = behind;
            length = length.checked_add((*byte).into())?;
            if *byte != 255 {
                break;
            }
        }
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stand_there_or_stood_before() {
        let block = [0x35, b'a', b'b', b'c', 3, 0, 0x10, b'x'];
        assert_eq!(unpack(&block, 100).unwrap(), b"abcabcabcabcx");
        assert!(unpack(&block, 12).is_none());
        let long = [&[0xF0, 5][..], &[b'x'; 20]].concat();
        assert_eq!(unpack(&long, 100).unwrap(), [b'x'; 20]);
        assert!(unpack(&[0x10, b'a', 9, 0], 100).is_none());
        assert!(unpack(&[0xF0, 255], 1000).is_none());
    }
}
