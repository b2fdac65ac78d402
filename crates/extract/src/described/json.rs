use std::fmt;

use madang_document::quote::Quote;
use madang_document::sidecar_fault::SidecarFault;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::statements::Statements;

/// Reads an object of words and values; an object in it is read under the words joined by dots, to this depth.
const DEEPEST: u32 = 4;

/// Values that are looked at.
const MOST: usize = 20_000;

/// Reads what a JSON file says. A word that stands twice is said twice, as everywhere.
pub(super) fn read(text: &str, statements: &mut Statements) {
    let text = text.trim_start_matches('\u{feff}');
    match serde_json::from_str(text) {
        Ok(Node::Object(object)) => {
            let mut left = MOST;
            say(object, "", 0, &mut left, statements);
        }
        Ok(_) => statements.fault(None, SidecarFault::NoObject),
        Err(error) => {
            statements.fault(Some(error.line()), SidecarFault::NoJson(Quote::of(&error)));
        }
    }
}

fn say(
    object: Vec<(String, Node)>,
    before: &str,
    depth: u32,
    left: &mut usize,
    statements: &mut Statements,
) {
    for (word, value) in object {
        if *left == 0 {
            return statements.fault(None, SidecarFault::MoreValues(MOST as u64));
        }
        *left -= 1;
        let key = format!("{before}{word}");
        match value {
            Node::Object(inner) => {
                statements.over(&key, None);
                if depth < DEEPEST {
                    say(inner, &format!("{key}."), depth + 1, left, statements);
                }
            }
            Node::List(list) => {
                if list.iter().any(|one| !matches!(one, Node::Scalar(_))) {
                    statements.over(&key, None);
                }
                let texts = list.into_iter().take(*left).filter_map(Node::scalar);
                let texts: Vec<String> = texts.collect();
                *left -= texts.len();
                statements.say(&key, &texts, None);
            }
            Node::Scalar(text) => {
                let texts: Vec<String> = text.into_iter().collect();
                statements.say(&key, &texts, None);
            }
        }
    }
}

/// A value of JSON, an object with all that it says: the last of two equal words would hide the first.
enum Node {
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
    /// A text, or what is written as one; none for `null`.
    Scalar(Option<String>),
}

impl Node {
    fn scalar(self) -> Option<String> {
        match self {
            Node::Scalar(text) => text,
            Node::Object(_) | Node::List(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(None))
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Node, E> {
        Ok(Node::Scalar(Some(yes.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Scalar(Some(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Scalar(Some(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Scalar(Some(number.to_string())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Scalar(Some(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Node, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = object.next_entry()? {
            words.push(word);
        }
        Ok(Node::Object(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_that_a_file_is_closed() {
        let many = format!(r#"{{"a":[{}"x"],"공개":"비공개"}}"#, r#""x","#.repeat(MOST));
        let nfd: String =
            unicode_normalization::UnicodeNormalization::nfd(r#"{"공개":"비공개"}"#).collect();
        for text in [
            r#"{"공개":"비공개","제목":"t","공개":"공개"}"#,
            r#"{"공개":[["비공개"]]}"#,
            r#"{"공개":{"값":"비공개"}}"#,
            r#"{"a":{"공개":"비공개"}}"#,
            &many,
            &nfd,
        ] {
            let mut statements = Statements::of("a.meta.json");
            read(text, &mut statements);
            let said = statements.values.iter().find(|(name, _)| name == "disclosure");
            assert_eq!(said.map(|(_, value)| value), Some(&"closed".into()), "{text:.80}");
        }
    }

    #[test]
    fn values_are_texts_whatever_they_look_like() {
        let mut statements = Statements::of("a.meta.json");
        read(r#"{"title":"하나","쪽":12,"비율":0.5,"참":true,"없음":null}"#, &mut statements);
        let said: Vec<String> =
            statements.values.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        assert_eq!(said.len(), 4, "{said:?}");
        assert!(statements.faults.is_empty());
    }
}
