"""Prints wavelet_table.rs: the scaling filters of orthogonal wavelets.

Daubechies' are factorised here with mpmath at 80 digits (Daubechies 1988, minimum phase), symlets and coiflets are those of PyWavelets. All are
checked to be orthonormal and to have the vanishing moments their order promises.

    python wavelets.py > ../wavelet_table.rs
"""

import mpmath as mp
import numpy as np
import pywt

mp.mp.dps = 80


def daubechies(order):
    """((1 + z)/2)^order times the factor of minimum phase of Σ C(order − 1 + k, k) y^k, y = (2 − z − 1/z)/4."""
    polynomial = [mp.binomial(order - 1 + k, k) for k in reversed(range(order))]
    roots = []
    for y in mp.polyroots(polynomial, maxsteps=500, extraprec=800) if order > 1 else []:
        half = 1 - 2 * y
        z = half + mp.sqrt(half * half - 1)
        roots.append(z if abs(z) < 1 else 1 / z)
    h = [mp.mpc(1)]
    for root in [mp.mpf(-1)] * order + roots:
        h = [a - root * b for a, b in zip(h + [0], [0] + h)]
    h = [mp.re(c) for c in h]
    return [c * mp.sqrt(2) / mp.fsum(h) for c in h]


def check(name, h, moments, tolerance):
    n = len(h)
    for shift in range(0, n, 2):
        product = mp.fsum(mp.mpf(h[k]) * h[k + shift] for k in range(n - shift))
        assert abs(product - (shift == 0)) < tolerance, (name, shift, product)
    for power in range(moments):
        moment = mp.fsum((-1) ** k * mp.mpf(k) ** power * h[k] for k in range(n))
        assert abs(moment) < tolerance * mp.mpf(n) ** power, (name, power, moment)


tables = {"db": [], "sym": [], "coif": []}
for order in range(1, 21):
    exact = daubechies(order)
    check(f"db{order}", exact, order, 1e-40)
    h = [float(c) for c in exact]
    theirs = pywt.Wavelet(f"db{order}").rec_lo
    assert np.abs(np.array(h) - theirs).max() < 1e-12, (order, np.abs(np.array(h) - theirs).max())
    tables["db"].append((order, h))
for family, orders in (("sym", range(2, 21)), ("coif", range(1, 6))):
    for order in orders:
        h = pywt.Wavelet(f"{family}{order}").rec_lo
        check(f"{family}{order}", h, order if family == "sym" else 2 * order, 1e-8)
        tables[family].append((order, h))

print("//! Scaling filters of orthogonal wavelets, as `reference/wavelets.py` printed them: the reconstruction low-pass of each, its sum √2.")
print()
print("use std::f64::consts::FRAC_1_SQRT_2;")
print()
for family, constant, first, words in (
    ("db", "DAUBECHIES", 1, "Daubechies (1988), minimum phase; the first is Haar's."),
    ("sym", "SYMLETS", 2, "Daubechies' least asymmetric (1993)."),
    ("coif", "COIFLETS", 1, "Coiflets (Daubechies 1993), whose scaling functions have vanishing moments too."),
):
    print(f"/// {words} From order {first} on.")
    print("#[rustfmt::skip]")
    print(f"pub const {constant}: &[&[f64]] = &[")
    for order, h in tables[family]:
        print("    &[")
        for i in range(0, len(h), 5):
            print("        " + ", ".join(repr(float(c)) for c in h[i:i + 5]).replace(repr(2**-0.5), "FRAC_1_SQRT_2") + ",")
        print("    ],")
    print("];")
    if family != "coif":
        print()
