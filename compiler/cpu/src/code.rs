//! Machine code of a kernel: made, laid out as one blob, loaded, called.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_frontend::FunctionBuilderContext;
use dasc_ir::kernel::{Call, Executable, Kernel, LANES, LoopRef, NumericProfile, verify_expanded};
use dasc_ir::{Diag, Result};

use crate::emit::{AT, Args, emit};
use crate::host;
use crate::memory::Mapping;
use crate::pool::{Pool, Splat};

/// How code is made; none of it but the profile changes a bit of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub profile: NumericProfile,
    /// Lanes worked on together: 2, 4, 8 or 16. `None` lets each loop have what fits the registers.
    pub group: Option<usize>,
    /// Whether to keep the text of the generated code.
    pub listing: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { profile: NumericProfile::host(), group: None, listing: false }
    }
}

/// The generated code of a loop as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub which: LoopRef,
    /// Cranelift's intermediate form.
    pub clif: String,
    /// Disassembly, after register allocation.
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
    GENERATIONS.fetch_add(1, Ordering::Relaxed);
    let isa = host::isa()?;
    let mut code = Code {
        name: kernel.name.clone(),
        blob: Vec::new(),
        entries: Vec::new(),
        buffers: kernel.buffers.len(),
        carries: kernel.carries.len(),
        params: kernel.params.len(),
        listings: Vec::new(),
    };
    let mut builders = FunctionBuilderContext::new();
    let mut context = Context::new();
    for (which, body) in kernel.loops() {
        let fail = |what: String| Diag::compiler(format!("kernel '{}', {which:?}: {what}", kernel.name));
        let emitted = fenced(|| emit(kernel, body, options.profile, options.group, &*isa, &mut builders))
            .map_err(fail)?;
        context.clear();
        context.func = emitted.function;
        context.set_disasm(options.listing);
        let clif = if options.listing { context.func.display().to_string() } else { String::new() };
        fenced(|| {
            context.compile(&*isa, &mut ControlPlane::default()).map(|_| ()).map_err(|e| e.inner.to_string())
        })
        .map_err(fail)?
        .map_err(|why| fail(format!("code generation failed: {why}")))?;
        let compiled =
            context.compiled_code().ok_or_else(|| fail("code generation gave no code".to_string()))?;
        if !compiled.buffer.relocs().is_empty() {
            return Err(fail("the code calls into a library, which it must not".to_string()));
        }
        code.blob.resize(code.blob.len().next_multiple_of(ALIGN), 0);
        let offset = code.blob.len();
        code.blob.extend_from_slice(compiled.code_buffer());
        code.entries.push(Entry { which, offset, lanes: body.lanes, pool: emitted.pool });
        if options.listing {
            let asm = compiled.vcode.clone().unwrap_or_default();
            code.listings.push(Listing { which, clif, asm });
        }
    }
    Ok(code)
}

thread_local! {
    /// Whether this thread is inside [`fenced`], where a panic becomes an error and is not to be printed as well.
    static FENCED: Cell<bool> = const { Cell::new(false) };
}

/// What `work` gives, or the words of its panic and the instruction it was about. The verifier runs first, so a panic here is a
/// hole in the verifier; it ends this kernel and not the program, and the error tells of it, not the panic hook.
fn fenced<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !FENCED.get() {
                tell(panic);
            }
        }));
    });
    AT.set(None);
    FENCED.set(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    FENCED.set(false);
    done.map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        let at = AT.get().map_or(String::new(), |val| format!(" at v{}", val.0));
        format!("code generation stopped{at}, though the verifier passed it: {text}")
    })
}

impl Code {
    /// Makes the code callable.
    pub fn load(self) -> Result<MachineKernel> {
        let memory = Mapping::executable(&self.blob)?;
        for entry in &self.entries {
            if memory.address(entry.offset).is_none() {
                return Err(Diag::compiler(format!("kernel '{}' has an entry outside its code", self.name)));
            }
        }
        let Code { name, entries, buffers, carries, params, .. } = self;
        Ok(MachineKernel { name, memory, entries, buffers, carries, params })
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
}

thread_local! {
    static POOL: RefCell<Vec<Splat>> = const { RefCell::new(Vec::new()) };
}

impl Executable for MachineKernel {
    unsafe fn run(&self, which: LoopRef, call: &Call) {
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
        let lanes = entry.lanes.map_or(call.lanes, |n| n as usize).next_multiple_of(LANES);
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
    use dasc_ir::kernel::Val;

    use super::*;

    #[test]
    fn a_panic_of_code_generation_names_the_instruction() {
        assert_eq!(fenced(|| 7), Ok(7));
        let why = fenced(|| {
            AT.set(Some(Val(3)));
            let nothing: Option<u8> = std::hint::black_box(None);
            nothing.expect("operands come before their users")
        });
        assert_eq!(
            why.unwrap_err(),
            "code generation stopped at v3, though the verifier passed it: operands come before their users"
        );
    }

    /// Tells the test's program that it is the child, whose standard error is looked at.
    const CHILD: &str = "DASC_TEST_QUIET_CHILD";

    #[test]
    fn a_panic_that_became_an_error_is_not_printed_as_well() {
        if std::env::var_os(CHILD).is_some() {
            assert!(fenced(|| std::hint::black_box(None::<u8>).expect("inside the fence")).is_err());
            panic!("outside the fence");
        }
        let name = "code::tests::a_panic_that_became_an_error_is_not_printed_as_well";
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("outside the fence"), "{told}");
        assert!(!told.contains("inside the fence"), "{told}");
    }
}
