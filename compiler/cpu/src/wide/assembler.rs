//! Machine instructions one after another: whole numbers with fixed places, vectors in the registers they are told.

use iced_x86::{
    BlockEncoder, BlockEncoderOptions, Code, FastFormatter, IcedError, Instruction, InstructionBlock,
    MemoryOperand, Register,
};

use super::isa::Isa;
use super::opcode::{Order, Shape, choice};
use super::program::{At, Int, IntId, Load, LoopId, Op, Program, Size, Step, Walk};
use super::{evex, vex};

/// Where a whole number is kept.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    Register(Register),
    /// Bytes from the stack pointer.
    Slot(i64),
}

/// Registers of numbers on their way.
pub const TEMPORARY: [Register; 3] = [Register::RAX, Register::RDX, Register::RCX];

/// Where wider vectors compare to.
const MASK: Register = Register::K1;

const NUMBERS: [Register; 11] = [
    Register::RBX,
    Register::RSI,
    Register::RDI,
    Register::R8,
    Register::R9,
    Register::R10,
    Register::R11,
    Register::R12,
    Register::R13,
    Register::R14,
    Register::R15,
];

/// The operand that may stand in memory.
#[derive(Clone, Copy, Debug)]
pub enum Rm {
    Register(u8),
    Memory(MemoryOperand),
}

/// Vector registers of a size.
const fn first(size: Size) -> Register {
    match size {
        Size::X => Register::XMM0,
        Size::Y => Register::YMM0,
        Size::Z => Register::ZMM0,
    }
}

pub fn register(size: Size, number: u8) -> Register {
    first(size) + u32::from(number)
}

pub fn memory(base: Register, index: Option<(Register, u32)>, disp: i64) -> MemoryOperand {
    let (index, scale) = index.unwrap_or((Register::None, 1));
    MemoryOperand::new(base, index, scale, disp, u32::from(disp != 0), false, Register::None)
}

pub struct Assembler<'p> {
    isa: Isa,
    pub program: &'p Program,
    out: Vec<Instruction>,
    /// The first instruction that could not be built.
    failed: Option<String>,
    places: Vec<Place>,
    /// Bytes of the stack that are in use: numbers, then vectors, both without a register.
    frame: i64,
    labels: u64,
    /// The label of the next instruction.
    label: Option<u64>,
    heads: Vec<u64>,
}

impl<'p> Assembler<'p> {
    /// The numbers used most get registers.
    pub fn new(program: &'p Program, isa: Isa) -> Assembler<'p> {
        let mut order: Vec<usize> = (0..program.ints.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(program.weights[*at]));
        let mut places = vec![Place::Slot(0); program.ints.len()];
        for (rank, at) in order.into_iter().enumerate() {
            places[at] = match NUMBERS.get(rank) {
                Some(register) => Place::Register(*register),
                None => Place::Slot((rank - NUMBERS.len()) as i64 * 8),
            };
        }
        let frame = program.ints.len().saturating_sub(NUMBERS.len()) as i64 * 8;
        Assembler {
            isa,
            program,
            out: Vec::new(),
            failed: None,
            places,
            frame,
            labels: 1,
            label: None,
            heads: vec![0; program.loops.len()],
        }
    }

    pub fn push(&mut self, made: Result<Instruction, IcedError>) {
        match made {
            Ok(mut instruction) => {
                if let Some(label) = self.label.take() {
                    instruction.set_ip(label);
                }
                self.out.push(instruction);
            }
            Err(error) => {
                self.failed.get_or_insert_with(|| format!("an instruction cannot be built: {error}"));
            }
        }
    }

    pub fn rr(&mut self, code: Code, to: Register, from: Register) {
        self.push(Instruction::with2(code, to, from));
    }

    pub fn rm(&mut self, code: Code, to: Register, from: MemoryOperand) {
        self.push(Instruction::with2(code, to, from));
    }

    pub fn mr(&mut self, code: Code, to: MemoryOperand, from: Register) {
        self.push(Instruction::with2(code, to, from));
    }

    pub fn ri(&mut self, code: Code, to: Register, value: i32) {
        self.push(Instruction::with2(code, to, value));
    }

    /// A label for the next instruction.
    pub fn here(&mut self) -> u64 {
        if let Some(label) = self.label {
            return label;
        }
        self.labels += 1;
        self.label = Some(self.labels);
        self.labels
    }

    pub fn jump(&mut self, code: Code, to: u64) {
        self.push(Instruction::with_branch(code, to));
    }

    /// How many instructions there are.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Bytes of the stack that are used.
    pub fn frame(&self) -> i64 {
        self.frame
    }

    /// Inserts instructions before the one at `at`.
    pub fn splice(&mut self, at: usize, made: Vec<Instruction>) {
        self.out.splice(at..at, made);
    }

    /// The code, and its text if that is asked for.
    pub fn finish(self, listing: bool) -> Result<(Vec<u8>, Option<String>), String> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let text = listing.then(|| text(&self.out));
        let block = InstructionBlock::new(&self.out, 0);
        let encoded = BlockEncoder::encode(64, block, BlockEncoderOptions::NONE)
            .map_err(|error| format!("the code cannot be encoded: {error}"))?;
        Ok((encoded.code_buffer, text))
    }

