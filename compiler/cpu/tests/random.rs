//! Random kernels: machine code equals the interpreter bit for bit and touches nothing else, whichever back end made it.

mod guarded;

use dasc_cpu::{Codegen, Made, Options, compile};
use dasc_ir::kernel::random::{self, Random};
use dasc_ir::kernel::{
    Executable, Interpreter, Kernel, NumericProfile, Step, narrow, tabulate, verify_expanded,
};

use guarded::{Memory, Shape};

/// The back ends this processor can run; says aloud which it cannot.
fn back_ends() -> Vec<Codegen> {
    let asked = std::env::var("DASC_CODEGEN").ok();
    let named = |codegen: &Codegen| asked.as_ref().is_none_or(|name| codegen.name() == name);
    let here = |codegen: &Codegen| {
        let here = codegen.isa();
        if let Err(why) = &here {
            eprintln!("SKIPPED {codegen}: {why}");
        }
        here.is_ok()
    };
    Codegen::ALL.into_iter().filter(|c| *c != Codegen::Auto).filter(named).filter(here).collect()
}

/// `DASC_CASES` asks for more, `DASC_SEED` for one, `DASC_CODEGEN` for one back end.
#[test]
fn machine_code_equals_the_interpreter() {
    let ask = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let seeds = match ask("DASC_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..ask("DASC_CASES").unwrap_or(20_000),
    };
    let back_ends = back_ends();
    let (mut loops, mut wide) = (0, 0);
    // Loops that have two forms, and how many of them ran with lanes enough for the second.
    let (mut maps, mut many, mut cases) = (0, 0, 0u64);
    for seed in seeds {
        cases += 1;
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
            lanes: rng.pick(&[16, 32, 48, 144]),
            lane0: rng.pick(&[0, 64]),
            at_end: rng.chance(60),
        };
        let group = rng.pick(&[None, Some(2), Some(4), Some(8), Some(16)]);
        let both = kernel.steps.iter().filter(|step| matches!(step, Step::Loop(body) if body.maps_rows()));
        let both = both.count() as u64;
        (maps, many) = (maps + both, many + if shape.lanes > 128 { both } else { 0 });
        let interpreter = Interpreter::with_profile(&kernel, profile).unwrap();
        let expected = Memory::new(&kernel, shape, seed);
        expected.run(&kernel, &interpreter, shape);
        for &codegen in &back_ends {
            let options = Options { profile, codegen, group, ..Options::default() };
            let machine = compile(&kernel, &options)
                .and_then(|code| code.load())
                .unwrap_or_else(|diag| panic!("seed {seed}, {codegen}: {diag}"));
            if codegen != Codegen::Cranelift {
                loops += machine.made().count();
                wide += machine.made().filter(|(_, made)| matches!(made, Made::Wide(_))).count();
            }
            let actual = Memory::new(&kernel, shape, seed);
            actual.run(&kernel, &machine, shape);
            if let Some(difference) = expected.difference(&actual, &kernel) {
                panic!("seed {seed}, {options:?}, {shape:?}: {difference}\n{kernel}");
            }
        }
    }
    // A back end that quietly left loops to Cranelift would pass everything above.
    println!("{wide} of {loops} loops in wide vectors; {maps} map rows, {many} of them with many lanes");
    assert!(cases < 500 || many * 100 > cases, "only {many} loops walked lanes in {cases} kernels");
    assert!(wide * 1000 >= loops * 999, "only {wide} of {loops} loops were made in wide vectors");
}

#[test]
fn rewrites_change_no_bit() {
    let (mut narrowed, mut tabulated) = (0, 0);
    for seed in 0..20_000 {
        let kernel = random::kernel(seed);
        let mut rng = Random(seed ^ 0x7ab1e);
        let changing = rng.between(0, 3) as u32;
        let mut rewritten = kernel.clone();
        narrow(&mut rewritten, &|slot| slot == changing);
        narrowed += u32::from(rewritten != kernel);
        let before = rewritten.params.len();
        tabulate(&mut rewritten, &|slot| slot == changing);
        tabulated += u32::from(rewritten.params.len() > before);
        if rewritten == kernel {
            continue;
        }
        if let Err(diag) = verify_expanded(&rewritten) {
            panic!("seed {seed}: {diag}\n{kernel}\n{rewritten}");
        }
        let shape = Shape { start: 3, rows: 4, lanes: 16, lane0: 0, at_end: false };
        // The memory is that of the kernel as it was, which may read more.
        let run = |by: &Kernel| {
            let memory = Memory::new(&kernel, shape, seed);
            let called = Kernel { params: by.params.clone(), ..kernel.clone() };
            memory.run(&called, &Interpreter::new(by).unwrap(), shape);
            memory
        };
        let (expected, actual) = (run(&kernel), run(&rewritten));
        if let Some(difference) = expected.difference(&actual, &kernel) {
            panic!("seed {seed}: {difference}\n{kernel}\n{rewritten}");
        }
    }
    println!("{narrowed} kernels narrowed, {tabulated} with tables");
    assert!(narrowed > 0 && tabulated > 100, "{narrowed} narrowed, {tabulated} with tables");
}

/// The larger and smaller of two numbers of which some are NaN, of any sign and payload.
const BOUNDS: &str = "kernel \"bounds\"
buffer b0 \"in0\" f32 input
buffer b1 \"in1\" f64 input
buffer b2 \"out0\" f32 planes 2 output
buffer b3 \"out1\" f64 planes 2 output

loop rows b2 {
  v0 = load b0[i]
  v1 = load b0[i - 1]
  v2 = min v0 v1
  v3 = max v0 v1
  store b2[i] v2
  store b2[i; 1] v3
}

loop rows b3 {
  v0 = load b1[i]
  v1 = load b1[i - 1]
  v2 = min v0 v1
  v3 = max v0 v1
  store b3[i] v2
  store b3[i; 1] v3
}
";

#[test]
fn what_is_not_a_number_has_the_same_bits() {
    let kernel = dasc_ir::kernel::text::parse(BOUNDS).unwrap();
    for seed in 0..200 {
        let shape = Shape { start: 0, rows: 6, lanes: 32, lane0: 0, at_end: false };
        let outcome = |on: &dyn Executable| {
            let memory = Memory::new(&kernel, shape, seed);
            memory.run(&kernel, on, shape);
            memory
        };
        let expected = outcome(&Interpreter::new(&kernel).unwrap());
        for codegen in back_ends() {
            let options = Options { codegen, ..Options::default() };
            let machine = compile(&kernel, &options).and_then(|code| code.load()).unwrap();
            assert!(expected.is_same(&outcome(&machine)), "seed {seed}, {codegen}");
        }
    }
}
