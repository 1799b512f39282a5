//! Draws one figure of each kind from a synthetic record into the folder given, or a waterfall and traces of a file
//! of row-major little-endian f32:
//!
//! ```text
//! figures FOLDER
//! figures FOLDER FILE CHANNELS PERIOD_S SPACING_M START_NS UNIT [GAP_ROW GAP_ROWS]
//! ```

use std::error::Error;
use std::path::{Path, PathBuf};

use dasc_ir::Rational;
use dasc_plot::*;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [folder] => synthetic(Path::new(folder)),
        [folder, file, channels, period, spacing, start, unit, gap @ ..] => {
            let bytes = std::fs::read(file)?;
            let samples: Vec<f32> =
                bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap_or_default())).collect();
            let columns: usize = channels.parse()?;
            let gap = match gap {
                [row, rows] => (row.parse()?, rows.parse()?),
                _ => (usize::MAX, 0),
            };
            let time = TimeAxis {
                start_ns: Some(start.parse()?),
                period: Rational::approximate(period.parse()?).ok_or("no period")?,
            };
            let name = PathBuf::from(file);
            let name = name.file_stem().unwrap_or_default().to_string_lossy().to_string();
            record(Path::new(folder), &name, &samples, columns, time, spacing.parse()?, unit, gap)
        }
        _ => Err("figures FOLDER [FILE CHANNELS PERIOD_S SPACING_M START_NS UNIT [GAP_ROW GAP_ROWS]]".into()),
    }
}

#[allow(clippy::too_many_arguments, reason = "they are the arguments of the command line")]
fn record(
    folder: &Path,
    name: &str,
    samples: &[f32],
    columns: usize,
    time: TimeAxis,
    spacing: f64,
    unit: &str,
    (gap, missing): (usize, usize),
) -> Result<(), Box<dyn Error>> {
    let mut raster = Raster::new(columns, RasterSize::default(), None)?;
    let picks = [columns / 5, columns * 2 / 5, columns * 3 / 5, columns * 4 / 5];
    let mut traces = Raster::new(4, RasterSize::traces(), None)?;
    for (row, samples) in samples.chunks_exact(columns).enumerate() {
        let at = (row + if row >= gap { missing } else { 0 }) as u64;
        raster.push_rows(at, samples, columns)?;
        traces.push_rows(at, &picks.map(|pick| samples.get(pick).copied().unwrap_or(f32::NAN)), 4)?;
    }
    let mut figure = Figure::new("Waterfall");
    figure.subtitle = format!("{name}  ·  start {} UTC", utc(time.start_ns.unwrap_or(0)));
    figure.provenance =
        vec![("Software".into(), "dasc-plot example".into()), ("Source".into(), name.to_string())];
    let quantity = Quantity::new("Amplitude", unit);
    let heatmap = Heatmap::new(time, Axis::distance(0.0, spacing), quantity.clone());
    std::fs::write(
        folder.join(format!("{name}-heatmap.png")),
        plot_heatmap(&raster, &heatmap, &figure)?.png()?,
    )?;
    let labels = picks.iter().map(|pick| format!("{pick}")).collect();
    let style = Traces { time, labels, quantity, layout: TraceLayout::Auto };
    figure.title = "Four channels".into();
    std::fs::write(folder.join(format!("{name}-traces.png")), plot_traces(&traces, &style, &figure)?.png()?)?;
    Ok(())
}

