//! Outputs that begin anew at multiples of a time since 1970 UTC, so that what is behind such a border is whole and durable
//! while the run goes on: `EVERY=1h`.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use dasc_events::{Column, Event};
use dasc_ir::{Diag, Result};

use crate::events::{EventFormat, EventSink, open_events};
use crate::layout::{Coords, Jump, Layout, Provenance};
use crate::output::Summary;
use crate::signal::{Gate, SignalSink, open_signal};
use crate::target::{Mode, Target};

/// When outputs begin anew, and what they are called.
#[derive(Clone)]
pub struct Rotation {
    /// Nanoseconds from one border to the next; more than 0.
    pub every_ns: i64,
    /// The name with its fields, for people.
    pub shown: PathBuf,
    /// The name of the output whose first row, or event, lies at an instant (UTC, nanoseconds since 1970).
    pub name: Arc<dyn Fn(i64) -> Result<Target> + Send + Sync>,
}

impl fmt::Debug for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} every {} ns", self.shown.display(), self.every_ns)
    }
}

impl Rotation {
    /// The number of the stretch between borders that an instant lies in.
    fn stretch(&self, ns: i64) -> i64 {
        ns.div_euclid(self.every_ns.max(1))
    }
}

/// What the outputs that are whole hold together.
struct Done {
    rotation: Rotation,
    files: u64,
    bytes: u64,
    rows: u64,
}

impl Done {
    fn new(rotation: Rotation) -> Done {
        Done { rotation, files: 0, bytes: 0, rows: 0 }
    }

    fn add(&mut self, summary: &Summary) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(summary.bytes);
        self.rows = self.rows.saturating_add(summary.rows);
    }

    fn summary(&self) -> Summary {
        Summary { path: self.rotation.shown.clone(), files: self.files, bytes: self.bytes, rows: self.rows }
    }
}

/// Starts writing a signal with a time axis into one output after another. The first is begun by the first row.
///
/// # Errors
/// A layout whose first axis has no instants; later what [`open_signal`] says of each output.
pub fn open_signals(rotation: Rotation, layout: Layout, mode: Mode) -> Result<Box<dyn SignalSink>> {
    if !matches!(layout.axes.first().map(|axis| &axis.coords), Some(Coords::Time { .. })) {
        return Err(Diag::usage("EVERY divides rows by their instants, and these have none")
            .help("leave EVERY out: a single value needs no further files"));
    }
    Ok(Box::new(Signals { gate: Gate::new(&layout)?, done: Done::new(rotation), layout, mode, open: None }))
}

struct Signals {
    /// The axes of the whole, with an instant for every row.
    layout: Layout,
    mode: Mode,
    gate: Gate,
    done: Done,
    open: Option<Open>,
}

/// The output that rows go to.
struct Open {
    stretch: i64,
    /// Its first row among all.
    first: u64,
    sink: Box<dyn SignalSink>,
}

impl Signals {
    fn instant(&self, row: u64) -> Result<i64> {
        let coords = self.layout.axes.first().map(|axis| &axis.coords);
        let instant = coords.and_then(|coords| coords.bytes_at(row)).map(i64::from_ne_bytes);
        instant.ok_or_else(|| {
            Diag::usage(format!("row {row} lies at no instant that can be counted"))
                .help("times must lie between the years 1678 and 2262")
        })
    }

    /// The output for a row, which is begun if there is none for its instant.
    fn at(&mut self, row: u64) -> Result<&mut Open> {
        let instant = self.instant(row)?;
        let stretch = self.done.rotation.stretch(instant);
        if self.open.as_ref().is_some_and(|open| open.stretch != stretch) {
            self.close()?;
        }
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let target = (self.done.rotation.name)(instant)?;
                target.check(self.mode)?;
                let sink = open_signal(&target, self.layout_from(row, instant), self.mode)?;
                Open { stretch, first: row, sink }
            }
        };
        Ok(self.open.insert(open))
    }

    /// The axes of an output that begins with a row.
    fn layout_from(&self, row: u64, instant: i64) -> Layout {
        let mut layout = self.layout.clone();
        if let Some(axis) = layout.axes.first_mut() {
            axis.len = None;
            if let Coords::Time { start_ns, jumps, .. } = &mut axis.coords {
                *start_ns = instant;
                let later = jumps.iter().filter(|jump| jump.row > row);
                *jumps = later.map(|jump| Jump { row: jump.row - row, ..*jump }).collect();
            }
        }
        layout
    }

    fn close(&mut self) -> Result<()> {
        if let Some(open) = self.open.take() {
            self.done.add(&open.sink.finish()?);
        }
        Ok(())
    }

    /// How many of `rows` rows from `first` on lie before the border behind `first`. Their instants rise.
    fn before_border(&self, first: u64, rows: usize) -> Result<usize> {
        let stretch = self.done.rotation.stretch(self.instant(first)?);
        let within = |row: usize| -> Result<bool> {
            Ok(self.done.rotation.stretch(self.instant(first + row as u64)?) == stretch)
        };
        // Borders are far apart: mostly the last row decides.
        if within(rows - 1)? {
            return Ok(rows);
        }
        let (mut low, mut high) = (0, rows - 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if within(middle)? { low = middle } else { high = middle }
        }
        Ok(high)
    }
}

