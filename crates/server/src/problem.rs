use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use madang_document::id::DocumentId;
use madang_document::particle::Particle;
use madang_index::query::{QueryFault, SearchError};
use madang_ledger::error::LedgerError;
use madang_store::blobs::BlobError;
use serde::Serialize;

use crate::sentence::Sentence;

/// What went wrong with a request: RFC 9457. Programs get it as JSON, people as a page.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// The last part of the problem's type, as in `unknown-parameter`.
    pub(crate) kind: &'static str,
    /// What happened and what to do.
    pub(crate) detail: Sentence,
    /// When to come again, in seconds.
    pub(crate) retry_after: Option<u32>,
    /// Of a document that is withdrawn, the one that its file is now.
    pub(crate) moved_to: Option<Box<Elsewhere>>,
}

/// The document that has the bytes of one that is withdrawn.
#[derive(Clone, Debug)]
pub(crate) struct Elsewhere {
    /// It.
    pub(crate) id: DocumentId,
    /// Its path as people read it.
    pub(crate) name: String,
    /// Whether its history tells that the file lay at the former place; else it is another copy.
    pub(crate) is_moved: bool,
}

/// The name space of problem types.
const TYPES: &str = "urn:madang:problem:";

#[derive(Serialize)]
struct Body9457<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    detail_ko: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_to: Option<String>,
}

impl Problem {
    /// A problem with its sentence in both languages.
    pub(crate) fn new(
        status: StatusCode,
        kind: &'static str,
        ko: impl Into<String>,
        en: impl Into<String>,
    ) -> Problem {
        Problem {
            status,
            kind,
            detail: Sentence { ko: ko.into(), en: en.into() },
            retry_after: None,
            moved_to: None,
        }
    }

    /// 400.
    pub(crate) fn bad(kind: &'static str, ko: impl Into<String>, en: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, kind, ko, en)
    }

    /// 404, for what is not there and for what is hidden: the two must not differ.
    pub(crate) fn not_found(ko_noun: &str, en_noun: &str) -> Problem {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not-found",
            format!("찾는 {} 없거나 볼 권한이 없습니다.", Particle::Subject.after(ko_noun)),
            format!("There is no such {en_noun}, or it is not yours to see."),
        )
    }

    /// 500, with the cause in the log and not in the answer.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Problem {
        tracing::error!(%cause, "a request failed");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "서버 안에서 오류가 났습니다. 운영자에게 알려 주세요.",
            "Something failed inside the server; the operator finds the cause in the log.",
        )
    }

    /// 503.
    pub(crate) fn unavailable(cause: &dyn std::fmt::Display) -> Problem {
        tracing::warn!(%cause, "a request could not be answered now");
        let mut problem = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "지금은 답할 수 없습니다. 잠시 뒤에 다시 시도해 주세요.",
            "It cannot be answered now; try again in a moment.",
        );
        problem.retry_after = Some(5);
        problem
    }

    /// The short name of the status, as in `Not Found`.
    pub(crate) fn title(&self) -> &'static str {
        self.status.canonical_reason().unwrap_or("Problem")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body9457 {
            r#type: format!("{TYPES}{}", self.kind),
            title: self.title(),
            status: self.status.as_u16(),
            detail: &self.detail.en,
            detail_ko: &self.detail.ko,
            moved_to: self.moved_to.as_ref().map(|there| there.id.to_string()),
        };
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(Body::from(json));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"madang\""),
            );
        }
        // The outermost layer turns it into a page for a browser.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Problem {
        match error {
            LedgerError::NotFound { what, .. } => Problem::not_found("항목", what),
            LedgerError::Conflict { message, .. } => Problem::new(
                StatusCode::CONFLICT,
                "conflict",
                "지금 상태에서는 할 수 없습니다. 그 사이에 상태가 바뀌었을 수 있으니 다시 확인하세요.",
                message,
            ),
            LedgerError::Unavailable { .. } => Problem::unavailable(&error),
            LedgerError::Refused { .. } | LedgerError::Damaged { .. } => Problem::internal(&error),
        }
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Problem {
        match error {
            SearchError::Query(fault) => Problem::bad("query", korean(fault), fault.to_string()),
            SearchError::Index(_) => Problem::unavailable(&error),
            SearchError::Rebuild { ref partitions, .. } => {
                let codes: Vec<&str> = partitions.iter().map(|p| p.agency.as_str()).collect();
                let codes = codes.join(", ");
                let mut problem = Problem::unavailable(&error);
                problem.kind = "index-rebuild";
                problem.detail = Sentence {
                    ko: format!(
                        "{codes} 기관의 검색 색인을 다시 만들어야 답할 수 있습니다. madang up은 저절로 다시 만들고, 서비스가 돌지 않으면 madang index rebuild로 만드세요."
                    ),
                    en: format!(
                        "The search index of {codes} must be built anew before it can answer: `madang up` does so by \
                         itself, and `madang index rebuild` does where no service runs."
                    ),
                };
                problem
            }
        }
    }
}

