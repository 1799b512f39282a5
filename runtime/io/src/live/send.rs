//! The sending end: a record as a stream, at the pace it was taken or another.

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use dasc_ir::{Diag, Rational, Result};

use super::watch::{Halt, Waiting, stopped};
use super::{MAGIC, PATIENCE, connection};
use crate::array::buffer;
use crate::sidecar;
use crate::{Header, Source};

/// Sends all rows of a record in frames of at most `rows`, `speed` times as fast as they were taken (0: as fast as the other end takes
/// them). The first sample of the record has index 0. `progress` is told how many rows are sent and may stop it.
pub fn send(
    source: &dyn Source,
    address: &str,
    speed: f64,
    rows: usize,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<()> {
    let header = source.header();
    if header.is_live() {
        return Err(Diag::usage("a live stream cannot be sent on").help("record it first, with WRITE"));
    }
    let lost = || Diag::compiler("a connection without a time limit was given up");
    let mut socket = connection::establish(address, None, &Halt::default())?.ok_or_else(lost)?;
    let line = serde_json::to_string(&sidecar::filled(header));
    let line =
        line.map_err(|error| Diag::compiler(format!("a stream's first line as JSON: {error}")))? + "\n";
    if push(&mut socket, address, line.as_bytes())?.is_break() {
        return Ok(());
    }
    let row = header.channels.count * header.file_type.size();
    let rows = rows.clamp(1, 1 << 20);
    let mut frame = buffer((rows.saturating_mul(row) as u64).saturating_add(16), address)?;
    let base = header.segments.first().map_or(0, |segment| segment.start);
    let clock = Instant::now();
    let mut sent = 0u64;
    for segment in &header.segments {
        let end = segment.start.saturating_add(i64::try_from(segment.len).unwrap_or(i64::MAX));
        let mut at = segment.start;
        while at < end {
            let next = at.saturating_add(rows as i64).min(end);
            let count = (next - at) as usize;
            let bytes = 16 + count * row;
            frame[..4].copy_from_slice(&MAGIC);
            frame[4..8].copy_from_slice(&(count as u32).to_le_bytes());
            frame[8..16].copy_from_slice(&at.saturating_sub(base).to_le_bytes());
            source.read(at..next, 0..header.channels.count, &mut frame[16..bytes], row)?;
            if speed > 0.0 && pace(header, next.saturating_sub(base), speed, clock).is_break() {
                return Ok(());
            }
            if push(&mut socket, address, &frame[..bytes])?.is_break() {
                return Ok(());
            }
            sent += count as u64;
            if progress(sent).is_break() {
                return Ok(());
            }
            at = next;
        }
    }
    Ok(())
}

/// Waits until so many samples would have been taken.
fn pace(header: &Header, samples: i64, speed: f64, clock: Instant) -> ControlFlow<()> {
    let period = header.rate.recip().unwrap_or(Rational::ONE).as_f64();
    let due = Duration::try_from_secs_f64(samples.max(0) as f64 * period / speed).unwrap_or(Duration::MAX);
    loop {
        let left = due.saturating_sub(clock.elapsed());
        if left.is_zero() {
            return ControlFlow::Continue(());
        }
        if stopped(Waiting::Rows) {
            return ControlFlow::Break(());
        }
        std::thread::sleep(left.min(PATIENCE));
    }
}

/// Writes all bytes, however slowly the other end takes them.
fn push(socket: &mut TcpStream, address: &str, mut bytes: &[u8]) -> Result<ControlFlow<()>> {
    let gone = || {
        Diag::world(format!("'{address}' closed the connection before all was sent"))
            .help("see what the receiving end says")
    };
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(0) => return Err(gone()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if stopped(Waiting::Rows) {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                return Err(gone());
            }
            Err(error) => return Err(Diag::world(format!("cannot write to '{address}': {error}"))),
        }
    }
    Ok(ControlFlow::Continue(()))
}
