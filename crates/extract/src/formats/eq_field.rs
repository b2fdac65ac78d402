//! The field `EQ` of Word (Microsoft, "Field codes: Eq field"): its words stand in its instruction only, be it a
//! formula, a word with its reading above it, or a number in a circle.

/// Arguments within arguments; Word draws no more than some ten.
const DEPTH: usize = 64;

/// What the instruction `EQ \o\ad(\s\up 10(とうきょう),東京)` shows, in a line; none if it is another field's.
pub(super) fn shown(instruction: &str) -> Option<String> {
    let (name, rest) = instruction.trim_start().split_once([' ', '\\'])?;
    if !name.eq_ignore_ascii_case("EQ") {
        return None;
    }
    // The way back to a backslash that ended the name.
    let start = instruction.len() - rest.len() - 1;
    let mut rest = instruction.get(start..)?;
    let mut line = String::new();
    // Of each open bracket, whether it is a fraction's.
    let mut open: Vec<bool> = Vec::new();
    let mut switch = String::new();
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..)?;
        match c {
            '\\' => rest = after_backslash(rest, &mut switch, &mut line),
            '(' if open.len() < DEPTH => {
                open.push(switch == "f");
                switch.clear();
            }
            ')' if !open.is_empty() => {
                open.pop();
                line.push(' ');
            }
            ',' | ';' if !open.is_empty() => {
                line.push(if open.last() == Some(&true) { '/' } else { ' ' });
            }
            c => line.push(c),
        }
    }
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ").replace(" /", "/");
    Some(line).filter(|line| !line.is_empty())
}

/// Reads what stands behind a backslash: a switch with its options, a general switch, or a sign that stands for itself.
fn after_backslash<'t>(rest: &'t str, switch: &mut String, line: &mut String) -> &'t str {
    let Some(c) = rest.chars().next() else { return rest };
    let after = rest.get(c.len_utf8()..).unwrap_or_default();
    match c {
        // `\* hps11`, `\* "Font:MS Mincho"`.
        '*' => {
            let word = after.trim_start();
            match word.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').map_or("", |(_, rest)| rest),
                None => word.split_once(' ').map_or("", |(_, rest)| rest),
            }
        }
        c if c.is_ascii_alphabetic() => {
            let letters = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            // A switch behind another is its option: `\o\ad(`.
            if switch.is_empty() {
                let length = rest.len() - letters.len();
                switch.push_str(&rest.get(..length).unwrap_or_default().to_ascii_lowercase());
            }
            letters.trim_start_matches(|c: char| c == ' ' || c == '-' || c.is_ascii_digit())
        }
        c => {
            line.push(c);
            after
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_an_instruction() {
        for (instruction, line) in [
            (
                r#" EQ \* jc2 \* "Font:MS Mincho" \* hps11 \o\ad(\s\up 10(とうきょう),東京) "#,
                Some("とうきょう 東京"),
            ),
            (r"EQ \o\ac(○,21)", Some("○ 21")),
            (r"eq x = \f(a+b,2)", Some("x = a+b/2")),
            (r"EQ \r(3,x)", Some("3 x")),
            (r"EQ \b(a\,b\))", Some("a,b)")),
            (r"EQ\f(1,2)", Some("1/2")),
            ("EQ ", None),
            (r"HYPERLINK \l (a)", None),
            ("EQUATION (a)", None),
            ("", None),
        ] {
            assert_eq!(shown(instruction).as_deref(), line, "{instruction}");
        }
        shown(&format!("EQ {}", "(".repeat(1000)));
        shown(r#"EQ \* ""#);
        shown("EQ \\가");
    }
}
