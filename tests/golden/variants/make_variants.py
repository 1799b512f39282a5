"""Writes what NumPy and SciPy give for parameters, gaps and anchoring that tests/golden leaves out.

    python make_variants.py            # rewrites manifest.json, input.npy and expected.npy beside this file

The manifest is that of tests/golden, with two more fields: `segments` (row ranges of a record with gaps; the input holds their
rows one after another) and `unit` of the input.
"""

import json
import pathlib

import numpy as np
from scipy import ndimage, signal

HERE = pathlib.Path(__file__).parent
FS = 1000.0
rng = np.random.default_rng(20260101)
X = (rng.standard_normal((300, 4)) + np.sin(2 * np.pi * 60 * np.arange(300)[:, None] / FS)).astype(np.float32)
TIME, CHANNEL, SPECTRUM = ["time", "channel"], ["channel"], ["time", "frequency", "channel"]
SEGMENTS = [[0, 120], [150, 330]]

cases, expected = [], []


def add(dql, y, axes=TIME, rows=300, **more):
    y = np.asarray(y)
    flat = np.ascontiguousarray(y).view(np.float64).ravel() if np.iscomplexobj(y) else y.astype(np.float64).ravel()
    cases.append({
        "name": f"variant_{len(cases) + 1:02}", "dql": dql,
        "input": {"file": "input.npy", "shape": [rows, 4], "fs": FS, "dx": 2.0},
        "expected": {"file": "expected.npy", "offset": sum(map(len, expected)), "shape": list(y.shape), "axes": axes, "complex": bool(np.iscomplexobj(y))},
        "floor": 0.0, **more,
    })
    expected.append(flat)


def gapped(dql, f, axes=TIME, segments=SEGMENTS):
    """`f` on each stretch by itself; it gets the rows and the number of the first."""
    parts, at = [], 0
    for a, b in segments:
        parts.append(f(x[at : at + b - a], a))
        at += b - a
    add(dql, np.concatenate(parts), axes, segments=segments)


x = X.astype(np.float64)
power = lambda z: np.abs(z) ** 2
db = lambda r: 20 * np.log10(r)
trailing = lambda v, i, n: v[max(0, i - n + 1) : i + 1]


def sos(design):
    return signal.sosfilt(design, x, axis=0)


def stft(n, hop, y=x, **options):
    return np.moveaxis(signal.stft(y, FS, nperseg=n, noverlap=n - hop, axis=0, **options)[2], -1, 0)


# Slices by number, share and distance.
add("SLICE TIME=100..200/3", x[100:200:3], out_fs=FS / 3)
add("SLICE TIME=10%..50%", x[30:150])
add("SLICE TIME=0.2s..", x[200:])
add("SLICE CH=1..", x[:, 1:])
add("SLICE CH=0..4/2 | SLICE CH=2..3", x[:, 2:3])
add("SLICE DIST=2m..6m", x[:, 1:3])
add("SLICE DIST=0.003km..", x[:, 2:])

# Complex data.
add("HILBERT | SCALE -2", -2 * signal.hilbert(x, axis=0))
add("HILBERT | SQUARE", power(signal.hilbert(x, axis=0)))
add("STFT 50 | ABS", np.abs(stft(50, 25)), SPECTRUM)
add("STFT 50 | ABS | MAX AXIS=frequency", np.abs(stft(50, 25)).max(axis=1))
add("STFT 50 | SQUARE | MEAN AXIS=channel", power(stft(50, 25)).mean(axis=2), ["time", "frequency"])
add("STFT 50 | DB", 10 * np.log10(power(stft(50, 25))), SPECTRUM)
add("FFT | ABS", np.abs(np.fft.rfft(x, axis=0)), ["frequency", "channel"])

# Decibels.
add("DB REF=2", db(np.abs(x) / 2), unit="strain/s")
add("DB REF=100nstrain/s", db(np.abs(x) / 1e-7), unit="strain/s")
add("SQUARE | DB REF=1mstrain/s", 10 * np.log10(x**2 / 1e-6), unit="strain/s")
add("DB OF=power", 10 * np.log10(np.abs(x)))
add("DB REF=max", db(np.abs(x) / np.abs(x).max()))
noise = np.zeros_like(x)
for i in range(20, 300):
    noise[i] = np.abs(x[i]) / np.sqrt((x[i - 20 : i] ** 2).mean(axis=0))
