//! Kernel loops to wide vectors, assembled directly: `for inner { for lane group { for row { body } } }`; loops that map
//! rows twice, the second `for inner { for row { for lane group { body } } }`, which is what runs where lanes are many.
//!
//! ```text
//! loop ─ simplify ─ lower ─► Program (values without end) ─ assign ─► Assembler ─► bytes
//! ```
//! - `lower`, `body`, `lanes`: instructions to vector instructions, what no row changes before the rows;
//! - `program`: the vector instructions, the numbers beside them (addresses, counters), the loops;
//! - `assign`, `around`: registers, and what goes round a loop;
//! - `nest`, `assembler`, `opcode`, `vex`, `evex`: the loops around the rows, and machine instructions.
//!
//! No arithmetic is reordered and none is contracted, so the bits are those of the interpreter.

mod around;
mod assembler;
mod assign;
mod body;
mod evex;
mod isa;
mod lanes;
mod lower;
mod nest;
mod opcode;
mod program;
mod vex;

use dasc_ir::kernel::verify::types;
use dasc_ir::kernel::{Kernel, Loop, NumericProfile};

use crate::pool::Pool;
use crate::pressure;
use crate::simplify::simplify;
use program::{Program, Walk};

pub use isa::Isa;

/// A loop as the code of a function `fn(&Args)`.
#[derive(Debug)]
pub struct Emitted {
    pub code: Vec<u8>,
    pub pool: Pool,
    /// The code as text, if asked for.
    pub text: Option<String>,
}

/// The function of a loop of a verified and expanded kernel, or why there is none.
pub fn emit(
    kernel: &Kernel,
    body: &Loop,
    (profile, group, isa): (NumericProfile, Option<usize>, Isa),
    listing: bool,
) -> Result<Emitted, String> {
    let body = simplify(body);
    let types = types(kernel, &body);
    let chosen = || pressure::lanes(&body, &types, isa.pressure());
    let group = group.map_or_else(chosen, |group| group.max(isa.least()));
    let lowered =
        |walk: Walk, pool: Pool| lower::lower(kernel, (&body, &types), profile, isa, group, (walk, pool));
    let assembled = |program: &Program| nest::assemble(kernel, &body, program, isa, group, listing);
    let (program, pool) = lowered(Walk::Rows, Pool::new(isa.width()));
    let (code, text) = assembled(&program)?;
    // What every row finds done would be done again for each of them.
    if !body.maps_rows() || program.spares() {
        return Ok(Emitted { code, pool, text });
    }
    let (program, pool) = lowered(Walk::Lanes, pool);
    let (many, more) = assembled(&program)?;
    let text = text.zip(more).map(|(text, more)| format!("{text}\n{more}"));
    Ok(Emitted { code: nest::either(code, &many)?, pool, text })
}
