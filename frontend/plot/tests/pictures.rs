//! Pictures as a reader sees them: every cell has matplotlib's colour at its place, events and gaps lie where they
//! should, and the file carries its resolution and provenance.

use dasc_ir::Rational;
use dasc_plot::*;

fn time() -> TimeAxis {
    TimeAxis { start_ns: Some(1_600_000_000_000_000_000), period: Rational::new(1, 10).unwrap() }
}

/// Values and colours of 4 rows of 6 columns, RdBu from −3 to 3.
fn reference() -> Vec<(f32, [u8; 3])> {
    let line = |line: &str| {
        let [value, red, green, blue] = line.split(' ').collect::<Vec<_>>()[..] else { panic!() };
        (value.parse().unwrap(), [red, green, blue].map(|word| word.parse().unwrap()))
    };
    include_str!("reference/picture.txt").lines().map(line).collect()
}

fn grid() -> Raster {
    let mut raster = Raster::new(6, RasterSize::default(), Some(4)).unwrap();
    let values: Vec<f32> = reference().iter().map(|(value, _)| *value).collect();
    raster.push_rows(0, &values, 6).unwrap();
    raster
}

fn style(orientation: Orientation) -> Heatmap {
    let mut style = Heatmap::new(time(), Axis::channels(0.0, 1.0), Quantity::new("Strain", "nstrain"));
    style.limits = Limits::Fixed { low: -3.0, high: 3.0 };
    style.colormap = Some(Colormap::RDBU);
    style.orientation = orientation;
    style
}

/// Left, top, right, bottom (exclusive) and number of the pixels of a colour left of the colour bar.
fn extent(picture: &Picture, color: [u8; 3]) -> Option<([usize; 4], usize)> {
    let width = picture.width as usize;
    let pixels = picture.rgb.chunks(3).enumerate().filter(|(_, rgb)| *rgb == color);
    let places = pixels.map(|(at, _)| (at % width, at / width)).filter(|(x, _)| *x < width * 89 / 100);
    let grow = |found: Option<([usize; 4], usize)>, (x, y): (usize, usize)| {
        let ([left, top, right, bottom], count) = found.unwrap_or(([x, y, x, y], 0));
        Some(([left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)], count + 1))
    };
    places.fold(None, grow)
}

#[test]
fn every_cell_has_its_colour_at_its_place() {
    for orientation in [Orientation::TimeDown, Orientation::TimeUp, Orientation::TimeRight] {
        let picture = plot_heatmap(&grid(), &style(orientation), &Figure::new("")).unwrap();
        let extents: Vec<_> =
            reference().iter().map(|(_, color)| extent(&picture, *color).unwrap()).collect();
        let at = |row: usize, column: usize| extents[row * 6 + column];
        let ([left, top, right, bottom], _) = at(1, 1);
        let (width, height) = (right - left, bottom - top);
        for row in 0..4 {
            for column in 0..6 {
                let ([_, top, right, bottom], count) = at(row, column);
                let area = width * height;
                // The frame's line covers a little of the outer cells.
                assert!(count * 100 >= area * 95 && count * 100 <= area * 105, "{count} of {area} pixels");
                let (next_row, next_column) =
                    (at((row + 1).min(3), column).0, at(row, (column + 1).min(5)).0);
                match orientation {
                    _ if row == 3 || column == 5 => {}
                    Orientation::TimeDown => assert_eq!((next_row[1], next_column[0]), (bottom, right)),
                    Orientation::TimeUp => assert_eq!((next_row[3], next_column[0]), (top, right)),
                    Orientation::TimeRight => assert_eq!((next_row[0], next_column[3]), (right, top)),
                }
            }
        }
    }
}

