//! One stream of bytes to a file or to standard output, with the same errors and the same ending.

use crate::atomic::AtomicFile;
use crate::disk::failed;
use crate::target::{Mode, Target};
use dasc_ir::{Diag, Result};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What a finished sink has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The final name; `-` for standard output.
    pub path: PathBuf,
    /// How many files or folders; more than 1 where the name stands for several.
    pub files: u64,
    /// Size of the whole output, what was there before an append included.
    pub bytes: u64,
    /// Rows along axis 0, or events, written by this run.
    pub rows: u64,
}

pub(crate) enum Output {
    File(AtomicFile),
    Pipe(Pipe),
}

/// Standard output, or whatever stands for it in a test.
pub(crate) struct Pipe {
    sink: Box<dyn Write + Send>,
    written: u64,
    fault: Option<Diag>,
}

pub(crate) type Buffered = BufWriter<Output>;

impl Output {
    pub(crate) fn create(target: &Target, mode: Mode) -> Result<Output> {
        match target {
            Target::File(path) => Ok(Output::File(AtomicFile::create(path, mode)?)),
            Target::Stdout => Ok(Output::pipe(standard_output()?)),
            Target::Hook(url) => Err(Diag::compiler(format!("sink: '{url}' takes events, not bytes"))),
        }
    }

    pub(crate) fn pipe(sink: Box<dyn Write + Send>) -> Output {
        Output::Pipe(Pipe { sink, written: 0, fault: None })
    }

    pub(crate) fn buffered(self) -> Buffered {
        BufWriter::with_capacity(1 << 20, self)
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Output::File(file) => file.path(),
            Output::Pipe(_) => Path::new("-"),
        }
    }

    /// The diagnostic of a failed write: the first fault if the disk had one, else what the encoder says.
    pub(crate) fn diag(&self, error: &dyn std::fmt::Display) -> Diag {
        let fault = match self {
            Output::File(file) => file.fault(),
            Output::Pipe(pipe) => pipe.fault.as_ref(),
        };
        let name = self.path().display();
        fault.cloned().unwrap_or_else(|| Diag::world(format!("cannot write '{name}': {error}")))
    }

    /// Replaces bytes at `offset`; a pipe has none to replace.
    pub(crate) fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        match self {
            Output::File(file) => file.patch(offset, bytes),
            Output::Pipe(_) => Err(Diag::compiler("sink: standard output cannot be patched")),
        }
    }

    /// Writes bytes at `offset`, which may lie beyond what was written; a pipe has no such place.
    pub(crate) fn place(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        match self {
            Output::File(file) => file.place(offset, bytes),
            Output::Pipe(_) => Err(Diag::compiler("sink: standard output takes bytes in order")),
        }
    }

    /// Returns the bytes written.
    pub(crate) fn commit(self) -> Result<u64> {
        match self {
            Output::File(file) => file.commit(),
            Output::Pipe(mut pipe) => {
                let flushed = pipe.sink.flush();
                flushed.map_err(|error| pipe_failed(pipe.written, &error))?;
                pipe.fault.map_or(Ok(pipe.written), Err)
            }
        }
    }
}

/// Writes what is buffered and publishes the output.
pub(crate) fn commit(buffered: Buffered, rows: u64) -> Result<Summary> {
    let output = buffered.into_inner().map_err(|stuck| {
        let (error, buffered) = stuck.into_parts();
        buffered.get_ref().diag(&error)
    })?;
    let path = output.path().to_path_buf();
    Ok(Summary { path, files: 1, bytes: output.commit()?, rows })
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::File(file) => file.write(bytes),
            Output::Pipe(pipe) => match pipe.sink.write(bytes) {
                Ok(count) => {
                    pipe.written = pipe.written.saturating_add(count as u64);
                    Ok(count)
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => Err(error),
                Err(error) => {
                    pipe.fault.get_or_insert_with(|| pipe_failed(pipe.written, &error));
                    Err(error)
                }
            },
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::File(file) => file.flush(),
            Output::Pipe(pipe) => pipe.sink.flush(),
        }
    }
}

fn pipe_failed(bytes: u64, error: &io::Error) -> Diag {
    let mut diag = failed("write", Path::new("standard output"), bytes, error);
    // There is no temporary that was removed; what went out is out.
    diag.help =
        diag.help.map(|_| "what came out so far is incomplete: see where standard output leads".into());
    diag
}

/// Standard output without the line buffer of `std::io::stdout`, which searches everything for line ends.
fn standard_output() -> Result<Box<dyn Write + Send>> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        let copied = io::stdout().as_fd().try_clone_to_owned();
        let owned = copied.map_err(|error| pipe_failed(0, &error))?;
        Ok(Box::new(std::fs::File::from(owned)))
    }
    #[cfg(not(unix))]
    Ok(Box::new(io::stdout()))
}

#[cfg(test)]
pub(crate) mod shared {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A pipe whose bytes a test can look at afterwards.
    #[derive(Clone, Default)]
    pub(crate) struct Shared(pub(crate) Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    pub(crate) struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_told_apart() {
        let mut output = Output::pipe(Box::new(shared::Closed)).buffered();
        output.write_all(b"data").unwrap();
        let diag = commit(output, 0).unwrap_err();
        assert!(crate::is_closed_pipe(&diag), "{diag}");
        assert!(!crate::is_closed_pipe(&Diag::world("other")));
    }
}
