//! Beams: the power of what crosses the channels at given speeds.

use dasc_ir::graph::{
    Builder, Edge, InnerAxis, InnerRole, NodeId, Reduction, Role, Scope, Signal, WindowBody,
};
use dasc_ir::parameter::{Extent, Metres, Speed};
use dasc_ir::{DType, Rational, Result, Unit, choice, operator};

use super::Operator;
use crate::pieces::calculus::known;
use crate::pieces::extent::whole_samples;
use crate::pieces::fan::Direction;
use crate::pieces::level::power_unit;
use crate::pieces::lines::{Lines, steps};
use crate::pieces::plane::spacing;
use crate::pieces::weight::WindowName;

choice! {
    /// What is told of the beams.
    Output { Power = "power", Semblance = "semblance", Speed = "speed" }
}

operator! {
    /// Delay and sum: around each channel, the power of the mean over neighbouring channels along lines of constant speed; speeds lie
    /// side by side in place of frequency.
    ///
    /// A beam is the mean of x(t + d/v) over the channels at distances d from the one at hand, interpolated linearly between samples. Speeds of
    /// waves towards smaller distances are negative. With `semblance` the power is divided by the mean power of the channels along the line, which
    /// gives 0 to 1 (0 where nothing is). With `speed` each place and time has the speed of the greatest power, the lowest of equals.
    /// Means along lines, weighted by WEIGHTS, are over the channels that exist and that MUTE did not take out; those stay NaN. Beyond the
    /// ends of a stretch the data counts as 0. The result is f32.
    Beamform = "BEAMFORM" (
        /// How many channels, the one at hand in the middle; of an even number one more lies behind it.
        channels: u32,
        /// The speeds, each above 0 m/s.
        speeds: Vec<Speed>,
    ) {
        /// So many speeds between the two given, in equal steps of slowness.
        count: Option<u32> = None,
        /// Only waves that run towards larger distances (`outgoing`) or smaller ones (`incoming`), or `both`.
        direction: Direction = Direction::Both,
        /// Power, semblance, or the speed of the greatest power.
        output: Output = Output::Power,
        /// What weights the channels along a line: a symmetric window of two channels more, without its ends.
        weights: WindowName = WindowName::Boxcar,
        /// Length of the blocks that powers are averaged over, a duration of whole samples or a number of them; as STACK counts and labels them.
        stack: Option<Extent> = None,
        /// Distance between channels; the record's unless given.
        spacing: Option<Metres> = None,
    }
    formula "b(t, v) = (1/W) Σ_c w[c]·x[c](t + d[c]/v)   with W = Σ_c w[c]"
            "power      ⟨b²⟩   with ⟨·⟩ the mean over a block"
            "semblance  ⟨b²⟩ / ⟨(1/W) Σ_c w[c]·x[c](t + d[c]/v)²⟩";
    gives "Semblance";
    example "BEAMFORM 7 [300m/s,600m/s,2km/s] STACK=20ms OUTPUT=semblance";
    reference "NumPy: np.interp(t + d / v, t, x) with zeros before and after, summed over channels, squared, block means; the weights window(channels+2)[1:-1]";
}

impl Operator for Beamform {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let speeds = self.signed(b)?;
        let slowness: Vec<f64> = speeds.iter().map(|v| 1.0 / v).collect();
        let (unit, spacing) = (b.real(x)?.unit.clone(), spacing(b, x, self.spacing)?);
        let power = power_unit(&unit);
        let block = self.stack.map(|extent| whole_samples(b, x, "a block", extent)).transpose()?.unwrap_or(1);
        let axis = InnerAxis::listed(InnerRole::Velocity, &speeds, known("m/s")?);
        let lines = Lines::new(b, x, (self.channels, self.weights), spacing, &slowness, axis)?;
        let sum = lines.sum(b, false, unit)?;
        let squares = b.map(&[sum], power.clone(), DType::F64, |e| {
            let sum = e.input(0).to(DType::F64);
            vec![sum * sum]
        })?;
        let beams = blocks(b, squares, block)?;
        if self.output == Output::Semblance {
            let all = lines.sum(b, true, power)?;
            let all = blocks(b, all, block)?;
            return b.map(&[beams, all, lines.weight], Unit::none(), DType::F32, |e| {
                let (all, zero) = (e.input(1).to(DType::F64), e.constant(0.0));
                let ratio = e.input(0) / (all * e.input(2));
                // A channel that was taken out stays NaN.
                let nothing = all.eq(zero).and(e.input(2).gt(zero));
                vec![nothing.select(zero, ratio).to(DType::F32)]
            });
        }
        let powers = b.map(&[beams, lines.weight], power, DType::F32, |e| {
            let weight = e.input(1);
            vec![(e.input(0) / (weight * weight * e.constant(f64::from(block)))).to(DType::F32)]
        })?;
        match self.output {
            Output::Power | Output::Semblance => Ok(powers),
            Output::Speed => greatest(b, powers, &speeds),
        }
    }
}

