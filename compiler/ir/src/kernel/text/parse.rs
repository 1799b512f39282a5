//! Text to kernels.

use std::collections::HashMap;

use super::print;
use super::tokens::{Parser, Token, tokens};
use crate::graph::Edge;
use crate::kernel::{
    Affine, Buffer, BufferId, Carry, CarryId, Correlate, Domain, Emit, Fft, FftKind, Instr, Kernel, LaneAt,
    Lanes, Loop, OverlapAdd, Place, Reduce, Role, Step, Val, Widen,
};
use crate::scalar::{Binary, Unary};
use crate::{DType, Diag, Result};

/// Reads the text form. The kernel is not verified: see [`crate::kernel::verify()`].
pub fn parse(text: &str) -> Result<Kernel> {
    let mut p = Parser { tokens: tokens(text)?, at: 0 };
    let mut kernel = Kernel::default();
    p.word("kernel")?;
    kernel.name = p.string()?;
    while let Some(head) = p.peek_name() {
        p.at += 1;
        match head.as_str() {
            "buffer" => {
                p.numbered('b', kernel.buffers.len())?;
                let (name, dtype) = (p.string()?, p.dtype()?);
                let (inner, planes, lanes) = p.shape()?;
                let role = p.name()?;
                let role = [Role::Input, Role::Output, Role::Scratch, Role::Constant]
                    .into_iter()
                    .find(|r| print::role(*r) == role)
                    .ok_or_else(|| p.wrong_before("a buffer is input, output, scratch or constant"))?;
                kernel.buffers.push(Buffer { name, dtype, inner, planes, lanes, role });
            }
            "carry" => {
                p.numbered('c', kernel.carries.len())?;
                let (name, dtype) = (p.string()?, p.dtype()?);
                let (inner, _, lanes) = p.shape()?;
                let init = if p.take_word("init") { p.float()? } else { 0.0 };
                kernel.carries.push(Carry { name, dtype, inner, lanes, init });
            }
            "params" => kernel.params = p.floats()?,
            "loop" => kernel.steps.push(Step::Loop(p.a_loop()?)),
            "fft" => {
                let kind = p.name()?;
                let kind = [
                    FftKind::Forward,
                    FftKind::ForwardWide,
                    FftKind::Inverse,
                    FftKind::ComplexForward,
                    FftKind::ComplexInverse,
                    FftKind::Analytic,
                ]
                .into_iter()
                .find(|k| print::fft_kind(*k) == kind)
                .ok_or_else(|| p.wrong_before("there is no such kind of FFT"))?;
                let (n, input) = (p.count()?, BufferId(p.id('b')?));
                p.punct("->")?;
                let output = BufferId(p.id('b')?);
                kernel.steps.push(Step::Fft(Fft { kind, n, input, output }));
            }
            "overlap_add" => {
                p.word("hop")?;
                let hop = p.count()?;
                p.word("lo")?;
                let lo = p.signed()?;
                let weights = if p.peek_name().as_deref() == Some("weights") {
                    p.at += 1;
                    Some(p.count()?)
                } else {
                    None
                };
                let input = BufferId(p.id('b')?);
                p.punct("->")?;
                let output = BufferId(p.id('b')?);
                kernel.steps.push(Step::OverlapAdd(OverlapAdd { input, output, hop, lo, weights }));
            }
            "widen" => {
                p.word("before")?;
                let before = p.signed()?;
                p.word("edge")?;
                let edge = p.name()?;
                let edge = Edge::ALL
                    .into_iter()
                    .find(|e| crate::graph::text::edge(*e) == edge)
                    .ok_or_else(|| p.wrong_before("there is no such edge"))?;
                let input = BufferId(p.id('b')?);
                p.punct("->")?;
                let output = BufferId(p.id('b')?);
                kernel.steps.push(Step::Widen(Widen { input, output, before, edge }));
            }
            "correlate" => {
                p.word("lo")?;
                let (lo, x, t) = (p.signed()?, BufferId(p.id('b')?), BufferId(p.id('b')?));
                p.punct("->")?;
                let output = BufferId(p.id('b')?);
                kernel.steps.push(Step::Correlate(Correlate { x, t, output, lo }));
            }
            "emit" => {
                let level = BufferId(p.id('b')?);
                let mut field = |name| p.word(name).and_then(|()| p.count());
                let (on, off, table) = (field("on")?, field("off")?, field("table")?);
                kernel.steps.push(Step::Emit(Emit { level, on, off, table }));
            }
            "reduce" => {
                let reduce = p.reduce()?;
                kernel.reduces.push(reduce);
            }
            _ => {
                p.at -= 1;
                return Err(p.wrong(
                    "buffer, carry, params, loop, fft, overlap_add, widen, correlate, emit or reduce",
                ));
            }
        }
    }
    if p.at < p.tokens.len() {
        return Err(p.wrong("the end"));
    }
    Ok(kernel)
}

