"""Writes design.json, the values that stdlib/src/design is tested against.

Every filter is designed twice: by SciPy, and with mpmath at 60 digits. Where SciPy's coefficients lie within
1e-12 of the exact ones (relative to the largest of their polynomial), SciPy's are stored; otherwise the exact
ones, and the case says `"from": "mpmath"` with SciPy's own error.

    python design.py > design.json
    python design.py bessel     # prints the table of bessel_poles.rs
"""

import json
import sys

import mpmath as mp
import numpy as np
import scipy
from scipy import signal

mp.mp.dps = 60
TRUST = 1e-12


def angles(n):
    return [mp.pi * m / (2 * n) for m in range(-n + 1, n, 2)]


def mp_prod(values):
    out = mp.mpc(1)
    for v in values:
        out *= v
    return out


def prototype(family, n, rp=None, rs=None):
    if family == "butter":
        return [], [-mp.expj(t) for t in angles(n)], mp.mpf(1)
    if family == "cheby1":
        eps = mp.sqrt(mp.mpf(10) ** (mp.mpf(rp) / 10) - 1)
        mu = mp.asinh(1 / eps) / n
        p = [-mp.sinh(mu + mp.j * t) for t in angles(n)]
        k = mp.re(mp_prod(-x for x in p))
        return [], p, k / mp.sqrt(1 + eps**2) if n % 2 == 0 else k
    if family == "cheby2":
        mu = mp.asinh(mp.sqrt(mp.mpf(10) ** (mp.mpf(rs) / 10) - 1)) / n
        z = [mp.j / mp.sin(t) for t in angles(n) if t != 0]
        p = [-1 / mp.sinh(mu + mp.j * t) for t in angles(n)]
        return z, p, mp.re(mp_prod(-x for x in p) / mp_prod(-x for x in z))
    if family == "ellip":
        eps2 = mp.mpf(10) ** (mp.mpf(rp) / 10) - 1
        if n == 1:
            p = -1 / mp.sqrt(eps2)
            return [], [p], -p
        m1 = eps2 / (mp.mpf(10) ** (mp.mpf(rs) / 10) - 1)
        q = mp.exp(-mp.pi * mp.ellipk(1 - m1) / mp.ellipk(m1) / n)
        m = mp.mfrom(q=q)
        capk = mp.ellipk(m)
        v0 = capk * mp.ellipf(mp.atan(1 / mp.sqrt(eps2)), 1 - m1) / (n * mp.ellipk(m1))
        sv, cv, dv = (mp.ellipfun(f, v0, m=1 - m) for f in ("sn", "cn", "dn"))
        z, p = [], []
        for j in range(1 - n % 2, n, 2):
            s, c, d = (mp.ellipfun(f, j * capk / n, m=m) for f in ("sn", "cn", "dn"))
            pole = -(c * d * sv * cv + mp.j * s * dv) / (1 - (d * sv) ** 2)
            p.append(pole)
            if j:
                z += [mp.j / (mp.sqrt(m) * s), -mp.j / (mp.sqrt(m) * s)]
                p.append(mp.conj(pole))
        k = mp.re(mp_prod(-x for x in p) / mp_prod(-x for x in z))
        return z, p, k / mp.sqrt(1 + eps2) if n % 2 == 0 else k
    if family == "bessel":
        return [], bessel_poles(n), mp.mpf(1)
    raise ValueError(family)


def bessel_poles(n):
    """Poles normalised so that the asymptotes are Butterworth's (SciPy's norm='phase')."""
    theta = [mp.factorial(2 * n - k) / (mp.mpf(2) ** (n - k) * mp.factorial(k) * mp.factorial(n - k)) for k in range(n + 1)]
    scale = theta[0] ** (mp.mpf(-1) / n)
    roots = mp.polyroots(theta[::-1], maxsteps=400, extraprec=400)
    return [scale * (mp.re(r) if abs(mp.im(r)) < mp.mpf(10) ** -40 else r) for r in roots]


def exact_zpk(zpk, btype, corners, fs):
    """The textbook transformations at 60 digits; corners and rate are the f64 values a caller passes."""
    z, p, k = zpk
    degree = len(p) - len(z)
    warped = [4 * mp.tan(mp.pi * mp.mpf(f) / mp.mpf(fs)) for f in corners]
    if btype == "lowpass":
        w = warped[0]
        z, p, k = [w * x for x in z], [w * x for x in p], k * w**degree
    elif btype == "highpass":
        w = warped[0]
        k = k * mp.re(mp_prod(-x for x in z) / mp_prod(-x for x in p))
        z, p = [w / x for x in z] + [mp.mpf(0)] * degree, [w / x for x in p]
    else:
        w2, half = warped[0] * warped[1], (warped[1] - warped[0]) / 2
        roots = lambda s: [s + mp.sqrt(s * s - w2), s - mp.sqrt(s * s - w2)]
        if btype == "bandpass":
            k = k * (2 * half) ** degree
            z = [r for x in z for r in roots(half * x)] + [mp.mpf(0)] * degree
            p = [r for x in p for r in roots(half * x)]
        else:
            k = k * mp.re(mp_prod(-x for x in z) / mp_prod(-x for x in p))
            z = [r for x in z for r in roots(half / x)] + [mp.j * mp.sqrt(w2), -mp.j * mp.sqrt(w2)] * degree
            p = [r for x in p for r in roots(half / x)]
    degree = len(p) - len(z)
    k = k * mp.re(mp_prod(4 - x for x in z) / mp_prod(4 - x for x in p))
    bilinear = lambda s: (4 + s) / (4 - s)
    return [bilinear(x) for x in z] + [mp.mpf(-1)] * degree, [bilinear(x) for x in p], k


