use std::cell::Cell;
use std::io::Read;

use madang_document::part::{Noun, Part};
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::super::bytes::{u8_at, u16_at, u32_at};
use super::cipher::Cipher;
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;

/// Nodes of a file, or inside another node, that are read.
const MOST_NODES: usize = 2_000_000;
/// Levels of a tree. A file of 50 GB has four.
const DEEPEST: u8 = 12;

/// How a file lays out its pages: by its version (MS-PST, section 2.2.2.6, wVer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// Numbers of 32 bits, pages of 512 bytes: Outlook 97 to 2002.
    Ansi,
    /// Numbers of 64 bits: from Outlook 2003.
    Unicode,
    /// Pages of 4,096 bytes, blocks deflated where that pays: what Outlook 2013 and later keep offline. Not in the
    /// specification; as libpff documents it.
    Large,
}

/// What the foot of a page says of the entries before it.
#[derive(Clone, Copy, Debug)]
struct Foot {
    count: usize,
    size: usize,
    level: u8,
    kind: u8,
}

impl Layout {
    fn of(version: u16) -> Option<Layout> {
        match version {
            14 | 15 => Some(Layout::Ansi),
            23 => Some(Layout::Unicode),
            36 => Some(Layout::Large),
            _ => None,
        }
    }

    fn page(self) -> u64 {
        if self == Layout::Large { 4096 } else { 512 }
    }

    /// Bytes of a number of a block and of a place in the file.
    fn word(self) -> usize {
        if self == Layout::Ansi { 4 } else { 8 }
    }

    fn number(self, data: &[u8], at: usize) -> Option<u64> {
        match self {
            Layout::Ansi => u32_at(data, at).map(u64::from),
            Layout::Unicode | Layout::Large => {
                data.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
            }
        }
    }

    /// The foot of a page of a tree (section 2.2.2.7.7.1).
    fn foot(self, page: &[u8]) -> Option<Foot> {
        let (count, size, level, kind) = match self {
            Layout::Ansi => (u8_at(page, 496)?.into(), 498, 499, 500),
            Layout::Unicode => (u8_at(page, 488)?.into(), 490, 491, 496),
            Layout::Large => (u16_at(page, 4056)?, 4060, 4061, 4072),
        };
        Some(Foot {
            count: usize::from(count),
            size: usize::from(u8_at(page, size)?),
            level: u8_at(page, level)?,
            kind: u8_at(page, kind)?,
        })
    }
}

/// A node: something with a number, whose data and inner nodes lie in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// Its number; the low five bits say what it is.
    pub(super) id: u32,
    /// The block of its data.
    pub(super) data: u64,
    /// The block that lists the nodes inside it; 0 without any.
    pub(super) inside: u64,
    /// The folder it lies in, or the folder of a folder; 0 of what lies in none.
    pub(super) parent: u32,
}

impl Node {
    /// The one of this number among nodes in the order of their numbers.
    pub(super) fn among(nodes: &[Node], id: u32) -> Option<&Node> {
        nodes.binary_search_by_key(&id, |node| node.id).ok().and_then(|at| nodes.get(at))
    }

    /// What it is (section 2.2.2.1, nidType).
    pub(super) fn kind(&self) -> u32 {
        self.id & 0x1F
    }
}

/// The lowest layer of a file of folders: two trees of pages, one of nodes and one of blocks (MS-PST, section 2.2).
pub(super) struct Database<'a> {
    blob: &'a dyn Blob,
    pub(super) context: &'a Context<'a>,
    layout: Layout,
    cipher: Cipher,
    nodes: u64,
    blocks: u64,
    /// Whether something was missing that is not told apart.
    pub(super) is_cut: Cell<bool>,
}

/// The encryption of Windows itself (section 2.2.2.6, NDB_CRYPT_EDPCRYPTED): only the account that wrote the file opens it.
const WINDOWS: u8 = 0x10;

const NODE_PAGE: u8 = 0x81;
const BLOCK_PAGE: u8 = 0x80;