#[test]
fn a_box_encloses_the_cells_of_its_event() {
    let mut figure = Figure::new("");
    let start_ns = 1_600_000_000_100_000_000;
    figure.events = vec![Event {
        start_ns,
        end_ns: start_ns + 200_000_000,
        extent: Some((2.0, 3.0)),
        mark: Mark::Box,
        label: String::new(),
    }];
    let plain = plot_heatmap(&grid(), &style(Orientation::TimeDown), &Figure::new("")).unwrap();
    let marked = plot_heatmap(&grid(), &style(Orientation::TimeDown), &figure).unwrap();
    let reference = reference();
    let ([left, top, ..], _) = extent(&plain, reference[6 + 2].1).unwrap();
    let ([.., right, bottom], _) = extent(&plain, reference[2 * 6 + 3].1).unwrap();
    let changed = plain.rgb.chunks(3).zip(marked.rgb.chunks(3)).enumerate().filter(|(_, (a, b))| a != b);
    let width = plain.width as usize;
    // The footnote below the panel now counts the event.
    let panel_bottom = extent(&plain, reference[3 * 6 + 3].1).unwrap().0[3];
    let places: Vec<_> =
        changed.map(|(at, _)| (at % width, at / width)).filter(|(_, y)| *y < panel_bottom).collect();
    let bounds = places.iter().fold([usize::MAX, usize::MAX, 0, 0], |[l, t, r, b], (x, y)| {
        [l.min(*x), t.min(*y), r.max(x + 1), b.max(y + 1)]
    });
    for (found, expected) in bounds.into_iter().zip([left, top, right, bottom]) {
        assert!(found.abs_diff(expected) <= 4, "{bounds:?} instead of {:?}", [left, top, right, bottom]);
    }
    assert!(places.len() > 2 * (right - left), "nothing but a few pixels was drawn");
    // The cells within stay visible.
    let inside = extent(&marked, reference[6 + 2].1).unwrap().1;
    assert!(inside * 10 > extent(&plain, reference[6 + 2].1).unwrap().1 * 8);
}

#[test]
fn missing_samples_are_hatched_and_gaps_marked() {
    let mut raster = Raster::new(1, RasterSize::default(), None).unwrap();
    raster.push_rows(0, &[1.0, f32::NAN], 1).unwrap();
    raster.push_rows(3, &[1.0], 1).unwrap();
    let picture = plot_heatmap(&raster, &style(Orientation::TimeDown), &Figure::new("")).unwrap();
    let ([_, top, _, bottom], count) = extent(&picture, [0xb4; 3]).unwrap();
    let ([left, first, right, last], _) = extent(&picture, Colormap::RDBU.color(4.0 / 6.0)).unwrap();
    let (rows, height) = ((bottom - top) as f64, (last - first) as f64);
    assert!((rows / height - 0.5).abs() < 0.01, "two of four rows are missing");
    assert!((top - first).abs_diff((last - first) / 4) < 4);
    assert!(count > (right - left) * (bottom - top) * 2 / 5, "half the hatch is dark");
    // Only the rows that never came are a gap: the third quarter, right of the panel.
    let red = picture.rgb.chunks(3).enumerate().filter(|(_, rgb)| *rgb == [0xc8, 0x2a, 0x2a]);
    let rows: Vec<usize> = red.map(|(at, _)| at / picture.width as usize).collect();
    assert!((rows[0] - first).abs_diff((last - first) / 2) < 4, "{} {first} {last}", rows[0]);
    assert!((rows[rows.len() - 1] - first).abs_diff((last - first) * 3 / 4) < 4);
}

#[test]
fn a_spectrogram_is_in_decibels_with_low_frequencies_below() {
    let mut raster = Raster::new(2, RasterSize::default(), None).unwrap();
    // Power 1 and 100 in the lower bin (0 and 20 dB), 10 and none at all in the upper.
    raster.push_rows(0, &[1.0, 10.0, 100.0, 0.0], 2).unwrap();
    let mut style =
        Spectrogram::new(time(), Axis::frequency(0.0, 1.0), Quantity::new("Power", ""), Channels::One(3));
    style.limits = Limits::Fixed { low: -20.0, high: 20.0 };
    let picture = plot_spectrogram(&raster, &style, &Figure::new("")).unwrap();
    let at = |decibels: f64| extent(&picture, Colormap::INFERNO.color((decibels + 20.0) / 40.0)).unwrap().0;
    let [zero, ten, twenty, none] = [0.0, 10.0, 20.0, -20.0].map(at);
    assert!(ten[3] <= zero[1] && none[3] <= twenty[1], "frequency grows upwards");
    assert!(zero[2] <= twenty[0] && ten[2] <= none[0], "time grows to the right");
}

