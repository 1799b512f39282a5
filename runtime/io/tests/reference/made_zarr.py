"""Makes small Zarr stores with zarr-python and xarray, into made/ beside this script.

Run from anywhere: python made_zarr.py. Needs numpy, zarr 3, numcodecs and xarray. The sample at (row, channel) is row * 100 + channel
in every store; 300 rows of 4 channels (numbers 10, 12, 14, 16 at 100 m, 102 m, …), 250 Hz from 2024-02-29T12:00:00.
"""

import pathlib
import shutil

import numcodecs
import numpy as np
import xarray as xr
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

OUT = pathlib.Path(__file__).parent / "made"
ROWS, CHANNELS = 300, 4
PLAIN = np.arange(ROWS)[:, None] * 100 + np.arange(CHANNELS)[None, :]
START = np.datetime64("2024-02-29T12:00:00", "ns")
STAMPS = START + np.arange(ROWS) * np.timedelta64(4, "ms")


def path(name):
    target = OUT / name
    shutil.rmtree(target, ignore_errors=True)
    return str(target)


def dataset(kind, turned=False, stamps=STAMPS):
    dims = ("distance", "time") if turned else ("time", "distance")
    data = PLAIN.astype(kind)
    strain = xr.DataArray(
        data.T if turned else data,
        dims=dims,
        coords={"time": stamps, "distance": 100 + 2.0 * np.arange(CHANNELS), "channel": ("distance", 10 + 2 * np.arange(CHANNELS))},
        attrs={"units": "nstrain", "gauge_length": 10.0},
        name="strain",
    )
    return xr.Dataset({"strain": strain}, attrs={"instrument": "made"})


def by_xarray(name, version, data, **encoding):
    data.to_zarr(path(name), zarr_format=version, consolidated=version == 2, encoding={"strain": encoding} if encoding else None)


def second(name, kind, **options):
    """Version 2, an array of its own."""
    array = zarr.create_array(path(name), shape=PLAIN.shape, dtype=kind, zarr_format=2, **options)
    array[:] = PLAIN.astype(kind)


def third(name, kind, **options):
    """Version 3, the same."""
    array = zarr.create_array(path(name), shape=PLAIN.shape, dtype=kind, zarr_format=3, dimension_names=["time", "channel"], **options)
    array[:] = PLAIN.astype(kind)


# What xarray writes unless told otherwise: Blosc of version 2, Zstandard of version 3, times as integers of milliseconds.
by_xarray("xarray2.zarr", 2, dataset("f4"))
by_xarray("xarray3.zarr", 3, dataset("f8"), chunks=(128, 3))
by_xarray("turned3.zarr", 3, dataset("i2", turned=True), chunks=(3, 128))
later = STAMPS.copy()
later[200:] += np.timedelta64(4 * 50, "ms")
by_xarray("gap3.zarr", 3, dataset("f4", stamps=later))

for codec in ["lz4", "lz4hc", "zlib", "zstd"]:
    for shuffle, called in [(0, "plain"), (1, "bytes"), (2, "bits")]:
        second(f"blosc_{codec}_{called}.zarr", "<i4", chunks=(128, 3), compressors=numcodecs.Blosc(codec, 9, shuffle))
second("blosc_blocks.zarr", "<f8", chunks=(300, 4), compressors=numcodecs.Blosc("lz4", 5, 1, blocksize=2048))
second("gzip2.zarr", ">f4", chunks=(100, 4), compressors=numcodecs.GZip(5), order="F")
second("zlib2.zarr", "<i2", chunks=(77, 2), compressors=numcodecs.Zlib(5))
second("none2.zarr", ">i2", chunks=(64, 4), compressors=None)
second("delta2.zarr", "<i4", chunks=(64, 4), filters=[numcodecs.Delta(dtype="<i4")])
third("blosc3.zarr", "i4", chunks=(128, 4), compressors=BloscCodec(cname="zstd", shuffle="bitshuffle"))
third("gzip3.zarr", "f8", chunks=(100, 3), compressors=[GzipCodec(), Crc32cCodec()], serializer=BytesCodec(endian="big"))
third("transpose3.zarr", "f4", chunks=(90, 4), filters=[TransposeCodec(order=(1, 0))])
third("sharded3.zarr", "f4", chunks=(32, 2), shards=(128, 4))
third("sharded3_start.zarr", "i2", chunks=(128, 4), serializer=ShardingCodec(chunk_shape=(32, 2), codecs=[BytesCodec(), ZstdCodec()], index_location="start"), compressors=None)
third("complex3.zarr", "c8", chunks=(300, 4))

# Times as seconds in floating point from a time of day on, and one attribute with a fraction for their rate.
floats = dataset("i4")
floats.to_zarr(path("floats2.zarr"), zarr_format=2, encoding={"time": {"units": "seconds since 2024-02-29 11:59:00", "dtype": "f8"}})
floats.to_zarr(path("floats3.zarr"), zarr_format=3, encoding={"time": {"units": "seconds since 2024-02-29 11:59:00", "dtype": "f8"}})
third_rate = START + (np.arange(ROWS) * 3 * 10**5).astype("m8[ns]")
fraction = dataset("f8", stamps=third_rate)
fraction.time.attrs["sampling_rate_hz"] = "10000/3"
by_xarray("fraction3.zarr", 3, fraction)

# Positions that are integers, with other numbers of channels beside them that are no channel numbers.
metres = dataset("f4").rename(distance="x").drop_vars("channel")
metres = metres.assign_coords(x=("x", 40 + 10 * np.arange(CHANNELS), {"units": "m"}), fibre=("x", 7 + np.arange(CHANNELS)))
by_xarray("metres3.zarr", 3, metres)

# Samples that are complex, beside an array of two axes that is not them.
other = xr.Dataset({"data": dataset("c8").strain, "mask": dataset("f4").strain})
other.to_zarr(path("other3.zarr"), zarr_format=3)

# Chunks that were never written are the fill value.
holes = zarr.create_array(path("holes3.zarr"), shape=PLAIN.shape, dtype="f4", chunks=(100, 4), fill_value=np.nan, dimension_names=["time", "channel"])
holes[100:200] = PLAIN[100:200]
