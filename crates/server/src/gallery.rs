//! Previews that were made of likenesses, and pictures of pages, kept in memory for those who look again.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lru::LruCache;
use madang_document::blob_id::BlobId;
use madang_document::content::Segment;
use madang_document::document::Document;
use madang_document::id::DocumentId;
use tokio::sync::OnceCell;

use crate::ports::Drawn;

/// Bytes of all pictures that are kept.
const MOST: usize = 32 << 20;
/// Pictures that are kept, those included that show nothing.
const PICTURES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4095);
/// How long one is kept: what could not be decoded for want of time is tried again.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// A preview that was made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    /// A JPEG file.
    pub(crate) jpeg: Bytes,
    /// SHA-256 of it.
    pub(crate) hash: BlobId,
    /// How large the page is in points, where that is known.
    pub(crate) points: Option<(f32, f32)>,
    /// The words of the page and where they stand.
    pub(crate) words: Arc<[Segment]>,
}

/// What of a document is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sight {
    /// The likeness that it stores of itself.
    Likeness,
    /// A page, counted from 1.
    Page {
        /// Which.
        number: u32,
        /// Pixels on its longer side, at most.
        side: u32,
    },
}

/// Which picture: that of a document as these bytes were read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Subject {
    document: DocumentId,
    version: String,
    format_version: u32,
    sight: Sight,
}

/// A picture, or that there is none, once it is known. Those who ask while it is being made wait for the same.
#[derive(Debug)]
struct Hung {
    picture: OnceCell<Option<Picture>>,
    since: Instant,
}

/// What was made lately.
pub(crate) struct Gallery {
    walls: Arc<Mutex<Walls>>,
}

/// Where pictures hang.
struct Walls {
    hung: LruCache<Subject, Arc<Hung>>,
    /// Whether somebody takes down what is withdrawn.
    is_watched: bool,
}

/// The duty to take down the pictures of documents that change or are withdrawn, as long as any hang. Whoever drops it takes
/// all of them down.
pub(crate) struct Watch {
    walls: Arc<Mutex<Walls>>,
    is_over: bool,
}

impl Gallery {
    pub(crate) fn new() -> Gallery {
        let hung = LruCache::new(PICTURES);
        Gallery { walls: Arc::new(Mutex::new(Walls { hung, is_watched: false })) }
    }

    /// The picture of a document, which `make` makes if it does not hang there `now`; none if there is nothing to see.
    /// What fails is tried again by whoever asks next. `watch` is given the duty to take pictures down where nobody has it,
    /// before anything is made.
    pub(crate) async fn picture<E, D: Into<Drawn>>(
        &self,
        (document, sight): (&Document, Sight),
        now: Instant,
        watch: impl AsyncFnOnce(Watch) -> Result<(), E>,
        make: impl AsyncFnOnce() -> Result<Option<D>, E>,
    ) -> Result<Option<Picture>, E> {
        let subject = Subject::of(document, sight);
        let (hung, unwatched) = self.place(&subject, now);
        if let Some(duty) = unwatched {
            watch(duty).await?;
        }
        let made = hung.picture.get_or_try_init(async || {
            let drawn = make().await?.map(Into::into);
            Ok(drawn.map(|Drawn { jpeg, points, words }| Picture {
                hash: BlobId::of(&jpeg),
                jpeg,
                points,
                words: words.into(),
            }))
        });
        let picture = made.await?.clone();
        self.make_room();
        Ok(picture)
    }

    /// Whether it is known that there is nothing to see on the likeness of a document.
    pub(crate) fn is_blank(&self, document: &Document, now: Instant) -> bool {
        let subject = Subject::of(document, Sight::Likeness);
        let hung = locked(&self.walls).hung.peek(&subject).cloned();
        hung.is_some_and(|hung| !hung.is_old(now) && matches!(hung.picture.get(), Some(None)))
    }

    /// Takes down what hangs there of these documents.
    pub(crate) fn take_down(&self, documents: &HashSet<DocumentId>) {
        locked(&self.walls).take_down(|subject, _| documents.contains(&subject.document));
    }

    /// The place of a picture, and the duty to watch it if nobody has that; those that hang there for too long are taken down.
    fn place(&self, subject: &Subject, now: Instant) -> (Arc<Hung>, Option<Watch>) {
        let mut walls = locked(&self.walls);
        walls.take_down(|_, hung| hung.is_old(now));
        let new = || Arc::new(Hung { picture: OnceCell::new(), since: now });
        let hung = Arc::clone(walls.hung.get_or_insert_ref(subject, new));
        let is_watched = std::mem::replace(&mut walls.is_watched, true);
        let watch = || Watch { walls: Arc::clone(&self.walls), is_over: false };
        (hung, (!is_watched).then(watch))
    }

