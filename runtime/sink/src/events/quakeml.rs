//! Events as QuakeML 1.2, which programs of seismology read.
//!
//! Each event is a pick at its start and one at its peak, each on the channel where that was, a description, and all columns in a comment. QuakeML
//! wants latitude and longitude of every origin, so events have one only if they have these columns: the place on the fibre.

use super::instant::Instant;
use super::{Cell, Event, EventSink};
use crate::layout::Provenance;
use crate::output::{Buffered, Output, Summary, commit};
use dasc_ir::Result;
use std::io::Write;

pub(super) struct QuakeMlSink {
    out: Buffered,
    rows: u64,
}

impl QuakeMlSink {
    pub(super) fn create(output: Output, provenance: &Provenance) -> Result<QuakeMlSink> {
        let mut sink = QuakeMlSink { out: output.buffered(), rows: 0 };
        let inputs: Vec<&str> = provenance.inputs.iter().map(|input| input.name.as_str()).collect();
        sink.write(&format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" xmlns=\"http://quakeml.org/xmlns/bed/1.2\">\n\
             <eventParameters publicID=\"smi:local/dasc\">\n<comment><text>{}</text></comment>\n",
            escaped(&format!("dasc {} of {}: {}", provenance.version, inputs.join(", "), provenance.script))
        ))?;
        Ok(sink)
    }

    fn write(&mut self, text: &str) -> Result<()> {
        self.out.write_all(text.as_bytes()).map_err(|error| self.out.get_ref().diag(&error))
    }
}

impl EventSink for QuakeMlSink {
    fn append(&mut self, events: &[Event]) -> Result<()> {
        for event in events {
            self.write(&element(event))?;
        }
        self.rows = self.rows.saturating_add(events.len() as u64);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        self.write("</eventParameters>\n</q:quakeml>\n")?;
        commit(self.out, self.rows)
    }
}

fn element(e: &Event) -> String {
    let id = e.id;
    let pick = |name: &str, ns: i64, channel: i64| {
        format!(
            "<pick publicID=\"smi:local/dasc/{id}/{name}\"><time><value>{}</value></time>\
             <waveformID networkCode=\"XX\" stationCode=\"{channel}\"/><evaluationMode>automatic</evaluationMode>\
             <comment><text>{name}</text></comment></pick>\n",
            Instant(ns)
        )
    };
    let added = e.extra.iter().map(|(name, cell)| match cell {
        Cell::Number(value) => format!(", {name} {value}"),
        Cell::Text(text) => format!(", {name} {text}"),
    });
    let unit = if e.unit.is_empty() { String::new() } else { format!(" {}", e.unit) };
    let comment = format!(
        "start {}, end {}, channels {} to {}, distance {} m to {} m, score {}{unit}{}",
        Instant(e.start_ns),
        Instant(e.end_ns),
        e.channel_lo,
        e.channel_hi,
        e.distance_lo,
        e.distance_hi,
        e.score,
        added.collect::<String>()
    );
    let origin = e.number("latitude").zip(e.number("longitude")).map(|(latitude, longitude)| {
        format!(
            "<origin publicID=\"smi:local/dasc/{id}/origin\"><time><value>{}</value></time>\
             <latitude><value>{latitude}</value></latitude><longitude><value>{longitude}</value></longitude>\
             <evaluationMode>automatic</evaluationMode><comment><text>the middle channel of the event at its start, \
             not a located source</text></comment></origin>\n\
             <preferredOriginID>smi:local/dasc/{id}/origin</preferredOriginID>\n",
            Instant(e.start_ns)
        )
    });
    format!(
        "<event publicID=\"smi:local/dasc/{id}\">\n<description><text>{}</text></description>\n\
         <comment><text>{}</text></comment>\n{}{}{}</event>\n",
        escaped(&e.detector),
        escaped(&comment),
        pick("start", e.start_ns, e.start_channel),
        pick("peak", e.peak_ns, e.peak_channel),
        origin.unwrap_or_default()
    )
}

/// Text within an element. Characters that XML cannot hold are replaced.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\t' | '\n' | '\r' => safe.push(c),
            c if c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c) => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}
