use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::Extension;
use axum::body::{Body, BodyDataStream};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use madang_document::cause::told;
use madang_document::id::DocumentId;
use madang_document::object_key;
use madang_document::timestamp::Timestamp;
use madang_ledger::audit::Act;
use madang_store::store::{self, Precondition};
use madang_store::upload::{BadPath, check_path};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::still_holds;
use crate::caller::Caller;
use crate::ports::{DropError, DropTarget, Dropped};
use crate::problem::{Problem, sign_in_needed};
use crate::sentence::Sentence;
use crate::server::Server;
use crate::while_held::while_held;
use crate::wire::json;

/// `PUT /v1/drop/{pipeline}/{path}`
pub(crate) async fn api(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path((pipeline, path)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let hidden = || Problem::not_found("수집 폴더", "pipeline that takes uploads");
    let target = visible_targets(&server, &caller).into_iter().find(|t| t.pipeline == pipeline);
    let target = target.ok_or_else(hidden)?;
    check_path(&path).map_err(bad_path)?;
    let length = length(&headers)?;
    let most = server.settings.limits.upload;
    if length.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }

    is_whole(&headers)?;
    let condition = condition(&headers)?;

    let begun = server.now();
    let upload = Bounded::new(body, most);
    let bytes = while_held(upload.stream(), Arc::clone(&server), caller.clone());
    let put = server.drops.put(&target.pipeline, &path, bytes, condition).await;
    let dropped = match put {
        Ok(dropped) => dropped,
        Err(_) if upload.exceeded() => return Err(too_large(most)),
        // What broke it off, or will not let it be sent again: nobody waits for the rest.
        Err(_) if !still_holds(&server, &caller).await => return Err(sign_in_needed()),
        Err(error) => {
            // Whoever asked us to say whether the body is wanted has not sent it. A browser has, and reads no
            // answer before it has sent all.
            if !headers.contains_key(header::EXPECT) {
                upload.drain().await;
            }
            return Err(refused(error));
        }
    };

    let id = DocumentId::new(&dropped.store, &dropped.file.path, None);
    let replaced = note(&server, &caller, &dropped, id, begun).await;
    let receipt = format!("/v1/receipts/{id}");
    let version = dropped.file.version;
    let answer = DropAnswer {
        id: id.to_string(),
        pipeline: target.pipeline.clone(),
        name: object_key::readable(&dropped.file.path).into_owned(),
        path: dropped.file.path,
        version: version.clone(),
        recorded: dropped.recorded,
        replaced,
        receipt: receipt.clone(),
        document: format!("/documents/{id}"),
    };
    let status = match (dropped.recorded, replaced) {
        (false, _) => StatusCode::ACCEPTED,
        (true, true) => StatusCode::OK,
        (true, false) => StatusCode::CREATED,
    };
    let mut answer = (status, axum::Json(&answer)).into_response();
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.headers_mut().insert(name, value);
        }
    };
    set(header::LOCATION, &receipt);
    if version.bytes().all(|b| b.is_ascii_graphic() && b != b'"') {
        set(header::ETAG, &format!("\"{version}\""));
    }
    Ok(answer)
}

/// Notes in the audit trail who sent it. Gives whether its path was known before `begun`. The file is kept by now:
/// whatever the ledger says here, to call the upload refused would have it sent again, over itself.
async fn note(
    server: &Server,
    caller: &Caller,
    dropped: &Dropped,
    id: DocumentId,
    begun: Timestamp,
) -> bool {
    let (actor, subject) =
        (&caller.principal.name, format!("{}/{}", dropped.store, dropped.file.path));
    let act = Act {
        actor: actor.clone(),
        action: "drop.put".into(),
        subject: subject.clone(),
        detail: dropped.file.version.clone(),
    };
    if let Err(error) = server.ledger.append(&act).await {
        tracing::error!(%actor, %subject, error = %told(&error),
            "an upload is kept, and the audit trail could not take who sent it");
    }
    match server.ledger.standing_of(id, &caller.principal.agencies).await {
        Ok(standing) => standing.is_some_and(|standing| standing.seen_at < begun),
        Err(error) => {
            tracing::warn!(%subject, error = %told(&error),
                "an upload is kept, and whether its path was known cannot be told");
            false
        }
    }
}

/// `GET /v1/drop`
pub(crate) async fn targets(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let pipelines = visible_targets(&server, &caller).into_iter().map(|target| DropTargetAnswer {
        pipeline: target.pipeline,
        agency: target.agency.to_string(),
        title: target.title,
    });
    json(&DropTargets { pipelines: pipelines.collect(), max_bytes: server.settings.limits.upload })
}

