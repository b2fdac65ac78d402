use serde::{Deserialize, Serialize};

/// Something in a source that cannot be taken: it has a name and a place, but no bytes that may be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LeftOut {
    /// Where it lies in its store, as a key (see [`crate::object_key`]).
    pub key: String,
    /// What it is.
    pub kind: LeftOutKind,
    /// Why it is left out, and the cure: one sentence in English.
    pub reason: String,
}

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOutKind {
    /// A link to another place.
    Link,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device.
    Device,
    /// A folder with the name of a file that describes others. What lies in it is taken like any other file.
    Folder,
    /// A file or folder whose path is longer than the system takes.
    TooLong,
    /// An object of a bucket whose key no client can ask for.
    Name,
    /// What belongs to the service's own data, to a registry or to another pipeline, by a link or a mount.
    Closed,
    /// A file or folder that could not be read or listed.
    Unreadable,
}

impl LeftOutKind {
    /// Every kind.
    pub const ALL: [LeftOutKind; 9] = [
        LeftOutKind::Link,
        LeftOutKind::Fifo,
        LeftOutKind::Socket,
        LeftOutKind::Device,
        LeftOutKind::Folder,
        LeftOutKind::TooLong,
        LeftOutKind::Name,
        LeftOutKind::Closed,
        LeftOutKind::Unreadable,
    ];

    /// The word for it in records and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            LeftOutKind::Link => "link",
            LeftOutKind::Fifo => "fifo",
            LeftOutKind::Socket => "socket",
            LeftOutKind::Device => "device",
            LeftOutKind::Folder => "folder",
            LeftOutKind::TooLong => "too_long",
            LeftOutKind::Name => "name",
            LeftOutKind::Closed => "closed",
            LeftOutKind::Unreadable => "unreadable",
        }
    }

    /// The kind of a word, if there is one.
    pub fn parse(word: &str) -> Option<LeftOutKind> {
        LeftOutKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for kind in LeftOutKind::ALL {
            assert_eq!(LeftOutKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(LeftOutKind::parse("file"), None);
    }
}
