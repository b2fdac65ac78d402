use std::collections::BTreeSet;

use madang_document::blob_id::BlobId;
use madang_document::entry::Draft;
use madang_document::extent::Extent;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::media_type::MediaType;
use madang_document::outcome::Outcome;
use madang_document::principal::{Role, Scope};

use super::sample::*;
use crate::audit::{Act, Whole, first_broken, root, verify};
use crate::error::LedgerError;
use crate::keys::NewKey;
use crate::reader::Reader;
use crate::retention::{DAY_MS, Retention, Trimmed};
use madang_document::left_out::{LeftOut, LeftOutKind};

/// By id, by parent, by agency, and as counts.
pub async fn documents_are_found(ledger: &Trial) {
    see(ledger, &["a", "b"], at(0)).await;
    for claim in claim(ledger, 9, at(1)).await {
        let mut completion = done(&claim, &["z", "y", "x"]);
        if claim.object.path == "b" {
            completion.documents[0].outcome = Outcome::Empty;
            completion.documents[0].media_type = MediaType::new("application/pdf");
        }
        apply(ledger, completion, at(2)).await;
    }
    let id = DocumentId::new(STORE, "a", None);
    let unknown = DocumentId::new(STORE, "unknown", None);
    assert_eq!(ledger.document(unknown).await.unwrap(), None);
    let found = ledger.documents(&[id, unknown]).await.unwrap().readable();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0], ledger.document(id).await.unwrap().unwrap());
    assert!(ledger.documents(&[]).await.unwrap().readable().is_empty());

    let members = ledger.members(id, 2).await.unwrap().readable();
    let members: Vec<_> =
        members.iter().filter_map(|m| m.document.inner.as_ref().map(InnerPath::last)).collect();
    assert_eq!(members, ["x", "y"]);

    let mut ids = Vec::new();
    loop {
        let page = ledger.ids_after(&our_partition(), ids.last().copied(), 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        ids.extend(page);
    }
    assert!(ids.len() == 8 && BTreeSet::from_iter(&ids).len() == 8, "{ids:?}");
    assert!(ledger.ids_after(&their_partition(), None, 9).await.unwrap().is_empty());

    let mut outcomes = ledger.outcomes(&Scope::All).await.unwrap();
    outcomes.sort();
    assert_eq!(outcomes, [(Outcome::Ok, 7), (Outcome::Empty, 1)]);
    assert!(ledger.outcomes(&only([theirs()])).await.unwrap().is_empty());
    assert_eq!(ledger.partitions().await.unwrap(), [our_partition()]);
    let media_types = vec![("application/pdf".to_owned(), 1), ("text/plain".to_owned(), 1)];
    let extent = Extent { objects: 2, bytes: 2000, media_types };
    assert_eq!(ledger.extent(PIPELINE).await.unwrap(), extent);
    assert_eq!(ledger.extent("other").await.unwrap(), Extent::default());
}

fn series(id: &str, body: &str) -> Draft {
    Draft {
        id: id.to_owned(),
        document: None,
        agency: ours(),
        content_hash: BlobId::of(body.as_bytes()),
        body: body.to_owned(),
    }
}

/// The hash alone says whether an entry changed; withdrawn and back is a change.
pub async fn an_unchanged_entry_is_no_event(ledger: &Trial) {
    let put = async |body, n| ledger.when(at(n)).put_entries(&[series("s", body)]).await.unwrap();
    let ids = ["s".to_owned(), "never".to_owned()];
    assert_eq!(ledger.entry("s").await.unwrap(), None);
    assert_eq!(put("one", 1).await, 1);
    assert_eq!(put("one", 2).await, 0);
    assert_eq!(put("two", 3).await, 1);
    assert_eq!(ledger.when(at(4)).withdraw_entries(&ids).await.unwrap(), 1);
    assert_eq!(ledger.when(at(5)).withdraw_entries(&ids).await.unwrap(), 0);
    assert_eq!(put("two", 6).await, 1, "it is back");

    let entry = ledger.entry("s").await.unwrap().unwrap();
    assert_eq!(entry.draft, series("s", "two"));
    let state = (entry.version, entry.withdrawn, entry.issued, entry.modified);
    assert_eq!(state, (4, false, at(1), at(6)));
    let events = ledger.events(&Scope::All, 0, 99).await.unwrap().readable();
    let told: Vec<_> = events.iter().map(|e| (e.version, e.withdrawn, e.at)).collect();
    assert_eq!(told, [(1, false, at(1)), (2, false, at(3)), (3, true, at(4)), (4, false, at(6))]);
    assert!(events.iter().all(|event| event.entry == "s" && event.agency == ours()));
    assert_eq!(ledger.last_event().await.unwrap(), events[3].seq);
}