/// The pipelines that the caller may drop into, by name.
pub(crate) fn visible_targets(server: &Server, caller: &Caller) -> Vec<DropTarget> {
    let mut targets = server.drops.targets();
    targets.retain(|target| caller.principal.agencies.covers(&target.agency));
    targets.sort_by(|a, b| a.pipeline.cmp(&b.pipeline));
    targets
}

/// The body of an upload, passed on until there are more bytes than allowed. What the store does not read can
/// still be read here.
struct Bounded {
    most: u64,
    body: Arc<Mutex<Arrival>>,
}

/// How much of a body has arrived.
struct Arrival {
    stream: BodyDataStream,
    bytes: u64,
    ended: bool,
}

impl Bounded {
    fn new(body: Body, most: u64) -> Bounded {
        let arrival = Arrival { stream: body.into_data_stream(), bytes: 0, ended: false };
        Bounded { most, body: Arc::new(Mutex::new(arrival)) }
    }

    fn stream(&self) -> store::Body {
        let (body, most) = (Arc::clone(&self.body), self.most);
        Box::pin(stream::poll_fn(move |context| {
            let mut arrival = body.lock().unwrap_or_else(PoisonError::into_inner);
            arrival.next(context, most)
        }))
    }

    fn exceeded(&self) -> bool {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).bytes > self.most
    }

    /// Reads what is left, and forgets it.
    async fn drain(self) {
        let mut rest = self.stream();
        while let Some(Ok(_)) = rest.next().await {}
    }
}

impl Arrival {
    fn next(
        &mut self,
        context: &mut Context<'_>,
        most: u64,
    ) -> Poll<Option<std::io::Result<Bytes>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let item = match ready!(self.stream.poll_next_unpin(context)) {
            None => None,
            Some(Err(error)) => Some(Err(std::io::Error::other(error))),
            Some(Ok(chunk)) => {
                self.bytes = self.bytes.saturating_add(chunk.len() as u64);
                let exceeded = || std::io::Error::other("the upload is larger than allowed");
                Some(if self.bytes > most { Err(exceeded()) } else { Ok(chunk) })
            }
        };
        self.ended = !matches!(item, Some(Ok(_)));
        Poll::Ready(item)
    }
}

/// What `If-None-Match` and `If-Match` ask for (RFC 9110, section 13.1). A version is what an upload was
/// answered with, in quotes.
fn condition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    let one = |name| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(|text| Some(text.trim())).map_err(|_| ()),
            (Some(_), Some(_)) => Err(()),
        }
    };
    let read = || match (one(header::IF_NONE_MATCH)?, one(header::IF_MATCH)?) {
        (None, None) => Ok(Precondition::Always),
        (Some("*"), None) => Ok(Precondition::IfAbsent),
        (None, Some("*")) => Ok(Precondition::IfPresent),
        (None, Some(value)) => {
            let version = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let version = version.filter(|version| !version.is_empty()).ok_or(())?;
            Ok(Precondition::IfVersion(version.to_owned()))
        }
        _ => Err(()),
    };
    read().map_err(|()| {
        Problem::bad(
            "precondition",
            "`If-None-Match: *`, `If-Match: *`, `If-Match: \"버전\"` 가운데 하나만 쓸 수 있습니다.",
            "use one of `If-None-Match: *`, `If-Match: *` and `If-Match: \"version\"`, once",
        )
    })
}

/// Refuses what is not the file as it is: a piece of it (RFC 9110, section 14.5: it must not be kept as the whole), or
/// other bytes that stand for it (section 8.4).
fn is_whole(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(header::CONTENT_RANGE) {
        return Err(Problem::bad(
            "content-range",
            "파일의 일부만 올릴 수 없습니다. 처음부터 전체를 다시 보내 주세요. 아무것도 바뀌지 않았습니다.",
            "a piece of a file is not taken: send the whole file from its start; nothing was changed",
        ));
    }
    let coded =
        |value: &HeaderValue| !value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().any(coded) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content-encoding",
            "Content-Encoding으로 압축한 본문은 받지 않습니다. 파일을 있는 그대로 보내 주세요.",
            "a body with a Content-Encoding is not taken: send the file as it is",
        ));
    }
    Ok(())
}

