//! How fast a pipeline runs beside what the machine could do: what `dasc bench` measures, and how it is told.
//!
//! Every repetition measures the machine's copies and the pipeline one after the other, so that both meet the same neighbours;
//! what is told are medians of their ratios.

pub mod made_up;
pub mod measure;
pub mod parts;
pub mod picture;
pub mod roofs;
pub mod told;

/// The middle of some numbers, the lower of two; NaN of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_median_is_one_of_the_values() {
        assert_eq!(super::median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(super::median(vec![4.0, 1.0]), 1.0);
        assert!(super::median(Vec::new()).is_nan());
    }
}
