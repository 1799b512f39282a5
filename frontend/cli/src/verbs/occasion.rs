//! Scripts that a verb writes for the occasion.

use dasc_ir::{Diag, Result};

use super::Context;
use super::run::{Manner, carry_out};
use crate::args::ScriptArgs;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::script;

/// Runs a script; `-v` shows it.
pub fn run(text: String, context: &mut Context) -> Outcome {
    let interrupt = Interrupt::listen()?;
    let script = ScriptArgs { script: None, expression: Some(text), set: Vec::new() };
    let script = script::load(&script, &mut context.sources)?;
    context.terminal.detail(&script.text);
    let manner = Manner { chunk: None, interpret: false, dry: false, status: None };
    carry_out(&script, &manner, &interrupt, context)
}

/// `READ 'f.h5' CH=100..200 TIME=1s..2s`.
pub fn read(file: &str, ch: Option<&str>, time: Option<&str>) -> Result<String> {
    let mut read = format!("READ {}", quoted(file)?);
    for (flag, name, value) in [("--ch", "CH", ch), ("--time", "TIME", time)] {
        if let Some(value) = value {
            read += &format!(" {name}={}", plain(flag, value)?);
        }
    }
    Ok(read)
}

/// A path as a script writes it: braces and quotes stand for themselves.
pub fn quoted(path: &str) -> Result<String> {
    if path.contains(['\n', '\r']) {
        return Err(
            Diag::usage("a file name with a line break cannot be named in a script").help("rename the file")
        );
    }
    Ok(format!("'{}'", path.replace('\'', "''")))
}

/// A value that cannot end its argument and begin another step.
pub fn plain<'a>(flag: &str, value: &'a str) -> Result<&'a str> {
    let harmless = |c: char| c.is_alphanumeric() || ".:+-/_%µ".contains(c);
    if !value.is_empty() && value.chars().all(harmless) {
        return Ok(value);
    }
    Err(Diag::usage(format!("{flag} {value} cannot be understood"))
        .help("for example --ch 100..200, --time 10s..20s, --spectrogram 256"))
}
