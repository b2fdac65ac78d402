use madang_document::agency::Agency;
use madang_document::cause::Cause;
use madang_document::id::DocumentId;
use madang_document::legibility::Legibility;
use madang_document::locator::Locator;
use madang_document::media_type::{Kind, MediaType};
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::timestamp::Timestamp;

/// A search as a caller asks it. Several values of one filter are alternatives; several filters all hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// What a person types: words, `"phrases"`, `prefix*`, `-without`. Blank finds everything.
    pub text: String,
    /// Only of these agencies; narrows the partitions that are searched.
    pub agencies: Vec<Agency>,
    /// Only of these kinds.
    pub kinds: Vec<Kind>,
    /// Only of these media types.
    pub media_types: Vec<MediaType>,
    /// Only in these languages.
    pub languages: Vec<String>,
    /// Only with these outcomes.
    pub outcomes: Vec<Outcome>,
    /// Only those in whose pictures something was recognised, this well.
    pub legibilities: Vec<Legibility>,
    /// Only those of which one of these is a reason or a note ([`Record::reasons`](crate::record::Record::reasons)).
    pub reasons: Vec<String>,
    /// Only of these pipelines.
    pub pipelines: Vec<String>,
    /// Only under this path (a whole path, or a folder).
    pub path: Option<String>,
    /// Not before this date.
    pub from: Option<Timestamp>,
    /// Before this date.
    pub to: Option<Timestamp>,
    /// Order of the hits.
    pub sort: Sort,
    /// Hits per page, 1 to 100; 0 counts only.
    pub limit: usize,
    /// Where the former page ended: [`Hits::next`].
    pub after: Option<String>,
    /// Which facets to count.
    pub facets: Vec<Facet>,
    /// How many of the first hits to name ([`Hits::first`]), whatever page is asked for; at most [`MOST_FIRST`] are.
    pub first: usize,
    /// Only among these.
    pub among: Option<Among>,
}

/// Hits that are named beside a page, at most.
pub const MOST_FIRST: usize = 1000;

/// Documents that somebody chose by what the index does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Among {
    /// Those.
    pub ids: Vec<DocumentId>,
    /// By what they were chosen: a page belongs to the choice, which may come to other documents by the next page.
    pub by: &'static str,
}

/// Order of the hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Best first.
    #[default]
    Score,
    /// Newest first; documents without a date last.
    Newest,
    /// Oldest first; documents without a date last.
    Oldest,
}

/// A property that hits are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// Agency.
    Agency,
    /// Kind.
    Kind,
    /// Media type.
    MediaType,
    /// Language.
    Language,
    /// Outcome.
    Outcome,
    /// Pipeline.
    Pipeline,
    /// Year of the date.
    Year,
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hits {
    /// How many documents match.
    pub total: u64,
    /// This page.
    pub hits: Vec<Hit>,
    /// The first of all, in their order, if they were asked for ([`Query::first`]).
    pub first: Vec<DocumentId>,
    /// Counts for the facets asked for, each in descending order of count, then by value; at most 50 values.
    pub facets: Vec<(Facet, Vec<(String, u64)>)>,
    /// What to put into [`Query::after`] for the next page; none at the end. Opaque.
    pub next: Option<String>,
    /// Partitions that were asked for and of which this answer does not tell all, ordered: a damaged one gave
    /// nothing, one that is being built anew (its checkpoint is 0) gave what it has so far. Say so to whoever
    /// asked.
    pub missing: Vec<Partition>,
}

/// A document that matches.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The document.
    pub id: DocumentId,
    /// Title, else name.
    pub title: String,
    /// Path in the store, with `!/` and the inner path for members.
    pub path: String,
    /// Whose it is.
    pub agency: Agency,
    /// The pipeline that took it.
    pub pipeline: String,
    /// Media type.
    pub media_type: MediaType,
    /// Language.
    pub language: Option<String>,
    /// How reading it ended.
    pub outcome: Outcome,
    /// Its date.
    pub date: Option<Timestamp>,
    /// Size in bytes.
    pub size: u64,
    /// Relevance; only comparable within one answer.
    pub score: f32,
    /// The passage that matches best; empty if there is no text.
    pub snippet: Snippet,
    /// Where that passage stands.
    pub locator: Locator,
}

/// A passage of plain text and what to highlight in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// Plain text, never HTML.
    pub text: String,
    /// Ranges to highlight: start and end in Unicode scalar values, ordered, not overlapping.
    pub highlights: Vec<(usize, usize)>,
}

/// What is not acceptable about a query. Each message names the cure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryFault {
    /// More hits on one page than there may be.
    #[error("a page has at most {most} hits, not {asked}; ask for fewer and go on with `after`")]
    Page {
        /// Hits that were asked for.
        asked: usize,
        /// Hits that a page has at most.
        most: usize,
    },
    /// A page behind the last hit that can be paged to.
    #[error(
        "only the first {0} hits can be paged through; narrow the query by words, dates or filters"
    )]
    Depth(usize),
    /// More bytes than a query may have.
    #[error("the query has {bytes} bytes; shorten it to {most}")]
    Length {
        /// Bytes that it has.
        bytes: usize,
        /// Bytes that it may have.
        most: usize,
    },
    /// More words than a query may have.
    #[error("the query has {words} words; leave out all but the {most} that matter")]
    Words {
        /// Words that it has.
        words: usize,
        /// Words that it may have.
        most: usize,
    },
    /// A word begins with `*`.
    #[error("a word cannot begin with `*`; write how it begins, as in `개인정보*`")]
    Star,
    /// The cursor is of another query, or none at all.
    #[error("`after` does not belong to this query; begin again without it")]
    Cursor,
}

/// Why a query was refused.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The query is not acceptable.
    #[error(transparent)]
    Query(#[from] QueryFault),
    /// No partition that was asked for can answer; if only some cannot, the answer names them
    /// ([`Hits::missing`]).
    #[error("the index cannot answer: {0}")]
    Index(#[source] Cause),
    /// The same, and no waiting helps: these must be built anew.
    #[error("the index cannot answer: {source}")]
    Rebuild {
        /// Those that cannot answer.
        partitions: Vec<Partition>,
        /// Why the last of them cannot.
        source: Cause,
    },
}
