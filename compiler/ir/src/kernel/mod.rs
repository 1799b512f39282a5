//! The Kernel: what one fusion group does to a tile, as loops over straight-line bodies.
//!
//! A kernel works on **buffers**. A buffer's element is addressed by *row* (position along its stream axis, absolute:
//! row 0 is sample 0 of the record's index), *inner* (frequency, tap of a frame; 1 if there is none), *plane* (0, or 1 for the
//! imaginary part) and *lane* (channel). Lanes are contiguous and padded to [`LANES`].
//! Between steps rows stay in scratch buffers that remember enough earlier rows for the windows that read them, so
//! a window is nothing but loads at other rows, a decimation a load at `i * hop`, a frame a load at `i * hop + inner`.
//!
//! A step is a [`Loop`], a batch of FFTs or a detection. The runtime decides how many rows of each a tile has; a row's
//! value depends on its index alone, never on the tile, which is why results do not depend on how data is cut.
//!
//! ```text
//! loop rows b1 {
//!   v0 = load b0[i]
//!   v1 = cast f64 v0
//!   v2 = carry c0
//!   v3 = param 0 : f64
//!   v4 = fma v3 v1 v2
//!   set c0 v4
//!   v6 = cast f32 v4
//!   store b1[i] v6
//! }
//! ```

pub mod expand;
pub mod interp;
mod narrow;
pub mod profile;
#[cfg(feature = "random")]
pub mod random;
pub mod run;
pub mod schedule;
mod sweep;
mod tabulate;
pub mod text;
pub mod verify;

use crate::DType;
use crate::graph::Edge;
use crate::scalar::{Binary, Unary};

pub use expand::expand;
pub use interp::Interpreter;
pub use narrow::narrow;
pub use profile::NumericProfile;
pub use run::{BufferAt, Call, Executable, LoopRef};
pub use schedule::Schedule;
pub use tabulate::tabulate;
pub use verify::{verify, verify_expanded};

/// Every buffer's lane count is padded to this, and a body is compiled for whole groups of it: no loop has a remainder.
pub const LANES: usize = 16;

/// Rows in the blocks of the canonical sum along time; partial results are merged at absolute multiples of it.
pub const REDUCE_BLOCK: i64 = 1024;

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}
index!(
    /// A buffer of the kernel.
    BufferId,
    /// A carry slot of the kernel.
    CarryId,
    /// An instruction of a loop's arena, and the value it defines.
    Val
);

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Kernel {
    pub name: String,
    pub buffers: Vec<Buffer>,
    pub carries: Vec<Carry>,
    /// Coefficients and tables, read as f64 or rounded to f32 by the instruction; memory, never immediates.
    pub params: Vec<f64>,
    pub steps: Vec<Step>,
    pub reduces: Vec<Reduce>,
}

/// A stretch of rows that steps write and read.
#[derive(Clone, Debug, PartialEq)]
pub struct Buffer {
    pub name: String,
    /// I16, I32, F32 or F64; a complex value has two F32 planes.
    pub dtype: DType,
    pub inner: u32,
    pub planes: u32,
    pub lanes: Lanes,
    pub role: Role,
}

/// How many lanes a row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// The channels of the block being worked on.
    Block,
    /// This many, whatever the block: the strided partials of a sum across channels, or a single merged value.
    Fixed(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Filled by the runtime before the kernel runs.
    Input,
    /// Read by the runtime afterwards.
    Output,
    /// Lives in cache between the steps of one kernel.
    Scratch,
    /// One row that holds for all time: a statistic of an earlier pass. Addressed like row 0 whatever the index.
    Constant,
}

/// State of a recurrence or an accumulation, one element per inner and lane. Zero at the start of a segment unless `init` says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Carry {
    pub name: String,
    /// F32, F64 or I64.
    pub dtype: DType,
    pub inner: u32,
    pub lanes: Lanes,
    pub init: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Loop(Loop),
    Fft(Fft),
    OverlapAdd(OverlapAdd),
    Widen(Widen),
    Correlate(Correlate),
    Emit(Emit),
}

