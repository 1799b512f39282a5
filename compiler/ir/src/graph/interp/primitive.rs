//! The primitives other than windows, each by its definition.

use super::expression::{Evaluator, Number, Place, maximum, minimum};
use super::fourier;
use super::tensor::{Stretch, Tensor};
use super::window::Places;
use crate::graph::builder::slice_rows;
use crate::graph::prim::{Edge, Emission, Init, Reduction, Role, Scope, StateVar, TransformKind, View};
use crate::graph::{Expr, Rows, Signal};
use crate::{DType, Diag, Result};

pub fn map(expr: &Expr, inputs: &[&Tensor], out: Tensor) -> Result<Tensor> {
    let types: Vec<DType> = inputs.iter().map(|t| t.dtype).collect();
    let mut evaluator = Evaluator::new(expr, &types, &[])?;
    let places = Places::of(&out);
    out.fill(|segment, row, inner, channel, element| {
        let load = |input: u32, _: i32, plane: u32| {
            inputs
                .get(input as usize)
                .map_or(f64::NAN, |t| t.at(segment, row, inner, channel, plane as usize))
        };
        store(evaluator.evaluate(&places.at(segment, row, inner, channel), &[], load)?, element);
        Ok(())
    })
}

/// One result per plane.
pub fn store(results: impl Iterator<Item = Number>, element: &mut [f64]) {
    for (slot, result) in element.iter_mut().zip(results) {
        *slot = result.as_f64();
    }
}

pub fn scan(state: &[StateVar], step: &Expr, inputs: &[&Tensor], mut out: Tensor) -> Result<Tensor> {
    let types: Vec<DType> = state.iter().map(|s| s.dtype).collect();
    let given: Vec<DType> = inputs.iter().map(|t| t.dtype).collect();
    let mut step = Evaluator::new(step, &given, &types)?;
    let places = Places::of(&out);
    let ranges = out.ranges.clone();
    for (segment, (a, b)) in ranges.into_iter().enumerate().filter(|(_, (a, b))| a < b) {
        for (inner, channel) in (0..out.inner).flat_map(|i| (0..out.channels).map(move |c| (i, c))) {
            let load = |row: i64| {
                move |input: u32, _: i32, plane: u32| {
                    inputs
                        .get(input as usize)
                        .map_or(f64::NAN, |t| t.at(segment, row, inner, channel, plane as usize))
                }
            };
            let first = places.at(segment, a, inner, channel);
            let mut now = initial(state, &given, &first, load(a))?;
            for row in a..b {
                let place = places.at(segment, row, inner, channel);
                let mut results = step.evaluate(&place, &now, load(row))?;
                let next: Vec<Number> = results.by_ref().take(state.len()).collect();
                if let Some(at) = out.offset(segment, row, inner, channel, 0) {
                    let planes = out.planes;
                    store(results, &mut out.values[at..at + planes]);
                }
                now = next;
            }
        }
    }
    Ok(out)
}

fn initial(
    state: &[StateVar],
    given: &[DType],
    first: &Place,
    load: impl Fn(u32, i32, u32) -> f64,
) -> Result<Vec<Number>> {
    let mut values = Vec::with_capacity(state.len());
    for variable in state {
        values.push(match &variable.init {
            Init::Value(value) => Number::load(*value, variable.dtype),
            Init::First(expr) => {
                let mut evaluator = Evaluator::new(expr, given, &[])?;
                let value = evaluator.evaluate(first, &[], &load)?.next();
                value.ok_or_else(|| Diag::compiler("an initial state has no value"))?
            }
        });
    }
    Ok(values)
}

