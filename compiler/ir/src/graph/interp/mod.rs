//! The meaning of a [`Graph`]: every node evaluated for all rows of all its segments, in f64, by the definition of its primitive.
//!
//! Nothing here is clever, so that it can be believed: windows are summed tap by tap and statistics take two passes. Values are
//! not rounded to the types of the nodes; a compiled pipeline agrees with this by tolerance, while integers agree exactly.

mod call;
mod expression;
mod fourier;
mod primitive;
mod tensor;
mod window;

pub use tensor::{Stretch, Tensor, Value};

use super::axis::Type;
use super::prim::{Prim, View};
use super::{Graph, Node};
use crate::{Diag, Result};

/// What the graph's outputs are for a record, in their order. `input` holds the rows of all segments of the source one after
/// another as `[row][inner][channel][plane]`, in the source's own numbers.
///
/// # Errors
/// When `input` has another size than the source's type says, on a live stream, on a graph that [`super::verify`] refuses, and on a
/// model that was not opened.
pub fn interpret(graph: &Graph, input: &[f64]) -> Result<Vec<Value>> {
    let mut values = evaluate(graph, input)?;
    let mut outputs = Vec::with_capacity(graph.outputs.len());
    for (i, id) in graph.outputs.iter().enumerate() {
        let again = graph.outputs[i + 1..].contains(id);
        let value = values.get_mut(id.index()).ok_or_else(|| Diag::compiler("an output is no node"))?;
        outputs.push(if again { value.clone() } else { std::mem::take(value) });
    }
    Ok(outputs)
}

/// The value of every node; see [`interpret`].
pub fn evaluate(graph: &Graph, input: &[f64]) -> Result<Vec<Value>> {
    super::verify::verify(graph)?;
    let mut values: Vec<Value> = Vec::with_capacity(graph.nodes.len());
    for (id, node) in graph.ids().zip(&graph.nodes) {
        let value =
            node_value(node, &values, input).map_err(|d| within(d, &format!("{id} of {}", node.operator)))?;
        values.push(value);
    }
    Ok(values)
}

fn within(mut diag: Diag, place: &str) -> Diag {
    diag.message = format!("interpreting {place}: {}", diag.message);
    diag
}

fn node_value(node: &Node, values: &[Value], input: &[f64]) -> Result<Value> {
    let mut inputs = Vec::with_capacity(node.inputs.len());
    for id in &node.inputs {
        match values.get(id.index()) {
            Some(Value::Signal(tensor)) => inputs.push(tensor),
            Some(Value::Events(_)) | None => return Err(Diag::compiler("an input is not a signal")),
        }
    }
    if let Prim::Emit(emission) = &node.prim {
        return Ok(Value::Events(primitive::emit(emission, first(&inputs)?)));
    }
    let Type::Signal(signal) = &node.ty else {
        return Err(Diag::compiler("only a detection gives a table"));
    };
    Ok(Value::Signal(match &node.prim {
        Prim::Source => source(input, Tensor::zeros(signal, &[])?)?,
        Prim::Constant(values) => source(values, Tensor::zeros(signal, &[])?)?,
        Prim::Map(expr) => primitive::map(expr, &inputs, Tensor::zeros(signal, &inputs)?)?,
        Prim::Scan { state, step } => primitive::scan(state, step, &inputs, Tensor::zeros(signal, &inputs)?)?,
        Prim::Window { along, lo, hi, hop, edge, body } => {
            let taps = window::Taps { along: *along, lo: *lo, hi: *hi, hop: *hop, edge: *edge };
            window::window(taps, body, first(&inputs)?, Tensor::zeros(signal, &inputs)?)?
        }
        Prim::Reduce { along, how, scope } => {
            primitive::reduce(*along, *how, *scope, first(&inputs)?, signal)?
        }
        Prim::View(View::Join) => primitive::join(&inputs, Tensor::zeros(signal, &inputs)?)?,
        Prim::View(view) => primitive::view(view, first(&inputs)?, Tensor::zeros(signal, &inputs)?)?,
        Prim::Transform { kind, along, n } => {
            primitive::transform(*kind, *along, *n, first(&inputs)?, Tensor::zeros(signal, &inputs)?)?
        }
        Prim::Correlate { lo, .. } => match *inputs {
            [x, t] => primitive::correlate(*lo, x, t, Tensor::zeros(signal, &inputs)?)?,
            _ => return Err(Diag::compiler("a correlation has two inputs")),
        },
        Prim::Gather { channels } => {
            primitive::gather(channels, first(&inputs)?, Tensor::zeros(signal, &inputs)?)?
        }
        Prim::Emit(_) => return Err(Diag::compiler("a detection gives a table")),
        Prim::Call(call) => call::call(call, first(&inputs)?, Tensor::zeros(signal, &inputs)?)?,
    }))
}

fn source(input: &[f64], mut tensor: Tensor) -> Result<Tensor> {
    let size = tensor.values.len();
    if size != input.len() {
        return Err(Diag::compiler(format!("the source has {size} numbers, but {} are given", input.len())));
    }
    tensor.values.copy_from_slice(input);
    Ok(tensor)
}

fn first<'a>(inputs: &[&'a Tensor]) -> Result<&'a Tensor> {
    inputs.first().copied().ok_or_else(|| Diag::compiler("an input is missing"))
}
