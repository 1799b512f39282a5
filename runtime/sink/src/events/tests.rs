use super::*;
use crate::atomic::faulty;
use crate::layout::Input;
use crate::output::shared::Shared;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, Int64Type, TimestampNanosecondType, UInt64Type};
use arrow::ipc::reader::{FileReader, StreamReader};
use std::fs;
use std::path::{Path, PathBuf};

/// In the format of the file's name.
fn open_events_at(
    target: &Target,
    mode: Mode,
    provenance: &Provenance,
    added: &[Column],
) -> Result<Box<dyn EventSink>> {
    open_events(target, EventFormat::of(target)?, mode, provenance, added)
}

/// Two events, one of them as awkward as text and numbers get.
fn events() -> Vec<Event> {
    let plain = Event {
        id: 1,
        start_ns: 1_714_546_800_000_000_001,
        end_ns: 1_714_546_801_000_000_000,
        peak_ns: 1_714_546_800_500_000_000,
        channel_lo: -3,
        channel_hi: 12,
        distance_lo: 0.5,
        distance_hi: 8000.25,
        score: 1e-7,
        unit: "nstrain/s".into(),
        detector: "threshold_detect".into(),
        ..Event::default()
    };
    let awkward = Event {
        id: u64::MAX,
        start_ns: -1,
        distance_lo: f64::NAN,
        distance_hi: f64::NAN,
        unit: "a,\"b\"".into(),
        detector: "two\nlines \u{e9}".into(),
        ..plain.clone()
    };
    vec![plain, awkward]
}

fn provenance() -> Provenance {
    let inputs = vec![Input { name: "fiber.h5".into(), hash: "sha256:00".into() }];
    Provenance { script: "READ fiber.h5".into(), version: "0.1.0".into(), inputs, more: vec![] }
}

fn in_folder(name: &str, test: impl FnOnce(PathBuf)) {
    let folder = tempfile::tempdir().unwrap();
    test(folder.path().join(name));
}

fn write(path: &Path, mode: Mode, events: &[Event]) -> Result<Summary> {
    let mut sink = open_events_at(&Target::File(path.into()), mode, &provenance(), &[])?;
    for event in events {
        sink.append(std::slice::from_ref(event))?;
    }
    sink.finish()
}

/// Back from Arrow, column by column.
fn decode(batch: &RecordBatch) -> Vec<Event> {
    let instant = |c: usize, i| batch.column(c).as_primitive::<TimestampNanosecondType>().value(i);
    let integer = |c: usize, i| batch.column(c).as_primitive::<Int64Type>().value(i);
    let number = |c: usize, i| {
        let column = batch.column(c).as_primitive::<Float64Type>();
        column.iter().nth(i).unwrap().unwrap_or(f64::NAN)
    };
    let text = |c: usize, i| batch.column(c).as_string::<i32>().value(i).to_string();
    let event = |i| Event {
        id: batch.column(0).as_primitive::<UInt64Type>().value(i),
        start_ns: instant(1, i),
        end_ns: instant(2, i),
        peak_ns: instant(3, i),
        channel_lo: integer(4, i),
        channel_hi: integer(5, i),
        distance_lo: number(6, i),
        distance_hi: number(7, i),
        score: number(8, i),
        unit: text(9, i),
        detector: text(10, i),
        ..Event::default()
    };
    (0..batch.num_rows()).map(event).collect()
}

/// NaN is not equal to itself, its text is.
fn same(found: &[Event], expected: &[Event]) {
    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
}

fn read_parquet(path: &Path) -> Vec<Event> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
    builder.build().unwrap().flat_map(|batch| decode(&batch.unwrap())).collect()
}

fn read_arrow(path: &Path) -> Vec<Event> {
    let reader = FileReader::try_new(fs::File::open(path).unwrap(), None).unwrap();
    reader.flat_map(|batch| decode(&batch.unwrap())).collect()
}

#[test]
fn parquet_and_arrow_hold_every_value_and_can_be_continued() {
    for (name, read) in [("e.parquet", read_parquet as fn(&Path) -> Vec<Event>), ("e.arrow", read_arrow)] {
        in_folder(name, |path| {
            assert_eq!(write(&path, Mode::New, &events()).unwrap().rows, 2);
            same(&read(&path), &events());
            assert_eq!(write(&path, Mode::Append, &events()[..1]).unwrap().rows, 1);
            same(&read(&path), &[events(), vec![events()[0].clone()]].concat());
            write(&path, Mode::Overwrite, &[]).unwrap();
            same(&read(&path), &[]);
        });
    }
}

#[test]
fn parquet_keeps_where_it_came_from() {
    in_folder("e.parquet", |path| {
        write(&path, Mode::New, &events()).unwrap();
        let builder = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
        let pairs = builder.metadata().file_metadata().key_value_metadata().unwrap();
        let value = |key: &str| pairs.iter().find(|p| p.key == key).unwrap().value.clone().unwrap();
        assert_eq!(value("script"), "READ fiber.h5");
        assert!(value("inputs").contains("sha256:00"));
    });
}

