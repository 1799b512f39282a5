"""Writes what SciPy, ObsPy and PyWavelets give for operators made of banks of filters and of correlations.

    python make_banks.py            # rewrites manifest.json and expected.npy beside this file
    python make_banks.py --check    # recomputes everything and compares with the files

The manifest is that of ../README.md, with `segments` where the record has gaps (row ranges; the input holds their rows one after another).
"""

import json
import pathlib
import sys

import numpy as np
import obspy
import pywt
import scipy
from obspy.signal.cross_correlation import correlate_template
from scipy import signal

HERE = pathlib.Path(__file__).parent
INPUTS = HERE.parent / "inputs"
RTOL = 1e-6
RATES = {"slow_10khz": 10000.0, "quake_100hz": 100.0}
TIME = ["time", "channel"]

cases, expected = [], []


def load(source, rows=None):
    return np.load(INPUTS / f"{source}.npy")[:rows].astype(np.float64), RATES.get(source, 1000.0)


def add(operator, dql, source, y, stated, klass="H", *, rows=None, axes=TIME, floor=0.0, rtol=RTOL, **more):
    x, fs = load(source, rows)
    y = np.asarray(y)
    assert y.ndim == len(axes), (dql, y.shape)
    flat = np.ascontiguousarray(y).view(np.float64).ravel() if np.iscomplexobj(y) else y.astype(np.float64).ravel()
    cases.append({
        "name": f"{operator}_{1 + sum(c['operator'] == operator for c in cases):02}", "operator": operator, "dql": dql,
        "class": klass, "reference": stated,
        "input": {"file": f"../inputs/{source}.npy", "shape": list(x.shape), "fs": fs, "dx": 2.0},
        "expected": {"file": "expected.npy", "offset": sum(map(len, expected)), "shape": list(y.shape), "axes": axes, "complex": bool(np.iscomplexobj(y))},
        "rtol": rtol, "floor": floor, **more,
    })
    expected.append(flat)


