//! Live streams over TCP: what comes of rows does not depend on how they come, and what goes wrong on the way leaves what was done.

mod dasc;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dasc::{Ran, Workplace, npy_shape};

const CHANNELS: usize = 51;
const ROWS: usize = 1200;
const LINE: &str = "{\"channels\": 51, \"rate\": 500, \"type\": \"f32\", \"unit\": \"nstrain/s\", \"spacing\": 2, \
                    \"start\": \"2024-05-01T12:00:00Z\"}\n";
const ROW: usize = CHANNELS * 4;

/// Noise with two bursts on some channels, as little-endian bytes.
fn recording() -> Vec<u8> {
    let mut seed = 1u32;
    let mut bytes = Vec::new();
    for row in 0..ROWS {
        for channel in 0..CHANNELS {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (seed >> 8) as f32 / (1 << 24) as f32 - 0.5;
            let burst = (row % 600).abs_diff(400) < 20 && (10..20).contains(&channel);
            bytes.extend((if burst { 40.0 * noise } else { noise }).to_le_bytes());
        }
    }
    bytes
}

fn frame(first: i64, rows: &[u8]) -> Vec<u8> {
    let count = (rows.len() / ROW) as u32;
    [b"DASF".as_slice(), &count.to_le_bytes(), &first.to_le_bytes(), rows].concat()
}

/// Steps that look at no later rows, so that a stream and a file of the same rows leave the same.
fn script(source: &str) -> String {
    format!(
        "READ {source} | BANDPASS 8Hz 50Hz AS f | WRITE rows.npy MODE=overwrite | STA_LTA 0.05s 0.5s \
         | THRESHOLD_DETECT 3 RATIO MERGE=0.2s MERGE_CHANNELS=3 | EVENTS events.csv MODE=overwrite"
    )
}

