//! The constants a loop reads: every entry 16 bytes, one value in all lanes, so that an instruction takes it as a
//! memory operand. Filled before each call, because parameter values are not part of the code.

use dasc_ir::DType;

/// Bytes of one entry.
pub const ENTRY: usize = 16;

/// An entry in memory.
#[repr(C, align(16))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Splat(pub [u64; 2]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    Bits {
        bits: u64,
        dtype: DType,
    },
    Params {
        first: u32,
        count: u32,
        dtype: DType,
    },
    /// The lane numbers `2 * pair` and `2 * pair + 1` as F64.
    Lanes {
        pair: u32,
    },
}

/// Entries in the order of their addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    pub entries: Vec<Entry>,
}

impl Entry {
    fn size(self) -> usize {
        match self {
            Entry::Params { count, .. } => count as usize * ENTRY,
            Entry::Bits { .. } | Entry::Lanes { .. } => ENTRY,
        }
    }
}

impl Pool {
    /// The byte offset of an entry, which is added if it is new.
    pub fn offset(&mut self, entry: Entry) -> usize {
        let mut at = 0;
        for known in &self.entries {
            if *known == entry {
                return at;
            }
            at += known.size();
        }
        self.entries.push(entry);
        at
    }

    /// Writes the entries.
    pub fn fill(&self, params: &[f64], out: &mut Vec<Splat>) {
        out.clear();
        for entry in &self.entries {
            match *entry {
                Entry::Bits { bits, dtype } => out.push(splat(bits, dtype)),
                Entry::Params { first, count, dtype } => {
                    for value in params.iter().skip(first as usize).take(count as usize) {
                        let bits = match dtype {
                            DType::F32 => u64::from((*value as f32).to_bits()),
                            _ => value.to_bits(),
                        };
                        out.push(splat(bits, dtype));
                    }
                }
                Entry::Lanes { pair } => {
                    out.push(Splat([f64::from(2 * pair).to_bits(), f64::from(2 * pair + 1).to_bits()]));
                }
            }
        }
    }
}

fn splat(bits: u64, dtype: DType) -> Splat {
    let word = match dtype {
        DType::Bool => (bits & 1).wrapping_neg(),
        DType::F32 | DType::I32 => bits & 0xffff_ffff | bits << 32,
        _ => bits,
    };
    Splat([word; 2])
}
