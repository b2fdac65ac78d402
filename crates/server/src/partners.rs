//! What belongs to a recording by its name: the subtitles that lie beside a film or sound, and what they were written for.

use std::collections::HashSet;

use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::media_type::Kind;
use madang_document::sidecar::spellings;

use crate::caller::Caller;
use crate::problem::Problem;
use crate::server::Server;

/// How files with subtitles end, and the media types that are read of them, those that people write most first.
const SUBTITLES: [(&str, &str); 8] = [
    ("srt", "application/x-subrip"),
    ("smi", "application/x-sami"),
    ("vtt", "text/vtt"),
    ("ass", "text/x-ssa"),
    ("ssa", "text/x-ssa"),
    ("ttml", "application/ttml+xml"),
    ("lrc", "text/x-lrc"),
    ("sub", "text/x-microdvd"),
];

/// How films and sound end, films first: whoever reads subtitles wants to see what they are about.
const RECORDINGS: [&str; 24] = [
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "wmv", "asf", "mpg", "mpeg", "ts", "mts", "m2ts",
    "flv", "3gp", "ogv", "mp3", "m4a", "wav", "flac", "ogg", "opus", "aac", "wma",
];

/// What stands between the name and the ending of subtitles in one of several languages, as in `film.ko.srt`.
const LANGUAGES: [&str; 10] =
    ["ko", "kor", "ko-KR", "ko_KR", "en", "eng", "en-US", "ja", "zh", "vi"];

/// Partners that are told: a recording has subtitles in a few languages.
const TOLD: usize = 4;

/// The paths at which subtitles of the recording at this path may lie: beside it, under its name without or with its ending,
/// with a language or without.
fn subtitles_of(recording: &str) -> Vec<String> {
    let Some(stem) = without(recording, &RECORDINGS) else { return Vec::new() };
    let mut paths = Vec::new();
    for language in std::iter::once(None).chain(LANGUAGES.map(Some)) {
        let language = language.map_or(String::new(), |language| format!(".{language}"));
        for name in [stem, recording] {
            let endings = SUBTITLES.iter().flat_map(|(ending, _)| spelled(ending));
            paths.extend(endings.map(|ending| format!("{name}{language}.{ending}")));
        }
    }
    paths
}

/// The paths at which the recording may lie of which the subtitles at this path are: those that have it among
/// [theirs](subtitles_of).
fn recordings_of(subtitles: &str) -> Vec<String> {
    let endings = SUBTITLES.map(|(ending, _)| ending);
    let Some(stem) = without(subtitles, &endings) else { return Vec::new() };
    let of_language = LANGUAGES
        .iter()
        .find_map(|language| stem.strip_suffix(language)?.strip_suffix('.'))
        .filter(|stem| is_named(stem));
    let mut paths = Vec::new();
    for name in std::iter::once(stem).chain(of_language) {
        match without(name, &RECORDINGS) {
            // The whole name of the file stands before the ending.
            Some(_) => paths.push(name.to_owned()),
            None => {
                let endings = RECORDINGS.iter().flat_map(|ending| spelled(ending));
                paths.extend(endings.map(|ending| format!("{name}.{ending}")));
            }
        }
    }
    paths
}

/// Endings are written in small letters or in capitals.
fn spelled(ending: &str) -> [String; 2] {
    [ending.to_owned(), ending.to_ascii_uppercase()]
}

/// A path without its ending, if that is one of these.
fn without<'a>(path: &'a str, endings: &[&str]) -> Option<&'a str> {
    let (stem, ending) = path.rsplit_once('.')?;
    let is_one = |known: &&str| spelled(known).iter().any(|known| known == ending);
    (endings.iter().any(is_one) && is_named(stem)).then_some(stem)
}

/// Whether the last part of a path is any name.
fn is_named(path: &str) -> bool {
    !path.is_empty() && !path.ends_with('/')
}

/// Whether a document is subtitles in a file of their own.
pub(crate) fn is_subtitles(document: &Document) -> bool {
    let read = document.media_type.as_str();
    SUBTITLES.iter().any(|(_, media_type)| *media_type == read)
}

/// Whether a document is a film or sound.
pub(crate) fn is_recording(document: &Document) -> bool {
    matches!(document.media_type.kind(), Kind::Video | Kind::Audio)
}

