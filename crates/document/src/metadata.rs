//! Properties of a document, under the field's own words.
//!
//! Every format says the same thing by the same name: the constants below are the vocabulary. A property
//! that only one format has keeps a prefix (`exif.`, `pdf.`, `hwp.`, `mail.`, `tag.`). What each is called in
//! Dublin Core stands in [`crate::term`].

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
/// Who made it available, as an agency.
pub const PUBLISHER: &str = "dc.publisher";
/// Who else had a part in it. Personal data, as [`AUTHOR`].
pub const CONTRIBUTOR: &str = "dc.contributor";
/// The date that it bears, or of its publication: as it is written, or a date of ISO 8601.
pub const DATE: &str = "dc.date";
/// What kind of thing it is, as its owner says: `보도자료`, `Image`.
pub const TYPE: &str = "dc.type";
/// What it is called where it is kept: a number of a document, a DOI.
pub const IDENTIFIER: &str = "dc.identifier";
/// The language that it says it is in.
pub const LANGUAGE: &str = "dc.language";
/// What it was taken from.
pub const SOURCE: &str = "dc.source";
/// What it belongs to.
pub const RELATION: &str = "dc.relation";
/// Where and when what it tells of is.
pub const COVERAGE: &str = "dc.coverage";
/// The department that answers for it.
pub const DEPARTMENT: &str = "department";
/// The licence that its owner claims for it. It widens nothing that its pipeline declares.
pub const LICENSE: &str = "license";
/// Whether it is open to the public, as its owner claims: `public`, `partial`, `closed`. It widens nothing that its
/// pipeline declares.
pub const DISCLOSURE: &str = "disclosure";
/// Copyright notice.
pub const COPYRIGHT: &str = "copyright";
/// Whom it has to be credited to where it is published (IPTC).
pub const CREDIT: &str = "iptc.credit";
/// What whoever uses it has to heed: an embargo, a limit on its use (IPTC).
pub const INSTRUCTIONS: &str = "iptc.instructions";
/// Who wrote its caption (IPTC). Personal data, as [`AUTHOR`].
pub const CAPTION_WRITER: &str = "iptc.caption_writer";
/// Version of the file format, as in `5.1.0.1` or `1.7`.
pub const FORMAT_VERSION: &str = "format_version";
/// Character encoding of a text file, WHATWG name.
pub const ENCODING: &str = "encoding";
/// Number of pages.
pub const PAGES: &str = "pages";
/// The page of the document on which this member of it stands, from 1.
pub const MEMBER_PAGE: &str = "member.page";
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
/// Dots per inch across, as the file says they are meant to be shown.
pub const X_DPI: &str = "x_dpi";
/// Dots per inch down.
pub const Y_DPI: &str = "y_dpi";
/// Name of the colour profile (ICC).
pub const ICC_PROFILE: &str = "icc_profile";
/// How the pixels are packed, as in `deflate`.
pub const COMPRESSION: &str = "compression";
/// Whether a small picture of it is stored in the file.
pub const THUMBNAIL: &str = "thumbnail";
/// Whether the file holds a statement of where it comes from (C2PA). It is not checked.
pub const C2PA: &str = "c2pa";
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
/// Up to how far the place may be wrong, metres.
pub const GPS_ERROR: &str = "gps_error_m";
/// Where the camera looked, degrees clockwise from the north that [`GPS_NORTH`] names.
pub const GPS_DIRECTION: &str = "gps_direction_deg";
/// Which north [`GPS_DIRECTION`] counts from: `true` or `magnetic`.
pub const GPS_NORTH: &str = "gps_north";
/// How fast the receiver moved, kilometres an hour.
pub const GPS_SPEED: &str = "gps_speed_kmh";
/// When the satellites said that it was taken, written as [`CREATED`], in UTC.
pub const GPS_TIME: &str = "gps_time";
/// Owner of the camera. Personal data, as [`AUTHOR`].
pub const CAMERA_OWNER: &str = "exif.camera_owner";
/// Serial number of the camera, which leads to whoever bought it. Personal data, as [`AUTHOR`].
pub const CAMERA_SERIAL: &str = "exif.camera_serial";
/// Serial number of the lens. Personal data, as [`AUTHOR`].
pub const LENS_SERIAL: &str = "exif.lens_serial";
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
/// Whether somebody is likely to speak in it.
pub const VOICE: &str = "voice";
/// How loud it is, integrated loudness of EBU R 128 in LUFS.
pub const LOUDNESS: &str = "loudness_lufs";
/// The engine that wrote down what is said, with its version and model.
pub const SPEECH_ENGINE: &str = "speech_engine";
/// How many stretches of speech were not written down because the engine only guessed what is said.
pub const SPEECH_LEFT_OUT: &str = "speech_left_out";
/// Number of subtitle tracks.
pub const SUBTITLE_TRACKS: &str = "subtitle_tracks";
/// What the tracks of a film or a recording are called.
pub const STREAM_TITLES: &str = "stream_titles";
/// Streams of an audio or video file, a list such as `video:h264`.
pub const STREAMS: &str = "streams";
/// The engine that read what is written in pictures, and its version.
pub const OCR_ENGINE: &str = "ocr.engine";
/// Pages on which it read something.
pub const OCR_PAGES: &str = "ocr.pages";
/// How sure it was, from 0 to 1: the mean of all that it read, by letters.
pub const OCR_CONFIDENCE: &str = "ocr.confidence";
/// What part of the characters is probably right, from 0 to 1.
pub const OCR_QUALITY: &str = "ocr.quality";
/// The pages that are probably read badly.
pub const OCR_DOUBTFUL: &str = "ocr.pages_doubtful";