impl<'a> Database<'a> {
    /// Reads the header (section 2.2.2.6).
    ///
    /// # Errors
    /// [`ExtractError::Unsupported`] for a version or an encoding without a reader, [`ExtractError::Corrupt`] when the file ends
    /// within its header.
    pub(super) fn open(
        blob: &'a dyn Blob,
        context: &'a Context<'a>,
    ) -> Result<Database<'a>, ExtractError> {
        let head = read_range(blob, 0, 580)?;
        let short =
            || ExtractError::corrupt(ReasonKind::EndsWithin(Noun::Header.into()).of(Noun::File));
        let version = u16_at(&head, 10).ok_or_else(short)?;
        let layout = Layout::of(version).ok_or_else(|| {
            let files = format!("Outlook folders of version {version}");
            ExtractError::Unsupported(ReasonKind::NoReader(files.into()).into())
        })?;
        let (nodes, blocks, cipher) = match layout {
            Layout::Ansi => (188, 196, 461),
            Layout::Unicode | Layout::Large => (224, 240, 513),
        };
        let cipher = u8_at(&head, cipher).ok_or_else(short)?;
        Ok(Database {
            blob,
            context,
            layout,
            cipher: Cipher::of(cipher).ok_or_else(|| {
                let why = match cipher {
                    WINDOWS => ReasonKind::CipherNotRead("Windows Information Protection".into()),
                    _ => ReasonKind::CipherUnknown,
                };
                ExtractError::Encrypted(why.of(Noun::Folders))
            })?,
            nodes: layout.number(&head, nodes).ok_or_else(short)?,
            blocks: layout.number(&head, blocks).ok_or_else(short)?,
            is_cut: Cell::new(false),
        })
    }

    /// Whether the heap of a node has large pieces, with numbers of other widths.
    pub(super) fn is_large(&self) -> bool {
        self.layout == Layout::Large
    }

    /// A page of a tree: its entries, and their level.
    fn page(&self, at: u64, kind: u8) -> Result<(u8, Vec<Vec<u8>>), ExtractError> {
        let page = read_range(self.blob, at, self.layout.page())?;
        self.context.spend_unpacked(self.layout.page())?;
        let foot = self.layout.foot(&page).filter(|foot| foot.kind == kind && foot.size >= 12);
        let foot = foot.ok_or_else(|| {
            ExtractError::Corrupt(match at.saturating_add(self.layout.page()) > self.blob.len() {
                true => ReasonKind::EndsBefore(Noun::FolderList.into()).of(Noun::File),
                false => ReasonKind::DamagedAt(at).of(Noun::FolderList),
            })
        })?;
        let entries = page.chunks_exact(foot.size).take(foot.count).map(<[u8]>::to_vec);
        Ok((foot.level, entries.collect()))
    }

    /// Every node of the file, in the order of their numbers. What lies in damaged pages is missing.
    ///
    /// # Errors
    /// [`ExtractError::Corrupt`] when not even the first page can be read.
    pub(super) fn all_nodes(&self) -> Result<Vec<Node>, ExtractError> {
        let word = self.layout.word();
        let mut nodes = Vec::new();
        // Deepest first, so that nodes come in order. No page leads to its own level.
        let mut open = vec![(self.nodes, DEEPEST)];
        let mut pages = self.blob.len() / self.layout.page() + 1;
        while let Some((at, below)) = open.pop() {
            let first = nodes.is_empty() && below == DEEPEST;
            let (level, entries) = match self.page(at, NODE_PAGE) {
                Ok((level, entries)) if level < below && pages > 0 => (level, entries),
                Err(error @ ExtractError::Limit(_)) => return Err(error),
                Err(error) if first => return Err(error),
                Ok(_) | Err(_) => {
                    self.is_cut.set(true);
                    continue;
                }
            };
            pages -= 1;
            if level > 0 {
                let children = entries.iter().filter_map(|e| self.layout.number(e, 2 * word));
                let mut children: Vec<_> = children.map(|at| (at, level)).collect();
                children.reverse();
                open.extend(children);
                continue;
            }
            for entry in &entries {
                let number = |n: usize| self.layout.number(entry, n * word);
                if let (Some(id), Some(data), Some(inside)) =
                    (u32_at(entry, 0), number(1), number(2))
                {
                    let parent = u32_at(entry, 3 * word).unwrap_or_default();
                    nodes.push(Node { id, data, inside, parent });
                }
            }
            if nodes.len() > MOST_NODES {
                return Err(too_many_nodes());
            }
        }
        Ok(nodes)
    }

    /// A block, decoded.
    ///
    /// # Errors
    /// [`ExtractError::Corrupt`] when it is not there, [`ExtractError::Limit`] when too much was read.
    fn block(&self, number: u64) -> Result<Vec<u8>, ExtractError> {
        let word = self.layout.word();
        let missing = || ExtractError::Corrupt(ReasonKind::Missing.of(Part::Block(number)));
        // The lowest bit is none of the number.
        let wanted = number & !1;
        let (mut at, mut below) = (self.blocks, DEEPEST);
        let entry = loop {
            let (level, entries) = self.page(at, BLOCK_PAGE)?;
            if level >= below {
                return Err(missing());
            }
            let key = |entry: &Vec<u8>| self.layout.number(entry, 0).map(|key| key & !1);
            if level == 0 {
                let found = entries.into_iter().find(|entry| key(entry) == Some(wanted));
                break found.ok_or_else(missing)?;
            }
            let child =
                entries.iter().rev().find(|entry| key(entry).is_some_and(|key| key <= wanted));
            at = child.and_then(|e| self.layout.number(e, 2 * word)).ok_or_else(missing)?;
            below = level;
        };
        let place = self.layout.number(&entry, word).ok_or_else(missing)?;
        let stored = u16_at(&entry, 2 * word).ok_or_else(missing)?;
        let mut bytes = read_range(self.blob, place, stored.into())?;
        self.context.spend_unpacked(bytes.len() as u64)?;
        if bytes.len() < usize::from(stored) {
            let beyond = ReasonKind::Beyond(Noun::File.into());
            return Err(ExtractError::Corrupt(beyond.of(Part::Block(number))));
        }
        if number & 2 == 0 {
            self.cipher.decode(number, &mut bytes);
        }
        let size = u16_at(&entry, 2 * word + 2).filter(|size| self.is_large() && *size != stored);
        if let Some(size) = size {
            let mut inflated = Vec::new();
            let mut reader = flate2::read::ZlibDecoder::new(bytes.as_slice()).take(size.into());
            reader.read_to_end(&mut inflated).map_err(|error| {
                let broken = ReasonKind::Broken(Quote::of(&error));
                ExtractError::Corrupt(
                    ReasonKind::NotUnpacked.of(Part::Block(number)).because(broken),
                )
            })?;
            self.context.spend_unpacked(inflated.len() as u64)?;
            bytes = inflated;
        }
        Ok(bytes)
    }

    /// The data of a node, in the pieces in which it lies: a heap counts by them. At most `most` bytes; of
    /// more than that `larger` is said.
    ///
    /// # Errors
    /// As [`Self::block`].
    pub(super) fn pieces(
        &self,
        data: u64,
        most: u64,
        larger: ReasonKind,
    ) -> Result<Vec<Vec<u8>>, ExtractError> {
        let mut pieces = Vec::new();
        let mut size = 0;
        let mut open = vec![(data, 3)];
        while let Some((number, below)) = open.pop() {
            if number & !1 == 0 {
                continue;
            }
            let block = self.block(number)?;
            if number & 2 == 0 {
                size += block.len() as u64;
                if size > most {
                    return Err(ExtractError::Limit(larger.into()));
                }
                pieces.push(block);
                continue;
            }
            // A list of blocks, or of lists of blocks (section 2.2.2.8.3.2).
            let level =
                u8_at(&block, 1).filter(|level| u8_at(&block, 0) == Some(1) && *level < below);
            let (Some(level), Some(count)) = (level, u16_at(&block, 2)) else {
                return Err(ExtractError::Corrupt(ReasonKind::Damaged.of(Part::Block(number))));
            };
            let word = self.layout.word();
            let children =
                (0..usize::from(count)).map_while(|n| self.layout.number(&block, 8 + n * word));
            let children: Vec<_> = children.collect();
            open.extend(children.into_iter().rev().map(|number| (number, level)));
        }
        Ok(pieces)
    }

    /// The nodes inside a node (section 2.2.2.8.3.3), in the order of their numbers.
    ///
    /// # Errors
    /// As [`Self::block`].
    pub(super) fn inner_nodes(&self, inside: u64) -> Result<Vec<Node>, ExtractError> {
        let word = self.layout.word();
        let start = if self.layout == Layout::Ansi { 4 } else { 8 };
        let mut nodes = Vec::new();
        let mut open = vec![(inside, 2)];
        while let Some((number, below)) = open.pop() {
            if number == 0 {
                continue;
            }
            let block = self.block(number)?;
            let level =
                u8_at(&block, 1).filter(|level| u8_at(&block, 0) == Some(2) && *level < below);
            let (Some(level), Some(count)) = (level, u16_at(&block, 2)) else {
                return Err(ExtractError::Corrupt(ReasonKind::Damaged.of(Part::Block(number))));
            };
            let width = if level == 0 { 3 * word } else { 2 * word };
            let mut children = Vec::new();
            for entry in
                block.get(start..).unwrap_or_default().chunks_exact(width).take(count.into())
            {
                let number = |n: usize| self.layout.number(entry, n * word).unwrap_or_default();
                let id = u32_at(entry, 0).unwrap_or_default();
                match level {
                    0 => nodes.push(Node { id, data: number(1), inside: number(2), parent: 0 }),
                    _ => children.push((number(1), level)),
                }
            }
            children.reverse();
            open.extend(children);
            if nodes.len() > MOST_NODES {
                return Err(too_many_nodes());
            }
        }
        // As they should stand; a damaged list is none that can be searched.
        nodes.sort_by_key(|node| node.id);
        Ok(nodes)
    }
}

/// Said of a file that holds more nodes than are read.
fn too_many_nodes() -> ExtractError {
    let (limit, unit) = (MOST_NODES as u64, Unit::Nodes);
    ExtractError::Limit(ReasonKind::MoreThan { limit, unit }.into())
}
