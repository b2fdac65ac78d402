use std::fmt;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use madang_document::content::Segment;
use madang_document::document::Document;
use madang_document::locator::{Bounds, Locator};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_extract::left_alone::LeftAlone;
use madang_sandbox::input::Input;
use madang_sandbox::request::{Pace, Request};
use madang_sandbox::run::{PagePicture, RunError, likeness, page_picture};
use madang_sandbox::sealed_file::SealedFile;
use madang_sandbox::watch::Watch;
use madang_sandbox::zygote::Zygote;
use madang_store::error::StoreError;
use madang_store::store::Body;
use madang_store::stores::Stores;

use crate::asked::Asked;
use crate::fetch::fetch;
use crate::jpeg_file::jpeg_file;
use crate::seats::Seats;
use crate::terms::Terms;
use crate::unpacker::{UnpackError, Unpacker};

/// Makes previews of the likenesses that documents store of themselves, and pictures of their pages, for whoever looks at
/// one: in a child, as everything that is made of foreign bytes.
#[derive(Clone)]
pub struct Likenesses {
    zygote: Arc<Zygote>,
    stores: Stores,
    terms: Arc<Terms>,
    unpacker: Unpacker,
    seats: Seats,
}

/// Documents that are opened for it at the same time: a page of hits asks for ten and more, and each takes a child some
/// milliseconds.
const AT_ONCE: usize = 4;
/// Those of one agency: its slow documents leave room for the others'.
const OF_ONE: usize = 2;
/// How long somebody waits while none of those before him is made.
const PATIENCE: Duration = Duration::from_secs(10);

/// A page as somebody looks at it.
#[derive(Debug)]
pub struct DrawnPage {
    /// A JPEG file.
    pub jpeg: Vec<u8>,
    /// Its width and height in points, where they are known.
    pub points: Option<(f32, f32)>,
    /// Its words and where they stand; none where the picture is all that there is.
    pub words: Vec<Segment>,
}

/// Why there is no telling what a likeness shows.
#[derive(Debug, thiserror::Error)]
pub enum LikenessError {
    /// The store does not give the object as it was.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// It has no store any more.
    #[error("{0}")]
    Undeclared(Reason),
    /// The member that it stands in cannot be taken out of the object.
    #[error("{0}")]
    Member(#[from] UnpackError),
    /// No child could do it, or nothing could be handed to one.
    #[error("{0}")]
    Run(#[from] RunError),
    /// The bytes of a member cannot be held.
    #[error("{0}")]
    Held(#[source] io::Error),
    /// Those that are being made do not come to an end, so that this one had no turn; or the service stops.
    #[error("too many previews are being made; try again in a moment")]
    Busy,
}

impl fmt::Debug for Likenesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Likenesses")
    }
}

impl Likenesses {
    /// Over these stores, under the terms of the pipelines; members come out of `unpacker`.
    pub fn new(
        zygote: Arc<Zygote>,
        stores: Stores,
        terms: Terms,
        unpacker: Unpacker,
    ) -> Likenesses {
        let seats = Seats::new(AT_ONCE, OF_ONE, PATIENCE);
        Likenesses { zygote, stores, terms: Arc::new(terms), unpacker, seats }
    }

    /// The likeness of a document as a file of JPEG that was made here; none if there is nothing to see on it, or if it cannot
    /// be decoded. The bytes that it is taken from are those that were read before, or there is an error.
    ///
    /// # Errors
    /// [`LikenessError`].
    pub async fn make(&self, document: &Document) -> Result<Option<Vec<u8>>, LikenessError> {
        let draw = |zygote: &Zygote, request: &Request<'_>, input, watch: &Watch| {
            let made = likeness(zygote, request, input, watch)?;
            Ok(made.map(|preview| jpeg_file(&preview.raster)))
        };
        self.drawn(document, draw).await
    }

