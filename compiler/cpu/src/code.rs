//! Machine code of a kernel: made, laid out as one blob, loaded, called.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilderContext;
use dasc_ir::kernel::{Call, Executable, Kernel, LANES, Loop, LoopRef, NumericProfile, verify_expanded};
use dasc_ir::{Diag, Result};

use crate::args::Args;
use crate::codegen::{Codegen, Made};
use crate::fence::fenced;
use crate::host;
use crate::memory::Mapping;
use crate::pool::{Line, Pool};
use crate::portable;
use crate::wide::{self, Isa};

/// How code is made; none of it but the profile changes a bit of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub profile: NumericProfile,
    /// Which back end makes the code.
    pub codegen: Codegen,
    /// Lanes worked on together: 2, 4, 8 or 16, but at least what fills a vector. `None` lets each loop have what fits the registers.
    pub group: Option<usize>,
    /// How many channels there are, if that is known: where they are few, hardly more lanes are computed than they fill, and what lies in
    /// the others of a row is not said.
    pub channels: Option<u32>,
    /// Whether to keep the text of the generated code.
    pub listing: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            profile: NumericProfile::host(),
            codegen: Codegen::Auto,
            group: None,
            channels: None,
            listing: false,
        }
    }
}

/// As many channels at most are few.
const FEW: u32 = 8;

impl Options {
    /// The wide vectors to use: the narrowest that the channels fill, unless others are asked for.
    pub(crate) fn isa(&self) -> Result<Option<Isa>> {
        let fills = |isa: &Isa| self.channels.is_some_and(|n| n as usize <= isa.least()) && isa.is_here();
        match (self.codegen, Isa::ALL.into_iter().find(fills)) {
            (Codegen::Auto, Some(isa)) => Ok(Some(isa)),
            (codegen, _) => codegen.isa(),
        }
    }

    /// The lanes of a block that are computed, if not all of them are.
    pub(crate) fn few(&self) -> Result<Option<usize>> {
        let least = self.isa()?.map_or(4, Isa::least);
        let few = self.channels.filter(|n| *n <= FEW);
        Ok(few.map(|n| (n as usize).next_multiple_of(least)))
    }
}

/// The generated code of a loop as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub which: LoopRef,
    /// Cranelift's intermediate form; empty where another back end made the code.
    pub clif: String,
    /// The machine code, after register allocation.
    pub asm: String,
}

/// Where the function of a loop starts and what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub which: LoopRef,
    pub offset: usize,
    /// Lanes of the loop, if fixed.
    pub lanes: Option<u32>,
    pub pool: Pool,
    pub made: Made,
}

/// Position-independent code that has not been loaded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    pub(crate) name: String,
    pub(crate) blob: Vec<u8>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) buffers: usize,
    pub(crate) carries: usize,
    pub(crate) params: usize,
    /// Lanes of a block that are computed, if not all of them are.
    pub(crate) few: Option<usize>,
    pub listings: Vec<Listing>,
}

/// Functions start at multiples of this, which their constants need.
const ALIGN: usize = 64;

static GENERATIONS: AtomicU64 = AtomicU64::new(0);

/// How many times this process has generated code for a kernel.
pub fn generations() -> u64 {
    GENERATIONS.load(Ordering::Relaxed)
}

