use std::fs;

use serde::Serialize;

/// The machine on which something was measured, as far as figures depend on it. It is not named: a report is
/// published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Machine {
    /// The processor, by its maker's name; its kind where the system names none.
    pub(crate) processor: String,
    /// Cores that this process may use.
    pub(crate) cores: usize,
    /// Bytes of memory; 0 if unknown.
    pub(crate) memory: u64,
    /// Operating system and kernel.
    pub(crate) system: String,
}

impl Machine {
    /// This one.
    pub(crate) fn this() -> Machine {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Machine::of(
            &text("/proc/cpuinfo"),
            &text("/proc/meminfo"),
            &text("/etc/os-release"),
            &text("/proc/sys/kernel/osrelease"),
            cores,
        )
    }

    /// By what the system says of it (proc(5), os-release(5)).
    fn of(cpus: &str, memory: &str, system: &str, kernel: &str, cores: usize) -> Machine {
        let value = |text: &str, name: &str, between: char| {
            let mut lines = text.lines().filter_map(|line| line.split_once(between));
            let found = lines.find(|(key, _)| key.trim() == name);
            found.map(|(_, value)| value.trim().trim_matches('"').to_owned())
        };
        let kib = value(memory, "MemTotal", ':');
        let kib = kib.and_then(|kib| kib.strip_suffix(" kB")?.trim().parse::<u64>().ok());
        let system =
            value(system, "PRETTY_NAME", '=').unwrap_or_else(|| std::env::consts::OS.into());
        Machine {
            processor: value(cpus, "model name", ':')
                .unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores,
            memory: kib.unwrap_or_default() * 1024,
            system: format!("{system}, Linux {}", kernel.trim()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_what_its_system_says() {
        let machine = Machine::of(
            "processor\t: 0\nmodel name\t: Example CPU @ 3.00GHz\n\nprocessor\t: 1\nmodel name\t: Other\n",
            "MemTotal:        8147844 kB\nMemFree:  1 kB\n",
            "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
            "6.1.0-18-amd64\n",
            2,
        );
        let expected = Machine {
            processor: "Example CPU @ 3.00GHz".into(),
            cores: 2,
            memory: 8_147_844 * 1024,
            system: "Debian GNU/Linux 12 (bookworm), Linux 6.1.0-18-amd64".into(),
        };
        assert_eq!(machine, expected);
        let unknown = Machine::of("", "MemTotal: many", "", "", 1);
        assert_eq!((unknown.processor.as_str(), unknown.memory), (std::env::consts::ARCH, 0));
    }
}
