use std::collections::BTreeSet;

use async_trait::async_trait;
use madang_document::fingerprint::Fingerprint;
use madang_document::id::DocumentId;
use madang_document::locator::Locator;
use madang_document::opening::Opening;
use madang_document::principal::Scope;

use crate::documents::Stored;
use crate::error::Result;

/// Documents that look like another: the copies of its bytes, the renditions of its text, texts that are like it, the pictures that
/// show the same.
#[async_trait]
pub trait Lookalikes: Send + Sync {
    /// The live documents that look like this one, of what the scope covers: those of the same bytes first, then the others in the
    /// order of [`Relation`], what is most alike first, at most `limit`, each once. What the scope does not cover is not looked at: it changes
    /// neither what is found nor, by how much there is of it, how long that takes. Of a document that is unknown, or was
    /// read before there were fingerprints, nothing looks like it but its copies.
    async fn lookalikes(
        &self,
        document: DocumentId,
        agencies: &Scope,
        limit: u32,
    ) -> Result<Vec<Lookalike>>;

    /// Those of these documents that do not stand alone: another live one, of what the scope covers, has the same bytes or says the
    /// same text ([`Relation::Copy`] and [`Relation::Rendition`] of [`lookalikes`](Self::lookalikes)). What the scope does not
    /// cover is not looked at. Ask about a thousand at most: each that was not asked about before is compared with all there is.
    async fn with_renditions(
        &self,
        documents: &[DocumentId],
        agencies: &Scope,
    ) -> Result<BTreeSet<DocumentId>>;

    /// Brings what is compared to where it is compared, as far as there is room for it, so that who asks first need not wait for
    /// that. Gives how many fingerprints. May be dropped at any point: what is not there is brought when it is asked for.
    async fn prepare(&self) -> Result<u64>;
}

/// A document that looks like another.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookalike {
    /// It itself.
    pub stored: Stored,
    /// How it does.
    pub relation: Relation,
    /// From 0 to 1; 1 for copies, and the share of a text that both have, as far as their fingerprints tell.
    pub likeness: f32,
    /// Of pictures, where the one is in the document that was asked for.
    pub here: Option<Locator>,
    /// Of pictures, where the other is.
    pub there: Option<Locator>,
}

/// How one document looks like another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// It is of the same bytes.
    Copy,
    /// It says the same, in whatever format.
    Rendition,
    /// It says much of the same, and something else: both were made from one template, or one is a draft of the other. Or it is not
    /// known whether it says something else: [`MOST_CHECKED`] are nearer.
    Alike,
    /// It shows the same picture, or has one in it that does.
    Picture,
}

impl Relation {
    /// The word for it in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Relation::Copy => "copy",
            Relation::Rendition => "rendition",
            Relation::Alike => "alike",
            Relation::Picture => "picture",
        }
    }
}

/// Bits in which the fingerprints of two texts that are alike, and of two renditions, differ at the most: of texts that have nothing in common 128 differ, give
/// or take 8, of those that have 45 shingles of a hundred in common 70. `tests/measure/renditions.py` says what
/// that finds and what it takes for others.
pub const RENDITION: u32 = 70;

/// Under which version fingerprints of texts are compared, of the version of the stage that made them: what it makes of a text is another
/// fingerprint only where this says so. Its second version keeps how a text begins, and left the fingerprint as it was: what is
/// read today is found beside what was read before.
pub fn compared_as(version: u32) -> u32 {
    match version {
        1 | 2 => 1,
        later => later,
    }
}

/// Texts that are like one, the nearest first, of which it is found out whether they are renditions of it, whoever asks: a template has
/// thousands that are like it, and to align two of them takes some 25 µs. The others count as alike. A thousand hits of one
/// template so cost a processor some ten seconds, once.
pub const MOST_CHECKED: usize = 512;

/// Bits in which those of two renditions differ at the most where nothing else is known of the texts: nine of ten shingles are
/// common to both, as of a notice and its copy in another format.
pub const SURE: u32 = 12;

/// Of two renditions, the part of what they begin with that is another word in the other, at most, as
/// [`Opening::replaced`] counts it. A scan of which one letter in twenty is misread comes to 0.01, notices of one template of
/// which one word in twenty is another to 0.045.
pub const REPLACED: f32 = 0.015;

/// Whether two texts that are alike are one, by in how many bits their fingerprints differ and how they begin.
pub fn is_rendition(distance: u32, one: &Opening, other: &Opening) -> bool {
    match one.replaced(other) {
        Some(replaced) => replaced <= REPLACED,
        None => distance <= SURE,
    }
}

/// The same of two pictures. Copies that were scaled, encoded anew or made brighter differ in 30 at the most.
pub const PICTURE: u32 = 44;

/// How much longer one rendition may be than the other: of texts with 45 shingles of a hundred in common the shorter has 45 for
/// a hundred of the longer, and some more may be missing, as far as fingerprints tell.
pub fn may_be_renditions(shingles: u32, others: u32) -> bool {
    let (shorter, longer) = (shingles.min(others), shingles.max(others));
    u64::from(shorter) * 10 >= u64::from(longer) * 3
}

/// How alike two texts are by their fingerprints: two that have nothing in common agree in half of their bits.
pub fn text_likeness(one: &Fingerprint, other: &Fingerprint) -> f32 {
    let differing = one.distance(other) as f32 / Fingerprint::BITS as f32;
    (1.0 - 2.0 * differing).max(0.0)
}
