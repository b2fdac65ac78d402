use serde::{Deserialize, Serialize};

/// Parts that a file names and has not, and that are told one by one.
pub(crate) const MISSING_MOST: usize = 1000;

/// How much one object may cost. Source of the figures: the limits of the reliability reference, section 3.3
/// (200 times the input plus 64 MiB, at most 2 GiB, 10,000 members, depth 8, 100 Mpixel, 100,000 pages,
/// 10 MiB of metadata).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of text of one document.
    pub text: u64,
    /// Bytes of text of one object, all members together.
    pub object_text: u64,
    /// Segments of one document.
    pub segments: u64,
    /// Members of one object, nested ones included.
    pub members: u64,
    /// How deep archives may lie in archives.
    pub depth: u32,
    /// Bytes unpacked from one object, whatever its size.
    pub unpacked: u64,
    /// Bytes unpacked per byte of the object, on top of 64 MiB.
    pub unpacked_ratio: u64,
    /// Bytes of one member held in memory.
    pub member: u64,
    /// Pixels of one picture that is decoded.
    pub pixels: u64,
    /// Pages of one document.
    pub pages: u32,
    /// Bytes of properties of one document.
    pub metadata: u64,
    /// Longer side of a preview, pixels; none is made where it is 0.
    pub preview: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        const MIB: u64 = 1 << 20;
        Limits {
            text: 32 * MIB,
            object_text: 64 * MIB,
            segments: 1_000_000,
            members: 10_000,
            depth: 8,
            unpacked: 2048 * MIB,
            unpacked_ratio: 200,
            member: 256 * MIB,
            pixels: 100_000_000,
            pages: 100_000,
            metadata: 10 * MIB,
            preview: 480,
        }
    }
}

impl Limits {
    /// Bytes of pixels that the pictures in an object of `size` bytes may decode to: five of the largest, and
    /// whatever an album of photographs needs, of which each decodes to some twenty times its size.
    pub fn decoded_of(&self, size: u64) -> u64 {
        let largest = self.pixels.saturating_mul(4);
        size.saturating_mul(self.unpacked_ratio).saturating_add(largest.saturating_mul(5))
    }

    /// Bytes that an object of `size` bytes may unpack to.
    pub fn unpacked_of(&self, size: u64) -> u64 {
        size.saturating_mul(self.unpacked_ratio).saturating_add(64 << 20).min(self.unpacked)
    }
}
