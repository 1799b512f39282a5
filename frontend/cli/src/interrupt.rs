//! Ctrl-C: the first stops the run cleanly, the second at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use dasc_ir::{Diag, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether someone asked to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for Ctrl-C and for a request to terminate.
    pub fn listen() -> Result<Interrupt> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In this order the first signal only sets the flag and the second finds it set.
            flag::register_conditional_shutdown(signal, 130, Arc::clone(&asked))
                .and_then(|_| flag::register(signal, Arc::clone(&asked)))
                .map_err(|error| Diag::world(format!("cannot listen for Ctrl-C: {error}")))?;
        }
        Ok(Interrupt(asked))
    }

    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

static SHARED: OnceLock<Option<Interrupt>> = OnceLock::new();

/// Whether someone asked to stop, for what happens outside of runs. Listening begins with the first question: verbs that never ask end at
/// the first Ctrl-C as ever.
pub fn asked() -> bool {
    SHARED.get_or_init(|| Interrupt::listen().ok()).as_ref().is_some_and(Interrupt::asked)
}

/// Whether someone had asked to stop when the question was put.
pub fn was_asked() -> bool {
    SHARED.get().and_then(Option::as_ref).is_some_and(Interrupt::asked)
}
