//! Words and figures as people read them.

use madang_document::agency::Agency;
use madang_document::document::Provenance;
use madang_document::failure_kind::FailureKind;
use madang_document::locale::Locale;
use madang_document::object_key;
use madang_document::outcome::Outcome;
use madang_document::shown::Shown;
use madang_document::timestamp::Timestamp;
use madang_ledger::jobs::{JobState, Task};
use madang_ledger::notes::By;
use madang_ledger::reader::Reader;

/// The words of one language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words(pub(crate) Locale);

impl Words {
    /// One of two phrases.
    pub(crate) fn say(self, ko: &'static str, en: &'static str) -> &'static str {
        match self.0 {
            Locale::Korean => ko,
            Locale::English => en,
        }
    }

    /// The name of a kind of document.
    pub(crate) fn kind(self, kind: &str) -> &str {
        match kind {
            "document" => self.say("문서", "Documents"),
            "table" => self.say("표", "Tables"),
            "text" => self.say("텍스트", "Text"),
            "mail" => self.say("메일", "Mail"),
            "image" => self.say("이미지", "Images"),
            "video" => self.say("영상", "Video"),
            "audio" => self.say("음성", "Audio"),
            "archive" => self.say("압축", "Archives"),
            "other" => self.say("기타", "Other"),
            _ => kind,
        }
    }

    /// The name of an outcome.
    pub(crate) fn outcome(self, outcome: &str) -> &str {
        Outcome::parse(outcome).map_or(outcome, |outcome| outcome.label(self.0))
    }

    /// The name of why something was not read, or not whole, by its word.
    pub(crate) fn reason(self, word: &str) -> &str {
        match word {
            "left_alone" => self.say("남겨 둔 것이 있음", "something left alone"),
            "damaged" => self.say("손상됨", "damaged"),
            "truncated" => self.say("끝이 잘림", "cut short"),
            "missing" => self.say("빠진 것이 있음", "something missing"),
            "encrypted" => self.say("암호가 걸림", "encrypted"),
            "rights_management" => self.say("DRM으로 보호됨", "rights management"),
            "no_reader" => self.say("읽지 못하는 형식", "no reader"),
            "unknown_format" => self.say("모르는 형식", "unknown format"),
            "too_large" => self.say("너무 큼", "too large"),
            "too_many" => self.say("너무 많음", "too many"),
            "cut" => self.say("한도에서 잘림", "cut at a limit"),
            "time" => self.say("시간 한도", "time limit"),
            "memory" => self.say("메모리 한도", "memory limit"),
            "crashed" => self.say("읽다가 멈춤", "reader ended"),
            "not_installed" => self.say("필요한 프로그램 없음", "not installed"),
            "put_off" => self.say("문자 인식 대기 중", "recognition to come"),
            "hidden" => self.say("숨긴 내용이 있음", "something hidden"),
            "finding" => self.say("확인할 것이 있음", "a finding"),
            "beside" => self.say("설명 파일에 문제", "what lies beside it"),
            "characters" => self.say("글자를 알 수 없음", "characters not known"),
            "check_sum" => self.say("검사합이 다름", "check sum differs"),
            "empty" => self.say("글자 없음", "no text"),
            "encoding" => self.say("글자 부호 문제", "encoding"),
            "gone" => self.say("파일이 없어짐", "gone"),
            "house" => self.say("내부 문제", "of this service"),
            "interrupted" => self.say("중단됨", "interrupted"),
            "method" => self.say("읽지 못하는 압축 방식", "packing not read"),
            "no_cue" => self.say("자막 시각 문제", "no cue"),
            "no_preview" => self.say("미리보기 없음", "no preview"),
            "not_understood" => self.say("말소리를 알아듣지 못함", "speech not understood"),
            "nothing_to_read" => self.say("읽을 파일이 아님", "nothing to read"),
            "said" => self.say("그 밖의 사유", "other"),
            "split_part" => self.say("나눈 압축 파일의 조각", "part of a split archive"),
            "store" => self.say("저장소 문제", "store"),
            "told_already" => self.say("자막에 이미 있음", "told by subtitles"),
            other => other,
        }
    }

    /// The name of a kind of failure.
    pub(crate) fn failure(self, kind: FailureKind) -> &'static str {
        match kind {
            FailureKind::Corrupt
            | FailureKind::Crashed
            | FailureKind::Timeout
            | FailureKind::Memory => self.outcome(kind.as_str()),
            FailureKind::Read => self.say("저장소 오류", "store"),
            FailureKind::Gone => self.say("보이지 않음", "missing"),
            FailureKind::House => self.say("기록 거부", "not recorded"),
            FailureKind::Interrupted => self.say("중단", "interrupted"),
            FailureKind::Unknown => self.say("모르는 사유", "unknown"),
        }
    }

    /// The name of a job's state.
    pub(crate) fn state(self, state: JobState) -> &'static str {
        match state {
            JobState::Ready => self.say("대기", "ready"),
            JobState::Leased => self.say("처리 중", "in work"),
            JobState::Done => self.say("완료", "done"),
            JobState::Quarantined => self.say("격리", "quarantined"),
            JobState::Cancelled => self.say("취소", "cancelled"),
        }
    }

    /// The name of a task.
    pub(crate) fn task(self, task: Task) -> &'static str {
        match task {
            Task::Extract => self.say("읽기", "read"),
            Task::Delete => self.say("지우기", "withdraw"),
        }
    }

    /// Who passed something over.
    pub(crate) fn by(self, by: &By) -> String {
        match by {
            By::Reader(Reader::Index(partition)) => {
                let agency = self.agency(partition.agency.as_str());
                format!("{} {agency}", self.say("색인", "index of"))
            }
            By::Reader(Reader::Cataloguer) => self.say("데이터 목록", "catalogue").to_owned(),
            By::Reader(Reader::Registry(name)) => {
                format!("{} {name}", self.say("등록부", "registry"))
            }
            By::Reader(Reader::Eraser) => self.say("지우기", "eraser").to_owned(),
            By::Source(pipeline) => format!("{} {pipeline}", self.say("수집 폴더", "pipeline")),
            By::Previews => self.say("미리보기", "previews").to_owned(),
            By::Texts => self.say("글", "texts").to_owned(),
        }
    }

    /// What read a document, with its version, as in `hwp5 3`; a word for it where no format fits.
    pub(crate) fn reader(self, format: &str, version: u32) -> String {
        match format {
            Provenance::NONE => self.say("없음", "none").to_owned(),
            _ => format!("{format} {version}"),
        }
    }

    /// The name of a language, by its code of two or three letters, whatever region stands behind it.
    pub(crate) fn language(self, code: &str) -> &str {
        let primary = code.split(['-', '_']).next().unwrap_or(code);
        let is_it = |codes: &[&str]| codes.iter().any(|known| known.eq_ignore_ascii_case(primary));
        let row = LANGUAGES.iter().find(|(codes, ..)| is_it(codes));
        row.map_or(code, |(_, ko, en)| self.say(ko, en))
    }

    /// Numbers of pages, as in `3, 5`.
    pub(crate) fn pages(self, numbers: &str) -> String {
        let numbers: Vec<&str> = numbers.split(',').map(str::trim).collect();
        match (self.0, numbers.len()) {
            (Locale::Korean, _) => {
                numbers.iter().map(|number| format!("{number}쪽")).collect::<Vec<_>>().join(", ")
            }
            (Locale::English, 1) => format!("page {}", numbers.concat()),
            (Locale::English, _) => format!("pages {}", numbers.join(", ")),
        }
    }

    /// An agency: its code, or that there is none.
    pub(crate) fn agency(self, code: &str) -> &str {
        if code == Agency::UNDECLARED { self.say("기관 미지정", "no agency") } else { code }
    }
}

