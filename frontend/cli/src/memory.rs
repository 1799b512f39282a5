//! How much memory a run may take.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use serde::Deserialize;

/// A number of bytes, written as `500MB`, `2GiB`, `1000000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Bytes(pub usize);

const UNITS: [(&str, f64); 10] = [
    ("kib", 1024.0),
    ("mib", 1048576.0),
    ("gib", 1073741824.0),
    ("tib", 1099511627776.0),
    ("kb", 1e3),
    ("mb", 1e6),
    ("gb", 1e9),
    ("tb", 1e12),
    ("b", 1.0),
    ("", 1.0),
];

/// Less cannot hold the rows and the code of any pipeline.
const LEAST: f64 = 1e6;
/// One pebibyte.
const MOST: f64 = 1125899906842624.0;

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Bytes, String> {
        let lower = text.trim().to_ascii_lowercase();
        let end = lower.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(lower.len());
        let (number, unit) = lower.split_at(end);
        let factor = UNITS.iter().find(|(name, _)| *name == unit.trim()).map(|(_, factor)| *factor);
        let bytes = number.parse::<f64>().ok().zip(factor).map(|(number, factor)| number * factor);
        match bytes {
            Some(bytes) if bytes < LEAST => {
                Err(format!("{text} is too little to hold rows; give at least 1MB"))
            }
            Some(bytes) if bytes > MOST => Err(format!(
                "{text} is more than any machine has; leave the flag out for a quarter of this one's"
            )),
            Some(bytes) => Ok(Bytes(bytes as usize)),
            None => Err(format!("{text} is no size; write one such as 500MB or 2GiB")),
        }
    }
}

impl TryFrom<String> for Bytes {
    type Error = String;
    fn try_from(text: String) -> Result<Bytes, String> {
        text.parse()
    }
}

/// A quarter of what the cgroup allows, or of the machine's memory where no cgroup limits it.
pub fn default_budget() -> usize {
    const UNKNOWN: usize = 1 << 30;
    match available() {
        Some(bytes) => usize::try_from(bytes / 4).unwrap_or(usize::MAX).max(64 << 20),
        None => UNKNOWN,
    }
}

fn available() -> Option<u64> {
    let machine = meminfo(&fs::read_to_string("/proc/meminfo").ok()?);
    let group = fs::read_to_string("/proc/self/cgroup").ok().and_then(|text| cgroup_limit(&text));
    match (machine, group) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The smallest limit of the process's cgroup and those above it (version 2, then version 1).
fn cgroup_limit(membership: &str) -> Option<u64> {
    let mut smallest: Option<u64> = None;
    for line in membership.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next().unwrap_or(""), parts.next().unwrap_or("/"));
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            list if list.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let mut folder = Path::new(root).join(group.trim_start_matches('/'));
        loop {
            let limit =
                fs::read_to_string(folder.join(file)).ok().and_then(|text| text.trim().parse::<u64>().ok());
            smallest = match (smallest, limit) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            if folder == Path::new(root) || !folder.pop() {
                break;
            }
        }
    }
    smallest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in
            [("500MB", 500_000_000), ("2GiB", 2 << 30), ("1.5 mib", 3 << 19), ("42000000", 42_000_000)]
        {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for bad in ["", "GB", "-1", "0", "1e400", "12 furlongs", "1..2MB", "NaN"] {
            assert!(bad.parse::<Bytes>().is_err(), "{bad}");
        }
        assert!("1B".parse::<Bytes>().unwrap_err().contains("at least 1MB"));
        assert!("99999999TB".parse::<Bytes>().unwrap_err().contains("more than any machine has"));
    }

    #[test]
    fn the_machine_s_memory_is_read() {
        assert_eq!(meminfo("MemTotal:       24577000 kB\nMemFree: 1 kB\n"), Some(25_166_848_000));
        assert_eq!(meminfo("MemFree: 1 kB\n"), None);
        assert!(default_budget() >= 64 << 20);
    }
}
