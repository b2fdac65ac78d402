use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The passwords that a pipeline gives for its documents, in the order in which they are tried.
///
/// They are secrets: nothing prints them, and they are overwritten in memory when this is dropped.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passwords(Vec<Zeroizing<String>>);

/// Why a list of passwords is refused. Tells the line, never what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPasswords {
    /// A line is not UTF-8.
    #[error("line {0} is not UTF-8")]
    Encoding(usize),
    /// A line is longer than a password may be.
    #[error("line {0} is longer than {most} bytes", most = Passwords::LONGEST)]
    TooLong(usize),
    /// There are more than may be given.
    #[error("it holds more than {most} passwords", most = Passwords::MOST)]
    TooMany,
    /// There is none.
    #[error("it holds no password: write one on each line")]
    Empty,
}

impl Passwords {
    /// The most that may be given: each costs its time for every document that is locked.
    pub const MOST: usize = 100;
    /// The longest, bytes of UTF-8.
    pub const LONGEST: usize = 256;
    /// Bytes of the largest list: every line ends as Windows ends it, behind a byte order mark.
    pub const SIZE: usize = 3 + Passwords::MOST * (Passwords::LONGEST + 2);

    /// None at all.
    pub const fn none() -> Passwords {
        Passwords(Vec::new())
    }

    /// Reads a list: one password on each line, as it stands there, blanks included. Empty lines are passed over, and so
    /// is what stands there twice.
    ///
    /// # Errors
    /// [`BadPasswords`].
    pub fn parse(list: &[u8]) -> Result<Passwords, BadPasswords> {
        let list = list.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(list);
        let mut passwords = Passwords::none();
        for (number, line) in (1usize..).zip(list.split(|byte| *byte == b'\n')) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.len() > Passwords::LONGEST {
                return Err(BadPasswords::TooLong(number));
            }
            let password = std::str::from_utf8(line).map_err(|_| BadPasswords::Encoding(number))?;
            if password.is_empty() || passwords.iter().any(|known| known == password) {
                continue;
            }
            if passwords.len() == Passwords::MOST {
                return Err(BadPasswords::TooMany);
            }
            passwords.0.push(Zeroizing::new(password.to_owned()));
        }
        match passwords.is_empty() {
            true => Err(BadPasswords::Empty),
            false => Ok(passwords),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|password| password.as_str())
    }

    pub(crate) fn get(&self, n: usize) -> Option<&str> {
        self.0.get(n).map(|password| password.as_str())
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passwords({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &[u8]) -> Result<Vec<String>, BadPasswords> {
        Passwords::parse(list).map(|read| read.iter().map(str::to_owned).collect())
    }

    #[test]
    fn each_line_is_a_password() {
        let list = "\u{FEFF}하나\r\n\n two \nthree\n하나\n".as_bytes();
        assert_eq!(read(list).unwrap(), ["하나", " two ", "three"]);
        assert_eq!(read("x".repeat(256).as_bytes()).unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_list_is_refused_without_telling_what_stands_in_it() {
        assert_eq!(read(b""), Err(BadPasswords::Empty));
        assert_eq!(read(b"\n\r\n"), Err(BadPasswords::Empty));
        assert_eq!(read(b"one\nsecret\xFF\n"), Err(BadPasswords::Encoding(2)));
        let long = format!("one\n\n{}", "secret".repeat(50));
        assert_eq!(read(long.as_bytes()), Err(BadPasswords::TooLong(3)));
        let lines = |count: usize| (0..count).map(|n| format!("{n}\n")).collect::<String>();
        assert_eq!(read(lines(100).as_bytes()).unwrap().len(), 100);
        assert_eq!(read(lines(101).as_bytes()), Err(BadPasswords::TooMany));
        for error in [BadPasswords::Encoding(2), BadPasswords::TooLong(3), BadPasswords::TooMany] {
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn no_password_is_printed() {
        let passwords = Passwords::parse(b"open sesame").unwrap();
        assert_eq!(format!("{passwords:?}"), "Passwords(1)");
    }
}
