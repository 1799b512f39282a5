//! Detection by a model.

use dasc_ir::graph::{Builder, Emission, NodeId};
use dasc_ir::parameter::{Extent, FilePath, Seconds};
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::annotation::{Annotation, Stack};

operator! {
    /// Finds stretches where a trained model is surer of a label than a threshold: a table of events.
    ///
    /// What the model says is that of ANNOTATE with the same parameters, which shows it as a signal. An event begins where
    /// it rises above THRESHOLD and ends where it is no longer above OFF; its peak is where the model is surest and its score how sure. NaN
    /// never begins an event and ends one. For two labels take two steps: the model is called once.
    MlDetect = "ML_DETECT" (
        /// The model's file; its sidecar has the same name and `.json` after it.
        model: FilePath,
    ) {
        /// One of the sidecar's labels; needed unless it has a single one.
        label: Option<String> = None,
        /// How sure the model must be: a probability from 0 to below 1.
        threshold: f64 = 0.5,
        /// Where an event ends, at most the threshold; the same unless given.
        off: Option<f64> = None,
        /// Samples (or a duration) that neighbouring windows share; the sidecar's unless given.
        overlap: Option<Extent> = None,
        /// Outputs at the ends of every window that are not used, in samples or as a duration: for both ends, or `[50, 100]`; the sidecar's unless given.
        blinding: Option<Vec<Extent>> = None,
        /// What a sample is that several windows have an output for: their mean (`avg`) or the largest (`max`); the sidecar's unless given.
        stacking: Option<Stack> = None,
        /// Events nearer than this in time become one.
        merge: Seconds = Seconds(0.0),
        /// Events on channels at most this far apart that overlap in time become one; 0 keeps channels apart.
        merge_channels: u32 = 0,
    }
    example "RESAMPLE 100Hz | ML_DETECT picker.onnx LABEL=P THRESHOLD=0.5";
    reference "obspy.signal.trigger.trigger_onset(probability, threshold, off) of what ANNOTATE's reference gives";
}

impl Operator for MlDetect {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let off = self.off.unwrap_or(self.threshold);
        if !(0.0..1.0).contains(&self.threshold) {
            return Err(b
                .diag(format!("needs a THRESHOLD from 0 to below 1, not {}: models give probabilities", self.threshold))
                .help("0.5 is usual; ANNOTATE | THRESHOLD_DETECT takes any level"));
        }
        if off > self.threshold {
            return Err(b
                .diag(format!("needs OFF at or below the threshold, not {off} above {}", self.threshold))
                .help(format!("the largest possible OFF is {}", self.threshold)));
        }
        if self.merge.0 < 0.0 {
            return Err(b.diag(format!("needs MERGE of 0 s or more, not {} s", self.merge.0)));
        }
        let annotation = Annotation {
            model: &self.model,
            label: self.label.as_deref(),
            overlap: self.overlap,
            blinding: self.blinding.as_deref(),
            stacking: self.stacking,
        };
        let (level, labels) = annotation.build(b, x)?;
        let [label] = labels.as_slice() else {
            return Err(b
                .diag(format!("needs the LABEL to look for: '{}' has {}", self.model.0, labels.join(", ")))
                .help(format!("for example LABEL={}", labels.first().map_or("P", String::as_str))));
        };
        let detector = format!("{} of {label} by {}", self.threshold, self.model.0);
        let (merge_seconds, merge_channels) = (self.merge.0, self.merge_channels);
        b.emit(level, Emission { on: self.threshold, off, merge_seconds, merge_channels, detector })
    }
}
