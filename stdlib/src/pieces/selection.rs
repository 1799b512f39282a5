//! The median of a few values by minima and maxima alone, so that it has no branch and every lane does the same.
//!
//! Batcher's merge-exchange sort (Knuth, The Art of Computer Programming 3, 5.2.2 M), of which only what the middle depends on is kept.

use dasc_ir::graph::Scalar;

/// The middle of an odd number of values; NaN if one is NaN.
pub fn median<'a>(mut values: Vec<Scalar<'a>>) -> Option<Scalar<'a>> {
    let middle = values.len() / 2;
    for (i, j, keep) in pruned(values.len(), middle) {
        let (a, b) = (*values.get(i)?, *values.get(j)?);
        if keep.least {
            *values.get_mut(i)? = a.min(b);
        }
        if keep.largest {
            *values.get_mut(j)? = a.max(b);
        }
    }
    values.get(middle).copied()
}

#[derive(Clone, Copy)]
struct Keep {
    least: bool,
    largest: bool,
}

/// The exchanges that place `wanted` depends on, with which of their two results are read later.
fn pruned(n: usize, wanted: usize) -> Vec<(usize, usize, Keep)> {
    let mut needed = vec![false; n];
    if let Some(slot) = needed.get_mut(wanted) {
        *slot = true;
    }
    let mut kept = Vec::new();
    for (i, j) in exchanges(n).into_iter().rev() {
        let keep = Keep { least: needed[i], largest: needed[j] };
        if keep.least || keep.largest {
            (needed[i], needed[j]) = (true, true);
            kept.push((i, j, keep));
        }
    }
    kept.reverse();
    kept
}

/// Pairs `i < j` whose lesser goes to `i`, in order; they sort `n` values.
fn exchanges(n: usize) -> Vec<(usize, usize)> {
    let top = n.next_power_of_two() / 2;
    let mut pairs = Vec::new();
    let mut p = top;
    while p > 0 {
        let (mut q, mut r, mut d) = (top, 0, p);
        loop {
            pairs.extend((0..n.saturating_sub(d)).filter(|i| i & p == r).map(|i| (i, i + d)));
            if q == p {
                break;
            }
            (d, q, r) = (q - p, q / 2, p);
        }
        p /= 2;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the 0-1 principle a network that finds the middle of all sequences of zeros and ones finds it of all.
    #[test]
    fn the_middle_of_every_sequence_of_zeros_and_ones() {
        for n in [1usize, 3, 5, 7, 9, 11, 13, 15] {
            let network = pruned(n, n / 2);
            for bits in 0u32..1 << n {
                let mut values: Vec<bool> = (0..n).map(|i| bits >> i & 1 == 1).collect();
                for &(i, j, keep) in &network {
                    let (a, b) = (values[i], values[j]);
                    if keep.least {
                        values[i] = a & b;
                    }
                    if keep.largest {
                        values[j] = a | b;
                    }
                }
                assert_eq!(values[n / 2], bits.count_ones() as usize > n / 2, "{bits:b} of {n}");
            }
        }
    }
}