/// Pages in order, of the asked agencies only.
pub async fn entries_and_events_know_scopes(ledger: &Trial) {
    for (n, id) in ["d", "b", "a", "c"].into_iter().enumerate() {
        let mut draft = series(id, id);
        if n % 2 == 1 {
            draft.agency = theirs();
        }
        ledger.when(at(n as i64)).put_entries(&[draft]).await.unwrap();
    }
    ledger.when(at(9)).withdraw_entries(&["a".to_owned()]).await.unwrap();
    let (us, both, nobody) = (only([ours()]), only([theirs(), ours()]), only([]));
    for (scope, withdrawn, ids) in [
        (&Scope::All, false, vec!["b", "c", "d"]),
        (&Scope::All, true, vec!["a", "b", "c", "d"]),
        (&us, false, vec!["d"]),
        (&us, true, vec!["a", "d"]),
        (&both, true, vec!["a", "b", "c", "d"]),
        (&nobody, true, vec![]),
    ] {
        let mut found: Vec<String> = Vec::new();
        loop {
            let after = found.last().map(String::as_str);
            let page = ledger.entries(scope, withdrawn, after, 2).await.unwrap().readable();
            if page.is_empty() {
                break;
            }
            found.extend(page.into_iter().map(|entry| entry.draft.id));
        }
        assert_eq!(found, ids, "{scope:?} {withdrawn}");
    }
    for (scope, ids) in [
        (&Scope::All, vec!["d", "b", "a", "c", "a"]),
        (&us, vec!["d", "a", "a"]),
        (&both, vec!["d", "b", "a", "c", "a"]),
        (&nobody, vec![]),
    ] {
        let mut found = Vec::new();
        let mut after = 0;
        loop {
            let page = ledger.events(scope, after, 2).await.unwrap().readable();
            let Some(last) = page.last() else { break };
            assert!(last.seq > after, "events go forward");
            after = last.seq;
            found.extend(page.into_iter().map(|event| event.entry));
        }
        assert_eq!(found, ids, "{scope:?}");
    }
}

/// Documents and entries share one numbering, each reader pages through its own.
pub async fn the_outbox_is_in_order(ledger: &Trial) {
    assert_eq!(ledger.last_seq().await.unwrap(), 0);
    assert_eq!(ledger.last_event().await.unwrap(), 0);
    assert!(ledger.last_changes().await.unwrap().is_empty());
    see(ledger, &["a", "b"], at(0)).await;
    let mut other = sighting("c", "v1");
    other.agency = theirs();
    ledger.when(at(0)).see(&[other]).await.unwrap();
    let mut last = 0;
    for claim in claim(ledger, 9, at(1)).await {
        apply(ledger, done(&claim, &["m"]), at(2)).await.unwrap();
        ledger.put_entries(&[series(&claim.object.path, "one")]).await.unwrap();
        let seq = ledger.last_event().await.unwrap();
        assert!(seq > last, "numbers grow in the order of commits");
        last = seq;
    }
    assert_eq!(ledger.last_seq().await.unwrap(), last);
    let mut seqs = BTreeSet::new();
    for partition in [our_partition(), their_partition()] {
        let mut after = 0;
        loop {
            let page = ledger.changes(&partition, after, 3).await.unwrap().readable();
            let Some(change) = page.last() else { break };
            assert!(change.seq > after && page.is_sorted_by_key(|change| change.seq), "{page:?}");
            after = change.seq;
            seqs.extend(page.iter().map(|change| change.seq));
        }
        assert!(ledger.last_changes().await.unwrap().contains(&(partition, after)));
    }
    assert_eq!(seqs.len(), 6);
    let all = ledger.document_changes(0, 99).await.unwrap().readable();
    assert!(all.iter().map(|change| change.seq).eq(seqs.iter().copied()), "{all:?}");
    assert_eq!(ledger.document_changes(all[1].seq, 3).await.unwrap().readable(), all[2..5]);
    seqs.extend(
        ledger.events(&Scope::All, 0, 99).await.unwrap().readable().iter().map(|event| event.seq),
    );
    assert_eq!(seqs.len(), 9, "a number was used twice");
    assert_eq!(seqs.last(), Some(&last));
}