def exact_sos(zpk):
    """SciPy pairs the rounded values; each quadratic is then rounded once from 60 digits."""
    z, p, k = zpk
    rounded = lambda v: np.array([complex(x) for x in v])

    def symmetric(v, exact):
        # Conjugates must match exactly for zpk2sos; -0 and 1e-60 imaginary parts count as real.
        out = []
        for x in v:
            out.append(complex(x.real, 0.0) if abs(x.imag) < 1e-30 else x)
        return np.array(out)

    zr, pr = symmetric(rounded(z), z), symmetric(rounded(p), p)
    return signal.zpk2sos(zr, pr, float(k))


def norm_error(a, b):
    """Largest difference of coefficients relative to the largest of their polynomial."""
    worst = 0.0
    for half in (slice(0, 3), slice(3, 6)):
        scale = np.abs(b[:, half]).max(axis=1, keepdims=True)
        worst = max(worst, float((np.abs(a[:, half] - b[:, half]) / scale).max()))
    return worst


def response_error(a, b):
    w = np.linspace(0.001, 0.999, 97) * np.pi
    ha, hb = np.abs(signal.freqz_sos(a, w)[1]), np.abs(signal.freqz_sos(b, w)[1])
    return float((np.abs(ha - hb) / hb.max()).max())


def iir_case(family, order, btype, corners, fs, rp=None, rs=None):
    wn = corners if len(corners) > 1 else corners[0]
    ripple = [x for x in (rp, rs) if x is not None]
    scipys = getattr(signal, family)(order, *ripple, wn, btype=btype, fs=fs, output="sos")
    exact = exact_sos(exact_zpk(prototype(family, order, rp, rs), btype, corners, fs))
    error = norm_error(scipys, exact)
    tied = symmetric_about_quarter(corners, fs)
    case = {"family": family, "order": order, "band": btype, "corners": corners, "fs": fs, "ripple": ripple, "scipy_error": float(f"{error:.1e}")}
    if error <= TRUST or tied:
        case["from"], chosen = "scipy", scipys
    else:
        case["from"], chosen = "mpmath", exact
    if tied:
        # Poles of equal magnitude: which comes first is decided by SciPy's last bit, so whole responses are compared.
        case["compare"] = "response"
    case["sos"] = [[float(v) for v in (*s[:3], *s[4:])] for s in chosen]
    return case


def symmetric_about_quarter(corners, fs):
    return abs(sum(corners) - fs / 2) < 1e-9 * fs if len(corners) == 2 else False


def mp_zi(sos):
    state, arriving = [], mp.mpf(1)
    for b0, b1, b2, _, a1, a2 in [[mp.mpf(float(v)) for v in s] for s in sos]:
        level = (b0 + b1 + b2) / (1 + a1 + a2)
        z1 = b2 - a2 * level
        state.append([float(arriving * (b1 - a1 * level + z1)), float(arriving * z1)])
        arriving *= level
    return state


def mp_magnitude(sos, f, fs):
    z = mp.expj(-2 * mp.pi * mp.mpf(f) / mp.mpf(fs))
    out = mp.mpf(1)
    for b0, b1, b2, a0, a1, a2 in [[mp.mpf(float(v)) for v in s] for s in sos]:
        out *= abs(b0 + b1 * z + b2 * z * z) / abs(a0 + a1 * z + a2 * z * z)
    return float(out)


def response_cases():
    out = []
    for args, fs, freqs in [
        ((4, [0.01, 0.1], "bandpass"), 1000.0, [1e-4, 0.005, 0.01, 0.03, 0.1, 1.0, 100.0, 499.9]),
        ((4, [10, 200], "bandpass"), 1000.0, [0.01, 5.0, 10.0, 45.0, 200.0, 250.0, 400.0, 499.99]),
        ((8, 0.2), 1000.0, [1e-3, 0.1, 0.2, 1.0, 250.0, 499.0]),
        ((3, 450.0, "highpass"), 1000.0, [1.0, 100.0, 449.0, 450.0, 499.0]),
    ]:
        sos = signal.butter(*args, fs=fs, output="sos")
        case = {"sos": sos.tolist(), "fs": fs, "frequencies": freqs}
        case["magnitude"] = [mp_magnitude(sos, f, fs) for f in freqs]
        zi = mp_zi(sos)
        case["zi"] = zi
        scale = np.abs(zi).max()
        case["zi_scipy_error"] = float(f"{np.abs(np.array(zi) - signal.sosfilt_zi(sos)).max() / scale:.1e}")
        out.append(case)
    return out


