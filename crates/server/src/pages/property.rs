//! The properties of a document as people read them: the one table of their names, in both languages.

use std::collections::BTreeSet;

use madang_document::metadata::{self, Metadata, Value};

use crate::pages::words::{Words, minute};
use crate::sentence::Sentence;
use madang_document::timestamp::Timestamp;

/// How the value of a property is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As it is.
    Plain,
    /// A moment, if it says so; a date or a time of no place stays as it is.
    Moment,
    /// A span, told in seconds.
    Seconds,
    /// With a unit behind it.
    Unit(&'static str),
    /// Bits a second.
    Rate,
    /// The code of a language.
    Language,
    /// The name of a separator.
    Separator,
    /// A word of disclosure.
    Disclosure,
    /// A stream of sound or film, as in `audio:aac`.
    Stream,
}

use Form::{Disclosure, Language, Moment, Plain, Rate, Seconds, Separator, Stream, Unit};

/// Name of a property, in Korean, in English, and how its value is written; in the order of the page.
const TABLE: &[(&str, &str, &str, Form)] = &[
    (metadata::TITLE, "제목", "Title", Plain),
    (metadata::DESCRIPTION, "설명", "Description", Plain),
    (metadata::KEYWORDS, "주제어", "Keywords", Plain),
    (metadata::AUTHOR, "작성자", "Author", Plain),
    (metadata::DEPARTMENT, "담당 부서", "Department", Plain),
    (metadata::PUBLISHER, "발행처", "Publisher", Plain),
    (metadata::CONTRIBUTOR, "함께 만든 이", "Contributor", Plain),
    (metadata::LAST_SAVED_BY, "마지막 저장한 사람", "Last saved by", Plain),
    (metadata::DATE, "일자", "Date", Moment),
    (metadata::CREATED, "만든 때", "Created", Moment),
    (metadata::MODIFIED, "고친 때", "Changed", Moment),
    (metadata::TYPE, "유형", "Type", Plain),
    (metadata::IDENTIFIER, "식별자", "Identifier", Plain),
    (metadata::SOURCE, "출처", "Source", Plain),
    (metadata::LANGUAGE, "적힌 언어", "Stated language", Language),
    (metadata::RELATION, "관련 자료", "Relation", Plain),
    (metadata::COVERAGE, "다루는 곳과 때", "Coverage", Plain),
    (metadata::COPYRIGHT, "저작권", "Copyright", Plain),
    (metadata::LICENSE, "적힌 이용 허락", "Stated licence", Plain),
    (metadata::DISCLOSURE, "적힌 공개 여부", "Stated disclosure", Disclosure),
    ("mail.from", "보낸 사람", "From", Plain),
    ("mail.to", "받는 사람", "To", Plain),
    ("mail.cc", "참조", "Cc", Plain),
    ("mail.bcc", "숨은 참조", "Bcc", Plain),
    (metadata::TAKEN_AT, "찍은 때", "Taken", Moment),
    ("calendar.start", "일정 시작", "Starts", Moment),
    ("calendar.end", "일정 끝", "Ends", Moment),
    ("calendar.location", "장소", "Place", Plain),
    ("calendar.method", "일정의 성격", "Kind of invitation", Plain),
    (metadata::PAGES, "쪽수", "Pages", Plain),
    (metadata::MEMBER_PAGE, "문서에 실린 쪽", "On page", Plain),
    (metadata::SLIDES, "슬라이드 수", "Slides", Plain),
    (metadata::SHEETS, "시트 수", "Sheets", Plain),
    ("chapters", "장", "Chapters", Plain),
    ("csv.header", "열 이름", "Column names", Plain),
    ("dbf.columns", "열 수 (dBase)", "Columns (dBase)", Plain),
    ("dbf.header", "열 이름 (dBase)", "Column names (dBase)", Plain),
    ("dbf.rows", "행 수 (dBase)", "Rows (dBase)", Plain),
    ("parquet.columns", "열 수 (Parquet)", "Columns (Parquet)", Plain),
    ("parquet.header", "열 이름 (Parquet)", "Column names (Parquet)", Plain),
    ("parquet.rows", "행 수 (Parquet)", "Rows (Parquet)", Plain),
    ("sqlite.tables", "표 이름", "Tables", Plain),
    ("csv.rows", "행 수", "Rows", Plain),
    ("csv.columns", "열 수", "Columns", Plain),
    ("csv.separator", "구분자", "Separator", Separator),
    (metadata::WIDTH, "너비", "Width", Unit("px")),
    (metadata::HEIGHT, "높이", "Height", Unit("px")),
    (metadata::DURATION, "길이", "Duration", Seconds),
    (metadata::GPS_LATITUDE, "위도", "Latitude", Unit("°")),
    (metadata::GPS_LONGITUDE, "경도", "Longitude", Unit("°")),
    (metadata::GPS_ALTITUDE, "고도", "Altitude", Unit("m")),
    (metadata::CAMERA_MAKE, "카메라 제조사", "Camera maker", Plain),
    (metadata::CAMERA_MODEL, "카메라 모델", "Camera model", Plain),
    ("exif.lens_model", "렌즈", "Lens", Plain),
    ("exif.exposure_time_s", "노출 시간", "Exposure", Seconds),
    ("exif.f_number", "조리개 값", "F-number", Plain),
    ("exif.focal_length_mm", "초점 거리", "Focal length", Unit("mm")),
    ("exif.iso", "감도(ISO)", "ISO speed", Plain),
    ("exif.flash", "플래시 사용", "Flash fired", Plain),
    (metadata::X_DPI, "가로 해상도", "Horizontal resolution", Unit("dpi")),
    (metadata::Y_DPI, "세로 해상도", "Vertical resolution", Unit("dpi")),
    ("exif.comment", "사진 설명", "Comment on the photo", Plain),
    ("jpeg.comment", "그림 설명", "Comment in the picture", Plain),
    ("gif.comment", "그림 설명", "Comment in the picture", Plain),
    ("comment", "그림 설명", "Comment in the picture", Plain),
    ("png.comment", "그림 설명", "Comment in the picture", Plain),
    ("geo.epsg", "좌표계(EPSG)", "Reference system (EPSG)", Plain),
    ("geo.reference_system", "좌표계 이름", "Name of the reference system", Plain),
    ("geo.bounds", "담은 범위(좌표)", "Bounds (coordinates)", Plain),
    (
        "geo.pixel_size",
        "화소 크기(좌표 단위)",
        "Size of a pixel (units of the reference system)",
        Plain,
    ),
    ("dicom.modality", "촬영 종류(DICOM)", "Modality (DICOM)", Plain),
    ("dicom.body_part", "촬영 부위(DICOM)", "Body part (DICOM)", Plain),
    ("dicom.series", "촬영 이름(DICOM)", "Series (DICOM)", Plain),
    ("dicom.names_patient", "환자 정보 있음", "Names a patient", Plain),
    (metadata::ORIENTATION, "사진 방향(EXIF)", "Orientation (EXIF)", Plain),
    (metadata::BIT_DEPTH, "표본당 비트", "Bits per sample", Plain),
    (metadata::CHANNELS, "색 채널 수", "Channels of colour", Plain),
    (metadata::ICC_PROFILE, "색 프로파일(ICC)", "Colour profile (ICC)", Plain),
    (metadata::COMPRESSION, "압축 방식", "Compression", Plain),
    (metadata::THUMBNAIL, "작은 그림 있음", "Has a thumbnail", Plain),
    (metadata::C2PA, "출처 증명(C2PA) 있음", "Has content credentials (C2PA)", Plain),
    (metadata::FRAMES, "그림 장수", "Frames", Plain),
    ("tag.artist", "연주·진행", "Artist", Plain),
    ("tag.album", "앨범", "Album", Plain),
    ("tag.album_artist", "앨범 연주자", "Album artist", Plain),
    ("tag.composer", "작곡자", "Composer", Plain),
    ("tag.genre", "갈래", "Genre", Plain),
    ("tag.track", "곡 번호", "Track", Plain),
    ("tag.disc", "디스크 번호", "Disc", Plain),
    ("tag.date", "발표한 때", "Released", Moment),
    ("tag.publisher", "발행처", "Publisher", Plain),
    ("tag.language", "음성 언어", "Language of the recording", Language),
    ("tag.comment", "음성 설명", "Comment on the recording", Plain),
    ("tag.encoded_by", "부호화한 프로그램", "Encoded by", Plain),
    (metadata::AUDIO_PRESENT, "소리 있음", "Has sound", Plain),
    (metadata::VOICE, "말소리 있음", "Somebody speaks", Plain),
    (metadata::LOUDNESS, "음량 (LUFS)", "Loudness (LUFS)", Plain),
    (metadata::SPEECH_ENGINE, "받아쓴 엔진", "Transcribed by", Plain),
    (metadata::SUBTITLE_TRACKS, "자막 수", "Subtitle tracks", Plain),
    (metadata::FPS, "초당 장면 수", "Frames a second", Plain),
    (metadata::ROTATION, "돌림", "Rotation", Unit("°")),
    (metadata::VIDEO_CODEC, "영상 코덱", "Video codec", Plain),
    ("video_profile", "영상 프로파일", "Video profile", Plain),
    ("audio_profile", "소리 프로파일", "Sound profile", Plain),
    ("fps_variable", "프레임 간격이 바뀜", "Frame rate varies", Plain),
    ("pixel_aspect", "화소 비율", "Shape of pixels", Plain),
    ("stream_languages", "트랙의 언어", "Languages of tracks", Plain),
    ("key_frames", "장면이 있는 때(초)", "Seconds of frames", Plain),
    (metadata::AUDIO_CODEC, "음성 코덱", "Audio codec", Plain),
    (metadata::SAMPLE_RATE, "표본화율", "Sample rate", Unit("Hz")),
    (metadata::AUDIO_CHANNELS, "음성 채널 수", "Channels of sound", Plain),
    (metadata::BIT_RATE, "전송률", "Bit rate", Rate),
    (metadata::STREAMS, "담긴 줄기", "Streams", Stream),
    (metadata::OCR_ENGINE, "문자 인식기", "Text recognised by", Plain),
    (metadata::OCR_PAGES, "글자를 인식한 쪽수", "Pages recognised", Plain),
    (metadata::OCR_CONFIDENCE, "문자 인식 확신도", "Confidence of recognition", Plain),
    (metadata::OCR_QUALITY, "바르게 인식된 비율(추정)", "Probably recognised right", Plain),
    (metadata::OCR_DOUBTFUL, "잘못 인식된 듯한 쪽", "Pages probably read badly", Plain),
    (metadata::CONTAINER, "영상·음성 파일의 틀", "Container", Plain),
    ("dc.title", "제목(더블린 코어)", "Title (Dublin Core)", Plain),
    ("dc.creator", "만든 이(더블린 코어)", "Creator (Dublin Core)", Plain),
    ("dc.description", "설명(더블린 코어)", "Description (Dublin Core)", Plain),
    (metadata::PRODUCER, "만든 프로그램", "Made with", Plain),
    ("pdf.bookmarks", "책갈피", "Bookmarks", Plain),
    ("pdf.page_labels", "쪽 번호 표시", "Page labels", Plain),
    ("pdf.pages_text", "글로 된 쪽", "Pages of text", Plain),
    ("pdf.pages_both", "글과 그림이 있는 쪽", "Pages of text and pictures", Plain),
    ("pdf.pages_image_only", "그림뿐인 쪽", "Pages of pictures only", Plain),
    ("pdf.pages_unreadable", "글자를 알 수 없는 쪽", "Unreadable pages", Plain),
    ("pdf.pages_drawn", "선이나 도형뿐인 쪽", "Pages of lines and shapes only", Plain),
    ("pdf.pages_blank", "빈 쪽", "Blank pages", Plain),
    ("pdf.creator", "원본 프로그램", "Original program", Plain),
    ("hwp.date", "문서에 적힌 날짜", "Date as written", Plain),
    ("hwp.comments", "문서 설명", "Comments", Plain),
    (metadata::FORMAT_VERSION, "형식 버전", "Version of the format", Plain),
    ("hwp.xml_version", "XML 버전", "Version of the XML", Plain),
    (metadata::ENCODING, "문자 인코딩", "Character encoding", Plain),
    (metadata::ENCRYPTED, "암호화됨", "Encrypted", Plain),
    ("mail.message_id", "메일 식별자", "Message id", Plain),
    ("mail.class", "메일의 성격", "Class of the message", Plain),
    ("mail.links", "링크 주소", "Addresses of links", Plain),
];

