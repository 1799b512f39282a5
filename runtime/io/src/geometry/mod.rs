//! Tables about channels: where each lies and how good it is, and which to mute. CSV or Parquet, told by content.

mod csv;
mod parquet;
mod survey;

use std::collections::BTreeSet;
use std::io::Read;

use dasc_ir::spelling::nearest;
use dasc_ir::{Diag, Result};

use crate::worker::{Job, ask};

pub(crate) use parquet::read_here as read_parquet_here;
pub use survey::{Survey, SurveyFacts};

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

/// A column of a table of channels besides `channel`.
#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    /// Symbol of its unit; empty for pure numbers.
    pub unit: &'static str,
    least: f64,
    most: f64,
    slot: fn(&mut Position) -> &mut Option<f64>,
}

const CHANNEL: &str = "channel";
static COLUMNS: [Column; 5] = [
    Column { name: "distance", unit: "m", least: -1e9, most: 1e9, slot: |p| &mut p.distance },
    Column { name: "latitude", unit: "deg", least: -90.0, most: 90.0, slot: |p| &mut p.latitude },
    Column { name: "longitude", unit: "deg", least: -180.0, most: 180.0, slot: |p| &mut p.longitude },
    Column { name: "depth", unit: "m", least: -1e5, most: 1e5, slot: |p| &mut p.depth },
    Column { name: "quality", unit: "", least: 0.0, most: 1.0, slot: |p| &mut p.quality },
];

/// Where a heading of a table belongs.
#[derive(Clone, Copy)]
enum Place {
    Channel,
    Column(usize),
    /// Something else that is kept with channels, such as a remark.
    Ignored,
}

/// Reads a table with the column `channel` and any of `distance`, `latitude`, `longitude`, `depth` and `quality`, in any
/// order; other columns are passed over unless they look misspelt. Empty cells, nulls and NaN are unknown.
///
/// CSV has a header line, and lines that begin with `#` are skipped. Parquet is read in a worker process, so that a
/// damaged file is an error whatever it does to the reader.
pub fn read_geometry(path: &str) -> Result<Geometry> {
    if is_parquet(path)? {
        let table: parquet::Table = ask(Job::Parquet, path, path.as_ref())?;
        let headings: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let places = places(&headings, &format!("'{path}'"))?;
        for (place, column) in places.iter().zip(&table.columns) {
            if let (Place::Channel | Place::Column(_), parquet::Cells::Other(what)) = (place, &column.cells) {
                let message = format!("column '{}' of '{path}' holds {what}, not numbers", column.name);
                return Err(Diag::usage(message).help("write the column as numbers"));
            }
        }
        let rows = (0..table.rows).map(|row| {
            let cells = table.columns.iter().map(|column| Ok(column.cells.number(row))).collect();
            (format!("row {}", row + 1), cells)
        });
        return gather(path, &places, rows);
    }
    let text = csv::text(path)?;
    let mut lines = csv::lines(&text);
    let (number, header) = lines.next().ok_or_else(|| Diag::usage(format!("'{path}' is empty")))?;
    let headings = csv::cells(header);
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let places = places(&headings, &format!("line {number} of '{path}'"))?;
    let rows = lines.map(|(number, line)| {
        let cells = csv::cells(line).iter().map(|cell| csv::number(cell)).collect();
        (format!("line {number}"), cells)
    });
    gather(path, &places, rows)
}

/// Reads channel numbers to mute. CSV: numbers separated by commas or lines, single ones or half-open ranges `10..20`;
/// a first line that is a word is taken as a heading. Parquet: the column `channel`. The result is sorted, without
/// repetitions.
pub fn read_mute(path: &str) -> Result<Vec<i64>> {
    if !is_parquet(path)? {
        return csv::ranges(path);
    }
    let muted: BTreeSet<i64> = read_geometry(path)?.positions.iter().map(|p| p.channel).collect();
    Ok(muted.into_iter().collect())
}

fn is_parquet(path: &str) -> Result<bool> {
    let mut head = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| csv::unreadable(path, &e))?;
    file.take(4).read_to_end(&mut head).map_err(|e| csv::unreadable(path, &e))?;
    Ok(head == b"PAR1")
}

fn places(headings: &[&str], of: &str) -> Result<Vec<Place>> {
    let names = || std::iter::once(CHANNEL).chain(COLUMNS.iter().map(|column| column.name));
    let mut seen = BTreeSet::new();
    let mut places = Vec::new();
    for heading in headings {
        let place = match names().position(|name| name.eq_ignore_ascii_case(heading)) {
            Some(0) => Place::Channel,
            Some(at) => Place::Column(at - 1),
            None => match nearest(heading, names()) {
                Some(near) => {
                    let known = names().collect::<Vec<_>>().join(", ");
                    return Err(Diag::usage(format!("{of} has a column '{heading}'"))
                        .help(format!("did you mean {near}? Known: {known}")));
                }
                None => Place::Ignored,
            },
        };
        if !matches!(place, Place::Ignored) && !seen.insert(heading.to_ascii_lowercase()) {
            return Err(Diag::usage(format!("{of} has two columns '{heading}'")).help("remove one"));
        }
        places.push(place);
    }
    if !seen.contains(CHANNEL) {
        return Err(Diag::usage(format!("{of} has no column '{CHANNEL}'")).help("add the channel numbers"));
    }
    Ok(places)
}

/// A row of a table: where it stands, and its cells; `Err` holds what is no number.
type Row = (String, Vec<Result<Option<f64>, String>>);

fn gather(path: &str, places: &[Place], rows: impl Iterator<Item = Row>) -> Result<Geometry> {
    let (mut positions, mut seen) = (Vec::new(), BTreeSet::new());
    for (place, cells) in rows {
        let position = position(places, &cells).map_err(|why| {
            Diag::usage(format!("{place} of '{path}': {why}")).help(format!("correct the {}", word(&place)))
        })?;
        if !seen.insert(position.channel) {
            let message = format!("{place} of '{path}' gives channel {} a second time", position.channel);
            return Err(Diag::usage(message).help(format!("keep one {} a channel", word(&place))));
        }
        positions.push(position);
    }
    Ok(Geometry { positions })
}

/// `line` of `line 12`.
fn word(place: &str) -> &str {
    place.split(' ').next().unwrap_or(place)
}

fn position(places: &[Place], cells: &[Result<Option<f64>, String>]) -> Result<Position, String> {
    if cells.len() != places.len() {
        return Err(format!("it has {} cells, the header {}", cells.len(), places.len()));
    }
    let mut position = Position::default();
    for (place, cell) in places.iter().zip(cells) {
        match place {
            Place::Ignored => {}
            Place::Channel => {
                let number = cell.as_ref().map_err(|text| format!("'{text}' is no channel number"))?;
                let whole = number.filter(|n| n.fract() == 0.0 && n.abs() <= (1i64 << 40) as f64);
                position.channel = match (whole, number) {
                    (Some(n), _) => n as i64,
                    (None, Some(n)) => return Err(format!("{n} is no channel number")),
                    (None, None) => return Err("it has no channel number".into()),
                };
            }
            Place::Column(at) => {
                let Some(Column { name, least, most, slot, .. }) = COLUMNS.get(*at) else { continue };
                let value = cell.as_ref().map_err(|text| format!("{name} '{text}' is no number"))?;
                if let Some(value) = value.filter(|v| !(*least..=*most).contains(v)) {
                    return Err(format!("{name} {value} is not within {least} to {most}"));
                }
                *slot(&mut position) = *value;
            }
        }
    }
    Ok(position)
}
