use std::io;

use crate::sealed_file::SealedFile;

/// What is to be extracted.
pub enum Input {
    /// Bytes that were read whole; they are sealed before the child gets them.
    Memory(SealedFile),
    /// Ranges served by this process while the child asks: for objects too large to be read whole.
    Ranges(Box<dyn Ranges>),
}

impl Input {
    /// Size in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Input::Memory(file) => file.size(),
            Input::Ranges(ranges) => ranges.size(),
        }
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let way = match self {
            Input::Memory(_) => "memory",
            Input::Ranges(_) => "ranges",
        };
        write!(f, "Input({way}, {} bytes)", self.size())
    }
}

/// Ranges of an object, as its store gives them.
pub trait Ranges: Send {
    /// Size in bytes.
    fn size(&self) -> u64;

    /// Reads at most `length` bytes from `offset` on; fewer only at the end. Blocks.
    ///
    /// # Errors
    /// When the store does not give the bytes.
    fn read(&mut self, offset: u64, length: u32) -> io::Result<Vec<u8>>;
}
