//! Where the ticks of an axis go and what they say.

/// A tick at `at`, a fraction of the axis from its low to its high end. Minor ticks have no label.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub label: String,
}

/// Ticks and the text beside an axis.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scale {
    pub ticks: Vec<Tick>,
    pub title: String,
    /// Follows the title and is kept where the title must be cut: ` (ms)`.
    pub unit: String,
}

/// How much room there is: the axis is `length` long, and a label takes `size(label)` of it.
#[derive(Clone, Copy)]
pub(crate) struct Room<'a> {
    pub length: f64,
    pub size: &'a dyn Fn(&str) -> f64,
}

impl Room<'_> {
    /// The ticks of `make(wanted)` for the largest number of ticks whose labels keep clear of each other.
    pub fn fill(&self, make: impl Fn(usize) -> Vec<Tick>) -> Vec<Tick> {
        let clear = |ticks: &[Tick]| {
            let labelled: Vec<_> = ticks.iter().filter(|tick| !tick.label.is_empty()).collect();
            labelled.windows(2).all(|pair| match pair {
                [a, b] => {
                    (b.at - a.at).abs() * self.length >= ((self.size)(&a.label) + (self.size)(&b.label)) / 2.0
                }
                _ => true,
            })
        };
        (1..=8).rev().map(make).find(|ticks| clear(ticks)).unwrap_or_default()
    }
}

/// Ticks at multiples of 1, 2 or 5 times a power of ten from `low` to `high` (in either order), at most `most` + 1 of
/// them labelled, with minor ticks between. `integers` keeps steps whole. Labels are the values times `factor`.
pub fn linear_ticks(low: f64, high: f64, factor: f64, most: usize, integers: bool) -> Vec<Tick> {
    let (from, to) = (low.min(high) * factor, low.max(high) * factor);
    let span = to - from;
    if !(span > 0.0 && span.is_finite()) {
        return Vec::new();
    }
    let smallest = span / most.max(1) as f64;
    let mut power = smallest.log10().floor() as i32;
    if integers {
        power = power.max(0);
    }
    let unit = 10f64.powi(power);
    let mantissa =
        [1u8, 2, 5, 10].into_iter().find(|m| f64::from(*m) * unit >= smallest * (1.0 - 1e-9)).unwrap_or(10);
    let step = f64::from(mantissa) * unit;
    let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
    let parts = if mantissa == 2 { 4u8 } else { 5 };
    let parts = if integers && step < f64::from(parts) { 1 } else { parts };
    let fine = step / f64::from(parts);
    let first = (from / fine - 1e-6).ceil();
    let count = ((to / fine + 1e-6).floor() - first).clamp(-1.0, 500.0) as i64;
    (0..=count)
        .map(|k| {
            let index = first + k as f64;
            let value = index * fine;
            let at = ((value / factor - low) / (high - low)).clamp(0.0, 1.0);
            let major = index.rem_euclid(f64::from(parts)) == 0.0;
            Tick { at, label: if major { number(value, decimals) } else { String::new() } }
        })
        .collect()
}

/// Ticks on a logarithmic axis from `low` to `high`, the natural logarithms of its ends: as many of 1 to 9 times the powers of ten
/// as `most` + 1 labels allow, the others minor. Labels are the values times `factor`.
pub(crate) fn log_ticks(low: f64, high: f64, factor: f64, most: usize) -> Vec<Tick> {
    let (from, to) = (low.min(high).exp() * factor, low.max(high).exp() * factor);
    let at = |value: f64| (((value / factor).ln() - low) / (high - low)).clamp(0.0, 1.0);
    if to / from <= 3.0 {
        // Less than half a decade has hardly a round number of one digit.
        let linear = linear_ticks(from, to, 1.0, most, false);
        return linear
            .into_iter()
            .map(|tick| Tick { at: at(from + tick.at * (to - from)), ..tick })
            .collect();
    }
    let decades = (from.log10().floor() as i32)..=(to.log10().floor() as i32).min(from.log10() as i32 + 60);
    let all: Vec<(u8, i32)> = decades
        .flat_map(|power| (1..=9u8).map(move |digit| (digit, power)))
        .filter(|(digit, power)| {
            let value = f64::from(*digit) * 10f64.powi(*power);
            (from * (1.0 - 1e-9)..=to * (1.0 + 1e-9)).contains(&value)
        })
        .collect();
    let sets: [&[u8]; 4] = [&[1, 2, 3, 4, 5, 6, 7, 8, 9], &[1, 2, 5], &[1, 3], &[1]];
    let counted = |set: &[u8]| all.iter().filter(|(digit, _)| set.contains(digit)).count();
    let set = sets.into_iter().find(|set| counted(set) <= most.saturating_add(1));
    // Of many decades every so many is named.
    let every = counted(&[1]).div_ceil(most.saturating_add(1)).max(1) as i32;
    let named = |digit: u8, power: i32| match set {
        Some(set) => set.contains(&digit),
        None => digit == 1 && power.rem_euclid(every) == 0,
    };
    let tick = |(digit, power): (u8, i32)| {
        let value = f64::from(digit) * 10f64.powi(power);
        let label = if named(digit, power) {
            number(value, power.min(0).unsigned_abs() as usize)
        } else {
            String::new()
        };
        Tick { at: at(value), label }
    };
    all.into_iter().map(tick).collect()
}

/// A tick for each of `values`, which lie at 0, 1, 2, … of an axis from `low` to `high`; every so many is named, so that there are at
/// most `most` + 1 labels: the values times `factor`, to three digits.
pub(crate) fn listed_ticks(values: &[f64], (low, high): (f64, f64), factor: f64, most: usize) -> Vec<Tick> {
    let every = values.len().div_ceil(most.saturating_add(1)).max(1);
    let label = |value: f64| {
        let digits = if value == 0.0 { 0.0 } else { 2.0 - value.abs().log10().floor() };
        let text = number(value, digits.clamp(0.0, 12.0) as usize);
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
    };
    let tick = |(i, value): (usize, &f64)| {
        let label = if i.is_multiple_of(every) { label(value * factor) } else { String::new() };
        Tick { at: (i as f64 - low) / (high - low), label }
    };
    values.iter().enumerate().map(tick).filter(|tick| (0.0..=1.0).contains(&tick.at)).collect()
}

/// A number with a true minus sign, never a negative zero.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| matches!(c, '0' | '.')) => digits.to_string(),
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

/// The power of ten, a multiple of three, that makes values up to `largest` easy to read: 0 for 0.1 to 9999.
pub(crate) fn exponent(largest: f64) -> i32 {
    if !(largest > 0.0 && largest.is_finite()) || (0.1..1e4).contains(&largest) {
        return 0;
    }
    (largest.log10() / 3.0 + 1e-9).floor() as i32 * 3
}
