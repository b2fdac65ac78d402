use madang_document::locale::Locale;
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

#[cfg(test)]
mod tests {
    use super::*;

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
