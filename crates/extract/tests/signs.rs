//! Letters in fonts of signs, forms and properties of office documents, in packages that are put together here.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use std::cell::RefCell;
use std::io::{Cursor, Write as _};

use madang_document::locator::Locator;
use madang_document::outcome::Outcome;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;

/// A package of these parts.
fn package(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut package = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        package.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        package.write_all(text.as_bytes()).unwrap();
    }
    package.finish().unwrap().into_inner()
}

/// The object itself.
fn read(bytes: Vec<u8>, name: &str) -> Extraction {
    let kept = RefCell::new(Vec::<Extraction>::new());
    extract(&bytes, &Order::named(name), &Engines::none(), &kept);
    let document = kept.into_inner().pop().unwrap();
    assert_eq!(document.outcome, Outcome::Ok, "{name}: {:?}", document.content.warnings);
    document
}

fn text(bytes: Vec<u8>, name: &str) -> String {
    read(bytes, name).content.text()
}

const TYPES: (&str, &str) = ("[Content_Types].xml", "<Types/>");

#[test]
fn pages_show_the_signs_of_their_fonts() {
    let page = "<html><body><p><font face=\"Wingdings\">þ</font> 동의 <span style=\"font-family:Wingdings\">o<b>o</b></span> 부동의\
        <p><span style='mso-list:Ignore;font-family:Wingdings'>Ø<span style='font:7.0pt \"Times New Roman\"'>&nbsp; J</span></span>목록 J\
        <p style='font-family:Symbol'>a 가<p>a</body></html>";
    let shown = "☑ 동의 ☐☐ 부동의\n➢ J목록 J\nα 가\na";
    assert_eq!(text(page.into(), "a.html"), shown);
    let mail = format!("Subject: t\nContent-Type: text/html; charset=utf-8\n\n{page}");
    assert!(text(mail.into(), "a.eml").ends_with(shown));
}

/// A presentation of one slide with these paragraphs.
fn slide(paragraphs: &str) -> Vec<u8> {
    let slide =
        format!("<p:sld><p:cSld><p:spTree><p:sp>{paragraphs}</p:sp></p:spTree></p:cSld></p:sld>");
    package(&[
        TYPES,
        ("ppt/presentation.xml", "<p:presentation/>"),
        ("ppt/slides/slide1.xml", &slide),
    ])
}

#[test]
fn slides_show_the_signs_of_their_fonts_and_break_lines() {
    let run = |font: &str, text: &str| format!("<a:r><a:rPr>{font}</a:rPr><a:t>{text}</a:t></a:r>");
    let words = [
        run("<a:latin typeface=\"Wingdings\"/>", "þo"),
        run("", " J 동의 "),
        run("<a:latin typeface=\"Arial\"/><a:sym typeface=\"Wingdings\"/>", "à J"),
        "<a:r><a:t>첫 줄_x000B_J</a:t></a:r>".to_owned(),
    ]
    .concat();
    let table =
        "<a:tbl><a:tr><a:tc><a:p><a:r><a:t>가_x000B_나</a:t></a:r></a:p></a:tc></a:tr></a:tbl>";
    let slide = slide(&format!("<a:p>{words}</a:p>{table}"));
    assert_eq!(text(slide, "a.pptx"), "☑☐ J 동의 → J첫 줄\nJ\n가 나");
}

/// A workbook of one sheet, with further parts.
fn workbook(sheet: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let own = [
        TYPES,
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"표\" r:id=\"a\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships><Relationship Id=\"a\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
        ),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    package(&[own.as_slice(), parts].concat())
}

