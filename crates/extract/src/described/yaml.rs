use madang_document::sidecar_fault::SidecarFault;
use saphyr_parser::{Event, Parser, ScalarStyle};

use super::statements::Statements;

/// How deep mappings may lie in one another: `dc:` with its words below, and some more.
const DEEPEST: usize = 8;
/// Events that are looked at.
const MOST: usize = 100_000;

/// What is open while a file is read.
enum Open {
    /// A mapping, with the key that waits for its value.
    Mapping { key: Option<(String, usize)> },
    /// A list of values under a key.
    List { key: String, line: usize, texts: Vec<String> },
}

/// Reads what a YAML file says: words with texts or lists of texts, which may be grouped under other words. Texts are
/// texts, whatever they look like: `no` is a word, and `2026-07-14` is what its property makes of it. Anchors and tags
/// mean nothing here, so that a file says no more than it holds. Whatever stands in the lines before a fault counts.
pub(super) fn read(text: &str, statements: &mut Statements) {
    let mut open: Vec<Open> = Vec::new();
    let mut documents = 0;
    for (n, event) in Parser::new_from_str(text).enumerate() {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let what = SidecarFault::NoYaml(error.info().into());
                return statements.fault(Some(error.marker().line()), what);
            }
        };
        let line = span.start.line();
        if n >= MOST {
            return statements.fault(Some(line), SidecarFault::RestUnread);
        }
        match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return statements.fault(Some(line), SidecarFault::SecondPart);
                }
            }
            Event::MappingStart(..) if open.len() >= DEEPEST => {
                let what = SidecarFault::WordsTooDeep(DEEPEST as u64);
                return statements.fault(Some(line), what);
            }
            Event::MappingStart(..) => {
                match open.last() {
                    Some(Open::List { key, line, .. }) => statements.over(key, Some(*line)),
                    _ => {
                        if let Some((key, line)) = full_key(&open) {
                            statements.over(&key, Some(line));
                        }
                    }
                }
                open.push(Open::Mapping { key: None });
            }
            Event::SequenceStart(..) => match full_key(&open) {
                Some((key, line)) if open.len() < DEEPEST => {
                    open.push(Open::List { key, line, texts: Vec::new() });
                }
                _ => return statements.fault(Some(line), SidecarFault::ListForWord),
            },
            // What YAML writes for nothing.
            Event::Scalar(text, ScalarStyle::Plain, ..)
                if matches!(&*text, "~" | "null") && !open.is_empty() =>
            {
                if matches!(open.last(), Some(Open::Mapping { .. })) {
                    take_key(&mut open);
                }
            }
            Event::Scalar(text, ..) => match open.last_mut() {
                Some(Open::Mapping { key: key @ None }) => *key = Some((text.into_owned(), line)),
                Some(Open::Mapping { key: Some(_) }) => {
                    match full_key(&open) {
                        Some((key, line)) => statements.say(&key, &[text.into_owned()], Some(line)),
                        None => statements.fault(Some(line), SidecarFault::WordInList),
                    }
                    take_key(&mut open);
                }
                Some(Open::List { texts, .. }) => texts.push(text.into_owned()),
                None if text.is_empty() => {}
                None => return statements.fault(Some(line), SidecarFault::NoWord),
            },
            Event::Alias(_) => return statements.fault(Some(line), SidecarFault::Anchor),
            Event::MappingEnd => {
                open.pop();
                take_key(&mut open);
            }
            Event::SequenceEnd => {
                if let Some(Open::List { key, line, texts }) = open.pop() {
                    statements.say(&key, &texts, Some(line));
                }
                take_key(&mut open);
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }
}

/// The words that lead to where a value is to stand, joined by dots, and the line of the last; none where no word waits.
fn full_key(open: &[Open]) -> Option<(String, usize)> {
    let mut words = Vec::new();
    let mut line = 0;
    for one in open {
        let Open::Mapping { key: Some((word, at)) } = one else { return None };
        words.push(word.as_str());
        line = *at;
    }
    (!words.is_empty()).then(|| (words.join("."), line))
}

