//! Measures what bringing records into an index costs: CPU time for each record, wall time and megabytes a second, at
//! several sizes of batches, and what a search then takes.
//!
//! `cargo run --release -p madang-index --example apply [PASSAGES.jsonl]`. The records are the passages of a file (one
//! JSON object with `title` and `text` a line), else generated ones.

mod passages;

use std::path::Path;
use std::time::{Duration, Instant};

use madang_index::index::Index;
use madang_index::query::Query;
use madang_index::record::Change;
use madang_index::tantivy::index::TantivyIndex;

use crate::passages::{Failure, Passage, lines, partition, size};

/// Records that are applied in each run.
const RECORDS: usize = 6000;

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Failure> {
    let passages = match std::env::args().nth(1) {
        Some(path) => lines(Path::new(&path))?,
        None => (0..RECORDS).map(generated).collect(),
    };
    println!("batch  CPU ms/record  wall ms/record  CPU ms/batch   MB/s  folder/text  search ms");
    for batch in [5, 50, 500] {
        // Small batches are dear: fewer of them tell as much.
        let count = RECORDS.min(batch * 240).min(passages.len());
        println!("{}", measure(passages.get(..count).unwrap_or_default(), batch)?);
    }
    Ok(())
}

fn measure(passages: &[Passage], batch: usize) -> Result<String, Failure> {
    let bytes: usize = passages.iter().map(Passage::size).sum();
    let folder = tempfile::tempdir()?;
    let index = TantivyIndex::open(folder.path())?;
    let (began, cpu) = (Instant::now(), cpu()?);
    let mut done = 0usize;
    let mut batches = 0u64;
    for passages in passages.chunks(batch) {
        batches += 1;
        let put = |(n, passage): (usize, &Passage)| {
            let record = passage.record(&format!("folder/{n}.txt"));
            Change::Put { revision: batches, record }
        };
        let changes: Vec<Change> = (done..).zip(passages).map(put).collect();
        done += passages.len();
        index.apply(&partition(), &changes, batches)?;
    }
    let wall = began.elapsed();
    // What was put off counts, too.
    std::thread::sleep(Duration::from_millis(1500));
    let cpu = self::cpu()? - cpu;
    let queries = ["예산 편성", "개인정보 보호", "안전 점검 결과", "대통령", "언제 발표"];
    let asked = Instant::now();
    for text in queries {
        let query = Query { text: text.into(), limit: 10, ..Query::default() };
        index.search(&[partition()], &query)?;
    }
    let search = asked.elapsed().as_secs_f64() * 1000.0 / queries.len() as f64;
    let stored = size(folder.path())?;
    Ok(format!(
        "{batch:5}  {:13.2}  {:14.2}  {:12.1}  {:5.2}  {:11.2}  {search:9.2}",
        cpu * 1000.0 / done as f64,
        wall.as_secs_f64() * 1000.0 / done as f64,
        cpu * 1000.0 / batches as f64,
        bytes as f64 / 1e6 / wall.as_secs_f64(),
        stored as f64 / bytes as f64,
    ))
}

/// About a kilobyte of words that follow each other in no order.
fn generated(n: usize) -> Passage {
    const WORDS: [&str; 16] = [
        "예산을",
        "편성하여",
        "개인정보",
        "보호",
        "도로",
        "정비",
        "안전",
        "점검",
        "결과를",
        "위원회에서",
        "심의",
        "2026년",
        "하천",
        "공고",
        "대책이",
        "발표",
    ];
    let mut state = n as u64 + 1;
    let mut text = String::new();
    while text.len() < 1000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        text.push_str(WORDS.get((state >> 60) as usize).copied().unwrap_or_default());
        // A syllable of its own now and then, so that the dictionary grows as it does in real texts.
        let syllable = (state >> 40) as u32 % 11_172 + 0xAC00;
        text.extend(char::from_u32(syllable).filter(|_| state.is_multiple_of(3)));
        text.push(' ');
    }
    Passage { id: n.to_string(), title: format!("제{n}호"), text }
}

/// Seconds of CPU that all threads of this process have used (proc(5), fields 14 and 15 of `stat`, in ticks of 1/100
/// second on Linux).
fn cpu() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
}
