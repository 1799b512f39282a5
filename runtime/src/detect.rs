//! Detections: stretches in which a level stays above a threshold, found row by row and channel by channel.
//!
//! The rule is ObsPy's `trigger_onset`: on at the first row above `on`, off after the last row above `off`.

use dasc_ir::Result;
use dasc_ir::kernel::BufferAt;

use crate::archive::{Archive, Archived};

/// One stretch on one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    pub segment: usize,
    /// Position of the channel.
    pub channel: u32,
    /// First and last row above the threshold, and the row of the highest level.
    pub first: i64,
    pub last: i64,
    pub peak: i64,
    pub level: f64,
}

/// The watch over the lanes of one channel block.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    lanes: Vec<Lane>,
    open: usize,
}

#[derive(Clone, Copy, Debug)]
struct Lane {
    open: bool,
    first: i64,
    last: i64,
    peak: i64,
    level: f64,
}

impl Watch {
    pub fn new(lanes: usize) -> Watch {
        let lane = Lane { open: false, first: 0, last: 0, peak: 0, level: 0.0 };
        Watch { lanes: vec![lane; lanes], open: 0 }
    }

    /// Looks at some rows of a level, which begins to count above `on` and ends when not above `off`.
    ///
    /// # Safety
    /// Every element of those rows and of the watched lanes lies in live memory of type `f32` (or `f64` if `double`).
    pub unsafe fn rows(
        &mut self,
        at: &BufferAt,
        double: bool,
        rows: std::ops::Range<i64>,
        (on, off): (f64, f64),
        mut found: impl FnMut(usize, Detection),
    ) {
        for row in rows {
            let base = at.base.wrapping_offset((row as isize).wrapping_mul(at.row));
            for lane in 0..self.lanes.len() {
                // SAFETY: promised by the caller.
                let level = unsafe {
                    if double {
                        base.cast::<f64>().wrapping_add(lane).read()
                    } else {
                        f64::from(base.cast::<f32>().wrapping_add(lane).read())
                    }
                };
                if self.open == 0 && (level.is_nan() || level <= on) {
                    continue;
                }
                let state = &mut self.lanes[lane];
                if state.open {
                    if level > off {
                        state.last = row;
                        if level > state.level {
                            (state.level, state.peak) = (level, row);
                        }
                    } else {
                        found(lane, state.detection());
                        state.open = false;
                        self.open -= 1;
                    }
                } else if level > on {
                    *state = Lane { open: true, first: row, last: row, peak: row, level };
                    self.open += 1;
                }
            }
        }
    }

    /// The first row of the earliest stretch that is still open.
    pub fn earliest(&self) -> Option<i64> {
        self.lanes.iter().filter(|lane| lane.open).map(|lane| lane.first).min().filter(|_| self.open > 0)
    }

    /// Ends the segment: whatever is open closes with its last row.
    pub fn close(&mut self, mut found: impl FnMut(usize, Detection)) {
        for (lane, state) in self.lanes.iter_mut().enumerate().filter(|(_, s)| s.open) {
            found(lane, state.detection());
            state.open = false;
        }
        self.open = 0;
    }
}

impl Lane {
    fn detection(&self) -> Detection {
        let Lane { first, last, peak, level, .. } = *self;
        Detection { segment: 0, channel: 0, first, last, peak, level }
    }
}

impl Archived for Watch {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        for lane in &mut self.lanes {
            a.flag(&mut lane.open)?;
            for row in [&mut lane.first, &mut lane.last, &mut lane.peak] {
                a.i64(row)?;
            }
            a.f64(&mut lane.level)?;
        }
        self.open = self.lanes.iter().filter(|lane| lane.open).count();
        Ok(())
    }
}

impl Archived for (u32, Detection) {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        let (mut table, mut channel) = (i64::from(self.0), i64::from(self.1.channel));
        a.i64(&mut table)?;
        a.i64(&mut channel)?;
        a.usize(&mut self.1.segment)?;
        for row in [&mut self.1.first, &mut self.1.last, &mut self.1.peak] {
            a.i64(row)?;
        }
        a.f64(&mut self.1.level)?;
        (self.0, self.1.channel) = (table as u32, channel as u32);
        Ok(())
    }
}
