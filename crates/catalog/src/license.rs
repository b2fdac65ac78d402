use serde::{Deserialize, Serialize};

/// The licence under which data may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum License {
    /// Nothing declared: not to be shared.
    #[default]
    #[serde(rename = "none")]
    Undeclared,
    /// 공공누리 제0유형: free, no attribution (since 2026-01-28).
    #[serde(rename = "KOGL-0")]
    Kogl0,
    /// 공공누리 제1유형: attribution.
    #[serde(rename = "KOGL-1")]
    Kogl1,
    /// 공공누리 제2유형: attribution, no commercial use.
    #[serde(rename = "KOGL-2")]
    Kogl2,
    /// 공공누리 제3유형: attribution, no changes.
    #[serde(rename = "KOGL-3")]
    Kogl3,
    /// 공공누리 제4유형: attribution, no commercial use, no changes.
    #[serde(rename = "KOGL-4")]
    Kogl4,
}

impl License {
    /// The licence of this name, as a declaration writes it.
    pub fn parse(name: &str) -> Option<License> {
        Some(match name {
            "none" => License::Undeclared,
            "KOGL-0" => License::Kogl0,
            "KOGL-1" => License::Kogl1,
            "KOGL-2" => License::Kogl2,
            "KOGL-3" => License::Kogl3,
            "KOGL-4" => License::Kogl4,
            _ => return None,
        })
    }

    /// What both allow: whatever one of them forbids is forbidden.
    #[must_use]
    pub fn narrowed(self, other: License) -> License {
        let (Some(ours), Some(theirs)) = (self.conditions(), other.conditions()) else {
            return License::Undeclared;
        };
        let either = |n: usize| ours.get(n) == Some(&true) || theirs.get(n) == Some(&true);
        match (either(0), either(1), either(2)) {
            (_, true, true) => License::Kogl4,
            (_, true, false) => License::Kogl2,
            (_, false, true) => License::Kogl3,
            (true, false, false) => License::Kogl1,
            (false, false, false) => License::Kogl0,
        }
    }

    /// Whether it asks for attribution, forbids commercial use, forbids changes; none if it allows nothing.
    fn conditions(self) -> Option<[bool; 3]> {
        match self {
            License::Undeclared => None,
            License::Kogl0 => Some([false, false, false]),
            License::Kogl1 => Some([true, false, false]),
            License::Kogl2 => Some([true, true, false]),
            License::Kogl3 => Some([true, false, true]),
            License::Kogl4 => Some([true, true, true]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::License::{self, Kogl0, Kogl1, Kogl2, Kogl3, Kogl4, Undeclared};

    #[test]
    fn nothing_is_widened() {
        for (ours, theirs, both) in [
            (Kogl1, Kogl0, Kogl1),
            (Kogl0, Kogl1, Kogl1),
            (Kogl1, Kogl4, Kogl4),
            (Kogl2, Kogl3, Kogl4),
            (Kogl3, Kogl1, Kogl3),
            (Undeclared, Kogl0, Undeclared),
            (Kogl0, Undeclared, Undeclared),
            (Kogl0, Kogl0, Kogl0),
        ] {
            assert_eq!(ours.narrowed(theirs), both, "{ours:?} {theirs:?}");
            assert_eq!(theirs.narrowed(ours), both, "{theirs:?} {ours:?}");
        }
        for license in [Undeclared, Kogl0, Kogl1, Kogl2, Kogl3, Kogl4] {
            let name = serde_json::to_value(license).unwrap();
            assert_eq!(License::parse(name.as_str().unwrap()), Some(license));
            assert_eq!(license.narrowed(license), license);
        }
    }
}
