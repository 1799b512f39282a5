//! What keeps a panic of the engine from ending the program, or from being printed by a library.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static FENCED: Cell<bool> = const { Cell::new(false) };
}

/// Runs what belongs to others. A panic in it is an error with its message.
pub fn fenced<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HUSH: Once = Once::new();
    HUSH.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !FENCED.get() {
                before(info);
            }
        }));
    });
    let outer = FENCED.replace(true);
    // What the closure holds is dropped or, being a plan that is never changed, as good as before.
    let result = catch_unwind(AssertUnwindSafe(work));
    FENCED.set(outer);
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("the engine gave up: {}", text.unwrap_or("without a word"))
    })
}

#[cfg(test)]
mod tests {
    use super::fenced;

    #[test]
    fn a_panic_is_an_error() {
        assert_eq!(fenced(|| 3), Ok(3));
        let refused = fenced(|| -> u32 { panic!("no {}", "luck") });
        assert_eq!(refused, Err("the engine gave up: no luck".to_string()));
    }
}
