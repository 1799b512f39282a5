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
            Waiting::Lost(address) => {
                *told = Some(address.to_string());
                terminal.say(&format!("the other end of {address} went away; waiting for it to come back"));
            }
            Waiting::Strange(why) if told.as_deref() != Some(why) => {
                *told = Some(why.to_string());
                terminal.say(why);
            }
            Waiting::Files(path) if told.as_deref() != Some(path) => {
                *told = Some(path.to_string());
                terminal.say(&format!("waiting for files in {path}; Ctrl-C gives up"));
            }
            Waiting::Follows(path) => terminal.say(&format!("following {path}; Ctrl-C ends the stream")),
            Waiting::Peer(_) | Waiting::Files(_) | Waiting::Strange(_) | Waiting::Rows => {}
        }
        match interrupt::asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
}
