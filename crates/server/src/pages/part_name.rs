use crate::pages::words::Words;

/// Parts of files that have words for names, by us or by the format. What is left stands as it is: names of standards, as in
/// `EXIF`, and of files in packages, as in `docProps/core.xml`.
const PARTS: &[(&str, &str)] = &[
    ("Author", "작성자"),
    ("BOF", "머리 부분"),
    ("COM", "설명"),
    ("Cc", "참조"),
    ("Comment", "설명"),
    ("Contents", "쪽 내용"),
    ("Copyright", "저작권"),
    ("Creation Time", "만든 때 기록"),
    ("CustomDocumentProperties", "사용자 속성"),
    ("DOCSUMMARY", "문서 요약 정보"),
    ("DTEND", "일정 끝"),
    ("DTSTART", "일정 시작"),
    ("Date", "날짜"),
    ("Description", "설명"),
    ("Dialogue", "대사"),
    ("DocumentProperties", "문서 속성"),
    ("DocumentSummaryInformation", "문서 요약 정보"),
    ("Encrypt", "암호화 정보"),
    ("EncryptionInfo", "암호화 정보"),
    ("FN", "이름"),
    ("FileHeader", "머리 부분"),
    ("FilePass", "암호화 정보"),
    ("From", "보낸 사람"),
    ("HwpSummaryInformation", "문서 요약 정보"),
    ("Info", "문서 정보"),
    ("LOCATION", "장소"),
    ("METHOD", "일정의 성격"),
    ("Message-ID", "메일 식별자"),
    ("Outlines", "책갈피"),
    ("PageLabels", "쪽 번호 표시"),
    ("Pages", "쪽 목록"),
    ("PowerPoint Document", "발표 문서"),
    ("SUMMARY", "제목"),
    ("SYNC", "자막 시각"),
    ("Software", "만든 프로그램"),
    ("Source", "출처"),
    ("Subject", "제목"),
    ("SummaryInformation", "문서 요약 정보"),
    ("TITLE", "제목"),
    ("Title", "제목"),
    ("To", "받는 사람"),
    ("WordDocument", "본문"),
    ("Workbook", "통합 문서"),
    ("audio stream", "소리 스트림"),
    ("bext", "방송용 정보"),
    ("byte order mark", "바이트 순서 표시"),
    ("bytes", "바이트"),
    ("chapters", "장 목록"),
    ("codestream", "부호화한 자료"),
    ("comment", "설명"),
    ("comments", "설명"),
    ("container", "컨테이너"),
    ("cues", "자막"),
    ("document summary", "문서 요약 정보"),
    ("first heading", "첫 제목"),
    ("footer", "꼬리 부분"),
    ("front matter", "머리말"),
    ("head", "머리 부분"),
    ("header", "머리 부분"),
    ("image ID", "그림 식별 정보"),
    ("info", "문서 정보"),
    ("message store", "메일 저장소"),
    ("preview", "미리 보기"),
    ("ranges", "나누어 읽은 곳"),
    ("recipients", "받는 사람"),
    ("recognition", "문자 인식"),
    ("row 1", "1번째 행"),
    ("rows", "행"),
    ("sender", "보낸 사람"),
    ("signature", "서명"),
    ("sound", "소리"),
    ("speech", "말소리"),
    ("streams", "스트림"),
    ("stretches of the sound", "소리의 몇 군데"),
    ("synopsis", "줄거리"),
    ("tIME", "고친 때 기록"),
    ("tags", "태그"),
    ("tags of a stream", "스트림의 태그"),
    ("the file around it", "이것을 담은 파일"),
    ("thumbnail", "작은 그림"),
    ("times", "시각 기록"),
    ("title", "제목"),
    ("video stream", "영상 스트림"),
];

/// A part of a file as people read it.
pub(crate) fn part_name(words: Words, part: &str) -> String {
    // The streams of properties of compound files begin with a control character, which is made visible when it is recorded.
    let part = part.trim_start_matches('\u{5}').trim_start_matches(r"\x05");
    let known = PARTS.iter().find(|(name, _)| *name == part);
    known.map_or(part, |(english, korean)| words.say(korean, english)).to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use madang_document::locale::Locale;

    use super::*;

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
        // As HTML, SVG, TTML, LRC, HEIF and QuickTime call them, and Outlook what it keeps; the names of standards.
        let names = [
            "C2PA",
            "DICOM",
            "EXIF",
            "GeoTIFF",
            "HWPML",
            "ICC",
            "IPTC",
            "IPTC object name",
            "JSON-LD",
            "PidLidAppointmentStartWhole",
            "PidLidLocation",
            "PidTagMessageClass",
            "PidTagSubject",
            "Photoshop",
            "TIFF",
            "XMP",
            "gimp-comment",
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
        let is_words =
            |part: &&&str| part.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '-');
        // Of recognition and of chunks of PNG, which no fixture has.
        let others = ["recognition", "speech", "tIME", "Creation Time", "front matter"];
        let all = parts.iter().filter(is_words).copied().chain(others);
        for part in all.filter(|part| !names.contains(part)) {
            let korean = part_name(Words(Locale::Korean), part);
            assert!(!korean.is_ascii(), "{korean}");
            assert_eq!(part_name(Words(Locale::English), part), part);
        }
        for summary in ["\u{5}HwpSummaryInformation", r"\x05HwpSummaryInformation"] {
            assert_eq!(part_name(Words(Locale::Korean), summary), "문서 요약 정보");
            assert_eq!(part_name(Words(Locale::English), summary), "HwpSummaryInformation");
        }
    }
}
