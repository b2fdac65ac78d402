//! Many runs at once, good and bad: the innocent ones all succeed, nothing is left behind, and the death of the
//! zygote is survived. One test only in this file, because it counts what the whole process holds.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use madang_document::outcome::Outcome;
use madang_extract::left_alone::LeftAlone;
use madang_extract::options::Options;
use madang_sandbox::allowance::Allowance;
use madang_sandbox::input::Input;
use madang_sandbox::kit::Kit;
use madang_sandbox::limits::ChildLimits;
use madang_sandbox::request::{Pace, Request};
use madang_sandbox::run::run;
use madang_sandbox::sealed_file::SealedFile;
use madang_sandbox::watch::Watch;
use madang_sandbox::zygote::Zygote;

/// What this process holds open, each by what it is.
fn descriptors() -> Vec<String> {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let mut open: Vec<String> = open
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        // The one by which they are listed.
        .filter(|target| !target.ends_with("fd"))
        // Without the number of the inode: another zygote has another socket.
        .map(|target| target.to_string_lossy().split(':').next().unwrap().to_owned())
        .collect();
    open.sort();
    open
}

/// Processes of which `pid` is the parent.
fn children_of(pid: i32) -> Vec<String> {
    let parent = format!("PPid:\t{pid}");
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("status")).ok())
        .filter(|status| status.lines().any(|line| line == parent))
        .collect()
}

#[test]
fn innocents_succeed_among_faults_and_nothing_is_left() {
    let before = descriptors();
    let own = i32::try_from(std::process::id()).unwrap();
    let zygote = Zygote::start(Path::new(env!("CARGO_BIN_EXE_zygote-under-test"))).unwrap();
    let with_zygote = descriptors();
    let minute = Duration::from_secs(60);
    let wall = Allowance { base: minute, ..ChildLimits::default().wall };
    let limits = ChildLimits { wall, silence: minute, memory: 64 << 20, ..ChildLimits::default() };
    let options = Options::default();
    let quiet = ChildLimits { silence: Duration::from_millis(200), ..limits.clone() };
    let faults = ["segfault", "abort", "panic", "exit", "garbage", "upwards", "hoard", "flood"];
    let (next, died) = (AtomicU32::new(0), AtomicU32::new(0));
    let mixed = || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= 200 {
                return;
            }
            let name = match n % 5 {
                0 => faults[(n / 5) as usize % faults.len()],
                _ => "innocent.txt",
            };
            let (name, limits) = if n % 50 == 7 { ("sleep", &quiet) } else { (name, &limits) };
            let text = format!("글 {n}");
            let input = Input::Memory(SealedFile::from_bytes(text.as_bytes()).unwrap());
            let mut kept = Vec::new();
            let keep = &mut |e| kept.push(e);
            let request = Request {
                name,
                limits,
                options: &options,
                sidecars: &[],
                pace: Pace::Whole,
                left_alone: &LeftAlone::Nothing,
            };
            let verdict = run(&zygote, &request, input, &Watch::default(), keep).unwrap().unwrap();
            assert_eq!(kept.len(), 1, "{name}");
            if name == "innocent.txt" {
                assert_eq!(verdict.outcome, Outcome::Ok, "{:?}", verdict.reason);
                assert_eq!(kept[0].content.text(), text);
            } else {
                assert!(verdict.died, "{name}");
                died.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|threads| (0..4).for_each(|_| drop(threads.spawn(mixed))));
    assert_eq!(died.load(Ordering::Relaxed), 44);
    assert_eq!(descriptors(), with_zygote, "descriptors of the runs");
    assert_eq!(children_of(zygote.pid(Kit::Lean)), Vec::<String>::new(), "children of the zygote");

    // The zygote dies in the middle of a run: that run knows nothing, the next one starts another zygote.
    let first = zygote.pid(Kit::Lean);
    let watch = Watch::default();
    let request = |name| Request {
        name,
        limits: &limits,
        options: &options,
        sidecars: &[],
        pace: Pace::Whole,
        left_alone: &LeftAlone::Nothing,
    };
    let (dawdle, quick) = (request("dawdle"), request("a.txt"));
    let input = || Input::Memory(SealedFile::from_bytes(b"x").unwrap());
    std::thread::scope(|threads| {
        let running = threads.spawn(|| run(&zygote, &dawdle, input(), &watch, &mut |_| {}));
        while watch.progress() < 3 {
            std::thread::yield_now();
        }
        let pid = rustix::process::Pid::from_raw(first).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        let error = running.join().unwrap().unwrap_err();
        assert!(error.to_string().contains("the zygote died"), "{error}");
    });
    let (outcomes, many) = (AtomicU32::new(0), 8);
    std::thread::scope(|threads| {
        for _ in 0..many {
            threads.spawn(|| {
                let watch = Watch::default();
                let verdict = run(&zygote, &quick, input(), &watch, &mut |_| {});
                assert_eq!(verdict.unwrap().unwrap().outcome, Outcome::Ok);
                outcomes.fetch_add(1, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(outcomes.load(Ordering::Relaxed), many);
    assert_ne!(zygote.pid(Kit::Lean), first);
    assert_eq!(children_of(own).len(), 1, "only the new zygote; the old one is reaped");
    assert_eq!(descriptors(), with_zygote);
    drop(zygote);
    assert_eq!(children_of(own), Vec::<String>::new());
    assert_eq!(descriptors(), before);
}
