//! The text form of a model's call: `"picker.onnx" "9f86…" window 200 hop 100 gives 0 200 blind 10 10 channels 1 step 1 one labels 3
//! normalise peak apart stack avg`.

use std::fmt::{Display, Formatter, Result as Written};

use super::parse::Cursor;
use crate::Result;
use crate::graph::Call;
use crate::model::{Model, Normalise, Stacking};

pub(super) struct Printed<'a>(pub &'a Call);

impl Display for Printed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Written {
        let Call { model, window, hop, first, rows, blinding: (before, after), .. } = self.0;
        let Call { channels, channel_step, labels, normalise, stacking, .. } = self.0;
        write!(f, "{:?} {:?} window {window} hop {hop} gives {first} {rows}", model.name, model.hash)?;
        write!(f, " blind {before} {after} channels {channels} step {channel_step}")?;
        let (each, together) =
            (EACH[usize::from(self.0.each_channel)], TOGETHER[usize::from(self.0.together)]);
        write!(
            f,
            " {each} labels {labels} normalise {} {together} stack {}",
            normalise.name(),
            stacking.name()
        )
    }
}

/// How a group of channels comes out, and how it is scaled.
const EACH: [&str; 2] = ["one", "each"];
const TOGETHER: [&str; 2] = ["apart", "together"];

pub(super) fn parse(at: &mut Cursor<'_>) -> Result<Call> {
    Ok(Call {
        model: Model::absent(at.string()?, at.string()?),
        window: at.labelled("window")?,
        hop: at.labelled("hop")?,
        first: at.labelled("gives")?,
        rows: at.integer()?,
        blinding: (at.labelled("blind")?, at.integer()?),
        channels: at.labelled("channels")?,
        channel_step: at.labelled("step")?,
        each_channel: at.one_of([false, true], |each| EACH[usize::from(each)])?,
        labels: at.labelled("labels")?,
        normalise: {
            at.expect_word("normalise")?;
            at.one_of(Normalise::ALL, Normalise::name)?
        },
        together: at.one_of([false, true], |together| TOGETHER[usize::from(together)])?,
        stacking: {
            at.expect_word("stack")?;
            at.one_of(Stacking::ALL, Stacking::name)?
        },
    })
}
