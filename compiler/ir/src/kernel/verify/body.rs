//! The rules of a loop's body: operands, types, scopes and the elements it touches.

use super::{buffer, fixed, mistake};
use crate::kernel::{
    Affine, BufferId, CarryId, Domain, Instr, Kernel, LANES, LaneAt, Lanes, Loop, Place, Role, Val,
};
use crate::scalar::Binary;
use crate::scalar::Unary;
use crate::{DType, Diag, Result};

pub(super) fn check_loop(kernel: &Kernel, body: &Loop, place: &str) -> Result<()> {
    if body.inner == 0 || body.lanes == Some(0) {
        return Err(mistake(kernel, place, "a loop has at least one inner position and one lane"));
    }
    if let Domain::Rows(id) | Domain::Over(id) = body.domain {
        buffer(kernel, id, place)?;
    }
    let mut check = Check {
        kernel,
        body,
        place,
        types: vec![None; body.values.len()],
        scope: vec![Scope::Unknown; body.values.len()],
        folds: Vec::new(),
        set: vec![false; kernel.carries.len()],
        stores: Vec::new(),
        loads: Vec::new(),
    };
    for val in &body.body {
        check.define(*val, None)?;
    }
    check.memory()
}

#[derive(Clone, Copy, PartialEq)]
enum Scope {
    Unknown,
    Outer,
    /// Inside the fold with this value.
    Fold(u32),
}

#[derive(Clone, Copy)]
struct Access {
    val: Val,
    buffer: BufferId,
    row: Affine,
    inner: Affine,
    plane: u32,
    lane: LaneAt,
}

struct Check<'k> {
    kernel: &'k Kernel,
    body: &'k Loop,
    place: &'k str,
    types: Vec<Option<DType>>,
    scope: Vec<Scope>,
    folds: Vec<(Val, Vec<DType>)>,
    set: Vec<bool>,
    stores: Vec<Access>,
    loads: Vec<Access>,
}