/// Forward, or to the start.
pub async fn a_cursor_never_goes_back(ledger: &Trial) {
    let reader = Reader::Index(our_partition());
    assert_eq!(ledger.cursor(&reader).await.unwrap(), 0);
    ledger.reset(&reader).await.unwrap();
    for (seq, expected) in [(5, 5), (3, 5), (8, 8)] {
        ledger.advance(&reader, seq).await.unwrap();
        assert_eq!(ledger.cursor(&reader).await.unwrap(), expected);
    }
    ledger.reset(&reader).await.unwrap();
    assert_eq!(ledger.cursor(&reader).await.unwrap(), 0);
    ledger.advance(&reader, 2).await.unwrap();
    assert_eq!(ledger.cursor(&reader).await.unwrap(), 2);
    for other in [Reader::Index(their_partition()), Reader::Cataloguer, Reader::Eraser] {
        assert_eq!(ledger.cursor(&other).await.unwrap(), 0, "each reader has its own");
    }
}

/// A reader has passed a document when its cursor stands at the last row that it is told of it.
pub async fn a_reader_passes_a_document(ledger: &Trial) {
    let index = Reader::Index(our_partition());
    let registry = Reader::Registry("folder".into());
    let passed = async |reader: &Reader| ledger.passed(id("a"), reader).await.unwrap();
    see(ledger, &["a", "b"], at(0)).await;
    assert!(!passed(&index).await, "it was never read");
    for claim in claim(ledger, 9, at(1)).await {
        apply(ledger, done(&claim, &[]), at(2)).await;
    }
    let own = ledger.changes(&our_partition(), 0, 9).await.unwrap().readable();
    let own = own.iter().find(|change| change.document == id("a")).unwrap().seq;
    let last = ledger.last_seq().await.unwrap();
    for reader in [&index, &Reader::Cataloguer, &Reader::Eraser] {
        assert!(!passed(reader).await, "{reader}");
        ledger.advance(reader, own).await.unwrap();
        assert!(passed(reader).await, "{reader}");
    }
    ledger.advance(&registry, last).await.unwrap();
    assert!(!passed(&registry).await, "it has no entry");
    ledger.put_entries(&[series(&id("a").to_string(), "one")]).await.unwrap();
    assert!(!passed(&registry).await);
    ledger.advance(&registry, ledger.last_event().await.unwrap()).await.unwrap();
    assert!(passed(&registry).await);

    ledger.advance(&index, last).await.unwrap();
    let mut moved = sighting("a", "v1");
    moved.agency = theirs();
    ledger.when(at(3)).see(&[moved]).await.unwrap();
    assert!(!passed(&index).await, "it has left, and the former index was not told yet");
    assert!(!passed(&Reader::Index(their_partition())).await);
    let last = ledger.last_seq().await.unwrap();
    ledger.advance(&index, last - 1).await.unwrap();
    assert!(passed(&index).await, "its last row here is passed");
    ledger.advance(&Reader::Index(their_partition()), last).await.unwrap();
    assert!(passed(&Reader::Index(their_partition())).await);
}

