"""ANNOTATE and ML_DETECT: models of make_models.py in ONNX Runtime, windows as SeisBench documents them, written in NumPy.

`WaveformModel.annotate` (seisbench.models, documentation of "overlap", "blinding" and "stacking"): windows begin at the first sample of a
stretch and every `window - overlap` samples, one more ends with the stretch; outputs within the blinding are NaN; what lies over each other
is put together by nanmean or nanmax, and NaN at the ends is trimmed. Windows with a sample that is no number are left out.
"""

import json
import pathlib
import sys
import warnings

import numpy as np
import obspy
import onnxruntime
from obspy.signal.trigger import trigger_onset

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import Set

HERE = pathlib.Path(__file__).parent
g = Set(__file__, onnxruntime=onnxruntime.__version__, obspy=obspy.__version__)
STATED = "onnxruntime; windows, blinding and stacking as seisbench's annotate"
LABELS = ["time", "label", "channel"]


class Model:
    """A model with its sidecar, on windows [channel, sample] in f64: outputs [label, channel, sample]."""

    def __init__(self, name):
        self.sidecar = json.loads((HERE / f"{name}.onnx.json").read_text())
        self.session = onnxruntime.InferenceSession(HERE / f"{name}.onnx", providers=["CPUExecutionProvider"])
        self.n, self.name = self.sidecar["window"], name
        self.group = self.sidecar.get("channels", 1)
        self.step = self.sidecar.get("channel_step", self.group)

    def normalised(self, x):
        how, together = self.sidecar.get("normalise", "none"), self.sidecar.get("scale_together", False)
        axis = None if together else -1
        if how != "none":
            x = x - x.mean(axis=-1, keepdims=True)
        if how == "peak":
            x = x / (np.abs(x).max(axis=axis, keepdims=True) + 1e-10)
        if how == "std":
            x = x / (x.std(axis=axis, ddof=1, keepdims=True) + 1e-10)
        return x

    def __call__(self, x):
        x = self.normalised(x).astype(np.float32)
        x = x.T[None, None] if self.name == "picture" else x[None]
        y = self.session.run(None, {"x": x})[0].astype(np.float64)
        if self.name == "picture":
            return y[0, 0].T[None]
        if self.name == "array":
            return np.repeat(y[0][:, None, None], self.n, axis=2)
        return y[0][:, None]