/// `for inner { for lane group { for row { body } } }`; carries live in registers across the rows.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Loop {
    /// Trip count of the inner index.
    pub inner: u32,
    /// `Lanes::Block` or a fixed number.
    pub lanes: Option<u32>,
    /// Arena of instructions; operands come before their users.
    pub values: Vec<Instr>,
    /// The instructions of the body in order. Those of folds stand in the folds.
    pub body: Vec<Val>,
    /// The buffer whose progress this loop advances: the runtime runs the loop for the rows this buffer lacks.
    pub domain: Domain,
}

/// Whose rows a loop runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Domain {
    /// The rows of this buffer, which the loop stores.
    Rows(BufferId),
    /// The rows of this buffer, which the loop only reads (an accumulation).
    Over(BufferId),
    /// A single row: merging and finishing of accumulations.
    #[default]
    Once,
}

/// A linear form in the loop indices: `row * i + inner * f + tap * k + add`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Affine {
    pub row: i64,
    pub inner: i64,
    pub tap: i64,
    pub add: i64,
}

/// Which lane of a row an element comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LaneAt {
    /// The lane being computed, shifted by so many lanes. The buffer has that many valid lanes on either side.
    Shift(i32),
    /// One lane for all.
    Splat(u32),
}

/// An instruction; the value it defines has the type [`Loop::dtype`] tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Instr {
    /// I16 and I32 load as I32, the others as stored.
    Load {
        buffer: BufferId,
        row: Affine,
        inner: Affine,
        plane: u32,
        lane: LaneAt,
    },
    /// Stores F32, F64 or I32 of the buffer's type at row `i`.
    Store {
        buffer: BufferId,
        inner: Affine,
        plane: u32,
        value: Val,
    },
    /// `params[slot]`, the same for all lanes, rounded to F32 if that is the type.
    Param {
        slot: u32,
        dtype: DType,
    },
    /// `params[slot + index]`, uniform; the index is a linear form in inner and tap.
    Table {
        slot: u32,
        index: Affine,
        dtype: DType,
    },
    /// A constant bit pattern of an expansion (I32, I64, F32, F64 or Bool), uniform.
    Bits {
        bits: u64,
        dtype: DType,
    },
    /// The position of the element as F64: absolute row, inner, tap or channel (0-based position in the record).
    Position(Place),
    /// The state at the start of the row.
    Carry(CarryId),
    /// The state for the next row; at most one per carry.
    SetCarry {
        carry: CarryId,
        value: Val,
    },
    Unary {
        op: Unary,
        a: Val,
    },
    Binary {
        op: Binary,
        a: Val,
        b: Val,
    },
    /// `a * b + c`, rounded once.
    Fma {
        a: Val,
        b: Val,
        c: Val,
    },
    /// `mask ? a : b`, lane by lane.
    Select {
        mask: Val,
        a: Val,
        b: Val,
    },
    /// Conversion between F32 and F64, I32 to F32 or F64, Bool to F32 or F64 (1 or 0).
    Cast {
        to: DType,
        a: Val,
    },
    /// The same bits as another type of the same size.
    Bitcast {
        to: DType,
        a: Val,
    },
    /// `taps` rounds of `body` in order. `args` are the accumulators' values inside, starting from `init`, continuing with `next`.
    Fold {
        taps: u32,
        init: Vec<Val>,
        args: Vec<Val>,
        body: Vec<Val>,
        next: Vec<Val>,
    },
    /// An accumulator inside its fold.
    FoldArg {
        dtype: DType,
    },
    /// The final value of an accumulator.
    FoldResult {
        fold: Val,
        index: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    Row,
    Inner,
    Tap,
    Lane,
}

/// One FFT per row and lane along the inner axis. Forward transforms are unscaled; inverse ones divide by `n`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fft {
    pub kind: FftKind,
    /// Length of the real or complex sequence.
    pub n: u32,
    pub input: BufferId,
    pub output: BufferId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FftKind {
    /// Real `n` to complex `n/2 + 1`.
    Forward,
    /// The same of F64 numbers and in F64, of which only the result is rounded: what is small beside an offset keeps its digits.
    ForwardWide,
    /// Complex `n/2 + 1` to real `n`.
    Inverse,
    /// Complex to complex.
    ComplexForward,
    ComplexInverse,
    /// Complex `n/2 + 1`, the half spectrum of a real sequence, to its analytic signal of complex `n`.
    Analytic,
}

