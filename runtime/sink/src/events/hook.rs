//! Events to a web hook: a POST for each, as JSON, in order and at least once.
//!
//! A thread of its own sends, so that a slow server holds up nobody; what fails is tried again, more and more seldom. The header
//! `Idempotency-Key` says the same of the same event in every attempt and in every run, so that a receiver knows what came twice.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dasc_ir::{Diag, Result};

use super::text::json_line;
use super::{Column, Event, EventSink};
use crate::output::Summary;

/// Events that wait for a server; with more of them the run ends.
const MOST: usize = 100_000;
/// From one attempt to the next, at first and at most, and how long one may take.
const AGAIN: Duration = Duration::from_millis(500);
const SELDOM: Duration = Duration::from_secs(60);
const ATTEMPT: Duration = Duration::from_secs(30);
/// How long the end of a run waits for what is not delivered.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct HookSink {
    url: String,
    added: Vec<Column>,
    shared: Arc<Shared>,
    rows: u64,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    /// Key and body, the first being sent.
    waiting: VecDeque<(String, String)>,
    /// Nothing more will come.
    closed: bool,
    /// Nobody waits any more.
    given_up: bool,
    delivered: u64,
    bytes: u64,
    /// What the server refuses for good, and why the first of it.
    refused: u64,
    why: Option<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a change, or so long.
    fn wait<'a>(&self, queue: MutexGuard<'a, Queue>, time: Duration) -> MutexGuard<'a, Queue> {
        self.changed.wait_timeout(queue, time).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl HookSink {
    pub(super) fn create(url: &str, added: &[Column]) -> HookSink {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() });
        let (sending, address) = (shared.clone(), url.to_string());
        std::thread::spawn(move || send(&sending, &address));
        HookSink { url: url.to_string(), added: added.to_vec(), shared, rows: 0 }
    }
}

impl EventSink for HookSink {
    fn append(&mut self, events: &[Event]) -> Result<()> {
        for event in events {
            let body = json_line(event, &self.added)?;
            let mut queue = self.shared.lock();
            if queue.waiting.len() >= MOST {
                let why = queue.why.clone().unwrap_or_else(|| "it does not answer".into());
                let text = format!("{MOST} events wait for '{}' to take them: {why}", self.url);
                return Err(Diag::world(text)
                    .help("see why the server does not take events; write them to a file beside it"));
            }
            queue.waiting.push_back((key(event), body));
            self.shared.changed.notify_all();
        }
        self.rows = self.rows.saturating_add(events.len() as u64);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Summary> {
        let mut queue = self.shared.lock();
        queue.closed = true;
        self.shared.changed.notify_all();
        let since = Instant::now();
        while !queue.waiting.is_empty() && since.elapsed() < PATIENCE {
            queue = self.shared.wait(queue, Duration::from_millis(100));
        }
        queue.given_up = true;
        let lost = queue.waiting.len() as u64 + queue.refused;
        if lost > 0 {
            let why = queue.why.clone().unwrap_or_else(|| "it did not answer".into());
            return Err(Diag::world(format!("'{}' did not take {lost} of {} events: {why}", self.url, self.rows))
                .help("run again when the server takes events: what it has had already comes with the same Idempotency-Key"));
        }
        let path = PathBuf::from(&self.url);
        Ok(Summary { path, files: 1, bytes: queue.bytes, rows: queue.delivered })
    }
}

impl Drop for HookSink {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        (queue.closed, queue.given_up) = (true, true);
        self.shared.changed.notify_all();
    }
}

/// The same of the same event, whoever finds it and whenever.
fn key(event: &Event) -> String {
    let detector: String =
        event.detector.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let Event { start_ns, end_ns, channel_lo, channel_hi, .. } = event;
    format!("{start_ns}-{end_ns}-{channel_lo}-{channel_hi}-{detector}")
}

/// What became of an attempt.
enum Outcome {
    Taken,
    /// For good: trying again would change nothing.
    Refused(String),
    Failed(String),
}

