//! What libraries and the system say in English, in Korean: the words that occur in practice, in this one place.

/// What is said, by how it begins or what stands in it, and what that is in Korean. The first that fits counts, so that
/// what says more stands before what says less. Small letters.
const WORDS: &[(&str, &str)] = &[
    // ZIP.
    ("could not find eocd", "파일 끝의 ZIP 목차를 찾을 수 없습니다"),
    ("invalid cdfh offset", "ZIP 목차의 자리가 틀립니다"),
    ("invalid central directory", "ZIP 목차의 머리가 틀립니다"),
    ("multi-disk zip", "여러 조각으로 나눈 ZIP 파일입니다"),
    ("zip::format::blocks", "파일이 안의 파일의 머리에서 끝납니다"),
    ("variable-length field extends", "길이가 파일의 끝을 넘습니다"),
    ("extra field content truncated", "덧붙인 항목이 잘렸습니다"),
    ("invalid checksum", "체크섬이 맞지 않습니다"),
    ("larger than its declared uncompressed size", "적혀 있는 크기보다 많이 풀립니다"),
    ("invalid zip archive", "ZIP 파일의 구조가 틀립니다"),
    ("unsupported zip archive", "읽지 못하는 ZIP 방식입니다"),
    // Packed streams.
    ("corrupt deflate stream", "압축된 내용이 손상되었습니다"),
    ("invalid gzip header", "gzip 머리가 틀립니다"),
    ("bzip2: ", "bzip2로 압축된 내용이 손상되었습니다"),
    ("when getting cksum", "TAR 머리의 체크섬이 숫자가 아닙니다"),
    ("unexpected eof during skip", "파일이 도중에 끝납니다"),
    // PDF.
    ("failed parsing cross reference", "PDF의 개체 목차를 읽을 수 없습니다"),
    ("couldn't parse input", "PDF의 문법에 맞지 않습니다"),
    ("invalid file header", "PDF의 머리가 없습니다"),
    ("invalid object stream", "개체 스트림이 틀립니다"),
    ("decompression error", "압축된 내용이 손상되었습니다"),
    // XML.
    ("attribute value not closed", "XML 속성의 값이 닫히지 않았습니다"),
    ("tag not closed", "XML 태그가 닫히지 않았습니다"),
    ("xml declaration not closed", "XML 선언이 닫히지 않았습니다"),
    ("comment not closed", "XML 주석이 닫히지 않았습니다"),
    ("cdata not closed", "XML의 CDATA가 닫히지 않았습니다"),
    ("ill-formed document", "XML 태그의 짝이 맞지 않습니다"),
    ("syntax error", "XML 문법에 맞지 않습니다"),
    // YAML and JSON beside files.
    ("mapping values are not allowed", "`낱말: 값`이 있을 수 없는 자리에 있습니다"),
    ("did not find expected", "있어야 할 부호가 없습니다"),
    ("found character that cannot start", "값이 시작될 수 없는 글자가 있습니다"),
    ("while scanning a quoted scalar", "따옴표가 닫히지 않았습니다"),
    ("found unexpected end of stream", "따옴표나 괄호가 닫히지 않았습니다"),
    ("found a tab character", "들여쓰기에 탭이 있습니다"),
    ("duplicate entry", "같은 낱말이 두 번 있습니다"),
    // Pictures.
    ("chunk length wrong", "그림 조각의 길이가 틀립니다"),
    ("chunk appeared before", "그림 조각의 차례가 틀립니다"),
    ("crc error", "그림 조각의 체크섬이 맞지 않습니다"),
    ("unrecognized critical chunk", "알 수 없는 그림 조각이 있습니다"),
    ("unknown filter method", "알 수 없는 화소 거르기 방식입니다"),
    ("invalid chunk size", "그림 조각의 크기가 틀립니다"),
    ("an expected chunk was missing", "있어야 할 그림 조각이 없습니다"),
    ("invalid code in lzw stream", "압축된 화소가 손상되었습니다"),
    ("no color table available", "색상표가 없습니다"),
    ("no quantization table", "양자화 표가 없습니다"),
    ("is not supported,cannot continue", "읽지 못하는 JPEG 방식입니다"),
    ("not enough bytes", "그림이 도중에 끝납니다"),
    ("invalid channel bit count", "화소의 비트 수가 틀립니다"),
    ("more than one plane", "색 평면이 하나가 아닙니다"),
    ("does not support", "읽지 못하는 그림 방식입니다"),
    ("memory limit exceeded", "메모리 한도를 넘습니다"),
    ("limits are exceeded", "메모리 한도를 넘습니다"),
    ("format error decoding", "그림의 형식에 맞지 않습니다"),
    ("format error", "그림의 형식에 맞지 않습니다"),
    ("decode error", "화소를 풀 수 없습니다"),
    // EXIF.
    ("truncated field value", "항목의 값이 잘렸습니다"),
    ("truncated ifd", "항목의 목록이 잘렸습니다"),
    ("truncated tiff header", "TIFF 머리가 잘렸습니다"),
    ("already visited ifd", "항목의 목록이 제자리로 돌아옵니다"),
    ("invalid tiff byte order", "TIFF의 바이트 순서가 틀립니다"),
    // Sound and moving pictures.
    ("invalid data found when processing input", "형식에 맞지 않는 내용이 있습니다"),
    ("end of file", "파일이 도중에 끝납니다"),
    ("operation not permitted", "할 수 없는 일입니다"),
    // Ciphers and methods.
    ("a stream outside of the archive", "압축 파일 밖의 스트림"),
    ("rar's aes", "RAR의 AES"),
    ("pkware's strong encryption", "PKWARE의 강한 암호화"),
    ("solid aes-256", "솔리드 AES-256"),
    // What anybody says.
    ("unexpected eof", "파일이 도중에 끝납니다"),
    ("failed to fill whole buffer", "파일이 도중에 끝납니다"),
    ("not found before end of input", "파일이 도중에 끝납니다"),
    ("invalid utf-8", "UTF-8이 아닌 바이트가 있습니다"),
    ("did not contain valid utf-8", "UTF-8이 아닌 바이트가 있습니다"),
    ("invalid argument", "있을 수 없는 값이 있습니다"),
    ("invalid data", "형식에 맞지 않는 내용이 있습니다"),
    // The system, and stores.
    ("permission denied", "권한이 없습니다"),
    ("no such file or directory", "그런 파일이나 폴더가 없습니다"),
    ("is a directory", "폴더입니다"),
    ("not a directory", "폴더가 아닙니다"),
    ("no such device or address", "열 수 있는 파일이 아닙니다"),
    ("no space left on device", "디스크에 자리가 없습니다"),
    ("read-only file system", "쓸 수 없는 파일 시스템입니다"),
    ("too many open files", "열린 파일이 너무 많습니다"),
    ("too many levels of symbolic links", "링크가 너무 깊습니다"),
    ("file name too long", "파일 이름이 너무 깁니다"),
    ("stale file handle", "파일 시스템에서 파일이 사라졌습니다"),
    ("input/output error", "입출력 오류입니다"),
    ("connection refused", "연결이 거부되었습니다"),
    ("connection reset", "연결이 끊겼습니다"),
    ("broken pipe", "연결이 끊겼습니다"),
    ("cannot allocate memory", "메모리가 모자랍니다"),
    ("timed out", "제한 시간이 지났습니다"),
];