/// Properties by name, each with the part of the file that says so; names are ordered, so that two equal sets serialise
/// to the same bytes.
///
/// Where several parts say different things of one property all of it is kept, what is trusted most first. Only that is
/// the value; whoever asks for [`Metadata::stated`] sees the others behind it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    fields: BTreeMap<String, Vec<Stated>>,
}

/// Values of one property that are kept: a file has few parts that say the same thing.
const MOST: usize = 8;

impl Metadata {
    /// Sets a property of the file as a whole; see [`At::set`].
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.put(name, value.into(), None);
    }

    /// Sets a property of the file as a whole if there is a value.
    pub fn set_some<V: Into<Value>>(&mut self, name: &str, value: Option<V>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// For what a part of the file says, as in `docProps/core.xml`.
    pub fn at<'a>(&'a mut self, part: &'a str) -> At<'a> {
        At { metadata: self, part }
    }

    fn put(&mut self, name: &str, value: Value, part: Option<Part>) {
        let Some(value) = value.cleaned() else { return };
        let claims = self.fields.entry(name.to_owned()).or_default();
        claims.retain(|claim| claim.part != part && claim.value != value);
        claims.truncate(MOST - 1);
        claims.insert(0, Stated { value, part });
    }

    /// Adds what somebody says behind what is there. Nothing, if it is there already.
    pub fn add(&mut self, name: &str, stated: Stated) {
        let Stated { value, part } = stated;
        let Some(value) = value.cleaned() else { return };
        let claims = self.fields.entry(name.to_owned()).or_default();
        let is_said = claims.iter().any(|claim| claim.part == part || claim.value == value);
        if !is_said && claims.len() < MOST {
            claims.push(Stated { value, part });
        }
    }

    /// Puts before all that is there what these say, in their order: they are trusted more.
    pub fn trust(&mut self, before: Metadata) {
        let behind = std::mem::replace(self, before);
        for (name, claims) in behind.fields {
            for stated in claims {
                self.add(&name, stated);
            }
        }
    }

    /// What is said of the property of this name, what is trusted most first.
    pub fn stated(&self, name: &str) -> &[Stated] {
        self.fields.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The property of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.stated(name).first().map(|stated| &stated.value)
    }

    /// The property of this name, if it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The property of this name, if it is a whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Value::Integer(n)) => Some(*n),
            _ => None,
        }
    }

    /// The property of this name, if it is a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name) {
            Some(Value::Number(n)) => Some(*n),
            Some(Value::Integer(n)) => Some(*n as f64),
            _ => None,
        }
    }

    /// All properties, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.all().filter_map(|(name, claims)| Some((name, &claims.first()?.value)))
    }

    /// All properties with all that is said of them, ordered by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &[Stated])> {
        self.fields.iter().map(|(name, claims)| (name.as_str(), claims.as_slice()))
    }

    /// The values by name, without their parts: what JSON shows as `metadata`.
    pub fn plain(&self) -> BTreeMap<&str, &Value> {
        self.iter().collect()
    }

    /// Number of properties.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Bytes of all names, texts and parts together: what a limit on metadata counts.
    pub fn size(&self) -> usize {
        let size = |(name, claims): (&String, &Vec<Stated>)| {
            claims.iter().map(|stated| name.len() + stated.size()).sum::<usize>()
        };
        self.fields.iter().map(size).sum()
    }
}

