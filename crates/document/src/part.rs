use serde::{Deserialize, Serialize};

use crate::counted::counted;
use crate::quote::Quote;

/// A part of a file that a reason speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A member of an archive or a package, by its path.
    Member(Quote),
    /// A stream of a compound file.
    Stream(Quote),
    /// A sheet of a workbook.
    Sheet(Quote),
    /// A table of a database.
    Table(Quote),
    /// A chapter of a book.
    Chapter(Quote),
    /// An attachment, by its name.
    Attachment(Quote),
    /// Something that a format calls so, as in `word/document.xml`, of which nothing else is known.
    Named(Quote),
    /// A page, counted from 1.
    Page(u64),
    /// A slide, counted from 1.
    Slide(u64),
    /// This byte of a part in XML.
    XmlByte(u64),
    /// A line, counted from 1.
    Line(u64),
    /// A row of a table, counted from 1.
    Row(u64),
    /// The message in an attachment, counted from 1.
    Message(u64),
    /// A block of a file, by its number there.
    Block(u64),
    /// A control of a word processor, by its number.
    Control(u64),
    /// What stands behind so many members.
    AfterMembers(u64),
    /// A part that there is one of, or that has no name.
    The(Noun),
}

/// What a part is called in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartName {
    /// With its article.
    pub english: String,
    /// Whether the English name takes `are`.
    pub plural: bool,
    /// Ends with a noun, so that a particle can follow.
    pub korean: String,
}

impl Part {
    /// What it is called within a sentence.
    pub fn name(&self) -> PartName {
        let one = |english: String, korean: String| PartName { english, plural: false, korean };
        if let Some((english, korean)) = self.nameless() {
            return one(format!("{english} without a name"), format!("이름 없는 {korean}"));
        }
        match self {
            Part::Member(name) | Part::Named(name) => one(name.to_string(), format!("{name} 부분")),
            Part::Stream(name) => one(format!("the stream {name}"), format!("{name} 스트림")),
            Part::Sheet(name) => one(format!("sheet {name}"), format!("‘{name}’ 시트")),
            Part::Table(name) => one(format!("table {name}"), format!("‘{name}’ 표")),
            Part::Chapter(name) => one(name.to_string(), format!("{name} 장")),
            Part::Attachment(name) => {
                one(format!("attachment {name}"), format!("첨부 {name} 부분"))
            }
            Part::Page(n) => one(format!("page {n}"), format!("{n}쪽")),
            Part::Slide(n) => one(format!("slide {n}"), format!("{n}번 슬라이드")),
            Part::XmlByte(n) => {
                one(format!("byte {n} of the XML"), format!("XML의 {n}번째 바이트"))
            }
            Part::Line(n) => one(format!("line {n}"), format!("{n}번째 줄")),
            Part::Row(n) => one(format!("row {n}"), format!("{n}번째 행")),
            Part::Message(n) => {
                one(format!("the message in attachment {n}"), format!("{n}번째 첨부의 메시지"))
            }
            Part::Block(n) => one(format!("block {n:#x}"), format!("{n:#x}번 블록")),
            Part::Control(n) => one(format!("control {n}"), format!("{n}번 조판 부호")),
            Part::AfterMembers(n) => {
                let members = counted(*n, "member", "members");
                one(format!("after {members}"), format!("안의 파일 {n}개 다음"))
            }
            Part::The(noun) => noun.name(),
        }
    }

    /// How it stands before a sentence about something in it: the two languages, Korean first.
    pub fn prefix(&self) -> (String, String) {
        match self {
            Part::Member(name) | Part::Named(name) | Part::Chapter(name)
                if self.nameless().is_none() =>
            {
                (name.to_string(), name.to_string())
            }
            _ => {
                let PartName { english, korean, .. } = self.name();
                (korean, english)
            }
        }
    }

    /// What it is, English first, if it should have a name of its own and the file gives it none.
    fn nameless(&self) -> Option<(&'static str, &'static str)> {
        let (name, what) = match self {
            Part::Member(name) => (name, ("a member", "파일")),
            Part::Named(name) => (name, ("a part", "부분")),
            Part::Stream(name) => (name, ("a stream", "스트림")),
            Part::Sheet(name) => (name, ("a sheet", "시트")),
            Part::Table(name) => (name, ("a table", "표")),
            Part::Chapter(name) => (name, ("a chapter", "장")),
            Part::Attachment(name) => (name, ("an attachment", "첨부")),
            _ => return None,
        };
        name.as_str().trim().is_empty().then_some(what)
    }
}

impl From<Noun> for Part {
    fn from(noun: Noun) -> Part {
        Part::The(noun)
    }
}

/// Something that a format calls so.
impl From<&str> for Part {
    fn from(name: &str) -> Part {
        Part::Named(name.into())
    }
}

/// Something that a format calls so.
impl From<&String> for Part {
    fn from(name: &String) -> Part {
        Part::Named(name.into())
    }
}