def reference():
    iir = []
    bands = [
        ("lowpass", [[0.01], [40.0], [250.0], [499.9]], 1000.0),
        ("highpass", [[0.01], [40.0], [499.0]], 1000.0),
        ("bandpass", [[0.01, 0.1], [10.0, 200.0], [450.0, 499.9], [0.5, 499.0], [125.0, 375.0]], 1000.0),
        ("bandpass", [[1.0, 2.0]], 10000.0),
        ("bandstop", [[45.0, 55.0], [0.01, 0.1], [10.0, 200.0]], 1000.0),
    ]
    for btype, corner_sets, fs in bands:
        for corners in corner_sets:
            for order in range(1, 13):
                iir.append(iir_case("butter", order, btype, corners, fs))
    iir.append(iir_case("butter", 4, "bandpass", [100.0, 100.0001], 1000.0))
    iir.append(iir_case("butter", 2, "bandpass", [1000.0, 1000.001], 50000.0))
    for q in (2, 3, 4, 5, 7, 10, 13, 25, 50, 100):
        iir.append(iir_case("cheby1", 8, "lowpass", [0.8 / q], 2.0, rp=0.05))
    for order in (1, 2, 3, 4, 5, 8, 11):
        for btype, corners in (("lowpass", [40.0]), ("highpass", [0.5]), ("bandpass", [10.0, 200.0]), ("bandstop", [45.0, 55.0])):
            iir.append(iir_case("cheby1", order, btype, corners, 1000.0, rp=0.5))
            iir.append(iir_case("cheby2", order, btype, corners, 1000.0, rs=60.0))
            iir.append(iir_case("ellip", order, btype, corners, 1000.0, rp=0.1, rs=60.0))
    for order in range(1, 13):
        iir.append(iir_case("bessel", order, "lowpass", [40.0], 1000.0))
        iir.append(iir_case("bessel", order, "bandpass", [10.0, 200.0], 1000.0))

    notch = []
    for f, q, fs in [(50, 30, 1000), (60, 10, 500), (0.05, 30, 1000), (499, 30, 1000), (1.5, 0.7, 10000), (250, 5, 1000)]:
        b, a = signal.iirnotch(f, q, fs)
        notch.append({"freq": f, "q": q, "fs": fs, "b": b.tolist(), "a": a.tolist()})

    kinds = [("boxcar", None), ("hann", None), ("hamming", None), ("blackman", None), ("blackmanharris", None),
             ("kaiser", 0.0), ("kaiser", 8.6), ("kaiser", 30.0), ("tukey", 0.05), ("tukey", 0.5), ("tukey", 0.0), ("tukey", 1.0)]
    windows = []
    for name, shape in kinds:
        for n in (1, 2, 3, 4, 7, 16, 33, 64):
            for fftbins in (False, True):
                spec = name if shape is None else (name, shape)
                values = signal.get_window(spec, n, fftbins=fftbins)
                windows.append({"name": name, "shape": shape, "len": n, "periodic": fftbins, "values": values.tolist()})

    fir = []
    for taps, cutoffs, window, pass_zero in [
        (101, [10.0, 200.0], ("hamming", None), False), (101, [40.0], ("hamming", None), True),
        (101, [40.0], ("hann", None), False), (64, [40.0], ("blackman", None), True), (33, [10.0, 200.0], ("boxcar", None), True),
        (255, [1.0, 20.0], ("kaiser", 8.6), False), (21, [50.0, 100.0, 150.0], ("blackmanharris", None), True),
        (21, [50.0, 100.0, 150.0], ("tukey", 0.5), False), (1, [40.0], ("hamming", None), True), (2, [400.0], ("hamming", None), True),
    ]:
        spec = window[0] if window[1] is None else window
        h = signal.firwin(taps, cutoffs, window=spec, pass_zero=pass_zero, fs=1000.0)
        fir.append({"taps": taps, "cutoffs": cutoffs, "window": window[0], "shape": window[1], "pass_zero": pass_zero, "fs": 1000.0, "h": h.tolist()})

    versions = {"scipy": scipy.__version__, "numpy": np.__version__, "mpmath": mp.__version__}
    return {"versions": versions, "iir": iir, "notch": notch, "windows": windows, "fir": fir, "sections": response_cases()}


def print_bessel_table():
    for n in range(1, 13):
        upper = sorted((p for p in bessel_poles(n) if mp.im(p) >= 0), key=mp.im)
        pairs = ", ".join(f"({float(mp.re(p))!r}, {float(mp.im(p))!r})" for p in upper)
        print(f"    &[{pairs}],")


def print_reference():
    """One case a line, so that a change shows as a change of that case."""
    ref = reference()
    print("{")
    print('"versions":' + json.dumps(ref.pop("versions")) + ",")
    groups = []
    for name, cases in ref.items():
        groups.append(f'"{name}":[\n' + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]")
    print(",\n".join(groups) + "\n}")


if __name__ == "__main__":
    print_bessel_table() if sys.argv[1:] == ["bessel"] else print_reference()
