//! Everything about a file that can be said without reading its samples, for `dasc inspect`.

use std::collections::BTreeMap;
use std::path::Path;

use dasc_ir::{Diag, Result, time::format_utc};
use serde::Serialize;

use crate::array::{DataFile, Filter};
use crate::folder::{bytes_of, names_several};
use crate::open::{Kind, kind};
use crate::{Location, OnBad, ReadOptions, Survey, SurveyFacts, hdf5, open, read_geometry, zarr};

#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    pub path: String,
    pub bytes: u64,
    /// `None` where the file cannot be read as a record; `problem` says why.
    pub record: Option<RecordFacts>,
    pub problem: Option<String>,
    /// What a container such as HDF5 holds.
    pub datasets: Vec<Listed>,
    pub skipped: Vec<String>,
    /// Files of a folder that cannot be read, each with the reason.
    pub left_out: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RecordFacts {
    pub format: String,
    #[serde(rename = "type")]
    pub file_type: String,
    pub samples: u64,
    pub channels: u64,
    pub first_channel: i64,
    pub channel_step: i64,
    /// Samples per second, as a fraction and as a number.
    pub rate: String,
    pub rate_hz: f64,
    pub spacing_m: f64,
    pub distance_m: f64,
    pub gauge_length_m: Option<f64>,
    pub unit: String,
    pub scale: f64,
    pub segments: Vec<SegmentFacts>,
    pub attributes: BTreeMap<String, String>,
    pub notes: Vec<String>,
    /// What a table of channels says of them, if one was joined.
    pub survey: Vec<SurveyFacts>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SegmentFacts {
    pub start_sample: i64,
    pub samples: u64,
    pub start_ns: i64,
    pub start: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    pub path: String,
    pub shape: Vec<u64>,
    #[serde(rename = "type")]
    pub type_name: String,
    /// `contiguous at 2048`, `chunks of 1024 x 512, deflate`.
    pub storage: String,
    pub attributes: BTreeMap<String, String>,
    pub value: Option<String>,
}

/// Looks at the file at `path`, also at one that is no record or has no sidecar yet; joins the table of channels at
/// `geometry`.
pub fn inspect(path: &str, geometry: Option<&str>) -> Result<Inspection> {
    let mut inspection = Inspection {
        path: path.to_string(),
        bytes: 0,
        record: None,
        problem: None,
        datasets: Vec::new(),
        skipped: Vec::new(),
        left_out: Vec::new(),
    };
    // Held to the end, so that what a URL names is fetched once.
    let mut opened = None;
    if names_several(path) {
        inspection.bytes = bytes_of(path)?;
    } else if zarr::is_zarr(Path::new(path)) {
        inspection.bytes = zarr::bytes_of(Path::new(path));
    } else if !path.starts_with("synthetic:") {
        let file = opened.insert(DataFile::open(path)?);
        inspection.bytes = file.len();
        if matches!(kind(file)?, Kind::Hdf5) {
            let description = hdf5::describe(file)?;
            inspection.datasets =
                description.datasets.iter().map(|(path, dataset)| listed(path, dataset)).collect();
            inspection.skipped = description.skipped;
        }
    }
    let options = ReadOptions { on_bad: OnBad::Skip, ..ReadOptions::default() };
    match open(&Location { path: path.to_string(), options }) {
        Ok(source) => {
            inspection.left_out = source.losses();
            let header = source.header();
            let survey =
                geometry.map(|table| Survey::new(read_geometry(table)?, header, table)).transpose()?;
            let survey = survey.as_ref().map(Survey::facts).unwrap_or_default();
            inspection.record = Some(RecordFacts { survey, ..facts(header) });
        }
        Err(diag) => inspection.problem = Some(said(&diag)),
    }
    Ok(inspection)
}

/// The script that made a file, where the file says so.
pub fn script_of(path: &str) -> Result<String> {
    let attributes = match zarr::is_zarr(Path::new(path)) {
        // Also of one that is no record, a spectrogram for instance.
        true => zarr::attributes(path)?,
        false => open(&Location::new(path))?.header().attributes.clone(),
    };
    attributes.get("script").cloned().ok_or_else(|| {
        Diag::world(format!("'{path}' says of no script that made it"))
            .help("Zarr stores that dasc wrote say so")
    })
}

fn said(diag: &Diag) -> String {
    diag.to_string()
}

fn facts(header: &crate::Header) -> RecordFacts {
    let segments = header.segments.iter().map(|s| SegmentFacts {
        start_sample: s.start,
        samples: s.len,
        start_ns: s.start_ns,
        start: format_utc(s.start_ns),
    });
    RecordFacts {
        format: header.format.to_string(),
        file_type: format!("{:?}", header.file_type).to_lowercase(),
        samples: header.samples(),
        channels: header.channels.count as u64,
        first_channel: header.channels.first,
        channel_step: header.channels.step,
        rate: header.rate.to_string(),
        rate_hz: header.rate.as_f64(),
        spacing_m: header.spacing,
        distance_m: header.distance,
        gauge_length_m: header.gauge_length,
        unit: header.unit.symbol().to_string(),
        scale: header.scale,
        segments: segments.collect(),
        attributes: header.attributes.clone(),
        notes: header.notes.clone(),
        survey: Vec::new(),
    }
}

fn listed(path: &str, dataset: &hdf5::Dataset) -> Listed {
    let storage = match &dataset.storage {
        hdf5::Storage::Contiguous { offset } => format!("contiguous at {offset}"),
        hdf5::Storage::Compact(bytes) => format!("compact, {} bytes", bytes.len()),
        hdf5::Storage::Elsewhere(why) => why.clone(),
        hdf5::Storage::Chunked { chunk, filters, chunks } => {
            let shape = chunk.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
            let filters = filters.iter().map(|f| match f {
                Filter::Deflate => ", deflate".to_string(),
                Filter::Shuffle => ", shuffle".to_string(),
                Filter::Fletcher32 => ", fletcher32".to_string(),
                Filter::Unknown(name) => format!(", {name}"),
            });
            format!("{} chunks of {shape}{}", chunks.len(), filters.collect::<String>())
        }
    };
    let big = dataset.element.filter(|e| e.big_endian);
    Listed {
        path: path.to_string(),
        shape: dataset.shape.clone(),
        type_name: big.map_or_else(|| dataset.type_name.clone(), |e| e.describe()),
        storage,
        attributes: dataset.attributes.iter().map(|(name, value)| (name.clone(), value.describe())).collect(),
        value: dataset.value.as_ref().map(hdf5::Value::describe),
    }
}
