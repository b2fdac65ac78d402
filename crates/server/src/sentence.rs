use std::collections::BTreeSet;

use madang_document::content::Warning;
use madang_document::document::Document;
use madang_document::failure_kind::FailureKind;
use madang_document::headway::Headway;
use madang_document::locale::Locale;
use madang_document::outcome::Outcome;
use madang_document::part::Part;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
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

    /// What the outcome of a document means, with the cures that help for its reason, and what of it is still to come.
    pub(crate) fn of_document(document: &Document) -> Sentence {
        Sentence::of_document_now(document, None)
    }

    /// The same of one of whose object this much is recognised, if that is under way.
    pub(crate) fn of_document_now(document: &Document, headway: Option<Headway>) -> Sentence {
        if !awaits_recognition(document) {
            return Sentence::of_what_was_read(document);
        }
        let waits = match headway {
            Some(headway) => Sentence {
                ko: format!(
                    "그림이나 소리에 담긴 글을 지금 읽고 있습니다: {}. 다 읽으면 그 글로도 검색됩니다.",
                    headway.text(Locale::Korean)
                ),
                en: format!(
                    "What is written in its pictures or spoken in it is being read: {}. Then it can be found by that, too.",
                    headway.text(Locale::English)
                ),
            },
            None => Sentence::new(
                "그림이나 소리에 담긴 글은 아직 읽지 않았습니다. 다른 파일을 먼저 읽은 뒤에 읽으며, 그때부터 그 글로도 검색됩니다.",
                "What is written in its pictures or spoken in it is still to be read, after other files; from then on it can be found by that, too.",
            ),
        };
        // That nothing is written in it is not known yet.
        if document.outcome == Outcome::Empty {
            return waits;
        }
        let Sentence { ko, en } = Sentence::of_what_was_read(document);
        Sentence { ko: format!("{ko} {}", waits.ko), en: format!("{en} {}", waits.en) }
    }

    /// The same of what was read so far. A document that describes others is mended in itself, and not at an original.
    fn of_what_was_read(document: &Document) -> Sentence {
        let Document { outcome, .. } = *document;
        if document.is_sidecar() && outcome == Outcome::Partial {
            return Sentence::new(
                "이 설명 파일에 잘못된 곳이 있어 그 부분은 읽지 못했습니다. 까닭에 적힌 대로 고쳐서 다시 올려 주세요.",
                "Something is wrong in this description, and that part of it is not read. Mend it as the reason says, and drop it again.",
            );
        }
        if let Some(lock) = document.reason.as_ref().and_then(|why| Lock::of(document, &why.kind)) {
            match outcome {
                // All that is in an archive is locked.
                Outcome::Encrypted => {
                    let members = LockedMembers::of(document);
                    return members.map_or(lock.sentence(true), |members| members.sentence());
                }
                // The members that no password opens are why it was read in part.
                Outcome::Partial => {
                    let members = LockedMembers::of(document);
                    return members.map_or(lock.sentence(false), |members| members.sentence());
                }
                _ => {}
            }
        }
        let own = document.inner.is_none().then_some(document.object.size);
        let size = document.size.or(own);
        let why = document.reason.as_ref().filter(|_| outcome == Outcome::Partial);
        let own = why.and_then(|why| left_unread(&why.kind, holds_nothing_read(document)));
        let is_all_left =
            outcome == Outcome::Limit && document.segments == 0 && document.members.is_empty();
        let own = match is_all_left {
            true => Some(Sentence::new(
                "한도를 넘어 하나도 읽지 못했습니다. 나누어 올리거나 운영자에게 문의하세요.",
                "It exceeds a limit, and nothing of it was read. Split it or ask the operator.",
            )),
            false => own,
        };
        let own = own.unwrap_or_else(|| Sentence::of(outcome, size));
        let Some(locked) = LockedMembers::of(document) else {
            return own;
        };
        let of_members = locked.sentence();
        if outcome == Outcome::Ok {
            return of_members;
        }
        let Sentence { ko, en } = own;
        Sentence { ko: format!("{ko} {}", of_members.ko), en: format!("{en} {}", of_members.en) }
    }

    /// The outcome that a document is told by. A container is read whole though its members are locked, for they are
    /// documents of their own; whoever dropped it and is told that misses them later.
    pub(crate) fn told(document: &Document) -> Outcome {
        let why = document.reason.as_ref();
        let is_only_locked = match document.outcome {
            Outcome::Ok => true,
            Outcome::Partial => why.is_some_and(|why| Lock::of(document, &why.kind).is_some()),
            _ => false,
        };
        match LockedMembers::of(document).filter(|_| is_only_locked) {
            Some(LockedMembers { all: true, .. }) => Outcome::Encrypted,
            Some(_) => Outcome::Partial,
            None => document.outcome,
        }
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

/// Whether words that are seen or spoken in a document are still to be read.
pub(crate) fn awaits_recognition(document: &Document) -> bool {
    document.warnings.iter().any(Warning::awaits_recognition)
}

/// Why a document was not read whole, if that is more than that recognition is still to come: its sentence says so. What was
/// read quickly by an earlier version has no text yet, and is told as if it had none.
pub(crate) fn why(document: &Document) -> Option<&Reason> {
    let is_open = |why: &&Reason| {
        awaits_recognition(document)
            && matches!(why.kind, ReasonKind::NoText | ReasonKind::RecognitionWaits)
    };
    document.reason.as_ref().filter(|why| !is_open(why))
}

/// Whether nothing of what is in it was read, itself nor any member.
fn holds_nothing_read(document: &Document) -> bool {
    let is_unread = |outcome| matches!(outcome, Some(Outcome::Unsupported | Outcome::Encrypted));
    let members = &document.members;
    document.segments == 0 && !members.is_empty() && members.iter().all(|it| is_unread(it.outcome))
}

/// What is told where a part, or all that is in it, was not read, with what helps; none where nothing is known that would.
fn left_unread(why: &ReasonKind, is_all: bool) -> Option<Sentence> {
    let (ko, en) = match why.word() {
        "check_sum" | "damaged" | "missing" | "truncated" => (
            "일부가 손상되어 나머지만 읽었습니다. 원본을 확인하고 다시 올려 주세요.",
            "A part is damaged; the rest was read. Check the original and drop it again.",
        ),
        "method" if is_all => (
            "안에 든 파일을 하나도 읽지 못했습니다. 읽지 못하는 방식으로 압축되어 있으니, 다른 방식으로 압축해서 다시 올려 주세요.",
            "Nothing in it was read: it is packed in a way that is not read. Pack it in another way and drop it again.",
        ),
        "split_part" => (
            "나눈 압축 파일의 한 조각이라 여기 다 들어 있는 것만 읽었습니다. 조각을 모두 합쳐서 올려 주세요.",
            "It is a part of a split archive; what lies whole in it was read. Put the parts together and drop the whole.",
        ),
        "no_reader" | "unknown_format" => (
            "일부는 아직 읽지 못하는 것이라 나머지만 읽었습니다. 그 부분이 필요하면 따로 저장해서 올려 주세요.",
            "There is no reader for a part; the rest was read. If that part is needed, save it as a file of its own and drop that.",
        ),
        "method" => (
            "일부는 읽지 못하는 방식으로 압축되어 있어 나머지만 읽었습니다. 다른 방식으로 압축해서 다시 올려 주세요.",
            "A part is packed in a way that is not read; the rest was read. Pack it in another way and drop it again.",
        ),
        "characters" | "cut" | "not_installed" | "too_large" | "too_many" => (
            "일부를 읽지 못해 나머지만 읽었습니다. 무엇을 읽지 못했는지는 까닭에 적혀 있습니다.",
            "A part was not read; the rest was. The reason says which part.",
        ),
        _ => return None,
    };
    Some(Sentence::new(ko, en))
}

/// What opens what is locked; the easiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lock {
    /// A password, of whoever gives it to the pipeline.
    Password,
    /// A password, which no pipeline can be given for this: nobody tries it.
    Untried,
    /// The certificate of somebody.
    Certificate,
}

