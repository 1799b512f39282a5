//! Filtering forwards and backwards, so that nothing is shifted in time: `scipy.signal.sosfiltfilt` of each stretch between gaps.
//!
//! Composed of primitives: the stretch is mirrored through its end values, filtered from the settled state of its first sample,
//! turned round, filtered again, turned back, and what was added is taken away. Each turn waits for the stretch's end and costs
//! a pass over the temporary store, never memory.
//!
//! Within a tolerance the way back is a finite filter instead, the impulse response cut off where the rest adds up to no more than
//! that: it looks so many samples ahead, and streams. The settled state is a sample that lasts for ever, so beyond the end lies the
//! last one repeated, and the ends are those of `sosfiltfilt` too.

use dasc_ir::graph::builder::Section;
use dasc_ir::graph::{Builder, Edge, NodeId, Role, Signal, WindowBody};
use dasc_ir::{DType, Result};

use super::extent::whole_record;
use super::filter::of_step;
use super::sliding::{LONGEST_DIRECT, correlation, template};
use crate::design::{Sos, Structure, impulse_response, sosfilt_zi};

/// What to do instead where there is no whole record.
const STREAMING: &str =
    "TOL=1e-6 beside ZEROPHASE streams, that much off at most; without ZEROPHASE the causal filter does";

/// The furthest that a filter within a tolerance looks ahead, in samples: at 1 kHz four minutes.
const FARTHEST: usize = 1 << 18;

/// Filters along time in both directions. The response is the square of the filter's magnitude; there is no delay.
///
/// A sample that is not finite gives NaN at its place, and counts as 0 in either direction. Refuses live streams, and stretches
/// no longer than [`padding`] as SciPy does.
pub fn zero_phase(b: &mut Builder, x: NodeId, sos: &Sos) -> Result<NodeId> {
    sos.check().map_err(|diag| of_step(b, diag))?;
    whole_record(b, x, STREAMING)?;
    let float = b.real(x)?.float();
    let cascade = SettledCascade::of(b, sos)?;
    let forwards = cascade.forwards(b, x)?;
    let turned = b.reverse(forwards)?;
    let backwards = cascade.run(b, turned, float)?;
    let back = b.reverse(backwards)?;
    b.trim(back, cascade.pad)
}

/// The same with the impulse response of the way back cut off where the magnitudes of the rest add up to `tolerance`: no row differs
/// by more than `tolerance` times the largest magnitude of the stretch filtered forwards. Streams, with the latency of what is left.
///
/// Refuses a response longer than 262144 samples, and stretches as [`zero_phase`] does.
pub fn zero_phase_within(b: &mut Builder, x: NodeId, sos: &Sos, tolerance: f64) -> Result<NodeId> {
    sos.check().map_err(|diag| of_step(b, diag))?;
    let float = b.real(x)?.float();
    let cascade = SettledCascade::of(b, sos)?;
    let Some(response) = impulse_response(&cascade.structure, tolerance, FARTHEST) else {
        return Err(b
            .diag(format!("rings for more than {FARTHEST} samples before it is within TOL={tolerance}, and no filter looks further ahead"))
            .help("DECIMATE first, allow a larger TOL, or leave TOL out: then the whole record is filtered"));
    };
    let forwards = cascade.forwards(b, x)?;
    let unit = b.signal(forwards)?.unit.clone();
    let counted = b.map(&[forwards], unit.clone(), DType::F64, |e| {
        let (x, zero) = (e.input(0), e.constant(0.0));
        vec![(x * zero).eq(zero).select(x, zero)]
    })?;
    let ahead = response.len().saturating_sub(1) as u32;
    let backwards = ahead_of(b, counted, response)?;
    let both = b.map(&[backwards, forwards], unit, float, |e| {
        let missing = e.input(1) * e.constant(0.0);
        vec![(e.input(0) + missing).to(float)]
    })?;
    b.note(format!(
        "looks {ahead} samples ahead, so that no value is off by more than {tolerance} times the largest of the stretch filtered forwards"
    ));
    b.trim(both, cascade.pad)
}

/// `Σ response[k] · x[i + k]` in F64, the last sample repeated beyond the end.
fn ahead_of(b: &mut Builder, x: NodeId, response: Vec<f64>) -> Result<NodeId> {
    let (m, unit) = (response.len() as u32, b.signal(x)?.unit.clone());
    let ahead = m.saturating_sub(1);
    if response.len() <= LONGEST_DIRECT {
        let body = WindowBody::Dot(response);
        return b.window(x, Role::Time, (0, ahead as i32), 1, Edge::Nearest, body, unit, DType::F64);
    }
    let rows = b.time(x)?.rows.clone();
    let longer = b.extend(x, (0, ahead), Edge::Nearest)?;
    let taps = Signal { channel: None, ..template(b, x, m)? };
    let taps = b.constant(taps, &response)?;
    correlation(b, longer, taps, m, 0, rows)
}

/// A filter that starts as if the first sample had lasted for ever.
struct SettledCascade {
    structure: Structure,
    sections: Vec<Section>,
    settled: Vec<[f64; 2]>,
    /// Samples by which a stretch is extended at either end.
    pad: u32,
}

impl SettledCascade {
    fn of(b: &Builder, sos: &Sos) -> Result<SettledCascade> {
        let structure = sos.specialise();
        let sections = structure.sections.iter().map(|s| Section { b: s.b, a: s.a }).collect();
        let rows = structure.sections.iter().map(|s| [s.b[0], s.b[1], s.b[2], 1.0, s.a[0], s.a[1]]).collect();
        let settled = Sos::new(rows).and_then(|sos| sosfilt_zi(&sos)).map_err(|diag| of_step(b, diag))?;
        // The gain comes before the sections, so their states scale with it.
        let settled = settled.iter().map(|z| z.map(|z| z * structure.gain)).collect();
        Ok(SettledCascade { structure, sections, settled, pad: padding(sos) })
    }

    /// The stretch, mirrored through its ends, filtered in F64.
    fn forwards(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let x = b.convert(x, DType::F64)?;
        let extended = b.extend(x, (self.pad, self.pad), Edge::Odd)?;
        self.run(b, extended, DType::F64)
    }

    fn run(&self, b: &mut Builder, x: NodeId, dtype: DType) -> Result<NodeId> {
        b.biquads_settled(x, self.structure.gain, &self.sections, &self.settled, dtype)
    }
}

/// Samples by which `sosfiltfilt` extends a stretch at either end by default: three for each coefficient of the whole filter.
pub fn padding(sos: &Sos) -> u32 {
    let sections = sos.sections();
    let zero = |place: usize| sections.iter().filter(|s| s[place] == 0.0).count();
    let taps = 2 * sections.len() + 1 - zero(2).min(zero(5));
    3 * taps as u32
}
