use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

use crate::error::ExtractError;
use crate::formats::bytes::u32_at;

/// The stream `FileHeader` (HWP 5.0 document file format, revision 1.3, section 3.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileHeader {
    version: u32,
    flags: u32,
    /// The version of the encryption of a password document; nought in an older file.
    encryption: u32,
}

/// How the stream starts.
pub(super) const SIGNATURE: &[u8] = b"HWP Document File";

const COMPRESSED: u32 = 1 << 0;
const PASSWORD: u32 = 1 << 1;
const DISTRIBUTION: u32 = 1 << 2;
const DRM: u32 = 1 << 4;
const CERTIFICATE: u32 = 1 << 8;
const CERTIFICATE_DRM: u32 = 1 << 10;

/// The version of encryption that is known.
const KNOWN_ENCRYPTION: u32 = 4;

impl FileHeader {
    /// Reads the stream.
    ///
    /// # Errors
    /// [`ExtractError::Corrupt`] when it is too short or signed otherwise.
    pub(super) fn parse(bytes: &[u8]) -> Result<FileHeader, ExtractError> {
        if !bytes.starts_with(SIGNATURE) {
            let unsigned = ReasonKind::NotSigned("HWP 5".into());
            return Err(ExtractError::corrupt(unsigned.of(Part::Stream("FileHeader".into()))));
        }
        let (Some(version), Some(flags)) = (u32_at(bytes, 32), u32_at(bytes, 36)) else {
            let short = ReasonKind::CutShort.of(Part::Stream("FileHeader".into()));
            return Err(ExtractError::corrupt(short));
        };
        Ok(FileHeader { version, flags, encryption: u32_at(bytes, 44).unwrap_or_default() })
    }

    /// As in `5.1.0.1`.
    pub(super) fn version(self) -> String {
        let [revision, build, minor, major] = self.version.to_le_bytes();
        format!("{major}.{minor}.{build}.{revision}")
    }

    /// Whether the streams are compressed.
    pub(super) fn compressed(self) -> bool {
        self.flags & COMPRESSED != 0
    }

    /// Whether the text lies in `ViewText`, encrypted with a key that lies beside it.
    pub(super) fn distribution(self) -> bool {
        self.flags & DISTRIBUTION != 0
    }

    /// Whether a password is needed.
    pub(super) fn needs_password(self) -> bool {
        self.flags & PASSWORD != 0
    }

    /// Whether a password document is encrypted in the way of 한글 7.0 and later; how earlier ones did it is not known.
    pub(super) fn known_encryption(self) -> bool {
        self.encryption == KNOWN_ENCRYPTION
    }

    /// Refuses what cannot be opened without a certificate or a rights server, whatever the password.
    ///
    /// # Errors
    /// [`ExtractError::Encrypted`] or [`ExtractError::Drm`].
    pub(super) fn check_readable(self) -> Result<(), ExtractError> {
        if self.flags & (DRM | CERTIFICATE_DRM) != 0 {
            return Err(ExtractError::Drm(ReasonKind::Drm.of(Noun::Document)));
        }
        if self.flags & CERTIFICATE != 0 {
            return Err(ExtractError::Encrypted(ReasonKind::Certificate.of(Noun::Document)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(flags: u32) -> FileHeader {
        let mut bytes = SIGNATURE.to_vec();
        bytes.resize(32, 0);
        bytes.extend([1, 2, 1, 5]);
        bytes.extend(flags.to_le_bytes());
        FileHeader::parse(&bytes).unwrap()
    }

    #[test]
    fn flags_and_version() {
        assert_eq!(header(0).version(), "5.1.2.1");
        assert!(header(1).compressed() && !header(4).compressed());
        assert!(header(5).distribution() && header(5).check_readable().is_ok());
        assert!(header(3).needs_password() && !header(5).needs_password());
        assert!(!header(3).known_encryption());
        assert!(matches!(header(0x100).check_readable(), Err(ExtractError::Encrypted(_))));
        assert!(matches!(header(0x10).check_readable(), Err(ExtractError::Drm(_))));
        assert!(matches!(header(0x400).check_readable(), Err(ExtractError::Drm(_))));
        assert!(FileHeader::parse(b"HWP Document File").is_err());
        assert!(FileHeader::parse(&[0; 256]).is_err());
    }
}
