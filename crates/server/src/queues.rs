use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use madang_document::object_key;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use madang_ledger::held::Held;
use madang_ledger::objects::Balance;
use madang_ledger::queue::Queue;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::{Caller, Manner};
use crate::conditions::{self, ConditionAnswer};
use crate::parameters::{Parameters, one_of, unreadable};
use crate::problem::Problem;
use crate::recognition::{Running, running};
use crate::redirect::see_other;
use crate::server::Server;
use crate::shortfall::Shortfall;
use crate::wire::json;

/// `GET /v1/queues`
pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    let mut queues = Vec::new();
    for queue in visible(&server, &caller.principal.agencies).await? {
        let mut answer = QueueAnswer::of(&server, &queue);
        if let Some(held) = &mut answer.held {
            let first = first_held(&server, &queue).await?;
            held.first = first.iter().map(|key| object_key::readable(key).into_owned()).collect();
        }
        queues.push(answer);
    }
    let conditions = conditions::of(&server, &caller.principal.agencies);
    let conditions = conditions.into_iter().map(ConditionAnswer::from).collect();
    let noted = server.ledger.count_notes(&caller.principal.agencies).await?;
    let running = running(&server, &caller.principal.agencies).await?;
    let running = running.iter().map(Running::of).collect();
    let shortfall = Shortfall::of(&server, &caller.principal).await;
    Ok(json(&Queues { queues, running, conditions, noted, shortfall }))
}

/// The queues of these agencies, by name.
pub(crate) async fn visible(server: &Server, scope: &Scope) -> Result<Vec<Queue>, Problem> {
    let mut queues = server.ledger.queues().await?;
    queues.retain(|queue| scope.covers(&queue.agency));
    queues.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(queues)
}

/// Paths of a mass disappearance that are named.
const FIRST: u32 = 20;

/// The first paths of what is held in a queue, in order; none where nothing is, or no process here knows which they are.
pub(crate) async fn first_held(server: &Server, queue: &Queue) -> Result<Vec<String>, Problem> {
    match &queue.held {
        None => Ok(Vec::new()),
        // All that is known is missing, and that the ledger tells.
        Some(held) if held.missing >= held.known => {
            let known = server.ledger.known(&queue.name, None, FIRST).await?;
            Ok(known.into_iter().map(|known| known.path).collect())
        }
        Some(_) => Ok(server.sources.first(&queue.name)),
    }
}

/// The queue of this name, if the caller may see it.
async fn one(server: &Server, caller: &Caller, name: &str) -> Result<Queue, Problem> {
    let queues = visible(server, &caller.principal.agencies).await?;
    let hidden = || Problem::not_found("작업 줄", "queue");
    queues.into_iter().find(|queue| queue.name == name).ok_or_else(hidden)
}

/// `POST /v1/queues/{queue}/pause`
pub(crate) async fn pause(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Extension(manner): Extension<Manner>,
    Path(queue): Path<String>,
) -> Result<Response, Problem> {
    set_paused(&server, &caller, manner, &queue, true).await
}

/// `POST /v1/queues/{queue}/resume`
pub(crate) async fn resume(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Extension(manner): Extension<Manner>,
    Path(queue): Path<String>,
) -> Result<Response, Problem> {
    set_paused(&server, &caller, manner, &queue, false).await
}

async fn set_paused(
    server: &Server,
    caller: &Caller,
    manner: Manner,
    queue: &str,
    paused: bool,
) -> Result<Response, Problem> {
    let queue = one(server, caller, queue).await?;
    server.ledger.pause(&queue.name, paused, &caller.principal.name).await?;
    Ok(done(manner))
}

/// What a release can be asked with: `gone`, by which the operator says that a source which is away will not be back.
pub(crate) const RELEASE: &[&str] = &["gone"];

/// `POST /v1/queues/{queue}/release`
pub(crate) async fn release(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Extension(manner): Extension<Manner>,
    Path(queue): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, RELEASE)?;
    let for_good = parameters.one("gone")?.map_or(Ok(false), |value| match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(unreadable("gone", value, &one_of(&["true", "false"]))),
    })?;
    let queue = one(&server, &caller, &queue).await?;
    if let Some(held) = &queue.held
        && !for_good
        && conditions::is_away(&server, &queue.name)
    {
        return Err(away(held));
    }
    let released = server.ledger.release_held(&queue.name, &caller.principal.name).await?;
    let released = released.ok_or_else(|| {
        let (ko, en) = match server.sources.declares(&queue.name) {
            true => ("", ""),
            false => (
                " 이 파이프라인은 지금 선언되어 있지 않습니다. 먼저 빈 폴더로 다시 선언해 주세요.",
                "; its pipeline is not declared in this run: declare it over an empty folder first",
            ),
        };
        Problem::new(
            StatusCode::CONFLICT,
            "nothing-held",
            format!("보류된 대량 삭제가 없습니다.{ko}"),
            format!("nothing is held in `{}`{en}", queue.name),
        )
    })?;
    // Where its source runs in another process, that one does what the ledger says at its next listing.
    server.sources.look_again(&queue.name).await;
    if manner.html {
        return Ok(see_other("/queues"));
    }
    Ok(json(&Released { done: true, withdraws: released.missing }))
}

