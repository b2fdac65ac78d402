//! Which of the dates in its properties a document goes by.

use crate::metadata::{self as meta, Metadata, Value};
use crate::timestamp::Timestamp;

/// The date that a file beside the document gives it. A date in the file itself may be that of a template; whoever writes one
/// beside it means the file.
pub fn given(metadata: &Metadata) -> Option<Timestamp> {
    let given = metadata.stated(meta::DATE).iter().find(|stated| stated.is_beside())?;
    match &given.value {
        Value::Text(text) => moment(text),
        Value::Bool(_) | Value::Integer(_) | Value::Number(_) | Value::List(_) => None,
    }
}

/// When it was made, as it says itself: taken or else created.
pub fn made(metadata: &Metadata) -> Option<Timestamp> {
    [meta::TAKEN_AT, meta::CREATED].into_iter().find_map(|name| moment(metadata.text(name)?))
}

/// A property that is a time, with or without an offset; without one it is taken as Korean time, where the cameras and
/// offices are.
pub fn moment(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text)
        .or_else(|| Timestamp::parse_local(text))
        .or_else(|| Timestamp::parse_start(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_an_offset_is_korean() {
        let utc = |text| moment(text).map(|moment| moment.to_string());
        assert_eq!(utc("2026-11-23T09:00:00").as_deref(), Some("2026-11-23T00:00:00Z"));
        assert_eq!(utc("2026-11-23T09:00:00Z").as_deref(), Some("2026-11-23T09:00:00Z"));
        assert_eq!(utc("2026-11-23").as_deref(), Some("2026-11-22T15:00:00Z"));
        assert_eq!(utc("sometime"), None);
    }
}
