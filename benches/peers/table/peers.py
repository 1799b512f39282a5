"""The others: each function takes the data and the row and answers with what is timed."""
import ctypes
import functools
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import fft, ndimage, signal

from . import dasc
from .measure import THREADS

HERE = pathlib.Path(__file__).resolve().parent


def bandpass(row):
    return signal.butter(4, [10, 200], btype="band", fs=row.rate, output="sos")


def mean_of(x):
    return x.mean(axis=0, dtype=np.float64)


def split(count, threads):
    """`count` channels in shares of a multiple of 16."""
    share = -(-count // (16 * threads)) * 16
    return [(a, min(a + share, count)) for a in range(0, count, share)]


# The yardstick: mean supplied, band-pass of order 4 with state in F64, absolute value.


def yardstick_scipy(x, row):
    sos, mean = bandpass(row), mean_of(x)
    return lambda: np.abs(signal.sosfilt(sos, x - mean, axis=0)).astype(np.float32)


@functools.cache
def library():
    """`wide.c`, built for this machine."""
    built = pathlib.Path(dasc.FOLDER) / "wide.so"
    source = HERE.parent / "wide.c"
    command = ["cc", "-O3", "-march=native", "-shared", "-fPIC", str(source), "-o", str(built)]
    try:
        subprocess.run(command, check=True, capture_output=True)
        return ctypes.CDLL(str(built)).yardstick_record
    except (OSError, subprocess.CalledProcessError) as why:
        raise ImportError(f"the C compiler does not build it: {why}") from why


def yardstick_c(threads, tile=16):
    """By hand, in tiles of rows, channels shared among threads; rows are padded, for a power of two falls into few sets of the caches."""

    def make(x, row):
        function = library()
        rows, channels = x.shape
        if channels % (8 * threads):
            raise ImportError("the kernel by hand works on eights of channels")
        stride = channels + 16
        padded, out = np.zeros((rows, stride), np.float32), np.zeros((rows, stride), np.float32)
        padded[:, :channels] = x
        mean = mean_of(x)
        # Every section of a band-pass is made (1, 0, −1) over its poles; what is left of the numerators is one gain.
        sos = bandpass(row)
        filters = np.concatenate([[np.prod(sos[:, 0])], -sos[:, 4:].ravel()])

        def part(first, last):
            state = np.zeros((8, last - first + 16))
            at = lambda array, items: ctypes.c_void_p(array.ctypes.data + items * array.itemsize)
            sizes = [ctypes.c_size_t(size) for size in (rows, tile, last - first, stride, stride)]
            state_stride = ctypes.c_size_t(last - first + 16)
            function(at(padded, first), at(out, first), *sizes, at(mean, first), at(state, 0), state_stride, at(filters, 0))

        def work():
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda share: part(*share), split(channels, threads)))
            return out[:, :channels]

        return work

    return make


def numba():
    import numba

    return numba