fn send(shared: &Shared, url: &str) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(ATTEMPT))
        .http_status_as_error(false)
        .user_agent(concat!("dasc/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let mut again = AGAIN;
    loop {
        let mut queue = shared.lock();
        while queue.waiting.is_empty() && !queue.closed {
            queue = shared.wait(queue, SELDOM);
        }
        if queue.given_up {
            return;
        }
        let Some((key, body)) = queue.waiting.front().cloned() else { return };
        drop(queue);
        let outcome = post(&agent, url, &key, &body);
        let mut queue = shared.lock();
        match outcome {
            Outcome::Taken => {
                queue.waiting.pop_front();
                queue.delivered = queue.delivered.saturating_add(1);
                queue.bytes = queue.bytes.saturating_add(body.len() as u64);
                (queue.why, again) = (queue.why.take().filter(|_| queue.refused > 0), AGAIN);
            }
            Outcome::Refused(why) => {
                queue.waiting.pop_front();
                queue.refused = queue.refused.saturating_add(1);
                queue.why.get_or_insert(why);
            }
            Outcome::Failed(why) => {
                queue.why = Some(why);
                let since = Instant::now();
                while since.elapsed() < again && !queue.given_up {
                    queue = shared.wait(queue, again.saturating_sub(since.elapsed()));
                }
                again = SELDOM.min(again * 2);
            }
        }
        shared.changed.notify_all();
    }
}

fn post(agent: &ureq::Agent, url: &str, key: &str, body: &str) -> Outcome {
    let request = agent.post(url).header("Content-Type", "application/json").header("Idempotency-Key", key);
    match request.send(body) {
        Ok(answer) if answer.status().is_success() => Outcome::Taken,
        Ok(answer) => {
            let code = answer.status().as_u16();
            let why = format!("it answers with HTTP status {code}");
            // Too early, too many, or the server's own trouble: later it may be otherwise.
            if (400..500).contains(&code) && ![408, 425, 429].contains(&code) {
                Outcome::Refused(why)
            } else {
                Outcome::Failed(why)
            }
        }
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// Answers requests one after another with these codes; what they said, head and body.
    fn server(codes: Vec<u16>) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let answering = std::thread::spawn(move || {
            let mut heard = Vec::new();
            for code in codes {
                let (mut socket, _) = listener.accept().unwrap();
                let mut text = Vec::new();
                let mut byte = [0; 1];
                while !text.ends_with(b"\r\n\r\n") {
                    socket.read_exact(&mut byte).unwrap();
                    text.push(byte[0]);
                }
                let head = String::from_utf8(text).unwrap();
                let length = head.to_lowercase();
                let length = length.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
                let mut body = vec![0; length.parse().unwrap()];
                socket.read_exact(&mut body).unwrap();
                heard.push(format!("{head}{}", String::from_utf8(body).unwrap()));
                write!(socket, "HTTP/1.1 {code} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .unwrap();
            }
            heard
        });
        (url, answering)
    }

    fn event(id: u64) -> Event {
        let (start_ns, detector) = (1_714_564_800_000_000_000 + id as i64, "STA/LTA RATIO".to_string());
        Event {
            id,
            start_ns,
            end_ns: start_ns + 5,
            channel_lo: 3,
            channel_hi: 7,
            detector,
            ..Event::default()
        }
    }

    #[test]
    fn events_come_in_order_and_again_until_they_are_taken() {
        let (url, answering) = server(vec![200, 503, 429, 204, 200]);
        let mut sink = HookSink::create(&url, &[]);
        sink.append(&[event(1)]).unwrap();
        sink.append(&[event(2), event(3)]).unwrap();
        let summary = Box::new(sink).finish().unwrap();
        assert_eq!((summary.rows, summary.path.to_str()), (3, Some(url.as_str())));
        let heard = answering.join().unwrap();
        let keys: Vec<&str> = heard
            .iter()
            .map(|text| {
                text.split("\r\n")
                    .find_map(|line| {
                        line.to_lowercase().starts_with("idempotency-key: ").then(|| &line[17..])
                    })
                    .unwrap()
            })
            .collect();
        let expected = |id: i64| {
            let start = 1_714_564_800_000_000_000 + id;
            format!("{start}-{}-3-7-STA-LTA-RATIO", start + 5)
        };
        // The second is tried three times under one key.
        assert_eq!(keys, [1, 2, 2, 2, 3].map(expected));
        assert!(heard[0].starts_with("POST /hook ") && heard[0].contains("\"id\":1"), "{}", heard[0]);
    }

    #[test]
    fn what_a_server_refuses_for_good_is_told_and_the_rest_goes_on() {
        let (url, answering) = server(vec![400, 200]);
        let mut sink = HookSink::create(&url, &[]);
        sink.append(&[event(1), event(2)]).unwrap();
        let diag = Box::new(sink).finish().unwrap_err();
        assert!(
            diag.message.contains("did not take 1 of 2 events: it answers with HTTP status 400"),
            "{diag}"
        );
        assert_eq!(answering.join().unwrap().len(), 2);
    }

    #[test]
    fn a_drop_ends_the_sending() {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut sink = HookSink::create(&format!("http://{gone}/"), &[]);
        sink.append(&[event(1)]).unwrap();
        let shared = Arc::downgrade(&sink.shared);
        drop(sink);
        let since = Instant::now();
        while shared.strong_count() > 0 {
            assert!(since.elapsed() < Duration::from_secs(10), "the thread lives on");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
