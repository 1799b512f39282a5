//! The state in which a filter has always seen 1: `scipy.signal.sosfilt_zi`.

use dasc_ir::{Diag, Result};

use super::sos::Sos;

/// The state `[z0, z1]` of each section (transposed direct form II) for which a constant input of 1 gives the
/// step response's final value from the first sample on. Scale it by a segment's first sample.
/// Refuses a filter with a pole at 1, which has no such state.
pub fn sosfilt_zi(sos: &Sos) -> Result<Vec<[f64; 2]>> {
    let mut arriving = 1.0;
    let mut state = Vec::with_capacity(sos.sections().len());
    for &[b0, b1, b2, _, a1, a2] in sos.sections() {
        // Both sums are exact or nearly so for poles and zeros next to 1, where SciPy's linear solve loses digits.
        let (sum_b, sum_a) = ((b0 + b1) + b2, (1.0 + a1) + a2);
        let level = sum_b / sum_a;
        if !level.is_finite() {
            return Err(Diag::usage("this filter has a pole at zero frequency and so no steady state")
                .help("raise the lower corner, or let the filter start from zero"));
        }
        state.push([arriving * (level - b0), arriving * (b2 - a2 * level)]);
        arriving *= level;
    }
    Ok(state)
}
