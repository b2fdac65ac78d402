//! ISO-2022-KR, the seven-bit code of older Korean mail.

use encoding_rs::EUC_KR;

use super::code::Code;

/// A text in which only some lines are in this code, with these in UTF-8.
pub(super) fn lines_to_utf8(bytes: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let euc = to_euc(line);
        match line.contains(&0x0E) {
            true => lines.extend(Code::Standard(EUC_KR).decode(&euc).text.as_bytes()),
            false => lines.extend(euc),
        }
    }
    lines
}

/// The same text in EUC-KR (RFC 1557): between SO and SI each byte is that of EUC-KR without its high bit.
pub(super) fn to_euc(bytes: &[u8]) -> Vec<u8> {
    let mut euc = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            0x0E => shifted = true,
            0x0F => shifted = false,
            0x1B if rest.starts_with(b"$)C") => rest = rest.get(3..).unwrap_or_default(),
            // RFC 1557: a line ends in ASCII, whatever was shifted in it.
            b'\n' => {
                shifted = false;
                euc.push(byte);
            }
            0x21..=0x7E if shifted => euc.push(byte | 0x80),
            _ => euc.push(byte),
        }
    }
    euc
}
