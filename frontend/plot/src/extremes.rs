//! Figures at the limits: they must come out, with every text whole and clear of the others. The canvas checks the
//! text in tests.

use dasc_ir::Rational;

use crate::*;

const START: Option<i64> = Some(1_654_356_464_800_325_476);

fn time(start_ns: Option<i64>, num: i128, den: i128) -> TimeAxis {
    TimeAxis { start_ns, period: Rational::new(num, den).unwrap() }
}

fn raster(columns: usize, rows: u64, sample: impl Fn(u64, usize) -> f32) -> Raster {
    let mut raster = Raster::new(columns, RasterSize { rows: 300, columns: 200 }, None).unwrap();
    for row in 0..rows {
        let samples: Vec<f32> = (0..columns).map(|column| sample(row, column)).collect();
        raster.push_rows(row, &samples, columns).unwrap();
    }
    raster
}

fn figures() -> Vec<Figure> {
    let long = "Übersicht einer sehr langen Messung längs der Faser ".repeat(8);
    let events = |count: i64, start: i64| {
        let event = |k: i64| Event {
            start_ns: start + k * 20_000_000,
            end_ns: start + k * 20_000_000 + 9_000_000,
            extent: (k % 3 > 0).then_some((k as f64, k as f64 + 2.0)),
            mark: if k % 2 == 0 { Mark::Box } else { Mark::Line },
            label: format!("detection {k} {}", "longer ".repeat((k % 4) as usize)),
        };
        (0..count).map(event).collect()
    };
    let plain = Figure { dpi: 80, ..Figure::new("Figure") };
    vec![
        Figure { title: String::new(), ..plain.clone() },
        Figure { title: long.clone(), subtitle: long, events: events(60, 0), ..plain.clone() },
        Figure { width: 3.0, height: 2.0, dpi: 50, title: "line\nbreak \u{1f30b}\0".into(), ..plain.clone() },
        Figure { width: 12.0, height: 2.0, events: events(5, START.unwrap()), ..plain.clone() },
        Figure {
            width: 3.0, height: 11.0, subtitle: "東京.h5".into(), events: events(3, i64::MIN), ..plain
        },
    ]
}

fn records() -> Vec<(&'static str, Raster)> {
    let wave = |row: u64, column: usize| ((row as f32 * 0.21) + column as f32).sin();
    vec![
        ("no rows", raster(5, 0, wave)),
        ("one row", raster(5, 1, wave)),
        ("one sample", raster(1, 1, wave)),
        ("one channel", raster(1, 5000, wave)),
        ("missing", raster(4, 50, |_, _| f32::NAN)),
        ("infinite", raster(4, 50, |row, _| if row % 2 == 0 { f32::INFINITY } else { f32::NEG_INFINITY })),
        ("zero", raster(4, 50, |_, _| 0.0)),
        ("constant", raster(4, 50, |_, _| 7.25e11)),
        ("huge", raster(3, 400, |row, column| wave(row, column) * f32::MAX)),
        ("large", raster(3, 400, |row, column| wave(row, column) * 1e12)),
        ("tiny", raster(3, 400, |row, column| wave(row, column) * 1e-12)),
        ("subnormal", raster(3, 400, |row, column| wave(row, column) * 1e-44)),
        ("negative", raster(3, 400, |row, column| wave(row, column) - 5.0)),
        ("narrow", raster(3, 400, |row, _| 1e6 + (row % 2) as f32 * 0.125)),
        ("spike", raster(8, 40, |row, column| if (row, column) == (20, 4) { 1e6 } else { 0.0 })),
    ]
}

fn times() -> [TimeAxis; 7] {
    [
        time(None, 1, 1000),
        time(START, 1, 1000),
        time(START, 1, 1),
        time(START, 3600, 1),
        time(START, 86_400 * 365, 1),
        time(None, 1, 1_000_000_000),
        time(None, 1_000_000_000, 1),
    ]
}

