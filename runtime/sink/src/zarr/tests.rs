use super::store::{Opener, open_file};
use super::*;
use crate::atomic::Medium;
use crate::atomic::faulty::{EIO, ENOSPC, Faulty, names};
use crate::layout::{Coordinate, Dtype, Input, Provenance};
use dasc_ir::Rational;
use proptest::prelude::*;
use std::fs;
use std::path::PathBuf;
use zarrs::array::{Array, ElementOwned};

fn layout(rows: Option<u64>, channels: u64, start_ns: i64) -> Layout {
    let also = vec![Coordinate {
        name: "distance".into(),
        unit: Unit::parse("m").unwrap(),
        coords: Coords::Linear { start: 100.0, step: 2.5 },
    }];
    let time = Coords::Time { start_ns, rate: Rational::integer(3000), jumps: vec![] };
    let channel = Coords::Index { first: -2, step: 4 };
    Layout {
        name: "strain rate".into(),
        unit: Unit::parse("nstrain/s").unwrap(),
        dtype: Dtype::F32,
        axes: vec![
            AxisInfo { name: "time".into(), unit: Unit::none(), len: rows, coords: time, also: vec![] },
            AxisInfo {
                name: "channel".into(),
                unit: Unit::none(),
                len: Some(channels),
                coords: channel,
                also,
            },
        ],
        provenance: Provenance {
            script: "READ a.h5".into(),
            version: "0.1.0".into(),
            inputs: vec![Input { name: "a.h5".into(), hash: "sha256:00".into() }],
            more: vec![("site".into(), "north".into())],
        },
    }
}

fn in_folder(test: impl FnOnce(PathBuf)) {
    let folder = tempfile::tempdir().unwrap();
    test(folder.path().join("a.zarr"));
}

fn values(rows: std::ops::Range<u64>, channels: u64) -> Vec<f32> {
    rows.flat_map(|row| (0..channels).map(move |channel| row as f32 + channel as f32 / 1024.0)).collect()
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_ne_bytes()).collect()
}

/// Writes `rows` rows, `step` at a time, with padding between them.
fn fill(sink: &mut ZarrSink, first: u64, rows: u64, channels: u64, step: u64) -> Result<()> {
    for start in (0..rows).step_by(step as usize) {
        let count = step.min(rows - start);
        let lines = values(first + start..first + start + count, channels);
        let padded: Vec<u8> =
            lines.chunks(channels as usize).flat_map(|line| [bytes(line), vec![9; 12]].concat()).collect();
        sink.write(start, count as usize, &padded, channels as usize * 4 + 12)?;
    }
    Ok(())
}

fn write(path: &Path, layout: Layout, mode: Mode, first: u64, rows: u64, step: u64) -> Result<Summary> {
    let channels = layout.axes[1].len.unwrap();
    let mut sink = ZarrSink::create(path, layout, mode)?;
    fill(&mut sink, first, rows, channels, step)?;
    Box::new(sink).finish()
}

fn read<T: ElementOwned>(path: &Path, name: &str) -> Vec<T> {
    let array = Array::open(Arc::new(ChunkStore::new(path, path, open_file)), &format!("/{name}")).unwrap();
    array.retrieve_array_subset(&array.subset_all()).unwrap()
}

fn json_of(path: &Path, file: &str) -> Value {
    serde_json::from_slice(&fs::read(path.join(file)).unwrap()).unwrap()
}

#[test]
fn values_and_coordinates_come_back() {
    in_folder(|path| {
        let summary = write(&path, layout(None, 5, 1_000), Mode::New, 0, 7, 3).unwrap();
        assert_eq!((summary.rows, &summary.path), (7, &path));
        assert_eq!(read::<f32>(&path, "data"), values(0..7, 5));
        assert_eq!(read::<i64>(&path, "time")[..3], [1_000, 334_333, 667_667]);
        assert_eq!(read::<i64>(&path, "channel"), [-2, 2, 6, 10, 14]);
        assert_eq!(read::<f64>(&path, "distance"), [100.0, 102.5, 105.0, 107.5, 110.0]);
        assert_eq!(names(path.parent().unwrap()), ["a.zarr"]);
    });
}

