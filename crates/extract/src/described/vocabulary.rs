//! The words of sidecars, in English and in Korean, and what they are called here.

use madang_document::metadata::{
    AUTHOR, CONTRIBUTOR, COPYRIGHT, COVERAGE, CREATED, DATE, DEPARTMENT, DESCRIPTION, DISCLOSURE,
    IDENTIFIER, KEYWORDS, LANGUAGE, LICENSE, MODIFIED, PUBLISHER, RELATION, SOURCE, TITLE, TYPE,
    Value,
};
use madang_document::timestamp::Timestamp;
use unicode_normalization::UnicodeNormalization;

use crate::formats::date::iso8601;
use crate::formats::keywords::keywords;

/// What a word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    /// The property.
    pub(super) name: &'static str,
    form: Form,
}

/// How the texts of a property become its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// One text; several are joined by commas.
    Text,
    /// The name of somebody; several are a list, for a name may have a comma in it.
    Names,
    /// A list of words.
    List,
    /// A moment, or nothing.
    Moment,
    /// A date, or whatever is written.
    Date,
    /// A licence: the marks of 공공누리 by their usual names.
    License,
    /// A word of disclosure.
    Disclosure,
}

/// What texts are not, that were to be it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoValue {
    /// A date or a moment.
    Date,
    /// A word of disclosure.
    Disclosure,
}

use Form::{Date, Disclosure, License, List, Moment, Names, Text};

/// Of each property the words for it, without spaces, hyphens and capitals: those of Dublin Core, those that Korean
/// agencies head the columns of their lists with, and what people write.
const WORDS: &[(&str, Form, &[&str])] = &[
    (TITLE, Text, &["title", "제목", "표제", "자료명", "데이터명", "문서제목", "기록물명"]),
    (AUTHOR, Names, &["creator", "author", "작성자", "저자", "생산자", "기안자", "만든이"]),
    (
        KEYWORDS,
        List,
        &["subject", "keywords", "keyword", "tags", "주제", "주제어", "키워드", "핵심어"],
    ),
    (DESCRIPTION, Text, &["description", "abstract", "summary", "설명", "요약", "내용"]),
    (PUBLISHER, Text, &["publisher", "발행처", "발행기관", "제공기관", "생산기관"]),
    (CONTRIBUTOR, Names, &["contributor", "기여자", "협조자"]),
    (
        DATE,
        Date,
        &[
            "date",
            "issued",
            "일자",
            "날짜",
            "발행일",
            "발행일자",
            "생산일",
            "생산일자",
            "시행일",
            "시행일자",
            "등록일",
            "등록일자",
        ],
    ),
    (CREATED, Moment, &["created", "datecreated", "작성일", "작성일자", "작성일시"]),
    (MODIFIED, Moment, &["modified", "datemodified", "수정일", "수정일자", "수정일시"]),
    (TYPE, Text, &["type", "유형", "자료유형", "문서유형"]),
    (IDENTIFIER, Text, &["identifier", "식별자", "문서번호", "관리번호", "등록번호"]),
    (SOURCE, Text, &["source", "출처"]),
    (LANGUAGE, Text, &["language", "언어"]),
    (RELATION, Text, &["relation", "ispartof", "관련자료", "단위과제"]),
    (COVERAGE, Text, &["coverage", "spatial", "temporal", "장소", "지역", "기간"]),
    (COPYRIGHT, Text, &["rights", "copyright", "저작권", "저작권자"]),
    (LICENSE, License, &["license", "licence", "이용허락", "이용허락범위", "라이선스", "공공누리"]),
    (DISCLOSURE, Disclosure, &["disclosure", "accessrights", "공개", "공개여부", "공개구분"]),
    (DEPARTMENT, Text, &["department", "부서", "부서명", "담당부서", "관리부서", "관리부서명"]),
];

/// The words for the column that names the files.
const FILE_NAMES: [&str; 7] =
    ["filename", "file", "filepath", "path", "파일명", "파일이름", "파일"];

