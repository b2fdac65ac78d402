//! What is said in a recording is found, and opened at its second; without a model the document says that it is not
//! transcribed.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use madang_tests::ground::binary::workspace;
use madang_tests::ground::random::Random;
use madang_tests::ground::scenario::{Scenario, lines, said};
use serde_json::Value;

/// A model for tests, fetched and made at first use.
fn model() -> PathBuf {
    let script = workspace().join("tests/speech/whisper_model.py");
    let output = Command::new("python3").arg(script).output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = String::from_utf8(output.stdout).expect("UTF-8");
    PathBuf::from(path.trim())
}

/// What that model is known by: the script checks it, too.
const SHA256: &str = "ff37a328088c9546b7b29bd41720ce11eac9ae9b60ddb4a47e4cef37bb44a6db";

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().expect(program);
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Five seconds without a word, and then a sentence; all of it under noise.
fn clip(scenario: &Scenario, path: &str, text: &str) -> String {
    let place = |name: &str| scenario.path(name).to_str().expect("UTF-8").to_owned();
    let spoken = place("spoken.wav");
    run("espeak-ng", &["-v", "en-us", "-s", "140", "-w", &spoken, text]);
    let bytes = std::fs::read(&spoken).unwrap();
    let data = 8 + bytes.windows(4).position(|four| four == b"data").unwrap();
    let rate = u32::from_le_bytes(bytes[24..28].try_into().unwrap());
    let voice = bytes[data..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
    let silence = std::iter::repeat_n(0, rate as usize * 5);
    let mut random = Random::new(7);
    let samples: Vec<u8> = silence
        .chain(voice)
        .flat_map(|sample| {
            let noise = i16::try_from(random.between(0, 400)).unwrap() - 200;
            sample.saturating_add(noise).to_le_bytes()
        })
        .collect();
    let size = u32::try_from(samples.len()).unwrap();
    let mut wav = b"RIFF".to_vec();
    wav.extend((size + 36).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * 2).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(size.to_le_bytes());
    wav.extend(samples);
    scenario.write(path, wav);
    place(path)
}

/// The hits of a query, as path and the second at which the place begins.
fn hits(scenario: &Scenario, query: &str) -> Vec<(String, u64)> {
    let answer = scenario.search(query);
    let hits = answer["hits"].as_array().unwrap();
    let second = |hit: &Value| {
        hit["locator"]["time"]["start_ms"].as_u64().or(hit["locator"]["start_ms"].as_u64())
    };
    let path = |hit: &Value| hit["path"].as_str().unwrap().to_owned();
    hits.iter().map(|hit| (path(hit), second(hit).unwrap_or(u64::MAX) / 1000)).collect()
}

const SENTENCE: &str =
    "The evacuation of the village begins tomorrow at noon. Please bring your blankets.";

#[test]
fn a_word_that_is_only_spoken_is_found_at_its_second() {
    let model = model();
    let scenario = Scenario::new();
    let wav = clip(&scenario, "drop/meeting.wav", SENTENCE);
    let film = scenario.path("drop/film.mp4");
    let picture = "testsrc=size=160x120:rate=5:duration=10";
    let film = film.to_str().unwrap();
    let voice = scenario.path("spoken.wav");
    let voice = voice.to_str().unwrap();
    run("ffmpeg", &["-v", "error", "-f", "lavfi", "-i", picture, "-i", voice, "-shortest", film]);

    // Nothing is known of it without a model, and that is told.
    let before = lines(&scenario.succeed(&["extract", "--json", "drop/meeting.wav"]));
    assert_eq!(before[0]["text"], "", "{}", before[0]);
    assert!(before[0]["warnings"].to_string().contains("speech: not transcribed"), "{}", before[0]);
    assert_eq!(before[0]["metadata"]["voice"], true);

    let told = scenario.run(&["extract", "drop/meeting.wav"]);
    assert!(said(&told).contains("meeting.wav: speech: not transcribed"), "{}", said(&told));
    // One that is named is used without being installed.
    let model = model.to_str().unwrap();
    let named = scenario.succeed(&["extract", "--model", model, "drop/meeting.wav"]);
    assert!(named.contains("village"), "{named}");
    let none = scenario.run(&["extract", "--model", &wav, "drop/meeting.wav"]);
    assert_eq!(none.status.code(), Some(2), "{}", said(&none));

    // A model that nobody knows is taken by its hash only.
    let refused = scenario.run(&["model", "install", model]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains(SHA256), "{}", said(&refused));
    let other = "0".repeat(64);
    let refused = scenario.run(&["model", "install", model, "--sha256", &other]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    let none = scenario.run(&["model", "install", &wav, "--unverified"]);
    assert_eq!(none.status.code(), Some(2), "{}", said(&none));
    scenario.succeed(&["model", "install", model, "--sha256", SHA256]);
    let listed = scenario.succeed(&["model", "ls"]);
    assert!(listed.starts_with("* ") && listed.contains("ggml-tiny.en"), "{listed}");

    let read = lines(&scenario.succeed(&["extract", "--json", "drop/meeting.wav"]));
    let again = lines(&scenario.succeed(&["extract", "--json", "drop/meeting.wav"]));
    assert_eq!(read[0]["segments"], again[0]["segments"], "the same sound, the same text");
    let segments = read[0]["segments"].as_array().unwrap();
    let spoken = segments.iter().find(|it| it["text"].to_string().contains("village"));
    let spoken = spoken.unwrap_or_else(|| panic!("{}", read[0]));
    assert_eq!(spoken["origin"], "speech");
    let confidence = spoken["confidence"].as_f64().unwrap();
    assert!((0.5..=1.0).contains(&confidence), "{confidence}");
    assert!(read[0]["metadata"]["speech_engine"].to_string().contains("whisper.cpp"));
    let loudness = read[0]["metadata"]["loudness_lufs"].as_f64().unwrap();
    assert!((-40.0..-10.0).contains(&loudness), "{loudness}");

    scenario.once(&["drop"]);
    let mut found = hits(&scenario, "village");
    found.sort();
    let [(film, _), (sound, second)] = found.as_slice() else { panic!("{found:?}") };
    assert!(film.ends_with("film.mp4") && sound.ends_with("meeting.wav"), "{found:?}");
    assert!((3..=6).contains(second), "the words begin after five seconds: {found:?}");

    // Of two, one is chosen; what is not there is named, and nothing else.
    let copy = scenario.path("other.bin");
    std::fs::copy(model, &copy).unwrap();
    std::fs::File::options().append(true).open(&copy).unwrap().write_all(b"\0").unwrap();
    scenario.succeed(&["model", "install", copy.to_str().unwrap(), "--unverified"]);
    let used = || {
        let listed = scenario.succeed(&["model", "ls"]);
        let used = listed.lines().find(|line| line.starts_with("* ")).map(str::to_owned);
        used.unwrap_or_default()
    };
    assert!(used().contains("other-"), "{}", used());
    scenario.succeed(&["model", "use", "ggml-tiny.en-ff37a328"]);
    assert!(used().contains("ggml-tiny.en"), "{}", used());
    for name in ["ggml-large", "../ledger", "speech"] {
        for act in ["use", "rm"] {
            let refused = scenario.run(&["model", act, name]);
            assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
            assert!(said(&refused).contains("there are: ggml-tiny.en"), "{}", said(&refused));
        }
    }
    scenario.succeed(&["model", "rm", "ggml-tiny.en-ff37a328"]);
    assert_eq!(used(), "");
    assert!(scenario.succeed(&["model", "ls"]).contains("other-"));
}

/// A film or sound as `madang extract` reads it with the model.
fn heard(scenario: &Scenario, path: &str) -> Value {
    let model = model();
    let model = model.to_str().unwrap();
    lines(&scenario.succeed(&["extract", "--json", "--model", model, path])).remove(0)
}

#[test]
fn what_subtitles_do_not_say_is_heard_and_what_they_say_is_not() {
    let scenario = Scenario::new();
    clip(&scenario, "drop/voice.wav", SENTENCE);
    let place = |name: &str| scenario.path(name).to_str().unwrap().to_owned();
    let film = |name: &str, cues: &str| {
        scenario.write("cues.srt", cues);
        let picture = "color=size=160x120:rate=5:duration=30";
        let (voice, cues) = (place("drop/voice.wav"), place("cues.srt"));
        let inputs = ["-v", "error", "-f", "lavfi", "-i", picture, "-i", &voice, "-i", &cues];
        let film = place(name);
        run("ffmpeg", &[&inputs[..], &["-t", "12", "-c:s", "mov_text", &film]].concat());
    };
    film("drop/some.mp4", "1\n00:00:01,000 --> 00:00:04,000\nGate seven\n");
    film("drop/all.mp4", "1\n00:00:05,000 --> 00:00:30,000\nThe village has to leave\n");
    let some = heard(&scenario, "drop/some.mp4");
    let text = some["text"].to_string();
    assert!(text.contains("Gate seven") && text.contains("blankets"), "{some}");
    let all = heard(&scenario, "drop/all.mp4");
    assert!(!all["text"].to_string().contains("blankets"), "{all}");
    assert!(all["warnings"].to_string().contains("that subtitles cover"), "{all}");
    assert!(all["metadata"]["speech_engine"].is_null(), "{all}");
}

#[test]
fn what_a_model_does_not_understand_is_not_written_down() {
    let scenario = Scenario::new();
    scenario.write("drop/none", "");
    let korean = scenario.path("drop/korean.wav");
    let words = "주민 여러분께 알려 드립니다. 오늘 오후 세 시부터 단수가 있으니 물을 미리 받아 두시기 바랍니다.";
    run("espeak-ng", &["-v", "ko", "-s", "145", "-w", korean.to_str().unwrap(), words]);
    let read = heard(&scenario, "drop/korean.wav");
    assert_eq!(read["text"], "", "{read}");
    assert!(read["metadata"]["speech_left_out"].as_u64().unwrap() > 0, "{read}");
    assert!(read["warnings"].to_string().contains("knows English only"), "{read}");
    assert_eq!(read["metadata"]["voice"], true);
}
