use madang_document::failure_kind::FailureKind;
use madang_document::locale::Locale;
use madang_document::outcome::Outcome;
use serde::Serialize;
use utoipa::ToSchema;

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Sentence {
    /// 한국어
    pub(crate) ko: String,
    /// English
    pub(crate) en: String,
}

impl Sentence {
    pub(crate) fn new(ko: &str, en: &str) -> Sentence {
        Sentence { ko: ko.to_owned(), en: en.to_owned() }
    }

    /// What an outcome means for the person who dropped the file. A file without a byte is told as that,
    /// whatever its reader made of it.
    pub(crate) fn of(outcome: Outcome, size: Option<u64>) -> Sentence {
        if size == Some(0) && matches!(outcome, Outcome::Empty | Outcome::Corrupt) {
            return Sentence::new(
                "내용이 없는 파일(0바이트)입니다. 내용이 있어야 한다면 원본을 확인하고 다시 올려 주세요.",
                "The file is empty (0 bytes). If there should be something in it, check the original and drop it again.",
            );
        }
        Sentence::new(outcome.sentence(Locale::Korean), outcome.sentence(Locale::English))
    }

    /// What a failure means for the person who dropped the file.
    pub(crate) fn of_failure(kind: FailureKind) -> Sentence {
        Sentence::new(kind.sentence(Locale::Korean), kind.sentence(Locale::English))
    }

    pub(crate) fn say(&self, locale: Locale) -> &str {
        match locale {
            Locale::Korean => &self.ko,
            Locale::English => &self.en,
        }
    }
}

/// A Korean noun with its subject particle, which depends on whether its last syllable ends in a consonant
/// (Unicode Standard, section 3.12: 28 syllables for each pair of a first consonant and a vowel).
pub(crate) fn as_subject(noun: &str) -> String {
    let syllable = noun.chars().last().map(u32::from).filter(|c| (0xAC00..=0xD7A3).contains(c));
    let closed = syllable.is_some_and(|c| !(c - 0xAC00).is_multiple_of(28));
    format!("{noun}{}", if closed { "이" } else { "가" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_follow_the_last_syllable() {
        for (noun, subject) in
            [("문서", "문서가"), ("파일", "파일이"), ("수집 폴더", "수집 폴더가")]
        {
            assert_eq!(as_subject(noun), subject);
        }
    }

    #[test]
    fn a_file_without_a_byte_is_told_as_that() {
        for outcome in [Outcome::Empty, Outcome::Corrupt] {
            assert!(Sentence::of(outcome, Some(0)).en.contains("0 bytes"));
            assert!(!Sentence::of(outcome, Some(1)).en.contains("0 bytes"));
        }
    }
}