/// Each listing says anew what it leaves out; it is counted, and is no part of the sum.
pub async fn what_is_left_out_is_counted(ledger: &Trial) {
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    ledger.open_queue(&queue("other", theirs())).await.unwrap();
    let thing =
        |key: &str, kind| LeftOut { key: key.into(), kind, reason: format!("{key} is odd") };
    let first = [
        thing("b", LeftOutKind::Link),
        thing("a", LeftOutKind::Fifo),
        thing("'; DROP TABLE left_out; --", LeftOutKind::TooLong),
    ];
    ledger.leave_out(PIPELINE, &first).await.unwrap();
    ledger.leave_out("other", &[thing("z", LeftOutKind::Device)]).await.unwrap();
    let keys = |list: &[LeftOut]| list.iter().map(|thing| thing.key.clone()).collect::<Vec<_>>();
    assert_eq!(
        keys(&ledger.left_out(PIPELINE).await.unwrap()),
        ["'; DROP TABLE left_out; --", "a", "b"]
    );
    let balance = ledger.balance(&Scope::All).await.unwrap();
    assert_eq!((balance.left_out, balance.received), (4, 0));
    assert_eq!(ledger.balance(&only([theirs()])).await.unwrap().left_out, 1);
    let asked = [(PIPELINE, "a"), (PIPELINE, "z"), ("other", "z"), ("other", "a"), ("", "a")];
    let found = ledger.left_out_at(&asked).await.unwrap();
    let found: BTreeSet<(&str, &str)> =
        found.iter().map(|(pipeline, key)| (pipeline.as_str(), key.as_str())).collect();
    assert_eq!(found, BTreeSet::from([(PIPELINE, "a"), ("other", "z")]));
    ledger.leave_out(PIPELINE, &first[..1]).await.unwrap();
    assert_eq!(ledger.left_out(PIPELINE).await.unwrap(), first[..1]);
    let page = ledger.left_outs(&Scope::All, None, 1).await.unwrap().readable();
    assert_eq!(page, [("other".to_owned(), thing("z", LeftOutKind::Device))]);
    let page = ledger.left_outs(&Scope::All, Some(("other", "z")), 9).await.unwrap().readable();
    assert_eq!(page, [(PIPELINE.to_owned(), first[0].clone())]);
    assert_eq!(ledger.left_outs(&only([theirs()]), None, 9).await.unwrap().len(), 1);
    // One by one: what is not named stays, and so does what another pipeline leaves out under the same key.
    ledger.leave_out("other", &[thing("b", LeftOutKind::Device)]).await.unwrap();
    let (b, c) = (thing("b", LeftOutKind::Socket), thing("c", LeftOutKind::Link));
    ledger.amend_left_out(PIPELINE, &[b.clone(), c.clone()], &[]).await.unwrap();
    assert_eq!(ledger.left_out(PIPELINE).await.unwrap(), [b.clone(), c.clone()]);
    let ended = ["b".to_owned(), "none".to_owned()];
    ledger.amend_left_out(PIPELINE, &[thing("d", LeftOutKind::Link)], &ended).await.unwrap();
    assert_eq!(ledger.left_out(PIPELINE).await.unwrap(), [c, thing("d", LeftOutKind::Link)]);
    ledger.amend_left_out(PIPELINE, std::slice::from_ref(&b), &ended).await.unwrap();
    assert_eq!(
        ledger.left_out(PIPELINE).await.unwrap()[0],
        b,
        "what is there now is the last word"
    );
    assert_eq!(keys(&ledger.left_out("other").await.unwrap()), ["b"]);
    ledger.leave_out(PIPELINE, &[]).await.unwrap();
    assert!(ledger.left_out(PIPELINE).await.unwrap().is_empty());
}

/// The member of the samples at a path.
fn member(path: &str) -> DocumentId {
    DocumentId::new(STORE, path, Some(&InnerPath::of("m")))
}

