use madang_document::blob_id::BlobId;
use madang_document::entry::Draft;
use madang_document::principal::Scope;

use super::sample::*;
use crate::notes::{By, NewNote, Note, NoteKind, Redo};
use crate::rereads::{self, Again, Lost};

fn by(word: &str) -> By {
    By::parse(word).unwrap()
}

fn lost(who: &str, subject: &str) -> NewNote {
    NewNote {
        by: by(who),
        kind: NoteKind::TextLost,
        subject: subject.to_owned(),
        agency: Some(ours()),
        reason: "blob 1 is not there".to_owned(),
        tries: 0,
    }
}

/// One for each who noted and what it is about; counted, and told to the audit trail when it is news.
pub async fn a_note_stands_until_it_is_cleared(ledger: &Trial) {
    let first = lost("index/1741000", "'a");
    ledger.when(at(1)).note(&first).await.unwrap();
    ledger.when(at(5)).note(&NewNote { tries: 2, ..first.clone() }).await.unwrap();
    ledger.when(at(6)).note(&lost("cataloguer", "'a")).await.unwrap();
    ledger.when(at(7)).note(&lost("index/1741000", "b")).await.unwrap();
    let noted = ledger.noted_by(&by("index/1741000")).await.unwrap();
    let shown: Vec<_> =
        noted.iter().map(|n| (n.subject.as_str(), n.tries, n.since, n.at)).collect();
    assert_eq!(shown, [("'a", 2, at(1), at(5)), ("b", 0, at(7), at(7))]);
    assert_eq!(noted[0].kind, NoteKind::TextLost);
    let one = ledger.noted(&by("index/1741000"), "b").await.unwrap();
    assert_eq!(one.as_ref(), Some(&noted[1]));
    assert_eq!(ledger.noted(&by("registry/folder"), "b").await.unwrap(), None);
    let told = async || ledger.acts(0, 99).await.unwrap().len();
    assert_eq!(told().await, 3, "the same reason again is no news");
    let other = NewNote { reason: "blob 1 is damaged".to_owned(), ..first };
    ledger.when(at(8)).note(&other).await.unwrap();
    assert_eq!(told().await, 4);

    let cleared =
        ledger.clear_notes(&by("index/1741000"), &["'a".to_owned(), "c".to_owned()]).await;
    assert_eq!(cleared.unwrap(), 1);
    assert_eq!(ledger.clear_notes(&by("index/1741000"), &[]).await.unwrap(), 0);
    assert_eq!(ledger.noted_by(&by("index/1741000")).await.unwrap().len(), 1);
    assert_eq!(ledger.noted_by(&by("cataloguer")).await.unwrap().len(), 1, "another's note stays");
}

/// Pages in order, of the asked agencies only; what is nobody's is for who may see all.
pub async fn notes_know_scopes(ledger: &Trial) {
    for (subject, agency) in [("a", Some(ours())), ("b", Some(theirs())), ("c", None)] {
        let note = NewNote { agency, ..lost("cataloguer", subject) };
        ledger.when(at(1)).note(&note).await.unwrap();
    }
    let subjects = |notes: &[Note]| notes.iter().map(|n| n.subject.clone()).collect::<Vec<_>>();
    let all = ledger.notes(&Scope::All, None, 2).await.unwrap().readable();
    assert_eq!(subjects(&all), ["a", "b"]);
    let rest = ledger.notes(&Scope::All, Some(all[1].id), 9).await.unwrap().readable();
    assert_eq!(subjects(&rest), ["c"]);
    let own = ledger.notes(&only([ours()]), None, 9).await.unwrap().readable();
    assert_eq!(subjects(&own), ["a"]);
    for (scope, expected) in [(Scope::All, 3), (only([ours()]), 1), (only([]), 0)] {
        assert_eq!(ledger.count_notes(&scope).await.unwrap(), expected, "{scope:?}");
    }
    // So it is with what is done again.
    let redo = async |which, scope| ledger.redo(&which, &scope, "operator").await.unwrap();
    assert!(redo(Redo::One(all[1].id), only([ours()])).await.is_empty());
    assert_eq!(subjects(&redo(Redo::All, only([ours()])).await), ["a"]);
    assert_eq!(subjects(&redo(Redo::Kind(NoteKind::TextLost), Scope::All).await), ["a", "b", "c"]);
    assert!(redo(Redo::Kind(NoteKind::EntryRefused), Scope::All).await.is_empty());
}

