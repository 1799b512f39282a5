"""Makes the two data files of the crate from matplotlib's own data.

colormaps.bin  nine tables of 256 RGB triples, in the order of NAMES
DejaVuSans.ttf the Latin, Greek and Cyrillic letters, digits and mathematical signs of DejaVu Sans

Needs matplotlib and fonttools. Run it in the crate's folder: python scripts/assets.py
"""

import pathlib

import matplotlib
import numpy as np
from fontTools import subset

NAMES = ["viridis", "inferno", "magma", "plasma", "cividis", "turbo", "seismic", "RdBu", "gray"]
RANGES = [(0x20, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x2010, 0x2027), (0x2030, 0x203A), (0x2070, 0x209C),
          (0x2126, 0x2126), (0x2190, 0x2195), (0x2200, 0x226B), (0x25A0, 0x25CF), (0xFFFD, 0xFFFD)]
ASSETS = pathlib.Path("assets")

tables = [np.round(matplotlib.colormaps[name].resampled(256)(np.arange(256))[:, :3] * 255) for name in NAMES]
(ASSETS / "colormaps.bin").write_bytes(np.concatenate(tables).astype(np.uint8).tobytes())

source = pathlib.Path(matplotlib.get_data_path()) / "fonts" / "ttf"
options = subset.Options()
options.hinting = False
options.layout_features = []
options.legacy_kern = True
options.glyph_names = False
options.drop_tables += ["GPOS", "GSUB", "GDEF", "MATH"]
options.name_IDs = [0, 1, 2, 4, 5, 6, 13, 14]
font = subset.load_font(source / "DejaVuSans.ttf", options)
chooser = subset.Subsetter(options)
chooser.populate(unicodes=[code for low, high in RANGES for code in range(low, high + 1)])
chooser.subset(font)
subset.save_font(font, ASSETS / "DejaVuSans.ttf", options)
(ASSETS / "DejaVuSans.LICENSE").write_text((source / "LICENSE_DEJAVU").read_text())
