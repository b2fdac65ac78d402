use madang_document::shown::Shown;
use maud::{Markup, html};

/// A line of ours in which what is to be typed stands between backquotes.
pub(crate) fn typed(line: &str) -> Markup {
    html! {
        @for (n, piece) in line.split('`').enumerate() {
            @if n % 2 == 1 { code { (Shown::new(piece)) } } @else { (Shown::new(piece)) }
        }
    }
}