#[test]
fn heatmaps_come_out_at_the_limits() {
    let axes = [
        Axis::channels(0.0, 1.0),
        Axis::distance(12_345.6, -8.0),
        Axis::distance(-1e-3, 1e-4),
        Axis::channels(-1e9, 1e9),
    ];
    let orientations = [Orientation::TimeDown, Orientation::TimeUp, Orientation::TimeRight];
    let quantity = Quantity::new("A quantity whose name is long ".repeat(9), "(nstrain/s)^2*m^-3");
    for (turn, (name, raster)) in records().iter().enumerate() {
        for (other, figure) in figures().iter().enumerate() {
            let turn = turn + other;
            let mut style = Heatmap::new(times()[turn % 7], axes[turn % 4].clone(), quantity.clone());
            style.orientation = orientations[turn % 3];
            let picture = plot_heatmap(raster, &style, figure).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(picture.rgb.len(), (picture.width * picture.height * 3) as usize);
        }
    }
}

#[test]
fn spectrograms_come_out_at_the_limits() {
    for (turn, (name, raster)) in records().iter().enumerate() {
        for (other, figure) in figures().iter().enumerate() {
            let turn = turn + other;
            let frequency = Axis::frequency(0.0, [0.001, 0.5, 97.7, 1e6][turn % 4]);
            let channels = [Channels::One(17), Channels::Mean(0, 511)][turn % 2];
            let mut style =
                Spectrogram::new(times()[turn % 7], frequency, Quantity::new("Power", "rad^2/Hz"), channels);
            style.spectrum = [Spectrum::Power, Spectrum::Level][turn / 2 % 2];
            plot_spectrogram(raster, &style, figure).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}

#[test]
fn sections_come_out_at_the_limits() {
    let ratios: Vec<f64> = (0..7).map(|i| 1e-3 * 40f64.powi(i)).collect();
    let inner = [
        Axis::even(Measure::Lag, -1e-9, 1e-12),
        Axis::listed(Measure::Frequency, &ratios),
        Axis::listed(Measure::Speed, &[-5e3, -300.0, 300.0, 5e3, f64::INFINITY]),
        Axis::listed(Measure::Slowness, &[0.0]),
        Axis::listed(Measure::Band, &[f64::NAN; 500]),
        Axis::even(Measure::Wavenumber, -0.5, 1e-3),
        Axis::even(Measure::Frame, 0.0, 1e5),
    ];
    let spectra = [None, Some(Spectrum::Power), Some(Spectrum::Level)];
    for (turn, (name, raster)) in records().iter().enumerate() {
        for (other, figure) in figures().iter().enumerate() {
            let turn = turn + other;
            let (inner, quantity) = (inner[turn % 7].clone(), Quantity::new("Power", "rad^2/Hz"));
            let style = Section::new(inner, Axis::distance(0.0, 2.0), quantity, spectra[turn % 3]);
            plot_section(raster, &style, figure).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}

#[test]
fn traces_come_out_at_the_limits() {
    for (turn, (name, raster)) in records().iter().enumerate() {
        for (other, figure) in figures().iter().enumerate() {
            let turn = turn + other;
            let labels =
                (0..raster.columns()).map(|k| format!("channel {k} {}", "at the well ".repeat(turn % 5)));
            let layout = [TraceLayout::Auto, TraceLayout::Overlay, TraceLayout::Offset][turn % 3];
            let style = Traces {
                time: times()[turn % 7],
                labels: labels.collect(),
                quantity: Quantity::new("Phase", "rad"),
                layout,
            };
            plot_traces(raster, &style, figure).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}

#[test]
fn sixty_four_traces_thin_their_names() {
    let raster = raster(64, 500, |row, column| ((row * 7919 + column as u64 * 104_729) % 97) as f32);
    let labels = (0..64).map(|k| k.to_string()).collect();
    let style = Traces {
        time: time(START, 1, 100),
        labels,
        quantity: Quantity::default(),
        layout: TraceLayout::Auto,
    };
    for figure in figures() {
        plot_traces(&raster, &style, &figure).unwrap();
    }
}