def annotate(name, overlap=None, blinding=None, stacking=None, label=None, segments=None):
    model = Model(name)
    n, sidecar = model.n, model.sidecar
    overlap = sidecar.get("overlap", 0) if overlap is None else overlap
    before, after = blinding or sidecar.get("blinding", (0, 0))
    stack = np.nanmax if (stacking or sidecar.get("stacking", "avg")) == "max" else np.nanmean

    def stretch(x):
        starts = list(range(0, len(x) - n + 1, n - overlap))
        if not starts:
            return None
        if starts[-1] + n < len(x):
            starts.append(len(x) - n)
        layers = []
        for start in starts:
            groups = []
            for c in range(0, x.shape[1] - model.group + 1, model.step):
                window = x[start : start + n, c : c + model.group].T
                y = model(np.where(np.isfinite(window), window, 0.0))
                groups.append(np.where(np.isfinite(window).all(), y, np.nan))
            y = np.concatenate(groups, axis=1)
            first = sidecar.get("first", (n - y.shape[2]) // 2)
            y[..., :before] = np.nan
            y[..., y.shape[2] - after :] = np.nan
            layer = np.full((*y.shape[:2], len(x)), np.nan)
            layer[..., start + first : start + first + y.shape[2]] = y
            layers.append(layer)
        with warnings.catch_warnings():
            # Samples that no window has an output for.
            warnings.simplefilter("ignore")
            merged = stack(layers, axis=0)
        rows = slice(first + before, len(x) - n + first + y.shape[2] - after)
        return merged.transpose(2, 0, 1)[rows]

    def run(x, fs):
        assert fs == 100.0
        parts, at = [], 0
        for a, b in segments or [(0, len(x))]:
            parts.append(stretch(x[at : at + b - a]))
            at += b - a
        y = np.concatenate([part for part in parts if part is not None])
        if label is not None:
            return y[:, sidecar["labels"].index(label)]
        return y[:, 0] if len(sidecar["labels"]) == 1 else y

    return run


def gapped(x, segments):
    """The rows of a record that lie in these stretches, one after another."""
    return np.concatenate([x[a:b] for a, b in segments])


quake = np.load(HERE.parent / "inputs" / "quake_100hz.npy")
rng = np.random.default_rng(20240229)
noise = rng.normal(size=(400, 8)).astype(np.float32)
g.input("traffic", noise * (1 + 4 * np.exp(-(((np.arange(400)[:, None] - 150 - 10 * np.arange(8)) / 20.0) ** 2))), 100.0)
g.input("on_offset", noise[:200, :3] + np.float32(1e6), 100.0)
bursts = noise[:300, :4].copy()
bursts[90:93, 1], bursts[200, 2], bursts[299, 3], bursts[0, 0] = np.nan, np.inf, np.nan, -np.inf
g.input("bursts", bursts, 100.0)
g.input("silence", np.zeros((130, 2)), 100.0)
SEGMENTS = [(0, 150), (170, 233), (240, 304), (400, 600)]
g.input("gaps", gapped(quake, SEGMENTS), 100.0)
g.input("gaps_8", gapped(noise, [(3, 103), (150, 390)]), 100.0)

# Overlaps, among them none, and the most there can be; the last window ends with the stretch.
for overlap in (0, 1, 20, 32, 50, 63):
    blinding = "" if overlap > 8 else " BLINDING=0"
    g.add(f"ANNOTATE picker.onnx OVERLAP={overlap}{blinding}", "quake_100hz", annotate("picker", overlap, None if overlap > 8 else (0, 0)), STATED, axes=LABELS, rows=230)
for label in ("P", "S"):
    g.add(f"ANNOTATE picker.onnx LABEL={label}", "quake_100hz", annotate("picker", label=label), STATED, rows=500)
for given, blinding in (("0", (0, 0)), ("16", (16, 16)), ("[0,30]", (0, 30)), ("[21,3]", (21, 3)), ("0.1s", (10, 10))):
    for stacking in ("avg", "max"):
        g.add(f"ANNOTATE picker.onnx BLINDING={given} STACKING={stacking}", "quake_100hz", annotate("picker", 32, blinding, stacking), STATED, axes=LABELS, rows=177)
g.add("ANNOTATE picker.onnx OVERLAP=0.4s", "quake_100hz", annotate("picker", 40), STATED, axes=LABELS, rows=321)
# Exactly a window, one sample more, and just less than two.
for rows in (64, 65, 95, 96, 97, 127):
    g.add("ANNOTATE picker.onnx", "quake_100hz", annotate("picker"), STATED, axes=LABELS, rows=rows)
# Stretches begin windows anew; one is too short for any.
g.add("ANNOTATE picker.onnx", "gaps", annotate("picker", segments=SEGMENTS), STATED, axes=LABELS, segments=SEGMENTS)
g.add("ANNOTATE picker.onnx OVERLAP=60 STACKING=max", "gaps", annotate("picker", 60, stacking="max", segments=SEGMENTS), STATED, axes=LABELS, segments=SEGMENTS)
# What hurts.
g.add("ANNOTATE picker.onnx", "on_offset", annotate("picker"), STATED, axes=LABELS)
g.add("ANNOTATE picker.onnx OVERLAP=48", "bursts", annotate("picker", 48), STATED, axes=LABELS)
g.add("ANNOTATE picker.onnx BLINDING=0", "silence", annotate("picker", None, (0, 0)), STATED, axes=LABELS)
g.add("ANNOTATE picker.onnx", "quake_100hz", annotate("picker"), STATED, axes=LABELS, channels=1, rows=300)

# Pictures of channels side by side, each with an output; groups one channel apart; outputs that do not cover their window.
g.add("ANNOTATE picture.onnx", "traffic", annotate("picture"), STATED)
g.add("ANNOTATE picture.onnx OVERLAP=24 STACKING=avg BLINDING=[3,5]", "traffic", annotate("picture", 24, (3, 5), "avg"), STATED)
g.add("ANNOTATE picture.onnx", "bursts", annotate("picture"), STATED)
g.add("ANNOTATE picture.onnx", "gaps_8", annotate("picture", segments=[(3, 103), (150, 390)]), STATED, segments=[[3, 103], [150, 390]])
g.add("ANNOTATE array.onnx", "traffic", annotate("array"), STATED, axes=LABELS)
g.add("ANNOTATE array.onnx LABEL=event OVERLAP=25 STACKING=max", "traffic", annotate("array", 25, stacking="max", label="event"), STATED)
g.add("ANNOTATE array.onnx LABEL=event", "bursts", annotate("array", label="event"), STATED)
g.add("ANNOTATE crop.onnx", "on_offset", annotate("crop"), STATED)
g.add("ANNOTATE crop.onnx OVERLAP=30 BLINDING=2", "traffic", annotate("crop", 30, (2, 2)), STATED)


def events(dql, source, probability, on, off, **more):
    """Stretches of the probability; none comes so near to a threshold that F32 decides."""
    fs, x = 100.0, g.values(source)
    y = probability(x.astype(np.float64), fs)
    margin = min(float(np.nanmin(np.abs(y / level - 1))) for level in (on, off))
    assert margin > 1e-5, (dql, margin)
    first = more.pop("first")
    table = np.array([[c, *(pair + first)] for c in range(y.shape[1]) for pair in trigger_onset(np.nan_to_num(y[:, c]), on, off)]).reshape(-1, 3)
    assert len(table) > 3, (dql, len(table))
    g.add(dql, source, lambda x, fs: table, STATED + ", obspy trigger_onset", axes=["event", "channel_on_off"], on=on, off=off, margin=margin, **more)


events("ML_DETECT picker.onnx LABEL=P THRESHOLD=0.7 OFF=0.6", "quake_100hz", annotate("picker", label="P"), 0.7, 0.6, first=4)
events("ML_DETECT picker.onnx LABEL=s", "quake_100hz", annotate("picker", label="S"), 0.5, 0.5, first=4)
events("ML_DETECT picture.onnx THRESHOLD=0.75", "traffic", annotate("picture"), 0.75, 0.75, first=0)
events("ML_DETECT picker.onnx LABEL=P BLINDING=0 THRESHOLD=0.6", "bursts", annotate("picker", None, (0, 0), label="P"), 0.6, 0.6, first=0)
g.write()

# Events with what the classifier says of them.
session = onnxruntime.InferenceSession(HERE / "classifier.onnx", providers=["CPUExecutionProvider"])
features = [(float(rng.integers(1, 4000)) / 100, float(rng.integers(1, 60)), float(rng.normal())) for _ in range(60)]
shares = [session.run(None, {"x": np.array([f], dtype=np.float32)})[0][0] for f in features]
events = [{"duration": f[0], "channels": f[1], "score": f[2], "label": ["car", "train"][int(np.argmax(s))], "probability": float(s.max())} for f, s in zip(features, shares)]
assert len({e["label"] for e in events}) == 2
lines = ",\n".join(" " + json.dumps(e) for e in events)
if sys.argv[1:] != ["--check"]:
    (HERE / "classifier_expected.json").write_text(f"[\n{lines}\n]\n")
