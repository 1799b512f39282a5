//! Sinks for signals: blocks of rows in, a file out.

use crate::layout::Layout;
use crate::output::Summary;
use crate::target::{Mode, Target, is_zarr_name};
use crate::{npy, zarr};
use dasc_ir::{Diag, Result};
use std::ops::Range;

/// Takes the rows of one signal in order.
///
/// Dropping a sink without [`finish`](SignalSink::finish) removes what it wrote. After an error every further call
/// repeats that error.
pub trait SignalSink: Send {
    /// Appends `rows` rows, of which the first is number `first_row` of this run. Row i is the bytes
    /// `data[i·row_stride..][..row_bytes]`, native endian, C order; padding between rows is ignored.
    ///
    /// # Errors
    /// Rows out of order, more rows than the layout said, too few bytes; a full or failing disk.
    fn write(&mut self, first_row: u64, rows: usize, data: &[u8], row_stride: usize) -> Result<()>;

    /// Whether rows may come in pieces, as [`piece`](SignalSink::piece) takes them.
    fn takes_pieces(&self) -> bool {
        false
    }

    /// Writes `bytes`, as they would stand at byte `at` of row `row` in `data`. The pieces of the rows that are due come in any
    /// order; [`whole`](SignalSink::whole) says when there are no more of them.
    ///
    /// # Errors
    /// A sink that does not take pieces; rows that are written or were not announced; a full or failing disk.
    fn piece(&mut self, _row: u64, _at: usize, _bytes: &[u8]) -> Result<()> {
        Err(Diag::compiler("sink: this format takes no rows in pieces"))
    }

    /// All pieces of the next `rows` rows were given.
    ///
    /// # Errors
    /// As for [`piece`](SignalSink::piece).
    fn whole(&mut self, _rows: usize) -> Result<()> {
        Err(Diag::compiler("sink: this format takes no rows in pieces"))
    }

    /// From row `row`, which is still to come, the clock starts again at `start_ns`: there was a gap. Formats without
    /// coordinates have nowhere to say so and ignore it.
    fn jump(&mut self, row: u64, start_ns: i64) -> Result<()>;

    /// Makes the output whole, durable and visible.
    ///
    /// # Errors
    /// Fewer rows than the layout said; a full or failing disk; a name taken meanwhile.
    fn finish(self: Box<Self>) -> Result<Summary>;
}

/// File format of a signal, chosen by the name's ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalFormat {
    /// NumPy's `.npy`, also on standard output.
    Npy,
    /// Zarr v3 folder with coordinates and attributes, as xarray reads it.
    Zarr,
}

impl SignalFormat {
    /// # Errors
    /// An ending that is none of `.npy` and `.zarr`.
    pub fn of(target: &Target) -> Result<SignalFormat> {
        let Target::File(path) = target else { return Ok(SignalFormat::Npy) };
        if is_zarr_name(path) {
            return Ok(SignalFormat::Zarr);
        }
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy")) {
            return Ok(SignalFormat::Npy);
        }
        Err(Diag::usage(format!("'{}' does not say in which format to write the signal", path.display()))
            .help("end the name in .npy or .zarr, or give '-' for NumPy on standard output"))
    }
}

/// Starts writing a signal.
///
/// # Errors
/// What [`Target::check`] and [`SignalFormat::of`] say; under `Mode::Append` a layout that differs from the existing
/// file's, with the difference.
pub fn open_signal(target: &Target, layout: Layout, mode: Mode) -> Result<Box<dyn SignalSink>> {
    match (SignalFormat::of(target)?, target) {
        (SignalFormat::Zarr, Target::File(path)) => Ok(Box::new(zarr::ZarrSink::create(path, layout, mode)?)),
        _ => npy::create(target, layout, mode),
    }
}

/// Keeps count of the rows that came and remembers the first error.
pub(crate) struct Gate {
    name: String,
    row_bytes: usize,
    expected: Option<u64>,
    next: u64,
    fault: Option<Diag>,
}

impl Gate {
    pub(crate) fn new(layout: &Layout) -> Result<Gate> {
        let row_bytes = layout.row_bytes()?;
        let expected = layout.axes.first().and_then(|axis| axis.len);
        Ok(Gate { name: layout.name.clone(), row_bytes, expected, next: 0, fault: None })
    }

    pub(crate) fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    /// Runs `write` on rows that are in order and complete in `data`; it gets the range of row numbers.
    pub(crate) fn pass(
        &mut self,
        first_row: u64,
        rows: usize,
        data: &[u8],
        row_stride: usize,
        write: impl FnOnce(Range<u64>) -> Result<()>,
    ) -> Result<()> {
        let outcome = match &self.fault {
            Some(fault) => Err(fault.clone()),
            None => self.admit(first_row, rows, data.len(), row_stride).and_then(|range| {
                self.next = range.end;
                write(range)
            }),
        };
        outcome.inspect_err(|diag| self.fault = Some(diag.clone()))
    }

    fn admit(&self, first_row: u64, rows: usize, bytes: usize, row_stride: usize) -> Result<Range<u64>> {
        let wrong = |text: String| Err(Diag::compiler(format!("sink of '{}': {text}", self.name)));
        if first_row != self.next {
            return wrong(format!("row {first_row} came where row {} was due", self.next));
        }
        let Some(end) = self.next.checked_add(rows as u64) else {
            return wrong("more rows than can be counted".into());
        };
        if let Some(expected) = self.expected
            && end > expected
        {
            return wrong(format!("rows up to {end} came, {expected} were announced"));
        }
        if rows > 1 && row_stride < self.row_bytes {
            return wrong(format!("rows of {} bytes lie {row_stride} bytes apart", self.row_bytes));
        }
        let needed = match rows {
            0 => Some(0),
            _ => row_stride.checked_mul(rows - 1).and_then(|start| start.checked_add(self.row_bytes)),
        };
        match needed {
            Some(needed) if needed <= bytes => Ok(first_row..end),
            _ => wrong(format!("{bytes} bytes hold no {rows} rows {row_stride} bytes apart")),
        }
    }

