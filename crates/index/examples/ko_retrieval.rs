//! Measures retrieval over Korean question collections through the public interface: MRR@10, recall@10 and hits at
//! rank 1 of questions as they are, with all spaces left out, and with one syllable misspelt; indexing speed, index size
//! and query latency.
//!
//! `cargo run --release -p madang-index --example ko_retrieval [COLLECTION…]`. The collections are those of the
//! corpus folder (`MADANG_CORPUS`, default `../shared/corpus`), under `ko-retrieval/`.

mod passages;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use madang_document::id::DocumentId;
use madang_index::index::Index;
use madang_index::query::Query;
use madang_index::record::Change;
use madang_index::tantivy::index::TantivyIndex;
use serde::Deserialize;

use crate::passages::{Failure, Passage, lines, partition, size};

#[derive(Deserialize)]
struct Question {
    query: String,
    relevant: Vec<String>,
}

/// How somebody types a question.
type Typing = fn(&str) -> String;

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Failure> {
    let corpus = std::env::var_os("MADANG_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    );
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        names = ["korquad", "msmarco-ko-mt", "autorag-docs"].map(String::from).into();
    }
    for name in names {
        let folder = corpus.join("ko-retrieval").join(&name);
        println!("{name:14} {}", measure(&folder)?);
    }
    Ok(())
}

fn measure(folder: &Path) -> Result<String, Failure> {
    let passages: Vec<Passage> = lines(&folder.join("passages.jsonl"))?;
    let questions: Vec<Question> = lines(&folder.join("queries.dev.jsonl"))?;
    let bytes: usize = passages.iter().map(Passage::size).sum();
    let names: HashMap<DocumentId, &str> =
        passages.iter().map(|p| (p.document(), p.id.as_str())).collect();

    let place = tempfile::tempdir()?;
    let index = TantivyIndex::open(place.path())?;
    let began = Instant::now();
    let changes: Vec<Change> =
        passages.iter().map(|p| Change::Put { revision: 1, record: p.record("") }).collect();
    index.apply(&partition(), &changes, 1)?;
    let indexed = began.elapsed().as_secs_f64();

    let mut report = format!(
        "queries {}, indexing {:.2} MB/s, index/text {:.2}",
        questions.len(),
        bytes as f64 / 1e6 / indexed,
        size(place.path())? as f64 / bytes as f64,
    );
    let as_typed: [(&str, Typing); 3] =
        [("as they are", str::to_owned), ("no spaces", without_spaces), ("a typo", misspelt)];
    for (what, typed) in as_typed {
        let mut measured = Measured::default();
        for question in &questions {
            let query =
                Query { text: typed(&plain(&question.query)), limit: 10, ..Query::default() };
            let began = Instant::now();
            let hits = index.search(&[partition()], &query)?;
            measured.latencies.push(began.elapsed().as_secs_f64() * 1000.0);
            measured.totals.push(hits.total as f64);
            let is_relevant = |id: &DocumentId| {
                names.get(id).is_some_and(|name| question.relevant.iter().any(|r| r == name))
            };
            let ranks: Vec<usize> = (1..)
                .zip(&hits.hits)
                .filter(|(_, hit)| is_relevant(&hit.id))
                .map(|(rank, _)| rank)
                .collect();
            if let Some(best) = ranks.first() {
                measured.reciprocal += 1.0 / *best as f64;
                measured.first += f64::from(u8::from(*best == 1));
            }
            measured.found += ranks.len() as f64 / question.relevant.len().max(1) as f64;
        }
        report.push_str(&format!("\n  {what:12}{}", measured.show(questions.len())));
    }
    Ok(report)
}

/// What one way of typing gave, summed over the questions.
#[derive(Default)]
struct Measured {
    reciprocal: f64,
    found: f64,
    first: f64,
    totals: Vec<f64>,
    latencies: Vec<f64>,
}

impl Measured {
    fn show(&mut self, questions: usize) -> String {
        let n = questions.max(1) as f64;
        let nothing = self.totals.iter().filter(|total| **total == 0.0).count();
        format!(
            "MRR@10 {:.4} recall@10 {:.4} hit@1 {:.4} | nothing found {nothing} | total median {} p95 {} | \
             query p50 {:.2} ms p95 {:.2} ms",
            self.reciprocal / n,
            self.found / n,
            self.first / n,
            quantile(&mut self.totals, 0.5),
            quantile(&mut self.totals, 0.95),
            quantile(&mut self.latencies, 0.5),
            quantile(&mut self.latencies, 0.95),
        )
    }
}

fn without_spaces(question: &str) -> String {
    question.split_whitespace().collect()
}

/// The question with another vowel in one of its syllables, always the same one.
fn misspelt(question: &str) -> String {
    let is_syllable = |c: &char| ('\u{AC00}'..='\u{D7A3}').contains(c);
    let syllables = question.chars().filter(is_syllable).count();
    let sum = question.bytes().map(usize::from).sum::<usize>();
    let mut at = sum.checked_rem(syllables);
    let mut other = |c: char| {
        if !is_syllable(&c) || at.replace(at.map_or(usize::MAX, |n| n.wrapping_sub(1))) != Some(0) {
            return c;
        }
        // 21 vowels, 28 final consonants (The Unicode Standard, section 3.12).
        let index = u32::from(c) - 0xAC00;
        let vowel = (index / 28 + 1) % 21;
        char::from_u32(0xAC00 + index / 588 * 588 + vowel * 28 + index % 28).unwrap_or(c)
    };
    question.chars().map(&mut other).collect()
}

/// Signs of the query language that a question contains by chance.
fn plain(question: &str) -> String {
    question.replace(['"', '“', '”', '*', '「', '」', '『', '』'], " ").replace(" -", " ")
}

fn quantile(values: &mut [f64], q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len().saturating_sub(1) as f64 * q) as usize;
    values.get(at).copied().unwrap_or(0.0)
}