with np.errstate(divide="ignore"):
    add("DB REF=noise(20ms)", db(noise))
spectral = signal.spectrogram(x, FS, nperseg=50, axis=0)[2]
add("SPECTROGRAM 50 | DB", np.moveaxis(10 * np.log10(spectral), -1, 0), SPECTRUM)

# Statistics along other axes, gaps.
add("DETREND AXIS=channel", signal.detrend(x, axis=1))
add("DEMEAN AXIS=channel", x - x.mean(axis=1, keepdims=True))
add("COMMON_MODE", x - x.mean(axis=1, keepdims=True))
add("NORMALIZE METHOD=l2 AXIS=channel", x / np.linalg.norm(x, axis=1, keepdims=True))
gapped("DETREND", lambda s, a: signal.detrend(s, axis=0))
gapped("DEMEAN", lambda s, a: s - s.mean(axis=0))
gapped("NORMALIZE METHOD=max", lambda s, a: s / np.abs(s).max(axis=0))
gapped("TAPER 0.3", lambda s, a: s * signal.windows.tukey(len(s), 0.3)[:, None])
gapped("CUMSUM", lambda s, a: np.cumsum(s, axis=0))
gapped("DIFF N=2", lambda s, a: np.diff(s, 2, axis=0))
gapped("RMS 9ms", lambda s, a: np.array([np.sqrt((trailing(s, i, 9) ** 2).mean(axis=0)) for i in range(len(s))]))
gapped("BANDPASS 10 200", lambda s, a: signal.sosfilt(signal.butter(4, [10, 200], "band", output="sos", fs=FS), s, axis=0))
gapped("MEDIAN 5", lambda s, a: ndimage.median_filter(s, size=(5, 1), mode="reflect"))
add("MEAN AXIS=time", x.mean(axis=0), CHANNEL, segments=SEGMENTS)
add("STD AXIS=time", x.std(axis=0), CHANNEL, segments=SEGMENTS)

