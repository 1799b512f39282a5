//! `dasc run --status 127.0.0.1:9100`: how a run is doing, for whoever watches over it: `/metrics` as Prometheus reads them,
//! `/health` for a supervisor.

use std::fmt::Write;
use std::net::ToSocketAddrs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use dasc_ir::{Diag, Result};
use dasc_runtime::Stats;
use tiny_http::{Header, Response, Server};

/// What is told. Cheap to write to: a run does so after every chunk.
#[derive(Clone)]
pub struct Status(Arc<Mutex<Told>>);

struct Told {
    began: Instant,
    /// The record that is read.
    record: String,
    rows: u64,
    bytes_in: u64,
    bytes_out: u64,
    events: u64,
    gaps: u64,
    /// When rows were worked on last.
    rows_at: Option<Instant>,
    /// When the last of them was taken, by the record's clock: seconds since 1970.
    sample: Option<f64>,
}

impl Status {
    /// Answers at an address until the program ends.
    pub fn serve(address: &str) -> Result<Status> {
        let wrong = |why: &dyn std::fmt::Display| {
            Diag::usage(format!("cannot answer at '{address}' for --status: {why}"))
                .help("give an address of this machine and a free port, for instance --status 127.0.0.1:9100")
        };
        let places: Vec<_> = address.to_socket_addrs().map_err(|error| wrong(&error))?.collect();
        let server = Server::http(places.as_slice()).map_err(|error| wrong(&error))?;
        let told = Told {
            began: Instant::now(),
            record: String::new(),
            rows: 0,
            bytes_in: 0,
            bytes_out: 0,
            events: 0,
            gaps: 0,
            rows_at: None,
            sample: None,
        };
        let status = Status(Arc::new(Mutex::new(told)));
        let answering = status.clone();
        std::thread::spawn(move || answering.answer(&server));
        Ok(status)
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A record is read now.
    pub fn reads(&self, record: &str) {
        self.told().record = record.to_string();
    }

    /// What has been done, in this run and in those before it.
    pub fn done(&self, before: (u64, u64, u64), stats: &Stats, events: u64, sample_ns: Option<i64>) {
        let mut told = self.told();
        let (rows, bytes_in, bytes_out) = before;
        let rows = rows + stats.rows_done;
        if rows != told.rows {
            told.rows_at = Some(Instant::now());
        }
        (told.rows, told.bytes_in, told.bytes_out) =
            (rows, bytes_in + stats.bytes_in, bytes_out + stats.bytes_out);
        told.events = events;
        told.sample = sample_ns.map(|ns| ns as f64 / 1e9);
    }

    /// A stream went on behind a gap.
    pub fn gap(&self) {
        self.told().gaps += 1;
    }

    fn answer(&self, server: &Server) {
        for request in server.incoming_requests() {
            let (path, query) = request.url().split_once('?').unwrap_or((request.url(), ""));
            let (code, kind, text) = match path {
                "/metrics" => (200, "text/plain; version=0.0.4", self.told().metrics()),
                "/health" | "/" => {
                    let (code, text) = self.told().health(query);
                    (code, "application/json", text)
                }
                _ => (404, "text/plain", "ask for /metrics or /health\n".to_string()),
            };
            let mut response = Response::from_string(text).with_status_code(code);
            if let Ok(header) = Header::from_bytes("Content-Type", kind) {
                response.add_header(header);
            }
            // Whoever asked may be gone.
            let _ = request.respond(response);
        }
    }
}

impl Told {
    fn idle(&self) -> f64 {
        self.rows_at.unwrap_or(self.began).elapsed().as_secs_f64()
    }

    fn metrics(&self) -> String {
        let mut text = String::new();
        let mut metric = |name: &str, kind: &str, help: &str, value: f64| {
            let _ =
                write!(text, "# HELP dasc_{name} {help}\n# TYPE dasc_{name} {kind}\ndasc_{name} {value}\n");
        };
        metric("up_seconds", "gauge", "How long the run has lasted.", self.began.elapsed().as_secs_f64());
        metric("rows_total", "counter", "Rows of the source worked on.", self.rows as f64);
        metric("bytes_in_total", "counter", "Bytes of samples taken from the source.", self.bytes_in as f64);
        metric("bytes_out_total", "counter", "Bytes of results.", self.bytes_out as f64);
        metric("events_total", "counter", "Events that detectors found.", self.events as f64);
        metric("gaps_total", "counter", "Gaps behind which a live stream went on.", self.gaps as f64);
        metric("idle_seconds", "gauge", "How long ago rows were worked on last.", self.idle());
        if let Some(sample) = self.sample {
            metric(
                "last_sample_timestamp_seconds",
                "gauge",
                "When the last row was taken, by the record's clock.",
                sample,
            );
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
            metric("lag_seconds", "gauge", "How long ago that was, by this machine's clock.", now - sample);
        }
        text
    }

    /// 503 if nothing came for longer than the `within` seconds of the query.
    fn health(&self, query: &str) -> (u16, String) {
        let within = query.split('&').find_map(|part| part.strip_prefix("within=")?.parse::<f64>().ok());
        let well = within.is_none_or(|seconds| self.idle() <= seconds);
        let answer = serde_json::json!({
            "ok": well, "record": self.record, "rows": self.rows, "events": self.events, "gaps": self.gaps,
            "idle_seconds": self.idle(), "up_seconds": self.began.elapsed().as_secs_f64(),
        });
        (if well { 200 } else { 503 }, format!("{answer}\n"))
    }
}
