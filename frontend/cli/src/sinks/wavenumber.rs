//! Wavenumbers in place of channels, as coordinates and as columns of pictures.

use dasc_ir::Result;
use dasc_ir::graph::{Builder, ChannelAxis, Labels};
use dasc_plot::{Axis, Measure};

/// Cycles per metre of every position, in the order of numpy.fft.fftfreq within each block; `None` for channels.
pub fn wavenumbers(axis: &ChannelAxis) -> Option<Vec<f64>> {
    let Labels::Wavenumbers { block, .. } = axis.labels else { return None };
    let block = i64::from(block.max(1));
    let signed = |at: i64| if 2 * at < block { at } else { at - block };
    Some((0..i64::from(axis.len)).map(|at| signed(at % block) as f64 * axis.spacing).collect())
}

/// Positions in rising order of their wavenumbers; `None` for channels. Refuses several blocks, which have no order.
pub fn rising(b: &Builder, axis: &ChannelAxis) -> Result<Option<Vec<u32>>> {
    let Labels::Wavenumbers { block, .. } = axis.labels else { return Ok(None) };
    if block != axis.len {
        return Err(b.diag("draws the wavenumbers of one window over channels, but its input has several"));
    }
    // The first negative one stands where the positive ones end.
    let turn = block.div_ceil(2);
    Ok(Some((turn..block).chain(0..turn).collect()))
}

/// The axis of a picture with a column for each of these positions, as [`rising`] has them.
pub fn columns(axis: &ChannelAxis, positions: &[u32]) -> Option<Axis> {
    let all = wavenumbers(axis)?;
    let first = positions.first().and_then(|p| all.get(*p as usize))?;
    Some(Axis::even(Measure::Wavenumber, *first, axis.spacing))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn columns_rise_through_zero() {
        // numpy.fft.fftfreq(5, 2.0) is [0, 0.1, 0.2, -0.2, -0.1], of 4 it is [0, 0.125, -0.25, -0.125].
        for (len, step, all, order) in [
            (5, 0.1, vec![0.0, 0.1, 0.2, -0.2, -0.1], vec![3, 4, 0, 1, 2]),
            (4, 0.125, vec![0.0, 0.125, -0.25, -0.125], vec![2, 3, 0, 1]),
        ] {
            let of = ChannelAxis::regular(len, 2.0);
            assert_eq!(wavenumbers(&of), None);
            let labels = Labels::Wavenumbers { block: len, of: Arc::new(of.clone()) };
            let axis = ChannelAxis { spacing: step, labels, ..of };
            assert_eq!(wavenumbers(&axis), Some(all));
            assert_eq!(rising(&Builder::new(), &axis).unwrap(), Some(order));
        }
    }
}
