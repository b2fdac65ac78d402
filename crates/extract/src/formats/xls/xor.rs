use encoding_rs::EUC_KR;

/// The array with which Excel 5 to 2003 obfuscate a workbook (MS-OFFCRYPTO, section 2.3.7, method 1).
pub(super) struct XorArray([u8; 16]);

/// The longest password, bytes.
const LONGEST: usize = 15;

/// What stands behind a shorter one (section 2.3.7.2).
const PAD: [u8; LONGEST] =
    [0xBB, 0xFF, 0xFF, 0xBA, 0xFF, 0xFF, 0xB9, 0x80, 0x00, 0xBE, 0x0F, 0x00, 0xBF, 0x0F, 0x00];

/// What the key of a password of 1, 2, 3 … bytes begins with.
const START: [u16; LONGEST] = [
    0xE1F0, 0x1D0F, 0xCC9C, 0x84C0, 0x110C, 0x0E10, 0xF1CE, 0x313E, 0x1872, 0xE139, 0xD40F, 0x84F9,
    0x280C, 0xA96A, 0x4EC3,
];

/// What each of the seven bits of a byte adds to it; the row of the last byte is the last.
const MATRIX: [[u16; 7]; LONGEST] = [
    [0xAEFC, 0x4DD9, 0x9BB2, 0x2745, 0x4E8A, 0x9D14, 0x2A09],
    [0x7B61, 0xF6C2, 0xFDA5, 0xEB6B, 0xC6F7, 0x9DCF, 0x2BBF],
    [0x4563, 0x8AC6, 0x05AD, 0x0B5A, 0x16B4, 0x2D68, 0x5AD0],
    [0x0375, 0x06EA, 0x0DD4, 0x1BA8, 0x3750, 0x6EA0, 0xDD40],
    [0xD849, 0xA0B3, 0x5147, 0xA28E, 0x553D, 0xAA7A, 0x44D5],
    [0x6F45, 0xDE8A, 0xAD35, 0x4A4B, 0x9496, 0x390D, 0x721A],
    [0xEB23, 0xC667, 0x9CEF, 0x29FF, 0x53FE, 0xA7FC, 0x5FD9],
    [0x47D3, 0x8FA6, 0x0F6D, 0x1EDA, 0x3DB4, 0x7B68, 0xF6D0],
    [0xB861, 0x60E3, 0xC1C6, 0x93AD, 0x377B, 0x6EF6, 0xDDEC],
    [0x45A0, 0x8B40, 0x06A1, 0x0D42, 0x1A84, 0x3508, 0x6A10],
    [0xAA51, 0x4483, 0x8906, 0x022D, 0x045A, 0x08B4, 0x1168],
    [0x76B4, 0xED68, 0xCAF1, 0x85C3, 0x1BA7, 0x374E, 0x6E9C],
    [0x3730, 0x6E60, 0xDCC0, 0xA9A1, 0x4363, 0x86C6, 0x1DAD],
    [0x3331, 0x6662, 0xCCC4, 0x89A9, 0x0373, 0x06E6, 0x0DCC],
    [0x1021, 0x2042, 0x4084, 0x8108, 0x1231, 0x2462, 0x48C4],
];

impl XorArray {
    /// The array of a password, if the file states the same key and verifier for it. Passwords were bytes of the code
    /// page, which in Korea is that of CP949.
    pub(super) fn of(password: &str, key: u16, verifier: u16) -> Option<XorArray> {
        let (password, _, unknown) = EUC_KR.encode(password);
        let length = password.len();
        if unknown || !(1..=LONGEST).contains(&length) {
            return None;
        }
        let own = own_key(&password)?;
        if own != key || proof(&password) != verifier {
            return None;
        }
        let mut bytes = password.iter().chain(&PAD);
        Some(XorArray(std::array::from_fn(|n| {
            let [low, high] = own.to_le_bytes();
            let mask = if n % 2 == 0 { low } else { high };
            (bytes.next().copied().unwrap_or_default() ^ mask).rotate_right(1)
        })))
    }

    /// The byte that was obfuscated, `place` bytes behind where the array begins.
    pub(super) fn plain(&self, byte: u8, place: usize) -> u8 {
        (byte ^ self.0.get(place % 16).copied().unwrap_or_default()).rotate_right(5)
    }
}

fn own_key(password: &[u8]) -> Option<u16> {
    let start = *START.get(password.len() - 1)?;
    let bytes = password.iter().rev().zip(MATRIX.iter().rev());
    Some(bytes.fold(start, |key, (byte, row)| {
        // The highest of the seven bits goes with the last of the row.
        let bits = (0..7).rev().zip(row.iter().rev()).filter(|(bit, _)| (byte >> bit) & 1 == 1);
        bits.fold(key, |key, (_, mask)| key ^ mask)
    }))
}

/// What proves a password (section 2.3.7.1).
fn proof(password: &[u8]) -> u16 {
    let length = password.len() as u8;
    let bytes = password.iter().rev().chain(std::iter::once(&length));
    let folded = bytes.fold(0u16, |proof, byte| {
        (((proof >> 14) & 1) | ((proof << 1) & 0x7FFF)) ^ u16::from(*byte)
    });
    folded ^ 0xCE4B
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_proved() {
        // That of workbooks that are only protected, as every one of them states it.
        assert_eq!(proof(b"VelvetSweatshop"), 0x9A0A);
        let key = own_key(b"VelvetSweatshop").unwrap();
        assert!(XorArray::of("VelvetSweatshop", key, 0x9A0A).is_some());
        assert!(XorArray::of("VelvetSweatshop", key ^ 1, 0x9A0A).is_none());
        for password in ["", "sixteen bytes ad", "\u{1F512}"] {
            assert!(XorArray::of(password, 0, 0).is_none());
        }
        assert_eq!(LONGEST, MATRIX.len());
    }
}
