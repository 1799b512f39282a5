//! Element types.

use std::fmt;

/// What a stored or computed element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// A truth value; never stored.
    Bool,
    I16,
    I32,
    I64,
    F32,
    F64,
    /// A pair of `F32`: in a kernel two planes, in a file interleaved.
    C32,
}

impl DType {
    /// Bytes of one element in memory.
    pub const fn size(self) -> usize {
        match self {
            DType::Bool => 1,
            DType::I16 => 2,
            DType::I32 | DType::F32 => 4,
            DType::I64 | DType::F64 | DType::C32 => 8,
        }
    }

    pub const fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F64)
    }

    pub const fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::I16 => "i16",
            DType::I32 => "i32",
            DType::I64 => "i64",
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::C32 => "c32",
        }
    }

    pub fn parse(name: &str) -> Option<DType> {
        const ALL: [DType; 7] =
            [DType::Bool, DType::I16, DType::I32, DType::I64, DType::F32, DType::F64, DType::C32];
        ALL.into_iter().find(|d| d.name() == name)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