/// Formats whose readers try no password, and the extensions of what they read.
const UNTRIED: [&str; 4] = ["rar", "epub", "parquet", "pst"];

impl Lock {
    /// What would open what this is the matter with; none if it is not locked.
    fn of(document: &Document, why: &ReasonKind) -> Option<Lock> {
        use ReasonKind::*;
        let around = document.inner.as_ref().map(|inner| match inner.parent() {
            Some(around) => around.name().to_owned(),
            None => document.object.name().to_owned(),
        });
        let around = around.as_deref().and_then(|name| name.rsplit_once('.'));
        let is_untried = UNTRIED.contains(&document.provenance.format.as_str())
            || around.is_some_and(|(_, end)| UNTRIED.contains(&end.to_lowercase().as_str()));
        match why {
            Certificate => Some(Lock::Certificate),
            KeyTooCostly | CipherUnknown | CipherNotRead(_) | StaysClosed | PasswordsUntried(_) => {
                Some(Lock::Untried)
            }
            Password
            | Encrypted(_)
            | WrongPasswords(_)
            | PasswordsLeft { .. }
            | PasswordsInVain
            | AllLocked(_)
            | OtherPassword => Some(if is_untried { Lock::Untried } else { Lock::Password }),
            _ => None,
        }
    }

    /// What would open a member of this name in a container of this format. Of a member that is locked only that is
    /// known here: its reason stands with its own document.
    fn of_member(format: &str, path: &str) -> Lock {
        let end = path.rsplit_once('.').map(|(_, end)| end.to_lowercase());
        let is_untried = |word: &str| UNTRIED.contains(&word);
        match end.as_deref() {
            Some("p7m") => Lock::Certificate,
            Some(end) if is_untried(end) => Lock::Untried,
            _ if is_untried(format) => Lock::Untried,
            _ => Lock::Password,
        }
    }

