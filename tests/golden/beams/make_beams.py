"""Delay and sum by brute force: BEAMFORM and SLANT_STACK."""

import pathlib
import sys

import numpy as np
from scipy.signal import get_window

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import SPECTRUM, TIME, Set

g = Set(__file__)


def along(x, fs, dx, channels, slowness):
    """Samples along every line: time x slowness x channel x tap, NaN where there is no channel."""
    rows, n = x.shape
    lo, hi = -(channels // 2), channels - 1 - channels // 2
    far = int(np.ceil(np.abs(slowness).max() * max(-lo, hi) * dx * fs)) + 2
    at = np.arange(-far, rows + far)
    padded = np.pad(x, ((far, far), (0, 0)))
    out = np.full((rows, len(slowness), n, channels), np.nan)
    for c in range(n):
        for k in range(lo, hi + 1):
            if 0 <= c + k < n:
                for i, p in enumerate(slowness):
                    out[:, i, c, k - lo] = np.interp(np.arange(rows) + p * k * dx * fs, at, padded[:, c + k])
    return out


def blocks(x, n):
    return x[: len(x) // n * n].reshape(-1, n, *x.shape[1:]).sum(axis=1)


def mean(lines, aperture):
    """The weighted mean over the taps that are there; the window is of two channels more, without its ends."""
    weights = get_window(aperture, lines.shape[3] + 2, fftbins=False)[1:-1]
    return np.nansum(lines * weights, axis=3) / (np.isfinite(lines) * weights).sum(axis=3)


def power(x, fs, dx, channels, speeds, n=1, aperture="boxcar"):
    lines = along(x, fs, dx, channels, 1 / np.array(speeds))
    return blocks(mean(lines, aperture) ** 2, n) / n


def semblance(x, fs, dx, channels, speeds, n=1, aperture="boxcar"):
    lines = along(x, fs, dx, channels, 1 / np.array(speeds))
    return blocks(mean(lines, aperture) ** 2, n) / blocks(mean(lines**2, aperture), n)


def fastest(x, fs, dx, channels, speeds, n=1, aperture="boxcar"):
    return np.sort(speeds)[power(x, fs, dx, channels, np.sort(speeds), n, aperture).argmax(axis=1)]


def beam(options, reference, source, channels, speeds, *args, dx=2.0, signed=None, **more):
    told = f"BEAMFORM {channels} [" + ",".join(f"{v}m/s" for v in speeds) + "]" + options
    signed = [-v for v in speeds[::-1]] + speeds if signed is None else signed
    axes = more.pop("axes", SPECTRUM)
    g.add(told, source, lambda x, fs: reference(x, fs, dx, channels, signed, *args), "numpy.interp along lines, summed over channels, squared, block means", axes=axes, dx=dx, **more)


def slant(channels, first, last, count, source, dx=2.0, aperture=None, **more):
    told = f"SLANT_STACK {channels} {first}ms/m {last}ms/m COUNT={count}" + (f" WEIGHTS={aperture}" if aperture else "")
    slowness = np.linspace(first, last, count) / 1000
    g.add(told, source, lambda x, fs: mean(along(x, fs, dx, channels, slowness), aperture or "boxcar"), "numpy.interp along lines, mean over channels", axes=SPECTRUM, dx=dx, **more)


rng = np.random.default_rng(5)
t, d = np.arange(200)[:, None] / 500.0, np.arange(24)[None, :] * 4.0
pulse = lambda at, f: np.exp(-(((t - at) * f) ** 2)) * np.cos(2 * np.pi * f * (t - at))
g.input("waves", pulse(0.15 + d / 410.0, 30) + pulse(0.35 - d / 900.0, 40) + 0.3 * rng.standard_normal((200, 24)), 500.0)

speeds = [300.0, 410.5, 900.0, 2500.0]
beam("", power, "waves", 7, speeds, dx=4.0, rows=120)
beam(" STACK=25", power, "waves", 8, speeds, 25, dx=4.0)
beam(" STACK=25 OUTPUT=semblance", semblance, "waves", 9, speeds, 25, dx=4.0)
beam(" OUTPUT=semblance DIRECTION=incoming", semblance, "waves", 5, speeds, dx=4.0, rows=100, signed=[-v for v in speeds[::-1]])
beam(" STACK=50 OUTPUT=speed", fastest, "waves", 11, speeds, 50, dx=4.0, axes=TIME)
beam(" DIRECTION=outgoing STACK=20", power, "waves", 24, speeds, 20, dx=4.0, signed=speeds)
between = list(1 / np.linspace(1 / 300, 1 / 5000, 9))
beam(" COUNT=9 DIRECTION=outgoing STACK=10", power, "waves", 7, [300.0, 5000.0], 10, dx=4.0, signed=between)
beam("", power, "noise", 5, [1000.0, 2000.0, 3333.3], rows=200)
beam("", power, "noise", 100, [1000.0], rows=17)
beam("", power, "offset", 3, [700.0], rows=100)
slant(7, -4.0, 4.0, 9, "waves", dx=4.0, rows=100)
slant(24, 0.0, 2.5, 3, "waves", dx=4.0)
slant(6, -0.5, 3.0, 5, "noise", rows=300)
slant(1, -0.5, 3.0, 2, "noise", rows=20)
slant(5, 1.0, 2.0, 3, "tones", rows=200)
slant(5, -3.0, -1.0, 1, "noise", rows=9)
slant(9, -2.0, 2.0, 5, "wide", rows=40)
for aperture in ("hann", "hamming", "blackman", "blackmanharris"):
    beam(f" STACK=25 WEIGHTS={aperture}", power, "waves", 8, speeds, 25, aperture, dx=4.0)
    beam(f" STACK=20 WEIGHTS={aperture} OUTPUT=semblance", semblance, "waves", 9, speeds, 20, aperture, dx=4.0)
    slant(7, -4.0, 4.0, 5, "waves", dx=4.0, rows=100, aperture=aperture)
beam(" STACK=50 WEIGHTS=hann OUTPUT=speed", fastest, "waves", 11, speeds, 50, "hann", dx=4.0, axes=TIME)
beam(" WEIGHTS=hann", power, "noise", 100, [1000.0], 1, "hann", rows=17)
beam(" WEIGHTS=hann OUTPUT=semblance", semblance, "offset", 3, [700.0], 1, "hann", rows=100)
for channels in (1, 2, 3, 4, 101):
    slant(channels, -0.5, 3.0, 2, "noise", rows=20, aperture="hann")
g.write()
