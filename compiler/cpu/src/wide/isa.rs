//! The instruction sets of wide vectors. Wider ones are more of the same: registers, and an encoding for every operation.

use std::fmt;

use crate::pressure::Registers;

/// Which wide vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// 256 bits, sixteen registers, with fused multiply-add.
    Avx2,
    /// 512 bits, thirty-two registers: the foundation with F, DQ and VL.
    Avx512,
}

impl Isa {
    /// All of them, the narrowest first.
    pub const ALL: [Isa; 2] = [Isa::Avx2, Isa::Avx512];

    /// The widest this processor has.
    pub fn host() -> Option<Isa> {
        Isa::ALL.into_iter().rev().find(|isa| isa.is_here())
    }

    /// Whether this processor has it.
    pub fn is_here(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        let here = {
            use std::arch::is_x86_feature_detected as has;
            match self {
                Isa::Avx2 => has!("avx2") && has!("fma"),
                Isa::Avx512 => has!("avx512f") && has!("avx512dq") && has!("avx512vl") && has!("fma"),
            }
        };
        #[cfg(not(target_arch = "x86_64"))]
        let here = false;
        here
    }

    pub const fn name(self) -> &'static str {
        match self {
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
        }
    }

    /// What a processor must have, in words.
    pub const fn needs(self) -> &'static str {
        match self {
            Isa::Avx2 => "AVX2 with fused multiply-add",
            Isa::Avx512 => "AVX-512 (F, DQ and VL)",
        }
    }

    /// Bytes of a vector.
    pub const fn width(self) -> usize {
        match self {
            Isa::Avx2 => 32,
            Isa::Avx512 => 64,
        }
    }

    pub const fn registers(self) -> usize {
        match self {
            Isa::Avx2 => 16,
            Isa::Avx512 => 32,
        }
    }

    /// The fewest lanes that are worked on together.
    pub fn least(self) -> usize {
        self.pressure().groups.last().copied().unwrap_or(1)
    }

    /// For choosing how many lanes are worked on together.
    pub const fn pressure(self) -> Registers {
        let groups: &[usize] = match self {
            Isa::Avx2 => &[16, 8, 4],
            Isa::Avx512 => &[16, 8],
        };
        Registers { count: self.registers() - 1, width: self.width(), groups }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
