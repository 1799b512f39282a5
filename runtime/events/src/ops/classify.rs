//! What an event is, by its features.

use std::sync::Arc;

use dasc_ir::literal::Arg;
use dasc_ir::model::Classifier;
use dasc_ir::parameter::FilePath;
use dasc_ir::{Diag, Result, operator};

use super::{Bound, Context, EventOperator};
use crate::condition::Field;
use crate::forest::Forest;
use crate::{Cell, Column, ColumnKind, Event, EventsType, Step};

const LABEL: Column = Column { name: "label", kind: ColumnKind::Text };
const PROBABILITY: Column = Column { name: "probability", kind: ColumnKind::Number("") };

operator! {
    /// Says what each event is: adds the columns `label` and `probability`.
    ///
    /// The model is a decision forest in a JSON file (docs/dql.md describes the format, which a script makes of
    /// one of scikit-learn's), or an ONNX model (`.onnx`) with a sidecar that names features and labels, `[1, features]` to
    /// `[1, labels]`. Features are numeric columns of events: `duration`, `channels`, `length`, `score`, `speed` and
    /// so on, in seconds, metres and the units of the columns. The probability is the mean over the trees of the share of the
    /// label at the leaf, or what the ONNX model gives for the label, of which the likeliest is taken. An event of which a feature is
    /// unknown gets no label.
    Classify = "CLASSIFY" (
        /// The model's file.
        model: FilePath,
    ) {}
    example "CLASSIFY forest.json";
    reference "sklearn.ensemble.RandomForestClassifier.predict_proba";
}

impl EventOperator for Classify {
    fn bind(self, context: &Context, _: &[Arg]) -> Result<Bound> {
        let (knowledge, names) = if self.model.0.to_lowercase().ends_with(".onnx") {
            let classifier = context.models.classifier(&self.model.0)?;
            // A model that cannot be run is told of now rather than of every event.
            likeliest(&classifier, &vec![0.0; classifier.features.len()])?;
            let names = classifier.features.clone();
            (Knowledge::Network(classifier), names)
        } else {
            let forest = Forest::open(&context.folder.join(&self.model.0))?;
            let names = forest.features().to_vec();
            (Knowledge::Forest(forest), names)
        };
        let features = names.iter().map(|name| feature(name, context.input)).collect::<Result<_>>()?;
        let ty = context.input.clone().with(LABEL).with(PROBABILITY);
        Ok(Bound::new(ty, "", Labelling { knowledge: Arc::new(knowledge), features }))
    }
}

/// What labels events.
#[derive(Debug)]
enum Knowledge {
    Forest(Forest),
    Network(Classifier),
}

impl Knowledge {
    /// The likeliest label and its probability, unless a feature is unknown.
    fn label(&self, values: &[f64]) -> Option<(&str, f64)> {
        match self {
            _ if values.iter().any(|value| value.is_nan()) => None,
            Knowledge::Forest(forest) => forest.label(values),
            Knowledge::Network(classifier) => likeliest(classifier, values).ok().flatten(),
        }
    }
}

/// The label with the largest output, the earlier of two that are equal; none where an output is no number.
fn likeliest<'a>(classifier: &'a Classifier, values: &[f64]) -> Result<Option<(&'a str, f64)>> {
    let input: Vec<f32> = values.iter().map(|value| *value as f32).collect();
    let mut output = vec![f32::NAN; classifier.labels.len()];
    classifier.model.run(&input, &mut output)?;
    if output.iter().any(|share| !share.is_finite()) {
        return Ok(None);
    }
    let labelled = classifier.labels.iter().zip(&output);
    let best = labelled.reduce(|best, next| if next.1 > best.1 { next } else { best });
    Ok(best.map(|(label, share)| (label.as_str(), f64::from(*share))))
}

/// A feature as a field of the events that come.
fn feature(name: &str, input: &EventsType) -> Result<Field> {
    let field = Field::named(name, input)?;
    if field.is_number() {
        return Ok(field);
    }
    Err(Diag::usage(format!("the model's feature '{name}' is no number")))
}

#[derive(Clone)]
struct Labelling {
    knowledge: Arc<Knowledge>,
    features: Vec<Field>,
}

impl Step for Labelling {
    fn event(&mut self, mut event: Event, out: &mut Vec<Event>) {
        let values: Option<Vec<f64>> = self.features.iter().map(|field| field.number(&event)).collect();
        if let Some((label, probability)) = values.and_then(|values| self.knowledge.label(&values)) {
            event.extra.insert(LABEL.name, Cell::Text(label.to_string()));
            event.extra.insert(PROBABILITY.name, Cell::Number(probability));
        }
        out.push(event);
    }

    fn until(&mut self, watermark: i64, _: &mut Vec<Event>) -> i64 {
        watermark
    }

    fn finish(&mut self, _: &mut Vec<Event>) {}

    fn saved(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }

    fn keeps_ids(&self) -> bool {
        true
    }

    fn held(&self) -> usize {
        0
    }
}
