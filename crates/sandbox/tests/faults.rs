//! Each way in which a child can go wrong, in a real child, and the exact outcome of it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use madang_document::metadata::Value;
use madang_document::outcome::Outcome::{self, Crashed, Memory, Ok as Read, Timeout};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_extract::extraction::Extraction;
use madang_extract::left_alone::LeftAlone;
use madang_extract::options::{Ocr, Options, Speech};
use madang_extract::passwords::Passwords;
use madang_extract::sidecar::{MOST, Sidecar};
use madang_sandbox::allowance::Allowance;
use madang_sandbox::input::{Input, Ranges};
use madang_sandbox::kit::Kit;
use madang_sandbox::limits::ChildLimits;
use madang_sandbox::request::{Pace, Request};
use madang_sandbox::run::run;
use madang_sandbox::run_report::RunReport;
use madang_sandbox::sealed_file::SealedFile;
use madang_sandbox::watch::Watch;
use madang_sandbox::zygote::Zygote;

fn zygote() -> Zygote {
    Zygote::start(Path::new(env!("CARGO_BIN_EXE_zygote-under-test"))).unwrap()
}

/// Generous where a case does not say otherwise: a slow machine must not turn into a fault.
fn limits() -> ChildLimits {
    let minute = Duration::from_secs(60);
    ChildLimits { wall: flat(minute), silence: minute, memory: 128 << 20, ..ChildLimits::default() }
}

/// A time that does not grow.
fn flat(time: Duration) -> Allowance {
    Allowance { base: time, per_mib: Duration::ZERO, per_unit: Duration::ZERO, most: time }
}

fn request<'a>(name: &'a str, limits: &'a ChildLimits) -> Request<'a> {
    static USUAL: Options = Options {
        ocr: Ocr::Auto,
        ocr_languages: Vec::new(),
        speech: Speech::Auto,
        speech_languages: Vec::new(),
        passwords: Passwords::none(),
    };
    Request {
        name,
        limits,
        options: &USUAL,
        sidecars: &[],
        pace: Pace::Whole,
        left_alone: &LeftAlone::Nothing,
    }
}

/// Runs on `12345`: what the test's zygote makes up itself says five bytes, too.
fn run_on(zygote: &Zygote, name: &str, limits: &ChildLimits) -> (RunReport, Vec<Extraction>) {
    let mut kept = Vec::new();
    let input = Input::Memory(SealedFile::from_bytes(b"12345").unwrap());
    let watch = Watch::default();
    let verdict =
        run(zygote, &request(name, limits), input, &watch, &mut |e| kept.push(e)).unwrap();
    (verdict.unwrap(), kept)
}

#[test]
fn every_fault_has_its_outcome() {
    let zygote = zygote();
    let brief = Duration::from_millis(300);
    let quiet = ChildLimits { silence: brief, ..limits() };
    let short = ChildLimits { wall: flat(brief), ..limits() };
    let cheap = ChildLimits { cpu: flat(Duration::from_secs(1)), ..limits() };
    let usual = limits();
    #[rustfmt::skip]
    let cases: [(&str, &ChildLimits, Outcome, &str); 20] = [
        ("segfault", &usual, Crashed, "the reader died of SIGSEGV"),
        ("abort", &usual, Crashed, "the reader died of SIGABRT"),
        ("panic", &usual, Crashed, "the reader panicked: the table has no row 7 ("),
        ("exit", &usual, Crashed, "the reader ended without an answer"),
        ("exit 5", &usual, Crashed, "the reader ended with status 5"),
        ("overflow", &usual, Crashed, "the reader died of SIG"),
        ("spin", &cheap, Timeout, "more than 1 s of processor time"),
        ("sleep", &quiet, Timeout, "no progress for 0.3 s"),
        ("dawdle", &short, Timeout, "not finished within 0.3 s"),
        ("hoard", &usual, Memory, "more than 128 MiB of memory"),
        ("flood", &usual, Crashed, "protocol: more than 33554432 bytes of text"),
        ("chatter", &usual, Crashed, "protocol: more than 1000000 frames"),
        ("garbage", &usual, Crashed, "protocol: a frame of 4008636142 bytes"),
        ("half a frame", &usual, Crashed, "protocol: half a frame at the end"),
        ("upwards", &usual, Crashed, "protocol: a member of an impossible path"),
        ("forged picture", &usual, Crashed, "protocol: a picture that is not whole"),
        ("unasked end", &usual, Crashed, "protocol: the end without the object"),
        ("after the end", &usual, Crashed, "protocol: a frame after the end"),
        ("lingers", &usual, Timeout, "it answered but did not end"),
        ("range of memory", &usual, Crashed, "protocol: a range of an object it has whole"),
    ];
    for (name, limits, outcome, reason) in cases {
        let (verdict, kept) = run_on(&zygote, name, limits);
        let told = verdict.reason.as_ref().map(Reason::english).unwrap_or_default();
        assert_eq!((verdict.outcome, verdict.died), (outcome, true), "{name}: {told}");
        assert!(told.starts_with(reason), "{name}: {told}");
        // The object is catalogued all the same.
        let [object] = kept.as_slice() else { panic!("{name}: {} documents", kept.len()) };
        assert_eq!((object.outcome, object.size), (outcome, 5), "{name}");
        assert_eq!(object.reason, verdict.reason);
        let (verdict, _) = run_on(&zygote, "innocent.txt", &usual);
        assert_eq!(verdict.outcome, Read, "after {name}: {:?}", verdict.reason);
    }
}

