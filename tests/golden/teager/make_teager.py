"""TEAGER after Kaiser (1990), in NumPy."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import Set

g = Set(__file__)


def teager(step):
    def run(x, fs):
        padded = np.pad(x, [(step, step), (0, 0)], mode="edge")
        return x**2 - padded[: len(x)] * padded[2 * step :]
    return run


stated = "numpy: x**2 - before * after, ends repeated"
for source in ("noise", "tones", "offset", "nan_bursts"):
    g.add("TEAGER", source, teager(1), stated, rows=200)
g.add("TEAGER STEP=4", "quake_100hz", teager(4), stated, unit="strain", out_unit="strain^2")
for n in range(1, 18):
    # Of a single sample nothing is left.
    g.add("TEAGER", "noise", teager(1), stated, rows=n, floor=float(n == 1))
g.write()
