//! A decision forest from a JSON file: what scikit-learn's random forest predicts, without scikit-learn.

use std::path::Path;

use dasc_ir::{Diag, Result};
use serde::Deserialize;

/// A model file larger than this is none.
const MOST_BYTES: u64 = 64 << 20;

/// The file: features by column name, labels, and trees.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forest {
    version: u32,
    features: Vec<String>,
    labels: Vec<String>,
    trees: Vec<Vec<Node>>,
    /// Anything the maker wants to say.
    #[serde(default, rename = "about")]
    _about: String,
}

/// A node of a tree. Children stand after their parent, so that every way down ends.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Node {
    /// To `left` if the feature is at most the threshold, else to `right`.
    Split { feature: usize, threshold: f64, left: usize, right: usize },
    /// The share of each label; together they are 1.
    Leaf { shares: Vec<f64> },
}

impl Forest {
    /// Reads and checks a model.
    pub fn open(path: &Path) -> Result<Forest> {
        let shown = path.display();
        let unreadable =
            |error: std::io::Error| Diag::usage(format!("cannot read the model '{shown}': {error}"));
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > MOST_BYTES {
            return Err(Diag::usage(format!(
                "the model '{shown}' has {size} bytes; at most {MOST_BYTES} are read"
            ))
            .help("train fewer or shallower trees"));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Forest::parse(&text).map_err(|why| {
            Diag::usage(format!("'{shown}' is no forest: {why}")).help("docs/dql.md describes the format")
        })
    }

    fn parse(text: &str) -> Result<Forest, String> {
        let forest: Forest = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if forest.version != 1 {
            return Err(format!("its version is {}, and 1 is known", forest.version));
        }
        if forest.features.is_empty() || forest.labels.is_empty() || forest.trees.is_empty() {
            return Err("it needs at least one feature, one label and one tree".into());
        }
        for (number, tree) in forest.trees.iter().enumerate() {
            if tree.is_empty() {
                return Err(format!("tree {number} has no nodes"));
            }
            for (at, node) in tree.iter().enumerate() {
                let wrong = match node {
                    Node::Split { feature, threshold, left, right } => {
                        *feature >= forest.features.len()
                            || !threshold.is_finite()
                            || [left, right].iter().any(|child| **child <= at || **child >= tree.len())
                    }
                    Node::Leaf { shares } => {
                        let whole = (shares.iter().sum::<f64>() - 1.0).abs() <= 1e-6;
                        shares.len() != forest.labels.len()
                            || shares.iter().any(|s| !(0.0..=1.0).contains(s))
                            || !whole
                    }
                };
                if wrong {
                    return Err(format!(
                        "node {at} of tree {number} does not fit: children stand after their parent, and a leaf has a share of \
                         each of the {} labels, together 1",
                        forest.labels.len()
                    ));
                }
            }
        }
        Ok(forest)
    }

    /// The columns it looks at.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// The likeliest label and the mean of its shares; the earlier one of two that are equally likely.
    pub fn label(&self, values: &[f64]) -> Option<(&str, f64)> {
        let mut sums = vec![0.0; self.labels.len()];
        for tree in &self.trees {
            for (sum, share) in sums.iter_mut().zip(leaf(tree, values)?) {
                *sum += share;
            }
        }
        let mut best: Option<(usize, f64)> = None;
        for (at, sum) in sums.into_iter().enumerate() {
            if best.is_none_or(|(_, most)| sum > most) {
                best = Some((at, sum));
            }
        }
        let (at, sum) = best?;
        Some((self.labels.get(at)?, sum / self.trees.len() as f64))
    }
}

/// The shares at the leaf that values lead to. As scikit-learn does, values are compared as f32.
fn leaf<'a>(tree: &'a [Node], values: &[f64]) -> Option<&'a [f64]> {
    let mut at = 0;
    loop {
        match tree.get(at)? {
            Node::Leaf { shares } => return Some(shares),
            Node::Split { feature, threshold, left, right } => {
                let value = f64::from(*values.get(*feature)? as f32);
                at = if value <= *threshold { *left } else { *right };
            }
        }
    }
}