#[test]
fn a_trace_follows_its_samples() {
    // A square wave in an overlay of one: the upper level for the first half, the lower for the second.
    let mut raster = Raster::new(1, RasterSize::traces(), None).unwrap();
    let samples: Vec<f32> = (0..20_000).map(|row| if row < 10_000 { 5.0 } else { -5.0 }).collect();
    raster.push_rows(0, &samples, 1).unwrap();
    let style = Traces {
        time: time(),
        labels: vec!["1".into()],
        quantity: Quantity::new("Strain", "nstrain"),
        layout: TraceLayout::Auto,
    };
    let picture = plot_traces(&raster, &style, &Figure::new("")).unwrap();
    let ink = [0x1f, 0x3b, 0x64];
    let width = picture.width as usize;
    let rows = |x: usize| {
        let pixels = picture.rgb.chunks(3).enumerate().filter(|(at, rgb)| at % width == x && *rgb == ink);
        pixels.map(|(at, _)| at / width).collect::<Vec<_>>()
    };
    let (early, late) = (rows(width * 3 / 10), rows(width * 8 / 10));
    assert!(!early.is_empty() && early.len() < 6 && !late.is_empty() && late.len() < 6, "{early:?} {late:?}");
    assert!(late[0] > early[0] + picture.height as usize / 2);
    let refused = Traces { layout: TraceLayout::Overlay, labels: vec![String::new(); 9], ..style };
    let nine = Raster::new(9, RasterSize::traces(), None).unwrap();
    assert!(plot_traces(&nine, &refused, &Figure::new("")).unwrap_err().message.contains("9 traces"));
}

#[test]
fn the_file_carries_resolution_and_provenance() {
    let mut figure = Figure { dpi: 100, ..Figure::new("Faser") };
    figure.provenance = vec![("Software".into(), "dasc 0.1".into()), ("Source".into(), "Größe µε.h5".into())];
    let file = plot_heatmap(&grid(), &style(Orientation::TimeDown), &figure).unwrap().png().unwrap();
    let again = plot_heatmap(&grid(), &style(Orientation::TimeDown), &figure).unwrap().png().unwrap();
    assert_eq!(file, again);
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let info = reader.info();
    assert_eq!((info.width, info.height), (750, 500));
    assert_eq!(info.pixel_dims.map(|dims| dims.xppu), Some(3937));
    let ascii = &info.uncompressed_latin1_text[0];
    assert_eq!((ascii.keyword.as_str(), ascii.text.as_str()), ("Software", "dasc 0.1"));
    let other = &info.utf8_text[0];
    assert_eq!((other.keyword.as_str(), other.get_text().unwrap().as_str()), ("Source", "Größe µε.h5"));
    figure.provenance = vec![("".into(), "x".into())];
    assert!(plot_heatmap(&grid(), &style(Orientation::TimeDown), &figure).unwrap().png().is_err());
}

#[test]
fn mistakes_are_named() {
    let draw =
        |style: &Heatmap, figure: &Figure| plot_heatmap(&grid(), style, figure).unwrap_err().to_string();
    let right = style(Orientation::TimeDown);
    let figure = Figure::new("");
    assert!(draw(&right, &Figure { dpi: 7, ..figure.clone() }).contains("50 to 1200"));
    assert!(draw(&right, &Figure { width: f64::NAN, ..figure.clone() }).contains("3 to 40 inches"));
    assert!(
        draw(&right, &Figure { width: 40.0, height: 40.0, dpi: 1200, ..figure.clone() })
            .contains("100 million")
    );
    let limits = Limits::Fixed { low: 3.0, high: -3.0 };
    assert!(draw(&Heatmap { limits, ..right.clone() }, &figure).contains("3..-3"));
    let limits = Limits::Percent { low: 2.0, high: 980.0 };
    assert!(draw(&Heatmap { limits, ..right.clone() }, &figure).contains("0%..100%"));
    assert!(
        draw(&Heatmap { columns: Axis::distance(0.0, 0.0), ..right.clone() }, &figure).contains("steps of 0")
    );
    let time = TimeAxis { start_ns: None, period: Rational::ZERO };
    assert!(draw(&Heatmap { time, ..right }, &figure).contains("sampling rate"));
}