/// Sum 0, minimum ∞, maximum −∞, mean, deviation and quantile NaN of nothing. Minimum, maximum and quantile are NaN if any value is.
pub fn accumulate(how: Reduction, values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let sum = || values.iter().sum::<f64>();
    match how {
        // A sum of nothing is +0; Rust's is −0.
        Reduction::Sum => sum() + 0.0,
        Reduction::Min => values.iter().copied().fold(f64::INFINITY, minimum),
        Reduction::Max => values.iter().copied().fold(f64::NEG_INFINITY, maximum),
        Reduction::Mean => sum() / n,
        Reduction::Std => {
            let mean = sum() / n;
            (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt()
        }
        Reduction::Quantile(quantile) => quantile.of(&mut values.to_vec()),
    }
}

pub fn reduce(along: Role, how: Reduction, scope: Scope, x: &Tensor, signal: &Signal) -> Result<Tensor> {
    let mut values = Vec::new();
    match along {
        Role::Time => {
            let segments = x.ranges.len();
            let rows = if scope == Scope::Segment { segments } else { 1 };
            Tensor::statistic(signal, rows)?.fill(|statistic, _, inner, channel, element| {
                let covered = if scope == Scope::Segment { statistic..statistic + 1 } else { 0..segments };
                values.clear();
                for segment in covered {
                    let (a, b) = x.ranges[segment];
                    values.extend((a..b).map(|row| x.at(segment, row, inner, channel, 0)));
                }
                element[0] = accumulate(how, &values);
                Ok(())
            })
        }
        Role::Inner => Tensor::zeros(signal, &[x])?.fill(|segment, row, _, channel, element| {
            values.clear();
            values.extend((0..x.inner).map(|i| x.at(segment, row, i, channel, 0)));
            element[0] = accumulate(how, &values);
            Ok(())
        }),
        Role::Channel => Tensor::zeros(signal, &[x])?.fill(|segment, row, inner, _, element| {
            values.clear();
            values.extend((0..x.channels).map(|c| x.at(segment, row, inner, c, 0)));
            element[0] = accumulate(how, &values);
            Ok(())
        }),
    }
}

pub fn view(view: &View, x: &Tensor, out: Tensor) -> Result<Tensor> {
    let planes = |element: &mut [f64], read: &dyn Fn(usize) -> f64| {
        for (plane, value) in element.iter_mut().enumerate() {
            *value = read(plane);
        }
        Ok(())
    };
    match view {
        &View::Slice { along: Role::Time, start, stop, step } => {
            let (base, _) = slice_rows(&Rows::Segments(x.ranges.clone()), start, stop, step);
            out.fill(|segment, row, inner, channel, element| {
                let from = base + row * i64::from(step);
                planes(element, &|p| x.at(segment, from, inner, channel, p))
            })
        }
        &View::Slice { along: Role::Inner, start, step, .. } => {
            out.fill(|segment, row, inner, channel, element| {
                let from = start as usize + inner * step as usize;
                planes(element, &|p| x.at(segment, row, from, channel, p))
            })
        }
        &View::Slice { along: Role::Channel, start, step, .. } => {
            out.fill(|segment, row, inner, channel, element| {
                let from = start as usize + channel * step as usize;
                planes(element, &|p| x.at(segment, row, inner, from, p))
            })
        }
        &View::Frame { hop, lo, edge, .. } => out.fill(|segment, row, inner, channel, element| {
            let (a, b) = x.ranges.get(segment).copied().unwrap_or((0, 0));
            let from = super::window::extend(edge, row * i64::from(hop) + i64::from(lo) + inner as i64, a, b);
            planes(element, &|p| from.map_or(0.0, |from| x.at(segment, from, 0, channel, p)))
        }),
        View::Join => Err(Diag::compiler("a join has several inputs")),
        &View::Extend { edge, .. } => out.fill(|segment, row, inner, channel, element| {
            let (a, b) = x.ranges.get(segment).copied().unwrap_or((0, 0));
            let shown = super::window::extend(edge, row, a, b);
            planes(element, &|p| {
                let value = shown.map_or(0.0, |r| x.at(segment, r, inner, channel, p));
                match edge {
                    Edge::Odd if row < a => 2.0 * x.at(segment, a, inner, channel, p) - value,
                    Edge::Odd if row >= b => 2.0 * x.at(segment, b - 1, inner, channel, p) - value,
                    Edge::Odd
                    | Edge::Valid
                    | Edge::Zero
                    | Edge::Nearest
                    | Edge::Reflect
                    | Edge::Mirror
                    | Edge::Cover => value,
                }
            })
        }),
        View::Reverse => out.fill(|segment, row, inner, channel, element| {
            let (a, b) = x.ranges.get(segment).copied().unwrap_or((0, 0));
            planes(element, &|p| x.at(segment, a + b - 1 - row, inner, channel, p))
        }),
        View::Widen { before, edge, .. } => out.fill(|segment, row, inner, channel, element| {
            let from = edge.position(inner as i64 - i64::from(*before), x.inner as i64);
            planes(element, &|p| from.map_or(0.0, |i| x.at(segment, row, i as usize, channel, p)))
        }),
        View::OverlapAdd { hop, lo, weights } => {
            let (n, hop) = (x.inner as i64, i64::from(*hop));
            out.fill(|segment, row, _, channel, element| {
                let (a, b) = x.ranges.get(segment).copied().unwrap_or((0, 0));
                // Frame j covers the row when 0 <= at - j * hop < n.
                let at = row - i64::from(*lo);
                let frames = ((at - n).div_euclid(hop) + 1).max(a)..(at.div_euclid(hop) + 1).min(b);
                let weight: f64 = frames.clone().filter_map(|j| weights.get((at - j * hop) as usize)).sum();
                let weight = if weight > crate::kernel::LEAST_WEIGHT { weight } else { 1.0 };
                planes(element, &|p| {
                    let added = frames.clone().map(|j| x.at(segment, j, (at - j * hop) as usize, channel, p));
                    (added.sum::<f64>() + 0.0) / weight
                })
            })
        }
    }
}

/// Sums of products at each lag, over all positions that both frames have.
pub fn correlate(lo: i32, x: &Tensor, t: &Tensor, out: Tensor) -> Result<Tensor> {
    let (n, m) = (x.inner as i64, t.inner as i64);
    out.fill(|segment, row, inner, channel, element| {
        let lag = i64::from(lo) + inner as i64;
        let both = (-lag).max(0)..(n - lag).min(m);
        element[0] = both.fold(0.0, |sum, k| {
            let a = t.at(segment, row, k as usize, channel, 0);
            let b = x.at(segment, row, (k + lag) as usize, channel, 0);
            if a.is_finite() && b.is_finite() { a.mul_add(b, sum) } else { f64::NAN }
        });
        Ok(())
    })
}

/// Inputs side by side along the inner axis.
pub fn join(inputs: &[&Tensor], out: Tensor) -> Result<Tensor> {
    let places: Vec<(&Tensor, usize)> =
        inputs.iter().flat_map(|x| (0..x.inner).map(move |inner| (*x, inner))).collect();
    out.fill(|segment, row, inner, channel, element| {
        let (x, from) =
            places.get(inner).ok_or_else(|| Diag::compiler("a join has more positions than its inputs"))?;
        for (plane, value) in element.iter_mut().enumerate() {
            *value = x.at(segment, row, *from, channel, plane);
        }
        Ok(())
    })
}

pub fn gather(channels: &[u32], x: &Tensor, out: Tensor) -> Result<Tensor> {
    out.fill(|segment, row, inner, channel, element| {
        for (plane, value) in element.iter_mut().enumerate() {
            *value = x.at(segment, row, inner, channels[channel] as usize, plane);
        }
        Ok(())
    })
}

pub fn transform(kind: TransformKind, along: Role, n: u32, x: &Tensor, mut out: Tensor) -> Result<Tensor> {
    let lane = |segment: usize, row: i64, channel: usize, plane: usize| -> Vec<f64> {
        (0..x.inner).map(|i| x.at(segment, row, i, channel, plane)).collect()
    };
    match along {
        Role::Inner => {
            let channels = out.channels;
            for (segment, (a, b)) in out.ranges.clone().into_iter().enumerate() {
                for (row, channel) in (a..b).flat_map(|r| (0..channels).map(move |c| (r, c))) {
                    let re = lane(segment, row, channel, 0);
                    let values = match kind {
                        TransformKind::Forward => fourier::forward(&re),
                        TransformKind::Analytic => {
                            let im = lane(segment, row, channel, 1);
                            fourier::analytic_of(&re.into_iter().zip(im).collect::<Vec<_>>(), n as usize)
                        }
                        TransformKind::Inverse => {
                            let im = lane(segment, row, channel, 1);
                            let bins: Vec<_> = re.into_iter().zip(im).collect();
                            fourier::inverse(&bins, n as usize).into_iter().map(|v| (v, 0.0)).collect()
                        }
                    };
                    for (inner, value) in values.into_iter().enumerate() {
                        put(&mut out, (segment, row, inner, channel), value);
                    }
                }
            }
        }
        Role::Time if kind == TransformKind::Inverse => {
            let whole = out.ranges.iter().copied().enumerate().find(|(_, (a, b))| a < b);
            let Some((segment, (a, b))) = whole else { return Ok(out) };
            for channel in 0..out.channels {
                let bins: Vec<_> = lane(0, 0, channel, 0).into_iter().zip(lane(0, 0, channel, 1)).collect();
                for (row, value) in (a..b).zip(fourier::inverse(&bins, n as usize)) {
                    put(&mut out, (segment, row, 0, channel), (value, 0.0));
                }
            }
        }
        Role::Time => {
            let lanes = (0..x.inner).flat_map(|i| (0..x.channels).map(move |c| (i, c)));
            for (inner, channel) in lanes {
                for (segment, &(a, b)) in x.ranges.iter().enumerate().filter(|(_, (a, b))| a < b) {
                    let values: Vec<f64> = (a..b).map(|r| x.at(segment, r, inner, channel, 0)).collect();
                    match kind {
                        TransformKind::Analytic => {
                            for (row, value) in (a..b).zip(fourier::analytic(&values)) {
                                put(&mut out, (segment, row, inner, channel), value);
                            }
                        }
                        TransformKind::Forward => {
                            for (bin, value) in fourier::forward(&values).into_iter().enumerate() {
                                put(&mut out, (0, 0, bin, channel), value);
                            }
                        }
                        TransformKind::Inverse => {
                            return Err(Diag::compiler("an inverse transform along time is another"));
                        }
                    }
                }
            }
        }
        Role::Channel => {
            let sign = match kind {
                TransformKind::Forward => -1.0,
                TransformKind::Inverse => 1.0,
                TransformKind::Analytic => {
                    return Err(Diag::compiler("there is no analytic signal along channels"));
                }
            };
            let (block, inner) = (n.max(1) as usize, out.inner);
            let scale = if kind == TransformKind::Inverse { 1.0 / block as f64 } else { 1.0 };
            for (segment, (a, b)) in out.ranges.clone().into_iter().enumerate() {
                for (row, inner) in (a..b).flat_map(|r| (0..inner).map(move |i| (r, i))) {
                    for first in (0..x.channels).step_by(block) {
                        let values: Vec<_> = (first..first + block)
                            .map(|c| {
                                let plane = |p| x.at(segment, row, inner, c, p);
                                (plane(0), if x.planes > 1 { plane(1) } else { 0.0 })
                            })
                            .collect();
                        for (c, (re, im)) in (first..).zip(fourier::dft(&values, sign)) {
                            put(&mut out, (segment, row, inner, c), (re * scale, im * scale));
                        }
                    }
                }
            }
        }
    }
    Ok(out)
}

fn put(
    out: &mut Tensor,
    (segment, row, inner, channel): (usize, i64, usize, usize),
    value: fourier::Complex,
) {
    if let Some(at) = out.offset(segment, row, inner, channel, 0) {
        for (slot, part) in out.values[at..].iter_mut().zip([value.0, value.1]).take(out.planes) {
            *slot = part;
        }
    }
}

/// obspy.signal.trigger.trigger_onset of each segment and channel; NaN ends a stretch, and so does the end of the segment.
pub fn emit(emission: &Emission, level: &Tensor) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    for (segment, &(a, b)) in level.ranges.iter().enumerate() {
        for channel in 0..level.channels {
            let mut open: Option<Stretch> = None;
            for row in a..b {
                let value = level.at(segment, row, 0, channel, 0);
                open = match open {
                    Some(stretch) if value > emission.off => Some(Stretch {
                        end: row + 1,
                        peak_row: if value > stretch.peak { row } else { stretch.peak_row },
                        peak: stretch.peak.max(value),
                        ..stretch
                    }),
                    Some(stretch) => {
                        stretches.push(stretch);
                        None
                    }
                    None => None,
                };
                if open.is_none() && value > emission.on {
                    open = Some(Stretch {
                        segment,
                        channel,
                        first: row,
                        end: row + 1,
                        peak_row: row,
                        peak: value,
                    });
                }
            }
            stretches.extend(open);
        }
    }
    stretches
}
