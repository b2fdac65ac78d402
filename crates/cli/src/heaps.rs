//! How many heaps the memory allocator keeps.
#![allow(unsafe_code)]

/// Bounds them by the number of cores.
///
/// glibc opens a heap for every thread up to eight for each core, and what one thread allocates and another frees
/// leaves holes in all of them. With workers, followers and the threads that wait for disks, the service held 390 MiB
/// after it had seen 200,000 files that need a third of it. More heaps than threads that run at once save no time.
pub(crate) fn bound() {
    #[cfg(target_env = "gnu")]
    {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let heaps = libc::c_int::try_from(cores.max(2)).unwrap_or(libc::c_int::MAX);
        // SAFETY: sets a number of the allocator's, and nothing else. Called before there is a second thread.
        let _ = unsafe { libc::mallopt(libc::M_ARENA_MAX, heaps) };
    }
}
