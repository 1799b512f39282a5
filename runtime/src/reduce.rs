//! Merging the blocks of an accumulation like a binary counter, so that the order of additions is that of a tree
//! over block numbers and depends on nothing else.

use dasc_ir::Result;
use dasc_ir::kernel::{BufferAt, Call, Executable, LoopRef, Reduce};

use crate::archive::{Archive, Archived};
use crate::pad::Bytes;

/// One accumulator set: a row per state variable.
pub(crate) type Parts = Vec<Bytes>;

/// What an accumulation holds for one channel block.
#[derive(Debug)]
pub(crate) struct Counter {
    number: u32,
    /// Bytes of each state variable's row.
    sizes: Vec<usize>,
    /// Merged runs of 2^level blocks, oldest first.
    runs: Vec<Run>,
    /// Segments merged so far, for an accumulation over the whole record.
    pub record: Option<Parts>,
}

#[derive(Debug)]
struct Run {
    level: i64,
    parts: Parts,
}

/// How the kernel is called for a merge: all buffers, with room for the accumulators.
pub(crate) struct Merging<'a> {
    pub kernel: &'a dyn Executable,
    pub reduce: &'a Reduce,
    pub buffers: Vec<BufferAt>,
    pub carries: &'a [BufferAt],
    pub params: &'a [f64],
    pub lanes: usize,
    pub lane0: i64,
    /// Bytes from one inner position of an accumulator to the next, per state variable.
    pub inner: Vec<isize>,
}

impl Counter {
    pub fn new(number: u32, sizes: Vec<usize>) -> Counter {
        Counter { number, sizes, runs: Vec::new(), record: None }
    }

    /// Adds a finished block.
    pub fn push(&mut self, merging: &mut Merging, mut parts: Parts) {
        let mut level = 0;
        while let Some(older) = self.runs.pop_if(|run| run.level == level) {
            parts = self.merge(merging, older.parts, parts);
            level += 1;
        }
        self.runs.push(Run { level, parts });
    }

    /// Everything pushed since the last call; `None` if nothing was.
    pub fn take(&mut self, merging: &mut Merging) -> Option<Parts> {
        let mut parts = self.runs.pop()?.parts;
        while let Some(older) = self.runs.pop() {
            parts = self.merge(merging, older.parts, parts);
        }
        Some(parts)
    }

    /// `older ∘ newer`.
    pub fn merge(&self, merging: &mut Merging, mut older: Parts, mut newer: Parts) -> Parts {
        merging.place(&mut older, true);
        merging.place(&mut newer, false);
        merging.call(LoopRef::Merge(self.number));
        older
    }

    /// Computes the outputs from the accumulated parts; the outputs' places stand in `merging.buffers`.
    pub fn finish(&self, merging: &mut Merging, mut parts: Parts) {
        merging.place(&mut parts, true);
        merging.call(LoopRef::Finish(self.number));
    }
}

impl Merging<'_> {
    fn place(&mut self, parts: &mut Parts, left: bool) {
        let buffers = if left { &self.reduce.left } else { &self.reduce.right };
        for ((buffer, part), inner) in buffers.iter().zip(parts).zip(&self.inner) {
            self.buffers[buffer.index()] =
                BufferAt { base: part.as_mut_ptr(), row: 0, inner: *inner, plane: 0 };
        }
    }

    fn call(&self, which: LoopRef) {
        let (buffers, carries, params) = (&self.buffers[..], self.carries, self.params);
        let call = Call { buffers, carries, params, start: 0, rows: 1, lanes: self.lanes, lane0: self.lane0 };
        // SAFETY: merge and finish loops touch the accumulators, which were placed just now and have room for `lanes`
        // lanes at every inner position, and the outputs, which the caller placed.
        unsafe { self.kernel.run(which, &call) }
    }
}

impl Archived for Counter {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        let sizes = self.sizes.clone();
        let fresh = || Run { level: 0, parts: sizes.iter().map(|n| Bytes::zeroed(*n)).collect() };
        a.list(&mut self.runs, fresh)?;
        let mut has_record = self.record.is_some();
        a.flag(&mut has_record)?;
        if a.is_reading() {
            self.record = has_record.then(|| fresh().parts);
        }
        a.each(self.record.iter_mut().flatten())
    }
}

impl Archived for Run {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.i64(&mut self.level)?;
        a.each(&mut self.parts)
    }
}
