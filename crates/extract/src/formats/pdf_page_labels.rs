//! What a document calls its pages (ISO 32000-2, section 12.4.2): `i, ii, iii, 1, 2, A-1`.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Object};

use super::pdf_metadata;
use super::pdf_tree::Tree;

/// Entries of the tree of labels that are read: one for each page would be many.
const ENTRIES_MOST: usize = 1_000_000;

/// Ranges that are told.
const TOLD_MOST: usize = 1_000;

/// The labels of all pages, as ranges (`i–iv, 1–96`); none if they are their numbers. The flag says whether there are more.
pub(super) fn read(document: &Document, pages: usize) -> Option<(String, bool)> {
    let root = document.catalog().and_then(|root| root.get_deref(b"PageLabels", document));
    let (ranges, mut is_cut) = ranges(document, root.and_then(Object::as_dict).ok()?);
    is_cut |= ranges.len() > TOLD_MOST;
    let ends = ranges.keys().skip(1).copied().chain([pages]);
    let mut told = Vec::new();
    let mut plain = true;
    for ((&first, range), end) in ranges.iter().zip(ends).take(TOLD_MOST) {
        let end = end.min(pages);
        if first >= end {
            continue;
        }
        plain &= range.style.as_deref() == Some(b"D".as_slice())
            && range.prefix.is_empty()
            && range.start == first as u64 + 1;
        let (low, high) = (range.label(0), range.label((end - first - 1) as u64));
        told.push(if low == high { low } else { format!("{low}–{high}") });
    }
    told.retain(|range| !range.is_empty());
    (!plain && !told.is_empty()).then(|| (told.join(", "), is_cut))
}

/// A series of labels.
#[derive(Debug, PartialEq)]
struct Range {
    style: Option<Vec<u8>>,
    prefix: String,
    start: u64,
}

impl Range {
    fn label(&self, at: u64) -> String {
        let number = self.start.saturating_add(at);
        let number = match self.style.as_deref() {
            Some(b"D") => number.to_string(),
            Some(b"r") => roman(number),
            Some(b"R") => roman(number).to_uppercase(),
            Some(b"a") => letters(number),
            Some(b"A") => letters(number).to_uppercase(),
            _ => String::new(),
        };
        format!("{}{number}", self.prefix)
    }
}

/// The series by the index of their first pages, and whether not all were read.
fn ranges(document: &Document, root: &Dictionary) -> (BTreeMap<usize, Range>, bool) {
    let (mut ranges, mut left) = (BTreeMap::new(), ENTRIES_MOST);
    let mut tree = Tree::of(document, Some(root));
    for node in tree.by_ref() {
        let pairs = node.get_deref(b"Nums", document).and_then(Object::as_array);
        for pair in pairs.map(Vec::as_slice).unwrap_or_default().chunks_exact(2) {
            let Some(less) = left.checked_sub(1) else { return (ranges, true) };
            left = less;
            let [first, label] = pair else { continue };
            let first = first.as_i64().ok().and_then(|first| usize::try_from(first).ok());
            let label =
                document.dereference(label).ok().and_then(|(_, label)| label.as_dict().ok());
            let (Some(first), Some(label)) = (first, label) else { continue };
            let style = label.get_deref(b"S", document).and_then(Object::as_name).ok();
            let start = label.get_deref(b"St", document).and_then(Object::as_i64).ok();
            let range = Range {
                style: style.map(<[u8]>::to_vec),
                prefix: pdf_metadata::text(document, label, b"P").unwrap_or_default(),
                start: start.and_then(|start| u64::try_from(start).ok()).unwrap_or(1),
            };
            ranges.insert(first, range);
        }
    }
    (ranges, tree.is_cut)
}

/// A number in small Roman letters; beyond what they count to, in digits.
fn roman(mut number: u64) -> String {
    const LETTERS: [(u64, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    if number > 9_999 {
        return number.to_string();
    }
    let mut text = String::new();
    for (value, letters) in LETTERS {
        while number >= value {
            text.push_str(letters);
            number -= value;
        }
    }
    text
}

/// `a` to `z`, then `aa` to `zz`.
fn letters(number: u64) -> String {
    let Some(at) = number.checked_sub(1).filter(|at| *at < 26 * 20) else {
        return number.to_string();
    };
    let letter = char::from(b'a' + (at % 26) as u8);
    std::iter::repeat_n(letter, (at / 26 + 1) as usize).collect()
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    fn labels(nums: Vec<Object>, pages: usize) -> Option<(String, bool)> {
        let mut document = Document::with_version("1.7");
        let root =
            document.add_object(dictionary! { "PageLabels" => dictionary! { "Nums" => nums } });
        document.trailer.set("Root", root);
        read(&document, pages)
    }

    #[test]
    fn tells_labels_as_ranges() {
        let roman = dictionary! { "S" => "r" };
        let body = dictionary! { "S" => "D" };
        let annex = dictionary! { "S" => "A", "P" => Object::string_literal("Annex "), "St" => 26 };
        let nums = vec![0.into(), roman.into(), 4.into(), body.into(), 10.into(), annex.into()];
        let whole = |text: &str| Some((text.to_owned(), false));
        assert_eq!(labels(nums, 12), whole("i–iv, 1–6, Annex Z–Annex AA"));
        assert_eq!(labels(vec![0.into(), dictionary! { "S" => "D" }.into()], 12), None);
        assert_eq!(labels(Vec::new(), 3), None);
        // Newspapers number every page anew: `A1, A2, B1 …`.
        let each = |count: i64| -> Vec<Object> {
            let label = |n: i64| dictionary! { "P" => Object::string_literal(format!("{n}-")) };
            (0..count).flat_map(|n| [n.into(), label(n * 2).into()]).collect()
        };
        let (told, is_cut) = labels(each(400), 400).unwrap();
        assert!(told.ends_with("796-, 798-") && !is_cut);
        assert!(labels(each(2_000), 2_000).unwrap().1);
    }
}