/// Takes what one part of a file says.
#[derive(Debug)]
pub struct At<'a> {
    metadata: &'a mut Metadata,
    part: &'a str,
}

impl At<'_> {
    /// Sets a property; blank text is not a value and is left out. What this part said before is forgotten, what others
    /// say that differs stays behind it.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.metadata.put(name, value.into(), Some(Part::Inside(self.part.to_owned())));
    }

    /// Sets a property if there is a value.
    pub fn set_some<V: Into<Value>>(&mut self, name: &str, value: Option<V>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Adds a property behind what is there, if this part is trusted less; see [`Metadata::add`].
    pub fn add(&mut self, name: &str, value: impl Into<Value>) {
        let part = Some(Part::Inside(self.part.to_owned()));
        self.metadata.add(name, Stated { value: value.into(), part });
    }

    /// Adds a property behind what is there, if there is a value.
    pub fn add_some<V: Into<Value>>(&mut self, name: &str, value: Option<V>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }
}

/// A value, and who says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stated {
    /// The value.
    pub value: Value,
    /// The part that says so; none where the file as a whole does, as of the number of its pages.
    #[serde(flatten)]
    pub part: Option<Part>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Part {
    /// A part of the file, by the name that it has in its format: `docProps/core.xml`, `XMP`, `Subject`.
    #[serde(rename = "part")]
    Inside(String),
    /// A file beside it that describes it, by its name.
    #[serde(rename = "beside")]
    Beside(String),
}

impl Part {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Part::Inside(name) | Part::Beside(name) => name,
        }
    }
}

impl Stated {
    /// The name of the part.
    pub fn part_name(&self) -> Option<&str> {
        self.part.as_ref().map(Part::name)
    }

    /// Whether a file beside the one that it is about says so.
    pub fn is_beside(&self) -> bool {
        matches!(self.part, Some(Part::Beside(_)))
    }

    /// Bytes of its texts and of the part's name; 8 for anything else.
    pub fn size(&self) -> usize {
        self.value.size() + self.part_name().map_or(0, str::len)
    }
}

/// In JSON a property is its plain value where the file as a whole says it and nobody else does; otherwise an object, which
/// no value is.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Said {
    Plain(Value),
    Stated {
        value: Value,
        #[serde(flatten)]
        part: Option<Part>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        also: Vec<Stated>,
    },
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            let bare = |stated: &Stated| (stated.value.clone(), stated.part.clone());
            let said = self.fields.iter().map(|(name, claims)| {
                (name, claims.iter().map(bare).collect::<Vec<(Value, Option<Part>)>>())
            });
            return serializer.collect_map(said);
        }
        let said = self.fields.iter().filter_map(|(name, claims)| {
            let (first, also) = claims.split_first()?;
            let (value, part) = (first.value.clone(), first.part.clone());
            Some((
                name,
                match (&part, also) {
                    (None, []) => Said::Plain(value),
                    _ => Said::Stated { value, part, also: also.to_vec() },
                },
            ))
        });
        serializer.collect_map(said)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Metadata, D::Error> {
        if !deserializer.is_human_readable() {
            type Bare = BTreeMap<String, Vec<(Value, Option<Part>)>>;
            let fields = Bare::deserialize(deserializer)?.into_iter().map(|(name, claims)| {
                let stated = claims.into_iter().map(|(value, part)| Stated { value, part });
                (name, stated.collect())
            });
            return Ok(Metadata { fields: fields.collect() });
        }
        let said: BTreeMap<String, Said> = Deserialize::deserialize(deserializer)?;
        let fields = said.into_iter().map(|(name, said)| {
            let claims = match said {
                Said::Plain(value) => vec![Stated { value, part: None }],
                Said::Stated { value, part, mut also } => {
                    also.insert(0, Stated { value, part });
                    also
                }
            };
            (name, claims)
        });
        Ok(Metadata { fields: fields.collect() })
    }
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

