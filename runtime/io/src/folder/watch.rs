//! Who is told how far the opening of many files has come.

use std::ops::ControlFlow;
use std::sync::{PoisonError, RwLock};

/// How many headers of a folder are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening<'a> {
    pub folder: &'a str,
    pub files: usize,
    pub of: usize,
    pub done: bool,
}

type Watch = Box<dyn Fn(&Opening) -> ControlFlow<()> + Send + Sync>;

static WATCH: RwLock<Option<Watch>> = RwLock::new(None);

/// Has `watch` called while files of a folder are opened, and at the end; `Break` stops that.
pub fn watch_openings(watch: impl Fn(&Opening) -> ControlFlow<()> + Send + Sync + 'static) {
    *WATCH.write().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(watch));
}

pub fn told(opening: &Opening) -> ControlFlow<()> {
    let watch = WATCH.read().unwrap_or_else(PoisonError::into_inner);
    watch.as_ref().map_or(ControlFlow::Continue(()), |watch| watch(opening))
}
