//! What the machine could do at best: its name, its caches, and how fast it copies and computes.

use std::fs;

use dasc_cpu::cycles::clock_rate;
use dasc_cpu::roof::{Arrays, Writes, multiply_adds};
use serde_json::{Value, json};

use super::median;
use crate::memory;

/// The machine, as far as it tells about itself.
pub struct Machine {
    pub processor: String,
    pub threads: usize,
    /// Name and bytes: `L2`.
    pub caches: Vec<(String, usize)>,
    pub vectors: &'static str,
    /// Cycles a second, or why they cannot be counted.
    pub clock: Result<f64, String>,
}

impl Machine {
    pub fn here() -> Machine {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let line = info.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_string())
        };
        let named = field("model name").or_else(|| field("Processor"));
        Machine {
            processor: named.unwrap_or_else(|| std::env::consts::ARCH.into()),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            caches: caches(),
            vectors: vectors(),
            clock: clock_rate(),
        }
    }

    pub fn json(&self) -> Value {
        let caches: serde_json::Map<String, Value> =
            self.caches.iter().map(|(name, bytes)| (name.clone(), json!(bytes))).collect();
        json!({ "processor": self.processor, "threads": self.threads, "vectors": self.vectors, "cache_bytes": caches,
                "cycles_per_second": self.clock.as_ref().ok(), "no_cycles_because": self.clock.as_ref().err() })
    }

    /// Arrays far larger than the caches, but no more than an eighth of the memory.
    pub fn arrays(&self) -> (Arrays, usize) {
        let largest = self.caches.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0);
        let bytes = (4 * largest).clamp(64 << 20, (memory::default_budget() / 4).max(64 << 20));
        (Arrays::new(bytes), bytes)
    }
}

/// Data caches of the first processor, the nearest first.
fn caches() -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for index in 0..8 {
        let read = |name: &str| {
            let path = format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{name}");
            fs::read_to_string(path).map(|text| text.trim().to_string())
        };
        let (Ok(level), Ok(kind), Ok(size)) = (read("level"), read("type"), read("size")) else { continue };
        let kilobytes = size.strip_suffix('K').and_then(|size| size.parse::<usize>().ok());
        if let (true, Some(kilobytes)) = (kind != "Instruction", kilobytes) {
            found.push((format!("L{level}"), kilobytes << 10));
        }
    }
    found
}

/// The widest vectors of the processor.
fn vectors() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    let widest = match () {
        () if std::arch::is_x86_feature_detected!("avx512f") => "AVX-512",
        () if std::arch::is_x86_feature_detected!("avx2") => "AVX2",
        () => "SSE2",
    };
    #[cfg(not(target_arch = "x86_64"))]
    let widest = "128 bits";
    widest
}

/// Bytes read and written in a second, by so many threads.
#[derive(Clone, Copy, Debug)]
pub struct Copies {
    pub plain: f64,
    pub streaming: Option<f64>,
}

impl Copies {
    pub fn measure(arrays: &mut Arrays, threads: usize) -> Copies {
        Copies {
            plain: arrays.copy(Writes::Plain, threads).unwrap_or(f64::NAN),
            streaming: arrays.copy(Writes::Streaming, threads),
        }
    }

    /// What memory limits everything to.
    pub fn limit(&self) -> f64 {
        self.streaming.map_or(self.plain, |streaming| streaming.max(self.plain))
    }

    /// The middle of several.
    pub fn median(several: &[Copies]) -> Copies {
        let streaming: Option<Vec<f64>> = several.iter().map(|copies| copies.streaming).collect();
        Copies {
            plain: median(several.iter().map(|copies| copies.plain).collect()),
            streaming: streaming.filter(|all| !all.is_empty()).map(median),
        }
    }
}

/// Floating-point operations in a second, by so many threads.
#[derive(Clone, Copy, Debug)]
pub struct Peaks {
    pub single: f64,
    pub double: f64,
}

impl Peaks {
    /// The best of three, each some milliseconds.
    pub fn measure(threads: usize) -> Peaks {
        let best = |double| (0..3).map(|_| multiply_adds(double, threads)).fold(0.0, f64::max);
        Peaks { single: best(false), double: best(true) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_tells_about_itself() {
        let machine = Machine::here();
        assert!(machine.threads > 0 && !machine.processor.is_empty());
        assert!(machine.caches.iter().all(|(name, bytes)| name.starts_with('L') && *bytes >= 1024));
        let copies = |plain, streaming| Copies { plain, streaming };
        assert_eq!(copies(2.0, Some(3.0)).limit(), 3.0);
        assert_eq!(copies(2.0, None).limit(), 2.0);
        let middle =
            Copies::median(&[copies(1.0, Some(5.0)), copies(2.0, Some(4.0)), copies(3.0, Some(6.0))]);
        assert_eq!((middle.plain, middle.streaming), (2.0, Some(5.0)));
    }
}
