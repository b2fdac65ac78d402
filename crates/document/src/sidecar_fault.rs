use serde::de;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::counted::counted;
use crate::foreign_words::in_korean;
use crate::quote::Quote;

/// What is wrong with a file that describes others. Each has its sentence and its cure in both languages, in this one
/// place; what a parser or the system said of it is quoted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum SidecarFault {
    /// The sentence and the cure in English, of an earlier Madang: none is made any more.
    Other(Quote),

    // Any of them.
    /// It has more bytes than are read.
    TooLarge { bytes: u64, most: u64 },
    /// Others describe the same file, as many as are read.
    OneTooMany(u64),
    /// The account of the service may not read it.
    Denied,
    /// The system does not give it, and said this.
    Unreadable(Quote),
    /// Something else has its name: a link, a pipe, a folder, or whatever else is not taken.
    NoFile,
    /// More properties than are read.
    MoreProperties(u64),
    /// A word says who may see something, and what it says is no text.
    NoText(Quote),
    /// A word has a value before.
    SaidBefore(Quote),
    /// A word wants a moment, and this is none.
    NoDate { word: Quote, text: Quote },
    /// A word wants a word of disclosure, and this is none.
    NoDisclosure { word: Quote, text: Quote },

    // Tables.
    /// It has more bytes than are read of a table.
    TableTooLarge { bytes: u64, most: u64 },
    /// There is nothing in it.
    TableEmpty,
    /// It is a table of files by its name, and none by its head.
    NoHead,
    /// More rows than are read.
    MoreRows(u64),
    /// More columns than are read.
    MoreColumns(u64),
    /// A quotation mark opens a cell and none closes it.
    OpenQuotation,

    // YAML.
    /// It is none, as the parser says.
    NoYaml(Quote),
    /// It has more in it than is read.
    RestUnread,
    /// A second document stands behind the first.
    SecondPart,
    /// Words lie more than so deep in one another.
    WordsTooDeep(u64),
    /// A list stands where a word is to be.
    ListForWord,
    /// A word stands within a list.
    WordInList,
    /// There is no word in it.
    NoWord,
    /// Something is named by an anchor.
    Anchor,

    // JSON.
    /// It is none, as the parser says.
    NoJson(Quote),
    /// It is no object.
    NoObject,
    /// More values than are read.
    MoreValues(u64),

    // XMP.
    /// It has more bytes than are read of a packet.
    PacketTooLarge { bytes: u64, most: u64 },
    /// No property of a packet is in it.
    NoProperty,
}

impl SidecarFault {
    /// Whether what it describes counts as closed until it is mended: what is not read of it may say so.
    pub fn closes(&self) -> bool {
        use SidecarFault::*;
        match self {
            TooLarge { .. }
            | MoreProperties(_)
            | NoText(_)
            | TableTooLarge { .. }
            | TableEmpty
            | MoreRows(_)
            | MoreColumns(_)
            | OpenQuotation
            | NoYaml(_)
            | RestUnread
            | SecondPart
            | WordsTooDeep(_)
            | ListForWord
            | NoWord
            | Anchor
            | NoJson(_)
            | NoObject
            | MoreValues(_) => true,
            // Of an earlier Madang the sentence itself says so. A word of disclosure that is none counts as closed by itself,
            // and what is not read at all closes what it describes wherever that is told. The others keep nothing back.
            Other(_)
            | OneTooMany(_)
            | Denied
            | Unreadable(_)
            | NoFile
            | SaidBefore(_)
            | NoDate { .. }
            | NoDisclosure { .. }
            | NoHead
            | WordInList
            | PacketTooLarge { .. }
            | NoProperty => false,
        }
    }

    /// Whether it is a sentence in English only.
    pub fn is_said(&self) -> bool {
        matches!(self, SidecarFault::Other(_))
    }

