//! What files beside an object say of it: sidecars in YAML and JSON, XMP packets, and the rows of tables. Their bytes are
//! as foreign as those of the object, and are read where it is.

use madang_document::content::{Content, Member};
use madang_document::metadata::Metadata;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::sidecar::described;
use madang_document::sidecar_fault::SidecarFault;

use crate::encoding::decode;
use crate::formats::xmp;
use crate::sidecar::{Beside, MOST, Sidecar};

use self::faults::Faults;
use self::manifest::Manifest;
use self::statements::Statements;

mod faults;
mod json;
pub(crate) mod manifest;
mod statements;
mod vocabulary;
mod yaml;

/// The kind of a sidecar, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Yaml,
    Json,
    Xmp,
    Table,
}

fn kind(name: &str) -> Option<Kind> {
    let ends = |end: &str| {
        let start = name.len().checked_sub(end.len());
        start.and_then(|start| name.get(start..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    match () {
        () if ends(".meta.yml") || ends(".meta.yaml") => Some(Kind::Yaml),
        () if ends(".meta.json") => Some(Kind::Json),
        () if ends(".xmp") => Some(Kind::Xmp),
        () if ends("manifest.csv") || ends("metadata.csv") => Some(Kind::Table),
        () => None,
    }
}

/// Reads what the sidecars of an object say.
pub(crate) fn read_all(sidecars: &[Sidecar]) -> Beside {
    let mut beside = Beside::default();
    for sidecar in sidecars {
        let statements = read(sidecar);
        statements.add_to(&mut beside.said);
        beside.faults.extend(statements.faults);
    }
    beside
}

/// Tells what cannot be read of a sidecar in the sidecar's own document, and of a table which files it describes. `size`
/// is that of the whole sidecar, of which `bytes` are the first.
pub(crate) fn check(name: &str, size: u64, bytes: &[u8], content: &mut Content) {
    let sidecar = Sidecar { name: name.to_owned(), size, row: None, bytes: bytes.into() };
    let of_all = read(&sidecar);
    let table = (kind(name) == Some(Kind::Table)).then(|| decode(bytes).text);
    let Some(manifest) = table.as_deref().and_then(Manifest::of) else {
        of_all.faults.into_iter().for_each(|fault| content.lost(fault));
        return;
    };
    let mut faults = Faults::default();
    faults.take(&of_all.faults);
    manifest.each(name, |paths, statements| {
        // Of one that is too large no row counts, whatever is in it.
        let statements = if size > MOST { &of_all } else { &statements };
        let told = Some(statements.told());
        let member = |path| Member { path, size: None, outcome: None, told };
        content.members.extend(paths.into_iter().map(member));
        faults.take(&statements.faults);
    });
    faults.tell(content);
}

fn read(sidecar: &Sidecar) -> Statements {
    let name = sidecar.name.as_str();
    let mut statements = Statements::of(name);
    let Some(kind) = kind(name) else { return statements };
    if sidecar.size > MOST {
        let (bytes, most) = (sidecar.size, MOST);
        let what = match kind {
            // It has no word for who may see what it describes.
            Kind::Xmp => SidecarFault::PacketTooLarge { bytes, most },
            Kind::Yaml | Kind::Json => SidecarFault::TooLarge { bytes, most },
            Kind::Table => SidecarFault::TableTooLarge { bytes, most },
        };
        statements.fault(None, what);
        return statements;
    }
    if sidecar.bytes.trim_ascii().is_empty() && kind == Kind::Table {
        // A table that was emptied described files, and one that was copied halfway will.
        statements.fault(None, SidecarFault::TableEmpty);
        return statements;
    }
    match kind {
        Kind::Yaml => yaml::read(&decode(&sidecar.bytes).text, &mut statements),
        Kind::Json => json::read(&decode(&sidecar.bytes).text, &mut statements),
        Kind::Xmp => packet(&sidecar.bytes, &mut statements),
        Kind::Table => {
            if let Some(row) = &sidecar.row
                && let Some(manifest) = Manifest::of(&decode(&sidecar.bytes).text)
            {
                manifest.read(row, &mut statements);
            }
        }
    }
    statements
}

/// That what is a table of files by its name is none by its head, and so describes no file.
pub(crate) fn describes_nothing(name: &str, text: &str) -> Option<Reason> {
    if kind(name) != Some(Kind::Table) || described(name).is_none() || Manifest::of(text).is_some()
    {
        return None;
    }
    let what = SidecarFault::NoHead;
    Some(ReasonKind::BesideFault { file: name.into(), line: None, what: Box::new(what) }.into())
}

fn packet(bytes: &[u8], statements: &mut Statements) {
    let mut metadata = Metadata::default();
    xmp::read(bytes, "", &mut metadata);
    for (name, value) in metadata.iter() {
        statements.values.push((name.to_owned(), value.clone()));
    }
    if metadata.is_empty() {
        statements.fault(None, SidecarFault::NoProperty);
    }
}

#[cfg(test)]
mod tests {
    use madang_document::content::WarningKind;
    use madang_document::locator::Locator;
    use madang_document::media_type::Kind;
    use madang_document::metadata::{self, Value};
    use madang_document::outcome::Outcome;

    use crate::extraction::outcome_of;

    use super::statements::FAULTS;
    use super::*;

    fn merge(sidecars: &[Sidecar], content: &mut Content) {
        read_all(sidecars).describe(content);
    }

    fn sidecar(name: &str, row: Option<&str>, bytes: &[u8]) -> Sidecar {
        let (name, row) = (name.to_owned(), row.map(str::to_owned));
        Sidecar { name, size: bytes.len() as u64, row, bytes: bytes.into() }
    }

    #[test]
    fn a_table_by_its_name_alone_is_told() {
        let told = |name: &str, text: &str| describes_nothing(name, text).is_some();
        assert!(told("manifest.csv", "이름아님,제목\na,b\n"));
        assert!(!told("manifest.csv", "파일명,제목\na,b\n"));
        assert!(!told("my-manifest.csv", "이름아님,제목\na,b\n"));
    }

    #[test]
    fn theirs_comes_first_in_the_order_of_trust() {
        let mut content = Content::default();
        content.metadata.at("docProps/core.xml").set(metadata::TITLE, "문서1");
        content.metadata.at("docProps/core.xml").set(metadata::AUTHOR, "user");
        let table = "파일명,제목,담당부서\na.docx,표의 제목,하천과\n".as_bytes();
        let (table, _, _) = encoding_rs::EUC_KR.encode(std::str::from_utf8(table).unwrap());
        let beside = [
            sidecar("a.docx.meta.yml", None, "제목: 침수 대책\n공개: 비공개\n".as_bytes()),
            sidecar("manifest.csv", Some("a.docx"), &table),
        ];
        merge(&beside, &mut content);
        assert_eq!(content.warnings, []);
        let said: Vec<(&Value, Option<&str>)> = content
            .metadata
            .stated(metadata::TITLE)
            .iter()
            .map(|stated| (&stated.value, stated.part_name()))
            .collect();
        let text = |text: &str| Value::from(text);
        assert_eq!(
            said,
            [
                (&text("침수 대책"), Some("a.docx.meta.yml")),
                (&text("표의 제목"), Some("manifest.csv")),
                (&text("문서1"), Some("docProps/core.xml")),
            ]
        );
        assert_eq!(content.metadata.text(metadata::AUTHOR), Some("user"));
        assert_eq!(content.metadata.text(metadata::DEPARTMENT), Some("하천과"));
        assert_eq!(content.metadata.text(metadata::DISCLOSURE), Some("closed"));
        assert!(content.metadata.stated(metadata::DISCLOSURE)[0].is_beside());
        let mut member = Content::default();
        read_all(&beside).describe_member(&mut member);
        assert_eq!(member.metadata.text(metadata::DISCLOSURE), Some("closed"));
        assert_eq!(member.metadata.len(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_file_its_line_and_its_cure() {
        let long = Sidecar { size: MOST + 1, ..sidecar("a.xmp", None, b"") };
        for (sidecar, expected) in [
            (
                sidecar("a.meta.yml", None, b"title: ok\nsubject: [a\nx: y: z\n"),
                "a.meta.yml, line ",
            ),
            (sidecar("a.meta.yml", None, b"just words\n"), "a.meta.yml, line 1: "),
            (sidecar("a.meta.json", None, b"{\n\"title\": }"), "a.meta.json, line 2: "),
            (sidecar("a.meta.json", None, b"[1]"), "a.meta.json: "),
            (sidecar("a.xmp", None, b"\x00\x01 no packet"), "a.xmp: "),
            (
                sidecar("b.meta.yml", None, "작성일: 어제\n".as_bytes()),
                "b.meta.yml, line 1: `작성일`",
            ),
            (long, "a.xmp: it has 1048577 bytes"),
        ] {
            let mut content = Content::default();
            content.metadata.set(metadata::PAGES, 3u32);
            merge(&[sidecar], &mut content);
            let [warning] = content.warnings.as_slice() else { panic!("{:?}", content.warnings) };
            assert_eq!(warning.kind, WarningKind::Note);
            let told = warning.reason.english();
            assert!(told.starts_with(expected), "{told}");
            assert!(told.contains("; "), "no cure: {told}");
            let (korean, (_, what)) = (warning.reason.korean(), told.split_once(": ").unwrap());
            let cure = what.rsplit_once("; ").map_or(what, |(_, cure)| cure);
            assert!(!korean.contains(cure), "English in Korean: {korean}");
            assert_eq!(content.metadata.integer(metadata::PAGES), Some(3));
        }
    }

    /// The document of a broken sidecar may not say that all of it was read.
    #[test]
    fn a_broken_sidecar_says_so_itself() {
        let told = |name: &str, text: &str| {
            let mut content = Content::default();
            content.push_text("as it stands", Locator::Whole {});
            check(name, text.len() as u64, text.as_bytes(), &mut content);
            let (outcome, reason) = outcome_of(&content, Kind::Text, false);
            (outcome, reason.map(|reason| reason.english()).unwrap_or_default())
        };
        let long = format!("title: {}\n", "x".repeat(MOST as usize));
        let table = "filename,제목,작성일\na.txt,하나,2026-07-14\nb.txt,둘,어제\n";
        for (name, text, start) in [
            ("a.txt.meta.yml", "title: ok\nsubject: [x\n", "a.txt.meta.yml, line 3: it is no YAML"),
            ("a.txt.meta.yml", "작성일: 어제\n", "a.txt.meta.yml, line 1: `작성일` cannot be"),
            ("a.txt.meta.json", "{\n\"title\": }", "a.txt.meta.json, line 2: it is no JSON"),
            ("a.txt.meta.yml", &long, "a.txt.meta.yml: it has 1048584 bytes"),
            ("a.xmp", "<x:xmpmeta/>", "a.xmp: no property"),
            ("manifest.csv", table, "manifest.csv, line 3: `작성일` cannot be `어제`"),
        ] {
            let (outcome, reason) = told(name, text);
            assert_eq!(outcome, Outcome::Partial, "{name}: {reason}");
            assert!(reason.starts_with(start) && reason.contains("; "), "{name}: {reason}");
        }
        assert_eq!(told("a.txt.meta.yml", "title: ok\n"), (Outcome::Ok, String::new()));
        let rows: String = (0..99).map(|n| format!("{n}.txt,어제\n")).collect();
        let mut content = Content::default();
        check("manifest.csv", 9999, format!("파일명,작성일\n{rows}").as_bytes(), &mut content);
        assert_eq!((content.members.len(), content.warnings.len()), (99, FAULTS + 1));
        assert_eq!(content.warnings[FAULTS].reason.english(), "79 further warnings");
    }

    #[test]
    fn hostile_sidecars_end() {
        let bomb = format!("a: &a [x]\n{}", "b: [*a, *a]\n".repeat(1000));
        let deep = "[".repeat(100_000);
        let nested = format!("a: {}", "{b: ".repeat(50_000));
        let keys: String = (0..50_000).map(|n| format!("k{n}: v\n")).collect();
        let nuls = vec![0u8; 1 << 16];
        for bytes in [bomb.as_bytes(), deep.as_bytes(), nested.as_bytes(), keys.as_bytes(), &nuls] {
            for name in ["a.meta.yml", "a.meta.json", "a.xmp", "manifest.csv"] {
                let mut content = Content::default();
                merge(&[sidecar(name, Some("a"), bytes)], &mut content);
                assert!(content.metadata.len() <= 300, "{name}: {}", content.metadata.len());
                assert!(content.warnings.len() <= 50, "{name}: {}", content.warnings.len());
            }
        }
    }
}
