use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use madang_document::left_out::{LeftOut, LeftOutKind};
use madang_document::object_key;
use madang_document::sidecar::{Described, described_unseen};
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::parameters::{Parameters, next};
use crate::problem::Problem;
use crate::sentence::Sentence;
use crate::server::Server;
use crate::wire::json;

/// What the list can be asked with.
pub(crate) const PARAMETERS: &[&str] = &["after", "limit"];

/// `GET /v1/left-out`
pub(crate) async fn api(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, PARAMETERS)?;
    let limit = parameters.limit()?;
    let expected = Sentence::new(
        "앞쪽의 `next`, 곧 `pipeline/path` 꼴",
        "the `next` of the former page, as in `pipeline/path`",
    );
    let after = parameters.after(&expected, |text| text.split_once('/'))?;
    let found = server.ledger.left_outs(&caller.principal.agencies, after, limit).await?;
    let next = next(&found, limit, |(pipeline, last)| format!("{pipeline}/{last}"));
    let left_out =
        found.readable().into_iter().map(|(pipeline, one)| LeftOutAnswer::new(pipeline, one));
    Ok(json(&LeftOuts { left_out: left_out.collect(), next }))
}

/// What it is, what to do so that it is taken, and what comes of it until then.
pub(crate) fn sentence(left_out: &LeftOut) -> Sentence {
    let Sentence { mut ko, mut en } = cure(left_out.kind);
    // A packet has no word for it.
    let by = described_unseen(&left_out.key);
    if by.is_some_and(|by| !matches!(by, Described::Stem(_))) {
        ko.push_str(" 그때까지 이 이름으로 설명될 수 있는 파일은 모두 비공개로 칩니다.");
        en.push_str(" Until then, every file that may be described by this name counts as closed.");
    }
    Sentence { ko, en }
}

fn cure(kind: LeftOutKind) -> Sentence {
    let (ko, en) = match kind {
        LeftOutKind::Link => (
            "링크는 따라가지 않습니다. 링크가 가리키는 파일을 직접 넣어 주세요.",
            "Links are not followed. Put the file itself there.",
        ),
        LeftOutKind::Fifo => (
            "파이프는 파일이 아닙니다. 지우거나 다른 곳으로 옮기세요.",
            "A named pipe is no file. Remove it, or move it elsewhere.",
        ),
        LeftOutKind::Socket => (
            "소켓은 파일이 아닙니다. 지우거나 다른 곳으로 옮기세요.",
            "A socket is no file. Remove it, or move it elsewhere.",
        ),
        LeftOutKind::Device => (
            "장치는 파일이 아닙니다. 지우거나 다른 곳으로 옮기세요.",
            "A device is no file. Remove it, or move it elsewhere.",
        ),
        LeftOutKind::Folder => (
            "설명 파일의 이름을 가진 폴더입니다. 폴더의 이름을 바꿔 주세요.",
            "A folder has the name of a file that describes others. Give it another name.",
        ),
        LeftOutKind::TooLong => (
            "경로가 너무 깁니다. 폴더나 파일 이름을 줄이세요.",
            "Its path is too long. Shorten the names of folders or of the file.",
        ),
        LeftOutKind::Name => (
            "이름에 빈 부분(//), 끝의 빗금, 점(. ..) 또는 제어 문자가 있어 요청할 수 없습니다. 개체의 이름을 바꾸세요.",
            "Its key has an empty part, a slash at its end, dots or control characters, and cannot be asked for. Rename the object.",
        ),
        LeftOutKind::Closed => (
            "Madang(이 서비스나 다른 서비스)의 데이터나 레지스트리, 다른 수집 폴더에 속한 것입니다. 여기서 빼거나, 받아야 하면 파일만 복사해 넣어 주세요.",
            "It belongs to the data of a Madang (this one or another), to a registry or to another pipeline's folder. Take it away from here, or put a copy of the file there if it is to be taken.",
        ),
        LeftOutKind::Unreadable => (
            "읽을 수 없습니다. madang을 실행하는 계정에 읽기 권한을 주세요.",
            "It cannot be read. Give the account that runs madang the right to read it.",
        ),
    };
    Sentence::new(ko, en)
}

/// A page of what lies in the sources and is not taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LeftOuts {
    /// By pipeline and path.
    left_out: Vec<LeftOutAnswer>,
    /// What to put into `after` for the next page; null at the end.
    next: Option<String>,
}

/// Something in a source that is not taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LeftOutAnswer {
    /// The pipeline whose source it lies in.
    pipeline: String,
    /// Its path there, as a key that gives back any name.
    path: String,
    /// The path as people read it.
    name: String,
    /// `link`, `fifo`, `socket`, `device`, `folder`, `too_long`, `name`, `closed` or `unreadable`.
    kind: &'static str,
    /// What it is, and what to do so that it is taken.
    sentence: Sentence,
    /// More, in English.
    reason: String,
}

impl LeftOutAnswer {
    fn new(pipeline: String, left_out: LeftOut) -> LeftOutAnswer {
        LeftOutAnswer {
            pipeline,
            name: object_key::readable(&left_out.key).into_owned(),
            sentence: sentence(&left_out),
            kind: left_out.kind.as_str(),
            path: left_out.key,
            reason: left_out.reason,
        }
    }
}
