"""Reads what dasc-io must find in the files of tests/data, independently, with h5py and NumPy.

Run from anywhere: python hdf5.py  (writes hdf5.json beside this script). Needs h5py and numpy.
Each file gets shape (samples, channels), rate in Hz, spacing in m, start in ns since 1970, unit, scale,
first channel, distance of the first channel, and samples as [row, column, stored value].
"""

import json
import pathlib
from datetime import datetime, timezone
from fractions import Fraction

import h5py
import numpy as np

HERE = pathlib.Path(__file__).parent
DATA = HERE.parents[3] / "tests" / "data"


def ns(text):
    """ISO 8601 to nanoseconds, with up to nine decimals."""
    text = text.replace("Z", "+00:00")
    whole, _, rest = text.partition(".")
    digits = "".join(c for c in rest.split("+")[0])
    offset = rest[len(digits):] if rest else ""
    when = datetime.fromisoformat(whole + offset)
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return int(when.timestamp()) * 10**9 + int((digits or "0").ljust(9, "0")[:9])


def one(x):
    return np.ravel(x)[0]


def seconds(x):
    return int(Fraction(float(x)) * 10**9)


def prodml(f):
    acq, raw = f["Acquisition"].attrs, f["Acquisition/Raw[0]"]
    t = raw["RawDataTime"][:]
    dx, fs = acq["SpatialSamplingInterval"], raw.attrs["OutputDataRate"]
    assert list(raw["RawData"].attrs["Dimensions"]) == [b"time", b"locus"]
    assert np.all(np.diff(t) == round(1e6 / fs))
    # Silixa: 116 nm * raw * fs / (8192 * gauge length) is strain rate in nm/m/s.
    scale = 116 * fs / (8192 * acq["GaugeLength"])
    first = int(acq["StartLocusIndex"])
    return raw["RawData"][:], fs, dx, int(t[0]) * 1000, "nstrain/s", scale, first, first * dx


def silixa(f):
    d = f["Acoustic"]
    a = d.attrs
    fs = float(a["SamplingFrequency[Hz]"])
    dx = float(a["SpatialResolution[m]"]) * float(a["Fibre Length Multiplier"])
    # The attributes name both ends of the fibre, so the spacing can be had another way.
    ends = (float(a["Stop Distance (m)"]) - float(a["Start Distance (m)"])) / (d.shape[1] - 1)
    assert abs(ends / dx - 1) < 1e-5
    start = ns("2023-09-22T18:29:26.158")
    assert a["GPSTimeStamp"] == "22/09/2023 18:29:26.158 (UTC)"
    scale = float(a["Unit Calibration (nm)"]) * fs / (8192 * float(a["GaugeLength"]))
    return d[:], fs, dx, start, "nstrain/s", scale, 0, float(a["Start Distance (m)"])


def terra15(f):
    d = f["data_product/data"]
    t = f["data_product/gps_time"]
    return d[:], 1 / d.attrs["dT"], f.attrs["dx"], seconds(t[0]), "m/s", 1.0, 0, f.attrs["sensing_range_start"]


def optodas(f):
    h = f["header"]
    channels, dx = h["channels"][:], h["dx"][()]
    step = int(one(f["demodSpec/roiDec"]))
    assert np.all(np.diff(channels) == step)
    start = int(np.round(h["time"][()] * 1e6)) * 1000
    unit = h["unit"][()].decode()
    return f["data"][:], 1 / h["dt"][()], dx * step, start, unit, float(h["dataScale"][()]), int(channels[0]), dx * channels[0]


