//! From packets to segments, by the recorder's count of samples.

use dasc_ir::time::format_utc;

use crate::Segment;

/// What a packet's header says of when it was recorded.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    /// Samples that the recorder had taken before.
    pub count: u64,
    pub start_ns: i64,
    pub rows: u64,
}

/// Stretches of packets that follow each other without a missing sample. Counts go up to `modulus` and begin at 0 again.
/// Where the count goes back, the index goes on without a hole and a note tells of it.
#[derive(Debug)]
pub struct Packets {
    modulus: u64,
    last: Option<Packet>,
    pub segments: Vec<Segment>,
    pub notes: Vec<String>,
}

/// Recordings with more breaks than this are told of one by one no longer.
const TOLD: usize = 8;

impl Packets {
    pub fn new(modulus: u64) -> Packets {
        Packets { modulus, last: None, segments: Vec::new(), notes: Vec::new() }
    }

    pub fn push(&mut self, packet: Packet) {
        let begin = |start: i64| Segment { start, len: packet.rows, start_ns: packet.start_ns };
        match (self.last, self.segments.last_mut()) {
            (Some(last), Some(segment)) => {
                let expected = last.count.wrapping_add(last.rows);
                // Both are below the modulus or wrapped beyond 2⁶⁴, which a modulus of a power of two divides.
                let missing = packet.count.wrapping_sub(expected) & self.modulus;
                let end = segment.start.saturating_add_unsigned(segment.len);
                if missing == 0 {
                    segment.len = segment.len.saturating_add(packet.rows);
                } else if missing <= self.modulus / 2 {
                    self.segments.push(begin(end.saturating_add_unsigned(missing)));
                } else {
                    if self.notes.len() < TOLD {
                        let at = format_utc(packet.start_ns);
                        self.notes
                            .push(format!("the recorder counts its samples anew at {at}, at sample {end}"));
                    }
                    self.segments.push(begin(end));
                }
            }
            _ => self.segments.push(begin(0)),
        }
        self.last = Some(packet);
    }
}
