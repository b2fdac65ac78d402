use std::sync::Arc;

use madang_document::locale::Locale;
use madang_document::shown::Shown;
use madang_ledger::documents::Stored;
use madang_ledger::lookalikes::{Lookalike, Relation};
use maud::{Markup, html};

use crate::address::query_string;
use crate::caller::Caller;
use crate::lookalikes;
use crate::pages::words::{Words, format, name, whole_name};
use crate::problem::Problem;
use crate::server::Server;

/// Documents that are named.
const NAMED: u32 = 20;

/// What a page knows of the renditions of its document.
pub(crate) enum Renditions {
    /// All that the caller may see, as many as are named.
    Found(Vec<Lookalike>),
    /// They are still looked for.
    Sought,
}

impl Renditions {
    /// Looks for them, on and on after the page is shown: who comes again finds them.
    pub(crate) async fn of(
        server: &Arc<Server>,
        caller: &Caller,
        stored: &Stored,
    ) -> Result<Renditions, Problem> {
        let (server, caller, stored) = (Arc::clone(server), caller.clone(), stored.clone());
        let sought = async move { lookalikes::of(&server, &caller, &stored, NAMED).await };
        Ok(match lookalikes::soon(sought).await? {
            Some(found) => Renditions::Found(found?),
            None => Renditions::Sought,
        })
    }

    /// The other renditions of the work, its copies by their bytes first; nothing where there is none.
    pub(crate) fn section(&self, words: Words, query: &str) -> Markup {
        let found = match self {
            Renditions::Found(found) if found.is_empty() => return Markup::default(),
            Renditions::Found(found) => found.as_slice(),
            Renditions::Sought => &[],
        };
        html! {
            section #renditions {
                h2 { (words.say("같거나 비슷한 글과 그림", "Copies, renditions and similar texts")) @if !found.is_empty() { " " span.count { (found.len()) } } }
                @if found.is_empty() {
                    p.faint { (words.say("찾고 있습니다. 잠시 뒤에 다시 여세요.", "They are looked for. Open the page again in a moment.")) }
                } @else {
                    ul.members {
                        @for one in found { li { (line(words, one, query)) } }
                    }
                }
            }
        }
    }
}

fn line(words: Words, one: &Lookalike, query: &str) -> Markup {
    let document = &one.stored.document;
    html! {
        a href=(format!("/documents/{}{}", document.id, query_string(&[("q", query)]))) { bdi { (name(&document.title())) } }
        " " span.badge { (relation(words, one.relation)) }
        @if one.relation != Relation::Copy { " " span.faint { (likeness(words, one.likeness)) } }
        div.faint {
            (Shown::new(format(document.media_type.as_str()))) " · " (words.agency(document.agency.as_str())) " · "
            bdi { (whole_name(&document.path())) }
        }
    }
}

fn relation(words: Words, relation: Relation) -> &'static str {
    match relation {
        Relation::Copy => words.say("같은 파일", "Exact copy"),
        Relation::Rendition => words.say("같은 글", "Same text"),
        Relation::Alike => words.say("비슷한 글", "Similar text"),
        Relation::Picture => words.say("같은 그림", "Same picture"),
    }
}

/// How alike they are. Whole is said of nothing that is less, as programs are told it.
fn likeness(words: Words, likeness: f32) -> String {
    let part = match likeness >= 1.0 {
        true => 100.0,
        false => (likeness * 100.0).round().clamp(0.0, 99.0),
    };
    match words.0 {
        Locale::Korean => format!("닮은 정도 {part}%"),
        Locale::English => format!("{part} % alike"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_is_said_of_what_is_whole_alone() {
        for (alike, ko, en) in [
            (1.0, "닮은 정도 100%", "100 % alike"),
            (0.997, "닮은 정도 99%", "99 % alike"),
            (0.5, "닮은 정도 50%", "50 % alike"),
        ] {
            assert_eq!(likeness(Words(Locale::Korean), alike), ko);
            assert_eq!(likeness(Words(Locale::English), alike), en);
        }
    }
}
