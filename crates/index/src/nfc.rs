use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Appends `text` in NFC.
pub(crate) fn push_nfc(out: &mut String, text: &str) {
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        out.push_str(text);
    } else {
        out.extend(text.nfc());
    }
}

/// `text` in NFC, in which everything is indexed, stored and asked for: file systems and keyboards of one maker
/// spell Hangul in NFD, and a search must not see the difference.
pub(crate) fn nfc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_nfc(&mut out, text);
    out
}