/// What the author named himself keeps the name that the author gave it.
const OWN: [&str; 2] = ["office.", "own."];

/// Parts of files that no format names: readers give them English words. All others are names out of the formats, as in
/// `docProps/core.xml`, and stand as they are.
const PARTS: &[(&str, &str)] = &[
    ("DocumentSummaryInformation", "문서 요약 정보"),
    ("HwpSummaryInformation", "문서 요약 정보"),
    ("SummaryInformation", "문서 요약 정보"),
    ("audio stream", "소리 줄기"),
    ("byte order mark", "바이트 순서 표시"),
    ("bytes", "바이트"),
    ("chapters", "장 목록"),
    ("codestream", "부호화한 자료"),
    ("comment", "설명"),
    ("container", "담는 틀"),
    ("cues", "자막"),
    ("document summary", "문서 요약 정보"),
    ("first heading", "첫 제목"),
    ("footer", "꼬리 부분"),
    ("head", "머리 부분"),
    ("header", "머리 부분"),
    ("image ID", "그림 식별 정보"),
    ("info", "문서 정보"),
    ("message store", "메일 저장소"),
    ("preview", "미리 보기"),
    ("ranges", "나누어 읽은 곳"),
    ("recipients", "받는 사람"),
    ("row 1", "1번째 행"),
    ("rows", "행"),
    ("sender", "보낸 사람"),
    ("signature", "서명"),
    ("sound", "소리"),
    ("speech", "말소리"),
    ("streams", "줄기"),
    ("stretches of the sound", "소리의 몇 군데"),
    ("synopsis", "줄거리"),
    ("tags", "태그"),
    ("tags of a stream", "줄기의 태그"),
    ("the file around it", "이것을 담은 파일"),
    ("thumbnail", "작은 그림"),
    ("times", "시각 기록"),
    ("title", "제목"),
    ("video stream", "영상 줄기"),
];