    /// Says that all of it, or a part, is locked, and what helps.
    fn sentence(self, is_whole: bool) -> Sentence {
        let (ko, en) = match (self, is_whole) {
            (Lock::Certificate, true) => (
                "인증서로 암호화되어 있어 읽지 못했습니다.",
                "It is encrypted for the holder of a certificate.",
            ),
            (_, true) => ("암호가 걸려 있어 읽지 못했습니다.", "It is locked with a password."),
            (_, false) => (
                "일부가 암호로 잠겨 있어 나머지만 읽었습니다.",
                "A part is locked with a password; the rest was read.",
            ),
        };
        let (ko_cure, en_cure) = self.cure();
        Sentence { ko: format!("{ko} {ko_cure}"), en: format!("{en} {en_cure}") }
    }

    /// What helps, Korean first.
    fn cure(self) -> (&'static str, &'static str) {
        match self {
            Lock::Password => (
                "암호를 푼 파일을 다시 올리거나, 운영자에게 암호를 알려 수집 폴더의 암호 파일(password_file)에 넣게 하세요. 암호를 모르면 보낸 사람에게 물어보세요.",
                "Drop a copy without the password, or tell the operator the password, for the pipeline's file of passwords (`password_file`). If you do not know it, ask whoever sent the file.",
            ),
            Lock::Untried => (
                "암호를 알려도 열 수 없는 방식이니, 암호를 푼 파일을 다시 올리거나 보낸 사람에게 그런 파일을 달라고 하세요.",
                "No password that is given to Madang opens it: drop a copy without the password, or ask whoever sent the file for one.",
            ),
            Lock::Certificate => (
                "암호로는 열리지 않으니, 인증서를 가진 사람에게 암호화하지 않은 파일을 받아 올려 주세요.",
                "No password opens it: ask the holder for a copy that is not encrypted, and drop that.",
            ),
        }
    }
}