impl Beamform {
    /// All speeds, those of incoming waves negative and before the others.
    fn signed(&self, b: &Builder) -> Result<Vec<f64>> {
        let example = "for example BEAMFORM 11 [300m/s,500m/s,800m/s] or BEAMFORM 11 [300m/s,5km/s] COUNT=40";
        let mut speeds: Vec<f64> = self.speeds.iter().map(|speed| speed.0).collect();
        if let Some(wrong) = speeds.iter().find(|v| !(**v > 0.0 && (1.0 / **v).is_finite())) {
            return Err(b.diag(format!("needs speeds above 0 m/s, not {wrong} m/s")).help(example));
        }
        match (self.count, speeds.as_slice()) {
            (None, _) => {}
            (Some(count @ 2..=1024), &[first, last]) => {
                let slowness = steps(1.0 / first, 1.0 / last, count);
                speeds = slowness.iter().map(|p| 1.0 / p).collect();
            }
            (Some(count), given) => {
                let message = format!(
                    "takes 2 to 1024 speeds between two that are given, not COUNT={count} between {}",
                    given.len()
                );
                return Err(b.diag(message).help(example));
            }
        }
        let incoming = speeds.iter().rev().map(|v| -v);
        Ok(match self.direction {
            Direction::Both => incoming.chain(speeds.iter().copied()).collect(),
            Direction::Outgoing => speeds,
            Direction::Incoming => incoming.collect(),
        })
    }
}

/// Sums over blocks of rows, labelled with their middle.
fn blocks(b: &mut Builder, x: NodeId, n: u32) -> Result<NodeId> {
    if n == 1 {
        return Ok(x);
    }
    let unit = b.signal(x)?.unit.clone();
    let middle = b.time(x)?.period * i64::from(n - 1).into() / Rational::integer(2);
    let (taps, body) = ((0, n as i32 - 1), WindowBody::Fold(Reduction::Sum));
    let sum = b.window(x, Role::Time, taps, n, Edge::Valid, body, unit, DType::F64)?;
    b.shift_origin(sum, middle);
    Ok(sum)
}

/// The lowest of the speeds whose power is the greatest; NaN where powers are.
fn greatest(b: &mut Builder, powers: NodeId, speeds: &[f64]) -> Result<NodeId> {
    let most = b.reduce(powers, Role::Inner, Reduction::Max, Scope::Segment)?;
    let (inner, metres) = (b.signal(powers)?.inner.clone(), known("m/s")?);
    let given = Signal { dtype: DType::F32, unit: metres.clone(), time: None, inner, channel: None };
    let speeds = b.constant(given, speeds)?;
    let named = b.map(&[powers, most, speeds], metres.clone(), DType::F32, |e| {
        vec![e.input(0).ge(e.input(1)).select(e.input(2), e.constant_of(f64::INFINITY, DType::F32))]
    })?;
    let lowest = b.reduce(named, Role::Inner, Reduction::Min, Scope::Segment)?;
    b.map(&[lowest], metres, DType::F32, |e| {
        let (x, none) = (e.input(0), e.constant_of(f64::INFINITY, DType::F32));
        vec![x.lt(none).select(x, e.constant_of(f64::NAN, DType::F32))]
    })
}
