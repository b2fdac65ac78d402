use std::fmt;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::foreign_words::in_korean;
use crate::instead::Instead;
use crate::locale::Locale;
use crate::part::Part;
use crate::quote::Quote;
use crate::reason_kind::ReasonKind;
use crate::reason_text::sentence;

/// Why a document was not read, or not whole; or what is worth knowing of how it was read. A value, of which both
/// languages are made in one place, so that nobody puts sentences together.
///
/// In JSON, as the ledger keeps it, its English text stands beside the value: whoever does not know the kind, because
/// another version wrote it, still has the sentence. A plain text is read as one, too: so the first versions wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// What is the matter.
    pub kind: ReasonKind,
    /// With what; none if it is the whole file.
    pub part: Option<Part>,
    /// Where that lies, the outermost first; at most [`Reason::DEEPEST`].
    pub at: Vec<Part>,
    /// What lies behind it. Boxed, as few have it: a reason is part of every error of a reader.
    pub because: Option<Box<(ReasonKind, Option<Part>)>>,
    /// What was read in its place.
    pub instead: Option<Instead>,
}

impl Reason {
    /// How deep a place may lie. What is deeper is told without its innermost parts.
    pub const DEEPEST: usize = 4;

    /// Of the whole file.
    pub fn new(kind: ReasonKind) -> Reason {
        Reason { kind, part: None, at: Vec::new(), because: None, instead: None }
    }

    /// A sentence in English for which there is no kind.
    pub fn said(sentence: impl Into<Quote>) -> Reason {
        Reason::new(ReasonKind::Said(sentence.into()))
    }

    /// The same of a part.
    #[must_use]
    pub fn of(self, part: impl Into<Part>) -> Reason {
        Reason { part: Some(part.into()), ..self }
    }

    /// The same of something that lies within a part: what there is of a place lies within that.
    #[must_use]
    pub fn within(mut self, part: impl Into<Part>) -> Reason {
        self.at.insert(0, part.into());
        self.at.truncate(Reason::DEEPEST);
        self
    }

    /// With what lies behind it. What in turn lies behind that is too far away.
    #[must_use]
    pub fn because(self, cause: impl Into<Reason>) -> Reason {
        let cause = cause.into();
        let part = cause.part.or_else(|| cause.at.into_iter().next_back());
        Reason { because: Some(Box::new((cause.kind, part))), ..self }
    }

    /// With what was read in its place.
    #[must_use]
    pub fn instead(self, instead: Instead) -> Reason {
        Reason { instead: Some(instead), ..self }
    }

    /// One sentence in English: lower case, no full stop.
    pub fn english(&self) -> String {
        self.text(Locale::English)
    }

    /// The same in Korean. What was only ever said in English stays so.
    pub fn korean(&self) -> String {
        self.text(Locale::Korean)
    }

    /// One sentence in this language.
    pub fn text(&self, locale: Locale) -> String {
        let own = |(korean, english): (String, String)| match locale {
            Locale::Korean => korean,
            Locale::English => english,
        };
        let mut text = String::new();
        for part in &self.at {
            text += &own(part.prefix());
            text += ": ";
        }
        text += &own(sentence(&self.kind, self.part.as_ref()));
        match self.because.as_deref() {
            // That something is damaged is said already.
            Some((ReasonKind::Broken(said), None)) if locale == Locale::Korean => {
                text += &format!(" ({})", in_korean(said.as_str()));
            }
            Some((kind, part)) => {
                text += ": ";
                text += &own(sentence(kind, part.as_ref()));
            }
            None => {}
        }
        if let Some(instead) = self.instead {
            let (korean, english) = instead.clause();
            text += "; ";
            text += &own((korean.to_owned(), english.to_owned()));
        }
        text
    }

    /// Whether both say the same, in whichever form they are kept: an earlier version may have had the sentence where a
    /// later one has the kind.
    pub fn says_the_same(&self, other: &Reason) -> bool {
        self == other || self.english() == other.english()
    }

    /// Whether it is a sentence in English only.
    pub fn is_said(&self) -> bool {
        matches!(self.kind, ReasonKind::Said(_))
    }
}