    // Whole numbers.

    pub fn id(&self, int: Int) -> Option<IntId> {
        self.program.ints.iter().position(|known| *known == int).map(|at| IntId(at as u32))
    }

    fn place(&self, id: IntId) -> Place {
        self.places[id.0 as usize]
    }

    fn slot(&self, at: i64) -> MemoryOperand {
        memory(Register::RSP, None, at)
    }

    /// The number in a register: its own, or this one.
    pub fn number(&mut self, id: IntId, or: Register) -> Register {
        match self.place(id) {
            Place::Register(register) => register,
            Place::Slot(at) => {
                let from = self.slot(at);
                self.rm(Code::Mov_r64_rm64, or, from);
                or
            }
        }
    }

    pub fn copy_to(&mut self, to: Register, id: IntId) {
        match self.place(id) {
            Place::Register(register) => self.rr(Code::Mov_r64_rm64, to, register),
            Place::Slot(at) => {
                let from = self.slot(at);
                self.rm(Code::Mov_r64_rm64, to, from);
            }
        }
    }

    pub fn set(&mut self, id: IntId, from: Register) {
        match self.place(id) {
            Place::Register(register) => self.rr(Code::Mov_r64_rm64, register, from),
            Place::Slot(at) => {
                let to = self.slot(at);
                self.mr(Code::Mov_rm64_r64, to, from);
            }
        }
    }

    pub fn set_constant(&mut self, id: IntId, value: i32) {
        match self.place(id) {
            Place::Register(register) => self.ri(Code::Mov_rm64_imm32, register, value),
            Place::Slot(at) => {
                let to = self.slot(at);
                self.push(Instruction::with2(Code::Mov_rm64_imm32, to, value));
            }
        }
    }

    /// `register += number`
    pub fn add_to(&mut self, to: Register, id: IntId) {
        match self.place(id) {
            Place::Register(register) => self.rr(Code::Add_r64_rm64, to, register),
            Place::Slot(at) => {
                let from = self.slot(at);
                self.rm(Code::Add_r64_rm64, to, from);
            }
        }
    }

    /// `number += constant`
    pub fn add_constant(&mut self, id: IntId, value: i64) {
        let Ok(value) = i32::try_from(value) else {
            let by = self.constant(TEMPORARY[0], value);
            return self.add_register(id, by);
        };
        match self.place(id) {
            Place::Register(register) => self.ri(Code::Add_rm64_imm32, register, value),
            Place::Slot(at) => {
                let to = self.slot(at);
                self.push(Instruction::with2(Code::Add_rm64_imm32, to, value));
            }
        }
    }

    fn add_register(&mut self, id: IntId, by: Register) {
        match self.place(id) {
            Place::Register(register) => self.rr(Code::Add_r64_rm64, register, by),
            Place::Slot(at) => {
                let to = self.slot(at);
                self.mr(Code::Add_rm64_r64, to, by);
            }
        }
    }

