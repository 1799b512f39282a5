//! Live streams over TCP: a line of JSON that says what comes, as a sidecar has it, then frames of whole rows.
//!
//! A frame begins with sixteen bytes, little-endian: `DASF`, the number of its rows (u32) and the index of the first of them (i64); then
//! come the rows, time-major, in the type and byte order of the line. Indices count samples from the one taken at `start`.
//! The stream is over when its sender closes the connection between two frames.

mod connection;
mod incoming;
mod send;
mod watch;

use std::io::Read;
use std::net::TcpStream;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dasc_ir::{Diag, Rational, Result};

use crate::array::Element;
use crate::dat::described;
use crate::folder::{Summary, samples};
use crate::record::check_read;
use crate::sidecar::Sidecar;
use crate::{ENDLESS, Header, OnGap, ReadOptions, Segment, Source};

pub use incoming::Gaps;
use incoming::Incoming;
pub use send::send;
pub use watch::{Halt, Waiting, stopped, watch_streams};

/// Begins every frame.
const MAGIC: [u8; 4] = *b"DASF";
/// Bytes before the rows of a frame.
const HEAD: usize = 16;
/// The line of JSON is no longer.
const LONGEST_LINE: usize = 64 << 10;
/// How long a read of the socket waits before someone may stop it.
const PATIENCE: Duration = Duration::from_millis(100);

/// The end of a stream that rows are read from.
pub struct Stream {
    address: String,
    options: ReadOptions,
    header: Header,
    element: Element,
    halt: Halt,
    state: Mutex<State>,
}

struct State {
    incoming: Incoming,
    /// A sample and when it was taken, by which the others are labelled.
    clock: (i64, i64),
    /// When the other end went away, unless it is back with rows.
    lost: Option<Instant>,
}

/// A sender that has said what it sends.
struct Greeted {
    socket: TcpStream,
    header: Header,
    element: Element,
    /// Whether it does not say when its first sample was taken.
    untimed: bool,
}

/// Connects to a sender, or waits for one, and reads what it says of its rows.
pub fn open(address: &str, options: &ReadOptions) -> Result<Stream> {
    if options.on_gap == OnGap::Mask {
        return Err(Diag::usage("a live stream has no ON_GAP=mask: how long a gap is shows when it is over")
            .help("take ON_GAP=reset, where filters start anew after each gap"));
    }
    let lost = || Diag::compiler("a connection without a time limit was given up");
    let halt = Halt::default();
    let Greeted { socket, mut header, element, untimed } =
        greeted(address, options, None, &halt)?.ok_or_else(lost)?;
    let row = (header.channels.count, element.size.into());
    let mut incoming = Incoming::new(socket, address, row, options.on_gap == OnGap::Reset, halt.clone())?;
    incoming.begin()?;
    let first = incoming.next();
    let mut start_ns = 0;
    if let Some(segment) = header.segments.first_mut() {
        start_ns = taken(segment.start_ns, header.rate, first, untimed);
        (segment.start, segment.start_ns) = (first, start_ns);
    }
    let state = State { incoming, clock: (first, start_ns), lost: None };
    let (address, options) = (address.to_string(), options.clone());
    Ok(Stream { address, options, header, element, halt, state: Mutex::new(state) })
}

/// When sample `index` was taken: by the sender's clock, or now.
fn taken(start_ns: i64, rate: Rational, index: i64, untimed: bool) -> i64 {
    let period = rate.recip().unwrap_or(Rational::ONE);
    if untimed { now() } else { start_ns.saturating_add(period.nanoseconds(index)) }
}

/// A sender and what it says first; `None` if nobody came until the given time.
fn greeted(
    address: &str,
    options: &ReadOptions,
    until: Option<Instant>,
    halt: &Halt,
) -> Result<Option<Greeted>> {
    let Some(mut socket) = connection::establish(address, until, halt)? else { return Ok(None) };
    let line = line(&mut socket, address, halt)?;
    let bad = |why: String| {
        Diag::world(format!("'{address}' does not begin as a stream does: {why}"))
            .help("first comes a line of JSON as docs/sidecar.schema.json describes it; docs/streams.md has an example")
    };
    let sidecar: Sidecar = serde_json::from_slice(&line).map_err(|error| bad(error.to_string()))?;
    if sidecar.version != 1 {
        return Err(bad(format!("its version is {}, only 1 is known", sidecar.version)));
    }
    let help = "the sender's first line has to say it, or READ: CHANNELS=800 FS=1kHz DTYPE=f32";
    let mut options = options.clone();
    let untimed = options.start.is_none() && sidecar.start.is_none();
    if untimed {
        options.start = Some(0);
    }
    let mut rows = described(address, "tcp", &sidecar, &options, help)?;
    if untimed {
        rows.notes.push(
            "no start time is given; the clock of this machine when the first frame came is taken".into(),
        );
    }
    rows.samples = ENDLESS;
    let element = rows.element();
    Ok(Some(Greeted { socket, header: rows.header(address)?, element, untimed }))
}