/// Declares the nouns with their names in one table.
macro_rules! nouns {
    ($($noun:ident, $english:literal, $korean:literal;)*) => {
        /// A part that there is one of in its file, or that has no name of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Noun {
            $(#[doc = $english] $noun,)*
        }

        impl Noun {
            /// Every noun.
            pub const ALL: &[Noun] = &[$(Noun::$noun),*];

            fn words(self) -> (&'static str, &'static str) {
                match self {
                    $(Noun::$noun => ($english, $korean),)*
                }
            }
        }
    };
}

nouns! {
    Annotations, "some annotations", "주석 일부";
    Archive, "the archive", "압축 파일";
    Archives, "archives", "압축 파일";
    Attribute, "an attribute", "속성 하나";
    AnyFolder, "a folder", "폴더 하나";
    AnyMember, "a member", "안의 파일 하나";
    AnyObject, "an object", "개체 하나";
    AnyPart, "a part of its content", "내용의 일부";
    AnyRecord, "a record", "레코드 하나";
    AnyText, "any text", "글";
    AnyValue, "a value", "값 하나";
    Attachment, "an attachment", "첨부 하나";
    BeforePixels, "the segments before the pixels", "화소 앞의 조각";
    Block, "a block", "블록 하나";
    Body, "the body", "본문 부분";
    Book, "the book", "책";
    Bookmarks, "some bookmarks", "책갈피 일부";
    BoxesAndNotes, "boxes and notes", "글상자와 주석";
    BookContents, "the list of contents", "책의 차례";
    Cabinet, "the cabinet", "CAB 파일";
    CalendarParts, "parts of the calendar", "일정의 부분";
    Chapters, "the chapters of the book", "책의 장";
    ClosingBoundary, "the line that closes its parts", "부분을 닫는 경계선";
    CompoundFile, "the compound file", "복합 파일";
    CompoundPart, "a part of the compound file", "복합 파일의 일부";
    Content, "its content", "내용";
    Contents, "the table of contents", "목차";
    Cover, "the cover", "표지";
    Database, "the database", "데이터베이스";
    DatabaseHeader, "the header of the database", "데이터베이스의 머리";
    Descriptions, "some descriptions of pictures and links", "그림과 링크 설명 일부";
    Descriptor, "the descriptor of a volume", "볼륨 설명자";
    Directory, "its directory", "디렉터리";
    DistributionKey, "the key to this distribution document", "배포용 문서의 키";
    Document, "the document", "문서";
    DocumentContainer, "the document container", "문서 컨테이너";
    DocumentHead, "the head of the document", "문서의 머리";
    DrawingText, "the text of a drawing", "그리기 개체의 글";
    Egg, "the EGG archive", "EGG 압축 파일";
    Elements, "elements", "요소";
    EncryptedPackage, "the encrypted package", "암호화된 묶음 파일";
    EncryptedPackages, "encrypted packages", "암호화된 묶음 파일";
    EndMark, "its end mark", "끝 표시";
    FieldValue, "the value of a form field", "양식 필드의 값";
    FieldValuePart, "a part of the value of a form field", "양식 필드 값의 일부";
    File, "the file", "파일";
    FileEnd, "the end of the file", "파일의 끝";
    FileInformation, "the file information block", "파일 정보 블록";
    FolderList, "the list of folders and messages", "폴더와 메시지의 목록";
    Folders, "the folders", "폴더";
    Font, "the font of a text", "글의 글꼴";
    FontMap, "the map of a font to its characters", "글꼴의 문자 대응표";
    FontMapPart, "a part of the map of a font to its characters", "글꼴의 문자 대응표 일부";
    FontProgram, "a font in the file", "파일에 든 글꼴";
    FontProgramPart, "a part of a font in the file", "파일에 든 글꼴의 일부";
    FormFields, "some form fields", "양식 필드 일부";
    Forms, "its forms", "양식 개체";
    Frame, "a frame", "프레임 하나";
    Frames, "its frames", "프레임";
    FrameHead, "the head of a frame", "프레임의 머리";
    Group, "a group", "묶음 하나";
    Head, "its head", "머리";
    HeapHead, "the head of a heap", "힙의 머리";
    HeadOrMember, "a head or a member", "머리나 안의 파일 하나";
    Header, "the header", "머리";
    Image, "the image", "이미지";
    ItsFolder, "its folder", "들어 있는 폴더";
    LastChunk, "its last chunk", "마지막 조각";
    Samples, "its table of samples", "표본 목록";
    MovieIndex, "its index (moov), without which nothing of it is played", "moov 색인";
    LastRecord, "the last record", "마지막 레코드";
    LzmaHead, "the head of the LZMA member", "LZMA로 압축된 파일의 머리";
    Mail, "the mail", "메일";
    MailHeader, "the mail header", "메일 머리";
    MainDocument, "the main document", "본문 문서";
    MasterSlide, "a master of slides", "슬라이드 마스터";
    Member, "the member", "안의 파일";
    MemberHead, "the head of a member", "안의 파일의 머리";
    MemberNames, "the names of the members", "안의 파일들의 이름";
    MethodHead, "the head of its method", "압축 방식의 머리";
    Object, "the object", "개체";
    Objects, "its objects", "개체";
    PackedBytes, "the packed bytes", "압축된 내용";
    PackedStream, "the packed stream", "압축 스트림";
    Package, "the package", "묶음 파일";
    Pages, "its pages", "쪽";
    PageObject, "the object of the page", "쪽 개체";
    Picture, "the picture", "그림";
    Piece, "a piece of the member", "안의 파일의 한 조각";
    Pixels, "the pixels", "화소";
    Presentation, "the presentation", "발표 자료";
    Properties, "the properties", "속성";
    Preview, "the stored preview picture", "저장된 미리보기 그림";
    RootStorage, "the root storage", "최상위 저장소";
    RowsOrColumns, "some rows or columns", "행이나 열의 일부";
    RtfBody, "the RTF body", "RTF 본문";
    Section, "a section", "구역";
    Sections, "the sections", "구역";
    SevenZip, "the 7z archive", "7z 압축 파일";
    SevenZipContents, "the table of contents of the 7z archive", "7z 압축 파일의 목차";
    Size, "its width and height", "가로와 세로 크기";
    SomeAttachments, "some attachments", "첨부 일부";
    Film, "the film", "영상";
    Sound, "the sound", "소리";
    Speech, "the speech", "음성";
    Stream, "a stream", "스트림";
    Streams, "its streams", "스트림";
    StreamEnd, "the end of a packed stream", "압축 스트림의 끝";
    StructurePart, "a part of the document's structure", "문서 구조의 일부";
    Subtitles, "the subtitles", "자막";
    TableColumns, "the columns of a table", "표의 열";
    TableFooter, "the footer of the table", "표의 꼬리 부분";
    TableHeader, "the header of the table", "표의 머리 부분";
    TableList, "the list of tables", "표 목록";
    TableRows, "the rows of a table", "표의 행";
    TablesAndNotes, "tables and notes", "표와 주석";
    Tags, "its tags", "태그";
    Text, "the text", "본문";
    Trailer, "its trailer", "끝 부분";
    TableOfContents, "its table of contents", "목차";
    TreeHead, "the head of a tree", "트리의 머리";
    Tree, "a tree", "트리 하나";
    Workbook, "the workbook", "통합 문서";
    WorkbookStart, "the beginning of the workbook", "통합 문서의 첫머리";
    XmlForm, "the form in XML", "XML 양식";
    XmlElement, "an open element", "열린 요소";
    ZipContents, "ZIP table of contents", "ZIP 목차";
    ZipDirectory, "the ZIP directory", "ZIP 목차";
    ZipPackage, "the ZIP package", "ZIP 묶음 파일";
}

