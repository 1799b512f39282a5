//! Models of windows: numbers in the order of the sidecar's axes, and back.

use dasc_ir::model::{Annotator, Model, Network, Normalise, Stacking};
use dasc_ir::{Diag, Result};

use crate::engine::{Engine, Unfit};
use crate::folder::Opened;
use crate::sidecar::{self, Axis, OfWindows};

/// What a new user is given to complete.
pub const DRAFT: &str = r#"{"version": 1, "rate": 100, "window": 3001, "input": ["one", "channel", "time"], "output": ["one", "label", "time"], "labels": ["P", "S", "noise"], "normalise": "std"}"#;

/// A model of windows with the places of its numbers.
#[derive(Debug)]
struct OnWindows {
    engine: Engine,
    /// For each number the model takes, in its order, where it stands in `[channel][sample]`.
    given: Vec<u32>,
    /// For each of `[label][channel][sample]`, where it stands in the output.
    taken: Vec<u32>,
}

impl Network for OnWindows {
    fn run(&self, input: &[f32], output: &mut [f32]) -> Result<()> {
        let lost = || Diag::compiler("a window of another size than the model's");
        let given: Option<Vec<f32>> = self.given.iter().map(|at| input.get(*at as usize).copied()).collect();
        let fill = |values: &[f32]| {
            for (out, at) in output.iter_mut().zip(&self.taken) {
                *out = values.get(*at as usize).copied().unwrap_or(f32::NAN);
            }
        };
        self.engine.run(&given.ok_or_else(lost)?, fill)
    }
}

/// Makes an annotator of a file and its sidecar.
pub fn annotator(opened: Opened) -> std::result::Result<Annotator, Unfit> {
    let sidecar = OfWindows::parse(&opened.sidecar)?;
    let rate = sidecar.rate.hertz()?;
    let input = sidecar.shape(&sidecar.input, sidecar.window as usize);
    let engine = Engine::read(&opened.bytes, &input, sidecar.output_name.as_deref())?;
    let rows = rows(&sidecar, &engine.output)?;
    let window = sidecar.window as usize;
    // Without an axis along time what a window has counts for all of it.
    let covered = rows.unwrap_or(window) as u32;
    let first = sidecar.first.unwrap_or((sidecar.window - covered) / 2);
    if first > sidecar.window - covered {
        return Err(format!(
            "\"first\" is {first}, but {covered} of {window} samples have an output; it is at most {}",
            sidecar.window - covered
        )
        .into());
    }
    let (labels, channels) =
        (sidecar.labels.len(), if sidecar.each_channel() { sidecar.channels } else { 1 });
    let given = places(&sidecar.input, &input, |at| at[1] * window + at[2]);
    let strides = strides(&sidecar.output, &engine.output);
    let taken = (0..labels).flat_map(|label| (0..channels as usize).map(move |channel| (label, channel)));
    let taken = taken.flat_map(|(label, channel)| {
        (0..covered as usize).map(move |row| label * strides[0] + channel * strides[1] + row * strides[2])
    });
    let taken = taken.map(|at| at as u32).collect();
    Ok(Annotator {
        model: Model::new(opened.name, opened.hash, std::sync::Arc::new(OnWindows { engine, given, taken })),
        rate,
        window: sidecar.window,
        first,
        rows: covered,
        channels: sidecar.channels,
        channel_step: sidecar.step(),
        each_channel: sidecar.each_channel(),
        normalise: match sidecar.normalise {
            sidecar::Normalise::None => Normalise::None,
            sidecar::Normalise::Demean => Normalise::Demean,
            sidecar::Normalise::Peak => Normalise::Peak,
            sidecar::Normalise::Std => Normalise::Std,
        },
        together: sidecar.scale_together,
        overlap: sidecar.overlap,
        blinding: sidecar.blinding,
        stacking: match sidecar.stacking {
            sidecar::Stacking::Avg => Stacking::Mean,
            sidecar::Stacking::Max => Stacking::Max,
        },
        labels: sidecar.labels,
    })
}

/// Samples that a window's output has, if it has an axis along time; refuses an output of another shape than the sidecar says.
fn rows(sidecar: &OfWindows, shape: &[usize]) -> std::result::Result<Option<usize>, String> {
    let time = sidecar.output.iter().position(|axis| *axis == Axis::Time);
    let rows = time.map(|at| shape.get(at).copied().unwrap_or(0));
    let wanted = sidecar.shape(&sidecar.output, rows.unwrap_or(1));
    let possible = rows.is_none_or(|rows| (1..=sidecar.window as usize).contains(&rows));
    if wanted == shape && possible {
        return Ok(rows);
    }
    Err(format!(
        "its output is {shape:?}, but by its sidecar {wanted:?} with 1 to {} samples: \"output\" and \"labels\" must fit",
        sidecar.window
    ))
}

/// Steps of an array along label, channel and time; 0 along what it lacks.
fn strides(axes: &[Axis], shape: &[usize]) -> [usize; 3] {
    let mut strides = [0; 3];
    let mut step = 1;
    for (axis, len) in axes.iter().zip(shape).rev() {
        match axis {
            Axis::One => {}
            Axis::Label => strides[0] = step,
            Axis::Channel => strides[1] = step,
            Axis::Time => strides[2] = step,
        }
        step *= len;
    }
    strides
}

/// For every element of an array in order, a place by its label, channel and sample.
fn places(axes: &[Axis], shape: &[usize], place: impl Fn([usize; 3]) -> usize) -> Vec<u32> {
    let count: usize = shape.iter().product();
    let strides = strides(axes, shape);
    let lens = [Axis::Label, Axis::Channel, Axis::Time]
        .map(|wanted| axes.iter().zip(shape).find(|(axis, _)| **axis == wanted).map_or(1, |(_, len)| *len));
    let along = |element: usize, i: usize| element.checked_div(strides[i]).map_or(0, |at| at % lens[i]);
    (0..count).map(|element| place([0, 1, 2].map(|i| along(element, i))) as u32).collect()
}
