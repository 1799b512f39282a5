use super::*;
use crate::atomic::faulty;
use crate::layout::{AxisInfo, Coords, Provenance};
use crate::output::shared::Shared;
use dasc_ir::{Rational, Unit};
use std::path::PathBuf;

fn layout(dtype: Dtype, rows: Option<u64>, inner: &[u64]) -> Layout {
    let coords = Coords::Time { start_ns: 0, rate: Rational::integer(1000), jumps: vec![] };
    let mut axes =
        vec![AxisInfo { name: "time".into(), unit: Unit::none(), len: rows, coords, also: vec![] }];
    for (index, len) in inner.iter().enumerate() {
        let coords = Coords::Linear { start: 0.0, step: 1.0 };
        axes.push(AxisInfo {
            name: format!("a{index}"),
            unit: Unit::none(),
            len: Some(*len),
            coords,
            also: vec![],
        });
    }
    Layout { name: "strain".into(), unit: Unit::none(), dtype, axes, provenance: Provenance::default() }
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_ne_bytes()).collect()
}

/// `np.save(f, np.arange(6, dtype='<f4').reshape(3, 2))`, NumPy 2.4.
fn numpy_3x2() -> Vec<u8> {
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }}{}\n", " ".repeat(58));
    [b"\x93NUMPY\x01\x00v\x00".as_slice(), text.as_bytes(), &bytes(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])].concat()
}

/// `np.save(f, np.array([1+2j, 3-4j], dtype='<c8'))`, NumPy 2.4.
fn numpy_complex() -> Vec<u8> {
    let text = format!("{{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }}{}\n", " ".repeat(60));
    [b"\x93NUMPY\x01\x00v\x00".as_slice(), text.as_bytes(), &bytes(&[1.0, 2.0, 3.0, -4.0])].concat()
}

fn in_folder(test: impl FnOnce(PathBuf)) {
    let folder = tempfile::tempdir().unwrap();
    test(folder.path().join("a.npy"));
}

fn write(path: &Path, rows: Option<u64>, mode: Mode, values: &[f32]) -> Result<Summary> {
    let mut sink = create(&Target::File(path.into()), layout(Dtype::F32, rows, &[2]), mode)?;
    for (row, pair) in values.chunks(2).enumerate() {
        sink.write(row as u64, 1, &bytes(pair), 8)?;
    }
    sink.finish()
}

