//! `dasc convert`: one file, folder or stream to another file.

use super::{Context, occasion};
use crate::args::ConvertArgs;
use crate::outcome::Outcome;

pub fn convert(args: &ConvertArgs, context: &mut Context) -> Outcome {
    occasion::run(text(args)?, context)
}

/// `READ 'f.h5' CH=100..200 | WRITE 'f.zarr'`.
fn text(args: &ConvertArgs) -> dasc_ir::Result<String> {
    let read = occasion::read(&args.from, args.ch.as_deref(), args.time.as_deref())?;
    let mode = if args.overwrite { " MODE=overwrite" } else { "" };
    Ok(format!("{read} | WRITE {}{mode}", occasion::quoted(&args.to)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_a_script() {
        let args = ConvertArgs {
            from: "day/*.h5".into(),
            to: "it's.zarr".into(),
            ch: Some("3..9".into()),
            time: Some("1s..2s".into()),
            overwrite: true,
        };
        assert_eq!(
            text(&args).unwrap(),
            "READ 'day/*.h5' CH=3..9 TIME=1s..2s | WRITE 'it''s.zarr' MODE=overwrite"
        );
        assert!(text(&ConvertArgs { time: Some("1s | PLOT_TS".into()), ..args }).is_err());
    }
}
