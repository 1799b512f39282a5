"""ZEROPHASE, exact and within a tolerance: sosfiltfilt in long double, and with 60 digits where even SciPy's own start is wrong.

On 100 samples at 3.2 kHz the corners 0.1 and 0.3 Hz leave SciPy 2 % off the exact filter of its own coefficients: the linear solve of
`sosfilt_zi` loses what the result consists of. `exact` below shows it, and is the reference there.
"""

import pathlib
import sys

import mpmath
import numpy as np
import scipy
from scipy import signal

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import Set
from make_golden import both_ways

mpmath.mp.dps = 60
g = Set(__file__, scipy=scipy.__version__, mpmath=mpmath.__version__)


def sos(name, *args, **kw):
    return lambda fs: getattr(signal, name)(*args, output="sos", fs=fs, **kw)


def butter(order, corners, btype):
    return sos("butter", order, corners, btype=btype)


def notch(f, q):
    return lambda fs: np.array([np.concatenate(signal.iirnotch(f, q, fs))])


def exact(design):
    """sosfiltfilt with 60 digits, from the f64 coefficients."""
    def run(x, fs):
        sections = design(fs)
        taps = 2 * len(sections) + 1 - min((sections[:, 2] == 0).sum(), (sections[:, 5] == 0).sum())
        pad = 3 * taps
        wide = [[mpmath.mpf(float(c)) for c in s] for s in sections]

        def one_way(line):
            y = line
            for b0, b1, b2, _, a1, a2 in wide:
                level = (b0 + b1 + b2) / (1 + a1 + a2)
                s1, s2, out = (level - b0) * y[0], (b2 - a2 * level) * y[0], []
                for v in y:
                    u = b0 * v + s1
                    s1, s2 = b1 * v - a1 * u + s2, b2 * v - a2 * u
                    out.append(u)
                y = out
            return y

        columns = []
        for channel in x.T:
            line = [mpmath.mpf(float(v)) for v in channel]
            before = [2 * line[0] - v for v in line[pad:0:-1]]
            after = [2 * line[-1] - v for v in line[-2 : -pad - 2 : -1]]
            y = one_way(one_way(before + line + after)[::-1])[::-1]
            columns.append([float(v) for v in y[pad:-pad]])
        return np.array(columns).T
    return run


stated = "scipy.signal.sosfiltfilt, default odd padding, in long double"
within = " ZEROPHASE=TRUE TOL=1e-10"
for source in ("noise", "offset", "tones", "nan_bursts"):
    for order in (1, 4, 7):
        g.add(f"LOWPASS 40 ORDER={order}" + within, source, both_ways(butter(order, 40, "low")), stated)
        g.add(f"HIGHPASS 40 ORDER={order}" + within, source, both_ways(butter(order, 40, "high")), stated)
        g.add(f"BANDPASS 10 200 ORDER={order}" + within, source, both_ways(butter(order, [10, 200], "band")), stated)
    if source != "offset":
        # Of an offset 40 dB down the tolerance is a share, and not of what is left after the way back.
        g.add("BANDPASS 30 90 ORDER=4 DESIGN=cheby2 ATTENUATION=40" + within, source, both_ways(sos("cheby2", 4, 40, [30, 90], btype="band")), stated)
    g.add("LOWPASS 90 ORDER=5 DESIGN=ellip RIPPLE=0.5 ATTENUATION=40" + within, source, both_ways(sos("ellip", 5, 0.5, 40, 90, btype="low")), stated)
    g.add("BANDSTOP 45 55" + within, source, both_ways(butter(4, [45, 55], "bandstop")), stated)
    g.add("NOTCH 50" + within, source, both_ways(notch(50, 30)), stated)
# Longer than direct sums are, so through transforms.
g.add("BANDPASS 0.5 2" + within, "slow_1khz", both_ways(butter(4, [0.5, 2], "band")), stated, rows=20000)
g.add("LOWPASS 0.5" + within, "slow_1khz", both_ways(butter(4, 0.5, "low")), stated, rows=3000)
g.add("HIGHPASS 1" + within, "slow_10khz", both_ways(butter(4, 1, "high")), stated, rows=9000)
for n in (28, 29, 40, 100):
    g.add("BANDPASS 10 200" + within, "noise", both_ways(butter(4, [10, 200], "band")), stated, rows=n)
g.add("DECIMATE 5" + within, "noise", lambda x, fs: both_ways(lambda fs: signal.cheby1(8, 0.05, 0.8 / 5, output="sos"))(x, fs)[::5], stated + " of the filter of scipy.signal.decimate", out_fs=200.0)
segments = [[3, 203], [307, 607], [700, 800]]
parts = lambda x, fs: np.concatenate([both_ways(butter(4, [10, 200], "band"))(x[a:b], fs) for a, b in ((0, 200), (200, 500), (500, 600))])
g.add("BANDPASS 10 200" + within, "noise", parts, stated + " of each stretch", segments=segments, rows=600)

rng = np.random.default_rng(7)
g.input("brief_3200hz", rng.standard_normal((100, 2)) + [0.0, 1000.0], fs=3200.0)
for dql, design in (
    ("BANDPASS 0.1 0.3 ZEROPHASE=TRUE", butter(4, [0.1, 0.3], "band")),
    ("LOWPASS 0.1 ZEROPHASE=TRUE", butter(4, 0.1, "low")),
    ("HIGHPASS 0.3 ZEROPHASE=TRUE", butter(4, 0.3, "high")),
    ("HIGHPASS 0.3" + within, butter(4, 0.3, "high")),
):
    g.add(dql, "brief_3200hz", exact(design), "sosfiltfilt with 60 digits (mpmath)")
g.write()