    /// What it is, and the cure behind a semicolon, without a full stop: Korean first.
    pub fn sentence(&self) -> (String, String) {
        let (mut korean, mut english) = self.and_cure();
        if self.closes() {
            korean += "; 그때까지 이 파일이 설명하는 것은 비공개로 칩니다";
            english += "; until then, what it describes counts as closed";
        }
        (korean, english)
    }

    fn and_cure(&self) -> (String, String) {
        use SidecarFault::*;
        let both = |korean: &str, english: &str| (korean.to_owned(), english.to_owned());
        match self {
            Other(text) => both(text.as_str(), text.as_str()),

            TooLarge { bytes, most } => too_large(*bytes, *most, "짧게 줄여 주세요", "shorten it"),
            OneTooMany(others) => (
                format!(
                    "같은 파일을 설명하는 것이 {others}개 더 있어 읽지 않았습니다; 그 가운데 몇 개를 치워 주세요"
                ),
                format!(
                    "it is not read, because {} the same file; take some of them away",
                    counted(*others, "other describes", "others describe")
                ),
            ),
            Denied => both(
                "madang에 읽을 권한이 없습니다; 서비스의 계정이 읽을 수 있게 해 주세요",
                "madang may not read it; let the account of the service read it",
            ),
            Unreadable(said) => (
                format!(
                    "읽을 수 없습니다 ({}); 읽을 수 있게 하거나 치워 주세요",
                    in_korean(said.as_str())
                ),
                format!("it cannot be read: {said}; make it readable, or take it away"),
            ),
            NoFile => both(
                "madang이 읽는 파일이 아닙니다(링크, 파이프, 폴더이거나 받지 않는 것); 보통 파일로 바꾸거나 치워 주세요",
                "it is no file that is read, but a link, a pipe, a folder or the like; put a plain file there, or take it away",
            ),
            MoreProperties(most) => only(*most, "속성은", "개", "properties", Cure::LeaveOut),
            NoText(word) => (
                format!("`{word}`의 값이 글이 아닙니다; 그 뒤에 낱말 하나를 써 주세요"),
                format!("what `{word}` says is no text; write one word behind it"),
            ),
            SaidBefore(word) => (
                format!("`{word}`의 값이 앞에 이미 있습니다; 한 번만 써 주세요"),
                format!("`{word}` is said before; say it once"),
            ),
            NoDate { word, text } => (
                format!(
                    "`{word}`의 값으로 `{text}`은(는) 쓸 수 없습니다; 날짜는 2026-07-14, 시각은 2026-07-14T09:30:00+09:00처럼 \
                     써 주세요"
                ),
                format!(
                    "`{word}` cannot be `{text}`; write a date as 2026-07-14, or a time as 2026-07-14T09:30:00+09:00"
                ),
            ),
            NoDisclosure { word, text } => (
                format!(
                    "`{word}`의 값으로 `{text}`은(는) 쓸 수 없습니다; 공개, 부분공개, 비공개 가운데 하나를 써 주세요. 그때까지 \
                     비공개로 칩니다"
                ),
                format!(
                    "`{word}` cannot be `{text}`; write public, partial or closed (공개, 부분공개, 비공개), which it counts as \
                     until then"
                ),
            ),

            TableTooLarge { bytes, most } => too_large(
                *bytes,
                *most,
                "폴더마다 표를 따로 두세요",
                "give each folder a table of its own",
            ),
            TableEmpty => both(
                "비어 있습니다; 새로 쓰거나 치워 주세요",
                "it is empty; write it anew, or take it away",
            ),
            NoHead => both(
                "첫 몇 행 가운데 파일 이름의 열과 그 파일을 설명하는 열이 있는 머리글이 없어 아무 파일도 설명하지 않습니다; \
                 `파일명,제목`처럼 머리글을 쓰거나 이 파일의 이름을 바꿔 주세요",
                "no row among its first ones is a head with a column of file names and one that says something of them, so it \
                 describes no file; write one, as `filename,title`, or give it another name",
            ),
            MoreRows(most) => only(*most, "행은", "개", "rows", Cure::TableEach),
            MoreColumns(most) => only(*most, "열은", "개", "columns", Cure::LeaveOut),
            OpenQuotation => both(
                "따옴표로 연 칸이 끝에서 닫히지 않아 그 안에서 행을 잃었을 수 있습니다; 따옴표를 닫고, 칸 안의 따옴표는 두 번씩 \
                 써 주세요",
                "a quotation mark opens a cell and none closes it at its end, so that rows may be lost in it; close it, \
                 and double each mark within the cell",
            ),

            NoYaml(said) => (
                format!(
                    "YAML이 아닙니다 ({}); 줄마다 `낱말: 글`처럼 쓰고, `: `, `#`, 괄호가 든 글은 큰따옴표로 묶어 주세요",
                    in_korean(said.as_str())
                ),
                format!(
                    "it is no YAML ({said}); write `word: text` on each line, and a text with `: `, `#` or brackets in it \
                     between double quotes"
                ),
            ),
            RestUnread => both(
                "너무 많아 나머지는 읽지 않았습니다; 짧게 줄여 주세요",
                "the rest is not read; shorten it",
            ),
            SecondPart => both(
                "`---` 앞까지만 읽었습니다; 하나로 합쳐 주세요",
                "only the part before `---` is read; make it one",
            ),
            WordsTooDeep(deepest) => (
                format!("낱말은 {deepest}겹까지만 읽습니다; 덜 겹쳐서 묶어 주세요"),
                format!("words are read to a depth of {deepest}; group them less"),
            ),
            ListForWord => both(
                "낱말이 있을 자리에 목록이 있습니다; `낱말: 글`처럼 써 주세요",
                "a list stands where a word is to be; write `word: text`",
            ),
            WordInList => both(
                "목록 안의 낱말은 읽지 않습니다; 목록에는 글만 써 주세요",
                "a word within a list is not read; write only texts there",
            ),
            NoWord => both(
                "낱말이 없습니다; `제목: 글`처럼 써 주세요",
                "it says no word; write `title: text`",
            ),
            Anchor => both(
                "앵커로 가리킨 것은 읽지 않습니다; 글을 그 자리에 써 주세요",
                "what is named by an anchor is not read; write the text itself",
            ),

            NoJson(said) => (
                format!(
                    "JSON이 아닙니다 ({}); `{{\"제목\": \"…\"}}`처럼 이름과 글을 하나하나 큰따옴표로 묶어 주세요",
                    in_korean(said.as_str())
                ),
                format!(
                    "it is no JSON ({said}); write {{\"title\": \"…\"}}, each name and text in double quotes"
                ),
            ),
            NoObject => both(
                "JSON 객체가 아닙니다; `{\"제목\": \"…\"}`처럼 써 주세요",
                "it is no object; write {\"title\": \"…\"}",
            ),
            MoreValues(most) => only(*most, "값은", "개", "values", Cure::LeaveOut),

            PacketTooLarge { bytes, most } => {
                too_large(*bytes, *most, "짧게 줄여 주세요", "shorten it")
            }
            NoProperty => both(
                "읽을 수 있는 XMP 속성이 없습니다; 이 파일을 쓴 프로그램으로 다시 써 주세요",
                "no property of an XMP packet can be read in it; have the program that wrote it write it again",
            ),
        }
    }
}

