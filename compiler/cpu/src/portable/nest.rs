//! The loops around a body.

use std::collections::HashMap;
use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AbiParam, BlockArg, Function, InstBuilder, MemFlagsData, UserFuncName, Value};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use dasc_ir::DType;
use dasc_ir::kernel::verify::{listed, types};
use dasc_ir::kernel::{BufferAt, CarryId, Instr, Kernel, Loop, NumericProfile, Place, Val};

use super::address::Stride;
use super::body::Tap;
use super::lanes::{Form, Lanes, Ops, count, vector};
use crate::args::Args;
use crate::place::{self, Pointer};
use crate::pool::{NARROW, Pool};
use crate::pressure::{self, Registers};
use crate::simplify::simplify;

/// A loop as a function `fn(&Args)`.
#[derive(Debug)]
pub struct Emitted {
    pub function: Function,
    pub pool: Pool,
}

/// Builds the function of a loop of a verified and expanded kernel.
pub fn emit(
    kernel: &Kernel,
    body: &Loop,
    profile: NumericProfile,
    group: Option<usize>,
    isa: &dyn TargetIsa,
    context: &mut FunctionBuilderContext,
) -> Emitted {
    let body = simplify(body);
    let types = types(kernel, &body);
    let group = group.unwrap_or_else(|| pressure::lanes(&body, &types, Registers::NARROW));
    let mut function = Function::new();
    function.name = UserFuncName::testcase(kernel.name.as_bytes());
    function.signature.call_conv = isa.default_call_conv();
    function.signature.params.push(AbiParam::new(I64));
    let mut b = FunctionBuilder::new(&mut function, context);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let args = b.block_params(entry)[0];
    let mut field = |at: usize| b.ins().load(I64, MemFlagsData::trusted(), args, at as i32);
    let [buffers, carries, pool_at, start, rows, lanes, lane0] = [
        offset_of!(Args, buffers),
        offset_of!(Args, carries),
        offset_of!(Args, pool),
        offset_of!(Args, start),
        offset_of!(Args, rows),
        offset_of!(Args, lanes),
        offset_of!(Args, lane0),
    ]
    .map(&mut field);
    let mut nest = Nest {
        b,
        kernel,
        body: &body,
        profile,
        group,
        buffers,
        carries,
        pool_at,
        start,
        lane0,
        inner: start,
        lane: start,
        row: start,
        pool: Pool::new(NARROW),
        pointers: HashMap::new(),
        tables: HashMap::new(),
        walking: HashMap::new(),
        state: HashMap::new(),
        next: HashMap::new(),
        values: vec![None; body.values.len()],
        results: HashMap::new(),
    };
    nest.loops(rows, lanes);
    let Nest { mut b, pool, .. } = nest;
    b.seal_all_blocks();
    b.finalize(isa.frontend_config());
    Emitted { function, pool }
}

/// The function being built.
pub struct Nest<'k, 'f> {
    pub b: FunctionBuilder<'f>,
    pub kernel: &'k Kernel,
    pub body: &'k Loop,
    pub profile: NumericProfile,
    pub group: usize,
    pub buffers: Value,
    pub carries: Value,
    pub pool_at: Value,
    pub start: Value,
    pub lane0: Value,
    /// Inner position, first lane of the group, row.
    pub inner: Value,
    pub lane: Value,
    pub row: Value,
    pub pool: Pool,
    pub pointers: HashMap<Pointer, Value>,
    /// The pool moved by a factor times the inner position.
    pub tables: HashMap<i64, Value>,
    /// Pointers that walk with the taps of the fold being built as a loop.
    pub walking: HashMap<Tap, Value>,
    /// Carries at the start of the row, and what they become.
    pub state: HashMap<CarryId, Lanes>,
    pub next: HashMap<CarryId, Lanes>,
    pub values: Vec<Option<Lanes>>,
    /// Final accumulators of folds.
    pub results: HashMap<Val, Vec<Lanes>>,
}

