//! Trained models as a pipeline knows them: by name, hash and shape. What runs one is a [`Network`], handed over by whoever opens
//! the file, so that nothing here knows an engine or a format.

use std::fmt;
use std::sync::Arc;

use crate::{Diag, Rational, Result};

/// A function of numbers to numbers that depends on nothing else: the same bits for the same input, on any thread.
pub trait Network: fmt::Debug + Send + Sync {
    /// Fills `output` from `input`; their lengths are those the model was opened with.
    fn run(&self, input: &[f32], output: &mut [f32]) -> Result<()>;
}

/// A model: what it is called, what its file holds, and what runs it.
#[derive(Clone)]
pub struct Model {
    /// As the script has it.
    pub name: String,
    /// SHA-256 of the file, in hexadecimal digits.
    pub hash: String,
    network: Option<Arc<dyn Network>>,
}

impl Model {
    pub fn new(name: impl Into<String>, hash: impl Into<String>, network: Arc<dyn Network>) -> Model {
        Model { name: name.into(), hash: hash.into(), network: Some(network) }
    }

    /// A model of which only name and hash are known, as of a graph that was read from text.
    pub fn absent(name: impl Into<String>, hash: impl Into<String>) -> Model {
        Model { name: name.into(), hash: hash.into(), network: None }
    }

    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<()> {
        let missing = || Diag::compiler(format!("the model '{}' was not opened", self.name));
        self.network.as_ref().ok_or_else(missing)?.run(input, output)
    }

    /// The first digits of the hash, for people.
    pub fn short_hash(&self) -> &str {
        self.hash.get(..12).unwrap_or(&self.hash)
    }
}

/// Models are the same if their files are.
impl PartialEq for Model {
    fn eq(&self, other: &Model) -> bool {
        (&self.name, &self.hash) == (&other.name, &other.hash)
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.hash)
    }
}

/// Opens models; paths are relative to what the opener says.
pub trait Models: fmt::Debug + Send + Sync {
    /// A model that gives each sample of a window a number for every label.
    fn annotator(&self, path: &str) -> Result<Annotator>;

    /// A model of features.
    fn classifier(&self, path: &str) -> Result<Classifier>;
}

/// Where no model can be opened.
#[derive(Clone, Copy, Debug)]
pub struct NoModels;

impl Models for NoModels {
    fn annotator(&self, path: &str) -> Result<Annotator> {
        Err(Diag::usage(format!("the model '{path}' cannot be opened here")))
    }

    fn classifier(&self, path: &str) -> Result<Classifier> {
        Err(Diag::usage(format!("the model '{path}' cannot be opened here")))
    }
}

/// A model of windows with what its sidecar says. Its network takes `[channel][sample]` and gives `[label][channel or one][sample]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotator {
    pub model: Model,
    /// Samples per second it was trained at.
    pub rate: Rational,
    /// Samples of a window.
    pub window: u32,
    /// The samples of a window that have an output: `first` and the `rows` from there on.
    pub first: u32,
    pub rows: u32,
    /// Neighbouring channels that it looks at together.
    pub channels: u32,
    /// From one such group to the next.
    pub channel_step: u32,
    /// Whether each of the channels has an output of its own.
    pub each_channel: bool,
    pub labels: Vec<String>,
    pub normalise: Normalise,
    /// Whether the channels of a group are scaled by one number.
    pub together: bool,
    /// What is used unless a script says otherwise: samples that two windows share, samples at either end of an output that are not used.
    pub overlap: u32,
    pub blinding: (u32, u32),
    pub stacking: Stacking,
}

/// A model of features with what its sidecar says. Its network takes a number for each feature and gives one for each label.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    pub model: Model,
    pub features: Vec<String>,
    pub labels: Vec<String>,
}

/// What is done to a window before a model sees it, as seisbench.models does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Normalise {
    None,
    /// Less its mean.
    Demean,
    /// Less its mean, divided by the largest magnitude of what is left and 1e-10.
    Peak,
    /// Less its mean, divided by the standard deviation (of n − 1) and 1e-10.
    Std,
}

impl Normalise {
    pub const ALL: [Normalise; 4] = [Normalise::None, Normalise::Demean, Normalise::Peak, Normalise::Std];

    pub const fn name(self) -> &'static str {
        match self {
            Normalise::None => "none",
            Normalise::Demean => "demean",
            Normalise::Peak => "peak",
            Normalise::Std => "std",
        }
    }
}

/// What becomes of a sample that several windows have an output for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stacking {
    Mean,
    Max,
}

impl Stacking {
    pub const ALL: [Stacking; 2] = [Stacking::Mean, Stacking::Max];

    pub const fn name(self) -> &'static str {
        match self {
            Stacking::Mean => "avg",
            Stacking::Max => "max",
        }
    }
}
