//! The only code that calls the HDF5 C library. It runs in the worker process alone, under limits of memory and
//! processor time, because the library crashes, hangs and takes any memory on malformed files.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use hdf5_metno as hdf5;
use hdf5_metno::types::{FixedAscii, FixedUnicode, TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5_metno::{Container, Group, LinkType, LocationType};

use super::description::{Attributes, Chunk, Dataset, Description, Storage, Value};
use crate::array::{Class, Element, Filter};

const MOST_OBJECTS: usize = 20_000;
const DEEPEST: usize = 24;
/// The library finds chunk `i` by walking past the `i` before it, so this bounds a quadratic search.
const MOST_CHUNKS: usize = 16_384;
const MOST_VALUES: usize = 4096;
const LONGEST_TEXT: usize = 64 << 10;

/// What the file at `path` holds; the error is the library's.
pub(crate) fn describe(path: &OsStr) -> Result<Description, String> {
    let file = hdf5::File::open(path).map_err(|e| e.to_string())?;
    let mut description = Description::default();
    group(&file, "", 0, &mut description);
    Ok(description)
}

fn group(group: &Group, path: &str, depth: usize, into: &mut Description) {
    let (found, skipped) = attributes(group);
    into.groups.insert(path.to_string(), found);
    into.skipped.extend(skipped.into_iter().map(|s| format!("attribute {path}@{s}")));
    let mut names = Vec::new();
    let listed = group.iter_visit_default(|name, link| {
        // Soft and external links would lead elsewhere, perhaps in circles.
        if link.link_type == LinkType::Hard && names.len() < MOST_OBJECTS {
            names.push(name.to_string());
        }
        Ok(())
    });
    if let Err(e) = listed {
        into.skipped.push(format!("group '{path}': {e}"));
    }
    for name in names {
        let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        if into.groups.len() + into.datasets.len() >= MOST_OBJECTS || depth >= DEEPEST {
            into.skipped.push(format!("'{below}' and what follows: too many objects"));
            return;
        }
        let outcome = match group.loc_type_by_name(&name) {
            Ok(LocationType::Group) => group.group(&name).map(|g| self::group(&g, &below, depth + 1, into)),
            Ok(LocationType::Dataset) => group.dataset(&name).and_then(|d| {
                let (dataset, skipped) = dataset(&d)?;
                into.skipped.extend(skipped.into_iter().map(|s| format!("attribute {below}@{s}")));
                into.datasets.insert(below.clone(), dataset);
                Ok(())
            }),
            Ok(_) => Ok(()),
            Err(e) => Err(e),
        };
        if let Err(e) = outcome {
            into.skipped.push(format!("'{below}': {e}"));
        }
    }
}

/// Attributes that can be told in a [`Value`], and the names of the rest.
fn attributes(location: &hdf5::Location) -> (Attributes, Vec<String>) {
    let (mut found, mut skipped) = (BTreeMap::new(), Vec::new());
    for name in location.attr_names().unwrap_or_default() {
        let told = location.attr(&name).map_err(|e| e.to_string()).and_then(|a| value(&a));
        match told {
            Ok(value) => drop(found.insert(name, value)),
            Err(why) => skipped.push(format!("{name}: {why}")),
        }
    }
    (found, skipped)
}

fn dataset(dataset: &hdf5::Dataset) -> hdf5::Result<(Dataset, Vec<String>)> {
    let shape: Vec<u64> = dataset.get_shape()?.iter().map(|n| *n as u64).collect();
    let datatype = dataset.dtype()?;
    let descriptor = datatype.to_descriptor();
    let big_endian = matches!(datatype.byte_order(), hdf5::datatype::ByteOrder::BigEndian);
    let element = descriptor.as_ref().ok().and_then(|d| element(d, big_endian));
    let type_name = descriptor.map_or_else(|e| e.to_string(), |d| d.to_string());
    let (attributes, skipped) = attributes(dataset);
    let small = shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d)).is_some_and(|n| n <= 64);
    let value = if small { value(dataset).ok() } else { None };
    let storage = storage(dataset, element);
    Ok((Dataset { shape, element, type_name, storage, attributes, value }, skipped))
}

fn element(descriptor: &TypeDescriptor, big_endian: bool) -> Option<Element> {
    let (class, size) = match descriptor {
        TypeDescriptor::Integer(size) => (Class::Signed, *size as u8),
        TypeDescriptor::Unsigned(size) => (Class::Unsigned, *size as u8),
        TypeDescriptor::Float(size) => (Class::Float, *size as u8),
        _ => return None,
    };
    Some(Element { class, size, big_endian })
}

fn storage(dataset: &hdf5::Dataset, element: Option<Element>) -> Storage {
    use hdf5::dataset::Layout;
    match dataset.layout() {
        Layout::Contiguous => match dataset.offset() {
            Some(offset) => Storage::Contiguous { offset },
            None => Storage::Elsewhere("no data was ever written to it, or it lies in other files".into()),
        },
        Layout::Chunked => chunked(dataset),
        Layout::Compact => match element.map(|e| compact(dataset, e)) {
            Some(Ok(bytes)) => Storage::Compact(bytes),
            _ => Storage::Elsewhere("it holds no numbers".into()),
        },
        Layout::Virtual => Storage::Elsewhere("it is a virtual dataset, made of other files".into()),
    }
}

