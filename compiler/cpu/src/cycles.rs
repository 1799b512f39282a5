//! The processor's clock, by its own counter of cycles, where the system lets a program read that.

use std::time::Instant;

/// Cycles in a second of this thread while it computes, or why they cannot be counted.
pub fn clock_rate() -> Result<f64, String> {
    let counter = Counter::open()?;
    let clock = Instant::now();
    let before = counter.read()?;
    // What is computed does not matter; the kernel is busy and never waits.
    let mut x = 1u64;
    while clock.elapsed().as_millis() < 10 {
        for _ in 0..10_000 {
            x = std::hint::black_box(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
    }
    let cycles = counter.read()?.saturating_sub(before);
    Ok(cycles as f64 / clock.elapsed().as_secs_f64())
}

#[cfg(target_os = "linux")]
mod counter {
    use std::fs::File;
    use std::io::Read;
    use std::os::fd::FromRawFd;

    /// `perf_event_attr` as of its first version.
    #[repr(C)]
    #[derive(Default)]
    struct Attributes {
        kind: u32,
        size: u32,
        config: u64,
        sample_period: u64,
        sample_type: u64,
        read_format: u64,
        flags: u64,
        wakeup: u32,
        breakpoint: u32,
        address: u64,
    }

    /// `PERF_TYPE_HARDWARE`, whose event 0 is the cycles.
    const HARDWARE: u32 = 0;
    /// Neither in the kernel nor in a hypervisor.
    const OURS: u64 = 1 << 5 | 1 << 6;

    fn why(error: &std::io::Error) -> String {
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::EOPNOTSUPP) => {
                "the processor shows no counter, as is usual in virtual machines".into()
            }
            Some(libc::EACCES | libc::EPERM) => {
                "the system does not permit it (sysctl kernel.perf_event_paranoid=2 would)".into()
            }
            _ => error.to_string(),
        }
    }

    /// The cycles of this thread.
    pub struct Counter(File);

    impl Counter {
        pub fn open() -> Result<Counter, String> {
            let size = size_of::<Attributes>() as u32;
            let attributes = Attributes { kind: HARDWARE, size, flags: OURS, ..Attributes::default() };
            // SAFETY: the attributes live through the call and are as large as they say; the answer is a new file or an error.
            let fd = unsafe { libc::syscall(libc::SYS_perf_event_open, &raw const attributes, 0, -1, -1, 0) };
            match i32::try_from(fd) {
                // SAFETY: the file was opened a moment ago and belongs to nobody else.
                Ok(fd) if fd >= 0 => Ok(Counter(unsafe { File::from_raw_fd(fd) })),
                _ => Err(why(&std::io::Error::last_os_error())),
            }
        }

        pub fn read(&self) -> Result<u64, String> {
            let mut count = [0; 8];
            (&self.0).read_exact(&mut count).map_err(|error| error.to_string())?;
            Ok(u64::from_ne_bytes(count))
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod counter {
    /// No counter is known here.
    pub struct Counter;

    impl Counter {
        pub fn open() -> Result<Counter, String> {
            Err("only Linux has a counter that dasc can read".into())
        }

        pub fn read(&self) -> Result<u64, String> {
            Counter::open().map(|_| 0)
        }
    }
}

use counter::Counter;

#[cfg(test)]
mod tests {
    #[test]
    fn the_clock_is_plausible_or_it_is_told_why_it_is_not_known() {
        match super::clock_rate() {
            Ok(rate) => assert!((1e8..1e11).contains(&rate), "{rate}"),
            Err(why) => {
                eprintln!("SKIPPED: cycles cannot be counted here: {why}");
                assert!(!why.is_empty());
            }
        }
    }
}
