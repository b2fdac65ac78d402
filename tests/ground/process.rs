use std::process::{Child, Command, ExitStatus};

use madang_wait::patiently;

/// The processes that this one has started and that live.
///
/// # Panics
/// When /proc is not mounted.
pub fn children(pid: u32) -> Vec<u32> {
    let parent = format!("PPid:\t{pid}");
    let mut children: Vec<u32> = std::fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|child| {
            let status = std::fs::read_to_string(format!("/proc/{child}/status"));
            status.is_ok_and(|status| {
                status.lines().any(|line| line == parent) && !status.contains("State:\tZ")
            })
        })
        .collect();
    children.sort_unstable();
    children
}

/// The processes from which a service's readers are forked.
///
/// # Panics
/// As [`children`].
pub fn zygotes(service: u32) -> Vec<u32> {
    children(service)
}

/// The processes in which a service reads files just now.
///
/// # Panics
/// As [`children`].
pub fn readers(service: u32) -> Vec<u32> {
    zygotes(service).into_iter().flat_map(children).collect()
}

/// How a command ended that must end by itself.
///
/// # Panics
/// When it does not: then it is killed.
pub fn ends(what: &str, child: &mut Child) -> ExitStatus {
    let ended = patiently(|| child.try_wait().expect("a child of ours"));
    ended.unwrap_or_else(|| {
        child.kill().expect("a child of ours");
        panic!("{what} hangs")
    })
}

/// Sends a signal by its name, as in `KILL`; to one that is gone meanwhile it does nothing.
///
/// # Panics
/// When there is no `kill`.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).output();
    sent.expect("kill (package procps)");
}
