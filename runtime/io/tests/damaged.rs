//! Damaged files: every one opens or fails with a message, soon, and the process that opened it lives on.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dasc_io::{Location, open, set_worker};

const FILES: [&str; 26] = [
    "prodml_2.0.h5",
    "silixa_h5_1.hdf5",
    "terra15_v5_test_file.hdf5",
    "decimated_optodas.hdf5",
    "febus_2.h5",
    "ap_sensing_1.hdf5",
    "neubrex_das_1.h5",
    "gdr_1.h5",
    "deformation_rate_event_1.hdf5",
    "h5_simple_1.h5",
    "h5_simple_2.h5",
    "xdas_netcdf.nc",
    "iDAS005_tdms_example.626.tdms",
    "small_channel_patch.sgy",
    "geofon_ZH_HSF.mseed",
    "geofon_5J_HSF.mseed",
    "DASDMSShot00_20230328155653619.das",
    "sintela_protobuf_1.pb",
    "made/ibm.sgy",
    "made/little_f32.mseed",
    "made/steim1.mseed",
    "made/gap.mseed",
    "made/third_steim2.mseed",
    "made/third_f32.mseed",
    "made/planar.tdms",
    "made/sintela_gap.raw",
];

/// Where a file may be cut without anybody noticing: between records that know nothing of each other.
fn seam(name: &str, length: usize) -> bool {
    let every = |first: usize, size: usize| length > first && (length - first).is_multiple_of(size);
    match name {
        "small_channel_patch.sgy" => every(3600, 240 + 20 * 4),
        "made/ibm.sgy" => every(3600, 240 + 300 * 4),
        "made/sintela_gap.raw" => every(0, 96 + 50 * 4 * 4),
        _ if name.starts_with("geofon") => every(0, 4096),
        _ => name.ends_with(".mseed") && every(0, 512),
    }
}

/// The real recordings, and those made of what they lack.
fn bytes(name: &str) -> Vec<u8> {
    let folder = if name.starts_with("made/") { "tests/reference" } else { "../../tests/data" };
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(name)).unwrap()
}

/// A name for a damaged copy.
fn copy(folder: &Path, case: u64, name: &str) -> PathBuf {
    folder.join(format!("{case}-{}", name.trim_start_matches("made/")))
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n
    }
}

/// Opens the file and reads its ends, all rows of a small one. `Ok` tells whether it was readable.
fn try_open(path: &Path) -> Result<(), dasc_ir::Diag> {
    let source = open(&Location::new(path.to_string_lossy()))?;
    let header = source.header();
    let row = header.channels.count.min(64) * header.file_type.size();
    let mut out = vec![0; 2 * row];
    for segment in header.segments.iter().take(100) {
        let rows = segment.len.min(2) as i64;
        source.read(segment.start..segment.start + rows, 0..header.channels.count.min(64), &mut out, row)?;
        let end = segment.start + segment.len as i64;
        source.read(end - rows..end, 0..header.channels.count.min(64), &mut out, row)?;
        if segment.len <= 2000 {
            let mut out = vec![0; segment.len as usize * row];
            source.read(segment.start..end, 0..header.channels.count.min(64), &mut out, row)?;
        }
    }
    Ok(())
}

/// At most 2 s for the worker and as much again on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(8);

/// Cases for each file: four thousand together.
const TRUNCATIONS: u64 = 56;
const FLIPS: u64 = 112;

#[test]
fn truncated_files_fail_with_a_message() {
    set_worker(env!("CARGO_BIN_EXE_dasc-io-worker"));
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(11);
    for name in FILES {
        let whole = bytes(name);
        for case in 0..TRUNCATIONS {
            let length = match case {
                0 => 8,
                1 => 600,
                2 => whole.len() - 1,
                _ => random.below(whole.len()),
            };
            if seam(name, length) {
                continue;
            }
            let path = copy(folder.path(), case, name);
            std::fs::write(&path, &whole[..length]).unwrap();
            let begun = Instant::now();
            let outcome = try_open(&path);
            assert!(begun.elapsed() < PATIENCE, "{name} cut to {length} took {:?}", begun.elapsed());
            // Most files end with samples or metadata, so nothing that is cut may pass for whole.
            let error = outcome.expect_err(&format!("{name} cut to {length} of {} opened", whole.len()));
            assert!(error.message.contains(name.trim_start_matches("made/")), "{name}: {error}");
            std::fs::remove_file(&path).unwrap();
        }
    }
}

#[test]
fn flipped_bytes_never_take_the_process_along() {
    set_worker(env!("CARGO_BIN_EXE_dasc-io-worker"));
    let folder = tempfile::tempdir().unwrap();
    let number = |key: &str| std::env::var(key).ok().and_then(|n| n.parse().ok());
    // Longer runs ask for more: DASC_DAMAGE_CASES=1000 DASC_DAMAGE_SEED=2 DASC_DAMAGE_FILES=.mseed.
    let files = std::env::var("DASC_DAMAGE_FILES").unwrap_or_default();
    let (cases, seed) =
        (number("DASC_DAMAGE_CASES").unwrap_or(FLIPS), number("DASC_DAMAGE_SEED").unwrap_or(5));
    let mut random = Random(seed);
    let (mut opened, mut refused) = (0, 0);
    for name in FILES.into_iter().filter(|name| name.contains(&files)) {
        let whole = bytes(name);
        for case in 0..cases {
            let mut broken = whole.clone();
            // Metadata lies mostly at the beginning, so two thirds of the damage is done there.
            let reach = if case % 3 == 0 { whole.len() } else { whole.len().min(16 << 10) };
            for _ in 0..1 + random.below(8) {
                let at = random.below(reach);
                broken[at] = match random.below(3) {
                    0 => 0xff,
                    1 => 0,
                    _ => broken[at] ^ 1 << random.below(8),
                };
            }
            let path = copy(folder.path(), case, name);
            std::fs::write(&path, &broken).unwrap();
            let begun = Instant::now();
            match try_open(&path) {
                Ok(()) => opened += 1,
                Err(error) => {
                    assert!(!error.message.is_empty());
                    refused += 1;
                }
            }
            assert!(begun.elapsed() < PATIENCE, "{name} case {case} took {:?}", begun.elapsed());
            std::fs::remove_file(&path).unwrap();
        }
    }
    println!("{opened} opened, {refused} refused");
    assert!(opened > 0 && refused > 0);
}
