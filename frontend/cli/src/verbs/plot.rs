//! `dasc plot`: a picture of a file, by a script that is written for the occasion.

use dasc_ir::Diag;

use super::Context;
use super::occasion::{self, plain, quoted};
use crate::args::PlotArgs;
use crate::outcome::Outcome;

pub fn plot(args: &PlotArgs, context: &mut Context) -> Outcome {
    occasion::run(text(args)?, context)
}

/// `READ 'f.h5' CH=100..200 | PLOT_HEATMAP OUT='f.png'`.
fn text(args: &PlotArgs) -> dasc_ir::Result<String> {
    let read = occasion::read(&args.file, args.ch.as_deref(), args.time.as_deref())?;
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
    let stem = stem.filter(|stem| !stem.is_empty() && !stem.contains(['*', '?', '[', ':']));
    format!("{}.png", stem.unwrap_or("plot"))
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
