//! Quantiles along time, selected digit by digit over as many passes.
//!
//! The bits of a float, seen as an unsigned number, ascend with it once those of negative numbers are turned round. A pass counts, for every
//! channel and inner position, the values of one digit of it among the numbers that begin with the digits found before, and so finds the
//! next. Counts know no order: nothing here depends on chunks, and a record of any length takes the same memory.

use dasc_compiler::plan::{Pass, Plan, Selection};
use dasc_ir::graph::Scope;
use dasc_ir::graph::quantile::{Digits, Place, between};
use dasc_ir::{DType, Diag, Result};
use rayon::prelude::*;

use crate::archive::{Archive, Archived};
use crate::rows::RowsView;
use crate::statistics::Stored;

/// What is known of the quantiles that are being selected.
#[derive(Debug)]
pub(crate) struct Selections {
    /// One per statistic; those that are no quantile, or not under way, hold nothing.
    under_way: Vec<Searches>,
}

/// The searches for one statistic, and the counts of the digit at hand.
#[derive(Debug, Default)]
struct Searches {
    /// For every segment (or for the record) a search per inner position and channel.
    searches: Vec<Vec<Search>>,
    counts: Vec<u64>,
    /// The least number above all that begin with the digits found; counts once the last digit is at hand.
    above: Vec<u64>,
}

/// What is known of one quantile.
#[derive(Clone, Copy, Debug, Default)]
struct Search {
    /// The digits found.
    digits: u64,
    /// How many numbers that begin with them lie before the one sought; [`MISSING`] once a NaN was met.
    rank: u64,
}

/// A rank that no number has.
const MISSING: u64 = u64::MAX;

/// Channels that are counted together: their counts stay in cache.
const TOGETHER: usize = 16;

/// Where a digit lies within the bits of a number.
#[derive(Clone, Copy)]
struct Digit {
    shift: u32,
    width: u32,
    last: bool,
}

impl Digit {
    fn of(Selection { digits, digit, .. }: &Selection) -> Digit {
        let Digits { bits, width } = *digits;
        let shift = bits.saturating_sub(width * (digit + 1));
        Digit { shift, width: bits.saturating_sub(width * digit) - shift, last: shift == 0 }
    }

    fn values(self) -> usize {
        1 << self.width
    }

    /// The digits before this one.
    fn before(self, number: u64) -> u64 {
        number.checked_shr(self.shift + self.width).unwrap_or(0)
    }

    fn value(self, number: u64) -> usize {
        (number >> self.shift) as usize & (self.values() - 1)
    }
}

impl Selections {
    /// Nothing under way.
    pub fn new(plan: &Plan) -> Selections {
        Selections { under_way: plan.statistics.iter().map(|_| Searches::default()).collect() }
    }

    /// Makes ready to count the rows of a segment, of which none was seen.
    pub fn begin_segment(&mut self, plan: &Plan, pass: &Pass, segment: usize) {
        for selection in &pass.selections {
            let of = &mut self.under_way[selection.output as usize];
            let series = series(pass, selection);
            let places = if selection.scope == Scope::Record { 1 } else { plan.segments };
            if selection.digit == 0 && segment == 0 {
                of.searches = vec![vec![Search::default(); series]; places];
                for (place, searches) in of.searches.iter_mut().enumerate() {
                    let place = selection.quantile.place(counted(pass, selection, place));
                    searches.fill(Search { digits: 0, rank: place.map_or(MISSING, |p| p.rank) });
                }
            }
            if selection.scope == Scope::Segment || segment == 0 {
                of.counts.clear();
                of.counts.resize(series * Digit::of(selection).values(), 0);
                of.above.clear();
                of.above.resize(series, u64::MAX);
            }
        }
    }