impl SignalSink for Signals {
    fn write(&mut self, first_row: u64, rows: usize, data: &[u8], row_stride: usize) -> Result<()> {
        // Counts and checks; what it lets through is written below.
        self.gate.pass(first_row, rows, data, row_stride, |_| Ok(()))?;
        let mut done = 0;
        while done < rows {
            let first = first_row + done as u64;
            let now = self.before_border(first, rows - done)?;
            let part = data.get(done.saturating_mul(row_stride)..).unwrap_or(&[]);
            let outcome =
                self.at(first).and_then(|open| open.sink.write(first - open.first, now, part, row_stride));
            outcome.map_err(|diag| self.gate.fail(diag))?;
            done += now;
        }
        Ok(())
    }

    fn jump(&mut self, row: u64, start_ns: i64) -> Result<()> {
        self.gate.jump(row)?;
        if let Some(Coords::Time { jumps, .. }) = self.layout.axes.first_mut().map(|axis| &mut axis.coords) {
            jumps.retain(|jump| jump.row < row);
            jumps.push(Jump { row, start_ns });
        }
        match &mut self.open {
            Some(open) => open.sink.jump(row - open.first, start_ns),
            None => Ok(()),
        }
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        self.gate.complete()?;
        self.close()?;
        Ok(self.done.summary())
    }
}

/// Starts writing events into one output after another. The first is begun by the first event.
pub fn open_event_files(
    rotation: Rotation,
    mode: Mode,
    provenance: &Provenance,
    added: &[Column],
) -> Box<dyn EventSink> {
    let (done, provenance, added) = (Done::new(rotation), provenance.clone(), added.to_vec());
    Box::new(Events { done, mode, provenance, added, open: None })
}

struct Events {
    done: Done,
    mode: Mode,
    provenance: Provenance,
    added: Vec<Column>,
    open: Option<(i64, Box<dyn EventSink>)>,
}

impl Events {
    fn close(&mut self) -> Result<()> {
        if let Some((_, sink)) = self.open.take() {
            self.done.add(&sink.finish()?);
        }
        Ok(())
    }
}

impl EventSink for Events {
    fn append(&mut self, mut events: &[Event]) -> Result<()> {
        while let Some(first) = events.first() {
            let stretch = self.done.rotation.stretch(first.start_ns);
            // An event that comes late goes where those after it went: what is behind a border is whole.
            let within = |event: &&Event| self.done.rotation.stretch(event.start_ns) <= stretch;
            let now = events.iter().take_while(within).count().max(1);
            let (these, rest) = events.split_at(now);
            if self.open.as_ref().is_some_and(|(open, _)| *open < stretch) {
                self.close()?;
            }
            let sink = match &mut self.open {
                Some((_, sink)) => sink,
                None => {
                    let target = (self.done.rotation.name)(first.start_ns)?;
                    target.check(self.mode)?;
                    let format = EventFormat::of(&target)?;
                    let sink = open_events(&target, format, self.mode, &self.provenance, &self.added)?;
                    &mut self.open.insert((stretch, sink)).1
                }
            };
            sink.append(these)?;
            events = rest;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        self.close()?;
        Ok(self.done.summary())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{AxisInfo, Dtype};
    use dasc_ir::{Rational, Unit};

    const SECOND: i64 = 1_000_000_000;

    fn rotation(folder: &std::path::Path, every_ns: i64) -> Rotation {
        let folder = folder.to_path_buf();
        let name =
            move |ns: i64| Ok(Target::File(folder.join(format!("{}.{:09}.npy", ns / SECOND, ns % SECOND))));
        Rotation { every_ns, shown: "{start}.npy".into(), name: Arc::new(name) }
    }

    fn layout(start_ns: i64, rate: Rational, jumps: Vec<Jump>) -> Layout {
        let coords = Coords::Time { start_ns, rate, jumps };
        let time = AxisInfo { name: "time".into(), unit: Unit::none(), len: None, coords, also: vec![] };
        let (name, unit, provenance) = ("strain".into(), Unit::none(), Provenance::default());
        Layout { name, unit, dtype: Dtype::F32, axes: vec![time], provenance }
    }

    /// Rows numbered from 0, given in pieces of the sizes; the names of the files with their rows.
    fn written(
        layout: Layout,
        every_ns: i64,
        pieces: &[usize],
        jump: Option<Jump>,
    ) -> Vec<(String, Vec<f32>)> {
        let folder = tempfile::tempdir().unwrap();
        let mut sink = open_signals(rotation(folder.path(), every_ns), layout, Mode::New).unwrap();
        let mut row = 0usize;
        for piece in pieces {
            if let Some(jump) = jump.filter(|jump| jump.row == row as u64) {
                sink.jump(jump.row, jump.start_ns).unwrap();
            }
            let bytes: Vec<u8> = (row..row + piece).flat_map(|n| (n as f32).to_ne_bytes()).collect();
            sink.write(row as u64, *piece, &bytes, 4).unwrap();
            row += piece;
        }
        let summary = sink.finish().unwrap();
        let mut found: Vec<(String, Vec<f32>)> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let bytes = std::fs::read(&path).unwrap();
                let rows = bytes[128..].chunks_exact(4).map(|b| f32::from_ne_bytes(b.try_into().unwrap()));
                (path.file_name().unwrap().to_string_lossy().into_owned(), rows.collect())
            })
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!((summary.files, summary.rows), (found.len() as u64, row as u64));
        found
    }

