//! Zarr, versions 2 and 3: a folder with an array of samples and arrays of coordinates, as dasc, xarray and zarr-python write it.
//!
//! Metadata and codecs are read here rather than by a library, because those allocate what a damaged chunk claims to hold; here nothing
//! comes out of a codec beyond the chunk's size.

mod blosc;
mod chunks;
mod codec;
mod metadata;
mod times;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dasc_ir::{Diag, Rational, Result, Unit};
use serde_json::Value;

use crate::array::{Array, DataFile, Layout, Numbers};
use crate::cf::{CHANNEL, DATA, DISTANCE, TIME, since, spacing};
use crate::found::{self, Clock, Found};
use crate::record::{Axes, Record};
use crate::{ASSUMED_SPACING, ReadOptions};

pub(crate) use chunks::FolderChunks;
use metadata::{Metadata, Node};

/// Arrays in a group, beyond which nobody looks.
const MOST_ARRAYS: usize = 10_000;

/// Whether a path is the root of a Zarr hierarchy.
pub(crate) fn is_zarr(path: &Path) -> bool {
    path.is_dir() && metadata::MARKERS.iter().any(|marker| path.join(marker).is_file())
}

/// Bytes of all files in it.
pub(crate) fn bytes_of(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_of(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    sizes.fold(0, u64::saturating_add)
}

/// Files and folders whose change means that what a Zarr says of itself may have changed.
pub(crate) fn marks(path: &Path) -> Vec<PathBuf> {
    let within = std::fs::read_dir(path).into_iter().flatten().take(MOST_ARRAYS).flatten();
    let mut folders: Vec<PathBuf> =
        within.map(|entry| entry.path()).filter(|folder| is_zarr(folder)).collect();
    folders.sort();
    // A folder changes when chunks come into it.
    let chunks = folders.iter().flat_map(|folder| [folder.clone(), folder.join("c")]);
    let chunks: Vec<PathBuf> = chunks.filter(|folder| folder.is_dir()).collect();
    folders.push(path.to_path_buf());
    let said = metadata::MARKERS.iter().chain(&[".zattrs"]);
    let said = folders.iter().flat_map(|folder| said.clone().map(|marker| folder.join(marker)));
    said.filter(|file| file.is_file()).chain(chunks).collect()
}

/// Attributes of the root.
pub(crate) fn attributes(path: &str) -> Result<BTreeMap<String, String>> {
    let attributes = match metadata::node(path, Path::new(path))? {
        Node::Array(array) => array.attributes,
        Node::Group(attributes) => attributes,
    };
    Ok(attributes.iter().map(|(name, value)| (name.clone(), shown(value))).collect())
}

pub(crate) fn open(path: &str, options: &ReadOptions) -> Result<Record> {
    let root = Path::new(path);
    let node = metadata::node(path, root)?;
    let (arrays, strange, group) = match node {
        Node::Array(array) => (vec![(String::new(), *array)], Vec::new(), BTreeMap::new()),
        Node::Group(attributes) => {
            let (arrays, strange) = children(path, root)?;
            (arrays, strange, attributes)
        }
    };
    let (name, data) = payload(path, &arrays, &strange)?;
    let record = Opened { path, root, arrays: &arrays };
    let mut found = record.found(name, data, &group, options)?;
    let kept = data.attributes.iter().chain(&group);
    found.attributes = kept.map(|(name, value)| (name.clone(), shown(value))).collect();
    found::record(if data.version == 2 { "zarr2" } else { "zarr" }, found, record.array(name, data)?, options)
}

/// Arrays by name.
type Arrays = Vec<(String, Metadata)>;

/// Arrays that cannot be read, and why.
type Strange = Vec<(String, Diag)>;

/// The arrays directly in a group.
fn children(path: &str, root: &Path) -> Result<(Arrays, Strange)> {
    let failed = |error: std::io::Error| Diag::world(format!("cannot look into '{path}': {error}"));
    let (mut arrays, mut strange) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(root).map_err(failed)?.take(MOST_ARRAYS) {
        let entry = entry.map_err(failed)?;
        let (Ok(name), folder) = (entry.file_name().into_string(), entry.path()) else { continue };
        if !is_zarr(&folder) {
            continue;
        }
        match metadata::node(&format!("{path}/{name}"), &folder) {
            Ok(Node::Array(array)) => arrays.push((name, *array)),
            Ok(Node::Group(_)) => {}
            // Text beside the samples, for instance.
            Err(diag) => strange.push((name, diag)),
        }
    }
    arrays.sort_by(|a, b| a.0.cmp(&b.0));
    Ok((arrays, strange))
}

/// The array of samples: the one with two axes, of several the one that is called so. None is taken in place of a `data` that cannot be read.
fn payload<'a>(path: &str, arrays: &'a Arrays, strange: &Strange) -> Result<(&'a str, &'a Metadata)> {
    let is_data = |name: &str| name.eq_ignore_ascii_case("data");
    if let Some((_, diag)) = strange.iter().find(|(name, _)| is_data(name)) {
        return Err(diag.clone());
    }
    let otherwise = arrays.iter().any(|(name, array)| is_data(name) && array.shape.len() != 2);
    let flat: Vec<&(String, Metadata)> = arrays.iter().filter(|(_, array)| array.shape.len() == 2).collect();
    let called = |known: &&str| flat.iter().find(|(name, _)| name.eq_ignore_ascii_case(known)).copied();
    let found = match flat.as_slice() {
        _ if otherwise => None,
        [only] => Some(*only),
        _ => DATA.iter().find_map(called),
    };
    if let Some((name, array)) = found {
        return Ok((name, array));
    }
    if let (true, false, Some((_, diag))) = (flat.is_empty(), otherwise, strange.first()) {
        return Err(diag.clone());
    }
    let listed: Vec<String> =
        arrays.iter().map(|(name, array)| format!("'{name}' of shape {:?}", array.shape)).collect();
    let has = if listed.is_empty() { "no arrays".to_string() } else { listed.join(", ") };
    Err(Diag::world(format!("'{path}' has no array of samples by channels: it has {has}")).help(
        "samples are the only array with two axes, or the one called data; name one with its path, 'store.zarr/strain'",
    ))
}

