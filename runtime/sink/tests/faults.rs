//! Real crashes: this program starts itself again as a writer and kills it, limits its files or gives it a tiny disk.

use dasc_ir::{Rational, Unit};
use dasc_sink::{
    AxisInfo, Coords, Dtype, Event, EventFormat, EventSink, Layout, Mode, Provenance, SignalSink, Target,
    open_events, open_signal,
};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// Tells the child what to write; set by [`child`].
const ROLE: &str = "DASC_SINK_FAULT_TEST";
const ROWS: u64 = 4000;
const CHANNELS: u64 = 256;
const NAMES: [&str; 6] = ["a.npy", "a.zarr", "a.parquet", "a.csv", "a.jsonl", "a.arrow"];

fn main() {
    match std::env::var(ROLE) {
        Ok(path) => write_in_child(Path::new(&path)),
        Err(_) => {
            for (name, test) in [
                ("a killed writer leaves no whole-looking file", killed_writer as fn()),
                ("a killed append leaves the old file", killed_append),
                ("a file size limit is a diagnostic", file_size_limit),
                ("a full file system is a diagnostic", full_file_system),
                ("standard output: known, spooled, closed", standard_output),
            ] {
                test();
                println!("test {name} ... ok");
            }
        }
    }
}

enum Sink {
    Signal(Box<dyn SignalSink>),
    Events(Box<dyn EventSink>),
}

fn open(path: &Path, mode: Mode) -> dasc_ir::Result<Sink> {
    let target = Target::parse(&path.to_string_lossy());
    let signal = ["npy", "zarr"].iter().any(|end| path.extension().is_some_and(|e| e == *end))
        || target == Target::Stdout;
    if signal {
        let rows = std::env::var("ROWS_KNOWN").is_ok().then_some(ROWS);
        let start_ns = if mode == Mode::Append { 1_000_000_000_000 } else { 0 };
        let time = Coords::Time { start_ns, rate: Rational::integer(1000), jumps: vec![] };
        let channel = Coords::Index { first: 0, step: 1 };
        let layout = Layout {
            name: "strain".into(),
            unit: Unit::none(),
            dtype: Dtype::F32,
            axes: vec![
                AxisInfo { name: "time".into(), unit: Unit::none(), len: rows, coords: time, also: vec![] },
                AxisInfo {
                    name: "channel".into(),
                    unit: Unit::none(),
                    len: Some(CHANNELS),
                    coords: channel,
                    also: vec![],
                },
            ],
            provenance: Provenance::default(),
        };
        open_signal(&target, layout, mode).map(Sink::Signal)
    } else {
        open_events(&target, EventFormat::of(&target)?, mode, &Provenance::default(), &[]).map(Sink::Events)
    }
}

/// Incompressible, so that sizes are what they seem.
fn row(index: u64) -> Vec<u8> {
    let mut state = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u32
    };
    (0..CHANNELS).flat_map(|_| (next() as f32).to_ne_bytes()).collect()
}

/// Writes everything; between halves it says so and waits for a line if asked to.
fn write_in_child(path: &Path) {
    let mode = if std::env::var("APPEND").is_ok() { Mode::Append } else { Mode::New };
    let outcome = open(path, mode).and_then(|mut sink| {
        for block in 0..ROWS / 100 {
            let rows = block * 100..block * 100 + 100;
            match &mut sink {
                Sink::Signal(sink) => {
                    let data: Vec<u8> = rows.clone().flat_map(row).collect();
                    sink.write(rows.start, 100, &data, CHANNELS as usize * 4)?;
                }
                Sink::Events(sink) => {
                    let event = |id| Event { id, detector: format!("{:?}", row(id)), ..Event::default() };
                    sink.append(&rows.map(event).collect::<Vec<_>>())?;
                }
            }
            if block == ROWS / 200 && std::env::var("PAUSE").is_ok() {
                println!("half");
                std::io::stdin().read_line(&mut String::new()).expect("a line");
            }
        }
        match sink {
            Sink::Signal(sink) => sink.finish(),
            Sink::Events(sink) => sink.finish(),
        }
    });
    if let Err(diag) = outcome {
        eprintln!("{diag}");
        std::process::exit(if dasc_sink::is_closed_pipe(&diag) { 4 } else { 3 });
    }
}

fn child(path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.env(ROLE, path).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("the folder").map(|e| e.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().expect("a plain name")).collect();
    names.sort();
    names
}

fn kill_half_way(mut child: Child) {
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    assert_eq!(line.trim(), "half", "{}", {
        let mut errors = String::new();
        child.stderr.take().expect("its errors").read_to_string(&mut errors).expect("text");
        errors
    });
    child.kill().expect("SIGKILL");
    child.wait().expect("its end");
}

