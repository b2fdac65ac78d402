use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

/// What a part of the service said when it panicked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Panicked(pub String);

/// Runs a future and turns a panic in it into an error. What the future held is dropped; what it only borrowed is as
/// the panic left it, and it is the caller's to know that this is sound.
///
/// # Errors
/// When it panics.
pub(crate) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|payload| Panicked(words(payload.as_ref())))
}

/// The words of a panic, as far as they are text.
fn words(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        return (*text).to_owned();
    }
    match payload.downcast_ref::<String>() {
        Some(text) => text.clone(),
        None => "it panicked without a word".to_owned(),
    }
}