#[test]
fn cells_show_the_signs_of_their_fonts() {
    let sheet = "<worksheet><sheetData><row><c t=\"s\"><v>0</v></c><c s=\"1\" t=\"inlineStr\"><is><t>þ</t></is></c><c s=\"1\" t=\"s\"><v>1</v></c>\
        <c s=\"1\" t=\"s\"><v>0</v></c></row><row><c s=\"1\" t=\"str\"><v>o</v></c><c s=\"2\"><v>1</v></c><c s=\"1\"><v>12</v></c><c t=\"inlineStr\"><is><t>þ</t></is></c>\
        </row></sheetData></worksheet>";
    let strings = "<sst><si><r><rPr><rFont val=\"Wingdings\"/></rPr><t>þ</t></r><r><rPr><rFont val=\"Arial\"/></rPr><t> o</t></r></si>\
        <si><r><t>o</t></r><r><rPr><rFont val=\"맑은 고딕\"/></rPr><t> no</t></r></si></sst>";
    let styles = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"[=1]&quot;þ&quot;;&quot;o&quot;\"/></numFmts>\
        <fonts><font><name val=\"Arial\"/></font><font><name val=\"Wingdings\"/></font></fonts>\
        <cellXfs><xf fontId=\"0\"/><xf fontId=\"1\"/><xf fontId=\"1\" numFmtId=\"164\"/></cellXfs></styleSheet>";
    let book = workbook(sheet, &[("xl/sharedStrings.xml", strings), ("xl/styles.xml", styles)]);
    assert_eq!(text(book, "a.xlsx"), "표\n☑ o\t☑\t☐ no\t☑ o\n☐\t☑\t12\tþ");
}

#[test]
fn controls_on_sheets_are_read_with_their_ticks() {
    let control = |words: &str, kind: &str, more: &str| {
        format!(
            "<v:shape><v:textbox><div><font>{words}</font></div></v:textbox><x:ClientData ObjectType=\"{kind}\">{more}</x:ClientData></v:shape>"
        )
    };
    let drawing = [
        "<xml>",
        &control(
            "현장 확인함",
            "Checkbox",
            "<x:Anchor>1, 0, 4, 0, 2, 0, 5, 0</x:Anchor><x:Checked>1</x:Checked>",
        ),
        &control("서류 확인함", "Checkbox", ""),
        &control("메모", "Note", ""),
        "</xml>",
    ]
    .concat();
    let shapes = "<xdr:wsDr><xdr:sp><a:p><a:r><a:t>현장 확인함</a:t></a:r></a:p></xdr:sp><xdr:sp><a:p><a:r><a:t>글상자</a:t></a:r></a:p></xdr:sp></xdr:wsDr>";
    let book = workbook(
        "<worksheet><sheetData/></worksheet>",
        &[
            (
                "xl/worksheets/_rels/sheet1.xml.rels",
                "<Relationships><Relationship Id=\"d\" Type=\"x/drawing\" Target=\"../drawings/drawing1.xml\"/>\
                 <Relationship Id=\"v\" Type=\"x/vmlDrawing\" Target=\"../drawings/vmlDrawing1.vml\"/></Relationships>",
            ),
            ("xl/drawings/vmlDrawing1.vml", &drawing),
            ("xl/drawings/drawing1.xml", shapes),
        ],
    );
    let content = read(book, "a.xlsx").content;
    assert_eq!(content.text(), "표\n☒ 현장 확인함\n☐ 서류 확인함\n글상자");
    let place = Locator::Cell { sheet: "표".into(), row: 5, column: 2 };
    assert_eq!(content.segments.get(1).map(|it| &it.locator), Some(&place));
}