/// A machine with more to do than processors: a child that needs less of its processor than it may be silent gets that much of it
/// only after several times as long.
#[test]
fn who_waits_for_a_processor_is_not_taken_for_one_that_hangs() {
    let zygote = zygote();
    let quiet = ChildLimits { silence: Duration::from_secs(2), ..limits() };
    let processors = std::thread::available_parallelism().unwrap().get();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..8 * processors {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let (verdict, kept) = run_on(&zygote, "labour", &quiet);
        is_over.store(true, Ordering::Relaxed);
        assert_eq!((verdict.outcome, verdict.died), (Read, false), "{:?}", verdict.reason);
        assert_eq!(kept[0].content.text(), "done");
    });
    let (verdict, _) = run_on(&zygote, "sleep", &quiet);
    assert_eq!(verdict.outcome, Timeout, "who does nothing is, as before");
}

#[test]
fn a_child_reads_text() {
    let (verdict, kept) = run_on(&zygote(), "a.txt", &limits());
    assert_eq!((verdict.outcome, verdict.died, verdict.reason), (Read, false, None));
    assert!(verdict.usage.peak_rss > 0);
    assert!(verdict.usage.zygote_us > 0, "a fork costs the zygote time");
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].content.text().as_str(), kept[0].format.as_str()), ("12345", "text"));
}

#[test]
fn an_empty_object_is_read() {
    let mut kept = Vec::new();
    let input = Input::Memory(SealedFile::from_bytes(b"").unwrap());
    let watch = Watch::default();
    let (limits, zygote) = (limits(), zygote());
    let keep = &mut |e| kept.push(e);
    let verdict = run(&zygote, &request("e.txt", &limits), input, &watch, keep).unwrap().unwrap();
    assert!(!verdict.died, "{:?}", verdict.reason);
    assert_eq!((kept.len(), verdict.outcome), (1, Outcome::Empty));
}

#[test]
fn a_crashed_object_keeps_its_kind_and_its_members() {
    let zygote = zygote();
    let (verdict, kept) = run_on(&zygote, "members, then segfault", &limits());
    assert_eq!(verdict.outcome, Crashed);
    assert_eq!(kept.len(), 51);
    assert!(kept[..50].iter().all(|m| m.member.is_some() && m.outcome == Read));
    assert_eq!((&kept[50].member, kept[50].outcome), (&None, Crashed));
    let mut kept = Vec::new();
    let input = Input::Memory(SealedFile::from_bytes(b"Rar!\x1A\x07 and so on").unwrap());
    let keep = &mut |e| kept.push(e);
    run(&zygote, &request("detected, then segfault", &limits()), input, &Watch::default(), keep)
        .unwrap();
    assert_eq!(kept[0].media_type.as_str(), "application/vnd.rar");
    let (verdict, kept) = run_on(&zygote, "members", &limits());
    assert_eq!((verdict.outcome, kept.len()), (Read, 51));
}

