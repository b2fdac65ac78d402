use serde_json::Value;

use super::statements::Statements;

/// Reads an object of words and values; an object in it is read under the words joined by dots, to this depth.
const DEEPEST: u32 = 4;

/// Values that are looked at.
const MOST: usize = 20_000;

/// Reads what a JSON file says.
pub(super) fn read(text: &str, statements: &mut Statements) {
    let text = text.trim_start_matches('\u{feff}');
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => {
            let mut left = MOST;
            say(&object, "", 0, &mut left, statements);
        }
        Ok(_) => statements.break_off(None, "it is no object; write {\"title\": \"…\"}"),
        Err(error) => {
            let what = format!(
                "it is no JSON ({error}); write {{\"title\": \"…\"}}, each name and text in double quotes"
            );
            statements.break_off(Some(error.line()), &what);
        }
    }
}

fn say(
    object: &serde_json::Map<String, Value>,
    before: &str,
    depth: u32,
    left: &mut usize,
    statements: &mut Statements,
) {
    for (key, value) in object {
        let key = format!("{before}{key}");
        match value {
            Value::Object(inner) if depth < DEEPEST => {
                say(inner, &format!("{key}."), depth + 1, left, statements);
            }
            Value::Object(_) => {}
            Value::Array(list) => {
                let texts: Vec<String> = list.iter().take(*left).filter_map(scalar).collect();
                *left -= texts.len().min(*left);
                statements.say(&key, &texts, None);
            }
            one => {
                *left = left.saturating_sub(1);
                let texts: Vec<String> = scalar(one).into_iter().collect();
                statements.say(&key, &texts, None);
            }
        }
        if *left == 0 {
            return;
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