@functools.cache
def numba_yardstick():
    """Blocks of channels, section after section over a row, each loop vectorised: the fastest form we know of for Numba."""
    njit = functools.partial(numba().njit, fastmath=True, error_model="numpy", nogil=True)

    @njit(inline="never")
    def section(row, s0, s1, b0, b1, b2, a1, a2):
        for c in range(row.shape[0]):
            v = row[c]
            y = b0 * v + s0[c]
            s0[c] = b1 * v - a1 * y + s1[c]
            s1[c] = b2 * v - a2 * y
            row[c] = y

    @njit
    def centre(x, mean, row):
        for c in range(row.shape[0]):
            row[c] = x[c] - mean[c]

    @njit
    def finish(out, row):
        for c in range(row.shape[0]):
            out[c] = abs(row[c])

    @njit
    def run(x, out, mean, state, row, filter, width):
        for block in range(x.shape[1] // width):
            c = block * width
            for t in range(x.shape[0]):
                centre(x[t, c : c + width], mean[c : c + width], row)
                for k in range(4):
                    f = filter[k]
                    section(row, state[block, 2 * k], state[block, 2 * k + 1], f[0], f[1], f[2], f[4], f[5])
                finish(out[t, c : c + width], row)

    return run


def yardstick_numba(threads):
    def make(x, row):
        run = numba_yardstick()
        sos, mean, out, channels = bandpass(row), mean_of(x), np.empty_like(x), x.shape[1]
        width = 512 if channels % (512 * threads) == 0 else channels // threads

        def part(first, last):
            state = np.zeros(((last - first) // width, 8, width))
            run(x[:, first:last], out[:, first:last], mean[first:last], state, np.zeros(width), sos, width)

        def work():
            share = channels // threads
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda t: part(t * share, (t + 1) * share), range(threads)))
            return out

        return work

    return make


def yardstick_jax(x, row):
    import jax

    jax.config.update("jax_enable_x64", True)
    from jax import lax, numpy as jnp

    sos, mean = bandpass(row), mean_of(x)

    def step(state, sample):
        v, new = sample.astype(jnp.float64) - mean, []
        for k, (b0, b1, b2, _, a1, a2) in enumerate(sos):
            y = b0 * v + state[2 * k]
            new += [b1 * v - a1 * y + state[2 * k + 1], b2 * v - a2 * y]
            v = y
        return tuple(new), jnp.abs(v).astype(jnp.float32)

    scan = jax.jit(lambda x: lax.scan(step, (jnp.zeros(x.shape[1]),) * 8, x)[1])
    there = jnp.asarray(x)
    return lambda: np.asarray(scan(there).block_until_ready())


# Zero phase.


def patch_of(x, row):
    import dascore

    coords = {"time": np.arange(x.shape[0]) / row.rate, "distance": np.arange(x.shape[1]) * row.spacing}
    return dascore.Patch(data=x, coords=coords, dims=("time", "distance"))


def rows_of(patch):
    return np.asarray(patch.transpose("time", "distance").data)


def zero_phase_scipy(x, row):
    sos = bandpass(row)
    return lambda: signal.sosfiltfilt(sos, x, axis=0)


def zero_phase_dascore(x, row):
    patch = patch_of(x, row)
    return lambda: patch.pass_filter(time=(10, 200), corners=4)


# Eight operations on each sample.


def chain_numpy(x, row):
    out = np.empty_like(x)

    def work():
        f = np.float32
        np.multiply(x, f(0.5), out=out)
        np.abs(out, out=out)
        np.clip(out, f(0.01), f(2), out=out)
        np.multiply(out, f(3), out=out)
        np.multiply(out, out, out=out)
        np.multiply(out, f(0.25), out=out)
        np.clip(out, f(0.1), f(1), out=out)
        return np.multiply(out, f(1.5), out=out)

    return work


def chain_numba(threads):
    def make(x, row):
        nb = numba()

        @nb.njit(fastmath=True, nogil=True)
        def run(x, out):
            f = np.float32
            for i in range(x.shape[0]):
                for j in range(x.shape[1]):
                    v = abs(x[i, j] * f(0.5))
                    v = min(max(v, f(0.01)), f(2)) * f(3)
                    v = v * v * f(0.25)
                    out[i, j] = min(max(v, f(0.1)), f(1)) * f(1.5)

        out, share = np.empty_like(x), -(-x.shape[0] // threads)

        def work():
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda t: run(x[t * share : (t + 1) * share], out[t * share : (t + 1) * share]), range(threads)))
            return out

        return work

    return make


# A line taken off.


def detrend_scipy(x, row):
    return lambda: np.abs(signal.detrend(x, axis=0)) * np.float32(2)


def detrend_dascore(x, row):
    patch = patch_of(x, row)
    return lambda: patch.detrend("time").abs() * 2


# From counts to a level at a tenth of the rate, in one pass.


def level_scipy(x, row):
    sos = bandpass(row)

    def work():
        y = signal.sosfilt(sos, x * np.float32(0.001), axis=0)
        y = signal.decimate(y, 10, axis=0, zero_phase=False)
        return root_mean_square(y, 50)

    return work


def root_mean_square(y, n):
    sums = np.cumsum(y * y, axis=0)
    sums[n:] = sums[n:] - sums[:-n]
    return np.sqrt(sums / np.minimum(np.arange(1, len(y) + 1), n)[:, None]).astype(np.float32)


def level_dascore(x, row):
    patch = patch_of(x, row)

    def work():
        y = (patch * np.float32(0.001)).pass_filter(time=(10, 200), corners=4).decimate(time=10)
        return (y**2).rolling(time=50, samples=True).mean() ** 0.5

    return work


def level_dascore_reference(x, row):
    """DASCore's filters go forwards and backwards; its windows begin when they are full."""
    y = signal.sosfiltfilt(bandpass(row), x * np.float32(0.001), axis=0)
    y = root_mean_square(signal.decimate(y, 10, axis=0), 50)
    y[:49] = np.nan
    return y


# Spectra.


def stft_frames(x, n=1024, hop=512):
    """Frames side by side along the last axis, as scipy.fft is fastest."""
    return np.lib.stride_tricks.sliding_window_view(x, n, axis=0)[::hop]


def stft_scipy(threads):
    def make(x, row):
        frames = stft_frames(x)
        window = signal.get_window("hann", 1024).astype(np.float32)
        window /= window.sum()

        def work():
            spectra = fft.rfft(frames * window, axis=-1, workers=threads)
            return spectra.real**2 + spectra.imag**2

        return work

    return make


