//! Tables about channels: where each lies and how good it is, and which to mute.

use std::collections::BTreeSet;

use dasc_ir::spelling::nearest;
use dasc_ir::{Diag, Result};

/// Positions of channels, in the order of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Geometry {
    pub positions: Vec<Position>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Position {
    /// Number in the file's own numbering.
    pub channel: i64,
    /// Metres along the fibre.
    pub distance: Option<f64>,
    /// WGS84 degrees.
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    /// Metres below the surface, positive down.
    pub depth: Option<f64>,
    /// 0 (bad) to 1 (good).
    pub quality: Option<f64>,
}

impl Geometry {
    pub fn position(&self, channel: i64) -> Option<&Position> {
        self.positions.iter().find(|p| p.channel == channel)
    }
}

const COLUMNS: [&str; 6] = ["channel", "distance", "latitude", "longitude", "depth", "quality"];

/// Reads a CSV table with a header line that names `channel` and any of `distance`, `latitude`, `longitude`, `depth`
/// and `quality`, in any order; empty cells are unknown, lines that begin with `#` are skipped.
pub fn read_geometry(path: &str) -> Result<Geometry> {
    let text = text(path)?;
    let mut lines = lines(&text);
    let (number, header) = lines.next().ok_or_else(|| Diag::world(format!("'{path}' is empty")))?;
    let mut columns = Vec::new();
    for name in cells(header) {
        let known = COLUMNS.iter().position(|c| c.eq_ignore_ascii_case(&name));
        let column = known.ok_or_else(|| {
            let near = nearest(&name, COLUMNS).map(|n| format!("did you mean {n}? ")).unwrap_or_default();
            let message = format!("line {number} of '{path}' has a column '{name}'");
            Diag::world(message).help(format!("{near}Known: {}", COLUMNS.join(", ")))
        })?;
        if columns.contains(&column) {
            return Err(
                Diag::world(format!("line {number} of '{path}' has two columns '{name}'")).help("remove one")
            );
        }
        columns.push(column);
    }
    if !columns.contains(&0) {
        return Err(Diag::world(format!("'{path}' has no column 'channel'")).help("add the channel numbers"));
    }
    let (mut positions, mut seen) = (Vec::new(), BTreeSet::new());
    for (number, line) in lines {
        let position = row(&columns, &cells(line)).map_err(|why| {
            Diag::world(format!("line {number} of '{path}': {why}")).help("correct the line")
        })?;
        if !seen.insert(position.channel) {
            let message =
                format!("line {number} of '{path}' gives channel {} a second time", position.channel);
            return Err(Diag::world(message).help("keep one line a channel"));
        }
        positions.push(position);
    }
    Ok(Geometry { positions })
}

fn row(columns: &[usize], cells: &[String]) -> Result<Position, String> {
    if cells.len() != columns.len() {
        return Err(format!("it has {} cells, the header {}", cells.len(), columns.len()));
    }
    let mut position = Position::default();
    for (column, cell) in columns.iter().zip(cells) {
        if *column == 0 {
            position.channel = cell.parse().map_err(|_| format!("'{cell}' is no channel number"))?;
            continue;
        }
        let name = COLUMNS.get(*column).copied().unwrap_or_default();
        let value = match cell.as_str() {
            "" => None,
            text => Some(
                text.parse::<f64>()
                    .ok()
                    .filter(|x| x.is_finite())
                    .ok_or(format!("{name} '{cell}' is no number"))?,
            ),
        };
        let (slot, range) = match name {
            "distance" => (&mut position.distance, -1e9..=1e9),
            "latitude" => (&mut position.latitude, -90.0..=90.0),
            "longitude" => (&mut position.longitude, -180.0..=180.0),
            "depth" => (&mut position.depth, -1e5..=1e5),
            _ => (&mut position.quality, 0.0..=1.0),
        };
        if let Some(value) = value.filter(|v| !range.contains(v)) {
            return Err(format!("{name} {value} is not within {} to {}", range.start(), range.end()));
        }
        *slot = value;
    }
    Ok(position)
}

/// Reads channel numbers to mute, separated by commas or lines: single ones or half-open ranges `10..20`.
/// A first line that is a word is taken as a heading. The result is sorted, without repetitions.
pub fn read_mute(path: &str) -> Result<Vec<i64>> {
    const MOST: i64 = 10_000_000;
    let text = text(path)?;
    let mut muted = BTreeSet::new();
    for (index, (number, line)) in lines(&text).enumerate() {
        for cell in cells(line).iter().filter(|c| !c.is_empty()) {
            if index == 0 && cell.chars().all(|c| c.is_alphabetic() || c == '_') {
                continue;
            }
            let (from, to) = cell.split_once("..").unwrap_or((cell, ""));
            let from = from.trim().parse::<i64>().ok();
            let to = if cell.contains("..") {
                to.trim().parse().ok()
            } else {
                from.and_then(|n| n.checked_add(1))
            };
            let range = from.zip(to).filter(|(a, b)| a < b && b.checked_sub(*a).is_some_and(|n| n <= MOST));
            let range = range.filter(|(a, b)| b - a <= MOST - muted.len() as i64);
            let (from, to) = range.ok_or_else(|| {
                Diag::world(format!("line {number} of '{path}': '{cell}' is no channel number or range"))
                    .help("write a number, or a half-open range such as 10..20")
            })?;
            muted.extend(from..to);
        }
    }
    Ok(muted.into_iter().collect())
}

fn text(path: &str) -> Result<String> {
    const LARGEST: u64 = 256 << 20;
    let failed = |e: std::io::Error| Diag::world(format!("cannot read '{path}': {e}"));
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > LARGEST {
        return Err(Diag::world(format!("'{path}' has {size} bytes; a channel table has at most {LARGEST}")));
    }
    std::fs::read_to_string(path).map_err(failed)
}

/// Lines that say something, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let numbered = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn cells(line: &str) -> Vec<String> {
    line.split(',').map(|cell| cell.trim().trim_matches('"').trim().to_string()).collect()
}