/// Lays frames back where they came from and adds them: row `t` of the output is the sum over frames `j` of their inner
/// position `t − lo − j * hop`, where that exists, in order of frames and in F64.
#[derive(Clone, Debug, PartialEq)]
pub struct OverlapAdd {
    /// Frames along the inner axis, F32 or F64.
    pub input: BufferId,
    /// The same type, inner 1.
    pub output: BufferId,
    pub hop: u32,
    pub lo: i32,
    /// First of as many parameters as a frame has positions: the sum is divided by the sum of those of the positions that were added,
    /// where that exceeds [`LEAST_WEIGHT`].
    pub weights: Option<u32>,
}

/// Sums of weights up to this divide nothing (scipy.signal.istft).
pub const LEAST_WEIGHT: f64 = 1e-10;

/// Copies rows to a longer (or shorter) inner axis: position `f` of the output is position `f − before` of the input, and where that does not
/// exist what the edge puts there.
#[derive(Clone, Debug, PartialEq)]
pub struct Widen {
    pub input: BufferId,
    /// Of the same type, planes and lanes.
    pub output: BufferId,
    pub before: i32,
    pub edge: Edge,
}

/// Frames against frames of the same row: position `l` of the output is `Σ t[k] · x[k + lo + l]` over all `k` where both exist, by FFT in
/// F64. A sum with a factor that is not finite is NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlate {
    /// Frames along the inner axis, F32 or F64.
    pub x: BufferId,
    /// The same, or a constant; with one lane it serves all.
    pub t: BufferId,
    /// F64, one inner position a lag.
    pub output: BufferId,
    pub lo: i32,
}

/// Watches a level and notes the stretches in which it exceeds `on`, until it no longer exceeds `off`
/// (ObsPy `trigger_onset`). NaN ends a stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct Emit {
    /// The level that is compared; inner 1.
    pub level: BufferId,
    pub on: u32,
    pub off: u32,
    /// Which table the records go to.
    pub table: u32,
}

/// An accumulation along time in canonical order: `steps` accumulates a block of [`REDUCE_BLOCK`] rows into `carries`;
/// the runtime then merges blocks like a binary counter, always older into newer, and at the end from the newest up.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduce {
    pub carries: Vec<CarryId>,
    /// Values of an accumulation of nothing.
    pub identity: Vec<f64>,
    /// Reads `left` and `right` and stores into `left`; one row.
    pub merge: Loop,
    pub left: Vec<BufferId>,
    pub right: Vec<BufferId>,
    /// Turns the merged accumulators in `left` into the outputs; one row.
    pub finish: Loop,
    pub outputs: Vec<BufferId>,
}

impl Kernel {
    /// Every loop with its name.
    pub fn loops(&self) -> Vec<(LoopRef, &Loop)> {
        let steps = self.steps.iter().enumerate().filter_map(|(i, step)| match step {
            Step::Loop(body) => Some((LoopRef::Step(i as u32), body)),
            Step::Fft(_) | Step::OverlapAdd(_) | Step::Widen(_) | Step::Correlate(_) | Step::Emit(_) => None,
        });
        let merges = self.reduces.iter().enumerate().flat_map(|(i, reduce)| {
            [(LoopRef::Merge(i as u32), &reduce.merge), (LoopRef::Finish(i as u32), &reduce.finish)]
        });
        steps.chain(merges).collect()
    }
}

