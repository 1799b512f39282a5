//! Cosine flanks at both ends of the record.

use dasc_ir::graph::{Builder, NodeId, Role};
use dasc_ir::{Result, choice, operator};

use super::Operator;
use crate::pieces::extent::whole_record;
use crate::pieces::weight::tukey;

choice! {
    /// How a flank rises.
    Shape { Cosine = "cosine", Linear = "linear" }
}

choice! {
    /// Which ends fade.
    Side { Both = "both", Start = "start", End = "end" }
}

choice! {
    /// Axes with ends.
    Along { Time = "time", Channel = "channel" }
}

operator! {
    /// Multiplies by a Tukey window over each stretch between gaps, so that it begins and ends at 0.
    Taper = "TAPER" (
        /// The share of the length that both flanks take together, 0 to 1: at 0.1 each end fades over 5 % of the record.
        fraction: f64,
    ) {
        /// How a flank rises: as half a cosine (a Tukey window) or along a line.
        shape: Shape = Shape::Cosine,
        /// Which ends fade.
        side: Side = Side::Both,
        /// Along which axis.
        axis: Along = Along::Time,
    }
    formula "y[i] = w(2·j / (fraction·(n − 1))) · x[i],   j = min(i, n − 1 − i)"
            "w(u) = ½ (1 − cos πu) up to u = 1 and 1 beyond;   u itself with SHAPE=linear";
    example "TAPER 0.1";
    reference "x * scipy.signal.windows.tukey(len(x), fraction)";
}

impl Operator for Taper {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let along = match self.axis {
            Along::Time => Role::Time,
            Along::Channel => Role::Channel,
        };
        if along == Role::Time {
            whole_record(b, x, "streams need no taper: filters start at rest, and STFT weights each frame")?;
        } else if b.signal(x)?.channel.is_none() {
            return Err(b.diag("needs a channel axis, which its input does not have"));
        }
        if !(0.0..=1.0).contains(&self.fraction) {
            return Err(b
                .diag(format!("needs a fraction from 0 to 1, not {}", self.fraction))
                .help("the largest possible value is 1, a Hann window over the whole record"));
        }
        let unit = b.signal(x)?.unit.clone();
        if self.fraction == 0.0 {
            return b.map1(x, unit, |x, _| x);
        }
        b.map1(x, unit, |x, e| {
            let (i, one, zero) = (e.index(along), e.constant(1.0), e.constant(0.0));
            let last = e.len(along) - one;
            let weight = match self.shape {
                Shape::Cosine => tukey(e, i, last, self.fraction),
                Shape::Linear => {
                    let flank = last * e.constant(0.5 * self.fraction);
                    flank.gt(zero).select((i.min(last - i) / flank).min(one), one)
                }
            };
            let first_half = (i + i).le(last);
            x * match self.side {
                Side::Both => weight,
                Side::Start => first_half.select(weight, one),
                Side::End => first_half.select(one, weight),
            }
        })
    }
}
