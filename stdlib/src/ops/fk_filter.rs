//! Waves chosen by their apparent speed along the fibre.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::{Metres, Speed};
use dasc_ir::{DType, Result, operator};

use super::Operator;
use crate::pieces::fan::{Direction, Fan, Keep, Steps};
use crate::pieces::plane::{Patch, Plane, spacing};

operator! {
    /// Keeps (or takes out) waves by their apparent speed along the fibre, in the frequency–wavenumber domain.
    ///
    /// The four speeds ascend: nothing passes at the first, everything from the second to the third, nothing at the fourth, with
    /// flanks of a quarter sine between. Windows overlap by half and are weighted by the root of a Hann window before and after, so
    /// that what passes is unchanged; beyond the ends of a stretch lies zero. `WINDOW=record` transforms the record at once,
    /// unweighted, and refuses more than 16777216 numbers. The ends of the fibre meet, as in any discrete transform, and its last wavenumber counts half to each direction.
    FkFilter = "FK_FILTER" (
        /// No slower wave passes.
        slowest: Speed,
        /// From here on all pass.
        slow: Speed,
        /// To here all pass.
        fast: Speed,
        /// No faster wave passes.
        fastest: Speed,
    ) {
        /// `pass` keeps the fan of speeds, `stop` takes it out.
        keep: Keep = Keep::Pass,
        /// Only waves that run towards larger distances (`outgoing`) or smaller ones (`incoming`) belong to the fan, or `both`.
        direction: Direction = Direction::Both,
        /// A duration or a number of samples, made even; or `record`. 1024 samples unless given, or the record if it is shorter.
        window: Option<Patch> = None,
        /// Distance between channels; the record's unless given.
        spacing: Option<Metres> = None,
    }
    formula "Y(f, k) = W(|f/k|)·X(f, k);   1 − W with KEEP=stop"
            "W(v) = sin(½π·(v − slowest)/(slow − slowest)) to slow, 1 to fast, 1 − sin(½π·(v − fast)/(fastest − fast)) to fastest, else 0";
    example "FK_FILTER 300m/s 400m/s 2km/s 3km/s WINDOW=256";
    reference "dascore.Patch.slope_filter([slowest, slow, fast, fastest]) of every window, of lengths that DASCore does not pad (scipy.fft.next_fast_len)";
}

impl Operator for FkFilter {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let speeds = [self.slowest.0, self.slow.0, self.fast.0, self.fastest.0];
        let ascending = speeds.windows(2).all(|pair| pair[0] <= pair[1]);
        if !ascending || speeds[0] < 0.0 || speeds[3] <= 0.0 {
            let [a, b1, c, d] = speeds;
            return Err(b
                .diag(format!("needs four speeds that ascend from 0 m/s on, not {a}, {b1}, {c} and {d} m/s"))
                .help("for example FK_FILTER 300m/s 400m/s 2km/s 3km/s; DIRECTION= tells directions apart"));
        }
        let plane = Plane::new(b, x, self.window)?;
        let spacing = spacing(b, x, self.spacing)?;
        let rate = b.rate(x)?;
        let spectrum = plane.spectrum(b, x)?;
        let unit = b.signal(spectrum)?.unit.clone();
        let fan = Fan { speeds, keep: self.keep, direction: self.direction };
        let steps = Steps { frequency: rate / f64::from(plane.n), spacing, channels: plane.channels };
        let chosen = b.map(&[spectrum], unit, DType::C32, |e| {
            let weight = fan.weight(e, steps).to(DType::F32);
            vec![e.input(0) * weight, e.imaginary(0) * weight]
        })?;
        plane.samples(b, chosen)
    }
}