    fn numbers(range: std::ops::Range<usize>) -> Vec<f32> {
        range.map(|n| n as f32).collect()
    }

    #[test]
    fn rows_go_to_the_file_of_their_instant_however_they_come() {
        // From 10.25 s on at 4 Hz: 3 rows before 11 s, then 4 a second.
        let start = 10 * SECOND + SECOND / 4;
        let four = Rational::integer(4);
        let expected = vec![
            ("10.250000000.npy".to_string(), numbers(0..3)),
            ("11.000000000.npy".to_string(), numbers(3..7)),
            ("12.000000000.npy".to_string(), numbers(7..11)),
            ("13.000000000.npy".to_string(), numbers(11..12)),
        ];
        for pieces in [vec![12], vec![1; 12], vec![3, 4, 5], vec![2, 7, 3]] {
            assert_eq!(written(layout(start, four, vec![]), SECOND, &pieces, None), expected, "{pieces:?}");
        }
    }

    #[test]
    fn a_gap_known_before_or_when_it_comes_moves_the_borders() {
        let four = Rational::integer(4);
        let jump = Jump { row: 2, start_ns: 5 * SECOND + SECOND / 2 };
        let expected = vec![
            ("0.000000000.npy".to_string(), numbers(0..2)),
            ("5.500000000.npy".to_string(), numbers(2..4)),
            ("6.000000000.npy".to_string(), numbers(4..6)),
        ];
        assert_eq!(written(layout(0, four, vec![jump]), SECOND, &[2, 4], None), expected);
        assert_eq!(written(layout(0, four, vec![]), SECOND, &[2, 4], Some(jump)), expected);
    }

    #[test]
    fn a_name_that_is_taken_keeps_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("1.000000000.npy"), "old").unwrap();
        let rotation = rotation(folder.path(), SECOND);
        let mut sink = open_signals(rotation, layout(0, Rational::ONE, vec![]), Mode::New).unwrap();
        let diag = sink.write(0, 2, &[0; 8], 4).unwrap_err();
        assert!(diag.message.contains("exists already"), "{diag}");
        assert_eq!(sink.write(2, 1, &[0; 4], 4).unwrap_err(), diag, "an error is repeated");
        drop(sink);
        assert!(folder.path().join("0.000000000.npy").exists(), "what was whole is gone");
        assert_eq!(std::fs::read_to_string(folder.path().join("1.000000000.npy")).unwrap(), "old");
    }

    #[test]
    fn events_go_to_the_file_of_their_start() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_path_buf();
        let name = move |ns: i64| Ok(Target::File(at.join(format!("{}.jsonl", ns / SECOND))));
        let rotation = Rotation { every_ns: SECOND, shown: "x".into(), name: Arc::new(name) };
        let mut sink = open_event_files(rotation, Mode::New, &Provenance::default(), &[]);
        let event = |id, start_ns| Event { id, start_ns, ..Event::default() };
        sink.append(&[event(1, 100), event(2, SECOND - 1), event(3, SECOND)]).unwrap();
        // The second file does not go back for an event that comes late.
        sink.append(&[event(4, 500), event(5, 7 * SECOND)]).unwrap();
        let summary = sink.finish().unwrap();
        assert_eq!((summary.files, summary.rows), (3, 5));
        let ids = |name: &str| {
            let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
            text.lines()
                .map(|line| line.split("\"id\":").nth(1).unwrap()[..1].to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            [ids("0.jsonl"), ids("1.jsonl"), ids("7.jsonl")],
            [vec!["1", "2"], vec!["3", "4"], vec!["5"]]
        );
    }
}
