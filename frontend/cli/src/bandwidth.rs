//! How fast this machine copies memory, to measure a run by.

use std::hint::black_box;
use std::time::Instant;

/// Bytes read and written per second by one thread, the best of a few tries; takes about 30 ms.
pub fn copy_bandwidth() -> f64 {
    const SIZE: usize = 32 << 20;
    let from = vec![1u8; SIZE];
    let mut to = vec![0u8; SIZE];
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let clock = Instant::now();
        to.copy_from_slice(black_box(&from));
        black_box(&to);
        best = best.min(clock.elapsed().as_secs_f64());
    }
    2.0 * SIZE as f64 / best.max(1e-9)
}
