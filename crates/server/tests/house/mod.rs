//! A house around the server with the real ledger, the real index and folders for stores; only the pipeline
//! is short: it takes what it is told was read.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use madang_document::agency::Agency;
use madang_document::annotation::Annotation;
use madang_document::blob_id::BlobId;
use madang_document::condition::Condition;
use madang_document::content::{Origin, Segment, Warning, WarningKind};
use madang_document::document::{Document, PlacedPreview, Provenance};
use madang_document::entry::Draft;
use madang_document::failure_kind::FailureKind;
use madang_document::headway::Headway;
use madang_document::id::DocumentId;
use madang_document::legibility::Legibility;
use madang_document::locator::{Bounds, Locator};
use madang_document::media_type::MediaType;
use madang_document::metadata::{Metadata, PAGES, TITLE, Value};
use madang_document::object::ObjectRef;
use madang_document::object_key;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::principal::{Role, Scope};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::timestamp::Timestamp;
use madang_index::index::Index;
use madang_index::record::{Change, Record};
use madang_index::scoped_searcher::ScopedSearcher;
use madang_index::tantivy::index::TantivyIndex;
use madang_ledger::entries::Entries;
use madang_ledger::jobs::{Completion, Failure, Jobs, PriorityClass, Verdict};
use madang_ledger::keys::{Keys, NewKey};
use madang_ledger::ledger::Ledger;
use madang_ledger::objects::{Objects, Sighting};
use madang_ledger::outbox::Outbox;
use madang_ledger::queue::QueueDeclaration;
use madang_ledger::reader::{Reader, Readers};
use madang_ledger::sqlite::SqliteLedger;
use madang_ledger::worker::Worker;
use madang_server::hosts::Hosts;
use madang_server::ports::{
    Conditions, Drawn, DropError, DropTarget, Dropped, Drops, Likenesses, MemberError, Members,
    Recognising, Sources, TrialError, Trials, Tried,
};
use madang_server::server::{Ports, RequestLimits, Server, Settings};
use madang_store::blobs::Blobs;
use madang_store::bucket::BucketStore;
use madang_store::bucket_client::BucketClient;
use madang_store::error::StoreError;
use madang_store::store::{Body, Listed, Listing, Pinned, Precondition, Seen, Store};
use madang_store::watcher::Watcher;
use object_store::local::LocalFileSystem;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// The two agencies of the tests.
pub(crate) const A: &str = "1741000";
pub(crate) const B: &str = "6110000";

pub(crate) struct House {
    pub(crate) server: Arc<Server>,
    pub(crate) ledger: Arc<SqliteLedger>,
    pub(crate) index: Arc<TantivyIndex>,
    pub(crate) blobs: Arc<LocalFileSystem>,
    pub(crate) store: Arc<LocalFileSystem>,
    pub(crate) board: Arc<Board>,
    pub(crate) likenesses: Arc<Drawings>,
    pub(crate) recognised: Arc<Recognised>,
    pub(crate) folder: tempfile::TempDir,
}

/// A file and what was read of it.
pub(crate) struct Paper<'a> {
    pub(crate) agency: &'a str,
    pub(crate) path: &'a str,
    pub(crate) title: &'a str,
    pub(crate) media_type: &'a str,
    pub(crate) outcome: Outcome,
    pub(crate) pieces: Vec<(Locator, String)>,
    pub(crate) origin: Origin,
    pub(crate) preview: Option<Vec<u8>>,
    pub(crate) further: Vec<(Locator, Vec<u8>)>,
    pub(crate) likeness: bool,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) notes: Vec<ReasonKind>,
    pub(crate) properties: Vec<(&'static str, Value)>,
}

/// The pipeline of an agency.
pub(crate) fn pipeline(agency: &str) -> String {
    format!("press-{agency}")
}

/// The store that everything lies in.
pub(crate) const STORE: &str = "drop";

pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(since.as_millis() as i64)
}

