//! What a user sees of a live stream that is waited for, and how Ctrl-C ends it.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use dasc_io::Waiting;

use crate::interrupt;
use crate::terminal::Terminal;

/// Says once what a stream waits for, and ends it when asked.
pub fn watch(terminal: Terminal) {
    let told: Mutex<Option<String>> = Mutex::new(None);
    dasc_io::watch_streams(move |waiting| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting {
            Waiting::Peer(address) if told.as_deref() != Some(address) => {
                *told = Some(address.to_string());
                terminal.say(&format!("waiting for the other end of {address}; Ctrl-C gives up"));
            }
            Waiting::Connected(address) => {
                terminal.say(&format!("connected: {address}; Ctrl-C ends the stream"))
            }
            Waiting::Peer(_) | Waiting::Rows => {}
        }
        match interrupt::asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
}