/// Values of the loop being read by the numbers the text gives them.
#[derive(Default)]
struct Names {
    known: HashMap<u32, Val>,
}

impl Parser {
    fn shape(&mut self) -> Result<(u32, u32, Lanes)> {
        let inner = if self.take_word("inner") { self.count()? } else { 1 };
        let planes = if self.take_word("planes") { self.count()? } else { 1 };
        let lanes = if self.take_word("lanes") { Lanes::Fixed(self.count()?) } else { Lanes::Block };
        Ok((inner, planes, lanes))
    }

    fn reduce(&mut self) -> Result<Reduce> {
        let mut reduce = Reduce {
            carries: Vec::new(),
            identity: Vec::new(),
            merge: Loop::default(),
            left: Vec::new(),
            right: Vec::new(),
            finish: Loop::default(),
            outputs: Vec::new(),
        };
        self.word("carries")?;
        while self.is_id('c').is_some() {
            reduce.carries.push(CarryId(self.id('c')?));
        }
        self.word("identity")?;
        reduce.identity = self.floats()?;
        for (name, list) in
            [("left", &mut reduce.left), ("right", &mut reduce.right), ("outputs", &mut reduce.outputs)]
        {
            self.word(name)?;
            while self.is_id('b').is_some() {
                list.push(BufferId(self.id('b')?));
            }
        }
        self.punct("{")?;
        self.word("merge")?;
        reduce.merge = self.a_loop()?;
        self.word("finish")?;
        reduce.finish = self.a_loop()?;
        self.punct("}")?;
        Ok(reduce)
    }

    fn a_loop(&mut self) -> Result<Loop> {
        let domain = match self.name()?.as_str() {
            "rows" => Domain::Rows(BufferId(self.id('b')?)),
            "over" => Domain::Over(BufferId(self.id('b')?)),
            "once" => Domain::Once,
            _ => {
                self.at -= 1;
                return Err(self.wrong("rows, over or once"));
            }
        };
        let (inner, _, lanes) = self.shape()?;
        let lanes = match lanes {
            Lanes::Block => None,
            Lanes::Fixed(n) => Some(n),
        };
        let mut body = Loop { inner, lanes, domain, ..Loop::default() };
        self.punct("{")?;
        body.body = self.list(&mut body, &mut Names::default())?;
        Ok(body)
    }

    /// Statements to the closing brace.
    fn list(&mut self, body: &mut Loop, names: &mut Names) -> Result<Vec<Val>> {
        let mut out = Vec::new();
        while !self.take_punct("}") {
            out.push(self.statement(body, names)?);
        }
        Ok(out)
    }

    fn value(&mut self, names: &Names) -> Result<Val> {
        let known = self.is_id('v').and_then(|id| names.known.get(&id).copied());
        let known = known.ok_or_else(|| self.wrong("a value defined before"))?;
        self.at += 1;
        Ok(known)
    }

    fn define(&mut self, names: &mut Names, label: u32, val: Val) -> Result<()> {
        match names.known.insert(label, val) {
            None => Ok(()),
            Some(_) => Err(self.wrong_before(&format!("v{label} is defined twice"))),
        }
    }

