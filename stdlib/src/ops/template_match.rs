//! Search for a known waveform.

use dasc_ir::graph::builder::window_rows;
use dasc_ir::graph::{Builder, Edge, NodeId, Reduction, Role, Scope, Signal};
use dasc_ir::parameter::{Hertz, Span1};
use dasc_ir::{DType, Diag, Rational, Result, Unit, operator};

use super::Operator;
use super::slice::{chosen_numbers, whole_times};
use crate::pieces::elsewhere::{Elsewhere, Known, known, one_stretch, same_rate};
use crate::pieces::extent::whole_record;
use crate::pieces::sliding::{correlation, squared_deviations, template};

/// The longest template, at 1 kHz seventeen minutes.
const LONGEST: u64 = 1 << 20;

operator! {
    /// How alike every stretch of the record is to a template: the correlation coefficient, −1 to 1, at the row where the stretch begins.
    ///
    /// The template is a stretch of the record itself, of another flow of the same READ (`TEMPLATE=clean`), or of a file that READ could
    /// read (`TEMPLATE='event.h5'`), and has the rate of the input. Each channel has its own, so that the moveout between channels is part of
    /// it: a MEAN over channels is the stacked detector, and THRESHOLD_DETECT makes events of either. A template of one channel serves all.
    /// Means are taken out of both. Where a stretch or the template does not vary the coefficient is 0. Rows whose stretch would reach
    /// beyond the end do not exist. With a template from a file the match streams; one from the record itself takes a pass before it.
    TemplateMatch = "TEMPLATE_MATCH" (
        /// Where the template lies: durations from its first sample (`2s..2.5s`; `0s..` is all), or sample numbers; all of it is there, without a gap.
        time: Span1,
    ) {
        /// What TIME and CH choose from: the name of a flow, or a path in quotes; the input itself unless given.
        template: Option<Elsewhere> = None,
        /// The number of one channel whose template serves all (`10..11`); of a file also as many as the input has.
        ch: Option<Span1> = None,
        /// Sampling rate of a template file that does not say it.
        fs: Option<Hertz> = None,
    }
    formula "y[i] = Σ_k (q[k] − q̄)·(x[i+k] − x̄_i) / √(Σ_k (q[k] − q̄)² · Σ_k (x[i+k] − x̄_i)²)"
            "q is the template and x̄_i the mean of the stretch that begins at i";
    gives "Correlation coefficient";
    example "TEMPLATE_MATCH 0.5s..0.7s";
    reference "obspy.signal.cross_correlation.correlate_template(x, x[500:700], mode='valid', normalize='full', demean=True)";
}

impl Operator for TemplateMatch {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let float = b.real(x)?.float();
        let x = b.convert(x, float)?;
        let Template { samples, energy, len: m } = self.prepared(b, x)?;
        let rows = b.time(x)?.rows.map(|from, to| window_rows(from, to, 0, m as i32 - 1, 1, Edge::Valid));
        let product = correlation(b, x, samples, m, 0, rows)?;
        let deviations = squared_deviations(b, x, m)?;
        b.map(&[product, deviations, energy], Unit::none(), float, |e| {
            let norm = (e.input(1) * e.input(2)).sqrt();
            let zero = e.constant(0.0);
            vec![norm.le(e.constant(f64::EPSILON)).select(zero, e.input(0) / norm).to(float)]
        })
    }
}

/// A template along the inner axis without its mean, the sum of its squares, both in F64, and its length.
struct Template {
    samples: NodeId,
    energy: NodeId,
    len: u32,
}

impl TemplateMatch {
    fn prepared(&self, b: &mut Builder, x: NodeId) -> Result<Template> {
        if self.fs.is_some() && !matches!(self.template, Some(Elsewhere::File(_))) {
            return Err(b.diag("takes FS for a template from a file only").help("a flow has the rate of its steps"));
        }
        match &self.template {
            None => self.of_rows(b, x),
            Some(Elsewhere::Node(flow)) => self.of_flow(b, x, *flow, "its flow"),
            Some(Elsewhere::Flow(name)) => {
                let flow = b.flow(name)?;
                self.of_flow(b, x, flow, &format!("`{name}`"))
            }
            Some(Elsewhere::File(path)) => {
                let rate = match self.fs {
                    None => None,
                    Some(Hertz(fs)) => {
                        let exact = Rational::approximate(fs).filter(|fs| *fs > Rational::ZERO);
                        Some(exact.ok_or_else(|| b.diag(format!("has FS={fs} Hz, which no record has")))?)
                    }
                };
                let stretch = known(b, x, path, (&self.time, self.ch.as_ref()), rate, LONGEST)?;
                given(b, x, path, &stretch)
            }
        }
    }

