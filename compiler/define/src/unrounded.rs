//! What an operator computes before it rounds.

use dasc_ir::graph::{Builder, Expr, ExprOp, NodeId, Prim, Signal, WindowBody};
use dasc_ir::{DType, Result};

/// The node without its rounding to F32, where rounding is the last thing it does; else the node itself. Operators compute in F64 and
/// round once, at their end: within a definition that is too early.
pub fn unrounded(b: &mut Builder, rounded: NodeId) -> Result<NodeId> {
    let signal = b.signal(rounded)?.clone();
    if signal.dtype != DType::F32 {
        return Ok(rounded);
    }
    let node = b.graph().node(rounded).clone();
    let types: Vec<DType> =
        node.inputs.iter().map(|x| b.signal(*x).map(|s| s.dtype)).collect::<Result<_>>()?;
    let unit = signal.unit.clone();
    let exact = match node.prim {
        Prim::Map(expr) => match before_rounding(expr, &types, &[]) {
            Some(expr) => b.map_expr(&node.inputs, unit, DType::F64, expr)?,
            None => return Ok(rounded),
        },
        Prim::Scan { state, step } => {
            let kept: Vec<DType> = state.iter().map(|variable| variable.dtype).collect();
            match before_rounding(step, &types, &kept) {
                Some(step) => b.scan_expr(&node.inputs, state, unit, DType::F64, step)?,
                None => return Ok(rounded),
            }
        }
        Prim::Window { along, lo, hi, hop, edge, body } => {
            let body = match body {
                WindowBody::Stencil(expr) => before_rounding(expr, &types, &[]).map(WindowBody::Stencil),
                dot @ WindowBody::Dot(_) => Some(dot),
                WindowBody::Fold(_) | WindowBody::Rank(_) | WindowBody::Bank(_) | WindowBody::Slant(_) => {
                    None
                }
            };
            match (body, node.inputs.first()) {
                (Some(body), Some(&x)) => b.window(x, along, (lo, hi), hop, edge, body, unit, DType::F64)?,
                (_, _) => return Ok(rounded),
            }
        }
        Prim::Source
        | Prim::Constant(_)
        | Prim::Reduce { .. }
        | Prim::View(_)
        | Prim::Transform { .. }
        | Prim::Correlate { .. }
        | Prim::Gather { .. }
        | Prim::Emit(_)
        | Prim::Call(_) => return Ok(rounded),
    };
    // An operator may have moved the rows to other instants afterwards; then it is left alone.
    let same = *b.signal(exact)? == Signal { dtype: DType::F64, ..signal };
    Ok(if same { exact } else { rounded })
}

/// The expression with the last result before its cast to F32.
fn before_rounding(mut expr: Expr, inputs: &[DType], state: &[DType]) -> Option<Expr> {
    let last = *expr.results.last()?;
    let Some(ExprOp::Cast(DType::F32, exact)) = expr.ops.get(last as usize).copied() else { return None };
    if expr.dtypes(inputs, state)?.get(exact as usize) != Some(&DType::F64) {
        return None;
    }
    *expr.results.last_mut()? = exact;
    if last as usize + 1 == expr.ops.len() {
        expr.ops.pop();
    }
    Some(expr)
}
