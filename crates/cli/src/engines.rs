//! What the zygote that has everything loads before its first fork.

use std::io::Write as _;
use std::path::Path;

use madang_extract::engines::Engines;
use madang_extract::recogniser::Recogniser;
use madang_recognition::tesseract::Tesseract;

/// Loads what this machine has. What it has not is said once, to the log of the service, and of each document that
/// would have needed it, which is read without.
pub(crate) fn load() -> Engines {
    // Before FFmpeg, with which OpenMP's library may come: that is told at its start how many threads there may be.
    let data = std::env::var_os("TESSDATA_PREFIX");
    let mut recognisers: Vec<Box<dyn Recogniser>> = Vec::new();
    match Tesseract::load(data.as_deref().map(Path::new)) {
        Ok(tesseract) => recognisers.push(Box::new(tesseract)),
        Err(missing) => complain("text in pictures is not recognised", &missing),
    }
    let media = Engines::media().unwrap_or_else(|missing| {
        complain("audio and video are not read", &missing);
        Engines::none()
    });
    media.and(recognisers)
}

fn complain(what: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "madang: {what}: {why}");
}
