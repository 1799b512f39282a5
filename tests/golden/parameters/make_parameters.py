"""Parameters that other sets leave out, after NumPy and SciPy: statistics, tapers, filter designs, notches, logarithms, NORMALIZE."""

import pathlib
import sys

import numpy as np
import scipy
import scipy.ndimage
from scipy import signal

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import CHANNEL, SPECTRUM, TIME, Set

g = Set(__file__, scipy=scipy.__version__)

# Statistics over any axis.
for name, f in (("SUM", np.sum), ("PTP", np.ptp), ("MEAN", np.mean), ("STD", np.std), ("MAX", np.max), ("MIN", np.min)):
    stated = f"numpy.{f.__name__}"
    if name in ("SUM", "PTP"):
        for source in ("noise", "offset", "nan_bursts", "wide", "slow_10khz", "denormals"):
            g.add(f"{name} AXIS=time", source, lambda x, fs, f=f: f(x, axis=0), stated, axes=CHANNEL)
        for source in ("noise", "wide", "nan_bursts"):
            g.add(f"{name} AXIS=channel", source, lambda x, fs, f=f: f(x, axis=1), stated, axes=["time"], rows=200)
        for n in range(1, 18):
            # The range of a single sample is 0.
            g.add(f"{name} AXIS=time", "noise", lambda x, fs, f=f: f(x, axis=0), stated, axes=CHANNEL, rows=n, floor=float(n == 1))
    g.add(f"{name} AXIS=channel", "noise", lambda x, fs, f=f: f(x, axis=1), stated, axes=["time"], rows=20, channels=1, floor=1.0)
    power = lambda x, fs, f=f: f(np.moveaxis(np.abs(signal.stft(x, fs, nperseg=64, noverlap=32, axis=0)[2]), -1, 0), axis=1)
    g.add(f"STFT 64 | ABS | {name} AXIS=frequency", "noise", power, stated + " of abs(scipy.signal.stft)", rows=300)

# Bands of a spectrum: bins every 15.625 Hz.
spectrum = lambda x, fs: np.moveaxis(np.abs(signal.stft(x, fs, nperseg=64, noverlap=32, axis=0)[2]) ** 2, -1, 0)
for low, high in ((0, 100), (31.25, 62.5), (100, 500.1), (31.2, 31.3)):
    bins = [k for k in range(33) if low <= k * 15.625 < high]
    g.add(f"STFT 64 | SQUARE | SLICE FREQ={low}Hz..{high}Hz", "noise", lambda x, fs, bins=bins: spectrum(x, fs)[:, bins], "numpy slicing of scipy.signal.stft", rows=200, axes=SPECTRUM)
g.add("STFT 64 | SQUARE | SLICE FREQ=0.1kHz.. | SUM AXIS=frequency", "noise", lambda x, fs: spectrum(x, fs)[:, 7:].sum(axis=1), "numpy.sum of scipy.signal.stft", rows=200)

# Tapers.
def taper(fraction, shape, side, axis):
    def run(x, fs):
        n = x.shape[axis]
        i = np.arange(n)
        with np.errstate(all="ignore"):
            line = np.minimum(np.minimum(i, n - 1 - i) / (0.5 * fraction * (n - 1)), 1)
        w = signal.windows.tukey(n, fraction) if shape == "cosine" else np.ones(1) if n == 1 else line
        w = np.where(2 * i <= n - 1, w if side != "end" else 1, w if side != "start" else 1)
        return x * np.expand_dims(w, 1 - axis)
    return run


for shape in ("cosine", "linear"):
    for side in ("both", "start", "end"):
        for axis in (0, 1):
            spelled = f"TAPER 0.3 SHAPE={shape} SIDE={side} AXIS={('time', 'channel')[axis]}"
            g.add(spelled, "wide", taper(0.3, shape, side, axis), "scipy.signal.windows.tukey or a ramp, at the ends named")
for n in range(1, 18):
    g.add("TAPER 0.5 SHAPE=linear", "noise", taper(0.5, "linear", "both", 0), "a ramp of a quarter of the length at both ends", rows=n, floor=1.0)

