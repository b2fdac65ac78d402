//! The characters that names of glyphs stand for (Adobe Glyph List and its specification).

use lopdf::{Dictionary, Document, Object};

/// The characters of a glyph's name: `Aacute`, `uniD55C`, `f_i`, `a.alt`, `u1F600`.
pub(super) fn text_of(name: &str) -> Option<String> {
    // What follows a point is a variant (section 2 of the specification).
    let stem = match name.split('.').next() {
        Some(stem) if !stem.is_empty() => stem,
        _ => return None,
    };
    if let Some(text) = listed(stem) {
        return Some(text);
    }
    if let Some(text) = numbered(stem) {
        return Some(text);
    }
    if stem.contains('_') {
        return stem.split('_').map(|part| listed(part).or_else(|| numbered(part))).collect();
    }
    None
}

/// `uniXXXX…`, `uXXXX` to `uXXXXXX`.
fn numbered(name: &str) -> Option<String> {
    let hexadecimal = |digits: &str| {
        let sound = digits.bytes().all(|b| b.is_ascii_hexdigit());
        sound.then(|| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)).flatten()
    };
    if let Some(digits) = name.strip_prefix("uni")
        && digits.len() >= 4
        && digits.len() % 4 == 0
    {
        let units = digits.as_bytes().chunks(4);
        return units.map(|unit| std::str::from_utf8(unit).ok().and_then(hexadecimal)).collect();
    }
    let digits = name.strip_prefix('u')?;
    (4..=6).contains(&digits.len()).then(|| hexadecimal(digits)).flatten().map(String::from)
}

/// What the Adobe Glyph List says. lopdf holds the list, but answers only through the encoding of a font.
fn listed(name: &str) -> Option<String> {
    // TeX and old PostScript fonts have names of their own.
    let own = match name {
        "ff" => "ff",
        "fi" => "fi",
        "fl" => "fl",
        "ffi" => "ffi",
        "ffl" => "ffl",
        "visiblespace" | "visualspace" => " ",
        "nbspace" | "nonbreakingspace" | "space" => " ",
        "sfthyphen" | "softhyphen" => "-",
        "dotlessj" | "jdotless" => "ȷ",
        "angbracketleft" => "⟨",
        "angbracketright" => "⟩",
        "epsilon1" => "ϵ",
        "mapsto" => "↦",
        "arrownortheast" => "↗",
        "arrowsoutheast" => "↘",
        _ => return agl(name),
    };
    Some(own.into())
}

fn agl(name: &str) -> Option<String> {
    if let [letter] = name.as_bytes()
        && letter.is_ascii_alphabetic()
    {
        return Some(name.to_owned());
    }
    let differences = Object::Array(vec![Object::Integer(1), Object::Name(name.into())]);
    let mut encoding = Dictionary::new();
    encoding.set("Differences", differences);
    one(Object::Dictionary(encoding), 1)
}

/// The character of a code in one of the encodings that PDF names (`StandardEncoding`, `MacExpertEncoding` …).
pub(super) fn encoded(encoding: &str, code: u8) -> Option<String> {
    one(Object::Name(encoding.into()), code)
}

fn one(encoding: Object, code: u8) -> Option<String> {
    let mut font = Dictionary::new();
    font.set("Type", Object::Name(b"Font".to_vec()));
    font.set("Encoding", encoding);
    let document = Document::new();
    let text = match font.get_font_encoding(&document).ok()? {
        // The name is not in the list: what comes back is another encoding.
        lopdf::Encoding::OneByteEncoding(_) if code == 1 => return None,
        encoding => encoding.bytes_to_string(&[code]).ok()?,
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names() {
        for (name, expected) in [
            ("A", Some("A")),
            ("Aacute", Some("Á")),
            ("uniD55C", Some("한")),
            ("uni00410042", Some("AB")),
            ("u1F600", Some("😀")),
            ("f_i", Some("ﬁ")),
            ("h_uniD55C", Some("h한")),
            ("one.oldstyle", Some("1")),
            ("ffi", Some("ffi")),
            ("bullet", Some("•")),
            ("g12", None),
            (".notdef", None),
            ("", None),
            ("uniD8", None),
        ] {
            assert_eq!(text_of(name).as_deref(), expected, "{name}");
        }
        assert_eq!(encoded("StandardEncoding", 0x27).as_deref(), Some("’"));
        assert_eq!(encoded("MacRomanEncoding", 0x8A).as_deref(), Some("ä"));
    }
}
