//! Fonts whose letters are signs: what a code of theirs shows.

use super::pdf_standard_font;

/// The sign of a code in a font of this name; none if the font has it where no character of Unicode is known to stand
/// for it. Codes at U+F000 and up are those of the font without that.
pub(super) fn sign(font: &str, code: u32) -> Option<char> {
    let code =
        u8::try_from(code & 0xFF).ok().filter(|_| code < 0x100 || code & 0xFF00 == 0xF000)?;
    let font = plain(font);
    match font.as_str() {
        "wingdings" => of(&WINGDINGS, code),
        "wingdings 2" => of(&WINGDINGS_2, code),
        "wingdings 3" => of(&WINGDINGS_3, code),
        "webdings" => of(&WEBDINGS, code),
        "marlett" | "mt extra" => None,
        name if name.contains("dingbats") => built_in("ZapfDingbats", code),
        _ => built_in("Symbol", code),
    }
}

/// Whether the letters of a font of this name are signs.
pub(super) fn has_signs(font: &str) -> bool {
    let font = plain(font);
    matches!(
        font.as_str(),
        "symbol"
            | "wingdings"
            | "wingdings 2"
            | "wingdings 3"
            | "webdings"
            | "marlett"
            | "mt extra"
    ) || font.contains("dingbats")
}

/// The text that letters show in a font of this name. Those that it has not, Hangul first of all, come from another font, as
/// blanks do.
pub(super) fn signs(font: &str, text: &str) -> String {
    let is_code = |c: char| matches!(u32::from(c), 0x21..=0x9F | 0xA1..=0xFF | 0xF020..=0xF0FF);
    text.chars().filter_map(|c| if is_code(c) { sign(font, c.into()) } else { Some(c) }).collect()
}

/// The sign of a code at U+F020 and up whose font nothing names: most are of Wingdings, and the commonest of Symbol is its
/// bullet.
pub(super) fn unnamed(code: char) -> Option<char> {
    match code {
        '\u{F0B7}' => Some('•'),
        '\u{F020}'..='\u{F0FF}' => sign("Wingdings", code.into()),
        _ => None,
    }
}

/// The name of a font without what programs put around and behind it.
fn plain(font: &str) -> String {
    let font = font.trim().trim_matches(['"', '\'']).trim().to_ascii_lowercase();
    let ends = ["regular", "mt"];
    let end = ends.iter().find_map(|end| font.strip_suffix(end)).unwrap_or(&font);
    end.trim_end_matches([' ', '-']).to_owned()
}

fn built_in(font: &str, code: u8) -> Option<char> {
    let sign = pdf_standard_font::built_in(font, code, true)?;
    match sign.chars().next()? {
        // The operator that Symbol has in place of the bullet.
        '∙' => Some('•'),
        c => Some(c),
    }
}

/// The sign at a code of a table, whose rows are the codes 0x20 to 0x2F and so on.
fn of(table: &[&str; 14], code: u8) -> Option<char> {
    let row = table.get(usize::from(code >> 4).checked_sub(2)?)?;
    row.chars().nth(usize::from(code & 0xF)).filter(|c| *c != '\0')
}

// Source of the tables: the characters that Unicode 7.0 took up for these fonts, and older ones. Where several look the same
// the one stands that people have on their keyboards and look for: ☐ for each of the boxes, plain arrows for bold ones.

