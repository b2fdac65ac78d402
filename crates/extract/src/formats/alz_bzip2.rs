//! The variant of bzip2 in ALZ archives: blocks of 900,000 bytes begin with `DLZ` and 1, the end is `DLZ` and 2, and the
//! check sums and the flag of randomised blocks are left out. All else is bzip2, whose description by its author and in
//! public this follows.

use madang_document::fault::Fault;
use madang_document::reason_kind::ReasonKind;

use std::io::{self, BufRead, Read};

use crate::error::io_error;

/// A reader of what such a member unpacks to.
pub(super) struct AlzBzip2<R> {
    bits: Bits<R>,
    /// The transformed block: in each place the byte, and above it the place of the next.
    block: Vec<u32>,
    next: u32,
    /// Letters of the block that are not read yet.
    left: usize,
    /// The last byte and how often it came in a row: after four, a count follows.
    last: Option<u8>,
    row: u32,
    /// How often the last byte is still to be repeated.
    repeat: u8,
    ended: bool,
}

const BLOCK: u32 = u32::from_be_bytes(*b"DLZ\x01");
const END: u32 = u32::from_be_bytes(*b"DLZ\x02");
const MOST: usize = 900_000;
/// The longest code, bits.
const LONGEST: u32 = 20;

impl<R: BufRead> AlzBzip2<R> {
    pub(super) fn new(packed: R) -> AlzBzip2<R> {
        AlzBzip2 {
            bits: Bits { packed, held: 0, count: 0 },
            block: Vec::new(),
            next: 0,
            left: 0,
            last: None,
            row: 0,
            repeat: 0,
            ended: false,
        }
    }

    fn begin_block(&mut self) -> io::Result<()> {
        let mark = self.bits.take(16)? << 16 | self.bits.take(16)?;
        match mark {
            BLOCK => {}
            END => {
                self.ended = true;
                return Ok(());
            }
            _ => return Err(damaged(Fault::BlockMark)),
        }
        let origin = self.bits.take(24)?;
        let letters = self.read_letters()?;
        let tables = self.read_tables(letters.len())?;
        self.read_block(letters, &tables)?;
        transform(&mut self.block)?;
        let start = usize::try_from(origin).ok().and_then(|origin| self.block.get(origin));
        self.next = start.ok_or_else(|| damaged(Fault::LeadsOutOfBlock))? >> 8;
        self.left = self.block.len();
        (self.last, self.row, self.repeat) = (None, 0, 0);
        Ok(())
    }

    /// The bytes that occur in the block.
    fn read_letters(&mut self) -> io::Result<Vec<u8>> {
        let rows = self.bits.take(16)?;
        let mut letters = Vec::new();
        for row in (0u8..16).filter(|row| rows & (0x8000 >> row) != 0) {
            let columns = self.bits.take(16)?;
            letters.extend(
                (0u8..16)
                    .filter(|column| columns & (0x8000 >> column) != 0)
                    .map(|column| row * 16 + column),
            );
        }
        match letters.is_empty() {
            true => Err(damaged(Fault::BlockWithoutLetters)),
            false => Ok(letters),
        }
    }

    /// The tables of codes, and which of them is in force for each fifty symbols.
    fn read_tables(&mut self, letters: usize) -> io::Result<Tables> {
        let count = self.bits.take(3)?;
        if !(2..=6).contains(&count) {
            return Err(damaged(Fault::TableCount));
        }
        let mut order: Vec<u8> = (0..count as u8).collect();
        let mut selectors = Vec::new();
        for _ in 0..self.bits.take(15)? {
            let mut place = 0;
            while self.bits.take(1)? == 1 {
                place += 1;
                if place >= order.len() {
                    return Err(damaged(Fault::NoTable));
                }
            }
            selectors.push(to_front(&mut order, place)?);
        }
        let mut codes = Vec::new();
        for _ in 0..count {
            let mut length = self.bits.take(5)?;
            let mut lengths = Vec::with_capacity(letters + 2);
            // The letters less the first, two signs for repetitions of it, and the end.
            for _ in 0..letters + 2 {
                while self.bits.take(1)? == 1 {
                    length = match self.bits.take(1)? {
                        0 => length + 1,
                        _ => length.wrapping_sub(1),
                    };
                    if !(1..=LONGEST).contains(&length) {
                        return Err(damaged(Fault::CodeLength));
                    }
                }
                if !(1..=LONGEST).contains(&length) {
                    return Err(damaged(Fault::CodeLength));
                }
                lengths.push(length);
            }
            codes.push(Code::new(&lengths));
        }
        Ok(Tables { selectors, codes })
    }

