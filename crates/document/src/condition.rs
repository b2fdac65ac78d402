use crate::agency::Agency;
use crate::locale::Locale;
use crate::timestamp::Timestamp;

/// What a condition is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// A pipeline, a reader of the outbox, a part of the service; blank for the whole of it.
    pub name: String,
    /// Whose it is; none if it is everybody's.
    pub agency: Option<Agency>,
}

impl Subject {
    /// The whole service.
    pub fn service() -> Subject {
        Subject::part("")
    }

    /// A part of the service that is everybody's.
    pub fn part(name: &str) -> Subject {
        Subject { name: name.to_owned(), agency: None }
    }

    /// Something of one agency.
    pub fn of(name: &str, agency: &Agency) -> Subject {
        Subject { name: name.to_owned(), agency: Some(agency.clone()) }
    }
}

/// Something that stands in the way of the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What it is.
    pub kind: Kind,
    /// What it is about.
    pub subject: Subject,
    /// Since when.
    pub since: Timestamp,
    /// What is the matter, in English; may hold paths.
    pub message: String,
}

/// What can stand in the way of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The disk of the data folder is almost full.
    DiskLow,
    /// The ledger does not take what is to be recorded.
    LedgerUnwritable,
    /// The ledger's store is damaged: waiting mends nothing.
    LedgerDamaged,
    /// The process has hardly any descriptors left.
    DescriptorsOut,
    /// Nothing can be read, or what was read cannot be kept, and neither the disk nor descriptors are out.
    Stalled,
    /// A source cannot be listed or read.
    SourceAway,
    /// So much is gone from a source that the operator must say whether it is real.
    Held,
    /// An index cannot go on: what is new is not found yet.
    IndexBehind,
    /// No entries are made: what is new is not in the catalogue yet.
    CatalogueBehind,
    /// An outside registry does not take what is new.
    RegistryBehind,
    /// What is withdrawn is not erased from the disk yet.
    EraserBehind,
    /// Nobody can be told what is new.
    OutboxUnread,
    /// Another process follows the outbox for this reader.
    Elsewhere,
    /// An index is damaged, and is built anew.
    IndexDamaged,
    /// An index is sound and of no use (made by another version, or from another ledger), and is built anew.
    IndexAnew,
    /// A part of the service panicked, and is begun again.
    Panicked,
}

impl Kind {
    /// Every kind, in the order in which they are told.
    pub const ALL: [Kind; 16] = [
        Kind::DiskLow,
        Kind::LedgerUnwritable,
        Kind::LedgerDamaged,
        Kind::DescriptorsOut,
        Kind::Stalled,
        Kind::SourceAway,
        Kind::Held,
        Kind::IndexBehind,
        Kind::CatalogueBehind,
        Kind::RegistryBehind,
        Kind::EraserBehind,
        Kind::OutboxUnread,
        Kind::Elsewhere,
        Kind::IndexDamaged,
        Kind::IndexAnew,
        Kind::Panicked,
    ];

    /// The word used in JSON, metrics and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::DiskLow => "disk_low",
            Kind::LedgerUnwritable => "ledger_unwritable",
            Kind::LedgerDamaged => "ledger_damaged",
            Kind::DescriptorsOut => "descriptors_out",
            Kind::Stalled => "stalled",
            Kind::SourceAway => "source_away",
            Kind::Held => "held",
            Kind::IndexBehind => "index_behind",
            Kind::CatalogueBehind => "catalogue_behind",
            Kind::RegistryBehind => "registry_behind",
            Kind::EraserBehind => "eraser_behind",
            Kind::OutboxUnread => "outbox_unread",
            Kind::Elsewhere => "elsewhere",
            Kind::IndexDamaged => "index_damaged",
            Kind::IndexAnew => "index_anew",
            Kind::Panicked => "panicked",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether the service as a whole cannot do its work, so that `/readyz` says no. What ails one agency is told
    /// there, too, but must not take the others' service off the air.
    pub fn is_unready(self) -> bool {
        match self {
            Kind::DiskLow
            | Kind::LedgerUnwritable
            | Kind::LedgerDamaged
            | Kind::DescriptorsOut
            | Kind::Stalled => true,
            Kind::SourceAway
            | Kind::Held
            | Kind::IndexBehind
            | Kind::CatalogueBehind
            | Kind::RegistryBehind
            | Kind::EraserBehind
            | Kind::OutboxUnread
            | Kind::Elsewhere
            | Kind::IndexDamaged
            | Kind::IndexAnew
            | Kind::Panicked => false,
        }
    }