fn folded(word: &str) -> String {
    // As macOS spells Korean, too.
    let word: String = word.trim().trim_start_matches('\u{feff}').nfc().collect();
    let word = word.to_lowercase();
    let word = ["dcterms", "dc"]
        .iter()
        .find_map(|prefix| word.strip_prefix(prefix)?.strip_prefix(['.', ':', '_']))
        .unwrap_or(&word);
    word.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-')).collect()
}

/// What a word means; none for one of the author's own.
pub(super) fn meaning(word: &str) -> Option<Meaning> {
    let word = folded(word);
    let known = WORDS.iter().find(|(_, _, words)| words.contains(&word.as_str()));
    known.map(|(name, form, _)| Meaning { name, form: *form })
}

/// What a word means that says who may see or use something, also as the last of several: what stands under a word of the
/// author's own may be meant for the file.
pub(super) fn narrowing(word: &str) -> Option<Meaning> {
    let last = word.rsplit('.').next().unwrap_or(word);
    meaning(last).filter(|meaning| matches!(meaning.form, License | Disclosure))
}

/// Whether a column of this head names files.
pub(super) fn is_file_name(word: &str) -> bool {
    FILE_NAMES.contains(&folded(word).as_str())
}

/// What nobody outside may see.
pub(super) const CLOSED: &str = "closed";

/// The narrower of two words of disclosure.
pub(super) fn narrower<'a>(one: &'a str, other: &'a str) -> &'a str {
    const WIDTHS: [&str; 2] = ["public", "partial"];
    let width = |word: &str| WIDTHS.iter().position(|known| *known == word).unwrap_or(WIDTHS.len());
    if width(other) > width(one) { other } else { one }
}

/// The value that texts are, of which there is at least one.
///
/// # Errors
/// When they are none.
pub(super) fn value(meaning: Option<Meaning>, texts: &[String]) -> Result<Value, NoValue> {
    let joined = || texts.join(", ");
    Ok(match meaning.map(|meaning| meaning.form) {
        Some(Text) => joined().into(),
        Some(List) => texts.iter().flat_map(|text| keywords(text)).collect::<Vec<_>>().into(),
        Some(Moment) => match moment(&joined()) {
            Some(moment) => moment.into(),
            None => return Err(NoValue::Date),
        },
        Some(Names) if texts.len() > 1 => texts.to_vec().into(),
        Some(Names) => joined().into(),
        Some(Date) => match moment(&joined()) {
            Some(moment) => moment.into(),
            // Figures that are no date are a mistake; words are what somebody means.
            None if is_figures(&joined()) && Timestamp::parse_start(&joined()).is_none() => {
                return Err(NoValue::Date);
            }
            None => joined().into(),
        },
        Some(License) => license(&joined()).into(),
        Some(Disclosure) => match disclosure(&joined()) {
            Some(word) => word.into(),
            None => return Err(NoValue::Disclosure),
        },
        None if texts.len() == 1 => joined().into(),
        None => texts.to_vec().into(),
    })
}

/// Whether a text is made of digits and the signs of dates.
fn is_figures(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "-./:".contains(c))
}

/// A time as RFC 3339 has it, or the day of a date as people write it.
fn moment(text: &str) -> Option<String> {
    let text = text.trim();
    if Timestamp::parse(text).is_some() {
        return Some(text.to_owned());
    }
    if let Some(local) = iso8601(text).filter(|text| text.contains('T')) {
        return Timestamp::parse(&format!("{local}Z")).map(|_| local.to_owned());
    }
    // Spreadsheets write `2026-07-14 9:30` and `2026-07-14 00:00:00`: the day is what was meant.
    let day = match text.split_once(' ') {
        Some((day, time)) if time.contains(':') => day,
        _ => text,
    };
    let compact = (day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit())).then(|| {
        let (year, rest) = day.split_at(4);
        let (month, day) = rest.split_at(2);
        format!("{year}-{month}-{day}")
    });
    let day = compact.as_deref().unwrap_or(day);
    let parts = day.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).count();
    let start = Timestamp::parse_start(day).filter(|_| parts == 3)?;
    Some(start.day())
}

