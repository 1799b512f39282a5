"""FBE after SciPy: band-passes, squares, block means."""

import pathlib
import sys

import numpy as np
import scipy
from scipy import signal

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import Set

g = Set(__file__, scipy=scipy.__version__)
AXES = ["time", "band", "channel"]


def fbe(n, bands, design=lambda *a, **k: signal.butter(4, *a, **k)):
    def run(x, fs):
        parts = []
        for low, high in bands:
            if low is None or high is None:
                sos = design(low or high, "low" if low is None else "high", output="sos", fs=fs)
            else:
                sos = design([low, high], "band", output="sos", fs=fs)
            y = signal.sosfilt(sos, x, axis=0) ** 2
            parts.append(y[: len(y) // n * n].reshape(-1, n, x.shape[1]).mean(axis=1))
        return np.stack(parts, axis=1)
    return run


stated = "scipy.signal.butter(output='sos'), sosfilt, squares, block means"
for source in ("noise", "tones", "offset", "denormal_tail"):
    # Squares of 1e-30 are 0 in f32.
    floor = 1e-38 if source == "denormal_tail" else 0.0
    g.add("FBE 50ms [1..10Hz,10..100Hz,100..400Hz]", source, fbe(50, [(1, 10), (10, 100), (100, 400)]), stated, axes=AXES, floor=floor)
g.add("FBE 7 [..20Hz,20..100Hz,0.3kHz..]", "noise", fbe(7, [(None, 20), (20, 100), (300, None)]), stated, axes=AXES, unit="strain", out_unit="strain^2", out_fs=1000 / 7)
g.add("FBE 20 [40..60Hz]", "noise", fbe(20, [(40, 60)]), stated + "; one band", axes=AXES)
g.add("FBE 20 [40..60Hz,100..200Hz] ORDER=3 DESIGN=cheby1", "noise", fbe(20, [(40, 60), (100, 200)], lambda *a, **k: signal.cheby1(3, 0.5, *a, **k)), stated + ", cheby1", axes=AXES, channels=1)
g.add("FBE 1s [0.5..1Hz,1..2Hz,2..20Hz]", "slow_10khz", lambda x, fs: fbe(10000, [(0.5, 1), (1, 2), (2, 20)])(x, fs), stated, axes=AXES)
for n in range(5, 18, 3):
    g.add("FBE 5 [10..100Hz,100..400Hz]", "noise", fbe(5, [(10, 100), (100, 400)]), stated, axes=AXES, rows=n)
g.write()
