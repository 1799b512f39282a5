//! Filter and window design: pure functions of f64, so that a compiled pipeline never depends on a numeric library.
//!
//! Results agree with `scipy.signal` to 1e-12 (`reference/design.py` writes the values the tests read). Where SciPy
//! itself loses digits (very narrow bands, corners at the Nyquist frequency) these functions follow the exact design.
//!
//! ```
//! use dasc_stdlib::design::{Band, butter};
//! let sos = butter(4, Band::Pass(10.0, 200.0), 1000.0).unwrap();
//! assert_eq!(sos.sections().len(), 4);
//! ```

mod bessel_poles;
mod complex;
mod elliptic;
mod fir;
mod hilbert;
mod iir;
pub mod morlet;
mod notch;
mod pairing;
mod prototype;
mod response;
mod sos;
mod steady_state;
mod structure;
mod tail;
mod transform;
mod wavelet;
mod wavelet_table;
mod window;

#[cfg(test)]
mod against_scipy;

pub use fir::firwin;
pub use hilbert::hilbert;
pub use iir::{Band, bessel, butter, cheby1, cheby2, decimation_filter, ellip};
pub use notch::iirnotch;
pub use response::sosfreqz;
pub use sos::Sos;
pub use steady_state::sosfilt_zi;
pub use structure::{Structure, StructuredSection};
pub use tail::impulse_response;
pub use wavelet::Wavelet;
pub use window::{Symmetry, Window, window};
