//! Colours, percentiles, ticks, dates and cells against NumPy, matplotlib and datetime (`scripts/references.py`).

use dasc_plot::*;

/// The words of each line of a reference.
fn lines(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().map(|line| line.split(' ').collect())
}

fn numbers(words: &[&str]) -> Vec<f64> {
    words.iter().map(|word| word.parse().unwrap()).collect()
}

#[test]
fn colors_are_matplotlibs() {
    for words in lines(include_str!("reference/colors.txt")) {
        let [position, rgb @ ..] = &numbers(&words[1..])[..] else { panic!() };
        let map = Colormap::named(words[0]).unwrap();
        assert_eq!(map.color(*position).map(f64::from), rgb, "{} at {position}", map.name());
    }
    assert!(Colormap::named("jet").unwrap_err().help.unwrap().contains("viridis"));
}

#[test]
fn percentiles_are_numpys() {
    for words in lines(include_str!("reference/percentiles.txt")) {
        let [percent, expected, values @ ..] = &numbers(&words)[..] else { panic!() };
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        let found = percentile(&values, *percent).unwrap();
        let size = values.iter().fold(0.0f64, |size, value| size.max(value.abs()));
        assert!((found - expected).abs() <= 1e-15 * size, "{percent} %: {found} instead of {expected}");
    }
    assert_eq!(percentile(&[], 50.0), None);
}

#[test]
fn ticks_are_matplotlibs() {
    for words in lines(include_str!("reference/ticks.txt")) {
        let [low, high, most, expected @ ..] = &numbers(&words)[..] else { panic!() };
        let ticks = linear_ticks(*low, *high, 1.0, *most as usize, false);
        let major: Vec<&Tick> = ticks.iter().filter(|tick| !tick.label.is_empty()).collect();
        assert_eq!(major.len(), expected.len(), "{low}..{high} in {most}: {major:?}");
        for (tick, expected) in major.iter().zip(expected) {
            let label: f64 = tick.label.replace('−', "-").parse().unwrap();
            let place = low + tick.at * (high - low);
            assert!((place - expected).abs() < 1e-9 * (high - low), "{place} instead of {expected}");
            assert!((label - expected).abs() < 1e-9 * (high - low), "'{}' at {expected}", tick.label);
        }
    }
}

#[test]
fn ticks_of_a_reversed_axis_run_backwards() {
    let ticks = linear_ticks(500.0, 100.0, 1.0, 4, false);
    let major: Vec<_> =
        ticks.iter().filter(|tick| !tick.label.is_empty()).map(|t| (t.at, t.label.as_str())).collect();
    assert_eq!(major, [(1.0, "100"), (0.75, "200"), (0.5, "300"), (0.25, "400"), (0.0, "500")]);
    assert!(linear_ticks(0.0, 0.0, 1.0, 4, false).is_empty());
    assert!(linear_ticks(f64::NAN, 1.0, 1.0, 4, false).is_empty());
}

#[test]
fn dates_are_pythons() {
    for line in include_str!("reference/clock.txt").lines() {
        let (ns, expected) = line.split_once(' ').unwrap();
        assert_eq!(utc(ns.parse().unwrap()), expected);
    }
}

fn sample(row: u64, column: u64) -> f32 {
    if (row + 3 * column).is_multiple_of(17) || column == 30 {
        return f32::NAN;
    }
    (((row * 7919 + column * 104_729) % 2003) as f32 - 1001.0) / 8.0
}

#[test]
fn cells_are_numpys() {
    let size = RasterSize { rows: 44, columns: 8 };
    // 44 bins for 1005 rows: 23 rows each.
    let mut raster = Raster::new(37, size, Some(1005)).unwrap();
    for row in (5..1005).filter(|row| !(400..450).contains(row)) {
        let samples: Vec<f32> = (0..37).map(|column| sample(row, column)).collect();
        raster.push_rows(row, &samples, 37).unwrap();
    }
    assert_eq!((raster.row_width(), raster.column_width(), raster.shape()), (23, 5, (44, 8)));
    assert_eq!(raster.gaps(), (1, 50));
    for words in lines(include_str!("reference/raster.txt")) {
        let [bin, column, count, min, max, sum] = numbers(&words)[..] else { panic!() };
        let cell = raster.cell(bin as usize, column as usize);
        assert_eq!(cell.count as f64, count, "bin {bin}, cell {column}");
        if count > 0.0 {
            assert_eq!((f64::from(cell.min), f64::from(cell.max), cell.sum), (min, max, sum));
            assert_eq!(cell.value(Statistic::Mean), Some(sum / count));
            let peak = if -min > max { min } else { max };
            assert_eq!(cell.value(Statistic::Peak), Some(peak));
        } else {
            assert_eq!(cell.value(Statistic::Mean), None);
        }
        // Rows 400 to 449 lie in bins 17 to 19.
        assert_eq!(raster.has_gap(bin as usize), (17.0..=19.0).contains(&bin), "bin {bin}");
    }
}
