//! Steps that need all of a segment: their input is stored while a pass runs, worked on when the segment is over, and read by
//! the passes after it.

use std::collections::HashMap;
use std::path::PathBuf;

use dasc_compiler::plan::{Pass, Place, Plan, Stream, Whole, WholeInput, WholeKind, WholeOutput};
use dasc_ir::graph::{Graph, NodeId};
use dasc_ir::{Diag, Result, Span};

use crate::backwards::Backwards;
use crate::rows::{AllRows, Lent, RowsView};
use crate::spool::{Spool, TILE, transform};
use crate::statistics::Stored;

/// What whole-segment steps keep in the temporary store.
#[derive(Debug)]
pub(crate) struct Wholes {
    folder: Option<PathBuf>,
    /// Bytes that the run may hold.
    memory: usize,
    /// What the current segment's rows go into, one for each whole step of the pass.
    inputs: Vec<Kept>,
    /// What whole steps left behind, per spool and segment; gone once no later pass reads it.
    spools: Vec<Vec<Option<Kept>>>,
    /// The last pass that reads each spool.
    last: Vec<usize>,
    /// Where in the script each whole step stands, for what goes wrong with its store.
    places: HashMap<NodeId, Option<Span>>,
    /// The most bytes that lines took while they were transformed.
    working: usize,
}

#[derive(Debug)]
enum Kept {
    Lines(Spool),
    Backwards(Backwards),
}

impl Wholes {
    /// Nothing stored yet of a plan.
    pub fn new(graph: &Graph, plan: &Plan, folder: Option<PathBuf>, memory: usize) -> Wholes {
        let spools = spools(plan);
        let steps = plan.passes.iter().flat_map(|pass| &pass.transforms);
        Wholes {
            folder,
            memory,
            working: 0,
            inputs: Vec::new(),
            places: steps.map(|whole| (whole.node, graph.node(whole.node).span)).collect(),
            last: (0..spools).map(|spool| last_reader(plan, spool)).collect(),
            spools: (0..spools).map(|_| (0..plan.segments).map(|_| None).collect()).collect(),
        }
    }

    /// Makes room for the rows of a segment.
    pub fn begin_segment(&mut self, pass: &Pass, segment: usize) -> Result<()> {
        self.inputs.clear();
        for whole in &pass.transforms {
            let WholeInput::Stream(number) = whole.input else { continue };
            let stream = &pass.flow.streams[number as usize];
            let folder = self.folder.as_deref();
            let kept = match whole.kind {
                WholeKind::Transform(_) => {
                    Spool::create(folder, stream, segment, self.memory).map(Kept::Lines)
                }
                WholeKind::Reverse => {
                    Backwards::create(folder, stream, segment, self.memory).map(Kept::Backwards)
                }
            };
            self.inputs.push(kept.map_err(|diag| placed(diag, &self.places, whole))?);
        }
        Ok(())
    }

    /// Stores new rows of a stream for every step that wants them.
    pub fn take(&mut self, pass: &Pass, stream: usize, view: &RowsView) -> Result<()> {
        for (whole, input) in of_rows(pass).zip(&mut self.inputs) {
            if whole.input == WholeInput::Stream(stream as u32) {
                let written = match input {
                    Kept::Lines(spool) => spool.write(view),
                    Kept::Backwards(rows) => rows.write(view),
                };
                written.map_err(|diag| placed(diag, &self.places, whole))?;
            }
        }
        Ok(())
    }

    /// Takes the memory of a stream that kept the rows of the segment, for all who turn it round.
    pub fn take_over(&mut self, pass: &Pass, stream: usize, rows: Option<AllRows>) -> Result<()> {
        for (whole, input) in of_rows(pass).zip(&mut self.inputs) {
            if let Kept::Backwards(store) = input
                && whole.input == WholeInput::Stream(stream as u32)
            {
                let rows =
                    rows.clone().ok_or_else(|| Diag::compiler("run: a stream did not keep its rows"))?;
                store.take_over(rows)?;
            }
        }
        Ok(())
    }

    /// The rows of a spool where they lie, if they lie in memory as they are read.
    pub fn lent(&self, spool: u32, segment: usize) -> Option<&Lent> {
        match &self.spools[spool as usize][segment] {
            Some(Kept::Backwards(rows)) => rows.lent(),
            Some(Kept::Lines(_)) | None => None,
        }
    }

    /// Does what needs the whole segment, which is over.
    pub fn end_segment(&mut self, pass: &Pass, segment: usize, statistics: &mut [Stored]) -> Result<()> {
        for (whole, input) in of_rows(pass).zip(std::mem::take(&mut self.inputs)) {
            self.working = self.working.max(input.working(self.memory));
            let kept = match (whole.kind, input, whole.output) {
                (WholeKind::Transform(kind), Kept::Lines(lines), WholeOutput::Spool(_)) => {
                    transform(&lines, kind, self.memory, None)
                }
                (WholeKind::Transform(kind), Kept::Lines(lines), WholeOutput::Statistic(number)) => {
                    let output = (&mut statistics[number as usize], segment);
                    transform(&lines, kind, self.memory, Some(output))
                }
                (WholeKind::Reverse, input @ Kept::Backwards(_), WholeOutput::Spool(spool)) => {
                    self.spools[spool as usize][segment] = Some(input);
                    continue;
                }
                (WholeKind::Transform(_) | WholeKind::Reverse, _, _) => {
                    return Err(Diag::compiler("run: a whole step that does not fit its store"));
                }
            };
            let kept = kept.map_err(|diag| placed(diag, &self.places, whole))?.map(Kept::Lines);
            if let WholeOutput::Spool(spool) = whole.output {
                self.spools[spool as usize][segment] = kept;
            }
        }
        Ok(())
    }