/// A part of a file as people read it.
fn part_name(words: Words, part: &str) -> String {
    // The streams of properties of compound files begin with a control character, which is made visible when it is recorded.
    let part = part.trim_start_matches('\u{5}').trim_start_matches(r"\x05");
    let known = PARTS.iter().find(|(name, _)| *name == part);
    known.map_or(part, |(english, korean)| words.say(korean, english)).to_owned()
}

/// What is said of a property as people read it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) value: String,
    /// The part of the file, or the file beside it, that says so.
    pub(crate) part: Option<String>,
}

/// A property as people read it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) name: String,
    /// What is trusted most comes first.
    pub(crate) said: Vec<Said>,
}

/// The properties of a document in the order in which people look for them. One that no table knows comes last, under
/// the name that its file gives it.
pub(crate) fn properties(words: Words, metadata: &Metadata) -> Vec<Property> {
    let mut rows: Vec<(usize, Property)> = Vec::new();
    for (key, claims) in metadata.all() {
        let (place, name, form) = row(words, key);
        let said = claims.iter().map(|stated| Said {
            value: shortened(written(words, form, &stated.value)),
            // A file beside it has the name that people gave it.
            part: stated.part_name().map(|part| match stated.is_beside() {
                true => part.to_owned(),
                false => part_name(words, part),
            }),
        });
        rows.push((place, Property { name, said: said.collect() }));
    }
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, property)| property).collect()
}

