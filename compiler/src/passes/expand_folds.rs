//! Turns long sliding folds into a logarithmic chain of two-tap windows.
//!
//! With `Sₖ(i)` the fold of the k samples up to i, `S₂ₖ(i) = Sₖ(i) ∘ Sₖ(i−k)`; the window's length is put together from
//! its binary digits. Nothing is subtracted, and a result depends on its own taps only, so a burst leaves no trace
//! and no anchor is needed. Work per sample falls from W to 2 log₂ W.

use dasc_ir::graph::axis::TimeAxis;
use dasc_ir::graph::builder::window_rows;
use dasc_ir::graph::{
    Edge, Expr, Graph, Node, NodeId, Prim, Reduction, Role, Signal, Type, View, WindowBody,
};
use dasc_ir::scalar::Binary;
use dasc_ir::{DType, Diag, Result};

/// Windows up to this many taps are summed directly.
const DIRECT: i64 = 8;

/// The same along the inner axis, where a chain costs more: its values pass through memory, while taps are added in registers.
const DIRECT_INNER: i64 = 20;

/// Expands every sliding fold that can be: hop 1 along the inner axis or along time, there with an edge under which the partial folds extend like the
/// samples do (`Valid`, or `Zero` for a trailing sum). Others stay direct.
pub fn expand_folds(graph: &mut Graph) -> Result<()> {
    let old = std::mem::take(&mut graph.nodes);
    let mut renamed = Vec::with_capacity(old.len());
    for mut node in old {
        for input in &mut node.inputs {
            *input = renamed[NodeId::index(*input)];
        }
        match node.prim {
            Prim::Window { along: Role::Time, lo, hi, hop: 1, edge, body: WindowBody::Fold(how) }
                if i64::from(hi) - i64::from(lo) >= DIRECT
                    && (edge == Edge::Valid || (edge == Edge::Zero && hi == 0 && how == Reduction::Sum)) =>
            {
                expand(&mut graph.nodes, &node, lo, hi, edge, how)?;
            }
            Prim::Window {
                along: Role::Inner,
                lo,
                hi,
                hop: 1,
                edge: Edge::Valid,
                body: WindowBody::Fold(how),
            } if i64::from(hi) - i64::from(lo) >= DIRECT_INNER => {
                expand_inner(&mut graph.nodes, &node, lo, hi, how)?;
            }
            _ => graph.nodes.push(node),
        }
        renamed.push(NodeId(graph.nodes.len() as u32 - 1));
    }
    for output in &mut graph.outputs {
        *output = renamed[output.index()];
    }
    Ok(())
}

/// What joins two partial folds, and the type they are kept in.
fn joining(fold: &Node, how: Reduction) -> Result<(Binary, DType)> {
    match (how, &fold.ty) {
        (Reduction::Sum, _) => Ok((Binary::Add, DType::F64)),
        (Reduction::Min, Type::Signal(s)) => Ok((Binary::Min, s.dtype)),
        (Reduction::Max, Type::Signal(s)) => Ok((Binary::Max, s.dtype)),
        _ => Err(Diag::compiler("expand_folds: a sliding fold is a sum, a minimum or a maximum")),
    }
}