#[test]
fn appending_keeps_the_provenance_of_earlier_runs() {
    in_folder("e.parquet", |path| {
        for _ in 0..3 {
            write(&path, Mode::Append, &events()).unwrap();
        }
        let builder = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
        let runs: serde_json::Value = serde_json::from_str(&builder.schema().metadata()[HISTORY]).unwrap();
        assert_eq!(runs.as_array().unwrap().len(), 2);
        assert_eq!(runs[1]["script"], "READ fiber.h5");
        assert!(runs[1].get(HISTORY).is_none());
    });
}

#[test]
fn csv_is_rfc_4180() {
    in_folder("e.csv", |path| {
        write(&path, Mode::New, &events()).unwrap();
        let expected = "id,start,end,start_ns,end_ns,peak_ns,channel_lo,channel_hi,distance_lo,distance_hi,score,unit,detector\r\n\
            1,2024-05-01T07:00:00.000000001Z,2024-05-01T07:00:01.000000000Z,\
            1714546800000000001,1714546801000000000,1714546800500000000,\
            -3,12,0.5,8000.25,1e-7,nstrain/s,threshold_detect\r\n\
            18446744073709551615,1969-12-31T23:59:59.999999999Z,2024-05-01T07:00:01.000000000Z,\
            -1,1714546801000000000,1714546800500000000,-3,12,,,1e-7,\"a,\"\"b\"\"\",\"two\nlines \u{e9}\"\r\n";
        assert_eq!(fs::read_to_string(path).unwrap(), expected);
    });
}

#[test]
fn json_lines_parse_and_unknown_is_null() {
    in_folder("e.jsonl", |path| {
        write(&path, Mode::New, &events()).unwrap();
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["start"], "2024-05-01T07:00:00.000000001Z");
        assert_eq!(lines[0]["start_ns"], 1_714_546_800_000_000_001_i64);
        assert_eq!(lines[0]["distance_hi"], 8000.25);
        assert_eq!(lines[1]["id"], u64::MAX);
        assert!(lines[1]["distance_lo"].is_null());
        assert_eq!(lines[1]["detector"], "two\nlines \u{e9}");
    });
}

#[test]
fn appended_text_equals_text_written_at_once() {
    for name in ["e.csv", "e.jsonl"] {
        in_folder(name, |path| {
            write(&path, Mode::New, &events()).unwrap();
            let whole = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            fs::write(&path, "").unwrap();
            write(&path, Mode::Append, &events()[..1]).unwrap();
            write(&path, Mode::Append, &events()[1..]).unwrap();
            assert_eq!(fs::read(&path).unwrap(), whole);
        });
    }
}

#[test]
fn only_the_same_columns_are_continued() {
    for name in ["e.csv", "e.jsonl", "e.parquet", "e.arrow"] {
        in_folder(name, |path| {
            for (old, why) in [("a,b\n{}\n", "first line is 'a,b'"), ("id", "cut off")] {
                fs::write(&path, old).unwrap();
                let message = write(&path, Mode::Append, &events()).unwrap_err().message;
                assert!(message.contains("cannot append to"), "{message}");
                assert!(message.contains(why) || !name.ends_with(['v', 'l']), "{message}");
                assert_eq!(fs::read_to_string(&path).unwrap(), old);
                assert_eq!(faulty::names(path.parent().unwrap()), [name]);
            }
        });
    }
}

#[test]
fn a_damaged_parquet_file_is_an_error_and_stays() {
    in_folder("e.parquet", |path| {
        write(&path, Mode::New, &events()).unwrap();
        let whole = fs::read(&path).unwrap();
        let mut refused = 0;
        for position in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[position] ^= 0xff;
            fs::write(&path, &damaged).unwrap();
            if write(&path, Mode::Append, &[]).is_err() {
                refused += 1;
                assert_eq!(fs::read(&path).unwrap(), damaged);
            }
            assert_eq!(faulty::names(path.parent().unwrap()), ["e.parquet"]);
        }
        assert!(refused > whole.len() / 4, "{refused} of {} flips were noticed", whole.len());
    });
}

#[test]
fn a_stream_shows_its_columns_at_once_and_each_append_as_it_comes() {
    let pipe = Shared::default();
    let mut sink = Box::new(
        columnar::StreamSink::create(Output::pipe(Box::new(pipe.clone())), &provenance(), &[]).unwrap(),
    );
    let seen = || pipe.0.lock().unwrap().clone();
    assert_eq!(
        StreamReader::try_new(seen().as_slice(), None).unwrap().schema().fields(),
        event_schema(&[]).fields()
    );
    sink.append(&events()).unwrap();
    let live = seen();
    let first = StreamReader::try_new(live.as_slice(), None).unwrap().next().unwrap().unwrap();
    same(&decode(&first), &events());
    assert_eq!(sink.finish().unwrap().bytes, seen().len() as u64);
}

