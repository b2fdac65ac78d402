//! Blocks of Snappy (format_description.txt of its source): a length, then pieces that stand there or stood before.

/// What a block unpacks to, if that is at most `most` bytes; none if it is damaged.
pub(super) fn unpack(block: &[u8], most: usize) -> Option<Vec<u8>> {
    let (mut length, mut rest) = (0u64, block);
    for n in 0..5 {
        let (byte, behind) = rest.split_first()?;
        rest = behind;
        length |= u64::from(byte & 0x7F) << (7 * n);
        if byte & 0x80 == 0 {
            break;
        }
    }
    let length = usize::try_from(length).ok().filter(|length| *length <= most)?;
    let mut out = Vec::with_capacity(length);
    while let Some((tag, behind)) = rest.split_first() {
        rest = behind;
        let mut number = |bytes: usize| {
            let (number, behind) = rest.split_at_checked(bytes)?;
            rest = behind;
            Some(number.iter().rev().fold(0usize, |all, byte| all << 8 | usize::from(*byte)))
        };
        let upper = usize::from(tag >> 2);
        let (offset, count) = match tag & 3 {
            0 => {
                let count = match upper {
                    long @ 60.. => number(long - 59)?,
                    count => count,
                };
                let (literal, behind) = rest.split_at_checked(count.checked_add(1)?)?;
                rest = behind;
                out.extend_from_slice(literal);
                (0, 0)
            }
            1 => (usize::from(tag >> 5) << 8 | number(1)?, (upper & 7) + 4),
            2 => (number(2)?, upper + 1),
            _ => (number(4)?, upper + 1),
        };
        if out.len() + count > length {
            return None;
        }
        copy(&mut out, offset, count)?;
    }
    (out.len() == length).then_some(out)
}

/// Adds so many bytes that stood `offset` before the end; what is added may be among them.
pub(super) fn copy(out: &mut Vec<u8>, offset: usize, count: usize) -> Option<()> {
    if count == 0 {
        return Some(());
    }
    let from = out.len().checked_sub(offset).filter(|_| offset > 0)?;
    for at in from..from + count {
        out.push(*out.get(at)?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stand_there_or_stood_before() {
        // "abc", then nine bytes from three before.
        let block = [12, 2 << 2, b'a', b'b', b'c', 5 << 2 | 1, 3];
        assert_eq!(unpack(&block, 100).unwrap(), b"abcabcabcabc");
        assert!(unpack(&block, 11).is_none());
        let two = [6, 2 << 2, b'a', b'b', b'c', 2 << 2 | 2, 3, 0];
        assert_eq!(unpack(&two, 100).unwrap(), b"abcabc");
        for damaged in [&block[..5], &[], &[4, 1, 9], &[0xFF; 9], &[3, 60 << 2, 200]] {
            assert!(unpack(damaged, 100).is_none(), "{damaged:?}");
        }
    }
}
