"""Filters by apparent speed after DASCore's slope_filter, of whole records and of windows laid together: FK_FILTER."""

import pathlib
import sys

import dascore as dc
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import Set

g = Set(__file__, dascore=dc.__version__)


def slope(x, fs, dx, speeds, stop=False, direction="both"):
    """DASCore's filter; its positive speeds run towards smaller distances, so outgoing waves are filtered mirrored."""
    if direction == "outgoing":
        return slope(x[:, ::-1], fs, dx, speeds, stop, "incoming")[:, ::-1]
    # The mean has no speed; whether DASCore lets it pass hangs on how its frequency 0 was rounded.
    mean, still = x.mean(), stop != (speeds[1] == 0)
    coords = {"time": np.arange(x.shape[0]) / fs, "distance": np.arange(x.shape[1]) * dx}
    patch = dc.Patch(data=x - mean, coords=coords, dims=("time", "distance"))
    with np.errstate(all="ignore"):
        out = patch.slope_filter(np.array(speeds), directional=direction != "both", invert=stop)
    assert out.shape == x.shape, "DASCore padded the axes; choose lengths that are fast already"
    return np.asarray(out.transpose("time", "distance").data) + mean * still


def windows(x, fs, dx, n, *args):
    """Windows half over each other, weighted by the root of a periodic Hann window before and after; zero beyond the record."""
    hop, w = n // 2, np.sin(np.pi * np.arange(n) / n)[:, None]
    rows = -(-len(x) // hop) * hop
    padded = np.zeros((rows + n, x.shape[1]))
    padded[hop : hop + len(x)] = x
    out = np.zeros_like(padded)
    for start in range(0, rows + 1, hop):
        out[start : start + n] += w * slope(w * padded[start : start + n], fs, dx, *args)
    return out[hop : hop + len(x)]


def case(speeds, source, window, *, stop=False, direction="both", rows=None, channels=None, dx=2.0, segments=None):
    dql = "FK_FILTER " + " ".join(speeds) + (" KEEP=stop" if stop else "")
    dql += "" if direction == "both" else f" DIRECTION={direction}"
    dql += f" WINDOW={window}" if window else ""
    metres = [float(s[:-4]) * 1000 if s.endswith("km/s") else float(s[:-3]) for s in speeds]

    def run(x, fs):
        if window == "record":
            return slope(x, fs, dx, metres, stop, direction)
        return windows(x, fs, dx, window or min(1024, len(x)), metres, stop, direction)

    stated = "dascore.Patch.slope_filter" + (" of the record" if window == "record" else " of windows half over each other, root of Hann before and after")
    g.add(dql, source, run, stated, rows=rows, channels=channels, dx=dx)


rng = np.random.default_rng(11)
t, d = np.arange(1200)[:, None] / 500.0, np.arange(16)[None, :] * 5.0
pulse = lambda at, f: np.exp(-(((t - at) * f) ** 2)) * np.cos(2 * np.pi * f * (t - at))
moving = pulse(0.4 + d / 310.0, 20) + pulse(0.9 - d / 1500.0, 35) + pulse(0.7 + 0 * d, 25) + 0.2 * rng.standard_normal((1200, 16))
g.input("moving", moving, 500.0)

slow, all_fast = ("200m/s", "250m/s", "400m/s", "500m/s"), ("150.5m/s", "401m/s", "7.013km/s", "9.1km/s")
for window in ("record", 100, 256):
    for stop in (False, True):
        for direction in ("both", "outgoing", "incoming"):
            case(slow, "moving", window, stop=stop, direction=direction, rows=600, dx=5.0)
# Of more rows than the window that is taken unless one is given.
case(slow, "moving", None, dx=5.0)
case(slow, "moving", None, stop=True, direction="incoming", dx=5.0)
for source in ("noise", "tones", "wide"):
    for window in ("record", 20):
        case(all_fast, source, window)
        # Where both axes have their last frequency in the fan, it counts half to each direction here and whole in DASCore.
        case(slow if source == "wide" else all_fast, source, window, direction="incoming")
case(("0m/s", "0m/s", "700.3m/s", "800.1m/s"), "wide", "record")
case(("0m/s", "100.7m/s", "700.3m/s", "700.3m/s"), "wide", 16, stop=True)
case(all_fast, "noise", 10, channels=2)
for rows in (2, 4, 10, 16):
    case(all_fast, "noise", None, rows=rows)
g.write()
