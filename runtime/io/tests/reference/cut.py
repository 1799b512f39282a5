"""Cuts recordings of DASCore's test data down between their records, into tests/data: python cut.py FOLDER-OF-ORIGINALS

What is left are the first bytes of the original, unchanged, and a whole file: records of miniSEED and packets of Sintela's
protocol buffers know nothing of how many follow.
"""

import pathlib
import struct
import sys

FROM = pathlib.Path(sys.argv[1])
DATA = pathlib.Path(__file__).resolve().parents[4] / "tests" / "data"


def miniseed(name, records):
    (DATA / name).write_bytes((FROM / name).read_bytes()[:4096 * records])


def sintela(name, envelopes):
    data, at = (FROM / name).read_bytes(), 0
    for _ in range(envelopes):
        at += 12 + struct.unpack_from("<I", data, at + 8)[0]
    (DATA / name).write_bytes(data[:at])


miniseed("geofon_ZH_HSF.mseed", 75)
miniseed("geofon_5J_HSF.mseed", 75)
sintela("sintela_protobuf_1.pb", 91)
