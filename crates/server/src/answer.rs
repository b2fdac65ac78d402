use std::sync::Arc;

use madang_document::principal::Principal;
use madang_index::query::{Among, Hits, MOST_FIRST, Query};

use crate::lookalikes;
use crate::problem::Problem;
use crate::server::Server;
use crate::standing::{Standings, Wanted};

/// A search, with how its hits stand.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The hits.
    pub(crate) hits: Hits,
    /// How the first of them stand, if that was wanted and is known.
    pub(crate) standings: Option<Standings>,
    /// Whether it takes longer to find than somebody waits; hits that are chosen by it are not there then.
    pub(crate) is_sought: bool,
}

/// First hits of which a page says how they stand, whatever is searched: each that nobody asked about before is compared with all
/// texts there are.
const LOOKED_AT: usize = 100;

/// How long somebody waits for what has to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    /// As long as it takes: a program.
    ToTheEnd,
    /// As a page does.
    Shortly,
}

/// Searches, and finds out how the first hits stand, as far as that is wanted.
///
/// # Errors
/// Those of a search.
pub(crate) async fn find(
    server: &Arc<Server>,
    principal: &Principal,
    mut query: Query,
    wanted: Wanted,
    waits: Waits,
) -> Result<Answer, Problem> {
    if wanted == Wanted::default() {
        return Ok(Answer { hits: run(server, principal, query).await?, ..Answer::default() });
    }
    let Some(only) = wanted.only else {
        query.first = match waits {
            Waits::ToTheEnd => MOST_FIRST,
            Waits::Shortly => LOOKED_AT,
        };
        let hits = run(server, principal, query).await?;
        let standings = of_these(server, principal, &hits, waits).await?;
        return Ok(Answer { hits, is_sought: standings.is_none(), standings });
    };
    // Those that stand so among the first of all are a choice that the index is asked for.
    let all =
        Query { limit: 0, after: None, facets: Vec::new(), first: MOST_FIRST, ..query.clone() };
    let all = run(server, principal, all).await?;
    let Some(standings) = of_these(server, principal, &all, waits).await? else {
        return Ok(Answer { is_sought: true, ..Answer::default() });
    };
    query.among = Some(Among { ids: standings.ids(only).to_vec(), by: only.as_str() });
    let hits = run(server, principal, query).await?;
    Ok(Answer { hits, standings: Some(standings), is_sought: false })
}

async fn of_these(
    server: &Arc<Server>,
    principal: &Principal,
    hits: &Hits,
    waits: Waits,
) -> Result<Option<Standings>, Problem> {
    let (first, of) = (hits.first.clone(), hits.total);
    if waits == Waits::ToTheEnd {
        return Standings::of(server, principal, &first, of).await.map(Some);
    }
    let (server, principal) = (Arc::clone(server), principal.clone());
    lookalikes::soon(async move { Standings::of(&server, &principal, &first, of).await })
        .await?
        .transpose()
}

/// Searches what the principal may see. The index blocks, so it gets a thread of its own.
async fn run(server: &Server, principal: &Principal, query: Query) -> Result<Hits, Problem> {
    let (searcher, principal) = (server.searcher.clone(), principal.clone());
    let hits = tokio::task::spawn_blocking(move || searcher.search(&principal, &query)).await;
    Ok(hits.map_err(|error| Problem::internal(&error))??)
}
