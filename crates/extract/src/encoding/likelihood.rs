//! How likely a text is that came out of a guess at its encoding.
//!
//! Each character that is not ASCII has a price, about the tenths of a bit that it takes to say it in a text of its script.
//! The encoding whose text is cheapest is the likeliest, for all of them speak for the same bytes.

use encoding_rs::EUC_KR;

/// Characters that are asked for their price; more only cost time.
const MOST: usize = 6_000;

/// Which texts an encoding is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Korean,
    Chinese,
    Japanese,
    /// One byte for each letter.
    Letters,
}

/// What a text costs. The prices of Korean are a little lower than they ought to be: this is the house's own script.
pub(super) fn cost(text: &str, script: Script) -> u64 {
    let mut total = 0u64;
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    let mut asked = 0;
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        if !c.is_ascii() {
            total += u64::from(price(before, c, after, script));
            asked += 1;
            if asked == MOST {
                break;
            }
        } else if c == ' ' && script != Script::Korean && script != Script::Letters {
            // Neither Chinese nor Japanese puts a space between two ideographs.
            total += if is_ideograph(before) && is_ideograph(after) { 40 } else { 0 };
        } else if c.is_ascii_control()
            && !matches!(c, '\t' | '\n' | '\r' | '\x0C' | '\x1A' | '\x1B')
        {
            total += 100;
        }
        before = c;
    }
    total
}

/// How many characters the price is asked of, to set a cost against.
pub(super) fn priced(text: &str) -> u64 {
    text.chars().filter(|c| !c.is_ascii()).take(MOST).count() as u64
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}')
}

fn price(before: char, c: char, after: char, script: Script) -> u32 {
    let korean = script == Script::Korean;
    let wide = script != Script::Letters;
    match c {
        '\u{FFFD}' => 400,
        '\u{80}'..='\u{9F}' | '\u{E000}'..='\u{F8FF}' => 300,
        '가'..='힣' if COMMON_SYLLABLES.contains(c) => 50,
        '가'..='힣' if is_of_ks(c) => 95,
        '가'..='힣' => 160,
        'ㄱ'..='ㆎ' if korean => 80,
        c if is_ideograph(c) => match (COMMON_IDEOGRAPHS.contains(c), korean) {
            (true, true) => 65,
            (true, false) => 75,
            (false, true) => 118,
            (false, false) => 112,
        },
        'ぁ'..='ヿ' if script == Script::Japanese => 50,
        'ぁ'..='ヿ' => 110,
        '\u{FF61}'..='\u{FF9F}' => 110,
        '、' | '。' | '，' | '「' | '」' | '《' | '》' => 65,
        '\u{FF01}'..='\u{FF60}' | '\u{3000}'..='\u{303F}' => 85,
        '℃'
        | '㎥'
        | '㎡'
        | '㎞'
        | '㎜'
        | '㎝'
        | '㎏'
        | '㎎'
        | '㎍'
        | '㏊'
        | '㎖'
        | '㎾'
        | '㎸'
        | '±'
        | '×'
        | '÷'
        | '·'
        | '※'
        | '○'
        | '●'
        | '◎'
        | '□'
        | '■'
        | '◇'
        | '◆'
        | '△'
        | '▲'
        | '▽'
        | '▼'
        | '☆'
        | '★'
        | '→'
        | '←'
        | '↑'
        | '↓'
        | '“'
        | '”'
        | '‘'
        | '’'
        | '…'
        | '—'
        | '–'
        | '©'
        | '®'
        | '€'
        | '£'
        | '§'
        | '°'
        | '′'
        | '″'
        | '«'
        | '»'
        | '•'
        | '‰'
        | '①'..='⑮'
        | 'Ⅰ'..='Ⅹ'
        | '㉠'..='㉭'
        | '─'
        | '│'
        | '┌'
        | '┐'
        | '└'
        | '┘'
        | '├'
        | '┤'
        | '┬'
        | '┴'
        | '┼' => 70,
        '\u{A0}' => 80,
        'À'..='ɏ' => latin(before, c, after) + if wide { 40 } else { 0 },
        c if c.is_alphabetic() && wide => 110,
        c if c.is_lowercase() => 45,
        c if c.is_uppercase() => 85,
        c if c.is_alphabetic() => 50,
        _ => 120,
    }
}

