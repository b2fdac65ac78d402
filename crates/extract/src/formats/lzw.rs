//! LZW as `compress` packs it (`.Z`): codes of 9 to 16 bits in groups of eight, a table that grows with them, and a code
//! that clears it. The layout follows the manual page and public descriptions of ncompress.

use madang_document::fault::Fault;
use madang_document::reason_kind::ReasonKind;

use std::io::{self, BufRead, Read};

use crate::error::io_error;

/// A reader of what a `.Z` file holds.
#[derive(Debug)]
pub(super) struct Lzw<R> {
    packed: R,
    /// Bits of the widest code.
    widest: u32,
    /// Whether code 256 clears the table.
    clears: bool,
    width: u32,
    bits: u64,
    held: u32,
    /// Codes read in the group of eight that widths change at the end of.
    in_group: u32,
    /// For each code from 256 (or 257) on: the code before it, and its last byte.
    table: Vec<(u16, u8)>,
    previous: Option<u16>,
    first: u8,
    /// What came out and was not asked for yet, the last byte first.
    ready: Vec<u8>,
    /// What ended it, to be said when all that came out before is handed on.
    fault: Option<io::Error>,
}

impl<R: BufRead> Lzw<R> {
    /// Reads the head.
    pub(super) fn new(mut packed: R) -> io::Result<Lzw<R>> {
        let mut head = [0; 3];
        packed.read_exact(&mut head)?;
        let [_, _, flags] = head;
        let widest = u32::from(flags & 0x1F);
        if !(9..=16).contains(&widest) {
            return Err(damaged(Fault::CodeWidth));
        }
        Ok(Lzw {
            packed,
            widest,
            clears: flags & 0x80 != 0,
            width: 9,
            bits: 0,
            held: 0,
            in_group: 0,
            table: Vec::new(),
            previous: None,
            first: 0,
            ready: Vec::new(),
            fault: None,
        })
    }

    fn base(&self) -> usize {
        if self.clears { 257 } else { 256 }
    }

    /// The next code; none at the end.
    fn code(&mut self) -> io::Result<Option<u16>> {
        while self.held < self.width {
            let Some(byte) = self.packed.fill_buf()?.first().copied() else { return Ok(None) };
            self.packed.consume(1);
            self.bits |= u64::from(byte) << self.held;
            self.held += 8;
        }
        let code = self.bits & ((1 << self.width) - 1);
        self.bits >>= self.width;
        self.held -= self.width;
        self.in_group = (self.in_group + 1) % 8;
        Ok(u16::try_from(code).ok())
    }

    /// Where the width changes, the rest of the group of eight codes is filler.
    fn widen(&mut self, width: u32) -> io::Result<()> {
        while self.in_group != 0 {
            if self.code()?.is_none() {
                break;
            }
        }
        self.width = width;
        Ok(())
    }

    /// Unpacks one more code into what is ready. Gives whether there was one.
    fn step(&mut self) -> io::Result<bool> {
        if self.base() + self.table.len() >= 1 << self.width && self.width < self.widest {
            self.widen(self.width + 1)?;
        }
        let Some(code) = self.code()? else { return Ok(false) };
        if self.clears && code == 256 {
            self.widen(9)?;
            self.table.clear();
            self.previous = None;
            return Ok(true);
        }
        let next = self.base() + self.table.len();
        let mut walk = code;
        if usize::from(code) >= next {
            // A code that is just being made stands for the one before it and its own first byte.
            match self.previous {
                Some(previous) if usize::from(code) == next => {
                    self.ready.push(self.first);
                    walk = previous;
                }
                _ => return Err(damaged(Fault::CodeTooEarly)),
            }
        }
        // Each entry points to an earlier one, so the walk ends.
        while walk >= 256 {
            let entry = usize::from(walk).checked_sub(self.base());
            let Some(&(before, last)) = entry.and_then(|entry| self.table.get(entry)) else {
                return Err(damaged(Fault::EmptyCode));
            };
            self.ready.push(last);
            walk = before;
        }
        self.first = walk as u8;
        self.ready.push(self.first);
        if let Some(previous) = self.previous
            && next < 1 << self.widest
        {
            self.table.push((previous, self.first));
        }
        self.previous = Some(code);
        Ok(true)
    }
}

impl<R: BufRead> Read for Lzw<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while let Some(place) = buffer.get_mut(written) {
            if let Some(byte) = self.ready.pop() {
                *place = byte;
                written += 1;
            } else if let Some(fault) = self.fault.take_if(|_| written == 0) {
                return Err(fault);
            } else if self.fault.is_some() {
                break;
            } else {
                match self.step() {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(fault) => self.fault = Some(fault),
                }
            }
        }
        Ok(written)
    }
}

fn damaged(fault: Fault) -> io::Error {
    io_error(io::ErrorKind::InvalidData, ReasonKind::Faulty(fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs with codes of nine bits only, which need a table of fewer than 512.
    fn pack(codes: &[u16]) -> Vec<u8> {
        let mut packed = vec![0x1F, 0x9D, 0x90];
        let (mut bits, mut held) = (0u32, 0);
        for code in codes {
            bits |= u32::from(*code) << held;
            held += 9;
            while held >= 8 {
                packed.push(bits as u8);
                bits >>= 8;
                held -= 8;
            }
        }
        packed.push(bits as u8);
        packed
    }

    fn unpack(packed: &[u8]) -> Result<String, String> {
        let reader = Lzw::new(packed).map_err(|e| e.to_string())?;
        io::read_to_string(reader).map_err(|e| e.to_string())
    }

    #[test]
    fn codes_stand_for_what_came_before() {
        // `a`, `aa` made while it is used, `b`.
        let codes = [u16::from(b'a'), 257, u16::from(b'b')];
        assert_eq!(unpack(&pack(&codes)), Ok("aaab".into()));
    }

    #[test]
    fn damage_is_said_and_never_loops() {
        assert!(unpack(b"\x1F\x9D").is_err());
        assert!(unpack(b"\x1F\x9D\x9F").is_err());
        assert!(
            unpack(&pack(&[u16::from(b'a'), 400]))
                .is_err_and(|e| e.contains("before that is made"))
        );
        assert!(unpack(&pack(&[300])).is_err());
    }
}
