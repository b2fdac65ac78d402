//! The properties of a document as people read them: the one table of their names, in both languages.

use std::collections::BTreeSet;

use madang_document::metadata::{self, Metadata, Value};

use crate::pages::part_name::part_name;
use crate::pages::property_value::Form::{
    Disclosure, Exposure, Flash, Language, LocalMoment, Moment, North, Numbers, Packing, Plain,
    Rate, Seconds, Separator, Share, Stream, Turn, Unit,
};
use crate::pages::property_value::{Form, written};
use crate::pages::words::Words;
use crate::sentence::Sentence;

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
    (metadata::CREDIT, "제공", "Credit", Plain),
    (metadata::INSTRUCTIONS, "사용할 때 지킬 것", "Instructions", Plain),
    (metadata::CAPTION_WRITER, "설명 쓴 이", "Caption by", Plain),
    (metadata::LICENSE, "적힌 이용 허락", "Stated licence", Plain),
    (metadata::DISCLOSURE, "적힌 공개 여부", "Stated disclosure", Disclosure),
    ("mail.from", "보낸 사람", "From", Plain),
    ("mail.to", "받는 사람", "To", Plain),
    ("mail.cc", "참조", "Cc", Plain),
    ("mail.bcc", "숨은 참조", "Bcc", Plain),
    (metadata::TAKEN_AT, "찍은 때", "Taken", LocalMoment),
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
    (metadata::GPS_ERROR, "위치 오차", "Error of the place", Unit("m")),
    (metadata::GPS_DIRECTION, "찍은 방향", "Direction of view", Unit("°")),
    (metadata::GPS_NORTH, "방향의 기준", "Direction counted from", North),
    (metadata::GPS_SPEED, "움직인 속도", "Speed of movement", Unit("km/h")),
    (metadata::GPS_TIME, "위성 시각", "Time of the satellites", Moment),
    (metadata::CAMERA_MAKE, "카메라 제조사", "Camera maker", Plain),
    (metadata::CAMERA_MODEL, "카메라 모델", "Camera model", Plain),
    ("exif.lens_model", "렌즈", "Lens", Plain),
    (metadata::CAMERA_OWNER, "카메라 주인", "Owner of the camera", Plain),
    (metadata::CAMERA_SERIAL, "카메라 일련번호", "Serial number of the camera", Plain),
    (metadata::LENS_SERIAL, "렌즈 일련번호", "Serial number of the lens", Plain),
    ("exif.exposure_time_s", "노출 시간", "Exposure", Exposure),
    ("exif.f_number", "조리개 값", "F-number", Plain),
    ("exif.focal_length_mm", "초점 거리", "Focal length", Unit("mm")),
    ("exif.iso", "감도(ISO)", "ISO speed", Plain),
    ("exif.flash", "플래시", "Flash", Flash),
    (metadata::X_DPI, "가로 해상도", "Horizontal resolution", Unit("dpi")),
    (metadata::Y_DPI, "세로 해상도", "Vertical resolution", Unit("dpi")),
    ("exif.comment", "사진 설명", "Comment on the photo", Plain),
    ("jpeg.comment", "그림 설명", "Comment in the picture", Plain),
    ("gif.comment", "그림 설명", "Comment in the picture", Plain),
    ("comment", "그림 설명", "Comment in the picture", Plain),
    ("png.comment", "그림 설명", "Comment in the picture", Plain),
    ("tiff.document_name", "스캔한 문서 이름", "Name of the scanned document", Plain),
    ("tiff.page_names", "쪽 이름", "Names of pages", Plain),
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
    (metadata::ORIENTATION, "사진 방향(EXIF)", "Orientation (EXIF)", Turn),
    (metadata::BIT_DEPTH, "표본당 비트", "Bits per sample", Plain),
    (metadata::CHANNELS, "색 채널 수", "Channels of colour", Plain),
    (metadata::ICC_PROFILE, "색 프로파일(ICC)", "Colour profile (ICC)", Plain),
    (metadata::COMPRESSION, "압축 방식", "Compression", Packing),
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
    (metadata::SPEECH_LEFT_OUT, "알아듣지 못해 뺀 말", "Stretches of speech not understood", Plain),
    (metadata::SUBTITLE_TRACKS, "자막 수", "Subtitle tracks", Plain),
    (metadata::FPS, "초당 장면 수", "Frames a second", Plain),
    (metadata::ROTATION, "돌림", "Rotation", Unit("°")),
    (metadata::VIDEO_CODEC, "영상 코덱", "Video codec", Plain),
    ("video_profile", "영상 프로파일", "Video profile", Plain),
    ("audio_profile", "소리 프로파일", "Sound profile", Plain),
    ("fps_variable", "프레임 간격이 바뀜", "Frame rate varies", Plain),
    ("color_transfer", "색 전달 특성", "Transfer of colours", Plain),
    ("hdr", "넓은 밝기 범위(HDR)", "High dynamic range (HDR)", Plain),
    ("pixel_aspect", "화소 비율", "Shape of pixels", Plain),
    ("stream_languages", "트랙의 언어", "Languages of tracks", Language),
    (metadata::STREAM_TITLES, "트랙의 이름", "Titles of tracks", Plain),
    ("key_frames", "장면이 있는 때(초)", "Seconds of frames", Plain),
    (metadata::AUDIO_CODEC, "음성 코덱", "Audio codec", Plain),
    (metadata::SAMPLE_RATE, "표본화율", "Sample rate", Unit("Hz")),
    (metadata::AUDIO_CHANNELS, "음성 채널 수", "Channels of sound", Plain),
    (metadata::BIT_RATE, "전송률", "Bit rate", Rate),
    (metadata::STREAMS, "담긴 스트림", "Streams", Stream),
    (metadata::OCR_ENGINE, "문자 인식기", "Text recognised by", Plain),
    (metadata::OCR_PAGES, "글자를 인식한 쪽수", "Pages recognised", Plain),
    (metadata::OCR_CONFIDENCE, "문자 인식 확신도", "Confidence of recognition", Share),
    (metadata::OCR_QUALITY, "바르게 인식된 비율(추정)", "Probably recognised right", Share),
    (metadata::OCR_DOUBTFUL, "잘못 인식된 듯한 쪽", "Pages probably read badly", Numbers),
    (metadata::CONTAINER, "컨테이너", "Container", Plain),
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