/// 409: a source that cannot be read says nothing about its files.
fn away(held: &Held) -> Problem {
    let Held { missing, known, .. } = held;
    Problem::new(
        StatusCode::CONFLICT,
        "source-away",
        format!(
            "수집 폴더 자체를 읽을 수 없어 파일 {known}개 가운데 {missing}개가 보이지 않습니다. 다시 연결하면 저절로 이어집니다. 영영 없어졌다면 `gone=true`(madang queue release --yes)로 그렇다고 말해 주세요. 그러면 {missing}개를 거둡니다."
        ),
        format!(
            "the source is away, and with it {missing} of {known} files: mount it, and all goes on by itself; only if it \
             is gone for good, say so with `gone=true` (madang queue release --yes), and the {missing} are withdrawn"
        ),
    )
}

/// `GET /v1/ledger/balance`
pub(crate) async fn balance(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    let balance = server.ledger.balance(&caller.principal.agencies).await?;
    Ok(json(&BalanceAnswer::from(balance)))
}

/// The answer to an act: for a form of the page back to the page, else JSON.
pub(crate) fn done(manner: Manner) -> Response {
    if manner.html { see_other("/queues") } else { json(&Done { done: true }) }
}

/// An act was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    /// Always true: what could not be done is a problem.
    done: bool,
}

/// What was held is withdrawn.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Released {
    /// Always true.
    done: bool,
    /// How many files are withdrawn, if no more are missing by the next listing of the source.
    withdraws: u64,
}

/// The queues.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Queues {
    /// By name.
    queues: Vec<QueueAnswer>,
    /// What is in work, at most 20: first those files in which something is recognised, with how far that has come.
    running: Vec<Running>,
    /// What keeps the service from its work just now; empty when all is well.
    conditions: Vec<ConditionAnswer>,
    /// What was passed over so that the rest could go on, see `/v1/notes`.
    noted: u64,
    /// What was read, and of which something was not; null while the index cannot be asked.
    shortfall: Option<Shortfall>,
}

/// A queue with its counts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct QueueAnswer {
    /// The pipeline's name.
    pub(crate) name: String,
    /// Institution code.
    agency: String,
    /// Whether its pipeline is declared in this run; true where no service runs. Of one that is not, what was read stays
    /// found, changed or not in its source, and what waits in it waits.
    declared: bool,
    /// Whether claims are stopped.
    paused: bool,
    /// Due and unclaimed.
    ready: u64,
    /// Waiting for their next attempt.
    waiting: u64,
    /// Being worked on.
    leased: u64,
    /// Completed.
    done: u64,
    /// Set aside.
    quarantined: u64,
    /// Completed in the last minute.
    last_minute: u64,
    /// When the oldest ready job became due, RFC 3339.
    oldest_ready: Option<String>,
    /// A mass disappearance that waits for the operator's word.
    held: Option<HeldAnswer>,
}

/// A mass disappearance.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HeldAnswer {
    /// Paths that are gone.
    missing: u64,
    /// Paths that were known.
    known: u64,
    /// Whether the source itself cannot be read just now: it may only be away.
    away: bool,
    /// Since when, RFC 3339.
    since: String,
    /// Whether the operator said that they are really gone: the next listing of the source withdraws them.
    released: bool,
    /// The first of them, as people read their paths. Left out where no process here knows which they are, and among
    /// events.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    first: Vec<String>,
}

impl QueueAnswer {
    /// Of a queue, whose source may be away just now.
    pub(crate) fn of(server: &Server, queue: &Queue) -> QueueAnswer {
        let away = conditions::is_away(server, &queue.name);
        QueueAnswer {
            name: queue.name.clone(),
            agency: queue.agency.to_string(),
            declared: server.sources.declares(&queue.name),
            paused: queue.paused,
            ready: queue.ready,
            waiting: queue.waiting,
            leased: queue.leased,
            done: queue.done,
            quarantined: queue.quarantined,
            last_minute: queue.last_minute,
            oldest_ready: queue.oldest_ready.as_ref().map(Timestamp::to_string),
            held: queue.held.as_ref().map(|held| HeldAnswer {
                missing: held.missing,
                known: held.known,
                away,
                since: held.since.to_string(),
                released: held.released,
                first: Vec::new(),
            }),
        }
    }
}

/// Conservation: `received = done + quarantined + deleted + in_flight`, counted in files as dropped.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BalanceAnswer {
    /// Files ever seen.
    received: u64,
    /// Read (or recognised) and completed.
    done: u64,
    /// Set aside for the operator.
    quarantined: u64,
    /// Gone from their store, or dropped by the operator.
    deleted: u64,
    /// Waiting or being worked on.
    in_flight: u64,
    /// Members of archives, mails and compound documents; not part of the sum.
    members: u64,
    /// Of what is done, files that describe others and are found under those.
    sidecars: u64,
    /// What lies in the sources and is not taken, see `/v1/left-out`; not part of the sum.
    left_out: u64,
    /// Whether the sum is right.
    holds: bool,
}

impl From<Balance> for BalanceAnswer {
    fn from(balance: Balance) -> BalanceAnswer {
        BalanceAnswer {
            received: balance.received,
            done: balance.done,
            quarantined: balance.quarantined,
            deleted: balance.deleted,
            in_flight: balance.in_flight,
            members: balance.members,
            sidecars: balance.sidecars,
            left_out: balance.left_out,
            holds: balance.holds(),
        }
    }
}
