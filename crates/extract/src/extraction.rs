use madang_document::annotation::Annotation;
use madang_document::blob_id::BlobId;
use madang_document::content::{Content, Warning, WarningKind};
use madang_document::inner_path::InnerPath;
use madang_document::media_type::{Kind, MediaType};
use madang_document::outcome::Outcome;
use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

/// One document as it comes out of extraction: the object itself, or one of its members.
#[derive(Clone, Debug, PartialEq)]
pub struct Extraction {
    /// The way inside the object; none for the object itself.
    pub member: Option<InnerPath>,
    /// Size in bytes, of a member once unpacked.
    pub size: u64,
    /// SHA-256 of a member's bytes; none for the object itself, which its reader hashes on the way in.
    pub sha256: Option<BlobId>,
    /// The row of the table of formats; `none` if no row matched.
    pub format: String,
    /// The version of that row.
    pub format_version: u32,
    /// By content first.
    pub media_type: MediaType,
    /// Language of the text.
    pub language: Option<String>,
    /// How reading it ended.
    pub outcome: Outcome,
    /// Why, if it was not read whole.
    pub reason: Option<Reason>,
    /// What was read.
    pub content: Content,
    /// What the stages found out about that.
    pub annotations: Vec<Annotation>,
}

/// The outcome that a content means, and the reason if it is not [`Outcome::Ok`].
///
/// Media files without text are read whole all the same; a document without text is empty, also one whose members are
/// `silent`: nothing in them has any text.
pub fn outcome_of(content: &Content, kind: Kind, silent: bool) -> (Outcome, Option<Reason>) {
    let first = |kind: WarningKind| {
        content.warnings.iter().find(|w| w.kind == kind).map(|w| w.reason.clone())
    };
    if let Some(reason) = first(WarningKind::Cut) {
        return (Outcome::Limit, Some(reason));
    }
    if let Some(reason) = all_locked(content).filter(|_| kind == Kind::Archive) {
        return (Outcome::Encrypted, Some(reason));
    }
    // A recording that is scrambled whole has its tags all the same.
    let scrambled = ReasonKind::Drm.of(Noun::File);
    if content.warnings.iter().any(|it| it.reason == scrambled) {
        return (Outcome::Drm, Some(scrambled));
    }
    // What is damaged before what nobody reads: of the first another copy has more.
    let damaged = content.warnings.iter().find(|it| {
        it.kind == WarningKind::Lost && !matches!(it.reason.kind.word(), "method" | "encrypted")
    });
    let damaged = damaged.map(|it| it.reason.clone());
    if let Some(reason) = damaged.or_else(|| first(WarningKind::Lost)) {
        return (Outcome::Partial, Some(reason));
    }
    let textual = matches!(kind, Kind::Document | Kind::Table | Kind::Text | Kind::Mail);
    if textual && content.segments.is_empty() && (content.members.is_empty() || silent) {
        // That nothing is written in it is not known before that was looked for.
        let waits = content.warnings.iter().find(|it| it.awaits_recognition());
        let reason = waits.map_or_else(|| ReasonKind::NoText.into(), |it| it.reason.clone());
        return (Outcome::Empty, Some(reason));
    }
    (Outcome::Ok, None)
}

/// Why nothing of a container could be read, if that is because each file in it is locked. Links and folders hold nothing
/// that could be. Who lost something else, too, is damaged as well, and says that.
fn all_locked(content: &Content) -> Option<Reason> {
    let is_other_loss =
        |it: &Warning| it.kind == WarningKind::Lost && it.reason.kind.word() != "encrypted";
    let files: Vec<_> = content.members.iter().filter_map(|member| member.outcome).collect();
    let is_locked = !files.is_empty() && files.iter().all(|it| *it == Outcome::Encrypted);
    if !is_locked || content.warnings.iter().any(is_other_loss) {
        return None;
    }
    // What no password opens says so, and with it what helps.
    if let Some(lost) = content.warnings.iter().find(|it| it.kind == WarningKind::Lost) {
        return Some(lost.reason.clone());
    }
    let reason = Reason::new(ReasonKind::AllLocked(files.len() as u64));
    let mut locks = content.warnings.iter().filter(|it| it.reason.kind.word() == "encrypted");
    let tried = locks.find_map(|it| it.reason.because.as_deref());
    Some(match tried {
        Some((kind, _)) => reason.because(kind.clone()),
        None => reason,
    })
}

