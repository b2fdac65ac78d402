use std::collections::BTreeMap;

use madang_document::metadata::Value;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::vocabulary::{self, Meaning};

/// Properties of one sidecar that are kept.
const PROPERTIES: usize = 256;
/// Characters of one text that are kept.
const LONGEST: usize = 16 << 10;
/// Values of one key.
const VALUES: usize = 1000;
/// Faults that are told; the rest is counted.
const FAULTS: usize = 20;

/// What a sidecar says, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Statements {
    /// Names of the vocabulary and values, in the order in which they were said.
    pub(super) values: Vec<(String, Value)>,
    /// They name the file, the line and the cure.
    pub(super) faults: Vec<Reason>,
    name: String,
    /// Lists that are said in several pieces, by their place among the values.
    lists: BTreeMap<&'static str, usize>,
    is_full: bool,
}

impl Statements {
    pub(super) fn of(name: &str) -> Statements {
        let (values, faults, lists) = (Vec::new(), Vec::new(), BTreeMap::new());
        Statements { values, faults, name: name.to_owned(), lists, is_full: false }
    }

    /// Takes note of a fault: what it is, and the cure behind a semicolon.
    pub(super) fn fault(&mut self, line: Option<usize>, what: &str) {
        if self.faults.len() < FAULTS {
            let (file, line) = (self.name.as_str().into(), line.map(|line| line as u64));
            self.faults.push(ReasonKind::BesideFault { file, line, what: what.into() }.into());
        }
    }

    /// Takes what stands under a key, in a word of any vocabulary that is known; under any other its own.
    pub(super) fn say(&mut self, key: &str, texts: &[String], line: Option<usize>) {
        let texts: Vec<String> = texts
            .iter()
            .map(|text| text.trim().chars().take(LONGEST).collect::<String>())
            .filter(|text| !text.is_empty())
            .take(VALUES)
            .collect();
        let Some(first) = texts.first() else { return };
        if self.values.len() >= PROPERTIES {
            if !std::mem::replace(&mut self.is_full, true) {
                let what = format!("only {PROPERTIES} properties are read; leave out the rest");
                self.fault(line, &what);
            }
            return;
        }
        let meaning = vocabulary::meaning(key);
        match vocabulary::value(meaning, &texts) {
            Ok(value) => self.put(key, meaning, value),
            Err(cure) => {
                let first: String = first.chars().take(80).collect();
                self.fault(line, &format!("`{}` cannot be `{first}`; {cure}", key.trim()));
            }
        }
    }

    fn put(&mut self, key: &str, meaning: Option<Meaning>, value: Value) {
        let Some(Meaning { name, .. }) = meaning else {
            let key: String = key.trim().chars().take(200).collect();
            self.values.push((format!("own.{key}"), value));
            return;
        };
        // `subject` and `keywords` are one list, and some tables have a column for each of its words.
        if let Value::List(more) = &value
            && let Some(at) = self.lists.get(name)
            && let Some((_, Value::List(list))) = self.values.get_mut(*at)
        {
            list.extend(more.iter().cloned());
            list.truncate(VALUES);
            return;
        }
        if matches!(value, Value::List(_)) {
            self.lists.insert(name, self.values.len());
        }
        self.values.push((name.to_owned(), value));
    }
}
