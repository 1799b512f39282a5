//! Search for a known waveform.

use dasc_ir::graph::builder::window_rows;
use dasc_ir::graph::{Builder, Edge, NodeId, Reduction, Role, Rows, Scope};
use dasc_ir::parameter::Span1;
use dasc_ir::{DType, Diag, Result, Unit, operator};

use super::slice::{chosen_numbers, chosen_times};
use super::Operator;
use crate::pieces::extent::whole_record;
use crate::pieces::sliding::{correlation, squared_deviations};

/// The longest template, at 1 kHz seventeen minutes.
const LONGEST: u64 = 1 << 20;

operator! {
    /// How alike every stretch of the record is to a template: the correlation coefficient, −1 to 1, at the row where the stretch begins.
    ///
    /// The template is a stretch of the same record, on each channel its own, so that the moveout between channels is part of it: a MEAN over
    /// channels is the stacked detector, and THRESHOLD_DETECT makes events of either. Means are taken out of both. Where a stretch or the
    /// template does not vary the coefficient is 0. Rows whose stretch would reach beyond the end do not exist.
    TemplateMatch = "TEMPLATE_MATCH" (
        /// Where the template lies: durations from the first sample of the input (`2s..2.5s`), or sample numbers; no gap within.
        time: Span1,
    ) {
        /// The number of one channel whose template serves all (`10..11`); each channel its own unless given.
        ch: Option<Span1> = None,
    }
    formula "y[i] = Σ_k (q[k] − q̄)·(x[i+k] − x̄_i) / √(Σ_k (q[k] − q̄)² · Σ_k (x[i+k] − x̄_i)²)"
            "q is the template and x̄_i the mean of the stretch that begins at i";
    example "TEMPLATE_MATCH 0.5s..0.7s";
    reference "obspy.signal.cross_correlation.correlate_template(x, x[500:700], mode='valid', normalize='full', demean=True)";
}

impl Operator for TemplateMatch {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        whole_record(b, x, "a template from a record that has ended needs a run of its own")?;
        let float = b.real(x)?.float();
        let x = b.convert(x, float)?;
        let (raw, m) = self.template(b, x)?;
        let unit = b.signal(raw)?.unit.clone();
        // Twice: what rounding leaves of the mean of large numbers would be multiplied with the data's own offset.
        let mut template = raw;
        for _ in 0..2 {
            let mean = b.reduce(template, Role::Inner, Reduction::Mean, Scope::Segment)?;
            let inputs = [template, mean];
            template = b.map(&inputs, Unit::none(), DType::F64, |e| vec![e.input(0) - e.input(1)])?;
        }
        let squared = b.map(&[template], unit, DType::F64, |e| vec![e.input(0) * e.input(0)])?;
        let energy = b.reduce(squared, Role::Inner, Reduction::Sum, Scope::Segment)?;
        let rows = b.time(x)?.rows.map(|from, to| window_rows(from, to, 0, m as i32 - 1, 1, Edge::Valid));
        let product = correlation(b, x, template, m, 0, rows)?;
        let deviations = squared_deviations(b, x, m)?;
        b.map(&[product, deviations, energy], Unit::none(), float, |e| {
            let norm = (e.input(1) * e.input(2)).sqrt();
            let zero = e.constant(0.0);
            vec![norm.le(e.constant(f64::EPSILON)).select(zero, e.input(0) / norm).to(float)]
        })
    }
}

impl TemplateMatch {
    /// The template along the inner axis, in F64, and its length.
    fn template(&self, b: &mut Builder, x: NodeId) -> Result<(NodeId, u32)> {
        let stretch = chosen_times(b, x, &self.time)?;
        let (from, m) = self.extent(b, stretch)?;
        // Frames follow each other at multiples of their length; this is the one that is the template.
        let lo = i32::try_from(from.rem_euclid(i64::from(m))).map_err(|_| Diag::compiler("a frame within 2³¹"))?;
        let mut frame = b.frame(stretch, m, m, lo, Edge::Valid)?;
        if let Some(range) = &self.ch {
            frame = chosen_numbers(b, frame, range)?;
            let count = b.signal(frame)?.channels();
            if count != 1 {
                return Err(b.diag(format!("takes its template from one channel, but CH names {count}")));
            }
            frame = b.reduce(frame, Role::Channel, Reduction::Sum, Scope::Segment)?;
        }
        Ok((b.reduce(frame, Role::Time, Reduction::Sum, Scope::Record)?, m))
    }

    /// First row and length of the template.
    fn extent(&self, b: &Builder, stretch: NodeId) -> Result<(i64, u32)> {
        let Rows::Segments(ranges) = &b.time(stretch)?.rows else {
            return Err(Diag::compiler("a record that is whole has segments"));
        };
        let parts: Vec<_> = ranges.iter().filter(|(from, to)| from < to).collect();
        let (from, to) = match parts.as_slice() {
            [(from, to)] => (*from, *to),
            _ => return Err(b.diag("takes a template without gaps, but one lies within TIME")),
        };
        match u64::try_from(to - from) {
            Ok(m) if (2..=LONGEST).contains(&m) => Ok((from, m as u32)),
            _ => Err(b.diag(format!("needs a template of 2 to {LONGEST} samples, not {}", to - from))),
        }
    }
}
