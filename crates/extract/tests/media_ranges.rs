//! A film of ten gigabytes is catalogued from ranges of it, not by reading it.
#![allow(clippy::indexing_slicing, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from the disk")]

use std::cell::{Cell, RefCell};
use std::io;

use madang_document::metadata;
use madang_document::outcome::Outcome;
use madang_extract::blob::Blob;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;

const TEN_GIB: u64 = 10 << 30;

/// A few bytes, and then zeros that nobody holds.
struct Sparse {
    head: Vec<u8>,
    length: u64,
    bytes_read: Cell<u64>,
}

impl Blob for Sparse {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(offset).min(buffer.len() as u64) as usize;
        buffer[..left].fill(0);
        let head = self.head.get(offset as usize..).unwrap_or_default();
        let n = head.len().min(left);
        buffer[..n].copy_from_slice(&head[..n]);
        self.bytes_read.set(self.bytes_read.get() + left as u64);
        Ok(left)
    }
}

#[test]
fn a_large_film_is_read_by_ranges() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/mp4/subtitles.mp4");
    let mut head = std::fs::read(fixture).unwrap();
    // A box `free` with a 64-bit size (ISO 14496-12, section 4.2) makes the rest of the ten gigabytes.
    let rest = TEN_GIB - head.len() as u64;
    head.extend([0, 0, 0, 1]);
    head.extend(b"free");
    head.extend(rest.to_be_bytes());
    let film = Sparse { head, length: TEN_GIB, bytes_read: Cell::new(0) };
    let kept = RefCell::new(Vec::<Extraction>::new());
    let outcome = extract(&film, &Order::named("film.mp4"), &Engines::media().unwrap(), &kept);

    let documents = kept.into_inner();
    let content = &documents[0].content;
    assert_eq!(outcome, Outcome::Ok, "{:?}", documents[0].reason);
    assert_eq!(content.metadata.number(metadata::DURATION), Some(2.0));
    // Two chapters and two subtitles.
    assert_eq!(content.segments.len(), 4);
    assert_eq!(content.previews.len(), 1);
    let read = film.bytes_read.get();
    assert!(read < 8 << 20, "{read} bytes were read");
}
