use madang_document::condition::{Condition, Kind};
use madang_document::locale::Locale;
use madang_document::principal::Scope;
use serde::Serialize;
use utoipa::ToSchema;

use crate::sentence::Sentence;
use crate::server::Server;

/// What keeps the service from its work and concerns this scope: what concerns one agency is told to who may
/// see that agency, what concerns the whole service to everybody. A held disappearance is no part of it: it is shown
/// with its queue.
pub(crate) fn of(server: &Server, scope: &Scope) -> Vec<Condition> {
    let mut conditions = server.conditions.now();
    conditions.retain(|Condition { kind, subject, .. }| {
        *kind != Kind::Held && subject.agency.as_ref().is_none_or(|agency| scope.covers(agency))
    });
    conditions.sort_by(|a, b| (a.since, &a.subject.name).cmp(&(b.since, &b.subject.name)));
    conditions
}

/// Whether the source of this pipeline cannot be read just now, as far as this process knows.
pub(crate) fn is_away(server: &Server, pipeline: &str) -> bool {
    let stands = |one: &Condition| one.kind == Kind::SourceAway && one.subject.name == pipeline;
    server.conditions.now().iter().any(stands)
}

/// What happened, without naming anything: fit for who has not signed in.
pub(crate) fn sentence(kind: Kind) -> Sentence {
    Sentence::new(kind.sentence(Locale::Korean), kind.sentence(Locale::English))
}

/// What to do about it.
pub(crate) fn cure(kind: Kind) -> Sentence {
    Sentence::new(kind.cure(Locale::Korean), kind.cure(Locale::English))
}

/// Something that keeps the service from its work.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ConditionAnswer {
    /// `disk_low`, `ledger_unwritable`, `ledger_damaged`, `descriptors_out`, `stalled`, `source_away`, `index_behind`,
    /// `catalogue_behind`, `registry_behind`, `eraser_behind`, `outbox_unread`, `elsewhere`, `index_damaged`, `index_anew`
    /// or `panicked`.
    kind: &'static str,
    /// Which pipeline or agency; blank if the whole service.
    subject: String,
    /// Since when, RFC 3339.
    since: String,
    /// What happened.
    sentence: Sentence,
    /// What to do.
    cure: Sentence,
    /// More, in English.
    detail: String,
    /// Whether `/readyz` says no because of it.
    unready: bool,
}

impl From<Condition> for ConditionAnswer {
    fn from(condition: Condition) -> ConditionAnswer {
        ConditionAnswer {
            kind: condition.kind.as_str(),
            sentence: sentence(condition.kind),
            cure: cure(condition.kind),
            unready: condition.kind.is_unready(),
            since: condition.since.to_string(),
            subject: condition.subject.name,
            detail: condition.message,
        }
    }
}
