//! How long a trivial run takes: 64 KiB of text, 400 runs, one thread. `cargo run --release --example latency`
//! (this binary is its own zygote).
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::Instant;

use madang_extract::engines::Engines;
use madang_extract::options::Options;
use madang_sandbox::input::Input;
use madang_sandbox::limits::Limits;
use madang_sandbox::request::Request;
use madang_sandbox::run::run;
use madang_sandbox::sealed_file::SealedFile;
use madang_sandbox::serve::serve;
use madang_sandbox::watch::Watch;
use madang_sandbox::zygote::Zygote;

fn main() -> std::io::Result<()> {
    if std::env::args().nth(1).as_deref() == Some("--zygote") {
        std::process::exit(serve(Engines::none));
    }
    let zygote = Zygote::start(Path::new("/proc/self/exe"))?;
    let text = "데이터기반행정 활성화를 위한 안내문\n".repeat(1300);
    let mut times = Vec::new();
    for _ in 0..400 {
        let start = Instant::now();
        let input = Input::Memory(SealedFile::from_bytes(text.as_bytes())?);
        let (limits, options) = (Limits::default(), Options::default());
        let request = Request { name: "a.txt", limits: &limits, options: &options };
        let verdict = run(&zygote, &request, input, &Watch::default(), &mut |_| {})?;
        times.push(start.elapsed());
        if verdict.is_none_or(|verdict| verdict.died) {
            return Err(std::io::Error::other("a trivial run died"));
        }
    }
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    println!("{} bytes: least {:?}, p50 {:?}, p99 {:?}", text.len(), at(0), at(50), at(99));
    Ok(())
}
