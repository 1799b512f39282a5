"""Operators that look at neighbours to mend or to clean: INTERPOLATE after numpy.interp, WIENER after scipy.signal.wiener."""

import pathlib
import sys

import numpy as np
import scipy
from scipy import signal

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import Set

g = Set(__file__, scipy=scipy.__version__)
rng = np.random.default_rng(11)
holes = rng.standard_normal((300, 6)) + np.linspace(0, 5, 300)[:, None]
for channel, runs in enumerate(([(5, 6), (50, 60), (100, 111), (200, 203)], [(0, 4), (20, 30), (290, 300)], [(0, 300)], [], [(10, 11), (12, 13), (14, 20)], [(1, 299)])):
    for a, b in runs:
        holes[a:b, channel] = np.nan
holes[150, 3], holes[250, 4] = np.inf, -np.inf
g.input("holes", holes)


def fill(v, longest, method):
    """Runs of what is not finite, at most `longest` long and with a neighbour on both sides."""
    good = np.isfinite(v)
    if good.sum() < 2:
        return v
    at = np.arange(len(v))
    y = v.copy()
    known = at[good]
    right = np.searchsorted(known, at)
    for i in at[~good]:
        if 0 < right[i] < len(known):
            a, b = known[right[i] - 1], known[right[i]]
            if b - a - 1 <= longest:
                linear = np.interp(i, [a, b], v[[a, b]])
                y[i] = linear if method == "linear" else v[a] if i - a <= b - i else v[b]
    return y


def interpolate(longest=10, method="linear", axis=0, bad=()):
    def run(x, fs):
        x = x.copy()
        x[:, list(bad)] = np.nan
        return np.apply_along_axis(fill, axis, x, longest, method)
    return run


stated = "numpy.interp over the finite samples, runs longer than MAX left alone"
for source in ("holes", "nan_bursts", "noise"):
    g.add("INTERPOLATE", source, interpolate(), stated)
    for longest in (1, 2, 7, 16, 17, 298):
        if source == "holes":
            g.add(f"INTERPOLATE MAX={longest}ms", source, interpolate(longest), stated)
            g.add(f"INTERPOLATE MAX={longest} METHOD=nearest", source, interpolate(longest, "nearest"), "numpy; the nearer neighbour, the earlier of two")
for n in (*range(1, 18), 61):
    g.add("INTERPOLATE MAX=6", "holes", interpolate(6), stated, rows=n)
g.add("INTERPOLATE AXIS=channel MAX=2", "holes", interpolate(2, axis=1), stated)
g.add("INTERPOLATE AXIS=channel MAX=3 METHOD=nearest", "holes", interpolate(3, "nearest", axis=1), stated)
g.add("INTERPOLATE AXIS=channel BAD=20..24", "wide", interpolate(axis=1, bad=range(20, 24)), stated + "; channels 20 to 23")
g.add("INTERPOLATE AXIS=channel BAD=1..60/4 MAX=1", "wide", interpolate(1, axis=1, bad=range(1, 60, 4)), stated + "; every fourth channel")
g.add("INTERPOLATE AXIS=channel BAD=0..3 MAX=5", "wide", interpolate(5, axis=1, bad=range(3)), stated + "; the first three have one neighbour only and are NaN")
g.add("INTERPOLATE AXIS=channel BAD=5..20 MAX=5", "wide", interpolate(5, axis=1, bad=range(5, 20)), stated + "; too many side by side, NaN")
g.add("INTERPOLATE AXIS=channel", "noise", interpolate(axis=1), stated, channels=1, rows=30)


def wiener(n, noise=None, axis=0):
    return lambda x, fs: np.apply_along_axis(lambda v: signal.wiener(v, n, noise), axis, x)


stated = "scipy.signal.wiener of each channel"
for n in (3, 5, 21):
    for noise in (None, 0.5, 1.0):
        spelled = f"WIENER {n}" if noise is None else f"WIENER {n} NOISE={noise}"
        for source in ("noise", "tones", "quake_100hz"):
            g.add(spelled, source, wiener(n, noise), stated, rows=300)
for source in ("offset", "steps"):
    g.add("WIENER 5 NOISE=0.5", source, wiener(5, 0.5), stated, rows=200)
g.add("WIENER 5", "offset", wiener(5), stated, rows=200)
windows = lambda x, n: np.lib.stride_tricks.sliding_window_view(np.pad(x, [(n // 2, n // 2), (0, 0)]), n, axis=0)


def by_windows(n, noise):
    """The definition window by window, so that a NaN stays in its windows; SciPy's running sums would carry it on."""
    def run(x, fs):
        mean, energy = windows(x, n).mean(axis=-1), windows(x**2, n).mean(axis=-1)
        variance = energy - mean**2
        return np.where(variance < noise, mean, (x - mean) * (1 - noise / variance) + mean)
    return run


assert np.allclose(by_windows(5, 0.5)(g.values("noise").astype(float), 1), wiener(5, 0.5)(g.values("noise").astype(float), 1), rtol=1e-12)
g.add("WIENER 5 NOISE=0.5", "nan_bursts", by_windows(5, 0.5), stated + ", window by window so that a NaN stays in its windows")
for n in range(1, 18):
    g.add("WIENER 5 NOISE=0.5", "noise", wiener(5, 0.5), stated, rows=n)
    g.add("WIENER 5", "noise", wiener(5), stated, rows=n)
g.add("WIENER 5 NOISE=0.5", "noise", wiener(5, 0.5), stated, rows=100, channels=1)
for noise in (None, 0.3):
    spelled = "WIENER 5 AXIS=channel" if noise is None else f"WIENER 5 NOISE={noise} AXIS=channel"
    g.add(spelled, "wide", wiener(5, noise, 1), "scipy.signal.wiener of each row")
g.write()
