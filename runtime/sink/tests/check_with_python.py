"""Reads what examples/samples.rs wrote with NumPy, zarr-python, xarray, pyarrow and the csv and json modules, ObsPy.

    cargo run -p dasc-sink --example samples -- FOLDER && python runtime/sink/tests/check_with_python.py FOLDER

A check whose package is missing is skipped with a line that says so; `--require` makes that an error.
"""
import csv
import importlib
import json
import math
import pathlib
import sys

REQUIRE = "--require" in sys.argv
FOLDER = pathlib.Path([a for a in sys.argv[1:] if not a.startswith("-")][0])
ROWS, CHANNELS, FREQUENCIES = 3002, 700, 33
START, LATER = 1_700_000_000_000_000_000, 1_800_000_000_000_000_000
skipped = []


def check(*packages):
    def run(function):
        try:
            modules = [importlib.import_module(p) for p in packages]
        except ImportError as error:
            print(f"SKIPPED {function.__name__}: {error}")
            skipped.append(function.__name__)
            return
        function(*modules)
        print(f"ok {function.__name__}")
    return run


def same(found, expected, what):
    if not found == expected:
        raise SystemExit(f"FAILED {what}: {found!r}, expected {expected!r}")


def signal(np):
    row, channel = np.arange(ROWS, dtype="f4")[:, None], np.arange(CHANNELS, dtype="f4")
    return row + channel / np.float32(1024)


def spectra(np):
    row, channel, frequency = np.ogrid[:50, :40, :FREQUENCIES]
    return ((row * 100 + channel) - 1j * frequency).astype("c8")


def times():
    """Exact integers, rounded half up; a jump at row 2000 and another where the append begins."""
    ns = lambda start, n: start + (2 * n * 10**9 + 3000) // (2 * 3000)
    return [ns(START, i) if i < 2000 else ns(START + 60 * 10**9, i - 2000) for i in range(3001)] + [LATER]


def events():
    for i in range(100):
        start, known = START + 1 + i, i % 3 != 0
        detector = 'two\nlines, "quoted"' if i == 7 else "threshold"
        yield (i, start, start + 10, start + 5, i - 50, i, i / 7 if known else None, float(i) if known else None,
               -i / 3, "dB", detector)


