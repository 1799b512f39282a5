//! The loops around the innermost: `for inner { for lane group { rows } }`, or `for inner { for row { lane groups } }`, and the numbers
//! they keep.

use std::mem::offset_of;

use dasc_ir::kernel::{BufferAt, BufferId, Kernel, Loop};
use iced_x86::{BlockEncoder, BlockEncoderOptions, Code, Instruction, InstructionBlock, Register};

use super::assembler::{Assembler, TEMPORARY, memory};
use super::assign::assign;
use super::isa::Isa;
use super::program::{Int, IntId, Program, Step, Walk};
use crate::args::Args;
use crate::pool::SCALAR;

const A: Register = TEMPORARY[0];
const D: Register = TEMPORARY[1];
const C: Register = TEMPORARY[2];

/// Registers that belong to the caller.
const SAVED: [Register; 6] =
    [Register::RBP, Register::RBX, Register::R12, Register::R13, Register::R14, Register::R15];

const PAGE: i64 = 4096;

/// More than any body of sensible size needs; a larger one is left to the portable back end.
const LARGEST_FRAME: i64 = 1 << 20;

/// From so many lanes on they are walked within a row: the numbers set before a row are few next to what is done in it.
const MANY: i32 = 128;

/// One function of two: the second where there are many lanes.
pub fn either(few: Vec<u8>, many: &[u8]) -> Result<Vec<u8>, String> {
    let lanes = memory(Register::RDI, None, offset_of!(Args, lanes) as i64);
    // Branches keep their long form, so that the length is known.
    let encode = |target: u64| {
        let made = [
            Instruction::with2(Code::Cmp_rm64_imm32, lanes, MANY),
            Instruction::with_branch(Code::Jge_rel32_64, target),
        ];
        let made = made.into_iter().collect::<Result<Vec<_>, _>>()?;
        let block = InstructionBlock::new(&made, 0);
        Ok(BlockEncoder::encode(64, block, BlockEncoderOptions::DONT_FIX_BRANCHES)?.code_buffer)
    };
    let failed = |error: iced_x86::IcedError| format!("the code cannot be encoded: {error}");
    let length = encode(1 << 20).map_err(failed)?.len();
    let mut code = encode((length + few.len()) as u64).map_err(failed)?;
    code.extend(few);
    code.extend(many);
    Ok(code)
}

/// Writes the function of a program.
pub fn assemble(
    kernel: &Kernel,
    body: &Loop,
    program: &Program,
    isa: Isa,
    group: usize,
    listing: bool,
) -> Result<(Vec<u8>, Option<String>), String> {
    let mut asm = Assembler::new(program, isa);
    for register in SAVED {
        asm.push(Instruction::with1(Code::Push_r64, register));
    }
    asm.rr(Code::Mov_r64_rm64, Register::RBP, Register::RSP);
    let frame = asm.len();
    asm.rr(Code::Mov_r64_rm64, A, Register::RDI);
    arguments(&mut asm, group);
    distances(&mut asm);
    let inner = asm.id(Int::Inner);
    if let Some(inner) = inner {
        asm.set_constant(inner, 0);
    }
    let inners = asm.here();
    origins(&mut asm, body.inner > 1);
    match program.walk {
        Walk::Rows => lane_groups(&mut asm, kernel, isa, group)?,
        Walk::Lanes => rows(&mut asm, kernel, isa)?,
    }
    if let (Some(inner), true) = (inner, body.inner > 1) {
        asm.add_constant(inner, 1);
        let at = asm.number(inner, A);
        asm.ri(Code::Cmp_rm64_imm32, at, body.inner as i32);
        asm.jump(Code::Jl_rel32_64, inners);
    }
    asm.push(Ok(Instruction::with(Code::VEX_Vzeroupper)));
    asm.rr(Code::Mov_r64_rm64, Register::RSP, Register::RBP);
    for register in SAVED.into_iter().rev() {
        asm.push(Instruction::with1(Code::Pop_r64, register));
    }
    asm.push(Ok(Instruction::with(Code::Retnq)));
    let bytes = asm.frame();
    if bytes > LARGEST_FRAME {
        return Err(format!("{bytes} bytes of values do not fit the registers"));
    }
    let room = stack(bytes).map_err(|error| format!("an instruction cannot be built: {error}"))?;
    asm.splice(frame, room);
    asm.finish(listing)
}

