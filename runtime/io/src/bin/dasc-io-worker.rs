//! Opens HDF5 files on behalf of another program, which names it with `dasc_io::set_worker`.

use std::process::ExitCode;

fn main() -> ExitCode {
    dasc_io::worker_main(std::env::args_os().skip(1)).unwrap_or_else(|| {
        eprintln!("dasc-io-worker is started by programs that read HDF5 files; it does nothing by itself.");
        ExitCode::from(2)
    })
}
