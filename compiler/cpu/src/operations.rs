//! How many operations a kernel makes, by which its speed is judged.

use std::collections::HashSet;

use dasc_ir::DType;
use dasc_ir::kernel::verify::listed;
use dasc_ir::kernel::{Affine, FftKind, Instr, Kernel, Loop, Role, Step, Val};

use crate::simplify::simplify;

/// Floating-point operations of one row and one lane of a step, all its inner positions together. Additions, multiplications,
/// divisions, roots, comparisons, minima, signs and magnitudes count one, a fused multiply-add two; moving, selecting and converting
/// count nothing, and neither does what no row changes. Transforms count as is usual: 5 n log₂ n, half of it for real numbers.
pub fn operations(kernel: &Kernel, step: &Step) -> f64 {
    let inner = |buffer: dasc_ir::kernel::BufferId| {
        kernel.buffers.get(buffer.index()).map_or(0.0, |buffer| f64::from(buffer.inner))
    };
    match step {
        Step::Loop(body) => f64::from(body.inner.max(1)) * of_loop(kernel, &simplify(body)),
        Step::Fft(fft) => {
            let n = f64::from(fft.n);
            match fft.kind {
                FftKind::Forward | FftKind::ForwardWide | FftKind::Inverse => transform(n) / 2.0,
                FftKind::ComplexForward | FftKind::ComplexInverse | FftKind::Analytic => transform(n),
            }
        }
        Step::Correlate(correlate) => {
            let n = inner(correlate.x) + inner(correlate.t);
            let constant = |b: dasc_ir::kernel::BufferId| {
                kernel.buffers.get(b.index()).is_some_and(|buffer| buffer.role == Role::Constant)
            };
            let moving = [correlate.x, correlate.t].into_iter().filter(|b| !constant(*b)).count();
            // The product of two half spectra is six operations a bin.
            (1.0 + moving as f64) * transform(n) / 2.0 + 3.0 * n
        }
        Step::OverlapAdd(add) => inner(add.input) / f64::from(add.hop.max(1)),
        Step::Widen(_) => 0.0,
        Step::Emit(_) => 1.0,
    }
}

/// Operations of a complex transform of `n` numbers.
pub fn transform(n: f64) -> f64 {
    5.0 * n * n.max(1.0).log2()
}

fn of_loop(kernel: &Kernel, body: &Loop) -> f64 {
    let mut steady: HashSet<Val> = HashSet::new();
    for val in listed(body) {
        let Some(instr) = body.values.get(val.index()) else { continue };
        if is_steady(kernel, instr, &steady) {
            steady.insert(val);
        }
    }
    of_block(kernel, body, &body.body, &steady)
}

fn of_block(kernel: &Kernel, body: &Loop, block: &[Val], steady: &HashSet<Val>) -> f64 {
    let float = |value: Val| matches!(body.dtype(kernel, value), Some(DType::F32 | DType::F64));
    let mut count = 0.0;
    for val in block.iter().filter(|val| !steady.contains(val)) {
        count += match body.values.get(val.index()) {
            Some(Instr::Fma { .. }) => 2.0,
            Some(Instr::Unary { a, .. } | Instr::Binary { a, .. }) if float(*a) => 1.0,
            Some(Instr::Fold { taps, body: inside, .. }) => {
                f64::from(*taps) * of_block(kernel, body, inside, steady)
            }
            _ => 0.0,
        };
    }
    count
}

/// Whether no row changes a value, so that it is computed before the rows.
fn is_steady(kernel: &Kernel, instr: &Instr, steady: &HashSet<Val>) -> bool {
    let same = |at: &Affine| at.row == 0 && at.tap == 0;
    match instr {
        Instr::Param { .. } | Instr::Bits { .. } => true,
        Instr::Table { index, .. } => same(index),
        Instr::Load { buffer, inner, .. } => {
            let role = kernel.buffers.get(buffer.index()).map(|buffer| buffer.role);
            role == Some(Role::Constant) && same(inner)
        }
        Instr::Unary { .. }
        | Instr::Binary { .. }
        | Instr::Fma { .. }
        | Instr::Select { .. }
        | Instr::Cast { .. }
        | Instr::Bitcast { .. } => {
            let mut all = true;
            instr.operands(|v| all &= steady.contains(&v));
            all
        }
        Instr::Store { .. }
        | Instr::Position(_)
        | Instr::Carry(_)
        | Instr::SetCarry { .. }
        | Instr::Fold { .. }
        | Instr::FoldArg { .. }
        | Instr::FoldResult { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use dasc_ir::kernel::text::parse;

    use super::*;

    fn count(rest: &str) -> f64 {
        let buffers = "buffer b0 \"x\" f32 input\nbuffer b1 \"y\" f32 output\n\
                       buffer b2 \"m\" f32 constant\nparams 2.0 3.0\n";
        let kernel = parse(&format!("kernel \"k\"\n{buffers}\n{rest}")).unwrap();
        kernel.steps.iter().map(|step| operations(&kernel, step)).sum()
    }

    #[test]
    fn what_no_row_changes_counts_nothing_and_a_fused_multiply_add_two() {
        let body = "loop rows b1 {\n  v0 = load b0[i]\n  v1 = load b2[i]\n  v2 = param 0 : f32\n  v3 = mul v1 v2\n  \
                    v4 = fma v0 v3 v2\n  v5 = abs v4\n  store b1[i] v5\n}\n";
        assert_eq!(count(body), 3.0);
    }
}
