//! A PDF of a few kilobytes whose parts lead to one another in a million ways, or say one thing a million times, is read
//! like any other, in little time, and what is the matter with it is told.
#![allow(clippy::disallowed_methods, reason = "a test looks at the clock")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "this is a test")]

use std::cell::RefCell;
use std::time::{Duration, Instant};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use madang_document::outcome::Outcome;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;

/// How often each node leads to the next, and how many of them there are: 2^40 ways.
const TIMES: usize = 2;
const LEVELS: usize = 40;

/// What no case takes in an unoptimised build on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// A document of one page that says something; `add` adds to its catalog and its page.
fn pdf(add: impl FnOnce(&mut Document, &mut Dictionary, &mut Dictionary)) -> Document {
    let mut document = Document::with_version("1.7");
    let content = b"BT /F 12 Tf 72 700 Td (The page is read) Tj ET".to_vec();
    let content = document.add_object(Stream::new(Dictionary::new(), content));
    let font = dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" };
    let mut page = dictionary! {
        "Type" => "Page",
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
        "Resources" => dictionary! { "Font" => dictionary! { "F" => font } },
        "Contents" => content,
    };
    let mut catalog = dictionary! { "Type" => "Catalog" };
    add(&mut document, &mut catalog, &mut page);
    let page = document.add_object(page);
    if !catalog.has(b"Pages") {
        let kids = vec![Object::from(page)];
        catalog.set(
            "Pages",
            document.add_object(dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => 1 }),
        );
    }
    let root = document.add_object(catalog);
    document.trailer.set("Root", root);
    document
}

fn read(mut document: Document) -> Extraction {
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    let kept = RefCell::new(Vec::<Extraction>::new());
    let start = Instant::now();
    extract(&bytes, &Order::named("bomb.pdf"), &Engines::none(), &kept);
    assert!(start.elapsed() < LONG, "{:?}", start.elapsed());
    kept.into_inner().pop().unwrap()
}

fn told(document: &Extraction) -> Vec<String> {
    document.content.warnings.iter().map(|warning| warning.reason.english()).collect()
}

/// Read whole.
fn whole(document: Document) -> Extraction {
    let read = read(document);
    assert_eq!(read.outcome, Outcome::Ok, "{:?}", told(&read));
    assert!(read.content.text().starts_with("The page is read"));
    read
}

/// Read in part, and this is told.
fn partial(document: Document, what: &str) -> Extraction {
    let read = read(document);
    assert_eq!(read.outcome, Outcome::Partial, "{:?}", told(&read));
    assert!(told(&read).iter().any(|said| said == what), "{:?}", told(&read));
    assert!(read.content.text().contains("The page is read"));
    read
}

/// Nodes each of which names the next as its kid so many times; the last is `leaf`.
fn levels(document: &mut Document, leaf: ObjectId, more: &Dictionary) -> ObjectId {
    (0..LEVELS).fold(leaf, |kid, _| {
        let mut node = more.clone();
        node.set("Kids", vec![Object::from(kid); TIMES]);
        document.add_object(node)
    })
}

#[test]
fn a_tree_of_pages_that_doubles_at_every_level() {
    let document = pdf(|document, catalog, page| {
        let leaf = document.add_object(page.clone());
        let node = dictionary! { "Type" => "Pages", "Count" => 1i64 << 40 };
        let root = levels(document, leaf, &node);
        catalog.set("Pages", root);
    });
    let read = partial(document, "its pages lead in a circle, or are too deep");
    assert_eq!(read.content.segments.len(), TIMES);
}

