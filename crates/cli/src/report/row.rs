use std::collections::BTreeMap;

use madang_document::outcome::Outcome;
use serde::{Serialize, Serializer};

use super::measured::Measured;

/// The figures of several files: those of one format, of one folder, or all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    /// What the files have in common.
    pub(crate) name: String,
    /// Files.
    pub(crate) files: u64,
    /// How many ended how; those whose bytes could not be had under none.
    #[serde(serialize_with = "by_word")]
    pub(crate) outcomes: BTreeMap<Option<Outcome>, u64>,
    /// Documents in them that were opened.
    pub(crate) members: u64,
    /// Characters that were read.
    pub(crate) characters: u64,
    /// Bytes of the files.
    pub(crate) bytes: u64,
    /// Time of the processor in all, milliseconds.
    pub(crate) cpu_ms: f64,
    /// Of a file, on average.
    pub(crate) mean_ms: f64,
    /// Of a file; half of them took no more.
    pub(crate) p50_ms: f64,
    /// Of a file; 95 of 100 took no more.
    pub(crate) p95_ms: f64,
    /// Bytes read in a second of the processor; none where no time was measured.
    pub(crate) bytes_per_cpu_second: Option<f64>,
    /// Files with a reference.
    pub(crate) scored: u64,
    /// Mean token F1 of those.
    pub(crate) f1: Option<f64>,
}

impl Row {
    /// Of these files.
    pub(crate) fn of(name: &str, files: &[&Measured]) -> Row {
        let sum = |of: fn(&Measured) -> u64| files.iter().map(|file| of(file)).sum::<u64>();
        let mut outcomes = BTreeMap::new();
        files.iter().for_each(|file| *outcomes.entry(file.outcome).or_default() += 1);
        let mut spent: Vec<u64> = files.iter().map(|file| file.cpu_us).collect();
        spent.sort_unstable();
        let cpu_us = sum(|file| file.cpu_us);
        let bytes = sum(|file| file.bytes);
        let scores: Vec<f64> = files.iter().filter_map(|file| file.f1).collect();
        let mean = |sum: f64, n: usize| (n > 0).then(|| sum / n as f64);
        let ms = |us: u64| us as f64 / 1e3;
        Row {
            name: name.to_owned(),
            files: files.len() as u64,
            outcomes,
            members: sum(|file| file.members),
            characters: sum(|file| file.characters),
            bytes,
            cpu_ms: ms(cpu_us),
            mean_ms: mean(ms(cpu_us), files.len()).unwrap_or_default(),
            p50_ms: ms(percentile(&spent, 50)),
            p95_ms: ms(percentile(&spent, 95)),
            bytes_per_cpu_second: (cpu_us > 0).then(|| bytes as f64 * 1e6 / cpu_us as f64),
            scored: scores.len() as u64,
            f1: mean(scores.iter().sum(), scores.len()),
        }
    }

    /// A row for each name that `name` gives, in the order of the names.
    pub(crate) fn each(files: &[Measured], name: fn(&Measured) -> &str) -> Vec<Row> {
        let mut groups: BTreeMap<&str, Vec<&Measured>> = BTreeMap::new();
        files.iter().for_each(|file| groups.entry(name(file)).or_default().push(file));
        groups.iter().map(|(name, files)| Row::of(name, files)).collect()
    }
}

/// The smallest of sorted values that so many of a hundred do not exceed (nearest rank); 0 of none.
fn percentile(sorted: &[u64], share: usize) -> u64 {
    let rank = (sorted.len() * share).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

fn by_word<S: Serializer>(
    outcomes: &BTreeMap<Option<Outcome>, u64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let words = outcomes.iter().map(|(outcome, n)| (outcome.map_or("unread", Outcome::as_str), n));
    serializer.collect_map(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(format: &str, outcome: Option<Outcome>, cpu_us: u64, f1: Option<f64>) -> Measured {
        Measured {
            path: "a".into(),
            folder: ".".into(),
            format: format.into(),
            outcome,
            reason: None,
            reason_ko: None,
            bytes: 1000,
            members: 1,
            characters: 10,
            cpu_us,
            fetched: None,
            f1,
        }
    }

    #[test]
    fn figures_of_several_files() {
        let ok = Some(Outcome::Ok);
        let files = [
            file("pdf", ok, 4000, Some(1.0)),
            file("hwp5", ok, 1000, None),
            file("pdf", Some(Outcome::Corrupt), 0, Some(0.5)),
            file("pdf", None, 2000, None),
        ];
        let rows = Row::each(&files, |file| &file.format);
        let [hwp, pdf] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((hwp.name.as_str(), hwp.files, hwp.scored, hwp.f1), ("hwp5", 1, 0, None));
        assert_eq!((pdf.name.as_str(), pdf.files, pdf.members, pdf.bytes), ("pdf", 3, 3, 3000));
        assert_eq!((pdf.cpu_ms, pdf.mean_ms, pdf.p50_ms, pdf.p95_ms), (6.0, 2.0, 2.0, 4.0));
        assert_eq!(pdf.bytes_per_cpu_second, Some(500_000.0));
        assert_eq!((pdf.scored, pdf.f1), (2, Some(0.75)));
        let json = serde_json::to_value(pdf).unwrap();
        assert_eq!(json["outcomes"], serde_json::json!({ "unread": 1, "ok": 1, "corrupt": 1 }));
        let none = Row::of("", &[]);
        assert_eq!((none.files, none.mean_ms, none.bytes_per_cpu_second), (0, 0.0, None));
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let hundred: Vec<u64> = (1..=100).collect();
        for (values, share, expected) in [
            (&[] as &[u64], 50, 0),
            (&[7], 50, 7),
            (&[7], 95, 7),
            (&[1, 2], 50, 1),
            (&[1, 2, 3], 50, 2),
            (&hundred, 50, 50),
            (&hundred, 95, 95),
            (&hundred[..20], 95, 19),
        ] {
            assert_eq!(percentile(values, share), expected, "{values:?} {share}");
        }
    }
}
