"""Derivatives and integrals after NumPy and SciPy: DERIVATIVE, INTEGRATE."""

import pathlib
import sys

import numpy as np
import scipy
from scipy import integrate

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import Set

g = Set(__file__, scipy=scipy.__version__)


def short_gradient(x, spacing, axis):
    """numpy.gradient needs three samples; two give their difference, one gives NaN."""
    n = x.shape[axis]
    if n >= 3:
        return np.gradient(x, spacing, axis=axis, edge_order=2)
    return np.repeat(np.diff(x, axis=axis) / spacing, 2, axis=axis) if n == 2 else np.full_like(x, np.nan)


def derivative(axis, step=1):
    def run(x, fs):
        spacing = (2.0 if axis else 1 / fs) * step
        y = np.empty_like(x)
        for first in range(step):
            part = [slice(None)] * 2
            part[axis] = slice(first, None, step)
            y[tuple(part)] = short_gradient(x[tuple(part)], spacing, axis)
        return y
    return run


stated = "numpy.gradient(edge_order=2)"
for source in ("noise", "tones", "offset", "nan_bursts", "denormal_tail", "steps"):
    g.add("DERIVATIVE", source, derivative(0), stated, unit="nstrain", out_unit="nstrain/s")
for n in range(1, 18):
    g.add("DERIVATIVE", "noise", derivative(0), stated + "; two samples give their difference, one NaN", rows=n)
g.add("DERIVATIVE STEP=3", "noise", derivative(0, 3), stated + " of each of 3 interleaved series")
for n in (1, 3, 4, 8, 9):
    g.add("DERIVATIVE STEP=3", "noise", derivative(0, 3), stated + " of each of 3 interleaved series", rows=n)
g.add("DERIVATIVE", "noise", derivative(0), stated, channels=1, rows=100)
for source in ("wide", "offset", "nan_bursts"):
    g.add("DERIVATIVE AXIS=channel", source, derivative(1), stated, rows=40, unit="m/s", out_unit="m/s/m")
g.add("DERIVATIVE AXIS=channel STEP=4", "wide", derivative(1, 4), stated + " of each of 4 interleaved series")
g.add("DERIVATIVE AXIS=channel", "noise", derivative(1), stated + "; two channels give their difference", channels=2, rows=10)
g.add("DERIVATIVE AXIS=channel", "noise", derivative(1), stated + "; a lone channel gives NaN", channels=1, rows=10)

stated = "scipy.integrate.cumulative_trapezoid(initial=0)"
run = lambda x, fs: integrate.cumulative_trapezoid(x, dx=1 / fs, axis=0, initial=0)
for source in ("noise", "tones", "offset", "denormal_tail"):
    g.add("INTEGRATE", source, run, stated, unit="nstrain/s", out_unit="nstrain")
g.add("INTEGRATE", "nan_bursts", run, stated + "; everything after a NaN is NaN")
for n in range(1, 18):
    g.add("INTEGRATE", "noise", run, stated, rows=n)
g.write()