    pub fn constant(&mut self, to: Register, value: i64) -> Register {
        self.push(Instruction::with2(Code::Mov_r64_imm64, to, value));
        to
    }

    /// `to = number in memory * factor`
    pub fn multiple(&mut self, to: Register, of: MemoryOperand, factor: i64) {
        match i32::try_from(factor) {
            Ok(1) => self.rm(Code::Mov_r64_rm64, to, of),
            Ok(factor) => self.push(Instruction::with3(Code::Imul_r64_rm64_imm32, to, of, factor)),
            Err(_) => {
                self.constant(to, factor);
                self.rm(Code::Imul_r64_rm64, to, of);
            }
        }
    }

    /// `register *= number`
    pub fn multiply_by(&mut self, to: Register, id: IntId) {
        match self.place(id) {
            Place::Register(register) => self.rr(Code::Imul_r64_rm64, to, register),
            Place::Slot(at) => {
                let from = self.slot(at);
                self.rm(Code::Imul_r64_rm64, to, from);
            }
        }
    }

    /// Moves a number on.
    pub fn advance(&mut self, id: IntId, step: Step) {
        match step {
            Step::By(by) => self.add_constant(id, by),
            Step::Number(by) => {
                if let Some(by) = by {
                    let by = self.number(by, TEMPORARY[0]);
                    self.add_register(id, by);
                }
            }
        }
    }

    pub fn begin(&mut self, at: LoopId) {
        let looped = &self.program.loops[at.0 as usize];
        let trips = match self.program.walk {
            Walk::Rows => Int::Rows,
            Walk::Lanes => Int::Groups,
        };
        if let (None, Some(trips), Some(left)) = (looped.taps, self.id(trips), self.id(Int::Left(at))) {
            let trips = self.number(trips, TEMPORARY[0]);
            self.set(left, trips);
        }
        if let (Some(taps), Some(left)) = (looped.taps, self.id(Int::Left(at))) {
            self.set_constant(left, taps as i32);
        }
        for (id, _) in &looped.moving {
            self.first_trip(*id);
        }
        self.heads[at.0 as usize] = self.here();
    }

    /// What a number is before the first trip. Walks over rows have been set for the lane group.
    fn first_trip(&mut self, id: IntId) {
        let to = TEMPORARY[0];
        match self.program.ints[id.0 as usize] {
            Int::Row => {
                if let Some(start) = self.id(Int::Start) {
                    let start = self.number(start, to);
                    self.set(id, start);
                }
            }
            Int::Tap(_) => self.set_constant(id, 0),
            Int::TapPlace(_, p) => {
                let first = Int::Bytes {
                    buffer: p.pointer.buffer,
                    rows: p.row_add,
                    inner: p.inner_add,
                    planes: i64::from(p.plane),
                };
                if let Some(walk) = self.id(Int::Walk(p.pointer)) {
                    self.copy_to(to, walk);
                }
                if let Some(first) = self.id(first) {
                    self.add_to(to, first);
                }
                self.set(id, to);
            }
            Int::TapTable { base, offset, .. } => {
                if let Some(table) = self.id(Int::Table(base)) {
                    self.copy_to(to, table);
                }
                let by = self.constant(TEMPORARY[1], offset);
                self.rr(Code::Add_r64_rm64, to, by);
                self.set(id, to);
            }
            _ => {}
        }
    }

    pub fn end(&mut self, at: LoopId) {
        let looped = &self.program.loops[at.0 as usize];
        for (id, step) in &looped.moving {
            self.advance(*id, *step);
        }
        if let Some(left) = self.id(Int::Left(at)) {
            self.count_down(left, self.heads[at.0 as usize]);
        }
    }

    /// `number -= 1`, and back to a label unless it is 0.
    pub fn count_down(&mut self, id: IntId, label: u64) {
        match self.place(id) {
            Place::Register(register) => self.push(Instruction::with1(Code::Dec_rm64, register)),
            Place::Slot(slot) => {
                let of = self.slot(slot);
                self.push(Instruction::with1(Code::Dec_rm64, of));
            }
        }
        self.jump(Code::Jne_rel32_64, label);
    }

