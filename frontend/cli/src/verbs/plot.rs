//! `dasc plot`: a picture of a file, by a script that is written for the occasion.

use dasc_ir::Diag;

use super::Context;
use super::run::{Manner, carry_out};
use crate::args::{PlotArgs, ScriptArgs};
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::script;

pub fn plot(args: &PlotArgs, context: &mut Context) -> Outcome {
    let interrupt = Interrupt::listen()?;
    let expression = Some(text(args)?);
    let script = ScriptArgs { script: None, expression, set: Vec::new() };
    let script = script::load(&script, &mut context.sources)?;
    context.terminal.detail(&script.text);
    let manner = Manner { chunk: None, interpret: false, dry: false };
    carry_out(&script, &manner, &interrupt, context)
}

/// `READ 'f.h5' CH=100..200 | PLOT_HEATMAP OUT='f.png'`.
fn text(args: &PlotArgs) -> dasc_ir::Result<String> {
    let mut read = format!("READ {}", quoted(&args.file)?);
    if let Some(ch) = &args.ch {
        read += &format!(" CH={}", plain("--ch", ch)?);
    }
    if let Some(time) = &args.time {
        read += &format!(" TIME={}", plain("--time", time)?);
    }
    let mut steps = vec![read];
    if let Some(band) = &args.bandpass {
        let corners = plain("--bandpass", band)?.split_once("..");
        let (low, high) = corners.ok_or_else(|| {
            Diag::usage(format!("--bandpass {band} is no range")).help("write --bandpass 1..10")
        })?;
        steps.push("DETREND".into());
        steps.push(format!("BANDPASS {low} {high}"));
    }
    let mut sink = match (&args.spectrogram, args.traces) {
        (Some(frame), _) => {
            steps.push(format!("SPECTROGRAM {}", plain("--spectrogram", frame)?));
            "PLOT_SPEC".to_string()
        }
        (None, true) => "PLOT_TS".to_string(),
        (None, false) => "PLOT_HEATMAP".to_string(),
    };
    sink += &format!(" OUT={}", quoted(&args.out.clone().unwrap_or_else(|| picture(&args.file)))?);
    match &args.cmap {
        Some(_) if args.traces => {
            return Err(Diag::usage("--cmap means nothing for --traces").help("leave one of them out"));
        }
        Some(name) => sink += &format!(" CMAP={}", plain("--cmap", name)?),
        None => {}
    }
    if args.overwrite {
        sink += " MODE=overwrite";
    }
    steps.push(sink);
    Ok(steps.join(" | "))
}

/// In the current folder, named after the file.
fn picture(file: &str) -> String {
    let stem = match file.strip_prefix("synthetic:") {
        Some(kind) => kind.split('?').next(),
        None => std::path::Path::new(file).file_stem().and_then(|stem| stem.to_str()),
    };
    format!("{}.png", stem.filter(|stem| !stem.is_empty()).unwrap_or("plot"))
}

/// A path as a script writes it: braces and quotes stand for themselves.
fn quoted(path: &str) -> dasc_ir::Result<String> {
    if path.contains(['\n', '\r']) {
        return Err(Diag::usage("a file name with a line break cannot be plotted").help("rename the file"));
    }
    Ok(format!("'{}'", path.replace('\'', "''")))
}

/// A value that cannot end its argument and begin another step.
fn plain<'a>(flag: &str, value: &'a str) -> dasc_ir::Result<&'a str> {
    let harmless = |c: char| c.is_alphanumeric() || ".:+-/_%µ".contains(c);
    if !value.is_empty() && value.chars().all(harmless) {
        return Ok(value);
    }
    Err(Diag::usage(format!("{flag} {value} cannot be understood"))
        .help("for example --ch 100..200, --time 10s..20s, --spectrogram 256"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_a_script() {
        let args = PlotArgs {
            file: "it's/f.h5".into(),
            out: None,
            spectrogram: Some("256".into()),
            traces: false,
            ch: Some("3..9".into()),
            time: None,
            bandpass: Some("1..10".into()),
            cmap: Some("magma".into()),
            overwrite: true,
        };
        assert_eq!(
            text(&args).unwrap(),
            "READ 'it''s/f.h5' CH=3..9 | DETREND | BANDPASS 1 10 | SPECTROGRAM 256 | PLOT_SPEC OUT='f.png' CMAP=magma MODE=overwrite"
        );
        assert!(text(&PlotArgs { ch: Some("1 | WRITE x.npy".into()), ..args }).is_err());
    }
}