/// Keys and values as the Zarr v3 specification, CF and xarray name them.
#[test]
fn metadata_is_what_xarray_looks_for() {
    in_folder(|path| {
        write(&path, layout(Some(7), 5, 0), Mode::New, 0, 7, 7).unwrap();
        let group = json_of(&path, "zarr.json");
        assert_eq!((&group["zarr_format"], &group["node_type"]), (&json!(3), &json!("group")));
        let attributes = &group["attributes"];
        assert_eq!(attributes["script"], "READ a.h5");
        assert_eq!(attributes["inputs"], json!([{ "name": "a.h5", "hash": "sha256:00" }]));
        assert_eq!(attributes["site"], "north");
        let data = json_of(&path, "data/zarr.json");
        assert_eq!(data["shape"], json!([7, 5]));
        assert_eq!(data["data_type"], "float32");
        assert_eq!(data["dimension_names"], json!(["time", "channel"]));
        assert_eq!(data["attributes"]["units"], "nstrain/s");
        assert_eq!(data["attributes"]["coordinates"], "distance");
        assert_eq!(data["fill_value"], "NaN");
        let time = json_of(&path, "time/zarr.json");
        assert_eq!(time["data_type"], "int64");
        assert_eq!(time["attributes"]["units"], "nanoseconds since 1970-01-01");
        assert_eq!(time["attributes"]["sampling_rate_hz"], "3000");
        assert_eq!(json_of(&path, "distance/zarr.json")["dimension_names"], json!(["channel"]));
    });
}

#[test]
fn a_gap_shows_in_the_times() {
    in_folder(|path| {
        let mut sink = ZarrSink::create(&path, layout(None, 1, 0), Mode::New).unwrap();
        fill(&mut sink, 0, 2, 1, 2).unwrap();
        sink.jump(3, 5_000_000_000).unwrap();
        assert!(sink.jump(1, 0).is_err(), "a jump in what is written");
        sink.write(2, 3, &bytes(&[0.0; 3]), 4).unwrap();
        Box::new(sink).finish().unwrap();
        let expected = [0, 333_333, 666_667, 5_000_000_000, 5_000_333_333];
        assert_eq!(read::<i64>(&path, "time"), expected);
    });
}

#[test]
fn appending_goes_on_in_the_last_chunk_and_keeps_the_history() {
    in_folder(|path| {
        write(&path, layout(None, 5, 0), Mode::Append, 0, 7, 7).unwrap();
        let before = read::<i64>(&path, "time");
        let later = 10_000_000_000;
        let summary = write(&path, layout(None, 5, later), Mode::Append, 7, 4, 3).unwrap();
        assert_eq!(summary.rows, 4);
        assert_eq!(read::<f32>(&path, "data"), values(0..11, 5));
        let times = read::<i64>(&path, "time");
        assert_eq!((&times[..7], times[7], times.len()), (before.as_slice(), later, 11));
        assert_eq!(json_of(&path, "zarr.json")["attributes"][HISTORY][0]["script"], "READ a.h5");
        assert_eq!(names(path.parent().unwrap()), ["a.zarr"]);
    });
}

#[test]
fn appending_names_what_differs() {
    in_folder(|path| {
        write(&path, layout(None, 5, 0), Mode::New, 0, 7, 7).unwrap();
        let refused = |change: fn(&mut Layout)| {
            let mut layout = layout(None, 5, 10_000_000_000);
            change(&mut layout);
            ZarrSink::create(&path, layout, Mode::Append).err().expect("is refused").message
        };
        assert!(refused(|l| l.dtype = Dtype::F64).contains("values are"));
        assert!(refused(|l| l.axes[1].len = Some(6)).contains("[7, 5]"));
        assert!(refused(|l| l.axes[0].name = "t".into()).contains("its axes are"));
        assert!(refused(|l| l.unit = Unit::none()).contains("unit is 'nstrain/s'"));
        assert!(
            refused(|l| l.axes[1].coords = Coords::Index { first: 0, step: 4 }).contains("element 0 of its")
        );
        let rate = |l: &mut Layout| {
            l.axes[0].coords =
                Coords::Time { start_ns: 10_000_000_000, rate: Rational::integer(1000), jumps: vec![] };
        };
        assert!(refused(rate).contains("is '3000', the new one '1000'"));
        let early = |l: &mut Layout| {
            l.axes[0].coords =
                Coords::Time { start_ns: 2_000_000, rate: Rational::integer(3000), jumps: vec![] };
        };
        assert!(refused(early).contains("not after the last one"));
        assert_eq!(names(path.parent().unwrap()), ["a.zarr"]);
        assert_eq!(read::<f32>(&path, "data"), values(0..7, 5));
    });
}

