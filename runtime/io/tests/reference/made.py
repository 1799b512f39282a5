"""Makes small HDF5 files of layouts that the real ones lack, into made/ beside this script. Needs h5py and numpy.

The sample at (row, channel) is row * 100 + channel in every file; 300 rows, 37 channels, 1 kHz from 1.7e18 ns.
"""

import pathlib

import h5py
import numpy as np

OUT = pathlib.Path(__file__).parent / "made"
OUT.mkdir(exist_ok=True)
ROWS, CHANNELS = 300, 37
DATA = np.arange(ROWS)[:, None] * 100 + np.arange(CHANNELS)[None, :]
TIME = 1_700_000_000_000_000_000 + np.arange(ROWS) * 1_000_000
SMALL = dict(libver="earliest")


def plain(name, data, time=TIME, **options):
    with h5py.File(OUT / name, "w", **SMALL) as f:
        d = f.create_dataset("data", data=data, **options)
        f.create_dataset("time", data=time)
        f.create_dataset("distance", data=10.0 + 2.5 * np.arange(CHANNELS))
        d.attrs["units"] = "rad"


plain("deflate.h5", DATA.astype("i4"), chunks=(64, 10), compression="gzip")
plain("shuffle.h5", DATA.astype("f8"), chunks=(64, 10), compression="gzip", shuffle=True, fletcher32=True)
plain("fletcher.h5", DATA.astype("i2"), chunks=(7, 37), fletcher32=True)
plain("big_endian.h5", DATA.astype(">f4"))
plain("big_endian_shuffled.h5", DATA.T.astype(">i2"), chunks=(5, 50), compression="gzip", shuffle=True)
plain("lzf.h5", DATA.astype("f4"), chunks=(64, 10), compression="lzf")
plain("unsigned.h5", DATA.astype("u2"))

# Seven samples are missing before row 100, and the clock jitters by up to a fifth of a period.
JITTER = np.random.default_rng(3).integers(-200_000, 200_000, ROWS)
GAP = np.where(np.arange(ROWS) < 100, 0, 7_000_000)
plain("gap.h5", DATA.astype("f4"), time=TIME + GAP + JITTER)

# Terra15 allocates ahead: the last 50 rows were never filled.
with h5py.File(OUT / "terra15_allocated.h5", "w", **SMALL) as f:
    g = f.create_group("data_product")
    d = g.create_dataset("data", data=DATA.astype("f4"), chunks=(50, CHANNELS))
    d.attrs["dT"] = 0.001
    g.create_dataset("gps_time", data=np.where(np.arange(ROWS) < 250, 1.7e9 + np.arange(ROWS) / 1000, 0.0))
    f.attrs["dx"], f.attrs["sensing_range_start"], f.attrs["data_product_units"] = 2.5, 10.0, "m/s"

# Three Febus blocks of 160 rows that overlap by 60, the third block a second late: the middle 100 rows count.
with h5py.File(OUT / "febus_blocks.h5", "w", **SMALL) as f:
    s = f.create_group("fa1/Source1")
    z = s.create_group("Zone1")
    for where in (s, z):
        where.attrs["Version"] = np.bytes_(b"2.3")
    z.attrs["BlockRate"] = np.array([10000], "i4")
    z.attrs["Spacing"] = np.array([2.0, 1.0, 1.0])
    z.attrs["Origin"] = np.array([0.0, -80.0, 0.0])
    z.attrs["Extent"] = np.array([5, 5 + CHANNELS - 1, 0, 159, 0, 0], "i4")
    z.attrs["GaugeLength"] = np.array([4.0])
    blocks = np.full((3, 160, CHANNELS), -1, "f4")
    for b in range(3):
        blocks[b, 30:130] = DATA[100 * b:100 * b + 100]
    z.create_dataset("StrainRate", data=blocks, chunks=(1, 160, CHANNELS))
    s.create_dataset("time", data=np.array([1.7e9, 1.7e9 + 0.1, 1.7e9 + 1.2]))
