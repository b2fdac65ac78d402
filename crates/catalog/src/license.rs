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