#[test]
fn trees_of_names_numbers_and_fields_that_double_at_every_level() {
    let read = whole(pdf(|document, catalog, page| {
        let named = |name: &str| Object::string_literal(name);
        let file = document.add_object(Stream::new(Dictionary::new(), b"a file".to_vec()));
        let file = dictionary! { "UF" => named("a.txt"), "EF" => dictionary! { "F" => file } };
        let file = document.add_object(dictionary! { "Names" => vec![named("a"), file.into()] });
        let place = document.add_object(dictionary! { "Names" => Vec::<Object>::new() });
        let label = dictionary! { "P" => named("A-") };
        let label = document.add_object(dictionary! { "Nums" => vec![0.into(), label.into()] });
        let element = dictionary! { "ActualText" => named("unused") };
        let element = document.add_object(dictionary! { "Nums" => vec![0.into(), element.into()] });
        let field = dictionary! { "FT" => "Tx", "V" => named("once") };
        let field = document.add_object(field);
        let [files, places, labels, elements, fields] = [file, place, label, element, field]
            .map(|leaf| levels(document, leaf, &Dictionary::new()));
        catalog.set("Names", dictionary! { "EmbeddedFiles" => files, "Dests" => places });
        catalog.set("PageLabels", labels);
        catalog.set("StructTreeRoot", dictionary! { "ParentTree" => elements });
        catalog.set("AcroForm", dictionary! { "Fields" => vec![fields.into()] });
        let mark = dictionary! { "Title" => named("Mark"), "Dest" => named("nowhere") };
        let mark = document.add_object(mark);
        catalog.set("Outlines", dictionary! { "First" => mark });
        page.set("StructParents", 0);
    }));
    assert!(read.content.text().ends_with("once"));
    assert_eq!(read.content.text().matches("once").count(), 1);
    assert_eq!(read.content.members.len(), 1);
}

#[test]
fn bookmarks_that_lead_to_one_another() {
    whole(pdf(|document, catalog, _| {
        let marks: Vec<ObjectId> = (0..LEVELS).map(|_| document.new_object_id()).collect();
        for (at, mark) in marks.iter().enumerate() {
            let next = marks[(at + 1) % LEVELS];
            let title = Object::string_literal(format!("Mark {at}"));
            let item = dictionary! { "Title" => title, "Next" => next, "First" => next };
            document.objects.insert(*mark, item.into());
        }
        catalog.set("Outlines", dictionary! { "First" => marks[0] });
    }));
}

#[test]
fn nodes_that_share_their_kids() {
    let document = pdf(|document, catalog, _| {
        let kids: Vec<Object> = (0..3_000).map(|_| document.new_object_id().into()).collect();
        let shared = document.add_object(kids.clone());
        for kid in &kids {
            let field = dictionary! { "FT" => "Tx", "Kids" => shared };
            document.objects.insert(kid.as_reference().unwrap(), field.into());
        }
        catalog.set("AcroForm", dictionary! { "Fields" => kids });
    });
    partial(document, "some form fields were left out: the limit is reached");
}

#[test]
fn forms_that_draw_one_another_on_many_pages() {
    let document = pdf(|document, catalog, page| {
        let mut form =
            document.add_object(Stream::new(dictionary! { "Subtype" => "Form" }, b"q Q".to_vec()));
        for _ in 0..20 {
            let resources = dictionary! { "XObject" => dictionary! { "X" => form } };
            let dictionary = dictionary! { "Subtype" => "Form", "Resources" => resources };
            form = document.add_object(Stream::new(dictionary, b"/X Do ".repeat(10)));
        }
        let mut resources = page.get(b"Resources").unwrap().as_dict().unwrap().clone();
        resources.set("XObject", dictionary! { "X" => form });
        page.set("Resources", resources);
        let first = page.get(b"Contents").unwrap().clone();
        let second = document.add_object(Stream::new(Dictionary::new(), b"/X Do".to_vec()));
        page.set("Contents", vec![first, second.into()]);
        let pages: Vec<Object> =
            (0..40).map(|_| document.add_object(page.clone()).into()).collect();
        catalog
            .set("Pages", document.add_object(dictionary! { "Type" => "Pages", "Kids" => pages }));
    });
    let read = partial(document, "page 1: its forms lead in a circle, or are too deep");
    assert_eq!(read.content.segments.len(), 40);
}

#[test]
fn content_that_marks_one_thing_again_and_again() {
    let document = pdf(|document, _, page| {
        let long = "word ".repeat(40_000);
        let marks = (0..40).map(|n| {
            let text = Object::string_literal(format!("{n} {long}"));
            (format!("P{n}").into_bytes(), dictionary! { "Alt" => text }.into())
        });
        let mut resources = page.get(b"Resources").unwrap().as_dict().unwrap().clone();
        resources.set("Properties", Dictionary::from_iter(marks));
        page.set("Resources", resources);
        let content: String =
            (0..200_000).map(|n| format!("/Span /P{} BDC EMC\n", n / 5 % 40)).collect();
        let first = page.get(b"Contents").unwrap().clone();
        let mut second = Stream::new(Dictionary::new(), content.into_bytes());
        second.compress().unwrap();
        let second = document.add_object(second);
        page.set("Contents", vec![first, second.into()]);
    });
    partial(
        document,
        "page 1: some descriptions of pictures and links were left out: the limit is reached",
    );
}

