//! Derivatives by central differences, as numpy.gradient takes them.

use dasc_ir::graph::{Builder, Edge, Expr, NodeId, Reduction, Role, WindowBody};
use dasc_ir::{DType, Result, Unit};

/// The most samples a difference may reach.
pub const WIDEST: u32 = 4096;

/// `scale` times the derivative along time or channels per sample: `(x[i+step] − x[i−step]) / (2 step)`, and where one of these is
/// missing the parabola through the three samples `step` apart that are nearest (numpy.gradient with edge_order=2, on each of the
/// `step` interleaved series). Two such samples give their difference, a lone one NaN.
pub fn gradient(
    b: &mut Builder,
    x: NodeId,
    along: Role,
    step: u32,
    scale: f64,
    unit: Unit,
) -> Result<NodeId> {
    if step == 0 || step > WIDEST {
        return Err(b.diag(format!("needs a step of 1 to {WIDEST} samples, not {step}")).help("1 is usual"));
    }
    let (dtype, float) = (b.real(x)?.dtype, b.real(x)?.float());
    let k = step as i32;
    let scale = scale / f64::from(step);
    // Weights of taps `step` apart from `from` on.
    let mut difference = |from: i32, weights: &'static [f64]| {
        let taps = (from * k, (from + weights.len() as i32 - 1) * k);
        let body = Expr::write(&[dtype], |e| {
            let terms = weights.iter().zip(from..).filter(|(w, _)| **w != 0.0);
            let sum = terms.fold(e.constant(0.0), |sum, (w, at)| {
                e.constant(*w).fma(e.tap(0, at * k).to(DType::F64), sum)
            });
            vec![sum * e.constant(scale)]
        });
        b.window(x, along, taps, 1, Edge::Zero, WindowBody::Stencil(body), unit.clone(), DType::F64)
    };
    let central = difference(-1, &[-0.5, 0.0, 0.5])?;
    let forward = difference(0, &[-1.5, 2.0, -0.5])?;
    let backward = difference(-2, &[0.5, -2.0, 1.5])?;
    let next = difference(0, &[-1.0, 1.0])?;
    let previous = difference(-1, &[-1.0, 1.0])?;
    // How many samples follow, as far as it matters: told by the zeros beyond the end, so that it holds on a stream too.
    let mut inputs = vec![central, forward, backward, next, previous];
    if along == Role::Time {
        let one = b.map(&[x], Unit::none(), DType::F32, |e| vec![e.constant_of(1.0, DType::F32)])?;
        let sum = WindowBody::Fold(Reduction::Sum);
        inputs.push(b.window(one, along, (1, 2 * k), 1, Edge::Zero, sum, Unit::none(), DType::F64)?);
    }
    b.map(&inputs, unit, float, |e| {
        let before = e.index(along);
        let after = match along {
            Role::Time => e.input(5),
            Role::Inner | Role::Channel => e.len(along) - e.constant(1.0) - before,
        };
        let (one, two) = (e.constant(f64::from(step)), e.constant(2.0 * f64::from(step)));
        let at_start =
            after.ge(two).select(e.input(1), after.ge(one).select(e.input(3), e.constant(f64::NAN)));
        let at_end = before.ge(two).select(e.input(2), e.input(4));
        vec![before.lt(one).select(at_start, after.lt(one).select(at_end, e.input(0))).to(float)]
    })
}
