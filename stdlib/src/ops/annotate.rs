//! A model's outputs as a signal.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::{Extent, FilePath};
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::annotation::{Annotation, Stack};

operator! {
    /// What a trained model says of every sample: for each of its labels a number, mostly a probability.
    ///
    /// The model is an ONNX file; what it does not say stands in the sidecar beside it, `picker.onnx.json`
    /// ([dql.md](dql.md#models) describes it). Windows are cut, normalised, blinded and put together as SeisBench's `annotate` does: they
    /// begin with a stretch, OVERLAP apart, and one more ends with it. They never reach over a gap; of a stretch shorter than a window nothing is
    /// said, and a run tells so. A window of which a sample is not finite has no output, nor has a sample where the model's is not; a
    /// sample without any is NaN. The samples blinded at either end of a stretch do not exist. Without a LABEL all labels lie along the
    /// inner axis, in the sidecar's order. Steps that ask the same of the same model call it once.
    Annotate = "ANNOTATE" (
        /// The model's file; its sidecar has the same name and `.json` after it.
        model: FilePath,
    ) {
        /// One of the sidecar's labels; all of them unless given.
        label: Option<String> = None,
        /// Samples (or a duration) that neighbouring windows share; the sidecar's unless given.
        overlap: Option<Extent> = None,
        /// Outputs at the ends of every window that are not used, in samples or as a duration: for both ends, or `[50, 100]`; the sidecar's unless given.
        blinding: Option<Vec<Extent>> = None,
        /// What a sample is that several windows have an output for: their mean (`avg`) or the largest (`max`); the sidecar's unless given.
        stacking: Option<Stack> = None,
    }
    gives "Model output";
    example "RESAMPLE 100Hz | ANNOTATE picker.onnx OVERLAP=50 BLINDING=5";
    reference "onnxruntime.InferenceSession.run, windows as seisbench.models.WaveformModel.annotate";
}

impl Operator for Annotate {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let annotation = Annotation {
            model: &self.model,
            label: self.label.as_deref(),
            overlap: self.overlap,
            blinding: self.blinding.as_deref(),
            stacking: self.stacking,
        };
        Ok(annotation.build(b, x)?.0)
    }
}
