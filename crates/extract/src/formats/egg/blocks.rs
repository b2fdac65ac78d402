use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use flate2::Crc;
use libazo::extract_azo;
use madang_document::part::Part;
use madang_document::reason_kind::ReasonKind;

use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::formats::fields::part;
use crate::formats::packing::{Checked, Packing, Refusal, unpacker};
use crate::formats::zip_cipher::ZipLock;

/// What AZO, which is unpacked in one piece, may unpack to, bytes.
const AZO: u64 = 64 << 20;

/// A block: its method, its bytes unpacked and packed, CRC-32 of the first, and where the last stand.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) method: u8,
    pub(super) unpacked: u64,
    pub(super) packed: u64,
    pub(super) sum: u32,
    pub(super) at: u64,
}

impl Block {
    /// Bytes that nothing packs to, at most: a head of LZMA and the end of its stream are the longest.
    const NOTHING: u64 = 32;

    /// Whether nothing comes out of it, so that no decoder need be made to see that.
    fn is_empty(&self) -> bool {
        self.unpacked == 0 && self.sum == 0 && self.packed <= Block::NOTHING
    }
}

/// Why one of the blocks cannot be unpacked, if that is known without trying.
pub(super) fn first_refusal(blocks: &[Block], context: &Context<'_>) -> Option<Refusal> {
    blocks.iter().find_map(|block| match block.method {
        0..=2 | 4 => None,
        // AZO unpacks in one piece.
        3 if block.unpacked.max(block.packed) > AZO.min(context.limits.member) => {
            Some(Refusal::limit(ReasonKind::Larger(AZO)))
        }
        3 => None,
        other => Some(Refusal::unnumbered(other.into(), "EGG")),
    })
}

/// The bytes of blocks as they lie in the archive, one after the other.
struct Sealed<'a> {
    blob: &'a dyn Blob,
    left: std::vec::IntoIter<Block>,
    current: Option<BufReader<io::Take<Cursor<'a>>>>,
}

impl Read for Sealed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.current.as_mut().map_or(Ok(0), |current| current.read(buffer))?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(block) = self.left.next() else { return Ok(0) };
            self.current = Some(part(self.blob, block.at, block.packed));
        }
    }
}

/// What was encrypted, of which each block takes its own bytes.
struct Plain<'a> {
    plain: Box<dyn Read + 'a>,
    /// Bytes of the block that is read.
    left: u64,
}

impl Plain<'_> {
    /// Begins a block of so many bytes; what nobody read of the one before is passed over.
    fn begin(&mut self, packed: u64) -> io::Result<()> {
        io::copy(&mut self.plain.by_ref().take(self.left), &mut io::sink())?;
        self.left = packed;
        Ok(())
    }

    /// Reads on to the end, where it is proved.
    fn end(&mut self) -> io::Result<()> {
        io::copy(&mut self.plain, &mut io::sink()).map(|_| ())
    }
}

/// The bytes of the block that is read.
struct PlainBlock<'a>(Rc<RefCell<Plain<'a>>>);

impl Read for PlainBlock<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut source = self.0.borrow_mut();
        let left = source.left;
        let read = source.plain.by_ref().take(left).read(buffer)?;
        source.left -= read as u64;
        Ok(read)
    }
}