/// The word that waited has its value.
fn take_key(open: &mut [Open]) {
    if let Some(Open::Mapping { key }) = open.last_mut() {
        *key = None;
    }
}

#[cfg(test)]
mod tests {
    use madang_document::metadata::Value;
    use madang_document::reason::Reason;

    use super::*;

    fn values(text: &str) -> (Vec<(String, Value)>, Vec<Reason>) {
        let mut statements = Statements::of("a.meta.yml");
        read(text, &mut statements);
        (statements.values, statements.faults)
    }

    #[test]
    fn words_lists_and_groups() {
        let text = "# 설명\ntitle: \"침수: 대책\"\n주제:\n  - 도로\n  - 하천\ndc:\n  creator: 김\n\
                    공개: no\n설명: |\n  첫 줄\n  둘째 줄\n결재: {과장: 이, 국장: 박}\nkeywords: 안전\n";
        let (said, faults) = values(text);
        let expected: Vec<(String, Value)> = vec![
            ("title".into(), "침수: 대책".into()),
            ("keywords".into(), vec!["도로", "하천", "안전"].into()),
            ("author".into(), "김".into()),
            ("disclosure".into(), "closed".into()),
            ("description".into(), "첫 줄\n둘째 줄".into()),
            ("own.결재.과장".into(), "이".into()),
            ("own.결재.국장".into(), "박".into()),
        ];
        assert_eq!(said, expected);
        let [fault] = faults.as_slice() else { panic!("{faults:?}") };
        assert!(
            fault.english().starts_with("a.meta.yml, line 8: `공개` cannot be `no`; write"),
            "{fault}"
        );
    }

    #[test]
    fn what_may_be_narrower_than_is_understood_is_closed() {
        let closed = |text: &str| {
            let (said, _) = values(text);
            said.iter().any(|(name, value)| name == "disclosure" && *value == Value::from("closed"))
        };
        for text in [
            "공개: 비공개\n제목: 계획: 둘\n",
            "제목: [열림\n",
            "공개: \"비공개(제9조제1항제5호)\"\n",
            "공개: 대외비\n",
            "공개: 아마\n",
            "공개: 공개\n공개구분: 비공개\n",
            "공개: 비공개\n공개구분: 공개\n",
        ] {
            assert!(closed(text), "{text}");
        }
        assert!(!closed("공개: 부분공개(제6호)\n제목: 가\n"));
        let licences = values("license: KOGL-1\n이용허락: 제4유형\n").0;
        assert_eq!(licences, [("license".to_owned(), Value::from("KOGL-1, KOGL-4"))]);
    }

    #[test]
    fn what_is_said_twice_or_breaks_off_is_no_value() {
        let (said, faults) = values("제목: 계획: 둘\n");
        assert_eq!(said, [("disclosure".to_owned(), Value::from("closed"))]);
        assert_eq!(faults.len(), 1);
        let (said, faults) = values("제목: 하나\ntitle: 둘\n작성자:\n - 이름: 홍\n");
        assert_eq!(said, [("title".to_owned(), Value::from("하나"))]);
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn whatever_stands_before_a_fault_counts() {
        for (text, line) in [
            ("title: a\nx: *y\n", 2),
            ("title: a\nb: c: d\n", 2),
            ("title: a\n- x\n", 2),
            ("title: a\n? [q]\n: r\n", 2),
            ("title: a\n---\ntitle: b\n", 2),
        ] {
            let (said, faults) = values(text);
            assert_eq!(said.first(), Some(&("title".to_owned(), Value::from("a"))), "{text}");
            let [fault] = faults.as_slice() else { panic!("{text}: {faults:?}") };
            assert!(
                fault.english().starts_with(&format!("a.meta.yml, line {line}: ")),
                "{text}: {fault}"
            );
        }
        assert_eq!(values(""), (Vec::new(), Vec::new()));
        assert_eq!(values("title:\nsubject: ~\n"), (Vec::new(), Vec::new()));
    }
}
