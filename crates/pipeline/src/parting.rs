use std::time::Duration;

use tokio::task::{AbortHandle, JoinHandle};

/// Waits for the parts of a service to end, as long as patience lasts, and leaves those behind that do not: one may stand
/// in a read that the system never answers, as of a disk that is gone, and the end must not wait for it. Whatever it was
/// at is as after a kill, which everything here is made for. Gives how many were left behind.
pub(crate) async fn part_from(tasks: Vec<JoinHandle<()>>, patience: Duration) -> usize {
    let handles: Vec<AbortHandle> = tasks.iter().map(JoinHandle::abort_handle).collect();
    let ends = async {
        for task in tasks {
            if let Err(error) = task.await
                && error.is_panic()
            {
                tracing::error!(%error, "a part of the service had failed");
            }
        }
    };
    if tokio::time::timeout(patience, ends).await.is_ok() {
        return 0;
    }
    let left: Vec<AbortHandle> = handles.into_iter().filter(|task| !task.is_finished()).collect();
    left.iter().for_each(AbortHandle::abort);
    tracing::error!(
        parts = left.len(),
        "the service ends without parts that wait for what never answers"
    );
    left.len()
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn who_never_ends_is_left_behind() {
        let ends = || tokio::spawn(ready(()));
        assert_eq!(part_from(vec![ends(), ends()], Duration::from_secs(60)).await, 0);
        let tasks = vec![ends(), tokio::spawn(pending()), ends()];
        let parting = part_from(tasks, Duration::from_millis(50));
        let left = tokio::time::timeout(Duration::from_secs(60), parting).await;
        assert_eq!(left, Ok(1), "the end waits");
    }
}