/// The readers of a document, or of an entry, are told of it again; the note counts anew and stands.
pub async fn what_is_noted_is_told_once_more(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    apply(ledger, done(&claim_one(ledger, at(1)).await, &[]), at(2)).await;
    let draft = Draft {
        id: id("a").to_string(),
        document: Some(id("a")),
        agency: ours(),
        content_hash: BlobId::of(b"one"),
        body: "one".to_owned(),
    };
    ledger.put_entries(&[draft]).await.unwrap();
    let (last, event) = (ledger.last_seq().await.unwrap(), ledger.last_event().await.unwrap());
    let subject = id("a").to_string();
    for who in ["index/1741000", "registry/folder"] {
        ledger.when(at(3)).note(&NewNote { tries: 5, ..lost(who, &subject) }).await.unwrap();
    }
    let path = NewNote { kind: NoteKind::ObjectRefused, ..lost("source/press", "a") };
    ledger.when(at(3)).note(&path).await.unwrap();
    let notes = ledger.when(at(4)).redo(&Redo::All, &Scope::All, "operator").await.unwrap();
    assert_eq!(notes.len(), 3);
    assert!(notes.iter().all(|note| note.tries == 0 && note.at == at(4) && note.since == at(3)));
    let changes = ledger.changes(&our_partition(), last, 9).await.unwrap().readable();
    assert_eq!(
        changes.iter().map(|c| (c.document, c.withdrawn)).collect::<Vec<_>>(),
        [(id("a"), false)]
    );
    let index = crate::reader::Reader::Index(our_partition());
    ledger.advance(&index, last).await.unwrap();
    assert!(!ledger.passed(id("a"), &index).await.unwrap(), "it was told again since");
    let events = ledger.events(&Scope::All, event, 9).await.unwrap().readable();
    assert_eq!(
        events.iter().map(|e| (e.entry.clone(), e.version)).collect::<Vec<_>>(),
        [(subject, 1)]
    );
    assert_eq!(
        ledger.notes(&Scope::All, None, 9).await.unwrap().readable(),
        notes,
        "it stands until it is done"
    );
    let acts = ledger.acts(0, 99).await.unwrap();
    assert_eq!(acts.last().unwrap().act.action, "notes.redo");
}

/// A loss has its file read again, at once and later each time; a reading that is under way is not counted.
pub async fn a_loss_has_its_file_read_again(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    apply(ledger, done(&claim_one(ledger, at(1)).await, &[]), at(2)).await;
    let (by, agency) = (by("index/1741000"), ours());
    let lost = async |now| {
        let lost = Lost {
            by: &by,
            kind: NoteKind::TextLost,
            what: "text",
            document: id("a"),
            agency: &agency,
            why: "blob 1 is not there",
        };
        let done = rereads::lost(ledger.when(now), lost, now).await.unwrap();
        (done.next, done.is_news)
    };
    let note = async || ledger.noted(&by, &id("a").to_string()).await.unwrap().unwrap();
    assert_eq!(lost(at(3)).await, (Again::At(at(3).plus_ms(60_000)), true));
    assert_eq!((note().await.tries, note().await.reason.as_str()), (1, "blob 1 is not there"));
    let again = claim_one(ledger, at(4)).await;
    assert_eq!(again.object.path, "a");
    assert_eq!(lost(at(5)).await, (Again::At(at(3).plus_ms(60_000)), false), "not due yet");
    apply(ledger, done(&again, &[]), at(6)).await;
    let due = at(3).plus_ms(60_000);
    assert_eq!(lost(due).await, (Again::At(due.plus_ms(600_000)), true));
    assert_eq!(note().await.tries, 2);
    // It waits in its queue: due once more, it is not counted.
    let later = due.plus_ms(600_000);
    assert!(!lost(later).await.1);
    assert_eq!(note().await.tries, 2);
}

