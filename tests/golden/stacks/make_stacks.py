"""What a monitor of ambient noise is made of: correlations divided by spectra, and running stacks."""

import pathlib
import sys

import numpy as np
import scipy
from scipy import signal

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import Set

g = Set(__file__, scipy=scipy.__version__)
lags = ["time", "lag", "channel"]


def windows(x, n, hop):
    return [x[at : at + n] for at in range(0, len(x) - n + 1, hop)]


def running_mean(y, reach):
    if reach == 0:
        return y
    padded = np.pad(y, [(reach, reach)] + [(0, 0)] * (y.ndim - 1), mode="reflect")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0).mean(axis=-1)


def divided(scale, sources, n, lag, hop=None, smooth=0.0, demean=False):
    def run(x, fs):
        rows = []
        for w in windows(x, n, hop or n):
            w = w - w.mean(axis=0) if demean else w
            spectra, source = np.fft.rfft(w, 2 * n, axis=0), np.fft.rfft(w[:, sources].mean(axis=1), 2 * n)[:, None]
            if demean:
                # The transforms of what has no mean are 0 there; what stands there is rounding.
                spectra[0], source[0] = 0, 0
            reach = round(0.5 * smooth * 2 * n / fs)
            cross = spectra * source.conj()
            if scale == "coherence":
                by = running_mean(np.abs(spectra), reach) * running_mean(np.abs(source), reach)
            else:
                power = running_mean(np.abs(source) ** 2, reach)
                by = np.broadcast_to(power + 0.01 * power.mean(axis=0), cross.shape)
            y = np.fft.irfft(np.divide(cross, by, out=np.zeros_like(cross), where=by != 0), 2 * n, axis=0)
            rows.append(np.roll(y, lag, axis=0)[: 2 * lag + 1])
        return np.array(rows)
    return run


def correlated(sources, n, lag, hop):
    def run(x, fs):
        of = lambda c, s: signal.correlate(c, s, mode="full", method="direct")[n - 1 - lag : n + lag]
        return np.array([np.stack([of(c, w[:, sources].mean(axis=1)) for c in w.T], axis=1) for w in windows(x, n, hop)])
    return run


for scale, stated in (("coherence", "numpy.fft.irfft(X * conj(S) / (abs(X) * abs(S)))"), ("deconvolution", "numpy.fft.irfft(X * conj(S) / (abs(S)**2 + 0.01 * mean))")):
    for smooth in (0, 10, 40):
        g.add(f"CORRELATE 1..2 200 50 SCALE={scale} SMOOTH={smooth}Hz", "noise", divided(scale, [1], 200, 50, smooth=smooth), stated, axes=lags)
        g.add(f"CORRELATE 0..3 64 63 HOP=50 SCALE={scale} SMOOTH={smooth}Hz", "noise", divided(scale, [0, 1, 2], 64, 63, 50, smooth), stated + ", the mean of channels 0 to 2", axes=lags)
    g.add(f"CORRELATE 1..2 120 20 SCALE={scale} SMOOTH=20Hz DEMEAN=TRUE", "quake_100hz", divided(scale, [1], 120, 20, smooth=20, demean=True), stated + ", means taken out", axes=lags)
    g.add(f"CORRELATE 1..2 120 20 SCALE={scale} DEMEAN=TRUE", "quake_100hz", divided(scale, [1], 120, 20, demean=True), stated + ", means taken out", axes=lags)
    g.add(f"CORRELATE 1..2 7 0 SCALE={scale}", "noise", divided(scale, [1], 7, 0), stated, axes=lags, rows=17)


def stacked(rows, n, every):
    return np.array([w.mean(axis=0) for w in windows(rows, n, every)])


def phase_weighted(rows, n, every, power):
    out = []
    for w in windows(rows, n, every):
        z = signal.hilbert(w, axis=1)
        out.append(w.mean(axis=0) * np.abs((z / np.abs(z)).mean(axis=0)) ** power)
    return np.array(out)


view = "numpy sliding_window_view(x, n, axis=0)[::every].mean(axis=-1)"
for n, every in ((10, 3), (7, 7), (4, 9), (1, 2), (600, 1)):
    for source in ("noise", "offset"):
        g.add(f"STACK {n} EVERY={every}", source, lambda x, fs: stacked(x, n, every), view)
g.add("STACK 20ms EVERY=5ms", "nan_bursts", lambda x, fs: stacked(x, 20, 5), view)
for n, every in ((5, 1), (4, 2), (3, 3)):
    of = correlated([1], 60, 20, 30)
    g.add(f"CORRELATE 1..2 60 20 HOP=30 | STACK {n} EVERY={every}", "noise", lambda x, fs: stacked(of(x, fs), n, every), "scipy.signal.correlate, mean of blocks of windows", axes=lags, operator="stack")
    for power in (1, 2):
        g.add(f"CORRELATE 1..2 60 20 HOP=30 | PWS POWER={power} BLOCK={n} EVERY={every}", "noise", lambda x, fs: phase_weighted(of(x, fs), n, every, power), "Schimmel & Paulssen (1997) of blocks of windows", axes=lags, operator="pws")
k = 1 - np.exp(-30.0 / 100.0)
ewma = lambda y: signal.lfilter([k], [1, k - 1], y, axis=0, zi=((1 - k) * y[0])[None])[0]
g.add("CORRELATE 1..2 60 20 HOP=30 | EWMA 100ms", "noise", lambda x, fs: ewma(correlated([1], 60, 20, 30)(x, fs)), "scipy.signal.correlate, lfilter([k], [1, k-1])", axes=lags, operator="ewma")
g.write()
