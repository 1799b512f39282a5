//! Whether a linear recurrence stays bounded: the eigenvalues of the matrix that takes its state from one row to the next.

/// How far beyond 1 rounding alone may seem to carry an eigenvalue of a matrix with more than two rows.
const TOLERANCE: f64 = 1e-5;
/// Squarings of the matrix: powers up to 2³⁰.
const SQUARINGS: u32 = 30;

/// The largest magnitude of an eigenvalue if it is beyond 1, `None` if the recurrence is bounded or an integrator. Rows and columns of
/// the square matrix are state variables. One and two states are decided exactly (Jury's conditions), more by Gelfand's formula
/// `ρ = lim ‖Aⁿ‖^(1/n)`, whose every step bounds ρ from above.
pub fn beyond_one(matrix: &[Vec<f64>]) -> Option<f64> {
    match matrix {
        [] => None,
        [row] => row.first().map(|a| a.abs()).filter(|a| *a > 1.0 || a.is_nan()),
        [first, second] => match (first.as_slice(), second.as_slice()) {
            ([a, b], [c, d]) => of_two(a + d, a * d - b * c),
            _ => None,
        },
        // Repeated roots at ±1, as of integrators in a row, are what rounding blurs most: they are divided out first.
        few if few.len() <= FEW => of_many(&companion(&without_units(characteristic(few)))),
        _ => of_many(matrix),
    }
}

/// Up to this size the characteristic polynomial is accurate enough to divide by.
const FEW: usize = 8;

/// The coefficients of the characteristic polynomial, that of the highest power (1) first (Faddeev and LeVerrier).
fn characteristic(matrix: &[Vec<f64>]) -> Vec<f64> {
    let n = matrix.len();
    let mut coefficients = vec![1.0];
    let mut power = vec![vec![0.0; n]; n];
    for k in 1..=n {
        let last = coefficients.last().copied().unwrap_or(0.0);
        for (i, row) in power.iter_mut().enumerate() {
            if let Some(diagonal) = row.get_mut(i) {
                *diagonal += last;
            }
        }
        power = product(matrix, &power);
        let trace: f64 = power.iter().enumerate().filter_map(|(i, row)| row.get(i)).sum();
        coefficients.push(-trace / k as f64);
    }
    coefficients
}

/// The polynomial divided by `z − 1` and `z + 1` as often as they divide it.
fn without_units(mut polynomial: Vec<f64>) -> Vec<f64> {
    for root in [1.0, -1.0] {
        while polynomial.len() > 1 {
            let mut carried = 0.0;
            let mut quotient: Vec<f64> = polynomial
                .iter()
                .map(|c| {
                    carried = carried * root + c;
                    carried
                })
                .collect();
            let size: f64 = polynomial.iter().map(|c| c.abs()).sum();
            if quotient.pop().is_none_or(|rest| rest.abs() > 1e-12 * size) {
                break;
            }
            polynomial = quotient;
        }
    }
    polynomial
}

/// The matrix whose characteristic polynomial this is.
fn companion(polynomial: &[f64]) -> Vec<Vec<f64>> {
    let n = polynomial.len().saturating_sub(1);
    let shift = |i: usize| (0..n).map(|j| f64::from(u8::from(j + 1 == i))).collect();
    let first = || polynomial.iter().skip(1).map(|c| -c).collect();
    (0..n).map(|i| if i == 0 { first() } else { shift(i) }).collect()
}

/// From trace and determinant: the roots of `z² − tr·z + det` lie within the unit circle, or on it.
fn of_two(trace: f64, determinant: f64) -> Option<f64> {
    if determinant.abs() <= 1.0 && trace.abs() <= 1.0 + determinant {
        return None;
    }
    let discriminant = trace * trace / 4.0 - determinant;
    Some(if discriminant >= 0.0 { trace.abs() / 2.0 + discriminant.sqrt() } else { determinant.sqrt() })
}

fn of_many(matrix: &[Vec<f64>]) -> Option<f64> {
    let mut power = matrix.to_vec();
    // `ln ‖Aⁿ‖ / n`, with the norms taken out on the way.
    let (mut log, mut n) = (0.0, 1.0);
    let mut least = f64::INFINITY;
    for _ in 0..=SQUARINGS {
        if power.is_empty() {
            return None;
        }
        let norm = power.iter().map(|row| row.iter().map(|a| a.abs()).sum::<f64>()).fold(0.0, f64::max);
        if norm == 0.0 {
            return None;
        }
        if !norm.is_finite() {
            return Some(f64::INFINITY);
        }
        log += norm.ln() / n;
        least = f64::min(least, log);
        if least <= TOLERANCE {
            return None;
        }
        for a in power.iter_mut().flatten() {
            *a /= norm;
        }
        power = product(&power, &power);
        n *= 2.0;
    }
    Some(least.exp())
}

fn product(left: &[Vec<f64>], right: &[Vec<f64>]) -> Vec<Vec<f64>> {
    left.iter()
        .map(|row| {
            let mut sum = vec![0.0; row.len()];
            for (a, other) in row.iter().zip(right).filter(|(a, _)| **a != 0.0) {
                for (s, b) in sum.iter_mut().zip(other) {
                    *s += a * b;
                }
            }
            sum
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The companion matrix of `y[t] = Σ a[k] y[t-1-k]`.
    fn feedback(a: &[f64]) -> Vec<Vec<f64>> {
        companion(&std::iter::once(1.0).chain(a.iter().map(|a| -a)).collect::<Vec<f64>>())
    }

    #[test]
    fn integrators_are_allowed_and_growth_is_not() {
        // Roots: 1; 1 twice; 0.5 and −1; three times 1; e^{±iπ/3} and 0.9; a comb of 8 at 0.99.
        for bounded in [
            vec![1.0],
            vec![2.0, -1.0],
            vec![-0.5, 0.5],
            vec![3.0, -3.0, 1.0],
            vec![1.9, -1.9, 0.9],
            vec![0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.99],
        ] {
            assert_eq!(beyond_one(&feedback(&bounded)), None, "{bounded:?}");
        }
        // Roots computed with numpy.roots: the largest magnitude of each.
        for (growing, root) in [
            (vec![1.000001], 1.000001),
            (vec![0.0, 1.21], 1.1),
            (vec![1.0, -1.21], 1.1),
            (vec![2.5, -1.0], 2.0),
            (vec![0.5, 0.5, 0.5], 1.233_751_928_528_259),
            (vec![0.0, 0.0, 0.0, 1.001], 1.000_249_906_304_650_2),
        ] {
            let found = beyond_one(&feedback(&growing)).unwrap_or(0.0);
            assert!((found - root).abs() < 1e-6, "{growing:?}: {found}, not {root}");
        }
    }
}