def iso(ns):
    import datetime
    second = datetime.datetime.fromtimestamp(ns // 10**9, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{second}.{ns % 10**9:09d}Z"


COLUMNS = ["id", "start_ns", "end_ns", "peak_ns", "channel_lo", "channel_hi", "distance_lo", "distance_hi", "score",
           "unit", "detector"]
TEXT_COLUMNS = ["id", "start", "end", *COLUMNS[1:]]


@check("numpy")
def npy(np):
    found = np.load(FOLDER / "signal.npy")
    same((found.dtype.str, found.shape), ("<f4", (ROWS, CHANNELS)), "signal.npy")
    same(np.array_equal(found, signal(np)), True, "values of signal.npy")
    same(np.array_equal(np.load(FOLDER / "spectra.npy"), spectra(np)), True, "values of spectra.npy")


@check("numpy", "zarr")
def zarr_python(np, zarr):
    group = zarr.open_group(FOLDER / "signal.zarr", mode="r")
    same(group.metadata.zarr_format, 3, "format")
    same(sorted(name for name, _ in group.members()), ["channel", "data", "distance", "time"], "arrays")
    same(group["data"].metadata.dimension_names, ("time", "channel"), "dimensions")
    same(np.array_equal(group["data"][:], signal(np)), True, "values of signal.zarr")
    same(group["time"][:].tolist(), times(), "times")
    same(group["channel"][:].tolist(), list(range(-10, -10 + 2 * CHANNELS, 2)), "channels")
    same(group["distance"][:].tolist(), [50 + 2.5 * i for i in range(CHANNELS)], "distances")
    same(group.attrs["inputs"], [{"name": "fiber.h5", "hash": "sha256:00ff"}], "inputs")
    same(group.attrs["script"], "READ fiber.h5\nSCALE 2", "script")
    same(group["data"].attrs["units"], "nstrain/s", "unit")
    group = zarr.open_group(FOLDER / "spectra.zarr", mode="r")
    same(np.array_equal(group["data"][:], spectra(np)), True, "values of spectra.zarr")
    same(group["frequency"][:].tolist(), [0.5 * i for i in range(FREQUENCIES)], "frequencies")
    same(group["distance"][:].tolist(), [float(i * i) for i in range(40)], "distances")


@check("numpy", "xarray", "zarr")
def xarray(np, xarray, _):
    data = xarray.open_zarr(FOLDER / "signal.zarr", consolidated=True)
    same(data["data"].dims, ("time", "channel"), "dimensions")
    same(data.time.dtype, np.dtype("datetime64[ns]"), "type of time")
    same(data.time.values.astype("i8").tolist(), times(), "times")
    same(sorted(data.coords), ["channel", "distance", "time"], "coordinates")
    same(data.channel.dtype, np.dtype("i8"), "type of channel")
    same(np.array_equal(data["data"].values, signal(np)), True, "values")
    same(float(data["data"].sel(channel=-8).isel(time=5)), 5 + 1 / 1024, "a value by its channel")


@check("pyarrow", "pyarrow.parquet", "pyarrow.ipc")
def arrow(pa, parquet, ipc):
    instant = pa.timestamp("ns", "UTC")
    types = [pa.uint64(), instant, instant, instant, pa.int64(), pa.int64(), pa.float64(), pa.float64(), pa.float64(),
             pa.string(), pa.string()]
    for table in parquet.read_table(FOLDER / "events.parquet"), ipc.open_file(FOLDER / "events.arrow").read_all():
        same(table.column_names, COLUMNS, "columns")
        same(table.schema.types, types, "types")
        same(table.schema.metadata[b"script"], b"READ fiber.h5\nSCALE 2", "script")
        plain = [c.cast(pa.int64()) if c.type == instant else c for c in table.columns]
        same(list(zip(*[c.to_pylist() for c in plain])), list(events()), "events")


@check()
def text():
    with open(FOLDER / "events.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, strict=True))
    same(rows[0], TEXT_COLUMNS, "header")
    number = lambda cell: None if cell == "" else float(cell)
    expected = [(i, iso(a), iso(b), a, b, c, *rest) for i, a, b, c, *rest in events()]
    found = [(int(r[0]), *r[1:3], *map(int, r[3:8]), *map(number, r[8:11]), *r[11:]) for r in rows[1:]]
    same(found, expected, "events.csv")
    with open(FOLDER / "events.jsonl", encoding="utf-8") as file:
        found = [tuple(json.loads(line)[c] for c in TEXT_COLUMNS) for line in file]
    same(found, expected, "events.jsonl")
    same(math.isclose(found[7][10], -7 / 3, rel_tol=0), True, "a score in full")


@check("obspy")
def quakeml(obspy):
    found = obspy.read_events(str(FOLDER / "events.xml"))
    same(len(found), 100, "events of events.xml")
    for event, (i, start, _, peak, low, *rest) in zip(found, events()):
        same(event.resource_id.id, f"smi:local/dasc/{i}", "id")
        picks = {pick.comments[0].text: pick for pick in event.picks}
        same(sorted(picks), ["peak", "start"], "picks")
        # ObsPy keeps what QuakeML's reader parses, to the microsecond.
        for name, ns, channel in ("start", start, low + 30), ("peak", peak, low + 20):
            same(abs(picks[name].time.ns - ns) < 1000, True, f"time of {name}")
            same(picks[name].waveform_id.station_code, str(channel), "channel")
        same(event.event_descriptions[0].text.split(), rest[-1].split(), "description")
        same(event.origins, [], "no origin without a place")
    found = obspy.read_events(str(FOLDER / "located.xml"))
    for event, (i, start, *_) in zip(found, events()):
        origin = event.preferred_origin()
        same((origin.latitude, origin.longitude), (46 + i / 64, -7.5), "place")
        same(abs(origin.time.ns - start) < 1000, True, "time of the origin")
    same(len(found), 100, "events of located.xml")


if skipped:
    print(f"{len(skipped)} checks were SKIPPED: {', '.join(skipped)}")
    sys.exit(1 if REQUIRE else 0)
