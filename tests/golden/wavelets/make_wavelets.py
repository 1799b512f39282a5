"""WAVELET and WAVELET_DENOISE: what PyWavelets gives."""

import pathlib
import sys

import numpy as np
import pywt
from scipy.stats import norm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from golden import TIME, Set

g = Set(__file__, pywt=pywt.__version__)
BANDS = ["time", "band", "channel"]


def bands(wavelet, level, mode="symmetric"):
    def run(x, fs):
        coefficients = pywt.wavedec(x, wavelet, mode, level, axis=0)
        alone = lambda i: [c if i == j else np.zeros_like(c) for j, c in enumerate(coefficients)]
        parts = [pywt.waverec(alone(i), wavelet, mode, axis=0)[: len(x)] for i in range(level + 1)]
        if mode == "symmetric" and len(x) > 100 and not np.isnan(x).any():
            for ours, theirs in zip(parts, pywt.mra(x, wavelet, level, axis=0, transform="dwt", mode=mode)):
                assert np.allclose(ours, theirs[: len(x)], atol=1e-9 * np.abs(x).max())
        return np.stack(parts, axis=1)
    return run


def coefficients(wavelet, level, part, mode="symmetric"):
    return lambda x, fs: pywt.wavedec(x, wavelet, mode, level, axis=0)[part == "detail"]


def denoised(wavelet, level, threshold, shrink="soft", mode="symmetric"):
    def run(x, fs):
        c = pywt.wavedec(x, wavelet, mode, level, axis=0)
        return pywt.waverec([c[0]] + [pywt.threshold(d, threshold, shrink) for d in c[1:]], wavelet, mode, axis=0)[: len(x)]
    return run


def universal(wavelet, level, shrink="soft", mode="symmetric", segments=None):
    """Donoho and Johnstone (1994): sigma from the finest details of all stretches, n all samples, for each channel."""
    def run(x, fs):
        lengths = np.cumsum([b - a for a, b in segments or [[0, len(x)]]])[:-1]
        parts = [pywt.wavedec(y, wavelet, mode, level, axis=0) for y in np.split(x, lengths)]
        sigma = np.median(np.abs(np.concatenate([c[-1] for c in parts])), axis=0) / norm.ppf(0.75)
        threshold = sigma * np.sqrt(2 * np.log(len(x)))

        # A single sample has a threshold of 0, by which pywt.threshold divides.
        shrunk = lambda d, t: d if t == 0 else pywt.threshold(d, t, shrink)

        def back(c, n):
            details = [np.stack([shrunk(d[:, k], t) for k, t in enumerate(threshold)], axis=1) for d in c[1:]]
            return pywt.waverec([c[0]] + details, wavelet, mode, axis=0)[:n]
        out = np.concatenate([back(c, len(y)) for c, y in zip(parts, np.split(x, lengths))])
        # A threshold that is NaN says nothing (pywt.threshold keeps details then).
        out[:, np.isnan(threshold)] = np.nan
        return out
    return run


decomposed = "pywt.wavedec(x, wavelet, mode, level, axis=0)"
apart = "pywt.waverec of each of pywt.wavedec alone, which is pywt.mra(transform='dwt')"
thresholded = "pywt.waverec of pywt.threshold of pywt.wavedec"
for source in ("noise", "tones", "offset", "nan_bursts"):
    g.add("WAVELET db4 3", source, bands("db4", 3), apart, rows=301, axes=BANDS)
    g.add("WAVELET db4 3 PART=detail", source, coefficients("db4", 3, "detail"), decomposed, rows=301, out_fs=125.0)
    g.add("WAVELET_DENOISE db4 3 THRESHOLD=0.7", source, denoised("db4", 3, 0.7), thresholded, rows=301)
