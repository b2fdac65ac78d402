use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use crate::formats::bytes::u32_at;
use crate::formats::packing::Refusal;
use crate::formats::zip_cipher::ZipLock;

/// How a member is encrypted: the number of the method, and what stands around the packed bytes in the ways of ZIP, which
/// EGG keeps in the head.
pub(super) struct Cipher {
    method: u8,
    field: Vec<u8>,
}

/// Bytes of what proves a member that is encrypted by AES, which stands behind it in the ways of ZIP.
const PROOF: usize = 10;

impl Cipher {
    /// Reads the field of encryption in a member's head.
    pub(super) fn read(field: &[u8]) -> Cipher {
        let (method, field) = field.split_first().unwrap_or((&u8::MAX, &[]));
        Cipher { method: *method, field: field.to_vec() }
    }

    /// What it is called; none if it is not known.
    pub(super) fn name(&self) -> Option<&'static str> {
        match self.method {
            0 => Some("ZipCrypto"),
            1 => Some("AES-128"),
            2 => Some("AES-256"),
            5 => Some("LEA-128"),
            6 => Some("LEA-256"),
            _ => None,
        }
    }

    /// That it is not read where all members are one stream.
    pub(super) fn in_solid(&self) -> Refusal {
        match self.name() {
            Some(name) => Refusal::cipher_not_read(&format!("solid {name}")),
            None => Refusal::cipher_unknown(),
        }
    }

    /// Its lock, and what stands before and behind the packed bytes.
    ///
    /// # Errors
    /// When there is no reader for the method, or the field is cut short.
    pub(super) fn lock(&self) -> Result<(ZipLock, &[u8], &[u8]), Refusal> {
        let short = || Refusal::corrupt(ReasonKind::Damaged.of(Noun::MemberHead));
        let aes = |key: usize| {
            let head = self.field.len().checked_sub(PROOF).filter(|head| *head == key / 2 + 2);
            let (head, proof) = self.field.split_at(head.ok_or_else(short)?);
            Ok((ZipLock::Aes { key }, head, proof))
        };
        match self.method {
            0 => {
                let (head, sum) = self.field.split_first_chunk::<12>().ok_or_else(short)?;
                let sum = u32_at(sum, 0).ok_or_else(short)?;
                let checks = [(sum >> 24) as u8; 2];
                Ok((ZipLock::Traditional { checks }, head, &[]))
            }
            1 => aes(16),
            2 => aes(32),
            _ => Err(self.name().map_or_else(Refusal::cipher_unknown, Refusal::cipher_not_read)),
        }
    }
}

#[cfg(test)]
mod tests {
    use madang_document::outcome::Outcome;

    use super::*;

    #[test]
    fn a_field_tells_the_lock_and_what_stands_around() {
        let field = [&[0], [7; 12].as_slice(), &[1, 2, 3, 0xAB]].concat();
        let cipher = Cipher::read(&field);
        let (lock, head, proof) = cipher.lock().unwrap();
        assert_eq!(lock, ZipLock::Traditional { checks: [0xAB; 2] });
        assert_eq!((head, proof), ([7; 12].as_slice(), [].as_slice()));
        for (method, key, length) in [(1, 16, 20), (2, 32, 28)] {
            let cipher = Cipher { method, field: vec![0; length] };
            let (lock, head, proof) = cipher.lock().unwrap();
            assert_eq!(lock, ZipLock::Aes { key });
            assert_eq!((head.len(), proof.len()), (length - 10, 10));
        }
    }

    #[test]
    fn what_is_cut_short_or_not_read_has_no_lock() {
        let outcome = |field: &[u8]| Cipher::read(field).lock().err().map(|it| it.outcome);
        for field in [&[0][..], &[0, 1, 2], &[1, 1], &[2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]] {
            assert_eq!(outcome(field), Some(Outcome::Corrupt), "{field:?}");
        }
        let reason = |field: &[u8]| Cipher::read(field).lock().err().map(|it| it.reason.kind);
        for field in [&[][..], &[3], &[99]] {
            assert_eq!(outcome(field), Some(Outcome::Encrypted), "{field:?}");
            assert_eq!(reason(field), Some(ReasonKind::CipherUnknown), "{field:?}");
        }
        for (field, name) in [(&[5], "LEA-128"), (&[6], "LEA-256")] {
            assert_eq!(outcome(field), Some(Outcome::Encrypted));
            assert_eq!(reason(field), Some(ReasonKind::CipherNotRead(name.into())));
        }
        let solid = Cipher::read(&[0]).in_solid().reason.kind;
        assert_eq!(solid, ReasonKind::CipherNotRead("solid ZipCrypto".into()));
    }
}
