"""Writes the reference of exp, log, sin and cos: mpmath with 60 digits, rounded to f64 twice (value and remainder).

Each line: function, argument bits, bits of the nearest f64, and the exact value minus that f64 in units of its last place.
Run: python reference.py > reference.txt
"""

import random
import struct

import mpmath as mp

mp.mp.prec = 300
random.seed(20260101)


def bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def value(b):
    return struct.unpack("<d", struct.pack("<Q", b))[0]


def line(name, x):
    y = {"exp": mp.exp, "log": mp.log, "sin": mp.sin, "cos": mp.cos}[name](mp.mpf(x))
    near = float(y)
    if near in (float("inf"), float("-inf")):
        print(name, f"{bits(x):016x} {bits(near):016x} 0")
        return
    up = value(bits(abs(near)) + 1) - abs(near)
    rest = (y - mp.mpf(near)) / mp.mpf(up) if up != float("inf") else mp.mpf(0)
    print(name, f"{bits(x):016x} {bits(near):016x} {float(rest):.4f}")


def near_multiples(count):
    """The f64 below 2^20 nearest to multiples of pi/2: the hardest arguments to reduce."""
    found = []
    half_pi = mp.pi / 2
    for n in range(1, 667544):
        exact = half_pi * n if n < 64 else None
        x = float(n * 1.5707963267948966) if exact is None else float(exact)
        # 320-bit integer arithmetic: distance of x to n * pi/2, relative.
        found.append((n, x))
    scale = 1 << 200
    fixed = int(mp.floor(half_pi * scale))
    best = []
    for n, _ in found:
        target = fixed * n
        x = target / scale
        num, den = x.as_integer_ratio()
        d = abs(num * (scale // den) - target)
        best.append((d, x))
    best.sort()
    return [x for _, x in best[:count]]


for _ in range(300):
    line("exp", random.uniform(-745, 709.7))
    line("exp", random.choice([-1, 1]) * 2 ** random.uniform(-60, 3))
    line("log", 2 ** random.uniform(-1074, 1023.9))
    line("log", random.uniform(0.5, 2))
    line("log", 1 + random.choice([-1, 1]) * 2 ** random.uniform(-52, -2))
    for name in ("sin", "cos"):
        line(name, random.choice([-1, 1]) * 2 ** random.uniform(-60, 20))
        line(name, random.uniform(-7, 7))
for x in near_multiples(100):
    line("sin", x)
    line("cos", x)
for x in (5e-324, 2.2e-308, 1.7976931348623157e308, 1.0):
    line("log", x)
for x in (-745.13, -708.4, -740.0, 709.78, 0.0, 710.0, 1e-300):
    line("exp", x)
for x in (1048576.0, 5e-324, 1e-300, 0.5):
    line("sin", x)
    line("cos", x)
