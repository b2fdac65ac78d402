use madang_document::locale::Locale;
use madang_document::reason::Reason;
use madang_document::shown::Shown;
use maud::{Markup, html};

use crate::pages::words::Words;

/// Characters of a remark that are shown. What is longer is mostly a path.
const MOST: usize = 600;

/// What a program says beyond the sentence that is told in the reader's language: a reason, as it stands in the log.
/// Programs say it in English. Where that is not the language of the page it is folded away and marked as what it is, so
/// that the sentence before it stands for itself.
pub(crate) fn remark(words: Words, text: &str) -> Markup {
    let text = Shown::new(text).within(MOST);
    match words.0 {
        Locale::English => html! { span.remark { (text) } },
        Locale::Korean => html! {
            details.remark {
                summary { (words.say("자세히 (영어)", "Details")) }
                span lang="en" { (text) }
            }
        },
    }
}

/// A reason in the language of the page; where there are only English words, folded away as a remark is.
pub(crate) fn reason(words: Words, reason: &Reason) -> Markup {
    if reason.is_said() {
        return remark(words, &reason.english());
    }
    let text = Shown::new(&reason.text(words.0)).within(MOST);
    html! { span.remark { (text) } }
}

#[cfg(test)]
mod tests {
    use madang_document::reason_kind::ReasonKind;

    use super::*;

    #[test]
    fn a_reason_is_told_in_the_language_of_the_page() {
        let told = |locale, why: Reason| reason(Words(locale), &why).into_string();
        let why = || ReasonKind::NoText.into();
        assert_eq!(told(Locale::Korean, why()), "<span class=\"remark\">글자가 없습니다</span>");
        assert!(told(Locale::English, why()).contains("there is no text in it"));
        assert!(told(Locale::Korean, "cut".into()).contains("자세히 (영어)"), "English words only");
    }

    #[test]
    fn a_remark_is_folded_where_it_is_in_another_language() {
        let told = "<b>cut\u{202e}";
        let korean = remark(Words(Locale::Korean), told).into_string();
        assert!(korean.starts_with("<details") && korean.contains("lang=\"en\""), "{korean}");
        let english = remark(Words(Locale::English), told).into_string();
        assert_eq!(english, "<span class=\"remark\">&lt;b&gt;cut\\u{202e}</span>");
        let long = remark(Words(Locale::English), &"길".repeat(4400)).into_string();
        assert!(long.chars().count() < MOST + 40, "{long}");
    }
}
