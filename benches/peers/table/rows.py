"""What is measured, and what is wanted of it."""
import numpy as np
from scipy import signal

from . import peers
from .measure import SMALL, THREADS, Peer, Row

EVERY = sorted({1, THREADS})


def size(rows, channels):
    return (max(rows // 8, 4096), max(channels // 8, 16 * THREADS)) if SMALL else (rows, channels)


def each(name, make, **more):
    """The same with one thread and with all."""
    return [Peer(name, make(threads), threads, **more) for threads in EVERY]


def yardstick_peers(share):
    return [
        *each("C with intrinsics", peers.yardstick_c),
        *each("Numba", peers.yardstick_numba),
        Peer("SciPy", peers.yardstick_scipy, share=share),
        Peer("JAX", peers.yardstick_jax, THREADS, share=share),
    ]


CHAIN = "SCALE 0.5 | ABS | CLIP 0.01 2 | SCALE 3 | SQUARE | SCALE 0.25 | CLIP 0.1 1 | SCALE 1.5"
TEN = "DETREND | BANDPASS 10 200 | ABS | SCALE 2 | CLIP 0 5 | DECIMATE 5 | RMS 100ms | STA_LTA 20 200 | MEDIAN 5 | NORMALIZE"

ROWS = [
    Row(
        "Yardstick: mean supplied, band-pass of order 4, absolute value",
        "DEMEAN | BANDPASS 10 200 | ABS",
        size(32768, 2048),
        yardstick_peers(share=4),
        [("C", 0.95), ("Numba", 4.5), ("SciPy", 30)],
        stage="last",
        floor=8,
        same_threads=True,
    ),
    Row(
        "Yardstick, whole run: band-pass of order 4, absolute value",
        "BANDPASS 10 200 | ABS",
        size(32768, 2048),
        [],
        [],
        floor=8,
        reference=lambda x, row: np.abs(signal.sosfilt(peers.bandpass(row), x, axis=0)).astype(np.float32),
    ),
    Row(
        "Zero-phase band-pass of a whole record",
        "BANDPASS 10 200 ZEROPHASE=true",
        size(32768, 512),
        [
            Peer("DASCore pass_filter", peers.zero_phase_dascore, view=peers.rows_of),
            Peer("SciPy sosfiltfilt", peers.zero_phase_scipy),
        ],
        [("DASCore", 40), ("SciPy", 30)],
    ),
    Row(
        "Chain of eight operations on each sample",
        CHAIN,
        size(32768, 2048),
        [Peer("NumPy, in place", peers.chain_numpy), *each("Numba", peers.chain_numba)],
        [("limit", 0.95)],
        floor=8,
    ),
    Row(
        "Linear detrend, absolute value, scale",
        "DETREND AXIS=time | ABS | SCALE 2",
        size(50_000, 2000),
        [
            Peer("NumPy and SciPy", peers.detrend_scipy),
            Peer("DASCore", peers.detrend_dascore, view=peers.rows_of),
        ],
        [("NumPy", 40)],
        floor=12,
    ),
    Row(
        "16-bit counts, scale, band-pass, decimate by 10, RMS, in one pass",
        "SCALE 0.001 | BANDPASS 10 200 | DECIMATE 10 | RMS 500ms",
        size(32768, 1024),
        [
            Peer("SciPy", peers.level_scipy, share=2),
            Peer(
                "DASCore", peers.level_dascore, view=peers.rows_of, share=4, reference=peers.level_dascore_reference,
            ),
        ],
        [("limit", 0.8), ("DASCore", 50)],
        dtype="int16",
        floor=2.4,
    ),
    Row(
        "STFT power, frames of 1024, hop 512",
        "STFT 1024 HOP=512 BOUNDARY=none PADDED=false | SQUARE",
        size(32768, 256),
        each("scipy.fft", peers.stft_scipy, view=peers.from_frames),
        [("scipy.fft", 2)],
        same_threads=True,
    ),
    Row(
        "Spectrogram, frames of 1024, hop 512",
        "SPECTROGRAM 1024 HOP=512",
        size(32768, 256),
        [
            *each("scipy.fft", peers.spectrogram_fft, view=peers.from_frames),
            Peer("scipy.signal.spectrogram", peers.spectrogram_scipy, view=peers.from_spectrogram),
        ],
        [("scipy.fft", 2)],
        same_threads=True,
    ),
    Row(
        "STA/LTA, recursive, 50 and 1000 samples",
        "STA_LTA 50 1000",
        size(32768, 256),
        [
            Peer("SciPy lfilter", peers.sta_lta_scipy),
            Peer("ObsPy recursive_sta_lta", peers.sta_lta_obspy, view=lambda y: y.T),
        ],
        [("others", 50)],
    ),
    Row(
        "Running median of 5",
        "MEDIAN 5",
        size(32768, 256),
        [
            Peer("SciPy median_filter", peers.median_scipy),
            Peer("DASCore", peers.median_dascore, view=peers.rows_of),
        ],
        [("others", 20)],
    ),
    Row(
        "Filter by apparent speed, whole record",
        "FK_FILTER 300m/s 400m/s 2km/s 3km/s WINDOW=record",
        size(8192, 512),
        [
            Peer("scipy.fft", peers.fk_numpy, tolerance=1e-3),
            Peer("DASCore slope_filter", peers.fk_dascore, view=peers.rows_of, tolerance=1e-3),
        ],
        [("others", 3)],
        spacing=5.0,
    ),
    Row(
        "Template of 500 samples, every channel its own",
        "TEMPLATE_MATCH 2s..2.5s",
        size(32768, 64),
        [
            Peer("SciPy oaconvolve", peers.template_scipy),
            Peer("ObsPy correlate_template", peers.template_obspy, view=lambda y: y.T),
        ],
        [("others", 5)],
    ),
    Row(
        "One channel, band-pass of order 4",
        "BANDPASS 10 200",
        (10**7, 1) if SMALL else (10**8, 1),
        [Peer("SciPy sosfilt", peers.one_channel_flat, view=lambda y: y[:, None])],
        [("SciPy", 2)],
    ),
]
