use std::sync::atomic::{AtomicUsize, Ordering};

/// The runtime. Its threads say by their names what they are for, so that a profile tells tasks from blocking work:
/// those for tasks are made first.
pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let tasks = std::thread::available_parallelism().map_or(1, usize::from);
    let made = AtomicUsize::new(0);
    let name = move || match made.fetch_add(1, Ordering::Relaxed) {
        n if n < tasks => format!("runtime-{n}"),
        n => format!("blocking-{}", n - tasks),
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(tasks).thread_name_fn(name).enable_all().build()
}
