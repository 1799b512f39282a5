//! Addresses, and how the two ends of a stream find each other.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use dasc_ir::{Diag, Result};

use super::PATIENCE;
use super::watch::{Halt, Waiting, stopped};

const FORM: &str = "write tcp://host:port to connect to a sender, tcp://0.0.0.0:9000 to wait for one to connect, or \
                    tcp://127.0.0.1:9000?listen to wait at one address";
/// An address that does not answer is tried again after so long, then after twice as long, up to the most.
const AGAIN: Duration = Duration::from_millis(500);
const SELDOM: Duration = Duration::from_secs(8);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(2);

/// Connects to `tcp://host:port`; at an address that stands for this machine, or with `?listen`, waits for the other end to connect.
/// `None` if nobody was there until the given time.
pub fn establish(address: &str, until: Option<Instant>, halt: &Halt) -> Result<Option<TcpStream>> {
    let rest = address.strip_prefix("tcp://").unwrap_or(address);
    let (place, listen) = match rest.split_once('?') {
        None => (rest, false),
        Some((place, "listen")) => (place, true),
        Some((_, other)) => {
            return Err(
                Diag::usage(format!("'{address}' asks for '{other}', which streams do not know")).help(FORM)
            );
        }
    };
    let places: Vec<SocketAddr> = match place.to_socket_addrs() {
        Ok(places) => places.collect(),
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            return Err(Diag::usage(format!("'{address}' is no address: {error}")).help(FORM));
        }
        Err(error) => return Err(Diag::world(format!("cannot find '{address}': {error}")).help(FORM)),
    };
    let socket = if listen || places.iter().any(|place| place.ip().is_unspecified()) {
        accept(address, &places, until, halt)?
    } else {
        connect(address, &places, until, halt)?
    };
    let Some(socket) = socket else { return Ok(None) };
    let ready = socket.set_nonblocking(false).and_then(|()| socket.set_read_timeout(Some(PATIENCE)));
    let ready =
        ready.and_then(|()| socket.set_write_timeout(Some(PATIENCE))).and_then(|()| socket.set_nodelay(true));
    ready.map_err(|error| Diag::world(format!("cannot use the connection to '{address}': {error}")))?;
    stopped(Waiting::Connected(address));
    Ok(Some(socket))
}

fn accept(
    address: &str,
    places: &[SocketAddr],
    until: Option<Instant>,
    halt: &Halt,
) -> Result<Option<TcpStream>> {
    let refused = |error: std::io::Error| {
        Diag::world(format!("cannot wait for a sender at '{address}': {error}"))
            .help("another program may use the port; take another one, above 1023")
    };
    let listener = TcpListener::bind(places).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    loop {
        match listener.accept() {
            Ok((socket, _)) => return Ok(Some(socket)),
            Err(error) if error.kind() == ErrorKind::WouldBlock && over(until) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::WouldBlock => pause(address, PATIENCE, halt)?,
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => return Err(refused(error)),
        }
    }
}

fn connect(
    address: &str,
    places: &[SocketAddr],
    until: Option<Instant>,
    halt: &Halt,
) -> Result<Option<TcpStream>> {
    let mut again = AGAIN;
    loop {
        if let Some(socket) = places.iter().find_map(|place| TcpStream::connect_timeout(place, ATTEMPT).ok())
        {
            return Ok(Some(socket));
        }
        if over(until) {
            return Ok(None);
        }
        pause(address, again, halt)?;
        again = SELDOM.min(again * 2);
    }
}

fn over(until: Option<Instant>) -> bool {
    until.is_some_and(|until| Instant::now() >= until)
}

/// Sleeps, unless someone stops it.
fn pause(address: &str, time: Duration, halt: &Halt) -> Result<()> {
    let since = Instant::now();
    loop {
        if halt.asked(Waiting::Peer(address)) {
            return Err(Diag::world(format!("stopped while waiting for '{address}'")));
        }
        let left = time.saturating_sub(since.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(PATIENCE));
    }
}
