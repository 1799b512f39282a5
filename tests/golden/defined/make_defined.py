"""Operators that are written in DQL (stdlib/defs), in SciPy and as loops in Python."""

import pathlib
import sys

import numpy as np
import scipy
from scipy.signal import lfilter

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import Set

g = Set(__file__, scipy=scipy.__version__)


def smoothed(x, fs, tau):
    k = -np.expm1(-1 / (fs * tau))
    y = lfilter([k], [1, k - 1], x, axis=0, zi=(1 - k) * x[:1])[0]
    # zi says so too, but for rounding, of which KURTOSIS would make 0/0.
    y[0] = x[0]
    return y


def ewma(tau):
    return lambda x, fs: smoothed(x, fs, tau)


def peak_hold(tau):
    def run(x, fs):
        fade, y = np.exp(-1 / (fs * tau)), np.abs(x)
        for i in range(1, len(y)):
            y[i] = np.maximum(y[i], y[i - 1] * fade)
        return y
    return run


def kurtosis(tau):
    def run(x, fs):
        d = x - smoothed(x, fs, tau)
        power, fourth = smoothed(d**2, fs, tau), smoothed(d**4, fs, tau)
        return np.divide(fourth, power**2, out=np.zeros_like(power), where=power > 0)
    return run


stated = {
    "EWMA": (ewma, "scipy.signal.lfilter([k], [1, k-1], x, zi=(1-k)*x[0])"),
    "PEAK_HOLD": (peak_hold, "numpy.maximum(abs(x[i]), y[i-1] * exp(-dt/tau))"),
    "KURTOSIS": (kurtosis, "ewma(d**4) / ewma(d**2)**2, d = x - ewma(x), with scipy.signal.lfilter"),
}
for name, (reference, words) in stated.items():
    for source, tau in (("noise", 0.02), ("tones", 0.1), ("quake_100hz", 0.5)):
        unit = "nstrain/s" if source == "quake_100hz" else None
        more = {} if unit is None else {"unit": unit, "out_unit": "" if name == "KURTOSIS" else unit}
        g.add(f"{name} {tau:g}s", source, reference(tau), words, rows=400, **more)
    for n in (1, 2, 3, 7):
        g.add(f"{name} 5ms", "noise", reference(0.005), words, rows=n, floor=1.0)
g.add("EWMA 1s", "offset", ewma(1.0), stated["EWMA"][1], rows=400)
g.write()
