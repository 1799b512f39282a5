//! The cache: a hit generates nothing, and no entry that was changed is executed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;

use dasc_cpu::{Cache, Options, Outcome, cache, generations, load_or_compile};
use dasc_ir::kernel::random;

/// Generations are counted for the whole process, so the tests take turns.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn a_hit_generates_no_code() {
    let _turn = TURN.lock().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(&folder.path().join("kernels")).unwrap();
    let kernel = random::kernel(3);
    let options = Options::default();
    let before = generations();
    assert_eq!(load_or_compile(&kernel, &options, Some(&cache)).unwrap().1, Outcome::Miss);
    assert_eq!(generations(), before + 1);
    assert_eq!(load_or_compile(&kernel, &options, Some(&cache)).unwrap().1, Outcome::Hit);
    // Values of parameters are no part of the code, their number is.
    let mut other = kernel.clone();
    other.params[0] += 1.0;
    assert_eq!(load_or_compile(&other, &options, Some(&cache)).unwrap().1, Outcome::Hit);
    assert_eq!(generations(), before + 1);
    other.params.push(1.0);
    assert_eq!(load_or_compile(&other, &options, Some(&cache)).unwrap().1, Outcome::Miss);
    let mode = fs::metadata(folder.path().join("kernels")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    for entry in fs::read_dir(folder.path().join("kernels")).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
    }
}

#[test]
fn every_changed_byte_and_every_cut_is_noticed() {
    let _turn = TURN.lock().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(&folder.path().join("kernels")).unwrap();
    let kernel = random::kernel(5);
    let options = Options::default();
    load_or_compile(&kernel, &options, Some(&cache)).unwrap();
    let path = cache.path(&cache::key(&kernel, &options).unwrap());
    let whole = fs::read(&path).unwrap();
    assert!(whole.len() > 200);
    let refused = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).unwrap();
        let outcome = load_or_compile(&kernel, &options, Some(&cache)).unwrap().1;
        assert!(matches!(outcome, Outcome::Rejected(_)), "{what}: {outcome:?}");
        // The bad entry has been replaced by a good one.
        assert_eq!(fs::read(&path).unwrap(), whole, "{what}");
    };
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        refused(&bytes, &format!("byte {at}"));
    }
    for len in (0..whole.len()).step_by(37) {
        refused(&whole[..len], &format!("cut to {len}"));
    }
}

#[test]
fn an_entry_of_another_kernel_or_folder_is_foreign() {
    let _turn = TURN.lock().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let here = Cache::open(&folder.path().join("here")).unwrap();
    let there = Cache::open(&folder.path().join("there")).unwrap();
    let options = Options::default();
    let (a, b) = (random::kernel(5), random::kernel(6));
    let (key_a, key_b) = (cache::key(&a, &options).unwrap(), cache::key(&b, &options).unwrap());
    load_or_compile(&a, &options, Some(&here)).unwrap();
    fs::copy(here.path(&key_a), here.path(&key_b)).unwrap();
    assert!(matches!(load_or_compile(&b, &options, Some(&here)).unwrap().1, Outcome::Rejected(_)));
    fs::copy(here.path(&key_a), there.path(&key_a)).unwrap();
    assert!(matches!(load_or_compile(&a, &options, Some(&there)).unwrap().1, Outcome::Rejected(_)));
}

#[test]
fn the_oldest_entries_go_first() {
    let _turn = TURN.lock().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut cache = Cache::open(folder.path().join("kernels").as_path()).unwrap();
    let options = Options::default();
    cache.limit = 20_000;
    for seed in 0..40 {
        load_or_compile(&random::kernel(seed), &options, Some(&cache)).unwrap();
        let total: u64 = fs::read_dir(folder.path().join("kernels"))
            .unwrap()
            .map(|e| e.unwrap())
            .filter(|e| e.path().extension().is_some_and(|x| x == "kernel"))
            .map(|e| e.metadata().unwrap().len())
            .sum();
        assert!(total <= cache.limit, "{total} bytes after {seed}");
    }
    let last = load_or_compile(&random::kernel(39), &options, Some(&cache)).unwrap().1;
    assert_eq!(last, Outcome::Hit);
}

#[test]
fn a_folder_that_others_can_enter_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = folder.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
    let diag = Cache::open(&open).unwrap_err();
    assert!(diag.to_string().contains("chmod 700"), "{diag}");
}

#[test]
fn processes_may_race() {
    let _turn = TURN.lock().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernels");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let cache = Cache::open(&path).unwrap();
                for seed in 0..20 {
                    let outcome =
                        load_or_compile(&random::kernel(seed), &Options::default(), Some(&cache)).unwrap().1;
                    assert!(!matches!(outcome, Outcome::Rejected(_)), "{outcome:?}");
                }
            });
        }
    });
}