#[test]
fn members_of_odd_names_are_kept_apart() {
    let (verdict, kept) = run_on(&zygote(), "archive of lies", &limits());
    assert_eq!(verdict.outcome, Read, "{:?}", verdict.reason);
    let paths: Vec<_> =
        kept.iter().map(|e| e.member.as_ref().map(|member| member.last())).collect();
    assert_eq!(paths, [Some("__/up.txt"), Some("__/up.txt#2"), None]);
}

#[test]
fn a_long_text_arrives_whole() {
    let (verdict, kept) = run_on(&zygote(), "long text", &limits());
    assert_eq!(verdict.outcome, Read, "{:?}", verdict.reason);
    assert_eq!(kept[0].content.segments.len(), 1);
    assert_eq!(kept[0].content.text(), "마당 ".repeat(1_000_000));
}

#[test]
fn noise_on_standard_error_harms_nothing() {
    let (verdict, _) = run_on(&zygote(), "noise", &limits());
    assert_eq!(verdict.outcome, Read, "{:?}", verdict.reason);
}

/// A made-up object of any size; counts the requests, and fails from `broken` on.
struct Made {
    size: u64,
    /// Byte n is n modulo 251, a prime: no two blocks are alike.
    pattern: Vec<u8>,
    broken: u64,
    requests: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl Ranges for Made {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(&mut self, offset: u64, length: u32) -> std::io::Result<Vec<u8>> {
        self.requests.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if offset >= self.broken {
            return Err(std::io::Error::other("the store is away"));
        }
        let end = (offset + u64::from(length)).min(self.size);
        let start = (offset % 251) as usize;
        Ok(self.pattern[start..start + (end - offset) as usize].to_vec())
    }
}

#[test]
fn ranges_are_served() {
    let zygote = zygote();
    let size = 70_000_001u64;
    let requests = std::sync::Arc::default();
    let made = |broken| {
        let pattern = (0..=250).cycle().take((256 << 10) + 251).collect();
        let requests = std::sync::Arc::clone(&requests);
        Input::Ranges(Box::new(Made { size, pattern, broken, requests }))
    };
    let watch = Watch::default();
    let mut kept = Vec::new();
    let mut keep = |e| kept.push(e);
    let limits = limits();
    let sum_up = request("sum", &limits);
    let verdict = run(&zygote, &sum_up, made(size), &watch, &mut keep).unwrap().unwrap();
    assert_eq!(verdict.outcome, Read, "{:?}", verdict.reason);
    let reads = (0..size).step_by(32 << 10);
    let sum: u64 = reads
        .map(|at| (at..size.min(at + (32 << 10))).step_by(61).map(|at| at % 251).sum::<u64>())
        .sum();
    assert_eq!(kept[0].content.text(), format!("{size} {sum}"));
    let asked = requests.load(std::sync::atomic::Ordering::Relaxed);
    // One request per block of 256 KiB, and one for the probe's head: it lies in the first block.
    assert_eq!(asked, size.div_ceil(256 << 10));
    assert!(watch.progress() >= asked);

    let error = run(&zygote, &sum_up, made(9 << 20), &watch, &mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "the store is away");
    let greedy = request("greedy", &limits);
    let verdict = run(&zygote, &greedy, made(size), &watch, &mut |_| {}).unwrap().unwrap();
    let violation = ReasonKind::Protocol("protocol: two ranges at once".into());
    assert_eq!(verdict.reason, Some(violation.into()));
}

#[test]
fn the_order_reaches_the_reader() {
    let limits = ChildLimits {
        extract: madang_extract::limits::Limits { text: 777, pages: 5, ..Default::default() },
        ..limits()
    };
    let options =
        Options { ocr: Ocr::Always, ocr_languages: vec!["kor".into()], ..Options::default() };
    let mut kept = Vec::new();
    let input = Input::Memory(SealedFile::from_bytes(b"12345").unwrap());
    let order = Request {
        name: "order",
        limits: &limits,
        options: &options,
        sidecars: &[],
        pace: Pace::Whole,
        left_alone: &LeftAlone::Nothing,
    };
    let keep = &mut |e: Extraction| kept.push(e);
    run(&zygote(), &order, input, &Watch::default(), keep).unwrap();
    assert_eq!(kept[0].content.text(), format!("{options:?} 777 5"));
}

/// What others wait behind puts off what takes long; what nobody waits for does not, and gives way to the others instead.
#[test]
fn the_pace_reaches_the_reader() {
    let own = rustix::process::getpriority_process(None).unwrap();
    for (pace, put_off, nice) in [
        (Pace::Whole, false, own),
        (Pace::Prompt, true, own),
        (Pace::Background, false, (own + 10).min(19)),
    ] {
        let mut kept = Vec::new();
        let input = Input::Memory(SealedFile::from_bytes(b"12345").unwrap());
        let limits = limits();
        let order = Request { pace, ..request("pace", &limits) };
        let keep = &mut |e: Extraction| kept.push(e);
        run(&zygote(), &order, input, &Watch::default(), keep).unwrap();
        assert_eq!(kept[0].content.text(), format!("{put_off} {nice}"), "{pace:?}");
    }
}

/// What lies beside an object is read in its child: in memory or by ranges, all of it, and its faults cost the object nothing.
#[test]
fn sidecars_reach_the_reader() {
    let sidecar = |name: &str, bytes: &str| Sidecar {
        name: name.into(),
        size: bytes.len() as u64,
        row: None,
        bytes: bytes.as_bytes().into(),
    };
    let sidecars = [
        sidecar("a.txt.meta.yml", "title: 하나\n"),
        sidecar("a.txt.meta.json", "{no"),
        sidecar("b.meta.yml", ""),
        Sidecar { size: MOST + 1, ..sidecar("c.meta.yml", "title: 셋") },
        sidecar("d.meta.yml", "title: 넷\ncreator: 김\n"),
    ];
    struct Text;
    impl Ranges for Text {
        fn size(&self) -> u64 {
            5
        }

        fn read(&mut self, offset: u64, length: u32) -> std::io::Result<Vec<u8>> {
            let bytes = b"12345".iter().skip(offset as usize).take(length as usize);
            Ok(bytes.copied().collect())
        }
    }
    let (limits, zygote) = (limits(), zygote());
    let memory = Input::Memory(SealedFile::from_bytes(b"12345").unwrap());
    for input in [memory, Input::Ranges(Box::new(Text))] {
        let mut kept = Vec::new();
        let request = Request { sidecars: &sidecars, ..request("a.txt", &limits) };
        let keep = &mut |e: Extraction| kept.push(e);
        let verdict = run(&zygote, &request, input, &Watch::default(), keep).unwrap().unwrap();
        assert_eq!((verdict.outcome, verdict.died), (Read, false));
        let content = &kept[0].content;
        assert_eq!(content.text(), "12345");
        let titles: Vec<_> = content.metadata.stated("title").iter().map(|s| &s.value).collect();
        assert_eq!(titles, [&Value::from("하나"), &Value::from("넷")]);
        assert_eq!(content.metadata.stated("author")[0].part_name(), Some("d.meta.yml"));
        let told: Vec<String> = content.warnings.iter().map(|w| w.reason.english()).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("a.txt.meta.json, line 1: "), "{told:?}");
        assert!(told[1].starts_with("c.meta.yml: "), "{told:?}");
    }
}

