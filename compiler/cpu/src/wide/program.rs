//! A loop as a list of vector instructions on values without end, before registers are given out.
//!
//! ```text
//! before the rows   what no row changes, carries as they come (a row of lane groups instead, where lanes are walked)
//! Begin(rows)       the carries are arguments of the loop
//!   a row           with folds that are loops, nested likewise
//! End(rows)         what the carries become
//! after the rows    carries back to memory
//! ```

use dasc_ir::kernel::{BufferId, CarryId};

use crate::place::{Place, Pointer};

/// A vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct V(pub u32);

/// Bytes of a vector: 16, 32 or 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    X,
    Y,
    Z,
}

impl Size {
    pub fn of(bytes: usize) -> Size {
        match bytes {
            0..=16 => Size::X,
            17..=32 => Size::Y,
            _ => Size::Z,
        }
    }

    pub const fn bytes(self) -> usize {
        match self {
            Size::X => 16,
            Size::Y => 32,
            Size::Z => 64,
        }
    }

    /// Half of it; half of the smallest lies in the smallest as well.
    pub const fn half(self) -> Size {
        match self {
            Size::X | Size::Y => Size::X,
            Size::Z => Size::Y,
        }
    }
}

/// What a vector instruction does. `Ps` and `Pd` are F32 and F64 lanes, `D` and `Q` I32 and I64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    AddPs,
    AddPd,
    SubPs,
    SubPd,
    MulPs,
    MulPd,
    DivPs,
    DivPd,
    /// The second operand if either is NaN, or both are zero.
    MinPs,
    MinPd,
    MaxPs,
    MaxPd,
    SqrtPs,
    SqrtPd,
    FloorPs,
    FloorPd,
    /// All ones where the predicate in `imm` holds.
    CmpPs,
    CmpPd,
    And,
    Or,
    Xor,
    AddD,
    AddQ,
    SubD,
    SubQ,
    MulD,
    /// Product of the low halves of 64-bit lanes.
    MulLow,
    MinD,
    MaxD,
    GtD,
    GtQ,
    EqD,
    EqQ,
    /// Shifts by `imm`: left, right with sign, right with zeros.
    SllD,
    SllQ,
    SraD,
    SrlQ,
    AbsD,
    AbsQ,
    /// `c` is the mask: `b` where it is set, `a` elsewhere.
    BlendPs,
    BlendPd,
    /// The same bit by bit, of three operands of which one is the destination.
    Choose,
    /// Conversions; the narrower side is half a vector of the instruction's size.
    PsToPd,
    PdToPs,
    DToPs,
    DToPd,
    /// Sign extension of the lower half.
    DToQ,
    /// The lower halves of 64-bit lanes, side by side.
    QToD,
    /// The upper half of a vector as one of half its size.
    Upper,
    /// `a` below, `b` above: two halves as one vector.
    Join,
    /// The even 32-bit elements of each pair of 128-bit parts (`vshufps` by `imm`).
    Shuffle,
    /// 64-bit elements by `imm`, four at a time.
    Permute,
    /// `a * b + c`, rounded once.
    FmaPs,
    FmaPd,
    /// `a * b - c`, rounded once.
    FmsPs,
    FmsPd,
}

/// How an element in memory becomes a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// As it stands.
    Plain,
    /// Half as many bytes, widened.
    I16,
    F32ToF64,
    I32ToF64,
    /// One element in all lanes, of 2, 4 or 8 bytes; 2 are widened.
    Splat(u8),
}

/// A whole number that code keeps beside the vectors: an address, a distance, a counter. Interned in [`Program::ints`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Int {
    /// A field of the arguments.
    Buffers,
    Carries,
    Pool,
    Start,
    Rows,
    Lanes,
    Lane0,
    /// Lane groups, and rows that are left, where lanes are walked within a row.
    Groups,
    RowsLeft,
    /// Inner position, first lane of the group, row.
    Inner,
    Lane,
    Row,
    /// What is left of a loop: rows or taps.
    Left(LoopId),
    /// The tap a fold is at.
    Tap(LoopId),
    /// A pointer at the first row and lane, for the current inner position.
    Origin(Pointer),
    /// The same at the current row and lane group.
    Walk(Pointer),
    /// Bytes of so many rows, inner positions and planes of a buffer.
    Bytes {
        buffer: BufferId,
        rows: i64,
        inner: i64,
        planes: i64,
    },
    /// The pool, moved by a factor times the inner position.
    Table(i64),
    /// Where a carry lies for the current inner position.
    Carry(CarryId),
    /// An element that moves with the taps of a fold.
    TapPlace(LoopId, Place),
    TapTable {
        at: LoopId,
        base: i64,
        offset: i64,
        step: i64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LoopId(pub u32);

/// An address: `base + offset + disp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    pub base: IntId,
    pub offset: Option<IntId>,
    /// Bytes that the offset counts for.
    pub scale: u32,
    pub disp: i32,
}

