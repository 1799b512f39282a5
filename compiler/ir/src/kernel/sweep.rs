//! Drops what a rewrite left unused.

use super::{Instr, Loop};

impl Loop {
    /// Drops instructions outside folds that nothing reads.
    pub(super) fn sweep(&mut self) {
        let mut used = vec![false; self.values.len()];
        for instr in &self.values {
            if let Instr::Fold { args, body, .. } = instr {
                body.iter().for_each(|v| self.values[v.index()].operands(|v| used[v.index()] = true));
                instr.operands(|v| used[v.index()] = true);
                args.iter().for_each(|v| used[v.index()] = true);
            }
        }
        let mut kept = Vec::with_capacity(self.body.len());
        for &val in self.body.iter().rev() {
            let instr = &self.values[val.index()];
            let lasting = matches!(instr, Instr::Store { .. } | Instr::SetCarry { .. } | Instr::Fold { .. });
            if lasting || used[val.index()] {
                instr.operands(|v| used[v.index()] = true);
                kept.push(val);
            }
        }
        kept.reverse();
        self.body = kept;
    }
}