/// The content of a text document.
fn odt(styles: &str, body: &str) -> String {
    format!(
        "<office:document-content><office:font-face-decls><style:font-face style:name=\"W\" svg:font-family=\"Wingdings\"/></office:font-face-decls>\
         <office:automatic-styles>{styles}</office:automatic-styles><office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
}

#[test]
fn open_documents_show_signs_and_forms_and_own_properties() {
    let style = |name: &str, family: &str, font: &str| {
        format!(
            "<style:style style:name=\"{name}\" style:family=\"{family}\"><style:text-properties style:font-name=\"{font}\"/></style:style>"
        )
    };
    let styles =
        style("T1", "text", "W") + &style("P1", "paragraph", "W") + &style("T2", "text", "Arial");
    let field = |kind: &str, parameters: &str| {
        format!(
            "<field:fieldmark field:type=\"vnd.oasis.opendocument.field.{kind}\">{parameters}</field:fieldmark>"
        )
    };
    let parameter = |name: &str, value: &str| {
        format!("<field:param field:name=\"{name}\" field:value=\"{value}\"/>")
    };
    let choice = parameter("Dropdown_ListEntry", "승인")
        + &parameter("Dropdown_ListEntry", "조건부승인")
        + &parameter("Dropdown_Selected", "1");
    let body = format!(
        "<text:p><text:span text:style-name=\"T1\">þ</text:span> o 동의</text:p>\
         <text:p text:style-name=\"P1\">o <text:span text:style-name=\"T2\">no</text:span></text:p><text:p>\u{F0FE} 열람</text:p>\
         <text:p>결과: {}</text:p><text:p>{}확인 {}확인</text:p>",
        field("FORMDROPDOWN", &choice),
        field("FORMCHECKBOX", &parameter("Checkbox_Checked", "true")),
        field("FORMCHECKBOX", ""),
    );
    let meta = "<office:document-meta><office:meta><meta:user-defined meta:name=\"문서번호\">재난-417</meta:user-defined>\
        <meta:user-defined meta:name=\"ScaleCrop\">false</meta:user-defined></office:meta></office:document-meta>";
    // Nothing but the name says what it is.
    let document = package(&[("content.xml", &odt(&styles, &body)), ("meta.xml", meta)]);
    let document = read(document, "a.odt");
    assert_eq!(document.format, "odf");
    assert_eq!(document.content.text(), "☑ o 동의\n☐ no\n☑ 열람\n결과: 조건부승인\n☒확인 ☐확인");
    assert_eq!(document.content.metadata.text("office.문서번호"), Some("재난-417"));
    assert_eq!(document.content.metadata.text("office.ScaleCrop"), None);
}

#[test]
fn names_of_parts_may_have_backslashes() {
    let document = package(&[
        TYPES,
        (
            "_rels\\.rels",
            "<Relationships><Relationship Id=\"a\" Type=\"x/officeDocument\" Target=\"word\\document.xml\"/></Relationships>",
        ),
        (
            "word\\document.xml",
            "<w:document><w:body><w:p><w:r><w:t>본문</w:t></w:r></w:p></w:body></w:document>",
        ),
    ]);
    let document = read(document, "a");
    assert_eq!((document.format.as_str(), document.content.text().as_str()), ("docx", "본문"));
}

#[test]
fn runs_of_hangul_documents_show_the_signs_of_their_fonts() {
    let head = "<hh:head><hh:fontfaces><hh:fontface lang=\"HANGUL\"><hh:font id=\"0\" face=\"바탕\"/></hh:fontface><hh:fontface lang=\"LATIN\">\
        <hh:font id=\"0\" face=\"바탕\"/><hh:font id=\"1\" face=\"Wingdings\"/></hh:fontface></hh:fontfaces><hh:charProperties>\
        <hh:charPr id=\"0\"><hh:fontRef hangul=\"0\" latin=\"0\"/></hh:charPr><hh:charPr id=\"1\"><hh:fontRef hangul=\"0\" latin=\"1\"/></hh:charPr>\
        </hh:charProperties></hh:head>";
    let section = "<hs:sec><hp:p><hp:run charPrIDRef=\"1\"><hp:t>þ 동의 J</hp:t></hp:run><hp:run charPrIDRef=\"0\"><hp:t> J</hp:t></hp:run></hp:p></hs:sec>";
    let document = package(&[
        ("mimetype", "application/hwp+zip"),
        ("Contents/header.xml", head),
        ("Contents/section0.xml", section),
    ]);
    assert_eq!(text(document, "a.hwpx"), "☑ 동의 ☺ J");
}
