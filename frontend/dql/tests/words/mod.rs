//! A few operators with every kind of parameter, so that the language is tested without the standard library.

use dasc_dql::Vocabulary;
use dasc_ir::operator;
use dasc_ir::parameter::{AxisName, Decibel, Extent, Hertz, Metres, Reference, Seconds, Span1};

operator! {
    /// Band-pass.
    Bandpass = "BANDPASS" (
        /// Lower corner.
        low: Hertz,
        /// Upper corner.
        high: Hertz,
    ) {
        /// Order.
        order: u32 = 4,
        /// Forwards and backwards.
        zerophase: bool = false,
    }
    example "BANDPASS 10Hz 200Hz ORDER=4";
    reference "";
}

operator! {
    /// Takes a line off.
    Detrend = "DETREND" () {
        /// Along which axis.
        axis: AxisName = AxisName::Time,
    }
    example "DETREND AXIS=time";
    reference "";
}

operator! {
    /// Short-time Fourier transform.
    Stft = "STFT" (
        /// Frame.
        frame: Extent,
    ) {}
    example "STFT 1024";
    reference "";
}

operator! {
    /// Detection.
    ThresholdDetect = "THRESHOLD_DETECT" (
        /// Level.
        level: Decibel,
    ) {
        /// Reference.
        r#ref: Option<Reference> = None,
        /// Plain ratio.
        ratio: bool = false,
    }
    example "THRESHOLD_DETECT -30dB REF=noise(10s)";
    reference "";
}

operator! {
    /// Root mean square.
    Rms = "RMS" (
        /// Window.
        window: Seconds,
    ) {}
    example "RMS 1s";
    reference "";
}

operator! {
    /// Factor.
    Scale = "SCALE" (
        /// Factor.
        factor: f64,
    ) {}
    example "SCALE 0.5";
    reference "";
}

operator! {
    /// Several frequencies.
    Comb = "COMB" (
        /// Frequencies.
        at: Vec<Hertz>,
    ) {
        /// Spacing.
        spacing: Option<Metres> = None,
        /// Along.
        band: Option<Span1> = None,
    }
    example "COMB [50Hz, 100Hz]";
    reference "";
}

pub fn vocabulary() -> Vocabulary {
    Vocabulary::new([
        &Bandpass::SCHEMA,
        &Detrend::SCHEMA,
        &Stft::SCHEMA,
        &ThresholdDetect::SCHEMA,
        &Rms::SCHEMA,
        &Scale::SCHEMA,
        &Comb::SCHEMA,
    ])
}