# Designs of recursive filters, the hard bands included.
filtered = lambda sos: lambda x, fs: signal.sosfilt(sos(fs), x, axis=0)
designs = {
    "butter": (lambda n, f, kind: lambda fs: signal.butter(n, f, kind, fs=fs, output="sos"), ""),
    "cheby1": (lambda n, f, kind: lambda fs: signal.cheby1(n, 1, f, kind, fs=fs, output="sos"), " RIPPLE=1dB"),
    "cheby2": (lambda n, f, kind: lambda fs: signal.cheby2(n, 50, f, kind, fs=fs, output="sos"), " ATTENUATION=50dB"),
    "ellip": (lambda n, f, kind: lambda fs: signal.ellip(n, 1, 50, f, kind, fs=fs, output="sos"), " RIPPLE=1dB ATTENUATION=50dB"),
    "bessel": (lambda n, f, kind: lambda fs: signal.bessel(n, f, kind, fs=fs, output="sos"), ""),
}
for name, (design, options) in designs.items():
    stated = f"scipy.signal.{name}(output='sos'), sosfilt"
    for keyword, corners, kind in (("LOWPASS", 40, "low"), ("HIGHPASS", 40, "high"), ("BANDPASS", [10, 200], "band"), ("BANDSTOP", [45, 55], "bandstop")):
        spelled = " ".join(map(str, np.atleast_1d(corners)))
        for order, source in ((4, "tones"), (5, "offset"), (2, "denormal_tail")):
            g.add(f"{keyword} {spelled} ORDER={order} DESIGN={name}{options}", source, filtered(design(order, corners, kind)), stated, rows=200)
last = lambda run, rows: lambda x, fs: run(x, fs)[rows]
for keyword, corners, kind in (("BANDPASS", [0.01, 0.1], "band"), ("BANDSTOP", [0.01, 0.1], "bandstop"), ("HIGHPASS", 0.01, "high")):
    # Every 200th row of 20 s, so that the files stay small; a slice with a step takes rows, not means.
    spelled = " ".join(map(str, np.atleast_1d(corners)))
    g.add(f"{keyword} {spelled} ORDER=4 | SLICE TIME=0..20000/200", "slow_1khz", last(filtered(designs["butter"][0](4, corners, kind)), slice(None, None, 200)), "scipy.signal.butter(output='sos'), sosfilt", operator=keyword.lower())
for keyword, corners, kind in (("BANDPASS", [1, 2], "band"), ("BANDSTOP", [1, 2], "bandstop"), ("LOWPASS", 2, "low")):
    spelled = " ".join(map(str, np.atleast_1d(corners)))
    g.add(f"{keyword} {spelled} ORDER=4 | SLICE TIME=0..20000/200", "slow_10khz", last(filtered(designs["butter"][0](4, corners, kind)), slice(None, None, 200)), "scipy.signal.butter(output='sos'), sosfilt", operator=keyword.lower())
for n in range(1, 18):
    for keyword, corners, kind in (("LOWPASS", 40, "low"), ("HIGHPASS", 40, "high"), ("BANDSTOP", [45, 55], "bandstop")):
        spelled = " ".join(map(str, np.atleast_1d(corners)))
        g.add(f"{keyword} {spelled}", "noise", filtered(designs["butter"][0](4, corners, kind)), "scipy.signal.butter(output='sos'), sosfilt", rows=n)


for corners, source in (([45, 55], "tones"), ([100, 300], "offset")):
    both = lambda x, fs, corners=corners: signal.sosfiltfilt(signal.butter(4, corners, "bandstop", fs=fs, output="sos"), x, axis=0)
    g.add(f"BANDSTOP {corners[0]} {corners[1]} ZEROPHASE=TRUE", source, both, "scipy.signal.sosfiltfilt", rows=200)


def gone_for_nan(run):
    """A NaN gives NaN at its place and counts as 0 in the recurrence: dasc's rule, stated with each filter."""
    def rule(x, fs):
        y = run(np.where(np.isfinite(x), x, 0.0), fs)
        return np.where(np.isfinite(x), y, np.nan)
    return rule


for keyword, corners, kind in (("LOWPASS", 40, "low"), ("HIGHPASS", 40, "high"), ("BANDPASS", [10, 200], "band"), ("BANDSTOP", [45, 55], "bandstop")):
    spelled = " ".join(map(str, np.atleast_1d(corners)))
    g.add(f"{keyword} {spelled}", "nan_bursts", gone_for_nan(filtered(designs["butter"][0](4, corners, kind))), "scipy.signal.butter(output='sos'), sosfilt with NaN counted as 0 and put back", rows=200)


def notches(f, q, harmonics):
    def run(x, fs):
        for k in range(1, harmonics + 1):
            if k == 1 or k * f < fs / 2:
                x = signal.lfilter(*signal.iirnotch(k * f, k * q, fs), x, axis=0)
        return x
    return run


for f, q, harmonics, source in ((50, 30, 3, "tones"), (50, 10, 20, "noise"), (133, 5, 2, "tones"), (50, 30, 5, "offset"), (16.7, 20, 2, "quake_100hz")):
    g.add(f"NOTCH {f} Q={q} HARMONICS={harmonics}", source, notches(f, q, harmonics), "scipy.signal.iirnotch(k*f, k*Q), lfilter", rows=300)
for n in range(1, 18):
    g.add("NOTCH 50 HARMONICS=2", "noise", notches(50, 30, 2), "scipy.signal.iirnotch(k*f, k*Q), lfilter", rows=n)