#[test]
fn engines_are_made_once_and_only_where_they_are_wanted() {
    let zygote = zygote();
    run_on(&zygote, "a.txt", &limits());
    assert_eq!(zygote.pid(Kit::Full), 0, "nothing wanted it so far");
    let said: Vec<String> =
        (0..2).map(|_| run_on(&zygote, "engine", &limits()).1[0].content.text()).collect();
    let (loaded, own): (Vec<&str>, Vec<&str>) =
        said.iter().map(|text| text.split_once(' ').unwrap()).unzip();
    let full = zygote.pid(Kit::Full).to_string();
    assert_eq!(loaded, [full.as_str(), full.as_str()]);
    assert_ne!(own[0], own[1]);
    assert_ne!(zygote.pid(Kit::Lean), zygote.pid(Kit::Full));
}

#[test]
fn members_before_the_one_that_wants_an_engine_are_delivered_once() {
    let (verdict, kept) = run_on(&zygote(), "members, then engine", &limits());
    assert_eq!((verdict.outcome, kept.len()), (Read, 51), "{:?}", verdict.reason);
    let paths: std::collections::HashSet<_> = kept.iter().map(|e| &e.member).collect();
    assert_eq!(paths.len(), 51);
    assert_eq!(kept[50].member, None);
}

#[test]
fn what_a_child_used_before_it_asked_for_an_engine_counts() {
    let (verdict, _) = run_on(&zygote(), "work, then engine", &limits());
    let used = verdict.usage.user_us + verdict.usage.system_us;
    assert!(used >= 50_000, "the first child alone used 50 ms; {:?}", verdict.usage);
}