/// The members of a document that are locked.
struct LockedMembers {
    count: usize,
    /// Whether there is nothing else in it.
    all: bool,
    /// Their locks, each once.
    locks: BTreeSet<Lock>,
}

impl LockedMembers {
    /// None if no member is locked.
    fn of(document: &Document) -> Option<LockedMembers> {
        if document.is_sidecar() {
            return None;
        }
        let format = document.provenance.format.as_str();
        let locked = document.members.iter().filter(|one| one.outcome == Some(Outcome::Encrypted));
        let paths: Vec<&str> = locked.map(|one| one.path.as_str()).collect();
        if paths.is_empty() {
            return None;
        }
        // A reader tells of the first member with each lock; what else there is, names tell.
        let is_of_member = |reason: &&Reason| matches!(reason.at.first(), Some(Part::Member(_)));
        let warnings = document.warnings.iter().map(|warning| &warning.reason).filter(is_of_member);
        // Why it was read in part is told of it, and not only of its members.
        let own = document.reason.iter().filter(|_| document.outcome == Outcome::Partial);
        let told = warnings.chain(own).filter_map(|reason| Lock::of(document, &reason.kind));
        let told: BTreeSet<Lock> = told.collect();
        let named = paths.iter().map(|path| Lock::of_member(format, path));
        let named: BTreeSet<Lock> =
            named.filter(|lock| told.is_empty() || *lock != Lock::Password).collect();
        let count = paths.len();
        Some(LockedMembers {
            count,
            all: document.segments == 0 && count == document.members.len(),
            locks: &told | &named,
        })
    }

    /// What helps, Korean first. Where locks differ, each cure is told with what it opens.
    fn cures(&self) -> (String, String) {
        let each: Vec<Lock> = self.locks.iter().copied().collect();
        if let [only] = each.as_slice() {
            let (ko, en) = only.cure();
            return (ko.to_owned(), en.to_owned());
        }
        let cures = each.into_iter().map(|lock| {
            let (ko, en) = match lock {
                Lock::Password => ("암호로 열 수 있는 것", "What a password opens"),
                Lock::Untried => ("암호를 알려도 열 수 없는 것", "What is locked in another way"),
                Lock::Certificate => {
                    ("인증서로 잠긴 것", "What is for the holder of a certificate")
                }
            };
            let (ko_cure, en_cure) = lock.cure();
            (format!("{ko}: {ko_cure}"), format!("{en}: {en_cure}"))
        });
        let (ko, en): (Vec<String>, Vec<String>) = cures.unzip();
        (
            format!("잠긴 방식이 서로 다릅니다. {}", ko.join(" ")),
            format!("They are locked in different ways. {}", en.join(" ")),
        )
    }

    /// Says that they are locked, and what helps.
    fn sentence(&self) -> Sentence {
        let LockedMembers { count, all, .. } = *self;
        let (ko_cure, en_cure) = self.cures();
        let (ko, en) = match (all, count) {
            (true, _) => (
                "안에 든 파일이 모두 암호로 잠겨 있어 읽지 못했습니다.".to_owned(),
                "All that is in it is locked with a password.".to_owned(),
            ),
            (false, 1) => (
                "안에 든 파일 1개가 암호로 잠겨 있어 나머지만 읽었습니다.".to_owned(),
                "1 file in it is locked with a password; the rest was read.".to_owned(),
            ),
            (false, _) => (
                format!("안에 든 파일 {count}개가 암호로 잠겨 있어 나머지만 읽었습니다."),
                format!("{count} files in it are locked with a password; the rest was read."),
            ),
        };
        Sentence { ko: format!("{ko} {ko_cure}"), en: format!("{en} {en_cure}") }
    }
}

/// A reason in Korean; none where there are only English words.
pub(crate) fn korean(reason: &Reason) -> Option<String> {
    (!reason.is_said()).then(|| reason.korean())
}