g.add("NOTCH 50", "nan_bursts", gone_for_nan(notches(50, 30, 1)), "scipy.signal.iirnotch, lfilter with NaN counted as 0 and put back", rows=200)
g.add("NOTCH 0.05 Q=2 | SLICE TIME=0..20000/200", "slow_1khz", last(notches(0.05, 2, 1), slice(None, None, 200)), "scipy.signal.iirnotch, lfilter", operator="notch")

# Logarithms.
for base, f in ((10, np.log10), (2, np.log2)):
    for source in ("noise", "offset", "denormals", "edge_values"):
        g.add(f"LOG BASE={base}", source, lambda x, fs, f=f: f(x), f"numpy.{f.__name__}", rows=100)

# NORMALIZE: minmax, the channel axis, one sample, dead channels, NaN.
quiet = lambda f: lambda x, fs: np.nan_to_num(f(x), nan=0.0) if not np.isnan(x).any() else f(x)
methods = {
    "minmax": lambda x, axis: (x - x.min(axis, keepdims=True)) / np.ptp(x, axis=axis, keepdims=True),
    "zscore": lambda x, axis: (x - x.mean(axis, keepdims=True)) / x.std(axis, keepdims=True),
    "max": lambda x, axis: x / np.abs(x).max(axis, keepdims=True),
    "l1": lambda x, axis: x / np.abs(x).sum(axis, keepdims=True),
    "l2": lambda x, axis: x / np.sqrt((x**2).sum(axis, keepdims=True)),
}
for name, f in methods.items():
    stated = f"NumPy, '{name}'"
    for source in ("wide", "noise", "offset") if name == "minmax" else ("wide",):
        g.add(f"NORMALIZE METHOD={name} AXIS=channel", source, quiet(lambda x, f=f: f(x, 1)), stated, rows=40)
    if name == "minmax":
        for source in ("noise", "offset", "steps", "quake_100hz"):
            g.add("NORMALIZE METHOD=minmax", source, quiet(lambda x, f=f: f(x, 0)), stated, rows=300)
    g.add(f"NORMALIZE METHOD={name}", "nan_bursts", lambda x, fs, f=f: f(x, 0), stated + "; a NaN makes its channel NaN", rows=200)
    g.add(f"NORMALIZE METHOD={name}", "denormal_tail", quiet(lambda x, f=f: f(x, 0)), stated, rows=60)
    for n in (1, 2, 3, 5, 17):
        g.add(f"NORMALIZE METHOD={name}", "noise", quiet(lambda x, f=f: f(x, 0)), stated + "; 0 where the divisor is", rows=n, floor=1e-3)
for axis in (0, 1):
    for source in ("wide", "offset", "nan_bursts"):
        line = lambda x, fs, axis=axis: x - x.mean(axis, keepdims=True)
        g.add(f"DEMEAN AXIS={('time', 'channel')[axis]}", source, line, "x - numpy.mean", rows=150)
for n in range(1, 18):
    # What is left of one sample is nothing.
    g.add("DEMEAN", "noise", lambda x, fs: x - x.mean(0), "x - numpy.mean", rows=n, floor=float(n == 1))
    g.add("COMMON_MODE", "noise", lambda x, fs: x - x.mean(1, keepdims=True), "x - numpy.mean over channels", rows=n)
for source in ("wide", "offset", "nan_bursts"):
    g.add("COMMON_MODE", source, lambda x, fs: x - x.mean(1, keepdims=True), "x - numpy.mean over channels", rows=150)
for source in ("offset", "quake_100hz"):
    g.add("FFT | ABS", source, lambda x, fs: np.abs(np.fft.rfft(x, axis=0)), "numpy.abs of numpy.fft.rfft", axes=["frequency", "channel"], rows=300)
for n in range(1, 18):
    g.add("HILBERT", "noise", lambda x, fs: signal.hilbert(x, axis=0), "scipy.signal.hilbert", rows=n)
    g.add("STACK 1", "noise", lambda x, fs: x, "a block of one sample is it", rows=n)
    g.add("SPATIAL_SMOOTH 3", "noise", lambda x, fs: scipy.ndimage.uniform_filter1d(x, 3, axis=1), "scipy.ndimage.uniform_filter1d", rows=n)
    if n >= 4:
        g.add("STFT 4", "noise", lambda x, fs: np.moveaxis(signal.stft(x, fs, nperseg=4, noverlap=2, axis=0)[2], -1, 0), "scipy.signal.stft", rows=n, axes=SPECTRUM)
        g.add("SPECTROGRAM 4 HOP=2", "noise", lambda x, fs: np.moveaxis(signal.spectrogram(x, fs, nperseg=4, noverlap=2, axis=0)[2], -1, 0), "scipy.signal.spectrogram", rows=n, axes=SPECTRUM)
g.write()