/// An accented letter stands among plain ones, and a capital one before small ones or among capitals.
fn latin(before: char, c: char, after: char) -> u32 {
    let beside = before.is_ascii_alphabetic() || after.is_ascii_alphabetic();
    match (beside, c.is_lowercase()) {
        (true, true) => 60,
        (false, true) => 110,
        (true, false) if before.is_ascii_lowercase() => 150,
        (true, false) => 80,
        (false, false) => 130,
    }
}

/// Whether a syllable is one of the 2,350 of KS X 1001.
fn is_of_ks(c: char) -> bool {
    let mut letter = [0; 4];
    let (bytes, ..) = EUC_KR.encode(c.encode_utf8(&mut letter));
    matches!(*bytes, [0xB0..=0xC8, 0xA1..=0xFF])
}

/// The 100 commonest syllables make about 60 % of Korean prose.
const COMMON_SYLLABLES: &str = "이다는을에의가고하은지로도를기서어자해인한사대들그리나라시있아스과일수보전정부원제여구주장상용공관국당조우동유안경계과내년월까만것와개위연등세신중터면야게오마미래발및통화성소산실간교저모적체비거";

/// Ideographs that Chinese, Japanese and Korean texts are full of, in either form.
const COMMON_IDEOGRAPHS: &str = concat!(
    "的一是不了在人有我他这這個个们們中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于於着下自之年过過发發后後作里用道行所然家种種事成方多经經么法学學如都同现現当當没動动面起看定天分还還进進好小部其些主样樣理心她本前开開但因只从從想实實",
    "日月火水木金土二三四五六七八九十百千萬億兆男女父母兄弟左右內外東西南北春夏秋冬山川江河海民韓大朝鮮憲法第條權力正義自由平等政府行政議院院長委員會長官市道郡區邑面洞里番地住所姓名氏性別生年月日社株式會社銀行金額円元合計數量單位品名備考年度豫算決算收入支出稅關係者種類內容期間場所時間目的理由方法結果報告書類計劃案件契約當事甲乙丙丁本人代表取締役事業",
    "公私立共民主共和國主從統一宗敎文化歷史科學技術經濟産業農業工商敎育大學校學生先生研究所長部課係官職務員會議錄登記原本謄本抄本證明確認申請許可承認通知送付受領印鑑章明治昭和平成令和今昨明後前全各他別同異新舊古高低長短重輕多少有無入出口手足目耳心身體力車電氣",
    "数据管理办法由国务院发布公施行各部门应当遵守规定中华人民共和国总统书记经济社会业务产东西问题样让给没话说读写关系与为从众优伤价",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_true_reading_is_the_cheapest() {
        for (text, script) in [
            ("23.5℃, 1,200㎥/s", Script::Korean),
            ("大韓民國 憲法 第一條", Script::Korean),
            ("대기질", Script::Korean),
            ("김꽃별 씨의 원룸 계약", Script::Korean),
        ] {
            let bytes = EUC_KR.encode(text).0;
            for (other, of) in [
                (encoding_rs::GB18030, Script::Chinese),
                (encoding_rs::BIG5, Script::Chinese),
                (encoding_rs::SHIFT_JIS, Script::Japanese),
                (encoding_rs::EUC_JP, Script::Japanese),
                (encoding_rs::WINDOWS_1252, Script::Letters),
                (encoding_rs::WINDOWS_1251, Script::Letters),
            ] {
                let misread = other.decode_without_bom_handling(&bytes).0;
                assert!(
                    cost(text, script) < cost(&misread, of),
                    "{text} {} {misread} {}",
                    cost(text, script),
                    cost(&misread, of)
                );
            }
        }
        for (text, encoding, script) in [
            ("année: façade, détail, Österreich", encoding_rs::WINDOWS_1252, Script::Letters),
            ("Министерство публикует", encoding_rs::WINDOWS_1251, Script::Letters),
            ("数据管理办法由国务院发布", encoding_rs::GBK, Script::Chinese),
            ("これはテストです。日本語", encoding_rs::SHIFT_JIS, Script::Japanese),
        ] {
            let bytes = encoding.encode(text).0;
            let misread = EUC_KR.decode_without_bom_handling(&bytes).0;
            assert!(cost(text, script) < cost(&misread, Script::Korean), "{text} {misread}");
        }
    }
}