/// Languages by their codes (ISO 639-1, 639-2): those of the country, of those who live in it from elsewhere, and of what is
/// sent from abroad.
const LANGUAGES: &[(&[&str], &str, &str)] = &[
    (&["ko", "kor"], "한국어", "Korean"),
    (&["en", "eng"], "영어", "English"),
    (&["ja", "jpn"], "일본어", "Japanese"),
    (&["zh", "zho", "chi"], "중국어", "Chinese"),
    (&["vi", "vie"], "베트남어", "Vietnamese"),
    (&["th", "tha"], "태국어", "Thai"),
    (&["id", "ind"], "인도네시아어", "Indonesian"),
    (&["ms", "msa", "may"], "말레이어", "Malay"),
    (&["tl", "fil", "tgl"], "필리핀어", "Filipino"),
    (&["km", "khm"], "크메르어", "Khmer"),
    (&["my", "mya", "bur"], "미얀마어", "Burmese"),
    (&["lo", "lao"], "라오어", "Lao"),
    (&["mn", "mon"], "몽골어", "Mongolian"),
    (&["ne", "nep"], "네팔어", "Nepali"),
    (&["bn", "ben"], "벵골어", "Bengali"),
    (&["hi", "hin"], "힌디어", "Hindi"),
    (&["ur", "urd"], "우르두어", "Urdu"),
    (&["si", "sin"], "싱할라어", "Sinhala"),
    (&["uz", "uzb"], "우즈베크어", "Uzbek"),
    (&["kk", "kaz"], "카자흐어", "Kazakh"),
    (&["ru", "rus"], "러시아어", "Russian"),
    (&["uk", "ukr"], "우크라이나어", "Ukrainian"),
    (&["ar", "ara"], "아랍어", "Arabic"),
    (&["fa", "fas", "per"], "페르시아어", "Persian"),
    (&["he", "heb"], "히브리어", "Hebrew"),
    (&["tr", "tur"], "튀르키예어", "Turkish"),
    (&["fr", "fra", "fre"], "프랑스어", "French"),
    (&["de", "deu", "ger"], "독일어", "German"),
    (&["es", "spa"], "스페인어", "Spanish"),
    (&["pt", "por"], "포르투갈어", "Portuguese"),
    (&["it", "ita"], "이탈리아어", "Italian"),
    (&["nl", "nld", "dut"], "네덜란드어", "Dutch"),
    (&["pl", "pol"], "폴란드어", "Polish"),
    (&["cs", "ces", "cze"], "체코어", "Czech"),
    (&["hu", "hun"], "헝가리어", "Hungarian"),
    (&["sv", "swe"], "스웨덴어", "Swedish"),
    (&["da", "dan"], "덴마크어", "Danish"),
    (&["no", "nb", "nor"], "노르웨이어", "Norwegian"),
    (&["fi", "fin"], "핀란드어", "Finnish"),
    (&["el", "ell", "gre"], "그리스어", "Greek"),
    (&["la", "lat"], "라틴어", "Latin"),
    (&["und"], "알 수 없음", "unknown"),
];