/// Where a property stands in the table, what it is called and how it is written.
fn row(words: Words, key: &str) -> (usize, String, Form) {
    let known = TABLE.iter().enumerate().find(|(_, (name, ..))| *name == key);
    match known {
        Some((place, (_, ko, en, form))) => {
            (place, Sentence::new(ko, en).say(words.0).to_owned(), *form)
        }
        None => (usize::MAX, own_name(key).to_owned(), Plain),
    }
}

/// A property that differs, as people read it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Differing {
    pub(crate) name: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// The properties whose values differ, in the same order: of each what is trusted most.
pub(crate) fn differing(words: Words, before: &Metadata, after: &Metadata) -> Vec<Differing> {
    let (old, new) = (before.plain(), after.plain());
    let keys: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let mut rows: Vec<(usize, Differing)> = Vec::new();
    for key in keys {
        let (one, other) = (old.get(key), new.get(key));
        if one != other {
            let (place, name, form) = row(words, key);
            let value = |value: Option<&&Value>| Some(shortened(written(words, form, value?)));
            rows.push((place, Differing { name, before: value(one), after: value(other) }));
        }
    }
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, differing)| differing).collect()
}

/// The name that the author gave to a property of his own; any other as it is.
fn own_name(key: &str) -> &str {
    OWN.iter().find_map(|own| key.strip_prefix(own)).unwrap_or(key)
}