/// What somebody else said, for a sentence in Korean: in Korean where these are known words, else marked as the English that
/// it is. What holds Korean, or is a mere name or number, stays as it is.
pub(crate) fn in_korean(said: &str) -> String {
    let folded = said.to_ascii_lowercase();
    if let Some((_, korean)) = WORDS.iter().find(|(words, _)| folded.contains(words)) {
        return (*korean).to_owned();
    }
    let is_korean = said.chars().any(|c| ('가'..='힣').contains(&c));
    let is_sentence = said.split_whitespace().filter(|word| is_word(word)).count() > 1;
    match is_korean || !is_sentence {
        true => said.to_owned(),
        false => format!("영어 원문: {said}"),
    }
}

/// Whether this is a word of a language, and no name such as `RC4-CFB` or number.
fn is_word(word: &str) -> bool {
    let letters = word.trim_matches(|c: char| c.is_ascii_punctuation());
    letters.len() > 1 && letters.chars().skip(1).all(|c| c.is_ascii_lowercase() || c == '\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libraries_say_is_korean_or_said_to_be_english() {
        for (said, korean) in [
            ("invalid Zip archive: Could not find EOCD", "파일 끝의 ZIP 목차를 찾을 수 없습니다"),
            ("Permission denied (os error 13)", "권한이 없습니다"),
            ("unexpected end of file", "파일이 도중에 끝납니다"),
            ("syntax error: tag not closed: `>` not found", "XML 태그가 닫히지 않았습니다"),
            ("the moon is in the way", "영어 원문: the moon is in the way"),
            ("장부가 잠겼습니다: the row", "장부가 잠겼습니다: the row"),
            ("SIGKILL", "SIGKILL"),
            ("RC4-CFB", "RC4-CFB"),
        ] {
            assert_eq!(in_korean(said), korean, "{said}");
        }
    }

    #[test]
    fn every_word_can_be_reached() {
        for (n, (words, korean)) in WORDS.iter().enumerate() {
            assert_eq!(*words, words.to_ascii_lowercase());
            assert!(korean.chars().any(|c| ('가'..='힣').contains(&c)), "{words}");
            let before = WORDS.iter().take(n).find(|(before, _)| words.contains(before));
            assert_eq!(before, None, "{words} is never reached");
        }
    }
}