impl<'k, 'f> Nest<'k, 'f> {
    pub fn ops<'n>(&'n mut self) -> Ops<'n, 'f> {
        Ops { b: &mut self.b, group: self.group, profile: self.profile }
    }

    fn loops(&mut self, rows: Value, lanes: Value) {
        let [inners, groups, body, group_done, done] = [(); 5].map(|()| self.b.create_block());
        let zero = self.b.ins().iconst(I64, 0);
        self.inner = self.b.append_block_param(inners, I64);
        self.lane = self.b.append_block_param(groups, I64);
        self.b.ins().jump(inners, &[zero.into()]);

        self.b.switch_to_block(inners);
        let zero = self.b.ins().iconst(I64, 0);
        self.b.ins().jump(groups, &[zero.into()]);

        self.b.switch_to_block(groups);
        let used = self.used_carries();
        let pointers = place::pointers(self.kernel, self.body);
        let mut first: Vec<BlockArg> = vec![rows.into()];
        let row_used = listed(self.body)
            .iter()
            .any(|v| matches!(self.body.values[v.index()], Instr::Position(Place::Row)));
        if row_used {
            first.push(self.start.into());
        }
        let mut walking = Vec::new();
        for pointer in pointers {
            let at = self.start_of(pointer);
            self.pointers.insert(pointer, at);
            if pointer.row != 0 {
                first.push(at.into());
                walking.push(pointer);
            }
        }
        self.make_tables();
        for carry in &used {
            for v in self.load_carry(*carry) {
                first.push(v.into());
            }
        }
        self.b.ins().jump(body, &first);

        self.b.switch_to_block(body);
        let left = self.b.append_block_param(body, I64);
        if row_used {
            self.row = self.b.append_block_param(body, I64);
        }
        for pointer in &walking {
            let at = self.b.append_block_param(body, I64);
            self.pointers.insert(*pointer, at);
        }
        for carry in &used {
            let lanes = self.parameters(body, self.kernel.carries[carry.index()].dtype);
            self.state.insert(*carry, lanes);
        }
        for val in &self.body.body {
            self.instruction(*val, 0);
        }
        let left = self.b.ins().iadd_imm_s(left, -1);
        let mut again: Vec<BlockArg> = vec![left.into()];
        if row_used {
            let row = self.b.ins().iadd_imm_s(self.row, 1);
            again.push(row.into());
        }
        for pointer in &walking {
            let at = self.pointers[pointer];
            let at = self.advance(at, pointer.row, pointer.buffer, Stride::Row);
            again.push(at.into());
        }
        let mut last: Vec<BlockArg> = Vec::new();
        for carry in &used {
            let now = self.next.get(carry).or_else(|| self.state.get(carry)).cloned();
            let now = now.expect("every used carry has been loaded");
            for v in self.ops().all(&now) {
                again.push(v.into());
                last.push(v.into());
            }
        }
        let finished: Vec<Lanes> = used
            .iter()
            .map(|carry| self.parameters(group_done, self.kernel.carries[carry.index()].dtype))
            .collect();
        self.b.ins().brif(left, body, &again, group_done, &last);

        self.b.switch_to_block(group_done);
        for (carry, lanes) in used.iter().zip(&finished) {
            self.store_carry(*carry, lanes);
        }
        let lane = self.b.ins().iadd_imm_s(self.lane, self.group as i64);
        let more = self.b.ins().icmp(IntCC::SignedLessThan, lane, lanes);
        let inner_done = self.b.create_block();
        self.b.ins().brif(more, groups, &[lane.into()], inner_done, &[]);

        self.b.switch_to_block(inner_done);
        let inner = self.b.ins().iadd_imm_s(self.inner, 1);
        let trips = self.b.ins().iconst(I64, i64::from(self.body.inner));
        let more = self.b.ins().icmp(IntCC::SignedLessThan, inner, trips);
        self.b.ins().brif(more, inners, &[inner.into()], done, &[]);

        self.b.switch_to_block(done);
        self.b.ins().return_(&[]);
    }

    fn used_carries(&self) -> Vec<CarryId> {
        let mut used: Vec<CarryId> = listed(self.body)
            .into_iter()
            .filter_map(|v| match &self.body.values[v.index()] {
                Instr::Carry(carry) | Instr::SetCarry { carry, .. } => Some(*carry),
                _ => None,
            })
            .collect();
        used.sort_unstable();
        used.dedup();
        used
    }

    /// Block parameters for a value of this type.
    pub fn parameters(&mut self, block: cranelift_codegen::ir::Block, dtype: DType) -> Lanes {
        let width = dtype.size();
        let each = (0..count(self.group, width))
            .map(|_| self.b.append_block_param(block, vector(dtype, width)))
            .collect();
        Lanes { dtype, width, form: Form::Each(each) }
    }

    fn carry_at(&mut self, carry: CarryId) -> Value {
        let at = carry.index() * size_of::<BufferAt>();
        let mut load =
            |field: usize| self.b.ins().load(I64, MemFlagsData::trusted(), self.carries, (at + field) as i32);
        let (base, stride) = (load(offset_of!(BufferAt, base)), load(offset_of!(BufferAt, inner)));
        let by = self.b.ins().imul(stride, self.inner);
        let p = self.b.ins().iadd(base, by);
        let size = self.kernel.carries[carry.index()].dtype.size() as i64;
        let by = self.b.ins().imul_imm_s(self.lane, size);
        self.b.ins().iadd(p, by)
    }

    fn load_carry(&mut self, carry: CarryId) -> Vec<Value> {
        let at = self.carry_at(carry);
        let dtype = self.kernel.carries[carry.index()].dtype;
        let lanes = self.load(dtype, at, 0);
        self.ops().all(&lanes)
    }

    fn store_carry(&mut self, carry: CarryId, lanes: &Lanes) {
        let at = self.carry_at(carry);
        self.store(at, 0, lanes);
    }

    fn make_tables(&mut self) {
        let mut factors: Vec<i64> = listed(self.body)
            .into_iter()
            .filter_map(|v| match &self.body.values[v.index()] {
                Instr::Table { index, .. } => Some(index.inner),
                _ => None,
            })
            .collect();
        factors.sort_unstable();
        factors.dedup();
        for factor in factors {
            let at = if factor == 0 {
                self.pool_at
            } else {
                let by = self.b.ins().imul_imm_s(self.inner, factor * NARROW as i64);
                self.b.ins().iadd(self.pool_at, by)
            };
            self.tables.insert(factor, at);
        }
    }
}