for number, name in enumerate(("haar", *(f"db{n}" for n in range(1, 21)), *(f"sym{n}" for n in range(2, 21)), *(f"coif{n}" for n in range(1, 6)))):
    part = ("detail", "approximation")[number % 2]
    g.add(f"WAVELET {name} 2 PART={part}", "quake_100hz", coefficients(name, 2, part), decomposed, rows=200 + number % 4, out_fs=25.0)
    if number % 5 == 0:
        g.add(f"WAVELET {name} 2", "quake_100hz", bands(name, 2), apart, rows=150 + number, axes=BANDS)
        g.add(f"WAVELET_DENOISE {name} 2 THRESHOLD=0.2 MODE=hard", "noise", denoised(name, 2, 0.2, "hard"), thresholded, rows=150 + number)
for mode in ("reflect", "zero", "constant"):
    g.add(f"WAVELET sym5 3 BOUNDARY={mode}", "offset", bands("sym5", 3, mode), apart, rows=203, axes=BANDS)
    g.add(f"WAVELET sym5 3 PART=detail BOUNDARY={mode}", "offset", coefficients("sym5", 3, "detail", mode), decomposed, rows=203, out_fs=125.0)
    g.add(f"WAVELET_DENOISE sym5 3 THRESHOLD=1 BOUNDARY={mode}", "offset", denoised("sym5", 3, 1.0, "soft", mode), thresholded, rows=203)
found = "pywt.waverec of pywt.threshold of pywt.wavedec, at numpy.median(abs(d1), axis=0)/norm.ppf(0.75)*sqrt(2*log(n))"
for source in ("noise", "tones", "offset", "nan_bursts", "edge_values", "quake_100hz"):
    g.add("WAVELET_DENOISE db4 3 THRESHOLD=universal", source, universal("db4", 3), found, rows=301)
    g.add("WAVELET_DENOISE sym5 4 universal MODE=hard BOUNDARY=reflect", source, universal("sym5", 4, "hard", "reflect"), found, rows=500)
g.add("WAVELET_DENOISE haar 5 THRESHOLD=universal", "slow_1khz", universal("haar", 5), found)
# A threshold of 0 changes nothing (pywt.threshold divides a detail of 0 by itself).
g.add("WAVELET_DENOISE haar 4 THRESHOLD=0", "noise", lambda x, fs: x, "the data itself")
g.add("WAVELET_DENOISE db2 5 THRESHOLD=250nstrain", "quake_100hz", denoised("db2", 5, 2.5e-7), thresholded, unit="strain", out_unit="strain")
g.add("WAVELET db2 12 PART=approximation", "slow_1khz", coefficients("db2", 12, "approximation"), decomposed, out_fs=1000 / 4096)
g.add("WAVELET coif2 7", "slow_1khz", bands("coif2", 7), apart, rows=3000, axes=BANDS)
# Bands add up, whatever the row a stretch begins at.
for segments in ([[0, 200], [260, 361]], [[3, 104], [205, 250], [251, 252]]):
    rows = sum(b - a for a, b in segments)
    g.add("WAVELET db3 3 | SUM AXIS=frequency", "noise", lambda x, fs: x, "the data itself", rows=rows, segments=segments, operator="wavelet")
    g.add("WAVELET_DENOISE db3 3 THRESHOLD=0", "noise", lambda x, fs: x, "the data itself", rows=rows, segments=segments)
# Stretches that begin at multiples of 2^LEVEL, as pywt counts coefficients.
segments = [[0, 200], [264, 365], [400, 403]]
g.add("WAVELET_DENOISE db3 3 THRESHOLD=universal", "noise", universal("db3", 3, segments=segments), found, rows=304, segments=segments)
for n in range(1, 18):
    g.add("WAVELET db2 2", "noise", bands("db2", 2), apart, rows=n, axes=BANDS, floor=1.0)
    g.add("WAVELET db3 1 PART=detail", "noise", coefficients("db3", 1, "detail"), decomposed, rows=n, out_fs=500.0, floor=1.0)
    g.add("WAVELET_DENOISE db2 2 THRESHOLD=0.3", "noise", denoised("db2", 2, 0.3), thresholded, rows=n, floor=1.0)
    g.add("WAVELET_DENOISE db2 2 THRESHOLD=universal", "noise", universal("db2", 2), found, rows=n, floor=1.0)
g.write()
