//! The adaptive frequency–wavenumber filter.

use dasc_ir::graph::expr::Writer;
use dasc_ir::graph::{Builder, Edge, NodeId, Reduction, Role, Scalar, Scope, TransformKind, WindowBody};
use dasc_ir::{DType, Result, Unit, operator};

use super::Operator;

/// The least and the greatest side of a window.
const SIDES: std::ops::RangeInclusive<u32> = 4..=256;

operator! {
    /// Brings out what neighbouring channels have in common: the spectrum of every small square of channels and samples is
    /// multiplied by its own magnitude to a power (Isken et al. 2022, doi:10.1093/gji/ggac229).
    ///
    /// Squares overlap and are laid together with linear flanks that add up to 1; beyond the ends of a stretch and of the fibre lies
    /// zero. Without NORMALIZE the unit is raised to the power 1 + EXPONENT, and amplitudes of squares compare.
    AdaptiveFk = "ADAPTIVE_FK" () {
        /// The power, 0 to 1; 0 changes nothing.
        exponent: f64 = 0.8,
        /// Channels and samples of a square: an even number, 4 to 256.
        window: u32 = 16,
        /// Channels and samples shared with the next square, less than half the window.
        overlap: u32 = 7,
        /// Divides the magnitudes of each square by their maximum first, which keeps the unit.
        normalize: bool = false,
    }
    formula "Y(f, k) = |X(f, k)|^EXPONENT · X(f, k)   of each square"
            "Y(f, k) = (|X(f, k)| / max|X|)^EXPONENT · X(f, k)   with NORMALIZE";
    example "ADAPTIVE_FK EXPONENT=0.8 WINDOW=16 OVERLAP=7";
    reference "lightguide.afk_filter(x, window, overlap, exponent, normalize), the record padded with zeros to whole windows";
}

impl Operator for AdaptiveFk {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let squares = Squares::new(self, b, x)?;
        let signal = b.real(x)?.clone();
        let time = b.time(x)?.clone();
        let unit = match self.normalize || signal.unit.is_none() {
            true => signal.unit.clone(),
            false => Unit::opaque(&format!("({})^{}", signal.unit, 1.0 + self.exponent)),
        };
        let (n, hop, lo) = (squares.side, squares.hop(), -(squares.overlap as i32));

        let lanes = b.gather(x, squares.channels())?;
        let padded = b.map(&[lanes], signal.unit.clone(), DType::F32, |e| {
            vec![squares.exists(e).select(e.input(0).to(DType::F32), e.constant_of(0.0, DType::F32))]
        })?;
        let frames = b.frame(padded, n, hop, lo, Edge::Cover)?;
        let spectrum = b.transform(frames, TransformKind::Forward, Role::Inner)?;
        let spectrum = b.wavenumbers(spectrum, n)?;
        let weighted = self.weigh(b, spectrum, &squares, unit.clone())?;
        let frames = b.from_wavenumbers(weighted)?;
        let frames = b.inverse(frames, n, f64::from(lo) * time.period.as_f64())?;
        let flanked = b.map(&[frames], unit.clone(), DType::F32, |e| {
            let along_time = squares.flank(e, e.index(Role::Inner));
            let weight = along_time * squares.flank(e, squares.within(e));
            vec![(e.input(0).to(DType::F64) * weight).to(DType::F32)]
        })?;
        let lanes = b.overlap_add(flanked, hop, lo, time)?;
        // A channel lies in one square or in two that overlap.
        let (later, earlier) = squares.places();
        let (later, earlier) = (b.gather(lanes, later)?, b.gather(lanes, earlier)?);
        // The input comes first because the result has its channels.
        b.map(&[x, later, earlier], unit, DType::F32, |e| {
            let twice = squares.shared(e).select(e.input(2), e.constant_of(0.0, DType::F32));
            vec![e.input(1) + twice]
        })
    }
}

impl AdaptiveFk {
    /// The spectrum times its magnitude to the power.
    fn weigh(&self, b: &mut Builder, spectrum: NodeId, squares: &Squares, unit: Unit) -> Result<NodeId> {
        let mut inputs = vec![spectrum];
        if self.normalize {
            let powers = b.map(&[spectrum], Unit::none(), DType::F64, |e| vec![power(e)])?;
            let most = b.reduce(powers, Role::Inner, Reduction::Max, Scope::Segment)?;
            let side = squares.side as i32;
            let body = WindowBody::Fold(Reduction::Max);
            let ahead = b.window(
                most,
                Role::Channel,
                (0, side - 1),
                1,
                Edge::Zero,
                body,
                Unit::none(),
                DType::F64,
            )?;
            inputs.push(b.gather(ahead, squares.firsts())?);
        }
        let exponent = self.exponent;
        b.map(&inputs, unit, DType::C32, |e| {
            let (zero, one) = (e.constant(0.0), e.constant(1.0));
            let mut share = power(e);
            if self.normalize {
                let most = e.input(1);
                share = most.gt(zero).select(share / most, zero);
            }
            let weight = if exponent == 0.0 {
                one
            } else {
                // NaN is no zero and stays.
                let positive = share.eq(zero).select(one, share);
                let raised = (positive.log() * e.constant(0.5 * exponent)).exp();
                share.eq(zero).select(zero, raised)
            };
            [e.input(0), e.imaginary(0)].map(|x| (x.to(DType::F64) * weight).to(DType::F32)).to_vec()
        })
    }
}

