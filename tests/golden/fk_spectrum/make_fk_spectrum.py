"""FK_SPECTRUM in NumPy, and a plane wave where it must lie."""

import pathlib
import sys

import numpy as np
import scipy
from scipy import signal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from golden import Set

g = Set(__file__, scipy=scipy.__version__)
AXES = ["time", "frequency", "wavenumber"]
rng = np.random.default_rng(20261125)
t, d = np.arange(512)[:, None] / 1000.0, 4.0 * np.arange(24)
# 125 Hz towards larger distances at 2 km/s (k = 1/16 m), 62.5 Hz towards smaller at 500 m/s (k = 1/8 m, the Nyquist wavenumber), and noise.
waves = 3.0 * np.cos(2 * np.pi * 125.0 * (t - d / 2000.0 / 1.5)) + np.cos(2 * np.pi * 62.5 * (t + d / 500.0))
g.input("waves", waves + 0.1 * rng.standard_normal(waves.shape))


def power(n, hop=None, window="hann", aperture="hann", detrend="constant"):
    def run(x, fs):
        step = hop or n
        w = signal.get_window(window, n)
        a = signal.get_window(aperture, x.shape[1] + 2, fftbins=False)[1:-1]
        rows = []
        for start in range(0, len(x) - n + 1, step):
            frame = x[start : start + n]
            frame = frame if detrend is None else signal.detrend(frame, axis=0, type=detrend)
            z = np.fft.fft(np.fft.rfft(frame * w[:, None], axis=0) * a, axis=1)
            p = np.abs(z) ** 2 / (w.sum() * a.sum()) ** 2
            p[1 : n // 2] *= 2
            rows.append(p)
        return np.array(rows)
    return run


stated = "numpy.abs(numpy.fft.fft(numpy.fft.rfft(w*x, axis=0)*a, axis=1))**2 over the squared sums of w and a, one-sided"
p = power(128)(waves, 1000.0)
wavenumbers = np.fft.fftfreq(24, 4.0)
for f, k, a in ((125.0, -1 / 24, 3.0), (62.5, -1 / 8, 1.0)):
    bin = (int(f * 128 / 1000), np.argmin(np.abs(wavenumbers - k)))
    assert abs(p[0][bin] - a * a / 2) < 0.02 * a * a or abs(k) == 1 / 8, (p[0][bin], a)
g.add("FK_SPECTRUM 128", "waves", power(128), stated, axes=AXES, dx=4.0, frequency_step=1000 / 128)
g.add("FK_SPECTRUM 100 HOP=30 APERTURE=boxcar WINDOW=hamming DETREND=linear", "waves", power(100, 30, "hamming", "boxcar", "linear"), stated, axes=AXES, dx=4.0)
g.add("FK_SPECTRUM 64 WINDOW=boxcar APERTURE=blackman DETREND=none", "waves", power(64, None, "boxcar", "blackman", None), stated, axes=AXES, dx=4.0)
for source in ("noise", "offset", "wide"):
    g.add("FK_SPECTRUM 40 HOP=20", source, power(40, 20), stated, axes=AXES, rows=120 if source != "wide" else None)
g.add("FK_SPECTRUM 31", "noise", power(32), stated, axes=AXES, rows=64, unit="strain", out_unit="strain^2")
g.add("FK_SPECTRUM 16", "noise", power(16), stated, axes=AXES, rows=64, channels=1)
g.add("FK_SPECTRUM 16", "noise", power(16), stated, axes=AXES, rows=64, channels=2)
for rows in (32, 33, 64):
    g.add("FK_SPECTRUM 32", "noise", power(32), stated, axes=AXES, rows=rows)
g.write()
