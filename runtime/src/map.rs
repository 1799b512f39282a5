//! Kernels that map rows: whole rows are shared out among threads, for memory is read best in the order in which it lies.

use std::ops::Range;

use dasc_ir::kernel::{BufferAt, Call, LoopRef};
use rayon::ThreadPool;
use rayon::prelude::*;

use crate::block::{Addresses, Block, NOWHERE, Prepared, Shared};

/// Rows of all lanes that a kernel is to do.
pub(crate) struct Mapping {
    rows: Range<i64>,
    lanes: usize,
}

/// Fewer rows, those of frames for instance, are shared out better by their channels.
const MANY: i64 = 64;

impl Mapping {
    /// What the blocks of a kernel are to do up to `done`, if they can do it row by row: the kernel maps, and nobody looks at rows beyond
    /// those it makes.
    pub fn of(
        prepared: &Prepared,
        shared: &[Option<Shared>],
        blocks: &[Block],
        done: &[i64],
    ) -> Option<Mapping> {
        let beyond = |s: &Shared| s.produced && s.beyond != (0, 0);
        let rows = *blocks.first()?.done.first()?..*done.first()?;
        let lanes = blocks.iter().map(|block| block.lanes).sum();
        let maps = prepared.maps && rows.end - rows.start >= MANY && !shared.iter().flatten().any(beyond);
        maps.then_some(Mapping { rows, lanes })
    }

    /// Does the rows.
    pub fn run(
        &self,
        (prepared, params): (&Prepared, &[f64]),
        (shared, constants): (&[Option<Shared>], &[Option<BufferAt>]),
        pool: &ThreadPool,
        little: bool,
    ) {
        let places = shared.iter().zip(constants);
        let places = places.map(|(shared, constant)| shared.map(|s| s.at).or(*constant).unwrap_or(NOWHERE));
        let (buffers, carries) = (Addresses(places.collect()), Addresses::default());
        let Range { start: first, end: stop } = self.rows;
        let at_once = i64::from(prepared.stage.schedule.rows);
        let run = |rows: Range<i64>| {
            // The whole of it, so that it is what the threads share.
            let (buffers, carries) = (&buffers, &carries);
            let mut start = rows.start;
            while start < rows.end {
                let rows = at_once.min(rows.end - start);
                let (buffers, carries) = (buffers.0.as_slice(), carries.0.as_slice());
                let call = Call { buffers, carries, params, start, rows, lanes: self.lanes, lane0: 0 };
                // SAFETY: readiness guarantees the rows that are read in all lanes, `reserve` those that are written, and no other
                // thread has these rows.
                unsafe { prepared.machine.run(LoopRef::Step(0), &call) }
                start += rows;
            }
        };
        let threads = pool.current_num_threads() as i64;
        if little || threads == 1 {
            return run(self.rows.clone());
        }
        let each = ((stop - first + threads - 1) / threads).max(1);
        let part = |n: i64| (first + n * each).min(stop)..(first + (n + 1) * each).min(stop);
        pool.install(|| (0..threads).into_par_iter().map(part).for_each(run));
    }
}
