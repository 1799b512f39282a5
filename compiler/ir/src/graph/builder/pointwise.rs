//! Maps and recurrences: expressions at one place.

use super::{Builder, Section};
use crate::graph::NodeId;
use crate::graph::expr::{Expr, Scalar, Writer};
use crate::graph::prim::{Init, Prim, StateVar};
use crate::{DType, Diag, Result, Unit};

impl Builder {
    /// An expression of the inputs at the same place. Inputs without an axis are broadcast along it; those that have
    /// it must agree in sampling. The result has type `dtype` (C32: two results) and the given unit.
    pub fn map<F>(&mut self, inputs: &[NodeId], unit: Unit, dtype: DType, f: F) -> Result<NodeId>
    where
        F: for<'a> FnOnce(&'a Writer) -> Vec<Scalar<'a>>,
    {
        let expr = Expr::write(&self.dtypes(inputs)?, f);
        self.map_expr(inputs, unit, dtype, expr)
    }

    /// The same for an expression that is already written.
    pub fn map_expr(&mut self, inputs: &[NodeId], unit: Unit, dtype: DType, expr: Expr) -> Result<NodeId> {
        let mut signal = self.joined(inputs)?;
        (signal.dtype, signal.unit) = (dtype, unit);
        self.push_checked(Prim::Map(expr), inputs.to_vec(), signal)
    }

    /// The elementwise map that keeps unit and precision: computed by `f` in F32 (F64 for F64 input).
    pub fn map1<F>(&mut self, x: NodeId, unit: Unit, f: F) -> Result<NodeId>
    where
        F: for<'a> FnOnce(Scalar<'a>, &'a Writer) -> Scalar<'a>,
    {
        let dtype = self.real(x)?.float();
        self.map(&[x], unit, dtype, |e| vec![f(e.input(0).to(dtype), e).to(dtype)])
    }

    /// The same values in another real type; nothing if they have it already.
    pub fn convert(&mut self, x: NodeId, dtype: DType) -> Result<NodeId> {
        let signal = self.real(x)?;
        if signal.dtype == dtype {
            return Ok(x);
        }
        let unit = signal.unit.clone();
        self.map(&[x], unit, dtype, |e| vec![e.input(0).to(dtype)])
    }

    /// A recurrence along time. `f` gives the next states, then the result.
    pub fn scan<F>(
        &mut self,
        x: NodeId,
        state: Vec<StateVar>,
        unit: Unit,
        dtype: DType,
        f: F,
    ) -> Result<NodeId>
    where
        F: for<'a> FnOnce(&'a Writer) -> Vec<Scalar<'a>>,
    {
        let types: Vec<DType> = state.iter().map(|s| s.dtype).collect();
        let step = Expr::write_scan(&self.dtypes(&[x])?, &types, f);
        self.scan_expr(&[x], state, unit, dtype, step)
    }

    /// The same for an expression that is already written, of one or several real inputs, which are joined as by [`Builder::map`].
    pub fn scan_expr(
        &mut self,
        inputs: &[NodeId],
        state: Vec<StateVar>,
        unit: Unit,
        dtype: DType,
        step: Expr,
    ) -> Result<NodeId> {
        for input in inputs {
            self.real(*input)?;
        }
        let mut signal = self.joined(inputs)?;
        if signal.time.is_none() {
            return Err(self.timeless_input(&signal));
        }
        (signal.dtype, signal.unit) = (dtype, unit);
        self.push_checked(Prim::Scan { state, step }, inputs.to_vec(), signal)
    }

    /// A cascade of second-order sections in transposed direct form II with F64 state (scipy.signal.sosfilt), zero at the segment's start.
    /// `gain` multiplies the input. Multiplications by 0 and ±1 are left out, which changes no bit.
    ///
    /// A sample that is not finite gives NaN at its place and counts as zero in the recurrence, so that it does not poison the lane for ever.
    pub fn biquads(&mut self, x: NodeId, gain: f64, sections: &[Section]) -> Result<NodeId> {
        let state = vec![StateVar { dtype: DType::F64, init: Init::Value(0.0) }; 2 * sections.len()];
        let float = self.signal(x)?.float();
        self.cascade(x, gain, sections, state, float)
    }

    /// The same, in the state in which the segment's first sample has lasted for ever: `settled` is that of each section for a
    /// constant of 1 (scipy.signal.sosfilt_zi), and is multiplied by the sample (by 0 if that is not finite). The result is kept as `dtype`.
    pub fn biquads_settled(
        &mut self,
        x: NodeId,
        gain: f64,
        sections: &[Section],
        settled: &[[f64; 2]],
        dtype: DType,
    ) -> Result<NodeId> {
        if settled.len() != sections.len() {
            return Err(Diag::compiler("a cascade whose sections and states differ in number"));
        }
        let source = self.signal(x)?.dtype;
        let state = settled.iter().flatten().map(|&k| {
            let first = Expr::write(&[source], |e| vec![finite(e, source).0 * e.constant(k)]);
            StateVar { dtype: DType::F64, init: Init::First(first) }
        });
        self.cascade(x, gain, sections, state.collect(), dtype)
    }

    fn cascade(
        &mut self,
        x: NodeId,
        gain: f64,
        sections: &[Section],
        state: Vec<StateVar>,
        dtype: DType,
    ) -> Result<NodeId> {
        let (unit, source) = (self.signal(x)?.unit.clone(), self.signal(x)?.dtype);
        self.scan(x, state, unit, dtype, |e| {
            let (x, missing) = finite(e, source);
            let mut y = times(e, gain, x);
            let mut next = Vec::with_capacity(2 * sections.len() + 1);
            for (k, section) in sections.iter().enumerate() {
                let (s1, s2) = (e.state(2 * k), e.state(2 * k + 1));
                let input = y;
                y = add_product(e, section.b[0], input, s1);
                next.push(add_product(e, -section.a[0], y, add_product(e, section.b[1], input, s2)));
                next.push(add_product(e, -section.a[1], y, times(e, section.b[2], input)));
            }
            next.push(missing.map_or(y, |missing| y + missing).to(dtype));
            next
        })
    }
}

/// The input in F64 with 0 for what is not finite, and what marks that: 0 for a finite sample, NaN for any other. An integer
/// sample needs no test.
fn finite<'a>(e: &'a Writer, source: DType) -> (Scalar<'a>, Option<Scalar<'a>>) {
    let x = e.input(0).to(DType::F64);
    if !source.is_float() {
        return (x, None);
    }
    let zero = e.constant(0.0);
    let missing = x * zero;
    (missing.eq(zero).select(x, zero), Some(missing))
}

/// `k · x`, without the multiplication when `k` is 1, −1.
fn times<'a>(e: &'a Writer, k: f64, x: Scalar<'a>) -> Scalar<'a> {
    match k {
        1.0 => x,
        -1.0 => -x,
        _ => e.constant(k) * x,
    }
}

/// `k · x + y` rounded once; exact shortcuts for 0 and ±1.
fn add_product<'a>(e: &'a Writer, k: f64, x: Scalar<'a>, y: Scalar<'a>) -> Scalar<'a> {
    match k {
        0.0 => y,
        1.0 => x + y,
        -1.0 => y - x,
        _ => e.constant(k).fma(x, y),
    }
}