impl ReasonKind {
    /// That this is so of a part.
    pub fn of(self, part: impl Into<Part>) -> Reason {
        Reason::new(self).of(part)
    }

    /// That this is so of something that lies within a part.
    pub fn within(self, part: impl Into<Part>) -> Reason {
        Reason::new(self).within(part)
    }

    /// That this is so, with what lies behind it.
    pub fn because(self, cause: impl Into<Reason>) -> Reason {
        Reason::new(self).because(cause)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.english())
    }
}

/// A reason can be the cause within an error of a reader of bytes, and be taken out of it again.
impl std::error::Error for Reason {}

impl From<ReasonKind> for Reason {
    fn from(kind: ReasonKind) -> Reason {
        Reason::new(kind)
    }
}

impl From<&str> for Reason {
    fn from(sentence: &str) -> Reason {
        Reason::said(sentence)
    }
}

/// The value as it crosses the wire from a child: the encoding there knows no names, so that nothing may be left out.
#[derive(Serialize, Deserialize)]
struct Wire {
    kind: ReasonKind,
    part: Option<Part>,
    at: Vec<Part>,
    because: Option<Box<(ReasonKind, Option<Part>)>>,
    instead: Option<Instead>,
}

/// The value as it is kept.
#[derive(Serialize)]
struct Written<'a> {
    english: String,
    kind: &'a ReasonKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: &'a Option<Part>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    at: &'a Vec<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: &'a Option<Box<(ReasonKind, Option<Part>)>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: &'a Option<Instead>,
}

/// The value as it is found again.
#[derive(Deserialize)]
#[serde(untagged)]
enum Found {
    Known {
        kind: ReasonKind,
        #[serde(default)]
        part: Option<Part>,
        #[serde(default)]
        at: Vec<Part>,
        #[serde(default)]
        because: Option<Box<(ReasonKind, Option<Part>)>>,
        #[serde(default)]
        instead: Option<Instead>,
    },
    /// Another version knows a kind or a part that this one does not.
    Foreign { english: Quote },
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Reason { kind, part, at, because, instead } = self;
        if serializer.is_human_readable() {
            let english = self.english();
            return Written { english, kind, part, at, because, instead }.serialize(serializer);
        }
        let wire = Wire {
            kind: kind.clone(),
            part: part.clone(),
            at: at.clone(),
            because: because.clone(),
            instead: *instead,
        };
        wire.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Reason, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(Kept);
        }
        let Wire { kind, part, at, because, instead } = Wire::deserialize(deserializer)?;
        if at.len() > Reason::DEEPEST {
            return Err(de::Error::custom("a place that is too deep"));
        }
        Ok(Reason { kind, part, at, because, instead })
    }
}

/// Reads what was kept: a value, or the sentence of an earlier version.
struct Kept;

