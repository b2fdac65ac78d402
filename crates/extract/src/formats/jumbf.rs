//! Boxes of JPEG's universal metadata (ISO 19566-5): whether they are a manifest of C2PA, which says where a picture comes
//! from and what was done to it.

/// How the identifier of a manifest store begins (C2PA Technical Specification, section 11.1.4.2).
const C2PA: &[u8] = b"c2pa";

/// Whether a superbox is a store of C2PA's manifests. It is not read: what it claims would have to be checked against keys.
pub(super) fn is_c2pa(superbox: &[u8]) -> bool {
    let inner = superbox.get(4..).and_then(|rest| rest.strip_prefix(b"jumb"));
    // The description box: length, kind, identifier.
    let description = inner.and_then(|inner| inner.get(4..)?.strip_prefix(b"jumd"));
    description.is_some_and(|description| description.starts_with(C2PA))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_store_of_manifests() {
        let store = b"\0\0\0\x30jumb\0\0\0\x1Ejumdc2pa\0\x11\0\x10\x80\0\0\xAA\0\x38\x9B\x71";
        assert!(is_c2pa(store));
        assert!(!is_c2pa(&store[..18]) && !is_c2pa(b"") && !is_c2pa(&store[4..]));
    }
}
