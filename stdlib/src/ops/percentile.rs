//! Percentile along an axis, or of a running window.

use dasc_ir::graph::{Builder, NodeId, Quantile, Reduction};
use dasc_ir::parameter::{AxisName, Extent, Percent};
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::{running, statistic};

operator! {
    /// The value below which a percentage of the values lies. The axis disappears; along time it covers the whole record, gaps left out.
    ///
    /// Between two values it is interpolated linearly. It is exact whatever the length: along time it is found digit by digit of the
    /// numbers' bits, one pass over the data each. A NaN makes the result NaN; infinities are in order like other values. Along time it
    /// needs a record that ends. Channels that MUTE took out do not count along channels.
    ///
    /// With WINDOW it is that of the window around each sample, without interpolation: the value that `floor(window · percent / 100)` others
    /// are before (for 100 the largest). Beyond the ends the data is mirrored (`d c b a | a b c d | d c b a`); a window of even length
    /// reaches one sample further back than ahead. NaN where a NaN is in the window. However often a long window mirrors the data, it is mirrored
    /// so (SciPy 1.17 reads something else where the window has eight times the length of the data or more).
    Percentile = "PERCENTILE" (
        /// The percentage, 0 to 100; 50 is the median.
        percent: Percent,
    ) {
        /// Along which axis.
        axis: AxisName = AxisName::Time,
        /// Length of a running window: along time a duration or a number of samples, else how many channels or frequencies; at most 65535.
        window: Option<Extent> = None,
    }
    formula "y = x₍⌊r⌋₎ + (r − ⌊r⌋)·(x₍⌊r⌋₊₁₎ − x₍⌊r⌋₎),   r = (n − 1)·percent/100,   x₍₀₎ ≤ x₍₁₎ ≤ … in order"
            "with WINDOW y[i] = x₍k₎ of x[i−⌊w/2⌋] … x[i+⌈w/2⌉−1],   k = min(⌊w·percent/100⌋, w − 1)";
    example "PERCENTILE 95 AXIS=time";
    reference "numpy.percentile(x, percent, axis); scipy.ndimage.percentile_filter(mode='reflect')";
}

impl Operator for Percentile {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let percent = self.percent.0;
        let quantile = Quantile::new(percent / 100.0);
        let quantile =
            quantile.ok_or_else(|| {
                b.diag(format!("needs a percentage of 0 to 100, not {percent}"))
                    .help("PERCENTILE 50 is the median, PERCENTILE 100 the largest")
            })?;
        let Some(window) = self.window else {
            return statistic::over(b, x, self.axis, Reduction::Quantile(quantile));
        };
        let n = running::span(b, x, window, self.axis)?;
        let rank = (f64::from(n) * percent / 100.0) as u32;
        running::ranked(b, x, self.axis, n, rank.min(n - 1))
    }
}