    /// The bytes of the block, still transformed.
    fn read_block(&mut self, mut letters: Vec<u8>, tables: &Tables) -> io::Result<()> {
        let end = letters.len() as u16 + 1;
        self.block.clear();
        let (mut run, mut weight) = (0usize, 1usize);
        for selector in &tables.selectors {
            let Some(code) = tables.codes.get(usize::from(*selector)) else {
                return Err(damaged(Fault::NoTable));
            };
            for _ in 0..50 {
                let symbol = code.read(&mut self.bits)?;
                if symbol < 2 {
                    // Repetitions are a number in the digits one and two.
                    run = run.saturating_add(weight << symbol);
                    weight <<= 1;
                    if run > MOST {
                        return Err(damaged(Fault::RunTooLong));
                    }
                    continue;
                }
                if run > 0 {
                    let front = letters.first().copied().unwrap_or_default();
                    self.push(front, run)?;
                    (run, weight) = (0, 1);
                }
                if symbol == end {
                    return Ok(());
                }
                let letter = to_front(&mut letters, usize::from(symbol) - 1)?;
                self.push(letter, 1)?;
            }
        }
        Err(damaged(Fault::BlockWithoutEnd))
    }

    fn push(&mut self, letter: u8, count: usize) -> io::Result<()> {
        if self.block.len() + count > MOST {
            return Err(damaged(Fault::BlockTooLarge));
        }
        self.block.extend(std::iter::repeat_n(u32::from(letter), count));
        Ok(())
    }

    /// The next byte of the member; none at the end.
    fn byte(&mut self) -> io::Result<Option<u8>> {
        loop {
            if self.repeat > 0 {
                self.repeat -= 1;
                return Ok(self.last);
            }
            while self.left == 0 {
                if self.ended {
                    return Ok(None);
                }
                self.begin_block()?;
            }
            let place = usize::try_from(self.next).ok().and_then(|next| self.block.get(next));
            let entry = *place.ok_or_else(|| damaged(Fault::LeadsOutOfBlock))?;
            self.next = entry >> 8;
            self.left -= 1;
            let byte = (entry & 0xFF) as u8;
            if self.row == 4 {
                self.row = 0;
                self.repeat = byte;
                continue;
            }
            self.row = if self.last == Some(byte) { self.row + 1 } else { 1 };
            self.last = Some(byte);
            return Ok(self.last);
        }
    }
}

impl<R: BufRead> Read for AlzBzip2<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        for place in buffer {
            match self.byte() {
                Ok(Some(byte)) => *place = byte,
                Ok(None) => break,
                // What came out before is handed on. No place leads on from here, so the next call fails at once.
                Err(_) if written > 0 => {
                    (self.left, self.next, self.repeat) = (1, u32::MAX, 0);
                    break;
                }
                Err(error) => return Err(error),
            }
            written += 1;
        }
        Ok(written)
    }
}

/// Puts above each byte the place of the byte that follows it: the transformation of Burrows and Wheeler, turned back.
fn transform(block: &mut [u32]) -> io::Result<()> {
    let mut starts = [0u32; 256];
    for letter in block.iter() {
        if let Some(count) = starts.get_mut((letter & 0xFF) as usize) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        (*start, sum) = (sum, sum + *start);
    }
    for at in 0..block.len() {
        let letter = block.get(at).map_or(0, |letter| letter & 0xFF) as usize;
        let Some(start) = starts.get_mut(letter) else { continue };
        match block.get_mut(*start as usize) {
            Some(place) => *place |= (at as u32) << 8,
            None => return Err(damaged(Fault::LeadsOutOfBlock)),
        }
        *start += 1;
    }
    Ok(())
}

fn to_front(list: &mut [u8], place: usize) -> io::Result<u8> {
    let front = list.get_mut(..=place).ok_or_else(|| damaged(Fault::NoLetter))?;
    front.rotate_right(1);
    Ok(front.first().copied().unwrap_or_default())
}

struct Tables {
    selectors: Vec<u8>,
    codes: Vec<Code>,
}

/// Codes of ascending length: those of one length follow each other.
struct Code {
    /// For each length from one on: the first code that is too large for it, and what to add to a code for its symbol.
    lengths: Vec<(i64, i64)>,
    symbols: Vec<u16>,
}

