//! Plain text whose lines flow (RFC 3676): a line that ends with a blank goes on in the next, and where a mailer says so the
//! blank is of the notation, or else Korean words would be cut in two.

/// The text with its flowing lines joined. `delete_space` tells whether the blank before a line end goes with it (DelSp).
pub(super) fn joined(text: &str, delete_space: bool) -> String {
    let mut joined = String::with_capacity(text.len());
    // How deep the line before was quoted, if it goes on.
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let depth = line.bytes().take_while(|b| *b == b'>').count();
        let content = line.get(depth..).unwrap_or_default();
        // A blank was put before what could be taken for a quote.
        let content = content.strip_prefix(' ').unwrap_or(content);
        let goes_on = open == Some(depth);
        if !goes_on {
            if !joined.is_empty() {
                joined.push('\n');
            }
            joined.extend(std::iter::repeat_n('>', depth));
            if depth > 0 {
                joined.push(' ');
            }
        }
        // The mark before a signature ends with a blank and does not flow.
        let flows = content.ends_with(' ') && content != "-- ";
        open = flows.then_some(depth);
        joined.push_str(match flows && delete_space {
            true => content.strip_suffix(' ').unwrap_or(content),
            false => content,
        });
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_flow_as_far_as_they_are_quoted_alike() {
        for (text, delete_space, expected) in [
            ("회의 \r\n안내\r\n\r\n끝", false, "회의 안내\n\n끝"),
            ("행정안 \r\n전부", true, "행정안전부"),
            ("> 옛 \n> 글 \n새 글", false, "> 옛 글 \n새 글"),
            (">> a \n> b", false, ">> a \n> b"),
            ("본문\n-- \n이름", false, "본문\n-- \n이름"),
            (" >인용 아님", false, ">인용 아님"),
        ] {
            assert_eq!(joined(text, delete_space), expected);
        }
    }
}
