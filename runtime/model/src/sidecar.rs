//! The sidecar of a model, `picker.onnx.json`: what its file does not say. Schema: `docs/model.schema.json`.

use dasc_ir::Rational;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Of a model of windows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfWindows {
    /// Where the schema is, for editors.
    #[serde(rename = "$schema")]
    _schema: Option<String>,
    pub version: u32,
    pub rate: Rate,
    pub window: u32,
    #[serde(default = "one")]
    pub channels: u32,
    pub channel_step: Option<u32>,
    #[serde(default = "Axis::usual_input")]
    pub input: Vec<Axis>,
    #[serde(default = "Axis::usual_output")]
    pub output: Vec<Axis>,
    pub output_name: Option<String>,
    pub first: Option<u32>,
    pub labels: Vec<String>,
    #[serde(default)]
    pub normalise: Normalise,
    #[serde(default)]
    pub scale_together: bool,
    #[serde(default)]
    pub overlap: u32,
    #[serde(default)]
    pub blinding: (u32, u32),
    #[serde(default)]
    pub stacking: Stacking,
    /// Anything the maker wants to say.
    #[serde(rename = "about")]
    _about: Option<String>,
}

/// Of a model of features.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfFeatures {
    #[serde(rename = "$schema")]
    _schema: Option<String>,
    pub version: u32,
    pub features: Vec<String>,
    pub labels: Vec<String>,
    pub output_name: Option<String>,
    #[serde(rename = "about")]
    _about: Option<String>,
}

/// Samples per second: a number, or a fraction as text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Rate {
    Hertz(f64),
    Fraction(String),
}

/// What an axis of a model's input or output is along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    /// Of length 1: the batch.
    One,
    Channel,
    Time,
    Label,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalise {
    #[default]
    None,
    Demean,
    Peak,
    Std,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stacking {
    #[default]
    Avg,
    Max,
}

fn one() -> u32 {
    1
}

impl Axis {
    fn usual_input() -> Vec<Axis> {
        vec![Axis::One, Axis::Channel, Axis::Time]
    }

    fn usual_output() -> Vec<Axis> {
        vec![Axis::One, Axis::Label, Axis::Time]
    }

    fn name(self) -> &'static str {
        match self {
            Axis::One => "one",
            Axis::Channel => "channel",
            Axis::Time => "time",
            Axis::Label => "label",
        }
    }
}

impl Rate {
    pub fn hertz(&self) -> Result<Rational, String> {
        let found = match self {
            Rate::Hertz(hertz) => Rational::approximate(*hertz),
            Rate::Fraction(text) => {
                let (num, den) = text.split_once('/').unwrap_or((text, "1"));
                num.trim().parse().ok().zip(den.trim().parse().ok()).and_then(|(n, d)| Rational::new(n, d))
            }
        };
        let found = found.filter(|rate| *rate > Rational::ZERO);
        found
            .ok_or_else(|| format!("\"rate\" is {self:?}, not samples per second such as 100 or \"10000/3\""))
    }
}

/// Windows longer than this are none.
const LONGEST: u32 = 1 << 22;
/// Nor groups wider than this.
const WIDEST: u32 = 1 << 16;

impl OfWindows {
    pub fn parse(text: &str) -> Result<OfWindows, String> {
        let sidecar: OfWindows = fields(text, "features", "of features, which CLASSIFY takes")?;
        known(sidecar.version)?;
        named("labels", &sidecar.labels)?;
        if !(1..=LONGEST).contains(&sidecar.window) || !(1..=WIDEST).contains(&sidecar.channels) {
            return Err(format!(
                "\"window\" is 1 to {LONGEST} samples and \"channels\" 1 to {WIDEST}, not {} and {}",
                sidecar.window, sidecar.channels
            ));
        }
        sidecar.axes("input", &sidecar.input, &[Axis::One, Axis::Channel, Axis::Time])?;
        sidecar.axes("output", &sidecar.output, &[Axis::One, Axis::Channel, Axis::Label, Axis::Time])?;
        if !sidecar.input.contains(&Axis::Time) {
            return Err("\"input\" needs an axis \"time\"".into());
        }
        if sidecar.channels > 1 && !sidecar.input.contains(&Axis::Channel) {
            return Err(format!("\"input\" needs an axis \"channel\" for {} channels", sidecar.channels));
        }
        if sidecar.labels.len() > 1 && !sidecar.output.contains(&Axis::Label) {
            return Err(format!("\"output\" needs an axis \"label\" for {} labels", sidecar.labels.len()));
        }
        let step = sidecar.step();
        if step == 0 || (sidecar.each_channel() && step != sidecar.channels) {
            return Err(format!(
                "\"channel_step\" is {step}: 1 or more, and {} where each channel has an output",
                sidecar.channels
            ));
        }
        Ok(sidecar)
    }

    /// From one group of channels to the next: side by side unless the sidecar says otherwise.
    pub fn step(&self) -> u32 {
        self.channel_step.unwrap_or(self.channels)
    }

    pub fn each_channel(&self) -> bool {
        self.channels > 1 && self.output.contains(&Axis::Channel)
    }

    fn axes(&self, what: &str, axes: &[Axis], allowed: &[Axis]) -> Result<(), String> {
        for axis in axes {
            if !allowed.contains(axis) {
                return Err(format!("\"{what}\" has no axis \"{}\"", axis.name()));
            }
            if *axis != Axis::One && axes.iter().filter(|other| *other == axis).count() > 1 {
                return Err(format!("\"{what}\" has the axis \"{}\" twice", axis.name()));
            }
        }
        Ok(())
    }

    /// Lengths of axes; `rows` is that along time.
    pub fn shape(&self, axes: &[Axis], rows: usize) -> Vec<usize> {
        let len = |axis: &Axis| match axis {
            Axis::One => 1,
            Axis::Channel => self.channels as usize,
            Axis::Time => rows,
            Axis::Label => self.labels.len(),
        };
        axes.iter().map(len).collect()
    }
}

impl OfFeatures {
    pub fn parse(text: &str) -> Result<OfFeatures, String> {
        let sidecar: OfFeatures = fields(text, "window", "of windows, which ANNOTATE and ML_DETECT take")?;
        known(sidecar.version)?;
        named("labels", &sidecar.labels)?;
        named("features", &sidecar.features)?;
        Ok(sidecar)
    }
}

/// Reads a sidecar. One that has the field `other` instead belongs to a model of another kind, which `kind` names.
fn fields<T: DeserializeOwned>(text: &str, other: &str, kind: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| {
        let all: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(text).ok();
        match all {
            None => format!("its sidecar is no JSON object: {error}"),
            Some(all) if all.contains_key(other) => {
                format!("its sidecar has \"{other}\", so it is a model {kind}")
            }
            Some(_) => format!("its sidecar has other fields than it should: {error}"),
        }
    })
}

fn known(version: u32) -> Result<(), String> {
    if version == 1 { Ok(()) } else { Err(format!("its version is {version}, and 1 is known")) }
}

/// Names that can be told apart, whichever case they are written in.
fn named(what: &str, names: &[String]) -> Result<(), String> {
    /// More are no names.
    const MOST: usize = 4096;
    if names.is_empty() || names.len() > MOST {
        return Err(format!("\"{what}\" has {} names; 1 to {MOST} are possible", names.len()));
    }
    let mut seen = std::collections::HashSet::new();
    match names.iter().find(|name| !seen.insert(name.to_lowercase())) {
        Some(name) => Err(format!("\"{what}\" has '{name}' twice")),
        None => Ok(()),
    }
}