/// The live documents that belong to a film, sound or subtitles, as far as the caller may see them: of the same agency, in
/// the same folder or archive, by their names.
pub(crate) async fn partners(
    server: &Server,
    caller: &Caller,
    document: &Document,
) -> Result<Vec<Document>, Problem> {
    let own = match &document.inner {
        None => document.object.path.as_str(),
        Some(inner) => inner.last(),
    };
    let paths = match (is_recording(document), is_subtitles(document)) {
        (true, _) => subtitles_of(own),
        (_, true) => recordings_of(own),
        _ => return Ok(Vec::new()),
    };
    let paths: Vec<String> = paths.iter().flat_map(|path| spellings(path)).collect();
    let ids: Vec<DocumentId> = match &document.inner {
        None => beside(server, &document.object.store, &paths).await?,
        Some(inner) => within(server, document, inner, &paths).await?,
    };
    let mut partners = Vec::new();
    for id in ids {
        let there = server.ledger.document_in(id, &caller.principal.agencies).await?;
        let Some(there) = there.filter(|there| !there.withdrawn) else { continue };
        let there = there.document;
        // What a file is is told by its bytes, whatever it is called.
        let fits = match is_recording(document) {
            true => is_subtitles(&there),
            false => is_recording(&there),
        };
        if fits && there.agency == document.agency && partners.len() < TOLD {
            partners.push(there);
        }
    }
    Ok(partners)
}

/// Those of these files that are there, in the order of the paths.
async fn beside(
    server: &Server,
    store: &str,
    paths: &[String],
) -> Result<Vec<DocumentId>, Problem> {
    let asked: Vec<(&str, &str)> = paths.iter().map(|path| (store, path.as_str())).collect();
    let there = server.ledger.current(&asked).await?;
    let there: HashSet<String> = there.into_iter().map(|object| object.path).collect();
    let found = paths.iter().filter(|path| there.contains(path.as_str()));
    Ok(found.map(|path| DocumentId::new(store, path, None)).collect())
}

/// Those of these members of the archive around a document that are there, in the order of the paths.
async fn within(
    server: &Server,
    document: &Document,
    inner: &InnerPath,
    paths: &[String],
) -> Result<Vec<DocumentId>, Problem> {
    let object = &document.object;
    let member = |path: &String| {
        let inner = match inner.parent() {
            Some(around) => around.join(path.as_str()),
            None => InnerPath::of(path.as_str()),
        };
        DocumentId::new(&object.store, &object.path, Some(&inner))
    };
    let ids: Vec<DocumentId> = paths.iter().map(member).collect();
    // Of one object, and so of one agency, which the caller sees.
    let there = server.ledger.documents(&ids).await?.readable();
    let there: HashSet<DocumentId> = there.iter().map(|stored| stored.document.id).collect();
    Ok(ids.into_iter().filter(|id| there.contains(id)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_and_their_subtitles_find_each_other_by_name() {
        for (recording, subtitles, are_partners) in [
            ("현장/침수.mp4", "현장/침수.srt", true),
            ("현장/침수.mp4", "현장/침수.ko.srt", true),
            ("현장/침수.MP4", "현장/침수.SMI", true),
            ("현장/침수.mp4", "현장/침수.mp4.vtt", true),
            ("현장/침수.mp4", "현장/침수.mp4.en.vtt", true),
            ("방송.mp3", "방송.lrc", true),
            ("a.b/침수.2026.mkv", "a.b/침수.2026.ass", true),
            ("침수.ko.mp4", "침수.ko.srt", true),
            ("현장/침수.mp4", "침수.srt", false),
            ("현장/침수.mp4", "현장/침수2.srt", false),
            ("현장/침수.mp4", "현장/침수.xx.srt", false),
            ("현장/침수.mp4", "현장/침수.txt", false),
            ("현장/침수.hwp", "현장/침수.srt", false),
            ("현장/침수.mp4", "현장/침수.mp3.srt", false),
            ("현장/.mp4", "현장/.srt", false),
            ("mp4", "srt", false),
        ] {
            let told = (
                subtitles_of(recording).iter().any(|path| path == subtitles),
                recordings_of(subtitles).iter().any(|path| path == recording),
            );
            assert_eq!(told, (are_partners, are_partners), "{recording}, {subtitles}");
        }
    }

    #[test]
    fn names_that_are_asked_for_are_few_and_each_is_asked_once() {
        for paths in [subtitles_of("a/b.mp4"), recordings_of("a/b.ko.srt"), recordings_of("b.srt")]
        {
            let once: HashSet<&String> = paths.iter().collect();
            assert!(paths.len() == once.len() && (2..400).contains(&paths.len()), "{paths:?}");
        }
        // Without a language first.
        assert_eq!(subtitles_of("a/b.mp4").first().map(String::as_str), Some("a/b.srt"));
    }
}
