//! Files that stand in the middle of a text as addresses (RFC 2397): `data:image/png;base64,…`.

use std::borrow::Cow;

const MARK: &str = ";base64,";

/// The text without the bytes of such files, of which nobody looks for words.
pub(super) fn without_data_urls(text: &str) -> Cow<'_, str> {
    /// Bytes of a media type and its parameters.
    const LONGEST_TYPE: usize = 100;
    if !text.contains(MARK) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(MARK) {
        let from = before.rfind("data:").filter(|at| before.len() - at < LONGEST_TYPE);
        shown.push_str(before.get(..from.unwrap_or(before.len())).unwrap_or(before));
        rest = match from {
            Some(_) => after.trim_start_matches(is_code),
            None => {
                shown.push_str(MARK);
                after
            }
        };
    }
    shown.push_str(rest);
    shown.into()
}

fn is_code(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/=-_%".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_in_addresses_are_left_out() {
        for (text, shown) in [
            ("앞 ![그림](data:image/png;base64,iVBO+/==) 뒤", "앞 ![그림]() 뒤"),
            ("data:;base64,YQ data:font/woff;charset=x;base64,YQ%3D끝", " 끝"),
            ("a;base64,b", "a;base64,b"),
            ("data: 1, 2", "data: 1, 2"),
        ] {
            assert_eq!(without_data_urls(text), shown);
        }
        assert!(matches!(without_data_urls("글"), Cow::Borrowed(_)));
    }
}
