"""Expected values for tests/values.rs: definitions evaluated by SciPy and NumPy. Writes values.txt beside this script.

Two channels of 40 samples at 100 Hz; channel 1 is what is printed unless a definition looks across channels."""
import numpy as np
from scipy.ndimage import correlate1d
from scipy.signal import lfilter
from pathlib import Path

rng = np.random.default_rng(7)
n, dt = 40, 0.01
x = np.round(rng.normal(size=(n, 3)), 6)
u = np.round(rng.normal(size=(n, 3)), 6)


def late(a, k, before=0.0):
    out = np.full_like(a, before)
    out[k:] = a[: n - k]
    return out


def ahead(a, k):
    out = np.zeros_like(a)
    out[: n - k] = a[k:]
    return out


cases = []


def case(text, expected):
    cases.append((text, np.asarray(expected, float)))


a = 1 - np.exp(-dt / 0.05)
case("y WHERE y[t] = y[t-1] + (1 - exp(-dt / 50ms)) * (x[t] - y[t-1])", lfilter([a], [1, a - 1], x, axis=0))
case("y WHERE y[t] = y[t-1] + x[t]", np.cumsum(x, axis=0))
b, c = [0.2, -0.1, 0.3], [1, -1.2, 0.5]
case("y WHERE y = 1.2 * y[t-1] - 0.5 * y[t-2] + 0.2 * x - 0.1 * x[t-1] + 0.3 * x[t-2]", lfilter(b, c, x, axis=0))
zi = np.stack([[0.5 * 2.0]] * 3, axis=1)
case("y WHERE y[t] = 0.5 * y[t-1] + x[t]; y[t<0] = 2", lfilter([1], [1, -0.5], x, axis=0, zi=zi)[0])
case("y WHERE y[t] = 0.5 * y[t-1] + x[t]; y[t<0] = x", lfilter([1], [1, -0.5], x, axis=0, zi=0.5 * x[:1])[0])
case("(x[c-1] + x[c] + x[c+1]) / 3", correlate1d(x, [1 / 3] * 3, axis=1, mode="reflect"))
case("x[c-1 | nearest] - x[c+1 | nearest]", correlate1d(x, [1, 0, -1], axis=1, mode="nearest"))
case("x[c-2 | zero] + 2 * x[c+1 | zero]", correlate1d(x, [1, 0, 0, 2, 0], axis=1, mode="constant"))
case("2 * x[c+1 | mirror]", correlate1d(x, [0, 0, 2], axis=1, mode="mirror"))
case("x[t] - 2 * x[t-1] + x[t-3]", lfilter([1, -2, 0, 1], [1], x, axis=0))
case("(x[t+2] - x[t-1]) * u", (ahead(x, 2) - late(x, 1)) * u)
case("w[t-2] WHERE w = 2 * x; w[t<0] = 7", late(2 * x, 2, 7.0))
case("IF x > 0.5 THEN x ELSE IF x < -0.5 AND NOT u > 0 THEN -x ELSE u ^ 2", np.where(x > 0.5, x, np.where((x < -0.5) & ~(u > 0), -x, u**2)))
case("min(x, u, 0.1) + max(x, u) - floor(10 * x) + ceil(u)", np.minimum(np.minimum(x, u), 0.1) + np.maximum(x, u) - np.floor(10 * x) + np.ceil(u))
case("log(exp(x) + 1) * log10(abs(u) + 1) + sin(x) * cos(u) + sqrt(abs(x))", np.log(np.exp(x) + 1) * np.log10(abs(u) + 1) + np.sin(x) * np.cos(u) + np.sqrt(abs(x)))
case("(abs(x) + 1) ^ -3 + (abs(u) + 1) ^ 1.5 + 2 ^ 3 ^ 0", (abs(x) + 1) ** -3 + (abs(u) + 1) ** 1.5 + 2 ** 3**0)

p, q = np.zeros(3), np.zeros(3)
pair = []
for t in range(n):
    p, q = 0.9 * p - 0.2 * q + x[t], 0.2 * p + 0.9 * q + u[t]
    pair.append(p + q)
case("p + q WHERE p[t] = 0.9 * p[t-1] - 0.2 * q[t-1] + x; q[t] = 0.2 * p[t-1] + 0.9 * q[t-1] + u", pair)

env = np.zeros(3)
follow = []
for t in range(n):
    env = np.where(abs(x[t]) > env, 0.6, 0.05) * (abs(x[t]) - env) + env
    follow.append(env)
case("e WHERE e[t] = e[t-1] + k * (abs(x) - e[t-1]); k = IF abs(x) > e[t-1] THEN 0.6 ELSE 0.05", follow)
case("y WHERE y[t] = max(x, 0.8 * y[t-1])", np.array([x[0] * 0 + np.max([0.8 ** (t - s) * x[s] for s in range(t + 1)] + [np.zeros(3)], axis=0) for t in range(n)]))
case("y WHERE y[t] = 0.5 * y[t-1] + x[t+1] + u[c+1]", lfilter([1], [1, -0.5], ahead(x, 1) + correlate1d(u, [0, 0, 1], axis=1, mode="reflect"), axis=0))

def numbers(a):
    return " ".join(repr(float(v)) for v in np.asarray(a).ravel())

lines = [numbers(x), numbers(u)]
for text, expected in cases:
    lines += [text, numbers(expected)]
Path(__file__).with_name("values.txt").write_text("\n".join(lines) + "\n")
