use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use serde::{Deserialize, Serialize};

/// What of an object is left alone, because readers died over it. Most die of what has pixels or samples: a picture, a scanned
/// page, a film, a recording. Each of these is a look, and those of an object are numbered from 0 as they come: the same bytes,
/// read for the same, give the same numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeftAlone {
    /// Nothing.
    #[default]
    Nothing,
    /// The looks of these numbers.
    Looks(Vec<u32>),
    /// Those, and all from one on: of an archive full of what kills the first are read.
    From {
        /// The looks before.
        looks: Vec<u32>,
        /// The first of the others.
        from: u32,
    },
    /// All that has pixels or samples.
    All,
}

/// Has those of these reasons that tell of something left alone say what a reader died of.
pub fn say_why<'a>(reasons: impl Iterator<Item = &'a mut Reason>, cause: &Reason) {
    for reason in reasons.filter(|reason| reason.kind == ReasonKind::LeftAlone) {
        *reason = reason.clone().because(cause.clone());
    }
}

/// Looks that are left alone one by one: each was found by a death.
const LOOKS_MOST: usize = 4;

impl LeftAlone {
    /// What is left alone in the next reading, after a reader died at this look, or before any. None where nothing else can be
    /// left alone: the object itself is what readers die of.
    pub fn after_death(&self, look: Option<u32>) -> Option<LeftAlone> {
        let known = match self {
            LeftAlone::Nothing => &[][..],
            LeftAlone::Looks(known) => known,
            LeftAlone::From { .. } => return Some(LeftAlone::All),
            LeftAlone::All => return None,
        };
        // Where nothing after those that are left alone was looked at, it is something else that kills.
        let look = look.filter(|look| known.last().is_none_or(|last| look > last));
        Some(match look {
            Some(look) if known.len() < LOOKS_MOST => {
                LeftAlone::Looks(known.iter().copied().chain([look]).collect())
            }
            Some(from) => LeftAlone::From { looks: known.to_vec(), from },
            None => LeftAlone::All,
        })
    }

    /// Whether the look of this number is.
    pub fn has(&self, look: u32) -> bool {
        match self {
            LeftAlone::Nothing => false,
            LeftAlone::Looks(looks) => looks.contains(&look),
            LeftAlone::From { looks, from } => look >= *from || looks.contains(&look),
            LeftAlone::All => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_alone_says_what_a_reader_died_of() {
        let mut reasons = [ReasonKind::LeftAlone.into(), Reason::new(ReasonKind::NoText)];
        say_why(reasons.iter_mut(), &ReasonKind::Memory(64 << 20).into());
        let said = reasons.map(|reason| reason.english());
        assert!(said[0].contains("left alone") && said[0].contains("64 MiB"), "{said:?}");
        assert!(!said[1].contains("64"), "{said:?}");
    }

    #[test]
    fn what_killed_is_left_alone_and_then_everything() {
        let mut left_alone = LeftAlone::Nothing;
        let mut after = |look| {
            let next = left_alone.after_death(look);
            left_alone = next.clone().unwrap_or(LeftAlone::All);
            next
        };
        assert_eq!(after(Some(7)), Some(LeftAlone::Looks(vec![7])));
        assert_eq!(after(Some(9)), Some(LeftAlone::Looks(vec![7, 9])));
        assert_eq!(after(Some(8)), Some(LeftAlone::All));
        assert_eq!(after(Some(8)), None);
        assert_eq!(LeftAlone::Nothing.after_death(None), Some(LeftAlone::All), "before any look");
        let all: Vec<u32> = (0..LOOKS_MOST as u32).collect();
        let from = LeftAlone::Looks(all.clone()).after_death(Some(99)).unwrap();
        assert_eq!(from, LeftAlone::From { looks: all, from: 99 });
        assert_eq!([0, 50, 99, 100].map(|look| from.has(look)), [true, false, true, true]);
        assert_eq!(from.after_death(Some(50)), Some(LeftAlone::All));
        assert!(LeftAlone::Looks(vec![3]).has(3) && !LeftAlone::Looks(vec![3]).has(4));
    }
}
