//! The colour maps people know, as tables of 256 colours.

use dasc_ir::spelling::nearest;
use dasc_ir::{Diag, Result};

static TABLES: &[u8] = include_bytes!("../assets/colormaps.bin");

/// In the order of the tables, see `scripts/assets.py`.
const NAMES: [&str; 9] =
    ["viridis", "inferno", "magma", "plasma", "cividis", "turbo", "seismic", "RdBu", "gray"];

/// A colour map of matplotlib, possibly reversed (`RdBu_r`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colormap {
    table: usize,
    reversed: bool,
}

impl Colormap {
    pub const VIRIDIS: Colormap = Colormap { table: 0, reversed: false };
    pub const INFERNO: Colormap = Colormap { table: 1, reversed: false };
    pub const RDBU: Colormap = Colormap { table: 7, reversed: false };

    /// All names; each may end in `_r`.
    pub fn names() -> &'static [&'static str] {
        &NAMES
    }

    /// Looks a name up, whatever its case. The error lists the names.
    pub fn named(name: &str) -> Result<Colormap> {
        let lower = name.to_ascii_lowercase();
        let (base, reversed) = lower.strip_suffix("_r").map_or((lower.as_str(), false), |base| (base, true));
        let base = if base == "grey" { "gray" } else { base };
        match NAMES.iter().position(|known| known.eq_ignore_ascii_case(base)) {
            Some(table) => Ok(Colormap { table, reversed }),
            None => {
                let near = nearest(base, NAMES.into_iter().map(str::to_ascii_lowercase));
                let near = near.map_or(String::new(), |near| format!("did you mean {near}? "));
                let all = NAMES.join(", ");
                Err(Diag::usage(format!("there is no colour map '{name}'"))
                    .help(format!("{near}There are {all}; add _r to reverse one")))
            }
        }
    }

    pub fn name(self) -> String {
        let base = NAMES.get(self.table).copied().unwrap_or_default();
        if self.reversed { format!("{base}_r") } else { base.to_string() }
    }

    /// Whether the middle of the map is its neutral colour.
    pub fn is_diverging(self) -> bool {
        matches!(NAMES.get(self.table), Some(&"seismic" | &"RdBu"))
    }

    /// The colour at `position`, 0 to 1, clamped; as matplotlib, `floor(256 * position)` is the row of the table.
    pub fn color(self, position: f64) -> [u8; 3] {
        let row = (position * 256.0).clamp(0.0, 255.0) as usize;
        let row = self.table * 256 + if self.reversed { 255 - row } else { row };
        TABLES.get(row * 3..row * 3 + 3).and_then(|rgb| rgb.try_into().ok()).unwrap_or_default()
    }
}
