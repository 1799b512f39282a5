//! An ONNX model ready to run: one input of a fixed shape, one output.

use std::io::Cursor;
use std::sync::Arc;

use dasc_ir::{Diag, Result};
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::Factoid;

use crate::fence::fenced;

/// No array that a model computes, and no model, has more numbers: 256 MiB of them.
const MOST_NUMBERS: usize = 1 << 26;

pub struct Engine {
    plan: Arc<TypedRunnableModel>,
    input: Vec<usize>,
    /// Lengths of the output's axes.
    pub output: Vec<usize>,
}

/// What is wrong with a model, without its name.
#[derive(Debug)]
pub enum Unfit {
    /// Its file is no ONNX file, or a damaged one.
    File(String),
    /// It is not what its sidecar says, or not a model that can be used.
    Model(String),
}

impl From<String> for Unfit {
    fn from(why: String) -> Unfit {
        Unfit::Model(why)
    }
}

type Check<T> = std::result::Result<T, String>;

impl Engine {
    /// Reads a model that is given arrays of the shape `input` and answers with the output of this name, or its only one.
    pub fn read(bytes: &[u8], input: &[usize], output: Option<&str>) -> std::result::Result<Engine, Unfit> {
        let read = || onnx().model_for_read(&mut Cursor::new(bytes)).map_err(unreadable);
        let model = fenced(read).and_then(|model| model).map_err(Unfit::File)?;
        Ok(fenced(|| prepare(model, input, output))??)
    }

    /// Runs the model on numbers in the order of its input; `take` is given those of the output in order.
    pub fn run<T>(&self, input: &[f32], take: impl FnOnce(&[f32]) -> T) -> Result<T> {
        let run = || -> TractResult<T> {
            let outputs = self.plan.run(tvec!(Tensor::from_shape(&self.input, input)?.into()))?;
            let output = outputs.first().ok_or_else(|| TractError::msg("it gave nothing"))?;
            Ok(take(output.try_as_plain_ram()?.as_slice::<f32>()?))
        };
        let outcome = fenced(run).and_then(|outcome| outcome.map_err(|error| format!("{error:#}")));
        outcome.map_err(|why| Diag::world(format!("the model cannot be run: {why}")))
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} to {:?}", self.input, self.output)
    }
}

/// What the file says of arrays between is left aside: it may be stale, and the engine infers all of it from the input.
fn onnx() -> tract_onnx::Onnx {
    tract_onnx::onnx().with_ignore_value_info(true).with_ignore_output_shapes(true)
}

fn unreadable(error: TractError) -> String {
    format!("{error:#}")
}

fn prepare(model: InferenceModel, input: &[usize], output: Option<&str>) -> Check<Engine> {
    let inputs = model.input_outlets().map_err(unreadable)?.len();
    if inputs != 1 {
        return Err(format!("it takes {inputs} inputs, and models of one are known"));
    }
    agrees(&model, input)?;
    let model = match output {
        Some(name) => {
            // The engine would take any array on the way as well.
            let called =
                |at: &OutletId| model.outlet_label(*at) == Some(name) || model.node(at.node).name == name;
            let declared = model.output_outlets().map_err(unreadable)?.iter().any(called);
            let chosen = declared.then(|| model.with_outputs_by_name([name]).ok()).flatten();
            chosen.ok_or_else(|| format!("it has no output '{name}'"))?
        }
        None => model,
    };
    let outputs = model.output_outlets().map_err(unreadable)?.len();
    if outputs != 1 {
        return Err(format!(
            "it has {outputs} outputs; name the one to use as \"output_name\" of the sidecar"
        ));
    }
    let model = model.with_input_fact(0, f32::fact(input).into()).map_err(unreadable)?;
    let model = model.into_typed().map_err(unreadable)?;
    bounded(&model)?;
    let model = model.into_optimized().map_err(unreadable)?;
    bounded(&model)?;
    let fact = model.output_fact(0).map_err(unreadable)?;
    if fact.datum_type != f32::datum_type() {
        return Err(format!("its output is {:?}, not F32", fact.datum_type));
    }
    let shape = fact.shape.as_concrete().ok_or("the shape of its output depends on the data")?.to_vec();
    let plan = model.into_runnable().map_err(unreadable)?;
    Ok(Engine { plan, input: input.to_vec(), output: shape })
}

/// That the model takes what the sidecar says it does, as far as it says so itself.
fn agrees(model: &InferenceModel, input: &[usize]) -> Check<()> {
    let fact = model.input_fact(0).map_err(|error| format!("{error:#}"))?;
    if let Some(dtype) = fact.datum_type.concretize()
        && dtype != f32::datum_type()
    {
        return Err(format!("its input is {dtype:?}, not F32"));
    }
    let declared: Vec<Option<TDim>> = fact.shape.dims().map(|dim| dim.concretize()).collect();
    let differs = |(declared, wanted): (&Option<TDim>, &usize)| {
        declared.as_ref().and_then(|dim| dim.to_i64().ok()).is_some_and(|dim| dim != *wanted as i64)
    };
    let closed = !fact.shape.is_open();
    if closed && (declared.len() != input.len() || declared.iter().zip(input).any(differs)) {
        let shown: Vec<String> =
            declared.iter().map(|dim| dim.as_ref().map_or("?".into(), TDim::to_string)).collect();
        return Err(format!(
            "its input is [{}], but by its sidecar {input:?}: \"input\", \"window\" and \"channels\" must fit",
            shown.join(", ")
        ));
    }
    Ok(())
}

/// That nothing in it is larger than a model of windows has reason to be.
fn bounded(model: &TypedModel) -> Check<()> {
    for node in &model.nodes {
        for output in &node.outputs {
            let count = output.fact.shape.as_concrete().map(|dims| {
                dims.iter().try_fold(1usize, |count, dim| count.checked_mul(*dim)).unwrap_or(usize::MAX)
            });
            if count.is_some_and(|count| count > MOST_NUMBERS) {
                return Err(format!("'{}' makes more than {MOST_NUMBERS} numbers", node.name));
            }
        }
    }
    Ok(())
}
