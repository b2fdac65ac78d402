//! A zygote whose children misbehave by the name of the object. Only tests start it.
#![allow(unsafe_code, clippy::panic)]

use std::time::Duration;

use madang_document::content::{Content, Origin, Segment};
use madang_document::inner_path::InnerPath;
use madang_document::locator::Locator;
use madang_document::media_type::MediaType;
use madang_document::outcome::Outcome;
use madang_extract::blob::Blob;
use madang_extract::detected::Detected;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;
use madang_extract::recogniser::{Patience, Recogniser, Sense, Signal, Unrecognised};
use madang_extract::sink::Sink;
use madang_sandbox::frame::{Frame, Head, Kind, Picture};
use madang_sandbox::kit::Kit;
use madang_sandbox::serve::serve_with;
use rustix::time::{ClockId, clock_gettime};

/// Time of the processor that "work, then engine" uses before it asks, nanoseconds.
const WORK_NS: i64 = 50_000_000;

/// Time of the processor that "labour" uses without a word, nanoseconds.
const LABOUR_NS: i64 = 700_000_000;

fn main() {
    let kit = Kit::asked(std::env::args_os().skip(1)).unwrap_or(Kit::Lean);
    std::process::exit(serve_with(kit, engines, misbehave));
}

/// Made once in the zygote; children only find it.
fn engines() -> Result<Engines, String> {
    Ok(Engines::media()?.and(vec![Box::new(Parrot { loaded_by: std::process::id() })]))
}

/// An engine that says who loaded it.
struct Parrot {
    loaded_by: u32,
}

impl Recogniser for Parrot {
    fn name(&self) -> &str {
        "parrot 1"
    }

    fn sense(&self) -> Sense {
        Sense::Hearing
    }

    fn languages(&self) -> &[String] {
        &[]
    }

    fn recognise(
        &self,
        _: &Signal<'_>,
        _: &[String],
        _: &dyn Patience,
    ) -> Result<Vec<Segment>, Unrecognised> {
        Ok(vec![Segment {
            text: self.loaded_by.to_string(),
            locator: Locator::Time { start_ms: 0, end_ms: 0 },
            origin: Origin::Speech,
            confidence: Some(1.0),
            words: Vec::new(),
        }])
    }
}

