"""Order statistics: MEDIAN, PERCENTILE, ARGMAX, ARGMIN over an axis, running windows, and what is made of them, by NumPy and SciPy."""

import pathlib
import sys

import numpy as np
import scipy
from scipy import ndimage, signal, stats

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import CHANNEL, Set

g = Set(__file__, scipy=scipy.__version__)
SOURCES = ("noise", "steps", "offset", "nan_bursts", "denormals", "denormal_tail", "edge_values")

rng = np.random.default_rng(41)
infinite = rng.standard_normal((51, 6))
infinite[::7, 1], infinite[:, 2], infinite[3, 3], infinite[:26, 4], infinite[:, 5] = np.inf, -np.inf, np.nan, np.inf, np.where(np.arange(51) % 2, np.inf, -np.inf)
g.input("infinite", infinite)
# Two middle values whose sum, of large numbers of both signs and of tiny ones, must not lose the small.
g.input("apart", np.array([[3e38, 1e-45, -1.0, 1e30], [-3e38, 2e-45, 1.0, 1.0], [3e38, 3e-45, 2.0, -1e30], [1e38, 0.0, -2.0, 3.0]]))
g.input("zeros", np.where(rng.integers(0, 2, (40, 4)) == 0, -0.0, 0.0))
long = np.cumsum(rng.standard_normal((5000, 3)), axis=0)
long[2000:2003, 1] = np.nan
g.input("long", long)


def spectrum(x, fs):
    return np.moveaxis(np.abs(signal.stft(x, fs, nperseg=64, axis=0)[2]), -1, 0)


# Over an axis.
median = lambda axis: lambda x, fs: np.median(x, axis)


def percentile(q, axis):
    """numpy.percentile, whose interpolation makes NaN of every infinity: what lies between a number and an infinity is that infinity."""
    def run(x, fs):
        y = np.percentile(x, q, axis)
        r = (x.shape[axis] - 1) * q / 100
        low, high = (np.take(np.sort(x, axis), int(k), axis) for k in (np.floor(r), np.ceil(r)))
        between = low if r == np.floor(r) else low * (np.ceil(r) - r) + high * (r - np.floor(r))
        known = ~np.isnan(x).any(axis)
        return np.where(known & (np.isinf(low) | np.isinf(high)), between, y)
    return run


for source in SOURCES:
    g.add("MEDIAN AXIS=time", source, median(0), "numpy.median(x, 0)", axes=CHANNEL)
    g.add("MEDIAN AXIS=channel", source, median(1), "numpy.median(x, 1)", axes=["time"], rows=200)
    for q in (0, 12.5, 75, 97.3, 100):
        # Between denormal numbers f32 has steps of 1.4e-45.
        floor = 1.2e-38 if source.startswith("denormal") else 0.0
        g.add(f"PERCENTILE {q} AXIS=time", source, percentile(q, 0), f"numpy.percentile(x, {q}, 0)", axes=CHANNEL, rows=401, floor=floor)
    g.add("PERCENTILE 30 AXIS=channel", source, percentile(30, 1), "numpy.percentile(x, 30, 1)", axes=["time"], rows=60)
for n in range(1, 18):
    g.add("MEDIAN AXIS=time", "noise", median(0), "numpy.median(x, 0)", axes=CHANNEL, rows=n)
    g.add("PERCENTILE 37 AXIS=time", "steps", percentile(37, 0), "numpy.percentile(x, 37, 0)", axes=CHANNEL, rows=n)
for source in ("infinite", "apart", "zeros"):
    g.add("MEDIAN AXIS=time", source, median(0), "numpy.median(x, 0)", axes=CHANNEL)
    g.add("MEDIAN AXIS=channel", source, median(1), "numpy.median(x, 1)", axes=["time"])
g.add("PERCENTILE 95% AXIS=time", "noise", percentile(95, 0), "numpy.percentile(x, 95, 0)", axes=CHANNEL)
g.add("PERCENTILE 80 AXIS=time", "apart", percentile(80, 0), "numpy.percentile(x, 80, 0)", axes=CHANNEL)
for n in (1, 2, 3):
    g.add("MEDIAN AXIS=channel", "noise", median(1), "numpy.median(x, 1)", axes=["time"], rows=30, channels=n)
