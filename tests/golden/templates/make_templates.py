"""TEMPLATE_MATCH with a template from a file: what ObsPy's correlate_template gives for it.

`event.npy` is one channel, `events.npy` as many as the input has, both f32 at 1 kHz; `counts.npy` is the same as 16-bit counts.
"""

import pathlib
import sys

import numpy as np
import obspy
from obspy.signal.cross_correlation import correlate_template

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import Set

g = Set(__file__, obspy=obspy.__version__)
stated = "obspy correlate_template(mode='valid', normalize='full', demean=True)"
rng = np.random.default_rng(11)
t = np.arange(300) / 1000.0
event = (np.sin(2 * np.pi * 40 * t) * np.exp(-(((t - 0.12) / 0.05) ** 2)) + 0.05 * rng.standard_normal(300) + 3e3)[:, None].astype(np.float32)
channels = g.values("noise").shape[1]
events = np.concatenate([np.roll(event, 7 * c) for c in range(channels)], axis=1) + np.float32(0.01) * rng.standard_normal((300, channels)).astype(np.float32)
counts = np.round(1000 * (event - 3e3)).astype(np.int16)
for name, values in (("event", event), ("events", events), ("counts", counts)):
    np.save(g.folder / f"{name}.npy", values)


def matched(template):
    """By the definition, window by window: ObsPy's running sums leave rounding of their own, to which it agrees."""
    def run(x, fs):
        t = np.broadcast_to(template.astype(np.float64), (len(template), x.shape[1]))
        windows = np.lib.stride_tricks.sliding_window_view(x - x.mean(axis=0), len(t), axis=0)
        windows = windows - windows.mean(axis=-1, keepdims=True)
        t = t - t.mean(axis=0)
        norm = np.sqrt((windows**2).sum(axis=-1) * (t**2).sum(axis=0))
        y = np.einsum("ick,kc->ic", windows, t) / norm
        for c in range(x.shape[1]):
            own = correlate_template(x[:, c] - x[:, c].mean(), t[:, c], mode="valid", normalize="full", demean=True)
            assert np.allclose(own, y[:, c], rtol=0, atol=1e-5)
        return y
    return run


for source in ("noise", "offset", "tones"):
    g.add("TEMPLATE_MATCH 0s.. TEMPLATE=event.npy FS=1000", source, matched(event), stated)
    g.add("TEMPLATE_MATCH 50ms..0.2s TEMPLATE=event.npy FS=1kHz", source, matched(event[50:200]), stated)
    if g.values(source).shape[1] == channels:
        g.add("TEMPLATE_MATCH 20..40 TEMPLATE=events.npy FS=1kHz", source, matched(events[20:40]), stated)
g.add("TEMPLATE_MATCH 100..160 TEMPLATE=events.npy CH=2..3 FS=1kHz", "noise", matched(events[100:160, 2:3]), stated + ", the template of channel 2")
g.add("TEMPLATE_MATCH 0..200 TEMPLATE=counts.npy FS=1kHz", "noise", matched(counts[:200]), stated + ", of 16-bit counts")
g.add("TEMPLATE_MATCH 0..300 TEMPLATE=events.npy FS=1kHz | MEAN AXIS=channel", "noise", lambda x, fs: matched(events)(x, fs).mean(axis=1), stated + ", mean over channels", axes=["time"], operator="template_match")
g.add("TEMPLATE_MATCH 0.. TEMPLATE=event.npy FS=10kHz", "slow_10khz", matched(event), stated, rows=9000, floor=1e-3)
g.write()
