//! What is to be known before a document is relied on, and the green word of its outcome does not say.

use madang_document::content::Warning;
use madang_document::document::Document;
use madang_document::legibility::Legibility;
use madang_document::locale::Locale;
use madang_document::media_type::Kind;
use madang_document::metadata;
use madang_document::reason_kind::ReasonKind;
use madang_document::shown::Shown;
use maud::{Markup, html};
use serde_json::Value;

use crate::caller::Caller;
use crate::pages::typed::typed;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::server::Server;

/// All of it, each a line of its own; blank where there is none.
pub(crate) fn cautions(words: Words, document: &Document, findings: &[Finding]) -> Markup {
    let lines = [doubtful(words, document), unheard(words, document)];
    let found = findings.iter().map(|finding| match words.0 {
        Locale::Korean => &finding.ko,
        Locale::English => &finding.en,
    });
    html! {
        @for line in found { p.caution role="note" { strong { (words.say("확인 필요: ", "To be checked: ")) } (Shown::new(line)) } }
        @for line in lines.iter().flatten() { p.caution role="note" { (typed(line)) } }
    }
}

/// What a data officer has to look at, in both languages.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    ko: String,
    en: String,
}

/// What the catalogue entry of a document says that a data officer has to look at: what that is is decided there.
pub(crate) async fn findings(
    server: &Server,
    caller: &Caller,
    document: &Document,
) -> Result<Vec<Finding>, Problem> {
    let id = document.id.to_string();
    // An entry that cannot be read back takes no page away: its own route tells.
    let entry = server.ledger.entry_in(&id, &caller.principal.agencies).await.unwrap_or_default();
    Ok(entry
        .filter(|entry| !entry.withdrawn)
        .map_or(Vec::new(), |entry| findings_of(&entry.draft.body)))
}

/// The findings in the text of an entry, as [`madang_catalog`] writes them: each a text in both languages, or in English alone.
fn findings_of(entry: &str) -> Vec<Finding> {
    // Most entries have none, and are not read for it.
    if !entry.contains("krd:finding") {
        return Vec::new();
    }
    let entry: Value = serde_json::from_str(entry).unwrap_or_default();
    let told = entry.get("krd:finding").and_then(Value::as_array);
    let in_language = |said: &Value, language: &str| -> Option<String> {
        let alone = std::slice::from_ref(said);
        let texts = said.as_array().map_or(alone, Vec::as_slice);
        let text = texts.iter().find(|text| text.get("@language").is_some_and(|it| it == language));
        Some(text?.get("@value")?.as_str()?.to_owned())
    };
    let finding = |said: &Value| {
        let en = in_language(said, "en")?;
        Some(Finding { ko: in_language(said, "ko").unwrap_or_else(|| en.clone()), en })
    };
    told.into_iter().flatten().filter_map(finding).collect()
}

/// What makes the words known that are spoken in a document, if nothing was there that could write them down.
fn unheard(words: Words, document: &Document) -> Option<String> {
    let is_unheard = |warning: &Warning| warning.reason.kind == ReasonKind::NotTranscribed;
    document.warnings.iter().find(|warning| is_unheard(warning))?;
    let media = match document.media_type.kind() {
        Kind::Audio => "audio",
        _ => "video",
    };
    Some(match words.0 {
        Locale::Korean => format!(
            "말소리는 받아쓰지 않아 검색되지 않습니다. 운영자가 `madang model install`로 음성 인식 모델을 설치하고 서비스를 \
             다시 시작한 뒤 `madang reprocess --media {media}`를 실행하면 받아씁니다."
        ),
        Locale::English => format!(
            "What is spoken is not written down, and is not found. It will be once the operator has installed a model \
             (`madang model install`), started the service anew and run `madang reprocess --media {media}`."
        ),
    })
}

/// That what is written in pictures was probably recognised badly, and on which pages.
fn doubtful(words: Words, document: &Document) -> Option<String> {
    Legibility::of(&document.metadata).filter(|it| *it == Legibility::Doubtful)?;
    let pages = document.metadata.text(metadata::OCR_DOUBTFUL);
    let pages = pages.map_or(String::new(), |pages| format!(" ({})", words.pages(pages)));
    Some(match words.0 {
        Locale::Korean => format!(
            "문자 인식이 잘못되었을 수 있습니다{}. 적힌 낱말이 검색되지 않을 수 있으니 그림과 견주어 확인하세요.",
            pages.trim_start()
        ),
        Locale::English => format!(
            "Words in pictures were probably read badly{pages}. A search may miss what is written there: compare it \
             with the picture."
        ),
    })
}