fn too_large(bytes: u64, most: u64, korean: &str, english: &str) -> (String, String) {
    (
        format!("{bytes}바이트로 한도인 {most}바이트를 넘어 아무것도 읽지 않았습니다; {korean}"),
        format!(
            "it has {}, more than {most}: nothing of it is read; {english}",
            counted(bytes, "byte", "bytes")
        ),
    )
}

/// What helps where there is more than is read.
enum Cure {
    LeaveOut,
    TableEach,
}

fn only(most: u64, what: &str, unit: &str, english: &str, cure: Cure) -> (String, String) {
    let (cure, english_cure) = match cure {
        Cure::LeaveOut => ("나머지는 빼 주세요", "leave out the rest"),
        Cure::TableEach => ("폴더마다 표를 따로 두세요", "give each folder a table of its own"),
    };
    (
        format!("{what} {most}{unit}까지만 읽습니다; {cure}"),
        format!("only {most} {english} are read; {english_cure}"),
    )
}

impl Serialize for SidecarFault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SidecarFault::serialize(self, serializer)
    }
}

/// As it is found in a ledger: a fault, or the sentence that an earlier Madang kept in its place.
#[derive(Deserialize)]
#[serde(untagged)]
enum Found {
    Known(#[serde(with = "SidecarFault")] SidecarFault),
    Sentence(String),
}

impl<'de> Deserialize<'de> for SidecarFault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SidecarFault, D::Error> {
        if !deserializer.is_human_readable() {
            return SidecarFault::deserialize(deserializer);
        }
        match Found::deserialize(deserializer)? {
            Found::Known(fault) => Ok(fault),
            // A word alone is no sentence, but a fault that a later Madang knows.
            Found::Sentence(word) if !word.contains(' ') => {
                Err(de::Error::custom(format!("no fault of a sidecar is called `{word}`")))
            }
            Found::Sentence(text) => Ok(SidecarFault::Other(text.into())),
        }
    }
}

