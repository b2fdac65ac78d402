use serde::{Deserialize, Serialize};

use crate::locale::Locale;

/// How reading a document ended. The one vocabulary: the catalogue's extraction status, the sentence on a
/// receipt and the label of a metric are tables over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Read whole.
    Ok,
    /// Read, but a damaged part is missing.
    Partial,
    /// Read, and there is no text in it.
    Empty,
    /// Needs a password.
    Encrypted,
    /// Protected by a rights management system, or only a notice of such a system can be read.
    Drm,
    /// Recognised or not, but no reader for it.
    Unsupported,
    /// Not readable as what it claims to be.
    Corrupt,
    /// Cut at a limit (a decompression bomb, too many members, too much text), or at what the ledger takes of it.
    Limit,
    /// Took too long, or stopped making progress; also of a file whose store did not give it in the time of all attempts.
    Timeout,
    /// Needed more memory than allowed.
    Memory,
    /// The reader died of it.
    Crashed,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 11] = [
        Outcome::Ok,
        Outcome::Partial,
        Outcome::Empty,
        Outcome::Encrypted,
        Outcome::Drm,
        Outcome::Unsupported,
        Outcome::Corrupt,
        Outcome::Limit,
        Outcome::Timeout,
        Outcome::Memory,
        Outcome::Crashed,
    ];

    /// Whether a reader died, so that another one may come further.
    pub fn is_death(self) -> bool {
        matches!(self, Outcome::Timeout | Outcome::Memory | Outcome::Crashed)
    }

    /// The word used in JSON, in the ledger and as a metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Partial => "partial",
            Outcome::Empty => "empty",
            Outcome::Encrypted => "encrypted",
            Outcome::Drm => "drm",
            Outcome::Unsupported => "unsupported",
            Outcome::Corrupt => "corrupt",
            Outcome::Limit => "limit",
            Outcome::Timeout => "timeout",
            Outcome::Memory => "memory",
            Outcome::Crashed => "crashed",
        }
    }

    /// The outcome of this word.
    pub fn parse(word: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }

    /// `krd:extractStatus` of the catalogue profile (krd-ap/1.0, section 2.1).
    pub fn extract_status(self) -> &'static str {
        match self {
            Outcome::Ok => "OK",
            Outcome::Partial => "PARTIAL",
            Outcome::Empty => "EMPTY",
            Outcome::Encrypted => "ENCRYPTED",
            Outcome::Drm => "DRM",
            Outcome::Unsupported => "UNSUPPORTED",
            Outcome::Corrupt => "CORRUPT",
            Outcome::Limit => "LIMIT",
            Outcome::Timeout => "TIMEOUT",
            Outcome::Memory => "MEMORY",
            Outcome::Crashed => "CRASHED",
        }
    }

    /// A word or two for the cell of a table.
    pub fn label(self, locale: Locale) -> &'static str {
        let (korean, english) = match self {
            Outcome::Ok => ("모두 읽음", "read"),
            Outcome::Partial => ("일부 읽음", "partly read"),
            Outcome::Empty => ("글자 없음", "no text"),
            Outcome::Encrypted => ("암호", "password"),
            Outcome::Drm => ("문서 보안", "rights management"),
            Outcome::Unsupported => ("모르는 형식", "unsupported"),
            Outcome::Corrupt => ("손상", "damaged"),
            Outcome::Limit => ("한도 초과", "limit"),
            Outcome::Timeout => ("시간 초과", "out of time"),
            Outcome::Memory => ("메모리 초과", "out of memory"),
            Outcome::Crashed => ("읽다가 멈춤", "reader died"),
        };
        match locale {
            Locale::Korean => korean,
            Locale::English => english,
        }
    }

    /// What happened and what to do, for the person who dropped the file. Of what is read in part the outcome alone does not
    /// tell whether it is damaged, locked or cut: the reason does.
    pub fn sentence(self, locale: Locale) -> &'static str {
        let (korean, english) = match self {
            Outcome::Ok => ("모두 읽었습니다.", "Read completely."),
            Outcome::Partial => (
                "일부를 읽지 못해 나머지만 읽었습니다. 무엇을 읽지 못했는지는 그 문서에 적혀 있습니다.",
                "A part was not read; the rest was. Its document says which part.",
            ),
            Outcome::Empty => (
                "읽었지만 글자를 찾지 못했습니다. 글자가 보이는 문서라면 인식되지 않은 것이니 원본을 확인하세요.",
                "Read, but no text was found in it. If something is written there, it was not recognised: look at the original.",
            ),
            Outcome::Encrypted => (
                "암호가 걸려 있어 읽지 못했습니다. 암호를 푼 파일을 다시 올려 주세요.",
                "It is locked with a password. Drop a copy without the password.",
            ),
            Outcome::Drm => (
                "문서 보안(DRM)이 적용되어 읽지 못했습니다. 보안을 해제한 파일을 다시 올려 주세요.",
                "It is protected by document rights management. Drop an unprotected copy.",
            ),
            Outcome::Unsupported => (
                "아직 읽지 못하는 형식입니다. 이름과 크기만 등록했습니다.",
                "No reader for this format yet; only its name and size are catalogued.",
            ),
            Outcome::Corrupt => (
                "파일이 손상되어 읽지 못했습니다. 원본을 확인하고 다시 올려 주세요.",
                "The file is damaged and could not be read. Check the original and drop it again.",
            ),
            Outcome::Limit => (
                "한도를 넘어 앞부분만 읽었습니다. 나누어 올리거나 운영자에게 문의하세요.",
                "It exceeds a limit and was read only up to it. Split it or ask the operator.",
            ),
            Outcome::Timeout => (
                "제한 시간 안에 읽지 못했습니다. 운영자가 다시 시도할 수 있습니다.",
                "It could not be read in time. The operator can retry it.",
            ),
            Outcome::Memory => (
                "메모리 한도를 넘어 읽지 못했습니다. 운영자가 다시 시도할 수 있습니다.",
                "It needs more memory than allowed. The operator can retry it.",
            ),
            Outcome::Crashed => (
                "읽는 프로그램이 이 파일에서 멈췄습니다. 운영자가 다시 시도할 수 있습니다.",
                "The reader died of this file. The operator can retry it.",
            ),
        };
        match locale {
            Locale::Korean => korean,
            Locale::English => english,
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_need_not_be_damaged_is_not_called_so() {
        for outcome in Outcome::ALL {
            let (ko, en) = (outcome.sentence(Locale::Korean), outcome.sentence(Locale::English));
            let is_damaged = outcome == Outcome::Corrupt;
            assert_eq!((ko.contains("손상"), en.contains("damaged")), (is_damaged, is_damaged));
        }
    }

    #[test]
    fn words_read_back_and_agree_with_serde() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
            let json = serde_json::to_string(&outcome).unwrap();
            assert_eq!(json, format!("\"{outcome}\""));
        }
    }
}
