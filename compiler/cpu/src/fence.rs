//! A panic while code is generated becomes an error.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use dasc_ir::kernel::Val;

thread_local! {
    /// The instruction this thread works on, for the message when no code can be made for it.
    pub static AT: Cell<Option<Val>> = const { Cell::new(None) };
    /// Whether this thread is inside [`fenced`], where a panic becomes an error and is not to be printed as well.
    static FENCED: Cell<bool> = const { Cell::new(false) };
}

/// What `work` gives, or the words of its panic and the instruction it was about. The verifier runs first, so a panic here is a
/// hole in the verifier; it ends this kernel and not the program, and the error tells of it, not the panic hook.
pub fn fenced<T>(work: impl FnOnce() -> T) -> Result<T, String> {
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

#[cfg(test)]
mod tests {
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
        let name = "fence::tests::a_panic_that_became_an_error_is_not_printed_as_well";
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("outside the fence"), "{told}");
        assert!(!told.contains("inside the fence"), "{told}");
    }
}