/// How channels are cut into squares: square `q` begins at channel `q · hop − overlap`.
#[derive(Clone, Copy, Debug)]
struct Squares {
    side: u32,
    overlap: u32,
    channels: u32,
}

impl Squares {
    fn new(filter: &AdaptiveFk, b: &Builder, x: NodeId) -> Result<Squares> {
        let (side, overlap) = (filter.window, filter.overlap);
        if !SIDES.contains(&side) || side % 2 != 0 {
            let (least, most) = (SIDES.start(), SIDES.end());
            return Err(b
                .diag(format!("needs an even WINDOW of {least} to {most}, not {side}"))
                .help("16 is usual"));
        }
        if overlap >= side / 2 {
            return Err(b
                .diag(format!("needs an OVERLAP below half the window of {side}, not {overlap}"))
                .help(format!("the largest possible is {}", side / 2 - 1)));
        }
        if !(0.0..=1.0).contains(&filter.exponent) {
            return Err(b
                .diag(format!("needs an EXPONENT of 0 to 1, not {}", filter.exponent))
                .help("0.8 is usual; 0 changes nothing"));
        }
        let signal = b.real(x)?;
        if signal.inner.is_some() {
            return Err(b.diag("needs a plain time series, but its input is already cut into frames"));
        }
        let axis = signal.channel.as_ref();
        let axis = axis.ok_or_else(|| b.diag("needs a channel axis, which its input does not have"))?;
        Ok(Squares { side, overlap, channels: axis.len })
    }

    const fn hop(&self) -> u32 {
        self.side - self.overlap
    }

    fn count(&self) -> u32 {
        (self.channels - 1 + self.overlap) / self.hop() + 1
    }

    /// The channel of every lane of the squares; what lies beyond the fibre reads its end.
    fn channels(&self) -> Vec<u32> {
        let at = |q: u32, i: u32| (q * self.hop() + i).saturating_sub(self.overlap).min(self.channels - 1);
        (0..self.count()).flat_map(|q| (0..self.side).map(move |i| at(q, i))).collect()
    }

    /// For every lane the first of its square.
    fn firsts(&self) -> Vec<u32> {
        (0..self.count() * self.side).map(|lane| lane / self.side * self.side).collect()
    }

    /// The lane of every channel in the last square it lies in, and in the one before; the first where there is none.
    fn places(&self) -> (Vec<u32>, Vec<u32>) {
        let place = |channel: u32| {
            let (q, i) = ((channel + self.overlap) / self.hop(), (channel + self.overlap) % self.hop());
            let later = q * self.side + i;
            (later, if i < self.overlap && q > 0 { later - self.side + self.hop() } else { later })
        };
        (0..self.channels).map(place).unzip()
    }

    /// Whether the channel at hand lies in two squares.
    fn shared<'a>(&self, e: &'a Writer) -> Scalar<'a> {
        let at = e.index(Role::Channel) + e.constant(self.overlap.into());
        remainder(e, at, self.hop()).lt(e.constant(self.overlap.into()))
    }

    /// Place of a lane within its square.
    fn within<'a>(&self, e: &'a Writer) -> Scalar<'a> {
        remainder(e, e.index(Role::Channel), self.side)
    }

    /// Whether a lane of the squares is a channel of the fibre.
    fn exists<'a>(&self, e: &'a Writer) -> Scalar<'a> {
        let (within, lane) = (self.within(e), e.index(Role::Channel));
        let square = (lane - within) / e.constant(self.side.into());
        let channel = square.fma(e.constant(self.hop().into()), within) - e.constant(self.overlap.into());
        channel.ge(e.constant(0.0)).and(channel.lt(e.constant(self.channels.into())))
    }

    /// Linear flanks over the overlap; they add up to 1 with those of the neighbours.
    fn flank<'a>(&self, e: &'a Writer, at: Scalar<'a>) -> Scalar<'a> {
        let one = e.constant(1.0);
        let from_end = (at + one).min(e.constant(self.side.into()) - at);
        (from_end / e.constant(f64::from(self.overlap) + 1.0)).min(one)
    }
}

/// What is left of a whole number.
fn remainder<'a>(e: &'a Writer, number: Scalar<'a>, of: u32) -> Scalar<'a> {
    let whole = (number / e.constant(of.into())).floor();
    number - whole * e.constant(of.into())
}

/// The squared magnitude of the first input.
fn power(e: &Writer) -> Scalar<'_> {
    let (re, im) = (e.input(0).to(DType::F64), e.imaginary(0).to(DType::F64));
    re.fma(re, im * im)
}