fn chunked(dataset: &hdf5::Dataset) -> Storage {
    let Some(chunk) = dataset.chunk() else { return Storage::Elsewhere("its chunks have no shape".into()) };
    let count = dataset.num_chunks().unwrap_or(0);
    if count > MOST_CHUNKS {
        let text = format!(
            "it has {count} chunks and {MOST_CHUNKS} is the most that are read; repack it with larger chunks"
        );
        return Storage::Elsewhere(text);
    }
    let mut chunks = Vec::with_capacity(count);
    for index in 0..count {
        let Some(info) = dataset.chunk_info(index) else {
            return Storage::Elsewhere(format!("its chunk {index} of {count} cannot be found"));
        };
        chunks.push(Chunk { first: info.offset, offset: info.addr, size: info.size, mask: info.filter_mask });
    }
    let filters = dataset.filters().iter().map(filter).collect();
    Storage::Chunked { chunk: chunk.iter().map(|n| *n as u64).collect(), filters, chunks }
}

fn filter(filter: &hdf5::filters::Filter) -> Filter {
    use hdf5::filters::Filter as Known;
    match filter {
        Known::Deflate(_) => Filter::Deflate,
        Known::Shuffle => Filter::Shuffle,
        Known::Fletcher32 => Filter::Fletcher32,
        Known::SZip(..) => Filter::Unknown("szip".into()),
        Known::NBit => Filter::Unknown("n-bit".into()),
        Known::ScaleOffset(_) => Filter::Unknown("scale-offset".into()),
        // Numbers registered with The HDF Group.
        Known::User(id, _) => Filter::Unknown(match id {
            32000 => "LZF".into(),
            32001 => "Blosc".into(),
            32004 => "LZ4".into(),
            32008 => "bitshuffle".into(),
            32013 => "ZFP".into(),
            32015 => "Zstandard".into(),
            32026 => "Blosc2".into(),
            id => format!("filter number {id}"),
        }),
    }
}

/// The elements of a compact dataset, which the format limits to 64 KiB, as if they were stored in file order.
fn compact(dataset: &hdf5::Dataset, element: Element) -> hdf5::Result<Vec<u8>> {
    macro_rules! bytes {
        ($t:ty) => {{
            let values = dataset.read_raw::<$t>()?;
            let big = element.big_endian;
            values.iter().flat_map(|x| if big { x.to_be_bytes() } else { x.to_le_bytes() }).collect()
        }};
    }
    if dataset.size() > LONGEST_TEXT {
        return Err("a compact dataset beyond 64 KiB".into());
    }
    Ok(match (element.class, element.size) {
        (Class::Signed, 1) => bytes!(i8),
        (Class::Signed, 2) => bytes!(i16),
        (Class::Signed, 4) => bytes!(i32),
        (Class::Signed, _) => bytes!(i64),
        (Class::Unsigned, 1) => bytes!(u8),
        (Class::Unsigned, 2) => bytes!(u16),
        (Class::Unsigned, 4) => bytes!(u32),
        (Class::Unsigned, _) => bytes!(u64),
        (Class::Float, 4) => bytes!(f32),
        (Class::Float | Class::Ibm, _) => bytes!(f64),
    })
}

/// Numbers, booleans and text; the error names what else it is. References and compounds are left alone.
fn value(container: &Container) -> Result<Value, String> {
    let text = |e: hdf5::Error| e.to_string();
    let space = container.space().map_err(text)?;
    if space.is_null() {
        return Ok(Value::Texts(Vec::new()));
    }
    let datatype = container.dtype().map_err(text)?;
    let (count, size) = (space.size(), datatype.size());
    if count > MOST_VALUES || count.saturating_mul(size) > LONGEST_TEXT {
        return Err(format!("{count} values of {size} bytes are too many"));
    }
    fn fixed<const N: usize>(container: &Container, unicode: bool) -> hdf5::Result<Vec<String>> {
        if unicode {
            return Ok(container
                .read_raw::<FixedUnicode<N>>()?
                .iter()
                .map(|s| s.as_str().to_string())
                .collect());
        }
        // Latin-1 and worse are found in ASCII strings; what is not UTF-8 is shown as such.
        let raw = container.read_raw::<FixedAscii<N>>()?;
        Ok(raw.iter().map(|s| String::from_utf8_lossy(s.as_bytes()).into_owned()).collect())
    }
    match datatype.to_descriptor().map_err(text)? {
        TypeDescriptor::Integer(_) => container.read_raw::<i64>().map(Value::Integers),
        TypeDescriptor::Unsigned(_) => container
            .read_raw::<u64>()
            .map(|v| Value::Integers(v.iter().map(|x| i64::try_from(*x).unwrap_or(i64::MAX)).collect())),
        TypeDescriptor::Float(_) => container.read_raw::<f64>().map(Value::Reals),
        TypeDescriptor::Boolean => {
            container.read_raw::<bool>().map(|v| Value::Integers(v.iter().map(|x| i64::from(*x)).collect()))
        }
        TypeDescriptor::FixedAscii(n) if n <= 256 => fixed::<256>(container, false).map(Value::Texts),
        TypeDescriptor::FixedAscii(n) if n <= 4096 => fixed::<4096>(container, false).map(Value::Texts),
        TypeDescriptor::FixedUnicode(n) if n <= 256 => fixed::<256>(container, true).map(Value::Texts),
        TypeDescriptor::FixedUnicode(n) if n <= 4096 => fixed::<4096>(container, true).map(Value::Texts),
        TypeDescriptor::VarLenAscii => container.read_raw::<VarLenAscii>().map(|v| {
            Value::Texts(v.iter().map(|s| String::from_utf8_lossy(s.as_bytes()).into_owned()).collect())
        }),
        TypeDescriptor::VarLenUnicode => container.read_raw::<VarLenUnicode>().map(|v| {
            Value::Texts(v.iter().map(|s| String::from_utf8_lossy(s.as_bytes()).into_owned()).collect())
        }),
        other => return Err(format!("a value of type {other}")),
    }
    .map_err(text)
}