#[cfg(target_endian = "little")]
#[test]
fn files_are_numpy_s_own_bytes() {
    for rows in [Some(3), None] {
        in_folder(|path| {
            let summary = write(&path, rows, Mode::New, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
            assert_eq!(summary, Summary { path: path.clone(), files: 1, bytes: 152, rows: 3 });
            assert_eq!(std::fs::read(path).unwrap(), numpy_3x2());
        });
    }
    in_folder(|path| {
        let mut sink =
            create(&Target::File(path.clone()), layout(Dtype::Complex64, None, &[]), Mode::New).unwrap();
        sink.write(0, 2, &bytes(&[1.0, 2.0, 3.0, -4.0]), 8).unwrap();
        sink.finish().unwrap();
        assert_eq!(std::fs::read(path).unwrap(), numpy_complex());
    });
}

#[cfg(target_endian = "little")]
#[test]
fn padding_between_rows_is_left_out() {
    in_folder(|path| {
        let mut sink =
            create(&Target::File(path.clone()), layout(Dtype::F32, Some(3), &[2]), Mode::New).unwrap();
        // The last row may end without its padding.
        sink.write(0, 3, &bytes(&[0.0, 1.0, -1.0, 2.0, 3.0, -1.0, 4.0, 5.0]), 12).unwrap();
        sink.write(3, 0, &[], 8).unwrap();
        sink.finish().unwrap();
        assert_eq!(std::fs::read(path).unwrap(), numpy_3x2());
    });
}

#[cfg(target_endian = "little")]
#[test]
fn a_pipe_gets_the_same_bytes_with_and_without_a_known_length() {
    let data = bytes(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let (known, spooled) = (Shared::default(), Shared::default());
    let mut sink = Box::new(
        NpySink::over(Output::pipe(Box::new(known.clone())), layout(Dtype::F32, Some(3), &[2])).unwrap(),
    );
    sink.write(0, 3, &data, 8).unwrap();
    assert_eq!(sink.finish().unwrap().path, Path::new("-"));
    let mut sink = Box::new(
        SpooledNpy::create(Output::pipe(Box::new(spooled.clone())), layout(Dtype::F32, None, &[2])).unwrap(),
    );
    sink.write(0, 3, &data, 8).unwrap();
    assert!(spooled.0.lock().unwrap().is_empty());
    sink.finish().unwrap();
    assert_eq!(*known.0.lock().unwrap(), numpy_3x2());
    assert_eq!(*spooled.0.lock().unwrap(), numpy_3x2());
}

#[cfg(target_endian = "little")]
#[test]
fn appending_equals_writing_at_once() {
    in_folder(|path| {
        write(&path, Some(1), Mode::Append, &[0.0, 1.0]).unwrap();
        let summary = write(&path, None, Mode::Append, &[2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!((summary.rows, summary.bytes), (2, 152));
        assert_eq!(std::fs::read(path).unwrap(), numpy_3x2());
    });
}

#[test]
fn appending_names_what_differs() {
    in_folder(|path| {
        write(&path, None, Mode::New, &[0.0, 1.0]).unwrap();
        let before = std::fs::read(&path).unwrap();
        let refused =
            |layout| create(&Target::File(path.clone()), layout, Mode::Append).err().unwrap().message;
        let message = refused(layout(Dtype::F32, None, &[3]));
        assert!(message.contains("(1, 2)") && message.contains("(1, 3)"), "{message}");
        assert!(refused(layout(Dtype::F64, None, &[2])).contains("<f8"));
        std::fs::write(&path, &before[..before.len() - 1]).unwrap();
        assert!(refused(layout(Dtype::F32, None, &[2])).contains("should be 136 bytes"));
        std::fs::write(&path, vec![b'x'; 4096]).unwrap();
        assert!(refused(layout(Dtype::F32, None, &[2])).contains("header"));
        assert_eq!(faulty::names(path.parent().unwrap()), ["a.npy"]);
    });
}

#[test]
fn a_run_cut_short_leaves_nothing() {
    in_folder(|path| {
        let diag = write(&path, Some(3), Mode::New, &[0.0, 1.0]).unwrap_err();
        assert!(diag.message.contains("after 1 of 3 rows"), "{diag}");
        assert!(faulty::names(path.parent().unwrap()).is_empty());
    });
}

#[test]
fn rows_out_of_order_or_incomplete_are_refused_for_good() {
    in_folder(|path| {
        let data = [0; 64];
        type Call = (u64, usize, usize, usize);
        let calls: [Call; 4] = [(1, 1, 8, 8), (0, 4, 32, 8), (0, 2, 15, 8), (0, 2, 64, 4)];
        for (first, rows, length, stride) in calls {
            let mut sink =
                create(&Target::File(path.clone()), layout(Dtype::F32, Some(3), &[2]), Mode::New).unwrap();
            let diag = sink.write(first, rows, &data[..length], stride).unwrap_err();
            assert_eq!(sink.write(0, 3, &data, 8), Err(diag.clone()));
            assert_eq!(sink.finish(), Err(diag));
        }
        assert!(faulty::names(path.parent().unwrap()).is_empty());
    });
}

/// The disk fills up at every possible byte: always the same error, never a file, the old one untouched.
#[test]
fn a_full_disk_at_any_byte_leaves_the_old_file() {
    in_folder(|path| {
        std::fs::write(&path, "old").unwrap();
        let data = bytes(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        for room in 0..152 {
            let output = Output::File(faulty::small(&path, Mode::Overwrite, room));
            let mut sink = Box::new(NpySink::over(output, layout(Dtype::F32, None, &[2])).unwrap());
            let outcome = sink.write(0, 3, &data, 8).and_then(|()| sink.finish());
            let diag = outcome.unwrap_err();
            assert!(diag.message.contains("disk is full"), "{room}: {diag}");
            assert_eq!(faulty::names(path.parent().unwrap()), ["a.npy"]);
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    });
}

#[cfg(target_endian = "little")]
#[test]
fn rows_in_pieces_are_the_same_file() {
    in_folder(|path| {
        let mut sink =
            create(&Target::File(path.clone()), layout(Dtype::F32, Some(3), &[2]), Mode::New).unwrap();
        assert!(sink.takes_pieces());
        // Two rows by their columns, then one as a whole, as a range of all channels would come.
        for (at, column) in [(0, [0.0, 2.0]), (4, [1.0, 3.0])] {
            for (row, value) in column.into_iter().enumerate() {
                sink.piece(row as u64, at, &bytes(&[value])).unwrap();
            }
        }
        sink.whole(2).unwrap();
        sink.piece(2, 0, &bytes(&[4.0, 5.0])).unwrap();
        sink.whole(1).unwrap();
        let summary = sink.finish().unwrap();
        assert_eq!(summary, Summary { path: path.clone(), files: 1, bytes: 152, rows: 3 });
        assert_eq!(std::fs::read(&path).unwrap(), numpy_3x2());
    });
}

#[test]
fn pieces_of_rows_that_are_not_due_are_refused() {
    for (row, at) in [(0, 0), (3, 0), (1, 8)] {
        in_folder(|path| {
            let mut sink =
                create(&Target::File(path.clone()), layout(Dtype::F32, Some(3), &[2]), Mode::New).unwrap();
            sink.piece(0, 0, &bytes(&[0.0, 1.0])).unwrap();
            sink.whole(1).unwrap();
            assert!(sink.piece(row, at, &bytes(&[9.0])).is_err(), "row {row} at {at}");
            assert!(sink.finish().is_err());
            assert!(!path.exists());
        });
    }
}
