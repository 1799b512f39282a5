//! What was measured as tables and as JSON.

use serde_json::{Value, json};

use super::measure::{Lap, Measured, Threaded};
use super::parts::{Kind, Part};
use super::roofs::{Copies, Machine};
use crate::numbers::{self, three_digits};
use crate::table::{Style, table};
use crate::terminal::Ink;

/// `EPYC  ·  2 threads  ·  AVX2  ·  L2 512 kB, L3 32 MB`.
pub fn machine(machine: &Machine, ink: Ink) -> String {
    let size = |bytes: usize| match bytes {
        bytes if bytes >= 1 << 20 => format!("{} MiB", bytes >> 20),
        bytes => format!("{} KiB", bytes >> 10),
    };
    let caches: Vec<String> =
        machine.caches.iter().map(|(name, bytes)| format!("{name} {}", size(*bytes))).collect();
    let mut parts = vec![ink.bold(&machine.processor), threads(machine.threads), machine.vectors.to_string()];
    if !caches.is_empty() {
        parts.push(caches.join(", "));
    }
    if let Ok(clock) = machine.clock {
        parts.push(format!("{} GHz", three_digits(clock / 1e9)));
    }
    parts.join("  ·  ") + "\n"
}

/// How fast the machine copies and computes with each number of threads.
pub fn roofs(measured: &Measured, ink: Ink) -> String {
    let columns = [
        ("", Style::Dim),
        ("copying", Style::Right),
        ("non-temporal", Style::Right),
        ("multiply-adds f32", Style::Right),
        ("f64", Style::Right),
    ];
    let row = |threaded: &Threaded| {
        let copies = Copies::median(&threaded.copies);
        vec![
            threads(threaded.threads),
            per_second(copies.plain, "GB"),
            copies.streaming.map_or("–".into(), |streaming| per_second(streaming, "GB")),
            per_second(threaded.peaks.single, "Gop"),
            per_second(threaded.peaks.double, "Gop"),
        ]
    };
    table(&columns, &measured.runs.iter().map(row).collect::<Vec<_>>(), ink)
}

/// The parts with the most threads, and the whole run with each number of them.
pub fn record(measured: &Measured, machine: &Machine, ink: Ink) -> String {
    let (Some(first), Some(last)) = (measured.runs.first(), measured.runs.last()) else {
        return String::new();
    };
    let Some(middle) = last.middle() else { return String::new() };
    let scales = first.threads != last.threads;
    let faster = format!("× of {}", threads(first.threads));
    let mut columns = vec![
        ("pass", Style::Dim),
        ("part", Style::Keyword),
        ("by", Style::Plain),
        ("time", Style::Right),
        ("of the run", Style::Right),
        ("GB/s", Style::Right),
        ("of copying", Style::Right),
        ("Gsample/s", Style::Right),
        ("op/sample", Style::Right),
        ("Gop/s", Style::Right),
    ];
    if machine.clock.is_ok() {
        columns.push(("cycles/sample", Style::Right));
    }
    if scales {
        columns.push((faster.as_str(), Style::Right));
    }
    let mut rows = Vec::new();
    for part in &measured.parts {
        let figures = Figures::of(measured, last, middle, Of::Part(part));
        let name = (part.pass + 1).to_string();
        rows.push(figures.row([name, part.name(), part.codegen.clone()], machine, middle.seconds));
    }
    for (name, of) in [("outside the parts", Of::Outside), ("whole run", Of::Whole)] {
        let figures = Figures::of(measured, last, middle, of);
        let name = [String::new(), name.to_string(), String::new()];
        rows.push(figures.row(name, machine, middle.seconds));
    }
    if scales {
        let each = measured.parts.iter().map(Of::Part).chain([Of::Outside, Of::Whole]);
        for (row, of) in rows.iter_mut().zip(each) {
            let faster = last.faster(first, |lap| of.seconds(measured, lap));
            row.push(if faster.is_finite() { three_digits(faster) } else { "–".into() });
        }
    }
    let mut text = format!("\n{}\n", ink.bold(&threads(last.threads)));
    text += &table(&columns, &rows, ink);
    if measured.runs.len() > 1 {
        text += &scaling(measured, first, ink);
    }
    text
}

fn scaling(measured: &Measured, first: &Threaded, ink: Ink) -> String {
    let columns = [
        ("", Style::Dim),
        ("whole run", Style::Right),
        ("outside the parts", Style::Right),
        ("Gsample/s", Style::Right),
        ("of copying", Style::Right),
        ("faster", Style::Right),
    ];
    let row = |threaded: &Threaded| {
        let middle = threaded.middle()?;
        Some(vec![
            threads(threaded.threads),
            numbers::seconds(middle.seconds),
            numbers::seconds(middle.outside(&measured.parts)),
            three_digits(measured.samples / middle.seconds / 1e9),
            percent(threaded.share(measured.bytes(), |lap| lap.seconds)),
            format!("{} ×", three_digits(threaded.faster(first, |lap| lap.seconds))),
        ])
    };
    let rows: Vec<Vec<String>> = measured.runs.iter().filter_map(row).collect();
    format!("\n{}\n{}", ink.bold("over threads"), table(&columns, &rows, ink))
}

/// What a line is about.
#[derive(Clone, Copy)]
enum Of<'a> {
    Part(&'a Part),
    Outside,
    Whole,
}