#[test]
fn a_film_is_read_where_its_libraries_are() {
    let film = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/mp4/subtitles.mp4");
    let zygote = zygote();
    let mut kept = Vec::new();
    let input = Input::Memory(SealedFile::from_bytes(&std::fs::read(film).unwrap()).unwrap());
    let (limits, keep) = (ChildLimits::default(), &mut |e: Extraction| kept.push(e));
    let film = request("film.mp4", &limits);
    let verdict = run(&zygote, &film, input, &Watch::default(), keep).unwrap().unwrap();
    assert_eq!(verdict.outcome, Read, "{:?}", verdict.reason);
    assert_eq!((kept.len(), kept[0].format.as_str()), (1, "mp4"));
    assert_ne!(zygote.pid(Kit::Full), 0);
}

#[test]
fn a_lean_zygote_is_lean() {
    let zygote = zygote();
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", zygote.pid(Kit::Lean))).unwrap();
    assert!(!maps.contains("libav"), "the libraries for audio and video are mapped");
    // A fork copies each; with them it was 738.
    assert!(maps.lines().count() < 100, "{} mappings", maps.lines().count());
}

#[test]
fn time_is_allowed_by_the_work_that_has_begun() {
    let zygote = zygote();
    let base = Duration::from_millis(500);
    let grows = |per_unit| Allowance {
        base,
        per_mib: Duration::ZERO,
        per_unit,
        most: Duration::from_secs(60),
    };
    // Eight pages of 0.15 s each, which 0.5 s are not enough for.
    let without = ChildLimits { wall: grows(Duration::ZERO), ..limits() };
    let (verdict, _) = run_on(&zygote, "work", &without);
    assert_eq!(verdict.outcome, Timeout);
    let with = ChildLimits { wall: grows(Duration::from_secs(5)), ..limits() };
    let (verdict, kept) = run_on(&zygote, "work", &with);
    assert_eq!((verdict.outcome, kept[0].content.text().as_str()), (Read, "8"));
    // Who says units without end is believed no more of them than five bytes can hold: 16.
    let lying = ChildLimits { wall: grows(Duration::from_millis(50)), ..limits() };
    let (verdict, _) = run_on(&zygote, "units", &lying);
    assert_eq!(verdict.reason, Some(ReasonKind::NotFinished(1_300).into()));
}

#[test]
fn a_child_knows_when_to_break_off_what_it_cannot_finish() {
    let zygote = zygote();
    let two = flat(Duration::from_secs(2));
    for limits in [
        ChildLimits { wall: two, ..limits() },
        // Whichever is shorter.
        ChildLimits { cpu: two, ..limits() },
    ] {
        let began = std::time::Instant::now();
        let (verdict, kept) = run_on(&zygote, "patient", &limits);
        assert_eq!((verdict.outcome, kept[0].content.text().as_str()), (Read, "in time"));
        assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    }
}

#[test]
fn a_run_is_called_off() {
    let (zygote, watch) = (zygote(), Watch::default());
    let input = Input::Memory(SealedFile::from_bytes(b"x").unwrap());
    std::thread::scope(|threads| {
        let running = threads
            .spawn(|| run(&zygote, &request("dawdle", &limits()), input, &watch, &mut |_| {}));
        while watch.progress() < 3 {
            std::thread::yield_now();
        }
        watch.cancel();
        assert_eq!(running.join().unwrap().unwrap(), None);
    });
}

#[test]
fn a_program_that_is_no_zygote_is_an_error() {
    for (program, word) in [("/bin/true", "ended before it was ready"), ("/no/such", "/no/such")] {
        let error = Zygote::start(Path::new(program)).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}
