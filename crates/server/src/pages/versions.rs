use madang_document::document::{Document, Provenance};
use madang_document::locale::Locale;
use madang_document::object_key;
use madang_document::shown::Shown;
use maud::{Markup, html};

use crate::address::query_string;
use crate::count::count;
use crate::difference::{ChangeKind, TextChange};
use crate::pages::property::{Differing, differing};
use crate::pages::words::{Words, format, minute, name, size};
use crate::problem::Problem;
use crate::versions::{Comparison, Glance, TextState, VersionAnswer, Why};

/// Two versions side by side, with the documents that they were.
pub(crate) struct Compared<'a> {
    pub(crate) comparison: Comparison,
    pub(crate) before: &'a Document,
    pub(crate) after: &'a Document,
}

/// What a document was, newest first, folded away until two are compared; nothing where it was never anything else.
pub(crate) fn section(
    words: Words,
    versions: &[Glance],
    compared: Option<&Result<Compared<'_>, Problem>>,
) -> Markup {
    if versions.len() < 2 && compared.is_none() {
        return Markup::default();
    }
    html! {
        section #versions .versions {
            details open[compared.is_some()] {
                summary { h2 { (words.say("이력", "History")) " " span.count { (versions.len()) } } }
                ol.states {
                    @for (place, version) in versions.iter().enumerate() {
                        li { (state(words, versions, place, version)) }
                    }
                }
                @match compared {
                    None => {},
                    Some(Err(problem)) => p.alert role="alert" { (Shown::new(problem.detail.say(words.0))) },
                    Some(Ok(compared)) => (comparison(words, compared)),
                }
            }
        }
    }
}

fn state(words: Words, versions: &[Glance], place: usize, version: &Glance) -> Markup {
    let link = |before: &Glance, after: &Glance, text: &'static str| {
        let (from, to) = (before.revision.to_string(), after.revision.to_string());
        let address = query_string(&[("from", &from), ("to", &to)]);
        html! { " " a href={ (address) "#versions" } { (text) } }
    };
    let (before, present) = (versions.get(place + 1), versions.first());
    html! {
        p {
            strong { (numbered(words, version.revision)) }
            @if place == 0 { " " span.badge.good { (words.say("지금", "present")) } }
            @if let Some(when) = when(words, version) { " " (when) }
            @if let Some(before) = before { (link(before, version, words.say("앞 버전과 비교", "Compare with the one before"))) }
            @if let Some(present) = present.filter(|_| place > 1) {
                (link(version, present, words.say("지금과 비교", "Compare with the present")))
            }
        }
        p.faint {
            @if let Some(why) = version.why { (reason_why(words, why)) " · " }
            @if !version.changed.is_empty() {
                (words.say("바뀐 것: ", "changed: ")) (kinds(words, &version.changed)) " · "
            }
            (words.outcome(version.outcome)) " · " (characters(words, version.characters))
            @if let Some(place) = lay(versions, version) {
                " · " (words.say("그때 위치: ", "it lay at: "))
                (place)
            }
        }
    }
}

/// Where the file lay, if that is elsewhere than it lies now; the store only where it was another one.
fn lay(versions: &[Glance], version: &Glance) -> Option<Shown> {
    let (store, path) = &version.place;
    let present = &versions.first()?.place;
    let path = object_key::readable(path);
    match version.place == *present {
        true => None,
        false if *store == present.0 => Some(Shown::new(&path)),
        false => Some(Shown::new(&format!("{store} · {path}"))),
    }
}

fn numbered(words: Words, revision: u64) -> String {
    format!("{} {revision}", words.say("버전", "Version"))
}

fn characters(words: Words, characters: u64) -> String {
    match words.0 {
        Locale::Korean => format!("글자 {}자", count(characters)),
        Locale::English if characters == 1 => "1 character".to_owned(),
        Locale::English => format!("{} characters", count(characters)),
    }
}

