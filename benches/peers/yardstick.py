"""SciPy and Numba on the yardstick: mean supplied, band-pass of order 4, absolute value, float32 time-major, one thread.

    pip install numpy scipy numba
    python benches/peers/yardstick.py [ROWS CHANNELS]

Prints Gsample/s, by the processor time of the thread; `cargo run --release -p dasc-benches --bin yardstick` runs it in the same run
if DASC_PEERS names a Python that has them.
"""
import statistics
import sys
import time

import numpy as np
from scipy import signal

rows, channels = (int(a) for a in sys.argv[1:3]) if len(sys.argv) > 2 else (32768, 2048)
x = np.random.default_rng(1).standard_normal((rows, channels), dtype=np.float32)
sos = signal.butter(4, [10, 200], btype="band", fs=1000, output="sos")
mean = x[:4096].mean(axis=0, dtype=np.float64)


def measure(name, work, samples, runs):
    times = []
    for _ in range(runs):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    print(f"{name}: {samples / statistics.median(times) / 1e9:.3f} Gsample/s", flush=True)


# SciPy's speed does not depend on the length; an eighth of the rows spares the patience and memory of F64 copies.
part = x[: rows // 8]
measure("SciPy sosfilt, F64", lambda: np.abs(signal.sosfilt(sos, part - mean, axis=0)).astype(np.float32), part.size, 3)
measure("SciPy sosfilt, F32", lambda: np.abs(signal.sosfilt(sos.astype(np.float32), part - mean.astype(np.float32), axis=0)), part.size, 3)

try:
    import numba
except ImportError:
    print("SKIPPED Numba: not installed")
    sys.exit()


def best_form(real):
    """Blocks of channels, section after section over a row, each loop vectorised: the fastest form we know of for Numba."""

    @numba.njit(fastmath=True, error_model="numpy", inline="never")
    def section(row, s0, s1, b0, b1, b2, a1, a2):
        for c in range(row.shape[0]):
            v = row[c]
            y = b0 * v + s0[c]
            s0[c] = b1 * v - a1 * y + s1[c]
            s1[c] = b2 * v - a2 * y
            row[c] = y

    @numba.njit(fastmath=True)
    def centre(x, mean, row):
        for c in range(row.shape[0]):
            row[c] = real(x[c] - mean[c])

    @numba.njit(fastmath=True)
    def finish(out, row):
        for c in range(row.shape[0]):
            out[c] = abs(row[c])

    @numba.njit(fastmath=True, error_model="numpy")
    def run(x, out, mean, state, row, filter, width):
        for block in range(x.shape[1] // width):
            c = block * width
            for t in range(x.shape[0]):
                centre(x[t, c : c + width], mean[c : c + width], row)
                for k in range(4):
                    f = filter[k]
                    section(row, state[block, 2 * k], state[block, 2 * k + 1], f[0], f[1], f[2], f[4], f[5])
                finish(out[t, c : c + width], row)

    return run


out = np.empty_like(x)
for real, name in ((numba.float64, "F64"), (numba.float32, "F32")):
    run, dtype, best = best_form(real), np.dtype(str(real)), 1e9
    for width in (256, 512, 1024):
        state, row = np.zeros((channels // width, 8, width), dtype), np.zeros(width, dtype)
        work = lambda rows: run(x[:rows], out[:rows], mean.astype(dtype), state, row, sos.astype(dtype), width)
        work(64)
        times = []
        for _ in range(3):
            start = time.thread_time()
            work(rows)
            times.append(time.thread_time() - start)
        best = min(best, statistics.median(times))
    print(f"Numba, {name}: {x.size / best / 1e9:.3f} Gsample/s", flush=True)
