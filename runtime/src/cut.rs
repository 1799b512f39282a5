//! How channels are cut into blocks: the same for all stages of a session, whatever becomes of the threads.

use dasc_ir::kernel::LANES;
use dasc_ir::{Diag, Result};

use crate::archive::{Archive, Archived};

/// Into how many blocks channels are cut, and how wide a block may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    parts: usize,
    widest: usize,
}

/// Channels of a block at most.
const WIDEST: usize = 128 * LANES;

/// Narrower blocks read too little of a row at once.
const NARROW: usize = 8 * LANES;

/// Blocks for each of several threads: whoever shares a processor with the reader does fewer.
const EACH: usize = 2;

impl Cut {
    pub const WIDEST: Cut = Cut { parts: 1, widest: WIDEST };

    /// For `threads`, or blocks of `asked` channels.
    pub fn new(threads: usize, asked: Option<usize>) -> Cut {
        match asked {
            Some(asked) => Cut { widest: asked.clamp(1, WIDEST).next_multiple_of(LANES), ..Cut::WIDEST },
            None if threads > 1 => Cut { parts: threads * EACH, ..Cut::WIDEST },
            None => Cut::WIDEST,
        }
    }

    /// Channels of a block, all but the last, before a kernel's schedule narrows it.
    pub fn lanes(self, channels: usize) -> usize {
        channels.div_ceil(self.parts).next_multiple_of(LANES).max(NARROW).min(self.widest)
    }
}

impl Archived for Cut {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.usize(&mut self.parts)?;
        a.usize(&mut self.widest)?;
        if self.parts == 0 || !(LANES..=WIDEST).contains(&self.widest) || !self.widest.is_multiple_of(LANES) {
            return Err(Diag::world("the saved state belongs to another version"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_gets_blocks_that_are_not_too_narrow() {
        let lanes = |threads, channels| Cut::new(threads, None).lanes(channels);
        assert_eq!(lanes(1, 5000), 2048);
        assert_eq!(lanes(2, 2048), 512);
        assert_eq!(lanes(2, 2000), 512);
        assert_eq!(lanes(2, 100_000), 2048);
        assert_eq!(lanes(16, 2048), 128);
        assert_eq!(lanes(16, 10_000), 320);
        assert_eq!(Cut::new(16, Some(40)).lanes(10_000), 48);
        assert_eq!(Cut::new(16, Some(1)).lanes(10_000), 16);
    }
}
