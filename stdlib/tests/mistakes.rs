//! What a user reads when a parameter is wrong: each message names the limit, and the remedy where there is one.

use dasc_ir::graph::{Builder, Rows, Signal};
use dasc_ir::{Blame, Diag};
use dasc_stdlib::ops::{Bandpass, Mean, Stft, then};
use dasc_stdlib::reference::{build_example, sample_signal};
use dasc_tests::golden::models;

/// Steps on an hour of 64 channels at 1 kHz, with what the message must contain.
const MISTAKES: &[(&str, &[&str])] = &[
    ("SLICE", &["TIME, CH, DIST or FREQ"]),
    ("SLICE TIME=2h..3h", &["selects nothing", "3600000"]),
    ("SLICE TIME=-1s..3s", &["smallest value is 0"]),
    ("SLICE TIME=3s..2s", &["selects nothing"]),
    ("SLICE TIME=1Hz..2Hz", &["durations from the start"]),
    ("SLICE CH=64..70", &["0 to 63", "CH=0..64"]),
    ("SLICE CH=0..64/0", &["step of at least 1"]),
    ("SLICE TIME=0s..1s/0", &["step of at least 1"]),
    ("SLICE CH=1.5..3", &["whole channel numbers"]),
    ("SLICE CH=0..64/2 | SLICE CH=0..64/3", &["2 apart", "multiple of 2"]),
    ("SLICE DIST=1km..2km", &["0 m to 315 m"]),
    ("SLICE DIST=0m..1km/2", &["no step"]),
    ("SLICE FROM=1s", &["no parameter FROM"]),
    ("SCALE 2 UNIT=furlong", &["furlong", "nstrain/s"]),
    ("SCALE", &["needs factor", "SCALE 0.001"]),
    ("SCALE big", &["expects a number"]),
    ("DB REF=-1", &["positive level"]),
    ("DB REF=1Pa", &["nstrain/s", "Pa"]),
    ("DETREND AXIS=frequency", &["frequency"]),
    ("DETREND AXIS=depth", &["time, channel, frequency"]),
    ("NORMALIZE METHOD=median", &["zscore, max, l1, l2, mad, minmax, onebit"]),
    ("TAPER 1.5", &["0 to 1", "largest possible value is 1"]),
    ("TAPER -0.1", &["0 to 1"]),
    ("LOWPASS 500", &["0 < corner < 500 Hz", "for example 450 Hz"]),
    ("LOWPASS 0", &["0 < corner < 500 Hz", "above 0"]),
    ("HIGHPASS -3", &["0 < corner < 500 Hz"]),
    (
        "BANDPASS 10 600",
        &["0 < low < high < 500 Hz", "Nyquist frequency at 1000 Hz", "10 Hz and 600 Hz", "450 Hz"],
    ),
    ("BANDPASS 200 10", &["0 < low < high < 500 Hz", "write 10 200"]),
    ("BANDPASS 10 10", &["0 < low < high < 500 Hz", "differ"]),
    ("BANDPASS 10 200 ORDER=0", &["order of 0", "1..=32"]),
    ("BANDPASS 10 200 ORDER=400", &["order of 400", "1..=32"]),
    ("BANDPASS 10 200 ORDER=2.5", &["whole number"]),
    ("BANDPASS 10 200 ORDR=2", &["did you mean ORDER"]),
    ("BANDPASS 10", &["needs high"]),
    ("BANDPASS 10 200 300", &["takes no further value"]),
    ("BANDPASS 10s 200Hz", &["a frequency in Hz"]),
    ("BANDPASS 0.00001 0.0001", &["f64", "DECIMATE"]),
    (
        "SLICE TIME=0s..27ms | BANDPASS 10 200 ZEROPHASE=TRUE",
        &["more than 27 samples", "one of 27", "at least 28"],
    ),
    ("BANDPASS 10 200 TOL=1e-6", &["only beside ZEROPHASE", "leave TOL out"]),
    ("BANDPASS 10 200 ZEROPHASE=TRUE TOL=1", &["1e-10 to 1e-2", "1e-6 is usual"]),
    ("BANDPASS 0.02 0.03 ZEROPHASE=TRUE TOL=1e-6", &["262144 samples", "DECIMATE", "larger TOL"]),
    ("CORRELATE 10..11 200ms 50ms SMOOTH=5Hz", &["only beside SCALE=coherence"]),
    ("CORRELATE 10..11 200ms 50ms SCALE=coherence SMOOTH=1kHz", &["0 to 500 Hz"]),
    ("CORRELATE 10..11 200ms 50ms | PWS EVERY=1s", &["only beside BLOCK"]),
    ("STACK 100 EVERY=0", &["1 to 16777216 samples"]),
    (
        "SLICE TIME=0s..12s | TEMPLATE_MATCH 10s..90s",
        &["90s lies beyond the end at 12 s", "12s at the latest"],
    ),
    ("TEMPLATE_MATCH 3599999..3600001", &["3600001", "sample 3600000"]),
    ("KURTOSIS 0s", &["KURTOSIS needs tau above 0 s, not 0 s", "for example KURTOSIS 50ms"]),
    ("PEAK_HOLD -1s", &["PEAK_HOLD needs tau above 0 s, not -1 s", "for example PEAK_HOLD 50ms"]),
    ("EWMA -1s", &["EWMA needs tau above 0 s, not -1 s", "for example EWMA 50ms"]),
    ("TEMPLATE_MATCH 0s..1s FS=1kHz", &["from a file only"]),
    ("TEMPLATE_MATCH 0s..1s TEMPLATE=clean", &["no flow `clean`", "AS clean"]),
    ("BANDPASS 10 200 DESIGN=cheby3", &["butter, cheby1, cheby2, ellip, bessel"]),
    ("BANDPASS 10 200 DESIGN=ellip RIPPLE=50dB", &["attenuation", "ripple"]),
    ("DECIMATE 10 | BANDPASS 10 200", &["50 Hz, the Nyquist frequency at 100 Hz"]),
    ("NOTCH 500", &["500 Hz", "450"]),
    ("NOTCH 50 Q=0", &["quality factor"]),
    ("FIR 10 200 TAPS=0", &["1 to 8191"]),
    ("FIR 10 200 TAPS=1000000", &["1 to 8191", "BANDPASS"]),
    ("FIR 10 500 TAPS=100", &["even", "101"]),
    ("FIR 0 500", &["nothing to do"]),
    ("FIR 300 200", &["increase"]),
    ("FIR 10 200 WINDOW=kaiser", &["hann"]),
    ("SLICE FREQ=1Hz..2Hz", &["frequency axis", "STFT"]),
    ("STFT 64 | SLICE FREQ=1Hz..2Hz", &["selects no frequency", "15.625 Hz", "longer frames"]),
    ("STFT 64 | SLICE FREQ=1s..2s", &["needs frequencies"]),
    ("STRAIN | STRAIN", &["strain already", "leave it out"]),
    ("STRAIN | STRAIN_RATE | STRAIN_RATE", &["strain rate already"]),
    ("SCALE 1 UNIT=m/s | STRAIN", &["velocity, here in m/s", "STRAIN_RATE | STRAIN"]),
    ("SCALE 1 UNIT=m/s^2 | STRAIN_RATE", &["acceleration, here in m/s^2", "VELOCITY | STRAIN_RATE"]),
    ("SCALE 1 UNIT=rad | STRAIN", &["phase", "RADIANS_TO_STRAIN"]),
    ("SCALE 1 UNIT=Pa | STRAIN", &["Pa", "UNIT="]),
    ("SCALE 1 UNIT=m/s | STRAIN_RATE MULTIPLE=3", &["even", "use 4"]),
    ("SCALE 1 UNIT=m/s | STRAIN_RATE MULTIPLE=0", &["even", "2 is usual"]),
    ("SCALE 1 UNIT=m/s | STRAIN_RATE MULTIPLE=90000", &["1 to 4096"]),
    ("VELOCITY", &["needs the SPEED", "SPEED=3000m/s"]),
    ("VELOCITY SPEED=0", &["other than 0"]),
    ("VELOCITY SPEED=3Hz", &["m/s", "3 Hz"]),
    ("SCALE 1 UNIT=m | VELOCITY SPEED=3", &["needs no SPEED", "leave SPEED out"]),
    ("RADIANS_TO_STRAIN GAUGE=10m", &["rad/m/s", "nstrain/s", "strain already"]),
    ("SCALE 1 UNIT=rad | RADIANS_TO_STRAIN", &["needs the GAUGE", "GAUGE=10m"]),
    ("SCALE 1 UNIT=rad | RADIANS_TO_STRAIN GAUGE=0m", &["GAUGE length in m above 0"]),
    ("SCALE 1 UNIT=rad/m | RADIANS_TO_STRAIN GAUGE=10m", &["needs no GAUGE", "leave GAUGE out"]),
    (
        "SCALE 1 UNIT=rad | RADIANS_TO_STRAIN GAUGE=10m REFRACTIVE_INDEX=0",
        &["REFRACTIVE_INDEX above 0", "1.445"],
    ),
    ("SCALE 1 UNIT=rad | RADIANS_TO_STRAIN GAUGE=10Hz", &["a distance in m"]),
    ("WIENER 4", &["odd", "use 5"]),
    ("WIENER 99999", &["1 to 65535", "DECIMATE"]),
    ("WIENER 5 NOISE=-1", &["0 or more"]),
    ("INTERPOLATE MAX=0", &["1 to"]),
    ("INTERPOLATE MAX=100000", &["1 to 65536"]),
    ("INTERPOLATE AXIS=channel MAX=1s", &["number of channels"]),
    ("INTERPOLATE BAD=3..4", &["AXIS=channel"]),
    ("INTERPOLATE AXIS=channel BAD=100..200", &["selects no channel", "BAD=0..64"]),
    ("LOG BASE=1", &["other than 1"]),
    ("NOTCH 50 HARMONICS=0", &["1 to 20"]),
    ("TAPER 0.1 SIDE=left", &["both, start, end"]),
    ("BANDSTOP 10 600", &["0 < low < high < 500 Hz"]),
    ("FBE 1s", &["needs bands"]),
    ("FBE 1s [1..600Hz]", &["0 < low < high < 500 Hz"]),
    ("FBE 1s [1..2s]", &["needs frequencies"]),
    ("FBE 1s 3", &["a range"]),
    ("FBE 0 [1..2Hz]", &["a block of 1 to"]),
    ("TEAGER STEP=0", &["1 to 1000", "1 is usual"]),
    ("CLIP 5 1", &["not above the upper", "CLIP 1 5"]),
    ("CLIP -1Pa 1Pa", &["nstrain/s", "Pa"]),
    ("CLIP 1", &["needs high"]),
    ("AGC 0", &["1 to 16777216"]),
    ("AGC 1s TARGET=0", &["above 0", "1 is usual"]),
    ("AGC 1s EPSILON=-1", &["0 or more"]),
    ("AGC 1s EPSILON=1Pa", &["nstrain/s", "Pa"]),
    ("DERIVATIVE STEP=0", &["1 to 4096"]),
    ("DERIVATIVE AXIS=frequency", &["time, channel"]),
    ("MEAN AXIS=channel | DERIVATIVE AXIS=channel", &["needs a channel axis"]),
    ("MEAN AXIS=time | INTEGRATE", &["needs a time axis"]),
    ("HILBERT | INTEGRATE", &["complex", "ABS"]),
    ("DIFF N=0", &["1 to 16"]),
    ("DIFF N=17", &["1 to 16"]),
    ("RMS 0", &["1 to 16777216", "0.001 s"]),
    ("RMS 0.1ms", &["1 to 16777216", "shortest possible is 0.001 s"]),
    ("RMS 10d", &["1 to 16777216", "DECIMATE"]),
    ("RMS -1s", &["shortest possible"]),
    ("RMS 5Hz", &["a duration"]),
    ("STACK 0", &["1 to 16777216"]),
    ("STACK 4000s", &["leaves no samples", "4000000 at a time", "has 3600000"]),
    (
        "STACK 1.5ms",
        &["whole samples at 1000 Hz", "0.0015 s are 1.5", "1 samples are 0.001 s, and 2 are 0.002 s"],
    ),
    ("STACK 100 EVERY=2.5ms", &["whole samples", "2.5"]),
    ("FBE 1.5ms [1..2Hz]", &["a block of whole samples"]),
    ("BEAMFORM 3 [300m/s] STACK=1.5ms", &["a block of whole samples"]),
    ("CORRELATE 10..11 2s 500ms | STACK 2000", &["leaves no samples", "2000 at a time", "has 1800"]),
    ("CORRELATE 10..11 2s 500ms | PWS BLOCK=2h", &["leaves no samples", "3600 at a time", "has 1800"]),
    ("CORRELATE 64..70 2s 500ms", &["selects no channel", "SOURCE=0..64"]),
    ("CORRELATE 0.5..70 2s 500ms", &["whole channel numbers for SOURCE"]),
    ("CORRELATE 10..11 4000 4000", &["lag shorter than its window", "largest possible lag is 3999"]),
    ("CORRELATE 10..11 2000s 500ms", &["a window of 1 to 1048576 samples"]),
    (
        "SLICE TIME=0s..1s | CORRELATE 10..11 2s 500ms",
        &["a window no longer than the record", "largest possible window is 1000"],
    ),
    ("DECIMATE 0", &["1 to 1000"]),
    ("DECIMATE 5000", &["1 to 1000", "in steps"]),
    ("DECIMATE 401 METHOD=fir", &["1 to 400"]),
    ("MEDIAN 0", &["1 to 65535 samples", "shortest possible"]),
    ("MEDIAN 65536", &["1 to 65535 samples", "longest possible is 65.535 s", "DECIMATE"]),
    ("MEDIAN 0 AXIS=channel", &["1 to 65535 channels", "1 leaves everything as it is"]),
    ("MEDIAN 3m AXIS=channel", &["20ms or 3min", "number of samples or channels", "m is metres"]),
    ("MEDIAN 10ms AXIS=channel", &["a number of channels", "AXIS=time"]),
    ("MEDIAN 3 5", &["no further value", "MEDIAN [window]"]),
    ("MEDIAN 3 AXIS=frequency", &["needs a frequency axis"]),
    ("MEDIAN AXIS=frequency", &["no such axis"]),
    ("PERCENTILE", &["needs percent", "PERCENTILE 95"]),
    ("PERCENTILE 101", &["0 to 100", "101"]),
    ("PERCENTILE -1", &["0 to 100"]),
    ("PERCENTILE 5 WINDOW=70000", &["1 to 65535"]),
    ("ARGMAX AXIS=frequency", &["no such axis"]),
    ("ARGMIN AXIS=time | ARGMIN AXIS=time", &["needs a time axis"]),
    ("MEDIAN AXIS=time | VAR AXIS=time", &["time"]),
    ("SPATIAL_SMOOTH 65536", &["1 to 65535 channels", "COMMON_MODE"]),
    ("SPATIAL_SMOOTH 0", &["1 to 65535 channels"]),
    ("MEAN AXIS=channel | SPATIAL_SMOOTH 2", &["needs a channel axis"]),
    ("MEAN AXIS=channel | COMMON_MODE", &["channel"]),
    ("MEAN AXIS=time | LOWPASS 10", &["needs a time axis"]),
    ("MEAN AXIS=channel | FK_SPECTRUM 64", &["needs a channel axis"]),
    ("FK_SPECTRUM 64 HOP=65", &["largest possible hop is 64"]),
    ("FK_SPECTRUM 400s", &["at most 16777216 numbers", "262144 samples"]),
    ("WAVELET db21 3", &["db1 to db20"]),
    ("WAVELET db4 0", &["1 to 12 levels, not 0"]),
    ("WAVELET db4 13", &["1 to 12 levels, not 13", "DECIMATE"]),
    ("WAVELET db4 3 BOUNDARY=periodization", &["symmetric, reflect, zero, constant"]),
    ("STFT 64 | ABS | WAVELET db4 3", &["already cut into frames"]),
    ("WAVELET_DENOISE db4 3", &["needs threshold"]),
    ("WAVELET_DENOISE db4 3 THRESHOLD=-1", &["0 or more, not -1"]),
    ("WAVELET_DENOISE db4 3 THRESHOLD=1Pa", &["nstrain/s", "Pa"]),
    ("WAVELET_DENOISE db4 3 THRESHOLD=minimax", &["unit of the data, or universal"]),
    ("PSD 64 AVERAGE=median EVERY=1s", &["median over the whole record only", "leave EVERY out"]),
    ("PSD 64 AVERAGE=rms", &["mean, median"]),
    ("SLANT_STACK 4294967295 0s/m 1ms/m WEIGHTS=hann", &["exceeds the limit of 16777216"]),
    ("STFT 1024 | STFT 16", &["complex", "ABS"]),
    ("STFT 1024 | ABS | STFT 16", &["already cut into frames"]),
    ("STFT 4000s", &["record has 3600000", "largest possible frame is 3600000"]),
    ("STFT 64 HOP=65", &["largest possible hop is 64"]),
    ("STFT 64 HOP=0", &["a hop of 1 to"]),
    ("STFT 0", &["a frame of 1 to"]),
    ("STFT 64 BOUNDARY=even PADDED=TRUE", &["PADDED=FALSE", "BOUNDARY=zeros"]),
    ("STFT 64 NFFT=63", &["64 to", "not 63", "zeros after it"]),
    ("IFFT", &["complex frequencies", "FFT and STFT"]),
    ("FFT | ABS | IFFT", &["complex frequencies", "no phase"]),
    ("FFT | SLICE FREQ=1Hz..2Hz | IFFT", &["all 1800001 frequencies", "SLICE FREQ="]),
    ("HILBERT | IFFT", &["complex frequencies"]),
    ("FFT | BANDPASS 10 200", &["a spectrum of all time", "IFFT goes back to samples"]),
    ("FFT | FFT", &["a spectrum of all time", "IFFT goes back to samples"]),
    ("STFT 64 | BANDPASS 1 10", &["complex", "ISTFT goes back to samples"]),
    ("WHITEN record", &["at most 4194304 samples", "WHITEN 10s"]),
    ("SLICE TIME=0s..3ms | WHITEN record", &["at least 4 samples", "not 3"]),
    ("SLICE TIME=0s..1s | WHITEN record HOP=5", &["no HOP", "leave HOP out"]),
    ("WHITEN 256 SMOOTH=2kHz", &["0 to 1000 Hz, not 2000 Hz"]),
    ("ISTFT", &["needs spectra of frames, as STFT makes them"]),
    ("STFT 64 | ABS | ISTFT", &["complex frequencies"]),
    ("STFT 64 | ISTFT FRAME=66", &["1 to 65 samples for 33 frequencies, not 66 of 64"]),
    ("STFT 64 | ISTFT HOP=31", &["a hop of 32 samples", "not 31", "leave HOP out"]),
    ("STFT 100 HOP=50 | ISTFT WINDOW=blackman", &["WINDOW=blackman", "WINDOW=hann", "leave out WINDOW"]),
    (
        "STFT 64 SCALING=psd BOUNDARY=none | SCALE 2 | ISTFT SCALING=spectrum BOUNDARY=zeros SYMMETRY=symmetric",
        &[
            "has SYMMETRY=symmetric SCALING=spectrum BOUNDARY=zeros",
            "with SYMMETRY=periodic SCALING=psd BOUNDARY=none",
            "leave out SYMMETRY SCALING BOUNDARY",
        ],
    ),
    ("STFT 64 | ISTFT BOUNDARY=none", &["BOUNDARY=none", "with BOUNDARY=zeros"]),
    ("STFT 100 HOP=50 NFFT=256 | ISTFT FRAME=101", &["FRAME=101", "with FRAME=100"]),
    ("STFT 64 HOP=64 | ISTFT", &["every frame weighs sample 0 of each 64 with nothing", "overlap more"]),
    ("STFT 1 BOUNDARY=periodic", &["zeros, even, odd, constant, none"]),
    ("STFT 64 BOUNDARY=odd PADDED=TRUE", &["PADDED=FALSE", "BOUNDARY=zeros"]),
    ("SLICE TIME=0s..32ms | STFT 64 BOUNDARY=odd", &["record has 32", "largest possible frame is 32"]),
    ("HILBERT | BANDPASS 10 200", &["complex", "ABS"]),
    ("HILBERT TAPS=100", &["odd", "use 101"]),
    ("ENVELOPE TAPS=3", &["at least 15", "use 15"]),
    ("HILBERT_ENV TAPS=9001", &["8191", "DECIMATE"]),
    ("HILBERT | MEDIAN 3", &["complex", "ABS"]),
    ("STA_LTA 10s 1s", &["short window below the long one"]),
    ("STA_LTA 10ms 0s", &["a long window of 1 to"]),
    ("THRESHOLD_DETECT", &["needs on"]),
    ("THRESHOLD_DETECT -30 OFF=-20", &["OFF at or below", "largest possible OFF is -30"]),
    ("THRESHOLD_DETECT -30 OFF=5nstrain/s", &["same manner"]),
    ("THRESHOLD_DETECT 5Pa", &["nstrain/s", "Pa"]),
    ("THRESHOLD_DETECT -30 REF=0", &["positive level"]),
    ("THRESHOLD_DETECT -30 REF=noise(0s)", &["noise(window)"]),
    ("THRESHOLD_DETECT -30 MERGE=-1s", &["0 s or more"]),
    ("THRESHOLD_DETECT -30 | ABS", &["table of events"]),
    ("MEAN AXIS=time | THRESHOLD_DETECT -30", &["needs a time axis"]),
    (
        "ANNOTATE picker.onnx",
        &["needs 100 Hz", "'picker.onnx'", "has 1000 Hz", "put RESAMPLE 100Hz before it"],
    ),
    ("ANNOTATE unfit.onnx", &["[1, 1, 16]", "[1, 1, 32]", "\"window\""]),
    ("ANNOTATE fewer.onnx", &["output is [1, 1, 16]", "[1, 2, 16]", "\"labels\""]),
    ("ANNOTATE classifier.onnx", &["classifier.onnx", "has \"features\"", "CLASSIFY takes"]),
    ("RESAMPLE 100Hz | ANNOTATE picker.onnx OVERLAP=64", &["OVERLAP of 8 to 63 samples", "not 64"]),
    ("RESAMPLE 100Hz | ANNOTATE picker.onnx BLINDING=20", &["OVERLAP of 40 to 63", "not 32"]),
    ("RESAMPLE 100Hz | ANNOTATE picker.onnx BLINDING=[30,34]", &["blinds all 64 samples"]),
    ("RESAMPLE 100Hz | ANNOTATE picker.onnx BLINDING=[1,2,3]", &["both ends", "[50, 100]"]),
    ("RESAMPLE 100Hz | ANNOTATE picker.onnx LABEL=Q", &["no label 'Q'", "P, S"]),
    ("RESAMPLE 100Hz | ANNOTATE picker.onnx STACKING=min", &["avg, max"]),
    ("RESAMPLE 100Hz | ML_DETECT picker.onnx", &["needs the LABEL", "P, S", "LABEL=P"]),
    ("RESAMPLE 100Hz | ML_DETECT picker.onnx LABEL=P OFF=0.7", &["OFF at or below", "0.5"]),
    ("RESAMPLE 100Hz | ML_DETECT picker.onnx LABEL=P MERGE=-1s", &["0 s or more"]),
    (
        "RESAMPLE 100Hz | ML_DETECT picker.onnx LABEL=P THRESHOLD=2",
        &["0 to below 1, not 2", "THRESHOLD_DETECT"],
    ),
    (
        "RESAMPLE 100Hz | SLICE CH=0..63 | ANNOTATE picture.onnx",
        &["groups of 4 channels 4 apart", "3 of 63", "60"],
    ),
    ("RESAMPLE 100Hz | SLICE CH=0..2 | ANNOTATE array.onnx", &["needs 3 channels", "has 2"]),
    ("RESAMPLE 100Hz | SLICE TIME=0s..0.3s | ANNOTATE picker.onnx", &["windows of 64 samples", "30"]),
    ("RESAMPLE 100Hz | STFT 64 | ANNOTATE picker.onnx", &["real data"]),
    ("RESAMPLE 100Hz | ANNOTATE picker.onnx | ANNOTATE picker.onnx", &["already cut into frames"]),
];

