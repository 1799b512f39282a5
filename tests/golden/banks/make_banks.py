"""Writes what SciPy, ObsPy and PyWavelets give for operators made of banks of filters and of correlations.

    python make_banks.py            # rewrites manifest.json and expected.npy beside this file
    python make_banks.py --check    # recomputes everything and compares with the files

The manifest is that of ../README.md, with `segments` where the record has gaps (row ranges; the input holds their rows one after another).
"""

import json
import pathlib
import sys

import numpy as np
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


def main():
    resample()
    flat = np.concatenate(expected)
    manifest = '{"cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]}\n"
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
