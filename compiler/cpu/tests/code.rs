//! What generated code may not do, and the functions that random kernels leave out.

mod guarded;

use dasc_cpu::{Codegen, Isa, Made, Options, compile};
use dasc_ir::kernel::text::parse;
use dasc_ir::kernel::{Interpreter, Kernel, NumericProfile, expand, random};

use guarded::{Memory, Shape};

fn functions() -> Kernel {
    let mut text =
        String::from("kernel \"functions\"\nbuffer b0 \"x\" f32 input\nbuffer b1 \"xx\" f64 input\n");
    let ops = ["exp", "log", "sin", "cos"];
    for (at, op) in ops.iter().enumerate() {
        text += &format!("buffer b{} \"{op}\" f32 output\n", 2 + at);
    }
    for (at, op) in ops.iter().enumerate() {
        text += &format!("buffer b{} \"{op} wide\" f64 output\n", 6 + at);
    }
    for (at, op) in ops.iter().enumerate() {
        for (from, to) in [(0, 2 + at), (1, 6 + at)] {
            text += &format!(
                "loop rows b{to} {{\n v0 = load b{from}[i]\n v1 = {op} v0\n store b{to}[i] v1\n}}\n"
            );
        }
    }
    parse(&text).unwrap()
}

#[test]
fn transcendentals_equal_the_interpreter() {
    let mut kernel = functions();
    let refused = compile(&kernel, &Options::default()).unwrap_err();
    assert!(refused.message.contains("has to be expanded"), "{refused}");
    expand(&mut kernel);
    let shape = Shape { start: 0, rows: 40, lanes: 64, lane0: 0, at_end: true };
    let codegens = Codegen::ALL.into_iter().filter(|codegen| codegen.isa().is_ok());
    let each = codegens.flat_map(|c| [(c, NumericProfile::host()), (c, NumericProfile::NoFma)]);
    for (codegen, profile) in each {
        for group in [2, 4, 8, 16] {
            let options = Options { profile, codegen, group: Some(group), ..Options::default() };
            let machine = compile(&kernel, &options).unwrap().load().unwrap();
            let interpreter = Interpreter::with_profile(&kernel, profile).unwrap();
            let (expected, actual) = (Memory::new(&kernel, shape, 1), Memory::new(&kernel, shape, 1));
            expected.run(&kernel, &interpreter, shape);
            actual.run(&kernel, &machine, shape);
            assert_eq!(expected.difference(&actual, &kernel), None, "{options:?}");
        }
    }
}

#[test]
fn listings_show_both_forms() {
    let options = Options { listing: true, codegen: Codegen::Cranelift, ..Options::default() };
    let code = compile(&random::kernel(0), &options).unwrap();
    assert_eq!(code.listings.len(), random::kernel(0).steps.len());
    for listing in &code.listings {
        assert!(listing.clif.starts_with("function") && listing.clif.contains("brif"), "{}", listing.clif);
        assert!(listing.asm.contains("ret"), "{}", listing.asm);
    }
}

#[test]
fn wide_code_is_listed_and_says_that_it_is_wide() {
    for (isa, register) in Isa::ALL.into_iter().zip(["ymm", "zmm"]) {
        let options = Options { listing: true, codegen: Codegen::Wide(isa), ..Options::default() };
        if let Err(why) = options.codegen.isa() {
            eprintln!("SKIPPED {}: {why}", options.codegen);
            continue;
        }
        let code = compile(&random::kernel(0), &options).unwrap();
        let made: Vec<_> = code.made().collect();
        assert!(made.iter().all(|(_, made)| **made == Made::Wide(isa)), "{made:?}");
        for listing in &code.listings {
            assert!(listing.clif.is_empty(), "{}", listing.clif);
            assert!(listing.asm.contains(register) && listing.asm.contains("vzeroupper"), "{}", listing.asm);
        }
    }
}

/// Mappings of this process with these rights.
fn mappings(rights: &str) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|r| r.starts_with(rights))).count()
}

/// Bytes of this process in memory.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// Kernels compiled, loaded and dropped.
const COMPILES: u64 = 20_000;

#[test]
fn code_is_never_writable_and_is_freed() {
    let load = || compile(&random::kernel(2), &Options::default()).unwrap().load().unwrap();
    drop(load());
    let before = mappings("r-x");
    let kept: Vec<_> = (0..20).map(|_| load()).collect();
    assert!(mappings("r-x") > before);
    assert_eq!(mappings("rwx"), 0);
    drop(kept);
    for _ in 0..300 {
        load();
    }
    let held = resident();
    for seed in 0..COMPILES {
        compile(&random::kernel(seed % 100), &Options::default()).unwrap().load().unwrap();
    }
    assert_eq!(mappings("rwx"), 0);
    let grown = resident().saturating_sub(held);
    assert!(grown < 32 << 20, "{COMPILES} compiles left {grown} bytes behind");
    // Other tests of this process may hold a few.
    assert!(mappings("r-x") <= before + 8);
}