/// What is not there is no mistake of the script's.
const MISSING: &[(&str, &[&str])] = &[
    ("ANNOTATE none.onnx", &["there is no model", "none.onnx"]),
    (
        "ANNOTATE bare.onnx",
        &["lacks its sidecar", "bare.onnx.json", "draft", "\"rate\": 100", "model.schema.json"],
    ),
];

fn refusal(signal: Signal, steps: &str) -> Diag {
    let mut b = Builder::new();
    b.set_models(models());
    let x = b.source(signal);
    match build_example(&mut b, x, steps) {
        Ok(_) => panic!("`{steps}` was accepted"),
        Err(diag) => diag,
    }
}

#[test]
fn each_mistake_names_limit_and_remedy() {
    let mut wrong = Vec::new();
    let of =
        |list: &'static [(&str, &[&str])], blame: Blame| list.iter().map(move |mistake| (mistake, blame));
    for ((steps, parts), blame) in of(MISTAKES, Blame::Usage).chain(of(MISSING, Blame::World)) {
        let diag = refusal(sample_signal(), steps);
        let text = diag.to_string();
        if diag.blame != blame || diag.span.is_none() || !parts.iter().all(|part| text.contains(part)) {
            wrong.push(format!("`{steps}` expects {parts:?}, but says: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn numbers_that_are_none_are_refused_from_rust_too() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 1e308] {
        let mut b = Builder::new();
        let x = b.source(sample_signal());
        let text = then(&mut b, x, &Bandpass::new(10.0, bad)).unwrap_err().to_string();
        assert!(text.starts_with("BANDPASS needs 0 < low < high < 500 Hz"), "{text}");
    }
}

#[test]
fn what_needs_the_whole_record_is_refused_on_streams_with_a_replacement() {
    let mut live = sample_signal();
    if let Some(time) = &mut live.time {
        time.rows = Rows::From(0);
    }
    for (steps, remedy) in [
        ("DETREND", "HIGHPASS"),
        ("DEMEAN", "HIGHPASS"),
        ("NORMALIZE", "HIGHPASS"),
        ("TAPER 0.1", "STFT"),
        ("FFT", "STFT"),
        ("HILBERT", "TAPS=255"),
        ("ENVELOPE", "TAPS=255"),
        ("MEAN AXIS=time", "STACK"),
        ("WIENER 5", "HIGHPASS"),
        ("PSD 64 AVERAGE=median", "EVERY=… gives means"),
        ("WAVELET_DENOISE db4 3 THRESHOLD=universal", "THRESHOLD=… with a number streams"),
        ("BANDPASS 10 200 ZEROPHASE=TRUE", "TOL=1e-6"),
        ("TEMPLATE_MATCH 0s..1s", "TEMPLATE='event.npy'"),
        ("CORRELATE 10..11 200ms 50ms | PWS", "BLOCK=24h"),
        ("THRESHOLD_DETECT -30 REF=max", "REF=noise(10s)"),
        ("SLICE TIME=10%..20%", "live stream"),
    ] {
        let text = refusal(live.clone(), steps).to_string();
        assert!(text.contains(remedy), "`{steps}`: {text}");
    }
    for steps in [
        "HILBERT TAPS=101 | ABS",
        "WAVELET sym4 5 | SUM AXIS=frequency",
        "WAVELET haar 5 PART=detail",
        "WAVELET_DENOISE db4 5 THRESHOLD=2nstrain/s",
        "STFT 64 BOUNDARY=odd",
        "ENVELOPE TAPS=1025",
        "HILBERT_ENV",
        "BANDPASS 10 200 | STFT 1024 | THRESHOLD_DETECT -30",
        "STA_LTA 0.5s 10s | THRESHOLD_DETECT 12 OFF=3",
        "THRESHOLD_DETECT 10 REF=noise(10s)",
        "DECIMATE 5 | RMS 100ms | STACK 10 | MEDIAN 3",
        "SLICE TIME=10s..",
        "SPECTROGRAM 256 | DB",
        "BANDPASS 10 200 ZEROPHASE=TRUE TOL=1e-6 | LOWPASS 1 ZEROPHASE=TRUE TOL=1e-6",
        "NORMALIZE METHOD=onebit | CORRELATE 10..11 2s 500ms SCALE=coherence | PWS BLOCK=10 EVERY=2",
        "CORRELATE 10..11 2s 500ms | STACK 10 EVERY=3 | EWMA 100s",
        "STRAIN | STRAIN_RATE | WIENER 5 NOISE=1 | AGC 1s | INTERPOLATE | CLIP -1 1",
    ] {
        let mut b = Builder::new();
        let x = b.source(live.clone());
        build_example(&mut b, x, steps).unwrap_or_else(|diag| panic!("`{steps}`: {diag}"));
    }
}

#[test]
fn a_transform_of_the_whole_record_is_refused_across_gaps() {
    let mut gapped = sample_signal();
    if let Some(time) = &mut gapped.time {
        time.rows = Rows::Segments(vec![(0, 1000), (1500, 3000)]);
    }
    for steps in ["FFT", "HILBERT", "ENVELOPE"] {
        let text = refusal(gapped.clone(), steps).to_string();
        assert!(text.contains("2 stretches") && text.contains("SLICE"), "{text}");
    }
}

#[test]
fn istft_takes_over_what_stft_had() {
    let built = |steps: &str| {
        let mut b = Builder::new();
        let x = b.source(sample_signal());
        let y = build_example(&mut b, x, steps).unwrap_or_else(|diag| panic!("`{steps}`: {diag}"));
        let mut graph = b.finish(vec![y]);
        graph.nodes.iter_mut().for_each(|node| node.span = None);
        graph
    };
    for (stft, between, istft) in [
        ("STFT 100 HOP=50 WINDOW=blackman", "", "FRAME=100 WINDOW=blackman"),
        ("STFT 100 HOP=50 SCALING=psd", " | SCALE 2", "SCALING=psd"),
        ("STFT 100 HOP=50 NFFT=256", "", "FRAME=100 NFFT=256"),
        ("STFT 33 HOP=11 SYMMETRY=symmetric", "", "FRAME=33 SYMMETRY=symmetric"),
        ("STFT 64 HOP=16 WINDOW=hamming BOUNDARY=none", " | SCALE 2", "BOUNDARY=none WINDOW=hamming"),
    ] {
        let short = built(&format!("{stft}{between} | ISTFT"));
        assert_eq!(short, built(&format!("{stft}{between} | ISTFT {istft}")), "{stft}");
        // Without NFFT frames of 256 samples would follow; the units show the scaling.
        let (before, after) = (sample_signal(), short.outputs.first().and_then(|y| short.signal(*y)));
        assert_eq!(after.map(|signal| &signal.unit), Some(&before.unit), "{stft}");
    }
}

#[test]
fn rust_and_script_build_the_same_graph() {
    let mut script = Builder::new();
    let x = script.source(sample_signal());
    let y = build_example(
        &mut script,
        x,
        "BANDPASS 10 200 ORDER=6 | STFT 1024 HOP=256 | ABS | MEAN AXIS=frequency",
    )
    .unwrap();
    let script = script.finish(vec![y]);

    let mut rust = Builder::new();
    let x = rust.source(sample_signal());
    let y = then(&mut rust, x, &Bandpass::new(10.0, 200.0).order(6)).unwrap();
    let y = then(&mut rust, y, &Stft::new(1024).hop(256)).unwrap();
    let y = then(&mut rust, y, &dasc_stdlib::ops::Abs::new()).unwrap();
    let y = then(&mut rust, y, &Mean::new().axis(dasc_ir::parameter::AxisName::Frequency)).unwrap();
    let mut rust = rust.finish(vec![y]);
    for (a, b) in rust.nodes.iter_mut().zip(&script.nodes) {
        a.span = b.span;
    }
    assert_eq!(rust, script);
}
