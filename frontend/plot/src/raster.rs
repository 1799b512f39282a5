//! The pixel grid that a record streams into: minimum, maximum, sum and count of the samples of each cell.
//!
//! Rows are time, columns are channels or frequencies. A cell covers `column_width` columns and `row_width`
//! rows. Row bins start at multiples of `row_width` counted from row 0 of the record, and double when the
//! record outgrows the grid, so the cells depend on the samples and never on the chunks they came in.

use dasc_ir::{Diag, Result};

use crate::cells::{Cell, Cells};

/// The most cells a raster may keep; 1024 × 1024 cells take 24 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RasterSize {
    pub rows: usize,
    pub columns: usize,
}

impl Default for RasterSize {
    fn default() -> RasterSize {
        RasterSize { rows: 1024, columns: 1024 }
    }
}

impl RasterSize {
    /// For a few time series: long in time, every channel kept apart.
    pub fn traces() -> RasterSize {
        RasterSize { rows: 4096, columns: 64 }
    }
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Raster {
    columns: usize,
    column_width: usize,
    across: usize,
    most_bins: usize,
    row_width: u64,
    /// Number of the first bin kept, counted from row 0 of the record.
    first_bin: u64,
    cells: Cells,
    /// Rows that came, by bin.
    present: Vec<u64>,
    rows: Option<(u64, u64)>,
    gaps: u64,
    missing_rows: u64,
}

impl Raster {
    /// An empty grid for rows of `columns` samples, of at most `size.rows + 1` × `size.columns` cells.
    ///
    /// With the number of rows known the row bins start as wide as they need to be; without it they start at
    /// one row and double. Errors: no columns, or no room for two rows and one column.
    pub fn new(columns: usize, size: RasterSize, expected_rows: Option<u64>) -> Result<Raster> {
        if columns == 0 {
            return Err(Diag::usage("there is nothing to plot: the data have no channels")
                .help("widen the channel window of READ"));
        }
        if size.rows < 2 || size.columns == 0 || size.rows.saturating_mul(size.columns) > 1 << 26 {
            return Err(Diag::usage(format!(
                "a raster of {} × {} cells cannot be drawn: it needs 2 rows and 1 column at least, 2^26 cells at most",
                size.rows, size.columns
            )));
        }
        let column_width = columns.div_ceil(size.columns);
        Ok(Raster {
            columns,
            column_width,
            across: columns.div_ceil(column_width),
            // A record that starts within a bin touches one more bin than its length needs.
            most_bins: size.rows + 1,
            row_width: expected_rows.unwrap_or(0).div_ceil(size.rows as u64).max(1),
            first_bin: 0,
            cells: Cells::default(),
            present: Vec::new(),
            rows: None,
            gaps: 0,
            missing_rows: 0,
        })
    }

    /// Adds rows `first_row, first_row + 1, …`, counted from row 0 of the record; row `i` starts at
    /// `samples[i * stride]`, and the padding of the last row may be absent. Rows come in increasing order;
    /// rows left out are a gap.
    pub fn push_rows(&mut self, first_row: u64, samples: &[f32], stride: usize) -> Result<()> {
        if samples.is_empty() {
            return Ok(());
        }
        let count = samples.len().div_ceil(stride.max(1));
        let last = samples.len() - (count - 1).saturating_mul(stride.max(1)).min(samples.len());
        if stride < self.columns || last < self.columns {
            return Err(Diag::compiler(format!(
                "plot: {} samples with a row stride of {stride} are not whole rows of {} columns",
                samples.len(),
                self.columns
            )));
        }
        let (start, end) = self.rows.unwrap_or((first_row, first_row));
        let Some(new_end) = first_row.checked_add(count as u64).filter(|_| first_row >= end) else {
            return Err(Diag::compiler(format!(
                "plot: row {first_row} came after row {end}; rows must come in order"
            )));
        };
        if first_row > end {
            self.gaps += 1;
            self.missing_rows += first_row - end;
        }
        if self.rows.is_none() {
            self.first_bin = first_row / self.row_width;
        }
        for (row, samples) in (first_row..new_end).zip(samples.chunks(stride)) {
            let bin = self.reach(row);
            let samples = samples.get(..self.columns).unwrap_or(samples);
            self.cells.add_row(bin * self.across, samples, self.column_width);
            if let Some(present) = self.present.get_mut(bin) {
                *present += 1;
            }
        }
        self.rows = Some((start, new_end));
        Ok(())
    }