    // Vectors.

    fn address(&mut self, at: At) -> MemoryOperand {
        let base = self.number(at.base, TEMPORARY[0]);
        let index = at.offset.map(|id| (self.number(id, TEMPORARY[1]), at.scale));
        memory(base, index, i64::from(at.disp))
    }

    /// A constant of the pool.
    pub fn pooled(&mut self, offset: i32) -> MemoryOperand {
        let base = self.id(Int::Pool).map_or(Register::RAX, |pool| self.number(pool, TEMPORARY[0]));
        memory(base, None, i64::from(offset))
    }

    /// Room for a vector on the stack.
    pub fn room(&mut self, size: Size) -> i64 {
        let bytes = size.bytes() as i64;
        let at = (self.frame + bytes - 1) / bytes * bytes;
        self.frame = at + bytes;
        at
    }

    pub fn on_stack(&self, at: i64) -> MemoryOperand {
        self.slot(at)
    }

    /// What stands in memory, anywhere; to and from, and from register to register.
    fn moves(&self, size: Size) -> [Code; 3] {
        match (self.isa, size) {
            (Isa::Avx2, Size::X) => {
                [Code::VEX_Vmovups_xmm_xmmm128, Code::VEX_Vmovups_xmmm128_xmm, Code::VEX_Vmovaps_xmm_xmmm128]
            }
            (Isa::Avx2, _) => {
                [Code::VEX_Vmovups_ymm_ymmm256, Code::VEX_Vmovups_ymmm256_ymm, Code::VEX_Vmovaps_ymm_ymmm256]
            }
            (Isa::Avx512, Size::Z) => [
                Code::EVEX_Vmovups_zmm_k1z_zmmm512,
                Code::EVEX_Vmovups_zmmm512_k1z_zmm,
                Code::EVEX_Vmovaps_zmm_k1z_zmmm512,
            ],
            (Isa::Avx512, _) => [
                Code::EVEX_Vmovups_ymm_k1z_ymmm256,
                Code::EVEX_Vmovups_ymmm256_k1z_ymm,
                Code::EVEX_Vmovaps_ymm_k1z_ymmm256,
            ],
        }
    }

    pub fn read(&mut self, size: Size, to: u8, from: MemoryOperand) {
        let [code, ..] = self.moves(size);
        self.rm(code, register(size, to), from);
    }

    pub fn write(&mut self, size: Size, to: MemoryOperand, from: u8) {
        let [_, code, _] = self.moves(size);
        self.mr(code, to, register(size, from));
    }

    pub fn copy(&mut self, size: Size, to: u8, from: u8) {
        let [.., code] = self.moves(size);
        self.rr(code, register(size, to), register(size, from));
    }

    pub fn store(&mut self, size: Size, at: At, from: u8) {
        let to = self.address(at);
        self.write(size, to, from);
    }

