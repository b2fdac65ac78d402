//! Numbers in the numerals and words of Korea: `[DBNum1]` to `[DBNum4]` in number formats, as in 一千二百, 일천이백.

/// How numbers are written in one of the ways.
pub(super) struct Numerals {
    digits: [char; 10],
    /// Ten, a hundred, a thousand.
    steps: [char; 3],
    /// Ten thousand, its square, its cube.
    groups: [char; 3],
    point: char,
    /// Whether a gap between digits is told by a zero.
    tells_gaps: bool,
}

/// The way of this number.
pub(super) fn numerals(number: u8) -> Option<&'static Numerals> {
    let number = usize::from(number).checked_sub(1)?;
    WAYS.get(number)
}

const WAYS: [Numerals; 4] = [
    Numerals {
        digits: ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'],
        steps: ['十', '百', '千'],
        groups: ['万', '億', '兆'],
        point: '.',
        tells_gaps: false,
    },
    Numerals {
        digits: ['零', '壹', '貳', '參', '四', '伍', '六', '七', '八', '九'],
        steps: ['拾', '佰', '阡'],
        groups: ['萬', '億', '兆'],
        point: '點',
        tells_gaps: true,
    },
    Numerals {
        digits: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
        steps: ['십', '백', '천'],
        groups: ['만', '억', '조'],
        point: '.',
        tells_gaps: false,
    },
    Numerals {
        digits: ['영', '일', '이', '삼', '사', '오', '육', '칠', '팔', '구'],
        steps: ['십', '백', '천'],
        groups: ['만', '억', '조'],
        point: '점',
        tells_gaps: false,
    },
];

/// Digits that the groups name at most.
const DIGITS_MOST: usize = 16;

impl Numerals {
    /// A text whose digits are each written so.
    pub(super) fn each(&self, text: &str) -> String {
        text.chars().map(|c| self.digit(c).unwrap_or(c)).collect()
    }

    fn digit(&self, c: char) -> Option<char> {
        let digit = c.to_digit(10).and_then(|digit| usize::try_from(digit).ok())?;
        self.digits.get(digit).copied()
    }

    /// A decimal number in words; none of one that is too long, or that is written with an exponent.
    pub(super) fn spelled(&self, number: &str) -> Option<String> {
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > DIGITS_MOST || !is_digits(whole) || !is_digits(part) {
            return None;
        }
        let mut words = String::new();
        let (mut is_gap, mut in_group) = (false, false);
        for (at, c) in whole.chars().enumerate() {
            let place = whole.len() - at - 1;
            if c == '0' {
                is_gap = true;
            } else {
                if is_gap && self.tells_gaps && !words.is_empty() {
                    words.extend(self.digit('0'));
                }
                (is_gap, in_group) = (false, true);
                words.extend(self.digit(c));
                words.extend((place % 4).checked_sub(1).and_then(|step| self.steps.get(step)));
            }
            if place.is_multiple_of(4) && std::mem::take(&mut in_group) {
                words.extend((place / 4).checked_sub(1).and_then(|group| self.groups.get(group)));
            }
        }
        if words.is_empty() {
            words.extend(self.digit('0'));
        }
        if !part.is_empty() {
            words.push(self.point);
            words.push_str(&self.each(part));
        }
        Some(words)
    }
}