/// The everyday name of a media type.
pub(crate) fn format(media_type: &str) -> &str {
    match media_type {
        "application/pdf" => "PDF",
        "application/x-hwp" => "HWP",
        "application/hwp+zip" => "HWPX",
        "application/msword" => "DOC",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "DOCX",
        "application/vnd.ms-excel" => "XLS",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "XLSX",
        "application/vnd.ms-powerpoint" => "PPT",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => "PPTX",
        "application/vnd.oasis.opendocument.text" => "ODT",
        "application/vnd.oasis.opendocument.spreadsheet" => "ODS",
        "application/vnd.oasis.opendocument.presentation" => "ODP",
        "application/octet-stream" => "?",
        "application/epub+zip" => "EPUB",
        "application/rtf" => "RTF",
        "message/rfc822" => "EML",
        "application/vnd.ms-outlook" => "MSG",
        "application/vnd.ms-tnef" => "winmail.dat",
        "text/calendar" => "ICS",
        "text/vcard" => "VCF",
        "application/x-sami" => "SMI",
        "application/x-subrip" => "SRT",
        "text/vtt" => "VTT",
        "image/vnd.adobe.photoshop" => "PSD",
        "application/zip" => "ZIP",
        "text/plain" => "TXT",
        "text/html" => "HTML",
        "text/csv" => "CSV",
        "image/jpeg" => "JPEG",
        "image/png" => "PNG",
        "image/tiff" => "TIFF",
        "video/mp4" => "MP4",
        "video/quicktime" => "MOV",
        "audio/mpeg" => "MP3",
        "audio/wav" | "audio/x-wav" | "audio/vnd.wave" => "WAV",
        other => other,
    }
}

