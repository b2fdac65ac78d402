//! Two hundred files as Korean offices and their machines leave them: lines of one encoding or of several, with symbols,
//! Hanja, Latin and Japanese between them, and the NULs that a crash leaves behind. Every syllable must come back, in order.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::cell::RefCell;

use encoding_rs::{EUC_KR, SHIFT_JIS, WINDOWS_1252};
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;

const FILES: u64 = 200;

/// How a line is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Utf8,
    Cp949,
    /// The 2,350 syllables of KS X 1001, the others by make-up sequences.
    EucKr,
    Johab,
    Iso2022Kr,
    /// CP949 for Korean, and lines of Shift_JIS and Windows-1252 between.
    Foreign,
}

/// How a file is written down.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Each line in one of these, the first of the file in the first.
    Lines(&'static [Code]),
    /// The same behind the mark of UTF-8.
    Marked(&'static [Code]),
    /// 16-bit units, little end first or not, with a mark or without.
    Units { little: bool, marked: bool },
}

use Code::{Cp949, EucKr, Foreign, Iso2022Kr, Johab, Utf8};

const KINDS: [Kind; 22] = [
    Kind::Lines(&[Utf8]),
    Kind::Lines(&[Cp949]),
    Kind::Lines(&[EucKr]),
    Kind::Lines(&[Johab]),
    Kind::Lines(&[Iso2022Kr]),
    Kind::Units { little: true, marked: true },
    Kind::Units { little: true, marked: false },
    Kind::Units { little: false, marked: true },
    Kind::Units { little: false, marked: false },
    Kind::Lines(&[Utf8, Cp949]),
    Kind::Lines(&[Cp949, Utf8]),
    Kind::Lines(&[Utf8, EucKr]),
    Kind::Lines(&[Utf8, Johab]),
    Kind::Lines(&[Utf8, Iso2022Kr]),
    Kind::Lines(&[Cp949, EucKr]),
    Kind::Lines(&[Cp949, Johab]),
    Kind::Lines(&[Cp949, Iso2022Kr]),
    Kind::Lines(&[Johab, Iso2022Kr]),
    Kind::Lines(&[Utf8, Cp949, Johab]),
    Kind::Lines(&[Utf8, Cp949, EucKr, Johab, Iso2022Kr]),
    Kind::Lines(&[Foreign]),
    Kind::Marked(&[Utf8, Cp949]),
];

/// A generator of numbers that is the same on every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % most as u64).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

const WORDS: &[&str] = &[
    "행정안전부",
    "재난",
    "상황실",
    "점검",
    "결과를",
    "다음과",
    "같이",
    "보고합니다",
    "배수펌프장",
    "가동",
    "수위가",
    "낮아졌다",
    "저수지",
    "제방",
    "누수",
    "지점",
    "보수",
    "공사",
    "착공",
    "준공",
    "예산",
    "추경",
    "편성",
    "지침",
    "주민",
    "대피",
    "훈련",
    "참가자",
    "명단",
    "민원",
    "접수",
    "처리",
    "담당",
    "부서",
    "공무원",
    "채용",
    "공고",
    "원서",
    "합격자",
    "발표",
    "도로",
    "교량",
    "터널",
    "결빙",
    "제설",
    "장비",
    "투입",
    "완료",
    "하천",
    "범람",
    "우려",
    "침수",
    "구역",
    "통제",
    "해제",
    "어린이",
    "보호구역",
    "횡단보도",
    "신호등",
    "설치",
    "요청",
    "회신",
    "첨부",
    "별지",
    "서식",
    "홍길동",
    "김꽃별",
    "뷁",
    "똠방각하",
    "펲시",
    "믜리내",
    "쌰",
    "밝혔다",
    "읽는다",
    "않았으며",
    "끊겼다",
    "앉은",
    "핥다",
    "싫증",
    "훑어",
    "옳은",
    "쀼",
    "찦차",
    "햏",
];

const SIGNS: &[&str] =
    &["23.5℃, 1,200㎥/s, 85㎡", "① ② ③ ㈜ ※ ○ ● △ → ←", "±0.5㎜  ×2  ÷3  ㎏ ㎎ ㏊", "┌──┬──┐"];
const HANJA: &[&str] =
    &["大韓民國 憲法 第一條", "主權 國民 民主共和國", "昭和 十二年 土地臺帳", "金海 金氏 族譜"];
const LATIN: &[&str] = &[
    "INFO pump-02 restarted in 35 ms",
    "GET /index.html 200",
    "Safety inspection of 120 bridges",
    "---",
];
const ACCENTS: &[&str] = &["Prix : 1 500 € – année 2026, “façade”", "Größe über alles, Österreich"];
const JAPANESE: &[&str] =
    &["これはテストです。よろしくお願いします。", "東京都の防災カメラ", "ひらがなとカタカナ"];

fn hangul(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

fn of_ks(c: char) -> bool {
    let text = c.to_string();
    let (bytes, _, lossy) = EUC_KR.encode(&text);
    !lossy && bytes.iter().all(|b| *b >= 0xA1)
}

fn sentence(dice: &mut Dice, code: Code) -> String {
    let count = 3 + dice.below(6);
    let mut words = Vec::new();
    while words.len() < count {
        let word = dice.one(WORDS);
        // The seven-bit code has the syllables of KS X 1001 only.
        if code != Code::Iso2022Kr || word.chars().all(of_ks) {
            words.push(word);
        }
    }
    let text = words.join(" ");
    match dice.below(4) {
        0 => format!("2026-03-{:02} {text}", 1 + dice.below(28)),
        1 => format!("{text} (23.5℃)"),
        _ => text,
    }
}

/// A line, and what it is written in.
fn line(dice: &mut Dice, code: Code) -> (String, Code) {
    let text = match dice.below(10) {
        0 => dice.one(SIGNS).to_owned(),
        1 => dice.one(HANJA).to_owned(),
        2 => dice.one(LATIN).to_owned(),
        3 => dice.one(JAPANESE).to_owned(),
        4 if matches!(code, Code::Utf8 | Code::Foreign) => dice.one(ACCENTS).to_owned(),
        _ => return (sentence(dice, code), if code == Code::Foreign { Code::Cp949 } else { code }),
    };
    (text, code)
}

fn euc(text: &str) -> Vec<u8> {
    let (bytes, _, lossy) = EUC_KR.encode(text);
    assert!(!lossy, "{text}");
    bytes.into_owned()
}

fn parts(c: char) -> (u32, u32, u32) {
    let n = u32::from(c) - 0xAC00;
    (n / 588, n / 28 % 21, n % 28)
}

fn euc_kr(text: &str) -> Vec<u8> {
    const LEADS: &str = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
    const TAILS: &str = "ㅤㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ";
    let mut bytes = Vec::new();
    for c in text.chars() {
        if hangul(c) && !of_ks(c) {
            let (lead, vowel, tail) = parts(c);
            bytes.extend(euc("ㅤ"));
            bytes.extend(euc(&LEADS.chars().nth(lead as usize).unwrap().to_string()));
            bytes.extend(euc(&char::from_u32(0x314F + vowel).unwrap().to_string()));
            bytes.extend(euc(&TAILS.chars().nth(tail as usize).unwrap().to_string()));
        } else {
            bytes.extend(euc(&c.to_string()));
        }
    }
    bytes
}

/// Johab as KS X 1001, annex 3, has it.
fn johab(text: &str) -> Vec<u8> {
    const VOWELS: [u32; 21] =
        [3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 18, 19, 20, 21, 22, 23, 26, 27, 28, 29];
    let mut bytes = Vec::new();
    for c in text.chars() {
        if c.is_ascii() {
            bytes.push(u8::try_from(u32::from(c)).unwrap());
        } else if hangul(c) {
            let (lead, vowel, tail) = parts(c);
            let tail = if tail < 17 { tail + 1 } else { tail + 2 };
            let code = 0x8000 | (lead + 2) << 10 | VOWELS[vowel as usize] << 5 | tail;
            bytes.extend(u16::try_from(code).unwrap().to_be_bytes());
        } else {
            let pair = euc(&c.to_string());
            let (row, cell) = (u32::from(pair[0]) - 0xA1, u32::from(pair[1]) - 0xA1);
            let (first, odd) = match row {
                0..=11 => (0xD9 + row / 2, row % 2),
                _ => (0xE0 + (row - 41) / 2, (row - 41) % 2),
            };
            let at = cell + 94 * odd;
            let second = if at < 78 { at + 0x31 } else { at + 0x43 };
            bytes.extend([u8::try_from(first).unwrap(), u8::try_from(second).unwrap()]);
        }
    }
    bytes
}

fn iso_2022_kr(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut shifted = false;
    for byte in euc(text) {
        if shifted != (byte >= 0x80) {
            shifted = byte >= 0x80;
            bytes.push(if shifted { 0x0E } else { 0x0F });
        }
        bytes.push(byte & 0x7F);
    }
    if shifted {
        bytes.push(0x0F);
    }
    bytes
}

fn written(text: &str, code: Code) -> Vec<u8> {
    match code {
        Code::Utf8 => text.as_bytes().to_vec(),
        Code::Cp949 => euc(text),
        Code::EucKr => euc_kr(text),
        Code::Johab => johab(text),
        Code::Iso2022Kr => iso_2022_kr(text),
        Code::Foreign => {
            let japanese = SHIFT_JIS.encode(text);
            match text.chars().any(|c| ('ぁ'..='ヿ').contains(&c)) && !japanese.2 {
                true => japanese.0.into_owned(),
                false => match WINDOWS_1252.encode(text) {
                    (bytes, _, false) => bytes.into_owned(),
                    _ => euc(text),
                },
            }
        }
    }
}

/// A file, and its text.
fn file(seed: u64) -> (Kind, Vec<u8>, String) {
    let mut dice = Dice(seed);
    let kind = KINDS[usize::try_from(seed).unwrap() % KINDS.len()];
    let end = dice.one(&["\n", "\r\n"]);
    let codes = match kind {
        Kind::Lines(codes) | Kind::Marked(codes) => codes,
        Kind::Units { .. } => &[Code::Utf8],
    };
    let mut bytes: Vec<u8> = match kind {
        Kind::Marked(_) => b"\xEF\xBB\xBF".to_vec(),
        Kind::Units { little: true, marked: true } => b"\xFF\xFE".to_vec(),
        Kind::Units { little: false, marked: true } => b"\xFE\xFF".to_vec(),
        _ => Vec::new(),
    };
    let mut whole = String::new();
    let mut designated = false;
    for n in 0..4 + dice.below(10) {
        let code = codes.get(n).copied().unwrap_or_else(|| dice.one(codes));
        // One sentence of each code stands in any case.
        let (text, code) = match n < codes.len().max(2) {
            true => (sentence(&mut dice, code), code),
            false => line(&mut dice, code),
        };
        let code =
            if code == Code::Foreign && text.chars().any(hangul) { Code::Cp949 } else { code };
        if code == Code::Iso2022Kr && !designated {
            bytes.extend(b"\x1B$)C");
            designated = true;
        }
        let text = text + end;
        match kind {
            Kind::Units { little, .. } => bytes.extend(
                text.encode_utf16()
                    .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }),
            ),
            _ => bytes.extend(written(&text, code)),
        }
        whole.push_str(&text);
    }
    // A crash leaves a tail of NULs; it comes in whole blocks more often than not.
    match dice.below(3) {
        0 => bytes.extend(vec![0; 4096 - bytes.len() % 4096]),
        1 if dice.below(3) == 0 => bytes.extend(vec![0; 1 + dice.below(9)]),
        _ => {}
    }
    (kind, bytes, whole)
}

