//! Which engines recognise text and speech. The only place that names them.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;

use madang_extract::engines::Engines;
use madang_extract::recogniser::Recogniser;
use madang_recognition::tesseract::Tesseract;
use madang_recognition::whisper::Whisper;

use crate::models;

/// Says where the model for speech lies.
const SPEECH_MODEL: &str = "--speech-model";

/// What the loader of engines is told: the model for speech, if there is one.
pub(crate) fn arguments(speech_model: Option<&Path>) -> Vec<OsString> {
    let path = speech_model.map(|path| path.as_os_str().to_owned());
    path.map(|path| vec![OsString::from(SPEECH_MODEL), path]).unwrap_or_default()
}

/// Loads what this machine has, and what the arguments tell of. What it has not is said once, to the log of the service, and
/// of each document that would have needed it, which is read without.
pub(crate) fn load(arguments: Vec<OsString>) -> Engines {
    // Before FFmpeg, with which OpenMP's library may come: that is told at its start how many threads there may be.
    let data = std::env::var_os("TESSDATA_PREFIX");
    let mut recognisers: Vec<Box<dyn Recogniser>> = Vec::new();
    match Tesseract::load(data.as_deref().map(Path::new)) {
        Ok(tesseract) => recognisers.push(Box::new(tesseract)),
        Err(missing) => complain("text in pictures is not recognised", &missing),
    }
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if argument == SPEECH_MODEL
            && let Some(model) = arguments.next()
        {
            match Whisper::load(Path::new(&model)) {
                Ok(whisper) => recognisers.push(Box::new(whisper)),
                Err(reason) => complain(models::NOT_TRANSCRIBED, &reason),
            }
        }
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