/// The documents of the pipeline, in pages of so many.
async fn walked(ledger: &Trial, page: u32) -> Vec<DocumentId> {
    let mut ids = Vec::new();
    loop {
        let page = ledger.ids_of(PIPELINE, ids.last().copied(), page).await.unwrap();
        if page.is_empty() {
            return ids;
        }
        ids.extend(page);
    }
}

/// What the catalogue was told of a pipeline, by its hash; and its documents, to walk over when that changes.
pub async fn a_declaration_is_remembered(ledger: &Trial) {
    see(ledger, &["a", "b", "c"], at(0)).await;
    for claim in claim(ledger, 9, at(1)).await {
        apply(ledger, done(&claim, &["m"]), at(2)).await;
    }
    assert_eq!(ledger.declared(PIPELINE).await.unwrap(), None);
    for text in ["one", "two"] {
        let hash = BlobId::of(text.as_bytes());
        ledger.declare(PIPELINE, hash).await.unwrap();
        assert_eq!(ledger.declared(PIPELINE).await.unwrap(), Some(hash));
    }
    assert_eq!(ledger.declared("other").await.unwrap(), None);
    let order = walked(ledger, 4).await;
    assert!(order.len() == 6 && BTreeSet::from_iter(&order).len() == 6, "{order:?}");
    for path in ["c", "a"] {
        ledger.when(at(3)).see(&[sighting(path, "v2")]).await.unwrap();
        let claim = claim_one(ledger, at(3)).await;
        apply(ledger, done(&claim, &["m"]), at(4)).await;
    }
    assert_eq!(walked(ledger, 1).await, order, "the order stays when documents change");
    ledger.when(at(5)).vanish(STORE, &["b".to_owned()]).await.unwrap();
    let claim = claim_one(ledger, at(5)).await;
    apply(ledger, deleted(&claim), at(6)).await;
    // A walk goes on from where it was, also if that is gone meanwhile.
    for (place, id) in order.iter().enumerate() {
        let rest = ledger.ids_of(PIPELINE, Some(*id), 9).await.unwrap();
        let live: Vec<DocumentId> = order[place + 1..]
            .iter()
            .filter(|id| ![DocumentId::new(STORE, "b", None), member("b")].contains(id))
            .copied()
            .collect();
        assert_eq!(rest, live);
    }
    assert!(ledger.ids_of("other", None, 9).await.unwrap().is_empty());
}

/// Only what every reader has passed, and what is old enough; a reader can tell that rows are gone.
pub async fn only_what_is_passed_is_trimmed(ledger: &Trial) {
    let index = Reader::Index(our_partition());
    see(ledger, &["a", "b"], at(0)).await;
    for claim in claim(ledger, 9, at(1)).await {
        apply(ledger, done(&claim, &[]), at(2)).await;
    }
    ledger.put_entries(&[series("s", "one")]).await.unwrap();
    ledger.when(at(3)).see(&[sighting("a", "v2")]).await.unwrap();
    apply(ledger, done(&claim_one(ledger, at(4)).await, &[]), at(5)).await;
    let last = ledger.last_seq().await.unwrap();
    let retention = Retention { outbox_ms: 4000, jobs_ms: 1000, ..Retention::default() };
    let trim = async |ms| ledger.when(at(ms)).trim(&retention).await.unwrap();
    assert_eq!(trim(500).await, Trimmed::default(), "nothing is old");
    // The event goes, for nobody follows the entries; the changes stay until the index has passed them.
    assert_eq!(trim(5_000).await, Trimmed { outbox: 1, jobs: 1, ..Trimmed::default() });
    ledger.advance(&index, last - 1).await.unwrap();
    ledger.advance(&Reader::Cataloguer, 1).await.unwrap();
    assert_eq!(trim(5_000).await.outbox, 1, "the cataloguer is behind");
    assert_eq!(ledger.trimmed(&index).await.unwrap(), 1);
    ledger.advance(&Reader::Cataloguer, last).await.unwrap();
    assert_eq!(trim(5_000).await.outbox, 1, "the index is behind");
    ledger.advance(&index, last).await.unwrap();
    assert_eq!(trim(5_000).await.outbox, 1);
    assert_eq!(trim(5_000).await, Trimmed::default());
    assert!(ledger.changes(&our_partition(), 0, 9).await.unwrap().readable().is_empty());
    // Who comes now must hear that there were some.
    assert_eq!(ledger.last_changes().await.unwrap(), [(our_partition(), last)]);
    assert_eq!(ledger.last_event().await.unwrap(), 3);
    for reader in [&index, &Reader::Cataloguer, &Reader::Eraser] {
        assert_eq!(ledger.trimmed(reader).await.unwrap(), last, "{reader}");
    }
    assert_eq!(ledger.trimmed(&Reader::Index(their_partition())).await.unwrap(), 0);
    assert_eq!(ledger.trimmed(&Reader::Registry("folder".into())).await.unwrap(), 3);
    assert_eq!(ledger.last_seq().await.unwrap(), last, "a number is never used again");
    assert_eq!(ledger.ids_after(&our_partition(), None, 9).await.unwrap().len(), 2);
    let stored = ledger.document(id("a")).await.unwrap().unwrap();
    assert_eq!(stored.document.object.version, "v2");
}