def spectrogram_scipy(x, row):
    return lambda: signal.spectrogram(x, row.rate, nperseg=1024, noverlap=512, axis=0)[2]


def spectrogram_fft(threads):
    def make(x, row):
        frames = stft_frames(x)
        window = signal.get_window(("tukey", 0.25), 1024).astype(np.float32)
        scale = np.full(513, 2 / (row.rate * (window.astype(np.float64) ** 2).sum()), np.float32)
        scale[[0, -1]] /= 2

        def work():
            spectra = fft.rfft((frames - frames.mean(axis=-1, keepdims=True)) * window, axis=-1, workers=threads)
            return (spectra.real**2 + spectra.imag**2) * scale

        return work

    return make


def from_frames(y):
    """(frame, channel, frequency) as (frame, frequency, channel)."""
    return y.transpose(0, 2, 1)


def from_spectrogram(y):
    """(frequency, channel, frame) as (frame, frequency, channel)."""
    return y.transpose(2, 0, 1)


# Detectors.


def sta_lta_scipy(x, row):
    short, long = 50, 1000

    def work():
        power = x.astype(np.float64) ** 2
        power[0] = 0
        a = signal.lfilter([1 / short], [1, 1 / short - 1], power, axis=0)
        b = signal.lfilter([1 / long], [1, 1 / long - 1], power, axis=0)
        with np.errstate(all="ignore"):
            y = a / b
        y[:long] = 0
        return y

    return work


def sta_lta_obspy(x, row):
    from obspy.signal.trigger import recursive_sta_lta

    columns = [np.ascontiguousarray(column, np.float64) for column in x.T]
    return lambda: np.stack([recursive_sta_lta(column, 50, 1000) for column in columns])


def median_scipy(x, row):
    return lambda: ndimage.median_filter(x, size=(5, 1), mode="reflect")


def median_dascore(x, row):
    patch = patch_of(x, row)
    return lambda: patch.median_filter(time=5, samples=True, mode="reflect")


def fk_numpy(x, row):
    speeds = (300.0, 400.0, 2000.0, 3000.0)
    n, m = x.shape
    f = np.abs(fft.rfftfreq(n, 1 / row.rate))[:, None]
    k = np.abs(fft.fftfreq(m, row.spacing))[None, :]
    with np.errstate(all="ignore"):
        v = np.where(k == 0, np.inf, f / k)
    rise = np.sin(np.pi / 2 * np.clip((v - speeds[0]) / (speeds[1] - speeds[0]), 0, 1))
    fall = 1 - np.sin(np.pi / 2 * np.clip((v - speeds[2]) / (speeds[3] - speeds[2]), 0, 1))
    weight = np.where(v <= speeds[1], rise, np.where(v <= speeds[2], 1, fall)).astype(np.float32)
    return lambda: fft.irfft(fft.ifft(fft.fft(fft.rfft(x, axis=0), axis=1) * weight, axis=1), n, axis=0)


def fk_dascore(x, row):
    patch, mean = patch_of(x - x.mean(), row), x.mean()
    return lambda: patch.slope_filter(np.array([300.0, 400.0, 2000.0, 3000.0]))


def template_obspy(x, row):
    from obspy.signal.cross_correlation import correlate_template

    columns = [np.ascontiguousarray(column, np.float64) for column in x.T]
    match = lambda c: correlate_template(c, c[2000:2500], mode="valid", normalize="full", demean=True)
    return lambda: np.stack([match(column) for column in columns])


def template_scipy(x, row):
    """By scipy.signal.fftconvolve over the record, with running sums."""
    m = 500
    wide = x.astype(np.float64)

    def work():
        template = wide[2000 : 2000 + m] - wide[2000 : 2000 + m].mean(axis=0)
        product = signal.oaconvolve(wide, template[::-1], mode="valid", axes=0)
        zero = np.zeros((1, x.shape[1]))
        one, two = (np.concatenate([zero, np.cumsum(wide**k, axis=0)]) for k in (1, 2))
        sums, squares = one[m:] - one[:-m], two[m:] - two[:-m]
        return product / np.sqrt((squares - sums**2 / m) * (template**2).sum(axis=0))

    return work


# One channel.


def one_channel_scipy(x, row):
    sos = bandpass(row)
    return lambda: signal.sosfilt(sos, x, axis=0)


def one_channel_flat(x, row):
    """Along the last axis, where SciPy copies nothing."""
    sos, line = bandpass(row), np.ascontiguousarray(x[:, 0])
    return lambda: signal.sosfilt(sos, line)
