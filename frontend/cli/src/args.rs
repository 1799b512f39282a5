//! The verbs and flags. Everything that `--help`, the completions and the man pages say comes from here.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use dasc_io::FileType;
use dasc_runtime::Codegen;

use crate::memory::Bytes;

const EXAMPLES: &str = "\
Examples:
  dasc run pipeline.dql                      run a script
  dasc run -e 'READ f.h5 | BANDPASS 1 10 | PLOT_HEATMAP OUT=f.png'
  dasc explain pipeline.dql                  types, streaming, passes and kernels
  dasc inspect f.h5                          what a file holds
  dasc plot f.h5                             a picture of a file
  dasc convert 'day/*.h5' day.zarr           a file, or many, as one Zarr
  dasc replay f.h5 --to tcp://127.0.0.1:9000 a file as a live stream
  dasc bench pipeline.dql                    how fast every kernel runs beside memory
  dasc ops BANDPASS                          an operator's parameters
  dasc new traffic                           a script to start from

Exit codes: 0 success, 1 failed, 2 a mistake in script or flags, 3 finished with skips or losses, 130 interrupted.
Settings come from dasc.toml (here or in a folder above), then DASC_* variables, then flags.";

/// Compiles pipelines over distributed acoustic sensing data and runs them at the speed of memory.
#[derive(Debug, Parser)]
#[command(name = "dasc", version, after_help = EXAMPLES, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

/// Flags of every verb.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Colours; NO_COLOR turns them off too
    #[arg(long, global = true, value_name = "WHEN", env = "DASC_COLOR")]
    pub color: Option<When>,
    /// Answer on standard output as JSON with a "version"
    #[arg(long, global = true)]
    pub json: bool,
    /// Threads; 0 is one for every core
    #[arg(long, global = true, value_name = "N", env = "DASC_THREADS")]
    pub threads: Option<usize>,
    /// Memory for data, as 500MB or 2GiB; a quarter of what the machine or its cgroup has unless given
    #[arg(long, global = true, value_name = "SIZE", env = "DASC_MEMORY")]
    pub memory: Option<Bytes>,
    /// Folder for what whole-record steps keep while they run (TMPDIR unless given); --dry-run says how much
    #[arg(long, global = true, value_name = "FOLDER", env = "DASC_TEMPORARY", value_hint = ValueHint::DirPath)]
    pub temporary: Option<PathBuf>,
    /// What makes the machine code: auto takes the widest vectors this processor has. Results are the same, bit for bit
    #[arg(long, global = true, value_name = "WHAT", env = "DASC_CODEGEN", value_parser = codegens())]
    pub codegen: Option<Codegen>,
    /// Folder of compiled kernels
    #[arg(long, global = true, value_name = "FOLDER", env = "DASC_CACHE", value_hint = ValueHint::DirPath)]
    pub cache: Option<PathBuf>,
    /// Neither read nor write compiled kernels
    #[arg(long, global = true)]
    pub no_cache: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Find mistakes in a script without running it
    #[command(
        after_help = "Examples:\n  dasc check pipeline.dql\n  dasc check -e 'READ f.h5 | BANDPASS 10 200'\n  dasc check --json pipeline.dql < /dev/null"
    )]
    Check(ScriptArgs),
    /// Show what a script does: types, streaming, passes, kernels
    #[command(
        after_help = "Examples:\n  dasc explain pipeline.dql\n  dasc explain pipeline.dql --set day=2024-05-01\n  dasc explain --json -e 'READ f.h5 | STFT 256 | PLOT_SPEC'"
    )]
    Explain(ScriptArgs),
    /// Compile a script's kernels into the cache
    #[command(
        after_help = "Examples:\n  dasc compile pipeline.dql\n  dasc compile pipeline.dql --emit graph\n  dasc compile pipeline.dql --emit kernel,clif,asm > pipeline.txt"
    )]
    Compile(CompileArgs),
    /// Run a script
    #[command(
        after_help = "Examples:\n  dasc run pipeline.dql\n  dasc run pipeline.dql --set day=2024-05-01 --threads 4 --memory 2GiB\n  dasc run --dry-run pipeline.dql\n  dasc run -e 'READ f.h5 | BANDPASS 1 10 | WRITE -' > filtered.npy\n  echo 'READ f.h5 | PLOT_HEATMAP OUT=f.png' | dasc run -"
    )]
    Run(RunArgs),
    /// Measure a script: every kernel beside the speed of memory, over threads, and the whole run. Nothing is written
    #[command(
        after_help = "Examples:\n  dasc bench pipeline.dql                    with what READ names\n  dasc bench pipeline.dql --rows 32768 --channels 2048\n  dasc bench -e 'READ f.h5 | BANDPASS 10 200 | ABS' --channels 4096 --picture roofline.png\n  dasc bench pipeline.dql --read other.h5 --threads-list 1,2,4 --repeat 9 --json"
    )]
    Bench(BenchArgs),
    /// Show what files hold
    #[command(
        after_help = "Examples:\n  dasc inspect f.h5\n  dasc inspect --json *.h5\n  dasc inspect f.h5 --geometry channels.parquet\n  dasc inspect --write-sidecar fiber.dat     draft fiber.dat.json, to be completed\n  dasc inspect --script day.zarr > again.dql"
    )]
    Inspect(InspectArgs),
    /// Draw a file: a waterfall, a spectrogram or traces
    #[command(
        after_help = "Examples:\n  dasc plot f.h5                             f.png, a waterfall\n  dasc plot f.h5 --spectrogram 256 --ch 20   a spectrogram of channel 20\n  dasc plot f.h5 --bandpass 1..10 --out quiet.png"
    )]
    Plot(PlotArgs),
    /// Write a file, a folder of files or a live stream as Zarr or NumPy, in physical units
    #[command(
        after_help = "Examples:\n  dasc convert f.h5 f.zarr\n  dasc convert '/data/2024-05-01/*.tdms' day.zarr --ch 100..900\n  dasc convert tcp://0.0.0.0:9000 recorded.zarr        until the sender or Ctrl-C ends it"
    )]
    Convert(ConvertArgs),
    /// Send a file as a live stream, for what reads tcp://
    #[command(
        after_help = "Examples:\n  dasc replay f.h5 --to tcp://127.0.0.1:9000            as fast as it was recorded\n  dasc replay f.h5 --to tcp://127.0.0.1:9000 --speed 10\n  dasc replay f.h5 --to tcp://0.0.0.0:9000 --speed max  waits for a reader, then sends what it takes"
    )]
    Replay(ReplayArgs),
    /// List the operators and statements, or describe one
    #[command(after_help = "Examples:\n  dasc ops\n  dasc ops BANDPASS\n  dasc ops --json")]
    Ops(OpsArgs),
    /// Write a recipe: a commented script to start from, which runs on made-up data as it stands
    #[command(
        after_help = format!("Examples:\n  dasc new                                   the recipes\n  dasc new traffic                           writes traffic.dql\n  dasc new quake night.dql && dasc run night.dql --set source=night.h5\n\nRecipes:\n{}", crate::recipes::listed())
    )]
    New(NewArgs),
    /// Print completions for a shell
    #[command(
        after_help = "Examples:\n  dasc completions bash > ~/.local/share/bash-completion/completions/dasc\n  dasc completions zsh > ~/.zfunc/_dasc"
    )]
    Completions(CompletionsArgs),
    /// Write the man pages into a folder
    #[command(after_help = "Examples:\n  dasc man ~/.local/share/man/man1\n  dasc man . && man ./dasc-run.1")]
    Man(ManArgs),
}