    /// A page of a document, counted from 1, as a JPEG that was encoded anew, with at most so many pixels on its longer side;
    /// none if there is no such page, or if it cannot be drawn. Otherwise as [`make`](Self::make).
    ///
    /// # Errors
    /// [`LikenessError`].
    pub async fn page(
        &self,
        document: &Document,
        number: u32,
        side: u32,
    ) -> Result<Option<DrawnPage>, LikenessError> {
        let draw = move |zygote: &Zygote, request: &Request<'_>, input, watch: &Watch| {
            let made = page_picture(zygote, request, (number, side), input, watch)?;
            Ok(made.map(|PagePicture { picture, words }| {
                let points = match picture.locator {
                    Locator::Page { bounds: Some(Bounds { left, top, right, bottom }), .. } => {
                        Some((right - left, bottom - top))
                    }
                    _ => None,
                };
                DrawnPage { jpeg: jpeg_file(&picture.raster), points, words }
            }))
        };
        self.drawn(document, draw).await
    }

    /// What `draw` has a child make of a document.
    async fn drawn<T: Send + 'static>(
        &self,
        document: &Document,
        draw: impl FnOnce(&Zygote, &Request<'_>, Input, &Watch) -> Result<T, RunError> + Send + 'static,
    ) -> Result<T, LikenessError> {
        let turn = self.seats.take(&document.agency).await;
        let Ok(seat) = turn else { return Err(LikenessError::Busy) };
        let (input, name) = match &document.inner {
            None => (self.object(document).await?, document.object.name().to_owned()),
            Some(inner) => {
                let input = sealed(self.unpacker.open_seated(document).await?).await?;
                (input, inner.name().to_owned())
            }
        };
        let (zygote, terms) = (Arc::clone(&self.zygote), Arc::clone(&self.terms));
        let pipeline = document.pipeline.clone();
        let asked = Asked::default();
        let watch = asked.watch();
        let made = tokio::task::spawn_blocking(move || {
            let _seat = seat;
            let (limits, options) = terms.of(&pipeline);
            // Who looks at a picture does not wait for what could be recognised in it.
            let pace = Pace::Prompt;
            let request = Request {
                name: &name,
                limits,
                options,
                sidecars: &[],
                pace,
                left_alone: &LeftAlone::Nothing,
            };
            draw(&zygote, &request, input, &watch)
        });
        Ok(made.await.map_err(|_| LikenessError::Busy)??)
    }

    /// An object, pinned to the version that was read.
    async fn object(&self, document: &Document) -> Result<Input, LikenessError> {
        let object = &document.object;
        let Some(store) = self.stores.get(&object.store) else {
            let why = ReasonKind::NoStore(object.store.as_str().into());
            return Err(LikenessError::Undeclared(why.into()));
        };
        let (input, hash) = fetch(object, store.open(object).await?).await?;
        // A version is the store's word for its bytes; what they were is our own.
        match (hash, document.sha256) {
            (Some(found), Some(known)) if found != known => {
                Err(StoreError::Gone(object.path.clone()).into())
            }
            _ => Ok(input),
        }
    }
}

/// The bytes of a member, as a child is given them.
async fn sealed(mut bytes: Body) -> Result<Input, LikenessError> {
    let mut file = SealedFile::create().map_err(LikenessError::Held)?;
    while let Some(piece) = bytes.next().await {
        let piece = piece.map_err(broken_off)?;
        file.write_all(&piece).map_err(LikenessError::Held)?;
    }
    Ok(Input::Memory(file.seal().map_err(LikenessError::Held)?))
}

/// What it means that the bytes of a member ended with an error: what the unpacker says of it.
fn broken_off(error: io::Error) -> LikenessError {
    match error.downcast::<UnpackError>() {
        Ok(error) => LikenessError::Member(error),
        Err(error) => LikenessError::Held(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_unpacker_says_at_the_end_is_not_taken_for_a_fault_of_the_house() {
        let others = UnpackError::Closed(ReasonKind::OtherBytes.into());
        let told = broken_off(io::Error::other(others));
        assert!(matches!(told, LikenessError::Member(UnpackError::Closed(_))), "{told:?}");
        let told = broken_off(io::Error::other("no memory"));
        assert!(matches!(told, LikenessError::Held(_)), "{told:?}");
    }
}
