"""Writes what SciPy and NumPy give for spectra of frames and their inverses.

    python make_spectra.py            # rewrites manifest.json, input.npy and expected.npy beside this file
    python make_spectra.py --check    # recomputes everything and compares with the files

The manifest is that of the folder above, from which its file names count. Inputs are f32; every reference runs in f64 on the f32 values.
"""

import json
import pathlib
import sys
import warnings

import numpy as np
from scipy import signal

HERE = pathlib.Path(__file__).parent
FS = 1000.0
rng = np.random.default_rng(20260311)
T = np.arange(400)[:, None] / FS
X = rng.standard_normal((400, 3)) + np.sin(2 * np.pi * np.array([60.0, 133.0, 17.5]) * T) + 5.0 * T
X[:, 2] += 100.0
X = X.astype(np.float32)
x = X.astype(np.float64)
TIME, CHANNEL, SPECTRUM = ["time", "channel"], ["channel"], ["time", "frequency", "channel"]
FREQUENCY = ["frequency", "channel"]
cases, expected = [], []


def add(operator, dql, y, reference, axes=TIME, rows=400, klass="H", **more):
    y = np.asarray(y)
    assert y.ndim == len(axes), (dql, y.shape)
    flat = np.ascontiguousarray(y).view(np.float64).ravel() if np.iscomplexobj(y) else y.astype(np.float64).ravel()
    cases.append({
        "name": f"{operator}_{1 + sum(c['operator'] == operator for c in cases):02}", "operator": operator, "dql": dql, "class": klass, "reference": reference,
        "input": {"file": "spectra/input.npy", "shape": [rows, 3], "fs": FS, "dx": 2.0},
        "expected": {"file": "spectra/expected.npy", "offset": sum(map(len, expected)), "shape": list(y.shape), "axes": axes, "complex": bool(np.iscomplexobj(y))},
        "rtol": 1e-6, "floor": 0.0, **more,
    })
    expected.append(flat)


def stft(n, hop, y=x, window="hann", **options):
    return signal.stft(y, FS, window=window, nperseg=n, noverlap=n - hop, axis=0, **options)[2]


def istft(z, n, hop, window="hann", **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Frames stand last and channels in the middle.
        return signal.istft(z, FS, window=window, nperseg=n, noverlap=n - hop, freq_axis=0, time_axis=-1, **options)[1]


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
        add("stft", f"STFT {dql}", np.moveaxis(stft(n, hop, **options), -1, 0), f"{stated}({spelled})", SPECTRUM)


def inverse_short_time_spectra():
    stated = "scipy.signal.istft of scipy.signal.stft"
    for n, hop, window in ((64, 32, "hann"), (64, 16, "hann"), (64, 20, "hamming"), (128, 32, "blackman"), (32, 32, "boxcar"), (50, 7, "hann")):
        z = stft(n, hop, window=window)
        add("istft", f"STFT {n} HOP={hop} WINDOW={window} | ISTFT WINDOW={window}", istft(z, n, hop, window), f"{stated}, {window}")
    # Windows that differ show what the inverse does by itself.
    for one, other in (("hann", "hamming"), ("boxcar", "hann"), ("blackman", "boxcar")):
        add("istft", f"STFT 64 HOP=16 WINDOW={one} | ISTFT WINDOW={other}", istft(stft(64, 16, window=one), 64, 16, other), f"{stated} with windows {one} and {other}")
    add("istft", "STFT 33 HOP=11 | ISTFT FRAME=33", istft(stft(33, 11), 33, 11), stated + ", odd frames")
    add("istft", "STFT 50 HOP=25 NFFT=64 | ISTFT FRAME=50", istft(stft(50, 25, nfft=64), 50, 25, nfft=64), stated + ", zeros after the frame")
    add("istft", "STFT 50 HOP=20 NFFT=65 | ISTFT FRAME=50 NFFT=65", istft(stft(50, 20, nfft=65), 50, 20, nfft=65), stated + ", odd transforms")
    add("istft", "STFT 64 HOP=16 SCALING=psd | ISTFT SCALING=psd", istft(stft(64, 16, scaling="psd"), 64, 16, scaling="psd"), stated + ", psd")
    add("istft", "STFT 64 HOP=16 SCALING=psd | ISTFT", istft(stft(64, 16, scaling="psd"), 64, 16), stated + ", scaled in two ways")
    none = {"boundary": None, "padded": False}
    # A window that is nowhere 0 can be undone at the very ends.
    add("istft", "STFT 64 HOP=16 BOUNDARY=none WINDOW=hamming | ISTFT BOUNDARY=none WINDOW=hamming", istft(stft(64, 16, window="hamming", **none), 64, 16, "hamming", boundary=False), stated + ", no boundary")
    add("istft", "STFT 33 HOP=11 BOUNDARY=none WINDOW=hamming | ISTFT FRAME=33 BOUNDARY=none WINDOW=hamming", istft(stft(33, 11, window="hamming", **none), 33, 11, "hamming", boundary=False), stated + ", no boundary, odd")
    add("istft", "STFT 64 HOP=16 BOUNDARY=even | ISTFT", istft(stft(64, 16, boundary="even", padded=False), 64, 16), stated + ", even boundary")
    symmetric = signal.get_window("hann", 64, fftbins=False)
    add("istft", "STFT 64 HOP=16 SYMMETRY=symmetric | ISTFT SYMMETRY=symmetric", istft(stft(64, 16, window=symmetric), 64, 16, symmetric), stated + ", symmetric window")
    for rows in (64, 65, 80, 95, 96, 97):
        add("istft", "STFT 64 HOP=32 | ISTFT", istft(stft(64, 32, x[:rows]), 64, 32), stated, rows=rows)


def main():
    for group in (short_time_spectra, inverse_short_time_spectra):
        group()
    values = np.concatenate(expected)
    lines = ",\n".join("  " + json.dumps(c) for c in cases)
    manifest = '{\n "cases": [\n' + lines + "\n ]\n}\n"
    if "--check" in sys.argv:
        assert np.array_equal(np.load(HERE / "input.npy"), X)
        assert (HERE / "manifest.json").read_text() == manifest
        np.testing.assert_allclose(np.load(HERE / "expected.npy"), values, rtol=1e-9, atol=1e-12)
    else:
        np.save(HERE / "input.npy", X)
        np.save(HERE / "expected.npy", values)
        (HERE / "manifest.json").write_text(manifest)
    print(len(cases), "cases,", values.nbytes, "bytes")


main()
