"""Operators on amplitudes after NumPy: AGC, CLIP, and the edges of RMS."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import Set

g = Set(__file__)


def trailing_rms(x, n, edge="partial"):
    y = np.array([np.sqrt(np.mean(x[max(0, i - n + 1) : i + 1] ** 2, axis=0)) for i in range(len(x))])
    if edge == "nan":
        y[: n - 1] = np.nan
    if edge == "zero":
        y[: n - 1] *= np.sqrt(np.arange(1, min(n, len(x) + 1)) / n)[:, None]
    return y


def agc(n, target=1.0, epsilon=0.0, edge="partial"):
    def run(x, fs):
        size = np.maximum(trailing_rms(x, n, edge), epsilon)
        return np.where(size == 0, 0.0, target * x / size)
    return run


stated = "numpy: target * x / max(trailing rms, epsilon)"
for ms in (1, 20, 300):
    for source in ("noise", "offset", "nan_bursts", "steps"):
        g.add(f"AGC {ms}ms", source, agc(ms), stated, rows=400, out_unit="")
g.add("AGC 0.5s", "quake_100hz", agc(50), stated)
g.add("AGC 20ms TARGET=3 EPSILON=0.9", "noise", agc(20, 3.0, 0.9), stated)
g.add("AGC 20ms EPSILON=900mstrain EDGE=zero", "noise", agc(20, 1.0, 0.9, "zero"), stated, unit="strain")
g.add("AGC 20ms EDGE=nan", "noise", agc(20, edge="nan"), stated + "; NaN before the first window is full", rows=100)
g.add("AGC 20ms", "noise", agc(20), stated, channels=1, rows=100)
# Squares of 1e-36 are denormal in f64 only below 1e-154: these are exact.
g.add("AGC 20ms", "denormal_tail", agc(20), stated, rows=60)
for n in range(1, 18):
    g.add("AGC 5ms", "noise", agc(5), stated, rows=n)

g.add("RMS 20ms EDGE=nan", "noise", lambda x, fs: trailing_rms(x, 20, "nan"), "numpy; NaN before the first window is full", rows=100)
g.add("RMS 20 EDGE=nan", "noise", lambda x, fs: trailing_rms(x, 20, "nan"), "numpy; the window is never full", rows=7)

for low, high in ((-1, 1), (0.1, 0.7), (-1e30, 0), (2, 2)):
    for source in ("noise", "edge_values", "nan_bursts", "denormals"):
        clip = lambda x, fs, low=low, high=high: np.clip(x, low, high)
        g.add(f"CLIP {low} {high}", source, clip, "numpy.clip", rows=200)
g.add("CLIP -500mstrain 0.25strain", "noise", lambda x, fs: np.clip(x, -0.5, 0.25), "numpy.clip", unit="strain", out_unit="strain", rows=100)
for n in (1, 2, 17):
    g.add("CLIP -0.5 0.5", "noise", lambda x, fs: np.clip(x, -0.5, 0.5), "numpy.clip", rows=n)
g.add("CLIP -0.5 0.5", "offset", lambda x, fs: np.clip(x, -0.5, 0.5), "numpy.clip", rows=50, channels=1)
g.write()
