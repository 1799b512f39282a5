//! The parts of a plan under the machine's roofs.

use dasc_ir::Result;
use dasc_plot::{Figure, Level, Picture, Roof, Roofline, RooflinePoint, plot_roofline};

use super::measure::{Measured, Threaded};
use super::roofs::{Copies, Machine};
use super::told::threads;
use crate::numbers::three_digits;

/// Draws every part of which operations and bytes are known, with the fewest and with the most threads.
pub fn picture(name: &str, measured: &Measured, machine: &Machine) -> Result<Picture> {
    let level = |threaded: &Threaded| {
        let copies = Copies::median(&threaded.copies);
        let mut slopes = vec![slope("copying", copies.plain)];
        slopes.extend(copies.streaming.map(|streaming| slope("copying, non-temporal", streaming)));
        let peaks = vec![
            peak("multiply-adds, f64", threaded.peaks.double),
            peak("multiply-adds, f32", threaded.peaks.single),
        ];
        let middle = threaded.middle();
        let point = |part: &super::parts::Part| {
            let (bytes, operations, middle) = (part.bytes?, part.operations?, middle?);
            let drawn = bytes > 0.0 && operations > 0.0;
            drawn.then(|| RooflinePoint {
                label: part.name(),
                intensity: operations / bytes,
                rate: operations / part.seconds(&middle.stats).max(1e-9),
            })
        };
        let points = measured.parts.iter().filter_map(point).collect();
        Level { name: threads(threaded.threads), slopes, peaks, points }
    };
    let several = measured.runs.len() > 1;
    let most = measured.runs.last().map(level);
    let fewest = measured.runs.first().filter(|_| several).map(level);
    let roofline = Roofline { levels: fewest.into_iter().chain(most).collect() };
    let mut figure = Figure::new("What the machine allows, and what is reached");
    figure.subtitle = format!("{name}  ·  {}  ·  {}", machine.processor, machine.vectors);
    figure.provenance = vec![
        ("Software".into(), format!("dasc {}", env!("CARGO_PKG_VERSION"))),
        ("Source".into(), name.to_string()),
    ];
    plot_roofline(&roofline, &figure)
}

fn slope(what: &str, rate: f64) -> Roof {
    Roof { label: format!("{what} {} GB/s", three_digits(rate / 1e9)), rate }
}

fn peak(what: &str, rate: f64) -> Roof {
    Roof { label: format!("{what} {} Gop/s", three_digits(rate / 1e9)), rate }
}
