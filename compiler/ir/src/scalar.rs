//! Scalar arithmetic: the operations that graph expressions and kernel bodies share, with one meaning for every back end.

/// Operations on one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    /// Sign change; exact, also of zero and NaN.
    Neg,
    /// Absolute value; exact.
    Abs,
    /// Correctly rounded square root.
    Sqrt,
    /// Largest integer not above.
    Floor,
    /// Complement of a truth value or of the bits of an integer.
    Not,
    /// Natural exponential, at most 2 ulp off; expanded before code generation.
    Exp,
    /// Natural logarithm, at most 2 ulp off; −∞ at 0, NaN below. Expanded before code generation.
    Log,
    /// Sine of an angle in radians, |x| ≤ 2²⁰; expanded before code generation.
    Sin,
    /// Cosine of an angle in radians, |x| ≤ 2²⁰; expanded before code generation.
    Cos,
}

/// Operations on two values of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    /// The smaller; NaN if either is NaN, −0 below +0.
    Min,
    /// The larger; NaN if either is NaN, −0 below +0.
    Max,
    /// Comparisons give a truth value; with NaN only `Ne` is true.
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    /// Bitwise on integers, logical on truth values.
    And,
    Or,
    Xor,
    /// Shifts of integers by less than their width; `Shr` keeps the sign.
    Shl,
    Shr,
}

impl Unary {
    pub const ALL: [Unary; 9] = [
        Unary::Neg,
        Unary::Abs,
        Unary::Sqrt,
        Unary::Floor,
        Unary::Not,
        Unary::Exp,
        Unary::Log,
        Unary::Sin,
        Unary::Cos,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Unary::Neg => "neg",
            Unary::Abs => "abs",
            Unary::Sqrt => "sqrt",
            Unary::Floor => "floor",
            Unary::Not => "not",
            Unary::Exp => "exp",
            Unary::Log => "log",
            Unary::Sin => "sin",
            Unary::Cos => "cos",
        }
    }
}

impl Binary {
    pub const ALL: [Binary; 17] = [
        Binary::Add,
        Binary::Sub,
        Binary::Mul,
        Binary::Div,
        Binary::Min,
        Binary::Max,
        Binary::Lt,
        Binary::Le,
        Binary::Gt,
        Binary::Ge,
        Binary::Eq,
        Binary::Ne,
        Binary::And,
        Binary::Or,
        Binary::Xor,
        Binary::Shl,
        Binary::Shr,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Binary::Add => "add",
            Binary::Sub => "sub",
            Binary::Mul => "mul",
            Binary::Div => "div",
            Binary::Min => "min",
            Binary::Max => "max",
            Binary::Lt => "lt",
            Binary::Le => "le",
            Binary::Gt => "gt",
            Binary::Ge => "ge",
            Binary::Eq => "eq",
            Binary::Ne => "ne",
            Binary::And => "and",
            Binary::Or => "or",
            Binary::Xor => "xor",
            Binary::Shl => "shl",
            Binary::Shr => "shr",
        }
    }

    pub const fn is_comparison(self) -> bool {
        matches!(self, Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge | Binary::Eq | Binary::Ne)
    }
}
