//! What authors say of pictures and other objects for those who do not see them (개체 설명문). The word processor 한글 gives
//! every object a description of its own making, which says nothing of the matter.

/// Letters of the longest noun by which the word processor calls an object, as in `정오각형입니다.`
const NOUN_LONGEST: usize = 12;

/// Letters of the longest name of a property of a picture, as in `카메라 제조 업체 : `
const PROPERTY_LONGEST: usize = 16;

/// The description without what the word processor made up; none if nothing is left.
pub(super) fn own_description(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    let made_up = lines.next_if(|line| is_made_up(line)).is_some();
    let own: Vec<_> = lines.filter(|line| !made_up || !is_property(line)).collect();
    (!own.is_empty()).then(|| own.join("\n"))
}

/// Whether a sentence says what kind of object it is, and no more.
fn is_made_up(line: &str) -> bool {
    line.strip_suffix("입니다.").is_some_and(|noun| {
        noun.chars().count() <= NOUN_LONGEST && !noun.chars().any(|c| c.is_ascii_digit())
    })
}

/// Whether a line behind such a sentence is a property of the picture or object.
fn is_property(line: &str) -> bool {
    line.starts_with("개체 형식은 ")
        || line.split_once(':').is_some_and(|(name, _)| name.chars().count() <= PROPERTY_LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_word_processor_makes_up_is_no_description() {
        for made_up in [
            "",
            "그림입니다.",
            "개체 연결선 입니다.",
            "OLE 개체입니다.\r\n개체 형식은 Bitmap Image입니다.",
            "그림입니다.\r\r\n원본 그림의 이름: 보도.jpg\r\r\n원본 그림의 크기: 가로 12pixel, 세로 5pixel\r\n카메라 제조 업체 : 회사",
        ] {
            assert_eq!(own_description(made_up), None, "{made_up}");
        }
        for (text, own) in [
            ("밀양강 수위 그래프", "밀양강 수위 그래프"),
            ("2026년 수위입니다.", "2026년 수위입니다."),
            ("제목: 조직도\r\n국장 아래 네 과", "제목: 조직도\n국장 아래 네 과"),
            ("그림입니다.\r\n원본 그림의 이름: a.png\r\n국장 아래 네 과", "국장 아래 네 과"),
        ] {
            assert_eq!(own_description(text).as_deref(), Some(own));
        }
    }
}
