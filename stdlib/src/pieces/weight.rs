//! Windows as expressions of the position within a frame: sums of cosines and the Tukey window, periodic or over a whole axis.

use std::f64::consts::PI;

use dasc_ir::choice;
use dasc_ir::graph::Scalar;
use dasc_ir::graph::expr::Writer;

use crate::design::Window;

choice! {
    /// A window by SciPy's name; `tukey` has cosine flanks over a quarter of its length, as SciPy's spectrogram has them.
    WindowName {
        Boxcar = "boxcar",
        Hann = "hann",
        Hamming = "hamming",
        Blackman = "blackman",
        BlackmanHarris = "blackmanharris",
        Tukey = "tukey",
    }
}

/// The share of the length that the flanks of `tukey` take together.
const TUKEY_SHARE: f64 = 0.25;

/// What must be known of the words of a choice, if they are windows.
pub fn remark(words: &[&str]) -> Option<String> {
    words.contains(&"tukey").then(|| {
        format!("`tukey` has α = {TUKEY_SHARE}, as in scipy.signal.spectrogram; by its name alone SciPy takes 0.5.")
    })
}

impl WindowName {
    /// The same window for filter design and for sums of its values.
    pub const fn design(self) -> Window {
        match self {
            WindowName::Boxcar => Window::Boxcar,
            WindowName::Hann => Window::Hann,
            WindowName::Hamming => Window::Hamming,
            WindowName::Blackman => Window::Blackman,
            WindowName::BlackmanHarris => Window::BlackmanHarris,
            WindowName::Tukey => Window::Tukey(TUKEY_SHARE),
        }
    }

    /// `scale` times the value at position `i` of a symmetric window over 0..=`last`; `None` where that is `scale` throughout.
    pub fn at<'a>(self, e: &'a Writer, i: Scalar<'a>, last: f64, scale: f64) -> Option<Scalar<'a>> {
        let a = match self {
            WindowName::Boxcar => return None,
            WindowName::Hann => [0.5, 0.5, 0.0, 0.0],
            WindowName::Hamming => [0.54, 1.0 - 0.54, 0.0, 0.0],
            WindowName::Blackman => [0.42, 0.50, 0.08, 0.0],
            WindowName::BlackmanHarris => [0.35875, 0.48829, 0.14128, 0.01168],
            WindowName::Tukey => {
                return Some(tukey(e, i, e.constant(last), TUKEY_SHARE) * e.constant(scale));
            }
        };
        let angle = (i * e.constant(2.0 / last) - e.constant(1.0)) * e.constant(PI);
        let c = angle.cos();
        // cos 2θ = 2c² − 1 and cos 3θ = 4c³ − 3c: one cosine gives them all.
        let powers = [a[0] - a[2], a[1] - 3.0 * a[3], 2.0 * a[2], 4.0 * a[3]];
        let degree = powers.iter().rposition(|k| *k != 0.0).unwrap_or(0);
        let mut value = e.constant(scale * powers[degree]);
        for k in powers[..degree].iter().rev() {
            value = value.fma(c, e.constant(scale * k));
        }
        Some(value)
    }
}

/// Position `i` of a Tukey window over 0..=`last`: cosine flanks over `share` of the length, half at each end.
pub fn tukey<'a>(e: &'a Writer, i: Scalar<'a>, last: Scalar<'a>, share: f64) -> Scalar<'a> {
    let one = e.constant(1.0);
    let from_end = i.min(last - i);
    let flank = (last * e.constant(0.5 * share)).floor();
    let angle = (from_end * e.constant(2.0 / share) / last - one) * e.constant(PI);
    let cosine = (angle.cos() + one) * e.constant(0.5);
    // An axis of one sample has no flanks, and no length to divide by.
    from_end.gt(flank).or(last.lt(one)).select(one, cosine)
}
