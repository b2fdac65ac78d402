//! The lines that run along the edges of the pages of a sheet.

/// A header or footer without its codes (ECMA-376 part 1, section 18.3.1.46): `&L`, `&P`, `&"Arial,Bold"`,
/// `&12`, `&K01+000`. The word before a page's number says nothing without it, and is left out where it stands alone.
pub(super) fn running_line(text: &str) -> String {
    let mut line = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        line.push_str(before);
        let mut following = after.chars();
        rest = match following.next() {
            Some('"') => following.as_str().split_once('"').map_or("", |(_, rest)| rest),
            Some('K') => following.as_str().get(6..).unwrap_or_default(),
            Some('&') => {
                line.push('&');
                following.as_str()
            }
            Some(c) if c.is_ascii_digit() => after.trim_start_matches(|c: char| c.is_ascii_digit()),
            // Left, centre and right stand apart on the page.
            Some('L' | 'C' | 'R') => {
                line.push(' ');
                following.as_str()
            }
            _ => following.as_str(),
        };
    }
    line.push_str(rest);
    let line = line.trim();
    let alone = text.contains("&P") && is_page_word(line);
    if alone { String::new() } else { line.to_owned() }
}

/// Whether a line is what stands around the number of a page, as Excel and LibreOffice put it there.
fn is_page_word(line: &str) -> bool {
    let words = ["page", "of", "페이지", "쪽", "면", "seite", "von", "/", "-"];
    line.to_lowercase().split_whitespace().all(|word| words.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_lines_lose_their_codes() {
        for (text, line) in [
            ("&L&\"Arial,Bold\"&12대외비&RPage &P of &N", "대외비 Page  of"),
            ("&CR&&D", "R&D"),
            ("&CPage &P of &N", ""),
            ("&C&P / &N 쪽", ""),
            ("&CPage", "Page"),
            ("&K01+000붉은", "붉은"),
            ("&", ""),
        ] {
            assert_eq!(running_line(text), line, "{text}");
        }
    }
}