/// Since when, or of the oldest that is known until when.
fn when(words: Words, version: &Glance) -> Option<Markup> {
    let (moment, ko, en) = match (version.since, version.until) {
        (Some(since), _) => (since, "부터", "since "),
        (None, Some(until)) => (until, "까지", "until "),
        (None, None) => return None,
    };
    Some(html! {
        span.faint {
            @if words.0 == Locale::English { (en) }
            time datetime=(moment) { (minute(moment)) }
            @if words.0 == Locale::Korean { (ko) }
        }
    })
}

fn reason_why(words: Words, why: Why) -> &'static str {
    match why {
        Why::NewFile => words.say("파일이 바뀜", "the file changed"),
        Why::Moved => words.say("이름이나 폴더가 바뀜", "renamed or moved"),
        Why::ReadAgain => words.say("같은 파일을 다시 읽음", "the same file was read again"),
    }
}

fn kinds(words: Words, kinds: &[ChangeKind]) -> String {
    let told: Vec<&str> = kinds.iter().map(|kind| kind_name(words, *kind)).collect();
    told.join(", ")
}

fn kind_name(words: Words, kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => words.say("생김", "added"),
        ChangeKind::Removed => words.say("없어짐", "removed"),
        ChangeKind::Outcome => words.say("결과", "outcome"),
        ChangeKind::Reason => words.say("사유", "reason"),
        ChangeKind::Text => words.say("본문", "text"),
        ChangeKind::Metadata => words.say("속성", "properties"),
        ChangeKind::Members => words.say("들어 있는 파일", "files inside"),
        ChangeKind::Place => words.say("위치", "place"),
        ChangeKind::Warnings => words.say("알려 드릴 것", "warnings"),
        ChangeKind::Preview => words.say("미리보기", "preview"),
        ChangeKind::Reader => words.say("읽은 형식", "reader"),
    }
}

fn comparison(words: Words, compared: &Compared<'_>) -> Markup {
    let Comparison { from, to, kinds: differing, members, text_state, text_sentence, text, .. } =
        &compared.comparison;
    html! {
        div.comparison {
            h3 { (numbered(words, from.revision)) " → " (numbered(words, to.revision)) }
            @if differing.is_empty() {
                p.faint { (words.say("다른 것이 없습니다.", "Nothing differs.")) }
            }
            (facts(words, compared))
            @if let Some(members) = members {
                h4 { (words.say("들어 있는 파일", "Files inside")) }
                ul.changed-files {
                    @for path in &members.removed { li { del { "− " bdi { (name(path)) } } } }
                    @for path in &members.added { li { ins { "+ " bdi { (name(path)) } } } }
                    @if members.cut { li.faint { "…" } }
                    @if members.changed > 0 {
                        li.faint { (words.say("내용이 바뀐 파일: ", "changed: ")) (count(members.changed)) }
                    }
                }
            }
            @match text_state {
                TextState::Same if differing.is_empty() => {},
                TextState::Same | TextState::Places => p.faint { (text_sentence.say(words.0)) },
                TextState::TooLong | TextState::Lost => p.alert { (text_sentence.say(words.0)) },
                TextState::Changed => {},
            }
            @if let Some(text) = text { (lines(words, text)) }
        }
    }
}