    /// Makes rows of what is known now that the pass is over.
    pub fn make_rows(&mut self, pass: &Pass, statistics: &[Stored]) -> Result<()> {
        for whole in &pass.transforms {
            let (WholeInput::Statistic { number, rows }, WholeOutput::Spool(spool)) =
                (&whole.input, whole.output)
            else {
                continue;
            };
            for (segment, rows) in rows.iter().enumerate() {
                let spectrum = statistics[*number as usize].view(segment);
                let lines = Spool::of_spectrum(self.folder.as_deref(), &spectrum, *rows, self.memory);
                let kept = Kept::Lines(lines.map_err(|diag| placed(diag, &self.places, whole))?);
                self.working = self.working.max(kept.working(self.memory));
                self.spools[spool as usize][segment] = Some(kept);
            }
        }
        Ok(())
    }

    /// Rows `first .. first + rows` of a spool, written to `out` in the layout of the stream that reads it in a pass.
    pub fn read(
        &mut self,
        (spool, segment, pass): (u32, usize, usize),
        stream: &Stream,
        first: i64,
        rows: usize,
        out: &mut [u8],
        stride: usize,
    ) -> Result<()> {
        let part = stream.lane_stride() * stream.element();
        let last = self.last[spool as usize] <= pass;
        match &mut self.spools[spool as usize][segment] {
            Some(Kept::Lines(lines)) => lines.read(first, rows, out, stride, part),
            Some(Kept::Backwards(stored)) => stored.read(first, rows, out, (stride, part), last),
            None => Err(Diag::compiler("run: a spool is read that was not written")),
        }
    }

    /// Gives back what no pass after this one reads.
    pub fn end_pass(&mut self, pass: usize) {
        for (segments, last) in self.spools.iter_mut().zip(&self.last) {
            if *last <= pass {
                segments.iter_mut().for_each(|kept| *kept = None);
            }
        }
    }

    /// Bytes in the temporary store.
    pub fn held(&self) -> u64 {
        self.kept().map(Kept::held).fold(0, u64::saturating_add)
    }

    /// Bytes in memory of what is stored.
    pub fn in_memory(&self) -> usize {
        self.kept().map(Kept::in_memory).sum()
    }

    /// The most bytes that lines took while they were transformed.
    pub fn working(&self) -> usize {
        self.working
    }

    fn kept(&self) -> impl Iterator<Item = &Kept> {
        self.inputs.iter().chain(self.spools.iter().flatten().flatten())
    }
}

impl Kept {
    fn held(&self) -> u64 {
        match self {
            Kept::Lines(lines) => lines.held(),
            Kept::Backwards(rows) => rows.held(),
        }
    }

    fn in_memory(&self) -> usize {
        match self {
            Kept::Lines(lines) => lines.in_memory(),
            Kept::Backwards(rows) => rows.in_memory(),
        }
    }

    /// Bytes that it takes to transform this within `memory`.
    fn working(&self, memory: usize) -> usize {
        match self {
            Kept::Lines(lines) => lines.working(memory),
            Kept::Backwards(_) => 0,
        }
    }
}

/// Refuses a transform of lines of which not even one fits into the memory given, though a tile takes [`TILE`] whatever is given.
pub(crate) fn check(graph: &Graph, plan: &Plan, memory: usize) -> Result<()> {
    match plan.longest_line() {
        Some((node, bytes)) if bytes > memory.max(TILE) as u64 => {
            let node = graph.node(node);
            let message = format!(
                "{} transforms the whole record at once and needs {} MB of memory for a single channel, but the run may hold {} MB",
                node.operator,
                bytes.div_ceil(1_000_000),
                memory / 1_000_000
            );
            Err(Diag::usage(message)
                .at(node.span)
                .help("give it more with --memory, choose a stretch with SLICE TIME=, or use STFT, whose frames stream"))
        }
        _ => Ok(()),
    }
}

/// A mistake at the step whose store it befell.
fn placed(diag: Diag, places: &HashMap<NodeId, Option<Span>>, whole: &Whole) -> Diag {
    diag.at(places.get(&whole.node).copied().flatten())
}

/// The whole steps whose input arrives as rows, in order.
fn of_rows(pass: &Pass) -> impl Iterator<Item = &Whole> {
    pass.transforms.iter().filter(|whole| matches!(whole.input, WholeInput::Stream(_)))
}

fn spools(plan: &Plan) -> usize {
    let outputs = plan.passes.iter().flat_map(|p| &p.transforms).map(|whole| whole.output);
    let numbers =
        outputs.filter_map(|o| if let WholeOutput::Spool(n) = o { Some(n as usize + 1) } else { None });
    numbers.max().unwrap_or(0)
}

fn last_reader(plan: &Plan, spool: usize) -> usize {
    let reads = |pass: &Pass| pass.flow.streams.iter().any(|s| s.place == Place::Spool(spool as u32));
    plan.passes.iter().rposition(reads).unwrap_or(0)
}
