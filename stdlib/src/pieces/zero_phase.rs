//! Filtering forwards and backwards, so that nothing is shifted in time: `scipy.signal.sosfiltfilt` of each stretch between gaps.
//!
//! Composed of primitives: the stretch is mirrored through its end values, filtered from the settled state of its first sample,
//! turned round, filtered again, turned back, and what was added is taken away. Each turn waits for the stretch's end and costs
//! a pass over the temporary store, never memory.

use dasc_ir::graph::builder::Section;
use dasc_ir::graph::{Builder, Edge, NodeId};
use dasc_ir::{DType, Result};

use super::extent::whole_record;
use super::filter::of_step;
use crate::design::{Sos, sosfilt_zi};

/// What to do instead where there is no whole record.
const CAUSAL: &str = "leave ZEROPHASE out: the causal filter streams";

/// Filters along time in both directions. The response is the square of the filter's magnitude; there is no delay.
///
/// A sample that is not finite gives NaN at its place, and counts as 0 in either direction. Refuses live streams, and stretches
/// no longer than [`padding`] as SciPy does.
pub fn zero_phase(b: &mut Builder, x: NodeId, sos: &Sos) -> Result<NodeId> {
    sos.check().map_err(|diag| of_step(b, diag))?;
    whole_record(b, x, CAUSAL)?;
    let float = b.real(x)?.float();
    let structure = sos.specialise();
    let sections: Vec<Section> = structure.sections.iter().map(|s| Section { b: s.b, a: s.a }).collect();
    let rows = structure.sections.iter().map(|s| [s.b[0], s.b[1], s.b[2], 1.0, s.a[0], s.a[1]]).collect();
    let settled = Sos::new(rows).and_then(|sos| sosfilt_zi(&sos)).map_err(|diag| of_step(b, diag))?;
    // The gain comes before the sections, so their states scale with it.
    let settled: Vec<[f64; 2]> = settled.iter().map(|z| z.map(|z| z * structure.gain)).collect();
    let pad = padding(sos);
    let x = b.convert(x, DType::F64)?;
    let extended = b.extend(x, pad, Edge::Odd)?;
    let forwards = b.biquads_settled(extended, structure.gain, &sections, &settled, DType::F64)?;
    let turned = b.reverse(forwards)?;
    let backwards = b.biquads_settled(turned, structure.gain, &sections, &settled, float)?;
    let back = b.reverse(backwards)?;
    b.trim(back, pad)
}

/// Samples by which `sosfiltfilt` extends a stretch at either end by default: three for each coefficient of the whole filter.
pub fn padding(sos: &Sos) -> u32 {
    let sections = sos.sections();
    let zero = |place: usize| sections.iter().filter(|s| s[place] == 0.0).count();
    let taps = 2 * sections.len() + 1 - zero(2).min(zero(5));
    3 * taps as u32
}
