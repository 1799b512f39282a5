//! Models of features.

use std::sync::Arc;

use dasc_ir::Result;
use dasc_ir::model::{Classifier, Model, Network};

use crate::engine::{Engine, Unfit};
use crate::folder::Opened;
use crate::sidecar::OfFeatures;

/// What a new user is given to complete.
pub const DRAFT: &str =
    r#"{"version": 1, "features": ["duration", "channels", "score"], "labels": ["car", "truck"]}"#;

#[derive(Debug)]
struct OnFeatures(Engine);

impl Network for OnFeatures {
    fn run(&self, input: &[f32], output: &mut [f32]) -> Result<()> {
        self.0.run(input, |values| output.iter_mut().zip(values).for_each(|(out, value)| *out = *value))
    }
}

/// Makes a classifier of a file and its sidecar: `[1, features]` to `[1, labels]`.
pub fn classifier(opened: Opened) -> std::result::Result<Classifier, Unfit> {
    let sidecar = OfFeatures::parse(&opened.sidecar)?;
    let shape = [1, sidecar.features.len()];
    let engine = Engine::read(&opened.bytes, &shape, sidecar.output_name.as_deref())?;
    if engine.output != [1, sidecar.labels.len()] {
        return Err(format!(
            "its output is {:?}, not [1, {}]: a number for each label",
            engine.output,
            sidecar.labels.len()
        )
        .into());
    }
    let model = Model::new(opened.name, opened.hash, Arc::new(OnFeatures(engine)));
    Ok(Classifier { model, features: sidecar.features, labels: sidecar.labels })
}