const WINGDINGS: [&str; 14] = [
    " 🖉✂✁👓🕭🕮🕯☎✆✉🖃📪📫📬📭",
    "📁📂📄🗏🗐🗄⌛🖮🖰🖲🖳🖴🖫🖬✇✍",
    "🖎✌👌👍👎☜☞☝☟🖐☺😐☹💣☠🏳",
    "🏱✈☼💧❄🕆✞🕈✠✡☪☯ॐ☸♈♉",
    "♊♋♌♍♎♏♐♑♒♓&&●❍■☐",
    "🞐❑❒⬧⧫◆❖⬥⌧⍓⌘🏵🏶❝❞",
    "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹",
    "❺❻❼❽❾❿🙢🙠🙡🙣🙞🙜🙝🙟·•",
    "▪○🞆🞈◉◎🔿▪☐🟂✦★✶✴✹✵",
    "⯐⌖⟡⌑⯑✪✰🕐🕑🕒🕓🕔🕕🕖🕗🕘",
    "🕙🕚🕛⮰⮱⮲⮳⮴⮵⮶⮷🙪🙫🙕🙔🙗",
    "🙖🙐🙑🙒🙓⌫⌦⮘➢⮙⮛⮈➲⮉⮋←",
    "→↑↓↖↗↙↘←→↑↓↖↗↙↘⇦",
    "⇨⇧⇩⬄⇳⬀⬁⬃⬂▭▫✗✓☒☑",
];

const WINGDINGS_2: [&str; 14] = [
    " 🖊🖋🖌🖍✄✀🕾🕽🗅☐🗇🗈🗉🗊🗋",
    "🗌🗍📋🗑🗔🖵🖶🖷🖸🖭🖯🖱🖒🖓🖘🖙",
    "🖚🖛👈👉🖜🖝🖞🖟🖠🖡👆👇🖢🖣🖑✗",
    "✓☒☑☒☒⮾⮿⦸⦸🙱🙴🙲🙳‽🙹🙺",
    "🙻🙦🙤🙥🙧🙚🙘🙙🙛⓪①②③④⑤⑥",
    "⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿",
    "☉🌕☽☾⸿✝🕇🕜🕝🕞🕟🕠🕡🕢🕣🕤",
    "🕥🕦🕧🙨🙩•●●⬤🞅🞆🞇🞈🞊⦿◾",
    "■◼■☐🞑🞒🞓🞔▣🞕🞖🞗⬩⬥◆◇",
    "🞚◈🞛🞜🞝⬪⬧⧫◊🞠◖◗⯊⯋◼⬥",
    "⬟⯂⬣⬢⯃⯄🞡🞢🞣🞤🞥🞦🞧🞨🞩🞪",
    "🞫🞬🞭🞮🞯🞰🞱🞲🞳🞴🞵🞶🞷🞸🞹🞺",
    "🞻🞼🞽🞾🞿🟀🟂🟄✦🟉★✶🟋✷🟏🟒",
    "✹🟃🟇✯🟍🟔⯌⯍※⁂",
];

const WINGDINGS_3: [&str; 14] = [
    " ⭠⭢⭡⭣⭦⭧⭩⭨⭰⭲⭱⭳⭶⭸⭻",
    "⭽⭤⭥⭪⭬⭫⭭⭍⮠⮡⮢⮣⮤⮥⮦⮧",
    "⮐⮑⮒⮓⮀⮃⭾⭿⮄⮆⮅⮇⮏⮍⮎⮌",
    "⭮⭯⎋⌤⌃⌥⎵⍽⇪⮸🢠🢡🢢🢣🢤🢥",
    "🢦🢧🢨🢩🢪🢫←→↑↓↖↗↙↘🡘🡙",
    "▲▼△▽◄►◁▷◣◢◤◥🞀🞂🞁",
    "🞃▲▼◀▶⮜⮞⮝⮟🠐🠒🠑🠓🠔🠖🠕",
    "🠗🠘🠚🠙🠛🠜🠞🠝🠟🠀🠂🠁🠃🠄🠆🠅",
    "🠇🠈🠊🠉🠋🠠🠢🠤🠦🠨🠪🠬🢜🢝🢞🢟",
    "🠮🠰🠲🠴🠶🠸🠺🠹🠻🢘🢚🢙🢛🠼🠾🠽",
    "🠿🡀🡂🡁🡃🡄🡆🡅🡇⮨⮩⮪⮫⮬⮭⮮",
    "⮯🡠🡢🡡🡣🡤🡥🡧🡦🡰🡲🡱🡳🡴🡵🡷",
    "🡶🢀🢂🢁🢃🢄🢅🢇🢆🢐🢒🢑🢓🢔🢕🢗",
    "🢖",
];