impl<'de> Visitor<'de> for Kept {
    type Value = Reason;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reason")
    }

    fn visit_str<E: de::Error>(self, sentence: &str) -> Result<Reason, E> {
        Ok(Reason::said(sentence))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Reason, A::Error> {
        Ok(match Found::deserialize(MapAccessDeserializer::new(map))? {
            Found::Known { kind, part, mut at, because, instead } => {
                at.truncate(Reason::DEEPEST);
                Reason { kind, part, at, because, instead }
            }
            Found::Foreign { english } => Reason::said(english),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::part::Noun;
    use crate::reason_kind::ReasonKind::*;
    use crate::sidecar_fault::{SidecarFault, samples};

    #[test]
    fn a_reason_is_told_in_both_languages() {
        let member = || Part::Member("기록/수문.log".into());
        let table: Vec<(Reason, &str, &str)> = vec![
            (NoText.into(), "there is no text in it", "글자가 없습니다"),
            (
                Reason::new(Password).of(Part::The(Noun::Document)),
                "the document needs a password to open",
                "문서는 암호가 있어야 열 수 있습니다",
            ),
            (
                Reason::new(Encrypted(Some("AES-256".into()))).of(Part::The(Noun::MemberNames)),
                "the names of the members are encrypted (AES-256)",
                "안의 파일들의 이름이 암호화되어 있습니다 (AES-256)",
            ),
            (
                NoReader("Java archives".into()).into(),
                "no reader for Java archives",
                "Java 압축 파일은 아직 읽지 못합니다",
            ),
            (
                Method("WavPack".into()).into(),
                "the member is packed by WavPack, which is not read",
                "안의 파일이 읽지 못하는 방식(WavPack)으로 압축되어 있습니다",
            ),
            (
                Reason::new(DamagedAfter(32610))
                    .because(Reason::new(EndsEarly).of(Part::The(Noun::PackedBytes)))
                    .within(member()),
                "기록/수문.log: damaged after 32610 bytes: the packed bytes end too early",
                "기록/수문.log: 앞 32610바이트 다음이 손상되었습니다: 압축된 내용이 도중에 끝납니다",
            ),
            (
                Reason::new(DamagedAfter(0))
                    .because(Reason::new(Broken("corrupt deflate stream".into())))
                    .within(member()),
                "기록/수문.log: damaged from its first byte: corrupt deflate stream",
                "기록/수문.log: 처음부터 손상되었습니다 (압축된 내용이 손상되었습니다)",
            ),
            (
                Reason::new(Hidden).of(Part::Sheet(" ".into())),
                "a sheet without a name is hidden",
                "이름 없는 시트가 숨겨져 있습니다",
            ),
            (
                Reason::new(Damaged).within(Part::Attachment("".into())),
                "an attachment without a name: it is damaged",
                "이름 없는 첨부: 손상되었습니다",
            ),
            (
                Reason::new(MoreThan { limit: 10, unit: crate::unit::Unit::Pages }),
                "it holds more than 10 pages",
                "한도인 10쪽을 넘습니다",
            ),
            (
                Reason::new(Missing).of(Part::Slide(3)).instead(Instead::Outline),
                "slide 3 is missing; this is its outline",
                "3번 슬라이드가 없습니다; 그 슬라이드의 개요를 읽었습니다",
            ),
            (
                Reason::new(Broken("corrupt deflate stream".into()))
                    .within(Part::Named("BodyText/Section1".into())),
                "BodyText/Section1: corrupt deflate stream",
                "BodyText/Section1: 손상되었습니다 (압축된 내용이 손상되었습니다)",
            ),
            (
                Reason::new(Beyond(Part::The(Noun::Archive))).of(Part::The(Noun::AnyRecord)),
                "a record reaches beyond the end of the archive",
                "레코드 하나가 압축 파일의 끝을 넘습니다",
            ),
            (
                Reason::new(NotRecognised { more: 0 }).of(Part::Page(2)),
                "text recognition is not installed: no text in page 2",
                "문자 인식이 설치되어 있지 않아 2쪽에는 글자가 없습니다",
            ),
            (NotFinished(30_000).into(), "not finished within 30 s", "30초 안에 끝나지 않았습니다"),
            (NoProgress(500).into(), "no progress for 0.5 s", "0.5초 동안 나아가지 않았습니다"),
            (Nuls(1).into(), "1 NUL byte was left out", "NUL 바이트 1개를 뺐습니다"),
            (Nuls(2).into(), "2 NUL bytes were left out", "NUL 바이트 2개를 뺐습니다"),
            (
                OwnSigns(1).into(),
                "1 sign of the word processor's own stands as U+FFFD",
                "워드프로세서 고유의 기호 1개를 U+FFFD로 적었습니다",
            ),
            (
                Symbols(1).into(),
                "1 symbol has no character of its own",
                "기호 1개는 해당하는 글자가 없습니다",
            ),
            (NoPage(1).into(), "its only page cannot be read", "하나뿐인 쪽을 읽을 수 없습니다"),
            (
                MoreThan { limit: 1, unit: crate::unit::Unit::Members }.into(),
                "it holds more than 1 member",
                "한도인 안의 파일 1개를 넘습니다",
            ),
            (Reason::said("so it is"), "so it is", "so it is"),
        ];
        for (reason, english, korean) in table {
            assert_eq!((reason.english(), reason.korean()), (english.into(), korean.into()));
            assert_eq!(reason.to_string(), english);
        }
    }

    #[test]
    fn it_comes_back_from_the_ledger_and_from_a_child() {
        let reason =
            Reason::new(OnlyFirst { first: 3, of: Some(5), unit: crate::unit::Unit::Pages })
                .of(Part::The(Noun::Document))
                .because(CheckSum)
                .within(Part::Message(2))
                .instead(Instead::PlainText);
        for reason in [reason, Reason::new(NoText), Reason::said("so")] {
            let kept = serde_json::to_value(&reason).unwrap();
            assert_eq!(kept["english"], reason.english());
            assert_eq!(serde_json::from_value::<Reason>(kept).unwrap(), reason);
            let sent = postcard::to_stdvec(&reason).unwrap();
            assert_eq!(postcard::from_bytes::<Reason>(&sent).unwrap(), reason);
        }
    }

    #[test]
    fn what_another_version_wrote_is_said_as_it_said_it() {
        let read = |json: &str| serde_json::from_str::<Reason>(json).unwrap();
        assert_eq!(read(r#""page 3: cut""#), Reason::said("page 3: cut"));
        let to_come = r#"{"english":"its ink is dry","kind":{"ink":"dry"},"at":[]}"#;
        assert_eq!(read(to_come), Reason::said("its ink is dry"));
        assert!(serde_json::from_str::<Reason>(r#"{"kind":{"ink":"dry"}}"#).is_err());
        assert!(serde_json::from_str::<Reason>("7").is_err());
    }

    #[test]
    fn a_child_sends_no_place_that_is_too_deep_and_no_text_that_is_too_long() {
        let deep = Wire {
            kind: NoText,
            part: None,
            at: vec![Part::Page(1); Reason::DEEPEST + 1],
            because: None,
            instead: None,
        };
        let sent = postcard::to_stdvec(&deep).unwrap();
        assert!(postcard::from_bytes::<Reason>(&sent).is_err());
        let place = (0..9).fold(Reason::new(NoText), |reason, n| reason.within(Part::Page(n)));
        assert_eq!(place.at.len(), Reason::DEEPEST);
        assert_eq!(place.at.first(), Some(&Part::Page(8)), "the outermost stays");
        // As a child would write it that does not cut: the first variant, with a text.
        let long = "\u{202e}".repeat(100_000);
        let sent = postcard::to_stdvec(&(0u32, &long, None::<u8>, 0u8, None::<u8>, None::<u8>));
        let reason: Reason = postcard::from_bytes(&sent.unwrap()).unwrap();
        assert!(reason.english().chars().count() <= Quote::MOST);
        assert!(!reason.english().contains('\u{202e}'));
    }

    #[test]
    fn each_fault_of_a_sidecar_comes_back() {
        for fault in
            samples().into_iter().chain([SidecarFault::Other("it is torn; mend it".into())])
        {
            let what = fault.clone();
            let reason: Reason =
                BesideFault { file: "a".into(), line: None, what: Box::new(what) }.into();
            let kept = serde_json::to_string(&reason).unwrap();
            assert_eq!(serde_json::from_str::<Reason>(&kept).unwrap(), reason, "{kept}");
            let sent = postcard::to_stdvec(&reason).unwrap();
            assert_eq!(postcard::from_bytes::<Reason>(&sent).unwrap(), reason);
        }
    }

    /// The ledger of an earlier Madang has the sentence where the fault stands now.
    #[test]
    fn a_fault_of_a_sidecar_that_another_version_wrote_is_said_as_it_said_it() {
        let row = |what: &str| {
            format!(
                r#"{{"english":"m.csv, line 3: it is so","kind":{{"beside_fault":{{"file":"m.csv","line":3,"what":{what}}}}}}}"#
            )
        };
        let old: Reason = serde_json::from_str(&row(r#""it is empty; write it anew""#)).unwrap();
        let what = SidecarFault::Other("it is empty; write it anew".into());
        assert_eq!(
            old.kind,
            BesideFault { file: "m.csv".into(), line: Some(3), what: Box::new(what) }
        );
        assert_eq!(old.english(), "m.csv, line 3: it is empty; write it anew");
        assert!(old.korean().ends_with("고쳐 주세요: it is empty; write it anew"));
        for later in [r#""torn_in_two""#, r#"{"torn":{"pieces":2}}"#] {
            let later: Reason = serde_json::from_str(&row(later)).unwrap();
            assert_eq!(later, Reason::said("m.csv, line 3: it is so"));
        }
    }
}
