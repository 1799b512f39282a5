//! NumPy's `.npy`, version 1.0: a text header with the shape, then the array in C order.
//!
//! The header is as NumPy itself writes it, with room for any length of axis 0, and is patched at the end. Format:
//! `numpy.lib.format`. It has no room for coordinates or attributes; use Zarr where they matter.

use crate::disk::failed;
use crate::layout::{Dtype, Layout};
use crate::output::{Buffered, Output, Summary, commit};
use crate::signal::{Gate, SignalSink, rows_of};
use crate::target::{Mode, Target, resolve};
use dasc_ir::{Diag, Result};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::Path;

/// To a file, or to a pipe when the number of rows is known beforehand or after spooling.
pub(crate) fn create(target: &Target, layout: Layout, mode: Mode) -> Result<Box<dyn SignalSink>> {
    if let (Target::File(path), Mode::Append) = (target, mode)
        && resolve(path)?.exists()
    {
        return Ok(Box::new(NpySink::append(&resolve(path)?, layout)?));
    }
    let output = Output::create(target, mode)?;
    match (target, layout.axes.first().and_then(|axis| axis.len)) {
        (Target::Stdout, None) => Ok(Box::new(SpooledNpy::create(output, layout)?)),
        _ => Ok(Box::new(NpySink::over(output, layout)?)),
    }
}

pub(crate) struct NpySink {
    out: Buffered,
    gate: Gate,
    layout: Layout,
    header: Vec<u8>,
    /// Rows that were there before.
    kept: u64,
}

impl NpySink {
    pub(crate) fn over(output: Output, layout: Layout) -> Result<NpySink> {
        let gate = Gate::new(&layout)?;
        let header = header(&layout, layout.axes.first().and_then(|axis| axis.len).unwrap_or(0))?;
        let mut out = output.buffered();
        out.write_all(&header).map_err(|error| out.get_ref().diag(&error))?;
        Ok(NpySink { out, gate, layout, header, kept: 0 })
    }

    /// Copies the existing file beside it and goes on from there.
    fn append(path: &Path, layout: Layout) -> Result<NpySink> {
        let unreadable = |error: io::Error| failed("read", path, 0, &error);
        let mut existing = File::open(path).map_err(unreadable)?;
        let gate = Gate::new(&layout)?;
        let kept = matching_rows(&mut existing, path, &layout, gate.row_bytes())?;
        existing.rewind().map_err(unreadable)?;
        let mut out = Output::create(&Target::File(path.to_path_buf()), Mode::Append)?.buffered();
        io::copy(&mut existing, &mut out).map_err(|error| out.get_ref().diag(&error))?;
        let header = header(&layout, kept)?;
        Ok(NpySink { out, gate, layout, header, kept })
    }
}

impl SignalSink for NpySink {
    fn write(&mut self, first_row: u64, rows: usize, data: &[u8], row_stride: usize) -> Result<()> {
        let (out, row_bytes) = (&mut self.out, self.gate.row_bytes());
        self.gate.pass(first_row, rows, data, row_stride, |_| {
            for row in rows_of(data, rows, row_bytes, row_stride) {
                out.write_all(row).map_err(|error| out.get_ref().diag(&error))?;
            }
            Ok(())
        })
    }

    fn takes_pieces(&self) -> bool {
        matches!(self.out.get_ref(), Output::File(_))
    }

    fn piece(&mut self, row: u64, at: usize, bytes: &[u8]) -> Result<()> {
        let out = &mut self.out;
        let before = (self.kept.saturating_add(row)).checked_mul(self.gate.row_bytes() as u64);
        let begin = before.and_then(|n| n.checked_add(self.header.len() as u64)?.checked_add(at as u64));
        self.gate.piece(row, (at, bytes.len()), || {
            let begin = begin.ok_or_else(|| Diag::world("more rows than a file can have"))?;
            out.flush().map_err(|error| out.get_ref().diag(&error))?;
            out.get_mut().place(begin, bytes)
        })
    }

    fn whole(&mut self, rows: usize) -> Result<()> {
        self.gate.whole(rows)
    }

    fn jump(&mut self, row: u64, _start_ns: i64) -> Result<()> {
        self.gate.jump(row)
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        let rows = self.gate.complete()?;
        let total =
            self.kept.checked_add(rows).ok_or_else(|| Diag::world("more rows than a file can have"))?;
        let header = header(&self.layout, total)?;
        if header != self.header {
            self.out.flush().map_err(|error| self.out.get_ref().diag(&error))?;
            self.out.get_mut().patch(0, &header)?;
        }
        commit(self.out, rows)
    }
}

/// For a pipe whose reader needs the shape first: the rows wait in an unnamed temporary file.
struct SpooledNpy {
    output: Output,
    spool: BufWriter<File>,
    spooled: u64,
    gate: Gate,
    layout: Layout,
}

impl SpooledNpy {
    fn create(output: Output, layout: Layout) -> Result<SpooledNpy> {
        let gate = Gate::new(&layout)?;
        let spool = tempfile::tempfile().map_err(|error| spool_failed(0, &error))?;
        let spool = BufWriter::with_capacity(1 << 20, spool);
        Ok(SpooledNpy { output, spool, spooled: 0, gate, layout })
    }
}

