//! Envelope of a stream.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::{Result, operator};

use super::Operator;
use super::envelope::streaming;

operator! {
    /// The envelope as it streams: the magnitude of the data and its Hilbert transform by a finite filter, approximately.
    ///
    /// A sine between 2.7·fs/TAPS and as much below the Nyquist frequency has its envelope within 0.05 %; of lower and higher ones the magnitude of
    /// the samples themselves remains. BANDPASS to that band first; an offset or a trend adds to the envelope. There is no delay: the filter looks
    /// (TAPS − 1)/2 samples ahead. It begins anew after gaps, and beyond the ends of a stretch the data counts as 0. ENVELOPE is
    /// the exact one of a whole record.
    HilbertEnv = "HILBERT_ENV" () {
        /// Coefficients of the filter, an odd number of 15 to 8191: 255 serve from 1 % of the sampling rate on.
        taps: u32 = 255,
    }
    formula "y[i] = √(x[i]² + (Σ_m h[m]·x[i−m])²)"
            "h[m] = 2/(πm) for odd m, else 0, times a Kaiser window (β = 8) of TAPS coefficients around m = 0";
    example "HILBERT_ENV TAPS=101";
    reference "numpy.hypot(x, h), h = scipy.signal.lfilter of 2/(pi*m), m odd, times windows.kaiser(taps, 8); about numpy.abs(scipy.signal.hilbert(x, axis=0))";
}

impl Operator for HilbertEnv {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        streaming(b, x, self.taps)
    }
}