impl House {
    pub(crate) async fn open(upload: u64, listen: std::net::SocketAddr) -> House {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        for name in ["index", "blobs", "drop"] {
            std::fs::create_dir_all(folder.join(name)).unwrap();
        }
        let ledger =
            Arc::new(SqliteLedger::open(&folder.join("ledger.db"), Arc::new(now)).await.unwrap());
        let index = Arc::new(TantivyIndex::open(&folder.join("index")).unwrap());
        let open = |name| Arc::new(LocalFileSystem::new_with_prefix(folder.join(name)).unwrap());
        let (blobs, store) = (open("blobs"), open("drop"));
        for agency in [A, B] {
            let (name, agency) = (pipeline(agency), agency.parse().unwrap());
            ledger.open_queue(&QueueDeclaration { name, agency, weight: 1 }).await.unwrap();
        }
        let board = Arc::new(Board::default());
        let likenesses = Arc::new(Drawings::default());
        let recognised = Arc::new(Recognised::default());
        let ports = Ports {
            ledger: ledger.clone(),
            searcher: ScopedSearcher::new(index.clone()),
            blobs: Blobs::new(blobs.clone()),
            stores: [Arc::new(AnyVersion::of(store.clone())) as Arc<dyn Store>]
                .into_iter()
                .collect(),
            members: Arc::new(Nowhere),
            likenesses: likenesses.clone(),
            trials: Arc::new(Nowhere),
            drops: Arc::new(FolderDrops { store: store.clone(), ledger: ledger.clone() }),
            sources: Arc::new(NoSources),
            conditions: board.clone(),
            recognising: recognised.clone(),
            clock: Arc::new(now),
        };
        let base_url = format!("http://{listen}");
        let settings = Settings {
            hosts: Hosts::of(listen, Some(&base_url)),
            base_url,
            publisher: "행정안전부".into(),
            registries: vec!["folder".into()],
            own_keys: Vec::new(),
            limits: RequestLimits { upload, ..RequestLimits::default() },
        };
        let server = Arc::new(Server::new(ports, settings));
        let folder = temporary;
        House { server, ledger, index, blobs, store, board, likenesses, recognised, folder }
    }

    /// A key with these roles for these agencies (all, if there are none).
    pub(crate) async fn key(&self, name: &str, roles: &[Role], agencies: &[&str]) -> String {
        let key = format!("madang_{name}_0123456789abcdef");
        let agencies = match agencies {
            [] => Scope::All,
            some => Scope::Only(some.iter().map(|a| a.parse().unwrap()).collect()),
        };
        let new = NewKey {
            hash: BlobId::of(key.as_bytes()),
            prefix: key.chars().take(12).collect(),
            name: name.into(),
            roles: roles.to_vec(),
            agencies,
        };
        self.ledger.put_key(&new, "test").await.unwrap();
        key
    }