def febus(f):
    s = f["fa1-24090193/Source1"]
    z = s["Zone1"]
    (name,) = z.keys()
    dt, dx = z.attrs["Spacing"][1] / 1000, z.attrs["Spacing"][0]
    block = z[name]
    period = 1000 / one(z.attrs["BlockRate"])
    # Blocks abut when each gives one period of rows: round(1 s / 0.95238095 ms) = 1050.
    rows = round(period / dt)
    before = (block.shape[1] - rows) // 2
    data = np.concatenate([b[before:before + rows] for b in block[:]])
    start = seconds(s["time"][0]) - round((block.shape[1] // 2 - before) * dt * 1e9)
    first = int(z.attrs["Extent"][0])
    assert data.shape == (1050, 101)
    return data, 1 / dt, dx, start, "dB", 1.0, first, z.attrs["Origin"][0] + first * dx


def ap_sensing(f):
    p = f["ProcessingServer"]
    # SpatialSampling is an f32; 3 points of the digitiser make one.
    dx = float(one(p["SpatialSampling"]))
    assert abs(dx / (3 * one(f["DAQ/SamplingInterval"])) - 1) < 1e-6
    start = ns(one(f["Metadata/Timestamp"]).decode())
    return f["DAS"][:], float(one(p["DataRate"])), dx, start, "rad", 1.0, 0, float(one(f["DAQ/PositionStart"]))


def neubrex(f):
    d = f["Acoustic"]
    a = d.attrs
    start = ns(a["GPSTimeStamp(UTC)"].replace(" ", "T"))
    assert a["DataPhysicalUnit"] == "micro-strain/second"
    dx, fs = float(a["SpatialSamplingInterval"]), float(a["InterrogationRate(Hz)"])
    return d[:], fs, dx, start, "ustrain/s", 1.0, 0, float(a["StartPosition"])


def gdr(f):
    a = f["DasMetadata/Interrogator/Acquisition"].attrs
    t = f["DasRawData/DasTimeArray"][:].astype("i8")
    assert np.all(np.diff(t) == 10**9 // int(a["AcquisitionSampleRate"]))
    return f["DasRawData/RawData"][:], 1000.0, float(a["SpatialSamplingInterval"]), int(t[0]), "", 1.0, 0, 0.0


def dasdae(f):
    (g,) = f["waveforms"].values()
    t, x = g["_coord_time"][:], g["_coord_distance"][:]
    assert g.attrs["_dims"] == b"time,distance"
    fs = (len(t) - 1) * 1e9 / float(t[-1] - t[0])
    return g["data"][:], fs, np.diff(x).mean(), int(t[0]), "m/s", 1.0, 0, x[0]


def simple1(f):
    t = f["timestamp"][:]
    return f["raw"][:], (len(t) - 1) / (t[-1] - t[0]), 1.0, seconds(t[0]), "", 1.0, 0, 0.0


def simple2(f):
    t, x = f["time"][:], f["distance"][:]
    assert f["data"].shape == (len(x), len(t))
    return f["data"][:].T, (len(t) - 1) / (t[-1] - t[0]), np.diff(x).mean(), seconds(t[0]), "", 1.0, 0, float(x[0])


def xdas(f):
    i, v = f["time_indices"][:], f["time_values"][:]
    assert f["time_values"].attrs["units"] == "milliseconds since 2023-01-01 00:00:00"
    fs = (i[-1] - i[0]) / ((v[-1] - v[0]) / 1000)
    dx = np.diff(f["distance_values"][:])[0] / np.diff(f["distance_indices"][:])[0]
    return f["__values__"][:], fs, dx, ns("2023-01-01T00:00:00") + int(v[0]) * 10**6, "", 1.0, 0, 0.0


FILES = {
    "prodml_2.0.h5": ("prodml", prodml),
    "silixa_h5_1.hdf5": ("silixa", silixa),
    "terra15_v5_test_file.hdf5": ("terra15", terra15),
    "decimated_optodas.hdf5": ("optodas", optodas),
    "febus_2.h5": ("febus", febus),
    "ap_sensing_1.hdf5": ("ap_sensing", ap_sensing),
    "neubrex_das_1.h5": ("neubrex", neubrex),
    "gdr_1.h5": ("gdr", gdr),
    "deformation_rate_event_1.hdf5": ("dasdae", dasdae),
    "h5_simple_1.h5": ("hdf5", simple1),
    "h5_simple_2.h5": ("hdf5", simple2),
    "xdas_netcdf.nc": ("xdas", xdas),
}


def main():
    out = {}
    rng = np.random.default_rng(1)
    for name, (dialect, read) in FILES.items():
        with h5py.File(DATA / name) as f:
            data, rate, dx, start, unit, scale, first, distance = read(f)
        n, c = data.shape
        places = [(0, 0), (0, c - 1), (n - 1, 0), (n - 1, c - 1)]
        places += [(int(rng.integers(n)), int(rng.integers(c))) for _ in range(12)]
        out[name] = {
            "format": dialect,
            "type": {"i2": "I16", "i4": "I32", "f4": "F32", "f8": "F64"}[data.dtype.str[1:]],
            "shape": [n, c],
            "rate": float(rate),
            "spacing": float(dx),
            "start_ns": start,
            "unit": unit,
            "scale": float(scale),
            "first_channel": first,
            "distance": float(distance),
            # Python's repr of a float32 made float is exact.
            "samples": [[i, j, data[i, j].item()] for i, j in places],
            "sum": float(np.nansum(data.astype("f8"))),
        }
    (HERE / "hdf5.json").write_text(json.dumps(out, indent=1) + "\n")


main()
