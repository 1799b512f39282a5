"""Reads what dasc-io must find in the files of tests/data that are not HDF5, independently, with the readers of others.

Run from anywhere: python formats.py  (writes formats.json beside this script, in the form of hdf5.py).
Needs numpy, nptdms, segyio, obspy and a DASCore with dascore.io.sintela.protobuf_utils (later than 0.1.24) with protobuf.
"""

import json
import pathlib
from datetime import datetime, timezone

import numpy as np

HERE = pathlib.Path(__file__).parent
DATA = HERE.parents[3] / "tests" / "data"


def ns(when):
    return int(np.datetime64(when, "ns").astype("i8"))


def tdms(path):
    from nptdms import TdmsFile

    with TdmsFile.open(path, raw_timestamps=True) as f:
        channels = [c for g in f.groups() for c in g.channels()]
        data = np.stack([c[:] for c in channels], axis=1)
        p = f.properties
    fs, gauge = p["SamplingFrequency[Hz]"], p["GaugeLength"]
    dx = p["SpatialResolution[m]"] * p["Fibre Length Multiplier"]
    # The properties name both ends of the fibre, so the spacing can be had another way. (DASCore begins at
    # 'StartPosition[m]', 287 m on, to which no end in the file belongs.)
    ends = (p["Stop Distance (m)"] - p["Start Distance (m)"]) / (data.shape[1] - 1)
    assert abs(ends / dx - 1) < 2e-5
    # Two stamps of the start, one of them text with a zone.
    text = datetime.fromisoformat(p["ISO8601 Timestamp"]).astimezone(timezone.utc).replace(tzinfo=None)
    gps = p["GPSTimeStamp"]
    start = (gps.seconds - 24107 * 86400) * 10**9 + gps.second_fractions * 10**9 // 2**64
    assert abs(start - ns(text)) < 10**6
    scale = p["Unit Calibration (nm)"] * fs / (8192 * gauge)
    return "tdms", data, fs, dx, start, "nstrain/s", scale, 0, p["Start Distance (m)"]


def segy(path):
    import segyio

    with segyio.open(path, ignore_geometry=True) as f:
        data = f.trace.raw[:].T
        h = f.header[0]
        F = segyio.TraceField
        parts = [h[k] for k in (F.YearDataRecorded, F.DayOfYear, F.HourOfDay, F.MinuteOfHour, F.SecondOfMinute)]
        fs = 1e6 / h[F.TRACE_SAMPLE_INTERVAL]
    start = ns(datetime.strptime("%d %d %d %d %d" % tuple(parts), "%Y %j %H %M %S"))
    return "segy", data, fs, 1.0, start, "", 1.0, 0, 0.0


def mseed(path):
    import obspy

    stream = obspy.read(path)
    assert len(stream) == 1
    trace = stream[0]
    start = trace.stats.starttime.ns
    return "miniseed", trace.data[:, None], trace.stats.sampling_rate, 1.0, start, "count", 1.0, 0, 0.0


def sentek(path):
    """Six numbers, distances, times, samples; see sentek.rs for how DASCore differs."""
    raw = np.fromfile(path, "<f4")
    channels, samples = int(raw[0]), int(raw[1])
    assert len(raw) == 6 + channels + samples + channels * samples
    distance = raw[6:6 + channels].astype("f8")
    times = raw[6 + channels:6 + channels + samples].astype("f8")
    # Times are in milliseconds with a quantum of 1/64, the interval in nanoseconds.
    assert np.all(np.abs(np.diff(times)) < 0.05)
    assert abs((times[-1] - times[0]) / (samples - 1) - raw[2] / 1e6) < 1e-6
    dx = (distance[-1] - distance[0]) / (channels - 1)
    stamp = datetime.strptime(path.stem.split("_")[1] + "000", "%Y%m%d%H%M%S%f")
    data = raw[6 + channels + samples:].reshape(channels, samples).T
    return "sentek", data, 1e9 / raw[2].astype("f8"), dx, ns(stamp), "", 1.0, 0, distance[0]


def sintela(path):
    from dascore.io.sintela.core import SintelaProtobufV1

    patch = SintelaProtobufV1().read(path)[0].transpose("time", "distance")
    time, distance = patch.get_array("time"), patch.get_array("distance")
    fs = np.timedelta64(1, "s") / (time[1] - time[0])
    assert str(patch.attrs.data_units) == "1 rad"
    first = round(distance[0] / (distance[1] - distance[0]))
    return "sintela", patch.data, fs, distance[1] - distance[0], ns(time[0]), "rad", 1.0, first, distance[0]


FILES = {
    "iDAS005_tdms_example.626.tdms": tdms,
    "small_channel_patch.sgy": segy,
    "geofon_ZH_HSF.mseed": mseed,
    "geofon_5J_HSF.mseed": mseed,
    "DASDMSShot00_20230328155653619.das": sentek,
    "sintela_protobuf_1.pb": sintela,
}


def main():
    out = {}
    rng = np.random.default_rng(1)
    for name, read in FILES.items():
        kind, data, rate, dx, start, unit, scale, first, distance = read(DATA / name)
        n, c = data.shape
        places = [(0, 0), (0, c - 1), (n - 1, 0), (n - 1, c - 1)]
        places += [(int(rng.integers(n)), int(rng.integers(c))) for _ in range(12)]
        out[name] = {
            "format": kind,
            "type": {"i2": "I16", "i4": "I32", "f4": "F32", "f8": "F64"}[data.dtype.str[1:]],
            "shape": [n, c],
            "rate": float(rate),
            "spacing": float(dx),
            "start_ns": start,
            "unit": unit,
            "scale": float(scale),
            "first_channel": first,
            "distance": float(distance),
            "samples": [[i, j, data[i, j].item()] for i, j in places],
            "sum": float(np.nansum(data.astype("f8"))),
        }
    (HERE / "formats.json").write_text(json.dumps(out, indent=1) + "\n")


main()