fn length(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(header::CONTENT_LENGTH) else { return Ok(None) };
    value.to_str().ok().and_then(|text| text.parse().ok()).map(Some).ok_or_else(|| {
        Problem::bad(
            "content-length",
            "Content-Length를 읽을 수 없습니다.",
            "unreadable Content-Length",
        )
    })
}

/// What the store's rule on paths says to people.
fn bad_path(bad: BadPath) -> Problem {
    let en = bad.to_string();
    let ko = match bad {
        BadPath::Length => "경로는 1바이트에서 1,024바이트까지입니다.",
        BadPath::Control => "경로에 제어 문자를 쓸 수 없습니다.",
        BadPath::Misleading => "경로에 줄이나 글 방향을 바꾸는 문자를 쓸 수 없습니다.",
        BadPath::Backslash => "경로의 구분자는 `/`입니다.",
        BadPath::Part => "경로의 각 부분은 비어 있거나 `.`, `..`일 수 없습니다.",
        BadPath::Kept => {
            "그 이름은 Madang이 자기 데이터 폴더를 알아보는 데 씁니다. 다른 이름으로 올려 주세요."
        }
        BadPath::LongPart => "이름 하나는 255바이트까지입니다.",
        BadPath::Skipped => return left_out(en),
    };
    Problem::bad("path", ko, en)
}

/// What no pipeline, or not this one, takes by that name.
fn left_out(why: String) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "drop-left-out",
        "이 수집 폴더가 받지 않는 이름입니다(숨은 파일, 임시 파일 따위).",
        why,
    )
}

fn too_large(most: u64) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        format!("파일이 너무 큽니다. {most}바이트까지 올릴 수 있습니다."),
        format!("the file is too large: at most {most} bytes are taken"),
    )
}

fn refused(error: DropError) -> Problem {
    match error {
        DropError::UnknownPipeline(_) => {
            Problem::not_found("수집 폴더", "pipeline that takes uploads")
        }
        DropError::LeftOut(why) => left_out(why.to_string()),
        DropError::Refused(why) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "drop-refused",
            "저장소가 이 이름으로는 받지 않습니다. 다른 이름으로 올려 주세요.",
            why.to_string(),
        ),
        DropError::Precondition(path) => Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition",
            format!("같은 이름의 파일이 이미 있거나, 말한 버전이 아닙니다: `{path}`"),
            format!("it is there already, or is not the version that was named: {path}"),
        ),
        DropError::Conflict(why) => Problem::new(
            StatusCode::CONFLICT,
            "drop-conflict",
            "그 자리에 폴더나 링크처럼 파일이 아닌 것이 있거나, 파일 아래에 놓으려는 이름입니다. 다른 이름으로 올려 주세요.",
            format!("something that is no plain file stands at that name or above it: {why}"),
        ),
        DropError::Held(why) => {
            let mut problem = Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "drop-held",
                "이 수집 폴더에서 많은 파일이 한꺼번에 사라져 운영자의 확인을 기다립니다. 받지 않았으니, 확인된 뒤에 다시 올려 주세요.",
                format!(
                    "So many files of this folder are gone that the operator must first say whether that is real; \
                     nothing was kept: send it again when that is settled ({why})."
                ),
            );
            problem.retry_after = Some(60);
            problem
        }
        DropError::BrokenOff(why) => Problem::bad(
            "broken-off",
            "올리기가 중간에 끊겼습니다. 다시 올려 주세요.",
            format!("the upload was broken off and nothing was kept: {why}"),
        ),
        DropError::Unrecordable(_) => {
            let mut problem = Problem::unavailable(&error);
            problem.detail = Sentence::new(
                "지금은 데이터 디스크나 장부에 쓸 수 없어 받지 않았습니다. 운영자가 고친 뒤에 다시 올려 주세요.",
                "The data disk or the ledger cannot be written just now, so nothing was kept; send it again when the operator \
                 has mended that.",
            );
            problem.retry_after = Some(60);
            problem
        }
        DropError::Unavailable(_) => {
            let mut problem = Problem::unavailable(&error);
            problem.detail = Sentence::new(
                "지금은 그 수집 폴더에 쓸 수 없어 받지 못했습니다. 잠시 뒤에 다시 올려 주세요.",
                "That pipeline's store cannot be written just now and nothing was kept; send it again later.",
            );
            problem
        }
    }
}