/// Along the inner axis partial folds begin at their position: `Sₖ(i)` covers `i .. i + k`.
fn expand_inner(nodes: &mut Vec<Node>, fold: &Node, lo: i32, hi: i32, how: Reduction) -> Result<()> {
    let (op, dtype) = joining(fold, how)?;
    let width = hi.abs_diff(lo) + 1;
    let mut power = fold.inputs[0];
    let mut partial: Option<(NodeId, u32)> = None;
    let mut size = 1u32;
    loop {
        if width & size != 0 {
            partial = Some(match partial {
                None => (power, size),
                Some((first, count)) => {
                    (beside(nodes, fold, first, power, (count, size), op, dtype)?, count + size)
                }
            });
        }
        if size > width / 2 {
            break;
        }
        let x = signal_of(nodes, power)?.clone();
        let far = size as i32;
        let taps =
            Expr::write(&[x.dtype], |e| vec![e.tap(0, 0).to(dtype).binary(op, e.tap(0, far).to(dtype))]);
        let prim = Prim::Window {
            along: Role::Inner,
            lo: 0,
            hi: far,
            hop: 1,
            edge: Edge::Valid,
            body: WindowBody::Stencil(taps),
        };
        power = push(nodes, fold, prim, vec![power], shortened(x, 0, size, dtype)?);
        size *= 2;
    }
    let (folded, _) = partial.ok_or_else(|| Diag::compiler("expand_folds: a fold of no samples"))?;
    // Gives the fold the type and the place of the original.
    let taps = Expr::write(&[dtype_of(nodes, folded)?], |e| vec![e.tap(0, lo).to(result_dtype(fold))]);
    let body = WindowBody::Stencil(taps);
    let prim = Prim::Window { along: Role::Inner, lo, hi: lo, hop: 1, edge: Edge::Valid, body };
    nodes.push(Node { prim, inputs: vec![folded], ..fold.clone() });
    Ok(())
}

/// The fold of `count + size` positions from a fold of `count` and one of the `size` after them.
fn beside(
    nodes: &mut Vec<Node>,
    fold: &Node,
    first: NodeId,
    next: NodeId,
    (count, size): (u32, u32),
    op: Binary,
    dtype: DType,
) -> Result<NodeId> {
    let mut part = |x: NodeId, start: u32, less: u32| {
        let signal = signal_of(nodes, x)?.clone();
        let dtype = signal.dtype;
        let signal = shortened(signal, start, less, dtype)?;
        let stop = u64::from(start) + u64::from(signal.inner_len());
        let slice = View::Slice { along: Role::Inner, start: start.into(), stop, step: 1 };
        Ok::<_, Diag>((push(nodes, fold, Prim::View(slice), vec![x], signal.clone()), signal))
    };
    let (a, signal) = part(first, 0, size)?;
    let (b, other) = part(next, count, count)?;
    let expr = Expr::write(&[signal.dtype, other.dtype], |e| {
        vec![e.input(0).to(dtype).binary(op, e.input(1).to(dtype))]
    });
    Ok(push(nodes, fold, Prim::Map(expr), vec![a, b], Signal { dtype, ..signal }))
}

/// A signal whose inner axis begins `start` positions later and has `less` fewer.
fn shortened(mut signal: Signal, start: u32, less: u32, dtype: DType) -> Result<Signal> {
    let axis = signal.inner.as_mut().filter(|axis| axis.len > less);
    let axis = axis.ok_or_else(|| Diag::compiler("expand_folds: a fold longer than its axis"))?;
    axis.len -= less;
    axis.start += f64::from(start) * axis.step;
    Ok(Signal { dtype, ..signal })
}

fn expand(nodes: &mut Vec<Node>, fold: &Node, lo: i32, hi: i32, edge: Edge, how: Reduction) -> Result<()> {
    let (op, dtype) = joining(fold, how)?;
    let width = i64::from(hi) - i64::from(lo) + 1;
    // `power` is the fold of 2ᵖ samples ending at i, `partial` of those collected so far ending at i.
    let mut power = fold.inputs[0];
    let mut partial: Option<(NodeId, i64)> = None;
    let mut size = 1i64;
    loop {
        if width & size != 0 {
            partial = Some(match partial {
                None => (power, size),
                // The collected samples are the newest; the power's lie before them.
                Some((newest, count)) => {
                    (two_taps(nodes, fold, &[(newest, 0), (power, -count)], edge, op, dtype)?, count + size)
                }
            });
        }
        if 2 * size > width {
            break;
        }
        power = two_taps(nodes, fold, &[(power, 0), (power, -size)], edge, op, dtype)?;
        size *= 2;
    }
    let Some((trailing, _)) = partial else {
        return Err(Diag::compiler("expand_folds: a fold of no samples"));
    };
    // A window that ends at its row is the trailing fold, which was appended last.
    if hi == 0 && dtype_of(nodes, trailing)? == result_dtype(fold) {
        return Ok(());
    }
    // Shifts the trailing fold to where the window ends, and gives it the type of the original.
    let taps = Expr::write(&[dtype_of(nodes, trailing)?], |e| vec![e.tap(0, hi).to(result_dtype(fold))]);
    let prim = Prim::Window { along: Role::Time, lo: hi, hi, hop: 1, edge, body: WindowBody::Stencil(taps) };
    nodes.push(Node { prim, inputs: vec![trailing], ..fold.clone() });
    Ok(())
}

