use serde::{Deserialize, Serialize};

use crate::locale::Locale;
use crate::outcome::Outcome;

/// Why an attempt at an object failed. The one vocabulary: the ledger keeps the words, and the operator's lists, the
/// receipt and `redrive` are tables over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Not readable as what it claims to be.
    Corrupt,
    /// The reader, or its whole worker, died of it.
    Crashed,
    /// Took too long, or stopped making progress.
    Timeout,
    /// Needed more memory than allowed.
    Memory,
    /// Its store did not give the bytes: it may be whole.
    Read,
    /// It is not in its store as it was seen. Whether it is gone for good its source decides, with all that is missing
    /// beside it.
    Gone,
    /// The house broke off while it was read, or could not record what was found: no fault of the file.
    House,
    /// The service stopped while it was read: no fault of the file.
    Interrupted,
    /// A stored word that this Madang does not know: another version wrote it.
    Unknown,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [FailureKind; 9] = [
        FailureKind::Corrupt,
        FailureKind::Crashed,
        FailureKind::Timeout,
        FailureKind::Memory,
        FailureKind::Read,
        FailureKind::Gone,
        FailureKind::House,
        FailureKind::Interrupted,
        FailureKind::Unknown,
    ];

    /// The word used in JSON, in the ledger and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            FailureKind::Corrupt => "corrupt",
            FailureKind::Crashed => "crashed",
            FailureKind::Timeout => "timeout",
            FailureKind::Memory => "memory",
            FailureKind::Read => "read",
            FailureKind::Gone => "gone",
            FailureKind::House => "house",
            FailureKind::Interrupted => "interrupted",
            FailureKind::Unknown => "unknown",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<FailureKind> {
        FailureKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether jobs are set aside for the operator with it, who may ask for all of these to be tried again. The others
    /// are tried again by themselves.
    pub fn sets_aside(self) -> bool {
        match self {
            FailureKind::Corrupt
            | FailureKind::Crashed
            | FailureKind::Timeout
            | FailureKind::Memory
            | FailureKind::Read
            | FailureKind::House => true,
            FailureKind::Gone | FailureKind::Interrupted | FailureKind::Unknown => false,
        }
    }

    /// What it says of the object; none where it says nothing of it, because nobody has read it or because somebody
    /// else is to blame.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            FailureKind::Corrupt => Some(Outcome::Corrupt),
            FailureKind::Crashed => Some(Outcome::Crashed),
            FailureKind::Timeout => Some(Outcome::Timeout),
            FailureKind::Memory => Some(Outcome::Memory),
            FailureKind::Read
            | FailureKind::Gone
            | FailureKind::House
            | FailureKind::Interrupted
            | FailureKind::Unknown => None,
        }
    }

    /// Whether an attempt that ended so counts as one. One that found nothing to read says nothing of the file, and may
    /// have to be made for as long as the operator takes to say whether it is gone.
    pub fn counts(self) -> bool {
        self != FailureKind::Gone
    }

    /// How a reader died whose parent gives this outcome: out of time, out of memory, or of the file.
    pub fn of_death(outcome: Outcome) -> FailureKind {
        match outcome {
            Outcome::Timeout => FailureKind::Timeout,
            Outcome::Memory => FailureKind::Memory,
            Outcome::Ok
            | Outcome::Partial
            | Outcome::Empty
            | Outcome::Encrypted
            | Outcome::Drm
            | Outcome::Unsupported
            | Outcome::Corrupt
            | Outcome::Limit
            | Outcome::Crashed => FailureKind::Crashed,
        }
    }

    /// What happened and what to do, for the person who dropped the file.
    pub fn sentence(self, locale: Locale) -> &'static str {
        let (korean, english) = match self {
            FailureKind::Corrupt
            | FailureKind::Crashed
            | FailureKind::Timeout
            | FailureKind::Memory => {
                return self.outcome().unwrap_or(Outcome::Crashed).sentence(locale);
            }
            FailureKind::Read => (
                "저장소에서 파일을 받지 못했습니다. 파일은 온전할 수 있습니다. 운영자가 다시 시도할 수 있습니다.",
                "Its store did not give it; the file may be whole. The operator can retry it.",
            ),
            FailureKind::Gone => (
                "저장소에 지금 보이지 않습니다. 정말 지워졌는지 확인하고 있습니다.",
                "It is not in its store now; whether it was really removed is being found out.",
            ),
            FailureKind::House => (
                "읽는 도중이나 결과를 기록할 때 프로그램이 실패했습니다. 파일 탓이 아닙니다. 운영자가 다시 시도할 수 있습니다.",
                "It was read, or was being read, when Madang itself failed, which is not the file's fault. The operator can retry it.",
            ),
            FailureKind::Interrupted => (
                "읽는 동안 서비스가 멈췄습니다. 파일 탓이 아닙니다.",
                "The service stopped while it was read, which is not the file's fault.",
            ),
            FailureKind::Unknown => (
                "다른 버전이 남긴 사유입니다. 운영자가 다시 시도할 수 있습니다.",
                "Another version of Madang gave the reason. The operator can retry it.",
            ),
        };
        match locale {
            Locale::Korean => korean,
            Locale::English => english,
        }
    }
}

impl std::fmt::Display for FailureKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words stand in ledgers: they are never spelled anew.
    #[test]
    fn words_read_back_and_agree_with_serde() {
        use FailureKind::*;
        let table = [
            ("corrupt", Corrupt, true),
            ("crashed", Crashed, true),
            ("timeout", Timeout, true),
            ("memory", Memory, true),
            ("read", Read, true),
            ("gone", Gone, false),
            ("house", House, true),
            ("interrupted", Interrupted, false),
            ("unknown", Unknown, false),
        ];
        assert_eq!(table.map(|(_, kind, _)| kind), FailureKind::ALL);
        for (word, kind, sets_aside) in table {
            assert_eq!((kind.as_str(), FailureKind::parse(word)), (word, Some(kind)));
            assert_eq!(serde_json::to_value(kind).unwrap(), word);
            assert_eq!(kind.sets_aside(), sets_aside, "{kind}");
        }
        assert_eq!(FailureKind::parse("Corrupt"), None);
        assert_eq!(FailureKind::parse("oom"), None);
    }

    #[test]
    fn what_is_the_files_own_is_said_in_the_words_of_its_outcome() {
        for kind in FailureKind::ALL {
            for locale in [Locale::Korean, Locale::English] {
                let own = kind.outcome().map(|outcome| outcome.sentence(locale));
                assert_eq!(own.unwrap_or(kind.sentence(locale)), kind.sentence(locale));
            }
            if let Some(outcome) = kind.outcome() {
                assert_eq!(outcome.as_str(), kind.as_str());
            }
        }
    }

    #[test]
    fn a_reader_dies_of_time_of_memory_or_of_the_file() {
        for outcome in Outcome::ALL {
            let expected = match outcome {
                Outcome::Timeout => FailureKind::Timeout,
                Outcome::Memory => FailureKind::Memory,
                _ => FailureKind::Crashed,
            };
            assert_eq!(FailureKind::of_death(outcome), expected, "{outcome}");
        }
    }
}
