use std::io;
use std::path::Path;
use std::time::Duration;

use madang_document::condition::{Kind, Subject};
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::hindrance::shortage;

/// How often the machine is asked how it fares.
const OFTEN: Duration = Duration::from_secs(2);
// What a full disk stops is to be known within five seconds; one look is allowed to be late.
const _: () = assert!(OFTEN.as_millis() * 2 < 5_000);

/// Asks the machine until `stop`: space on the disk of the data folder, descriptors of this process. Whoever else
/// meets a condition sets it himself; these two are to be known before somebody meets them.
///
/// `space` says what is on the disk, [`space`] on this machine; `pause` waits.
pub(crate) async fn probe<P: Future<Output = ()>>(
    board: Board,
    space: impl Fn() -> io::Result<Space>,
    pause: impl Fn(Duration) -> P,
    stop: CancellationToken,
) {
    loop {
        disk(&board, space());
        descriptors(&board);
        tokio::select! {
            () = stop.cancelled() => return,
            () = pause(OFTEN) => {}
        }
    }
}

/// What a disk has, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Space {
    free: u64,
    total: u64,
}

/// What the disk of this folder has.
///
/// # Errors
/// When it does not answer.
pub(crate) fn space(folder: &Path) -> io::Result<Space> {
    let disk = rustix::fs::statvfs(folder)?;
    let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
    Ok(Space { free: bytes(disk.f_bavail), total: bytes(disk.f_blocks) })
}

fn disk(board: &Board, space: io::Result<Space>) {
    let subject = Subject::service();
    match space {
        Ok(Space { free, total }) => {
            if is_low(free, total) {
                board.set(Kind::DiskLow, subject, &format!("{} KiB are left", free >> 10));
            } else {
                board.clear(Kind::DiskLow, &subject);
            }
        }
        Err(error) => {
            let message = format!("the data folder does not answer: {error}");
            board.set(Kind::DiskLow, subject, &message);
        }
    }
}

/// Whether so little is left of a disk that the next write may fail: less than a sixteenth of it, and less than
/// 64 MiB (the ledger's log alone grows to 32).
pub(crate) fn is_low(free: u64, total: u64) -> bool {
    free < (total / 16).min(64 << 20)
}

fn descriptors(board: &Board) {
    let subject = Subject::service();
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    // Looking takes a descriptor, too: not to get one is an answer.
    let used = std::fs::read_dir("/proc/self/fd").map(|entries| entries.count() as u64);
    match (used, limit) {
        (Ok(used), Some(limit)) if is_out(used, limit) => {
            let message = format!("{used} of {limit} descriptors are in use");
            board.set(Kind::DescriptorsOut, subject, &message);
        }
        (Err(error), _) if shortage(&error) == Some(Kind::DescriptorsOut) => {
            board.failed(Kind::DescriptorsOut, subject, &error);
        }
        // Where there is no /proc nothing can be said.
        _ => board.clear(Kind::DescriptorsOut, &subject),
    }
}

/// Whether so few descriptors are left that work will fail: a sixteenth of the limit, sixteen at the most.
pub(crate) fn is_out(used: u64, limit: u64) -> bool {
    limit.saturating_sub(used) < (limit / 16).min(16)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use futures::future::BoxFuture;
    use madang_document::timestamp::Timestamp;

    use super::*;

    /// A disk that is full right after it was looked at is on the board, which `/readyz` reads, within five seconds of
    /// pauses, and off it as soon as there is room.
    #[tokio::test]
    async fn a_full_disk_is_on_the_board_within_five_seconds() {
        const ROOM: u64 = 1 << 30;
        let board = Board::new(Arc::new(|| Timestamp(0)));
        let (free, waited) = (Arc::new(AtomicU64::new(ROOM)), Arc::new(AtomicU64::new(0)));
        let stop = CancellationToken::new();
        let space = {
            let free = Arc::clone(&free);
            move || Ok(Space { free: free.load(Ordering::SeqCst), total: ROOM })
        };
        let looks = AtomicU64::new(0);
        let pause = {
            let (board, waited, stop) = (board.clone(), Arc::clone(&waited), stop.clone());
            move |span: Duration| -> BoxFuture<'static, ()> {
                let is_low = board.stands(Kind::DiskLow, &Subject::service());
                let look = looks.fetch_add(1, Ordering::SeqCst);
                assert_eq!(is_low, look == 1, "after look {look}");
                let ms = u64::try_from(span.as_millis()).unwrap();
                match look {
                    0 => free.store(0, Ordering::SeqCst),
                    1 => free.store(ROOM, Ordering::SeqCst),
                    _ => {
                        stop.cancel();
                        return Box::pin(std::future::pending());
                    }
                }
                waited.fetch_max(ms, Ordering::SeqCst);
                Box::pin(std::future::ready(()))
            }
        };
        probe(board, space, pause, stop).await;
        let waited = waited.load(Ordering::SeqCst);
        assert!(0 < waited && waited < 5_000, "{waited} ms");
    }

    #[test]
    fn a_disk_is_low_by_its_size() {
        const MIB: u64 = 1 << 20;
        for (free, total, low) in [
            (3 * MIB, 4 * MIB, false),
            (MIB / 8, 4 * MIB, true),
            (63 * MIB, 1 << 40, true),
            (65 * MIB, 1 << 40, false),
            (0, 1 << 40, true),
            (0, 0, false),
        ] {
            assert_eq!(is_low(free, total), low, "{free} of {total}");
        }
    }

    #[test]
    fn descriptors_are_out_before_the_last_is_taken() {
        for (used, limit, out) in [
            (1_000, 1_024, false),
            (1_010, 1_024, true),
            (1_024, 1_024, true),
            (60, 64, false),
            (61, 64, true),
            (2_000, 1_048_576, false),
        ] {
            assert_eq!(is_out(used, limit), out, "{used} of {limit}");
        }
    }
}
