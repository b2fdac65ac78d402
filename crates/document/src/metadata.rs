//! Properties of a document, under the field's own words.
//!
//! Every format says the same thing by the same name: the constants below are the vocabulary. A property
//! that only one format has keeps a prefix (`exif.`, `pdf.`, `hwp.`, `mail.`, `tag.`).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Title of the document, as its author wrote it.
pub const TITLE: &str = "title";
/// Subject or description.
pub const DESCRIPTION: &str = "description";
/// Keywords, a list.
pub const KEYWORDS: &str = "keywords";
/// Author. Personal data: internal only (krd-ap/1.0, section 2.2).
pub const AUTHOR: &str = "author";
/// Who saved it last. Personal data: internal only.
pub const LAST_SAVED_BY: &str = "last_saved_by";
/// Program that made the file.
pub const PRODUCER: &str = "producer";
/// When it was made: RFC 3339, without an offset where the file gives none.
pub const CREATED: &str = "created";
/// When it was last changed, written as [`CREATED`].
pub const MODIFIED: &str = "modified";
/// Copyright notice.
pub const COPYRIGHT: &str = "copyright";
/// Version of the file format, as in `5.1.0.1` or `1.7`.
pub const FORMAT_VERSION: &str = "format_version";
/// Character encoding of a text file, WHATWG name.
pub const ENCODING: &str = "encoding";
/// Number of pages.
pub const PAGES: &str = "pages";
/// Number of slides.
pub const SLIDES: &str = "slides";
/// Number of sheets.
pub const SHEETS: &str = "sheets";
/// Whether the file is encrypted (and was opened all the same, with an empty password).
pub const ENCRYPTED: &str = "encrypted";
/// Width of a picture or of the first video stream, stored pixels.
pub const WIDTH: &str = "width";
/// Height of a picture or of the first video stream, stored pixels.
pub const HEIGHT: &str = "height";
/// EXIF orientation, 1 to 8.
pub const ORIENTATION: &str = "orientation";
/// Bits per sample.
pub const BIT_DEPTH: &str = "bit_depth";
/// Samples per pixel.
pub const CHANNELS: &str = "channels";
/// Number of frames of an animation or pictures in the file.
pub const FRAMES: &str = "frames";
/// When a picture was taken, written as [`CREATED`].
pub const TAKEN_AT: &str = "taken_at";
/// Maker of the camera.
pub const CAMERA_MAKE: &str = "camera_make";
/// Model of the camera.
pub const CAMERA_MODEL: &str = "camera_model";
/// Latitude, WGS 84 degrees, north positive.
pub const GPS_LATITUDE: &str = "gps_latitude";
/// Longitude, WGS 84 degrees, east positive.
pub const GPS_LONGITUDE: &str = "gps_longitude";
/// Altitude, metres.
pub const GPS_ALTITUDE: &str = "gps_altitude_m";
/// Duration, seconds.
pub const DURATION: &str = "duration_s";
/// Bits per second of the whole file.
pub const BIT_RATE: &str = "bit_rate";
/// Container of an audio or video file, FFmpeg's name.
pub const CONTAINER: &str = "container";
/// Codec of the first video stream, FFmpeg's name.
pub const VIDEO_CODEC: &str = "video_codec";
/// Frames per second of the first video stream.
pub const FPS: &str = "fps";
/// Rotation of the first video stream, degrees clockwise.
pub const ROTATION: &str = "rotation";
/// Codec of the first audio stream, FFmpeg's name.
pub const AUDIO_CODEC: &str = "audio_codec";
/// Samples per second of the first audio stream.
pub const SAMPLE_RATE: &str = "sample_rate";
/// Channels of the first audio stream.
pub const AUDIO_CHANNELS: &str = "audio_channels";
/// Whether there is an audio stream: fixed CCTV may not record sound (PIPA 25(5)).
pub const AUDIO_PRESENT: &str = "audio_present";
/// Number of subtitle tracks.
pub const SUBTITLE_TRACKS: &str = "subtitle_tracks";
/// Streams of an audio or video file, a list such as `video:h264`.
pub const STREAMS: &str = "streams";

/// Properties by name. Names are ordered, so that two equal sets serialise to the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata {
    fields: BTreeMap<String, Value>,
}

