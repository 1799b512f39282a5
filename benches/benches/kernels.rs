//! Whole runs of single operators on F32 in memory, by samples a second: `cargo bench -p dasc-benches --bench kernels [-- FILTER]`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dasc_benches::memory::{Glance, Memory};
use dasc_benches::script::{graph, signal};
use dasc_ir::DType;
use dasc_runtime::{Options, Run};

const ROWS: usize = 16_384;
const CHANNELS: usize = 512;
const SCRIPTS: [(&str, &str); 6] = [
    ("chain of 8", "SCALE 0.5 | ABS | CLIP 0.01 2 | SCALE 3 | SQUARE | SCALE 0.25 | CLIP 0.1 1 | SCALE 1.5"),
    ("yardstick", "BANDPASS 10 200 | ABS"),
    ("decimate", "DECIMATE 10"),
    ("sta_lta", "STA_LTA 50 1000"),
    ("median of 5", "MEDIAN 5"),
    ("stft", "STFT 1024"),
];

fn kernels(criterion: &mut Criterion) {
    let record = signal(DType::F32, (ROWS, CHANNELS), 1000.0, 1.0).expect("a record");
    let sample = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0;
    let samples: Vec<u8> = (0..ROWS * CHANNELS).flat_map(|i| sample(i).to_ne_bytes()).collect();
    let memory = Memory::new(&samples, CHANNELS * 4);
    let mut group = criterion.benchmark_group("kernels");
    group.throughput(Throughput::Elements((ROWS * CHANNELS) as u64)).sample_size(20);
    for (name, steps) in SCRIPTS {
        let graph = graph(steps, &record).expect(name);
        let run = Run::prepare(graph, &Options { threads: 1, ..Options::default() }).expect(name);
        group.bench_function(name, |b| b.iter(|| run.execute(&memory, &mut Glance::default()).expect(name)));
    }
    group.finish();
}

criterion_group!(benches, kernels);
criterion_main!(benches);