/// 공공누리 by the name that the declaration of a pipeline has for it; any other licence as it is written.
fn license(text: &str) -> String {
    let word = folded(text);
    let is_kogl = ["kogl", "공공누리"].iter().any(|name| word.contains(name));
    let mut digits = word.chars().filter(char::is_ascii_digit);
    match (digits.next(), digits.next()) {
        (Some(kind @ '0'..='4'), None) if is_kogl => format!("KOGL-{kind}"),
        (Some(kind @ '0'..='4'), None) if word == format!("제{kind}유형") => {
            format!("KOGL-{kind}")
        }
        _ => text.trim().to_owned(),
    }
}

fn disclosure(text: &str) -> Option<&'static str> {
    match folded(text).as_str() {
        "public" | "open" | "공개" | "전부공개" | "y" => Some("public"),
        "partial" | "restricted" | "부분공개" => Some("partial"),
        "closed" | "private" | "비공개" | "대외비" | "n" => Some(CLOSED),
        // As agencies write it, with the clause of the Act that it stands on.
        word if word.starts_with("비공개") => Some(CLOSED),
        word if word.starts_with("부분공개") => Some("partial"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(word: &str, texts: &[&str]) -> Option<(&'static str, Result<Value, NoValue>)> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let meaning = meaning(word)?;
        Some((meaning.name, value(Some(meaning), &texts)))
    }

    #[test]
    fn words_of_both_languages_mean_the_same() {
        for (word, texts, name, expected) in [
            ("Title", &["침수"][..], TITLE, Value::from("침수")),
            ("dc.title", &["침수"], TITLE, "침수".into()),
            ("dcterms:title", &["침수"], TITLE, "침수".into()),
            ("\u{feff}제목", &["침수"], TITLE, "침수".into()),
            ("작성자", &["김, 하나"], AUTHOR, "김, 하나".into()),
            ("작성자", &["김, 하나", "이"], AUTHOR, vec!["김, 하나", "이"].into()),
            ("일자", &["2026-07"], DATE, "2026-07".into()),
            ("주제", &["도로; 하천", "안전"], KEYWORDS, vec!["도로", "하천", "안전"].into()),
            ("담당 부서", &["하천과"], DEPARTMENT, "하천과".into()),
            ("일자", &["2026. 7. 14."], DATE, "2026-07-14".into()),
            ("일자", &["단기 4359년"], DATE, "단기 4359년".into()),
            ("Date Created", &["20260714"], CREATED, "2026-07-14".into()),
            ("작성일", &["2026-07-14 09:30"], CREATED, "2026-07-14".into()),
            ("created", &["2026-07-14T09:30:00"], CREATED, "2026-07-14T09:30:00".into()),
            ("공개여부", &["비공개"], DISCLOSURE, "closed".into()),
            ("disclosure", &["Partial"], DISCLOSURE, "partial".into()),
            ("license", &["공공누리 제1유형"], LICENSE, "KOGL-1".into()),
            ("이용허락", &["kogl-4"], LICENSE, "KOGL-4".into()),
            ("license", &["CC BY 4.0"], LICENSE, "CC BY 4.0".into()),
        ] {
            assert_eq!(said(word, texts), Some((name, Ok(expected))), "{word}: {texts:?}");
        }
        assert!(said("일자", &["2026-13-45"]).unwrap().1.is_err());
        assert!(said("created", &["2026-02-31"]).unwrap().1.is_err());
        assert!(said("created", &["2026"]).unwrap().1.is_err());
        assert!(said("공개", &["아마"]).unwrap().1.is_err());
        assert_eq!(meaning("결재선"), None);
        assert!(is_file_name("파일 명") && is_file_name("file_name") && !is_file_name("title"));
    }

    #[test]
    fn every_word_is_folded_and_stands_once() {
        let all: Vec<&str> = WORDS.iter().flat_map(|(_, _, words)| *words).copied().collect();
        for (n, word) in all.iter().chain(&FILE_NAMES).enumerate() {
            assert_eq!(folded(word), *word);
            assert!(!all.iter().skip(n + 1).any(|other| other == word), "{word}");
        }
    }
}
