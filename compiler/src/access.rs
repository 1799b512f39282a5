//! Which rows a loop reads: the one place from which readiness, history and halo are derived.

use dasc_ir::kernel::{Affine, BufferId, Instr, Kernel, Loop, Step, Val};

/// How a step reads a buffer: row `i` of the step needs rows `⌊(i * step + lo) / div⌋ ..= ⌊(i * step + hi) / div⌋`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub buffer: BufferId,
    pub step: i64,
    /// 1, except where one row of the buffer serves several of the step.
    pub div: i64,
    pub lo: i64,
    pub hi: i64,
}

impl Access {
    /// First row of the buffer that row `i` needs.
    pub fn first(&self, i: i64) -> i64 {
        (i * self.step + self.lo).div_euclid(self.div)
    }

    /// Last row of the buffer that row `i` needs.
    pub fn last(&self, i: i64) -> i64 {
        (i * self.step + self.hi).div_euclid(self.div)
    }

    /// Rows of the step before this one can be computed from rows of the buffer before `end`.
    pub fn served(&self, end: i64) -> i64 {
        (end * self.div - 1 - self.hi).div_euclid(self.step.max(1)) + 1
    }
}

/// All reads of a step, one entry per buffer (and step width).
pub fn reads(kernel: &Kernel, step: &Step) -> Vec<Access> {
    match step {
        Step::Fft(fft) => vec![Access { buffer: fft.input, step: 1, div: 1, lo: 0, hi: 0 }],
        Step::Widen(widen) => vec![Access { buffer: widen.input, step: 1, div: 1, lo: 0, hi: 0 }],
        Step::Correlate(correlate) => [correlate.x, correlate.t]
            .into_iter()
            .filter(|b| kernel.buffers[b.index()].role != dasc_ir::kernel::Role::Constant)
            .map(|buffer| Access { buffer, step: 1, div: 1, lo: 0, hi: 0 })
            .collect(),
        Step::Emit(emit) => vec![Access { buffer: emit.level, step: 1, div: 1, lo: 0, hi: 0 }],
        // Row `t` lies in the frames from ⌈(t − lo − n + 1) / hop⌉ to ⌊(t − lo) / hop⌋.
        Step::OverlapAdd(add) => {
            let (hop, first, n) =
                (i64::from(add.hop), i64::from(add.lo), i64::from(kernel.buffers[add.input.index()].inner));
            vec![Access { buffer: add.input, step: 1, div: hop, lo: hop - first - n, hi: -first }]
        }
        Step::Loop(body) => {
            let mut found: Vec<Access> = Vec::new();
            loads(body, &body.body, 1, &mut |buffer, row, taps| {
                if kernel.buffers[buffer.index()].role == dasc_ir::kernel::Role::Constant {
                    return;
                }
                let (lo, hi) = extent(row, body.inner, taps);
                match found.iter_mut().find(|a| a.buffer == buffer && a.step == row.row) {
                    Some(access) => (access.lo, access.hi) = (access.lo.min(lo), access.hi.max(hi)),
                    None => found.push(Access { buffer, step: row.row, div: 1, lo, hi }),
                }
            });
            found
        }
    }
}

/// Buffers a step writes.
pub fn writes(step: &Step) -> Vec<BufferId> {
    match step {
        Step::Fft(fft) => vec![fft.output],
        Step::OverlapAdd(add) => vec![add.output],
        Step::Widen(widen) => vec![widen.output],
        Step::Correlate(correlate) => vec![correlate.output],
        Step::Emit(_) => vec![],
        Step::Loop(body) => {
            let mut found: Vec<BufferId> = body
                .values
                .iter()
                .filter_map(|i| if let Instr::Store { buffer, .. } = i { Some(*buffer) } else { None })
                .collect();
            found.sort_unstable();
            found.dedup();
            found
        }
    }
}

/// Offsets of the earliest and latest row of a buffer that one iteration reads.
pub fn row_span(body: &Loop, buffer: BufferId) -> Option<(i64, i64)> {
    let mut span: Option<(i64, i64)> = None;
    loads(body, &body.body, 1, &mut |read, row, taps| {
        if read == buffer {
            let (lo, hi) = extent(row, body.inner, taps);
            span = Some(span.map_or((lo, hi), |s| (s.0.min(lo), s.1.max(hi))));
        }
    });
    span
}

fn extent(row: Affine, inner: u32, taps: u32) -> (i64, i64) {
    let ends = |step: i64, count: u32| {
        let last = step * (i64::from(count) - 1);
        (last.min(0), last.max(0))
    };
    let (f, k) = (ends(row.inner, inner.max(1)), ends(row.tap, taps.max(1)));
    (row.add + f.0 + k.0, row.add + f.1 + k.1)
}

/// Visits every load with the trip count of the fold it stands in.
fn loads(body: &Loop, block: &[Val], taps: u32, visit: &mut impl FnMut(BufferId, Affine, u32)) {
    for value in block {
        match &body.values[value.index()] {
            Instr::Load { buffer, row, .. } => visit(*buffer, *row, taps),
            Instr::Fold { taps, body: inside, .. } => loads(body, inside, *taps, visit),
            Instr::Store { .. }
            | Instr::Param { .. }
            | Instr::Table { .. }
            | Instr::Bits { .. }
            | Instr::Position(_)
            | Instr::Carry(_)
            | Instr::SetCarry { .. }
            | Instr::Unary { .. }
            | Instr::Binary { .. }
            | Instr::Fma { .. }
            | Instr::Select { .. }
            | Instr::Cast { .. }
            | Instr::Bitcast { .. }
            | Instr::FoldArg { .. }
            | Instr::FoldResult { .. } => {}
        }
    }
}
