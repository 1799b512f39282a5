"""The adaptive frequency-wavenumber filter after lightguide (Isken et al. 2022): ADAPTIVE_FK."""

import pathlib
import sys

import numpy as np
from lightguide.afk_filter_python import afk_filter_python

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import Set

g = Set(__file__, lightguide="0.4.0")


def adaptive(window, overlap, exponent, normalize):
    def run(x, fs):
        hop = window - overlap
        padded = np.zeros([((n - 1 + overlap) // hop + 1) * hop + overlap for n in x.shape])
        here = tuple(slice(overlap, overlap + n) for n in x.shape)
        padded[here] = x
        # lightguide takes channel x time.
        return afk_filter_python(padded.T, window, overlap, exponent, normalize).T[here]
    return run


for window, overlap in ((16, 7), (8, 3), (4, 1), (32, 14), (16, 0)):
    for exponent in (0.8, 0.3, 0.0):
        for normalize in (False, True):
            dql = f"ADAPTIVE_FK EXPONENT={exponent} WINDOW={window} OVERLAP={overlap}" + (" NORMALIZE=true" if normalize else "")
            for source in ("wide", "quake_100hz") if exponent else ("wide",):
                g.add(dql, source, adaptive(window, overlap, exponent, normalize), "lightguide afk_filter, zeros around the record", operator="adaptive_fk")
for rows in (1, 2, 3, 9, 10, 17):
    g.add("ADAPTIVE_FK", "noise", adaptive(16, 7, 0.8, False), "lightguide afk_filter, zeros around the record", rows=rows)
g.add("ADAPTIVE_FK", "noise", adaptive(16, 7, 0.8, False), "lightguide afk_filter, zeros around the record", channels=1, rows=60)
g.write()
