//! Ten operators from text to machine code, with an empty cache of kernels and with a full one:
//! `cargo bench -p dasc-benches --bench compiler`.

use criterion::{Criterion, criterion_group, criterion_main};
use dasc_benches::script::{graph, signal};
use dasc_ir::DType;
use dasc_runtime::{Options, Run};

const TEN: &str = "DETREND | BANDPASS 10 200 | ABS | SCALE 2 | CLIP 0 5 | DECIMATE 5 | RMS 100ms | STA_LTA 20 200 | \
                   MEDIAN 5 | NORMALIZE";

fn compiler(criterion: &mut Criterion) {
    let record = signal(DType::F32, (32_768, 2048), 1000.0, 1.0).expect("a record");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cold = Options { threads: 1, ..Options::default() };
    let cached = Options { cache: Some(folder.path().join("cache")), ..cold.clone() };
    let mut group = criterion.benchmark_group("ten operators");
    group.sample_size(20);
    for (name, options) in [("cold", &cold), ("cached", &cached)] {
        let prepare = || Run::prepare(graph(TEN, &record).expect(name), options).expect(name);
        group.bench_function(name, |b| b.iter(prepare));
    }
    group.finish();
}

criterion_group!(benches, compiler);
criterion_main!(benches);
