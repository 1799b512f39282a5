"""Expected results of the operators on events, by brute force over all pairs: `python events.py > events.json`.

Components are SciPy's, slopes SciPy's theilslopes, the forest scikit-learn's; nothing here knows how dasc goes about it.
"""
import json

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.stats import theilslopes

rng = np.random.default_rng(20240501)
T0 = 1_714_546_800_000_000_000
SPACING = 5.0


def event(start, duration, lo, hi, score):
    return dict(start_ns=int(start), end_ns=int(start + duration), peak_ns=int(start + duration // 2), channel_lo=int(lo),
                channel_hi=int(hi), distance_lo=lo * SPACING, distance_hi=hi * SPACING, score=float(score))


def ordered(events):
    return sorted(events, key=lambda e: (e["start_ns"], e["channel_lo"], e["end_ns"], e["channel_hi"]))


def components(events, near):
    n = len(events)
    pairs = np.array([[near(a, b) for b in events] for a in events]).reshape(n, n)
    _, of = connected_components(pairs | pairs.T, directed=False)
    return [[e for e, k in zip(events, of) if k == group] for group in sorted(set(of))]


def hull(group):
    strongest = max(group, key=lambda e: e["score"])
    return dict(start_ns=min(e["start_ns"] for e in group), end_ns=max(e["end_ns"] for e in group),
                peak_ns=strongest["peak_ns"], channel_lo=min(e["channel_lo"] for e in group),
                channel_hi=max(e["channel_hi"] for e in group), score=strongest["score"], count=len(group))


def apart(a, b):
    return max(0.0, b["distance_lo"] - a["distance_hi"], a["distance_lo"] - b["distance_hi"])


def pause(a, b):
    return max(b["start_ns"] - a["end_ns"], a["start_ns"] - b["end_ns"])


def merged(events, gap, distance):
    return [hull(g) for g in components(events, lambda a, b: pause(a, b) <= gap * 1e9 and apart(a, b) <= distance)]


def associated(events, slowest, fastest, reach, tolerance, channels):
    def near(a, b):
        way = abs(a["distance_lo"] + a["distance_hi"] - b["distance_lo"] - b["distance_hi"]) / 2
        late = abs(a["start_ns"] - b["start_ns"]) / 1e9
        return way <= reach and way / fastest - tolerance <= late <= way / slowest + tolerance
    groups = components(events, near)
    return [hull(g) for g in groups if len({e["channel_lo"] for e in g}) >= channels]


cases = []
for seed in range(6):
    events = []
    for _ in range(int(rng.integers(1, 120))):
        lo = int(rng.integers(0, 60))
        events.append(event(T0 + int(rng.integers(0, 60 * 10**9)), int(rng.integers(0, 4 * 10**9)), lo,
                            lo + int(rng.integers(0, 8)), rng.normal()))
    events = ordered(events)
    steps = [dict(step=f"MERGE GAP={gap}s DISTANCE={distance}m", expected=ordered(merged(events, gap, distance)))
             for gap, distance in [(0, 0), (0.5, 10), (2, 0), (0, 40)]]
    stays = [g for g in merged(events, 1, 20) if g["end_ns"] - g["start_ns"] >= 5 * 10**9]
    steps.append(dict(step="PERSIST 5s GAP=1s WITHIN=20m", expected=ordered(stays)))
    cases.append(dict(events=events, steps=steps))

# Fronts of a wave at 1 to 3 km/s over part of the fibre among false onsets.
for seed in range(4):
    events = []
    for front in range(3):
        start, apex, velocity = T0 + front * 7 * 10**9, rng.uniform(0, 600), rng.uniform(1000, 3000)
        for channel in range(int(rng.integers(0, 30)), 120):
            late = abs(channel * SPACING - apex) / velocity + rng.normal() * 2e-3
            events.append(event(start + int(late * 1e9), 10**8, channel, channel, rng.normal()))
    for _ in range(60):
        channel = int(rng.integers(0, 120))
        events.append(event(T0 + int(rng.integers(0, 25 * 10**9)), 10**8, channel, channel, rng.normal()))
    events = ordered(events)
    cases.append(dict(events=events, steps=[
        dict(step="ASSOCIATE 900m/s.. CHANNELS=10 REACH=20m TOLERANCE=10ms",
             expected=ordered(associated(events, 900.0, np.inf, 20.0, 0.01, 10))),
        dict(step="ASSOCIATE 500..20000m/s CHANNELS=6 REACH=30m TOLERANCE=8ms",
             expected=ordered(associated(events, 500.0, 20000.0, 30.0, 0.008, 6)))]))

# Vehicles: lines in time and distance with scatter, two of them crossing, among false points.
tracks = []
for vehicles in [[(0, 0.0, 20.0)], [(0, 0.0, 25.0), (2, 900.0, -15.0)], [(0, 0.0, 30.0), (8, 0.0, 14.0), (1, 1000.0, -22.0)]]:
    events, expected = [], []
    for start, place, speed in vehicles:
        points = []
        for k in range(60):
            seconds = start + k * 0.5
            channel = round((place + speed * (seconds - start)) / SPACING)
            if 0 <= channel <= 200 and rng.random() > 0.1:
                e = event(T0 + int((seconds + rng.normal() * 0.02) * 1e9), 0, channel, channel, rng.normal())
                points.append(e)
        events += points
        t = np.array([(e["peak_ns"] - T0) / 1e9 for e in points])
        x = np.array([e["distance_lo"] for e in points])
        slope, intercept, _, _ = theilslopes(x, t, method="joint")
        # Where the line is 10 s after T0, while every vehicle is on the road.
        expected.append(dict(speed=float(slope), count=len(points), place=float(intercept + 10 * slope)))
    for _ in range(10):
        channel = int(rng.integers(0, 200))
        events.append(event(T0 + int(rng.integers(0, 30 * 10**9)), 0, channel, channel, rng.normal()))
    tracks.append(dict(step="TRACK 20..150km/h WITHIN=15m PAUSE=4s", events=ordered(events),
                       expected=sorted(expected, key=lambda e: e["speed"])))
print(json.dumps(dict(cases=cases, tracks=tracks), separators=(",", ":")))