fn result_dtype(fold: &Node) -> DType {
    match &fold.ty {
        Type::Signal(signal) => signal.dtype,
        Type::Table => DType::F64,
    }
}

fn dtype_of(nodes: &[Node], id: NodeId) -> Result<DType> {
    Ok(signal_of(nodes, id)?.dtype)
}

fn signal_of(nodes: &[Node], id: NodeId) -> Result<&Signal> {
    match &nodes[id.index()].ty {
        Type::Signal(signal) => Ok(signal),
        Type::Table => Err(Diag::compiler("expand_folds: a fold over a table")),
    }
}

/// `op` of two values of which the second lies `offset ≤ 0` rows away.
fn two_taps(
    nodes: &mut Vec<Node>,
    fold: &Node,
    taps: &[(NodeId, i64); 2],
    edge: Edge,
    op: Binary,
    dtype: DType,
) -> Result<NodeId> {
    let [(near, _), (far, offset)] = *taps;
    let lo = i32::try_from(offset)
        .map_err(|_| Diag::compiler("expand_folds: a window longer than 2³¹ samples"))?;
    let shifted = if near == far {
        far
    } else {
        // The far fold at its offset is a window of its own; the pair is joined by a map.
        let signal = windowed(signal_of(nodes, far)?, (lo, lo), edge, signal_of(nodes, far)?.dtype)?;
        let body = WindowBody::Stencil(Expr::write(&[signal.dtype], |e| vec![e.tap(0, lo)]));
        push(
            nodes,
            fold,
            Prim::Window { along: Role::Time, lo, hi: lo, hop: 1, edge, body },
            vec![far],
            signal,
        )
    };
    if near == far {
        let signal = windowed(signal_of(nodes, near)?, (lo, 0), edge, dtype)?;
        let input = signal_of(nodes, near)?.dtype;
        let body = Expr::write(&[input], |e| vec![e.tap(0, 0).to(dtype).binary(op, e.tap(0, lo).to(dtype))]);
        let prim =
            Prim::Window { along: Role::Time, lo, hi: 0, hop: 1, edge, body: WindowBody::Stencil(body) };
        return Ok(push(nodes, fold, prim, vec![near], signal));
    }
    let (a, b) = (signal_of(nodes, near)?.clone(), signal_of(nodes, shifted)?.clone());
    let expr =
        Expr::write(&[a.dtype, b.dtype], |e| vec![e.input(0).to(dtype).binary(op, e.input(1).to(dtype))]);
    let mut signal = Signal { dtype, ..b };
    if let (Some(time), Some(other)) = (&mut signal.time, &a.time) {
        time.rows = dasc_ir::graph::builder::intersect(&time.rows, &other.rows);
    }
    Ok(push(nodes, fold, Prim::Map(expr), vec![near, shifted], signal))
}

fn windowed(signal: &Signal, (lo, hi): (i32, i32), edge: Edge, dtype: DType) -> Result<Signal> {
    let time = signal
        .time
        .as_ref()
        .ok_or_else(|| Diag::compiler("expand_folds: a sliding fold without time axis"))?;
    let rows = time.rows.map(|a, b| window_rows(a, b, lo, hi, 1, edge));
    Ok(Signal { dtype, time: Some(TimeAxis { rows, ..time.clone() }), ..signal.clone() })
}

fn push(nodes: &mut Vec<Node>, fold: &Node, prim: Prim, inputs: Vec<NodeId>, signal: Signal) -> NodeId {
    nodes.push(Node { prim, inputs, ty: Type::Signal(signal), ..fold.clone() });
    NodeId(nodes.len() as u32 - 1)
}
