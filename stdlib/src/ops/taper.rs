//! Cosine flanks at both ends of the record.

use dasc_ir::graph::{Builder, NodeId, Role};
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::extent::whole_record;
use crate::pieces::weight::tukey;

operator! {
    /// Multiplies by a Tukey window over each stretch between gaps, so that it begins and ends at 0.
    Taper = "TAPER" (
        /// The share of the length that both flanks take together, 0 to 1: at 0.1 each end fades over 5 % of the record.
        fraction: f64,
    ) {}
    example "TAPER 0.1";
    reference "x * scipy.signal.windows.tukey(len(x), fraction)";
}

impl Operator for Taper {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        whole_record(b, x, "streams need no taper: filters start at rest, and STFT weights each frame")?;
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
            let last = e.len(Role::Time) - e.constant(1.0);
            x * tukey(e, e.index(Role::Time), last, self.fraction)
        })
    }
}
