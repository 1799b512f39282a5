//! The operators: one file and one line in the list below for each.
//!
//! An operator is a record of parameters (made by [`operator!`](dasc_ir::operator!)) and a `build` that composes the
//! builder's primitives. Grammar, documentation and streaming facts follow from these two.
//!
//! ```
//! use dasc_ir::graph::Builder;
//! use dasc_stdlib::ops::{Bandpass, then};
//! # use dasc_stdlib::reference::sample_signal;
//! let mut b = Builder::new();
//! let x = b.source(sample_signal());
//! let y = then(&mut b, x, &Bandpass::new(10.0, 200.0).order(6)).unwrap();
//! assert_eq!(b.graph().node(y).operator, "BANDPASS");
//! ```

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::literal::Arg;
use dasc_ir::operator::Schema;
use dasc_ir::{Result, Span};

/// What an operator means: the nodes it appends to the graph.
pub trait Operator {
    /// Appends the operator to `x` and returns its result. Mistakes in parameters come back placed at the builder's current step.
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId>;
}

/// An operator of the list.
pub trait Listed: Operator + Sized {
    const SCHEMA: &'static Schema;
}

/// Appends an operator as a step of its own.
pub fn then<O: Listed>(b: &mut Builder, x: NodeId, operator: &O) -> Result<NodeId> {
    b.enter(O::SCHEMA.name, None);
    operator.build(b, x)
}

/// An operator as a front end sees it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub schema: &'static Schema,
    /// Reads the arguments of a call at `Span` and appends the operator to a node.
    pub build: fn(&[Arg], Span, &mut Builder, NodeId) -> Result<NodeId>,
}

/// The operator of a keyword, in any case.
pub fn find(keyword: &str) -> Option<&'static Entry> {
    OPERATORS.iter().find(|entry| entry.schema.name.eq_ignore_ascii_case(keyword))
}

macro_rules! operators {
    ($($file:ident $name:ident),* $(,)?) => {
        $( pub mod $file; pub use $file::$name; )*

        $( impl Listed for $name {
            const SCHEMA: &'static Schema = &$name::SCHEMA;
        } )*

        /// Every operator, in the order of the documentation.
        pub const OPERATORS: &[Entry] = &[$( Entry {
            schema: &$name::SCHEMA,
            build: |args, call, b, x| {
                b.enter($name::SCHEMA.name, Some(call));
                $name::from_args(args, call)?.build(b, x)
            },
        } ),*];
    };
}

operators! {
    slice Slice,
    scale Scale,
    abs Abs,
    square Square,
    sqrt Sqrt,
    log Log,
    db Db,
    clip Clip,
    detrend Detrend,
    demean Demean,
    normalize Normalize,
    taper Taper,
    lowpass Lowpass,
    highpass Highpass,
    bandpass Bandpass,
    bandstop Bandstop,
    notch Notch,
    fir Fir,
    diff Diff,
    cumsum Cumsum,
    derivative Derivative,
    integrate Integrate,
    strain Strain,
    strain_rate StrainRate,
    velocity Velocity,
    radians_to_strain RadiansToStrain,
    rms Rms,
    agc Agc,
    teager Teager,
    stack Stack,
    decimate Decimate,
    resample Resample,
    mean Mean,
    sum Sum,
    max Max,
    min Min,
    std Std,
    ptp Ptp,
    median Median,
    wiener Wiener,
    interpolate Interpolate,
    spatial_smooth SpatialSmooth,
    common_mode CommonMode,
    fk_filter FkFilter,
    adaptive_fk AdaptiveFk,
    beamform Beamform,
    slant_stack SlantStack,
    hilbert Hilbert,
    envelope Envelope,
    fft Fft,
    stft Stft,
    istft Istft,
    whiten Whiten,
    spectrogram Spectrogram,
    fbe Fbe,
    cwt Cwt,
    template_match TemplateMatch,
    correlate Correlate,
    pws Pws,
    psd Psd,
    sta_lta StaLta,
    threshold_detect ThresholdDetect,
}