#[test]
fn values_of_a_form_are_read_whole_or_told() {
    let text = |text: String| Object::string_literal(text);
    let rect = || vec![50.into(), 50.into(), 300.into(), 60.into()];
    let document = pdf(|document, catalog, page| {
        let lines: String = (0..3_000).map(|n| format!("line {n} of the form\n")).collect();
        let long = dictionary! {
            "Subtype" => "Widget", "FT" => "Tx", "V" => text(lines), "Rect" => rect(),
        };
        let stream = Stream::new(Dictionary::new(), b"value ".repeat(40_000));
        let stream = dictionary! { "FT" => "Tx", "V" => document.add_object(stream) };
        let mut fields: Vec<Object> = vec![stream.into()];
        fields.extend((0..12_000).map(|n| -> Object {
            dictionary! { "FT" => "Tx", "V" => text(format!("f{n}")) }.into()
        }));
        page.set("Annots", vec![Object::from(long)]);
        catalog.set("AcroForm", dictionary! { "Fields" => fields });
    });
    let read = whole(document);
    let said = read.content.text();
    assert!(said.contains("line 2999 of the form"));
    assert!(said.contains("f11999"));
    assert_eq!(said.matches("value").count(), 40_000);
}

/// A page whose font brings a map or a program of its own.
fn with_font(font: impl FnOnce(&mut Document) -> Dictionary, shown: &str) -> Document {
    let shown = format!("BT /G 12 Tf 72 600 Td <{shown}> Tj ET");
    pdf(|document, _, page| {
        let font = font(document);
        let mut resources = page.get(b"Resources").unwrap().as_dict().unwrap().clone();
        let mut fonts = resources.get(b"Font").unwrap().as_dict().unwrap().clone();
        fonts.set("G", font);
        resources.set("Font", fonts);
        page.set("Resources", resources);
        let first = page.get(b"Contents").unwrap().clone();
        let second = document.add_object(Stream::new(Dictionary::new(), shown.into_bytes()));
        page.set("Contents", vec![first, second.into()]);
    })
}

#[test]
fn a_map_of_characters_that_is_too_long() {
    let font = |document: &mut Document| {
        let entries: String =
            (0..90_000).map(|n| format!("<{n:06x}> <{:04X}>\n", 0xAC00 + n % 1000)).collect();
        let space = "begincodespacerange <000000> <FFFFFF> endcodespacerange";
        let map = format!("{space} beginbfchar {entries} endbfchar");
        let map = document.add_object(Stream::new(Dictionary::new(), map.into_bytes()));
        let codes = document.add_object(Stream::new(Dictionary::new(), space.into()));
        dictionary! {
            "Type" => "Font", "Subtype" => "Type0", "Encoding" => codes, "ToUnicode" => map,
            "DescendantFonts" => vec![dictionary! { "Subtype" => "CIDFontType2" }.into()],
        }
    };
    assert!(whole(with_font(font, "000001")).content.text().contains('각'));
    partial(
        with_font(font, "015000"),
        "page 1: a part of the map of a font to its characters was left out: the limit is reached",
    );
}

#[test]
fn a_font_that_is_damaged() {
    // A table of characters for three glyphs, in a font of that table alone.
    let program = {
        let table: Vec<u8> = [
            [0u16, 1, 3, 10, 0, 12].map(u16::to_be_bytes).concat(),
            [0x000C_0000u32, 28, 0, 1, 0xAC00, 0xAC02, 5].map(u32::to_be_bytes).concat(),
        ]
        .concat();
        let head = [
            0x0001_0000u32,
            0x0001_0000,
            0,
            u32::from_be_bytes(*b"cmap"),
            0,
            28,
            table.len() as u32,
        ];
        [head.map(u32::to_be_bytes).concat(), table].concat()
    };
    let font = |program: &[u8], entry: Dictionary| {
        let program = Stream::new(entry, program.to_vec());
        move |document: &mut Document| {
            let program = document.add_object(program);
            let descriptor = dictionary! { "Type" => "FontDescriptor", "FontFile2" => program };
            let inner = dictionary! { "Subtype" => "CIDFontType2", "FontDescriptor" => descriptor };
            dictionary! {
                "Type" => "Font", "Subtype" => "Type0", "Encoding" => "Identity-H",
                "DescendantFonts" => vec![inner.into()],
            }
        }
    };
    let read = whole(with_font(font(&program, Dictionary::new()), "0006"));
    assert!(read.content.text().contains('각'), "{}", read.content.text());
    let damaged = "page 1: a font in the file is damaged";
    partial(with_font(font(&program[..40], Dictionary::new()), "0006"), damaged);
    partial(with_font(font(&[0x55; 200], Dictionary::new()), "0006"), damaged);
    let hex = dictionary! { "Filter" => "ASCIIHexDecode" };
    let digits: String = program[..40].iter().map(|byte| format!("{byte:02x}")).collect();
    partial(with_font(font(digits.as_bytes(), hex), "0006"), damaged);
}

