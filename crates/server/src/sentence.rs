use madang_document::document::Document;
use madang_document::failure_kind::FailureKind;
use madang_document::locale::Locale;
use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
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

    /// What the outcome of a document means. One that describes others is mended in itself, and not at an original.
    pub(crate) fn of_document(document: &Document) -> Sentence {
        if document.is_sidecar() && document.outcome == Outcome::Partial {
            return Sentence::new(
                "이 설명 파일에 잘못된 곳이 있어 그 부분은 읽지 못했습니다. 까닭에 적힌 대로 고쳐서 다시 올려 주세요.",
                "Something is wrong in this description, and that part of it is not read. Mend it as the reason says, and drop it again.",
            );
        }
        let own = document.inner.is_none().then_some(document.object.size);
        Sentence::of(document.outcome, document.size.or(own))
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

/// A reason in Korean; none where there are only English words.
pub(crate) fn korean(reason: &Reason) -> Option<String> {
    (!reason.is_said()).then(|| reason.korean())
}

#[cfg(test)]
mod tests {
    use madang_document::reason_kind::ReasonKind;

    use super::*;

    #[test]
    fn what_was_only_said_in_english_has_no_korean() {
        assert_eq!(korean(&"page 3: cut".into()), None);
        assert_eq!(korean(&ReasonKind::NoText.into()).as_deref(), Some("글자가 없습니다"));
    }

    #[test]
    fn a_file_without_a_byte_is_told_as_that() {
        for outcome in [Outcome::Empty, Outcome::Corrupt] {
            assert!(Sentence::of(outcome, Some(0)).en.contains("0 bytes"));
            assert!(!Sentence::of(outcome, Some(1)).en.contains("0 bytes"));
        }
    }
}