    pub fn load(&mut self, how: Load, size: Size, to: u8, at: At) {
        let from = self.address(at);
        let dst = register(size, to);
        let pick = |x, y, [y512, z512]: [Code; 2]| match (self.isa, size) {
            (Isa::Avx2, Size::X) => x,
            (Isa::Avx2, _) => y,
            (Isa::Avx512, Size::Z) => z512,
            (Isa::Avx512, _) => y512,
        };
        let code = match how {
            Load::Plain => return self.read(size, to, from),
            Load::F32ToF64 => return self.convert(Op::PsToPd, size, dst, from),
            Load::I32ToF64 => return self.convert(Op::DToPd, size, dst, from),
            Load::I16 => pick(
                Code::VEX_Vpmovsxwd_xmm_xmmm64,
                Code::VEX_Vpmovsxwd_ymm_xmmm128,
                [Code::EVEX_Vpmovsxwd_ymm_k1z_xmmm128, Code::EVEX_Vpmovsxwd_zmm_k1z_ymmm256],
            ),
            Load::Splat(8) => pick(
                Code::VEX_Vmovddup_xmm_xmmm64,
                Code::VEX_Vbroadcastsd_ymm_m64,
                [Code::EVEX_Vbroadcastsd_ymm_k1z_xmmm64, Code::EVEX_Vbroadcastsd_zmm_k1z_xmmm64],
            ),
            Load::Splat(4) => pick(
                Code::VEX_Vbroadcastss_xmm_m32,
                Code::VEX_Vbroadcastss_ymm_m32,
                [Code::EVEX_Vbroadcastss_ymm_k1z_xmmm32, Code::EVEX_Vbroadcastss_zmm_k1z_xmmm32],
            ),
            Load::Splat(_) => {
                let code = pick(
                    Code::VEX_Vpbroadcastd_xmm_xmmm32,
                    Code::VEX_Vpbroadcastd_ymm_xmmm32,
                    [Code::EVEX_Vpbroadcastd_ymm_k1z_xmmm32, Code::EVEX_Vpbroadcastd_zmm_k1z_xmmm32],
                );
                let [number, ..] = self.numbers();
                self.rm(Code::Movsx_r32_rm16, Register::EAX, from);
                self.rr(number, register(Size::X, to), Register::EAX);
                return self.rr(code, dst, register(Size::X, to));
            }
        };
        self.rm(code, dst, from);
    }

    /// A conversion of what stands in memory.
    fn convert(&mut self, op: Op, size: Size, to: Register, from: MemoryOperand) {
        if let Some(code) = self.code(op, size) {
            self.rm(code, to, from);
        }
    }

    /// Whole numbers of 32 bits to a vector, to F64, and zeros.
    const fn numbers(&self) -> [Code; 3] {
        match self.isa {
            Isa::Avx2 => {
                [Code::VEX_Vmovd_xmm_rm32, Code::VEX_Vcvtsi2sd_xmm_xmm_rm64, Code::VEX_Vxorps_xmm_xmm_xmmm128]
            }
            Isa::Avx512 => [
                Code::EVEX_Vmovd_xmm_rm32,
                Code::EVEX_Vcvtsi2sd_xmm_xmm_rm64_er,
                Code::EVEX_Vxorps_xmm_k1z_xmm_xmmm128b32,
            ],
        }
    }

    /// A whole number as F64 in all lanes.
    pub fn spread(&mut self, size: Size, to: u8, of: IntId, plus: Option<IntId>) {
        let low = register(Size::X, to);
        let mut from = self.number(of, TEMPORARY[0]);
        if let Some(plus) = plus {
            self.copy_to(TEMPORARY[1], of);
            self.add_to(TEMPORARY[1], plus);
            from = TEMPORARY[1];
        }
        let [_, convert, zero] = self.numbers();
        self.push(Instruction::with3(zero, low, low, low));
        self.push(Instruction::with3(convert, low, low, from));
        let code = match (self.isa, size) {
            (Isa::Avx2, Size::X) => Code::VEX_Vmovddup_xmm_xmmm64,
            (Isa::Avx2, _) => Code::VEX_Vbroadcastsd_ymm_xmm,
            (Isa::Avx512, Size::Z) => Code::EVEX_Vbroadcastsd_zmm_k1z_xmmm64,
            (Isa::Avx512, _) => Code::EVEX_Vbroadcastsd_ymm_k1z_xmmm64,
        };
        self.rr(code, register(size, to), low);
    }

    pub fn prefetch(&mut self, at: At) {
        let of = self.address(at);
        self.push(Instruction::with1(Code::Prefetcht0_m8, of));
    }

    /// The machine instruction of an operation; one that this instruction set lacks fails the loop.
    fn code(&mut self, op: Op, size: Size) -> Option<Code> {
        let code = match self.isa {
            Isa::Avx2 => vex::code(op, size),
            Isa::Avx512 => evex::code(op, size),
        };
        if code.is_none() {
            self.failed.get_or_insert(format!("{} has no {op:?}", self.isa));
        }
        code
    }