/// Characters of a name or path that a list shows. Two lines on a desk, six on a phone.
const NAME: usize = 200;

/// The name or path of an object as people read it in a list, shortened in the middle if it is very long. Names are
/// strings of bytes; one that is no UTF-8 has a key that nobody can read.
pub(crate) fn name(key: &str) -> Shown {
    Shown::new(&object_key::readable(key)).within(NAME)
}

/// As [`name`], all of it: for the page that is about this one thing.
pub(crate) fn whole_name(key: &str) -> Shown {
    Shown::new(&object_key::readable(key))
}

/// Bytes in a unit of three digits or fewer.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut units = UNITS.iter();
    let mut unit = units.next().unwrap_or(&"B");
    for larger in units {
        if value < 1000.0 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    if value < 10.0 && *unit != "B" {
        format!("{value:.1} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}

/// A day in Korea, `2026-11-23`.
pub(crate) fn day(moment: Timestamp) -> String {
    moment.day()
}

/// A minute in Korea, `2026-11-23 09:00`.
pub(crate) fn minute(moment: Timestamp) -> String {
    moment.minute()
}

/// As [`minute`], of a moment written as RFC 3339.
pub(crate) fn minute_of(text: &str) -> Option<String> {
    Timestamp::parse(text).map(minute)
}

#[cfg(test)]
mod tests {
    use madang_document::reason_kind::ReasonKind;

    use super::*;

    #[test]
    fn every_word_of_a_reason_has_a_name() {
        for word in ReasonKind::WORDS {
            let name = Words(Locale::Korean).reason(word);
            assert!(!name.is_ascii(), "{word}: {name}");
        }
    }

    #[test]
    fn what_no_format_read_is_told_in_the_language_of_the_page() {
        let told = |locale, format| Words(locale).reader(format, 3);
        assert_eq!(
            (told(Locale::Korean, "none"), told(Locale::Korean, "hwp5")),
            ("없음".into(), "hwp5 3".into())
        );
        assert_eq!(told(Locale::English, "none"), "none");
    }

    #[test]
    fn figures() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1536), "1.5 KB");
        assert_eq!(size(10 << 30), "10 GB");
        assert_eq!(size(u64::MAX), "16777216 TB");
        let key = object_key::from_bytes(b"\xba\xb8\xb0\xed.hwp");
        assert_eq!(name(&key).as_str(), "보고.hwp");
        assert_eq!(name("a\u{200f}b").as_str(), "a\\u{200f}b");
        let deep = "a/".repeat(2200) + "b.hwp";
        assert_eq!(name(&deep).as_str().chars().count(), NAME);
        assert!(name(&deep).as_str().ends_with("/b.hwp") && whole_name(&deep).as_str() == deep);
        let moment = Timestamp::parse("2026-11-22T23:30:00Z").unwrap();
        assert_eq!(day(moment), "2026-11-23");
        assert_eq!(minute(moment), "2026-11-23 08:30");
    }
}
