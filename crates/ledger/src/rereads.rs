use madang_document::timestamp::Timestamp;

/// How long to wait before an object is read again whose text or preview is lost, milliseconds: at once, and longer each
/// time it did not help. A disk that garbles what is written to it is not written to for ever.
const WAITS_MS: [i64; 5] = [0, 60_000, 10 * 60_000, 60 * 60_000, 6 * 60 * 60_000];

/// When an object is read again of which something is lost that was kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Now.
    Now,
    /// Not before this.
    At(Timestamp),
    /// Not by itself: only when the operator asks for it.
    Never,
}

/// The decision, after so many readings that did not help, the last of them at `last`: what a note of it says.
pub fn again(tries: u32, last: Timestamp, now: Timestamp) -> Again {
    let wait = usize::try_from(tries).ok().and_then(|tries| WAITS_MS.get(tries));
    match wait.map(|wait| last.plus_ms(*wait)) {
        None => Again::Never,
        Some(due) if due <= now => Again::Now,
        Some(due) => Again::At(due),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_again_a_few_times_and_later_each_time() {
        let minute = 60_000;
        for (tries, ago, expected) in [
            (0, 0, Again::Now),
            (1, 0, Again::At(Timestamp(minute))),
            (1, minute - 1, Again::At(Timestamp(minute))),
            (1, minute, Again::Now),
            (2, minute, Again::At(Timestamp(10 * minute))),
            (3, 59 * minute, Again::At(Timestamp(60 * minute))),
            (4, 60 * minute, Again::At(Timestamp(360 * minute))),
            (4, 360 * minute, Again::Now),
            (5, 999 * minute, Again::Never),
            (u32::MAX, 0, Again::Never),
        ] {
            assert_eq!(again(tries, Timestamp(0), Timestamp(ago)), expected, "{tries} {ago}");
        }
    }
}
