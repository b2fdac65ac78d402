//! Previews of stored likenesses as the server asks for them.

use bytes::Bytes;
use madang_document::document::Document;
use madang_pipeline::likenesses::{LikenessError, Likenesses};
use madang_pipeline::unpacker::UnpackError;
use madang_server::ports::{Drawn, MemberError};
use madang_store::error::StoreError;

/// What the likeness of a document shows.
pub(crate) async fn make(
    likenesses: &Likenesses,
    document: &Document,
) -> Result<Option<Bytes>, MemberError> {
    let made = likenesses.make(document).await.map_err(told)?;
    Ok(made.map(Bytes::from))
}

/// A page of a document as it is seen.
pub(crate) async fn page(
    likenesses: &Likenesses,
    document: &Document,
    number: u32,
    side: u32,
) -> Result<Option<Drawn>, MemberError> {
    let made = likenesses.page(document, number, side).await.map_err(told)?;
    Ok(made.map(|page| Drawn { jpeg: page.jpeg.into(), points: page.points, words: page.words }))
}

/// Why it cannot be had, as the server answers it.
fn told(error: LikenessError) -> MemberError {
    match error {
        LikenessError::Store(StoreError::Gone(_))
        | LikenessError::Member(UnpackError::Store(StoreError::Gone(_))) => {
            MemberError::Gone(error.into())
        }
        LikenessError::Undeclared(_) | LikenessError::Member(UnpackError::Closed(_)) => {
            MemberError::Closed(error.into())
        }
        LikenessError::Store(_)
        | LikenessError::Member(UnpackError::Store(_) | UnpackError::Run(_) | UnpackError::Busy)
        | LikenessError::Run(_)
        | LikenessError::Held(_)
        | LikenessError::Busy => MemberError::Unavailable(error.into()),
    }
}
