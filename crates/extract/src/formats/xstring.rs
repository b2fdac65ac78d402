//! Text in which characters that XML cannot hold are written as `_x000D_` (ECMA-376 part 1, section 22.9.2.19).

use std::borrow::Cow;

/// The text with its escapes resolved: line ends become `\n`, also those within a paragraph, other control characters a space. `_x005F_` is the
/// underscore of what only looks like an escape.
pub(super) fn xstring(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("_x") {
        plain.push_str(before);
        let code = after.get(..4).filter(|code| {
            after.get(4..5) == Some("_") && code.bytes().all(|b| b.is_ascii_hexdigit())
        });
        match code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
            Some(c) => {
                rest = after.get(5..).unwrap_or_default();
                match c {
                    // The line feed follows, escaped or plain.
                    '\r' if rest.starts_with('\n') || starts_with_line_feed(rest) => {}
                    '\r' => plain.push('\n'),
                    // A vertical tab ends a line within a paragraph.
                    '\u{B}' => plain.push('\n'),
                    '\n' | '\t' => plain.push(c),
                    c if c.is_control() => plain.push(' '),
                    c => plain.push(c),
                }
            }
            None => {
                plain.push_str("_x");
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn starts_with_line_feed(text: &str) -> bool {
    text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("_x000A_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_once() {
        for (stored, plain) in [
            ("첫째 줄_x000D_\n둘째 줄", "첫째 줄\n둘째 줄"),
            ("가_x000d__x000a_나", "가\n나"),
            ("가_x000D_나", "가\n나"),
            ("코드 _x005F_x0041_ 유지", "코드 _x0041_ 유지"),
            ("_x0041_", "A"),
            ("a_xyz_ _x00 _xD800_ _x+041_", "a_xyz_ _x00 _xD800_ _x+041_"),
            ("가_x0007_나", "가 나"),
            ("가_x000B_나", "가\n나"),
            ("_x", "_x"),
            ("문서_x0020_번호_x00", "문서 번호_x00"),
        ] {
            assert_eq!(xstring(stored), plain);
        }
    }
}