    /// Whether nothing more can be recorded while it stands: what is taken in now would be in no book.
    pub fn keeps_from_recording(self) -> bool {
        matches!(self, Kind::DiskLow | Kind::LedgerUnwritable | Kind::LedgerDamaged)
    }

    /// What happened, without naming anything: fit for who has not signed in.
    pub fn sentence(self, locale: Locale) -> &'static str {
        let (korean, english) = match self {
            Kind::DiskLow => (
                "데이터 디스크의 빈 공간이 거의 없습니다. 새 파일을 받지도 읽지도 않고 기다립니다.",
                "The disk of the data folder is almost full; nothing new is taken or read until there is room.",
            ),
            Kind::LedgerUnwritable => (
                "장부에 쓸 수 없습니다. 쓸 수 있을 때까지 새 파일은 제자리에서 기다립니다.",
                "The ledger cannot be written; new files wait where they are until it can.",
            ),
            Kind::LedgerDamaged => (
                "장부 파일이 손상되었습니다. 더 쓰지 않고 멈추어 기다립니다.",
                "The ledger's file is damaged; nothing more is written to it.",
            ),
            Kind::DescriptorsOut => (
                "운영 체제가 더 열 수 있는 파일 수에 이르렀습니다.",
                "The system gives no more open files.",
            ),
            Kind::Stalled => (
                "지금은 파일을 읽거나 읽은 것을 남길 수 없습니다. 파일은 제자리에서 기다립니다.",
                "Nothing can be read, or kept, at the moment; the files wait where they are.",
            ),
            Kind::SourceAway => (
                "수집 폴더를 읽을 수 없습니다. 그 폴더의 파일은 지워진 것으로 치지 않습니다.",
                "A source cannot be read; its files do not count as deleted.",
            ),
            Kind::Held => (
                "많은 파일이 한꺼번에 사라졌습니다. 운영자가 확인할 때까지 지우지 않고 기다립니다.",
                "So many files are gone at once that nothing is withdrawn until the operator says that it is real.",
            ),
            Kind::IndexBehind => (
                "검색 색인이 밀려 있습니다. 새 문서가 아직 검색되지 않습니다.",
                "An index is behind; what is new is not found yet.",
            ),
            Kind::CatalogueBehind => (
                "등록 항목이 밀려 있습니다. 새 문서가 아직 등록부에 없습니다.",
                "The catalogue is behind; what is new has no entry yet.",
            ),
            Kind::RegistryBehind => (
                "외부 등록부에 보내지 못하고 있습니다. 새 항목이 거기에 아직 없습니다.",
                "An outside registry takes nothing; what is new is not there yet.",
            ),
            Kind::EraserBehind => (
                "거둔 문서의 내용을 아직 디스크에서 지우지 못했습니다. 검색에는 나오지 않습니다.",
                "What was withdrawn is not erased from the disk yet; nobody finds it.",
            ),
            Kind::OutboxUnread => (
                "무엇이 새로 들어왔는지 장부에서 읽지 못합니다. 새 문서가 검색과 등록부에 아직 없습니다.",
                "The ledger cannot be asked what is new; it is in no index and no registry yet.",
            ),
            Kind::Elsewhere => (
                "다른 프로세스가 이 일을 맡고 있습니다. 이 프로세스는 기다립니다.",
                "Another process does this work; this one stands by.",
            ),
            Kind::IndexDamaged => (
                "검색 색인이 손상되어 다시 만들고 있습니다. 그동안 검색에서 빠집니다.",
                "An index was damaged and is built anew; searches go without it until then.",
            ),
            Kind::IndexAnew => (
                "검색 색인이 지금 판이나 장부에 맞지 않아 다시 만들고 있습니다. 그동안 검색에서 빠집니다.",
                "An index does not fit this version or this ledger and is built anew; searches go without it until then.",
            ),
            Kind::Panicked => (
                "서비스의 한 부분이 오류로 끊겨 다시 시작합니다.",
                "A part of the service broke off by an error of its own and is begun again.",
            ),
        };
        in_locale(locale, korean, english)
    }

    /// What the operator can do.
    pub fn cure(self, locale: Locale) -> &'static str {
        let (korean, english) = match self {
            Kind::DiskLow => (
                "디스크를 비우거나 늘리세요. 그러면 저절로 이어집니다.",
                "Make room on that disk, or give it more; work goes on by itself then.",
            ),
            Kind::LedgerUnwritable => (
                "데이터 폴더의 디스크와 권한을 확인하세요. 쓸 수 있게 되면 저절로 이어집니다.",
                "Check the disk and the permissions of the data folder; work goes on by itself then.",
            ),
            Kind::LedgerDamaged => (
                "madang을 멈추고 ledger.db를 온전한 사본으로 바꾸세요. 사본이 없으면 ledger.db, ledger.db-wal, ledger.db-shm을 치우세요. 다음 시작 때 모든 파일을 다시 읽습니다.",
                "Stop madang and put a sound copy of ledger.db in its place; without one move ledger.db, ledger.db-wal and ledger.db-shm aside, and every file is read anew at the next start.",
            ),
            Kind::DescriptorsOut => (
                "서비스의 열린 파일 한도(LimitNOFILE, ulimit -n)를 늘리세요.",
                "Raise the service's limit of open files (LimitNOFILE, ulimit -n).",
            ),
            Kind::Stalled => (
                "아래 까닭을 확인하세요. 풀리면 저절로 이어집니다.",
                "See the reason that is given; work goes on by itself when it is mended.",
            ),
            Kind::SourceAway => (
                "폴더라면 마운트와 권한을, 버킷이라면 키와 네트워크를 확인하세요. 돌아오면 저절로 이어집니다. 영영 없어졌을 때만 그렇다고 확인해 주세요(madang queue release --yes).",
                "Check a folder's mount and permissions, or a bucket's keys and network; it goes on by itself when it is back. Only if it is gone for good, say so (madang queue release --yes).",
            ),
            Kind::Held => (
                "파일을 되돌려 놓거나, 정말 없어졌다면 그렇다고 확인해 주세요(madang queue release).",
                "Put the files back, or confirm that they are gone (madang queue release).",
            ),
            Kind::IndexBehind => (
                "대개 저절로 따라잡습니다. 오래가면 까닭을 확인하세요.",
                "It mostly catches up by itself; if it lasts, see the reason that is given.",
            ),
            Kind::CatalogueBehind => (
                "저절로 따라잡습니다. 오래가면 아래 까닭을 확인하세요.",
                "It catches up by itself; see the reason that is given if it lasts.",
            ),
            Kind::RegistryBehind => (
                "그 등록부의 주소와 권한을 확인하세요. 닿게 되면 저절로 이어 보냅니다.",
                "Check that registry's address and rights; the rest is sent by itself once it answers.",
            ),
            Kind::EraserBehind => (
                "데이터 폴더의 디스크와 권한을 확인하세요. 풀리면 저절로 지웁니다.",
                "Check the disk and the permissions of the data folder; it is erased by itself then.",
            ),
            Kind::OutboxUnread => (
                "데이터 폴더의 디스크를 확인하세요. 읽을 수 있게 되면 저절로 이어집니다.",
                "Check the disk of the data folder; it goes on by itself once the ledger can be read.",
            ),
            Kind::Elsewhere => (
                "할 일이 없습니다. 그 프로세스가 끝나면 이어받습니다.",
                "Nothing is to be done; it takes over when that process ends.",
            ),
            Kind::IndexDamaged => (
                "저절로 다시 만듭니다. 되풀이되면 디스크를 확인하세요.",
                "It is rebuilt by itself; if it happens again, check the disk.",
            ),
            Kind::IndexAnew => (
                "할 일이 없습니다. 다 만들면 저절로 끝납니다.",
                "Nothing is to be done; it ends by itself when the index is whole.",
            ),
            Kind::Panicked => (
                "저절로 다시 시작합니다. 되풀이되면 기록과 함께 알려 주세요.",
                "It is begun again by itself; if it happens again, report it with the log.",
            ),
        };
        in_locale(locale, korean, english)
    }
}

fn in_locale(locale: Locale, korean: &'static str, english: &'static str) -> &'static str {
    match locale {
        Locale::Korean => korean,
        Locale::English => english,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_in_the_order_of_the_kinds() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert!(Kind::ALL.is_sorted());
        assert_eq!(Kind::parse("behind"), None, "the log and the answers have one word each");
    }

    #[test]
    fn each_kind_has_a_sentence_and_a_cure_of_its_own_in_both_languages() {
        for locale in [Locale::Korean, Locale::English] {
            let mut told: Vec<&str> = Kind::ALL
                .iter()
                .flat_map(|kind| [kind.sentence(locale), kind.cure(locale)])
                .collect();
            assert!(told.iter().all(|sentence| sentence.ends_with('.')), "{told:?}");
            told.sort_unstable();
            told.dedup();
            assert_eq!(told.len(), 2 * Kind::ALL.len());
        }
    }
}
