//! The files that a sidecar describes.

use std::collections::HashSet;

use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::sidecar::{self, Described, spellings};
use maud::{Markup, html};

use crate::pages::words::{Words, whole_name};
use crate::problem::Problem;
use crate::server::Server;

/// A file that a document describes, if it is there.
#[derive(Debug)]
pub(crate) struct Named {
    path: String,
    id: Option<DocumentId>,
}

/// The files that the document describes by their paths, at most so many of a folder. What is not there has no page, and no link.
pub(crate) async fn named(
    server: &Server,
    document: &Document,
    most: usize,
) -> Result<Vec<Named>, Problem> {
    let by = sidecar::described(&document.object.path).filter(|_| document.is_sidecar());
    let paths: Vec<String> = match by {
        None | Some(Described::Stem(_)) => return Ok(Vec::new()),
        Some(Described::File(path)) => vec![path],
        Some(Described::Folder(folder)) => {
            let rows = document.members.iter().take(most);
            rows.map(|row| format!("{folder}{}", row.path)).collect()
        }
    };
    let store = &document.object.store;
    let spelled: Vec<String> = paths.iter().flat_map(|path| spellings(path)).collect();
    let spelled: Vec<(&str, &str)> =
        spelled.iter().map(|path| (store.as_str(), path.as_str())).collect();
    let there = server.ledger.current(&spelled).await?;
    let there: HashSet<String> = there.into_iter().map(|object| object.path).collect();
    let named = |path: String| {
        let spelled = spellings(&path).into_iter().find(|path| there.contains(path));
        Named { id: spelled.map(|path| DocumentId::new(store, &path, None)), path }
    };
    Ok(paths.into_iter().map(named).collect())
}

/// Whom the document describes, if it is to be found under others.
pub(crate) fn whom(words: Words, document: &Document, named: &[Named]) -> Markup {
    let by = sidecar::described(&document.object.path).filter(|_| document.is_sidecar());
    html! {
        @if let Some(by) = by {
            h2 { (words.say("설명하는 파일", "What it describes")) }
            @match &by {
                Described::Stem(path) => p {
                    (words.say("이 이름의 모든 파일: ", "Every file of this name: ")) bdi { (whole_name(path)) }
                },
                Described::File(_) | Described::Folder(_) => ul.members {
                    @for Named { path, id } in named {
                        li {
                            @match id {
                                Some(id) => a href=(format!("/documents/{id}")) { bdi { (whole_name(path)) } },
                                None => {
                                    bdi { (whole_name(path)) } " "
                                    span.faint { (words.say("여기 없음", "not here")) }
                                },
                            }
                        }
                    }
                },
            }
        }
    }
}