/// Values of a list that are shown, and characters of a value.
const LIST: usize = 50;
const LONGEST: usize = 1000;

fn shortened(mut text: String) -> String {
    if let Some((cut, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

fn written(words: Words, form: Form, value: &Value) -> String {
    match value {
        Value::Bool(true) => words.say("예", "yes").to_owned(),
        Value::Bool(false) => words.say("아니요", "no").to_owned(),
        Value::Integer(n) => number(words, form, *n as f64, n.to_string()),
        Value::Number(n) => number(words, form, *n, n.to_string()),
        Value::Text(text) => match form {
            Moment => moment(text),
            Language => words.language(text).to_owned(),
            Separator => separator(words, text).to_owned(),
            Disclosure => disclosure(words, text).to_owned(),
            Stream => stream(words, text),
            Plain | Seconds | Unit(_) | Rate => text.clone(),
        },
        Value::List(list) => {
            let some = list.iter().take(LIST).map(|value| match value {
                Value::List(inner) => format!("[{}]", inner.len()),
                other => written(words, form, other),
            });
            let mut written = some.collect::<Vec<String>>().join(", ");
            if list.len() > LIST {
                written.push_str(", …");
            }
            written
        }
    }
}

fn number(words: Words, form: Form, n: f64, plain: String) -> String {
    match form {
        Unit(unit @ "°") => format!("{plain}{unit}"),
        Unit(unit) => format!("{plain} {unit}"),
        Rate => format!("{:.0} kbit/s", n / 1000.0),
        Seconds if n < 60.0 => format!("{plain}{}", words.say("초", " s")),
        Seconds => {
            // A cast of a number that is out of range saturates.
            let whole = n.round() as u64;
            let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
            if hours > 0 {
                format!("{hours}:{minutes:02}:{seconds:02}")
            } else {
                format!("{minutes}:{seconds:02}")
            }
        }
        Plain | Moment | Language | Separator | Disclosure | Stream => plain,
    }
}

/// A moment in Korea; what names no moment (a date, a time without a place) as it is.
fn moment(text: &str) -> String {
    match Timestamp::parse(text) {
        Some(moment) => minute(moment),
        None => text.replacen('T', " ", 1),
    }
}

fn separator(words: Words, name: &str) -> &str {
    match name {
        "comma" => words.say("쉼표", "comma"),
        "semicolon" => words.say("쌍반점", "semicolon"),
        "tab" => words.say("탭", "tab"),
        "bar" => words.say("세로줄", "vertical bar"),
        other => other,
    }
}

/// The kind of a stream before the name of its codec.
fn stream(words: Words, text: &str) -> String {
    let Some((kind, codec)) = text.split_once(':') else { return text.to_owned() };
    let kind = match kind {
        "audio" => words.say("소리", "audio"),
        "video" => words.say("영상", "video"),
        "subtitle" => words.say("자막", "subtitle"),
        "cover" => words.say("표지", "cover"),
        "attachment" => words.say("첨부", "attachment"),
        "other" => words.say("기타", "other"),
        other => other,
    };
    format!("{kind}: {codec}")
}

/// As 정보공개법 has it; what is no word of ours as it is.
fn disclosure(words: Words, word: &str) -> &str {
    match word {
        "public" => words.say("공개", "public"),
        "partial" => words.say("부분공개", "partial"),
        "closed" => words.say("비공개", "closed"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use madang_document::locale::Locale;

    use super::*;

    #[test]
    fn properties_are_read_in_both_languages() {
        let mut metadata = Metadata::default();
        metadata.set(metadata::AUDIO_PRESENT, true);
        metadata.set("csv.separator", "comma");
        metadata.set(metadata::CREATED, "2026-03-02T00:00:00Z");
        metadata.set(metadata::DURATION, 75.4);
        metadata.set(metadata::GPS_LATITUDE, 35.49);
        metadata.set("office.결재 번호", "12");
        metadata.set("unheard.of", 1u32);
        metadata.set(metadata::KEYWORDS, vec!["침수", "도로"]);
        let read = |locale| -> Vec<(String, String)> {
            let properties = properties(Words(locale), &metadata).into_iter();
            properties.map(|Property { name, said }| (name, said[0].value.clone())).collect()
        };
        let pairs = |pairs: [(&str, &str); 8]| pairs.map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(
            read(Locale::Korean),
            pairs([
                ("주제어", "침수, 도로"),
                ("만든 때", "2026-03-02 09:00"),
                ("구분자", "쉼표"),
                ("길이", "1:15"),
                ("위도", "35.49°"),
                ("소리 있음", "예"),
                ("결재 번호", "12"),
                ("unheard.of", "1"),
            ])
        );
        assert_eq!(
            read(Locale::English),
            pairs([
                ("Keywords", "침수, 도로"),
                ("Created", "2026-03-02 09:00"),
                ("Separator", "comma"),
                ("Duration", "1:15"),
                ("Latitude", "35.49°"),
                ("Has sound", "yes"),
                ("결재 번호", "12"),
                ("unheard.of", "1"),
            ])
        );
    }

    #[test]
    fn what_differs_is_named_in_the_order_of_the_page() {
        let (mut before, mut after) = (Metadata::default(), Metadata::default());
        for metadata in [&mut before, &mut after] {
            metadata.set(metadata::AUTHOR, "홍길동");
        }
        before.set(metadata::PAGES, 3_i64);
        before.set("own.등급", "대외");
        after.set(metadata::PAGES, 4_i64);
        after.set(metadata::TITLE, "제목");
        let told = differing(Words(Locale::Korean), &before, &after);
        let told: Vec<_> = told
            .iter()
            .map(|one| (one.name.as_str(), one.before.as_deref(), one.after.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("제목", None, Some("제목")),
                ("쪽수", Some("3"), Some("4")),
                ("등급", Some("대외"), None)
            ]
        );
    }

    #[test]
    fn each_value_has_the_part_that_says_so() {
        let mut metadata = Metadata::default();
        metadata.at("Info").set(metadata::CREATED, "2026-03-02T00:00:00Z");
        metadata.at("XMP").add(metadata::CREATED, "2026-03-03");
        metadata.set(metadata::PAGES, 3u32);
        let read = properties(Words(Locale::English), &metadata);
        let said = |value: &str, part: Option<&str>| Said {
            value: value.into(),
            part: part.map(str::to_owned),
        };
        let created = vec![said("2026-03-02 09:00", Some("Info")), said("2026-03-03", Some("XMP"))];
        assert_eq!(read[0], Property { name: "Created".into(), said: created });
        assert_eq!(read[1], Property { name: "Pages".into(), said: vec![said("3", None)] });
    }

    #[test]
    fn a_part_without_a_name_of_its_own_is_told_in_the_language_of_the_page() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let golden = std::fs::read_to_string(root.join("fixtures/parts.expected")).unwrap();
        let parts: BTreeSet<&str> = golden
            .lines()
            .filter_map(|line| line.split_once(": "))
            .flat_map(|(_, parts)| parts.split(" > "))
            .collect();
        assert!(parts.contains("row 1") && parts.contains("docProps/core.xml"), "{parts:?}");
        // As HTML, SVG, TTML, LRC, HEIF and QuickTime call them.
        let names = [
            "irot",
            "svg",
            "al",
            "ar",
            "ti",
            "a href",
            "html lang",
            "meta description",
            "meta generator",
            "meta keywords",
            "p",
            "udta",
        ];
        let is_words = |part: &&&str| {
            part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == ' ')
        };
        for part in parts.iter().filter(is_words).filter(|part| !names.contains(part)) {
            let korean = part_name(Words(Locale::Korean), part);
            assert!(!korean.is_ascii(), "{korean}");
            assert_eq!(part_name(Words(Locale::English), part), *part);
        }
        for summary in ["\u{5}HwpSummaryInformation", r"\x05HwpSummaryInformation"] {
            assert_eq!(part_name(Words(Locale::Korean), summary), "문서 요약 정보");
            assert_eq!(part_name(Words(Locale::English), summary), "HwpSummaryInformation");
        }
        let mut metadata = Metadata::default();
        metadata.at("row 1").set("csv.header", "가");
        let beside = Some(metadata::Part::Beside("tags".into()));
        metadata.add(metadata::TITLE, metadata::Stated { value: "나".into(), part: beside });
        let read = properties(Words(Locale::Korean), &metadata);
        let told: Vec<_> = read.iter().map(|one| one.said[0].part.as_deref()).collect();
        assert_eq!(told, [Some("tags"), Some("1번째 행")]);
    }

    #[test]
    fn words_of_disclosure_are_told_in_the_language_of_the_page() {
        for (word, korean) in [
            ("public", "공개"),
            ("partial", "부분공개"),
            ("closed", "비공개"),
            ("대외비", "대외비"),
        ] {
            let mut metadata = Metadata::default();
            metadata.set(metadata::DISCLOSURE, word);
            let read = |locale| properties(Words(locale), &metadata)[0].said[0].value.clone();
            assert_eq!((read(Locale::Korean), read(Locale::English)), (korean.into(), word.into()));
        }
    }

    #[test]
    fn values_are_written_with_their_units() {
        let words = Words(Locale::Korean);
        for (form, value, expected) in [
            (Seconds, Value::Number(0.89), "0.89초"),
            (Seconds, Value::Integer(3723), "1:02:03"),
            (Rate, Value::Integer(127_010), "127 kbit/s"),
            (Unit("px"), Value::Integer(640), "640 px"),
            (Moment, Value::from("2026-03-05T10:00:00"), "2026-03-05 10:00:00"),
            (Moment, Value::from("2026-03-02"), "2026-03-02"),
            (Language, Value::from("ko"), "한국어"),
            (Separator, Value::from("|"), "|"),
            (Stream, Value::from(vec!["video:h264", "audio:aac"]), "영상: h264, 소리: aac"),
            (Stream, Value::from("subtitle:subrip"), "자막: subrip"),
            (Plain, Value::from(vec!["가"; 51]), &("가, ".repeat(50) + "…")),
        ] {
            assert_eq!(written(words, form, &value), expected, "{form:?}");
        }
        assert_eq!(shortened("가".repeat(1001)).chars().count(), 1001);
    }

    /// Every property that a reader gives has its name: those of the vocabulary, and those that the fixtures hold.
    #[test]
    fn every_property_has_a_name_in_both_languages() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let vocabulary = root.join("crates/document/src/metadata.rs");
        let vocabulary = std::fs::read_to_string(vocabulary).unwrap();
        let mut given: BTreeSet<String> = vocabulary
            .lines()
            .filter(|line| line.starts_with("pub const "))
            .filter_map(|line| line.split('"').nth(1).map(str::to_owned))
            .collect();
        assert!(given.len() > 30, "{given:?}");
        for folder in std::fs::read_dir(root.join("fixtures")).unwrap().flatten() {
            for file in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                if file.path().extension().is_none_or(|extension| extension != "expected") {
                    continue;
                }
                let expected = std::fs::read_to_string(file.path()).unwrap();
                // The properties stand between the head and the text, indented by two; their further lines by more.
                let properties = expected
                    .lines()
                    .skip_while(|line| !line.starts_with("  "))
                    .take_while(|line| line.starts_with("  "))
                    .filter_map(|line| line.strip_prefix("  "))
                    .filter(|line| !line.starts_with(' '))
                    .filter_map(|line| line.split_once(": ").map(|(name, _)| name.to_owned()));
                given.extend(properties);
            }
        }
        assert!(given.contains("csv.separator"), "{given:?}");
        let names: BTreeSet<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names.len(), TABLE.len(), "each once");
        let nameless: Vec<&String> = given
            .iter()
            .filter(|name| own_name(name) == name.as_str() && !names.contains(name.as_str()))
            .collect();
        assert!(nameless.is_empty(), "{nameless:?}");
        for (name, ko, en, _) in TABLE {
            assert!(!ko.is_ascii() && en.is_ascii(), "{name}: {ko}, {en}");
        }
    }
}
