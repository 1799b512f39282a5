//! Tables of channels as text: cells between commas.

use std::collections::BTreeSet;

use dasc_ir::{Diag, Result};

pub fn unreadable(path: &str, error: &std::io::Error) -> Diag {
    Diag::world(format!("cannot read '{path}': {error}"))
        .help("give the path of a table of channels, or for MUTE of a file with a list such as 3, 7, 10..20; it is relative to the script's folder")
}

pub fn text(path: &str) -> Result<String> {
    const LARGEST: u64 = 256 << 20;
    let size = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?.len();
    if size > LARGEST {
        return Err(Diag::world(format!("'{path}' has {size} bytes; a channel table has at most {LARGEST}")));
    }
    std::fs::read_to_string(path).map_err(|e| unreadable(path, &e))
}

/// Lines that say something, with their numbers.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let numbered = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

pub fn cells(line: &str) -> Vec<String> {
    line.split(',').map(|cell| cell.trim().trim_matches('"').trim().to_string()).collect()
}

/// `None` for an empty cell; the error is the text that is no number.
pub fn number(cell: &str) -> Result<Option<f64>, String> {
    match cell.parse::<f64>() {
        _ if cell.is_empty() => Ok(None),
        Ok(value) if value.is_finite() => Ok(Some(value)),
        Ok(value) if value.is_nan() => Ok(None),
        _ => Err(cell.to_string()),
    }
}

/// Channel numbers to mute; see [`super::read_mute`].
pub fn ranges(path: &str) -> Result<Vec<i64>> {
    const MOST: i64 = 10_000_000;
    let text = text(path)?;
    let mut muted = BTreeSet::new();
    for (index, (number, line)) in lines(&text).enumerate() {
        for cell in cells(line).iter().filter(|c| !c.is_empty()) {
            if index == 0 && cell.chars().all(|c| c.is_alphabetic() || c == '_') {
                continue;
            }
            let (from, to) = cell.split_once("..").unwrap_or((cell, ""));
            let from = from.trim().parse::<i64>().ok();
            let to = if cell.contains("..") {
                to.trim().parse().ok()
            } else {
                from.and_then(|n| n.checked_add(1))
            };
            let range = from.zip(to).filter(|(a, b)| a < b && b.checked_sub(*a).is_some_and(|n| n <= MOST));
            let range = range.filter(|(a, b)| b - a <= MOST - muted.len() as i64);
            let (from, to) = range.ok_or_else(|| {
                Diag::usage(format!("line {number} of '{path}': '{cell}' is no channel number or range"))
                    .help("write a number, or a half-open range such as 10..20")
            })?;
            muted.extend(from..to);
        }
    }
    Ok(muted.into_iter().collect())
}