/// One of each that is made.
#[cfg(test)]
pub(crate) fn samples() -> Vec<SidecarFault> {
    use SidecarFault::*;
    let q = Quote::new;
    let (bytes, most) = (2_000_000, 1_048_576);
    vec![
        TooLarge { bytes, most },
        OneTooMany(8),
        Denied,
        Unreadable(q("Permission denied (os error 13)")),
        NoFile,
        MoreProperties(256),
        NoText(q("공개")),
        SaidBefore(q("제목")),
        NoDate { word: q("작성일"), text: q("어제") },
        NoDisclosure { word: q("공개"), text: q("아마") },
        TableTooLarge { bytes, most },
        TableEmpty,
        NoHead,
        MoreRows(20_000),
        MoreColumns(200),
        OpenQuotation,
        NoYaml(q("did not find expected ',' or ']'")),
        RestUnread,
        SecondPart,
        WordsTooDeep(8),
        ListForWord,
        WordInList,
        NoWord,
        Anchor,
        NoJson(q("expected value")),
        NoObject,
        MoreValues(20_000),
        PacketTooLarge { bytes, most },
        NoProperty,
    ]
}

#[cfg(test)]
mod tests {
    use super::SidecarFault::*;
    use super::*;

    /// What stands in brackets or between backticks is quoted; the rest is ours, and has no English in it but names.
    fn own_words(korean: &str) -> Vec<String> {
        let mut own = String::new();
        let (mut deep, mut is_code) = (0usize, false);
        for c in korean.chars() {
            match c {
                '`' => is_code = !is_code,
                '(' => deep += 1,
                ')' => deep = deep.saturating_sub(1),
                _ if deep == 0 && !is_code => own.push(c),
                _ => own.push(' '),
            }
        }
        let words = own.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 1);
        words.map(str::to_owned).collect()
    }

    #[test]
    fn each_is_told_in_both_languages_with_its_cure() {
        for fault in samples() {
            let (korean, english) = fault.sentence();
            for text in [&korean, &english] {
                assert!(text.contains("; ") && !text.ends_with('.'), "{text}");
            }
            let left = own_words(&korean);
            let named = ["madang", "YAML", "JSON", "XMP"];
            assert!(left.iter().all(|word| named.contains(&word.as_str())), "{korean}: {left:?}");
            assert_eq!(fault.closes(), english.ends_with("counts as closed"), "{english}");
            assert_eq!(
                fault.closes(),
                korean.ends_with("비공개로 칩니다") && !matches!(fault, NoDisclosure { .. })
            );
            assert!(!korean.contains(&english), "{korean}");
        }
    }
}
