//! From rows to instants: exact, and by each stretch's own clock.

use dasc_io::Segment;
use dasc_ir::Rational;
use dasc_ir::graph::{Rows, TimeAxis};

/// The clock of a record.
#[derive(Clone, Debug)]
pub struct Clock {
    segments: Vec<Segment>,
    /// Seconds between samples.
    period: Rational,
}

impl Clock {
    pub fn new(segments: &[Segment], rate: Rational) -> Clock {
        Clock { segments: segments.to_vec(), period: rate.recip().unwrap_or(Rational::ONE) }
    }

    /// Another stretch follows.
    pub fn goes_on(&mut self, segment: Segment) {
        self.segments.push(segment);
    }

    /// UTC nanoseconds of a row of a signal in a stretch.
    pub fn instant(&self, segment: usize, time: &TimeAxis, row: i64) -> i64 {
        let Some(stretch) = self.segments.get(segment) else { return 0 };
        let since = time.origin + time.period * row.into() - self.period * stretch.start.into();
        stretch.start_ns.saturating_add(since.nanoseconds(1))
    }

    /// The first row of a signal and its instant, of every stretch that has rows: `(stretch, rows, instant)`.
    pub fn stretches(&self, time: &TimeAxis) -> Vec<(usize, (i64, i64), i64)> {
        let ranges = match &time.rows {
            Rows::Segments(ranges) => ranges.as_slice(),
            Rows::From(first) => &[(*first, i64::MAX)],
        };
        let present = ranges.iter().enumerate().filter(|(_, (from, to))| from < to);
        present.map(|(i, &(from, to))| (i, (from, to), self.instant(i, time, from))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_the_instants_of_their_stretch() {
        let segments = [
            Segment { start: 0, len: 3000, start_ns: 1_000 },
            Segment { start: 6000, len: 3000, start_ns: 2_000_000_007 },
        ];
        let clock = Clock::new(&segments, Rational::integer(3000));
        let ranges = vec![(0, 300), (600, 900)];
        let period = Rational::new(10, 3000).unwrap();
        let time = TimeAxis { period, origin: Rational::new(1, 2).unwrap(), rows: Rows::Segments(ranges) };
        assert_eq!(clock.instant(0, &time, 0), 500_001_000);
        assert_eq!(clock.instant(0, &time, 1), 500_001_000 + 3_333_333);
        assert_eq!(clock.instant(1, &time, 600), 2_500_000_007);
        assert_eq!(clock.stretches(&time)[1], (1, (600, 900), 2_500_000_007));
    }
}
