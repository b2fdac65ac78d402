//! Fields whose words stand in their instruction.

use super::super::symbol_font;

/// The sign that `SYMBOL 183 \\f "Symbol"` shows.
pub(super) fn sign(instruction: &str) -> Option<char> {
    let mut words = instruction.split_whitespace();
    if words.next() != Some("SYMBOL") {
        return None;
    }
    let code = words.next()?;
    let code = match code.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => code.parse().ok()?,
    };
    let font = instruction.split_once("\\f").map_or("Symbol", |(_, font)| {
        let font = font.trim_start();
        match font.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or_default(),
            None => font.split_whitespace().next().unwrap_or_default(),
        }
    });
    symbol_font::sign(font, code)
}

/// A control of a form (`\\formfield`).
#[derive(Debug, Default)]
pub(super) struct Form {
    /// 1 is a box to tick, 2 a list to choose from.
    pub(super) kind: i32,
    pub(super) result: Option<i32>,
    pub(super) default: Option<i32>,
    pub(super) choices: Vec<String>,
}

impl Form {
    /// What it shows of its own; a line to fill in has its words in the result of its field.
    pub(super) fn shown(&self) -> &str {
        // 25 is the number for `as by default` (the specification, section Form Fields).
        let result = self.result.filter(|result| *result != 25).or(self.default).unwrap_or(0);
        match self.kind {
            1 if result == 1 => "☑",
            1 => "☐",
            2 => usize::try_from(result)
                .ok()
                .and_then(|n| self.choices.get(n))
                .map_or("", String::as_str),
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_choices() {
        assert_eq!(sign("SYMBOL 183 \\f \"Symbol\" \\s 10"), Some('•'));
        assert_eq!(sign("SYMBOL 0xF0FE \\f Wingdings"), Some('☑'));
        assert_eq!(sign("HYPERLINK x"), None);
        let choices = vec!["a".to_owned(), "b".to_owned()];
        let form = |kind, result, default| Form { kind, result, default, choices: choices.clone() };
        assert_eq!(form(2, Some(25), Some(1)).shown(), "b");
        assert_eq!(form(2, Some(9), None).shown(), "");
        assert_eq!(form(1, Some(1), None).shown(), "☑");
        assert_eq!(form(0, Some(1), None).shown(), "");
    }
}
