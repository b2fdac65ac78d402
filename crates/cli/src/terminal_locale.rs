//! The language in which people at a terminal read what is said of files.

use madang_document::locale::Locale;
use madang_document::reason::Reason;
use madang_document::shown::Shown;
use serde_json::Value;

/// The language that the environment asks for: Korean where it names Korean, else English (POSIX, section 8.2: the first of
/// LC_ALL, LC_MESSAGES and LANG that is not empty).
pub(crate) fn locale_of(environment: impl Fn(&str) -> Option<String>) -> Locale {
    let mut named = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(environment);
    let korean = named.find(|name| !name.is_empty()).is_some_and(|name| {
        name.split(['_', '.', '-', '@']).next().is_some_and(|language| language == "ko")
    });
    if korean { Locale::Korean } else { Locale::English }
}

/// That of this process.
pub(crate) fn terminal_locale() -> Locale {
    locale_of(|name| std::env::var(name).ok())
}

/// One of two phrases.
pub(crate) fn say(locale: Locale, ko: &'static str, en: &'static str) -> &'static str {
    match locale {
        Locale::Korean => ko,
        Locale::English => en,
    }
}

/// A reason as people read it; in English where there are no Korean words for it.
pub(crate) fn reason_in(locale: Locale, reason: &Reason) -> String {
    match locale {
        Locale::Korean if !reason.is_said() => reason.korean(),
        Locale::Korean | Locale::English => reason.english(),
    }
}

/// A sentence that a service says in both languages, on one line.
pub(crate) fn sentence(sentence: Option<&Value>) -> Shown {
    let told = sentence.and_then(|sentence| told_in(terminal_locale(), sentence, "en", "ko"));
    Shown::new(told.unwrap_or_default())
}

/// Why a job failed, on one line.
pub(crate) fn failure_message(failure: &Value) -> Shown {
    let told = told_in(terminal_locale(), failure, "message", "message_ko");
    Shown::new(told.unwrap_or_default())
}

/// What an answer of a service says in two fields, `message` and `message_ko` as it were, as people read it; in English where
/// there are no Korean words for it.
pub(crate) fn told_in<'a>(
    locale: Locale,
    answer: &'a Value,
    english: &str,
    korean: &str,
) -> Option<&'a str> {
    let said = |name: &str| answer.get(name)?.as_str();
    match locale {
        Locale::Korean => said(korean).or_else(|| said(english)),
        Locale::English => said(english),
    }
}

#[cfg(test)]
mod tests {
    use madang_document::reason_kind::ReasonKind;

    use super::*;

    #[test]
    fn the_environment_says_the_language() {
        let of = |named: &[(&str, &str)]| {
            let named: Vec<(String, String)> =
                named.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            let find = |name: &str| named.iter().find(|(a, _)| a == name).map(|(_, b)| b.clone());
            say(locale_of(find), "ko", "en")
        };
        assert_eq!(of(&[]), "en");
        assert_eq!(of(&[("LANG", "ko_KR.UTF-8")]), "ko");
        assert_eq!(of(&[("LANG", "kok_IN")]), "en");
        assert_eq!(of(&[("LC_ALL", "C"), ("LANG", "ko_KR.UTF-8")]), "en");
        assert_eq!(of(&[("LC_ALL", ""), ("LC_MESSAGES", "ko"), ("LANG", "C")]), "ko");
    }

    #[test]
    fn an_answer_is_told_in_korean_where_it_has_korean_words() {
        let answer = serde_json::json!({ "message": "damaged", "message_ko": "손상됨" });
        let told = |locale, answer| told_in(locale, answer, "message", "message_ko");
        assert_eq!(told(Locale::Korean, &answer), Some("손상됨"));
        assert_eq!(told(Locale::English, &answer), Some("damaged"));
        let english = serde_json::json!({ "message": "odd", "message_ko": null });
        assert_eq!(told(Locale::Korean, &english), Some("odd"));
        assert_eq!(told(Locale::Korean, &Value::Null), None);
    }

    #[test]
    fn a_reason_without_korean_words_stands_in_english() {
        let known: Reason = ReasonKind::Password.into();
        assert_eq!(reason_in(Locale::Korean, &known), known.korean());
        assert_eq!(reason_in(Locale::English, &known), known.english());
        assert_eq!(reason_in(Locale::Korean, &"page 3: cut".into()), "page 3: cut");
    }
}