segments = [[0, 300], [320, 321], [400, 600], [1000, 1099]]
g.add("MEDIAN AXIS=time", "noise", median(0), "numpy.median of all stretches together", axes=CHANNEL, rows=600, segments=segments)
for q in (50, 90):
    g.add(f"STFT 64 | ABS | PERCENTILE {q} AXIS=frequency", "noise", lambda x, fs, q=q: np.percentile(spectrum(x, fs), q, 1), f"numpy.percentile of abs(scipy.signal.stft), {q}", rows=300)
    g.add(f"STFT 64 | ABS | PERCENTILE {q} AXIS=time", "noise", lambda x, fs, q=q: np.percentile(spectrum(x, fs), q, 0), f"numpy.percentile of abs(scipy.signal.stft), {q}", axes=["frequency", "channel"], rows=900)
    g.add(f"STFT 64 | ABS | PERCENTILE {q} AXIS=channel", "noise", lambda x, fs, q=q: np.percentile(spectrum(x, fs), q, 2), f"numpy.percentile of abs(scipy.signal.stft), {q}", axes=["time", "frequency"], rows=200)
g.add("MEDIAN AXIS=time", "offset", median(0), "numpy.median(x, 0)", axes=CHANNEL, unit="nstrain", out_unit="nstrain")

# Places.
for name, arg in (("ARGMAX", np.argmax), ("ARGMIN", np.argmin)):
    stated = f"numpy.{name.lower()}"
    for source in SOURCES:
        g.add(f"{name} AXIS=time", source, lambda x, fs, arg=arg: arg(x, 0) / fs, stated + "(x, 0) / fs", axes=CHANNEL, floor=1e-3, out_unit="s")
        g.add(f"{name} AXIS=channel", source, lambda x, fs, arg=arg: arg(x, 1), stated + "(x, 1)", axes=["time"], rows=100, floor=1.0)
    for n in (1, 2, 3, 17):
        g.add(f"{name} AXIS=time", "steps", lambda x, fs, arg=arg: arg(x, 0) / fs, stated + "(x, 0) / fs", axes=CHANNEL, rows=n, floor=1e-3)
    g.add(f"STFT 64 | ABS | {name} AXIS=frequency", "tones", lambda x, fs, arg=arg: arg(spectrum(x, fs), 1) * fs / 64, "the frequency at " + stated, rows=300, out_unit="Hz")
    g.add(f"SLICE TIME=0.1s..0.4s CH=2..7 | {name} AXIS=channel", "noise", lambda x, fs, arg=arg: 2 + arg(x[100:400, 2:7], 1), stated + "(x, 1), as number in the file", axes=["time"], rows=500)
    g.add(f"SLICE TIME=0.1s..0.4s | {name} AXIS=time", "noise", lambda x, fs, arg=arg: 0.1 + arg(x[100:400], 0) / fs, stated + "(x, 0) / fs, from the record's beginning", axes=CHANNEL, rows=500)

# The others over an axis, and the one that was missing. Squares of denormal and of the largest numbers have no place in f32.
for source in ("noise", "steps", "offset", "nan_bursts"):
    g.add("VAR AXIS=time", source, lambda x, fs: np.var(x, 0), "numpy.var(x, 0)", axes=CHANNEL, unit="strain", out_unit="strain^2")
    g.add("VAR AXIS=channel", source, lambda x, fs: np.var(x, 1), "numpy.var(x, 1)", axes=["time"], rows=100)
g.add("STFT 64 | ABS | VAR AXIS=frequency", "noise", lambda x, fs: np.var(spectrum(x, fs), 1), "numpy.var of abs(scipy.signal.stft)", rows=300)
g.add("STFT 64 | ABS | VAR AXIS=time", "noise", lambda x, fs: np.var(spectrum(x, fs), 0), "numpy.var of abs(scipy.signal.stft)", axes=["frequency", "channel"], rows=900)

# Running windows.
size = lambda k, axis: tuple(k if i == axis else 1 for i in range(2))


def running(f, k, axis, *more):
    """scipy.ndimage, whose order of NaN is undefined: NaN where one is in the window. Windows of more than twice the data it mirrors
    wrongly (SciPy 1.17): those are sorted one by one."""
    def run(x, fs):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (k // 2, k - 1 - k // 2)
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, pad, mode="symmetric"), k, axis)
        rank = k // 2 if f is ndimage.median_filter else min(int(k * more[0] / 100), k - 1)
        y = np.sort(windows, -1)[..., rank]
        known = ~np.isnan(windows).any(-1)
        if k <= 2 * x.shape[axis]:
            assert np.array_equal(y[known], f(np.nan_to_num(x), *more, size=size(k, axis), mode="reflect")[known])
        return np.where(known, y, np.nan)
    return run


