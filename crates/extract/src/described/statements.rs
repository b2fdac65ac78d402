use std::collections::BTreeMap;

use madang_document::metadata::{DISCLOSURE, LICENSE, Metadata, Part, Stated, Value};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::sidecar_fault::SidecarFault;
use madang_document::told::Told;

use super::vocabulary::{self, Meaning, NoValue};

/// Properties of one sidecar that are kept.
const PROPERTIES: usize = 256;
/// Characters of one text that are kept.
const LONGEST: usize = 16 << 10;
/// Values of one key.
const VALUES: usize = 1000;
/// Faults that are told; the rest is counted.
pub(super) const FAULTS: usize = 20;

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
    /// The line of the last value, and how many there were before it.
    last: Option<(usize, usize)>,
    is_full: bool,
}

impl Statements {
    pub(super) fn of(name: &str) -> Statements {
        let (values, faults, lists) = (Vec::new(), Vec::new(), BTreeMap::new());
        Statements { values, faults, name: name.to_owned(), lists, last: None, is_full: false }
    }

    /// Adds the values behind what is there, as its sidecar's.
    pub(super) fn add_to(&self, said: &mut Metadata) {
        let part = Some(Part::Beside(self.name.clone()));
        for (name, value) in &self.values {
            said.add(name, Stated { value: value.clone(), part: part.clone() });
        }
    }

    /// What the file that it describes is told by it.
    pub(super) fn told(&self) -> Told {
        let mut said = Metadata::default();
        self.add_to(&mut said);
        Told::of(&self.name, &said, &self.faults)
    }

    /// Takes note of a fault. Of one behind which nothing is read, what stands in the same line is no value, for a text with
    /// a colon in it breaks off there; and the rest may have closed what this describes, so that counts as closed.
    pub(super) fn fault(&mut self, line: Option<usize>, what: SidecarFault) {
        let closes = what.closes();
        if self.faults.len() < FAULTS {
            let (file, line) = (self.name.as_str().into(), line.map(|line| line as u64));
            self.faults.push(ReasonKind::BesideFault { file, line, what: Box::new(what) }.into());
        }
        if !closes {
            return;
        }
        if let (Some((at, before)), Some(line)) = (self.last, line)
            && at == line
        {
            self.values.truncate(before);
        }
        self.claim(DISCLOSURE, vocabulary::CLOSED.into());
    }

    /// Takes note that a word stands over others, or over what is no text: of one that says who may see what this describes
    /// nobody knows then what it says.
    pub(super) fn over(&mut self, key: &str, line: Option<usize>) {
        if vocabulary::narrowing(key).is_some() {
            self.fault(line, SidecarFault::NoText(key.into()));
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
                self.fault(line, SidecarFault::MoreProperties(PROPERTIES as u64));
            }
            return;
        }
        let meaning = vocabulary::meaning(key).or_else(|| vocabulary::narrowing(key));
        let before = self.values.len();
        match vocabulary::value(meaning, &texts) {
            Ok(value) => {
                let is_said = self.put(key, meaning, value);
                if !is_said {
                    self.fault(line, SidecarFault::SaidBefore(key.into()));
                }
            }
            Err(none) => {
                let text: String = first.chars().take(80).collect();
                let (word, text) = (key.into(), text.into());
                let what = match none {
                    NoValue::Date => SidecarFault::NoDate { word, text },
                    NoValue::Disclosure => SidecarFault::NoDisclosure { word, text },
                };
                self.fault(line, what);
                // Whoever writes something there does not mean everybody.
                if meaning.is_some_and(|meaning| meaning.name == DISCLOSURE) {
                    self.claim(DISCLOSURE, vocabulary::CLOSED.into());
                }
            }
        }
        if let Some(line) = line {
            self.last = Some((line, before.min(self.values.len())));
        }
    }

    /// Takes what may only narrow: the narrowest of all that is said counts.
    fn claim(&mut self, name: &str, value: Value) {
        let Some((_, said)) = self.values.iter_mut().find(|(said, _)| said == name) else {
            self.values.push((name.to_owned(), value));
            return;
        };
        let (Value::Text(said), Value::Text(more)) = (said, value) else { return };
        if name == DISCLOSURE {
            *said = vocabulary::narrower(said, &more).to_owned();
        } else if *said != more {
            // Two licences at once are none of ours, which allows nothing.
            *said = format!("{said}, {more}");
        }
    }

    /// Whether it is taken: a property has one value.
    fn put(&mut self, key: &str, meaning: Option<Meaning>, value: Value) -> bool {
        let Some(Meaning { name, .. }) = meaning else {
            let key: String = key.trim().chars().take(200).collect();
            let name = format!("own.{key}");
            let is_said = self.values.iter().any(|(said, _)| *said == name);
            if !is_said {
                self.values.push((name, value));
            }
            return !is_said;
        };
        if [DISCLOSURE, LICENSE].contains(&name) {
            self.claim(name, value);
            return true;
        }
        // `subject` and `keywords` are one list, and some tables have a column for each of its words.
        if let Value::List(more) = &value
            && let Some(at) = self.lists.get(name)
            && let Some((_, Value::List(list))) = self.values.get_mut(*at)
        {
            list.extend(more.iter().cloned());
            list.truncate(VALUES);
            return true;
        }
        if self.values.iter().any(|(said, had)| said == name && *had != value) {
            return false;
        }
        if matches!(value, Value::List(_)) {
            self.lists.insert(name, self.values.len());
        }
        self.values.push((name.to_owned(), value));
        true
    }
}