fn misbehave(blob: &dyn Blob, order: &Order, engines: &Engines, sink: &dyn Sink) -> Outcome {
    let name = order.name.as_str();
    let like = |name: &str| extract(blob, &Order::named(name), engines, sink);
    match name {
        "order" => {
            let limits = &order.limits;
            let text = format!("{:?} {} {}", order.options, limits.text, limits.pages);
            sink.document(extraction(None, &text));
        }
        "pace" => {
            let nice = rustix::process::getpriority_process(None).unwrap_or(i32::MIN);
            sink.document(extraction(None, &format!("{} {nice}", order.put_off)));
        }
        "engine" | "members, then engine" | "work, then engine" => {
            if name == "work, then engine" && engines.of(Sense::Hearing).is_none() {
                while clock_gettime(ClockId::ThreadCPUTime).tv_nsec < WORK_NS {
                    sink.progress(0);
                }
            }
            if name == "members, then engine" {
                for n in 0..50 {
                    sink.document(extraction(Some(InnerPath::of(format!("m/{n}.txt"))), "member"));
                }
            }
            if engines.of(Sense::Hearing).is_none() {
                sink.engines_wanted();
            }
            let sound = Signal::Sound(madang_extract::recogniser::Sound { samples: &[0.0] });
            let engine = engines.of(Sense::Hearing).map(|e| e.recognise(&sound, &[], &|| {}));
            let heard = engine.and_then(Result::ok).unwrap_or_default();
            let heard: String = heard.into_iter().map(|segment| segment.text).collect();
            sink.document(extraction(None, &format!("{heard} {}", std::process::id())));
        }
        "units" => loop {
            sink.progress(1);
            std::thread::sleep(Duration::from_millis(5));
        },
        "patient" => {
            while sink.has_time() {
                sink.progress(0);
                std::thread::sleep(Duration::from_millis(20));
            }
            sink.document(extraction(None, "in time"));
        }
        "labour" => {
            let begun = clock_gettime(ClockId::ThreadCPUTime);
            let used = |now: rustix::time::Timespec| {
                (now.tv_sec - begun.tv_sec) * 1_000_000_000 + now.tv_nsec - begun.tv_nsec
            };
            while used(clock_gettime(ClockId::ThreadCPUTime)) < LABOUR_NS {}
            sink.document(extraction(None, "done"));
        }
        "work" => {
            let mut pages = 0;
            while pages < 8 {
                sink.progress(1);
                std::thread::sleep(Duration::from_millis(150));
                pages += 1;
            }
            sink.document(extraction(None, "8"));
        }
        "segfault" => {
            // SAFETY: none; that is the point of it.
            unsafe { std::ptr::without_provenance_mut::<u8>(8).write_volatile(1) };
        }
        "detected, then segfault" => {
            extract(blob, order, engines, &Detection(sink));
            return misbehave(blob, &Order::named("segfault"), engines, sink);
        }
        "abort" => std::process::abort(),
        "panic" => panic!("the table has no row 7"),
        "exit" => std::process::exit(0),
        "exit 5" => std::process::exit(5),
        "overflow" => {
            overflow(1);
        }
        "spin" => loop {
            sink.progress(0);
        },
        "sleep" => std::thread::sleep(Duration::from_secs(3600)),
        "dawdle" => loop {
            sink.progress(0);
            std::thread::sleep(Duration::from_millis(20));
        },
        "hoard" => {
            let mut all = Vec::new();
            loop {
                all.push(std::hint::black_box(vec![1u8; 1 << 20]));
                sink.progress(0);
            }
        }
        "flood" => {
            say(&[head(None)]);
            loop {
                say(&[Frame::Segments(vec![Segment {
                    text: "x".repeat(500_000),
                    locator: Locator::Whole {},
                    origin: Origin::Native,
                    confidence: None,
                    words: Vec::new(),
                }])]);
            }
        }
        "chatter" => loop {
            say(&vec![Frame::Progress(1); 1000]);
        },
        "noise" => {
            (0..2000).for_each(|_| raw(2, &[b'!'; 4096]));
            return like("noise.txt");
        }
        "garbage" => raw(0, &[0xEE; 64]),
        "half a frame" => raw(0, &[200, 0, 0, 0, 2]),
        "upwards" => say(&[head(Some("../../etc/passwd"))]),
        "forged picture" => {
            let (locator, has_colours) = (Locator::Whole {}, true);
            let picture = Picture { locator, width: 480, height: 480, has_colours };
            let file = [&[0xFF, 0xD8, 0xFF][..], &[0; 300_000]].concat();
            say(&[head(None), Frame::Preview(picture), Frame::Pixels(file), Frame::Finish]);
        }
        "unasked end" => say(&[Frame::End(Outcome::Ok)]),
        "after the end" => {
            like("a.txt");
            say(&[Frame::Progress(0)]);
        }
        "lingers" => {
            like("a.txt");
            std::thread::sleep(Duration::from_secs(3600));
        }
        "range of memory" => say(&[Frame::Range { offset: 0, length: 1 }]),
        "greedy" => (0..64).for_each(|_| say(&[Frame::Range { offset: 0, length: 262_144 }])),
        "members" | "members, then segfault" => {
            for n in 0..50 {
                sink.document(extraction(Some(InnerPath::of(format!("m/{n}.txt"))), "member"));
            }
            if name != "members" {
                return misbehave(blob, &Order::named("segfault"), engines, sink);
            }
            sink.document(extraction(None, ""));
        }
        "archive of lies" => {
            sink.document(extraction(Some(InnerPath::of("../up.txt")), "x"));
            sink.document(extraction(Some(InnerPath::of("../up.txt")), "x"));
            sink.document(extraction(None, ""));
        }
        "long text" => sink.document(extraction(None, &"마당 ".repeat(1_000_000))),
        "sum" => {
            let (mut sum, mut at, mut buffer) = (0u64, 0, vec![0; 32 << 10]);
            while let Ok(n) = blob.read_at(at, &mut buffer) {
                if n == 0 {
                    break;
                }
                at += n as u64;
                // Every 61st byte: the test is built without optimisation.
                let read = buffer.get(..n).unwrap_or_default();
                sum += read.iter().step_by(61).map(|b| u64::from(*b)).sum::<u64>();
                sink.progress(0);
            }
            let mut document = extraction(None, &format!("{at} {sum}"));
            document.size = blob.len();
            sink.document(document);
        }
        _ => return extract(blob, order, engines, sink),
    }
    Outcome::Ok
}

/// Hands on what an object was taken for, and nothing else: as far as a reader comes that dies of the object.
struct Detection<'a>(&'a dyn Sink);

impl Sink for Detection<'_> {
    fn detected(&self, detected: &Detected) {
        self.0.detected(detected);
    }

    fn progress(&self, _: u32) {}

    fn engines_wanted(&self) {}

    fn document(&self, _: Extraction) {}
}

#[expect(unconditional_recursion, reason = "it is to overflow the stack")]
fn overflow(n: u64) -> u64 {
    std::hint::black_box([n; 64]).iter().sum::<u64>() + overflow(n + 1)
}

fn extraction(member: Option<InnerPath>, text: &str) -> Extraction {
    let mut content = Content::default();
    content.push_text(text, Locator::Whole {});
    Extraction {
        member,
        size: 5,
        sha256: None,
        format: "none".into(),
        format_version: 0,
        media_type: MediaType::new("text/plain"),
        language: None,
        outcome: Outcome::Ok,
        reason: None,
        content,
        annotations: Vec::new(),
    }
}

fn head(member: Option<&str>) -> Frame {
    Frame::Begin(Box::new(Head {
        member: member.map(InnerPath::of),
        size: 5,
        sha256: None,
        kind: Kind { format: "none".into(), format_version: 0, media_type: "text/plain".into() },
        language: None,
        outcome: Outcome::Ok,
        reason: None,
    }))
}

fn say(frames: &[Frame]) {
    let mut bytes = Vec::new();
    for frame in frames {
        let _ = frame.encode(&mut bytes);
    }
    raw(0, &bytes);
}

/// Writes past every buffer to a descriptor of the child.
fn raw(descriptor: i32, mut bytes: &[u8]) {
    // SAFETY: 0 and 2 are open in every child.
    let descriptor = unsafe { std::os::fd::BorrowedFd::borrow_raw(descriptor) };
    while let Ok(n) = rustix::io::write(descriptor, bytes) {
        bytes = bytes.get(n..).unwrap_or_default();
        if bytes.is_empty() {
            return;
        }
    }
}
