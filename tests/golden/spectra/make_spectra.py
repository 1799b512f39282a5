"""Spectra of frames and their inverses: what SciPy and NumPy give.

    python make_spectra.py            # rewrites the files beside this one; --check compares
"""

import pathlib
import sys
import warnings

import numpy as np
import scipy
from scipy import signal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from golden import SPECTRUM, TIME, Set

FS = 1000.0
rng = np.random.default_rng(20260311)
T = np.arange(400)[:, None] / FS
X = rng.standard_normal((400, 3)) + np.sin(2 * np.pi * np.array([60.0, 133.0, 17.5]) * T) + 5.0 * T
X[:, 2] += 100.0
X = X.astype(np.float32)
x = X.astype(np.float64)
g = Set(__file__, scipy=scipy.__version__)
g.input("lines", X, FS)


def add(dql, y, stated, axes=TIME, rows=400, **more):
    g.add(dql, "lines", lambda x, fs: y, stated, axes=axes, rows=rows, **more)


def stft(n, hop, y=x, window="hann", **options):
    return signal.stft(y, FS, window=window, nperseg=n, noverlap=n - hop, axis=0, **options)[2]


def istft(z, n, hop, window="hann", **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Frames stand last and channels in the middle; time comes back last.
        return signal.istft(z, FS, window=window, nperseg=n, noverlap=n - hop, freq_axis=0, time_axis=-1, **options)[1].T


def short_time_spectra():
    stated = "scipy.signal.stft"
    for dql, n, hop, options in (
        ("64 HOP=16 DETREND=constant", 64, 16, {"detrend": "constant"}),
        ("64 HOP=16 DETREND=linear", 64, 16, {"detrend": "linear"}),
        ("50 NFFT=64", 50, 25, {"nfft": 64}),
        ("33 HOP=11 NFFT=81 DETREND=linear WINDOW=hamming", 33, 11, {"nfft": 81, "detrend": "linear", "window": "hamming"}),
        ("64 HOP=20 PADDED=FALSE", 64, 20, {"padded": False}),
        ("33 HOP=20 PADDED=FALSE", 33, 20, {"padded": False}),
        ("64 HOP=20 BOUNDARY=none PADDED=TRUE", 64, 20, {"boundary": None}),
        ("33 HOP=20 BOUNDARY=none PADDED=TRUE", 33, 20, {"boundary": None}),
        ("64 HOP=20 BOUNDARY=even", 64, 20, {"boundary": "even", "padded": False}),
        ("33 HOP=20 BOUNDARY=even", 33, 20, {"boundary": "even", "padded": False}),
        ("64 HOP=20 BOUNDARY=constant", 64, 20, {"boundary": "constant", "padded": False}),
        ("64 HOP=32 SYMMETRY=symmetric", 64, 32, {"window": signal.get_window("hann", 64, fftbins=False)}),
        ("51 SYMMETRY=symmetric WINDOW=blackman SCALING=psd", 51, 26, {"window": signal.get_window("blackman", 51, fftbins=False), "scaling": "psd"}),
    ):
        spelled = ", ".join(f"{k}={v if isinstance(v, (str, int, bool, type(None))) else 'symmetric'}" for k, v in options.items())
        add(f"STFT {dql}", np.moveaxis(stft(n, hop, **options), -1, 0), f"{stated}({spelled})", SPECTRUM)


def inverse_short_time_spectra():
    stated = "scipy.signal.istft of scipy.signal.stft"
    for n, hop, window in ((64, 32, "hann"), (64, 16, "hann"), (64, 20, "hamming"), (128, 32, "blackman"), (32, 32, "boxcar"), (50, 7, "hann")):
        z = stft(n, hop, window=window)
        add(f"STFT {n} HOP={hop} WINDOW={window} | ISTFT WINDOW={window}", istft(z, n, hop, window), f"{stated}, {window}")
    # What STFT had is known.
    add("STFT 64 HOP=16 WINDOW=blackman | ISTFT", istft(stft(64, 16, window="blackman"), 64, 16, "blackman"), stated + ", window taken over")
    add("STFT 50 HOP=25 NFFT=128 SCALING=psd | ISTFT", istft(stft(50, 25, nfft=128, scaling="psd"), 50, 25, nfft=128, scaling="psd"), stated + ", zeros and scaling taken over")
    add("STFT 33 HOP=11 BOUNDARY=none WINDOW=hamming | ISTFT", istft(stft(33, 11, window="hamming", boundary=None, padded=False), 33, 11, "hamming", boundary=False), stated + ", boundary taken over")
    add("STFT 33 HOP=11 | ISTFT FRAME=33", istft(stft(33, 11), 33, 11), stated + ", odd frames")
    add("STFT 50 HOP=25 NFFT=64 | ISTFT FRAME=50", istft(stft(50, 25, nfft=64), 50, 25, nfft=64), stated + ", zeros after the frame")
    add("STFT 50 HOP=20 NFFT=65 | ISTFT FRAME=50 NFFT=65", istft(stft(50, 20, nfft=65), 50, 20, nfft=65), stated + ", odd transforms")
    add("STFT 64 HOP=16 SCALING=psd | ISTFT SCALING=psd", istft(stft(64, 16, scaling="psd"), 64, 16, scaling="psd"), stated + ", psd")
    none = {"boundary": None, "padded": False}
    # A window that is nowhere 0 can be undone at the very ends.
    add("STFT 64 HOP=16 BOUNDARY=none WINDOW=hamming | ISTFT BOUNDARY=none WINDOW=hamming", istft(stft(64, 16, window="hamming", **none), 64, 16, "hamming", boundary=False), stated + ", no boundary")
    add("STFT 33 HOP=11 BOUNDARY=none WINDOW=hamming | ISTFT FRAME=33 BOUNDARY=none WINDOW=hamming", istft(stft(33, 11, window="hamming", **none), 33, 11, "hamming", boundary=False), stated + ", no boundary, odd")
    add("STFT 64 HOP=16 BOUNDARY=even | ISTFT", istft(stft(64, 16, boundary="even", padded=False), 64, 16), stated + ", even boundary")
    symmetric = signal.get_window("hann", 64, fftbins=False)
    add("STFT 64 HOP=16 SYMMETRY=symmetric | ISTFT SYMMETRY=symmetric", istft(stft(64, 16, window=symmetric), 64, 16, symmetric), stated + ", symmetric window")
    for rows in (64, 65, 80, 95, 96, 97):
        add("STFT 64 HOP=32 | ISTFT", istft(stft(64, 32, x[:rows]), 64, 32), stated, rows=rows)


def power_spectra():
    stated = "scipy.signal.welch"
    for dql, n, hop, options in (
        ("64", 64, 32, {}),
        ("64 HOP=16 WINDOW=hamming", 64, 16, {"window": "hamming"}),
        ("51 DETREND=linear", 51, 26, {"detrend": "linear"}),
        ("64 HOP=64 WINDOW=boxcar DETREND=none", 64, 64, {"window": "boxcar", "detrend": False}),
        ("50 NFFT=128 SCALING=spectrum", 50, 25, {"nfft": 128, "scaling": "spectrum"}),
        ("64 SYMMETRY=symmetric", 64, 32, {"window": signal.get_window("hann", 64, fftbins=False)}),
    ):
        welch = lambda y: signal.welch(y, FS, nperseg=n, noverlap=n - hop, axis=0, **options)[1]
        add(f"PSD {dql}", welch(x), stated, ["frequency", "channel"])
        blocks = [welch(x[k * 4 * hop : (k * 4 + 3) * hop + n]) for k in range(((400 - n) // hop + 1) // 4)]
        add(f"PSD {dql} EVERY={4 * hop}", np.array(blocks), stated + " of every four frames", SPECTRUM)
    # Of one frame to many, odd and even numbers of them.
    for dql, n, hop, rows, options in (
        ("64", 64, 32, 400, {}),
        ("64 HOP=1", 64, 1, 400, {}),
        ("51 HOP=20 WINDOW=blackman SCALING=spectrum DETREND=linear", 51, 20, 350, {"window": "blackman", "scaling": "spectrum", "detrend": "linear"}),
        *(("64", 64, 32, rows, {}) for rows in (64, 96, 128, 160, 200)),
    ):
        y = signal.welch(x[:rows], FS, nperseg=n, noverlap=n - hop, axis=0, average="median", **options)[1]
        add(f"PSD {dql} AVERAGE=median", y, stated + "(average='median')", ["frequency", "channel"], rows=rows)
    median = lambda x, fs, **options: signal.welch(x, fs, nperseg=64, axis=0, average="median", **options)[1]
    for source in ("offset", "nan_bursts", "steps", "denormals", "quake_100hz"):
        # The squares of denormals are 0 in f32.
        floor = 1.2e-38 if source == "denormals" else 0.0
        g.add("PSD 64 AVERAGE=median", source, median, stated + "(average='median')", axes=["frequency", "channel"], rows=1000, floor=floor)
    for rows in (64, 65, 96):
        add("PSD 64", signal.welch(x[:rows], FS, nperseg=64, axis=0)[1], stated, ["frequency", "channel"], rows=rows)


def whiten(y, n, hop, smooth, low=0.0, high=FS / 2, taper=0.0):
    """Bensen et al. (2007), equation 4, frame by frame: the spectrum over the running mean of its magnitude."""
    step, w = FS / n, signal.get_window("hann", n)
    reach = int(np.floor(0.5 * smooth / step + 0.5))
    f = np.arange(n // 2 + 1) * step
    outside = np.maximum(np.maximum(low - f, f - high), 0.0)
    band = (outside <= 0).astype(float) if taper == 0 else 0.5 * (1 + np.cos(np.pi * np.minimum(outside / taper, 1)))
    out, weight = np.zeros_like(y), np.zeros(len(y))
    for j in range(-n, len(y) // hop + n):
        start = j * hop - n // 2
        rows = np.arange(start, start + n)
        inside = (rows >= 0) & (rows < len(y))
        if not inside.any():
            continue
        frame = np.where(inside[:, None], y[np.clip(rows, 0, len(y) - 1)], 0.0)
        z = np.fft.rfft(frame * w[:, None], axis=0)
        magnitude = np.pad(np.abs(z), [(reach, reach), (0, 0)], mode="reflect")
        mean = np.lib.stride_tricks.sliding_window_view(magnitude, 2 * reach + 1, axis=0).mean(axis=-1)
        white = np.divide(z, mean, out=np.zeros_like(z), where=mean > 0) * band[:, None]
        out[rows[inside]] += (np.fft.irfft(white, n, axis=0) * w[:, None])[inside]
        weight[rows[inside]] += (w**2)[inside]
    return out / np.where(weight > 1e-10, weight, 1.0)[:, None]


def whitened():
    stated = "spectrum over the running mean of its magnitude, Bensen et al. (2007) eq. 4, in NumPy"
    for dql, values in (
        ("64 SMOOTH=100Hz", (64, 32, 100.0)),
        ("64 SMOOTH=0Hz", (64, 32, 0.0)),
        ("128 HOP=32 SMOOTH=60Hz FREQMIN=50Hz FREQMAX=200Hz", (128, 32, 60.0, 50.0, 200.0)),
        ("100 SMOOTH=80Hz FREQMIN=50Hz FREQMAX=200Hz TAPER=30Hz", (100, 50, 80.0, 50.0, 200.0, 30.0)),
        ("256 HOP=100 SMOOTH=150Hz FREQMIN=20Hz TAPER=15Hz", (256, 100, 150.0, 20.0, FS / 2, 15.0)),
        ("51 HOP=20 SMOOTH=90Hz FREQMAX=300Hz TAPER=50Hz", (51, 20, 90.0, 0.0, 300.0, 50.0)),
    ):
        add(f"DETREND AXIS=time | WHITEN {dql}", whiten(signal.detrend(x, axis=0), *values), stated)
    for rows in (64, 65, 97):
        add("DETREND AXIS=time | WHITEN 64 SMOOTH=100Hz", whiten(signal.detrend(x[:rows], axis=0), 64, 32, 100.0), stated, rows=rows)


for group in (short_time_spectra, inverse_short_time_spectra, power_spectra, whitened):
    group()
g.write()