fn spool_failed(bytes: u64, error: &io::Error) -> Diag {
    let folder = std::env::temp_dir();
    let mut diag = failed("spool", &folder.join("standard output"), bytes, error);
    diag.help = Some(format!(
        "set TMPDIR to a folder with more room than '{}', or write to a file",
        folder.display()
    ));
    diag
}

impl SignalSink for SpooledNpy {
    fn write(&mut self, first_row: u64, rows: usize, data: &[u8], row_stride: usize) -> Result<()> {
        let (spool, spooled, row_bytes) = (&mut self.spool, &mut self.spooled, self.gate.row_bytes());
        self.gate.pass(first_row, rows, data, row_stride, |_| {
            for row in rows_of(data, rows, row_bytes, row_stride) {
                *spooled = spooled.saturating_add(row.len() as u64);
                spool.write_all(row).map_err(|error| spool_failed(*spooled, &error))?;
            }
            Ok(())
        })
    }

    fn jump(&mut self, row: u64, _start_ns: i64) -> Result<()> {
        self.gate.jump(row)
    }

    fn finish(self: Box<Self>) -> Result<Summary> {
        let rows = self.gate.complete()?;
        let header = header(&self.layout, rows)?;
        let mut spool = self.spool.into_inner().map_err(|stuck| spool_failed(self.spooled, stuck.error()))?;
        spool.rewind().map_err(|error| spool_failed(self.spooled, &error))?;
        let mut out = self.output.buffered();
        out.write_all(&header).map_err(|error| out.get_ref().diag(&error))?;
        io::copy(&mut spool, &mut out).map_err(|error| out.get_ref().diag(&error))?;
        commit(out, rows)
    }
}

const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
/// Digits that NumPy leaves for axis 0 to grow; u64 needs 20.
const GROWTH: usize = 21;
const ALIGN: usize = 64;

/// Magic, length and dictionary; of the same length for every number of rows.
fn header(layout: &Layout, rows: u64) -> Result<Vec<u8>> {
    let dictionary = dictionary(layout, rows);
    let unpadded = MAGIC.len() + 2 + dictionary.len() + 1;
    let padding = ALIGN - unpadded % ALIGN;
    let length = dictionary.len() + padding + 1;
    let length =
        u16::try_from(length).map_err(|_| Diag::compiler("sink: too many axes for an .npy header"))?;
    let mut header = Vec::from(MAGIC);
    header.extend_from_slice(&length.to_le_bytes());
    header.extend_from_slice(dictionary.as_bytes());
    header.extend(std::iter::repeat_n(b' ', padding));
    header.push(b'\n');
    Ok(header)
}

fn dictionary(layout: &Layout, rows: u64) -> String {
    let rows = rows.to_string();
    let inner: Vec<String> =
        layout.axes.iter().skip(1).map(|axis| axis.len.unwrap_or(0).to_string()).collect();
    let shape = if inner.is_empty() { format!("{rows},") } else { format!("{rows}, {}", inner.join(", ")) };
    let growth = " ".repeat(GROWTH.saturating_sub(rows.len()));
    format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({shape}), }}{growth}", descr(layout.dtype))
}

fn descr(dtype: Dtype) -> String {
    let kind = match dtype {
        Dtype::F32 => "f4",
        Dtype::F64 => "f8",
        Dtype::Complex64 => "c8",
        Dtype::Complex128 => "c16",
    };
    format!("{}{kind}", if cfg!(target_endian = "little") { '<' } else { '>' })
}

/// Rows of an existing file that may be appended to: same version, dtype and inner shape, nothing missing.
fn matching_rows(file: &mut File, path: &Path, layout: &Layout, row_bytes: usize) -> Result<u64> {
    let name = path.display();
    let refuse = |text: String| {
        Diag::usage(format!("cannot append to '{name}': {text}")).help("give another name or MODE=overwrite")
    };
    let ours = header(layout, 0)?;
    let mut theirs = vec![0; ours.len()];
    file.read_exact(&mut theirs)
        .map_err(|_| refuse("it is too short for a NumPy file of this shape".into()))?;
    let foreign = || refuse("its header is not the one NumPy writes for an array in C order".into());
    if !theirs.starts_with(MAGIC) {
        return Err(foreign());
    }
    let text = std::str::from_utf8(theirs.get(MAGIC.len() + 2..).unwrap_or(&[])).map_err(|_| foreign())?;
    let (_, shape) = text.split_once("'shape': (").ok_or_else(foreign)?;
    let (shape, _) = shape.split_once(')').ok_or_else(foreign)?;
    let rows = shape.split(',').next().and_then(|n| n.trim().parse::<u64>().ok()).ok_or_else(foreign)?;
    if theirs != header(layout, rows)? {
        let expected = dictionary(layout, rows);
        return Err(refuse(format!(
            "it holds {}, the new rows are {}",
            text.trim_end(),
            expected.trim_end()
        )));
    }
    let expected = u128::from(rows) * row_bytes as u128 + ours.len() as u128;
    let length = file.metadata().map_err(|error| failed("read", path, 0, &error))?.len();
    if expected != u128::from(length) {
        return Err(refuse(format!("it should be {expected} bytes long for {rows} rows but is {length}")));
    }
    Ok(rows)
}

#[cfg(test)]
#[path = "npy_tests.rs"]
mod tests;
