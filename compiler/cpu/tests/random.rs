//! Random kernels: machine code equals the interpreter bit for bit and touches nothing else.

mod guarded;

use dasc_cpu::{Options, compile};
use dasc_ir::kernel::random::{self, Random};
use dasc_ir::kernel::{Interpreter, NumericProfile, verify_expanded};

use guarded::{Memory, Shape};

/// `DASC_CASES` asks for more, `DASC_SEED` for one.
#[test]
fn machine_code_equals_the_interpreter() {
    let ask = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let seeds = match ask("DASC_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..ask("DASC_CASES").unwrap_or(20_000),
    };
    for seed in seeds {
        let kernel = random::kernel(seed);
        if let Err(diag) = verify_expanded(&kernel) {
            panic!("seed {seed}: {diag}\n{kernel:#?}");
        }
        let mut rng = Random(seed ^ 0x5eed);
        let host = NumericProfile::host();
        let profile = if rng.chance(25) { NumericProfile::NoFma } else { host };
        let shape = Shape {
            start: rng.pick(&[0, 7, -4, 61]),
            rows: rng.between(1, 6),
            lanes: rng.pick(&[16, 32, 48]),
            lane0: rng.pick(&[0, 64]),
            at_end: rng.chance(60),
        };
        let group = rng.pick(&[None, Some(2), Some(4), Some(8), Some(16)]);
        let options = Options { profile, group, listing: false };
        let machine = compile(&kernel, &options)
            .and_then(|code| code.load())
            .unwrap_or_else(|diag| panic!("seed {seed}: {diag}"));
        let interpreter = Interpreter::with_profile(&kernel, profile).unwrap();
        let (expected, actual) = (Memory::new(&kernel, shape, seed), Memory::new(&kernel, shape, seed));
        expected.run(&kernel, &interpreter, shape);
        actual.run(&kernel, &machine, shape);
        if let Some(difference) = expected.difference(&actual, &kernel) {
            panic!("seed {seed}, {options:?}, {shape:?}: {difference}");
        }
    }
}