impl Code {
    fn new(lengths: &[u32]) -> Code {
        let mut symbols = Vec::with_capacity(lengths.len());
        let mut rows = Vec::new();
        let mut next = 0i64;
        for length in 1..=LONGEST {
            let before = symbols.len() as i64;
            let of_length = lengths.iter().enumerate().filter(|(_, l)| **l == length);
            symbols.extend(of_length.map(|(symbol, _)| symbol as u16));
            let first = next;
            next += symbols.len() as i64 - before;
            rows.push((next, before - first));
            next <<= 1;
        }
        Code { lengths: rows, symbols }
    }

    fn read(&self, bits: &mut Bits<impl BufRead>) -> io::Result<u16> {
        let mut code = 0i64;
        for (beyond, offset) in &self.lengths {
            code = code << 1 | i64::from(bits.take(1)?);
            if code < *beyond {
                let symbol = usize::try_from(code + offset).ok();
                let symbol = symbol.and_then(|symbol| self.symbols.get(symbol));
                return symbol.copied().ok_or_else(|| damaged(Fault::NoCode));
            }
        }
        Err(damaged(Fault::NoCode))
    }
}

/// Bits, the highest of each byte first.
struct Bits<R> {
    packed: R,
    held: u64,
    count: u32,
}

impl<R: BufRead> Bits<R> {
    /// `width` bits, at most 24.
    fn take(&mut self, width: u32) -> io::Result<u32> {
        while self.count < width {
            let byte = self.packed.fill_buf()?.first().copied();
            let Some(byte) = byte else { return Err(io::ErrorKind::UnexpectedEof.into()) };
            self.packed.consume(1);
            self.held = self.held << 8 | u64::from(byte);
            self.count += 8;
        }
        self.count -= width;
        let value = (self.held >> self.count) & ((1 << width) - 1);
        self.held &= (1 << self.count) - 1;
        Ok(value as u32)
    }
}

fn damaged(fault: Fault) -> io::Error {
    io_error(io::ErrorKind::InvalidData, ReasonKind::Faulty(fault))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// Bzip2 as ALZ has it: the marks are exchanged, and the sums and the flag left out.
    fn alz(bzip2: &[u8]) -> Vec<u8> {
        let bits: String = bzip2[4..].iter().map(|byte| format!("{byte:08b}")).collect();
        let mark = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:08b}")).collect::<String>();
        let (block, end) = (mark(b"1AY&SY"), mark(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90]));
        let pieces: Vec<&str> = bits.split(&block).collect();
        let mut out = String::new();
        for (n, piece) in pieces[1..].iter().enumerate() {
            out += &mark(b"DLZ\x01");
            // The sum and the flag.
            let piece = &piece[33..];
            out += if n + 2 == pieces.len() { &piece[..piece.rfind(&end).unwrap()] } else { piece };
        }
        out += &mark(b"DLZ\x02");
        out += &"0".repeat((8 - out.len() % 8) % 8);
        let bytes = out.as_bytes().chunks(8);
        bytes.map(|b| u8::from_str_radix(std::str::from_utf8(b).unwrap(), 2).unwrap()).collect()
    }

    fn packed(text: &[u8], level: u32) -> Vec<u8> {
        let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(level));
        packer.write_all(text).unwrap();
        alz(&packer.finish().unwrap())
    }

    fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        AlzBzip2::new(packed).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn one_block_several_blocks_and_runs() {
        let text = "보관 기록 목록\n".repeat(20).into_bytes();
        assert_eq!(unpack(&packed(&text, 9)).unwrap(), text);
        let runs = [vec![b'a'; 3], vec![b'b'; 4], vec![b'c'; 5], vec![b'd'; 700]].concat();
        assert_eq!(unpack(&packed(&runs, 9)).unwrap(), runs);
        let long: Vec<u8> = (0..250_000u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
        assert_eq!(unpack(&packed(&long, 1)).unwrap(), long);
    }

    #[test]
    fn damage_is_an_error_and_never_a_loop() {
        let whole = packed(&b"some words, some words\n".repeat(9), 9);
        for at in 0..whole.len() {
            assert!(unpack(&whole[..at]).is_err());
            let mut flipped = whole.clone();
            flipped[at] ^= 0x55;
            let _ = unpack(&flipped);
        }
    }
}
