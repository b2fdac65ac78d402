use std::fmt;

use serde::{Deserialize, Serialize};

/// An IANA media type without parameters, lower case, as in `application/pdf`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaType(String);

impl MediaType {
    /// What a file of no known kind is called (RFC 2046, section 4.5.1).
    pub const UNKNOWN: &str = "application/octet-stream";

    /// Keeps the part before any `;`, in lower case.
    pub fn new(text: &str) -> MediaType {
        let essence = text.split(';').next().unwrap_or_default().trim();
        MediaType(essence.to_ascii_lowercase())
    }

    /// As in `application/pdf`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The family, for facets and for the catalogue's asset kind.
    pub fn kind(&self) -> Kind {
        Kind::of(&self.0)
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The family of a media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Documents with a layout: PDF, word processing, presentations.
    Document,
    /// Tables: spreadsheets, CSV.
    Table,
    /// Plain and marked-up text, data files such as JSON and XML, subtitles.
    Text,
    /// Mail messages.
    Mail,
    /// Pictures.
    Image,
    /// Moving pictures.
    Video,
    /// Sound.
    Audio,
    /// Files that hold files.
    Archive,
    /// Anything else.
    Other,
}

impl Kind {
    /// Every kind, in the order in which a list shows them.
    pub const ALL: [Kind; 9] = [
        Kind::Document,
        Kind::Table,
        Kind::Text,
        Kind::Mail,
        Kind::Image,
        Kind::Video,
        Kind::Audio,
        Kind::Archive,
        Kind::Other,
    ];

    /// The word used in queries, facets and the catalogue.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Document => "document",
            Kind::Table => "table",
            Kind::Text => "text",
            Kind::Mail => "mail",
            Kind::Image => "image",
            Kind::Video => "video",
            Kind::Audio => "audio",
            Kind::Archive => "archive",
            Kind::Other => "other",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    fn of(media_type: &str) -> Kind {
        match media_type {
            "text/csv" | "text/tab-separated-values" => return Kind::Table,
            "message/rfc822" | "application/vnd.ms-outlook" | "application/vnd.ms-tnef" => {
                return Kind::Mail;
            }
            "application/pdf"
            | "application/rtf"
            | "application/msword"
            | "application/epub+zip"
            | "application/x-hwp"
            | "application/hwp+zip"
            | "application/vnd.ms-powerpoint" => {
                return Kind::Document;
            }
            "application/vnd.ms-excel"
            | "application/vnd.dbf"
            | "application/vnd.sqlite3"
            | "application/geopackage+sqlite3"
            | "application/vnd.apache.parquet" => return Kind::Table,
            "application/json"
            | "application/xml"
            | "application/x-subrip"
            | "application/x-sami"
            | "application/ttml+xml"
            | "application/xhtml+xml" => {
                return Kind::Text;
            }
            "application/zip"
            | "application/vnd.ms-outlook-pst"
            | "application/x-tar"
            | "application/gzip"
            | "application/x-bzip2"
            | "application/x-xz"
            | "application/x-7z-compressed"
            | "application/vnd.rar"
            | "application/zstd"
            | "application/vnd.ms-cab-compressed"
            | "application/x-egg"
            | "application/x-alz"
            | "application/x-lzma"
            | "application/x-compress"
            | "application/x-lz4"
            | "application/x-iso9660-image" => return Kind::Archive,
            "application/mxf" | "application/vnd.rn-realmedia" => return Kind::Video,
            "application/ogg" => return Kind::Audio,
            _ => {}
        }
        let starts = |start| media_type.starts_with(start);
        if media_type.contains("spreadsheet")
            || starts("application/vnd.ms-excel.")
            || media_type == "application/vnd.sun.xml.calc"
        {
            return Kind::Table;
        }
        // Files with macros, and what OpenDocument was called before it was a standard.
        if starts("application/vnd.ms-word.")
            || starts("application/vnd.ms-powerpoint.")
            || starts("application/vnd.sun.xml.")
        {
            return Kind::Document;
        }
        if media_type.starts_with("application/vnd.oasis.opendocument")
            || media_type.starts_with("application/vnd.openxmlformats-officedocument")
        {
            return Kind::Document;
        }
        match media_type.split('/').next() {
            Some("text") => Kind::Text,
            Some("image") => Kind::Image,
            Some("video") => Kind::Video,
            Some("audio") => Kind::Audio,
            Some("message") => Kind::Mail,
            _ => Kind::Other,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (media_type, kind) in [
            ("text/html; charset=euc-kr", Kind::Text),
            ("application/x-hwp", Kind::Document),
            ("application/vnd.oasis.opendocument.spreadsheet", Kind::Table),
            (
                "application/vnd.openxmlformats-officedocument.presentationml.presentation",
                Kind::Document,
            ),
            ("application/vnd.ms-excel.sheet.macroEnabled.12", Kind::Table),
            ("application/vnd.ms-word.document.macroEnabled.12", Kind::Document),
            ("application/vnd.sqlite3", Kind::Table),
            ("video/mp4", Kind::Video),
            ("application/octet-stream", Kind::Other),
        ] {
            assert_eq!(MediaType::new(media_type).kind(), kind, "{media_type}");
        }
        assert!(Kind::ALL.into_iter().all(|kind| Kind::parse(kind.as_str()) == Some(kind)));
    }
}