/// A reader that nobody runs any more: what it has not passed stays twice as long, then it goes. Whoever comes back
/// can tell.
pub async fn nobody_holds_up_the_trimming_for_ever(ledger: &Trial) {
    let index = Reader::Index(our_partition());
    let registry = Reader::Registry("former".into());
    see(ledger, &["a", "b"], at(0)).await;
    apply(ledger, done(&claim_one(ledger, at(1)).await, &[]), at(2)).await;
    ledger.when(at(3)).put_entries(&[series("s", "one")]).await.unwrap();
    let last = ledger.last_seq().await.unwrap();
    for reader in [&index, &Reader::Cataloguer] {
        ledger.advance(reader, last).await.unwrap();
    }
    ledger.hold(&[registry.clone(), Reader::Eraser], &worker(1), LEASE).await.unwrap();
    let retention = Retention { outbox_ms: 1000, jobs_ms: 1000, ..Retention::default() };
    let trim = async |ms| ledger.when(at(ms)).trim(&retention).await.unwrap().outbox;
    assert_eq!(trim(2_002).await, 0, "the eraser and the registry may still come");
    assert_eq!(trim(2_003).await, 1, "the document's change");
    assert_eq!(trim(2_004).await, 1, "the entry's event");
    for reader in [&index, &Reader::Cataloguer, &Reader::Eraser, &registry] {
        let (passed, gone) = (ledger.cursor(reader).await, ledger.trimmed(reader).await);
        let starts_anew = passed.unwrap() < gone.unwrap();
        assert_eq!(starts_anew, [&Reader::Eraser, &registry].contains(&reader), "{reader}");
    }
    // What nobody has passed goes by its own age, too, and nothing that is younger.
    apply(ledger, done(&claim_one(ledger, at(3_000)).await, &[]), at(3_000)).await;
    assert_eq!((trim(5_000).await, trim(5_001).await), (0, 1));
}