/// What a run of blocks unpacks to, one after the other.
pub(super) struct Blocks<'a> {
    blob: &'a dyn Blob,
    /// Where their bytes come from if they are encrypted.
    plain: Option<Rc<RefCell<Plain<'a>>>>,
    left: std::vec::IntoIter<Block>,
    current: Option<Box<dyn Read + 'a>>,
    /// Whether a block was damaged: what follows has lost its place.
    broken: bool,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(blob: &'a dyn Blob, blocks: Vec<Block>) -> Blocks<'a> {
        Blocks { blob, plain: None, left: blocks.into_iter(), current: None, broken: false }
    }

    /// Of a member that is encrypted from its first block to its last, if the password may be right. In the ways of ZIP
    /// there stand a head and a proof around that.
    pub(super) fn unlocked(
        blob: &'a dyn Blob,
        blocks: Vec<Block>,
        lock: ZipLock,
        (head, proof): (&'a [u8], &'a [u8]),
        password: &[u8],
    ) -> Option<Blocks<'a>> {
        let packed: u64 = blocks.iter().map(|block| block.packed).sum();
        let sealed = Sealed { blob, left: blocks.clone().into_iter(), current: None };
        let around = (head.len() + proof.len()) as u64;
        let plain = lock.open(head.chain(sealed).chain(proof), packed + around, password)?;
        let plain = Some(Rc::new(RefCell::new(Plain { plain, left: 0 })));
        Some(Blocks { plain, ..Blocks::new(blob, blocks) })
    }
}

impl Read for Blocks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.broken {
            let reason = "the packed stream is damaged before it";
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        let read = self.read_on(buffer);
        self.broken = read.is_err();
        read
    }
}

impl Blocks<'_> {
    fn read_on(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.current.is_none() {
                let Some(block) = self.left.next() else {
                    let end = self.plain.as_ref().map_or(Ok(()), |plain| plain.borrow_mut().end());
                    return end.map(|()| 0);
                };
                if let Some(plain) = &self.plain {
                    plain.borrow_mut().begin(block.packed)?;
                }
                if block.is_empty() {
                    continue;
                }
                let opened = match &self.plain {
                    None => open(part(self.blob, block.at, block.packed), block),
                    Some(plain) => open(BufReader::new(PlainBlock(Rc::clone(plain))), block),
                };
                let opened = opened.map_err(|refusal| {
                    io::Error::new(io::ErrorKind::InvalidData, refusal.reason)
                })?;
                self.current =
                    Some(Box::new(Checked::new(opened, block.unpacked, Some(block.sum))));
            }
            match self.current.as_mut().map_or(Ok(0), |current| current.read(buffer))? {
                0 if !buffer.is_empty() => self.current = None,
                read => return Ok(read),
            }
        }
    }
}

fn open<'a>(mut packed: impl BufRead + 'a, block: Block) -> Result<Box<dyn Read + 'a>, Refusal> {
    let packing = match block.method {
        0 => Packing::Stored,
        1 => Packing::Deflate,
        2 => {
            let mut head = [0; 4];
            packed.read_exact(&mut head).map_err(Refusal::broken)?;
            let packed = io::Cursor::new(with_memory_for(head, block.unpacked)).chain(packed);
            return unpacker(Packing::Bzip2, packed, block.unpacked);
        }
        3 => return azo(&mut packed, block),
        // Two bytes that are kept free, two of the length of the properties, then these: as in ZIP.
        4 => {
            let mut head = [0; 9];
            packed.read_exact(&mut head).map_err(Refusal::broken)?;
            let [_, _, _, _, properties, a, b, c, d] = head;
            Packing::Lzma { properties, dictionary: u32::from_le_bytes([a, b, c, d]) }
        }
        other => return Err(Refusal::unnumbered(other.into(), "EGG")),
    };
    unpacker(packing, packed, block.unpacked)
}

/// The head of a bzip2 stream that says how much memory it wants, in hundred thousands of bytes, held to what so many bytes
/// can fill: an archive of very many blocks of one byte each would spend its time on memory that nothing is put in.
fn with_memory_for(head: [u8; 4], unpacked: u64) -> [u8; 4] {
    let [b'B', b'Z', b'h', stated @ b'1'..=b'9'] = head else { return head };
    // Four equal bytes become five before they are sorted, and a few places are kept free.
    let filled = unpacked.saturating_add(unpacked / 4).saturating_add(100);
    let level = u8::try_from(filled / 100_000 + 1).unwrap_or(9).min(9);
    [b'B', b'Z', b'h', stated.min(b'0' + level)]
}