#[cfg(test)]
mod tests {
    use madang_document::agency::Agency;
    use madang_document::content::{Member, Warning, WarningKind};
    use madang_document::document::Provenance;
    use madang_document::id::DocumentId;
    use madang_document::inner_path::InnerPath;
    use madang_document::media_type::MediaType;
    use madang_document::metadata::Metadata;
    use madang_document::object::ObjectRef;

    use super::*;

    fn locked(path: &str, format: &str, inner: Option<&str>, reason: Reason) -> Document {
        let object =
            ObjectRef { store: "s".into(), path: path.into(), version: "1".into(), size: 1 };
        let inner = inner.map(InnerPath::parse);
        Document {
            id: DocumentId::new("s", path, inner.as_ref()),
            agency: Agency::undeclared(),
            pipeline: "press".into(),
            object,
            object_modified: None,
            parent: None,
            inner,
            size: None,
            sha256: None,
            media_type: MediaType::new(MediaType::UNKNOWN),
            language: None,
            outcome: Outcome::Encrypted,
            reason: Some(reason),
            segments: 0,
            characters: 0,
            metadata: Metadata::default(),
            members: Vec::new(),
            warnings: Vec::new(),
            text: None,
            wordless: None,
            preview: None,
            previews: Vec::new(),
            likeness: false,
            annotations: Vec::new(),
            provenance: Provenance { format: format.into(), format_version: 1 },
        }
    }

    /// Every cure that helps is named, and none that does not.
    #[test]
    fn what_is_locked_is_told_with_its_cures() {
        use ReasonKind::*;
        let wrong = || Reason::new(Password).because(WrongPasswords(3));
        for (document, helps, is_vain) in [
            (
                locked("a.hwp", "hwp5", None, Password.into()),
                ["password_file", "보낸 사람"],
                "인증서",
            ),
            (locked("a.hwp", "hwp5", None, wrong()), ["password_file", "암호를 푼 파일"], "인증서"),
            (
                locked("a.zip", "none", Some("b.txt"), Encrypted(None).into()),
                ["password_file", "보낸"],
                "인증서",
            ),
            (
                locked("a.RAR", "none", Some("b.txt"), Encrypted(None).into()),
                ["암호를 푼", "보낸"],
                "password_file",
            ),
            (
                locked("a.rar", "rar", None, Encrypted(None).into()),
                ["암호를 푼", "보낸"],
                "password_file",
            ),
            (
                locked("a.odt", "odt", None, CipherUnknown.into()),
                ["암호를 푼", "보낸"],
                "password_file",
            ),
            (
                locked("a.pdf", "pdf", None, Certificate.into()),
                ["인증서를 가진", "받아"],
                "password_file",
            ),
        ] {
            let said = Sentence::of_document(&document).ko;
            assert!(helps.iter().all(|cure| said.contains(cure)), "{said}");
            assert!(!said.contains(is_vain), "{said}");
        }
        let lea = || Reason::from(CipherNotRead("LEA-256".into()));
        let member = Sentence::of_document(&locked("a.egg", "none", Some("b.txt"), lea())).ko;
        assert!(member.contains("암호를 푼") && !member.contains("password_file"), "{member}");
        let mut partly = locked("a.zip", "zip", None, Encrypted(None).into());
        partly.outcome = Outcome::Partial;
        let said = Sentence::of_document(&partly);
        assert!(said.en.starts_with("A part is locked") && said.en.contains("password_file"));
        assert!(!said.ko.contains("손상"), "{}", said.ko);
        partly.reason = Some(Damaged.into());
        assert!(Sentence::of_document(&partly).en.contains("damaged"));
    }

