//! Writes one file of every format into the folder given, for `tests/check_with_python.py` to read.

use dasc_ir::{Diag, Rational, Result, Unit};
use dasc_sink::{
    AxisInfo, Cell, Column, ColumnKind, Coordinate, Coords, Dtype, Event, EventFormat, EventSink, Input,
    Jump, Layout, Mode, Provenance, Target, open_events, open_signal,
};
use std::path::{Path, PathBuf};

const ROWS: u64 = 3001;
const CHANNELS: u64 = 700;
const FREQUENCIES: u64 = 33;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    write(&folder.ok_or_else(|| Diag::usage("which folder?").help("samples FOLDER"))?)
}

/// Writes them; also called by `tests/python.rs`.
pub fn write(folder: &Path) -> Result<()> {
    for (name, rows) in [("signal.npy", Some(ROWS)), ("signal.zarr", None)] {
        let target = Target::File(folder.join(name));
        let mut sink = open_signal(&target, signal(rows, 1_700_000_000_000_000_000), Mode::New)?;
        for first in (0..ROWS).step_by(256) {
            let last = ROWS.min(first + 256);
            let values =
                (first..last).flat_map(|row| (0..CHANNELS).map(move |c| row as f32 + c as f32 / 1024.0));
            let bytes: Vec<u8> = values.flat_map(f32::to_ne_bytes).collect();
            sink.write(first, (last - first) as usize, &bytes, CHANNELS as usize * 4)?;
        }
        sink.finish()?;
        let again = open_signal(&target, signal(None, 1_800_000_000_000_000_000), Mode::Append)?;
        append_row(again)?;
    }
    for name in ["spectra.npy", "spectra.zarr"] {
        let mut sink = open_signal(&Target::File(folder.join(name)), spectra(), Mode::New)?;
        for row in 0..50u64 {
            let values =
                (0..40u64).flat_map(|c| (0..FREQUENCIES).map(move |f| [(row * 100 + c) as f32, -(f as f32)]));
            let bytes: Vec<u8> = values.flatten().flat_map(f32::to_ne_bytes).collect();
            sink.write(row, 1, &bytes, bytes.len())?;
        }
        sink.finish()?;
    }
    for name in ["events.parquet", "events.csv", "events.jsonl", "events.arrow", "events.xml"] {
        let mut sink = open(&Target::File(folder.join(name)), &provenance(), &[])?;
        for batch in 0..4 {
            sink.append(&(batch * 25..batch * 25 + 25).map(event).collect::<Vec<_>>())?;
        }
        sink.finish()?;
    }
    let degrees = ColumnKind::Number("deg");
    let place = ["latitude", "longitude"].map(|name| Column { name, kind: degrees });
    let mut sink = open(&Target::File(folder.join("located.xml")), &provenance(), &place)?;
    sink.append(&(0..100).map(located).collect::<Vec<_>>())?;
    sink.finish()?;
    Ok(())
}

/// In the format of the file's name.
fn open(target: &Target, provenance: &Provenance, added: &[Column]) -> Result<Box<dyn EventSink>> {
    open_events(target, EventFormat::of(target)?, Mode::New, provenance, added)
}

fn located(id: u64) -> Event {
    let place = [("latitude", 46.0 + id as f64 / 64.0), ("longitude", -7.5)];
    Event { extra: place.map(|(name, degrees)| (name, Cell::Number(degrees))).into(), ..event(id) }
}

fn append_row(mut sink: Box<dyn dasc_sink::SignalSink>) -> Result<()> {
    let bytes: Vec<u8> =
        (0..CHANNELS).flat_map(|c| (ROWS as f32 + c as f32 / 1024.0).to_ne_bytes()).collect();
    sink.write(0, 1, &bytes, bytes.len())?;
    sink.finish().map(drop)
}

fn axis(name: &str, unit: Unit, len: Option<u64>, coords: Coords) -> AxisInfo {
    AxisInfo { name: name.into(), unit, len, coords, also: vec![] }
}

fn unit(text: &str) -> Result<Unit> {
    Unit::parse(text).ok_or_else(|| Diag::compiler(format!("samples: no unit '{text}'")))
}

fn provenance() -> Provenance {
    let inputs = vec![Input { name: "fiber.h5".into(), hash: "sha256:00ff".into() }];
    Provenance { script: "READ fiber.h5\nSCALE 2".into(), version: "0.1.0".into(), inputs, more: vec![] }
}

fn signal(rows: Option<u64>, start_ns: i64) -> Layout {
    let metre = Unit::parse("m").unwrap_or_else(Unit::none);
    let distance = Coordinate {
        name: "distance".into(),
        unit: metre,
        coords: Coords::Linear { start: 50.0, step: 2.5 },
    };
    let jumps = vec![Jump { row: 2000, start_ns: start_ns + 60_000_000_000 }];
    let time = Coords::Time { start_ns, rate: Rational::integer(3000), jumps };
    let mut channel = axis("channel", Unit::none(), Some(CHANNELS), Coords::Index { first: -10, step: 2 });
    channel.also.push(distance);
    Layout {
        name: "strain rate".into(),
        unit: Unit::parse("nstrain/s").unwrap_or_else(Unit::none),
        dtype: Dtype::F32,
        axes: vec![axis("time", Unit::none(), rows, time), channel],
        provenance: provenance(),
    }
}

fn spectra() -> Layout {
    let hertz = unit("Hz").unwrap_or_else(|_| Unit::none());
    let time = Coords::Time { start_ns: 0, rate: Rational::integer(2), jumps: vec![] };
    let distances = Coords::Values((0..40).map(|c| f64::from(c * c)).collect());
    Layout {
        name: "spectrum".into(),
        unit: Unit::none(),
        dtype: Dtype::Complex64,
        axes: vec![
            axis("time", Unit::none(), None, time),
            axis("distance", unit("m").unwrap_or_else(|_| Unit::none()), Some(40), distances),
            axis("frequency", hertz, Some(FREQUENCIES), Coords::Linear { start: 0.0, step: 0.5 }),
        ],
        provenance: provenance(),
    }
}

fn event(id: u64) -> Event {
    let start_ns = 1_700_000_000_000_000_001 + id as i64;
    let known = !id.is_multiple_of(3);
    Event {
        id,
        start_ns,
        end_ns: start_ns + 10,
        peak_ns: start_ns + 5,
        channel_lo: id as i64 - 50,
        channel_hi: id as i64,
        start_channel: id as i64 - 20,
        peak_channel: id as i64 - 30,
        distance_lo: if known { id as f64 / 7.0 } else { f64::NAN },
        distance_hi: if known { id as f64 } else { f64::NAN },
        score: -(id as f64) / 3.0,
        unit: "dB".into(),
        detector: if id == 7 { "two\nlines, \"quoted\"".into() } else { "threshold".into() },
        ..Event::default()
    }
}
