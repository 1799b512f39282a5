//! The operators: one file and one line in the list below for each.
//!
//! An operator is a record of parameters (made by [`operator!`](dasc_ir::operator!)) and a `build` that composes the
//! builder's primitives. Grammar, documentation and streaming facts follow from these two. What reads better in DQL is written in it,
//! below `stdlib/defs` ([`standard`]), and is an operator like the others.
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

use ::std::sync::LazyLock;

use dasc_define::{Callees, Definition};
use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::literal::Arg;
use dasc_ir::operator::Schema;
use dasc_ir::{Result, Span};

use crate::defined::{Callable, standard};

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
    meaning: Meaning,
}

#[derive(Clone, Copy, Debug)]
enum Meaning {
    Rust(fn(&[Arg], Span, &mut Builder, NodeId) -> Result<NodeId>),
    /// Written in DQL.
    Defined(&'static Definition),
}

impl Entry {
    /// Reads the arguments of a call at `call` and appends the operator to a node.
    pub fn build(&self, args: &[Arg], call: Span, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        match self.meaning {
            Meaning::Rust(build) => build(args, call, b, x),
            Meaning::Defined(definition) => {
                let library = Callable { definitions: standard() };
                dasc_define::step(definition, &library, b, x, &|_| None, args, call)
            }
        }
    }
}

/// Every operator, in the order of the documentation: those written in Rust, then those of `stdlib/defs`.
pub static OPERATORS: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let defined = standard().iter().map(|definition| Entry {
        schema: dasc_define::schema(definition),
        meaning: Meaning::Defined(definition),
    });
    BUILT.iter().copied().chain(defined).collect()
});

/// The operator of a keyword, in any case.
pub fn find(keyword: &str) -> Option<&'static Entry> {
    OPERATORS.iter().find(|entry| entry.schema.name.eq_ignore_ascii_case(keyword))
}

/// What the definitions of the library may call beside each other.
pub(crate) struct Built;

impl Callees for Built {
    fn knows(&self, name: &str) -> bool {
        BUILT.iter().any(|entry| entry.schema.name.eq_ignore_ascii_case(name))
    }

    fn names(&self) -> Vec<String> {
        BUILT.iter().map(|entry| entry.schema.name.to_string()).collect()
    }
}

macro_rules! operators {
    ($($file:ident $name:ident),* $(,)?) => {
        $( pub mod $file; pub use $file::$name; )*

        $( impl Listed for $name {
            const SCHEMA: &'static Schema = &$name::SCHEMA;
        } )*

        const BUILT: &[Entry] = &[$( Entry {
            schema: &$name::SCHEMA,
            meaning: Meaning::Rust(|args, call, b, x| {
                b.enter($name::SCHEMA.name, Some(call));
                $name::from_args(args, call)?.build(b, x)
            }),
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
    var Var,
    ptp Ptp,
    argmax Argmax,
    argmin Argmin,
    median Median,
    percentile Percentile,
    wiener Wiener,
    interpolate Interpolate,
    spatial_smooth SpatialSmooth,
    common_mode CommonMode,
    fk_spectrum FkSpectrum,
    fk_filter FkFilter,
    adaptive_fk AdaptiveFk,
    beamform Beamform,
    slant_stack SlantStack,
    hilbert Hilbert,
    envelope Envelope,
    hilbert_env HilbertEnv,
    fft Fft,
    ifft Ifft,
    stft Stft,
    istft Istft,
    whiten Whiten,
    spectrogram Spectrogram,
    fbe Fbe,
    cwt Cwt,
    wavelet Wavelet,
    wavelet_denoise WaveletDenoise,
    template_match TemplateMatch,
    correlate Correlate,
    pws Pws,
    psd Psd,
    sta_lta StaLta,
    annotate Annotate,
    threshold_detect ThresholdDetect,
    ml_detect MlDetect,
}