    /// A container is read whole though its members are locked; who dropped it is told of them all the same.
    #[test]
    fn locked_members_are_told_with_their_cure() {
        let holding = |format: &str, members: &[(&str, Outcome)]| {
            let mut document = locked("a", format, None, ReasonKind::Password.into());
            (document.outcome, document.reason) = (Outcome::Ok, None);
            document.members = members
                .iter()
                .map(|(path, outcome)| Member {
                    path: (*path).to_owned(),
                    size: Some(1),
                    outcome: Some(*outcome),
                    told: None,
                })
                .collect();
            document
        };
        let (open, shut) = (("a.txt", Outcome::Ok), ("b.txt", Outcome::Encrypted));

        let some = holding("zip", &[open, shut, shut]);
        let said = Sentence::of_document(&some);
        assert!(said.ko.starts_with("안에 든 파일 2개가 암호로 잠겨"), "{}", said.ko);
        assert!(said.ko.contains("password_file") && !said.ko.contains("모두 읽었"), "{}", said.ko);
        assert!(said.en.contains("2 files in it are locked"), "{}", said.en);
        assert_eq!(Sentence::told(&some), Outcome::Partial);

        let mut all = holding("egg", &[shut]);
        let said = Sentence::of_document(&all).ko;
        assert!(said.contains("모두 암호로 잠겨") && said.contains("보낸 사람"), "{said}");
        assert_eq!(Sentence::told(&all), Outcome::Encrypted);
        // The text of a mail is read, whatever is attached.
        all.segments = 1;
        assert_eq!(Sentence::told(&all), Outcome::Partial);
        assert!(Sentence::of_document(&all).ko.contains("나머지만"));

        for (format, path, helps) in [
            ("rar", "b.txt", "보낸 사람"),
            ("eml", "b.RAR", "보낸 사람"),
            ("eml", "smime.p7m", "인증서"),
        ] {
            let document = holding(format, &[open, (path, Outcome::Encrypted)]);
            let said = Sentence::of_document(&document).ko;
            assert!(said.contains(helps) && !said.contains("password_file"), "{said}");
        }

        let mut damaged = holding("zip", &[open, shut]);
        (damaged.outcome, damaged.reason) = (Outcome::Partial, Some(ReasonKind::Damaged.into()));
        let said = Sentence::of_document(&damaged).en;
        assert!(said.contains("damaged") && said.contains("1 file in it is locked"), "{said}");

        // What no password opens is why the archive was read in part.
        let unread = |format: &str, members: &[(&str, Outcome)], why: ReasonKind| {
            let why = Some(Reason::from(why));
            Document { outcome: Outcome::Partial, reason: why, ..holding(format, members) }
        };
        let lea = || ReasonKind::CipherNotRead("LEA-256".into());
        let some = unread("egg", &[open, shut], lea());
        let said = Sentence::of_document(&some).ko;
        assert!(said.starts_with("안에 든 파일 1개가 암호로 잠겨"), "{said}");
        assert!(said.contains("암호를 푼 파일") && !said.contains("password_file"), "{said}");
        assert_eq!(Sentence::told(&some), Outcome::Partial);
        let all = unread("egg", &[shut, shut], lea());
        let said = Sentence::of_document(&all).ko;
        assert!(said.contains("모두 암호로 잠겨") && !said.contains("나머지"), "{said}");
        assert_eq!(Sentence::told(&all), Outcome::Encrypted);

        // Of different locks both cures are told, whichever comes first and whatever the archive ends as.
        let told = |why: ReasonKind| Warning {
            kind: WarningKind::Note,
            reason: Reason::from(why).within(Part::Member("b.txt".into())),
        };
        let zip_crypto = || told(ReasonKind::Encrypted(Some("ZipCrypto".into())));
        for warnings in [[zip_crypto(), told(lea())], [told(lea()), zip_crypto()]] {
            let mixed = unread("egg", &[open, shut, shut, shut], lea());
            let mut mixed = Document { warnings: warnings.into(), ..mixed };
            let said = Sentence::of_document(&mixed);
            assert!(said.ko.starts_with("안에 든 파일 3개가 암호로 잠겨"), "{}", said.ko);
            for (part, language) in [
                ("방식이 서로 다릅니다", &said.ko),
                ("password_file", &said.ko),
                ("암호를 알려도 열 수 없는 것: ", &said.ko),
                ("password_file", &said.en),
                ("No password that is given", &said.en),
            ] {
                assert!(language.contains(part), "{part}: {language}");
            }
            (mixed.outcome, mixed.reason) = (Outcome::Ok, None);
            assert_eq!(Sentence::of_document(&mixed), said);
            mixed.warnings.retain(|it| it.reason.kind == lea());
            assert!(!Sentence::of_document(&mixed).ko.contains("password_file"));
        }
        let mail = holding(
            "eml",
            &[open, ("smime.p7m", Outcome::Encrypted), ("b.zip", Outcome::Encrypted)],
        );
        let said = Sentence::of_document(&mail).ko;
        assert!(said.contains("인증서로 잠긴 것") && said.contains("password_file"), "{said}");

        let packed = ("c.txt", Outcome::Unsupported);
        let method = || ReasonKind::Method("RAR 5".into());
        let said = Sentence::of_document(&unread("rar", &[open, packed], method())).ko;
        assert!(said.contains("나머지만") && said.contains("다른 방식으로"), "{said}");
        let said = Sentence::of_document(&unread("rar", &[packed, packed], method())).ko;
        assert!(said.starts_with("안에 든 파일을 하나도") && !said.contains("나머지"), "{said}");

        let none = holding("zip", &[open]);
        assert_eq!(Sentence::of_document(&none), Sentence::of(Outcome::Ok, Some(1)));
        assert_eq!(Sentence::told(&none), Outcome::Ok);
    }

