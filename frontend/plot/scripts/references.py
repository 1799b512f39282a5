"""Writes tests/reference/*.txt: what NumPy, matplotlib and Python's datetime say.

Needs numpy and matplotlib. Run it in the crate's folder: python scripts/references.py
"""

import datetime
import pathlib

import matplotlib
import numpy as np
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator

FOLDER = pathlib.Path("tests/reference")
random = np.random.default_rng(20260101)


def write(name, rows):
    text = "".join(" ".join(str(value) for value in row) + "\n" for row in rows)
    (FOLDER / name).write_text(text)


def rgb(colors):
    return np.round(np.asarray(colors)[..., :3] * 255).astype(int)


# name, position, red, green, blue
names = ["viridis", "inferno", "magma", "plasma", "cividis", "turbo", "seismic", "RdBu", "gray", "RdBu_r"]
positions = [-0.5, 0.0, 0.001, 0.1, 0.25, 0.4999, 0.5, 0.75, 0.9, 0.999, 1.0, 2.0]
write("colors.txt", [(n, p, *rgb(matplotlib.colormaps[n](p))) for n in names for p in positions])

# percent, percentile, values ...
lists = [random.standard_normal(n) * 10.0 ** random.integers(-12, 12) for n in (1, 2, 3, 10, 57)]
write("percentiles.txt", [(p, repr(float(np.percentile(v, p))), *map(repr, v.tolist()))
                          for v in lists for p in (0, 2, 37.5, 50, 98, 100)])

# low, high, most, positions ...
ranges = [(0, 1, 5), (0, 1, 8), (-3.2, 7.9, 6), (12.51, 12.93, 4), (0, 511, 8), (-1e-9, 2e-9, 7), (1e6, 3.3e6, 3), (0, 0.07, 8)]
ticks = []
for low, high, most in ranges:
    found = MaxNLocator(nbins=most, steps=[1, 2, 5, 10], min_n_ticks=1).tick_values(low, high)
    tolerance = (high - low) * 1e-9
    ticks.append((low, high, most, *[repr(float(t)) for t in found if low - tolerance <= t <= high + tolerance]))
write("ticks.txt", ticks)

# nanoseconds, date time
instants = [0, 1, -1, 1_654_356_464_800_325_476, 951_782_400_000_000_000, -2_208_988_800_000_000_000,
            1_709_164_799_999_999_999, 4_102_444_800_000_000_000, *random.integers(-2**62, 2**62, 40).tolist()]
epoch = datetime.datetime(1970, 1, 1)
clock = []
for ns in instants:
    whole, rest = divmod(ns, 10**9)
    text = (epoch + datetime.timedelta(seconds=whole)).strftime("%Y-%m-%d %H:%M:%S")
    clock.append((ns, text + (f".{rest:09d}".rstrip("0") if rest else "")))
write("clock.txt", clock)

# The raster: 1000 rows of 37 columns, first row 5, rows 400 to 449 left out; 23-row bins of 5 columns.
# Samples come from an integer formula that the test repeats. Bin, cell, count, min, max, sum.
rows, columns = np.arange(5, 1005)[:, None], np.arange(37)[None, :]
samples = (((rows * 7919 + columns * 104729) % 2003).astype(np.float64) - 1001) / 8
samples[((rows + 3 * columns) % 17 == 0) | (columns == 30) | np.isin(rows, np.arange(400, 450))] = np.nan
cells = []
for bin in range(1005 // 23 + 1):
    for cell in range(8):
        block = samples[(rows[:, 0] // 23) == bin][:, cell * 5:cell * 5 + 5]
        kept = block[~np.isnan(block)]
        cells.append((bin, cell, kept.size, *(map(repr, (float(kept.min()), float(kept.max()), float(kept.sum())))
                                              if kept.size else (0.0, 0.0, 0.0))))
write("raster.txt", cells)

# A picture: value, red, green, blue of 4 rows of 6 columns, RdBu from -3 to 3.
values = np.arange(24).reshape(4, 6) * 0.25 - 2.9
write("picture.txt", [(repr(float(v)), *rgb(matplotlib.colormaps["RdBu"](Normalize(-3, 3)(v)))) for v in values.ravel()])