impl Metadata {
    /// Sets a property; blank text is not a value and is left out.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = match value.into() {
            Value::Text(text) => match clean(&text) {
                Some(text) => Value::Text(text),
                None => return,
            },
            Value::List(list) if list.is_empty() => return,
            other @ (Value::Bool(_) | Value::Integer(_) | Value::Number(_) | Value::List(_)) => {
                other
            }
        };
        self.fields.insert(name.to_owned(), value);
    }

    /// Sets a property if there is a value.
    pub fn set_some<V: Into<Value>>(&mut self, name: &str, value: Option<V>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// The property of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// The property of this name, if it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.fields.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The property of this name, if it is a whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.fields.get(name) {
            Some(Value::Integer(n)) => Some(*n),
            _ => None,
        }
    }

    /// The property of this name, if it is a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.fields.get(name) {
            Some(Value::Number(n)) => Some(*n),
            Some(Value::Integer(n)) => Some(*n as f64),
            _ => None,
        }
    }

    /// All properties, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Number of properties.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Bytes of all names and texts together: what a limit on metadata counts.
    pub fn size(&self) -> usize {
        fn size(value: &Value) -> usize {
            match value {
                Value::Text(text) => text.len(),
                Value::List(list) => list.iter().map(size).sum(),
                Value::Bool(_) | Value::Integer(_) | Value::Number(_) => 8,
            }
        }
        self.fields.iter().map(|(name, value)| name.len() + size(value)).sum()
    }
}

/// Trims, and drops the NULs and control characters that fixed-size fields of old formats are full of.
fn clean(text: &str) -> Option<String> {
    let text: String =
        text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The value of a property. In JSON it is the plain value; in a binary encoding the variant is written too.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Number(f64),
    /// A text, or a time in RFC 3339.
    Text(String),
    /// Several values.
    List(Vec<Value>),
}

#[derive(Serialize, Deserialize)]
enum Tagged {
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Value>),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Plain {
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Value>),
}

macro_rules! same_variants {
    ($from:ty, $to:ty) => {
        impl From<$from> for $to {
            fn from(value: $from) -> $to {
                type From = $from;
                match value {
                    From::Bool(v) => Self::Bool(v),
                    From::Integer(v) => Self::Integer(v),
                    From::Number(v) => Self::Number(v),
                    From::Text(v) => Self::Text(v),
                    From::List(v) => Self::List(v),
                }
            }
        }
    };
}
same_variants!(Tagged, Value);
same_variants!(Plain, Value);
same_variants!(Value, Tagged);
same_variants!(Value, Plain);

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            Plain::from(self.clone()).serialize(serializer)
        } else {
            Tagged::from(self.clone()).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        if deserializer.is_human_readable() {
            Plain::deserialize(deserializer).map(Value::from)
        } else {
            Tagged::deserialize(deserializer).map(Value::from)
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Value {
        Value::Integer(n)
    }
}

impl From<u32> for Value {
    fn from(n: u32) -> Value {
        Value::Integer(i64::from(n))
    }
}

impl From<u64> for Value {
    fn from(n: u64) -> Value {
        Value::Integer(i64::try_from(n).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Value {
    fn from(n: usize) -> Value {
        Value::from(n as u64)
    }
}

/// A number that is not finite becomes 0: JSON has no word for it.
impl From<f64> for Value {
    fn from(n: f64) -> Value {
        Value::Number(if n.is_finite() { n } else { 0.0 })
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(list: Vec<T>) -> Value {
        Value::List(list.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_json_and_binary() {
        let mut metadata = Metadata::default();
        metadata.set(TITLE, "안전점검\0 보고서 ");
        metadata.set(AUTHOR, "  ");
        metadata.set(PAGES, 12u32);
        metadata.set(FPS, 29.97);
        metadata.set(KEYWORDS, vec!["침수", "도로"]);
        metadata.set(AUDIO_PRESENT, true);
        assert_eq!(metadata.text(TITLE), Some("안전점검 보고서"));
        assert_eq!(metadata.get(AUTHOR), None);

        let json = serde_json::to_string(&metadata).unwrap();
        assert!(json.contains(r#""keywords":["침수","도로"],"pages":12"#), "{json}");
        assert_eq!(serde_json::from_str::<Metadata>(&json).unwrap(), metadata);

        let binary = postcard::to_stdvec(&metadata).unwrap();
        assert_eq!(postcard::from_bytes::<Metadata>(&binary).unwrap(), metadata);
    }
}