#[test]
fn a_full_disk_is_named_in_every_format() {
    for name in ["e.csv", "e.jsonl", "e.parquet", "e.arrow"] {
        in_folder(name, |path| {
            let create = |room| -> Result<Box<dyn EventSink>> {
                let output = Output::File(faulty::small(&path, Mode::New, room));
                Ok(match name {
                    "e.csv" => Box::new(text::TextSink::create(output, text::Style::Csv, &[], None)?),
                    "e.jsonl" => Box::new(text::TextSink::create(output, text::Style::JsonLines, &[], None)?),
                    "e.parquet" => {
                        Box::new(super::parquet::ParquetSink::create(output, &provenance(), &[], None)?)
                    }
                    _ => Box::new(columnar::FileSink::create(output, &provenance(), &[], None)?),
                })
            };
            for room in [0, 1, 100, 300] {
                let mut sink = create(room).unwrap();
                let outcome = sink.append(&events()).and_then(|()| sink.finish());
                let diag = outcome.unwrap_err();
                assert!(diag.message.contains("disk is full") && diag.message.contains(name), "{diag}");
                assert!(faulty::names(path.parent().unwrap()).is_empty());
            }
        });
    }
}

#[test]
fn more_events_than_a_row_group_holds() {
    in_folder("e.parquet", |path| {
        let mut sink = open_events_at(&Target::File(path.clone()), Mode::New, &provenance(), &[]).unwrap();
        let many: Vec<Event> = (0..BATCH as u64 + 10).map(|id| Event { id, ..Event::default() }).collect();
        sink.append(&many).unwrap();
        assert_eq!(sink.finish().unwrap().rows, many.len() as u64);
        let builder = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(builder.metadata().num_row_groups(), 2);
        assert!(read_parquet(&path).iter().map(|e| e.id).eq(0..many.len() as u64));
    });
}

/// What operators add is a column of every format; what is unknown is null.
#[test]
fn added_columns_are_written_everywhere() {
    let added = [
        Column { name: "speed", kind: ColumnKind::Number("m/s") },
        Column { name: "label", kind: ColumnKind::Text },
    ];
    let mut both = events();
    both[0].extra.insert("speed", Cell::Number(-12.5));
    both[1].extra.insert("label", Cell::Text("car, red".into()));
    let batch = event_batch(&both, &added).unwrap();
    assert_eq!(
        batch.column(11).as_primitive::<Float64Type>().iter().collect::<Vec<_>>(),
        [Some(-12.5), None]
    );
    assert_eq!(batch.column(12).as_string::<i32>().iter().collect::<Vec<_>>(), [None, Some("car, red")]);
    assert_eq!(batch.schema().field(11).metadata()["unit"], "m/s");
    for (name, ends) in [
        ("e.csv", ["threshold_detect,-12.5,\r\n", "\u{e9}\",,\"car, red\"\r\n"]),
        ("e.jsonl", ["\"speed\":-12.5,\"label\":null}\n", "\"speed\":null,\"label\":\"car, red\"}\n"]),
    ] {
        in_folder(name, |path| {
            let mut sink =
                open_events_at(&Target::File(path.clone()), Mode::New, &provenance(), &added).unwrap();
            sink.append(&both).unwrap();
            sink.finish().unwrap();
            let text = fs::read_to_string(path).unwrap();
            assert!(ends.iter().all(|end| text.contains(end)), "{text}");
        });
    }
}

/// ObsPy reads it in `tests/check_with_python.py`; here that texts cannot break out of their elements.
/// The channel a V of arrivals begins on is not its lowest, nor is that of its peak.
#[test]
fn quakeml_picks_are_on_the_channels_where_they_were() {
    in_folder("e.xml", |path| {
        let event = Event { channel_hi: 60, start_channel: 30, peak_channel: 47, ..Event::default() };
        write(&path, Mode::New, &[event]).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let picks: Vec<&str> = text.split("<pick ").skip(1).collect();
        let [start, peak] = picks[..] else { panic!("{text}") };
        assert!(start.contains("stationCode=\"30\"") && start.contains("<text>start</text>"), "{start}");
        assert!(peak.contains("stationCode=\"47\"") && peak.contains("<text>peak</text>"), "{peak}");
    });
}

#[test]
fn quakeml_escapes_texts_and_is_not_continued() {
    in_folder("e.xml", |path| {
        let mut odd = events();
        odd[0].detector = "<a & b>\u{0}".into();
        write(&path, Mode::New, &odd).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("<text>&lt;a &amp; b&gt;\u{fffd}</text>"), "{text}");
        assert_eq!(text.matches("<event ").count(), 2);
        assert!(text.ends_with("</q:quakeml>\n"));
        assert!(write(&path, Mode::Append, &odd).unwrap_err().message.contains("cannot be appended"));
    });
}