def ceil_div(a, b):
    return -(-a // b)


def resample():
    stated = "scipy.signal.resample_poly"
    of = lambda x, up, down: signal.resample_poly(x, up, down, axis=0)
    # (rate in Hz, up, down) at 1 kHz.
    for rate, up, down in ((250, 1, 4), (400, 2, 5), (1500, 3, 2), (2000, 2, 1), (800, 4, 5), (1008, 126, 125), (130, 13, 100), (1000, 1, 1)):
        for source in ("noise", "offset", "tones", "denormals"):
            x, fs = load(source)
            add("resample", f"RESAMPLE {rate}Hz", source, of(x, up, down), stated, out_fs=float(rate))
    for n in range(1, 18):
        for rate, up, down in ((250, 1, 4), (1500, 3, 2), (400, 2, 5)):
            x, fs = load("noise", n)
            add("resample", f"RESAMPLE {rate}Hz", "noise", of(x, up, down), stated, rows=n, floor=0.1)
    x, fs = load("slow_10khz")
    add("resample", "RESAMPLE 4kHz", "slow_10khz", of(x, 2, 5), stated, out_fs=4000.0)
    x, fs = load("slow_1khz")
    add("resample", "RESAMPLE 10Hz", "slow_1khz", of(x, 1, 100), stated, out_fs=10.0)
    # With gaps each stretch stands by itself, and instants are counted from the record's start.
    x, fs = load("noise")
    segments = [[3, 203], [307, 607], [701, 801]]
    for rate, up, down in ((400, 2, 5), (250, 1, 4), (1500, 3, 2)):
        parts, at = [], 0
        for a, b in segments:
            alone = np.concatenate([np.zeros((a, x.shape[1])), x[at : at + b - a]])
            parts.append(of(alone, up, down)[ceil_div(a * up, down) :])
            at += b - a
        add("resample", f"RESAMPLE {rate}Hz", "noise", np.concatenate(parts), stated + " of each stretch, zeros before it", segments=segments)


def template_match():
    stated = "obspy correlate_template(mode='valid', normalize='full', demean=True)"

    def of(x, t):
        """By the definition, window by window: ObsPy's running sums leave rounding of their own, to which it agrees."""
        windows = np.lib.stride_tricks.sliding_window_view(x - x.mean(axis=0), len(t), axis=0)
        windows = windows - windows.mean(axis=-1, keepdims=True)
        t = t - t.mean(axis=0)
        t = t - t.mean(axis=0)
        norm = np.sqrt((windows**2).sum(axis=-1) * (t**2).sum(axis=0))
        varies = norm > 1e-9
        y = np.where(varies, np.einsum("ick,kc->ic", windows, t) / np.where(varies, norm, 1.0), 0.0)
        obspy = [correlate_template(c - c.mean(), w - w.mean(), mode="valid", normalize="full", demean=True) for c, w in zip(x.T, t.T)]
        assert np.allclose(np.stack(obspy, axis=1)[varies], y[varies], rtol=0, atol=1e-5 if len(t) > 2 else 1e-3)
        return y

    for source in ("noise", "offset", "tones", "steps", "quake_100hz"):
        x, fs = load(source)
        for a, b in ((100, 160), (210, 241), (3, 5), (0, 600), (590, 600), (50, 434)):
            add("template_match", f"TEMPLATE_MATCH {a}..{b}", source, of(x, x[a:b]), stated, "2", floor=1e-3)
    x, fs = load("noise")
    add("template_match", "TEMPLATE_MATCH 100..160 CH=2..3", "noise", of(x, x[100:160, [2] * x.shape[1]]), stated + ", the template of channel 2", "2")
    add("template_match", "TEMPLATE_MATCH 0.1s..0.16s | MEAN AXIS=channel", "noise", of(x, x[100:160]).mean(axis=1), stated + ", mean over channels", "2", axes=["time"])
    x, fs = load("slow_10khz", 9000)
    add("template_match", "TEMPLATE_MATCH 5000..6500", "slow_10khz", of(x, x[5000:6500]), stated, "2", rows=9000)
    x, fs = load("noise")
    segments, parts, at = [[3, 203], [307, 607], [701, 751], [800, 850]], [], 0
    for a, b in segments:
        if b - a >= 60:
            parts.append(of(x[at : at + b - a], x[100:160]))
        at += b - a
    add("template_match", "TEMPLATE_MATCH 100..160", "noise", np.concatenate(parts), stated + " of each stretch", "2", segments=segments)


def cwt():
    stated = "pywt.cwt(x, 0.8125 * fs / f, 'morl', axis=0, precision=12)"

    def of(x, fs, low, high, count):
        frequencies = low * (high / low) ** (np.arange(count) / max(count - 1, 1))
        coefficients, _ = pywt.cwt(x, 0.8125 * fs / frequencies, "morl", axis=0, precision=12)
        return np.moveaxis(coefficients, 0, 1)

    axes = ["time", "frequency", "channel"]
    for source in ("noise", "offset", "tones"):
        x, fs = load(source)
        for low, high, count in ((20, 100, 5), (5, 450, 3), (50, 50, 1)):
            add("cwt", f"CWT {low}Hz {high}Hz COUNT={count}", source, of(x, fs, low, high, count), stated, axes=axes)
    for n in (1, 2, 5, 17):
        x, fs = load("noise", n)
        add("cwt", "CWT 60Hz 300Hz COUNT=3", "noise", of(x, fs, 60, 300, 3), stated, axes=axes, rows=n)
    # Wavelets of 2600 and 6500 samples, of which the second is longer than the record.
    x, fs = load("slow_1khz", 5000)
    add("cwt", "CWT 5Hz 20Hz COUNT=2", "slow_1khz", of(x, fs, 5, 20, 2), stated, axes=axes, rows=5000)
    add("cwt", "CWT 2Hz 2Hz COUNT=1", "slow_1khz", of(x, fs, 2, 2, 1), stated, axes=axes, rows=5000)


def correlate():
    stated = "scipy.signal.correlate(window, source window, mode='full') at lags -lag to lag"
    axes = ["time", "lag", "channel"]

    def of(x, sources, n, hop, lag, demean=False, coefficient=False):
        rows = []
        for at in range(0, len(x) - n + 1, hop):
            w = x[at : at + n]
            w = w - w.mean(axis=0) if demean else w
            s = w[:, sources].mean(axis=1)
            y = np.stack([signal.correlate(c, s, mode="full", method="direct") for c in w.T], axis=1)[n - 1 - lag : n + lag]
            rows.append(y / np.sqrt((w**2).sum(axis=0) * (s**2).sum()) if coefficient else y)
        return np.array(rows)

    for source in ("noise", "tones", "offset"):
        x, fs = load(source)
        add("correlate", "CORRELATE 1..2 200 50", source, of(x, [1], 200, 200, 50), stated, axes=axes)
        add("correlate", "CORRELATE 0..3 64 63 HOP=50", source, of(x, [0, 1, 2], 64, 50, 63), stated + ", the mean of channels 0 to 2", axes=axes)
        add("correlate", "CORRELATE 2..3 120ms 30ms SCALE=coefficient DEMEAN=true", source, of(x, [2], 120, 120, 30, True, True), stated + ", means taken out, over the root of both energies", axes=axes)
    x, fs = load("noise")
    add("correlate", "CORRELATE 1..2 1 0", "noise", of(x[:5], [1], 1, 1, 0), stated, axes=axes, rows=5)

    def pws(x, power):
        z = signal.hilbert(x, axis=1)
        return x.mean(axis=0) * np.abs((z / np.abs(z)).mean(axis=0)) ** power

    weighted = "Schimmel & Paulssen (1997) in NumPy and scipy.signal.hilbert"
    for source in ("noise", "tones"):
        x, fs = load(source)
        for power in (0, 1, 2, 3.5):
            y = pws(of(x, [1], 60, 30, 20), power)
            add("pws", f"CORRELATE 1..2 60 20 HOP=30 | PWS POWER={power}", source, y, weighted, "2", axes=["lag", "channel"])


def fir():
    stated = "scipy.signal.firwin, lfilter"
    for source, taps in (("slow_1khz", 1025), ("slow_10khz", 4001)):
        x, fs = load(source, 10000)
        h = signal.firwin(taps, [10, 200], pass_zero=False, fs=fs)
        add("fir", f"FIR 10Hz 200Hz TAPS={taps}", source, signal.lfilter(h, 1.0, x, axis=0), stated, rows=10000)
    x, fs = load("noise")
    h = signal.firwin(1025, [10, 200], pass_zero=False, fs=fs)
    add("fir", "FIR 10Hz 200Hz TAPS=1025", "noise", signal.lfilter(h, 1.0, x, axis=0), stated + "; longer than the record")


def main():
    resample()
    template_match()
    cwt()
    correlate()
    fir()
    flat = np.concatenate(expected)
    versions = {"numpy": np.__version__, "scipy": scipy.__version__, "obspy": obspy.__version__, "pywt": pywt.__version__}
    manifest = '{"versions": ' + json.dumps(versions) + ', "cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]}\n"
    if "--check" in sys.argv:
        old = np.load(HERE / "expected.npy")
        assert (HERE / "manifest.json").read_text() == manifest, "the manifest differs"
        assert old.shape == flat.shape and np.allclose(old, flat, rtol=1e-9, atol=1e-12, equal_nan=True), "values differ"
        return
    np.save(HERE / "expected.npy", flat)
    (HERE / "manifest.json").write_text(manifest)
    print(len(cases), "cases,", flat.nbytes >> 10, "KiB")


if __name__ == "__main__":
    main()
