//! Every real file against what other readers find in it: h5py in HDF5 (`reference/hdf5.py` makes `reference/hdf5.json`),
//! npTDMS, segyio, ObsPy and DASCore in other formats (`reference/formats.py` makes `reference/formats.json`).

use std::path::{Path, PathBuf};

use dasc_io::{FileType, Location, Source, open, set_worker};
use serde_json::Value;

fn data(name: &str) -> String {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
    folder.join(name).to_string_lossy().into_owned()
}

fn expected() -> impl Iterator<Item = (String, Value)> {
    let lists = [include_str!("reference/hdf5.json"), include_str!("reference/formats.json")];
    lists.into_iter().flat_map(|list| match serde_json::from_str(list).unwrap() {
        Value::Object(files) => files,
        other => panic!("{other}"),
    })
}

fn source(name: &str) -> Box<dyn Source> {
    set_worker(env!("CARGO_BIN_EXE_dasc-io-worker"));
    open(&Location::new(data(name))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn decode(file_type: FileType, bytes: &[u8]) -> Vec<f64> {
    match file_type {
        FileType::I16 => bytes.chunks(2).map(|b| i16::from_ne_bytes(b.try_into().unwrap()).into()).collect(),
        FileType::I32 => bytes.chunks(4).map(|b| i32::from_ne_bytes(b.try_into().unwrap()).into()).collect(),
        FileType::F32 => bytes.chunks(4).map(|b| f32::from_ne_bytes(b.try_into().unwrap()).into()).collect(),
        FileType::F64 => bytes.chunks(8).map(|b| f64::from_ne_bytes(b.try_into().unwrap())).collect(),
    }
}

fn near(found: f64, expected: f64, relative: f64) -> bool {
    (found - expected).abs() <= relative * expected.abs().max(1e-300) || found == expected
}

#[test]
fn headers_are_what_the_files_say() {
    for (name, want) in expected() {
        let source = source(&name);
        let header = source.header();
        println!("{name}: {:#?}", header.notes);
        assert_eq!(header.format, want["format"].as_str().unwrap(), "{name}");
        assert_eq!(format!("{:?}", header.file_type), want["type"].as_str().unwrap(), "{name}");
        let shape = [header.samples(), header.channels.count as u64];
        assert_eq!(
            shape.to_vec(),
            want["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect::<Vec<_>>()
        );
        let number = |key: &str| want[key].as_f64().unwrap();
        // Febus rounds its step to eight digits and dasc undoes that; clocks in f64 seconds resolve 1e-7 of a rate.
        assert!(
            near(header.rate.as_f64(), number("rate"), 3e-7),
            "{name}: {} Hz, not {}",
            header.rate,
            number("rate")
        );
        // Spacings kept as f32 are read as the decimals they stand for.
        assert!(
            near(header.spacing, number("spacing"), 1e-7),
            "{name}: {} m, not {}",
            header.spacing,
            number("spacing")
        );
        assert!(
            near(header.distance, number("distance"), 1e-9),
            "{name}: {} m, not {}",
            header.distance,
            number("distance")
        );
        assert!(near(header.scale, number("scale"), 1e-12), "{name}: scale {}", header.scale);
        assert_eq!(header.channels.first, want["first_channel"].as_i64().unwrap(), "{name}");
        assert_eq!(header.unit.symbol(), want["unit"].as_str().unwrap(), "{name}");
        assert_eq!(header.segments.len(), 1, "{name}: {:?}", header.segments);
        let late = header.segments[0].start_ns - want["start_ns"].as_i64().unwrap();
        assert!(late.abs() <= 5, "{name}: starts {late} ns late");
    }
}

#[test]
fn samples_are_the_ones_in_the_file() {
    for (name, want) in expected() {
        let source = source(&name);
        let header = source.header();
        let (rows, channels, width) =
            (header.samples() as i64, header.channels.count, header.file_type.size());
        // Rows are padded, as the engine's are, and the padding must survive.
        let stride = (channels + 3) * width;
        let mut out = vec![0xa5u8; rows as usize * stride];
        source.read(0..rows, 0..channels, &mut out, stride).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut sum = 0.0;
        let table: Vec<Vec<f64>> = out
            .chunks(stride)
            .map(|row| {
                assert!(row[channels * width..].iter().all(|b| *b == 0xa5), "{name}: wrote beyond a row");
                decode(header.file_type, &row[..channels * width])
            })
            .collect();
        for value in table.iter().flatten().filter(|x| !x.is_nan()) {
            sum += value;
        }
        let size: f64 = table.iter().flatten().filter(|x| !x.is_nan()).map(|x| x.abs()).sum();
        assert!((sum - want["sum"].as_f64().unwrap()).abs() <= 1e-12 * size, "{name}: sum {sum}");
        for sample in want["samples"].as_array().unwrap() {
            let (row, channel) = (sample[0].as_u64().unwrap() as usize, sample[1].as_u64().unwrap() as usize);
            assert_eq!(table[row][channel], sample[2].as_f64().unwrap(), "{name} at {row}, {channel}");
        }
        assert!(source.bytes_read() > 0, "{name}");
    }
}

#[test]
fn any_window_holds_what_the_whole_holds() {
    for (name, _) in expected() {
        let source = source(&name);
        let header = source.header();
        let (rows, channels, width) =
            (header.samples() as i64, header.channels.count, header.file_type.size());
        let mut whole = vec![0u8; rows as usize * channels * width];
        source.read(0..rows, 0..channels, &mut whole, channels * width).unwrap();
        let mut seed = 7u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % below
        };
        for _ in 0..40 {
            let first = random(rows as u64) as i64;
            let last = first + random((rows - first) as u64) as i64 + 1;
            let left = random(channels as u64) as usize;
            let right = left + random((channels - left) as u64) as usize + 1;
            let row = (right - left) * width;
            let mut out = vec![0u8; (last - first) as usize * row];
            source.read(first..last, left..right, &mut out, row).unwrap();
            for (i, found) in out.chunks(row).enumerate() {
                let at = ((first as usize + i) * channels + left) * width;
                assert!(
                    found == &whole[at..at + row],
                    "{name} rows {first}..{last} channels {left}..{right}"
                );
            }
        }
    }
}
