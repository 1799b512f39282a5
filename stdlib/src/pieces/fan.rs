//! The velocity fan: which speeds along the fibre pass, as a weight of every frequency and wavenumber.

use std::f64::consts::FRAC_PI_2;

use dasc_ir::choice;
use dasc_ir::graph::expr::Writer;
use dasc_ir::graph::{Role, Scalar};

choice! {
    /// What happens to the speeds of the fan.
    Keep { Pass = "pass", Stop = "stop" }
}

choice! {
    /// Waves that travel towards larger distances are outgoing, towards smaller ones incoming.
    Direction { Both = "both", Outgoing = "outgoing", Incoming = "incoming" }
}

/// Apparent speeds |f / k|, in m/s and ascending: nothing of the first, all from the second to the third, nothing of the fourth.
/// The flanks are quarters of a sine, as DASCore's slope_filter has them.
#[derive(Clone, Copy, Debug)]
pub struct Fan {
    pub speeds: [f64; 4],
    pub keep: Keep,
    pub direction: Direction,
}

/// Steps of the axes of a two-dimensional spectrum.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    /// Hz between frequencies.
    pub frequency: f64,
    /// Metres between channels; negative where distances fall with the channels.
    pub spacing: f64,
    pub channels: u32,
}

impl Fan {
    /// The weight at frequency number `inner` and wavenumber number `channel`, in the order of numpy.fft.rfft2 over (channel, time).
    pub fn weight<'a>(&self, e: &'a Writer, steps: Steps) -> Scalar<'a> {
        let channels = f64::from(steps.channels);
        let (zero, one) = (e.constant(0.0), e.constant(1.0));
        let frequency = e.index(Role::Inner);
        // Wavenumbers beyond the first half are negative; of an even number the one in the middle is both.
        let at = e.index(Role::Channel);
        let negative = at.gt(e.constant(((steps.channels - 1) / 2).into()));
        let folded = negative.select(e.constant(channels) - at, at);
        let unit = steps.frequency * channels * steps.spacing.abs();
        let speed = frequency * e.constant(unit) / folded;
        // Nothing moves at frequency 0, and what all channels see at once is infinitely fast.
        let speed = frequency.eq(zero).select(zero, speed);
        let mut inside = self.inside(e, speed);
        if self.direction != Direction::Both {
            // exp(2πi(ft + kx)) travels outwards where f and k differ in sign, and f is positive here.
            let outgoing = (self.direction == Direction::Outgoing) == (steps.spacing >= 0.0);
            let (ours, theirs) = if outgoing { (one, zero) } else { (zero, one) };
            let mut share = negative.select(ours, theirs);
            if steps.channels.is_multiple_of(2) {
                share = at.eq(e.constant(0.5 * channels)).select(e.constant(0.5), share);
            }
            inside = inside * frequency.eq(zero).select(one, share);
        }
        match self.keep {
            Keep::Pass => inside,
            Keep::Stop => one - inside,
        }
    }

    /// 1 within the fan, falling to 0 over its flanks.
    fn inside<'a>(&self, e: &'a Writer, speed: Scalar<'a>) -> Scalar<'a> {
        let [a, b, c, d] = self.speeds;
        let (zero, one) = (e.constant(0.0), e.constant(1.0));
        let flank = |from: f64, to: f64| {
            let share = (speed - e.constant(from)) * e.constant(FRAC_PI_2 / (to - from));
            // Beyond the flank the sine is not wanted, and its argument must not be infinite.
            share.max(zero).min(e.constant(FRAC_PI_2)).sin()
        };
        let rising = if a < b { flank(a, b) } else { speed.ge(e.constant(b)).select(one, zero) };
        let falling = if c < d { one - flank(c, d) } else { speed.le(e.constant(c)).select(one, zero) };
        speed.lt(e.constant(b)).select(rising, falling)
    }
}
