//! What a model says of every sample.

use dasc_ir::graph::{Builder, Call, NodeId, Prim, Reduction, Role, Scope};
use dasc_ir::model::{Annotator, Stacking};
use dasc_ir::parameter::{Extent, FilePath};
use dasc_ir::{DType, Diag, Result, choice};

use super::extent::samples;

choice! {
    /// What becomes of a sample that several windows have an output for.
    Stack { Avg = "avg", Max = "max" }
}

/// The parameters that annotating operators share.
#[derive(Debug)]
pub struct Annotation<'a> {
    pub model: &'a FilePath,
    pub label: Option<&'a str>,
    pub overlap: Option<Extent>,
    pub blinding: Option<&'a [Extent]>,
    pub stacking: Option<Stack>,
}

impl Annotation<'_> {
    /// The outputs of the model on `x`, those of one label if one is named, with the labels they are of.
    pub fn build(&self, b: &mut Builder, x: NodeId) -> Result<(NodeId, Vec<String>)> {
        b.real(x)?;
        let annotator = b.models().annotator(&self.model.0).map_err(|diag| {
            let told = b.diag(format!("cannot ask its model: {}", diag.message));
            Diag { blame: diag.blame, help: diag.help, ..told }
        })?;
        let name = &self.model.0;
        let time = b.time(x)?;
        if time.period * annotator.rate != dasc_ir::Rational::ONE {
            let (needed, given) = (annotator.rate.as_f64(), b.rate(x)?);
            return Err(b
                .diag(format!("needs {needed} Hz, the rate of '{name}', but its input has {given} Hz"))
                .help(format!("put RESAMPLE {needed}Hz before it")));
        }
        let call = self.call(b, x, &annotator)?;
        // Two steps that ask one model about different labels call it once.
        let same = |id: &NodeId| {
            let node = b.graph().node(*id);
            node.inputs == [x] && matches!(&node.prim, Prim::Call(known) if *known == call)
        };
        let known = b.graph().ids().find(same);
        let all = match known {
            Some(known) => known,
            None => b.call(x, call)?,
        };
        let Some(label) = self.label else { return Ok((all, annotator.labels)) };
        let Some(at) = annotator.labels.iter().position(|known| known.eq_ignore_ascii_case(label)) else {
            let labels = annotator.labels.join(", ");
            return Err(b
                .diag(format!("finds no label '{label}' in '{name}'"))
                .help(format!("it has {labels}")));
        };
        let one = if annotator.labels.len() == 1 {
            all
        } else {
            let one = b.slice(all, Role::Inner, at as u64, at as u64 + 1, 1)?;
            let one = b.reduce(one, Role::Inner, Reduction::Sum, Scope::Segment)?;
            b.convert(one, DType::F32)?
        };
        Ok((one, annotator.labels.into_iter().skip(at).take(1).collect()))
    }

    fn call(&self, b: &Builder, x: NodeId, annotator: &Annotator) -> Result<Call> {
        let window = annotator.window;
        let count = |what: &str, extent: Extent| match extent {
            Extent::Samples(0) => Ok(0),
            Extent::Duration(0.0) => Ok(0),
            other => samples(b, x, what, other),
        };
        let overlap = self.overlap.map_or(Ok(annotator.overlap), |overlap| count("an overlap", overlap))?;
        let blinding = match self.blinding {
            None => annotator.blinding,
            Some([both]) => (count("a blinding", *both)?, count("a blinding", *both)?),
            Some([before, after]) => (count("a blinding", *before)?, count("a blinding", *after)?),
            Some(_) => {
                return Err(b.diag("needs a BLINDING for both ends of a window, or one for each: [50, 100]"));
            }
        };
        let unused = u64::from(window - annotator.rows) + u64::from(blinding.0) + u64::from(blinding.1);
        if unused >= u64::from(window) {
            let rows = annotator.rows;
            return Err(b.diag(format!("blinds all {rows} samples that a window has an output for")));
        }
        if overlap >= window || u64::from(overlap) < unused {
            let samples = format!("{unused} to {} samples", window - 1);
            let why = "fewer would leave samples without an output, more would never move on";
            return Err(b.diag(format!("needs an OVERLAP of {samples}, not {overlap}")).help(why));
        }
        self.check_channels(b, x, annotator)?;
        Ok(Call {
            model: annotator.model.clone(),
            window,
            hop: window - overlap,
            first: annotator.first,
            rows: annotator.rows,
            blinding,
            channels: annotator.channels,
            channel_step: annotator.channel_step,
            each_channel: annotator.each_channel,
            labels: u32::try_from(annotator.labels.len()).unwrap_or(u32::MAX),
            normalise: annotator.normalise,
            together: annotator.together,
            stacking: match self.stacking {
                None => annotator.stacking,
                Some(Stack::Avg) => Stacking::Mean,
                Some(Stack::Max) => Stacking::Max,
            },
        })
    }

    /// Refuses channels that belong to no group.
    fn check_channels(&self, b: &Builder, x: NodeId, annotator: &Annotator) -> Result<()> {
        let (group, step, name) = (annotator.channels, annotator.channel_step, &self.model.0);
        let channels = b.signal(x)?.channels();
        let Some(more) = channels.checked_sub(group) else {
            return Err(b.diag(format!("needs {group} channels for '{name}', but its input has {channels}")));
        };
        if more % step == 0 {
            return Ok(());
        }
        let fits = channels - more % step;
        Err(b
            .diag(format!(
                "looks at groups of {group} channels {step} apart, but {} of {channels} channels are left over",
                more % step
            ))
            .help(format!("SLICE CH=from..to chooses channels, for instance {fits} of them")))
    }
}