/// One process reads for a reader, until it lets go, its lease ends or its node is known to be dead.
pub async fn a_reader_has_one_holder(ledger: &Trial) {
    let (one, two) = (worker(1), worker(2));
    let reader = Reader::Cataloguer;
    let hold = async |who, n| {
        let held = ledger.when(at(n)).hold(std::slice::from_ref(&reader), who, LEASE).await;
        held.unwrap() == [reader.clone()]
    };
    assert!(hold(&one, 0).await);
    assert!(hold(&one, 20_000).await, "kept, and counted from now");
    assert!(!hold(&two, 49_999).await, "two processes hold one reader");
    let both = [reader.clone(), Reader::Eraser];
    let held = ledger.hold(&both, &two, LEASE).await.unwrap();
    assert_eq!(held, [Reader::Eraser], "another reader is free");
    assert!(ledger.hold(&[], &two, LEASE).await.unwrap().is_empty());
    assert!(hold(&two, 50_000).await, "its lease ended");
    ledger.let_go(&reader, &one).await.unwrap();
    assert!(!hold(&one, 50_001).await, "who holds nothing lets nothing go");
    ledger.let_go(&reader, &two).await.unwrap();
    assert!(hold(&one, 50_002).await);
    assert_eq!(ledger.release(uuid::Uuid::from_u128(9)).await.unwrap(), 0);
    assert!(!hold(&two, 50_003).await, "that was another node");
    assert_eq!(ledger.release(NODE).await.unwrap(), 0);
    assert!(hold(&two, 50_003).await, "nobody of that node lives");
    ledger.advance(&reader, 7).await.unwrap();
    assert_eq!(ledger.cursor(&reader).await.unwrap(), 7, "a lease is no cursor");
}

/// A row that was changed, moved or left out breaks the chain at its place.
pub async fn an_edited_act_is_found(ledger: &Trial) {
    for n in 0..5 {
        let act = Act {
            actor: "session:1".into(),
            action: "session.new".into(),
            subject: format!("\"{n}\u{1f}한"),
            detail: String::new(),
        };
        ledger.when(at(n)).append(&act).await.unwrap();
    }
    let acts = ledger.acts(0, 99).await.unwrap();
    let numbers: Vec<_> = acts.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!(first_broken(&[0; 32], 0, &acts), None);
    assert_eq!(ledger.acts(2, 2).await.unwrap(), acts[2..4]);
    assert_eq!(first_broken(acts[1].hash.as_bytes(), 2, &acts[2..]), None, "from any row on");

    let broken = |edit: &dyn Fn(&mut Vec<crate::audit::Recorded>)| {
        let mut edited = acts.clone();
        edit(&mut edited);
        first_broken(&[0; 32], 0, &edited)
    };
    assert_eq!(broken(&|rows| rows[2].act.actor = "key:1".into()), Some(3));
    assert_eq!(broken(&|rows| rows[3].at = at(0)), Some(4));
    assert_eq!(broken(&|rows| rows[0].hash = rows[1].hash), Some(1));
    assert_eq!(broken(&|rows| rows.swap(1, 2)), Some(2));
    assert_eq!(broken(&|rows| drop(rows.remove(3))), Some(4));
}

/// Found by hash until revoked; the same hash again replaces the rest and lifts the revocation.
pub async fn keys_are_kept_hashed(ledger: &Trial) {
    let key = |name: &str, roles: &[Role], agencies| NewKey {
        hash: BlobId::of(b"secret"),
        prefix: "mdg_1234".to_owned(),
        name: name.to_owned(),
        roles: roles.to_vec(),
        agencies,
    };
    let hash = BlobId::of(b"secret");
    assert_eq!(ledger.key_of(&hash).await.unwrap(), None);
    let first = key("harvester", &[Role::Search], Scope::Only([ours()].into()));
    let kept = ledger.when(at(1)).put_key(&first, "local").await.unwrap();
    assert_eq!((kept.name.as_str(), kept.created_at, kept.revoked_at), ("harvester", at(1), None));
    assert_eq!((kept.prefix.as_str(), &kept.agencies), ("mdg_1234", &first.agencies));
    assert_eq!(ledger.when(at(2)).put_key(&first, "local").await.unwrap(), kept);
    assert_eq!(ledger.acts(0, 9).await.unwrap().len(), 1, "the same key again is no news");
    assert_eq!(ledger.key_of(&hash).await.unwrap(), Some(kept.clone()));
    assert_eq!(ledger.key_of(&BlobId::of(b"other")).await.unwrap(), None);

    ledger.when(at(3)).revoke_key(kept.id, "local").await.unwrap();
    assert_eq!(ledger.key_of(&hash).await.unwrap(), None, "a revoked key opens nothing");
    assert_eq!(ledger.keys().await.unwrap()[0].revoked_at, Some(at(3)));
    let answer = ledger.when(at(3)).revoke_key(kept.id + 9, "local").await;
    assert!(matches!(answer, Err(LedgerError::NotFound { what: "key", .. })), "{answer:?}");

    let second = key("admin", &[Role::Admin, Role::Drop], Scope::All);
    let lifted = ledger.when(at(4)).put_key(&second, "local").await.unwrap();
    assert_eq!((lifted.id, lifted.roles.as_slice()), (kept.id, second.roles.as_slice()));
    assert_eq!(ledger.key_of(&hash).await.unwrap(), Some(lifted));
    let mut other = key("newer", &[Role::Drop], Scope::All);
    other.hash = BlobId::of(b"other");
    ledger.when(at(5)).put_key(&other, "local").await.unwrap();
    let names: Vec<String> = ledger.keys().await.unwrap().into_iter().map(|k| k.name).collect();
    assert_eq!(names, ["newer", "admin"]);
    let acts = ledger.acts(0, 9).await.unwrap();
    let acts: Vec<_> = acts.iter().map(|row| row.act.action.as_str()).collect();
    assert_eq!(acts, ["key.new", "key.revoke", "key.new", "key.new"]);
    let text = format!("{:?}", ledger.acts(0, 9).await.unwrap());
    assert!(!text.contains(&hash.to_string()), "the trail names no hash of a key");
}

