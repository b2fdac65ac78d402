use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use madang_document::id::DocumentId;
use madang_document::shown::is_misleading;
use madang_ledger::audit::Act;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::ports::{DropError, DropTarget, Upload};
use crate::problem::Problem;
use crate::recent::Remembered;
use crate::server::Server;
use crate::wire::json;

/// Longest path of an upload and longest part of it, bytes: what file systems and object stores hold.
const LONGEST_PATH: usize = 1024;
const LONGEST_PART: usize = 255;

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
    check_path(&path)?;
    let length = length(&headers)?;
    let most = server.settings.limits.upload;
    if length.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }

    let begun = server.now();
    let exceeded = Arc::new(AtomicBool::new(false));
    let upload = bounded(body, most, Arc::clone(&exceeded));
    let dropped = match server.drops.put(&target.pipeline, &path, upload, length).await {
        Ok(dropped) => dropped,
        Err(_) if exceeded.load(Ordering::Acquire) => return Err(too_large(most)),
        Err(error) => return Err(refused(error)),
    };

    let id = DocumentId::new(&dropped.store, &dropped.path, None);
    let before = server.ledger.standing_of(id).await?;
    let known = before.is_some_and(|standing| standing.seen_at < begun);
    let act = Act {
        actor: caller.principal.name.clone(),
        action: "drop.put".into(),
        subject: format!("{}/{}", dropped.store, dropped.path),
        detail: dropped.version.clone(),
    };
    server.ledger.append(&act).await?;
    let answer = DropAnswer {
        id: id.to_string(),
        pipeline: target.pipeline.clone(),
        path: dropped.path.clone(),
        receipt: format!("/v1/receipts/{id}"),
        document: format!("/documents/{id}"),
    };
    server.recent.remember(id, Remembered { dropped, target, at: begun });
    let status = if known { StatusCode::OK } else { StatusCode::CREATED };
    let location = HeaderValue::from_str(&answer.receipt).unwrap_or(HeaderValue::from_static("/"));
    Ok((status, [(header::LOCATION, location)], json_body(&answer)).into_response())
}

fn json_body(answer: &DropAnswer) -> axum::Json<&DropAnswer> {
    axum::Json(answer)
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

/// Passes the bytes on until there are more than `most`.
fn bounded(body: Body, most: u64, exceeded: Arc<AtomicBool>) -> Upload {
    let bytes = body.into_data_stream();
    let whole = stream::unfold((bytes, 0u64, false), move |(mut bytes, count, ended)| {
        let exceeded = Arc::clone(&exceeded);
        async move {
            if ended {
                return None;
            }
            let (item, count): (std::io::Result<Bytes>, u64) = match bytes.next().await? {
                Ok(chunk) => {
                    let count = count.saturating_add(chunk.len() as u64);
                    if count > most {
                        exceeded.store(true, Ordering::Release);
                        (Err(std::io::Error::other("the upload is larger than allowed")), count)
                    } else {
                        (Ok(chunk), count)
                    }
                }
                Err(error) => (Err(std::io::Error::other(error)), count),
            };
            let ended = item.is_err();
            Some((item, (bytes, count, ended)))
        }
    });
    let whole: Pin<Box<dyn futures::Stream<Item = std::io::Result<Bytes>> + Send>> =
        Box::pin(whole);
    whole
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

/// Refuses names with which a file could leave its folder, or pretend to be another.
fn check_path(path: &str) -> Result<(), Problem> {
    let (ko, en) = if path.is_empty() || path.len() > LONGEST_PATH {
        ("경로는 1바이트에서 1,024바이트까지입니다.", "a path has 1 to 1024 bytes")
    } else if path.chars().any(char::is_control) {
        ("경로에 제어 문자를 쓸 수 없습니다.", "a path holds no control characters")
    } else if path.chars().any(is_misleading) {
        (
            "경로에 줄이나 글 방향을 바꾸는 문자를 쓸 수 없습니다.",
            "a path holds no marks that break lines or turn the direction of writing",
        )
    } else if path.contains('\\') {
        ("경로의 구분자는 `/`입니다.", "the separator of a path is `/`")
    } else if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        (
            "경로의 각 부분은 비어 있거나 `.`, `..`일 수 없습니다.",
            "no part of a path is empty, `.` or `..`",
        )
    } else if path.split('/').any(|part| part.len() > LONGEST_PART) {
        ("이름 하나는 255바이트까지입니다.", "a name has at most 255 bytes")
    } else {
        return Ok(());
    };
    Err(Problem::bad("path", ko, en))
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
        DropError::Refused(message) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "drop-refused",
            format!("이 이름으로는 받을 수 없습니다. ({message})"),
            message,
        ),
        DropError::BrokenOff(message) => Problem::bad(
            "broken-off",
            "올리기가 중간에 끊겼습니다. 다시 올려 주세요.",
            format!("the upload was broken off and nothing was kept: {message}"),
        ),
        DropError::Unavailable(_) => Problem::unavailable(&error),
    }
}

/// The answer to an upload.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DropAnswer {
    /// The document that it becomes.
    id: String,
    /// The pipeline that takes it.
    pipeline: String,
    /// Its path in the store.
    path: String,
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
    fn paths_that_leave_the_folder_or_deceive_are_refused() {
        for good in ["a.hwp", "2026/11/보고서 (최종).hwp", "..a", "a..b/c", "\"quoted\".pdf"] {
            assert!(check_path(good).is_ok(), "{good}");
        }
        let long = format!("{}/a", "가".repeat(86));
        for bad in [
            "",
            "/etc/passwd",
            "a//b",
            "a/",
            "../a",
            "a/../b",
            "a/.",
            "a\\..\\b",
            "a\nb",
            "a\0b",
            "a\u{85}b",
            "a\u{202e}fdp.exe",
            "a\u{200f}fdp.exe",
            "a\u{2028}b",
            &long,
        ] {
            assert_eq!(check_path(bad).unwrap_err().status, 400, "{bad:?}");
        }
    }
}
