//! Records named by a URL: `file://` is a path, `http://` and `https://` are fetched into a temporary file.
//!
//! The whole file is fetched once, because HDF5 libraries want a path; it goes when the last reader of it goes. A server that sends
//! nothing for a while, more than the limit, or less than it announced is an error that names the address.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use dasc_ir::{Diag, Result};
use tempfile::TempPath;

/// How far a fetch has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetching<'a> {
    pub url: &'a str,
    pub bytes: u64,
    /// What the server announced.
    pub of: Option<u64>,
    pub done: bool,
}

type Watch = Box<dyn Fn(&Fetching) -> ControlFlow<()> + Send + Sync>;

static WATCH: RwLock<Option<Watch>> = RwLock::new(None);

/// Has `watch` called now and then during fetches, a few times a second and at the end; `Break` stops the fetch.
pub fn watch_fetches(watch: impl Fn(&Fetching) -> ControlFlow<()> + Send + Sync + 'static) {
    *WATCH.write().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(watch));
}

/// Where the bytes of a record named by a path or URL lie.
#[derive(Clone, Debug)]
pub enum Place {
    Path(PathBuf),
    /// A fetched file, kept for as long as someone reads it.
    Fetched(Arc<TempPath>),
}

impl Place {
    pub fn path(&self) -> &Path {
        match self {
            Place::Path(path) => path,
            Place::Fetched(path) => path,
        }
    }
}

/// The most bytes fetched, unless [`LIMIT`] says otherwise.
const MOST: u64 = 64 << 30;
const LIMIT: &str = "DASC_URL_LIMIT";
/// Seconds without a byte after which a server is given up.
const TIMEOUT: &str = "DASC_URL_TIMEOUT";
const PATIENCE: f64 = 30.0;

/// Finds or fetches what `name` names.
pub fn locate(name: &str) -> Result<Place> {
    let Some((scheme, rest)) = name.split_once("://") else { return Ok(Place::Path(PathBuf::from(name))) };
    match scheme.to_ascii_lowercase().as_str() {
        "file" => local(name, rest).map(Place::Path),
        "http" | "https" => fetched(name).map(Place::Fetched),
        scheme => {
            let help = match scheme {
                "s3" => {
                    "give its https:// address (`aws s3 presign` makes one), or fetch it first: aws s3 cp"
                }
                "gs" => {
                    "give its https:// address (https://storage.googleapis.com/…), or fetch it first: gcloud storage cp"
                }
                "ftp" | "ftps" | "sftp" | "scp" => "fetch it to a file first, with curl or scp",
                "tcp" => {
                    "a live stream is no file: READ takes it, as in dasc run -e 'READ tcp://… | EVENTS -'"
                }
                _ => "dasc reads paths, file://, http:// and https://, and live streams from tcp://",
            };
            Err(Diag::usage(format!("cannot read '{name}': {scheme}:// is not supported")).help(help))
        }
    }
}

fn local(name: &str, rest: &str) -> Result<PathBuf> {
    let bad =
        |why: &str| Diag::usage(format!("cannot read '{name}': {why}")).help("write file:///folder/name");
    let (host, path) = rest.split_at(rest.find('/').ok_or_else(|| bad("it has no absolute path"))?);
    if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
        return Err(bad("it names another machine"));
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|c| char::from(c).to_digit(16));
        let (high, low) = (digit(), digit());
        let value = high.zip(low).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        bytes.push(
            value
                .filter(|b| *b != 0)
                .ok_or_else(|| bad("a % in it is not followed by two hexadecimal digits"))?,
        );
    }
    String::from_utf8(bytes).map(PathBuf::from).map_err(|_| bad("its path is not UTF-8"))
}

/// The file of a URL, fetched unless a reader of it lives.
fn fetched(url: &str) -> Result<Arc<TempPath>> {
    static LIVING: Mutex<Option<HashMap<String, Weak<TempPath>>>> = Mutex::new(None);
    let mut living = LIVING.lock().unwrap_or_else(PoisonError::into_inner);
    let living = living.get_or_insert_with(HashMap::new);
    living.retain(|_, path| path.strong_count() > 0);
    if let Some(path) = living.get(url).and_then(Weak::upgrade) {
        return Ok(path);
    }
    let path = Arc::new(fetch(url)?);
    living.insert(url.to_string(), Arc::downgrade(&path));
    Ok(path)
}

/// What the thread that reads from the network says.
enum News {
    /// The length that was announced.
    Begins(Option<u64>),
    Bytes(Vec<u8>),
    Ended,
    Failed(Diag),
}

