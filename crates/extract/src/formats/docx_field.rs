//! Fields of Word documents, and the values of form fields that stand in no text (ECMA-376 part 1, section 17.16).

use super::eq_field;
use super::markup::{Markup, Node};

/// Entries of a drop-down; Word takes 25.
const ENTRIES: usize = 100;

/// An open field.
#[derive(Default)]
pub(super) struct Field {
    /// Whether its result has begun; what stands before it is an instruction.
    pub(super) begun: bool,
    /// Whether the result shows anything.
    pub(super) shown: bool,
    /// What was filled in, of a form field.
    pub(super) form: FormValue,
    pub(super) instruction: String,
}

/// What was filled into a form field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum FormValue {
    /// It is no form field, or its value is its result.
    #[default]
    InResult,
    Ticked(bool),
    Chosen(String),
}

impl Field {
    /// What the field shows, if its result does not.
    pub(super) fn unshown(self) -> Option<String> {
        match self.form {
            _ if self.shown => None,
            FormValue::InResult => eq_field::shown(&self.instruction),
            FormValue::Ticked(true) => Some("☒".into()),
            FormValue::Ticked(false) => Some("☐".into()),
            FormValue::Chosen(entry) => Some(entry),
        }
    }
}

impl FormValue {
    /// Reads `w:ffData`, whose opening tag the walk has just met.
    pub(super) fn read(markup: &mut Markup<'_>) -> FormValue {
        let mut kind = FormValue::InResult;
        // What is set, and what is set where nothing is.
        let (mut value, mut default) = (None, None);
        let mut entries: Vec<String> = Vec::new();
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match tag.name() {
                    "checkBox" => kind = FormValue::Ticked(false),
                    "ddList" => kind = FormValue::Chosen(String::new()),
                    "checked" | "result" => value = Some(tag.attribute("val")),
                    "default" => default = Some(tag.attribute("val")),
                    "listEntry" if entries.len() < ENTRIES => {
                        entries.push(tag.attribute("val").unwrap_or_default());
                    }
                    _ => {}
                },
                Node::End(name) if name == "ffData" => break,
                Node::End(_) | Node::Text(_) => {}
            }
        }
        let set = value.or(default);
        match kind {
            FormValue::InResult => FormValue::InResult,
            // The element alone ticks the box.
            FormValue::Ticked(_) => FormValue::Ticked(set.is_some_and(|value| {
                value.is_none_or(|v| !matches!(v.as_str(), "0" | "false" | "off"))
            })),
            FormValue::Chosen(_) => {
                let at = set.flatten().and_then(|v| v.parse().ok()).unwrap_or(0usize);
                FormValue::Chosen(entries.into_iter().nth(at).unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(xml: &str) -> FormValue {
        let xml = format!("<w:ffData>{xml}</w:ffData>");
        let mut markup = Markup::new(&xml);
        markup.next();
        FormValue::read(&mut markup)
    }

    #[test]
    fn values_of_form_fields() {
        assert_eq!(value("<w:checkBox><w:checked/></w:checkBox>"), FormValue::Ticked(true));
        assert_eq!(
            value("<w:checkBox><w:default w:val='1'/><w:checked w:val='0'/></w:checkBox>"),
            FormValue::Ticked(false)
        );
        assert_eq!(
            value("<w:checkBox><w:default w:val='1'/></w:checkBox>"),
            FormValue::Ticked(true)
        );
        assert_eq!(value("<w:checkBox/>"), FormValue::Ticked(false));
        let list = "<w:ddList><w:result w:val='1'/><w:listEntry w:val='불허'/>\
            <w:listEntry w:val='조건부'/></w:ddList>";
        assert_eq!(value(list), FormValue::Chosen("조건부".into()));
        assert_eq!(value("<w:ddList/>"), FormValue::Chosen(String::new()));
        assert_eq!(value("<w:textInput/>"), FormValue::InResult);
    }
}