/// Where the script comes from.
#[derive(Args, Clone, Debug)]
pub struct ScriptArgs {
    /// The script; - is standard input
    #[arg(value_name = "SCRIPT", required_unless_present = "expression", conflicts_with = "expression", value_hint = ValueHint::FilePath)]
    pub script: Option<PathBuf>,
    /// The script itself; paths in it are relative to the current folder
    #[arg(short = 'e', long, value_name = "TEXT")]
    pub expression: Option<String>,
    /// Value of a PARAM of the script; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub set: Vec<(String, String)>,
}

#[derive(Args, Debug)]
pub struct CompileArgs {
    #[command(flatten)]
    pub script: ScriptArgs,
    /// What to print: graph, kernel, clif, asm
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub emit: Vec<Emit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Emit {
    /// The tensor graph, after the passes
    Graph,
    /// The fused kernels
    Kernel,
    /// Cranelift's intermediate form
    Clif,
    /// Machine code of this processor
    Asm,
}

#[derive(Args, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    pub script: ScriptArgs,
    /// List inputs, gaps, outputs and sizes, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Rows read at once; chosen from the memory unless given, and without influence on results
    #[arg(long, value_name = "ROWS")]
    pub chunk: Option<usize>,
    /// Interpret the kernels instead of compiling them: slow, for comparison
    #[arg(long)]
    pub interpret: bool,
    /// Answer at this address how the run is doing: /metrics for Prometheus, /health for a supervisor
    #[arg(long, value_name = "HOST:PORT")]
    pub status: Option<String>,
}

#[derive(Args, Debug)]
pub struct BenchArgs {
    #[command(flatten)]
    pub script: ScriptArgs,
    /// Read this instead of what the script's READ names; the windows of READ stay
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["rows", "channels", "dtype", "fs"])]
    pub read: Option<String>,
    /// Measure on so many rows of samples in memory, so that no source is waited for; 32768 where one of the next three is given
    #[arg(long, value_name = "N")]
    pub rows: Option<u64>,
    /// Channels of samples in memory; 2048 unless given
    #[arg(long, value_name = "N")]
    pub channels: Option<u32>,
    /// Type of samples in memory; f32 unless given
    #[arg(long, value_name = "TYPE")]
    pub dtype: Option<Sample>,
    /// Sampling rate of samples in memory, in hertz; 1000 unless given
    #[arg(long, value_name = "HERTZ")]
    pub fs: Option<f64>,
    /// Runs with each number of threads, after one that does not count
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub repeat: usize,
    /// Numbers of threads, as 1,2,4; 1, 2, 4, … and all of --threads unless given
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub threads_list: Vec<usize>,
    /// Draw the kernels under the machine's roofs: operations per byte against operations per second
    #[arg(long, value_name = "PNG", value_hint = ValueHint::FilePath)]
    pub picture: Option<PathBuf>,
    /// Replace an existing picture
    #[arg(long, requires = "picture")]
    pub overwrite: bool,
}

