"""IFFT of whole records and of frames, and STFT over an odd extension: NumPy and SciPy."""

import pathlib
import sys

import numpy as np
import scipy
from scipy import signal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from golden import SPECTRUM, Set

g = Set(__file__, scipy=scipy.__version__)


def there_and_back(factor=1.0):
    return lambda x, fs: np.fft.irfft(np.fft.rfft(x, axis=0) * factor, len(x), axis=0)


inverse = "numpy.fft.irfft(numpy.fft.rfft(x, axis=0), n, axis=0)"
for source in ("noise", "tones", "offset", "nan_bursts", "denormals"):
    g.add("FFT | IFFT", source, there_and_back(), inverse)
for n in range(1, 18):
    g.add("FFT | IFFT", "noise", there_and_back(), inverse, rows=n)
g.add("FFT | IFFT", "noise", there_and_back(), inverse, rows=300, channels=1)
g.add("DETREND AXIS=time | FFT | IFFT | LOWPASS 50Hz", "tones", lambda x, fs: signal.sosfilt(signal.butter(4, 50, "low", output="sos", fs=fs), np.fft.irfft(np.fft.rfft(signal.detrend(x, axis=0), axis=0), len(x), axis=0), axis=0), inverse + ", detrended before and filtered after", rows=301, operator="ifft")


def frames(n, hop):
    """Frames centred on every hop-th row, zeros beyond, until the record is covered; weighted as scipy.signal.stft does."""
    def run(x, fs):
        z = signal.stft(x, fs, nperseg=n, noverlap=n - hop, axis=0)[2]
        return np.moveaxis(np.fft.irfft(z, n, axis=0), -1, 0)
    return run


for n, hop in ((64, 32), (33, 11), (50, 50)):
    g.add(f"STFT {n} HOP={hop} | IFFT", "tones", frames(n, hop), "numpy.fft.irfft of scipy.signal.stft", axes=["time", "frame", "channel"], rows=400, out_fs=1000.0 / hop)


def odd(n, hop, **options):
    return lambda x, fs: np.moveaxis(signal.stft(x, fs, nperseg=n, noverlap=n - hop, axis=0, boundary="odd", padded=False, **options)[2], -1, 0)


stated = "scipy.signal.stft(boundary='odd', padded=False)"
for source in ("noise", "tones", "offset"):
    for n, hop in ((64, 32), (33, 11)):
        # Transforms of frames are f32: beside an offset of 1e6 that is all but rounded away.
        options = {"detrend": "constant"} if source == "offset" else {}
        g.add(f"STFT {n} HOP={hop} BOUNDARY=odd" + " DETREND=constant" * bool(options), source, odd(n, hop, **options), stated, axes=SPECTRUM, rows=301)
for rows in (64, 65, 97):
    g.add("STFT 64 BOUNDARY=odd", "noise", odd(64, 32), stated, axes=SPECTRUM, rows=rows)
g.write()
