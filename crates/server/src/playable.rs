//! What a browser may play: films and sound, each under a media type of ours.

use madang_document::document::Document;
use madang_document::metadata;
use madang_document::outcome::Outcome;

/// How something is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Player {
    /// With a picture.
    Video,
    /// Without one.
    Audio,
}

/// A film or sound that a browser may play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Playable {
    /// How.
    pub(crate) player: Player,
    /// The media type under which it is handed out.
    pub(crate) media_type: &'static str,
}

/// The types that were read of the bytes, and those under which browsers play them. Nothing else is ever handed out to be
/// opened by a browser. QuickTime and MPEG-4 are one container, and so are Matroska and WebM; whether the browser knows
/// what is packed in them is for it to say.
const TABLE: &[(&str, Player, &str)] = &[
    ("video/mp4", Player::Video, "video/mp4"),
    ("video/quicktime", Player::Video, "video/mp4"),
    ("video/3gpp", Player::Video, "video/mp4"),
    ("video/3gpp2", Player::Video, "video/mp4"),
    ("video/webm", Player::Video, "video/webm"),
    ("video/x-matroska", Player::Video, "video/webm"),
    ("video/ogg", Player::Video, "video/ogg"),
    ("audio/mpeg", Player::Audio, "audio/mpeg"),
    ("audio/mp4", Player::Audio, "audio/mp4"),
    ("audio/aac", Player::Audio, "audio/aac"),
    ("audio/wav", Player::Audio, "audio/wav"),
    ("audio/flac", Player::Audio, "audio/flac"),
    ("audio/ogg", Player::Audio, "audio/ogg"),
    ("audio/webm", Player::Audio, "audio/webm"),
    ("audio/x-matroska", Player::Audio, "audio/webm"),
];

/// Bytes of a member that is played. Each range of one costs unpacking all that stands before it.
const MEMBER_MOST: u64 = 256 << 20;

impl Playable {
    /// How a document is played; none if it is of another type, or too large a member of its archive.
    pub(crate) fn of(document: &Document) -> Option<Playable> {
        // Of what could not be opened no browser plays anything, and blames itself.
        if document.outcome == Outcome::Corrupt
            && document.metadata.get(metadata::DURATION).is_none()
        {
            return None;
        }
        if document.inner.is_some() {
            // What could not be taken out when it was read cannot be now.
            document.sha256?;
            document.size.filter(|size| *size <= MEMBER_MOST)?;
        }
        let read = document.media_type.as_str();
        let row = TABLE.iter().find(|(media_type, ..)| *media_type == read);
        row.map(|&(_, player, media_type)| Playable { player, media_type })
    }
}
