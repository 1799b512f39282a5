//! From an array of times whose rate is known to stretches without gaps, however long it is: some of it is in memory at a time.

use dasc_ir::{Diag, Rational, Result};

use crate::Segment;
use crate::array::{Array, Numbers, buffer};
use crate::clock::Stamps;
use crate::folder::samples;

/// Whether times at the beginning are mostly a period of `rate` apart.
pub fn bear_out(array: &Array, count: u64, rate: Rational, clock: (i64, i64)) -> Result<bool> {
    let times = stamps(array, 0, TOGETHER.min(count), clock)?;
    let mut steps: Vec<i64> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    let Some(middle) = steps.len().checked_sub(1).map(|n| n / 2) else { return Ok(true) };
    let median = *steps.select_nth_unstable(middle).1;
    Ok((0.8..1.25).contains(&(median as f64 * 1e-9 * rate.as_f64())))
}

/// Times `from .. from + count` in nanoseconds since 1970.
fn stamps(array: &Array, from: u64, count: u64, (unit_ns, origin_ns): (i64, i64)) -> Result<Vec<i64>> {
    let what = format!("'{}' of '{}'", array.name, array.file.path());
    let mut raw = buffer(count * u64::from(array.element.size), &array.name)?;
    array.read([0, 0, from], [1, 1, count], &mut raw)?;
    let numbers = Numbers::decode(array.element.native(), &mut raw);
    let numbers = numbers.ok_or_else(|| Diag::world(format!("the times {what} are no numbers")))?;
    Ok(Stamps::new(&numbers, unit_ns, origin_ns, &what)?.ns)
}

/// Times looked at together.
const TOGETHER: u64 = 256 << 10;

/// A time that is more than half a sample off where its stretch has it begins the next one; the index goes on by as many samples as are
/// missing, and without a hole where the clock steps back.
pub fn segments(array: &Array, count: u64, rate: Rational, clock: (i64, i64)) -> Result<Vec<Segment>> {
    const MOST: usize = 1 << 20;
    let period = rate.recip().unwrap_or(Rational::ONE);
    let what = format!("'{}' of '{}'", array.name, array.file.path());
    let mut found: Vec<Segment> = Vec::new();
    let mut at = 0;
    while at < count {
        let now = TOGETHER.min(count - at);
        for time in stamps(array, at, now, clock)? {
            let Some(open) = found.last_mut() else {
                found.push(Segment { start: 0, len: 1, start_ns: time });
                continue;
            };
            let due = open.start_ns.saturating_add(period.nanoseconds(open.len as i64));
            match samples(time, due, rate) {
                0 => open.len += 1,
                late => {
                    let end = open.start.saturating_add(open.len as i64);
                    found.push(Segment { start: end.saturating_add(late.max(0)), len: 1, start_ns: time });
                }
            }
            if found.len() > MOST {
                return Err(Diag::world(format!("the times {what} jump more than {MOST} times"))
                    .help("give FS and START to READ to use a regular clock instead"));
            }
        }
        at += now;
    }
    Ok(found)
}