/// UTC, nanoseconds since 1970.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// What comes before the first line end.
fn line(socket: &mut TcpStream, address: &str, halt: &Halt) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        let read = incoming::patiently(socket, address, &mut byte, halt)?;
        match (read, byte) {
            (None | Some(0), _) => {
                return Err(Diag::world(format!("'{address}' was closed before it said what it sends"))
                    .help("first comes a line of JSON; docs/streams.md has an example"));
            }
            (_, [b'\n']) => return Ok(line),
            (_, [other]) => line.push(other),
        }
        if line.len() > LONGEST_LINE {
            return Err(Diag::world(format!(
                "the first line of '{address}' is longer than {LONGEST_LINE} bytes"
            ))
            .help("first comes a line of JSON; docs/streams.md has an example"));
        }
    }
}

impl Stream {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a sender to come back, as long as the user allows. Whether rows go on where they were.
    fn again(&self, state: &mut State) -> Result<bool> {
        let patience = match self.options.reconnect {
            Some(patience) => patience,
            None => {
                state.incoming.rest();
                return Ok(false);
            }
        };
        let since = *state.lost.get_or_insert_with(|| {
            stopped(Waiting::Lost(&self.address));
            Instant::now()
        });
        let until = since.checked_add(patience);
        let mut found = greeted(&self.address, &self.options, until, &self.halt);
        if let Ok(Some(back)) = &found
            && let Some(text) = self.clash(back)
        {
            found = Err(Diag::world(text));
        }
        match found {
            _ if self.halt.asked(Waiting::Rows) => {
                state.incoming.give_up(None);
                Ok(false)
            }
            Ok(None) => {
                let seconds = patience.as_secs_f64();
                state.incoming.give_up(Some(format!("the other end did not come back within {seconds} s")));
                Ok(false)
            }
            // Whoever that was, the right one may still come.
            Err(diag) if until.is_none_or(|until| Instant::now() < until) => {
                stopped(Waiting::Strange(&diag.message));
                std::thread::sleep(PATIENCE);
                Ok(true)
            }
            Err(diag) => {
                state.incoming.give_up(Some(diag.message));
                Ok(false)
            }
            Ok(Some(back)) => self.go_on(state, back),
        }
    }

    /// Why a sender is not the one that went away.
    fn clash(&self, back: &Greeted) -> Option<String> {
        let (before, now) = (Summary::of(&self.header), Summary::of(&back.header));
        if back.element != self.element {
            let (is, was) = (back.element.describe(), self.element.describe());
            return Some(format!("the sender that came has another type of a sample: {is}, which was {was}"));
        }
        let (what, was, is) = before.clash(&now)?;
        Some(format!("the sender that came has another {what}: {is}, which was {was}"))
    }

    fn go_on(&self, state: &mut State, back: Greeted) -> Result<bool> {
        let (at, at_ns) = state.clock;
        let rate = self.header.rate;
        let next = state.incoming.next();
        let start_ns = back.header.segments.first().map_or(0, |segment| segment.start_ns);
        let mut begins = at_ns;
        let goes_on = state.incoming.go_on(back.socket, |first| {
            begins = taken(start_ns, rate, first, back.untimed);
            let index = at.saturating_add(samples(begins, at_ns, rate));
            // A clock that went back labels rows that follow at once.
            (index, index == next)
        })?;
        if goes_on {
            // The rows that follow, or none yet.
            state.lost = state.lost.filter(|_| state.incoming.is_lost());
        } else if let Some(index) = state.incoming.behind() {
            (state.clock, state.lost) = ((index, begins), None);
        }
        Ok(goes_on)
    }
}

impl Source for Stream {
    fn header(&self) -> &Header {
        &self.header
    }

    fn wait(&self, first: i64, most: usize) -> Result<usize> {
        let mut state = self.state();
        loop {
            let ready = state.incoming.wait(first, most)?;
            if ready > 0 || !state.incoming.is_lost() || !self.again(&mut state)? {
                return Ok(ready);
            }
        }
    }

    fn halt(&self) {
        self.halt.set();
    }

    fn resumes(&self) -> Result<Option<Segment>> {
        let mut state = self.state();
        let Some(start) = state.incoming.resumes()? else { return Ok(None) };
        let (at, at_ns) = state.clock;
        let start_ns = taken(at_ns, self.header.rate, start.saturating_sub(at), false);
        Ok(Some(Segment { start, len: ENDLESS, start_ns }))
    }

    fn read(&self, rows: Range<i64>, channels: Range<usize>, out: &mut [u8], stride: usize) -> Result<()> {
        let row = check_read(&self.header, &rows, &channels, out.len(), stride)?;
        let width = usize::from(self.element.size);
        let mut state = self.state();
        let count = usize::try_from(rows.end - rows.start).unwrap_or(0);
        let lines = state.incoming.take(rows.start, count)?;
        for (i, line) in lines.enumerate() {
            let to = &mut out[i * stride..i * stride + row];
            to.copy_from_slice(&line[channels.start * width..channels.end * width]);
            self.element.to_native(to);
        }
        Ok(())
    }

    fn losses(&self) -> Vec<String> {
        let state = self.state();
        let early = state.incoming.cut_short().map(|why| format!("ended early: {why}"));
        state.incoming.gaps.told().into_iter().chain(early).collect()
    }

    fn bytes_read(&self) -> u64 {
        self.state().incoming.received()
    }
}

/// One `read` of a socket.
fn some(socket: &mut TcpStream, into: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match socket.read(into) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
