//! Previews of stored likenesses as the server asks for them.

use bytes::Bytes;
use madang_document::document::Document;
use madang_pipeline::likenesses::{LikenessError as Unmade, Likenesses};
use madang_pipeline::unpacker::UnpackError;
use madang_server::ports::LikenessError;
use madang_store::error::StoreError;

/// What the likeness of a document shows.
pub(crate) async fn make(
    likenesses: &Likenesses,
    document: &Document,
) -> Result<Option<Bytes>, LikenessError> {
    let made = likenesses.make(document).await.map_err(told)?;
    Ok(made.map(Bytes::from))
}

/// Why it cannot be had, as the server answers it.
fn told(error: Unmade) -> LikenessError {
    match error {
        Unmade::Store(StoreError::Gone(_))
        | Unmade::Member(UnpackError::Store(StoreError::Gone(_))) => {
            LikenessError::Gone(error.into())
        }
        Unmade::Undeclared(_) | Unmade::Member(UnpackError::Closed(_)) => {
            LikenessError::Closed(error.into())
        }
        Unmade::Store(_)
        | Unmade::Member(UnpackError::Store(_) | UnpackError::Run(_) | UnpackError::Busy)
        | Unmade::Run(_)
        | Unmade::Held(_)
        | Unmade::Busy => LikenessError::Unavailable(error.into()),
    }
}
