//! How much of the temporary store a plan needs.

use dasc_ir::graph::NodeId;

use crate::plan::{Pass, Place, Plan, Stream, Whole, WholeInput, WholeKind, WholeOutput};

impl Plan {
    /// The most bytes that whole-record steps keep in the temporary store at once. What is turned round is given back while it is
    /// read for the last time, so a store and the one made from it count as the larger of the two.
    pub fn stored_bytes(&self) -> u64 {
        let mut most = 0;
        for (number, pass) in self.passes.iter().enumerate() {
            let stands = |spool: u32| self.made_in(spool) < number && self.last_reader(spool) >= number;
            let (mut kept, mut given_back, mut made) = (0u64, 0u64, 0u64);
            for earlier in &self.passes {
                for whole in &earlier.transforms {
                    let WholeOutput::Spool(spool) = whole.output else { continue };
                    if !stands(spool) {
                        continue;
                    }
                    let bytes = self.left_behind(earlier, whole);
                    if whole.kind == WholeKind::Reverse && self.last_reader(spool) == number {
                        given_back += bytes;
                    } else {
                        kept += bytes;
                    }
                }
            }
            for whole in &pass.transforms {
                made += taken_in(pass, whole);
                if whole.output_is_new() {
                    made += self.left_behind(pass, whole);
                }
            }
            most = most.max(kept + given_back.max(made));
        }
        most
    }

    /// The transform along time with the longest line, and the bytes of memory that one line of it takes.
    pub fn longest_line(&self) -> Option<(NodeId, u64)> {
        let wholes =
            self.passes.iter().flat_map(|pass| pass.transforms.iter().map(move |whole| (pass, whole)));
        let transforms = wholes.filter(|(_, whole)| matches!(whole.kind, WholeKind::Transform(_)));
        let lines = transforms.map(|(pass, whole)| {
            let rows = match &whole.input {
                WholeInput::Stream(number) => &pass.flow.streams[*number as usize].rows,
                WholeInput::Statistic { rows, .. } => rows,
            };
            let longest = rows.iter().map(|(a, b)| (b - a).max(0)).max();
            (whole.node, longest.unwrap_or(0).unsigned_abs() * LINE_BYTES)
        });
        lines.max_by_key(|(_, bytes)| *bytes)
    }

    /// Bytes a whole step leaves for the passes after it.
    fn left_behind(&self, pass: &Pass, whole: &Whole) -> u64 {
        match (&whole.input, whole.kind) {
            (WholeInput::Stream(_), WholeKind::Reverse) => taken_in(pass, whole),
            (WholeInput::Stream(number), WholeKind::Transform(_)) => {
                elements(&pass.flow.streams[*number as usize]) * 8
            }
            (WholeInput::Statistic { number, rows }, _) => {
                let rows: i64 = rows.iter().map(|(a, b)| (b - a).max(0)).sum();
                rows.unsigned_abs() * u64::from(self.statistics[*number as usize].channels) * 4
            }
        }
    }

    /// The pass whose whole step leaves a spool behind.
    fn made_in(&self, spool: u32) -> usize {
        let makes = |pass: &Pass| pass.transforms.iter().any(|w| w.output == WholeOutput::Spool(spool));
        self.passes.iter().position(makes).unwrap_or(0)
    }

    /// The last pass that reads a spool.
    pub fn last_reader(&self, spool: u32) -> usize {
        let reads = |pass: &Pass| pass.flow.streams.iter().any(|s| s.place == Place::Spool(spool));
        self.passes.iter().rposition(reads).unwrap_or(0)
    }
}

impl Whole {
    /// Whether what is read later lies beside what was taken in.
    fn output_is_new(&self) -> bool {
        matches!((self.kind, self.output), (WholeKind::Transform(_), WholeOutput::Spool(_)))
    }
}

/// What a row of a line takes while the line is transformed: a complex number in F64 and the transform's scratch of up to twice that.
pub const LINE_BYTES: u64 = 48;

fn elements(stream: &Stream) -> u64 {
    let rows: i64 = stream.rows.iter().map(|(a, b)| (b - a).max(0)).sum();
    rows.unsigned_abs() * u64::from(stream.inner) * u64::from(stream.channels)
}

/// Bytes a whole step stores while its input arrives.
fn taken_in(pass: &Pass, whole: &Whole) -> u64 {
    let WholeInput::Stream(number) = whole.input else { return 0 };
    let stream = &pass.flow.streams[number as usize];
    match whole.kind {
        // Lines are F64, so that nothing is lost before the transform.
        WholeKind::Transform(_) => elements(stream) * 8,
        WholeKind::Reverse => elements(stream) * u64::from(stream.planes) * stream.element() as u64,
    }
}
