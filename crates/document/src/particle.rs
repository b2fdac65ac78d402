/// A Korean particle that has two forms: one after a final consonant, one after a vowel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Particle {
    /// 은, 는
    Topic,
    /// 이, 가
    Subject,
    /// 을, 를
    Object,
    /// 과, 와
    With,
    /// 으로, 로: after ㄹ as after a vowel.
    Toward,
}

/// How the last sound of a word ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Consonant,
    /// The consonant ㄹ.
    Rieul,
    Vowel,
    /// Nobody can tell by the letters how it is spoken.
    Unknown,
}

impl Particle {
    /// The noun with this particle. Where it cannot be told how the noun is spoken, as of most words in Latin letters,
    /// both forms stand, as they do in Korean print: `Fasoo을(를)`.
    pub fn after(self, noun: &str) -> String {
        let (consonant, vowel, both) = match self {
            Particle::Topic => ("은", "는", "은(는)"),
            Particle::Subject => ("이", "가", "이(가)"),
            Particle::Object => ("을", "를", "을(를)"),
            Particle::With => ("과", "와", "과(와)"),
            Particle::Toward => ("으로", "로", "(으)로"),
        };
        let form = match (end(noun), self) {
            (End::Vowel, _) | (End::Rieul, Particle::Toward) => vowel,
            (End::Consonant | End::Rieul, _) => consonant,
            (End::Unknown, _) => both,
        };
        format!("{noun}{form}")
    }
}

/// How a noun ends, signs behind it left aside.
fn end(noun: &str) -> End {
    let mut letters = noun.chars().rev().skip_while(|c| !c.is_alphanumeric());
    match (letters.next(), letters.next()) {
        // 28 syllables for each pair of a first consonant and a vowel (Unicode Standard, section 3.12).
        (Some(c @ '가'..='힣'), _) => match (u32::from(c) - 0xAC00) % 28 {
            0 => End::Vowel,
            8 => End::Rieul,
            _ => End::Consonant,
        },
        // As they are read in Sino-Korean: 영 일 이 삼 사 오 육 칠 팔 구, and 십, 백, 천, 만 where it ends with noughts.
        (Some('2' | '4' | '5' | '9'), _) => End::Vowel,
        (Some('1' | '7' | '8'), _) => End::Rieul,
        (Some('0' | '3' | '6'), _) => End::Consonant,
        // Letters that are spelled: 엘, 알, 엠, 엔; the names of all others end with a vowel.
        (Some(c @ 'A'..='Z'), Some('A'..='Z' | '0'..='9') | None) => match c {
            'L' | 'R' => End::Rieul,
            'M' | 'N' => End::Consonant,
            _ => End::Vowel,
        },
        _ => End::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_follow_the_last_sound() {
        use Particle::*;
        for (noun, particle, expected) in [
            ("문서", Subject, "문서가"),
            ("파일", Subject, "파일이"),
            ("수집 폴더", Topic, "수집 폴더는"),
            ("본문", Topic, "본문은"),
            ("시트", Object, "시트를"),
            ("그림", Object, "그림을"),
            ("목차", With, "목차와"),
            ("본문", With, "본문과"),
            ("파일", Toward, "파일로"),
            ("그림", Toward, "그림으로"),
            ("쪽", Toward, "쪽으로"),
            ("목차", Toward, "목차로"),
            ("3", Subject, "3이"),
            ("2", Subject, "2가"),
            ("10", Object, "10을"),
            ("7", Toward, "7로"),
            ("AES", Object, "AES를"),
            ("XML", Subject, "XML이"),
            ("XML", Toward, "XML로"),
            ("HWPX", Topic, "HWPX는"),
            ("AES-256", Subject, "AES-256이"),
            ("Fasoo", Object, "Fasoo을(를)"),
            ("word/document.xml", Subject, "word/document.xml이(가)"),
            ("“배포용 문서”", Object, "“배포용 문서”를"),
            ("목록(예산)", Subject, "목록(예산)이"),
            ("", Subject, "이(가)"),
        ] {
            assert_eq!(particle.after(noun), expected);
        }
    }
}
