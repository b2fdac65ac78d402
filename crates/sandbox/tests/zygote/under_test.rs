//! A zygote whose children misbehave by the name of the object. Only tests start it.
#![allow(unsafe_code, clippy::panic)]

use std::time::Duration;

use madang_document::content::{Content, Origin, Segment};
use madang_document::inner_path::InnerPath;
use madang_document::locator::Locator;
use madang_document::media_type::MediaType;
use madang_document::outcome::Outcome;
use madang_extract::blob::Blob;
use madang_extract::context::Sink;
use madang_extract::extraction::Extraction;
use madang_extract::formats;
use madang_extract::limits::Limits;
use madang_sandbox::frame::{Frame, Head, Kind};
use madang_sandbox::zygote::serve_with;

fn main() {
    std::process::exit(serve_with(misbehave));
}

fn misbehave(blob: &dyn Blob, name: &str, limits: &Limits, sink: &dyn Sink) -> Outcome {
    match name {
        "segfault" => {
            // SAFETY: none; that is the point of it.
            unsafe { std::ptr::without_provenance_mut::<u8>(8).write_volatile(1) };
        }
        "abort" => std::process::abort(),
        "panic" => panic!("the table has no row 7"),
        "exit" => std::process::exit(0),
        "exit 5" => std::process::exit(5),
        "overflow" => {
            overflow(1);
        }
        "spin" => loop {
            sink.progress();
        },
        "sleep" => std::thread::sleep(Duration::from_secs(3600)),
        "dawdle" => loop {
            sink.progress();
            std::thread::sleep(Duration::from_millis(20));
        },
        "hoard" => {
            let mut all = Vec::new();
            loop {
                all.push(std::hint::black_box(vec![1u8; 1 << 20]));
                sink.progress();
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
                }])]);
            }
        }
        "chatter" => loop {
            say(&vec![Frame::Progress; 1000]);
        },
        "noise" => {
            (0..2000).for_each(|_| raw(2, &[b'!'; 4096]));
            return formats::extract(blob, "noise.txt", limits, sink);
        }
        "garbage" => raw(0, &[0xEE; 64]),
        "half a frame" => raw(0, &[200, 0, 0, 0, 2]),
        "upwards" => say(&[head(Some("../../etc/passwd"))]),
        "unasked end" => say(&[Frame::End(Outcome::Ok)]),
        "after the end" => {
            formats::extract(blob, "a.txt", limits, sink);
            say(&[Frame::Progress]);
        }
        "lingers" => {
            formats::extract(blob, "a.txt", limits, sink);
            std::thread::sleep(Duration::from_secs(3600));
        }
        "range of memory" => say(&[Frame::Range { offset: 0, length: 1 }]),
        "greedy" => (0..64).for_each(|_| say(&[Frame::Range { offset: 0, length: 262_144 }])),
        "members" | "members, then segfault" => {
            for n in 0..50 {
                sink.document(extraction(Some(InnerPath::of(format!("m/{n}.txt"))), "member"));
            }
            if name != "members" {
                return misbehave(blob, "segfault", limits, sink);
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
                sink.progress();
            }
            let mut document = extraction(None, &format!("{at} {sum}"));
            document.size = blob.len();
            sink.document(document);
        }
        _ => return formats::extract(blob, name, limits, sink),
    }
    Outcome::Ok
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
