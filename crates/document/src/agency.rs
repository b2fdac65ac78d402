use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The 7-digit institution code (기관코드) of the agency that holds an object, as in the code table of the
/// Ministry of the Interior and Safety; `1741000` is the ministry itself.
///
/// Only seven ASCII digits are a code, so a code can name a folder or an index without escaping.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Agency(String);

impl Agency {
    /// The code used where nobody declared an agency: `madang up FOLDER` on a folder of one's own.
    pub const UNDECLARED: &str = "0000000";

    /// The agency of an undeclared folder.
    pub fn undeclared() -> Agency {
        Agency(Self::UNDECLARED.to_owned())
    }

    /// The seven digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is not an institution code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an institution code: seven digits are expected, as in `1741000`")]
pub struct NotAnAgency(pub String);

impl FromStr for Agency {
    type Err = NotAnAgency;

    fn from_str(text: &str) -> Result<Agency, NotAnAgency> {
        if text.len() == 7 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Agency(text.to_owned()))
        } else {
            Err(NotAnAgency(text.chars().take(40).collect()))
        }
    }
}

impl TryFrom<String> for Agency {
    type Error = NotAnAgency;

    fn try_from(text: String) -> Result<Agency, NotAnAgency> {
        text.parse()
    }
}

impl From<Agency> for String {
    fn from(agency: Agency) -> String {
        agency.0
    }
}

impl fmt::Display for Agency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_seven_ascii_digits_are_a_code() {
        assert!("1741000".parse::<Agency>().is_ok());
        for bad in ["", "174100", "17410000", "174100a", "../1741", "１７４１０００"] {
            assert!(bad.parse::<Agency>().is_err(), "{bad}");
        }
    }
}