fn fetch(url: &str) -> Result<TempPath> {
    let limit = setting::<u64>(LIMIT).unwrap_or(MOST);
    let seconds = setting::<f64>(TIMEOUT).filter(|s| (0.01..=86_400.0).contains(s)).unwrap_or(PATIENCE);
    let patience = Duration::from_secs_f64(seconds);
    let failed = |why: String| Diag::world(format!("cannot fetch '{url}': {why}"));
    let too_long = |bytes: u64| {
        failed(format!("it has {bytes} bytes or more and {limit} is the limit"))
            .help(format!("set {LIMIT} to more bytes"))
    };
    let disk = |e: std::io::Error| {
        let folder = std::env::temp_dir();
        failed(format!("cannot write to '{}': {e}", folder.display()))
            .help("set TMPDIR to a folder with room")
    };
    let mut file = tempfile::Builder::new().prefix("dasc-").tempfile().map_err(disk)?;
    // The network is read on a thread of its own, so that a silent server cannot hold up this one.
    let (sender, receiver) = sync_channel(16);
    let address = url.to_string();
    std::thread::spawn(move || {
        let last = get(&address, patience, &sender).map_or_else(News::Failed, |()| News::Ended);
        // The receiver is gone when it gave up.
        let _ = sender.send(last);
    });
    let (mut bytes, mut of) = (0u64, None);
    let mut waited = Duration::ZERO;
    const TICK: Duration = Duration::from_millis(200);
    loop {
        let news = receiver.recv_timeout(TICK.min(patience));
        let timed_out = matches!(news, Err(RecvTimeoutError::Timeout));
        waited = if timed_out { waited.saturating_add(TICK.min(patience)) } else { Duration::ZERO };
        match news {
            Err(RecvTimeoutError::Timeout) if waited >= patience => {
                let text = format!("the server was silent for {seconds} s after {bytes} bytes");
                return Err(failed(text).help(format!("try again, or set {TIMEOUT} to more seconds")));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(failed("the connection was lost".into())),
            Ok(News::Begins(length)) => {
                of = length;
                if let Some(length) = length.filter(|length| *length > limit) {
                    return Err(too_long(length));
                }
            }
            Ok(News::Bytes(part)) => {
                bytes = bytes.saturating_add(part.len() as u64);
                if bytes > limit {
                    return Err(too_long(bytes));
                }
                file.write_all(&part).map_err(disk)?;
            }
            Ok(News::Failed(diag)) => return Err(diag),
            Ok(News::Ended) => break,
        }
        if told(&Fetching { url, bytes, of, done: false }).is_break() {
            return Err(failed("it was interrupted".into()));
        }
    }
    if let Some(announced) = of.filter(|announced| *announced != bytes) {
        let text = format!("the connection ended after {bytes} of {announced} bytes");
        return Err(failed(text).help("try again"));
    }
    let _ = told(&Fetching { url, bytes, of, done: true });
    Ok(file.into_temp_path())
}

fn told(fetching: &Fetching) -> ControlFlow<()> {
    let watch = WATCH.read().unwrap_or_else(PoisonError::into_inner);
    watch.as_ref().map_or(ControlFlow::Continue(()), |watch| watch(fetching))
}

/// Asks for the URL and hands on what comes, in parts.
fn get(url: &str, patience: Duration, sender: &SyncSender<News>) -> Result<()> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(patience))
        .timeout_recv_response(Some(patience))
        .user_agent(concat!("dasc/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let failed = |why: &dyn std::fmt::Display| Diag::world(format!("cannot fetch '{url}': {why}"));
    let response = agent.get(url).call().map_err(|error| match error {
        ureq::Error::StatusCode(code) => {
            let (what, help) = match code {
                401 | 403 => {
                    ("it may not be read", "give an address that needs no login, such as a presigned one")
                }
                404 | 410 => ("there is no such file", "check the address"),
                _ => ("the server refuses", "try again later, or fetch it to a file first"),
            };
            failed(&format!("{what} (HTTP status {code})")).help(help)
        }
        error => failed(&error).help("check the address and the network, or fetch it to a file first"),
    })?;
    let length = response.headers().get("content-length").and_then(|text| text.to_str().ok()?.parse().ok());
    let encoded = response.headers().get("content-encoding").is_some_and(|text| text != "identity");
    let mut body = response.into_body().into_reader();
    if sender.send(News::Begins(length.filter(|_| !encoded))).is_err() {
        return Ok(());
    }
    loop {
        let mut part = vec![0; 256 << 10];
        let count = body.read(&mut part).map_err(|error| failed(&error).help("try again"))?;
        part.truncate(count);
        // The receiver is gone when it gave up.
        if count == 0 || sender.send(News::Bytes(part)).is_err() {
            return Ok(());
        }
    }
}

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}
