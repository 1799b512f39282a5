//! What an event is, by its features.

use dasc_ir::literal::Arg;
use dasc_ir::{Result, operator};

use super::{Bound, Context, EventOperator, FilePath};
use crate::condition::Field;
use crate::forest::Forest;
use crate::{Cell, Column, ColumnKind, Event, Step};

const LABEL: Column = Column { name: "label", kind: ColumnKind::Text };
const PROBABILITY: Column = Column { name: "probability", kind: ColumnKind::Number("") };

operator! {
    /// Says what each event is: adds the columns `label` and `probability`.
    ///
    /// The model is a decision forest in a JSON file (docs/dql.md describes the format, which a script makes of
    /// one of scikit-learn's). Its features are numeric columns of events: `duration`, `channels`, `length`, `score`, `speed` and
    /// so on, in seconds, metres and the units of the columns. The probability is the mean over the trees of the share of the
    /// label at the leaf. An event of which a feature is unknown gets no label.
    Classify = "CLASSIFY" (
        /// The model's file.
        model: FilePath,
    ) {}
    example "CLASSIFY forest.json";
    reference "sklearn.ensemble.RandomForestClassifier.predict_proba";
}

impl EventOperator for Classify {
    fn bind(self, context: &Context, _: &[Arg]) -> Result<Bound> {
        let path = context.folder.join(&self.model.0);
        let forest = Forest::open(&path)?;
        let features = forest.features(context.input)?;
        let ty = context.input.clone().with(LABEL).with(PROBABILITY);
        Ok(Bound::new(ty, "", Labelling { forest: std::sync::Arc::new(forest), features }))
    }
}

#[derive(Clone)]
struct Labelling {
    forest: std::sync::Arc<Forest>,
    features: Vec<Field>,
}

impl Step for Labelling {
    fn event(&mut self, mut event: Event, out: &mut Vec<Event>) {
        let values: Option<Vec<f64>> = self.features.iter().map(|field| field.number(&event)).collect();
        if let Some((label, probability)) = values.and_then(|values| self.forest.label(&values)) {
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
