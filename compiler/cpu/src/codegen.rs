//! Which back end makes the code of a loop.

use std::fmt;
use std::str::FromStr;

use dasc_ir::{Diag, Result};

use crate::wide::Isa;

/// What is asked for. The results are the same, bit for bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Codegen {
    /// The widest vectors of this processor, and Cranelift for what they do not cover.
    #[default]
    Auto,
    /// 128-bit vectors, on every processor.
    Cranelift,
    /// Vectors of this instruction set, and Cranelift for what they do not cover.
    Wide(Isa),
}

/// What a loop's code was made by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    Wide(Isa),
    /// Cranelift, and why, if wide vectors were asked for.
    Portable(String),
}

impl Codegen {
    pub const ALL: [Codegen; 4] =
        [Codegen::Auto, Codegen::Cranelift, Codegen::Wide(Isa::Avx2), Codegen::Wide(Isa::Avx512)];

    pub const fn name(self) -> &'static str {
        match self {
            Codegen::Auto => "auto",
            Codegen::Cranelift => "cranelift",
            Codegen::Wide(isa) => isa.name(),
        }
    }

    /// The wide vectors to use; an error if they are asked for and not there.
    pub fn isa(self) -> Result<Option<Isa>> {
        match self {
            Codegen::Auto => Ok(Isa::host()),
            Codegen::Cranelift => Ok(None),
            Codegen::Wide(isa) if isa.is_here() => Ok(Some(isa)),
            Codegen::Wide(isa) => Err(Diag::world(format!(
                "this processor has no {}, which the code generator was asked for",
                isa.needs()
            ))
            .help("leave the choice to auto")),
        }
    }
}

impl FromStr for Codegen {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Codegen, String> {
        let found = Codegen::ALL.into_iter().find(|codegen| codegen.name() == name);
        found.ok_or_else(|| format!("'{name}' is none of {}", Codegen::ALL.map(Codegen::name).join(", ")))
    }
}

impl fmt::Display for Codegen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Made::Wide(isa) => write!(f, "{isa}"),
            Made::Portable(why) if why.is_empty() => f.write_str("cranelift"),
            Made::Portable(why) => write!(f, "cranelift ({why})"),
        }
    }
}
