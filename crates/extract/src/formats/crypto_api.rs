//! The ciphers of the CryptoAPI of Windows that Office may ask for, by their numbers (MS-OFFCRYPTO, section 2.3.2).

use madang_document::reason_kind::ReasonKind;

/// What is said of one that is not read.
pub(super) fn of_crypto_api(number: u32) -> ReasonKind {
    let name = match number {
        0x6601 => "DES",
        0x6602 => "RC2",
        0x6603 | 0x6609 => "3DES",
        0x660E..=0x6611 => "AES",
        0x6801 => "RC4",
        _ => return ReasonKind::CipherUnknown,
    };
    ReasonKind::CipherNotRead(format!("{name} (CryptoAPI)").into())
}
