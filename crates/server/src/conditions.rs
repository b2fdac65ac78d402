use madang_document::principal::Scope;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ports::{Condition, ConditionKind};
use crate::sentence::Sentence;
use crate::server::Server;

/// What keeps the service from its work and concerns this scope: what concerns one agency is told to who may
/// see that agency, what concerns the whole service to everybody.
pub(crate) fn of(server: &Server, scope: &Scope) -> Vec<Condition> {
    let mut conditions = server.conditions.now();
    conditions.retain(|condition| condition.agency.as_ref().is_none_or(|a| scope.covers(a)));
    conditions.sort_by(|a, b| (a.since, &a.subject).cmp(&(b.since, &b.subject)));
    conditions
}

/// What happened, without naming anything: fit for who has not signed in.
pub(crate) fn sentence(kind: ConditionKind) -> Sentence {
    let (ko, en) = match kind {
        ConditionKind::DiskLow => (
            "데이터 디스크의 빈 공간이 거의 없습니다. 새 파일을 받지도 읽지도 않고 기다립니다.",
            "The disk of the data folder is almost full; nothing new is taken or read until there is room.",
        ),
        ConditionKind::LedgerUnwritable => (
            "장부에 쓸 수 없습니다. 쓸 수 있을 때까지 새 파일은 제자리에서 기다립니다.",
            "The ledger cannot be written; new files wait where they are until it can.",
        ),
        ConditionKind::LedgerDamaged => (
            "장부 파일이 손상되었습니다. 더 쓰지 않고 멈추어 기다립니다.",
            "The ledger's file is damaged; nothing more is written to it.",
        ),
        ConditionKind::DescriptorsOut => (
            "운영 체제가 더 열 수 있는 파일 수에 이르렀습니다.",
            "The system gives no more open files.",
        ),
        ConditionKind::Stalled => (
            "지금은 파일을 읽거나 읽은 것을 남길 수 없습니다. 파일은 제자리에서 기다립니다.",
            "Nothing can be read, or kept, at the moment; the files wait where they are.",
        ),
        ConditionKind::SourceAway => (
            "수집 폴더를 읽을 수 없습니다. 그 폴더의 파일은 지워진 것으로 치지 않습니다.",
            "A source cannot be read; its files do not count as deleted.",
        ),
        ConditionKind::IndexBehind => (
            "검색 색인이나 등록부가 밀려 있습니다. 새 문서가 거기에 아직 없습니다.",
            "An index or a registry is behind; what is new is not there yet.",
        ),
        ConditionKind::Elsewhere => (
            "다른 프로세스가 이 일을 맡고 있습니다. 이 프로세스는 기다립니다.",
            "Another process does this work; this one stands by.",
        ),
        ConditionKind::Panicked => (
            "서비스의 한 부분이 오류로 끊겨 다시 시작합니다.",
            "A part of the service broke off by an error of its own and is begun again.",
        ),
        ConditionKind::IndexDamaged => (
            "검색 색인이 손상되어 다시 만들고 있습니다. 그동안 검색에서 빠집니다.",
            "An index was damaged and is built anew; searches go without it until then.",
        ),
    };
    Sentence::new(ko, en)
}

/// What to do about it.
pub(crate) fn cure(kind: ConditionKind) -> Sentence {
    let (ko, en) = match kind {
        ConditionKind::DiskLow => (
            "디스크를 비우거나 늘리세요. 그러면 저절로 이어집니다.",
            "Make room on that disk, or give it more; work goes on by itself then.",
        ),
        ConditionKind::LedgerUnwritable => (
            "데이터 폴더의 디스크와 권한을 확인하세요. 쓸 수 있게 되면 저절로 이어집니다.",
            "Check the disk and the permissions of the data folder; work goes on by itself then.",
        ),
        ConditionKind::LedgerDamaged => (
            "madang을 멈추고 ledger.db를 온전한 사본으로 바꾸세요. 사본이 없으면 ledger.db, ledger.db-wal, ledger.db-shm을 치우세요. 다음 시작 때 모든 파일을 다시 읽습니다.",
            "Stop madang and put a sound copy of ledger.db in its place; without one move ledger.db, ledger.db-wal and ledger.db-shm aside, and every file is read anew at the next start.",
        ),
        ConditionKind::DescriptorsOut => (
            "서비스의 열린 파일 한도(LimitNOFILE)를 늘리세요.",
            "Raise the service's limit of open files (LimitNOFILE).",
        ),
        ConditionKind::Stalled => (
            "아래 까닭을 확인하세요. 풀리면 저절로 이어집니다.",
            "See the reason that is given; work goes on by itself when it is mended.",
        ),
        ConditionKind::SourceAway => (
            "폴더라면 마운트와 권한을, 버킷이라면 키와 네트워크를 확인하세요. 돌아오면 저절로 이어집니다.",
            "Check a folder's mount and permissions, or a bucket's keys and network; it goes on by itself when it is back.",
        ),
        ConditionKind::IndexBehind => (
            "대개 저절로 따라잡습니다. 오래가면 기록에서 까닭을 확인하세요.",
            "It mostly catches up by itself; if it lasts, the log says why.",
        ),
        ConditionKind::Elsewhere => (
            "할 일이 없습니다. 그 프로세스가 끝나면 이어받습니다.",
            "Nothing is to be done; it takes over when that process ends.",
        ),
        ConditionKind::Panicked => (
            "저절로 다시 시작합니다. 되풀이되면 기록과 함께 알려 주세요.",
            "It is begun again by itself; if it happens again, report it with the log.",
        ),
        ConditionKind::IndexDamaged => (
            "저절로 다시 만듭니다. 되풀이되면 디스크를 확인하세요.",
            "It is rebuilt by itself; if it happens again, check the disk.",
        ),
    };
    Sentence::new(ko, en)
}

/// Something that keeps the service from its work.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ConditionAnswer {
    /// `disk_low`, `ledger_unwritable`, `ledger_damaged`, `descriptors_out`, `stalled`, `source_away`, `index_behind`,
    /// `elsewhere`, `index_damaged` or `panicked`.
    kind: &'static str,
    /// Which pipeline or agency; blank if the whole service.
    subject: String,
    /// Since when, RFC 3339.
    since: String,
    /// What happened.
    sentence: Sentence,
    /// What to do.
    cure: Sentence,
    /// More, in English.
    detail: String,
    /// Whether `/readyz` says no because of it.
    unready: bool,
}

impl From<Condition> for ConditionAnswer {
    fn from(condition: Condition) -> ConditionAnswer {
        ConditionAnswer {
            kind: condition.kind.as_str(),
            sentence: sentence(condition.kind),
            cure: cure(condition.kind),
            unready: condition.kind.is_unready(),
            since: condition.since.to_string(),
            subject: condition.subject,
            detail: condition.detail,
        }
    }
}
