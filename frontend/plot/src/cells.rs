//! The cells of a raster, and how samples enter them.

/// What is known of the samples of one cell. NaN and infinities are missing samples and leave no mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    pub min: f32,
    pub max: f32,
    pub sum: f64,
    pub count: u64,
}

/// How the samples of a cell become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    Mean,
    Min,
    Max,
    /// The sample of greatest magnitude, with its sign: keeps wavelets visible where a mean would cancel them.
    Peak,
}

impl Cell {
    pub const EMPTY: Cell = Cell { min: f32::INFINITY, max: f32::NEG_INFINITY, sum: 0.0, count: 0 };

    /// The samples of both cells; `self` comes first in the sum.
    pub fn merged(self, other: Cell) -> Cell {
        Cell {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            sum: self.sum + other.sum,
            count: self.count.saturating_add(other.count),
        }
    }

    /// The value to draw, `None` where every sample is missing.
    pub fn value(self, statistic: Statistic) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        Some(match statistic {
            Statistic::Mean => self.sum / self.count as f64,
            Statistic::Min => self.min.into(),
            Statistic::Max => self.max.into(),
            Statistic::Peak if -self.min > self.max => self.min.into(),
            Statistic::Peak => self.max.into(),
        })
    }
}

/// Many cells, one vector a field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    min: Vec<f32>,
    max: Vec<f32>,
    sum: Vec<f64>,
    count: Vec<u64>,
}

impl Cells {
    pub fn with_capacity(cells: usize) -> Cells {
        Cells {
            min: Vec::with_capacity(cells),
            max: Vec::with_capacity(cells),
            sum: Vec::with_capacity(cells),
            count: Vec::with_capacity(cells),
        }
    }

    pub fn get(&self, at: usize) -> Option<Cell> {
        let (min, max) = (*self.min.get(at)?, *self.max.get(at)?);
        Some(Cell { min, max, sum: *self.sum.get(at)?, count: *self.count.get(at)? })
    }

    pub fn iter(&self) -> impl Iterator<Item = Cell> + '_ {
        let extremes = self.min.iter().zip(&self.max);
        let totals = self.sum.iter().zip(&self.count);
        extremes.zip(totals).map(|((min, max), (sum, count))| Cell {
            min: *min,
            max: *max,
            sum: *sum,
            count: *count,
        })
    }

    /// Grows to `cells` cells; the new ones are empty.
    pub fn grow(&mut self, cells: usize) {
        let Cell { min, max, sum, count } = Cell::EMPTY;
        self.min.resize(cells, min);
        self.max.resize(cells, max);
        self.sum.resize(cells, sum);
        self.count.resize(cells, count);
    }

    pub fn push(&mut self, cell: Cell) {
        self.min.push(cell.min);
        self.max.push(cell.max);
        self.sum.push(cell.sum);
        self.count.push(cell.count);
    }

    /// Adds samples to the cells from `first` on, `width` samples to a cell, in order.
    pub fn add_row(&mut self, first: usize, samples: &[f32], width: usize) {
        let range = first..first.saturating_add(samples.len().div_ceil(width.max(1)));
        let extremes = self.min.get_mut(range.clone()).zip(self.max.get_mut(range.clone()));
        let totals = self.sum.get_mut(range.clone()).zip(self.count.get_mut(range));
        let Some(((mins, maxs), (sums, counts))) = extremes.zip(totals) else { return };
        let cells = mins.iter_mut().zip(maxs).zip(sums.iter_mut().zip(counts));
        for (((min, max), (sum, count)), samples) in cells.zip(samples.chunks(width.max(1))) {
            for &sample in samples {
                // Without branches, whatever the share of missing samples.
                let kept = sample.is_finite();
                *min = if kept & (sample < *min) { sample } else { *min };
                *max = if kept & (sample > *max) { sample } else { *max };
                *sum += if kept { f64::from(sample) } else { 0.0 };
                *count += u64::from(kept);
            }
        }
    }
}