/// Attributes as text, no longer than anyone reads.
fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
    text.chars().take(1 << 16).collect()
}

struct Opened<'a> {
    path: &'a str,
    root: &'a Path,
    arrays: &'a Arrays,
}

impl Opened<'_> {
    fn find(&self, name: &str) -> Option<&Metadata> {
        self.arrays.iter().find(|(known, _)| known == name).map(|(_, array)| array)
    }

    fn array(&self, name: &str, metadata: &Metadata) -> Result<Array> {
        let file = Arc::new(DataFile::at(self.path, &metadata.file)?);
        let shown = if name.is_empty() { self.path } else { name };
        let chunks = self.chunks(name, metadata)?;
        let shape = metadata::three(&metadata.shape, 1);
        let shape = shape.ok_or_else(|| Diag::compiler("zarr: an array of more than two axes"))?;
        Array::new(file, shown, metadata.element, shape, Layout::Folder(chunks))
    }

    fn chunks(&self, name: &str, metadata: &Metadata) -> Result<FolderChunks> {
        let shown = if name.is_empty() { self.path } else { name };
        FolderChunks::new(&self.root.join(name), self.path, shown, metadata)
    }

    fn found(
        &self,
        name: &str,
        data: &Metadata,
        group: &BTreeMap<String, Value>,
        options: &ReadOptions,
    ) -> Result<Found> {
        let mut notes = Vec::new();
        let (time, other) = self.axes(data, &mut notes);
        let attribute = |name: &str| data.attributes.get(name).or(group.get(name));
        let samples = data.shape.get(time).copied().unwrap_or(0);
        let clock = self.clock(data, time, samples, (&attribute, group), options, &mut notes)?;
        let mut found = Found::new(if name.is_empty() { "the array" } else { name }, clock);
        found.axes = if time == 0 { Axes::TimeChannel } else { Axes::ChannelTime };
        found.notes = notes;
        self.channels(data, other, &mut found)?;
        let text = |name: &str| data.attributes.get(name).and_then(Value::as_str);
        found.unit = text("units").or(text("unit")).unwrap_or_default().to_string();
        let number = |name: &str| attribute(name).and_then(Value::as_f64);
        found.scale = number("scale_factor").unwrap_or(1.0);
        if number("add_offset").is_some_and(|offset| offset != 0.0) {
            return Err(Diag::world(format!("the samples of '{}' have an add_offset", self.path))
                .help("store them without an offset: xarray's encoding {'add_offset': 0}"));
        }
        found.gauge_length = number("gauge_length").or(number("gauge_length_m"));
        Ok(found)
    }

    /// Which axis is time, and which the channels.
    fn axes(&self, data: &Metadata, notes: &mut Vec<String>) -> (usize, usize) {
        let is_time = |name: &String| {
            let units = self.find(name).and_then(|array| array.attributes.get("units")?.as_str());
            TIME.iter().any(|known| name.eq_ignore_ascii_case(known)) || units.and_then(since).is_some()
        };
        match data.dimensions.as_slice() {
            [_, second] if is_time(second) => (1, 0),
            [first, _] if is_time(first) => (0, 1),
            _ => {
                notes.push("no axis is called time; the first is taken for it".into());
                (0, 1)
            }
        }
    }

    fn clock<'a>(
        &self,
        data: &Metadata,
        axis: usize,
        samples: u64,
        (attribute, group): (&impl Fn(&str) -> Option<&'a Value>, &BTreeMap<String, Value>),
        options: &ReadOptions,
        notes: &mut Vec<String>,
    ) -> Result<Clock> {
        let time = data.dimensions.get(axis);
        let coordinate = time.and_then(|name| Some((name, self.find(name)?)));
        if let (Some(rate), Some(start_ns)) = (options.fs, options.start) {
            return Ok(Clock::Regular { start_ns, rate });
        }
        if let Some((name, metadata)) = coordinate.filter(|(_, found)| found.shape == [samples]) {
            let units = metadata.attributes.get("units").and_then(Value::as_str).unwrap_or_default();
            let known = metadata.datetime.map(|unit_ns| (unit_ns, 0)).or_else(|| since(units));
            let (unit_ns, origin_ns) = known.ok_or_else(|| {
                Diag::world(format!("the times '{name}' of '{}' have the units '{units}'", self.path))
                    .help("CF's units are read, such as 'nanoseconds since 1970-01-01'; or give FS and START to READ")
            })?;
            let (array, chunks) = (self.array(name, metadata)?, self.chunks(name, metadata)?);
            chunks.all_written(samples)?;
            let told = metadata.attributes.get("sampling_rate_hz").and_then(rate);
            // What dasc wrote may be stretches of single samples, whose steps say nothing of their rate.
            let ours = group.contains_key("dasc_version");
            if let (Some(rate), None) = (told, options.fs)
                && (ours || times::bear_out(&array, samples, rate, (unit_ns, origin_ns))?)
            {
                let segments = times::segments(&array, samples, rate, (unit_ns, origin_ns))?;
                return Ok(Clock::Segments { segments, rate });
            }
            let stamps = array.numbers()?;
            return Ok(Clock::Stamped { stamps, unit_ns, origin_ns, nominal: told });
        }
        let told = ["sampling_rate_hz", "sampling_rate", "fs"].iter().find_map(|name| attribute(name));
        let rate = options.fs.or_else(|| told.and_then(rate)).ok_or_else(|| {
            Diag::usage(format!("'{}' does not say its sampling rate: it has no array of times", self.path))
                .help("give it, for instance FS=1kHz")
        })?;
        if options.start.is_none() {
            notes.push("there is no start time; 1970-01-01 is taken, give START to READ".into());
        }
        Ok(Clock::Regular { start_ns: options.start.unwrap_or(0), rate })
    }

    /// Numbers and distances of channels, from the arrays along their axis.
    fn channels(&self, data: &Metadata, axis: usize, found: &mut Found) -> Result<()> {
        let count = data.shape.get(axis).copied().unwrap_or(0);
        let dimension = data.dimensions.get(axis);
        let mut placed = false;
        for (name, metadata) in self.arrays {
            if metadata.shape != [count] || metadata.dimensions.first() != dimension {
                continue;
            }
            let named = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
            let units = metadata.attributes.get("units").and_then(Value::as_str).and_then(Unit::parse);
            let metres = units.and_then(|unit| unit.convert(1.0, &Unit::parse("m")?));
            // Other arrays along the channels, such as which fibre each is on, are neither.
            let (counts, own) = (named(&CHANNEL), Some(name) == dimension);
            if !(counts || own || named(&DISTANCE)) {
                continue;
            }
            match self.array(name, metadata)?.numbers()? {
                Numbers::Integers(numbers) if metres.is_none() && (counts || !named(&DISTANCE)) => {
                    if let Some((first, step)) = even(&numbers) {
                        (found.first, found.step) = (first, step);
                    } else {
                        found.notes.push(format!(
                            "the numbers '{name}' of channels are uneven; they are counted from 0"
                        ));
                    }
                }
                Numbers::Reals(_) if counts && !own => {}
                numbers => {
                    let factor = metres.unwrap_or(1.0);
                    let scaled = numbers.to_reals().iter().map(|at| at * factor).collect();
                    (found.distance, found.spacing) = spacing(&Numbers::Reals(scaled), &mut found.notes);
                    placed = true;
                }
            }
        }
        if !placed {
            found.notes.push(ASSUMED_SPACING.to_string());
        }
        Ok(())
    }
}

/// First and step of numbers that rise evenly.
fn even(numbers: &[i64]) -> Option<(i64, i64)> {
    let first = *numbers.first()?;
    let step = numbers.get(1).map_or(Some(1), |second| second.checked_sub(first))?;
    let steps =
        |pair: &[i64]| pair.first().zip(pair.get(1)).is_some_and(|(a, b)| b.checked_sub(*a) == Some(step));
    (step > 0 && numbers.windows(2).all(steps)).then_some((first, step))
}

/// A rate in hertz: a number, or a fraction as text.
fn rate(value: &Value) -> Option<Rational> {
    let found = match value {
        Value::String(text) => {
            let (num, den) = text.split_once('/').unwrap_or((text, "1"));
            let exact = num.trim().parse().ok().zip(den.trim().parse().ok());
            exact
                .and_then(|(num, den)| Rational::new(num, den))
                .or_else(|| Rational::approximate(text.parse().ok()?))
        }
        other => Rational::approximate(other.as_f64()?),
    };
    found.filter(|rate| *rate > Rational::ZERO)
}