/// What a script leaves of a file with the first rows of the recording.
fn of_file(rows: usize) -> (Vec<u8>, Vec<u8>) {
    let place = Workplace::new();
    std::fs::write(place.path("fiber.dat"), &recording()[..rows * ROW]).unwrap();
    place.file("fiber.dat.json", LINE);
    let ran = place.run(&["run", "-e", &script("fiber.dat")]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    left(&place)
}

fn left(place: &Workplace) -> (Vec<u8>, Vec<u8>) {
    (std::fs::read(place.path("rows.npy")).unwrap(), std::fs::read(place.path("events.csv")).unwrap())
}

/// A port that was free a moment ago.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The program listening, and the connection to it.
fn listening(place: &Workplace, script: &dyn Fn(&str) -> String) -> (Child, TcpStream) {
    let port = port();
    let script = script(&format!("tcp://127.0.0.1:{port}?listen"));
    let mut command = place.command(&["run", "-e", &script]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    (child, connected(port))
}

/// Tries until somebody listens.
fn connected(port: u16) -> TcpStream {
    let since = Instant::now();
    loop {
        if let Ok(socket) = TcpStream::connect(("127.0.0.1", port)) {
            return socket;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "nobody listens");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn end(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        bytes: output.stdout,
    }
}

/// Sends bytes, closes, and answers with what the program did.
fn sent(place: &Workplace, pieces: &[&[u8]]) -> Ran {
    let (child, mut socket) = listening(place, &|source| script(source));
    for piece in pieces {
        // A program that gave up has closed the connection.
        if socket.write_all(piece).and_then(|()| socket.flush()).is_err() {
            break;
        }
    }
    drop(socket);
    end(child)
}

#[test]
fn rows_mean_the_same_however_they_come() {
    let (rows, events) = of_file(ROWS);
    assert!(events.iter().filter(|byte| **byte == b'\n').count() > 1, "no event to compare");
    let recording = recording();
    let one = frame(0, &recording);
    let mut many = Vec::new();
    let mut at = 0;
    for length in (1..).map(|i| i * 7 % 41) {
        let to = (at + length).min(ROWS);
        many.extend(frame(at as i64, &recording[at * ROW..to * ROW]));
        at = to;
        if at == ROWS {
            break;
        }
    }
    let trickle: Vec<&[u8]> = many.chunks(999).collect();
    let line = [LINE.as_bytes()];
    for (how, pieces) in
        [("one frame", vec![one.as_slice()]), ("many frames", vec![many.as_slice()]), ("pieces", trickle)]
    {
        let place = Workplace::new();
        let ran = sent(&place, &[line.as_slice(), &pieces].concat());
        assert_eq!(ran.code, 0, "{how}: {}", ran.err);
        assert!(
            left(&place) == (rows.clone(), events.clone()),
            "{how}: other rows or events than from a file"
        );
    }
}

#[test]
fn a_stream_may_begin_anywhere_and_rest() {
    let place = Workplace::new();
    let recording = recording();
    let first = frame(1_000_000_000, &recording);
    let ran =
        sent(&place, &[LINE.as_bytes(), &first, &frame(1_000_001_200, &[]), &frame(1_000_001_200, &[])]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let (rows, events) = left(&place);
    assert_eq!(rows, of_file(ROWS).0);
    // 1e9 samples at 500 Hz are 2e6 s after 2024-05-01T12:00:00.
    assert!(
        String::from_utf8(events).unwrap().contains("2024-05-24T15:33:2"),
        "the clock does not follow the index"
    );
}

#[test]
fn frames_that_look_ahead_are_those_of_the_file() {
    let place = Workplace::new();
    let recording = recording();
    let script = |source: &str| {
        format!(
            "READ {source} | DECIMATE 5 AS slow | WRITE slow.npy MODE=overwrite | STFT 64 HOP=16 | WRITE frames.npy MODE=overwrite"
        )
    };
    let (child, mut socket) = listening(&place, &script);
    socket.write_all(LINE.as_bytes()).unwrap();
    for (i, rows) in recording.chunks(100 * ROW).enumerate() {
        socket.write_all(&frame(i as i64 * 100, rows)).unwrap();
    }
    drop(socket);
    let ran = end(child);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let live = ["slow.npy", "frames.npy"].map(|name| std::fs::read(place.path(name)).unwrap());
    std::fs::write(place.path("fiber.dat"), &recording).unwrap();
    place.file("fiber.dat.json", LINE);
    let ran = place.run(&["run", "-e", &script("fiber.dat")]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let whole = ["slow.npy", "frames.npy"].map(|name| std::fs::read(place.path(name)).unwrap());
    for (live, whole) in live.iter().zip(&whole) {
        // What still looks beyond the last row is left out; all before it is the same.
        let (of_live, of_whole) = (&live[live.len().min(128)..], &whole[whole.len().min(128)..]);
        assert!(of_live.len() * 10 > of_whole.len() * 6, "{} of {}", npy_shape(live), npy_shape(whole));
        assert!(of_whole.starts_with(of_live), "{} of {}", npy_shape(live), npy_shape(whole));
    }
}

#[test]
fn what_came_before_a_mishap_is_kept() {
    let recording = recording();
    let (before, after) = recording.split_at(600 * ROW);
    let good = frame(0, before);
    let again = frame(500, after);
    let mut wrong = frame(600, after);
    wrong[0] = b'X';
    let cut = frame(600, after)[..5 * ROW].to_vec();
    for (tail, why) in [
        (again, "sample 500 came again where 600 was due"),
        (wrong, "a frame does not begin with DASF"),
        (cut, "closed within a frame"),
    ] {
        let place = Workplace::new();
        let ran = sent(&place, &[LINE.as_bytes(), &good, &tail]);
        assert_eq!(ran.code, 3, "{why}: {}", ran.err);
        assert!(ran.err.contains(why), "{}", ran.err);
        let rows = left(&place).0;
        // The rows of a frame that was cut off count as far as they are whole.
        let whole = of_file(if why.contains("within") { 604 } else { 600 }).0;
        assert!(rows == whole, "{why}: {} of {}", npy_shape(&rows), npy_shape(&whole));
    }
}

/// What a script leaves of files that hold the first 600 rows and the rest, of which the second begins so many samples late.
fn of_files_with_a_gap(missing: usize) -> (Vec<u8>, Vec<u8>) {
    let place = Workplace::new();
    let recording = recording();
    std::fs::create_dir(place.path("day")).unwrap();
    let milliseconds = (600 + missing) * 2;
    let late = format!("2024-05-01T12:00:{:02}.{:03}Z", milliseconds / 1000, milliseconds % 1000);
    for (name, rows, start) in [
        ("a", &recording[..600 * ROW], "2024-05-01T12:00:00Z"),
        ("b", &recording[600 * ROW..], late.as_str()),
    ] {
        std::fs::write(place.path(&format!("day/{name}.dat")), rows).unwrap();
        place.file(&format!("day/{name}.dat.json"), &LINE.replace("2024-05-01T12:00:00Z", start));
    }
    let ran = place.run(&["run", "-e", &script("day")]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    left(&place)
}

#[test]
fn behind_a_gap_a_stream_goes_on_as_a_record_does() {
    let recording = recording();
    let (before, after) = recording.split_at(600 * ROW);
    let whole = of_files_with_a_gap(100);
    assert!(whole.0 != of_file(ROWS).0, "filters did not begin anew behind the gap");
    let (head, gap) = (frame(0, before), frame(700, after));
    let all = [LINE.as_bytes(), &head, &gap].concat();
    let trickle: Vec<&[u8]> = all.chunks(777).collect();
    for (how, pieces) in [("at once", vec![all.as_slice()]), ("in pieces", trickle)] {
        let place = Workplace::new();
        let ran = sent(&place, &pieces);
        assert_eq!(ran.code, 3, "{how}: {}", ran.err);
        assert!(ran.err.contains("100 samples are missing, from 600 on"), "{how}: {}", ran.err);
        assert!(left(&place) == whole, "{how}: other rows or events than from files");
    }
    let place = Workplace::new();
    let (child, mut socket) = listening(&place, &|source| script(&format!("{source} ON_GAP=error")));
    socket.write_all(&all).unwrap();
    drop(socket);
    let ran = end(child);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("ended early: 100 samples are missing, from 600 on"), "{}", ran.err);
    assert!(left(&place).0 == of_file(600).0);
}

#[test]
fn a_sender_that_comes_back_is_gone_on_with() {
    let recording = recording();
    let (before, after) = recording.split_at(600 * ROW);
    let (whole, gap) = (of_file(ROWS), of_files_with_a_gap(100));
    let line = |start: &str| LINE.replace("2024-05-01T12:00:00Z", start).into_bytes();
    let same = LINE.as_bytes().to_vec();
    // How the first connection ends, and what a second sender says: the same count, or one of its own with its own start.
    for (how, tail, line, first, expected, missing) in [
        ("in order", Vec::new(), same.clone(), 600, &whole, None),
        ("within a frame", frame(600, after)[..5 * ROW].to_vec(), same.clone(), 604, &whole, None),
        ("for a while", Vec::new(), same, 700, &gap, Some("100 samples are missing, from 600 on")),
        (
            "and counts anew",
            Vec::new(),
            line("2024-05-01T12:00:01.4Z"),
            0,
            &gap,
            Some("100 samples are missing"),
        ),
    ] {
        let place = Workplace::new();
        let script = script("tcp://127.0.0.1:PORT?listen RECONNECT=20s");
        let port = port();
        let mut command = place.command(&["run", "-e", &script.replace("PORT", &port.to_string())]);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap());
        let mut heard = String::new();
        let mut hear = |what: &str| {
            let from = heard.len();
            while !heard[from..].contains(what) {
                assert!(told.read_line(&mut heard).unwrap() > 0, "{how}: no '{what}' in {heard}");
            }
        };
        let mut socket = connected(port);
        socket.write_all(&[LINE.as_bytes(), &frame(0, before), &tail].concat()).unwrap();
        drop(socket);
        hear("went away");
        // Strangers in between do no harm.
        for (stranger, says) in [
            (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "does not begin as a stream does"),
            (LINE.replace("500", "400").into_bytes(), "another sampling rate: 400 Hz"),
            (
                LINE.replace("\"f32\"", "\"f32\", \"byte_order\": \"big\"").into_bytes(),
                "another type of a sample: big-endian f32, which was f32",
            ),
        ] {
            connected(port).write_all(&stranger).unwrap();
            hear(says);
        }
        let mut socket = connected(port);
        let from = if how == "within a frame" { 4 * ROW } else { 0 };
        socket.write_all(&[line.as_slice(), &frame(first, &after[from..])].concat()).unwrap();
        drop(socket);
        hear("went away");
        // Closing is no end here: a signal is.
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        told.read_to_string(&mut heard).unwrap();
        let ran = Ran { err: heard, ..end(child) };
        assert_eq!(ran.code, if missing.is_some() { 3 } else { 0 }, "{how}: {}", ran.err);
        assert!(missing.is_none_or(|text| ran.err.contains(text)), "{how}: {}", ran.err);
        assert!(left(&place) == *expected, "{how}: other rows or events than from files: {}", ran.err);
    }
}

#[test]
fn a_sender_that_stays_away_ends_the_stream() {
    let place = Workplace::new();
    let (child, mut socket) = listening(&place, &|source| script(&format!("{source} RECONNECT=0.3s")));
    socket.write_all(&[LINE.as_bytes(), &frame(0, &recording())].concat()).unwrap();
    drop(socket);
    let ran = end(child);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("the other end did not come back within 0.3 s"), "{}", ran.err);
    assert!(left(&place) == of_file(ROWS));
}

#[test]
fn what_is_no_stream_is_said_to_be_none() {
    let long = vec![b' '; 100_000];
    let line = |text: &str| format!("{text}\n").into_bytes();
    for (bytes, says) in [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "does not begin as a stream does"),
        (Vec::new(), "was closed before it said what it sends"),
        (long, "is longer than 65536 bytes"),
        (line("{}"), "nothing says the number of channels"),
        (line("{\"channels\": 0, \"rate\": 500, \"type\": \"f32\"}"), "the number of channels"),
        (
            line("{\"channels\": 4000000000000, \"rate\": 500, \"type\": \"f32\"}"),
            "rows of 4000000000000 channels",
        ),
        (line("{\"channels\": 5, \"rate\": -1, \"type\": \"f32\"}"), "\"rate\" of the sidecar"),
        (line("{\"channels\": 5, \"rate\": 500, \"type\": \"u7\"}"), "\"type\" of the sidecar"),
        ([LINE.as_bytes(), b"0123456789abcdef0123456789"].concat(), "a frame does not begin with DASF"),
        (
            [LINE.as_bytes(), b"DASF\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f"].concat(),
            "which no stream has",
        ),
    ] {
        let place = Workplace::new();
        let ran = sent(&place, &[&bytes]);
        assert!([1, 2].contains(&ran.code), "{says}: {} {}", ran.code, ran.err);
        assert!(ran.err.contains(says) && ran.err.contains("help: "), "{says}: {}", ran.err);
        assert!(!place.path("rows.npy").exists());
    }
}

#[test]
fn addresses_and_steps_that_cannot_be_are_refused() {
    let place = Workplace::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("tcp://127.0.0.1:{}?listen", taken.local_addr().unwrap().port());
    for (address, says) in [
        ("tcp://127.0.0.1", "is no address"),
        ("tcp://127.0.0.1:99999", "is no address"),
        ("tcp://127.0.0.1:9?speak", "asks for 'speak'"),
        (taken.as_str(), "cannot wait for a sender"),
    ] {
        let ran = place.run(&["run", "-e", &script(address)]);
        assert!([1, 2].contains(&ran.code), "{address}: {}", ran.err);
        assert!(ran.err.contains(says) && ran.err.contains("help: "), "{address}: {}", ran.err);
    }
    for (steps, says) in [
        ("DETREND AXIS=time | WRITE a.npy", "a live stream never has"),
        ("MEAN AXIS=time | WRITE a.npy", "a live stream never has"),
        ("FFT | WRITE a.npy", "a live stream never has"),
        (
            "STA_LTA 0.05s 0.5s | THRESHOLD_DETECT 3 RATIO AS found | CUT found PAD=1s | WRITE a-{id}.npy",
            "a live stream has gone by then",
        ),
    ] {
        let (child, mut socket) = listening(&place, &|source| format!("READ {source} | {steps}"));
        socket.write_all(LINE.as_bytes()).unwrap();
        socket.write_all(&frame(0, &recording()[..ROW])).unwrap();
        let ran = end(child);
        assert_eq!(ran.code, 2, "{steps}: {}", ran.err);
        assert!(ran.err.contains(says) && ran.err.contains("help: "), "{steps}: {}", ran.err);
    }
}

#[test]
fn events_come_while_the_stream_goes_on_and_ctrl_c_ends_it_in_order() {
    let place = Workplace::new();
    let script = |source: &str| {
        format!(
            "READ {source} | BANDPASS 8Hz 50Hz AS f | WRITE rows.npy | STA_LTA 0.05s 0.5s \
             | THRESHOLD_DETECT 3 RATIO MERGE=0.2s MERGE_CHANNELS=3 | EVENTS - FORMAT=jsonl"
        )
    };
    let (mut child, mut socket) = listening(&place, &script);
    socket.write_all(LINE.as_bytes()).unwrap();
    for (i, rows) in recording().chunks(50 * ROW).enumerate() {
        socket.write_all(&frame(i as i64 * 50, rows)).unwrap();
    }
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(dasc::json(&line)["id"], 1, "{line}");
    // The connection is open still.
    let asked = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(asked.success());
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let ran = end(child);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(std::fs::read(place.path("rows.npy")).unwrap() == of_file(ROWS).0);
    drop(socket);
}

#[test]
fn a_file_can_be_replayed_at_its_own_pace_or_faster() {
    let place = Workplace::new();
    std::fs::write(place.path("fiber.dat"), recording()).unwrap();
    place.file("fiber.dat.json", LINE);
    let whole = of_file(ROWS);
    for (speed, least) in [("max", 0.0), ("4", ROWS as f64 / 500.0 / 4.0 - 0.05)] {
        let port = port();
        let script = script(&format!("tcp://127.0.0.1:{port}?listen"));
        let mut command = place.command(&["run", "-e", &script]);
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let clock = Instant::now();
        let to = format!("tcp://127.0.0.1:{port}");
        let ran = place.run(&["replay", "fiber.dat", "--to", &to, "--speed", speed]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.err.contains("1200 rows sent") || ran.err.contains("1 200 rows sent"), "{}", ran.err);
        assert!(clock.elapsed().as_secs_f64() > least, "faster than asked for");
        let ran = end(child);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(left(&place) == whole, "replayed at {speed}: other rows or events");
    }
    let ran = place.run(&["replay", "fiber.dat", "--speed", "0"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("write a factor above 0"), "{}", ran.err);
}

/// What a program answers at an address: status and text.
fn asked(port: u16, path: &str) -> (u16, String) {
    let mut socket = connected(port);
    write!(socket, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    (head.split_whitespace().nth(1).unwrap().parse().unwrap(), text.to_string())
}

#[test]
fn a_run_tells_how_it_is_doing() {
    let place = Workplace::new();
    let (stream, status) = (port(), port());
    let script = script(&format!("tcp://127.0.0.1:{stream}?listen RECONNECT=1h"));
    let mut command = place.command(&["run", "--status", &format!("127.0.0.1:{status}"), "-e", &script]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let recording = recording();
    let (before, after) = recording.split_at(600 * ROW);
    let mut socket = connected(stream);
    socket.write_all(&[LINE.as_bytes(), &frame(0, before), &frame(700, after)].concat()).unwrap();
    let since = Instant::now();
    let metrics = loop {
        let (code, metrics) = asked(status, "/metrics");
        assert_eq!(code, 200);
        if metrics.contains("\ndasc_rows_total 1200\n") {
            break metrics;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{metrics}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let value = |name: &str| -> f64 {
        let line = metrics.lines().find(|line| line.starts_with(&format!("dasc_{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in {metrics}")).split(' ').nth(1).unwrap().parse().unwrap()
    };
    assert_eq!((value("gaps_total"), value("bytes_in_total")), (1.0, (ROWS * ROW) as f64));
    // The last row is number 1299 at 500 Hz after 2024-05-01T12:00:00.
    assert_eq!(value("last_sample_timestamp_seconds"), 1_714_564_800.0 + 1299.0 / 500.0);
    assert!(value("lag_seconds") > 1e6 && value("events_total") >= 1.0);
    let (code, health) = asked(status, "/health?within=600");
    let told = dasc::json(&health);
    assert_eq!(
        (code, told["ok"].as_bool(), told["rows"].as_u64()),
        (200, Some(true), Some(1200)),
        "{health}"
    );
    assert_eq!(asked(status, "/health?within=0").0, 503);
    assert_eq!(asked(status, "/else").0, 404);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    drop(socket);
    let ran = end(child);
    assert_eq!(ran.code, 3, "{}", ran.err);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [taken.local_addr().unwrap().to_string(), "nonsense".to_string()] {
        let ran = place.run(&["run", "--status", &address, "-e", "READ synthetic:ambient | WRITE x.npy"]);
        assert!(ran.code == 2 && ran.err.contains("--status") && ran.err.contains("help: "), "{}", ran.err);
    }
}

#[test]
fn a_run_that_fails_does_not_wait_for_a_stream() {
    let place = Workplace::new();
    for (round, code) in [(1, 0), (2, 2)] {
        let script = |source: &str| format!("READ {source} RECONNECT=1h | WRITE day.zarr MODE=append");
        let (child, mut socket) = listening(&place, &script);
        socket.write_all(&[LINE.as_bytes(), &frame(0, &recording())].concat()).unwrap();
        if round == 1 {
            // What came is worked on before the end.
            std::thread::sleep(Duration::from_millis(1500));
            assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        }
        let ran = end(child);
        drop(socket);
        assert_eq!(ran.code, code, "{}", ran.err);
        assert!(round == 1 || ran.err.contains("is not after the last one there"), "{}", ran.err);
    }
}
