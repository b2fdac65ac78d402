//! What a process holds, as `/proc/<pid>/status` says (proc(5)).

/// Resident bytes of a process; none if it is gone or /proc is not there. The number may by then belong to
/// another process; the pidfd through which one is killed does not.
pub(crate) fn resident(pid: i32) -> Option<u64> {
    field(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:")
}

/// Bytes of address space of this process.
pub(crate) fn address_space() -> Option<u64> {
    field(&std::fs::read_to_string("/proc/self/status").ok()?, "VmSize:")
}

fn field(status: &str, name: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_status() {
        let status = "Name:\tx\nVmSize:\t    2048 kB\nVmRSS:\t     512 kB\n";
        assert_eq!(field(status, "VmRSS:"), Some(512 << 10));
        assert_eq!(field(status, "VmSize:"), Some(2 << 20));
        assert_eq!(field("Name:\tzombie\n", "VmRSS:"), None);
    }

    #[test]
    fn this_process_holds_some() {
        let own = resident(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(own > 100 << 10 && own < address_space().unwrap());
        assert_eq!(resident(i32::MAX), None);
    }
}
