//! The processor code is made for.

use std::sync::Arc;

use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use dasc_ir::{Diag, Result};

/// The instruction set of this machine, with the settings measured to be best for long loop bodies: no mid-level
/// optimisation (it hoists coefficient loads and spills), the verifier on.
pub fn isa() -> Result<Arc<dyn TargetIsa>> {
    let mut flags = settings::builder();
    for (name, value) in [
        ("opt_level", "none"),
        ("enable_verifier", "true"),
        ("is_pic", "false"),
        ("unwind_info", "false"),
        // A frame may be larger than a guard page.
        ("enable_probestack", "true"),
        ("probestack_strategy", "inline"),
    ] {
        flags.set(name, value).map_err(|e| Diag::compiler(format!("code generator setting {name}: {e}")))?;
    }
    let builder = cranelift_native::builder()
        .map_err(|e| Diag::world(format!("no machine code can be made for this processor: {e}")))?;
    builder
        .finish(settings::Flags::new(flags))
        .map_err(|e| Diag::compiler(format!("the code generator does not start: {e}")))
}

/// Processor family and features, for the key of the cache.
pub fn features() -> Result<String> {
    let isa = isa()?;
    let flags: Vec<String> = isa.isa_flags().iter().map(|f| f.to_string()).collect();
    Ok(format!("{} {}", isa.triple(), flags.join(" ")))
}