    /// A piece of a row that is due.
    pub(crate) fn piece(
        &mut self,
        row: u64,
        (at, bytes): (usize, usize),
        write: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let fits = at.checked_add(bytes).is_some_and(|end| end <= self.row_bytes);
        let due = row >= self.next && self.expected.is_none_or(|rows| row < rows);
        let outcome = match &self.fault {
            Some(fault) => Err(fault.clone()),
            None if !(fits && due) => Err(Diag::compiler(format!(
                "sink of '{}': {bytes} bytes at {at} of row {row} came where row {} was due",
                self.name, self.next
            ))),
            None => write(),
        };
        outcome.inspect_err(|diag| self.fault = Some(diag.clone()))
    }

    /// All pieces of the next rows were given.
    pub(crate) fn whole(&mut self, rows: usize) -> Result<()> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        self.next = self.next.saturating_add(rows as u64);
        Ok(())
    }

    /// Remembers an error that came behind it, so that every further call repeats it.
    pub(crate) fn fail(&mut self, diag: Diag) -> Diag {
        self.fault.get_or_insert(diag).clone()
    }

    pub(crate) fn jump(&self, row: u64) -> Result<()> {
        if row < self.next {
            return Err(Diag::compiler(format!(
                "sink of '{}': a jump at row {row}, which is written",
                self.name
            )));
        }
        Ok(())
    }

    /// The rows of a run that may end here.
    pub(crate) fn complete(&self) -> Result<u64> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        match self.expected {
            Some(expected) if expected != self.next => Err(Diag::world(format!(
                "the run ended after {} of {expected} rows of '{}'; nothing was kept",
                self.next, self.name
            ))
            .help("see what stopped the run, then start it again")),
            _ => Ok(self.next),
        }
    }
}

/// The rows of `data` without what lies between them.
pub(crate) fn rows_of(
    data: &[u8],
    rows: usize,
    row_bytes: usize,
    row_stride: usize,
) -> impl Iterator<Item = &[u8]> {
    let contiguous = row_stride == row_bytes;
    let (count, length) =
        if contiguous { (rows.min(1), rows.saturating_mul(row_bytes)) } else { (rows, row_bytes) };
    (0..count).filter_map(move |row| data.get(row.checked_mul(row_stride)?..)?.get(..length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{AxisInfo, Coords, Dtype, Provenance};
    use dasc_ir::{Blame, Rational, Unit};
    use std::path::PathBuf;

    fn layout(axes: &[(Option<u64>, Coords)]) -> Layout {
        let axis = |(len, coords): &(Option<u64>, Coords)| AxisInfo {
            name: format!("{coords:?}"),
            unit: Unit::none(),
            len: *len,
            coords: coords.clone(),
            also: vec![],
        };
        let axes = axes.iter().map(axis).collect();
        let (name, unit, provenance) = ("strain".into(), Unit::none(), Provenance::default());
        Layout { name, unit, dtype: Dtype::F64, axes, provenance }
    }

    #[test]
    fn layouts_that_contradict_themselves_are_refused() {
        let steps = Coords::Linear { start: 0.0, step: 1.0 };
        let clock = |rate| Coords::Time { start_ns: 0, rate, jumps: vec![] };
        let bytes = |axes: &[(Option<u64>, Coords)]| layout(axes).row_bytes();
        assert_eq!(bytes(&[(None, clock(Rational::ONE)), (Some(3), Coords::Values(vec![0.0; 3]))]), Ok(24));
        assert!(bytes(&[]).is_err());
        assert!(bytes(&[(None, steps.clone()), (None, steps.clone())]).is_err());
        assert!(bytes(&[(Some(4), Coords::Values(vec![0.0; 3]))]).is_err());
        assert!(bytes(&[(None, clock(Rational::ZERO))]).is_err());
        let huge = bytes(&[(None, steps.clone()), (Some(u64::MAX), steps.clone()), (Some(u64::MAX), steps)])
            .unwrap_err();
        assert_eq!(huge.blame, Blame::Usage);
    }

    #[test]
    fn the_ending_chooses_the_format() {
        let of = |name: &str| SignalFormat::of(&Target::parse(name));
        assert_eq!(of("a.NPY"), Ok(SignalFormat::Npy));
        assert_eq!(of("a.zarr/"), Ok(SignalFormat::Zarr));
        assert_eq!(of("-"), Ok(SignalFormat::Npy));
        assert!(of("a.mat").unwrap_err().help.unwrap().contains(".npy or .zarr"));
        assert!(open_signal(&Target::File(PathBuf::from("a")), layout(&[]), Mode::New).is_err());
    }

    #[test]
    fn rows_are_cut_out_of_their_padding() {
        let data = [1, 2, 0, 3, 4, 0, 5, 6];
        let rows: Vec<&[u8]> = rows_of(&data, 3, 2, 3).collect();
        assert_eq!(rows, [[1, 2], [3, 4], [5, 6]]);
        let block: Vec<&[u8]> = rows_of(&data, 4, 2, 2).collect();
        assert_eq!(block, [&data]);
        assert_eq!(rows_of(&data, 0, 2, 2).count(), 0);
    }
}