/// Done again its file is read again, for nobody who follows the outbox looks at previews.
pub async fn a_note_of_a_preview_goes_with_its_document(ledger: &Trial) {
    see(ledger, &["a", "b"], at(0)).await;
    for claim in claim(ledger, 9, at(1)).await {
        apply(ledger, done(&claim, &[]), at(2)).await;
    }
    let last = ledger.last_seq().await.unwrap();
    for path in ["a", "b"] {
        let note = lost("previews", &id(path).to_string());
        let note = NewNote { kind: NoteKind::PreviewLost, tries: 5, ..note };
        ledger.when(at(3)).note(&note).await.unwrap();
        let note = NewNote { by: By::Texts, kind: NoteKind::TextLost, ..note };
        ledger.when(at(3)).note(&note).await.unwrap();
    }
    let which = Redo::Kind(NoteKind::PreviewLost);
    let notes = ledger.when(at(4)).redo(&which, &Scope::All, "operator").await.unwrap();
    assert!(notes.len() == 2 && notes.iter().all(|note| note.tries == 0 && note.at == at(4)));
    let claims = claim(ledger, 9, at(5)).await;
    assert_eq!(claims.len(), 2, "both files are read again");
    assert_eq!(ledger.last_seq().await.unwrap(), last, "the outbox has nothing to tell yet");
    for claim in claims {
        apply(ledger, done(&claim, &[]), at(6)).await;
    }
    ledger.when(at(7)).vanish(STORE, &["a".to_owned()]).await.unwrap();
    apply(ledger, deleted(&claim_one(ledger, at(8)).await), at(9)).await;
    for by in By::ASKERS {
        let noted = ledger.noted_by(&by).await.unwrap();
        let subjects: Vec<_> = noted.iter().map(|note| note.subject.as_str()).collect();
        assert_eq!(subjects, [id("b").to_string()], "{by}");
    }
}

/// In pages over all partitions; what is withdrawn names nothing.
pub async fn blobs_are_named_by_live_documents(ledger: &Trial) {
    see(ledger, &["a", "b", "c"], at(0)).await;
    for claim in claim(ledger, 9, at(1)).await {
        let mut completion = done(&claim, &["m"]);
        for (n, document) in completion.documents.iter_mut().enumerate() {
            let name = |what| BlobId::of(format!("{}{n}{what}", claim.object.path).as_bytes());
            document.text = Some(name("text").into());
            document.preview = (n == 0).then(|| name("preview").into());
        }
        apply(ledger, completion, at(2)).await;
    }
    let all = async || {
        let mut blobs = Vec::new();
        let mut after = None;
        loop {
            let page = ledger.named_blobs(after, 2).await.unwrap();
            blobs.extend(page.blobs);
            after = page.last;
            if after.is_none() {
                blobs.sort();
                return blobs;
            }
        }
    };
    let of = |paths: &[&str]| {
        let mut blobs: Vec<BlobId> = paths
            .iter()
            .flat_map(|path| ["0text", "0preview", "1text"].map(|what| format!("{path}{what}")))
            .map(|name| BlobId::of(name.as_bytes()))
            .collect();
        blobs.sort();
        blobs
    };
    assert_eq!(all().await, of(&["a", "b", "c"]));
    ledger.when(at(3)).vanish(STORE, &["b".to_owned()]).await.unwrap();
    apply(ledger, deleted(&claim_one(ledger, at(4)).await), at(5)).await;
    assert_eq!(all().await, of(&["a", "c"]));
}

/// The moment of the claim, whatever is renewed.
pub async fn the_oldest_claim_is_known(ledger: &Trial) {
    assert_eq!(ledger.oldest_claim().await.unwrap(), None);
    see(ledger, &["a", "b"], at(0)).await;
    let first = claim_one(ledger, at(10)).await;
    let second = claim_one(ledger, at(20)).await;
    assert_eq!(ledger.when(at(30)).renew(&[first.ticket], LEASE).await.unwrap(), []);
    assert_eq!(ledger.oldest_claim().await.unwrap(), Some(at(10)));
    apply(ledger, done(&first, &[]), at(40)).await;
    assert_eq!(ledger.oldest_claim().await.unwrap(), Some(at(20)));
    apply(ledger, done(&second, &[]), at(50)).await;
    assert_eq!(ledger.oldest_claim().await.unwrap(), None);
}