    /// Takes down those that were looked at longest ago, until the others fit.
    fn make_room(&self) {
        let mut walls = locked(&self.walls);
        let mut bytes: usize = walls.hung.iter().map(|(_, hung)| hung.bytes()).sum();
        while bytes > MOST
            && let Some((_, least)) = walls.hung.pop_lru()
        {
            bytes -= least.bytes();
        }
    }
}

fn locked(walls: &Mutex<Walls>) -> MutexGuard<'_, Walls> {
    walls.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Walls {
    fn take_down(&mut self, goes: impl Fn(&Subject, &Hung) -> bool) {
        let gone = self.hung.iter().filter(|(subject, hung)| goes(subject, hung));
        let gone: Vec<Subject> = gone.map(|(subject, _)| subject.clone()).collect();
        for subject in gone {
            self.hung.pop(&subject);
        }
    }
}

impl Watch {
    /// Whether nothing hangs there any more that is not too old `now`: then the duty is over.
    pub(crate) fn is_over(&mut self, now: Instant) -> bool {
        let mut walls = locked(&self.walls);
        walls.take_down(|_, hung| hung.is_old(now));
        self.is_over = walls.hung.is_empty();
        walls.is_watched = !self.is_over;
        self.is_over
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.is_over {
            let mut walls = locked(&self.walls);
            walls.hung.clear();
            walls.is_watched = false;
        }
    }
}

impl Subject {
    fn of(document: &Document, sight: Sight) -> Subject {
        Subject {
            document: document.id,
            version: document.object.version.clone(),
            format_version: document.provenance.format_version,
            sight,
        }
    }
}

impl Hung {
    fn is_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= KEPT
    }

    fn bytes(&self) -> usize {
        let words = |picture: &Picture| -> usize {
            picture.words.iter().map(|word| word.text.len() + size_of::<Segment>()).sum()
        };
        let picture = self.picture.get().and_then(Option::as_ref);
        picture.map_or(0, |picture| picture.jpeg.len() + words(picture))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
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
            wordless: None,
            previews: Vec::new(),
            likeness: true,
            annotations: Vec::new(),
            provenance: Provenance { format: "hwp5".into(), format_version: 6 },
        }
    }

    async fn unwatched<E>(watch: Watch) -> Result<(), E> {
        std::mem::forget(watch);
        Ok(())
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
        let Ok(picture) = gallery.picture((document, Sight::Likeness), now, unwatched, make).await;
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
        assert_eq!((n.get(), locked(&gallery.walls).hung.len()), (3, 1));
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
            gallery.picture((&document, Sight::Likeness), now, unwatched, make),
            gallery.picture((&document, Sight::Likeness), now, unwatched, make),
            gallery.picture((&document, Sight::Likeness), now, unwatched, make)
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
        let bytes: usize = locked(&gallery.walls).hung.iter().map(|(_, hung)| hung.bytes()).sum();
        assert!(bytes <= MOST);
    }

    #[tokio::test]
    async fn one_watches_as_long_as_anything_hangs_there() {
        let (gallery, now) = (Gallery::new(), Instant::now());
        let watches = RefCell::new(Vec::new());
        let hang = async |path: &str| {
            let watch = async |watch| {
                watches.borrow_mut().push(watch);
                Ok::<_, Infallible>(())
            };
            let make = async || Ok(Some(Bytes::from_static(b"jpeg")));
            let subject = document(path, "1");
            let subject = (&subject, Sight::Likeness);
            let Ok(picture) = gallery.picture(subject, now, watch, make).await;
            assert!(picture.is_some());
        };
        let hanging = || locked(&gallery.walls).hung.len();
        hang("a").await;
        hang("b").await;
        assert_eq!((watches.borrow().len(), hanging()), (1, 2));
        gallery.take_down(&HashSet::from([document("a", "2").id, document("c", "1").id]));
        assert_eq!(hanging(), 1, "whatever its version");
        let mut watch = watches.borrow_mut().pop().unwrap();
        assert!(!watch.is_over(now));
        gallery.take_down(&HashSet::from([document("b", "1").id]));
        assert!(watch.is_over(now));
        // The duty is another's by now, and ends without harm.
        hang("a").await;
        drop(watch);
        assert_eq!((watches.borrow().len(), hanging()), (1, 1));
        // Who goes away with it undone leaves nothing there.
        watches.borrow_mut().clear();
        assert_eq!(hanging(), 0);
        hang("a").await;
        let mut watch = watches.borrow_mut().pop().unwrap();
        assert!(watch.is_over(now + KEPT));
        assert_eq!(hanging(), 0);
    }
}