impl Of<'_> {
    fn seconds(&self, measured: &Measured, lap: &Lap) -> f64 {
        match self {
            Of::Part(part) => part.seconds(&lap.stats),
            Of::Outside => lap.outside(&measured.parts),
            Of::Whole => lap.seconds,
        }
    }
}

/// The figures of a line; `None` where they mean nothing.
struct Figures {
    seconds: f64,
    samples: f64,
    threads: usize,
    bytes: Option<f64>,
    /// Of the copies measured beside it.
    share: Option<f64>,
    operations: Option<f64>,
    rated: bool,
}

impl Figures {
    fn of(measured: &Measured, threaded: &Threaded, middle: &Lap, of: Of) -> Figures {
        let sum = |figure: fn(&Part) -> Option<f64>| measured.parts.iter().filter_map(figure).sum::<f64>();
        let (bytes, operations) = match of {
            Of::Part(part) => (part.bytes, part.operations.filter(|operations| *operations > 0.0)),
            Of::Outside => (None, None),
            Of::Whole => (Some(measured.bytes()), Some(sum(|part| part.operations)).filter(|sum| *sum > 0.0)),
        };
        let share = bytes.map(|bytes| threaded.share(bytes, |lap| of.seconds(measured, lap)));
        Figures {
            seconds: of.seconds(measured, middle),
            samples: measured.samples,
            threads: threaded.threads,
            bytes,
            share: share.filter(|share| share.is_finite()),
            operations,
            rated: match of {
                Of::Part(part) => part.kind != Kind::Finals,
                Of::Outside => false,
                Of::Whole => true,
            },
        }
    }

    fn cycles(&self, machine: &Machine) -> Option<f64> {
        let clock = machine.clock.as_ref().ok().filter(|_| self.rated)?;
        Some(self.seconds * clock * self.threads as f64 / self.samples)
    }

    fn row(&self, [pass, name, made]: [String; 3], machine: &Machine, whole: f64) -> Vec<String> {
        let shown = |figure: Option<f64>| match figure.filter(|figure| figure.is_finite()) {
            Some(figure) => three_digits(figure),
            None => "–".into(),
        };
        let rated = |figure: f64| Some(figure).filter(|_| self.rated);
        let mut row = vec![
            pass,
            name,
            made,
            numbers::seconds(self.seconds),
            percent(self.seconds / whole),
            shown(self.bytes.map(|bytes| bytes / self.seconds / 1e9)),
            self.share.map_or("–".into(), percent),
            shown(rated(self.samples / self.seconds / 1e9)),
            shown(self.operations.map(|operations| operations / self.samples)),
            shown(self.operations.map(|operations| operations / self.seconds / 1e9)),
        ];
        if machine.clock.is_ok() {
            row.push(shown(self.cycles(machine)));
        }
        row
    }

    fn json(&self, machine: &Machine) -> Value {
        let per_second = |figure: f64| figure / self.seconds;
        json!({
            "seconds": self.seconds,
            "bytes": self.bytes,
            "bytes_per_second": self.bytes.map(per_second),
            "share_of_copy": self.share,
            "samples_per_second": Some(per_second(self.samples)).filter(|_| self.rated),
            "operations_per_sample": self.operations.map(|operations| operations / self.samples),
            "operations_per_second": self.operations.map(per_second),
            "cycles_per_sample": self.cycles(machine),
        })
    }
}

/// All of it, for machines.
pub fn json(name: &str, measured: &Measured, machine: &Machine) -> Value {
    let first = measured.runs.first();
    let run = |threaded: &Threaded| {
        let middle = threaded.middle()?;
        let figures = |of: Of| Figures::of(measured, threaded, middle, of).json(machine);
        let part = |part: &Part| {
            let mut value = figures(Of::Part(part));
            value["pass"] = json!(part.pass + 1);
            value["kind"] = json!(part.kind.name());
            value["operators"] = json!(part.operators);
            value["codegen"] = json!(part.codegen);
            value
        };
        let mut whole = figures(Of::Whole);
        whole["threads"] = json!(threaded.threads);
        whole["parts"] = measured.parts.iter().map(part).collect();
        whole["outside_seconds"] = json!(middle.outside(&measured.parts));
        whole["waiting_for_rows_seconds"] = json!(middle.stats.read_seconds);
        whole["faster"] = json!(first.map(|first| threaded.faster(first, |lap| lap.seconds)));
        let copies = Copies::median(&threaded.copies);
        whole["roofs"] = json!({
            "copy": copies.plain, "copy_non_temporal": copies.streaming,
            "multiply_add_f32": threaded.peaks.single, "multiply_add_f64": threaded.peaks.double,
        });
        Some(whole)
    };
    json!({
        "record": name,
        "samples": measured.samples,
        "compile_seconds": measured.compile,
        "runs": measured.runs.iter().filter_map(run).collect::<Vec<Value>>(),
    })
}

/// `1 thread`, `2 threads`.
pub fn threads(count: usize) -> String {
    format!("{count} thread{}", if count == 1 { "" } else { "s" })
}

fn per_second(rate: f64, unit: &str) -> String {
    format!("{} {unit}/s", three_digits(rate / 1e9))
}

fn percent(share: f64) -> String {
    format!("{} %", three_digits((share * 1000.0).round() / 10.0))
}
