"""WHITEN beside an offset of 1e6, and of whole records: Bensen et al. (2007), equation 4, in NumPy."""

import pathlib
import sys

import numpy as np
from scipy import signal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from golden import Set

g = Set(__file__)


def flattened(z, step, smooth, low, high, taper):
    """A spectrum over the running mean of its magnitude, which continues symmetrically beyond its ends, within the band."""
    reach = int(np.floor(0.5 * smooth / step + 0.5))
    f = np.arange(len(z)) * step
    outside = np.maximum(np.maximum(low - f, f - high), 0.0)
    band = (outside <= 0).astype(float) if taper == 0 else 0.5 * (1 + np.cos(np.pi * np.minimum(outside / taper, 1)))
    magnitude = np.pad(np.abs(z), [(reach, reach), (0, 0)], mode="reflect")
    mean = np.lib.stride_tricks.sliding_window_view(magnitude, 2 * reach + 1, axis=0).mean(axis=-1)
    return np.divide(z, mean, out=np.where(np.isnan(mean), np.nan, 0) * z, where=mean > 0) * band[:, None]


def frames(n, hop, smooth, low=0.0, high=500.0, taper=0.0):
    def run(x, fs):
        w = signal.get_window("hann", n)
        out, weight = np.zeros_like(x), np.zeros(len(x))
        for j in range(-n, len(x) // hop + n):
            rows = np.arange(j * hop - n // 2, j * hop - n // 2 + n)
            inside = (rows >= 0) & (rows < len(x))
            if inside.any():
                frame = np.where(inside[:, None], x[np.clip(rows, 0, len(x) - 1)], 0.0)
                white = flattened(np.fft.rfft(frame * w[:, None], axis=0), fs / n, smooth, low, high, taper)
                out[rows[inside]] += (np.fft.irfft(white, n, axis=0) * w[:, None])[inside]
                weight[rows[inside]] += (w**2)[inside]
        return out / np.where(weight > 1e-10, weight, 1.0)[:, None]
    return run


def record(smooth=0.5, low=0.0, high=None, taper=0.0):
    def run(x, fs):
        z = flattened(np.fft.rfft(x, axis=0), fs / len(x), smooth, low, fs / 2 if high is None else high, taper)
        return np.fft.irfft(z, len(x), axis=0)
    return run


stated = "spectrum over the running mean of its magnitude, Bensen et al. (2007) eq. 4, in NumPy"
for dql, values in (
    ("64 SMOOTH=100Hz", (64, 32, 100.0)),
    ("64 SMOOTH=0Hz", (64, 32, 0.0)),
    ("128 HOP=32 SMOOTH=60Hz FREQMIN=50Hz FREQMAX=200Hz", (128, 32, 60.0, 50.0, 200.0)),
    ("51 HOP=20 SMOOTH=90Hz FREQMIN=100Hz TAPER=50Hz", (51, 20, 90.0, 100.0, 500.0, 50.0)),
):
    g.add(f"WHITEN {dql}", "offset", frames(*values), stated + ", offset 1e6 left in")
    g.add(f"WHITEN {dql}", "noise", frames(*values), stated)
whole = stated + ", of the whole record"
for source in ("noise", "tones", "offset"):
    g.add("WHITEN record SMOOTH=30Hz", source, record(30.0), whole)
    g.add("WHITEN record SMOOTH=0Hz FREQMIN=50Hz FREQMAX=200Hz TAPER=20Hz", source, record(0.0, 50.0, 200.0, 20.0), whole, rows=301)
g.add("WHITEN record FREQMIN=1Hz FREQMAX=20Hz TAPER=0.5Hz", "quake_100hz", record(0.5, 1.0, 20.0, 0.5), whole)
for n in range(4, 18):
    g.add("WHITEN record SMOOTH=150Hz", "noise", record(150.0), whole, rows=n)
g.add("WHITEN record SMOOTH=30Hz", "noise", record(30.0), whole, rows=200, channels=1)
g.write()
