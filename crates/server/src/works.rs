use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::legibility::Legibility;
use madang_document::media_type::MediaType;
use madang_document::outcome::Outcome;
use madang_document::principal::Principal;
use madang_index::query::Hits;
use madang_ledger::lookalikes::Relation;

use crate::lookalikes;
use crate::parameters::{Parameters, one_of, unreadable};
use crate::problem::Problem;
use crate::server::Server;
use crate::standing::Standing;

/// The parameter that says whether renditions of one work are one hit, and which hits by whether they have any; also the word
/// of the facet that counts these.
pub(crate) const PARAMETER: &str = "renditions";

/// The words for it: each document is a hit, or each work is one.
pub(crate) const ALL: &str = "all";
pub(crate) const FOLD: &str = "fold";

/// Renditions of one hit that are known.
const KNOWN: u32 = 20;

/// Documents of the same bytes or the same text as a hit, whether they match or not.
#[derive(Debug, Default)]
pub(crate) struct Works {
    /// Of each hit that stands for others, which, and what they are.
    others: BTreeMap<DocumentId, Vec<(DocumentId, MediaType)>>,
    /// Hits that were taken away, since one before them stands for them.
    pub(crate) folded: u64,
}

impl Works {
    /// Whether it is asked for; `unless` where nothing is said.
    ///
    /// # Errors
    /// For another word, and for both at once.
    pub(crate) fn are_asked(parameters: &Parameters, unless: bool) -> Result<bool, Problem> {
        let said = parameters.list(PARAMETER);
        let known = [ALL, FOLD].into_iter().chain(Standing::ALL.map(Standing::as_str));
        let known: Vec<&str> = known.collect();
        if let Some(other) = said.iter().find(|word| !known.contains(word)) {
            return Err(unreadable(PARAMETER, other, &one_of(&known)));
        }
        match (said.contains(&ALL), said.contains(&FOLD)) {
            (false, false) => Ok(unless),
            (true, true) => Err(unreadable(PARAMETER, FOLD, &one_of(&[ALL, FOLD]))),
            (_, is_folded) => Ok(is_folded),
        }
    }

    /// Which hits are looked for by how they stand; none where either is as welcome as the other.
    pub(crate) fn wanted(parameters: &Parameters) -> Option<Standing> {
        let said = parameters.list(PARAMETER).into_iter().filter_map(Standing::parse);
        match said.collect::<Vec<_>>().as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// Lets one hit of each work stand for the others on this page, in the place of the first: the one that was read best. Only
    /// what the principal may see is looked at; what takes too long to find stays as it is.
    ///
    /// # Errors
    /// When looking for them breaks off.
    pub(crate) async fn fold(
        server: &Arc<Server>,
        principal: &Principal,
        hits: &mut Hits,
    ) -> Result<Works, Problem> {
        let ids: Vec<DocumentId> = hits.hits.iter().map(|hit| hit.id).collect();
        let sought = others(Arc::clone(server), principal.clone(), ids);
        let Some(Kept { others, better, .. }) = lookalikes::soon(sought).await? else {
            return Ok(Works::default());
        };
        let place = |hits: &Hits, id| hits.hits.iter().position(|hit| hit.id == id);
        for (first, best) in better {
            if let Some((first, best)) = place(hits, first).zip(place(hits, best)) {
                hits.hits.swap(first, best);
            }
        }
        let before = hits.hits.len();
        hits.hits.retain(|hit| others.contains_key(&hit.id));
        let folded = (before - hits.hits.len()) as u64;
        Ok(Works { others, folded })
    }

    /// What a hit stands for beside itself.
    pub(crate) fn of(&self, hit: DocumentId) -> &[(DocumentId, MediaType)] {
        self.others.get(&hit).map_or(&[], Vec::as_slice)
    }
}

/// The hits that stay.
#[derive(Debug, Default)]
struct Kept {
    /// Each with its renditions.
    others: BTreeMap<DocumentId, Vec<(DocumentId, MediaType)>>,
    /// The first hit of a work, and the one after it that was read better and takes its place.
    better: Vec<(DocumentId, DocumentId)>,
    /// All that one of them stands for.
    stood_for: BTreeSet<DocumentId>,
}

impl Kept {
    /// Of the other documents of a hit's work that one of the hits `shown` that was read best and may take its place. One that was kept
    /// before may not, though its own renditions did not name this one (of a long list they are the first, and who is like whom
    /// depends on what is nearer): it would change places with a later hit, and lose what it stands for.
    fn rival<'a>(
        &self,
        shown: &BTreeSet<DocumentId>,
        work: &'a [Document],
    ) -> Option<&'a Document> {
        let is_free = |other: &&Document| {
            shown.contains(&other.id)
                && !self.stood_for.contains(&other.id)
                && !self.others.contains_key(&other.id)
        };
        work.iter().filter(is_free).min_by_key(|other| badness(other))
    }

    /// Keeps a hit, or what was read better in its place, for all of its work.
    fn keep(&mut self, hit: DocumentId, mut work: Vec<Document>, better: Option<Better>) {
        let mut best = hit;
        if let Some(Better { own, rival }) = better {
            best = rival;
            self.better.push((hit, rival));
            work.insert(0, own);
        }
        self.stood_for.extend(work.iter().map(|other| other.id));
        let others = work.into_iter().filter(|other| other.id != best);
        self.others.insert(best, others.map(|other| (other.id, other.media_type)).collect());
    }
}