/// What is not acceptable about a query, in Korean.
fn korean(fault: QueryFault) -> String {
    match fault {
        QueryFault::Page { asked, most } => format!(
            "한 쪽에는 {most}건까지 볼 수 있습니다({asked}건을 요청함). 더 적게 요청하고 `after`로 이어 가세요."
        ),
        QueryFault::Depth(most) => format!(
            "앞에서부터 {most}건까지만 넘겨 볼 수 있습니다. 검색어나 날짜, 조건으로 좁혀 주세요."
        ),
        QueryFault::Length { bytes, most } => {
            format!("검색어가 {bytes}바이트입니다. {most}바이트까지로 줄여 주세요.")
        }
        QueryFault::Words { words, most } => {
            format!("검색어가 {words}개입니다. 중요한 {most}개만 남겨 주세요.")
        }
        QueryFault::Star => {
            "낱말은 `*`로 시작할 수 없습니다. `개인정보*`처럼 앞부분을 적어 주세요.".to_owned()
        }
        QueryFault::Cursor => {
            "`after`가 이 검색의 것이 아닙니다. `after` 없이 처음부터 다시 찾으세요.".to_owned()
        }
    }
}

impl From<BlobError> for Problem {
    fn from(error: BlobError) -> Problem {
        match error {
            BlobError::Lost(_) | BlobError::Damaged(_) => {
                tracing::error!(%error, "what was read of a document is lost");
                let mut problem = Problem::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "읽어 둔 내용을 잃어 원본을 다시 읽습니다. 잠시 뒤에 다시 시도해 주세요.",
                    "What was read of it is lost, and the original is read again; try again in a moment.",
                );
                problem.retry_after = Some(5);
                problem
            }
            BlobError::Unavailable(_) => Problem::unavailable(&error),
        }
    }
}

/// 401 with both ways in.
pub(crate) fn sign_in_needed() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "sign-in-needed",
        "로그인이 필요합니다. API 키를 `Authorization: Bearer …`로 보내거나, 서버가 출력한 로그인 주소를 여세요.",
        "Send an API key as `Authorization: Bearer …`, or open the sign-in link that the server printed.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ledger_errors_become_statuses() {
        for (error, status) in [
            (LedgerError::NotFound { what: "job", name: "9".into() }, 404),
            (LedgerError::conflict("the job is done"), 409),
            (LedgerError::unavailable("locked"), 503),
            (LedgerError::damaged("page 3"), 500),
        ] {
            let problem = Problem::from(error);
            assert_eq!(problem.status.as_u16(), status);
            let response = problem.into_response();
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        }
    }

    /// Whoever reads Korean is told in Korean; what is typed stands between backquotes.
    #[test]
    fn korean_sentences_hold_no_english() {
        let faults = [
            QueryFault::Page { asked: 101, most: 100 },
            QueryFault::Depth(10_000),
            QueryFault::Length { bytes: 5000, most: 4096 },
            QueryFault::Words { words: 70, most: 64 },
            QueryFault::Star,
            QueryFault::Cursor,
        ];
        let refused = faults.map(|fault| Problem::from(SearchError::from(fault)));
        let conflict = Problem::from(LedgerError::conflict("the job is done"));
        for problem in refused.into_iter().chain([conflict]) {
            let told: String = problem.detail.ko.split('`').step_by(2).collect();
            assert!(!told.contains(|c: char| c.is_ascii_alphabetic()), "{told}");
        }
    }

    #[test]
    fn causes_inside_stay_inside() {
        let problem = Problem::from(LedgerError::damaged("/var/lib/secret"));
        assert!(!problem.detail.en.contains("secret"));
    }
}
