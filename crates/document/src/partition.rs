use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::agency::{Agency, NotAnAgency};

/// The unit of rights: one physical index and one scope of statistics each, so that what a principal may not
/// see changes nothing of what they are answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Partition {
    /// Whose documents it holds.
    pub agency: Agency,
}

impl Partition {
    /// The partition of an agency's documents.
    pub fn of(agency: Agency) -> Partition {
        Partition { agency }
    }
}

/// The written form also names the partition's folder: digits only.
impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.agency.fmt(f)
    }
}

impl FromStr for Partition {
    type Err = NotAnAgency;

    fn from_str(text: &str) -> Result<Partition, NotAnAgency> {
        text.parse().map(Partition::of)
    }
}

impl TryFrom<String> for Partition {
    type Error = NotAnAgency;

    fn try_from(text: String) -> Result<Partition, NotAnAgency> {
        text.parse()
    }
}

impl From<Partition> for String {
    fn from(partition: Partition) -> String {
        partition.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_prints() {
        let partition = Partition::of("1741000".parse().unwrap());
        assert_eq!(partition.to_string().parse(), Ok(partition));
        assert!("../1741".parse::<Partition>().is_err());
    }
}
