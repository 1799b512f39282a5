"""Makes small files of what the real ones that are not HDF5 lack, into made/ beside this script.

Run from anywhere: python made_formats.py. Needs numpy, segyio, obspy, pymseed, nptdms, and DASCore to read Sintela's back.
The sample at (row, channel) is row * 100 + channel in every file, or wild(row, channel), whose differences have every size;
4 channels, 250 Hz from 2024-02-29T12:00:00.
"""

import pathlib

import numpy as np
import obspy
import segyio
from nptdms import ChannelObject, RootObject, TdmsWriter
from pymseed import DataEncoding, MS3TraceList

OUT = pathlib.Path(__file__).parent / "made"
ROWS, CHANNELS = 300, 4
START = obspy.UTCDateTime("2024-02-29T12:00:00")
PLAIN = np.arange(ROWS)[:, None] * 100 + np.arange(CHANNELS)[None, :]


def wild(rows):
    """(row * 7919 + channel * 131) % (2 a + 1) - a with a = 2 ** (row / 12 % 27)"""
    row, channel = np.arange(rows)[:, None], np.arange(CHANNELS)[None, :]
    a = 1 << (row // 12 % 27)
    return (row * 7919 + channel * 131) % (2 * a + 1) - a


def segy_by_segyio(name, form, kind, endian):
    spec = segyio.spec()
    spec.format, spec.endian, spec.samples, spec.tracecount = form, endian, np.arange(ROWS) * 4, CHANNELS
    with segyio.create(OUT / name, spec) as f:
        f.bin[segyio.BinField.Interval] = 4000
        for i in range(CHANNELS):
            f.trace[i] = PLAIN[:, i].astype(kind)
            f.header[i] = {
                segyio.TraceField.TRACE_SAMPLE_COUNT: ROWS,
                segyio.TraceField.TRACE_SAMPLE_INTERVAL: 4000,
                segyio.TraceField.YearDataRecorded: 2024,
                segyio.TraceField.DayOfYear: 60,
                segyio.TraceField.HourOfDay: 12,
                segyio.TraceField.TraceValueMeasurementUnit: 6,
            }
    with segyio.open(OUT / name, ignore_geometry=True, endian=endian) as f:
        assert np.array_equal(f.trace.raw[:].T, PLAIN)


segy_by_segyio("ibm.sgy", 1, "f4", "big")
segy_by_segyio("little_f32.sgy", 5, "f4", "little")
segy_by_segyio("i16.sgy", 3, "i2", "big")
segy_by_segyio("little_i32.sgy", 2, "i4", "little")

# Numbers at the ends of what IBM's format and f32 hold, by their bits: 0, 1, -1, 0.1, -118.625, 1e-30, 3.4e38, -3.4e38,
# 1.76e-38, 16777215, 1/3. ObsPy, which writes the headers, makes 0 of 3.4e38 when writing and NaN of it when reading.
BITS = [0, 0x41100000, 0xC1100000, 0x40199999, 0xC276A000, 0x2814484C, 0x60FFC99E, 0xE0FFC99E, 0x21600000, 0x46FFFFFF, 0x40555555]
BITS = np.array(BITS, ">u4")
extremes = obspy.Trace(np.zeros(len(BITS), "f4"), {"delta": 0.004, "starttime": START})
obspy.Stream([extremes]).write(str(OUT / "ibm_extremes.sgy"), format="SEGY", data_encoding=1, byteorder=">")
headers = (OUT / "ibm_extremes.sgy").read_bytes()[:3840]
(OUT / "ibm_extremes.sgy").write_bytes(headers + BITS.tobytes())
bits = BITS.astype("i8")
exact = (bits & 0xFFFFFF) / 2.0**24 * 16.0 ** ((bits >> 24 & 0x7F) - 64) * np.where(bits >> 31, -1, 1)
with segyio.open(OUT / "ibm_extremes.sgy", ignore_geometry=True) as f:
    assert np.array_equal(f.trace.raw[0], exact), (f.trace.raw[0], exact)


def trace(data, channel, station="HS", row=0, rate=250.0):
    place = {"network": "XX", "station": f"{channel:05d}", "location": "", "channel": f"{station}F"}
    return obspy.Trace(data, {**place, "sampling_rate": rate, "starttime": START + row / rate})


def miniseed(name, traces, encoding, byteorder=">", reclen=512):
    for t in traces:
        t.stats.mseed = {"encoding": encoding, "byteorder": byteorder}
    obspy.Stream(traces).write(str(OUT / name), format="MSEED", reclen=reclen)


for name, encoding, kind, data in [
    ("steim1.mseed", "STEIM1", "i4", wild(ROWS)),
    ("steim2.mseed", "STEIM2", "i4", wild(ROWS)),
    ("little_i16.mseed", "INT16", "i2", PLAIN),
    ("i32.mseed", "INT32", "i4", PLAIN),
    ("little_f32.mseed", "FLOAT32", "f4", PLAIN),
    ("f64.mseed", "FLOAT64", "f8", PLAIN),
]:
    order = "<" if name.startswith("little") else ">"
    miniseed(name, [trace(data[:, i].astype(kind), i) for i in range(CHANNELS)], encoding, order)

for name, encoding, letter, kind, data in [
    ("third_steim2.mseed", DataEncoding.STEIM2, "i", "i4", wild(ROWS)),
    ("third_f32.mseed", DataEncoding.FLOAT32, "f", "f4", PLAIN),
]:
    (OUT / name).unlink(missing_ok=True)
    traces = MS3TraceList()
    for i in range(CHANNELS):
        samples = data[:, i].astype(kind)
        traces.add_data(f"FDSN:XX_{i:05d}__H_S_F", samples, letter, 250.0, starttime_str="2024-02-29T12:00:00Z")
    traces.to_file(str(OUT / name), max_record_length=512, encoding=encoding, format_version=3)

# Rows 400 to 449 of channel 0 are missing, channel 1 begins at row 10; records are shuffled and some are there twice.
LONG = np.arange(1000)[:, None] * 100 + np.arange(CHANNELS)[None, :]
parts = [trace(LONG[:400, 0].astype("i4"), 0), trace(LONG[450:, 0].astype("i4"), 0, row=450)]
parts += [trace(LONG[10:, 1].astype("i4"), 1, row=10)]
parts += [trace(LONG[:, i].astype("i4"), i) for i in (2, 3)]
miniseed("gap.mseed", parts, "STEIM2")
records = (OUT / "gap.mseed").read_bytes()
records = [records[i:i + 512] for i in range(0, len(records), 512)]
order = np.random.default_rng(4).permutation(len(records))
(OUT / "gap.mseed").write_bytes(b"".join(records[i] for i in order) + b"".join(records[i] for i in order[:5]))

# Forty samples at the end of the first part come again at the beginning of the second: alike, and not.
first, second = PLAIN[:200, 0].astype("i4"), PLAIN[160:, 0].astype("i4")
miniseed("repeated.mseed", [trace(first, 0), trace(second, 0, row=160)], "INT32")
second = second.copy()
second[7] += 1
miniseed("contradicting.mseed", [trace(first, 0), trace(second, 0, row=160)], "INT32")
miniseed("rates.mseed", [trace(first, 0), trace(first, 1, rate=100.0)], "INT32")

# Channel after channel, in segments of 100 rows, as LabVIEW writes by default.
with TdmsWriter(OUT / "planar.tdms") as writer:
    for at in range(0, ROWS, 100):
        root = RootObject({"SamplingFrequency[Hz]": 250.0, "SpatialResolution[m]": 2.5, "GaugeLength": 10.0,
                           "Start Distance (m)": 5.0, "GPSTimeStamp": np.datetime64("2024-02-29T12:00:00", "us")})
        channels = [ChannelObject("Measurement", f"{i:05d}", PLAIN[at:at + 100, i].astype("i2")) for i in range(CHANNELS)]
        writer.write_segment([root] + channels if at == 0 else channels)

# Six packets of 50 rows; ten rows are missing before the fourth.
HEADER = np.dtype([
    ("sync", "<u4"), ("size", "<u4"), ("version", "<u4"), ("sample_count", "<u8"), ("start_time_ns", "<u8"),
    ("num_channels", "<u4"), ("num_samples", "<u4"), ("sample_rate", "<f4"), ("channel_spacing", "<f4"),
    ("gauge_length", "<f4"), ("trigger", "<u4"), ("start_channel", "<u4"), ("channel_step", "<u4"),
    ("gps", "<u4", 3), ("flags", "u1", 4), ("data_type", "u1"), ("demod_data_type", "u1"), ("unused", "<u2"),
    ("trigger_offsets", "<u2", 8),
])
assert HEADER.itemsize == 96
for name, hole in [("sintela.raw", 0), ("sintela_gap.raw", 10)]:
    with open(OUT / name, "wb") as f:
        for packet in range(6):
            row = packet * 50 + (hole if packet >= 3 else 0)
            head = np.zeros(1, HEADER)[0]
            head["sync"], head["size"], head["version"] = 0x11223344, 96, 3
            head["sample_count"], head["start_time_ns"] = 7000 + row, START.ns + row * 4_000_000
            head["num_channels"], head["num_samples"], head["sample_rate"] = CHANNELS, 50, 250.0
            head["channel_spacing"], head["gauge_length"] = 1.6, 6.4
            head["start_channel"], head["channel_step"], head["data_type"] = 20, 2, 4
            f.write(head.tobytes() + PLAIN[packet * 50:packet * 50 + 50].astype("<f4").tobytes())

from dascore.io.sintela_binary.core import SintelaBinaryV3  # noqa: E402

patch = SintelaBinaryV3().read(OUT / "sintela.raw")[0].transpose("time", "distance")
assert np.array_equal(patch.data, PLAIN) and str(patch.attrs.data_units).endswith("/ s")
assert abs(patch.get_array("distance")[1] - 35.2) < 1e-5
