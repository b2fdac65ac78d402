use std::collections::BTreeMap;
use std::fs;

/// A part of the work, and the threads that do it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    threads: &'static [&'static str],
}

const fn part(name: &'static str, threads: &'static [&'static str]) -> Part {
    Part { name, threads }
}

const USER: &str = "children, program";
const KERNEL: &str = "children, kernel (fork, faults, exit)";
const ZYGOTE: &str = "zygote (orders, forks, reaping)";

/// The parts, in the order in which a file meets them. A thread counts to the first part that has the beginning of its
/// name; the kernel keeps 15 bytes of it.
pub(crate) const PARTS: &[Part] = &[
    part(ZYGOTE, &[]),
    part(USER, &[]),
    part(KERNEL, &[]),
    part("watching children, taking their answers", &["lane", "zygote-keeper"]),
    part("ledger (SQLite)", &["sqlx-sqlite"]),
    part("index: postings, segments", &["thrd-tantivy", "docstore-compre", "segment_updater"]),
    part("index: merges", &["merge_thread"]),
    part("blocking: index analysis, files, blobs", &["blocking"]),
    part("tasks: hashing, JSON, entries", &["runtime", "tokio-rt"]),
    part("main thread, leases", &["madang", "leases"]),
];

/// Seconds of the processor, by part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account(BTreeMap<&'static str, f64>);

impl Account {
    pub(crate) fn of(&self, part: &str) -> f64 {
        self.0.get(part).copied().unwrap_or_default()
    }

    pub(crate) fn all(&self) -> f64 {
        self.0.values().sum()
    }
}

/// What was seen of a process and of the zygotes that it started.
#[derive(Debug, Default)]
pub(crate) struct Sightings {
    threads: BTreeMap<u32, (String, f64)>,
    zygotes: BTreeMap<u32, Zygote>,
    /// Peak resident bytes of the process.
    pub(crate) resident: u64,
}

/// Seconds of a zygote, and of the children that it has reaped.
#[derive(Debug, Default)]
struct Zygote {
    own: f64,
    user: f64,
    kernel: f64,
}

impl Sightings {
    /// Looks once.
    pub(crate) fn look(&mut self, pid: u32) {
        let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return };
        for task in tasks.flatten() {
            let Some(id) = task.file_name().to_str().and_then(|id| id.parse::<u32>().ok()) else {
                continue;
            };
            // Nanoseconds on a processor, the first number (Documentation/scheduler/sched-stats.rst).
            let Ok(times) = fs::read_to_string(task.path().join("schedstat")) else { continue };
            let Some(nanos) = times.split(' ').next().and_then(|n| n.parse::<f64>().ok()) else {
                continue;
            };
            let (name, seconds) = self.threads.entry(id).or_default();
            // A thread is born with the name of the one that began it.
            if name.is_empty() || name == "madang" {
                let comm = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
                comm.trim().clone_into(name);
            }
            *seconds = nanos / 1e9;
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
                self.look_at_zygote(child);
            }
        }
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let high = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let high = high.and_then(|kib| kib.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        self.resident = self.resident.max(high.unwrap_or_default() << 10);
    }

    fn look_at_zygote(&mut self, pid: u32) {
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return };
        // Fields 14 to 17 of proc(5), counted behind the name: user, system, and the same of reaped children, in ticks
        // of a hundredth second.
        let Some((_, fields)) = stat.rsplit_once(')') else { return };
        let ticks: Vec<f64> =
            fields.split_whitespace().skip(11).take(4).filter_map(|n| n.parse().ok()).collect();
        if let [user, kernel, of_children, kernel_of_children] = ticks[..] {
            let (own, user, kernel) =
                ((user + kernel) / 100.0, of_children / 100.0, kernel_of_children / 100.0);
            self.zygotes.insert(pid, Zygote { own, user, kernel });
        }
    }

    /// What was seen, by part.
    pub(crate) fn account(&self) -> Account {
        let mut account = Account::default();
        for (name, seconds) in self.threads.values() {
            let does = |part: &&Part| part.threads.iter().any(|thread| name.starts_with(thread));
            if let Some(part) = PARTS.iter().find(does) {
                *account.0.entry(part.name).or_default() += seconds;
            }
        }
        for zygote in self.zygotes.values() {
            for (part, seconds) in
                [(ZYGOTE, zygote.own), (USER, zygote.user), (KERNEL, zygote.kernel)]
            {
                *account.0.entry(part).or_default() += seconds;
            }
        }
        account
    }
}
