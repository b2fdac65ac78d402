//! Files written into the lines of a mail as uuencode does (POSIX.1-2017, `uuencode`): before MIME, and long after it by mailers
//! that know better.

/// A file that stands in lines of text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Uuencoded {
    /// Its name, as its first line has it.
    pub(super) name: String,
    /// Its bytes, as far as they go.
    pub(super) bytes: Vec<u8>,
}

/// The text without the files that stand in it, and these.
pub(super) fn taken_out(text: String) -> (String, Vec<Uuencoded>) {
    let mut files = Vec::new();
    if !text.contains("begin ") {
        return (text, files);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((line, after)) = next_line(rest) {
        if let Some((file, behind)) = name_of(line).and_then(|name| read(name, after)) {
            files.push(file);
            rest = behind;
        } else {
            plain.push_str(line);
            plain.push('\n');
            rest = after;
        }
    }
    (plain, files)
}

/// The first file in lines of text whose encoding is said to be this.
pub(super) fn first(text: &str) -> Option<Uuencoded> {
    let mut rest = text;
    while let Some((line, after)) = next_line(rest) {
        if let Some((file, _)) = name_of(line).and_then(|name| read(name, after)) {
            return Some(file);
        }
        rest = after;
    }
    None
}

fn next_line(text: &str) -> Option<(&str, &str)> {
    if text.is_empty() {
        return None;
    }
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    Some((line.strip_suffix('\r').unwrap_or(line), after))
}

/// `begin`, the mode of the file in octal digits, its name.
fn name_of(line: &str) -> Option<&str> {
    let (mode, name) = line.strip_prefix("begin ")?.split_once(' ')?;
    let is_mode = matches!(mode.len(), 3 | 4) && mode.bytes().all(|b| matches!(b, b'0'..=b'7'));
    (is_mode && !name.trim().is_empty()).then(|| name.trim())
}

/// The file whose lines begin here, and what stands behind its end. A letter may well have a line that looks like a
/// beginning: what follows must be lines of the code, to an `end` or to the end of the mail.
fn read<'a>(name: &str, text: &'a str) -> Option<(Uuencoded, &'a str)> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((line, after)) = next_line(rest) {
        rest = after;
        if line.trim_end() == "end" {
            break;
        }
        take_line(line, &mut bytes)?;
    }
    (!bytes.is_empty()).then(|| (Uuencoded { name: name.to_owned(), bytes }, rest))
}

/// Adds the bytes of a line, which says how many they are. None if it is no line of the code.
fn take_line(line: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let Some((length, letters)) = line.as_bytes().split_first() else { return Some(()) };
    let length = usize::from(six_bits(*length)?);
    // Mailers take blanks away at the end of a line, and add a sum of the letters.
    let most = length.div_ceil(3) * 4;
    if letters.len() > most + 2 || (length > 0 && letters.trim_ascii().is_empty()) {
        return None;
    }
    let letters = letters.get(..most).unwrap_or(letters);
    let end = bytes.len() + length;
    for group in letters.chunks(4) {
        let mut four = [0u8; 4];
        for (to, letter) in four.iter_mut().zip(group) {
            *to = six_bits(*letter)?;
        }
        let [a, b, c, d] = four;
        bytes.extend([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    bytes.resize(end, 0);
    Some(())
}

fn six_bits(letter: u8) -> Option<u8> {
    matches!(letter, b' '..=b'`').then(|| letter.wrapping_sub(b' ') & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "begin 644 cat.txt\n#0V%T\n`\nend\n";

    fn cat() -> Uuencoded {
        Uuencoded { name: "cat.txt".into(), bytes: b"Cat".into() }
    }

    #[test]
    fn files_are_taken_out_of_the_lines_around_them() {
        let (text, files) = taken_out(format!("앞\n{CODE}뒤\n{CODE}"));
        assert_eq!((text.as_str(), files), ("앞\n뒤\n", vec![cat(), cat()]));
        assert_eq!(first(&format!("\r\n{}", CODE.replace('\n', "\r\n"))), Some(cat()));
        // Cut off with the mail, without the blanks at its end, and of a name with blanks.
        let cut = "begin 0644 a b.bin\n&  $\" P0%\n\"86(\n";
        let (_, files) = taken_out(cut.to_owned());
        assert_eq!(files[0].name, "a b.bin");
        assert_eq!(files[0].bytes, [&[0, 1, 2, 3, 4, 5][..], b"ab"].concat());
    }

    #[test]
    fn lines_without_letters_cost_no_more_than_they_are_long() {
        let blank = format!("begin 644 x\n#0V%T\n{}z", "\n".repeat(1 << 20));
        assert_eq!(taken_out(blank).1, []);
        // Such a line would stand for more bytes than it has letters.
        let (text, files) = taken_out(format!("begin 644 x\n{}end\n", "_\n".repeat(1000)));
        assert!(files.is_empty() && text.len() > 2000);
    }

    #[test]
    fn letters_that_speak_of_it_stay_letters() {
        for text in [
            "begin 644 words\nThat is how it begins, my dear.\n",
            "begin 99 a\n#0V%T\n",
            "begin 644 x\n",
        ] {
            assert_eq!(taken_out(text.to_owned()), (text.to_owned(), Vec::new()), "{text}");
        }
        assert_eq!(first("한글"), None);
    }
}