const WEBDINGS: [&str; 14] = [
    " 🕷🕸🕲🕶🏆🎖🖇🗨🗩🗰🗱🌶🎗🙾🙼",
    "🗕🗖🗗◀▶▲▼⏪⏩⏮⏭⏸⏹⏺🗚🗳",
    "🛠🏗🏘🏙🏚🏜🏭🏛🏠🏖🏝🛣🔍🏔👁👂",
    "🏞🏕🛤🏟🛳🕬🕫🕨🔈🎔🎕🗬🙽🗭🗪🗫",
    "⮔✔🚲□🛡📦🛱■🚑🛈🛩🛰🟈🕴●🛥",
    "🚔🗘✖❓🛲🚇🚍⛳🛇⊖🚭🗮|🗯🗲",
    "🚹🚺🛉🛊🚼👽🏋⛷🏂🏌🏊🏄🏍🏎🚘🗠",
    "🛢💰🏷💳👪🗡🗢🗣✯🖄🖅🖃🖆🖹🖺🖻",
    "🕵🕰🖽🖾📋🗒🗓📖📚🗞🗟🗃🗂🖼🎭🎜",
    "🎘🎙🎧💿🎞📷🎟🎬📽📹📾📻🎚🎛📺💻",
    "🖥🖦🖧🕹🎮🕻🕼📟🖁🖀🖨🖩🖿🖪🗜🔒",
    "🔓🗝📥📤🕳🌣🌤🌥🌦☁🌧🌨🌩🌪🌬🌫",
    "🌜🌡🛋🛏🍽🍸🛎🛍Ⓟ♿🛆🖈🎓🗤🗥🗦",
    "🗧🛪🐿🐦🐟🐕🐈🙬🙮🙭🙯🗺🌍🌏🌎🕊",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_of_signs_are_known_by_name() {
        assert!(has_signs("Wingdings 2") && has_signs("ITC Zapf Dingbats") && has_signs("symbol"));
        assert!(
            has_signs("\"Wingdings\"") && has_signs("SymbolMT") && has_signs("Wingdings-Regular")
        );
        assert!(!has_signs("Symbola") && !has_signs("바탕") && !has_signs("Segoe UI Symbol"));
    }

    #[test]
    fn letters_show_signs_and_hangul_stays() {
        assert_eq!(signs("Wingdings", "þ 동의 o\u{A0}\u{F0FD}✓"), "☑ 동의 ☐\u{A0}☒✓");
        assert_eq!(signs("Symbol", "a·가"), "α•가");
        assert_eq!(unnamed('\u{F0FE}'), Some('☑'));
        assert_eq!(unnamed('\u{F0B7}'), Some('•'));
        assert_eq!((unnamed('þ'), unnamed('\u{F100}')), (None, None));
    }

    #[test]
    fn signs_by_font() {
        for (font, code, c) in [
            ("Symbol", 0xB7, Some('•')),
            ("Symbol", 0xF061, Some('α')),
            ("Wingdings", 0xF0FE, Some('☑')),
            ("Wingdings 2", 0x52, Some('☑')),
            ("Wingdings", 0x6F, Some('☐')),
            ("Wingdings", 0x46, Some('☞')),
            ("Wingdings", 0xE0, Some('→')),
            ("Wingdings", 0xB7, Some('🕐')),
            ("Wingdings", 0xFF, None),
            ("Wingdings 2", 0x6A, Some('①')),
            ("Wingdings 3", 0x67, Some('→')),
            ("Webdings", 0x61, Some('✔')),
            ("Webdings", 0x34, Some('▶')),
            ("Marlett", 0x52, None),
            ("Symbol", 0xAC00, None),
        ] {
            assert_eq!(sign(font, code), c, "{font} {code:x}");
        }
    }
}