    /// Changes what stands in the ledger behind its back.
    pub(crate) async fn write(&self, sql: impl Into<String>) {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join("ledger.db"));
        let mut conn = options.connect().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.into())).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }

    /// Sees a file without reading it.
    pub(crate) async fn see(&self, agency: &str, path: &str, size: u64) {
        self.ledger.see(&[sighting(agency, path, size)]).await.unwrap();
    }

    /// Sees files at once.
    pub(crate) async fn see_all(&self, agency: &str, paths: &[String]) {
        let seen: Vec<Sighting> = paths.iter().map(|path| sighting(agency, path, 3)).collect();
        self.ledger.see(&seen).await.unwrap();
    }

    /// Takes a file through the whole house: seen, read, kept, committed, indexed.
    pub(crate) async fn take(&self, paper: &Paper<'_>) -> DocumentId {
        let bytes = paper.title.as_bytes().to_vec();
        let place = object_store::path::Path::parse(paper.path).unwrap();
        self.store.put(&place, PutPayload::from(bytes.clone())).await.unwrap();
        self.see(paper.agency, paper.path, bytes.len() as u64).await;
        let worker = Worker { node: uuid::Uuid::nil(), process: uuid::Uuid::nil() };
        let claims = self
            .ledger
            .claim(&worker, None, PriorityClass::Any, 1, Duration::from_secs(60))
            .await
            .unwrap();
        let claim = claims.into_iter().next().unwrap();
        assert_eq!(claim.object.path, paper.path);
        let segments: Vec<Segment> = paper
            .pieces
            .iter()
            .map(|(locator, text)| Segment {
                text: text.clone(),
                locator: locator.clone(),
                origin: paper.origin,
                confidence: None,
                words: Vec::new(),
            })
            .collect();
        let text = match segments.is_empty() {
            true => None,
            false => Some(self.keep(serde_json::to_vec(&segments).unwrap()).await.into()),
        };
        let preview = match &paper.preview {
            Some(jpeg) => Some(self.keep(jpeg.clone()).await.into()),
            None => None,
        };
        let mut previews = Vec::new();
        for (locator, jpeg) in &paper.further {
            let file = self.keep(jpeg.to_vec()).await.into();
            previews.push(PlacedPreview { locator: locator.clone(), file });
        }
        let mut metadata = Metadata::default();
        metadata.set(TITLE, paper.title);
        for (name, value) in &paper.properties {
            metadata.set(name, value.clone());
        }
        let page = |(locator, _): &(Locator, String)| match locator {
            Locator::Page { number, .. } => Some(*number),
            _ => None,
        };
        metadata.set_some(PAGES, paper.pieces.iter().filter_map(page).max());
        let id = DocumentId::new(STORE, paper.path, None);
        let torn = (paper.outcome == Outcome::Partial)
            .then(|| ReasonKind::DamagedAfter(7).because(ReasonKind::CheckSum).within("a.txt"));
        let document =
            Document {
                id,
                agency: claim.agency.clone(),
                pipeline: claim.pipeline.clone(),
                object: claim.object.clone(),
                object_modified: claim.modified,
                parent: None,
                inner: None,
                size: Some(claim.object.size),
                sha256: Some(BlobId::of(&bytes)),
                media_type: MediaType::new(paper.media_type),
                language: Some("ko".into()),
                outcome: paper.outcome,
                reason: torn.clone(),
                metadata,
                members: vec![],
                warnings: torn
                    .into_iter()
                    .map(|reason| Warning { kind: WarningKind::Lost, reason })
                    .chain(paper.notes.iter().map(|kind| Warning {
                        kind: WarningKind::Note,
                        reason: kind.clone().into(),
                    }))
                    .collect(),
                segments: segments.len() as u64,
                characters: segments.iter().map(|s| s.text.chars().count() as u64).sum(),
                text,
                preview,
                wordless: None,
                previews,
                likeness: paper.likeness,
                annotations: paper.annotations.clone(),
                provenance: Provenance { format: "text".into(), format_version: 1 },
            };
        let body = serde_json::json!({"@id": format!("reg:asset/{id}"), "@type": "dcat:Dataset",
            "dct:title": document.title()})
        .to_string();
        let entry = Draft {
            id: id.to_string(),
            document: Some(id),
            agency: claim.agency.clone(),
            content_hash: BlobId::of(body.as_bytes()),
            body,
        };
        let verdict = match paper.outcome {
            Outcome::Corrupt | Outcome::Timeout | Outcome::Crashed => {
                Verdict::Quarantined(Failure {
                    kind: FailureKind::parse(paper.outcome.as_str()).unwrap(),
                    reason: Reason::said(format!("could not read {}", paper.path)),
                    crashed: false,
                })
            }
            _ => Verdict::Done,
        };
        let completion = Completion {
            ticket: claim.ticket,
            verdict,
            documents: vec![document.clone()],
            key: None,
            again: false,
            actor: "worker".into(),
        };
        self.ledger.complete(&[completion]).await.unwrap();
        self.ledger.put_entries(&[entry]).await.unwrap();
        let record = Record {
            id,
            partition: Partition::of(claim.agency.clone()),
            pipeline: claim.pipeline,
            path: document.path(),
            title: document.title().into_owned(),
            keywords: String::new(),
            kind: document.media_type.kind(),
            media_type: document.media_type.clone(),
            language: document.language.clone(),
            outcome: document.outcome,
            legibility: Legibility::of(&document.metadata),
            reasons: document.reason_words(),
            date: document.object_modified,
            size: claim.object.size,
            segments,
        };
        let seq = self.ledger.last_seq().await.unwrap();
        let put = Change::Put { revision: seq, record: Box::new(record) };
        let partition = Partition::of(claim.agency.clone());
        self.index.apply(&partition, &[put], seq).unwrap();
        self.ledger.advance(&Reader::Index(partition), seq).await.unwrap();
        id
    }

    /// Takes a file away, and withdraws what was read of it.
    pub(crate) async fn withdraw(&self, path: &str) {
        self.ledger.vanish(STORE, &[path.to_owned()]).await.unwrap();
        let worker = Worker { node: uuid::Uuid::nil(), process: uuid::Uuid::nil() };
        let claims = self
            .ledger
            .claim(&worker, None, PriorityClass::Any, 1, Duration::from_secs(60))
            .await
            .unwrap();
        let completion = Completion {
            ticket: claims[0].ticket,
            verdict: Verdict::Deleted,
            documents: vec![],
            key: None,
            again: false,
            actor: "worker".into(),
        };
        self.ledger.complete(&[completion]).await.unwrap();
    }

    async fn keep(&self, bytes: Vec<u8>) -> BlobId {
        let id = BlobId::of(&bytes);
        let path = object_store::path::Path::parse(id.path()).unwrap();
        self.blobs.put(&path, PutPayload::from(bytes)).await.unwrap();
        id
    }
}

