//! Spectra back to samples.

use dasc_ir::graph::{Builder, InnerRole, NodeId, Prim, Role, TransformKind};
use dasc_ir::{DType, Result, operator};

use super::Operator;

operator! {
    /// The samples that a spectrum stands for: after FFT the rows the record had, an even or odd number; after STFT its frames, in seconds from their rows.
    ///
    /// The inverse of an unscaled forward transform, divided by its length. All frequencies must be there, altered as may be; the
    /// imaginary parts of the first and, for an even length, the last are taken as 0, as NumPy does. ISTFT also undoes window and overlap.
    /// Spectra and the result are f32, also of f64 data; the transform of a record is f64 inside, that of frames f32.
    Ifft = "IFFT" () {}
    formula "x[j] = (1/n) Σ_{k<n} X[k]·exp(2πi·jk/n),   X[n−k] = conj(X[k])";
    example "FFT | IFFT";
    reference "numpy.fft.irfft(X, n, axis=0), n the samples that FFT transformed";
}

impl Operator for Ifft {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let Some(forward) = forward(b, x)? else {
            return Err(b
                .diag("needs the complex frequencies of a record or of frames, as FFT and STFT make them")
                .help("ABS, SQUARE and DB leave no phase to go back by"));
        };
        let node = b.graph().node(forward);
        let (Prim::Transform { n, along, .. }, [samples]) = (&node.prim, &node.inputs[..]) else {
            return Err(dasc_ir::Diag::compiler("a transform has one input"));
        };
        let (n, along, samples) = (*n, *along, *samples);
        let frequencies = b.signal(x)?.inner_len();
        if frequencies != n / 2 + 1 {
            return Err(b
                .diag(format!("needs all {} frequencies of {n} samples, not {frequencies}", n / 2 + 1))
                .help("leave out the SLICE FREQ= before it"));
        }
        if along == Role::Time {
            let time = b.time(samples)?.clone();
            return b.inverse_along_time(x, time);
        }
        let start = b.signal(samples)?.inner.as_ref().map_or(0.0, |frame| frame.start);
        b.inverse(x, n, start)
    }
}

/// The transform whose frequencies `x` still has.
fn forward(b: &Builder, x: NodeId) -> Result<Option<NodeId>> {
    let mut at = Some(x);
    while let Some(id) = at {
        let signal = b.signal(id)?;
        let frequencies = signal.inner.as_ref().is_some_and(|axis| axis.role == InnerRole::Frequency);
        if signal.dtype != DType::C32 || !frequencies {
            return Ok(None);
        }
        let node = b.graph().node(id);
        if matches!(node.prim, Prim::Transform { kind: TransformKind::Forward, along: Role::Time | Role::Inner, .. }) {
            return Ok(Some(id));
        }
        let complex = |x: &&NodeId| b.signal(**x).is_ok_and(|signal| signal.dtype == DType::C32);
        at = node.inputs.iter().find(complex).copied();
    }
    Ok(None)
}