impl Noun {
    /// What it is called within a sentence.
    pub fn name(self) -> PartName {
        let (english, korean) = self.words();
        let plural = matches!(
            self,
            Noun::Annotations
                | Noun::Bookmarks
                | Noun::Chapters
                | Noun::CalendarParts
                | Noun::Archives
                | Noun::BeforePixels
                | Noun::BoxesAndNotes
                | Noun::Descriptions
                | Noun::Elements
                | Noun::EncryptedPackages
                | Noun::Folders
                | Noun::Frames
                | Noun::TableColumns
                | Noun::TableRows
                | Noun::RowsOrColumns
                | Noun::FormFields
                | Noun::Forms
                | Noun::MemberNames
                | Noun::Properties
                | Noun::Objects
                | Noun::PackedBytes
                | Noun::Pages
                | Noun::Pixels
                | Noun::Sections
                | Noun::Size
                | Noun::SomeAttachments
                | Noun::Streams
                | Noun::Subtitles
                | Noun::TablesAndNotes
                | Noun::Tags
        );
        PartName { english: english.to_owned(), plural, korean: korean.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_ends_with_a_noun_that_a_particle_can_follow() {
        let named = [
            Part::Member("a.txt".into()),
            Part::Stream("FileHeader".into()),
            Part::Sheet("예산".into()),
            Part::Table("t".into()),
            Part::Chapter("c.xhtml".into()),
            Part::Attachment("a.pdf".into()),
            Part::Named("x".into()),
            Part::Page(3),
            Part::Slide(3),
            Part::Line(3),
            Part::Row(3),
            Part::Message(3),
            Part::Block(3),
            Part::Control(7),
            Part::AfterMembers(3),
        ];
        for part in named.into_iter().chain(Noun::ALL.iter().map(|noun| Part::The(*noun))) {
            let name = part.name();
            let is_hangul = |c: char| ('가'..='힣').contains(&c);
            assert!(name.korean.chars().last().is_some_and(is_hangul), "{name:?}");
            assert!(!name.english.is_empty());
        }
    }
}
