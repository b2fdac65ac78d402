//! What was read, and of which something was not: its job is done, and stands in no list of what failed.

use std::sync::Arc;

use madang_document::legibility::Legibility;
use madang_document::principal::Principal;
use madang_document::reason_kind::ReasonKind;
use madang_index::query::Query;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::{Waits, find};
use crate::server::Server;
use crate::standing::Wanted;

/// How many documents were read, and of which an operator has to know that something was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Shortfall {
    /// Of which a picture, a page, a film or a recording was left alone, because a reader ended over it before:
    /// `GET /v1/search?reason=left_alone`. `POST /v1/reprocess` has them read again.
    pub(crate) left_alone: u64,
    /// In whose pictures words were probably recognised badly: `GET /v1/search?ocr=doubtful`.
    pub(crate) doubtful: u64,
}

impl Shortfall {
    /// Of what this principal may see. None while no index can be asked: that takes nothing away from whoever wants the
    /// queues.
    pub(crate) async fn of(server: &Arc<Server>, principal: &Principal) -> Option<Shortfall> {
        let count = async |query: Query| {
            let answer = find(server, principal, query, Wanted::default(), Waits::ToTheEnd).await;
            if let Err(problem) = &answer {
                tracing::debug!(problem = %problem.detail.en, "nobody can count what was not read");
            }
            answer.ok().map(|answer| answer.hits.total)
        };
        let left_alone = vec![ReasonKind::LeftAlone.word().to_owned()];
        let doubtful = vec![Legibility::Doubtful];
        Some(Shortfall {
            left_alone: count(Query { reasons: left_alone, ..Query::default() }).await?,
            doubtful: count(Query { legibilities: doubtful, ..Query::default() }).await?,
        })
    }
}