/// Generates code for every loop of a kernel, which has to be expanded.
pub fn compile(kernel: &Kernel, options: &Options) -> Result<Code> {
    verify_expanded(kernel)?;
    if options.group.is_some_and(|g| !matches!(g, 2 | 4 | 8 | 16)) {
        return Err(Diag::compiler("a lane group is 2, 4, 8 or 16 lanes"));
    }
    if options.profile == NumericProfile::Fma && NumericProfile::host() == NumericProfile::NoFma {
        return Err(Diag::world(
            "this processor has no fused multiply-add, which the numeric profile asks for",
        ));
    }
    let (isa, few) = (options.isa()?, options.few()?);
    // A group is no wider than what is computed.
    let options = &Options {
        group: few.map_or(options.group, |few| Some(few.min(options.group.unwrap_or(few)))),
        ..options.clone()
    };
    GENERATIONS.fetch_add(1, Ordering::Relaxed);
    let mut code = Code {
        name: kernel.name.clone(),
        blob: Vec::new(),
        entries: Vec::new(),
        buffers: kernel.buffers.len(),
        carries: kernel.carries.len(),
        params: kernel.params.len(),
        few,
        listings: Vec::new(),
    };
    let mut portable =
        Portable { isa: None, builders: FunctionBuilderContext::new(), context: Context::new() };
    for (which, body) in kernel.loops() {
        let fail = |what: String| Diag::compiler(format!("kernel '{}', {which:?}: {what}", kernel.name));
        let wide = match isa {
            // Whatever goes wrong there, Cranelift's code computes the same.
            Some(isa) => {
                let how = (options.profile, options.group, isa);
                fenced(|| wide::emit(kernel, body, how, options.listing)).unwrap_or_else(Err)
            }
            None => Err(String::new()),
        };
        let (machine, pool, made, listing) = match (wide, isa) {
            (Ok(wide), Some(isa)) => {
                let asm = wide.text.unwrap_or_default();
                (wide.code, wide.pool, Made::Wide(isa), Listing { which, clif: String::new(), asm })
            }
            (why, _) => {
                let (machine, pool, listing) = portable.make(kernel, (which, body), options).map_err(fail)?;
                (machine, pool, Made::Portable(why.err().unwrap_or_default()), listing)
            }
        };
        code.blob.resize(code.blob.len().next_multiple_of(ALIGN), 0);
        let offset = code.blob.len();
        code.blob.extend_from_slice(&machine);
        code.entries.push(Entry { which, offset, lanes: body.lanes, pool, made });
        if options.listing {
            code.listings.push(listing);
        }
    }
    Ok(code)
}

/// What Cranelift needs, made when it is first needed and used for loop after loop.
struct Portable {
    isa: Option<Arc<dyn TargetIsa>>,
    builders: FunctionBuilderContext,
    context: Context,
}

impl Portable {
    fn make(
        &mut self,
        kernel: &Kernel,
        (which, body): (LoopRef, &Loop),
        options: &Options,
    ) -> Result<(Vec<u8>, Pool, Listing), String> {
        let isa = match &self.isa {
            Some(isa) => isa.clone(),
            None => self.isa.insert(host::isa().map_err(|diag| diag.message)?).clone(),
        };
        let (builders, context) = (&mut self.builders, &mut self.context);
        let emitted =
            fenced(|| portable::emit(kernel, body, options.profile, options.group, &*isa, builders))?;
        context.clear();
        context.func = emitted.function;
        context.set_disasm(options.listing);
        let clif = if options.listing { context.func.display().to_string() } else { String::new() };
        fenced(|| {
            context.compile(&*isa, &mut ControlPlane::default()).map(|_| ()).map_err(|e| e.inner.to_string())
        })?
        .map_err(|why| format!("code generation failed: {why}"))?;
        let compiled = context.compiled_code().ok_or("code generation gave no code")?;
        if !compiled.buffer.relocs().is_empty() {
            return Err("the code calls into a library, which it must not".to_string());
        }
        let asm = compiled.vcode.clone().unwrap_or_default();
        Ok((compiled.code_buffer().to_vec(), emitted.pool, Listing { which, clif, asm }))
    }
}

impl Code {
    /// Whether it has a function for every loop of the kernel, and is called with as many buffers, carries and parameters.
    pub(crate) fn fits(&self, kernel: &Kernel) -> bool {
        let counts = (self.buffers, self.carries, self.params);
        counts == (kernel.buffers.len(), kernel.carries.len(), kernel.params.len())
            && kernel.loops().iter().all(|(which, _)| self.entries.iter().any(|entry| entry.which == *which))
    }

    /// Makes the code callable.
    pub fn load(self) -> Result<MachineKernel> {
        let memory = Mapping::executable(&self.blob)?;
        for entry in &self.entries {
            if memory.address(entry.offset).is_none() {
                return Err(Diag::compiler(format!("kernel '{}' has an entry outside its code", self.name)));
            }
        }
        let Code { name, entries, buffers, carries, params, few, .. } = self;
        Ok(MachineKernel { name, memory, entries, buffers, carries, params, few })
    }