/// What a test says keeps the service from its work.
#[derive(Default)]
pub(crate) struct Board(pub(crate) Mutex<Vec<Condition>>);

impl Conditions for Board {
    fn now(&self) -> Vec<Condition> {
        self.0.lock().unwrap().clone()
    }
}

/// What a test says is recognised just now, by job.
#[derive(Default)]
pub(crate) struct Recognised(pub(crate) Mutex<HashMap<i64, Headway>>);

impl Recognising for Recognised {
    fn headway(&self, job: i64) -> Option<Headway> {
        self.0.lock().unwrap().get(&job).copied()
    }
}

/// What a test says is seen on the likeness of every document, and how often that was asked.
#[derive(Default)]
pub(crate) struct Drawings {
    pub(crate) shows: Mutex<Shows>,
    pub(crate) asked: AtomicU32,
}

/// What a likeness comes to.
#[derive(Clone, Default)]
pub(crate) enum Shows {
    #[default]
    Nothing,
    Picture(&'static [u8]),
    Gone,
    Away,
}

#[async_trait]
impl Likenesses for Drawings {
    async fn make(&self, document: &Document) -> Result<Option<Bytes>, MemberError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let shows = self.shows.lock().unwrap().clone();
        match shows {
            Shows::Nothing => Ok(None),
            Shows::Picture(jpeg) => Ok(Some(Bytes::from_static(jpeg))),
            Shows::Gone => Err(MemberError::Gone(document.object.path.as_str().into())),
            Shows::Away => Err(MemberError::Unavailable("the store is away".into())),
        }
    }

    /// A page of 600 by 800 points, on which one word stands.
    async fn page(
        &self,
        document: &Document,
        number: u32,
        side: u32,
    ) -> Result<Option<Drawn>, MemberError> {
        let jpeg = self.make(document).await?;
        let jpeg = jpeg.map(|jpeg| [&*jpeg, format!(" {number} {side}").as_bytes()].concat());
        let bounds = Some(Bounds { left: 100.0, top: 200.0, right: 140.0, bottom: 212.0 });
        let word = Segment {
            text: "침수대책".into(),
            locator: Locator::Page { number, bounds },
            origin: Origin::Native,
            confidence: None,
            words: Vec::new(),
        };
        let words = vec![word];
        Ok(jpeg.map(|jpeg| Drawn { jpeg: jpeg.into(), points: Some((600.0, 800.0)), words }))
    }
}

fn sighting(agency: &str, path: &str, size: u64) -> Sighting {
    Sighting {
        object: ObjectRef { store: STORE.into(), path: path.into(), version: "1".into(), size },
        pipeline: pipeline(agency),
        agency: agency.parse().unwrap(),
        modified: Some(Timestamp(1_795_000_000_000)),
        priority: 1,
    }
}

/// Uploads into the folder that everything lies in.
struct FolderDrops {
    store: Arc<LocalFileSystem>,
    ledger: Arc<SqliteLedger>,
}

#[async_trait]
impl Drops for FolderDrops {
    fn targets(&self) -> Vec<DropTarget> {
        let target = |agency: &str, title: &str| DropTarget {
            pipeline: pipeline(agency),
            agency: agency.parse::<Agency>().unwrap(),
            title: title.into(),
        };
        vec![target(A, "보도자료"), target(B, "서울 <공지>")]
    }

    async fn put(
        &self,
        pipeline: &str,
        path: &str,
        mut body: Body,
        condition: Precondition,
    ) -> Result<Dropped, DropError> {
        let agency = pipeline.trim_start_matches("press-");
        let path = format!("{agency}/{path}");
        let place = object_store::path::Path::parse(&path)
            .map_err(|error| DropError::Refused(error.into()))?;
        let there = self.store.head(&place).await.ok().map(|_| "1".to_owned());
        match condition {
            Precondition::IfAbsent if there.is_some() => return Err(DropError::Precondition(path)),
            Precondition::IfVersion(named) if there.as_ref() != Some(&named) => {
                return Err(DropError::Precondition(path));
            }
            _ => {}
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| DropError::BrokenOff(error.into()))?;
            bytes.extend_from_slice(&chunk);
        }
        let size = bytes.len() as u64;
        let seen = sighting(agency, &path, size);
        self.store.put(&place, PutPayload::from(bytes)).await.map_err(|error| {
            // The folder of the tests has one folder with the name of a file.
            match path.ends_with(".folder") {
                true => DropError::Conflict(error.into()),
                false => DropError::Unavailable(error.into()),
            }
        })?;
        let recorded = self.ledger.see(&[seen]).await.is_ok();
        let file = Listed { path, version: "1".into(), size, modified: None };
        Ok(Dropped { store: STORE.into(), file, recorded })
    }
}

