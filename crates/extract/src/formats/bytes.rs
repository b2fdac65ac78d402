//! Little-endian numbers at an offset of foreign bytes; none where the bytes end before them.

pub(super) fn u8_at(data: &[u8], at: usize) -> Option<u8> {
    data.get(at).copied()
}

pub(super) fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

pub(super) fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

pub(super) fn u64_at(data: &[u8], at: usize) -> Option<u64> {
    data.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

pub(super) fn f64_at(data: &[u8], at: usize) -> Option<f64> {
    data.get(at..)?.first_chunk().map(|bytes| f64::from_le_bytes(*bytes))
}

/// The number in front, and what stands behind it.
pub(super) fn split_u32(data: &[u8]) -> Option<(u32, &[u8])> {
    data.split_first_chunk().map(|(number, rest)| (u32::from_le_bytes(*number), rest))
}

/// `length` bytes from `at` on; fewer where the data ends before.
pub(super) fn piece(data: &[u8], at: usize, length: usize) -> &[u8] {
    let end = at.saturating_add(length).min(data.len());
    data.get(at..end).unwrap_or_default()
}
