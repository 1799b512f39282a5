//! What a target class rounds differently; part of every cache key and journal.

use std::fmt;

/// Whether `fma` rounds once or twice. Everything else is the same on every target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumericProfile {
    /// `a * b + c` rounded once.
    Fma,
    /// `a * b` rounded, then `+ c` rounded: processors without a fused multiply-add.
    NoFma,
}

impl NumericProfile {
    /// The profile of the processor this runs on.
    pub fn host() -> NumericProfile {
        #[cfg(target_arch = "x86_64")]
        let fused = std::arch::is_x86_feature_detected!("fma");
        #[cfg(not(target_arch = "x86_64"))]
        let fused = cfg!(target_arch = "aarch64");
        if fused { NumericProfile::Fma } else { NumericProfile::NoFma }
    }

    pub const fn name(self) -> &'static str {
        match self {
            NumericProfile::Fma => "fma",
            NumericProfile::NoFma => "no-fma",
        }
    }
}

impl fmt::Display for NumericProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