impl Value {
    /// The value without what is none: blank text and empty lists. Texts are trimmed, and lose the NULs and control
    /// characters that fixed-size fields of old formats are full of.
    pub fn cleaned(self) -> Option<Value> {
        match self {
            Value::Text(text) => clean(&text).map(Value::Text),
            Value::List(list) if list.is_empty() => None,
            other @ (Value::Bool(_) | Value::Integer(_) | Value::Number(_) | Value::List(_)) => {
                Some(other)
            }
        }
    }

    /// Bytes of its texts; 8 for anything else.
    pub fn size(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            Value::List(list) => list.iter().map(Value::size).sum(),
            Value::Bool(_) | Value::Integer(_) | Value::Number(_) => 8,
        }
    }
}

fn clean(text: &str) -> Option<String> {
    let text: String =
        text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
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

        metadata.at("docProps/core.xml").set(TITLE, "점검");
        metadata.at("Info").add(TITLE, vec!["다른"]);
        metadata.at("Info").set(DURATION, 2.0);
        let beside = Part::Beside("a.hwp.meta.yml".into());
        metadata.add(PAGES, Stated { value: 13u32.into(), part: Some(beside) });
        let json = serde_json::to_string(&metadata).unwrap();
        let title = r#""title":{"value":"점검","part":"docProps/core.xml","also":[{"value":"안전점검 보고서"},{"value":["다른"],"part":"Info"}]}"#;
        assert!(json.contains(title), "{json}");
        assert!(json.contains(r#""also":[{"value":13,"beside":"a.hwp.meta.yml"}]"#), "{json}");
        assert_eq!(serde_json::from_str::<Metadata>(&json).unwrap(), metadata);
        let tree = serde_json::to_value(&metadata).unwrap();
        assert_eq!(serde_json::from_value::<Metadata>(tree).unwrap(), metadata);

        let binary = postcard::to_stdvec(&metadata).unwrap();
        assert_eq!(postcard::from_bytes::<Metadata>(&binary).unwrap(), metadata);
    }

    #[test]
    fn what_parts_say_differently_is_kept_in_the_order_of_trust() {
        let mut metadata = Metadata::default();
        let said = |metadata: &Metadata| -> Vec<(String, String)> {
            let texts = metadata.stated(TITLE).iter().map(|stated| match &stated.value {
                Value::Text(text) => (text.clone(), stated.part_name().unwrap_or("-").to_owned()),
                other => panic!("{other:?}"),
            });
            texts.collect()
        };
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        metadata.at("Info").set(TITLE, "가");
        metadata.at("Info").set(TITLE, "나");
        assert_eq!(said(&metadata), pairs(&[("나", "Info")]), "a part says one thing");
        metadata.at("XMP").add(TITLE, "나");
        assert_eq!(said(&metadata), pairs(&[("나", "Info")]), "who agrees adds nothing");
        metadata.at("XMP").add(TITLE, "다");
        metadata.at("page").set(TITLE, "라");
        let mut expected = pairs(&[("라", "page"), ("나", "Info"), ("다", "XMP")]);
        assert_eq!(said(&metadata), expected);
        let mut beside = Metadata::default();
        let part = Some(Part::Beside("a.xmp".into()));
        beside.add(TITLE, Stated { value: "마".into(), part });
        metadata.trust(beside);
        expected.insert(0, ("마".into(), "a.xmp".into()));
        assert_eq!(said(&metadata), expected);
        assert_eq!(metadata.text(TITLE), Some("마"));
        for n in 0..50 {
            metadata.at(&format!("part {n}")).set(TITLE, n.to_string());
        }
        assert_eq!(metadata.stated(TITLE).len(), MOST);
        assert_eq!(metadata.text(TITLE), Some("49"));
    }
}
