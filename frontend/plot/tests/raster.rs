//! The raster keeps the same bits whatever the chunks, folds without losing a sample and stays small.

use dasc_plot::{Cell, Raster, RasterSize};
use proptest::prelude::*;

fn sample(row: u64, column: usize) -> f32 {
    let mix = (row.wrapping_mul(6_364_136_223_846_793_005) ^ (column as u64) << 17)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    if mix.is_multiple_of(11) { f32::NAN } else { ((mix >> 40) as f32 - 8e6) * 1.37e-5 }
}

/// Pushes the rows in chunks of the lengths given, in turn, with a padded stride.
fn filled(
    columns: usize,
    size: RasterSize,
    expected: Option<u64>,
    rows: &[u64],
    chunks: &[usize],
    pad: usize,
) -> Raster {
    let mut raster = Raster::new(columns, size, expected).unwrap();
    let stride = columns + pad;
    let mut lengths = chunks.iter().copied().cycle();
    let mut rest = rows;
    while let Some(&first) = rest.first() {
        let run = rest.iter().zip(first..).take_while(|(row, next)| **row == *next).count();
        let take = run.min(lengths.next().unwrap());
        let mut samples = vec![f32::MAX; take * stride];
        for (row, line) in rest[..take].iter().zip(samples.chunks_mut(stride)) {
            line[..columns].iter_mut().enumerate().for_each(|(column, value)| *value = sample(*row, column));
        }
        // The padding of the last row may be absent.
        samples.truncate(take * stride - pad);
        raster.push_rows(first, &samples, stride).unwrap();
        rest = &rest[take..];
    }
    raster
}

fn bits(raster: &Raster) -> Vec<(u32, u32, u64, u64)> {
    let bits = |cell: Cell| (cell.min.to_bits(), cell.max.to_bits(), cell.sum.to_bits(), cell.count);
    raster.cells().map(bits).collect()
}

proptest! {
    #[test]
    fn chunks_do_not_change_a_bit(
        columns in 1usize..40,
        across in 1usize..12,
        bins in 2usize..20,
        first in prop_oneof![0u64..50, 1u64 << 40..1 << 41],
        skips in prop::collection::vec(prop_oneof![8 => Just(0u64), 1 => 1u64..200], 1..300),
        expected in prop::option::of(0u64..400),
        chunks in prop::collection::vec(1usize..50, 1..6),
        pad in 0usize..5,
    ) {
        let size = RasterSize { rows: bins, columns: across };
        let mut row = first;
        let rows: Vec<u64> = skips.iter().map(|skip| { row += skip + 1; row }).collect();
        let single = filled(columns, size, expected, &rows, &[1], 0);
        let chunked = filled(columns, size, expected, &rows, &chunks, pad);
        prop_assert_eq!(bits(&single), bits(&chunked));
        prop_assert_eq!(single.gaps(), chunked.gaps());

        // Every sample is in the cell that its row and column say.
        prop_assert!(single.shape().0 <= bins + 1 && single.shape().1 <= across);
        for bin in 0..single.shape().0 {
            let number = single.first_bin() + bin as u64;
            let of_bin = rows.iter().filter(|row| **row / single.row_width() == number);
            for cell in 0..single.shape().1 {
                let columns = cell * single.column_width()..((cell + 1) * single.column_width()).min(columns);
                let kept: Vec<f32> = of_bin.clone().flat_map(|row| columns.clone().map(|column| sample(*row, column)))
                    .filter(|value| value.is_finite()).collect();
                let found = single.cell(bin, cell);
                prop_assert_eq!(found.count, kept.len() as u64);
                prop_assert_eq!(found.min, kept.iter().copied().fold(f32::INFINITY, f32::min));
                prop_assert_eq!(found.max, kept.iter().copied().fold(f32::NEG_INFINITY, f32::max));
                let sum: f64 = kept.iter().map(|value| f64::from(*value)).sum();
                prop_assert!((found.sum - sum).abs() <= 1e-9);
            }
        }
    }
}

#[test]
fn a_month_takes_the_memory_of_a_second() {
    let mut raster = Raster::new(3, RasterSize::default(), None).unwrap();
    let block: Vec<f32> = (0..3 * 86_400).map(|k| (k % 1000) as f32).collect();
    for day in 0..30 {
        raster.push_rows(day * 86_400, &block, 3).unwrap();
    }
    let (bins, across) = raster.shape();
    assert!((512..=1025).contains(&bins) && across == 3, "{bins} × {across}");
    let kept: u64 = raster.cells().map(|cell| cell.count).sum();
    assert_eq!(kept, 30 * 3 * 86_400);
    assert!(raster.most_bytes() < 120_000);
    assert!(Raster::new(100_000, RasterSize::default(), None).unwrap().most_bytes() < 40 << 20);
}

#[test]
fn a_record_of_known_length_fills_the_grid() {
    let mut raster = Raster::new(1, RasterSize { rows: 100, columns: 1 }, Some(1050)).unwrap();
    raster.push_rows(7, &[1.0; 1050], 1).unwrap();
    assert_eq!((raster.row_width(), raster.shape().0), (11, 97));
    // One row more than the bins hold folds them.
    raster.push_rows(5000, &[1.0], 1).unwrap();
    assert_eq!(raster.row_width(), 88);
    assert_eq!(raster.cells().map(|cell| cell.count).sum::<u64>(), 1051);
}

#[test]
fn what_cannot_be_a_raster_is_refused() {
    assert!(Raster::new(0, RasterSize::default(), None).unwrap_err().message.contains("no channels"));
    assert!(Raster::new(1, RasterSize { rows: 1, columns: 1 }, None).is_err());
    assert!(Raster::new(1, RasterSize { rows: usize::MAX, columns: usize::MAX }, None).is_err());
    let mut raster = Raster::new(3, RasterSize::default(), None).unwrap();
    raster.push_rows(10, &[], 3).unwrap();
    assert_eq!(raster.rows(), None);
    assert!(raster.push_rows(0, &[0.0; 4], 3).is_err(), "half a row");
    assert!(raster.push_rows(0, &[0.0; 4], 2).is_err(), "overlapping rows");
    assert!(raster.push_rows(0, &[0.0; 3], 0).is_err());
    raster.push_rows(10, &[0.0; 6], 3).unwrap();
    assert!(raster.push_rows(11, &[0.0; 3], 3).unwrap_err().message.contains("in order"));
    assert!(raster.push_rows(u64::MAX, &[0.0; 6], 3).is_err());
    raster.push_rows(u64::MAX - 1, &[0.0; 3], 3).unwrap();
    assert!(raster.shape().0 <= 1025);
}