    /// Of another flow of the same record.
    fn of_flow(&self, b: &mut Builder, x: NodeId, flow: NodeId, name: &str) -> Result<Template> {
        let signal = b.real(flow)?;
        if signal.inner.is_some() {
            return Err(b.diag(format!("takes a template of samples, but the rows of {name} have several values")));
        }
        let (found, wanted) = (signal.channels(), b.signal(x)?.channels());
        same_rate(b, x, b, flow, name)?;
        if self.ch.is_none() && found != 1 && found != wanted {
            return Err(b
                .diag(format!("needs a template of 1 channel or of the {wanted} of its input, but {name} has {found}"))
                .help("choose one with CH, or SLICE the input alike"));
        }
        self.of_rows(b, flow)
    }

    /// Of rows that come before the match, in a pass of their own.
    fn of_rows(&self, b: &mut Builder, x: NodeId) -> Result<Template> {
        whole_record(b, x, "a template from a file streams: TEMPLATE='event.npy' TIME=0s..")?;
        let (raw, len) = self.stretch(b, x)?;
        let unit = b.signal(raw)?.unit.clone();
        // Twice: what rounding leaves of the mean of large numbers would be multiplied with the data's own offset.
        let mut samples = raw;
        for _ in 0..2 {
            let mean = b.reduce(samples, Role::Inner, Reduction::Mean, Scope::Segment)?;
            let inputs = [samples, mean];
            samples = b.map(&inputs, Unit::none(), DType::F64, |e| vec![e.input(0) - e.input(1)])?;
        }
        let squared = b.map(&[samples], unit, DType::F64, |e| vec![e.input(0) * e.input(0)])?;
        let energy = b.reduce(squared, Role::Inner, Reduction::Sum, Scope::Segment)?;
        Ok(Template { samples, energy, len })
    }

    /// The rows along the inner axis, in F64, and how many there are.
    fn stretch(&self, b: &mut Builder, x: NodeId) -> Result<(NodeId, u32)> {
        let chosen = whole_times(b, x, &self.time)?;
        let (from, m) = one_stretch(b, b, chosen, LONGEST)?;
        // Frames follow each other at multiples of their length; this is the one that is the template.
        let lo = i32::try_from(from.rem_euclid(i64::from(m))).map_err(|_| Diag::compiler("a frame within 2³¹"))?;
        let mut frame = b.frame(chosen, m, m, lo, Edge::Valid)?;
        if let Some(range) = &self.ch {
            frame = chosen_numbers(b, frame, range, "CH")?;
        }
        let count = b.signal(frame)?.channels();
        if self.ch.is_some() && count != 1 {
            return Err(b.diag(format!("takes its template from one channel, but CH names {count}")));
        }
        if count == 1 && b.signal(frame)?.channel.is_some() {
            frame = b.reduce(frame, Role::Channel, Reduction::Sum, Scope::Segment)?;
        }
        Ok((b.reduce(frame, Role::Time, Reduction::Sum, Scope::Record)?, m))
    }
}

/// Of samples that are known.
fn given(b: &mut Builder, x: NodeId, path: &str, known: &Known) -> Result<Template> {
    let wanted = b.signal(x)?.channels();
    let (m, channels) = (known.rows as usize, known.channels as usize);
    if known.channels != 1 && known.channels != wanted {
        return Err(b
            .diag(format!("needs a template of 1 channel or of the {wanted} of its input, but '{path}' gives {channels}"))
            .help("choose with CH, for instance CH=10..11"));
    }
    let mut samples = vec![0.0; m * channels];
    let mut energies = vec![0.0; channels];
    for (channel, energy) in energies.iter_mut().enumerate() {
        let mut line: Vec<f64> = known.values.iter().skip(channel).step_by(channels).copied().collect();
        // Twice, as above.
        for _ in 0..2 {
            let mean = line.iter().sum::<f64>() / m as f64;
            line.iter_mut().for_each(|x| *x -= mean);
        }
        *energy = line.iter().map(|x| x * x).sum();
        samples.iter_mut().skip(channel).step_by(channels).zip(line).for_each(|(slot, x)| *slot = x);
    }
    let mut along = template(b, x, known.rows)?;
    if channels == 1 {
        along.channel = None;
    }
    let alone = Signal { inner: None, ..along.clone() };
    Ok(Template { samples: b.constant(along, &samples)?, energy: b.constant(alone, &energies)?, len: known.rows })
}