    /// Counts new rows of a stream for every quantile that is selected from it.
    pub fn take(&mut self, pass: &Pass, segment: usize, stream: usize, view: &RowsView) {
        for selection in pass.selections.iter().filter(|s| s.input as usize == stream) {
            let of = &mut self.under_way[selection.output as usize];
            let Some(searches) = of.searches.get_mut(place_of(selection, segment)) else { continue };
            let counting = Counting { view, digit: Digit::of(selection), channels: view.channels.max(1) };
            match view.dtype {
                DType::F64 => counting.run(searches, &mut of.counts, &mut of.above, ascending_f64),
                _ => counting.run(searches, &mut of.counts, &mut of.above, ascending_f32),
            }
        }
    }

    /// Finds the digit of every quantile of a segment that is over.
    pub fn end_segment(&mut self, pass: &Pass, segment: usize, statistics: &mut [Stored]) -> Result<()> {
        for selection in pass.selections.iter().filter(|s| s.scope == Scope::Segment) {
            self.settle(pass, selection, segment, statistics)?;
        }
        Ok(())
    }

    /// The same for quantiles of the record, when the pass is over.
    pub fn end_pass(&mut self, pass: &Pass, segments: usize, statistics: &mut [Stored]) -> Result<()> {
        for selection in &pass.selections {
            if selection.scope == Scope::Record {
                self.settle(pass, selection, 0, statistics)?;
                let statistic = &mut statistics[selection.output as usize];
                let value = statistic.bytes(0).to_vec();
                (1..segments).for_each(|segment| statistic.bytes_mut(segment).copy_from_slice(&value));
            }
            let of = &mut self.under_way[selection.output as usize];
            if Digit::of(selection).last {
                *of = Searches::default();
            }
        }
        Ok(())
    }

    /// Finds the next digits, and after the last of them the quantiles.
    fn settle(
        &mut self,
        pass: &Pass,
        selection: &Selection,
        segment: usize,
        statistics: &mut [Stored],
    ) -> Result<()> {
        let digit = Digit::of(selection);
        let of = &mut self.under_way[selection.output as usize];
        let stream = &pass.flow.streams[selection.input as usize];
        let place = selection.quantile.place(counted(pass, selection, segment));
        let share = place.map_or(0.0, |Place { share, .. }| share);
        let searches = of.searches.get_mut(place_of(selection, segment));
        let searches = searches.ok_or_else(|| Diag::compiler("run: a selection that never began"))?;
        let mut values = Vec::with_capacity(searches.len());
        for ((search, counts), above) in
            searches.iter_mut().zip(of.counts.chunks_exact(digit.values())).zip(&of.above)
        {
            let upper = search.advance(digit, counts, *above);
            let number = |ascending: u64| number(stream.dtype, ascending);
            values.push(if search.rank == MISSING {
                f64::NAN
            } else {
                between(number(search.digits), number(upper), share)
            });
        }
        if digit.last {
            statistics[selection.output as usize].set(segment, &values);
        }
        Ok(())
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        let words = |of: &Searches| {
            2 * of.searches.iter().map(Vec::len).sum::<usize>() + of.counts.len() + of.above.len()
        };
        self.under_way.iter().map(words).sum::<usize>() * size_of::<u64>()
    }
}

impl Search {
    /// Takes the digit in which the number sought lies; the answer is the number that follows, if it was the last digit.
    fn advance(&mut self, digit: Digit, counts: &[u64], above: u64) -> u64 {
        let mut before = 0;
        let found = counts.iter().position(|count| {
            before += count;
            before > self.rank
        });
        let Some(found) = found.filter(|_| self.rank != MISSING) else {
            self.rank = MISSING;
            return 0;
        };
        let parent = self.digits << digit.width;
        self.digits = parent | found as u64;
        self.rank -= before - counts[found];
        if self.rank + 1 < counts[found] {
            return self.digits;
        }
        let next = (found + 1..).zip(&counts[found + 1..]).find(|(_, count)| **count > 0);
        next.map_or(above, |(value, _)| parent | value as u64)
    }
}

/// Rows being counted.
struct Counting<'a> {
    view: &'a RowsView<'a>,
    digit: Digit,
    channels: usize,
}