/// The oldest acts go, the last one never, and what is left is a chain from the row that says what went.
pub async fn the_audit_trail_is_trimmed_and_stays_a_chain(ledger: &Trial) {
    let act = |n: i64| Act {
        actor: "session:1".into(),
        action: "session.new".into(),
        subject: n.to_string(),
        detail: String::new(),
    };
    let retention = Retention { audit_ms: 10 * DAY_MS, ..Retention::default() };
    let trim = async |days| ledger.when(at(days * DAY_MS)).trim(&retention).await.unwrap();
    let numbers = async || {
        let acts = ledger.acts(0, 99).await.unwrap();
        let (before, hash) = root(&acts).expect("a row says what was trimmed");
        assert_eq!(first_broken(&hash, before, &acts), None, "{acts:?}");
        let (first, last) = (before + 1, before + acts.len() as u64);
        let whole = Whole { first, last, hash: acts.last().unwrap().hash };
        assert_eq!(verify(&**ledger).await.unwrap(), Some(Ok(whole)));
        acts.into_iter().map(|row| row.number).collect::<Vec<_>>()
    };
    assert_eq!(trim(0).await, Trimmed::default(), "there is nothing");
    for n in 0..5 {
        ledger.when(at(n * DAY_MS + DAY_MS / 2)).append(&act(n)).await.unwrap();
    }
    assert_eq!(trim(10).await, Trimmed::default(), "nothing is old");
    assert_eq!(trim(11).await, Trimmed::default(), "what is old waits for the rest of its day");
    assert_eq!(trim(13).await, Trimmed { audit: 3, ..Trimmed::default() });
    assert_eq!(numbers().await, [4, 5, 6]);
    assert_eq!(trim(13).await, Trimmed::default());
    assert_eq!(trim(14).await, Trimmed::default(), "within a day there is no other cut");
    ledger.when(at(14 * DAY_MS)).append(&act(7)).await.unwrap();
    assert_eq!(numbers().await, [4, 5, 6, 7], "the numbers go on");
    assert_eq!(trim(90).await.audit, 3);
    assert_eq!(numbers().await, [7, 8], "the last that was there stays");
    assert_eq!(trim(190).await.audit, 1);
    for days in [290, 390] {
        assert_eq!(trim(days).await, Trimmed::default(), "cuts alone make no other cut");
    }
    assert_eq!(numbers().await, [8, 9]);

    let acts = ledger.acts(0, 99).await.unwrap();
    // Whoever cuts off more by hand is found out: no row says so.
    assert_eq!(root(&acts[1..]), None);
    assert_eq!(root(&[]), Some((0, [0; 32])));
}
