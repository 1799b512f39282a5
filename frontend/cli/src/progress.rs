//! The progress line: rate, share of the copy bandwidth, bottleneck, time to go. Only on a terminal.

use std::time::{Duration, Instant};

use dasc_ir::Rational;
use dasc_runtime::Stats;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::bandwidth::copy_bandwidth;
use crate::numbers;
use crate::record::Record;
use crate::status::Status;
use crate::terminal::Terminal;

/// Watches a run.
pub struct Progress {
    bar: Option<ProgressBar>,
    /// Bytes per second; 0 where nobody looks.
    bandwidth: f64,
    since: Instant,
    drawn: Instant,
    /// Bytes of the file per byte of samples: below 1 where the file is compressed.
    decodes: bool,
    /// Rows and bytes, in and out, of a stream before the gap behind which it runs.
    before: (u64, u64, u64),
    status: Option<Status>,
    /// When the first row of a stream's stretch was taken, and the seconds between rows.
    clock: Option<(i64, Rational)>,
}

impl Progress {
    /// `decodes` says that reading means decoding.
    pub fn new(terminal: &Terminal, decodes: bool, status: Option<Status>) -> Progress {
        let now = Instant::now();
        if !terminal.live || terminal.quiet || terminal.json {
            return Progress {
                bar: None,
                bandwidth: 0.0,
                since: now,
                drawn: now,
                decodes,
                before: (0, 0, 0),
                status,
                clock: None,
            };
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
        let template = if terminal.color[1] {
            "  {bar:32.cyan/dim} {percent:>3}%  {msg}"
        } else {
            "  {bar:32} {percent:>3}%  {msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        let (bar, bandwidth) = (Some(bar), copy_bandwidth());
        let (since, before) = (Instant::now(), (0, 0, 0));
        Progress { bar, bandwidth, since, drawn: now, decodes, before, status, clock: None }
    }

    /// A record is read now.
    pub fn reads(&mut self, record: &Record) {
        self.clock = stretch(record);
        self.status.iter().for_each(|status| status.reads(&record.name));
    }

    /// A stream goes on behind a gap, and is counted anew.
    pub fn goes_on(&mut self, behind: &Record, so_far: &Stats) {
        self.clock = stretch(behind);
        self.before = (so_far.rows_done, so_far.bytes_in, so_far.bytes_out);
        self.status.iter().for_each(Status::gap);
    }

    pub fn show(&mut self, stats: &Stats, events: u64) {
        if let Some(status) = &self.status {
            let last = i64::try_from(stats.rows_done).unwrap_or(i64::MAX).saturating_sub(1);
            let sample =
                self.clock.map(|(start_ns, period)| start_ns.saturating_add(period.nanoseconds(last)));
            status.done(self.before, stats, events, sample.filter(|_| stats.rows_done > 0));
        }
        let Some(bar) = &self.bar else { return };
        let over = stats.rows_total > 0 && stats.rows_done >= stats.rows_total;
        if self.drawn.elapsed() < Duration::from_millis(100) && !over {
            return;
        }
        self.drawn = Instant::now();
        let elapsed = self.since.elapsed().as_secs_f64().max(1e-6);
        let moved = self.before.1 + self.before.2 + stats.bytes_in + stats.bytes_out;
        let mut parts = vec![told_rate(moved, elapsed, self.bandwidth)];
        if stats.rows_total == 0 {
            let rows_done = self.before.0 + stats.rows_done;
            let rows =
                format!("live  ·  {} rows in {}", numbers::count(rows_done), numbers::seconds(elapsed));
            bar.set_message(format!("{rows}  ·  {}", parts.join("  ·  ")));
            bar.tick();
            return;
        }
        bar.set_length(stats.rows_total);
        bar.set_position(stats.rows_done);
        if stats.passes > 1 {
            parts.push(format!("pass {} of {}", stats.pass.saturating_add(1), stats.passes));
        }
        parts.push(format!("limited by {}", bottleneck(stats, self.decodes)));
        if stats.rows_done > 0 && stats.rows_done < stats.rows_total {
            let left = elapsed * (stats.rows_total - stats.rows_done) as f64 / stats.rows_done as f64;
            parts.push(format!("{} to go", numbers::seconds(left)));
        }
        bar.set_message(parts.join("  ·  "));
    }

    /// Takes the line away again.
    pub fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// When the first row of a live stream was taken, and the seconds between its rows.
fn stretch(record: &Record) -> Option<(i64, Rational)> {
    let header = record.header();
    let first = header.segments.first().filter(|_| header.is_live())?;
    Some((first.start_ns, header.rate.recip()?))
}

/// `1.2 GB/s (14 % of copying)`.
pub fn rate(stats: &Stats, seconds: f64, bandwidth: f64) -> String {
    told_rate(stats.bytes_in + stats.bytes_out, seconds, bandwidth)
}

fn told_rate(bytes: u64, seconds: f64, bandwidth: f64) -> String {
    let moved = bytes as f64 / seconds.max(1e-6);
    let text = format!("{}/s", numbers::bytes(moved));
    if bandwidth > 0.0 {
        format!(
            "{text} ({} % of copying)",
            numbers::three_digits((moved / bandwidth * 100.0 * 10.0).round() / 10.0)
        )
    } else {
        text
    }
}

/// What a run spends most of its time with.
pub fn bottleneck(stats: &Stats, decodes: bool) -> &'static str {
    let parts = [
        (stats.read_seconds, if decodes { "decode" } else { "disk" }),
        (stats.compute_seconds, "compute"),
        (stats.observe_seconds, "sink"),
    ];
    parts.iter().max_by(|a, b| a.0.total_cmp(&b.0)).map_or("compute", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_part_is_named() {
        let stats =
            Stats { read_seconds: 2.0, compute_seconds: 1.0, bytes_in: 3_000_000, ..Stats::default() };
        assert_eq!(bottleneck(&stats, false), "disk");
        assert_eq!(bottleneck(&stats, true), "decode");
        assert_eq!(rate(&stats, 3.0, 1e8), "1 MB/s (1 % of copying)");
    }

    #[test]
    fn copying_takes_time() {
        assert!((1e7..1e13).contains(&copy_bandwidth()));
    }
}
