//! Classic recursive filters as second-order sections: the `output="sos"` forms of `scipy.signal`.
//!
//! Analog prototype → frequency transformation → bilinear transform → pairing, as SciPy does it.

use dasc_ir::{Diag, Result};

use super::sos::Sos;
use super::transform::{Zpk, digital};
use super::{bessel_poles, elliptic, pairing, prototype};

/// What passes, with corner frequencies in Hz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Band {
    Low(f64),
    High(f64),
    Pass(f64, f64),
    Stop(f64, f64),
}

/// Beyond this order double-precision prototypes of the steeper families lose their meaning.
const LARGEST_ORDER: u32 = 32;

/// Butterworth: maximally flat, −3 dB at the corners. `scipy.signal.butter(order, …, output="sos")`.
/// A band-pass or band-stop has `order` sections, the others `ceil(order/2)`.
/// Refuses orders outside 1..=32 and corners that are not `0 < low < high < fs/2`.
pub fn butter(order: u32, band: Band, fs: f64) -> Result<Sos> {
    check(order, LARGEST_ORDER, band, fs)?;
    design(prototype::butterworth(order), band, fs)
}

/// Chebyshev I: ripple of `ripple_db` in the pass band, whose edges are the corners. `scipy.signal.cheby1`.
pub fn cheby1(order: u32, ripple_db: f64, band: Band, fs: f64) -> Result<Sos> {
    check(order, LARGEST_ORDER, band, fs)?;
    check_decibels("pass-band ripple", ripple_db)?;
    design(prototype::chebyshev1(order, ripple_db), band, fs)
}

/// Chebyshev II: at least `attenuation_db` below the pass band beyond the corners. `scipy.signal.cheby2`.
pub fn cheby2(order: u32, attenuation_db: f64, band: Band, fs: f64) -> Result<Sos> {
    check(order, LARGEST_ORDER, band, fs)?;
    check_decibels("stop-band attenuation", attenuation_db)?;
    design(prototype::chebyshev2(order, attenuation_db), band, fs)
}

/// Elliptic: ripple in both bands, the steepest for its order. `scipy.signal.ellip`.
/// Refuses an attenuation that is not above the ripple.
pub fn ellip(order: u32, ripple_db: f64, attenuation_db: f64, band: Band, fs: f64) -> Result<Sos> {
    check(order, LARGEST_ORDER, band, fs)?;
    check_decibels("pass-band ripple", ripple_db)?;
    check_decibels("stop-band attenuation", attenuation_db)?;
    if attenuation_db <= ripple_db {
        return Err(Diag::usage(format!(
            "an elliptic filter's stop-band attenuation of {attenuation_db} dB must exceed its ripple of {ripple_db} dB"
        ))
        .help("a usual choice is a ripple of 0.1 dB and an attenuation of 60 dB"));
    }
    design(elliptic::prototype(order, ripple_db, attenuation_db)?, band, fs)
}

/// Bessel: nearly linear phase in the pass band. `scipy.signal.bessel` with its default `norm="phase"`.
/// Orders 1..=12.
pub fn bessel(order: u32, band: Band, fs: f64) -> Result<Sos> {
    check(order, bessel_poles::LARGEST_ORDER, band, fs)?;
    design(bessel_poles::prototype(order)?, band, fs)
}

/// The anti-alias filter of `scipy.signal.decimate(q)`: Chebyshev I, order 8, 0.05 dB, corner 0.8 of the new
/// Nyquist frequency. It depends on `q` alone. Refuses `q` of 0 and 1, which need none.
pub fn decimation_filter(q: u32) -> Result<Sos> {
    if q < 2 {
        return Err(Diag::usage(format!("a decimation factor of {q} must be at least 2"))
            .help("leave the step out to keep the sampling rate"));
    }
    cheby1(8, 0.05, Band::Low(0.8 / f64::from(q)), 2.0)
}

fn design(prototype: Zpk, band: Band, fs: f64) -> Result<Sos> {
    pairing::sections(digital(prototype, band, fs))
}

