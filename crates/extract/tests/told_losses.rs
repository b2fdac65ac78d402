//! What could not be read is told, and so is what a document holds and does not show: no file that lost something ends as if
//! it were whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "this is a test")]

use std::cell::RefCell;
use std::io::{Cursor, Write as _};

use madang_document::content::WarningKind;
use madang_document::outcome::Outcome;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// All documents that come of these bytes; the object is the last.
fn read_all(bytes: &[u8], name: &str) -> Vec<Extraction> {
    let kept = RefCell::new(Vec::<Extraction>::new());
    extract(&bytes, &Order::named(name), &Engines::none(), &kept);
    kept.into_inner()
}

fn read(bytes: &[u8], name: &str) -> Extraction {
    read_all(bytes, name).pop().unwrap()
}

fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in parts {
        archive.start_file(*name, stored).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn said(document: &Extraction) -> Vec<String> {
    document.content.warnings.iter().map(|warning| warning.reason.english()).collect()
}

/// It is read in part, and this is why; in Korean, too.
fn lost(bytes: &[u8], name: &str, why: &str) -> Extraction {
    let document = read(bytes, name);
    assert_eq!(document.outcome, Outcome::Partial, "{name}: {:?}", said(&document));
    let reason = document.reason.clone().unwrap();
    assert!(reason.english().contains(why), "{name}: {}", reason.english());
    assert!(reason.korean().chars().any(|c| ('가'..='힣').contains(&c)));
    document
}

/// It is read whole, and this is said besides.
fn remarked(bytes: &[u8], name: &str, what: &str) -> Extraction {
    let document = read(bytes, name);
    assert_eq!(document.outcome, Outcome::Ok, "{name}: {:?}", document.reason);
    let note = document.content.warnings.iter().find(|it| it.reason.english().contains(what));
    let note = note.unwrap_or_else(|| panic!("{name}: {:?}", said(&document)));
    assert_eq!(note.kind, WarningKind::Note);
    document
}

fn whole(bytes: &[u8], name: &str) -> Extraction {
    let document = read(bytes, name);
    assert_eq!(document.outcome, Outcome::Ok, "{name}: {:?}", document.reason);
    assert!(document.content.warnings.is_empty(), "{name}: {:?}", said(&document));
    document
}

fn rels(relations: &[(&str, &str, &str)]) -> String {
    let one = |(id, kind, target): &(&str, &str, &str)| {
        format!(
            r#"<Relationship Id="{id}" Type="http://o/relationships/{kind}" Target="{target}"/>"#
        )
    };
    format!("<Relationships>{}</Relationships>", relations.iter().map(one).collect::<String>())
}

fn ooxml(main: &str, text: &str, related: &[(&str, &str, &str)], more: &[(&str, &str)]) -> Vec<u8> {
    let (folder, file) = main.rsplit_once('/').unwrap();
    let beside = format!("{folder}/_rels/{file}.rels");
    let (package, part) = (rels(&[("r", "officeDocument", main)]), rels(related));
    let mut parts =
        vec![("[Content_Types].xml", "<Types/>"), ("_rels/.rels", &package), (main, text)];
    parts.push((&beside, &part));
    parts.extend(more);
    zipped(&parts)
}

fn word(body: &str, related: &[(&str, &str, &str)], more: &[(&str, &str)]) -> Vec<u8> {
    let text = format!("<w:document><w:body>{body}</w:body></w:document>");
    ooxml("word/document.xml", &text, related, more)
}

const PARAGRAPH: &str = "<w:p><w:r><w:t>본문</w:t></w:r></w:p>";

#[test]
fn parts_of_a_word_document_that_it_refers_to_and_that_are_not_there() {
    for kind in ["numbering", "styles"] {
        let part = format!("{kind}.xml");
        let related = [("rId1", kind, part.as_str())];
        let path = format!("word/{part}");
        lost(&word(PARAGRAPH, &related, &[]), "a.docx", &path);
        whole(&word(PARAGRAPH, &related, &[(&path, "<w:x/>")]), "a.docx");
        lost(&word(PARAGRAPH, &related, &[(&path, "<w:x><w:y>")]), "a.docx", &path);
    }
    let shown = format!(r#"{PARAGRAPH}<w:p><w:r><a:blip r:embed="rId7"/></w:r></w:p>"#);
    let related = [("rId7", "image", "media/image1.png")];
    lost(&word(&shown, &related, &[]), "a.docx", "word/media/image1.png");
    // Nothing shows it any more.
    whole(&word(PARAGRAPH, &related, &[]), "a.docx");
}

#[test]
fn styles_of_a_workbook_and_objects_of_a_slide_that_are_not_there() {
    let sheet = "<worksheet><sheetData><row r='1'><c r='A1' s='1'><v>45000</v></c></row></sheetData></worksheet>";
    let book = r#"<workbook><sheets><sheet name="자료" r:id="rId1"/></sheets></workbook>"#;
    let related = [("rId1", "worksheet", "sheet1.xml"), ("rId2", "styles", "styles.xml")];
    let bytes = ooxml("xl/workbook.xml", book, &related, &[("xl/sheet1.xml", sheet)]);
    lost(&bytes, "a.xlsx", "xl/styles.xml");

    let deck =
        r#"<p:presentation><p:sldIdLst><p:sldId r:id="rId1"/></p:sldIdLst></p:presentation>"#;
    let slide = r#"<p:sld><a:p><a:t>글</a:t></a:p><p:oleObj r:id="rId2"/></p:sld>"#;
    let beside = rels(&[("rId2", "oleObject", "../embeddings/o.bin")]);
    let more = [("ppt/slides/slide1.xml", slide), ("ppt/slides/_rels/slide1.xml.rels", &beside)];
    let related = [("rId1", "slide", "slides/slide1.xml")];
    lost(&ooxml("ppt/presentation.xml", deck, &related, &more), "a.pptx", "ppt/embeddings/o.bin");
}

#[test]
fn styles_of_an_open_document_that_are_damaged_or_not_there() {
    let manifest = r#"<m:manifest><m:file-entry m:full-path="styles.xml" m:media-type="text/xml"/></m:manifest>"#;
    let body = "<office:document-content><office:body><office:text><text:p>글</text:p></office:text></office:body></office:document-content>";
    let parts = |styles: &[(&str, &str)]| {
        let mut parts = vec![
            ("mimetype", "application/vnd.oasis.opendocument.text"),
            ("META-INF/manifest.xml", manifest),
            ("content.xml", body),
        ];
        parts.extend(styles);
        zipped(&parts)
    };
    whole(&parts(&[("styles.xml", "<office:document-styles/>")]), "a.odt");
    lost(&parts(&[]), "a.odt", "styles.xml");
    // Nothing lists them, and a paragraph names one of them.
    let unlisted = |style: &str| {
        let body = body.replace("<text:p>", &format!("<text:p text:style-name='{style}'>"));
        zipped(&[("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", &body)])
    };
    lost(&unlisted("Standard"), "a.odt", "styles.xml");
    whole(&unlisted(""), "a.odt");
    lost(
        &parts(&[("styles.xml", "<office:document-styles><office:styles>")]),
        "a.odt",
        "styles.xml",
    );
}

#[test]
fn the_head_and_the_list_of_parts_of_a_hwpx() {
    let list = r#"<opf:package><opf:manifest><opf:item id="h" href="Contents/header.xml"/></opf:manifest></opf:package>"#;
    let parts = |list: &str, head: Option<&str>| {
        let section = "<hs:sec><hp:p><hp:run><hp:t>글</hp:t></hp:run></hp:p></hs:sec>";
        let mut parts = vec![
            ("mimetype", "application/hwp+zip"),
            ("Contents/content.hpf", list),
            ("Contents/section0.xml", section),
        ];
        parts.extend(head.map(|head| ("Contents/header.xml", head)));
        zipped(&parts)
    };
    let head = "<hh:head></hh:head>";
    whole(&parts(list, Some(head)), "a.hwpx");
    lost(&parts(list, None), "a.hwpx", "Contents/header.xml");
    // Nothing lists it, and no paragraph says what it looks like; then one does.
    let none = "<opf:package></opf:package>";
    whole(&parts(none, None), "a.hwpx");
    let unlisted = |number: u8| {
        let section = format!(
            "<hs:sec><hp:p paraPrIDRef='{number}'><hp:run><hp:t>글</hp:t></hp:run></hp:p></hs:sec>"
        );
        zipped(&[("mimetype", "application/hwp+zip"), ("Contents/section0.xml", &section)])
    };
    whole(&unlisted(0), "a.hwpx");
    lost(&unlisted(3), "a.hwpx", "Contents/header.xml");
    lost(&parts(list, Some("<hh:head><hh:refList>")), "a.hwpx", "Contents/header.xml");
    lost(&parts(&list[..60], Some(head)), "a.hwpx", "Contents/content.hpf");
}

#[test]
fn what_is_hidden_is_remarked() {
    let flat = |body: &str| {
        format!(
            r#"<office:document office:mimetype="application/vnd.oasis.opendocument.{body}</office:body></office:document>"#
        )
    };
    let sheets = flat(
        r#"spreadsheet"><office:automatic-styles><style:style style:name="t2" style:family="table"><style:table-properties table:display="false"/></style:style></office:automatic-styles><office:body><office:spreadsheet><table:table table:name="보임"/><table:table table:name="숨김" table:style-name="t2"/></office:spreadsheet>"#,
    );
    let document = remarked(sheets.as_bytes(), "a.fods", "sheet 숨김 is hidden");
    assert_eq!(document.content.warnings.len(), 1);
    let text = flat(
        r#"text"><office:body><office:text><text:section text:name="구역" text:display="none"><text:p>글</text:p></text:section></office:text>"#,
    );
    remarked(text.as_bytes(), "a.fodt", "구역 is hidden");
    let styled = |style: &str| {
        flat(&format!(
            r#"text"><office:styles><style:style style:name="In"><style:text-properties text:display="none"/></style:style><style:style style:name="On" style:parent-style-name="In"/></office:styles>
            <office:body><office:text><text:p>글 <text:span text:style-name="{style}">안의 <text:span text:style-name="On"/></text:span> 글</text:p></office:text>"#
        ))
    };
    remarked(styled("On").as_bytes(), "a.fodt", "some of the text is hidden");
    whole(styled("Out").as_bytes(), "a.fodt");

    let book = r#"<workbook><sheets><sheet name="자료" r:id="rId1"/></sheets></workbook>"#;
    let sheet = |columns: &str, row: &str| {
        let sheet = format!(
            "<worksheet><cols>{columns}</cols><sheetData><row r='1'{row}><c r='B1'><v>7</v></c></row></sheetData></worksheet>"
        );
        let related = [("rId1", "worksheet", "sheet1.xml")];
        ooxml("xl/workbook.xml", book, &related, &[("xl/sheet1.xml", &sheet)])
    };
    whole(&sheet("<col min='3' max='9' hidden='1'/>", ""), "a.xlsx");
    remarked(&sheet("<col min='2' max='2' hidden='1'/>", ""), "a.xlsx", "some rows or columns are");
    remarked(&sheet("", " hidden='1'"), "a.xlsx", "some rows or columns are hidden");
}

#[test]
fn text_that_a_style_hides_is_remarked() {
    let styles = r#"<w:styles><w:style w:styleId="In"><w:rPr><w:vanish/></w:rPr></w:style><w:style w:styleId="On"><w:basedOn w:val="In"/></w:style>
        <w:style w:styleId="Out"><w:basedOn w:val="In"/><w:rPr><w:vanish w:val="0"/></w:rPr></w:style></w:styles>"#;
    let related = [("rId1", "styles", "styles.xml")];
    let text = |paragraph: &str, run: &str| {
        let body = format!(
            "<w:p><w:pPr>{paragraph}</w:pPr><w:r><w:rPr>{run}</w:rPr><w:t>글</w:t></w:r></w:p>"
        );
        word(&body, &related, &[("word/styles.xml", styles)])
    };
    for (paragraph, run, is_hidden) in [
        ("", "", false),
        (r#"<w:pStyle w:val="On"/>"#, "", true),
        (r#"<w:pStyle w:val="Out"/>"#, "", false),
        ("", r#"<w:rStyle w:val="In"/>"#, true),
        (r#"<w:pStyle w:val="On"/>"#, r#"<w:rStyle w:val="Out"/>"#, false),
        (r#"<w:pStyle w:val="On"/>"#, r#"<w:vanish w:val="0"/>"#, false),
        (r#"<w:pStyle w:val="Out"/>"#, "<w:vanish/>", true),
    ] {
        match is_hidden {
            true => drop(remarked(&text(paragraph, run), "a.docx", "some of the text is hidden")),
            false => drop(whole(&text(paragraph, run), "a.docx")),
        }
    }
}

#[test]
fn forms_of_hwpml_are_read() {
    let hml = |body: &str| {
        format!(
            "<?xml version='1.0'?><HWPML Version='2.8'><HEAD/><BODY><SECTION><P><TEXT>{body}</TEXT></P></SECTION></BODY></HWPML>"
        )
    };
    let text = |body: &str| read(hml(body).as_bytes(), "a.hml").content.text();
    for (form, read) in [
        ("<CHECKBUTTON><BUTTONSET Caption='동의함' Value='1'/></CHECKBUTTON>", "☒ 동의함"),
        ("<RADIOBUTTON><BUTTONSET Caption='남' Value='0'/></RADIOBUTTON>", "☐ 남"),
        ("<BUTTON><BUTTONSET Caption='달력 보기' Value='1'/></BUTTON>", "달력 보기"),
        ("<COMBOBOX Text='동래구'></COMBOBOX>", "동래구"),
        ("<EDIT><FORMOBJECT Name='e'/><EDITTEXT>홍길동</EDITTEXT></EDIT>", "홍길동"),
    ] {
        assert_eq!(text(form), read);
    }
}

#[test]
fn tracked_deletions_are_counted() {
    let del = "<w:p><w:del><w:r><w:delText>지운 글</w:delText></w:r></w:del><w:del/></w:p>";
    remarked(&word(&format!("{PARAGRAPH}{del}"), &[], &[]), "a.docx", "1 passage that a tracked");
    let region = "<text:changed-region><text:deletion><office:change-info><dc:creator>나</dc:creator></office:change-info><text:p>지움</text:p></text:deletion></text:changed-region>";
    let text = format!(
        r#"<office:document office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text><text:tracked-changes>{region}{region}</text:tracked-changes><text:p>글</text:p></office:text></office:body></office:document>"#
    );
    remarked(text.as_bytes(), "a.fodt", "2 passages that a tracked");
}

#[test]
fn calendars_and_cards_that_end_early_or_are_deep() {
    let event = "BEGIN:VEVENT\r\nSUMMARY:회의\r\nEND:VEVENT\r\n";
    let deep = format!(
        "BEGIN:VCALENDAR\r\n{}{event}{}END:VCALENDAR\r\n",
        "BEGIN:X\r\n".repeat(40),
        "END:X\r\n".repeat(40)
    );
    assert_eq!(whole(deep.as_bytes(), "a.ics").content.text(), "회의");
    let deeper = format!(
        "BEGIN:VCALENDAR\r\n{}{event}{}{event}END:VCALENDAR\r\n",
        "BEGIN:X\r\n".repeat(300),
        "END:X\r\n".repeat(300)
    );
    assert_eq!(lost(deeper.as_bytes(), "a.ics", "parts of the calendar").content.text(), "회의");
    lost(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:two is cu", "a.ics", "ends within VEVENT");
    lost(
        b"BEGIN:VCARD\r\nFN:Hong\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:Ki",
        "a.vcf",
        "ends within VCARD",
    );
}

#[test]
fn a_file_in_a_calendar_is_a_member() {
    let calendar = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:one\r\nATTACH;VALUE=BINARY;ENCODING=BASE64;X-FILENAME=a.txt:7ZWc6riA\r\nATTACH:https://example.org/a\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let documents = read_all(calendar.as_bytes(), "a.ics");
    assert_eq!(documents.len(), 2);
    assert_eq!(documents[0].content.text(), "한글");
    assert_eq!(documents[1].content.members[0].path, "a.txt");
}

#[test]
fn xml_that_is_cut_or_closed_otherwise() {
    let start = "<?xml version='1.0'?><a><b>first</b>";
    whole(format!("{start}</a>").as_bytes(), "a.xml");
    lost(format!("{start}<b>second wor").as_bytes(), "a.xml", "ends within an open element");
    let crossed = lost(format!("{start}<b>x</c></a>").as_bytes(), "a.xml", "damaged at byte");
    assert!(crossed.content.text().contains('x'));
}

#[test]
fn frames_beyond_the_first_hundred_and_in_frames() {
    let page = |frames: String| format!("<html><body><p>main</p>{frames}</body></html>");
    let frames = (0..150).map(|n| format!("<iframe srcdoc='f{n}'></iframe>")).collect();
    let document = read(page(frames).as_bytes(), "a.html");
    assert_eq!(document.outcome, Outcome::Limit);
    assert!(document.reason.unwrap().english().contains("only the first 100 of 150 frames"));
    let nested = page("<iframe srcdoc='o<iframe srcdoc=i></iframe>'></iframe>".into());
    assert_eq!(read(nested.as_bytes(), "a.html").outcome, Outcome::Limit);
}

#[test]
fn what_search_engines_are_told_is_read_once() {
    let page = |body: &str| {
        format!(
            r#"<html><body>{body}<script type="application/ld+json">{{"@type":"FAQPage","articleBody":"본문 글","mainEntity":[{{"name":"질문","acceptedAnswer":{{"text":"<p>답변</p>"}}}}]}}</script></body></html>"#
        )
    };
    assert_eq!(
        read(page("<p>몸</p>").as_bytes(), "a.html").content.text(),
        "몸\n본문 글\n질문\n답변"
    );
    let shown = page("<p>본문 <b>글</b></p><p>질문</p><p>답변</p>");
    assert_eq!(read(shown.as_bytes(), "a.html").content.text(), "본문 글\n질문\n답변");
}

#[test]
fn a_cue_with_a_bad_time_keeps_its_words() {
    let cues = "1\n00:00:01,000 --> 00:00:02,000\nhello\n\n2\n00:00:xx --> bad\nlost words\n\n3\n00:00:05,000 --> 00:00:06,000\nthird\n";
    let document = remarked(cues.as_bytes(), "a.srt", "not a time span");
    assert_eq!(document.content.text(), "hello\nlost words\nthird");
}

#[test]
fn objects_and_pictures_of_rtf_that_are_left_out() {
    let object = |data: &str| format!(r"{{\rtf1 글{{\object\objemb{{\*\objdata {data}}}}}}}");
    lost(object("0105000002000000ffffffff4141").as_bytes(), "a.rtf", "the object is damaged");
    whole(object("0105000000000000").as_bytes(), "a.rtf");
    let pictures = r"{\pict\wmetafile8 00}".repeat(10_001);
    let document = read(format!(r"{{\rtf1 x {pictures}}}").as_bytes(), "a.rtf");
    assert_eq!(document.outcome, Outcome::Limit);
    assert!(document.reason.unwrap().english().contains("10000 of 10001"));
}

#[test]
fn members_that_the_contents_of_a_zip_do_not_count() {
    let three = zipped(&[("a.txt", "one"), ("b.txt", "two"), ("c.txt", "three")]);
    whole(&three, "a.zip");
    let end = three.len() - 22;
    let mut fewer = three.clone();
    fewer[end + 8..end + 12].copy_from_slice(&[1, 0, 1, 0]);
    let document = lost(&fewer, "a.zip", "missing from ZIP table of contents");
    assert_eq!(document.content.members.len(), 3);

    // What the table does not name is read all the same, and each is marked.
    let texts = |bytes: &[u8]| {
        let mut documents = read_all(bytes, "a.zip");
        documents.pop();
        documents.iter().map(|document| document.content.text()).collect::<Vec<_>>()
    };
    let behind = [three.clone(), zipped(&[("d.txt", "four")])].concat();
    let document = remarked(&behind, "a.zip", "a.txt is missing from ZIP table of contents");
    assert_eq!(document.content.warnings.len(), 3, "{:?}", said(&document));
    assert_eq!(texts(&behind), ["four", "one", "two", "three"]);

    // A record is taken out of the table: its member lies there all the same.
    let table = u32::from_le_bytes(three[end + 16..end + 20].try_into().unwrap()) as usize;
    let record = 46 + "a.txt".len();
    for (taken, name, order) in [
        (0, "a.txt", ["two", "three", "one"]),
        (1, "b.txt", ["one", "three", "two"]),
        (2, "c.txt", ["one", "two", "three"]),
    ] {
        let at = table + taken * record;
        let mut hidden = [&three[..at], &three[at + record..]].concat();
        let end = hidden.len() - 22;
        hidden[end + 8..end + 12].copy_from_slice(&[2, 0, 2, 0]);
        let size = u32::from_le_bytes(hidden[end + 12..end + 16].try_into().unwrap());
        hidden[end + 12..end + 16].copy_from_slice(&(size - record as u32).to_le_bytes());
        let what = format!("{name} is missing from ZIP table of contents");
        let document = remarked(&hidden, "a.zip", &what);
        assert_eq!(document.content.warnings.len(), 1, "{:?}", said(&document));
        assert_eq!(texts(&hidden), order);
    }
}

#[test]
fn hidden_parts_of_a_page_are_read_and_remarked() {
    for page in [
        "<p>seen</p><div style='color:red; Display: none'><p>unseen</p></div><p>seen</p>",
        "<p>seen<span hidden>unseen</span></p>",
        "<ul><li>seen<li style='visibility:hidden'>unseen<li>seen</ul>",
    ] {
        let document = remarked(page.as_bytes(), "a.html", "some of the text is hidden");
        assert!(document.content.text().contains("unseen"), "{page}");
    }
    for page in [
        "<p>seen</p><div style='display:block'>seen</div>",
        "<div hidden></div><div hidden> <br></div><p>seen</p>",
        "<p hidden><div>seen</div>",
        "<img hidden><input hidden value=''>seen",
        "<ul><li hidden><li>seen</ul>",
        "<style>.x { display: none }</style><p>seen</p>",
    ] {
        let page = format!("<html><body>{page}");
        whole(page.as_bytes(), "a.html");
    }
}

#[test]
fn a_damaged_signed_file_is_damaged() {
    let cut = b"\x30\x84\xFF\xFF\xFF\xFF\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02\xA0\x84\xFF\xFF\xFF\xFF";
    for bytes in [cut.as_slice(), &b"\x30\x80".repeat(1000)] {
        let document = read(bytes, "a.p7m");
        assert_eq!(document.outcome, Outcome::Corrupt);
        assert_eq!(document.reason.unwrap().korean(), "파일이 손상되었습니다");
    }
    // A whole one of certificates alone holds nothing that is read.
    let other = b"\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x05\xA0\x00";
    assert_eq!(read(other, "a.p7m").outcome, Outcome::Unsupported);
}

#[test]
fn pictures_of_word_2003_are_members() {
    let xml = r#"<?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:body><w:p><w:r><w:t>글</w:t></w:r><w:pict><w:binData w:name="wordml://01000001.wmf">AAEC</w:binData></w:pict></w:p><w:binData w:name="oledata.mso">AAEC</w:binData></w:body></w:wordDocument>"#;
    let (members, document) = members(xml.as_bytes(), "a.xml");
    assert_eq!(members, [("01000001.wmf".to_owned(), Outcome::Unsupported, 3)]);
    assert_eq!(document.content.members.len(), 2);
    assert_eq!(document.content.text(), "글");
}

/// The members that are documents of their own, with how they ended and how large they are, and the object.
fn members(bytes: &[u8], name: &str) -> (Vec<(String, Outcome, u64)>, Extraction) {
    let mut all = read_all(bytes, name);
    let object = all.pop().unwrap();
    let member = |it: &Extraction| (it.member.as_ref().unwrap().to_string(), it.outcome, it.size);
    (all.iter().map(member).collect(), object)
}

fn paths(bytes: &[u8], name: &str) -> Vec<String> {
    members(bytes, name).0.into_iter().map(|(path, ..)| path).collect()
}

const GIF: &str = "GIF89a\u{1}\0\u{1}\0\0\0\0,\0\0\0\0\u{1}\0\u{1}\0\0\u{2}\0;";

#[test]
fn pictures_that_a_document_shows_are_members_and_others_are_listed() {
    let picture = |name| (name, GIF);
    let shown = format!(r#"{PARAGRAPH}<w:p><w:r><a:blip r:embed="rId7"/></w:r></w:p>"#);
    let theme = rels(&[("rId1", "image", "../media/fill.gif")]);
    let header =
        rels(&[("rId1", "image", "media/seal.gif"), ("rId2", "image", "/pictures/far.gif")]);
    let related = [
        ("rId7", "image", "media/image1.gif"),
        ("rId8", "image", "media/image1.gif"),
        ("rId1", "theme", "theme/theme1.xml"),
        ("rId2", "header", "header1.xml"),
    ];
    let bytes = word(
        &shown,
        &related,
        &[
            picture("word/media/image1.gif"),
            picture("word/media/seal.gif"),
            picture("word/media/fill.gif"),
            picture("word/media/left.gif"),
            picture("pictures/far.gif"),
            picture("docProps/thumbnail.gif"),
            ("word/theme/theme1.xml", "<a:theme/>"),
            ("word/theme/_rels/theme1.xml.rels", &theme),
            ("word/header1.xml", "<w:hdr/>"),
            ("word/_rels/header1.xml.rels", &header),
        ],
    );
    let (opened, document) = members(&bytes, "a.docx");
    let opened: Vec<_> = opened.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(opened, ["pictures/far.gif", "word/media/image1.gif", "word/media/seal.gif"]);
    assert_eq!(document.content.members.len(), 5);
}

#[test]
fn a_slide_shows_its_layout_and_master_and_no_others() {
    let deck =
        r#"<p:presentation><p:sldIdLst><p:sldId r:id="rId1"/></p:sldIdLst></p:presentation>"#;
    let related =
        [("rId1", "slide", "slides/slide1.xml"), ("rId2", "slideMaster", "slideMasters/m2.xml")];
    let slide = rels(&[("rId1", "slideLayout", "../slideLayouts/l1.xml")]);
    let layout = |picture: &str, master: &str| {
        rels(&[
            ("rId1", "image", &format!("../media/{picture}.gif")),
            ("rId2", "slideMaster", &format!("../slideMasters/{master}.xml")),
        ])
    };
    let master = |picture: &str| {
        rels(&[
            ("rId1", "image", &format!("../media/{picture}.gif")),
            ("rId2", "slideLayout", "../slideLayouts/l1.xml"),
            ("rId3", "slideLayout", "../slideLayouts/l2.xml"),
            ("rId4", "theme", "../theme/t.xml"),
        ])
    };
    let (l1, l2, m1, m2) = (layout("l1", "m1"), layout("l2", "m1"), master("m1"), master("m2"));
    let theme = rels(&[("rId1", "image", "../media/t.gif")]);
    let parts = [
        ("ppt/slides/slide1.xml", "<p:sld/>"),
        ("ppt/slides/_rels/slide1.xml.rels", &slide),
        ("ppt/slideLayouts/l1.xml", "<p:sldLayout/>"),
        ("ppt/slideLayouts/l2.xml", "<p:sldLayout/>"),
        ("ppt/slideLayouts/_rels/l1.xml.rels", &l1),
        ("ppt/slideLayouts/_rels/l2.xml.rels", &l2),
        ("ppt/slideMasters/m1.xml", "<p:sldMaster/>"),
        ("ppt/slideMasters/m2.xml", "<p:sldMaster/>"),
        ("ppt/slideMasters/_rels/m1.xml.rels", &m1),
        ("ppt/slideMasters/_rels/m2.xml.rels", &m2),
        ("ppt/theme/t.xml", "<a:theme/>"),
        ("ppt/theme/_rels/t.xml.rels", &theme),
        ("ppt/media/l1.gif", GIF),
        ("ppt/media/l2.gif", GIF),
        ("ppt/media/m1.gif", GIF),
        ("ppt/media/m2.gif", GIF),
        ("ppt/media/t.gif", GIF),
    ];
    let bytes = ooxml("ppt/presentation.xml", deck, &related, &parts);
    assert_eq!(paths(&bytes, "a.pptx"), ["ppt/media/l1.gif", "ppt/media/m1.gif"]);
}

#[test]
fn a_damaged_picture_damages_its_document() {
    let shown = format!(r#"{PARAGRAPH}<w:p><w:r><a:blip r:embed="rId7"/></w:r></w:p>"#);
    let related = [("rId7", "image", "media/image1.gif")];
    let long = format!("{GIF}{}", "x".repeat(9000));
    let mut bytes = word(&shown, &related, &[("word/media/image1.gif", long.as_str())]);
    let at = bytes.windows(20).position(|it| it == [b'x'; 20]).unwrap();
    bytes[at] = b'y';
    let document = lost(&bytes, "a.docx", "word/media/image1.gif");
    assert_eq!(document.content.members[0].outcome, Some(Outcome::Partial));
}

#[test]
fn pictures_of_rtf_are_members_each_once() {
    let picture = |kind: &str, hex: &str| format!(r"{{\pict\{kind} {hex}}}");
    let gif: String = GIF.bytes().map(|byte| format!("{byte:02x}")).collect();
    let (gif, wmf) = (picture("pngblip", &gif), picture("wmetafile8", "010009"));
    let bits = picture("wbitmap0", "ffff");
    let text = format!(r"{{\rtf1 x {gif}{wmf}{gif}{bits}{{\nonshppict{wmf}}}}}");
    let (opened, document) = members(text.as_bytes(), "a.rtf");
    let opened: Vec<_> =
        opened.iter().map(|(path, outcome, _)| (path.as_str(), *outcome)).collect();
    let expected = [("picture-1.png", Outcome::Empty), ("picture-2.wmf", Outcome::Unsupported)];
    assert_eq!(opened.iter().map(|it| it.0).collect::<Vec<_>>(), expected.map(|it| it.0));
    assert_eq!(opened[1].1, expected[1].1);
    assert_eq!(document.content.members.len(), 3);
}

#[test]
fn pictures_of_a_book_that_its_pages_show() {
    let list = r#"<package><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>
        <item id="p" href="i/p.gif" media-type="image/gif"/><item id="q" href="i/q.gif" media-type="image/gif"/>
        <item id="c" href="i/c.gif" media-type="image/gif" properties="cover-image"/>
        <item id="m" href="i/m.gif" media-type="image/gif"/></manifest><spine><itemref idref="a"/></spine></package>"#;
    let page = |shown: &str| {
        format!(
            r#"<html><body><p>글</p><img src="i/p.gif"/><img src="i/p.gif"/>{shown}</body></html>"#
        )
    };
    let book = |page: &str| {
        zipped(&[
            ("mimetype", "application/epub+zip"),
            ("META-INF/container.xml", r#"<container><rootfile full-path="o/b.opf"/></container>"#),
            ("o/b.opf", list),
            ("o/a.xhtml", page),
            ("o/i/p.gif", GIF),
            ("o/i/q.gif", GIF),
            ("o/i/c.gif", GIF),
            ("o/i/unlisted.gif", GIF),
        ])
    };
    let bytes = book(&page(r#"<svg><image xlink:href="i/unlisted.gif"/></svg>"#));
    let (opened, document) = members(&bytes, "a.epub");
    let opened: Vec<_> = opened.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(opened, ["o/i/p.gif", "o/i/c.gif", "o/i/unlisted.gif"]);
    assert_eq!(document.outcome, Outcome::Ok);
    lost(&book(&page(r#"<img src="i/m.gif"/>"#)), "a.epub", "o/i/m.gif");
}

#[test]
fn hidden_rows_and_columns_of_a_binary_workbook_are_remarked() {
    let record = |kind: u32, data: &[u8]| {
        let mut record = match kind {
            0..128 => vec![kind as u8],
            kind => vec![kind as u8 & 0x7F | 0x80, (kind >> 7) as u8],
        };
        record.push(data.len() as u8);
        [record, data.to_vec()].concat()
    };
    let wide = |text: &str| {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [&(units.len() as u32 / 2).to_le_bytes()[..], &units].concat()
    };
    let book = |columns: Option<(u32, u32)>, flags: u8| {
        let sheet =
            record(156, &[&[0; 4][..], &[1, 0, 0, 0], &wide("rId1"), &wide("자료")].concat());
        let column = columns.map(|(first, last)| {
            let hidden = [&[0; 8][..], &[1, 0]].concat();
            record(60, &[&first.to_le_bytes()[..], &last.to_le_bytes(), &hidden].concat())
        });
        let row = record(0, &[&[0; 11][..], &[flags, 0, 0, 0, 0, 0]].concat());
        // The second cell stands beside the first and does not say so.
        let cell = record(7, &[&[4, 0, 0, 0, 0, 0, 0, 0][..], &0u32.to_le_bytes()].concat());
        let short = record(18, &[&[0; 4][..], &0u32.to_le_bytes()].concat());
        let cells = [column.unwrap_or_default(), row, cell, short].concat();
        let strings = record(19, &[&[0][..], &wide("값")].concat());
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let related = rels(&[
            ("rId1", "worksheet", "worksheets/sheet1.bin"),
            ("rId2", "sharedStrings", "sharedStrings.bin"),
        ]);
        let package = rels(&[("r", "officeDocument", "xl/workbook.bin")]);
        for (name, bytes) in [
            ("[Content_Types].xml", &b"<Types/>"[..]),
            ("_rels/.rels", package.as_bytes()),
            ("xl/workbook.bin", &sheet),
            ("xl/_rels/workbook.bin.rels", related.as_bytes()),
            ("xl/worksheets/sheet1.bin", &cells),
            ("xl/sharedStrings.bin", &strings),
        ] {
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    };
    whole(&book(None, 0), "a.xlsb");
    whole(&book(Some((6, 9)), 0), "a.xlsb");
    for bytes in [book(Some((4, 4)), 0), book(Some((5, 9)), 0), book(None, 1 << 4)] {
        remarked(&bytes, "a.xlsb", "some rows or columns are hidden");
    }
}
