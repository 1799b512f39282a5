"""SciPy on the yardstick: band-pass of order 4, absolute value, float32 time-major, one thread.

    pip install numpy scipy
    python benches/peers/yardstick.py [ROWS CHANNELS]

Prints Gsample/s; run it beside `cargo run --release -p dasc-benches --bin yardstick` on the same machine.
"""
import statistics
import sys
import time

import numpy as np
from scipy import signal

rows, channels = (int(a) for a in sys.argv[1:3]) if len(sys.argv) > 2 else (8192, 2048)
x = np.random.default_rng(1).standard_normal((rows, channels)).astype(np.float32)
sos = signal.butter(4, [10, 200], btype="band", fs=1000, output="sos")


def measure(name, work):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    print(f"{name}: {x.size / statistics.median(times) / 1e9:.3f} Gsample/s")


copy = np.empty_like(x)
start = time.perf_counter()
copy[:] = x
print(f"copy: {2 * x.nbytes / (time.perf_counter() - start) / 1e9:.1f} GB/s read and written")
measure("SciPy sosfilt f64, abs", lambda: np.abs(signal.sosfilt(sos, x.astype(np.float64), axis=0)))
measure("SciPy sosfilt f32, abs", lambda: np.abs(signal.sosfilt(sos.astype(np.float32), x, axis=0)))
measure("demean, SciPy sosfilt f64, abs", lambda: np.abs(signal.sosfilt(sos, x - x.mean(axis=0, dtype=np.float64), axis=0)))