    /// Puts the samples of another raster into the same cells. Errors: rasters of different rows or columns.
    pub fn merge(&mut self, other: &Raster) -> Result<()> {
        let shape =
            |r: &Raster| (r.columns, r.column_width, r.row_width, r.first_bin, r.rows, r.present.len());
        if shape(self) != shape(other) {
            return Err(Diag::compiler("plot: rasters of different shapes cannot be merged"));
        }
        let mut cells = Cells::with_capacity(self.present.len() * self.across);
        self.cells.iter().zip(other.cells.iter()).for_each(|(a, b)| cells.push(a.merged(b)));
        self.cells = cells;
        Ok(())
    }

    /// The kept bin that `row` belongs to, after making room for it.
    fn reach(&mut self, row: u64) -> usize {
        while row / self.row_width - self.first_bin >= self.most_bins as u64 {
            self.fold();
        }
        let bin = (row / self.row_width - self.first_bin) as usize;
        if bin >= self.present.len() {
            self.present.resize(bin + 1, 0);
            self.cells.grow((bin + 1) * self.across);
        }
        bin
    }

    /// Doubles the width of the row bins: bins 2k and 2k + 1 of the record become bin k.
    fn fold(&mut self) {
        let new_first = self.first_bin / 2;
        let bins = self.present.len().div_ceil(2).saturating_add(1);
        let (mut cells, mut present) = (Cells::with_capacity(bins * self.across), Vec::with_capacity(bins));
        let mut bin = 0;
        while bin < self.present.len() {
            // An odd first bin has lost its partner; it came before the record.
            let alone = !(self.first_bin + bin as u64).is_multiple_of(2);
            let next = bin + if alone { 1 } else { 2 };
            let pair = self.present.get(bin..next.min(self.present.len())).unwrap_or_default();
            present.push(pair.iter().sum());
            for column in 0..self.across {
                let first = self.cell(bin, column);
                cells.push(if alone { first } else { first.merged(self.cell(bin + 1, column)) });
            }
            bin = next;
        }
        (self.cells, self.present) = (cells, present);
        self.first_bin = new_first;
        self.row_width = self.row_width.saturating_mul(2);
    }

    /// Columns of the data.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Columns of data to a cell; the last cell may have fewer.
    pub fn column_width(&self) -> usize {
        self.column_width
    }

    /// Rows of data to a cell.
    pub fn row_width(&self) -> u64 {
        self.row_width
    }

    /// First row and one past the last row that came; `None` before the first.
    pub fn rows(&self) -> Option<(u64, u64)> {
        self.rows
    }

    /// Bins kept and cells in each.
    pub fn shape(&self) -> (usize, usize) {
        (self.present.len(), self.across)
    }

    /// Number of the first bin kept: it starts at row `first_bin * row_width` of the record.
    pub fn first_bin(&self) -> u64 {
        self.first_bin
    }

    /// The cell of bin `bin` (0 is the first kept) and column cell `column`; empty outside the grid.
    pub fn cell(&self, bin: usize, column: usize) -> Cell {
        if column >= self.across {
            return Cell::EMPTY;
        }
        bin.checked_mul(self.across).and_then(|at| self.cells.get(at + column)).unwrap_or(Cell::EMPTY)
    }

    /// All cells, bin by bin.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        self.cells.iter()
    }

    /// Times that rows were left out, and how many rows in all.
    pub fn gaps(&self) -> (u64, u64) {
        (self.gaps, self.missing_rows)
    }

    /// Whether a row within the record's extent is missing from bin `bin`.
    pub fn has_gap(&self, bin: usize) -> bool {
        let (Some((start, end)), Some(&present)) = (self.rows, self.present.get(bin)) else { return false };
        let from = (self.first_bin + bin as u64).saturating_mul(self.row_width);
        let expected = end.min(from.saturating_add(self.row_width)).saturating_sub(start.max(from));
        present < expected
    }

    /// Bytes that the grid may grow to, folding included.
    pub fn most_bytes(&self) -> usize {
        let cells = self.most_bins.saturating_mul(self.across);
        cells.saturating_mul(size_of::<Cell>() * 3 / 2)
    }
}