fn killed_writer() {
    for name in NAMES {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        kill_half_way(child(&path).env("PAUSE", "1").spawn().expect("the child"));
        let left = names(folder.path());
        assert!(left.len() == 1 && left[0].starts_with(&format!("{name}.partial-")), "{left:?}");
        // The next run takes it away.
        let done = child(&path).output().expect("the child");
        assert!(done.status.success(), "{done:?}");
        assert_eq!(names(folder.path()), [name]);
    }
}

fn killed_append() {
    for name in NAMES {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        assert!(child(&path).status().expect("the child").success());
        let before = content(&path);
        kill_half_way(child(&path).env("PAUSE", "1").env("APPEND", "1").spawn().expect("the child"));
        assert_eq!(content(&path), before, "{name} changed");
        assert!(child(&path).env("APPEND", "1").status().expect("the child").success());
        assert_ne!(content(&path), before);
    }
}

/// Every file under `path` with its bytes.
fn content(path: &Path) -> Vec<(String, Vec<u8>)> {
    if path.is_file() {
        return vec![(String::new(), fs::read(path).expect("the file"))];
    }
    let nested = names(path).into_iter().flat_map(|name| {
        let inner = content(&path.join(&name));
        inner.into_iter().map(move |(rest, bytes)| (format!("{name}/{rest}"), bytes))
    });
    nested.collect()
}

/// Runs the writer of `path` under `sh -c script`, in which `$0` is this program.
fn under_shell(script: &str, path: &Path) -> Output {
    let this = std::env::current_exe().expect("this program");
    Command::new("sh").arg("-c").arg(script).arg(this).env(ROLE, path).output().expect("sh")
}

fn file_size_limit() {
    for name in ["a.npy", "a.zarr", "a.parquet", "a.csv", "a.jsonl", "a.arrow"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let done = under_shell("trap '' XFSZ; ulimit -f 64; exec \"$0\"", &path);
        let errors = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(3), "{name}: {errors}");
        assert!(
            errors.contains("exceeds the largest file") && errors.contains(name) && errors.contains("ulimit"),
            "{errors}"
        );
        assert!(names(folder.path()).is_empty(), "{name}: {:?}", names(folder.path()));
    }
}

/// On a file system of 1 MiB of its own, where the system lets us mount one.
fn full_file_system() {
    for name in NAMES {
        let folder = tempfile::tempdir().expect("a folder");
        let script = format!(
            "exec unshare --user --map-root-user --mount sh -c 'mount -t tmpfs -o size=1m none \"{0}\" || exit 77; \"$0\"; \
             code=$?; ls -A \"{0}\" >&2; exit $code' \"$0\"",
            folder.path().display()
        );
        let done = under_shell(&script, &folder.path().join(name));
        let errors = String::from_utf8_lossy(&done.stderr);
        let mounted = errors.contains("disk is full") || done.status.code() == Some(3);
        if !mounted && !done.status.success() {
            println!("SKIPPED: no file system of one's own can be mounted here ({})", errors.trim());
            return;
        }
        assert_eq!(done.status.code(), Some(3), "{name}: {errors}");
        let remedy = errors.contains("free space") && errors.contains("bytes");
        assert!(errors.contains("the disk is full") && errors.contains(name) && remedy, "{errors}");
        // The second line would list what is left.
        assert_eq!(errors.trim_end().lines().count(), 1, "{name} left something: {errors}");
    }
}

fn standard_output() {
    let expected = (ROWS * CHANNELS * 4) as usize + 128;
    let dash = Path::new("-");
    let spooled = child(dash).output().expect("the child");
    let known = child(dash).env("ROWS_KNOWN", "1").output().expect("the child");
    assert_eq!((spooled.status.code(), spooled.stdout.len()), (Some(0), expected));
    assert_eq!(known.stdout, spooled.stdout);
    assert!(
        known.stdout[128..].chunks(CHANNELS as usize * 4).enumerate().all(|(i, line)| line == row(i as u64))
    );

    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let done = child(dash).stdout(full.expect("/dev/full")).output().expect("the child");
    let errors = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(3), "{errors}");
    assert!(errors.contains("disk is full") && errors.contains("standard output"), "{errors}");
    assert!(!errors.contains("removed"), "nothing of a pipe can be removed: {errors}");

    let mut closed = child(dash).env("ROWS_KNOWN", "1").spawn().expect("the child");
    drop(closed.stdout.take());
    closed.stdin.take().map(|mut stdin| stdin.write_all(b"\n").ok());
    assert_eq!(closed.wait().expect("its end").code(), Some(4));
}