/// No source runs here.
struct NoSources;

/// No child runs here that could unpack anything: that is tried with the real program.
struct Nowhere;

#[async_trait]
impl Members for Nowhere {
    async fn open(&self, _: &Document) -> Result<Body, MemberError> {
        Err(MemberError::Closed("locked".into()))
    }
}

/// Nor read anything again: whatever is asked for is as it was, but says so; or is called as what stands in the way.
#[async_trait]
impl Trials for Nowhere {
    fn formats(&self) -> Vec<(String, u32)> {
        vec![("text".to_owned(), 2)]
    }

    async fn read(&self, _: &dyn Ledger, object: &Document) -> Result<Vec<Tried>, TrialError> {
        match object.object.name() {
            "gone.txt" => return Err(TrialError::Gone(ReasonKind::Gone.into())),
            "unread.txt" => {
                let reason = ReasonKind::NotGiven("no answer".into());
                return Err(TrialError::Unread(reason.into()));
            }
            "busy.txt" => return Err(TrialError::Busy(Duration::from_secs(60))),
            "away.txt" => return Err(TrialError::Unavailable("the ledger is away".into())),
            "idle.txt" => return Err(TrialError::NoService),
            _ => {}
        }
        let segment = Segment {
            text: "다시 읽은 글".to_owned(),
            locator: Locator::Whole {},
            origin: Origin::Native,
            confidence: None,
            words: Vec::new(),
        };
        let text = Some(BlobId::of(b"another text"));
        Ok(vec![Tried { document: object.clone(), segments: vec![segment], text, preview: None }])
    }
}

/// The pipeline that is not declared.
pub(crate) const UNDECLARED: &str = "left-behind";

#[async_trait]
impl Sources for NoSources {
    fn first(&self, pipeline: &str) -> Vec<String> {
        let agency = pipeline.trim_start_matches("press-");
        (1..=20).map(|n| format!("{agency}/사라진 글 {n}.hwp")).collect()
    }

    async fn look_again(&self, _pipeline: &str) {}

    fn declares(&self, pipeline: &str) -> bool {
        pipeline != UNDECLARED
    }
}

/// The folder that everything lies in, whatever version is asked for: the tests call all of them `1`.
struct AnyVersion(BucketStore);

impl AnyVersion {
    fn of(folder: Arc<LocalFileSystem>) -> AnyVersion {
        let folder = Arc::new(FolderClient(folder));
        AnyVersion(BucketStore::new(STORE, "drop".into(), folder, "").unwrap())
    }
}

/// Where a bucket finds what was laid under the text of a key: it has no names that are not UTF-8, and takes that text
/// for a name.
fn laid(key: &str) -> String {
    object_key::from_bytes(key.as_bytes())
}

/// A folder as a bucket. Nobody else writes there, so that no condition is at stake.
#[derive(Debug)]
struct FolderClient(Arc<dyn ObjectStore>);

#[async_trait]
impl BucketClient for FolderClient {
    fn objects(&self) -> &Arc<dyn ObjectStore> {
        &self.0
    }

    async fn begin(
        &self,
        key: &object_store::path::Path,
        _mode: PutMode,
    ) -> Result<Box<dyn MultipartUpload>, object_store::Error> {
        self.0.put_multipart(key).await
    }
}

#[async_trait]
impl Store for AnyVersion {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn place(&self) -> String {
        self.0.place()
    }

    fn list(&self) -> Listing {
        self.0.list()
    }

    async fn look(&self, path: &str) -> Result<Option<Seen>, StoreError> {
        self.0.look(&laid(path)).await
    }

    async fn open(&self, object: &ObjectRef) -> Result<Box<dyn Pinned>, StoreError> {
        let path = laid(&object.path);
        let Some(Seen::Object(there)) = self.0.look(&path).await? else {
            return Err(StoreError::Gone(object.path.clone()));
        };
        self.0.open(&ObjectRef { version: there.version, path, ..object.clone() }).await
    }

    async fn put(
        &self,
        path: &str,
        body: Body,
        condition: Precondition,
    ) -> Result<Listed, StoreError> {
        self.0.put(path, body, condition).await
    }

    async fn watch(&self) -> Result<Option<Watcher>, StoreError> {
        self.0.watch().await
    }
}
