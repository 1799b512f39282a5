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
    # From rest over what is left beside the first sample, which is the same as from a state settled at it and exact in the first
    # row, where KURTOSIS divides 0 by 0; in long double, whose differences of samples are exact.
    k, x = -np.expm1(-1 / (fs * np.longdouble(tau))), x.astype(np.longdouble)
    return x[:1] + lfilter([k], [1, k - 1], x - x[:1], axis=0)


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
    "EWMA": (ewma, "x[0] + scipy.signal.lfilter([k], [1, k-1], x - x[0]) in long double"),
    "PEAK_HOLD": (peak_hold, "numpy.maximum(abs(x[i]), y[i-1] * exp(-dt/tau))"),
    "KURTOSIS": (kurtosis, "ewma(d**4) / ewma(d**2)**2, d = x - ewma(x), with scipy.signal.lfilter in long double"),
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