impl Instr {
    /// Calls `f` with every operand; a fold's `next` too, its body not.
    pub fn operands(&self, mut f: impl FnMut(Val)) {
        match self {
            Instr::Load { .. }
            | Instr::Param { .. }
            | Instr::Table { .. }
            | Instr::Bits { .. }
            | Instr::Position(_)
            | Instr::Carry(_)
            | Instr::FoldArg { .. } => {}
            Instr::Store { value, .. } | Instr::SetCarry { value, .. } => f(*value),
            Instr::Unary { a, .. } | Instr::Cast { a, .. } | Instr::Bitcast { a, .. } => f(*a),
            Instr::Binary { a, b, .. } => {
                f(*a);
                f(*b);
            }
            Instr::Fma { a, b, c } => {
                f(*a);
                f(*b);
                f(*c);
            }
            Instr::Select { mask, a, b } => {
                f(*mask);
                f(*a);
                f(*b);
            }
            Instr::Fold { init, next, .. } => init.iter().chain(next).for_each(|v| f(*v)),
            Instr::FoldResult { fold, .. } => f(*fold),
        }
    }
}

impl Loop {
    /// The type of a value; `None` for stores, carry updates and folds, which define none.
    pub fn dtype(&self, kernel: &Kernel, value: Val) -> Option<DType> {
        match self.values.get(value.index())? {
            Instr::Load { buffer, .. } => match kernel.buffers.get(buffer.index())?.dtype {
                DType::I16 => Some(DType::I32),
                other => Some(other),
            },
            Instr::Param { dtype, .. } | Instr::Table { dtype, .. } | Instr::Bits { dtype, .. } => {
                Some(*dtype)
            }
            Instr::FoldArg { dtype } => Some(*dtype),
            Instr::Position(_) => Some(DType::F64),
            Instr::Carry(carry) => Some(kernel.carries.get(carry.index())?.dtype),
            Instr::Unary { a, .. } => self.dtype(kernel, *a),
            Instr::Binary { op, a, .. } if op.is_comparison() => self.dtype(kernel, *a).map(|_| DType::Bool),
            Instr::Binary { a, .. } | Instr::Fma { a, .. } | Instr::Select { a, .. } => {
                self.dtype(kernel, *a)
            }
            Instr::Cast { to, .. } | Instr::Bitcast { to, .. } => Some(*to),
            Instr::FoldResult { fold, index } => match self.values.get(fold.index())? {
                Instr::Fold { args, .. } => self.dtype(kernel, *args.get(*index as usize)?),
                _ => None,
            },
            Instr::Store { .. } | Instr::SetCarry { .. } | Instr::Fold { .. } => None,
        }
    }

    /// Whether a row is made of one row of each buffer and of nothing else: no carry, no fold, nothing that the loop made itself. Rows
    /// and lanes may then be taken in any order.
    pub fn maps_rows(&self) -> bool {
        let mut read: Vec<(BufferId, Affine)> = Vec::new();
        let mut stored: Vec<BufferId> = Vec::new();
        for val in &self.body {
            match self.values.get(val.index()) {
                Some(Instr::Carry(_) | Instr::SetCarry { .. } | Instr::Fold { .. }) | None => return false,
                Some(Instr::Load { buffer, row, .. }) => {
                    if read.iter().any(|(known, other)| known == buffer && other != row) {
                        return false;
                    }
                    read.push((*buffer, *row));
                }
                Some(Instr::Store { buffer, .. }) => stored.push(*buffer),
                Some(_) => {}
            }
        }
        !read.iter().any(|(buffer, _)| stored.contains(buffer))
    }

    pub fn push(&mut self, instr: Instr) -> Val {
        let val = Val(self.values.len() as u32);
        self.values.push(instr);
        val
    }
}

impl Affine {
    /// The current row or inner position itself.
    pub const ROW: Affine = Affine { row: 1, inner: 0, tap: 0, add: 0 };
    pub const INNER: Affine = Affine { row: 0, inner: 1, tap: 0, add: 0 };
    pub const TAP: Affine = Affine { row: 0, inner: 0, tap: 1, add: 0 };
    pub const ZERO: Affine = Affine { row: 0, inner: 0, tap: 0, add: 0 };

    pub const fn constant(add: i64) -> Affine {
        Affine { row: 0, inner: 0, tap: 0, add }
    }

    pub const fn at(self, row: i64, inner: i64, tap: i64) -> i64 {
        self.row * row + self.inner * inner + self.tap * tap + self.add
    }
}