/// A hit that another one of its work takes the place of.
#[derive(Debug)]
struct Better {
    /// The hit.
    own: Document,
    /// The other.
    rival: DocumentId,
}

/// How badly a document was read: what is whole comes before what lacks something, and stored text before what was recognised.
fn badness(document: &Document) -> (u8, bool) {
    let lacking = match document.outcome {
        Outcome::Ok => 0,
        Outcome::Partial | Outcome::Limit => 1,
        _ => 2,
    };
    (lacking, Legibility::of(&document.metadata).is_some())
}

/// The hits that stay, each with its renditions.
async fn others(server: Arc<Server>, principal: Principal, ids: Vec<DocumentId>) -> Kept {
    let mut kept = Kept::default();
    let shown: BTreeSet<DocumentId> = ids.iter().copied().collect();
    for id in ids {
        if kept.stood_for.contains(&id) {
            continue;
        }
        // A hit that cannot be looked at stands for itself: it costs no search.
        let found = server.ledger.lookalikes(id, &principal.agencies, KNOWN).await;
        let found = found.unwrap_or_default();
        // What is like it, or shows the same picture, may be about something else.
        let is_same = |relation| matches!(relation, Relation::Copy | Relation::Rendition);
        let same = found.into_iter().filter(|found| is_same(found.relation));
        let work: Vec<Document> = same.map(|found| found.stored.document).collect();
        let rival = kept.rival(&shown, &work).map(|rival| (badness(rival), rival.id));
        let mut better = None;
        if let Some((badness_of_rival, rival)) = rival {
            let own = server.ledger.document(id).await.ok().flatten().map(|own| own.document);
            let own = own.filter(|own| badness_of_rival < badness(own));
            better = own.map(|own| Better { own, rival });
        }
        kept.keep(id, work, better);
    }
    kept
}

#[cfg(test)]
mod tests {
    use madang_document::document::Provenance;
    use madang_document::metadata::Metadata;
    use madang_document::object::ObjectRef;

    use super::*;

    fn document(path: &str, outcome: Outcome) -> Document {
        let (store, path) = ("s".to_owned(), path.to_owned());
        Document {
            id: DocumentId::new(&store, &path, None),
            agency: "1741000".parse().unwrap(),
            pipeline: "p".into(),
            object: ObjectRef { store, path, version: "1".into(), size: 9 },
            object_modified: None,
            parent: None,
            inner: None,
            size: Some(9),
            sha256: None,
            media_type: MediaType::new("text/plain"),
            language: None,
            outcome,
            reason: None,
            metadata: Metadata::default(),
            members: Vec::new(),
            warnings: Vec::new(),
            segments: 1,
            characters: 1,
            text: None,
            wordless: None,
            preview: None,
            previews: Vec::new(),
            likeness: false,
            annotations: Vec::new(),
            provenance: Provenance { format: "text".into(), format_version: 1 },
        }
    }

    #[test]
    fn a_hit_that_was_kept_is_nobodys_rival() {
        let [first, cut, whole] =
            [("first", Outcome::Ok), ("cut", Outcome::Partial), ("whole", Outcome::Ok)]
                .map(|(path, outcome)| document(path, outcome));
        let shown: BTreeSet<DocumentId> = [first.id, cut.id, whole.id].into();
        let mut kept = Kept::default();
        // Its own list is too long to name the second.
        let listed = document("listed", Outcome::Ok);
        kept.keep(first.id, vec![listed.clone()], None);
        let work = [first.clone(), whole.clone()];
        assert_eq!(kept.rival(&shown, &work).map(|rival| rival.id), Some(whole.id));
        assert_eq!(kept.rival(&shown, &work[..1]), None);
        kept.keep(cut.id, work.to_vec(), Some(Better { own: cut.clone(), rival: whole.id }));
        assert_eq!(kept.better, [(cut.id, whole.id)]);
        let plain = |of: &Document| (of.id, of.media_type.clone());
        assert_eq!(kept.others[&first.id], [plain(&listed)]);
        assert_eq!(kept.others[&whole.id], [plain(&cut), plain(&first)]);
        assert!(!kept.others.contains_key(&cut.id));
        // Nor is what another one stands for.
        assert_eq!(kept.rival(&shown, &[cut]), None);
    }
}