/// The answer to an upload.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DropAnswer {
    /// The document that it becomes.
    id: String,
    /// The pipeline that takes it.
    pipeline: String,
    /// Its path in the store, as a key that gives back any name.
    path: String,
    /// The path as people read it.
    name: String,
    /// The store's word for this version; `If-Match: "version"` replaces no other.
    version: String,
    /// Whether it is in the ledger. If not (the ledger could not be written just now; status 202), the file is kept all
    /// the same, and its receipt begins once it is.
    recorded: bool,
    /// Whether the path was known before.
    replaced: bool,
    /// Where to ask what became of it.
    receipt: String,
    /// Its page, once it was read.
    document: String,
}

/// The pipelines that take uploads.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DropTargets {
    /// By name.
    pipelines: Vec<DropTargetAnswer>,
    /// Largest upload.
    max_bytes: u64,
}

/// A pipeline that takes uploads.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DropTargetAnswer {
    /// Its name, as in `/v1/drop/{pipeline}/…`.
    pipeline: String,
    /// Institution code.
    agency: String,
    /// What people call it.
    title: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_the_store_refuses_are_refused_before_a_byte_comes() {
        for good in ["a.hwp", "2026/11/보고서 (최종).hwp", "a..b/c", "\"quoted\".pdf"] {
            assert!(check_path(good).is_ok(), "{good}");
        }
        for (bad, status, words) in [
            ("", 400, "1 to 1024 bytes"),
            ("../a", 400, "no part of a path"),
            ("a\\..\\b", 400, "separator"),
            ("a\0b", 400, "control characters"),
            ("a\u{202e}fdp.exe", 400, "direction"),
            ("a\u{200f}fdp.exe", 400, "direction"),
            (&"가".repeat(86), 400, "255 bytes"),
            ("a/local.key", 400, "data folders"),
            (".env", 422, "hidden"),
            ("a/~$b.docx", 422, "temporary"),
        ] {
            let problem = bad_path(check_path(bad).unwrap_err());
            assert_eq!(problem.status, status, "{bad:?}");
            assert!(problem.detail.en.contains(words), "{bad:?}: {}", problem.detail.en);
        }
    }

    #[test]
    fn conditions_are_read_or_refused() {
        use header::{IF_MATCH, IF_NONE_MATCH};
        for (lines, expected) in [
            (vec![], Some(Precondition::Always)),
            (vec![(IF_NONE_MATCH, "*")], Some(Precondition::IfAbsent)),
            (vec![(IF_MATCH, "\"7-1-3\"")], Some(Precondition::IfVersion("7-1-3".into()))),
            (vec![(IF_MATCH, "\"\"ab\"\"")], Some(Precondition::IfVersion("\"ab\"".into()))),
            (vec![(IF_MATCH, "*")], Some(Precondition::IfPresent)),
            (vec![(IF_MATCH, "*"), (IF_MATCH, "\"a\"")], None),
            (vec![(IF_MATCH, "\"\"")], None),
            (vec![(IF_NONE_MATCH, "\"a\"")], None),
            (vec![(IF_NONE_MATCH, "*"), (IF_MATCH, "\"a\"")], None),
            (vec![(IF_NONE_MATCH, "*"), (IF_NONE_MATCH, "*")], None),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in &lines {
                headers.append(name, HeaderValue::from_static(value));
            }
            assert_eq!(condition(&headers).ok(), expected, "{lines:?}");
        }
    }

    #[test]
    fn each_refusal_has_its_status_and_tells_no_cause_of_ours() {
        let secret = || "/srv/data: no such device".to_owned();
        for (error, status) in [
            (DropError::UnknownPipeline("press".into()), 404),
            (DropError::LeftOut("left out by the patterns".into()), 422),
            (DropError::Refused("the store takes no such name".into()), 422),
            (DropError::Precondition("a.txt".into()), 412),
            (DropError::Conflict("`a.txt` is a folder".into()), 409),
            (DropError::BrokenOff("the sender went away".into()), 400),
            (DropError::Held("12 of 12 files".into()), 503),
            (DropError::Unavailable(secret().into()), 503),
            (DropError::Unrecordable(secret().into()), 503),
        ] {
            let problem = refused(error);
            assert_eq!(problem.status, status);
            assert!(!problem.detail.en.contains("/srv"), "{}", problem.detail.en);
            assert_eq!(problem.retry_after.is_some(), status == 503);
            // Whoever reads Korean is told in Korean; names stand between backquotes.
            let told: String = problem.detail.ko.split('`').step_by(2).collect();
            assert!(!told.contains(|c: char| c.is_ascii_alphabetic()), "{told}");
        }
    }
}