    /// What is whole is not called damaged because a part of it is not read.
    #[test]
    fn a_part_that_is_not_read_is_not_called_damaged() {
        use ReasonKind::*;
        for (why, helps) in [
            (SplitPart(None), "합쳐서"),
            (SplitPart(Some(2)), "합쳐서"),
            (ForeignObject, "따로 저장해서"),
            (Method("Quantum".into()), "다른 방식으로"),
            (NoCharacters { unread: 1, all: 2 }, "까닭에"),
            (Larger(9), "까닭에"),
        ] {
            let mut partly = locked("a.egg", "egg", None, why.into());
            partly.outcome = Outcome::Partial;
            let said = Sentence::of_document(&partly);
            assert!(!said.ko.contains("손상") && said.ko.contains(helps), "{}", said.ko);
            assert!(!said.en.contains("damaged"), "{}", said.en);
        }
        for why in [Damaged, CutShort, CheckSum] {
            let mut partly = locked("a.egg", "egg", None, why.into());
            partly.outcome = Outcome::Partial;
            assert!(Sentence::of_document(&partly).ko.contains("손상"));
        }
    }

    #[test]
    fn what_was_left_whole_at_a_limit_is_not_called_read() {
        let larger = ReasonKind::LargerThanMemory { bytes: 300 << 20, limit: 256 << 20 };
        assert!(Reason::from(larger.clone()).korean().contains("하나도 읽지 않았습니다"));
        let mut large = locked("a.pdf", "pdf", None, larger.into());
        large.outcome = Outcome::Limit;
        let said = Sentence::of_document(&large);
        assert!(said.ko.contains("하나도") && said.en.contains("nothing of it"), "{}", said.ko);
        large.segments = 1;
        assert!(Sentence::of_document(&large).ko.contains("앞부분만"));
    }

    /// It ends as a locked document does, and its page says of its members what it said before.
    #[test]
    fn an_archive_of_which_all_is_locked_is_told_as_that() {
        let mut all = locked("a.7z", "7z", None, ReasonKind::AllLocked(1).into());
        let outcome = Some(Outcome::Encrypted);
        all.members = vec![Member { path: "b.txt".into(), size: Some(1), outcome, told: None }];
        let said = Sentence::of_document(&all).ko;
        assert!(said.contains("모두 암호로 잠겨") && said.contains("password_file"), "{said}");
        assert_eq!(Sentence::told(&all), Outcome::Encrypted);
    }

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