/// Two minutes of 256 channels at 100 Hz: two wavefronts, noise, a dead channel and a gap.
fn synthetic(folder: &Path) -> Result<(), Box<dyn Error>> {
    const CHANNELS: usize = 256;
    const RATE: f64 = 100.0;
    let time =
        TimeAxis { start_ns: Some(1_654_356_464_800_325_476), period: Rational::new(1, 100).ok_or("rate")? };
    let mut seed = 1u64;
    let mut noise = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 40) as f64 / f64::from(1 << 24) - 0.5
    };
    let wave = |t: f64, onset: f64, hertz: f64, decay: f64| {
        let after = t - onset;
        if after < 0.0 { 0.0 } else { (std::f64::consts::TAU * hertz * after).sin() * (-after / decay).exp() }
    };
    let mut raster = Raster::new(CHANNELS, RasterSize::default(), None)?;
    let mut traces = Raster::new(4, RasterSize::traces(), None)?;
    let mut spectra = Raster::new(129, RasterSize::default(), None)?;
    for row in (0..12_000u64).filter(|row| !(7000..7400).contains(row)) {
        let t = row as f64 / RATE;
        let samples: Vec<f32> = (0..CHANNELS)
            .map(|channel| {
                let x = channel as f64 * 8.0;
                let first = 40.0 + (x - 900.0).hypot(600.0) / 180.0;
                let second = 90.0 - x / 110.0;
                let value =
                    40.0 * wave(t, first, 2.0, 4.0) + 25.0 * wave(t, second, 5.0, 1.5) + 6.0 * noise();
                if channel == 190 { f32::NAN } else { value as f32 }
            })
            .collect();
        raster.push_rows(row, &samples, CHANNELS)?;
        let pick = |channel: usize| samples.get(channel).copied().unwrap_or(f32::NAN);
        traces.push_rows(row, &[pick(20), pick(80), pick(140), pick(220)], 4)?;
        if row % 16 == 0 {
            let power = |bin: usize| {
                let f = bin as f64 / 128.0 * 50.0;
                let line =
                    |centre: f64, width: f64, power: f64| power * (-((f - centre) / width).powi(2)).exp();
                let quake = wave(t, 43.0, 0.0001, 6.0).abs() * 1e4;
                (0.02
                    + 0.05 * (noise() + 0.5)
                    + line(12.0 + 8.0 * (t / 20.0).sin(), 0.8, 3.0)
                    + line(4.0, 3.0, quake)) as f32
            };
            spectra.push_rows(row / 16, &(0..129).map(power).collect::<Vec<_>>(), 129)?;
        }
    }
    let start = time.start_ns.unwrap_or(0);
    let event = |from: f64, to: f64, extent, label: &str| Event {
        start_ns: start + (from * 1e9) as i64,
        end_ns: start + (to * 1e9) as i64,
        extent,
        mark: Mark::Box,
        label: label.into(),
    };
    let mut figure = Figure::new("Strain rate along the fibre");
    figure.subtitle = format!("synthetic.h5  ·  start {} UTC  ·  100 Hz", utc(start));
    figure.events = vec![
        event(43.0, 50.0, Some((500.0, 1400.0)), "event 1: 18.2 dB"),
        event(84.0, 86.0, Some((400.0, 700.0)), "event 2"),
    ];
    let strain_rate = Quantity::new("Strain rate", "nstrain/s");
    let write = |name: &str, picture: Picture| -> Result<(), Box<dyn Error>> {
        Ok(std::fs::write(folder.join(name), picture.png()?)?)
    };
    let mut heatmap = Heatmap::new(time, Axis::distance(0.0, 8.0), strain_rate.clone());
    write("heatmap.png", plot_heatmap(&raster, &heatmap, &figure)?)?;
    heatmap.orientation = Orientation::TimeRight;
    heatmap.columns = Axis::channels(0.0, 1.0);
    heatmap.colormap = Some(Colormap::named("seismic")?);
    write(
        "heatmap-right.png",
        plot_heatmap(&raster, &heatmap, &Figure { events: Vec::new(), ..figure.clone() })?,
    )?;
    let hop = TimeAxis { period: Rational::new(16, 100).ok_or("rate")?, ..time };
    let power = Quantity::new("Power", "(nstrain/s)^2/Hz");
    let spectrogram =
        Spectrogram::new(hop, Axis::frequency(0.0, 50.0 / 128.0), power, Channels::Mean(0, 255));
    figure.title = "Spectrogram".into();
    write("spectrogram.png", plot_spectrogram(&spectra, &spectrogram, &figure)?)?;
    let labels = vec!["20".into(), "80".into(), "140".into(), "220".into()];
    let mut style = Traces { time, labels, quantity: strain_rate, layout: TraceLayout::Auto };
    figure.title = "Four channels".into();
    write("traces.png", plot_traces(&traces, &style, &figure)?)?;
    style.layout = TraceLayout::Overlay;
    style.labels.iter_mut().for_each(|label| *label = format!("channel {label}"));
    write("traces-overlay.png", plot_traces(&traces, &style, &figure)?)?;
    Ok(())
}