for k in (2, 4, 16, 17, 50, 101, 1000):
    stated = f"scipy.ndimage.median_filter(size=({k}, 1), mode='reflect')"
    for source in ("noise", "steps", "nan_bursts", "offset", "denormals"):
        g.add(f"MEDIAN {k}", source, running(ndimage.median_filter, k, 0), stated, rows=600)
for k in (2, 16, 33):
    stated = f"scipy.ndimage.median_filter(size=(1, {k}), mode='reflect')"
    for source in ("noise", "wide", "nan_bursts"):
        g.add(f"MEDIAN {k} AXIS=channel", source, running(ndimage.median_filter, k, 1), stated, rows=60)
for n in range(1, 18):
    g.add("MEDIAN 20", "noise", running(ndimage.median_filter, 20, 0), "scipy.ndimage.median_filter(size=(20, 1), mode='reflect')", rows=n)
    g.add("MEDIAN 7", "noise", running(ndimage.median_filter, 7, 0), "scipy.ndimage.median_filter(size=(7, 1), mode='reflect')", rows=n)
g.add("MEDIAN 2501", "long", running(ndimage.median_filter, 2501, 0), "scipy.ndimage.median_filter(size=(2501, 1), mode='reflect')")
g.add("MEDIAN 0.8s", "long", running(ndimage.median_filter, 800, 0), "scipy.ndimage.median_filter(size=(800, 1), mode='reflect')", rows=3000)
for q in (0, 10, 33.3, 90, 100):
    for k in (5, 40):
        stated = f"scipy.ndimage.percentile_filter(x, {q}, size=({k}, 1), mode='reflect')"
        g.add(f"PERCENTILE {q} WINDOW={k}", "noise", running(ndimage.percentile_filter, k, 0, q), stated, rows=300)
        g.add(f"PERCENTILE {q} WINDOW={k} AXIS=channel", "wide", running(ndimage.percentile_filter, k, 1, q), stated.replace(f"({k}, 1)", f"(1, {k})"), rows=30)
# From eight times the data on SciPy's own mirror reads beyond it (1.17); numpy.pad repeats it.
for n, k, q in ((1, 50, 30), (2, 16, 50), (3, 24, 95), (3, 50, 30), (3, 51, 30), (4, 1000, 70)):
    g.add(f"PERCENTILE {q} WINDOW={k}", "noise", running(ndimage.percentile_filter, k, 0, q), "numpy.sort of windows of numpy.pad(mode='symmetric')", rows=n)
for k in (20, 31):
    filtered = lambda x, fs, k=k: ndimage.median_filter(spectrum(x, fs), size=(1, k, 1), mode="reflect")
    g.add(f"STFT 64 | ABS | MEDIAN {k} AXIS=frequency", "noise", filtered, f"scipy.ndimage.median_filter(size=(1, {k}, 1)) of abs(scipy.signal.stft)", axes=["time", "frequency", "channel"], rows=300)
    filtered = lambda x, fs, k=k: ndimage.median_filter(spectrum(x, fs), size=(k, 1, 1), mode="reflect")
    g.add(f"STFT 64 | ABS | MEDIAN {k}", "noise", filtered, f"scipy.ndimage.median_filter(size=({k}, 1, 1)) of abs(scipy.signal.stft)", axes=["time", "frequency", "channel"], rows=900)

# What is made of them.
def mad(axis):
    def run(x, fs):
        spread = stats.median_abs_deviation(x, axis, scale="normal")
        scaled = (x - np.median(x, axis, keepdims=True)) / np.expand_dims(spread, axis)
        return np.where(np.expand_dims(spread == 0, axis), 0.0, scaled)
    return run


stated = "(x - numpy.median(x)) / scipy.stats.median_abs_deviation(x, scale='normal'), 0 where that is 0"
for source in ("noise", "tones", "steps", "offset", "nan_bursts", "quake_100hz"):
    g.add("NORMALIZE METHOD=mad", source, mad(0), stated, unit="strain", out_unit="")
    g.add("NORMALIZE METHOD=mad AXIS=channel", source, mad(1), stated, rows=50)
for n in range(1, 18):
    g.add("NORMALIZE METHOD=mad", "noise", mad(0), stated, rows=n, floor=float(n == 1))
common = lambda x, fs: x - np.median(x, axis=1, keepdims=True)
stated = "x - numpy.median(x, axis=1, keepdims=True)"
for source in ("noise", "wide", "offset", "nan_bursts", "steps"):
    g.add("COMMON_MODE METHOD=median", source, common, stated, rows=200)
for n in (1, 2, 3):
    g.add("COMMON_MODE METHOD=median", "noise", common, stated, rows=30, channels=n, floor=1.0)
g.write()
