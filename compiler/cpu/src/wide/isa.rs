//! The instruction sets of wide vectors. Wider ones are more of the same: registers, and an encoding for every operation.

use std::fmt;

use crate::pressure::Registers;

/// Which wide vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// 256 bits, sixteen registers, with fused multiply-add.
    Avx2,
}

impl Isa {
    /// The widest this processor has.
    pub fn host() -> Option<Isa> {
        Isa::Avx2.is_here().then_some(Isa::Avx2)
    }

    /// Whether this processor has it.
    pub fn is_here(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        let here = std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma");
        #[cfg(not(target_arch = "x86_64"))]
        let here = false;
        here
    }

    /// Bytes of a vector.
    pub const fn width(self) -> usize {
        32
    }

    pub const fn registers(self) -> usize {
        16
    }

    /// For choosing how many lanes are worked on together.
    pub const fn pressure(self) -> Registers {
        Registers { count: 15, width: self.width(), groups: &[16, 8, 4] }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Isa::Avx2 => "avx2",
        })
    }
}
