use std::collections::BTreeSet;

use madang_document::id::DocumentId;
use madang_document::principal::Principal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::server::Server;

/// Whether a document stands alone, or others of the same bytes or the same text stand beside it: the values of a facet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// It stands alone.
    One,
    /// There are others.
    Several,
}

impl Standing {
    /// Both.
    pub(crate) const ALL: [Standing; 2] = [Standing::One, Standing::Several];

    /// The word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Standing::One => "one",
            Standing::Several => "several",
        }
    }

    /// Of a word.
    pub(crate) fn parse(word: &str) -> Option<Standing> {
        Standing::ALL.into_iter().find(|standing| standing.as_str() == word)
    }
}

/// What a search has to do with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// It is counted.
    pub(crate) is_counted: bool,
    /// Only hits that stand so.
    pub(crate) only: Option<Standing>,
}

/// Of how many hits it is known how they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Compared {
    /// So many hits, the first in their order, were compared with all there is.
    pub(crate) hits: u64,
    /// Of so many that match.
    pub(crate) of: u64,
}

/// How the first hits of a search stand.
#[derive(Debug)]
pub(crate) struct Standings {
    /// How many were compared, and of how many.
    pub(crate) compared: Compared,
    /// Those that stand alone, in their order.
    alone: Vec<DocumentId>,
    /// The others.
    among_several: Vec<DocumentId>,
}

impl Standings {
    /// Of the first hits that a search named. Nobody sees of it what the principal may not.
    pub(crate) async fn of(
        server: &Server,
        principal: &Principal,
        first: &[DocumentId],
        of: u64,
    ) -> Result<Standings, Problem> {
        let several: BTreeSet<DocumentId> =
            server.ledger.with_renditions(first, &principal.agencies).await?;
        let (among_several, alone) = first.iter().partition(|id| several.contains(id));
        let compared = Compared { hits: first.len() as u64, of };
        Ok(Standings { compared, alone, among_several })
    }

    /// Which of them stand so.
    pub(crate) fn ids(&self, standing: Standing) -> &[DocumentId] {
        match standing {
            Standing::One => &self.alone,
            Standing::Several => &self.among_several,
        }
    }

    /// How many stand so, what most do first; of those that are looked for alone.
    pub(crate) fn counts(&self, wanted: Wanted) -> Vec<(&'static str, u64)> {
        let looked_for = |it: &Standing| wanted.only.is_none_or(|only| only == *it);
        let mut counts: Vec<(&'static str, u64)> = Standing::ALL
            .into_iter()
            .filter(looked_for)
            .map(|standing| (standing.as_str(), self.ids(standing).len() as u64))
            .filter(|(_, count)| *count > 0)
            .collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}