/// The rows of one lane group after another.
fn lane_groups(asm: &mut Assembler, kernel: &Kernel, isa: Isa, group: usize) -> Result<(), String> {
    let lane = asm.id(Int::Lane);
    if let Some(lane) = lane {
        asm.set_constant(lane, 0);
    }
    let groups = asm.here();
    walks(asm, kernel);
    assign(asm, isa.registers())?;
    if let (Some(lane), Some(lanes)) = (lane, asm.id(Int::Lanes)) {
        asm.add_constant(lane, group as i64);
        again(asm, lane, lanes, groups);
    }
    Ok(())
}

/// The lane groups of one row after another.
fn rows(asm: &mut Assembler, kernel: &Kernel, isa: Isa) -> Result<(), String> {
    let (row, lane) = (asm.id(Int::Row), asm.id(Int::Lane));
    for (to, from) in [(row, asm.id(Int::Start)), (asm.id(Int::RowsLeft), asm.id(Int::Rows))] {
        if let (Some(to), Some(from)) = (to, from) {
            let from = asm.number(from, D);
            asm.set(to, from);
        }
    }
    let rows = asm.here();
    if let Some(lane) = lane {
        asm.set_constant(lane, 0);
    }
    walks(asm, kernel);
    assign(asm, isa.registers())?;
    let origins = each(asm.program, |int| match int {
        Int::Origin(pointer) if pointer.row != 0 => Some(*pointer),
        _ => None,
    });
    for (id, p) in origins {
        let by = asm.id(Int::Bytes { buffer: p.buffer, rows: p.row, inner: 0, planes: 0 });
        asm.advance(id, Step::Number(by));
    }
    if let Some(row) = row {
        asm.advance(row, Step::By(1));
    }
    if let Some(left) = asm.id(Int::RowsLeft) {
        asm.count_down(left, rows);
    }
    Ok(())
}

/// Makes room on the stack. A frame may be larger than a guard page, so every page is touched in order.
fn stack(bytes: i64) -> Result<Vec<Instruction>, iced_x86::IcedError> {
    let mut out = Vec::new();
    for page in 1..=bytes / PAGE {
        let at = memory(Register::RSP, None, -page * PAGE);
        out.push(Instruction::with2(Code::Mov_rm64_r64, at, Register::RSP)?);
    }
    out.push(Instruction::with2(Code::Sub_rm64_imm32, Register::RSP, bytes as i32)?);
    out.push(Instruction::with2(Code::And_rm64_imm8, Register::RSP, -64)?);
    Ok(out)
}

fn again(asm: &mut Assembler, at: IntId, end: IntId, label: u64) {
    let (at, end) = (asm.number(at, A), asm.number(end, D));
    asm.rr(Code::Cmp_r64_rm64, at, end);
    asm.jump(Code::Jl_rel32_64, label);
}

/// Every number of this kind.
fn each<T>(program: &Program, of: impl Fn(&Int) -> Option<T>) -> Vec<(IntId, T)> {
    let ints = program.ints.iter().enumerate();
    ints.filter_map(|(at, int)| Some((IntId(at as u32), of(int)?))).collect()
}

fn arguments(asm: &mut Assembler, group: usize) {
    let fields = [
        (Int::Buffers, offset_of!(Args, buffers)),
        (Int::Carries, offset_of!(Args, carries)),
        (Int::Pool, offset_of!(Args, pool)),
        (Int::Start, offset_of!(Args, start)),
        (Int::Rows, offset_of!(Args, rows)),
        (Int::Lanes, offset_of!(Args, lanes)),
        (Int::Lane0, offset_of!(Args, lane0)),
    ];
    for (int, offset) in fields {
        if let Some(id) = asm.id(int) {
            asm.rm(Code::Mov_r64_rm64, D, memory(A, None, offset as i64));
            asm.set(id, D);
        }
    }
    if let (Some(groups), Some(lanes)) = (asm.id(Int::Groups), asm.id(Int::Lanes)) {
        asm.copy_to(D, lanes);
        asm.push(Instruction::with2(Code::Shr_rm64_imm8, D, group.ilog2()));
        asm.set(groups, D);
    }
}

