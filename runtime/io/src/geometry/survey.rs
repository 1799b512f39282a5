//! A table of channels joined with a record: what is known about the place of each of its channels.

use std::collections::HashMap;
use std::sync::Arc;

use dasc_ir::{Diag, Result};
use serde::Serialize;

use super::{COLUMNS, Column, Geometry, Position};
use crate::Header;

/// The places of a record's channels, by their numbers in the file.
///
/// Operators that keep channels keep number and distance, so the two together find a channel's place at any step of a
/// pipeline; a channel that an operator made anew has another distance and therefore no place.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    positions: HashMap<i64, Position>,
    /// Metres along the fibre, one a channel of the record, if the table has them.
    distances: Option<Arc<[f64]>>,
}

/// A column of a table of channels: how many of the record's channels have a value, and the range of those.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SurveyFacts {
    pub column: &'static str,
    pub unit: &'static str,
    pub known: u64,
    pub least: f64,
    pub most: f64,
}

/// How far apart two distances may be that mean the same place, in metres.
const SAME_PLACE: f64 = 1e-3;

impl Survey {
    /// Joins the table read from `path` with a record. Every channel of the record must be in it, and if it gives
    /// distances it must give one for each of them. Distances it does not give at all are those of the record.
    pub fn new(geometry: Geometry, header: &Header, path: &str) -> Result<Survey> {
        let mut table: HashMap<i64, Position> =
            geometry.positions.into_iter().map(|p| (p.channel, p)).collect();
        let channels = header.channels;
        let surveyed = table.values().any(|p| p.distance.is_some());
        let (mut positions, mut distances) = (HashMap::with_capacity(channels.count), Vec::new());
        let mut missing = Vec::new();
        for i in 0..channels.count {
            let number = channels.first + i as i64 * channels.step;
            let own = header.distance + i as f64 * header.spacing;
            let mut position = match table.remove(&number) {
                Some(position) if position.distance.is_some() || !surveyed => position,
                _ => {
                    missing.push(number);
                    continue;
                }
            };
            let distance = *position.distance.get_or_insert(own);
            distances.push(distance);
            positions.insert(number, position);
        }
        if let Some(first) = missing.first() {
            let what = if surveyed { "distance" } else { "line" };
            let message = format!(
                "'{path}' gives no {what} for {} of {} channels, the first of them {first}",
                missing.len(),
                channels.count
            );
            return Err(Diag::usage(message).help("complete the table, or choose channels with CH"));
        }
        Ok(Survey { positions, distances: surveyed.then(|| distances.into()) })
    }

    /// The place of the channel with this number, if it still lies at `distance` metres.
    pub fn place(&self, channel: i64, distance: f64) -> Option<&Position> {
        let near = |p: &&Position| p.distance.is_some_and(|d| (d - distance).abs() <= SAME_PLACE);
        self.positions.get(&channel).filter(near)
    }

    /// The place of the channel in the middle between two, given by number and metres. Both must still lie where the table says;
    /// of channels with a stride it is the nearest one that there is.
    pub fn between(&self, low: (i64, f64), high: (i64, f64)) -> Option<&Position> {
        const FURTHEST: i64 = 1 << 16;
        self.place(low.0, low.1)?;
        self.place(high.0, high.1)?;
        let middle = ((i128::from(low.0) + i128::from(high.0)) / 2) as i64;
        (0..FURTHEST).find_map(|away| {
            let at = |number: Option<i64>| self.positions.get(&number?);
            at(middle.checked_sub(away)).or_else(|| at(middle.checked_add(away)))
        })
    }

    /// Surveyed metres along the fibre, one a channel of the record; `None` if the table has no distances.
    pub fn distances(&self) -> Option<Arc<[f64]>> {
        self.distances.clone()
    }

    /// What the table says of the record's channels, column by column, leaving out columns that say nothing.
    pub fn facts(&self) -> Vec<SurveyFacts> {
        let told = COLUMNS.iter().filter(|column| column.name != "distance" || self.distances.is_some());
        let facts = told.map(|column| {
            let known: Vec<f64> =
                self.positions.values().filter_map(|p| *(column.slot)(&mut p.clone())).collect();
            SurveyFacts {
                column: column.name,
                unit: column.unit,
                known: known.len() as u64,
                least: known.iter().copied().fold(f64::INFINITY, f64::min),
                most: known.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            }
        });
        facts.filter(|facts| facts.known > 0).collect()
    }

    /// Numbers of the channels with quality 0, in order.
    pub fn bad(&self) -> Vec<i64> {
        let mut bad: Vec<i64> =
            self.positions.values().filter(|p| p.quality == Some(0.0)).map(|p| p.channel).collect();
        bad.sort_unstable();
        bad
    }

    /// The columns besides the distance that say anything, with the value of each of the given channels (number and
    /// metres), NaN where nothing is known.
    pub fn columns(&self, channels: &[(i64, f64)]) -> Vec<(&'static Column, Vec<f64>)> {
        let mut places: Vec<Option<Position>> =
            channels.iter().map(|(number, metres)| self.place(*number, *metres).cloned()).collect();
        let mut columns = Vec::new();
        for column in COLUMNS.iter().filter(|column| column.name != "distance") {
            let values: Vec<f64> = places
                .iter_mut()
                .map(|place| place.as_mut().and_then(|p| *(column.slot)(p)).unwrap_or(f64::NAN))
                .collect();
            if values.iter().any(|v| !v.is_nan()) {
                columns.push((column, values));
            }
        }
        columns
    }
}