/// A type of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sample {
    I16,
    I32,
    F32,
    F64,
}

impl Sample {
    pub const fn of(self) -> FileType {
        match self {
            Sample::I16 => FileType::I16,
            Sample::I32 => FileType::I32,
            Sample::F32 => FileType::F32,
            Sample::F64 => FileType::F64,
        }
    }
}

#[derive(Args, Debug)]
pub struct InspectArgs {
    /// Files to look at
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<String>,
    /// Draft the sidecar of a file without a header
    #[arg(long)]
    pub write_sidecar: bool,
    /// Join a table of channels (CSV or Parquet), as GEOMETRY of READ does
    #[arg(long, value_name = "TABLE", value_hint = ValueHint::FilePath, conflicts_with = "write_sidecar")]
    pub geometry: Option<String>,
    /// Print the script that made a file, which dasc run takes
    #[arg(long, conflicts_with_all = ["write_sidecar", "geometry"])]
    pub script: bool,
}

#[derive(Args, Debug)]
pub struct PlotArgs {
    /// File to draw
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: String,
    /// The picture; the file's name with .png unless given
    #[arg(short, long, value_name = "PNG")]
    pub out: Option<String>,
    /// A spectrogram with frames of so many samples, or of a duration such as 2s
    #[arg(long, value_name = "FRAME")]
    pub spectrogram: Option<String>,
    /// Traces instead of a waterfall
    #[arg(long, conflicts_with = "spectrogram")]
    pub traces: bool,
    /// Channels, as in READ: 100..200 or 42
    #[arg(long, value_name = "RANGE")]
    pub ch: Option<String>,
    /// Time, as in READ: 10s..20s
    #[arg(long, value_name = "RANGE")]
    pub time: Option<String>,
    /// Filter first: lower and upper corner in hertz, as 1..10
    #[arg(long, value_name = "LOW..HIGH")]
    pub bandpass: Option<String>,
    /// Colour map
    #[arg(long, value_name = "NAME")]
    pub cmap: Option<String>,
    /// Replace an existing picture
    #[arg(long)]
    pub overwrite: bool,
}

#[derive(Args, Debug)]
pub struct ConvertArgs {
    /// File, folder, pattern of files, URL or stream to read
    #[arg(value_name = "FROM", value_hint = ValueHint::AnyPath)]
    pub from: String,
    /// File to write: .zarr or .npy
    #[arg(value_name = "TO", value_hint = ValueHint::AnyPath)]
    pub to: String,
    /// Channels, as in READ: 100..200 or 42
    #[arg(long, value_name = "RANGE")]
    pub ch: Option<String>,
    /// Time, as in READ: 10s..20s
    #[arg(long, value_name = "RANGE")]
    pub time: Option<String>,
    /// Replace what exists
    #[arg(long)]
    pub overwrite: bool,
}

#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// File to send
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: String,
    /// Where to: tcp://host:port connects, tcp://0.0.0.0:port waits for a reader
    #[arg(long, value_name = "ADDRESS", default_value = "tcp://127.0.0.1:9000")]
    pub to: String,
    /// How many times as fast as it was recorded; max is as fast as the reader takes it
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = speed)]
    pub speed: f64,
    /// Rows of a frame; a fiftieth of a second unless given
    #[arg(long, value_name = "ROWS")]
    pub rows: Option<usize>,
}

#[derive(Args, Debug)]
pub struct OpsArgs {
    /// The operator or statement to describe
    pub name: Option<String>,
}

#[derive(Args, Debug)]
pub struct NewArgs {
    /// The recipe; without one they are listed
    pub recipe: Option<String>,
    /// The script to write; the recipe's name with .dql unless given, - is standard output
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct CompletionsArgs {
    pub shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub struct ManArgs {
    /// Where the pages go
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
}

fn codegens() -> impl TypedValueParser<Value = Codegen> {
    PossibleValuesParser::new(Codegen::ALL.map(Codegen::name)).try_map(|name| name.parse::<Codegen>())
}

/// 0 stands for no pace at all.
fn speed(text: &str) -> Result<f64, String> {
    if text.eq_ignore_ascii_case("max") {
        return Ok(0.0);
    }
    let factor = text.parse::<f64>().ok().filter(|factor| factor.is_finite() && *factor > 0.0);
    factor.ok_or_else(|| "write a factor above 0 such as 10, or max".into())
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_string(), value.to_string())),
        _ => Err("write NAME=VALUE".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_declarations_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_verb_has_examples() {
        for verb in Cli::command().get_subcommands() {
            let help = verb.get_after_help().map(|text| text.to_string()).unwrap_or_default();
            assert!(help.starts_with("Examples:\n  dasc "), "{}", verb.get_name());
        }
    }
}
