use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use madang_document::principal::Scope;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::access::still_holds;
use crate::caller::Caller;
use crate::change::EntryChange;
use crate::conditions::{self, ConditionAnswer};
use crate::feed::{Seat, Tick, Ticks};
use crate::problem::Problem;
use crate::queues::{BalanceAnswer, QueueAnswer, visible};
use crate::recognition::{Running, running};
use crate::server::Server;

/// How often the ledger is asked while somebody listens.
const BEAT: Duration = Duration::from_secs(1);
/// How long one stream lasts. A browser comes again by itself, and uses its session anew.
const STREAM: Duration = Duration::from_secs(5 * 60);
/// Changes that a tick remembers, for listeners who were slower than the beat.
const REMEMBERED: usize = 500;

/// `GET /v1/events`: `state` events with balance and queues whenever they differ from the last, and `changes`
/// events with changes of catalogue entries. The id of an event is the ledger's `seq`; who comes back with
/// `Last-Event-ID` gets the changes in between, at most 500, and always the whole present state first. Nothing is told
/// once the key is revoked or the session has ended: that is asked at each beat.
pub(crate) async fn api(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let seat = server.feed.seat(&caller.principal.name, server.settings.limits.listeners);
    let seat = seat.ok_or_else(|| Problem::unavailable(&"too many listeners of /v1/events"))?;
    let scope = caller.principal.agencies.clone();
    let seen: Option<u64> = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse().ok());
    let last = server.ledger.last_seq().await?;
    // An id from another data folder may be ahead of ours: nothing that we know of was missed then, and what
    // is to come must not wait until that number is reached.
    let missed = match seen.filter(|seen| *seen < last) {
        Some(seen) => entry_changes(&server, &scope, seen).await?,
        None => Vec::new(),
    };
    let (ticks, poller) = server.feed.subscribe(&scope);
    if let Some(poller) = poller {
        tokio::spawn(poll(Arc::clone(&server), scope.clone(), poller));
    }
    let listener = Listener {
        server: Arc::clone(&server),
        caller,
        ticks,
        closing: server.closing.subscribe(),
        until: Instant::now() + STREAM,
        waiting: changes_event(&missed).into_iter().collect(),
        state: String::new(),
        seq: missed.last().map_or(last, |change| change.seq.max(last)),
        _seat: seat,
    };
    let stream = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    let mut response = Sse::new(stream).keep_alive(KeepAlive::default()).into_response();
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    Ok(response)
}

/// Somebody who listens.
struct Listener {
    server: Arc<Server>,
    caller: Caller,
    ticks: watch::Receiver<Option<Arc<Tick>>>,
    closing: watch::Receiver<bool>,
    until: Instant,
    waiting: VecDeque<Event>,
    /// The state sent last.
    state: String,
    /// The change sent last.
    seq: u64,
    _seat: Seat,
}

impl Listener {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if *self.closing.borrow() {
                return None;
            }
            tokio::select! {
                changed = self.ticks.changed() => changed.ok()?,
                _ = self.closing.changed() => return None,
                () = tokio::time::sleep_until(self.until) => return None,
            }
            if !still_holds(&self.server, &self.caller).await {
                return None;
            }
            let tick = self.ticks.borrow_and_update().clone();
            if let Some(tick) = tick {
                self.hear(&tick);
            }
        }
    }

    fn hear(&mut self, tick: &Tick) {
        if tick.state != self.state {
            self.state.clone_from(&tick.state);
            let event = Event::default().event("state").id(tick.seq.to_string());
            self.waiting.push_back(event.data(&tick.state));
        }
        let new: Vec<EntryChange> =
            tick.changes.iter().filter(|change| change.seq > self.seq).cloned().collect();
        if let Some(last) = new.last() {
            self.seq = last.seq;
        }
        self.waiting.extend(changes_event(&new));
    }
}

fn changes_event(changes: &[EntryChange]) -> Option<Event> {
    let last = changes.last()?;
    let data = serde_json::to_string(changes).ok()?;
    Some(Event::default().event("changes").id(last.seq.to_string()).data(data))
}

/// What a `state` event says.
#[derive(Debug, Serialize)]
struct StateOfWork {
    balance: BalanceAnswer,
    queues: Vec<QueueAnswer>,
    /// Only that in which something is recognised: the rest is done before anybody reads its name.
    running: Vec<Running>,
    conditions: Vec<ConditionAnswer>,
}

async fn poll(server: Arc<Server>, scope: Scope, ticks: Ticks) {
    let mut changes: VecDeque<EntryChange> = VecDeque::new();
    let mut after = server.ledger.last_seq().await.unwrap_or_default();
    loop {
        match tick(&server, &scope, &mut changes, &mut after).await {
            Ok(tick) => {
                ticks.send_replace(Some(Arc::new(tick)));
            }
            Err(problem) => tracing::warn!(detail = problem.detail.en, "no live state this time"),
        }
        tokio::time::sleep(BEAT).await;
        if server.feed.is_deserted(&scope, &ticks) {
            return;
        }
    }
}

async fn tick(
    server: &Server,
    scope: &Scope,
    changes: &mut VecDeque<EntryChange>,
    after: &mut u64,
) -> Result<Tick, Problem> {
    for change in entry_changes(server, scope, *after).await? {
        *after = change.seq;
        changes.push_back(change);
    }
    while changes.len() > REMEMBERED {
        changes.pop_front();
    }
    let balance = server.ledger.balance(scope).await?;
    let queues = visible(server, scope).await?;
    let running = running(server, scope).await?;
    let recognised = running.iter().filter(|(_, headway)| headway.is_some());
    let state = StateOfWork {
        balance: BalanceAnswer::from(balance),
        queues: queues.iter().map(|queue| QueueAnswer::of(server, queue)).collect(),
        running: recognised.map(Running::of).collect(),
        conditions: conditions::of(server, scope).into_iter().map(ConditionAnswer::from).collect(),
    };
    Ok(Tick {
        seq: *after,
        state: serde_json::to_string(&state).map_err(|error| Problem::internal(&error))?,
        changes: changes.iter().cloned().collect(),
    })
}

async fn entry_changes(
    server: &Server,
    scope: &Scope,
    after: u64,
) -> Result<Vec<EntryChange>, Problem> {
    let events = server.ledger.events(scope, after, REMEMBERED as u32).await?;
    Ok(events.readable().into_iter().map(EntryChange::from).collect())
}
