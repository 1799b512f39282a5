"""The finite Hilbert transformer and the envelope it gives: SciPy's filter of the same coefficients, and how far scipy.signal.hilbert is."""

import pathlib
import sys

import numpy as np
import scipy
from scipy import signal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from golden import Set

g = Set(__file__, scipy=scipy.__version__)


def coefficients(taps):
    m = np.arange(taps) - taps // 2
    ideal = np.divide(2 / np.pi, m, out=np.zeros(taps), where=m % 2 == 1)
    return ideal * signal.windows.kaiser(taps, 8.0)


def quadrature(x, taps):
    """Centred: what lies beyond the ends is 0. A sample that is not finite reaches every sum it is part of, be its coefficient 0."""
    return signal.convolve(np.pad(x, [(taps // 2,) * 2, (0, 0)]), coefficients(taps)[:, None], mode="valid", method="direct")


def hilbert(taps):
    # Side by side, not as a product with 1j, in which a NaN of one part reaches the other.
    return lambda x, fs: np.stack([x, quadrature(x, taps)], axis=-1).view(complex)[..., 0]


def envelope(taps):
    return lambda x, fs: np.hypot(x, quadrature(x, taps))


filtered = "x + 1j*scipy.signal.convolve(x, h), h = 2/(pi*m) of odd m times scipy.signal.windows.kaiser(taps, 8)"
magnitude = "numpy.hypot(x, scipy.signal.convolve(x, h)), h as of HILBERT TAPS"
for source in ("noise", "tones", "offset", "nan_bursts"):
    g.add("HILBERT TAPS=101", source, hilbert(101), filtered, rows=1500)
    g.add("ENVELOPE TAPS=33", source, envelope(33), magnitude, rows=700)
    g.add("HILBERT_ENV", source, envelope(255), magnitude, rows=700)
g.add("HILBERT TAPS=15", "quake_100hz", hilbert(15), filtered, unit="strain", out_unit="strain")
g.add("ENVELOPE TAPS=8191", "slow_1khz", envelope(8191), magnitude)
g.add("HILBERT_ENV TAPS=1025", "tones", envelope(1025), magnitude)
g.add("HILBERT_ENV TAPS=17", "denormals", envelope(17), magnitude)
g.add("HILBERT_ENV TAPS=17", "noise", envelope(17), magnitude, rows=300, channels=1)
for n in range(1, 18):
    g.add("HILBERT TAPS=15", "noise", hilbert(15), filtered, rows=n)
    g.add("ENVELOPE TAPS=15", "noise", envelope(15), magnitude, rows=n)
    g.add("HILBERT_ENV TAPS=15", "noise", envelope(15), magnitude, rows=n)

# What the documentation promises: in the band the exact transform is met to 0.05 %, away from the ends.
t = np.arange(20000)[:, None] / 1000.0
for taps in (15, 31, 101, 255, 1023):
    lowest = 2.7e3 / taps
    # Whole numbers of periods in the record, so that the exact transform has no ends.
    tones = np.ceil(np.linspace(lowest, 500.0 - lowest, 9)[:-1] * 20) / 20
    exact = signal.hilbert(np.cos(2 * np.pi * tones * t), axis=0)
    error = np.abs(quadrature(exact.real, taps) - exact.imag)[taps:-taps].max()
    assert error < 5e-4, (taps, error)
g.write()