fn check(order: u32, largest: u32, band: Band, fs: f64) -> Result<()> {
    if order == 0 || order > largest {
        return Err(Diag::usage(format!("a filter order of {order} must lie in 1..={largest}")).help(
            if order == 0 {
                "4 is usual".to_string()
            } else {
                format!("the largest possible order is {largest}")
            },
        ));
    }
    check_rate(fs)?;
    match band {
        Band::Low(f) | Band::High(f) => check_corner("corner frequency", f, fs),
        Band::Pass(low, high) | Band::Stop(low, high) => {
            check_corner("lower corner", low, fs)?;
            check_corner("upper corner", high, fs)?;
            if low < high {
                return Ok(());
            }
            Err(Diag::usage(format!(
                "the lower corner of {low} Hz must lie below the upper corner of {high} Hz"
            ))
            .help(if low > high {
                format!("write {high} {low}")
            } else {
                "choose two different corners".to_string()
            }))
        }
    }
}

/// Refuses a sampling rate that is not a positive number.
pub(super) fn check_rate(fs: f64) -> Result<()> {
    if fs.is_finite() && fs > 0.0 {
        return Ok(());
    }
    Err(Diag::usage(format!("a sampling rate of {fs} Hz must be positive and finite")))
}

/// Refuses a frequency outside (0, fs/2), saying how high it may be.
pub(super) fn check_corner(what: &str, f: f64, fs: f64) -> Result<()> {
    let nyquist = 0.5 * fs;
    if f > 0.0 && f < nyquist {
        return Ok(());
    }
    Err(Diag::usage(format!(
        "the {what} of {f} Hz must lie between 0 and {nyquist} Hz, the Nyquist frequency at {fs} Hz"
    ))
    .help(if f >= nyquist {
        format!("the largest possible value is just below {nyquist} Hz, for example {} Hz", 0.9 * nyquist)
    } else {
        format!("choose a {what} above 0")
    }))
}

fn check_decibels(what: &str, db: f64) -> Result<()> {
    if db.is_finite() && db > 0.0 && db <= 300.0 {
        return Ok(());
    }
    Err(Diag::usage(format!("a {what} of {db} dB must lie above 0 and at most 300 dB")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::sosfilt_zi;

    #[test]
    fn a_corner_at_or_above_nyquist_names_the_limit() {
        for f in [500.0, 600.0, f64::INFINITY] {
            let refused = butter(4, Band::Low(f), 1000.0).unwrap_err().to_string();
            assert!(refused.contains("500 Hz, the Nyquist frequency at 1000 Hz"), "{refused}");
            assert!(refused.contains("for example 450 Hz"), "{refused}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for f in [0.0, -1.0, f64::NAN] {
            assert!(butter(4, Band::High(f), 1000.0).is_err());
            assert!(butter(4, Band::Pass(f, 100.0), 1000.0).is_err());
        }
        let swapped = butter(4, Band::Pass(200.0, 10.0), 1000.0).unwrap_err().to_string();
        assert!(swapped.contains("write 10 200"), "{swapped}");
        assert!(butter(0, Band::Low(1.0), 1000.0).is_err());
        assert!(butter(33, Band::Low(1.0), 1000.0).is_err());
        assert!(bessel(13, Band::Low(1.0), 1000.0).is_err());
        assert!(cheby1(4, 0.0, Band::Low(1.0), 1000.0).is_err());
        assert!(cheby2(4, f64::NAN, Band::Low(1.0), 1000.0).is_err());
        assert!(ellip(4, 3.0, 3.0, Band::Low(1.0), 1000.0).is_err());
        assert!(butter(4, Band::Low(1.0), f64::NAN).is_err());
        assert!(decimation_filter(1).is_err());
    }

    #[test]
    fn every_order_designs_or_refuses_without_panic() {
        for order in 1..=LARGEST_ORDER {
            for f in [1e-300, 1e-6, 0.1, 250.0, 499.999_999] {
                for band in [Band::Low(f), Band::High(f), Band::Pass(f * 0.5, f), Band::Stop(f * 0.9, f)] {
                    let families = [
                        butter(order, band, 1000.0),
                        cheby1(order, 1e-9, band, 1000.0),
                        cheby2(order, 300.0, band, 1000.0),
                        ellip(order, 1e-9, 300.0, band, 1000.0),
                        ellip(order, 3.0, 3.1, band, 1000.0),
                    ];
                    for sos in families.into_iter().flatten() {
                        let _ = (sos.check(), sos.specialise(), sosfilt_zi(&sos));
                    }
                }
            }
        }
    }
}