#[cfg(test)]
mod tests {
    use madang_document::content::Member;
    use madang_document::part::Part;

    use super::*;

    fn archive(members: &[Option<Outcome>]) -> Content {
        let mut content = Content::default();
        for (n, outcome) in members.iter().enumerate() {
            let path = format!("{n}.txt");
            content.members.push(Member { path, size: Some(1), outcome: *outcome, told: None });
        }
        content
    }

    #[test]
    fn what_waits_for_recognition_is_not_said_to_have_no_text() {
        let mut scan = Content::default();
        let (outcome, reason) = outcome_of(&scan, Kind::Document, false);
        assert_eq!((outcome, reason), (Outcome::Empty, Some(ReasonKind::NoText.into())));
        scan.note(ReasonKind::RecognitionWaits);
        let (outcome, reason) = outcome_of(&scan, Kind::Document, false);
        assert_eq!((outcome, reason), (Outcome::Empty, Some(ReasonKind::RecognitionWaits.into())));
    }

    #[test]
    fn a_recording_is_locked_that_is_scrambled_whole() {
        for (noun, outcome) in [(Noun::File, Outcome::Drm), (Noun::Sound, Outcome::Partial)] {
            let mut content = Content::default();
            content.lost(ReasonKind::Drm.of(noun));
            let told = outcome_of(&content, Kind::Video, false);
            assert_eq!(told, (outcome, Some(ReasonKind::Drm.of(noun))));
        }
    }

    #[test]
    fn an_archive_of_which_every_file_is_locked_is_locked() {
        let locked = Some(Outcome::Encrypted);
        let mut all = archive(&[locked, locked, None]);
        let lock = ReasonKind::Encrypted(Some("AES-256".into())).of(Noun::Member);
        all.note(lock.because(ReasonKind::WrongPasswords(3)).within(Part::Member("0.txt".into())));
        let (outcome, reason) = outcome_of(&all, Kind::Archive, false);
        assert_eq!(outcome, Outcome::Encrypted);
        let reason = reason.unwrap();
        assert!(reason.korean().contains("2개가 모두 암호로"), "{}", reason.korean());
        assert!(reason.korean().contains("받은 암호 3개"), "{}", reason.korean());
        assert!(reason.english().contains("none of 3 given"), "{}", reason.english());
        // Some of it is read, or it is no archive: it stays what it is.
        let some = archive(&[locked, Some(Outcome::Ok)]);
        assert_eq!(outcome_of(&some, Kind::Archive, false).0, Outcome::Ok);
        assert_eq!(outcome_of(&all, Kind::Mail, false).0, Outcome::Ok);
        assert_eq!(outcome_of(&archive(&[None]), Kind::Archive, false).0, Outcome::Ok);
        // What no password opens keeps its cure; what is damaged besides is read in part.
        let closed = ReasonKind::CipherNotRead("LEA-256".into());
        let mut other = archive(&[locked]);
        other.lost(closed.clone().within(Part::Member("0.txt".into())));
        let (outcome, reason) = outcome_of(&other, Kind::Archive, false);
        assert_eq!((outcome, reason.map(|it| it.kind)), (Outcome::Encrypted, Some(closed)));
        all.lost(ReasonKind::Damaged);
        assert_eq!(outcome_of(&all, Kind::Archive, false).0, Outcome::Partial);
    }
}