impl Check<'_> {
    fn wrong(&self, val: Val, what: impl std::fmt::Display) -> Diag {
        mistake(self.kernel, self.place, format!("v{}: {what}", val.0))
    }

    /// The type of an operand that is in scope.
    fn operand(&self, user: Val, v: Val, fold: Option<(Val, u32)>) -> Result<DType> {
        let scope = self.scope.get(v.index()).copied();
        let visible = match scope {
            Some(Scope::Outer) => true,
            Some(Scope::Fold(f)) => fold.is_some_and(|(fold, _)| fold.0 == f),
            Some(Scope::Unknown) | None => false,
        };
        if !visible {
            let why = match scope {
                Some(Scope::Fold(f)) => format!("v{} belongs to the fold v{f} and is used outside it", v.0),
                Some(_) => format!("v{} is used before it is defined", v.0),
                None => format!("v{} does not exist", v.0),
            };
            return Err(self.wrong(user, why));
        }
        self.types
            .get(v.index())
            .copied()
            .flatten()
            .ok_or_else(|| self.wrong(user, format!("v{} has no value", v.0)))
    }

    fn enter(&mut self, val: Val, ty: Option<DType>, fold: Option<(Val, u32)>) -> Result<()> {
        match self.scope.get_mut(val.index()) {
            Some(scope @ Scope::Unknown) => {
                *scope = fold.map_or(Scope::Outer, |(f, _)| Scope::Fold(f.0));
                self.types[val.index()] = ty;
                Ok(())
            }
            Some(_) => Err(self.wrong(val, "is listed twice")),
            None => Err(self.wrong(val, "does not exist")),
        }
    }

    fn define(&mut self, val: Val, fold: Option<(Val, u32)>) -> Result<()> {
        let body = self.body;
        let Some(instr) = body.values.get(val.index()) else {
            return Err(self.wrong(val, "does not exist"));
        };
        let ty = match instr {
            Instr::Load { buffer: id, row, inner, plane, lane } => {
                let access =
                    Access { val, buffer: *id, row: *row, inner: *inner, plane: *plane, lane: *lane };
                let dtype = self.access(access, fold)?;
                self.loads.push(access);
                Some(if dtype == DType::I16 { DType::I32 } else { dtype })
            }
            Instr::Store { buffer: id, inner, plane, value } => {
                let access = Access {
                    val,
                    buffer: *id,
                    row: Affine::ROW,
                    inner: *inner,
                    plane: *plane,
                    lane: LaneAt::Shift(0),
                };
                let dtype = self.access(access, fold)?;
                let buffer = buffer(self.kernel, *id, self.place)?;
                if matches!(buffer.role, Role::Input | Role::Constant) {
                    return Err(
                        self.wrong(val, format!("b{} is an input or a constant and cannot be stored", id.0))
                    );
                }
                if self.body.lanes != fixed(buffer.lanes) {
                    return Err(
                        self.wrong(val, format!("b{} has other lanes than the loop that stores it", id.0))
                    );
                }
                let given = self.operand(val, *value, fold)?;
                if given != dtype {
                    return Err(
                        self.wrong(val, format!("stores {given} into b{}, which holds {dtype}", id.0))
                    );
                }
                self.stores.push(access);
                None
            }
            Instr::Param { slot, dtype } => {
                self.parameter(val, i128::from(*slot), i128::from(*slot), *dtype)?;
                Some(*dtype)
            }
            Instr::Table { slot, index, dtype } => {
                if index.row != 0 {
                    return Err(self.wrong(val, "a table cannot be indexed by the row"));
                }
                let (low, high) = self.range(val, *index, fold)?;
                self.parameter(val, i128::from(*slot) + low, i128::from(*slot) + high, *dtype)?;
                Some(*dtype)
            }
            Instr::Bits { bits, dtype } => {
                let fits = match dtype {
                    DType::Bool => *bits <= 1,
                    DType::I32 | DType::F32 => *bits <= u64::from(u32::MAX),
                    DType::I64 | DType::F64 => true,
                    DType::I16 | DType::C32 => false,
                };
                if !fits {
                    return Err(self.wrong(val, format!("{bits:#x} is no {dtype} of a kernel")));
                }
                Some(*dtype)
            }
            Instr::Position(place) => {
                if *place == Place::Tap && fold.is_none() {
                    return Err(self.wrong(val, "there is no tap outside a fold"));
                }
                Some(DType::F64)
            }
            Instr::Carry(carry) => Some(self.carry(val, *carry)?),
            Instr::SetCarry { carry, value } => {
                let dtype = self.carry(val, *carry)?;
                let given = self.operand(val, *value, fold)?;
                if fold.is_some() {
                    return Err(self.wrong(val, "a carry cannot be set inside a fold"));
                }
                if given != dtype {
                    return Err(self.wrong(val, format!("sets c{}, which is {dtype}, to a {given}", carry.0)));
                }
                if std::mem::replace(&mut self.set[carry.index()], true) {
                    return Err(self.wrong(val, format!("c{} is set twice", carry.0)));
                }
                None
            }
            Instr::Unary { op, a } => {
                let ty = self.operand(val, *a, fold)?;
                let good = match op {
                    Unary::Neg | Unary::Abs => ty != DType::Bool,
                    Unary::Not => !ty.is_float(),
                    Unary::Sqrt | Unary::Floor | Unary::Exp | Unary::Log | Unary::Sin | Unary::Cos => {
                        ty.is_float()
                    }
                };
                if !good {
                    return Err(self.wrong(val, format!("{} does not work on {ty}", op.name())));
                }
                Some(ty)
            }
            Instr::Binary { op, a, b } => Some(self.binary(val, *op, *a, *b, fold)?),
            Instr::Fma { a, b, c } => {
                let (ta, tb, tc) = (
                    self.operand(val, *a, fold)?,
                    self.operand(val, *b, fold)?,
                    self.operand(val, *c, fold)?,
                );
                if !ta.is_float() || ta != tb || ta != tc {
                    return Err(
                        self.wrong(val, format!("fma needs one floating type, not {ta}, {tb} and {tc}"))
                    );
                }
                Some(ta)
            }
            Instr::Select { mask, a, b } => {
                let (tm, ta, tb) = (
                    self.operand(val, *mask, fold)?,
                    self.operand(val, *a, fold)?,
                    self.operand(val, *b, fold)?,
                );
                if tm != DType::Bool || ta != tb || ta == DType::Bool {
                    return Err(self
                        .wrong(val, format!("select needs a bool and two alike, not {tm}, {ta} and {tb}")));
                }
                Some(ta)
            }
            Instr::Cast { to, a } => {
                let from = self.operand(val, *a, fold)?;
                let good = match from {
                    DType::F32 => *to == DType::F64,
                    DType::F64 => *to == DType::F32,
                    DType::I32 | DType::Bool => to.is_float(),
                    DType::I16 | DType::I64 | DType::C32 => false,
                };
                if !good {
                    return Err(self.wrong(val, format!("there is no cast from {from} to {to}")));
                }
                Some(*to)
            }
            Instr::Bitcast { to, a } => {
                let from = self.operand(val, *a, fold)?;
                let good = matches!(
                    (from, *to),
                    (DType::F32, DType::I32)
                        | (DType::I32, DType::F32)
                        | (DType::F64, DType::I64)
                        | (DType::I64, DType::F64)
                );
                if !good {
                    return Err(self.wrong(val, format!("there is no bitcast from {from} to {to}")));
                }
                Some(*to)
            }
            Instr::Fold { taps, init, args, body: inside, next } => {
                self.fold(val, *taps, init, args, inside, next, fold)?;
                None
            }
            Instr::FoldArg { .. } => {
                return Err(self.wrong(val, "an accumulator stands in the list of its fold only"));
            }
            Instr::FoldResult { fold: of, index } => {
                let known = self.folds.iter().find(|(f, _)| f == of);
                let ty = known.and_then(|(_, args)| args.get(*index as usize).copied());
                match ty {
                    Some(ty) if fold.is_none() => Some(ty),
                    _ => {
                        return Err(
                            self.wrong(val, format!("v{} is no earlier fold with result {index}", of.0))
                        );
                    }
                }
            }
        };
        self.enter(val, ty, fold)
    }

    fn binary(&self, val: Val, op: Binary, a: Val, b: Val, fold: Option<(Val, u32)>) -> Result<DType> {
        let (ta, tb) = (self.operand(val, a, fold)?, self.operand(val, b, fold)?);
        if ta != tb {
            return Err(self.wrong(val, format!("{} of {ta} and {tb}", op.name())));
        }
        let good = match op {
            Binary::Add | Binary::Sub | Binary::Mul | Binary::Min | Binary::Max => ta != DType::Bool,
            Binary::Div => ta.is_float(),
            Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge | Binary::Eq | Binary::Ne => ta != DType::Bool,
            Binary::And | Binary::Or | Binary::Xor => !ta.is_float(),
            Binary::Shl | Binary::Shr => matches!(ta, DType::I32 | DType::I64),
        };
        if !good {
            return Err(self.wrong(val, format!("{} does not work on {ta}", op.name())));
        }
        if matches!(op, Binary::Shl | Binary::Shr) {
            let width = ta.size() as u64 * 8;
            if !matches!(self.body.values.get(b.index()), Some(Instr::Bits { bits, .. }) if *bits < width) {
                return Err(self.wrong(val, format!("the distance of a shift is a constant below {width}")));
            }
        }
        Ok(if op.is_comparison() { DType::Bool } else { ta })
    }

    #[allow(clippy::too_many_arguments)] // The fields of one instruction.
    fn fold(
        &mut self,
        val: Val,
        taps: u32,
        init: &[Val],
        args: &[Val],
        inside: &[Val],
        next: &[Val],
        outer: Option<(Val, u32)>,
    ) -> Result<()> {
        if outer.is_some() {
            return Err(self.wrong(val, "folds do not nest"));
        }
        if init.len() != args.len() || next.len() != args.len() {
            return Err(self.wrong(val, "a fold has as many first and next values as accumulators"));
        }
        let mut dtypes = Vec::with_capacity(args.len());
        for (arg, first) in args.iter().zip(init) {
            let ty = self.operand(val, *first, None)?;
            match self.body.values.get(arg.index()) {
                Some(Instr::FoldArg { dtype }) if *dtype == ty && ty != DType::Bool => dtypes.push(ty),
                _ => return Err(self.wrong(val, format!("v{} is no accumulator of a {ty}", arg.0))),
            }
        }
        let scope = Some((val, taps));
        for (arg, ty) in args.iter().zip(&dtypes) {
            self.enter(*arg, Some(*ty), scope)?;
        }
        for v in inside {
            self.define(*v, scope)?;
        }
        for (v, ty) in next.iter().zip(&dtypes) {
            let given = self.operand(val, *v, scope)?;
            if given != *ty {
                return Err(self.wrong(val, format!("an accumulator of {ty} continues with a {given}")));
            }
        }
        self.folds.push((val, dtypes));
        Ok(())
    }

    fn carry(&self, val: Val, id: CarryId) -> Result<DType> {
        let Some(carry) = self.kernel.carries.get(id.index()) else {
            return Err(self.wrong(val, format!("carry c{} does not exist", id.0)));
        };
        if carry.inner < self.body.inner {
            return Err(self.wrong(
                val,
                format!("c{} has {} inner positions, the loop {}", id.0, carry.inner, self.body.inner),
            ));
        }
        if self.body.lanes != fixed(carry.lanes) {
            return Err(self.wrong(val, format!("c{} has other lanes than the loop", id.0)));
        }
        Ok(carry.dtype)
    }

    fn parameter(&self, val: Val, low: i128, high: i128, dtype: DType) -> Result<()> {
        if !dtype.is_float() {
            return Err(self.wrong(val, format!("a parameter is f32 or f64, not {dtype}")));
        }
        let count = self.kernel.params.len() as i128;
        if low < 0 || high >= count {
            return Err(self.wrong(val, format!("reads parameters {low} to {high} of {count}")));
        }
        Ok(())
    }

    /// Smallest and largest value of an index that does not depend on the row.
    fn range(&self, val: Val, index: Affine, fold: Option<(Val, u32)>) -> Result<(i128, i128)> {
        let taps = match fold {
            Some((_, taps)) => taps,
            None if index.tap != 0 => return Err(self.wrong(val, "there is no tap outside a fold")),
            None => 1,
        };
        let ends = |factor: i64, trips: u32| {
            let end = i128::from(factor) * i128::from(trips.saturating_sub(1));
            (end.min(0), end.max(0))
        };
        let (inner, tap) = (ends(index.inner, self.body.inner), ends(index.tap, taps));
        let add = i128::from(index.add);
        Ok((add + inner.0 + tap.0, add + inner.1 + tap.1))
    }

    /// Checks the place of a load or store and returns the buffer's type.
    fn access(&self, at: Access, fold: Option<(Val, u32)>) -> Result<DType> {
        let Access { val, buffer: id, row, inner, plane, lane } = at;
        let buffer = buffer(self.kernel, id, self.place)?;
        let limit = 1 << 40;
        let small = |a: Affine| [a.row, a.inner, a.tap, a.add].iter().all(|f| (-limit..limit).contains(f));
        if !small(row) || !small(inner) {
            return Err(self.wrong(val, "a factor of the address is beyond 2^40"));
        }
        if row.tap != 0 && fold.is_none() {
            return Err(self.wrong(val, "there is no tap outside a fold"));
        }
        if inner.row != 0 {
            return Err(self.wrong(val, "the inner position cannot depend on the row"));
        }
        let (low, high) = self.range(val, inner, fold)?;
        if low < 0 || high >= i128::from(buffer.inner) {
            return Err(self.wrong(
                val,
                format!("inner positions {low} to {high} of b{}, which has {}", id.0, buffer.inner),
            ));
        }
        if plane >= buffer.planes {
            return Err(self.wrong(val, format!("plane {plane} of b{}, which has {}", id.0, buffer.planes)));
        }
        match lane {
            LaneAt::Splat(lane) => {
                if let Lanes::Fixed(n) = buffer.lanes
                    && lane >= n
                {
                    return Err(self.wrong(val, format!("lane {lane} of b{}, which has {n}", id.0)));
                }
                if lane >= 1 << 24 {
                    return Err(self.wrong(val, "a lane number is beyond 2^24"));
                }
            }
            LaneAt::Shift(shift) => {
                if shift.unsigned_abs() >= 1 << 24 {
                    return Err(self.wrong(val, "a lane shift is beyond 2^24"));
                }
                // A loop with a fixed number of lanes may walk over a block; the runtime says where lane 0 lies.
                let room = match (self.body.lanes, buffer.lanes) {
                    (_, Lanes::Block) => true,
                    (Some(have), Lanes::Fixed(n)) => {
                        have.next_multiple_of(LANES as u32) <= n.next_multiple_of(LANES as u32) && shift == 0
                    }
                    (None, Lanes::Fixed(_)) => false,
                };
                if !room {
                    return Err(self.wrong(
                        val,
                        format!("b{} has a fixed number of lanes; read one of them for all", id.0),
                    ));
                }
            }
        }
        Ok(buffer.dtype)
    }

    /// A loop may read a buffer it stores only where it stores it.
    fn memory(&self) -> Result<()> {
        for load in &self.loads {
            for store in self.stores.iter().filter(|s| s.buffer == load.buffer) {
                let same = load.row == store.row
                    && load.inner == store.inner
                    && load.lane == store.lane
                    && load.inner.tap == 0;
                let apart = load.plane != store.plane && load.row == store.row && load.lane == store.lane;
                if !(same || apart) {
                    return Err(self.wrong(
                        load.val,
                        format!("reads b{} elsewhere than v{} stores it", load.buffer.0, store.val.0),
                    ));
                }
            }
        }
        if let Domain::Rows(id) = self.body.domain
            && !self.stores.iter().any(|s| s.buffer == id)
        {
            return Err(mistake(
                self.kernel,
                self.place,
                format!("runs over the rows of b{} but never stores it", id.0),
            ));
        }
        Ok(())
    }
}
