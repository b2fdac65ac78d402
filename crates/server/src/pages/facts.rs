use madang_document::document::Document;
use madang_document::shown::Shown;
use maud::{Markup, html};

use crate::count::count;
use crate::pages::property::{Property, Said, parted};
use crate::pages::words::{Words, day, format, minute, size, whole_name};

/// Properties that are shown at once; rarer ones are folded.
const PROPERTIES: usize = 8;

/// What is known of a document beside its text.
pub(crate) fn facts(words: Words, document: &Document) -> Markup {
    let media_type = document.media_type.as_str();
    let language = document.language.as_deref().map(|code| words.language(code));
    let (first, rest) = parted(words, &document.metadata, PROPERTIES);
    html! {
        h2 { (words.say("정보", "About")) }
        dl {
            dt { (words.say("종류", "Kind")) }
            dd { (words.kind(document.media_type.kind().as_str())) " · " (Shown::new(format(media_type))) }
            @if let Some(bytes) = document.size { dt { (words.say("크기", "Size")) } dd { (size(bytes)) } }
            dt { (words.say("경로", "Path")) } dd.path { bdi { (whole_name(&document.path())) } }
            dt { (words.say("기관", "Agency")) } dd { (words.agency(document.agency.as_str())) }
            (stated(first))
            @if let Some(language) = language { dt { (words.say("언어", "Language")) } dd { (Shown::new(language)) } }
        }
        details {
            summary { (words.say("자세한 속성", "More properties")) }
            dl {
                (stated(rest))
                @if let Some(moment) = document.object_modified {
                    dt { (words.say("저장소에서 바뀐 날", "Changed in the store")) }
                    dd { time datetime=(moment) title=(minute(moment)) { (day(moment)) } }
                }
                dt { (words.say("수집 폴더", "Pipeline")) } dd { bdi { (Shown::new(&document.pipeline)) } }
                dt { (words.say("글자 수", "Characters")) } dd { (count(document.characters)) }
                @if let Some(sha256) = &document.sha256 { dt { "SHA-256" } dd.hash { (sha256) } }
                dt { (words.say("읽은 형식", "Read by")) }
                dd { (Shown::new(&words.reader(&document.provenance.format, document.provenance.format_version))) }
            }
        }
    }
}

/// What is said of a document, each with the part that says so.
fn stated(properties: Vec<Property>) -> Markup {
    html! {
        @for Property { name, said } in properties {
            dt { (Shown::new(&name)) }
            @for Said { value, part } in said {
                dd {
                    bdi { (Shown::new(&value)) }
                    @if let Some(part) = part { " " small.faint.part { bdi { (Shown::new(&part)) } } }
                }
            }
        }
    }
}