#[derive(Clone, Copy, Debug)]
pub enum Ins {
    Op {
        op: Op,
        size: Size,
        dst: V,
        args: [Option<V>; 3],
        imm: u8,
    },
    Load {
        how: Load,
        size: Size,
        dst: V,
        at: At,
    },
    Store {
        size: Size,
        value: V,
        at: At,
    },
    /// A whole number as F64 in all lanes, plus the second.
    Number {
        dst: V,
        of: IntId,
        plus: Option<IntId>,
    },
    /// Asks for the cache line at an address, which need not exist.
    Prefetch(At),
    Begin(LoopId),
    End(LoopId),
}

/// The share of a row's instructions that may be done again for each row.
const SPARED: usize = 8;

/// A loop of the program.
#[derive(Clone, Debug, Default)]
pub struct Looped {
    /// Trips; the rows of the call, or its lane groups, if `None`.
    pub taps: Option<u32>,
    /// What goes round: first values, values inside, values for the next trip, values afterwards.
    pub init: Vec<V>,
    pub args: Vec<V>,
    pub next: Vec<V>,
    pub results: Vec<V>,
    /// Numbers that move with each trip.
    pub moving: Vec<(IntId, Step)>,
}

/// How far a number moves with each trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    By(i64),
    /// By another number; none is no distance.
    Number(Option<IntId>),
}

/// What the innermost loop walks along. No bit depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Walk {
    /// Rows, a lane group at a time: what goes from row to row stays in registers.
    #[default]
    Rows,
    /// Lane groups, a row at a time: memory is read and written in the order in which it lies. For loops that map rows.
    Lanes,
}

/// What is known of a vector.
#[derive(Clone, Copy, Debug)]
pub struct Vector {
    pub size: Size,
    /// Byte offset in the pool, for constants.
    pub constant: Option<i32>,
}

#[derive(Clone, Debug, Default)]
pub struct Program {
    pub walk: Walk,
    pub ins: Vec<Ins>,
    pub vectors: Vec<Vector>,
    pub loops: Vec<Looped>,
    pub ints: Vec<Int>,
    /// How often each number is used, those in folds counting for more.
    pub weights: Vec<u64>,
}

impl Program {
    /// Whether much is computed before the innermost loop next to what is computed in it.
    pub fn spares(&self) -> bool {
        let ops = |ins: &[Ins]| ins.iter().filter(|ins| matches!(ins, Ins::Op { .. })).count();
        let begin = self.ins.iter().position(|ins| matches!(ins, Ins::Begin(_))).unwrap_or(0);
        let (before, inside) = self.ins.split_at(begin);
        ops(before) * SPARED > ops(inside)
    }

    pub fn vector(&mut self, size: Size) -> V {
        self.vectors.push(Vector { size, constant: None });
        V(self.vectors.len() as u32 - 1)
    }

    pub fn size(&self, v: V) -> Size {
        self.vectors[v.0 as usize].size
    }

    pub fn int(&mut self, int: Int, weight: u64) -> IntId {
        let at = self.ints.iter().position(|known| *known == int).unwrap_or_else(|| {
            self.ints.push(int);
            self.weights.push(0);
            self.ints.len() - 1
        });
        self.weights[at] += weight;
        IntId(at as u32)
    }
}

impl Ins {
    /// Calls `f` with every vector that is read; a loop's own are those of [`Looped`].
    pub fn reads(&self, mut f: impl FnMut(V)) {
        match self {
            Ins::Op { args, .. } => args.iter().flatten().for_each(|v| f(*v)),
            Ins::Store { value, .. } => f(*value),
            Ins::Load { .. } | Ins::Number { .. } | Ins::Prefetch(_) | Ins::Begin(_) | Ins::End(_) => {}
        }
    }

    pub fn defines(&self) -> Option<V> {
        match self {
            Ins::Op { dst, .. } | Ins::Load { dst, .. } | Ins::Number { dst, .. } => Some(*dst),
            Ins::Store { .. } | Ins::Prefetch(_) | Ins::Begin(_) | Ins::End(_) => None,
        }
    }
}