fn read(bytes: &[u8]) -> String {
    let kept = RefCell::new(Vec::<Extraction>::new());
    extract(&bytes.to_vec(), &Order::named("상황.log"), &Engines::none(), &kept);
    kept.into_inner().pop().unwrap().content.text()
}

#[test]
fn every_syllable_of_two_hundred_mixtures_comes_back() {
    let mut wrong = Vec::new();
    for seed in 0..FILES {
        let (kind, bytes, text) = file(seed);
        let expected: Vec<&str> = text.lines().filter(|line| line.chars().any(hangul)).collect();
        let found = read(&bytes);
        let syllables = |text: &str| text.chars().filter(|c| hangul(*c)).collect::<String>();
        if syllables(&found) != syllables(&text) {
            wrong.push(format!("{seed}: {kind:?}\n{}\n-- read as\n{found}", expected.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{} of {FILES} are wrong\n{}", wrong.len(), wrong.join("\n\n"));
}

/// What a short file holds.
const SHORT: &[&[&str]] = &[SIGNS, HANJA, WORDS, LISTS];
const LISTS: &[&str] = &[
    "이름,나이\n홍길동,30\n김꽃별,41",
    "성명\t부서\n김영희\t도로과",
    "번호;내용\n1;배수문 개방\n2;펌프 정지",
    "홍길동\n김영희\n박철수",
];

/// Files of a line or two, of signs or Hanja alone among them, in one encoding: what there is to go by is little. Every
/// character must come back.
#[test]
fn every_character_of_two_hundred_short_files_comes_back() {
    let mut wrong = Vec::new();
    for seed in 0..FILES {
        let mut dice = Dice(seed + 1_000_000);
        let of = SHORT[usize::try_from(seed).unwrap() % SHORT.len()];
        let text = match dice.below(2) {
            0 => dice.one(of).to_owned(),
            _ => [dice.one(of), dice.one(of)].join("\n"),
        };
        let whole = text.clone() + dice.one(&["", "\n"]);
        let is_of_ks = text.chars().all(|c| !hangul(c) || of_ks(c));
        let code = dice.below(7);
        let bytes = match code {
            0 => whole.as_bytes().to_vec(),
            1 | 2 => euc(&whole),
            3 => euc_kr(&whole),
            4 if is_of_ks => [b"\x1B$)C".as_slice(), &iso_2022_kr(&whole)].concat(),
            4 | 5 => {
                let units = whole.encode_utf16().flat_map(u16::to_le_bytes);
                [0xFF, 0xFE].into_iter().chain(units).collect()
            }
            _ => {
                let units = whole.encode_utf16().flat_map(u16::to_be_bytes);
                [0xFE, 0xFF].into_iter().chain(units).collect()
            }
        };
        let found = read(&bytes);
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        if plain(&found) != plain(&text) {
            wrong.push(format!("{seed}: way {code}\n{text}\n-- read as\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {FILES} are wrong\n{}", wrong.len(), wrong.join("\n\n"));
}
