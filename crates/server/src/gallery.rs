//! Previews that were made of likenesses, kept in memory for those who look again.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lru::LruCache;
use madang_document::blob_id::BlobId;
use madang_document::document::Document;
use madang_document::id::DocumentId;
use tokio::sync::OnceCell;

/// Bytes of all pictures that are kept.
const MOST: usize = 32 << 20;
/// Pictures that are kept, those included that show nothing.
const PICTURES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4095);
/// How long one is kept: what is withdrawn leaves memory, and what could not be decoded for want of time is tried again.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// A preview that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    /// A JPEG file.
    pub(crate) jpeg: Bytes,
    /// SHA-256 of it.
    pub(crate) hash: BlobId,
}

/// Which likeness: that of a document as these bytes were read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Subject {
    document: DocumentId,
    version: String,
    format_version: u32,
}

/// A picture, or that there is none, once it is known. Those who ask while it is being made wait for the same.
#[derive(Debug)]
struct Hung {
    picture: OnceCell<Option<Picture>>,
    since: Instant,
}

/// What was made lately.
pub(crate) struct Gallery {
    hung: Mutex<LruCache<Subject, Arc<Hung>>>,
}

impl Gallery {
    pub(crate) fn new() -> Gallery {
        Gallery { hung: Mutex::new(LruCache::new(PICTURES)) }
    }

    /// The picture of a document, which `make` makes if it does not hang there `now`; none if there is nothing to see.
    /// What fails is tried again by whoever asks next.
    pub(crate) async fn picture<E>(
        &self,
        document: &Document,
        now: Instant,
        make: impl AsyncFnOnce() -> Result<Option<Bytes>, E>,
    ) -> Result<Option<Picture>, E> {
        let subject = Subject::of(document);
        let hung = self.place(&subject, now);
        let made = hung.picture.get_or_try_init(async || {
            let jpeg = make().await?;
            Ok(jpeg.map(|jpeg| Picture { hash: BlobId::of(&jpeg), jpeg }))
        });
        let picture = made.await?.clone();
        self.make_room();
        Ok(picture)
    }

    /// Whether it is known that there is nothing to see on the likeness of a document.
    pub(crate) fn is_blank(&self, document: &Document, now: Instant) -> bool {
        let hung = self.hung().peek(&Subject::of(document)).cloned();
        hung.is_some_and(|hung| !hung.is_old(now) && matches!(hung.picture.get(), Some(None)))
    }

    /// The place of a picture; those that hang there for too long are taken down.
    fn place(&self, subject: &Subject, now: Instant) -> Arc<Hung> {
        let mut hung = self.hung();
        let old = hung.iter().filter(|(_, hung)| hung.is_old(now));
        let old: Vec<Subject> = old.map(|(subject, _)| subject.clone()).collect();
        for subject in old {
            hung.pop(&subject);
        }
        let new = || Arc::new(Hung { picture: OnceCell::new(), since: now });
        Arc::clone(hung.get_or_insert_ref(subject, new))
    }

    /// Takes down those that were looked at longest ago, until the others fit.
    fn make_room(&self) {
        let mut hung = self.hung();
        let mut bytes: usize = hung.iter().map(|(_, hung)| hung.bytes()).sum();
        while bytes > MOST
            && let Some((_, least)) = hung.pop_lru()
        {
            bytes -= least.bytes();
        }
    }

    fn hung(&self) -> MutexGuard<'_, LruCache<Subject, Arc<Hung>>> {
        self.hung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subject {
    fn of(document: &Document) -> Subject {
        Subject {
            document: document.id,
            version: document.object.version.clone(),
            format_version: document.provenance.format_version,
        }
    }
}

impl Hung {
    fn is_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= KEPT
    }

