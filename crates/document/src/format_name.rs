/// What files of a format are called in Korean, from what they are called in English in the plural: `Java archives`
/// are `Java 압축 파일`. A proper name stays as it is, and so does a name of which no word is known.
pub fn in_korean(english: &str) -> String {
    if let Some((_, korean)) = WHOLE.iter().find(|(name, _)| *name == english) {
        return (*korean).to_owned();
    }
    let (name, sort) = english.rsplit_once(' ').unwrap_or(("", english));
    match SORTS.iter().find(|(word, _)| *word == sort) {
        Some((_, korean)) if name.is_empty() => (*korean).to_owned(),
        Some((_, korean)) => format!("{name} {korean}"),
        None => format!("{english} 파일"),
    }
}

/// Names that are no proper name and a sort.
const WHOLE: &[(&str, &str)] = &[
    ("RAR archives of before 1994", "1994년 전의 RAR 압축 파일"),
    ("RAR archives of this version", "이 판의 RAR 압축 파일"),
    ("compound files", "복합 파일"),
    ("encrypted messages", "암호화된 메시지"),
    ("enhanced metafiles", "확장 메타파일"),
    ("help files", "도움말 파일"),
    ("network captures", "네트워크 갈무리 파일"),
    ("parts of split archives", "나눈 압축 파일의 조각"),
    ("portable pictures", "PNM 그림"),
    ("property lists", "속성 목록"),
    ("shape files", "SHP 공간 자료"),
    ("signed messages", "서명된 메시지"),
    ("web archives", "웹 보존 파일"),
];

/// The last word, which says what sort of file it is.
const SORTS: &[(&str, &str)] = &[
    ("archives", "압축 파일"),
    ("certificates", "인증서"),
    ("classes", "클래스 파일"),
    ("data", "자료"),
    ("databases", "데이터베이스"),
    ("documents", "문서"),
    ("drawings", "도면"),
    ("files", "파일"),
    ("films", "영상"),
    ("folders", "편지함"),
    ("fonts", "글꼴"),
    ("icons", "아이콘"),
    ("keys", "인증 키 파일"),
    ("messages", "메시지"),
    ("metafiles", "메타파일"),
    ("models", "모형"),
    ("packages", "설치 파일"),
    ("pictures", "그림"),
    ("plans", "계획 파일"),
    ("presentations", "발표 자료"),
    ("programs", "실행 파일"),
    ("sections", "구역 파일"),
    ("signatures", "전자 서명"),
    ("tables", "표"),
    ("worksheets", "워크시트"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proper_name_stays_and_its_sort_is_said_in_korean() {
        for (english, korean) in [
            ("Java archives", "Java 압축 파일"),
            ("JPEG 2000 pictures", "JPEG 2000 그림"),
            ("programs", "실행 파일"),
            ("compound files", "복합 파일"),
            ("web archives", "웹 보존 파일"),
            ("Word 2 documents", "Word 2 문서"),
            ("HDF5 data", "HDF5 자료"),
            ("xyzzy", "xyzzy 파일"),
        ] {
            assert_eq!(in_korean(english), korean);
        }
    }
}