#[test]
fn streams_that_are_cut_whatever_their_filter() {
    let content = "BT /F 12 Tf 72 600 Td (And so is this) Tj ET ";
    let hex: String = content.bytes().map(|byte| format!("{byte:02x}")).collect();
    let of = |filter: Object, body: Vec<u8>| {
        pdf(|document, _, page| {
            let first = page.get(b"Contents").unwrap().clone();
            let second = Stream::new(dictionary! { "Filter" => filter }, body);
            let second = document.add_object(second);
            page.set("Contents", vec![first, second.into()]);
        })
    };
    let runs = |end: &[u8]| [&[content.len() as u8 - 1], content.as_bytes(), end].concat();
    // Codes of nine bits that begin anew before they would grow.
    let lzw = |end: bool| -> Vec<u8> {
        let mut codes: Vec<u16> = vec![256];
        codes.extend(content.bytes().map(u16::from));
        codes.extend(end.then_some(257));
        let bits: String = codes.iter().map(|code| format!("{code:09b}")).collect();
        let byte = |bits: &[u8]| {
            bits.iter().fold(0u8, |byte, bit| byte << 1 | (bit - b'0')) << (8 - bits.len())
        };
        bits.as_bytes().chunks(8).map(byte).collect()
    };
    let base85 = |end: &str| -> Vec<u8> {
        let digits = content.as_bytes().chunks(4).flat_map(|four| {
            let mut group = [0; 4];
            group[..four.len()].copy_from_slice(four);
            let mut value = u32::from_be_bytes(group);
            let mut digits = [0; 5];
            for digit in digits.iter_mut().rev() {
                *digit = (value % 85) as u8 + b'!';
                value /= 85;
            }
            digits.into_iter().take(four.len() + 1)
        });
        digits.chain(end.bytes()).collect()
    };
    for (filter, sound, cut) in [
        ("ASCIIHexDecode", format!("{hex}>").into_bytes(), hex.clone().into_bytes()),
        ("ASCII85Decode", base85("~>"), base85("")),
        ("RunLengthDecode", runs(&[128]), runs(&[])),
        ("LZWDecode", lzw(true), lzw(false)),
    ] {
        let read = whole(of(filter.into(), sound));
        assert!(read.content.text().contains("And so is this"), "{filter}");
        let read = partial(of(filter.into(), cut), "page 1: a part of its content is damaged");
        assert!(read.content.text().contains("And so is this"), "{filter}");
    }
    // What garbles base 85 costs what is garbled, not the stream.
    let mut garbled = base85("~>");
    garbled[50] = 0xFF;
    partial(of("ASCII85Decode".into(), garbled), "page 1: a part of its content is damaged");
}

#[test]
fn filters_that_stand_elsewhere() {
    let content = b"BT /F 12 Tf 72 600 Td (And so is this) Tj ET".to_vec();
    let read = whole(pdf(|document, _, page| {
        let filter = document.add_object(Object::Name(b"FlateDecode".to_vec()));
        let mut stream = Stream::new(
            Dictionary::new(),
            content.clone().into_iter().chain([b' '; 200]).collect(),
        );
        stream.compress().unwrap();
        stream.dict.set("Filter", filter);
        let second = document.add_object(stream);
        let first = page.get(b"Contents").unwrap().clone();
        page.set("Contents", vec![first, second.into()]);
    }));
    assert!(read.content.text().contains("And so is this"));
}