# Blocks, kept rows and frames count from the first sample of the record.
blocks = lambda s, a, n: s[(-a) % n :][: (len(s) - (-a) % n) // n * n].reshape(-1, n, 4).mean(axis=1)
add("SLICE TIME=37ms.. | STACK 10", blocks(x[37:], 37, 10))
gapped("STACK 7", lambda s, a: blocks(s, a, 7))
lowpassed = signal.sosfilt(signal.cheby1(8, 0.05, 0.8 / 4, output="sos"), x[37:], axis=0)
add("SLICE TIME=37ms.. | DECIMATE 4", lowpassed[3::4], out_fs=250.0)
taps = signal.firwin(81, 1 / 4, window="hamming")
add("DECIMATE 4 METHOD=fir", signal.lfilter(taps, 1, x, axis=0)[::4], out_fs=250.0)
add("SLICE TIME=37ms.. | DECIMATE 4 METHOD=fir", signal.lfilter(taps, 1, x[37:], axis=0)[3::4])
gapped("DECIMATE 4", lambda s, a: signal.sosfilt(signal.cheby1(8, 0.05, 0.8 / 4, output="sos"), s, axis=0)[(-a) % 4 :: 4])

# Designs.
add("LOWPASS 100 ORDER=5 DESIGN=cheby1 RIPPLE=1dB", sos(signal.cheby1(5, 1, 100, fs=FS, output="sos")))
add("HIGHPASS 100 ORDER=5 DESIGN=cheby2 ATTENUATION=30dB", sos(signal.cheby2(5, 30, 100, "high", fs=FS, output="sos")))
add("BANDPASS 50 150 ORDER=3 DESIGN=ellip RIPPLE=1dB ATTENUATION=50dB", sos(signal.ellip(3, 1, 50, [50, 150], "band", fs=FS, output="sos")))
add("BANDPASS 50 150 DESIGN=bessel", sos(signal.bessel(4, [50, 150], "band", fs=FS, output="sos")))
fir = lambda cutoffs, taps, pass_zero, window="hamming": signal.lfilter(signal.firwin(taps, cutoffs, window=window, pass_zero=pass_zero, fs=FS), 1, x, axis=0)
add("FIR 0 80 TAPS=31", fir(80, 31, True))
add("FIR 80 500 TAPS=31", fir(80, 31, False))
add("FIR 50 80 TAPS=31 KIND=bandstop WINDOW=blackmanharris", fir([50, 80], 31, True, "blackmanharris"))
add("FIR 50 80 TAPS=30 WINDOW=tukey", fir([50, 80], 30, False, ("tukey", 0.25)))
add("RMS 20ms EDGE=zero", np.array([np.sqrt((trailing(x, i, 20) ** 2).sum(axis=0) / 20) for i in range(300)]))
add("SPATIAL_SMOOTH 3 MODE=zero", ndimage.uniform_filter1d(x, 3, axis=1, mode="constant"))

# Spectra: options, odd frames and every remainder of the last one.
add("STFT 50 BOUNDARY=none", stft(50, 25, boundary=None, padded=False), SPECTRUM)
add("STFT 64 HOP=20 SCALING=psd WINDOW=blackmanharris", stft(64, 20, scaling="psd", window="blackmanharris"), SPECTRUM)
add("STFT 64 HOP=20 WINDOW=tukey", stft(64, 20, window=("tukey", 0.25)), SPECTRUM)
for n, hop in ((33, 20), (33, 7), (1, 1), (7, 3), (20, 7)):
    for rows in (100, 101, 102, 120, 121, 122):
        add(f"STFT {n} HOP={hop} WINDOW=boxcar", stft(n, hop, x[:rows], window="boxcar"), SPECTRUM, rows=rows)
options = {"nperseg": 50, "axis": 0}
add("SPECTROGRAM 50 SCALING=spectrum", np.moveaxis(signal.spectrogram(x, FS, scaling="spectrum", **options)[2], -1, 0), SPECTRUM)
add("SPECTROGRAM 50 DETREND=none", np.moveaxis(signal.spectrogram(x, FS, detrend=False, **options)[2], -1, 0), SPECTRUM)
add("SPECTROGRAM 51", np.moveaxis(signal.spectrogram(x, FS, nperseg=51, axis=0)[2], -1, 0), SPECTRUM)
gapped("SPECTROGRAM 50 HOP=25", lambda s, a: np.moveaxis(signal.spectrogram(s[(-a) % 25 :], FS, noverlap=25, **options)[2], -1, 0), SPECTRUM)


# Detections: (channel, first row above on, last row above off).
def events(dql, level, on, off, **more):
    rows = []
    for channel, v in enumerate(level.T):
        active = None
        for i, value in enumerate([*v, -np.inf]):
            if active is None and value > on:
                active = i
            elif active is not None and not value > off:
                rows.append([channel, active, i - 1])
                active = None
    assert rows, dql
    add(dql, np.array(rows, dtype=float), ["event", "channel_on_off"], **more)


events("THRESHOLD_DETECT 6", np.abs(x), 10 ** (6 / 20), 10 ** (6 / 20))
events("THRESHOLD_DETECT -6dB OFF=-12dB REF=max", np.abs(x) / np.abs(x).max(), 10 ** (-6 / 20), 10 ** (-12 / 20))
events("THRESHOLD_DETECT 6 OFF=0 REF=noise(20ms)", noise, 10 ** (6 / 20), 1.0)
events("THRESHOLD_DETECT 2000mstrain/s OFF=1strain/s", np.abs(x), 2.0, 1.0, unit="strain/s")
events("THRESHOLD_DETECT 2 OFF=1.5 RATIO=TRUE", np.abs(x), 2.0, 1.5)
events("SQUARE | THRESHOLD_DETECT 2strain/s OFF=1strain/s", x**2, 4.0, 1.0, unit="strain/s")
events("STFT 50 | THRESHOLD_DETECT -7", np.abs(stft(50, 25)).max(axis=1), 10 ** (-7 / 20), 10 ** (-7 / 20))
events("SPECTROGRAM 50 | THRESHOLD_DETECT -16", spectral.max(axis=0).T, 10 ** (-16 / 10), 10 ** (-16 / 10))

np.save(HERE / "input.npy", X)
np.save(HERE / "expected.npy", np.concatenate(expected))
lines = ",\n".join("  " + json.dumps(c) for c in cases)
(HERE / "manifest.json").write_text('{\n "cases": [\n' + lines + "\n ]\n}\n")
print(len(cases), "cases")