    fn statement(&mut self, body: &mut Loop, names: &mut Names) -> Result<Val> {
        if self.take_word("store") {
            let buffer = BufferId(self.id('b')?);
            let (row, inner, plane) = self.element()?;
            if row != Affine::ROW {
                return Err(self.wrong_before("a store is at row i"));
            }
            let value = self.value(names)?;
            return Ok(body.push(Instr::Store { buffer, inner, plane, value }));
        }
        if self.take_word("set") {
            let carry = CarryId(self.id('c')?);
            let value = self.value(names)?;
            return Ok(body.push(Instr::SetCarry { carry, value }));
        }
        let label = self.id('v')?;
        self.punct("=")?;
        let op = self.name()?;
        let instr = match op.as_str() {
            "load" => {
                let buffer = BufferId(self.id('b')?);
                let (row, inner, plane) = self.element()?;
                let lane = if self.take_punct("@") { self.lane()? } else { LaneAt::Shift(0) };
                Instr::Load { buffer, row, inner, plane, lane }
            }
            "param" => Instr::Param { slot: self.count()?, dtype: self.typed()? },
            "table" => {
                let slot = self.count()?;
                self.punct("[")?;
                let index = self.affine()?;
                self.punct("]")?;
                Instr::Table { slot, index, dtype: self.typed()? }
            }
            "bits" => Instr::Bits { bits: self.integer()?, dtype: self.typed()? },
            "position" => {
                let name = self.name()?;
                let place = [Place::Row, Place::Inner, Place::Tap, Place::Lane]
                    .into_iter()
                    .find(|p| print::place(*p) == name)
                    .ok_or_else(|| self.wrong_before("a position is row, inner, tap or lane"))?;
                Instr::Position(place)
            }
            "carry" => Instr::Carry(CarryId(self.id('c')?)),
            "fma" => Instr::Fma { a: self.value(names)?, b: self.value(names)?, c: self.value(names)? },
            "select" => {
                Instr::Select { mask: self.value(names)?, a: self.value(names)?, b: self.value(names)? }
            }
            "cast" => Instr::Cast { to: self.dtype()?, a: self.value(names)? },
            "bitcast" => Instr::Bitcast { to: self.dtype()?, a: self.value(names)? },
            "result" => Instr::FoldResult { fold: self.value(names)?, index: self.count()? },
            "fold" => self.fold(body, names)?,
            other => {
                if let Some(op) = Unary::ALL.into_iter().find(|o| o.name() == other) {
                    Instr::Unary { op, a: self.value(names)? }
                } else if let Some(op) = Binary::ALL.into_iter().find(|o| o.name() == other) {
                    Instr::Binary { op, a: self.value(names)?, b: self.value(names)? }
                } else {
                    self.at -= 1;
                    return Err(self.wrong("an instruction"));
                }
            }
        };
        let val = body.push(instr);
        self.define(names, label, val)?;
        Ok(val)
    }

    fn fold(&mut self, body: &mut Loop, names: &mut Names) -> Result<Instr> {
        let taps = self.count()?;
        let (mut init, mut args) = (Vec::new(), Vec::new());
        let mut labels = Vec::new();
        self.punct("(")?;
        while !self.take_punct(")") {
            if !args.is_empty() {
                self.punct(",")?;
            }
            labels.push(self.id('v')?);
            let dtype = self.typed()?;
            self.punct("=")?;
            init.push(self.value(names)?);
            args.push(body.push(Instr::FoldArg { dtype }));
        }
        for (label, arg) in labels.into_iter().zip(&args) {
            self.define(names, label, *arg)?;
        }
        self.punct("{")?;
        let inside = self.list(body, names)?;
        self.word("next")?;
        let mut next = Vec::new();
        for _ in &args {
            next.push(self.value(names)?);
        }
        Ok(Instr::Fold { taps, init, args, body: inside, next })
    }

    fn typed(&mut self) -> Result<DType> {
        self.punct(":")?;
        self.dtype()
    }

    fn lane(&mut self) -> Result<LaneAt> {
        if self.take_punct("=") {
            return Ok(LaneAt::Splat(self.count()?));
        }
        let negative = self.take_punct("-");
        if !negative {
            self.punct("+")?;
        }
        let by = i64::from(self.count()?);
        let by = i32::try_from(if negative { -by } else { by })
            .map_err(|_| self.wrong_before("a shift is below 2^31"))?;
        Ok(LaneAt::Shift(by))
    }

    /// `[row, inner; plane]`.
    fn element(&mut self) -> Result<(Affine, Affine, u32)> {
        self.punct("[")?;
        let row = self.affine()?;
        let inner = if self.take_punct(",") { self.affine()? } else { Affine::ZERO };
        let plane = if self.take_punct(";") { self.count()? } else { 0 };
        self.punct("]")?;
        Ok((row, inner, plane))
    }

    /// `2*i + f - 3*k + 1`.
    fn affine(&mut self) -> Result<Affine> {
        let mut out = Affine::ZERO;
        let mut negative = self.take_punct("-");
        loop {
            let mut factor = 1;
            let mut number = false;
            if matches!(self.peek(), Some(Token::Number(_))) {
                factor = i64::try_from(self.integer()?)
                    .map_err(|_| self.wrong_before("a factor is below 2^63"))?;
                number = true;
            }
            let factor = if negative { -factor } else { factor };
            let slot = if !number || self.take_punct("*") {
                match self.name()?.as_str() {
                    "i" => &mut out.row,
                    "f" => &mut out.inner,
                    "k" => &mut out.tap,
                    _ => {
                        self.at -= 1;
                        return Err(self.wrong("i, f, k or a number"));
                    }
                }
            } else {
                &mut out.add
            };
            *slot =
                slot.checked_add(factor).ok_or_else(|| Diag::usage("kernel text: an index is too large"))?;
            negative = self.take_punct("-");
            if !negative && !self.take_punct("+") {
                return Ok(out);
            }
        }
    }
}
