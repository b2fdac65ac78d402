//! The table of stages: what is found out about each document after it was read. They stand beside the formats: a format
//! says what the bytes hold, a stage what that is like.
//!
//! Adding a stage is a file beside the others under `stages/`, its `mod` line and its row.

use std::panic::{AssertUnwindSafe, catch_unwind};

use madang_document::annotation::{Annotation, Finding};

use crate::extraction::Extraction;
use crate::stage::Stage;

mod picture_fingerprint;
mod text_fingerprint;

/// Every stage, in the order in which they look.
pub static STAGES: &[&Stage] = &[&text_fingerprint::STAGE, &picture_fingerprint::STAGE];

/// Most annotations that one stage makes of a document.
pub const MOST: usize = 32;

/// What all stages find out about a document. One that panics costs its annotations and not the document: it has said
/// nothing, so that the document is among those that it has still to look at.
pub(crate) fn annotations(document: &Extraction) -> Vec<Annotation> {
    STAGES.iter().flat_map(|stage| of(stage, document)).collect()
}

fn of(stage: &Stage, document: &Extraction) -> Vec<Annotation> {
    let Ok(mut findings) = catch_unwind(AssertUnwindSafe(|| (stage.run)(document))) else {
        return Vec::new();
    };
    if findings.is_empty() {
        findings.push(Finding::Nothing);
    }
    let said =
        |finding| Annotation { stage: stage.name.to_owned(), version: stage.version, finding };
    findings.into_iter().take(MOST).map(said).collect()
}

#[cfg(test)]
mod tests {
    use madang_document::content::Content;
    use madang_document::media_type::MediaType;
    use madang_document::outcome::Outcome;

    use super::*;

    fn document() -> Extraction {
        Extraction {
            member: None,
            size: 0,
            sha256: None,
            format: "text".into(),
            format_version: 1,
            media_type: MediaType::new("text/plain"),
            language: None,
            outcome: Outcome::Empty,
            reason: None,
            content: Content::default(),
            annotations: Vec::new(),
        }
    }

    #[test]
    fn each_stage_says_something_of_each_document() {
        let said = annotations(&document());
        let names: Vec<_> = said.iter().map(|it| (it.stage.as_str(), it.version)).collect();
        let rows: Vec<_> = STAGES.iter().map(|stage| (stage.name, stage.version)).collect();
        assert_eq!(names, rows);
        assert!(said.iter().all(|it| it.finding == Finding::Nothing), "{said:?}");
    }

    #[test]
    fn a_stage_that_breaks_says_nothing() {
        let broken = Stage { name: "broken", version: 1, run: |_| panic!("a stage broke") };
        assert_eq!(of(&broken, &document()), []);
        let many = Stage { name: "many", version: 7, run: |_| vec![Finding::Nothing; MOST + 1] };
        let said = of(&many, &document());
        assert_eq!((said.len(), said[0].version), (MOST, 7));
    }
}