/// What is told of a version in a word or a number, where it differs.
fn facts(words: Words, compared: &Compared<'_>) -> Markup {
    let (from, to) = (&compared.comparison.from, &compared.comparison.to);
    let (before, after) = (compared.before, compared.after);
    let pair = |ko, en, of: &dyn Fn(&VersionAnswer) -> Option<String>| Differing {
        name: words.say(ko, en).to_owned(),
        before: of(from),
        after: of(to),
    };
    let why = |document: &Document| document.reason.as_ref().map(|why| why.text(words.0));
    let reader = |document: &Document| {
        let Provenance { format, format_version } = &document.provenance;
        Some(words.reader(format, *format_version))
    };
    let mut rows = vec![
        pair("결과", "Outcome", &|one| Some(words.outcome(one.outcome).to_owned())),
        Differing {
            name: words.say("사유", "Reason").to_owned(),
            before: why(before),
            after: why(after),
        },
        pair("종류", "Kind", &|one| Some(format(&one.media_type).to_owned())),
        pair("언어", "Language", &|one| {
            Some(words.language(one.language.as_deref()?).to_owned())
        }),
        pair("크기", "Size", &|one| one.size.map(size)),
        pair("글자 수", "Characters", &|one| Some(count(one.characters))),
        Differing {
            name: words.say("읽은 형식", "Read by").to_owned(),
            before: reader(before),
            after: reader(after),
        },
    ];
    rows.extend(differing(words, &before.metadata, &after.metadata));
    rows.retain(|row| row.before != row.after);
    let value = |value: &Option<String>| match value {
        Some(value) => html! { bdi { (Shown::new(value)) } },
        None => html! { (words.say("없음", "none")) },
    };
    html! {
        @if !rows.is_empty() {
            dl.changes {
                @for row in &rows {
                    div {
                        dt { (Shown::new(&row.name)) }
                        dd { del { (value(&row.before)) } " → " ins { (value(&row.after)) } }
                    }
                }
            }
        }
    }
}

/// Where a piece of a difference begins, which stands there as `@@ -12,3 +12,4 @@`.
fn piece(words: Words, line: &str) -> String {
    let number = line.split([' ', ',']).find_map(|word| word.strip_prefix('-')).unwrap_or_default();
    match words.0 {
        Locale::Korean => format!("{}번째 줄부터", Shown::new(number)),
        Locale::English => format!("from line {}", Shown::new(number)),
    }
}

/// Lines that are gone, new and around them, each with its sign: no state is told by colour alone.
fn lines(words: Words, text: &TextChange) -> Markup {
    let cut =
        text.cut.then(|| words.say("여기까지만 보입니다.", "There is more than is shown here."));
    html! {
        h4 { (words.say("본문", "Text")) " " span.count { "−" (count(text.removed)) " +" (count(text.added)) } }
        div.lines {
            @for line in &text.lines {
                @match (line.chars().next(), line.get(1..)) {
                    (Some('-'), Some(rest)) => del { "− " (Shown::new(rest)) },
                    (Some('+'), Some(rest)) => ins { "+ " (Shown::new(rest)) },
                    (Some('@'), _) => span.piece { (piece(words, line)) },
                    (_, rest) => span { "  " (Shown::new(rest.unwrap_or_default())) },
                }
            }
        }
        @if let Some(cut) = cut { p.faint { (cut) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is a word for programs in the API is one for people here.
    #[test]
    fn what_changed_is_told_in_the_language_of_the_page() {
        let all = [
            ChangeKind::Added,
            ChangeKind::Removed,
            ChangeKind::Outcome,
            ChangeKind::Reason,
            ChangeKind::Text,
            ChangeKind::Metadata,
            ChangeKind::Members,
            ChangeKind::Place,
            ChangeKind::Warnings,
            ChangeKind::Preview,
            ChangeKind::Reader,
        ];
        let told = kinds(Words(Locale::Korean), &all);
        assert_eq!(told.split(", ").count(), all.len());
        assert!(!told.contains(|c: char| c.is_ascii_alphabetic()), "{told}");
        let told = kinds(Words(Locale::English), &[ChangeKind::Members, ChangeKind::Metadata]);
        assert_eq!(told, "files inside, properties");
    }

    #[test]
    fn a_piece_says_at_which_line_it_begins() {
        for (line, told) in
            [("@@ -12,3 +13,4 @@", "12번째 줄부터"), ("@@ -1,0 +1,1 @@", "1번째 줄부터")]
        {
            assert_eq!(piece(Words(Locale::Korean), line), told);
        }
        assert_eq!(piece(Words(Locale::English), "@@ -7,1 +9,2 @@"), "from line 7");
    }
}