/// Bytes between rows, inner positions and planes, which last for the call.
fn distances(asm: &mut Assembler) {
    let all = each(asm.program, |int| match int {
        Int::Bytes { buffer, rows, inner, planes } => Some((*buffer, *rows, *inner, *planes)),
        _ => None,
    });
    for (id, (buffer, rows, inner, planes)) in all {
        if let Some(buffers) = asm.id(Int::Buffers) {
            asm.copy_to(A, buffers);
        }
        let fields = [
            (rows, offset_of!(BufferAt, row)),
            (inner, offset_of!(BufferAt, inner)),
            (planes, offset_of!(BufferAt, plane)),
        ];
        let mut sum = false;
        for (factor, offset) in fields.into_iter().filter(|(factor, _)| *factor != 0) {
            let to = if sum { C } else { D };
            asm.multiple(to, field(buffer, offset), factor);
            if sum {
                asm.rr(Code::Add_r64_rm64, D, C);
            }
            sum = true;
        }
        asm.set(id, D);
    }
}

/// A field of the table of buffers, or of carries, whose address is in the first temporary register.
fn field(buffer: BufferId, offset: usize) -> iced_x86::MemoryOperand {
    memory(A, None, (buffer.index() * size_of::<BufferAt>() + offset) as i64)
}

/// What depends on the inner position alone.
fn origins(asm: &mut Assembler, inners: bool) {
    let (start, inner) = (asm.id(Int::Start), asm.id(Int::Inner));
    let pointers = each(asm.program, |int| match int {
        Int::Origin(pointer) => Some(*pointer),
        _ => None,
    });
    for (id, p) in pointers {
        if let Some(buffers) = asm.id(Int::Buffers) {
            asm.copy_to(A, buffers);
        }
        asm.rm(Code::Mov_r64_rm64, D, field(p.buffer, offset_of!(BufferAt, base)));
        let terms = [
            (p.row, start, offset_of!(BufferAt, row)),
            (p.row_inner, inner.filter(|_| inners), offset_of!(BufferAt, row)),
            (p.inner, inner.filter(|_| inners), offset_of!(BufferAt, inner)),
        ];
        for (factor, index, offset) in terms {
            let (true, Some(index)) = (factor != 0, index) else { continue };
            asm.multiple(C, field(p.buffer, offset), factor);
            asm.multiply_by(C, index);
            asm.rr(Code::Add_r64_rm64, D, C);
        }
        asm.set(id, D);
    }
    let tables = each(asm.program, |int| match int {
        Int::Table(factor) => Some(*factor),
        _ => None,
    });
    for (id, factor) in tables {
        if let Some(pool) = asm.id(Int::Pool) {
            asm.copy_to(D, pool);
        }
        if let (true, Some(inner)) = (factor != 0 && inners, inner) {
            asm.constant(C, factor * SCALAR as i64);
            asm.multiply_by(C, inner);
            asm.rr(Code::Add_r64_rm64, D, C);
        }
        asm.set(id, D);
    }
    let carries = each(asm.program, |int| match int {
        Int::Carry(carry) => Some(*carry),
        _ => None,
    });
    for (id, carry) in carries {
        if let Some(table) = asm.id(Int::Carries) {
            asm.copy_to(A, table);
        }
        let at = BufferId(carry.0);
        asm.rm(Code::Mov_r64_rm64, D, field(at, offset_of!(BufferAt, base)));
        if let (true, Some(inner)) = (inners, inner) {
            asm.rm(Code::Mov_r64_rm64, C, field(at, offset_of!(BufferAt, inner)));
            asm.multiply_by(C, inner);
            asm.rr(Code::Add_r64_rm64, D, C);
        }
        asm.set(id, D);
    }
}

/// Pointers at the first row of the lane group, or the first lane of the row.
fn walks(asm: &mut Assembler, kernel: &Kernel) {
    let pointers = each(asm.program, |int| match int {
        Int::Walk(pointer) => Some(*pointer),
        _ => None,
    });
    for (id, p) in pointers {
        if let Some(origin) = asm.id(Int::Origin(p)) {
            asm.copy_to(D, origin);
        }
        if let (true, Some(lane)) = (p.lane && asm.program.walk == Walk::Rows, asm.id(Int::Lane)) {
            let lane = asm.number(lane, A);
            let size = kernel.buffers[p.buffer.index()].dtype.size() as u32;
            asm.rm(Code::Lea_r64_m, D, memory(D, Some((lane, size)), 0));
        }
        asm.set(id, D);
    }
}
