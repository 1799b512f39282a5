//! The constants a loop reads, one value in all lanes of a vector, so that an instruction takes it as a memory operand.
//! Filled before each call, because parameter values are not part of the code.

use dasc_ir::DType;

/// Bytes of a 128-bit vector, those of the portable back end.
pub const NARROW: usize = 16;

/// A cache line of constants: no vector of them straddles two.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line([u64; 8]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    Bits {
        bits: u64,
        dtype: DType,
    },
    /// A vector for each.
    Params {
        first: u32,
        count: u32,
        dtype: DType,
    },
    /// Eight bytes for each, to be spread over the lanes when they are loaded: tables may be long.
    Scalars {
        first: u32,
        count: u32,
        dtype: DType,
    },
    /// The lane numbers of this vector of F64, counted from lane 0 of a group.
    Lanes {
        vector: u32,
    },
}

/// Entries in the order of their addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Bytes of a vector.
    pub width: usize,
    pub entries: Vec<Entry>,
}

/// Bytes of a scalar.
pub const SCALAR: usize = 8;

impl Pool {
    pub fn new(width: usize) -> Pool {
        Pool { width, entries: Vec::new() }
    }

    /// The byte offset of an entry, which is added if it is new.
    pub fn offset(&mut self, entry: Entry) -> usize {
        let mut at = 0;
        for known in &self.entries {
            if *known == entry {
                return at;
            }
            at += self.size(*known);
        }
        self.entries.push(entry);
        at
    }

    fn size(&self, entry: Entry) -> usize {
        match entry {
            Entry::Params { count, .. } => count as usize * self.width,
            Entry::Scalars { count, .. } => (count as usize * SCALAR).next_multiple_of(self.width),
            Entry::Bits { .. } | Entry::Lanes { .. } => self.width,
        }
    }

    /// Writes the entries.
    pub fn fill(&self, params: &[f64], out: &mut Vec<Line>) {
        let words: usize = self.entries.iter().map(|e| self.size(*e) / 8).sum();
        out.resize(words.div_ceil(8), Line([0; 8]));
        // SAFETY: a line is eight words without padding, and `out` is borrowed meanwhile.
        let all = unsafe { std::slice::from_raw_parts_mut(out.as_mut_ptr().cast::<u64>(), out.len() * 8) };
        let vector = self.width / 8;
        let mut at = 0;
        for entry in &self.entries {
            let to = &mut all[at..at + self.size(*entry) / 8];
            at += to.len();
            match *entry {
                Entry::Bits { bits, dtype } => to.fill(word(bits, dtype)),
                Entry::Params { first, dtype, .. } => {
                    let values = params.iter().skip(first as usize);
                    for (to, value) in to.chunks_exact_mut(vector).zip(values) {
                        to.fill(parameter(*value, dtype));
                    }
                }
                Entry::Scalars { first, dtype, .. } => {
                    let values = params.iter().skip(first as usize);
                    for (to, value) in to.iter_mut().zip(values) {
                        *to = parameter(*value, dtype);
                    }
                }
                Entry::Lanes { vector: number } => {
                    for (lane, to) in to.iter_mut().enumerate() {
                        *to = ((number as usize * vector + lane) as f64).to_bits();
                    }
                }
            }
        }
    }
}

fn parameter(value: f64, dtype: DType) -> u64 {
    match dtype {
        DType::F32 => word(u64::from((value as f32).to_bits()), dtype),
        _ => value.to_bits(),
    }
}

/// Eight bytes of a vector that holds these bits in every lane.
fn word(bits: u64, dtype: DType) -> u64 {
    match dtype {
        DType::Bool => (bits & 1).wrapping_neg(),
        DType::F32 | DType::I32 => bits & 0xffff_ffff | bits << 32,
        _ => bits,
    }
}
