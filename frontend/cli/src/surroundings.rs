//! What a step finds beside its input: flows of the same READ, and records that it names by their path.

use std::ops::Range;
use std::path::PathBuf;

use dasc_io::{Location, ReadOptions, Source};
use dasc_ir::graph::builder::{Beside, Samples};
use dasc_ir::graph::{NodeId, Signal};
use dasc_ir::{DType, Diag, Rational, Result};

use crate::names::located_in;
use crate::record::{self, dtype};

/// The flows among the arguments of a step, and where its paths begin.
#[derive(Debug)]
pub struct Surroundings {
    pub folder: PathBuf,
    pub flows: Vec<(String, NodeId)>,
}

impl Beside for Surroundings {
    fn flow(&self, name: &str) -> Option<NodeId> {
        self.flows.iter().find(|(known, _)| known == name).map(|(_, node)| *node)
    }

    fn record(&self, path: &str, rate: Option<Rational>) -> Result<Box<dyn Samples>> {
        let path = located_in(&self.folder, path).to_string_lossy().into_owned();
        let source = dasc_io::open(&Location {
            path: path.clone(),
            options: ReadOptions { fs: rate, ..ReadOptions::default() },
        })?;
        let header = source.header();
        let signal = Signal {
            dtype: dtype(header.file_type),
            unit: header.unit.clone(),
            time: Some(record::time_axis(header, &path)?),
            inner: None,
            channel: Some(record::channel_axis(header, &path, None)?),
        };
        Ok(Box::new(Opened { source, signal }))
    }
}

struct Opened {
    source: Box<dyn Source>,
    signal: Signal,
}

impl Samples for Opened {
    fn signal(&self) -> &Signal {
        &self.signal
    }

    fn read(&self, rows: Range<i64>, channels: Range<u32>) -> Result<Vec<f64>> {
        let header = self.source.header();
        let lost = || Diag::compiler("samples beyond a record are asked for");
        let count = usize::try_from(rows.end - rows.start).map_err(|_| lost())?;
        let stride = channels.len() * header.file_type.size();
        let mut bytes = vec![0; count.checked_mul(stride).ok_or_else(lost)?];
        self.source.read(rows, channels.start as usize..channels.end as usize, &mut bytes, stride)?;
        let values = bytes.chunks_exact(header.file_type.size());
        Ok(values.map(|bytes| header.scale * number(self.signal.dtype, bytes)).collect())
    }
}

/// A sample in native byte order.
fn number(dtype: DType, bytes: &[u8]) -> f64 {
    match (dtype, bytes) {
        (DType::I16, &[a, b]) => i16::from_ne_bytes([a, b]).into(),
        (DType::I32, &[a, b, c, d]) => i32::from_ne_bytes([a, b, c, d]).into(),
        (DType::F32, &[a, b, c, d]) => f32::from_ne_bytes([a, b, c, d]).into(),
        (_, &[a, b, c, d, e, f, g, h]) => f64::from_ne_bytes([a, b, c, d, e, f, g, h]),
        _ => f64::NAN,
    }
}