impl Counting<'_> {
    fn run<const N: usize>(
        &self,
        searches: &mut [Search],
        counts: &mut [u64],
        above: &mut [u64],
        ascending: impl Fn([u8; N]) -> Option<u64> + Sync,
    ) {
        let values = self.digit.values();
        let positions = searches
            .par_chunks_mut(self.channels)
            .zip(counts.par_chunks_mut(self.channels * values))
            .zip(above.par_chunks_mut(self.channels));
        positions.enumerate().for_each(|(inner, ((searches, counts), above))| {
            let groups = searches
                .par_chunks_mut(TOGETHER)
                .zip(counts.par_chunks_mut(TOGETHER * values))
                .zip(above.par_chunks_mut(TOGETHER));
            groups.enumerate().for_each(|(group, ((searches, counts), above))| {
                for row in 0..self.view.rows {
                    let lanes = self.view.lanes(row, inner, 0).as_chunks().0;
                    let lanes = lanes.get(group * TOGETHER..).unwrap_or(&[]);
                    let each = searches.iter_mut().zip(counts.chunks_exact_mut(values)).zip(above.iter_mut());
                    for (((search, counts), above), bytes) in each.zip(lanes) {
                        self.count(search, counts, above, ascending(*bytes));
                    }
                }
            });
        });
    }

    fn count(&self, search: &mut Search, counts: &mut [u64], above: &mut u64, number: Option<u64>) {
        let Some(number) = number else {
            search.rank = MISSING;
            return;
        };
        let before = self.digit.before(number);
        if before == search.digits {
            counts[self.digit.value(number)] += 1;
        } else if self.digit.last && before > search.digits {
            *above = number.min(*above);
        }
    }
}

/// Where the searches of a segment stand.
fn place_of(selection: &Selection, segment: usize) -> usize {
    if selection.scope == Scope::Record { 0 } else { segment }
}

/// How many channels and inner positions have a quantile of their own.
fn series(pass: &Pass, selection: &Selection) -> usize {
    let stream = &pass.flow.streams[selection.input as usize];
    stream.inner as usize * stream.channels as usize
}

/// How many numbers a quantile is taken of.
fn counted(pass: &Pass, selection: &Selection, segment: usize) -> u64 {
    let rows = &pass.flow.streams[selection.input as usize].rows;
    let len = |(start, stop): &(i64, i64)| (stop - start).max(0) as u64;
    match selection.scope {
        Scope::Record => rows.iter().map(len).sum(),
        Scope::Segment => rows.get(segment).map_or(0, len),
    }
}

/// The bits of a number as an unsigned one that ascends with it; `None` for NaN.
fn ascending_f32(bytes: [u8; 4]) -> Option<u64> {
    let value = f32::from_ne_bytes(bytes);
    let bits = value.to_bits();
    let top = 1 << 31;
    (!value.is_nan()).then_some(u64::from(if bits & top == 0 { bits | top } else { !bits }))
}

fn ascending_f64(bytes: [u8; 8]) -> Option<u64> {
    let value = f64::from_ne_bytes(bytes);
    let bits = value.to_bits();
    let top = 1 << 63;
    (!value.is_nan()).then_some(if bits & top == 0 { bits | top } else { !bits })
}

/// The number whose ascending bits these are.
fn number(dtype: DType, ascending: u64) -> f64 {
    if dtype == DType::F64 {
        let top = 1 << 63;
        return f64::from_bits(if ascending & top == 0 { !ascending } else { ascending ^ top });
    }
    let (ascending, top) = (ascending as u32, 1 << 31);
    f32::from_bits(if ascending & top == 0 { !ascending } else { ascending ^ top }).into()
}

impl Archived for Selections {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.each(&mut self.under_way)
    }
}

impl Archived for Searches {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.list(&mut self.searches, Vec::new)?;
        self.counts.archive(a)?;
        self.above.archive(a)
    }
}

impl Archived for Vec<Search> {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.list(self, Search::default)
    }
}

impl Archived for Search {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        self.digits.archive(a)?;
        self.rank.archive(a)
    }
}

impl Archived for Vec<u64> {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.list(self, || 0)
    }
}

impl Archived for u64 {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        let mut word = *self as i64;
        a.i64(&mut word)?;
        *self = word as u64;
        Ok(())
    }
}
