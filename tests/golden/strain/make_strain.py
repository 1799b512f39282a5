"""Strain, strain rate and velocity after DASCore (`pip install dascore==0.1.24`): STRAIN, STRAIN_RATE, VELOCITY, RADIANS_TO_STRAIN."""

import pathlib
import sys

import dascore as dc
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden import Set

g = Set(__file__, dascore=dc.__version__)


def patch(x, fs, unit, kind=""):
    """Channels 2 m apart, as the golden inputs have them."""
    coords = {"time": np.arange(len(x)) / fs, "distance": 2.0 * np.arange(x.shape[1])}
    return dc.Patch(data=x, coords=coords, dims=("time", "distance"), attrs={"data_units": unit, "data_type": kind})


def array(p):
    return p.transpose("time", "distance").data


NANO = "dascore; prefixes of units are factors"

for source in ("noise", "offset", "nan_bursts", "denormal_tail"):
    g.add("STRAIN", source, lambda x, fs: array(patch(x, fs, "strain/s").integrate("time")), "dascore Patch.integrate('time')", unit="nstrain/s", out_unit="nstrain", rows=400)
for n in range(2, 18):
    g.add("STRAIN", "noise", lambda x, fs: array(patch(x, fs, "strain/s").integrate("time")), "dascore Patch.integrate('time')", unit="strain/s", rows=n)
for multiple in (2, 4, 10):
    step = multiple // 2
    g.add(f"STRAIN MULTIPLE={multiple}", "wide", lambda x, fs, step=step: array(patch(x, fs, "m").differentiate("distance", step=step)), "dascore Patch.differentiate('distance', step)", unit="m", out_unit="strain")
    rate = lambda x, fs, m=multiple: array(patch(x, fs, "m/s", "velocity").velocity_to_strain_rate(step_multiple=m))
    g.add(f"STRAIN_RATE MULTIPLE={multiple}", "wide", rate, "dascore Patch.velocity_to_strain_rate(step_multiple)", unit="m/s", out_unit="strain/s")
    g.add(f"STRAIN_RATE MULTIPLE={multiple}", "wide", lambda x, fs, rate=rate: 1e-9 * rate(x, fs), NANO, unit="nm/s", out_unit="strain/s", rows=1)
for source in ("noise", "offset", "nan_bursts"):
    g.add("STRAIN_RATE", source, lambda x, fs: array(patch(x, fs, "m/s", "velocity").velocity_to_strain_rate()), "dascore Patch.velocity_to_strain_rate", unit="m/s", rows=100)
    g.add("STRAIN_RATE", source, lambda x, fs: array(patch(x, fs, "strain").differentiate("time")), "dascore Patch.differentiate('time')", unit="nstrain", out_unit="nstrain/s", rows=300)
    g.add("VELOCITY", source, lambda x, fs: 1e-3 * array(patch(x, fs, "m").differentiate("time")), "dascore Patch.differentiate('time'), millimetres", unit="mm", out_unit="m/s", rows=200)
    g.add("VELOCITY", source, lambda x, fs: array(patch(x, fs, "m/s^2").integrate("time")), "dascore Patch.integrate('time')", unit="m/s^2", out_unit="m/s", rows=200)
for n in range(3, 18, 2):
    g.add("STRAIN_RATE", "noise", lambda x, fs: array(patch(x, fs, "strain").differentiate("time")), "dascore Patch.differentiate('time')", unit="strain", rows=n)
    g.add("STRAIN_RATE", "noise", lambda x, fs: array(patch(x, fs, "m/s", "velocity").velocity_to_strain_rate()), "dascore Patch.velocity_to_strain_rate", unit="m/s", rows=n)
g.add("VELOCITY SPEED=3km/s", "noise", lambda x, fs: -3000e-9 * x, "-speed * strain (Daley et al. 2016)", unit="nstrain", out_unit="m/s", rows=100)
g.add("VELOCITY SPEED=-1500", "noise", lambda x, fs: 1500e-9 * array(patch(x, fs, "strain/s").integrate("time")), "-speed * dascore Patch.integrate('time')", unit="nstrain/s", out_unit="m/s", rows=100)

for unit, result, scale in (("rad", "strain", 1), ("rad/s", "strain/s", 1), ("mrad", "strain", 1e-3), ("deg", "strain", np.pi / 180)):
    base = unit.replace("mrad", "rad").replace("deg", "rad")
    for source, rows in (("noise", 100), ("offset", 50), ("nan_bursts", 200), ("denormals", None), ("noise", 1)):
        for spelled, options in (("GAUGE=10m", {"gauge_length": 10.0}), ("GAUGE=0.008km WAVELENGTH=1064nm STRESS_CONSTANT=0.735 REFRACTIVE_INDEX=1.468", {"gauge_length": 8.0, "wave_length": 1064e-9, "stress_constant": 0.735, "refractive_index": 1.468})):
            if source == "noise" or unit == "rad":
                reference = lambda x, fs, base=base, scale=scale, options=options: scale * array(patch(x, fs, base).radians_to_strain(**options))
                # Strain of a denormal phase is 0 in f32.
                floor = 1e-38 if source == "denormals" else 0.0
                g.add(f"RADIANS_TO_STRAIN {spelled}", source, reference, "dascore Patch.radians_to_strain", unit=unit, out_unit=result, rows=rows, floor=floor)
for unit, result in (("rad/m", "strain"), ("rad/m/s", "strain/s")):
    g.add("RADIANS_TO_STRAIN", "noise", lambda x, fs, unit=unit: array(patch(x, fs, unit).radians_to_strain()), "dascore Patch.radians_to_strain, phase per metre", unit=unit, out_unit=result, rows=100)
g.write()
