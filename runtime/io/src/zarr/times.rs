//! From an array of times whose rate is known to stretches without gaps, however long it is: some of it is in memory at a time.

use dasc_ir::{Diag, Rational, Result};

use crate::Segment;
use crate::array::{Array, Numbers, buffer};
use crate::clock::Stamps;
use crate::folder::samples;

/// Times looked at together.
const TOGETHER: u64 = 256 << 10;

/// A time that is more than half a sample off where its stretch has it begins the next one; the index goes on by as many samples as are
/// missing, and without a hole where the clock steps back. `None` if times jump so often that the rate cannot be theirs.
pub fn segments(
    array: &Array,
    count: u64,
    rate: Rational,
    (unit_ns, origin_ns): (i64, i64),
) -> Result<Option<Vec<Segment>>> {
    let most = usize::try_from(count / 4).unwrap_or(usize::MAX).clamp(8, 1 << 20);
    let period = rate.recip().unwrap_or(Rational::ONE);
    let what = format!("'{}' of '{}'", array.name, array.file.path());
    let mut found: Vec<Segment> = Vec::new();
    let mut at = 0;
    while at < count {
        let now = TOGETHER.min(count - at);
        let mut raw = buffer(now * u64::from(array.element.size), &array.name)?;
        array.read([0, 0, at], [1, 1, now], &mut raw)?;
        let numbers = Numbers::decode(array.element.native(), &mut raw);
        let numbers = numbers.ok_or_else(|| Diag::world(format!("the times {what} are no numbers")))?;
        for time in Stamps::new(&numbers, unit_ns, origin_ns, &what)?.ns {
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
            if found.len() > most {
                return Ok(None);
            }
        }
        at += now;
    }
    array.whole()?;
    Ok(Some(found))
}
