//! Who is asked whether a stream should go on, and told what it waits for.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// What a stream waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting<'a> {
    /// For a sender to connect to this address of ours, or to answer at its own.
    Peer(&'a str),
    /// The other end is there.
    Connected(&'a str),
    /// For the first file of a folder.
    Files(&'a str),
    /// The first file of a folder is there.
    Follows(&'a str),
    /// For the rest of a row, or the next file.
    Rows,
    /// The other end is gone, and may come back to this address of ours or answer at its own.
    Lost(&'a str),
    /// What came in its place, or is not the next file, is of no use: why.
    Strange(&'a str),
}

type Watch = Box<dyn Fn(Waiting) -> ControlFlow<()> + Send + Sync>;

static WATCH: RwLock<Option<Watch>> = RwLock::new(None);

/// Has `watch` called several times a second while a stream is waited for; `Break` ends the stream there.
pub fn watch_streams(watch: impl Fn(Waiting) -> ControlFlow<()> + Send + Sync + 'static) {
    *WATCH.write().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(watch));
}

/// Whether whoever reads a stream has no more use for it.
#[derive(Clone, Debug, Default)]
pub struct Halt(Arc<AtomicBool>);

impl Halt {
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether to stop: because of that, or because someone says so.
    pub fn asked(&self, waiting: Waiting) -> bool {
        self.0.load(Ordering::Relaxed) || stopped(waiting)
    }
}

/// Whether someone says to stop.
pub fn stopped(waiting: Waiting) -> bool {
    let watch = WATCH.read().unwrap_or_else(PoisonError::into_inner);
    watch.as_ref().is_some_and(|watch| watch(waiting).is_break())
}
