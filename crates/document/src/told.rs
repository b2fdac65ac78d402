use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::metadata::{Metadata, Part, Value};
use crate::quote::Quote;
use crate::reason::Reason;
use crate::reason_kind::ReasonKind;

/// All that one sidecar tells of a file, what is wrong with it included, as a number by which it is known again: two that
/// are equal tell the same.
///
/// It is made of a document and not of the sidecar, so that whoever has both needs no memory of what the sidecar said
/// before: what counts is what the file was told at last, whichever version of the sidecar was there then, and whether it
/// was there at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Told(u64);

impl Told {
    /// What the sidecar of this name told, by the properties of a document and by the reasons of its warnings.
    pub fn of<'a>(
        sidecar: &str,
        metadata: &Metadata,
        reasons: impl IntoIterator<Item = &'a Reason>,
    ) -> Told {
        let mut digest = Sha256::new();
        for (name, claims) in metadata.all() {
            for stated in claims {
                if matches!(&stated.part, Some(Part::Beside(name)) if name == sidecar) {
                    text(&mut digest, name);
                    value(&mut digest, &stated.value);
                }
            }
        }
        let own = Quote::new(sidecar);
        for reason in reasons {
            if let ReasonKind::BesideFault { file, line, what } = &reason.kind
                && *file == own
            {
                digest.update(line.unwrap_or_default().to_be_bytes());
                // The English, as earlier versions kept it: what they were told and what they would be told now is the same.
                text(&mut digest, Quote::new(&what.sentence().1).as_str());
            }
        }
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(digest.finalize());
        Told(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

fn text(digest: &mut Sha256, text: &str) {
    digest.update((text.len() as u64).to_be_bytes());
    digest.update(text);
}

fn value(digest: &mut Sha256, said: &Value) {
    match said {
        Value::Bool(yes) => digest.update([0, u8::from(*yes)]),
        Value::Integer(n) => digest.update([[1].as_slice(), &n.to_be_bytes()].concat()),
        Value::Number(n) => digest.update([[2].as_slice(), &n.to_bits().to_be_bytes()].concat()),
        Value::Text(words) => {
            digest.update([3]);
            text(digest, words);
        }
        Value::List(list) => {
            digest.update([4]);
            digest.update((list.len() as u64).to_be_bytes());
            list.iter().for_each(|one| value(digest, one));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Stated;
    use crate::sidecar_fault::SidecarFault;

    fn said(claims: &[(&str, &str, &str)]) -> Metadata {
        let mut metadata = Metadata::default();
        for (name, value, sidecar) in claims {
            let part = Some(Part::Beside((*sidecar).into()));
            metadata.add(name, Stated { value: (*value).into(), part });
        }
        metadata
    }

    fn fault(file: &str, line: u64, what: &str) -> Reason {
        let (file, what) = (file.into(), SidecarFault::Other(what.into()));
        ReasonKind::BesideFault { file, line: Some(line), what: Box::new(what) }.into()
    }

    #[test]
    fn what_one_sidecar_tells_is_known_among_all_that_is_told() {
        let own = [("title", "하나", "m.csv"), ("own.비고", "둘", "m.csv")];
        let told = Told::of("m.csv", &said(&own), &[fault("m.csv", 2, "no date")]);
        let mut others = said(&[("title", "셋", "a.meta.yml")]);
        others.trust(said(&own));
        others.at("XMP").add("subject", "x");
        let reasons = [fault("a.meta.yml", 9, "no YAML"), fault("m.csv", 2, "no date")];
        assert_eq!(Told::of("m.csv", &others, &reasons), told);
        for (claims, reasons) in [
            (&own[..], vec![]),
            (&own, vec![fault("m.csv", 3, "no date")]),
            (&own[..1], vec![fault("m.csv", 2, "no date")]),
            (&[("title", "하", "m.csv"), ("own.비고", "나둘", "m.csv")], reasons.to_vec()),
            (&[], vec![]),
        ] {
            assert_ne!(Told::of("m.csv", &said(claims), &reasons), told, "{claims:?}");
        }
        let now = |line| {
            let what = SidecarFault::TableEmpty;
            Reason::from(ReasonKind::BesideFault {
                file: "m.csv".into(),
                line,
                what: Box::new(what),
            })
        };
        let before = fault(
            "m.csv",
            0,
            "it is empty; write it anew, or take it away; until then, what it describes counts as closed",
        );
        let of = |why: Reason| Told::of("m.csv", &said(&own), &[why]);
        assert_eq!(of(now(None)), of(before), "nothing is read anew for the new form alone");
        let nothing = Told::of("m.csv", &Metadata::default(), &[]);
        assert_eq!(Told::of("m.csv", &said(&[("title", "x", "a")]), &[]), nothing);
    }
}
