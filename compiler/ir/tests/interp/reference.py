"""Writes reference.txt: what SciPy, NumPy and ObsPy make of the record that tests/interp.rs interprets.

Run as: python reference.py > reference.txt
Each line is a name and numbers in row-major order [row][inner][channel][plane].
"""
import numpy as np
import scipy.ndimage as ndi
import scipy.signal as sig
from obspy.signal.trigger import trigger_onset

rng = np.random.default_rng(7)
x = rng.standard_normal((23, 2))
x[:, 1] += 3.0


def show(name, values):
    values = np.asarray(values)
    if np.iscomplexobj(values):
        values = np.stack([values.real, values.imag], axis=-1)
    print(name, *(repr(float(v)) for v in values.ravel()))


show("input", x)
show("short", x[:3])
weights = np.array([0.5, -1.0, 2.0, 0.25, 1.5])
modes = {"zero": "constant", "nearest": "nearest", "reflect": "reflect", "mirror": "mirror"}
for name, mode in modes.items():
    show(f"dot_{name}", ndi.correlate1d(x, weights, axis=0, mode=mode))
    # origin −2 moves the taps to 0 ..= 4, so a reflection at the end reaches far.
    show(f"ahead_{name}", ndi.correlate1d(x, weights, axis=0, mode=mode, origin=-2))
    show(f"short_{name}", ndi.correlate1d(x[:3], weights, axis=0, mode=mode, origin=2))
    show(f"min_{name}", ndi.minimum_filter1d(x, 5, axis=0, mode=mode))
    show(f"hop_{name}", ndi.maximum_filter1d(x, 5, axis=0, mode=mode)[::3])
    show(f"channel_{name}", ndi.correlate1d(x, weights, axis=1, mode=mode))
show("valid", np.stack([np.correlate(x[:, c], weights, "valid") for c in range(2)], axis=1))
sos = sig.butter(4, [0.1, 0.4], btype="bandpass", output="sos")
show("sos", sos)
show("sosfilt", sig.sosfilt(sos, x, axis=0))
show("hilbert", sig.hilbert(x, axis=0))
show("hilbert_even", sig.hilbert(x[:22], axis=0))
show("rfft", np.fft.rfft(x, axis=0))
show("rfft_even", np.fft.rfft(x[:20], axis=0))
# SciPy scales by 1 / sum(window); the graph does not.
window = sig.get_window("hann", 8)
_, _, z = sig.stft(x, window="hann", nperseg=8, noverlap=5, axis=0)
show("stft", np.transpose(z, (2, 0, 1)) * window.sum())
_, back = sig.istft(z, window="hann", nperseg=8, noverlap=5, time_axis=2, freq_axis=0)
show("window", window)
frames = np.stack([np.fft.irfft(np.fft.rfft(x[j : j + 8] * window[:, None], axis=0), axis=0) for j in range(0, 16, 3)])
show("frames_back", frames)
laid = np.zeros_like(x)
for j, frame in enumerate(frames):
    laid[3 * j : 3 * j + 8] += frame
show("overlap_add", laid)
for how in ("sum", "min", "max", "mean", "std"):
    f = getattr(np, how)
    show(f"{how}_record", f(x, axis=0))
    show(f"{how}_segments", [f(x[:9], axis=0), f(x[9:], axis=0)])
    show(f"{how}_channel", f(x, axis=1))
onsets = []
for c in range(2):
    level = x[:, c] - x[:, c].mean()
    for first, last in trigger_onset(level, 0.8, -0.1):
        peak = first + np.argmax(level[first : last + 1])
        onsets.append([c, first, last + 1, peak, level[peak]])
show("onsets", onsets)
