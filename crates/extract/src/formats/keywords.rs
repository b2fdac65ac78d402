//! Keywords, which every format keeps as one text.

/// Keywords of one document that are kept.
const MOST: usize = 1000;

/// The keywords in a text that lists them, separated by commas, semicolons or lines.
pub(crate) fn keywords(text: &str) -> Vec<String> {
    let words = text.split([',', ';', '\n']).map(str::trim).filter(|word| !word.is_empty());
    words.take(MOST).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_keywords() {
        assert_eq!(keywords("침수, 도로;안전 ,\n"), ["침수", "도로", "안전"]);
    }
}
