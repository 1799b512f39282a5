//! A plan: what the runtime does, pass by pass, with every kernel's buffers tied to streams and statistics.
//!
//! A **pass** reads the source (and spools) from beginning to end, segment by segment. It moves **streams**: values
//! with a time axis, produced row by row in order. A stage takes rows of streams and appends rows to others.
//! What a pass accumulates becomes a **statistic**, which later passes read as a constant.

use std::sync::Arc;

use dasc_ir::DType;
use dasc_ir::graph::quantile::Digits;
use dasc_ir::graph::{Call, Edge, NodeId, Quantile, Role, Scope, Slant, TransformKind};
use dasc_ir::kernel::{Kernel, LANES, Schedule};

pub use crate::temporary::LINE_BYTES;

#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub passes: Vec<Pass>,
    pub statistics: Vec<Statistic>,
    /// Segments of the record; every stream has its rows for each.
    pub segments: usize,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Pass {
    /// Run over every segment.
    pub flow: Flow,
    /// Run when the pass is over, once per segment, on single rows: arithmetic among statistics.
    pub finals: Flow,
    /// Whole-segment transforms between this pass and the next.
    pub transforms: Vec<Whole>,
    /// Quantiles along time of which this pass finds a digit.
    pub selections: Vec<Selection>,
}

/// Streams, and the stages that move them, in an order in which producers precede consumers.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Flow {
    pub streams: Vec<Stream>,
    pub stages: Vec<Stage>,
    /// Streams of one row that become statistics.
    pub exports: Vec<(u32, u32)>,
}

/// A value with a time axis while it is in flight.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    pub node: NodeId,
    /// What it is called in listings: operator and node.
    pub name: String,
    pub dtype: DType,
    pub inner: u32,
    pub planes: u32,
    pub channels: u32,
    /// Rows of each segment.
    pub rows: Vec<(i64, i64)>,
    /// How reads beyond the rows are answered.
    pub edge: Edge,
    /// How reads beyond the channels are answered, and how many lanes on either side are read.
    pub lane_edge: Edge,
    pub lane_reach: u32,
    pub place: Place,
    /// Whoever outside wants the rows.
    pub observed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Read from the source, in the file's type.
    Source,
    /// Read from what a whole-segment transform left behind.
    Spool(u32),
    /// The single row that a statistic is.
    Statistic(u32),
    /// Crosses kernels: all channels side by side.
    Wide,
    /// Lives within one kernel, one channel block at a time.
    Scratch,
}

impl Stream {
    /// Lanes left free on either side of the channels for reads beyond them.
    pub fn lane_pad(&self) -> usize {
        (self.lane_reach as usize).next_multiple_of(LANES)
    }

    /// Lanes from one inner position or plane to the next, padding included.
    pub fn lane_stride(&self) -> usize {
        (self.channels as usize).next_multiple_of(LANES) + 2 * self.lane_pad()
    }

    /// Elements of a row.
    pub fn row_len(&self) -> usize {
        self.lane_stride() * self.inner as usize * self.planes as usize
    }

    /// Bytes of an element in memory; a complex value is two planes of F32.
    pub fn element(&self) -> usize {
        if self.dtype == DType::C32 { 4 } else { self.dtype.size() }
    }
}

/// A value without a time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistic {
    pub node: NodeId,
    pub name: String,
    pub dtype: DType,
    pub inner: u32,
    pub planes: u32,
    pub channels: u32,
    pub scope: Scope,
    /// Pass whose end makes it known.
    pub known_after: u32,
    pub observed: bool,
    /// What it is before the first pass: the numbers of a constant, as `[inner][channel][plane]`.
    pub given: Option<Arc<[f64]>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    Kernel(Box<KernelStage>),
    /// The channels listed, in that order.
    Gather {
        input: u32,
        output: u32,
        channels: Vec<u32>,
    },
    /// Complex FFTs along consecutive blocks of channels, of every row and inner position; the inverse divides by the block.
    Transform {
        input: u32,
        output: u32,
        block: u32,
        inverse: bool,
    },
    /// Sums along lines across channels and rows, the first tap `lo` channels on.
    Slant {
        input: u32,
        output: u32,
        lo: i32,
        slant: Slant,
    },
    /// A quantile over the channels or inner positions of every row.
    Quantile {
        input: u32,
        output: u32,
        along: Role,
        quantile: Quantile,
    },
    /// The tap of the given rank among those `lo ..= hi` around every row, inner position or channel.
    Rank {
        input: u32,
        output: u32,
        along: Role,
        lo: i32,
        hi: i32,
        rank: u32,
    },
    /// A model called on windows of rows.
    Call {
        input: u32,
        output: u32,
        call: Box<Call>,
    },
}

impl Stage {
    /// The stream a stage between kernels reads, and the one it writes; `None` for a kernel.
    pub fn between(&self) -> Option<(u32, u32)> {
        match self {
            Stage::Kernel(_) => None,
            Stage::Gather { input, output, .. }
            | Stage::Transform { input, output, .. }
            | Stage::Slant { input, output, .. }
            | Stage::Quantile { input, output, .. }
            | Stage::Rank { input, output, .. }
            | Stage::Call { input, output, .. } => Some((*input, *output)),
        }
    }
}

/// A kernel with its buffers tied to what they hold.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelStage {
    pub kernel: Kernel,
    /// One per buffer of the kernel.
    pub bindings: Vec<Binding>,
    /// Rows of every step in each segment.
    pub rows: Vec<Vec<(i64, i64)>>,
    /// Channels the kernel's `Lanes::Block` buffers have.
    pub channels: u32,
    pub schedule: Schedule,
    /// Parameters that depend on the segment.
    pub scope_params: Vec<ScopeParam>,
    /// Tables that the `Emit` steps write, by node.
    pub tables: Vec<NodeId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binding {
    Stream(u32),
    Statistic(u32),
    /// The stream seen as rows of `lanes / 16` inner positions of 16 lanes: for reductions across channels.
    Strided(u32),
    /// Working memory of a reduction, one row per channel block, or of the sum across channels.
    Local,
}

/// `params[slot]` is filled in by the runtime for each segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScopeParam {
    pub slot: u32,
    pub of: ScopeValue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeValue {
    /// First row of this stream's segment.
    Start(NodeId),
    /// Rows of this stream's segment.
    Len(NodeId),
    /// Rows of this stream in the whole record.
    Total(NodeId),
}

/// A step that needs or gives all of a segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    pub node: NodeId,
    pub kind: WholeKind,
    pub input: WholeInput,
    pub output: WholeOutput,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WholeInput {
    /// Rows of the pass, stored until its segment is over.
    Stream(u32),
    /// What is known when the pass is over, and the rows of every segment that are made of it.
    Statistic { number: u32, rows: Vec<(i64, i64)> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WholeKind {
    /// Line by line, each of all rows.
    Transform(TransformKind),
    /// Row by row, from the last to the first.
    Reverse,
}

/// A digit of a quantile along time: how often each value of it occurs among the numbers that have the digits found before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    pub input: u32,
    /// The statistic, known after the last digit.
    pub output: u32,
    pub quantile: Quantile,
    pub scope: Scope,
    pub digits: Digits,
    /// Number of the digit, from the highest.
    pub digit: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WholeOutput {
    /// Rows for the next passes.
    Spool(u32),
    Statistic(u32),
}