/// Properties of which none says much without the others: where some are shown the rest is, too.
const TOGETHER: &[&[&str]] = &[
    &[
        metadata::GPS_LATITUDE,
        metadata::GPS_LONGITUDE,
        metadata::GPS_ALTITUDE,
        metadata::GPS_ERROR,
        metadata::GPS_DIRECTION,
        metadata::GPS_NORTH,
        metadata::GPS_SPEED,
        metadata::GPS_TIME,
    ],
    &[metadata::WIDTH, metadata::HEIGHT],
    &[metadata::X_DPI, metadata::Y_DPI],
    &[metadata::CAMERA_MAKE, metadata::CAMERA_MODEL],
    &["calendar.start", "calendar.end"],
    &["csv.rows", "csv.columns"],
    &["dbf.columns", "dbf.header", "dbf.rows"],
    &["parquet.columns", "parquet.header", "parquet.rows"],
    &[metadata::OCR_CONFIDENCE, metadata::OCR_QUALITY, metadata::OCR_DOUBTFUL],
];

/// What the author named himself keeps the name that the author gave it.
const OWN: [&str; 2] = ["office.", "own."];

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

/// The properties of a document in the order in which people look for them, the first ones and the others: about `first`, with
/// what belongs to the last of them. One that no table knows comes last, under the name that its file gives it.
pub(crate) fn parted(
    words: Words,
    metadata: &Metadata,
    first: usize,
) -> (Vec<Property>, Vec<Property>) {
    let mut rows: Vec<(usize, &str, Property)> = Vec::new();
    for (key, claims) in metadata.all() {
        let (place, name, form) = row(words, key);
        let said = claims.iter().map(|stated| Said {
            value: written(words, form, &stated.value),
            // A file beside it has the name that people gave it.
            part: stated.part_name().map(|part| match stated.is_beside() {
                true => part.to_owned(),
                false => part_name(words, part),
            }),
        });
        rows.push((place, key, Property { name, said: said.collect() }));
    }
    rows.sort_by_key(|(place, ..)| *place);
    let keys: Vec<&str> = rows.iter().map(|(_, key, _)| *key).collect();
    let cut = cut(&keys, first);
    let mut all: Vec<Property> = rows.into_iter().map(|(.., property)| property).collect();
    let rest = all.split_off(cut);
    (all, rest)
}

/// Where properties are cut in two, so that `first` or a few more stand before it.
fn cut(keys: &[&str], first: usize) -> usize {
    let mut cut = first.min(keys.len());
    let goes_on = |cut: usize| {
        let (last, next) = (keys.get(cut.checked_sub(1)?)?, keys.get(cut)?);
        TOGETHER.iter().find(|group| group.contains(last) && group.contains(next))
    };
    while goes_on(cut).is_some() {
        cut += 1;
    }
    cut
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
            let value = |value: Option<&&Value>| Some(written(words, form, value?));
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use madang_document::locale::Locale;

    use super::*;

    fn properties(words: Words, metadata: &Metadata) -> Vec<Property> {
        parted(words, metadata, usize::MAX).0
    }

    #[test]
    fn what_belongs_together_is_not_cut_apart() {
        let mut metadata = Metadata::default();
        for name in [metadata::PAGES, metadata::WIDTH, metadata::HEIGHT, metadata::DURATION] {
            metadata.set(name, 1u32);
        }
        for name in [metadata::GPS_LATITUDE, metadata::GPS_LONGITUDE, metadata::GPS_ALTITUDE] {
            metadata.set(name, 35.5);
        }
        for (first, shown) in
            [(0, 0), (1, 1), (2, 3), (3, 3), (4, 4), (5, 7), (6, 7), (7, 7), (9, 7)]
        {
            let (before, after) = parted(Words(Locale::Korean), &metadata, first);
            assert_eq!((before.len(), after.len()), (shown, 7 - shown), "{first}");
        }
        let names: BTreeSet<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
        for group in TOGETHER {
            let place = |key: &str| TABLE.iter().position(|(name, ..)| *name == key).unwrap();
            assert!(group.iter().all(|key| names.contains(key)), "{group:?}");
            // What stands between them would be cut off from neither.
            assert_eq!(
                place(group[group.len() - 1]) - place(group[0]),
                group.len() - 1,
                "{group:?}"
            );
        }
    }

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
    fn a_file_beside_it_keeps_its_name() {
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
        // Those that readers name themselves, which no fixture may have.
        let readers = std::fs::read_dir(root.join("crates/extract/src/formats")).unwrap();
        for reader in readers.flatten().filter(|file| file.path().is_file()) {
            let source = std::fs::read_to_string(reader.path()).unwrap();
            for verb in [".set(\"", ".set_some(\"", ".add(\""] {
                let named = source.split(verb).skip(1).filter_map(|rest| rest.split('"').next());
                let is_name = |name: &&str| {
                    name.starts_with(|c: char| c.is_ascii_lowercase())
                        && name.chars().all(|c| c.is_ascii_lowercase() || "._".contains(c))
                };
                given.extend(named.filter(is_name).map(str::to_owned));
            }
        }
        assert!(given.contains("csv.separator") && given.contains("hdr"), "{given:?}");
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