    /// Every loop, and which back end made its code.
    pub fn made(&self) -> impl Iterator<Item = (LoopRef, &Made)> {
        self.entries.iter().map(|entry| (entry.which, &entry.made))
    }

    /// Bytes of machine code.
    pub fn size(&self) -> usize {
        self.blob.len()
    }
}

/// Loaded machine code of a kernel.
#[derive(Debug)]
pub struct MachineKernel {
    name: String,
    memory: Mapping,
    entries: Vec<Entry>,
    buffers: usize,
    carries: usize,
    params: usize,
    few: Option<usize>,
}

thread_local! {
    static POOL: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

impl MachineKernel {
    /// Every loop, and which back end made its code.
    pub fn made(&self) -> impl Iterator<Item = (LoopRef, &Made)> {
        self.entries.iter().map(|entry| (entry.which, &entry.made))
    }
}

impl Executable for MachineKernel {
    unsafe fn run(&self, which: LoopRef, call: &Call) {
        // Code is made of all loops of a kernel, and what comes from a cache is compared with them.
        let Some(entry) = self.entries.iter().find(|e| e.which == which) else {
            panic!("kernel '{}' has no loop {which:?}", self.name);
        };
        assert!(
            call.buffers.len() == self.buffers
                && call.carries.len() == self.carries
                && call.params.len() == self.params,
            "a call of kernel '{}' has other buffers, carries or parameters than the kernel",
            self.name
        );
        let whole = entry.lanes.map_or(call.lanes, |n| n as usize).next_multiple_of(LANES);
        // Loops over lanes of their own number compute all of them.
        let lanes = self.few.filter(|_| entry.lanes.is_none()).map_or(whole, |few| whole.min(few));
        if call.rows <= 0 || lanes == 0 {
            return;
        }
        POOL.with_borrow_mut(|pool| {
            entry.pool.fill(call.params, pool);
            let args = Args {
                buffers: call.buffers.as_ptr(),
                carries: call.carries.as_ptr(),
                pool: pool.as_ptr().cast(),
                start: call.start,
                rows: call.rows,
                lanes: lanes as i64,
                lane0: call.lane0,
            };
            let at = self.memory.address(entry.offset).unwrap_or(std::ptr::null());
            // SAFETY: `load` checked that the entry lies in the code, which was generated as a function of this type.
            let function: unsafe extern "C" fn(*const Args) = unsafe { std::mem::transmute(at) };
            // SAFETY: `args` lives through the call and is complete; the caller vouches for the addresses that the
            // loop forms from it, and the code forms no others (the verifier checked inner positions, planes and slots).
            unsafe { function(&args) };
        });
    }
}

#[cfg(test)]
mod tests {
    use dasc_ir::kernel::random;

    use super::*;

    #[test]
    fn few_channels_take_few_lanes() {
        let few = |codegen, channels| Options { codegen, channels, ..Options::default() }.few().unwrap();
        for codegen in Codegen::ALL {
            let Ok(isa) = codegen.isa() else { continue };
            assert_eq!(few(codegen, None), None);
            assert_eq!(few(codegen, Some(9)), None);
            let narrow = codegen != Codegen::Wide(Isa::Avx512);
            assert_eq!(few(codegen, Some(1)), Some(if narrow { 4 } else { 8 }), "{codegen}, {isa:?}");
            assert_eq!(few(codegen, Some(5)), Some(8), "{codegen}");
        }
    }

    #[test]
    fn code_fits_the_kernel_it_was_made_of_and_no_other() {
        let kernel = random::kernel(3);
        let code = compile(&kernel, &Options::default()).unwrap();
        assert!(code.fits(&kernel));
        let mut more = kernel.clone();
        more.params.push(1.0);
        assert!(!code.fits(&more));
        let less = Code { entries: Vec::new(), ..code };
        assert!(!less.fits(&kernel));
    }
}