fn azo(packed: &mut impl Read, block: Block) -> Result<Box<dyn Read + 'static>, Refusal> {
    let mut unpacked = Vec::new();
    let most = Some(block.unpacked.min(AZO));
    extract_azo(packed, &mut unpacked, block.packed.min(AZO), most, None)
        .map_err(Refusal::broken)?;
    let mut crc = Crc::new();
    crc.update(&unpacked);
    match crc.sum() == block.sum {
        true => Ok(Box::new(io::Cursor::new(unpacked))),
        false => Err(Refusal::corrupt(ReasonKind::CheckSum.within(Part::Named("AZO".into())))),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use bzip2::Compression;
    use bzip2::read::BzEncoder;

    use super::*;

    #[test]
    fn a_block_takes_no_more_memory_than_it_can_fill() {
        for (head, unpacked, expected) in [
            (b"BZh9", 1, b"BZh1"),
            (b"BZh9", 79_920, b"BZh2"),
            (b"BZh9", 300_000, b"BZh4"),
            (b"BZh9", u64::MAX, b"BZh9"),
            (b"BZh2", 300_000, b"BZh2"),
            (b"BZ09", 1, b"BZ09"),
        ] {
            assert_eq!(with_memory_for(*head, unpacked), *expected);
        }
        // Runs of four are what grows most.
        for length in [1, 79_900, 79_990, 80_000, 160_000, 719_990, 1_000_000u32] {
            let plain: Vec<u8> = (0..length).map(|n| (n / 4 * 7 % 251) as u8).collect();
            let mut packed = Vec::new();
            BzEncoder::new(plain.as_slice(), Compression::best()).read_to_end(&mut packed).unwrap();
            let (unpacked, packed_size) = (plain.len() as u64, packed.len() as u64);
            let block = Block { method: 2, unpacked, packed: packed_size, sum: 0, at: 0 };
            let mut found = Vec::new();
            let opened = open(packed.as_slice(), block);
            opened.map(|mut it| it.read_to_end(&mut found).unwrap()).unwrap();
            assert!(found == plain, "{unpacked} bytes");
        }
    }

    /// Counts how often it is read from.
    struct Counted {
        bytes: Vec<u8>,
        reads: Cell<u32>,
    }

    impl Blob for Counted {
        fn len(&self) -> u64 {
            self.bytes.len() as u64
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            self.reads.set(self.reads.get() + 1);
            self.bytes.read_at(offset, buffer)
        }
    }

    fn sum(bytes: &[u8]) -> u32 {
        let mut crc = Crc::new();
        crc.update(bytes);
        crc.sum()
    }

    #[test]
    fn a_block_of_nothing_costs_no_decoder() {
        // What bzip2 makes of nothing, and of a word that is only stored.
        let nothing = b"BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0";
        let blob = Counted { bytes: [nothing.as_slice(), b"word"].concat(), reads: Cell::new(0) };
        let empty = Block { method: 2, unpacked: 0, packed: 14, sum: 0, at: 0 };
        let word = Block { method: 0, unpacked: 4, packed: 4, sum: sum(b"word"), at: 14 };
        let mut blocks = vec![empty; 100_000];
        blocks.push(word);
        let mut text = String::new();
        Blocks::new(&blob, blocks).read_to_string(&mut text).unwrap();
        assert_eq!(text, "word");
        assert!(blob.reads.get() < 10, "{} reads", blob.reads.get());
        // What only says that it is nothing is held against it.
        for odd in [Block { sum: 1, ..empty }, Block { unpacked: 0, sum: 0, packed: 40, ..word }] {
            let blob = [b"word".as_slice(), &[7; 60]].concat();
            let mut text = Vec::new();
            assert!(Blocks::new(&blob, vec![odd]).read_to_end(&mut text).is_err());
        }
    }
}