    /// One instruction with a destination of its own; `rm` is the operand that may stand in memory.
    #[allow(clippy::too_many_arguments)] // The fields of one instruction.
    pub fn op(&mut self, op: Op, size: Size, dst: u8, a: u8, rm: Rm, mask: u8, imm: u8) {
        let (to, side) = op.sides(size);
        let Some(code) = self.code(op, size) else { return };
        let vector = register(to, dst);
        // Wider vectors compare into a register of masks.
        let masks = self.isa == Isa::Avx512 && op.compares();
        let dst = if masks { MASK } else { vector };
        let (a, imm) = (register(to.max(size), a), i32::from(op.immediate(imm)));
        let mask = register(size, mask);
        let made = match (op.shape(), rm) {
            (Shape::One, Rm::Register(r)) => Instruction::with2(code, dst, register(side, r)),
            (Shape::One, Rm::Memory(m)) => Instruction::with2(code, dst, m),
            (Shape::OneImm, Rm::Register(r)) => Instruction::with3(code, dst, register(side, r), imm),
            (Shape::OneImm, Rm::Memory(m)) => Instruction::with3(code, dst, m, imm),
            (Shape::Two, Rm::Register(r)) => Instruction::with3(code, dst, a, register(side, r)),
            (Shape::Two, Rm::Memory(m)) => Instruction::with3(code, dst, a, m),
            (Shape::TwoImm, Rm::Register(r)) => Instruction::with4(code, dst, a, register(side, r), imm),
            (Shape::TwoImm, Rm::Memory(m)) => Instruction::with4(code, dst, a, m, imm),
            (Shape::Blend, Rm::Register(r)) => Instruction::with4(code, dst, a, register(side, r), mask),
            (Shape::Blend, Rm::Memory(m)) => Instruction::with4(code, dst, a, m, mask),
            (Shape::Shift | Shape::Upper, _) => Instruction::with3(code, dst, a, imm),
            (Shape::Narrow, _) => Instruction::with2(code, dst, a),
            (Shape::Three, _) => return self.three(op, [2, 0, 1], size, (dst, a), rm),
        };
        self.push(made);
        if masks {
            // All ones or all zeros, so that the width of an element does not matter but for how many there are.
            let code = match (op.is_double(), size) {
                (false, Size::Z) => Code::EVEX_Vpmovm2d_zmm_kr,
                (false, _) => Code::EVEX_Vpmovm2d_ymm_kr,
                (true, Size::Z) => Code::EVEX_Vpmovm2q_zmm_kr,
                (true, _) => Code::EVEX_Vpmovm2q_ymm_kr,
            };
            self.rr(code, vector, MASK);
        }
    }

    /// An operation whose destination is an operand too: which of its operands the destination, the register and `rm` are.
    pub fn three(
        &mut self,
        op: Op,
        [over, second, last]: [usize; 3],
        size: Size,
        (dst, a): (Register, Register),
        rm: Rm,
    ) {
        if op == Op::Choose {
            let Some(code) = self.code(op, size) else { return };
            let table = i32::from(choice([over, second, last]));
            return self.push(match rm {
                Rm::Register(r) => Instruction::with4(code, dst, a, register(size, r), table),
                Rm::Memory(m) => Instruction::with4(code, dst, a, m, table),
            });
        }
        let order = Order::of(over, last);
        let code = match self.isa {
            Isa::Avx2 => vex::fma(op, order, size),
            Isa::Avx512 => evex::fma(op, order, size),
        };
        self.push(match rm {
            Rm::Register(r) => Instruction::with3(code, dst, a, register(size, r)),
            Rm::Memory(m) => Instruction::with3(code, dst, a, m),
        });
    }
}

fn text(instructions: &[Instruction]) -> String {
    let mut formatter = FastFormatter::new();
    let mut out = String::new();
    for instruction in instructions {
        if instruction.ip() != 0 {
            out += &format!("L{:X}:\n", instruction.ip());
        }
        out += "    ";
        formatter.format(instruction, &mut out);
        out.push('\n');
    }
    out
}