    fn bytes(&self) -> usize {
        self.picture.get().and_then(Option::as_ref).map_or(0, |picture| picture.jpeg.len())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use madang_document::document::Provenance;
    use madang_document::media_type::MediaType;
    use madang_document::metadata::Metadata;
    use madang_document::object::ObjectRef;
    use madang_document::outcome::Outcome;

    use super::*;

    fn document(path: &str, version: &str) -> Document {
        let (store, path) = ("s".to_owned(), path.to_owned());
        Document {
            id: DocumentId::new(&store, &path, None),
            agency: "1741000".parse().unwrap(),
            pipeline: "p".into(),
            object: ObjectRef { store, path, version: version.into(), size: 9 },
            object_modified: None,
            parent: None,
            inner: None,
            size: Some(9),
            sha256: None,
            media_type: MediaType::new("application/x-hwp"),
            language: None,
            outcome: Outcome::Ok,
            reason: None,
            metadata: Metadata::default(),
            members: Vec::new(),
            warnings: Vec::new(),
            segments: 0,
            characters: 0,
            text: None,
            preview: None,
            likeness: true,
            provenance: Provenance { format: "hwp5".into(), format_version: 6 },
        }
    }

    /// How often it is made anew, asked for so.
    async fn asked(
        gallery: &Gallery,
        document: &Document,
        now: Instant,
        made: Option<usize>,
        n: &Cell<u32>,
    ) {
        let make = async || {
            n.set(n.get() + 1);
            Ok::<_, Infallible>(made.map(|length| Bytes::from(vec![7; length])))
        };
        let Ok(picture) = gallery.picture(document, now, make).await;
        assert_eq!(picture.map(|picture| picture.jpeg.len()), made);
    }

    #[tokio::test]
    async fn a_picture_is_made_once_for_each_version_and_nothing_to_see_is_known_too() {
        let (gallery, n) = (Gallery::new(), Cell::new(0));
        let (one, other) = (document("a", "1"), document("a", "2"));
        let now = Instant::now();
        for _ in 0..2 {
            asked(&gallery, &one, now, Some(3), &n).await;
            asked(&gallery, &other, now, None, &n).await;
        }
        assert_eq!(n.get(), 2);
        assert!(!gallery.is_blank(&one, now) && gallery.is_blank(&other, now));
        assert!(!gallery.is_blank(&document("b", "1"), now), "nobody looked at it");
        let later = now + KEPT;
        assert!(!gallery.is_blank(&other, later), "it hung there long enough");
        asked(&gallery, &one, later, Some(3), &n).await;
        assert_eq!((n.get(), gallery.hung().len()), (3, 1));
    }

    #[tokio::test]
    async fn who_asks_meanwhile_waits_for_the_same_and_what_failed_is_tried_again() {
        let (gallery, document) = (Gallery::new(), document("a", "1"));
        let (n, now) = (Cell::new(0), Instant::now());
        let make = async || {
            n.set(n.get() + 1);
            tokio::task::yield_now().await;
            if n.get() == 1 { Err("busy") } else { Ok(Some(Bytes::from_static(b"jpeg"))) }
        };
        let (one, two, three) = tokio::join!(
            gallery.picture(&document, now, make),
            gallery.picture(&document, now, make),
            gallery.picture(&document, now, make)
        );
        assert_eq!(one, Err("busy"));
        assert_eq!(two, three);
        assert!(two.is_ok_and(|picture| picture.is_some()));
        assert_eq!(n.get(), 2);
    }

    #[tokio::test]
    async fn what_was_looked_at_longest_ago_makes_room() {
        let (gallery, n) = (Gallery::new(), Cell::new(0));
        let (third, now) = (MOST / 3, Instant::now());
        for path in ["a", "b", "c", "a"] {
            asked(&gallery, &document(path, "1"), now, Some(third), &n).await;
        }
        assert_eq!(n.get(), 3);
        asked(&gallery, &document("d", "1"), now, Some(third), &n).await;
        for path in ["a", "c", "d"] {
            asked(&gallery, &document(path, "1"), now, Some(third), &n).await;
        }
        assert_eq!(n.get(), 4);
        asked(&gallery, &document("b", "1"), now, Some(third), &n).await;
        assert_eq!(n.get(), 5);
        let bytes: usize = gallery.hung().iter().map(|(_, hung)| hung.bytes()).sum();
        assert!(bytes <= MOST);
    }
}
