//! Whole pictures against those in `reference/*.png`, so that a line, a label or a legend that moves or vanishes is seen.
//!
//! The stored pictures are our own, drawn by this test under `BLESS=1` and looked at before they were kept; that each cell has
//! the right colour at the right place is tested against other programs in `pictures.rs` and `references.rs`.

use std::path::{Path, PathBuf};

use dasc_ir::Rational;
use dasc_plot::*;

/// Differences of a colour up to this are the rounding of antialiased edges on another processor.
const NEAR: u8 = 8;
/// Pixels in a thousand that may differ by more.
const FAR_PIXELS: usize = 2;

fn time() -> TimeAxis {
    TimeAxis { start_ns: Some(1_600_000_000_000_000_000), period: Rational::new(1, 10).unwrap() }
}

fn figure(title: &str) -> Figure {
    let mut figure = Figure { width: 5.0, height: 3.4, dpi: 80, ..Figure::new(title) };
    figure.subtitle = "fiber.h5  ·  10 Hz".into();
    let start_ns = 1_600_000_004_000_000_000;
    let end_ns = start_ns + 5_000_000_000;
    figure.events =
        vec![Event { start_ns, end_ns, extent: Some((40.0, 90.0)), mark: Mark::Box, label: "#1".into() }];
    figure
}

/// A wave that crosses the fibre, by whole numbers alone; rows 120 to 134 are missing.
fn wave(columns: usize, size: RasterSize) -> Raster {
    let mut raster = Raster::new(columns, size, Some(200)).unwrap();
    for row in (0..200u64).filter(|row| !(120..135).contains(row)) {
        let level = |column: usize| ((row * 7 + column as u64 * 11) % 97) as f32 - 48.0;
        raster.push_rows(row, &(0..columns).map(level).collect::<Vec<_>>(), columns).unwrap();
    }
    raster
}

fn heatmap() -> Picture {
    let style = Heatmap::new(time(), Axis::distance(0.0, 4.0), Quantity::new("Strain rate", "nstrain/s"));
    plot_heatmap(&wave(32, RasterSize::default()), &style, &figure("Waterfall")).unwrap()
}

fn spectrogram() -> Picture {
    let mut raster = Raster::new(33, RasterSize::default(), Some(120)).unwrap();
    for row in 0..120u64 {
        let power = |bin: u64| 1.0 + ((row / 4 + bin * bin) % 64) as f32 * ((bin * 5) % 33) as f32;
        raster.push_rows(row, &(0..33).map(power).collect::<Vec<_>>(), 33).unwrap();
    }
    let quantity = Quantity::new("Power", "nstrain^2/s^2");
    let style = Spectrogram::new(time(), Axis::frequency(0.0, 0.15), quantity, Channels::Mean(0, 31));
    plot_spectrogram(&raster, &style, &figure("Spectrogram")).unwrap()
}

fn traces() -> Picture {
    let style = Traces {
        time: time(),
        labels: ["3", "14", "15"].map(String::from).to_vec(),
        quantity: Quantity::new("Strain", "nstrain"),
        layout: TraceLayout::Auto,
    };
    plot_traces(&wave(3, RasterSize::traces()), &style, &figure("3 channels")).unwrap()
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name).with_extension("png")
}

fn stored(name: &str) -> (u32, u32, Vec<u8>) {
    let file = std::fs::File::open(path(name)).unwrap_or_else(|e| panic!("{name}: {e}; BLESS=1 draws it"));
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut rgb).unwrap();
    (reader.info().width, reader.info().height, rgb)
}

/// In how many pixels two pictures of a size differ by more than [`NEAR`].
fn differing(a: &[u8], b: &[u8]) -> usize {
    let far = |(a, b): &(&[u8], &[u8])| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > NEAR);
    a.chunks(3).zip(b.chunks(3)).filter(far).count()
}

#[test]
fn pictures_are_those_on_file() {
    for (name, picture) in [("heatmap", heatmap()), ("spectrogram", spectrogram()), ("traces", traces())] {
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path(name), picture.png().unwrap()).unwrap();
        }
        let (width, height, rgb) = stored(name);
        assert_eq!((picture.width, picture.height), (width, height), "size of {name}");
        let (pixels, count) = (rgb.len() / 3, differing(&picture.rgb, &rgb));
        assert!(
            count * 1000 <= pixels * FAR_PIXELS,
            "{name}: {count} of {pixels} pixels differ from reference/{name}.png; look at both, BLESS=1 keeps the new one"
        );
    }
}

#[test]
fn what_is_left_out_is_noticed() {
    let (_, _, rgb) = stored("heatmap");
    let style = Heatmap::new(time(), Axis::distance(0.0, 4.0), Quantity::new("Strain rate", "nstrain/s"));
    let raster = wave(32, RasterSize::default());
    let untitled = figure("");
    let unmarked = Figure { events: Vec::new(), ..figure("Waterfall") };
    for changed in [untitled, unmarked] {
        let count = differing(&plot_heatmap(&raster, &style, &changed).unwrap().rgb, &rgb);
        assert!(count * 1000 > rgb.len() / 3 * FAR_PIXELS, "only {count} pixels differ");
    }
}
