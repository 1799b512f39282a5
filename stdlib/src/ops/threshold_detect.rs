//! Detection of levels above a threshold.

use dasc_ir::graph::{Builder, Emission, NodeId};
use dasc_ir::parameter::{Level as Threshold, Reference, Seconds};
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::level::Level;

operator! {
    /// Finds stretches where the level exceeds a threshold: a table of events.
    ///
    /// An event begins where the level rises above the threshold and ends where it is no longer above OFF. A bare number is in dB:
    /// 20·log10(|x|/REF) of an amplitude, 10·log10(x/REF) of a power (data whose unit is a square). A number with a unit of the data,
    /// such as `5nstrain/s`, is compared with |x| itself. After STFT or SPECTROGRAM the level is that of the strongest frequency.
    /// REF is 1 unit of the data unless given, so `THRESHOLD_DETECT -30` after `STFT` on nstrain/s means −30 dB re 1 nstrain/s,
    /// on streams and files alike. NaN never begins an event and ends one.
    ThresholdDetect = "THRESHOLD_DETECT" (
        /// The threshold: dB, or a value in the unit of the data.
        on: Threshold,
    ) {
        /// Where an event ends, at most the threshold; the same unless given.
        off: Option<Threshold> = None,
        /// What 0 dB is: a value in the unit of the data or with a unit, `max` (of the record and all channels: another pass, not on streams), or `noise(window)`, the root mean square of the window before each sample, silent until that has filled.
        r#ref: Reference = Reference::Level(1.0, None),
        /// The threshold and OFF are plain ratios to REF instead of dB, as one is used to from STA/LTA: `THRESHOLD_DETECT 3.5 OFF=1.5 RATIO=TRUE`.
        ratio: bool = false,
        /// Events nearer than this in time become one.
        merge: Seconds = Seconds(0.0),
        /// Events on channels at most this far apart that overlap in time become one; 0 keeps channels apart.
        merge_channels: u32 = 0,
    }
    formula "first row: level[i] > on, where no event lasts;   last row: the one before level[i] ≤ OFF"
            "level = 20 log₁₀(|x| / REF) of an amplitude, 10 log₁₀(x / REF) of a power";
    example "THRESHOLD_DETECT -30dB OFF=-36dB REF=1";
    reference "obspy.signal.trigger.trigger_onset(level, on, off)";
}

impl Operator for ThresholdDetect {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        b.time(x)?;
        if !(self.merge.0 >= 0.0 && self.merge.0.is_finite()) {
            return Err(b.diag(format!("needs MERGE of 0 s or more, not {} s", self.merge.0)));
        }
        let level = Level::of(b, x)?.largest_within_row(b)?;
        let off = self.off.as_ref().unwrap_or(&self.on);
        let (node, on, off, detector) = match (&self.on, off) {
            (Threshold::Decibel(on), Threshold::Decibel(off)) if self.ratio => {
                let detector = format!("{on} times {}", against(b, level, &self.r#ref)?);
                (level.ratio(b, &self.r#ref)?, *on, *off, detector)
            }
            (Threshold::Decibel(on), Threshold::Decibel(off)) => {
                let detector = format!("{on} dB re {}", against(b, level, &self.r#ref)?);
                (level.decibels(b, &self.r#ref)?, *on, *off, detector)
            }
            (Threshold::Value(on, unit), Threshold::Value(off, off_unit)) => {
                let detector = format!("{on} {unit}");
                let on = level.in_data_unit(b, *on, unit)?;
                (level.node, on, level.in_data_unit(b, *off, off_unit)?, detector)
            }
            (Threshold::Decibel(_), Threshold::Value(..)) | (Threshold::Value(..), Threshold::Decibel(_)) => {
                return Err(b
                    .diag("compares a level in dB with one in the unit of the data")
                    .help("give the threshold and OFF in the same manner"));
            }
        };
        if !on.is_finite() || !off.is_finite() || off > on {
            return Err(b
                .diag(format!("needs OFF at or below the threshold, not {off} above {on}"))
                .help(format!("the largest possible OFF is {on}")));
        }
        let (merge_seconds, merge_channels) = (self.merge.0, self.merge_channels);
        b.emit(node, Emission { on, off, merge_seconds, merge_channels, detector })
    }
}

/// The reference in words, for `explain` and the events' detector column.
fn against(b: &Builder, level: Level, reference: &Reference) -> Result<String> {
    Ok(match reference {
        Reference::Level(value, Some(unit)) => format!("{value} {unit}"),
        Reference::Level(value, None) => match b.signal(level.node)?.unit.symbol() {
            // A pure number, and its square, have no unit worth saying.
            "" | "1" | "1^2" => value.to_string(),
            unit => format!("{value} {unit}"),
        },
        Reference::Max => "max".to_string(),
        Reference::Noise(seconds) => format!("noise({seconds}s)"),
    })
}
