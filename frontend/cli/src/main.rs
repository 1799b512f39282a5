//! The command `dasc`.

use std::process::ExitCode;

fn main() -> ExitCode {
    dasc_cli::main(std::env::args_os())
}