#[test]
fn two_appending_runs_do_not_lose_each_other_s_rows() {
    in_folder(|path| {
        write(&path, layout(None, 5, 0), Mode::New, 0, 7, 7).unwrap();
        let mut slow = ZarrSink::create(&path, layout(None, 5, 20_000_000_000), Mode::Append).unwrap();
        write(&path, layout(None, 5, 10_000_000_000), Mode::Append, 7, 4, 4).unwrap();
        fill(&mut slow, 11, 1, 5, 1).unwrap();
        assert!(Box::new(slow).finish().unwrap_err().message.contains("changed by someone else"));
        assert_eq!(read::<f32>(&path, "data"), values(0..11, 5));
        assert_eq!(names(path.parent().unwrap()), ["a.zarr"]);
    });
}

#[test]
fn overwriting_swaps_the_folder_at_the_end() {
    in_folder(|path| {
        write(&path, layout(None, 5, 0), Mode::New, 0, 7, 7).unwrap();
        assert!(
            write(&path, layout(None, 5, 0), Mode::New, 0, 7, 7)
                .unwrap_err()
                .message
                .contains("exists already")
        );
        let mut sink = ZarrSink::create(&path, layout(None, 2, 0), Mode::Overwrite).unwrap();
        fill(&mut sink, 3, 4, 2, 4).unwrap();
        assert_eq!(read::<f32>(&path, "data"), values(0..7, 5));
        Box::new(sink).finish().unwrap();
        assert_eq!(read::<f32>(&path, "data"), values(3..7, 2));
        assert_eq!(names(path.parent().unwrap()), ["a.zarr"]);
    });
}

#[test]
fn a_drop_leaves_nothing() {
    in_folder(|path| {
        let mut sink = ZarrSink::create(&path, layout(None, 5, 0), Mode::New).unwrap();
        fill(&mut sink, 0, 7, 5, 7).unwrap();
        assert_eq!(names(path.parent().unwrap()), [format!("a.zarr.partial-{}", std::process::id())]);
        drop(sink);
        assert!(names(path.parent().unwrap()).is_empty());
    });
}

#[test]
fn a_full_or_failing_disk_is_named_and_the_old_folder_stays() {
    fn on(path: &Path, name: &str, room: u64, sync_errno: Option<i32>) -> std::io::Result<Box<dyn Medium>> {
        if !path.to_string_lossy().contains(name) {
            return open_file(path);
        }
        let file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Box::new(Faulty { file, room, errno: ENOSPC, sync_errno }))
    }
    let cases: [(Opener, &str); 4] = [
        (|path| on(path, "data/c", 3, None), "disk is full"),
        (|path| on(path, "data/zarr.json", 0, None), "disk is full"),
        (|path| on(path, "time/c", 0, None), "disk is full"),
        (|path| on(path, "data/c", 1 << 30, Some(EIO)), "cannot write"),
    ];
    in_folder(|path| {
        write(&path, layout(None, 5, 0), Mode::New, 0, 7, 7).unwrap();
        for (open, expected) in cases {
            let mut sink = ZarrSink::create_on(&path, layout(None, 5, 0), Mode::Overwrite, open).unwrap();
            let outcome = fill(&mut sink, 0, 7, 5, 7).and_then(|()| Box::new(sink).finish());
            let diag = outcome.unwrap_err();
            assert!(diag.message.contains(expected) && diag.message.contains("a.zarr'"), "{diag}");
            assert_eq!(names(path.parent().unwrap()), ["a.zarr"]);
            assert_eq!(read::<f32>(&path, "data"), values(0..7, 5));
        }
    });
}

#[test]
fn names_that_are_no_names_are_refused() {
    in_folder(|path| {
        for name in ["", "data", "a/b", "..", "channel", "__x"] {
            let mut layout = layout(None, 5, 0);
            layout.axes[0].name = name.into();
            assert!(ZarrSink::create(&path, layout, Mode::New).is_err(), "'{name}'");
        }
        assert!(names(path.parent().unwrap()).is_empty());
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// However the rows come, and through however many appends, the same array is there.
    #[test]
    fn whole_equals_chunked(channels in 1u64..700, rows in 1u64..2500, step in 1u64..900, cut in 0u64..2500) {
        let cut = cut.min(rows);
        in_folder(|path| {
            write(&path, layout(None, channels, 0), Mode::New, 0, cut, step).unwrap();
            write(&path, layout(None, channels, 10_000_000_000), Mode::Append, cut, rows - cut, step).unwrap();
            assert!(read::<f32>(&path, "data") == values(0..rows, channels));
            assert_eq!(read::<i64>(&path, "time").len() as u64, rows);
        });
    }
}
