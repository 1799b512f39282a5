//! Two minutes of scripts that nobody would write: none may panic, hang, exhaust the stack or fill the memory, in the reader, in
//! the checks of units and values, or where a graph is built.
//!
//! `DASC_FUZZ_SECONDS` says for how long (60 unless given; a developer in a hurry gives 5, a night 30000), `DASC_FUZZ_SEED` where
//! to begin (1 unless given); the seed is printed first, and with whatever goes wrong the script itself.

mod script;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use dasc_ir::parameter::Kind;
use dasc_ir::{DType, Unit};
use dasc_stdlib::ops::OPERATORS;
use dasc_tests::noise::Noise;

/// A script that takes longer hangs, on a machine busy with other tests too.
const TOO_LONG: Duration = Duration::from_secs(60);
/// What this process may come to hold, in KiB, where the system tells.
const MEMORY: u64 = 4 << 20;

#[test]
fn no_script_is_fatal() {
    let ask = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let (seconds, seed) = (ask("DASC_FUZZ_SECONDS").unwrap_or(60), ask("DASC_FUZZ_SEED").unwrap_or(1));
    // Written past the test harness, which would keep it back where the process dies.
    let tell = |text: &str| {
        let _ = writeln!(std::io::stderr(), "{text}");
    };
    tell(&format!("hostile scripts: {seconds} s from DASC_FUZZ_SEED={seed}"));
    let (given, scripts) = channel::<String>();
    let (done, outcomes) = channel::<bool>();
    // A thread of a test has 2 MiB of stack, less than the program's own.
    std::thread::spawn(move || {
        for script in scripts {
            let survived = catch_unwind(AssertUnwindSafe(|| checked(&script))).is_ok();
            if done.send(survived).is_err() {
                return;
            }
        }
    });
    let (corpus, mut noise) = (corpus(), Noise(seed));
    let (begin, mut cases) = (Instant::now(), 0u64);
    while begin.elapsed() < Duration::from_secs(seconds) || cases < 100 {
        let text = made(&mut noise, &corpus);
        given.send(text.clone()).unwrap();
        match outcomes.recv_timeout(TOO_LONG) {
            Ok(true) => cases += 1,
            Ok(false) => panic!("after {cases} scripts from seed {seed}, this one panics:\n{text}"),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                panic!("after {cases} scripts from seed {seed}, this one hangs:\n{text}")
            }
        }
        if let Some(held) = held().filter(|held| *held > MEMORY) {
            panic!("after {cases} scripts from seed {seed}, {held} KiB are held since:\n{text}");
        }
    }
    tell(&format!("hostile scripts: {cases} survived"));
}

/// Reads and builds a script over a small record, in a unit that most operators take.
fn checked(text: &str) {
    let mut record = script::signal(DType::F32, 1000.0, &[(0, 3000), (3500, 9000)], 24);
    record.unit = Unit::parse("nstrain/s").unwrap();
    if let Err(mistake) = script::graph(text, &record) {
        assert!(!mistake.is_empty(), "a mistake without words");
    }
}

/// The most memory that this process held.
fn held() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// The scripts of the file tests and of the examples.
fn corpus() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["filetests/dql", "filetests/define", "../examples", "../stdlib/defs"];
    let files = folders.iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let scripts: Vec<String> = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    assert!(scripts.len() >= 60);
    let script = |text: &String| {
        let end = text.find("\n#= ").or_else(|| text.find("\n----\n")).unwrap_or(text.len());
        text[..end].to_string()
    };
    scripts.iter().map(script).collect()
}

fn made(noise: &mut Noise, corpus: &[String]) -> String {
    match noise.below(8) {
        0 => soup(noise),
        1 | 2 => damaged(noise, corpus),
        3 | 4 => definition(noise),
        5 => nested(noise),
        _ => steps(noise),
    }
}

const WORDS: [&str; 50] = [
    "READ a.h5",
    "DEF ",
    "DEF F(x)",
    "DEF G(x, p: s = 1)",
    " WHERE ",
    "y[t]",
    "y[t-1]",
    "y[t<0]",
    "x[c+1 | nearest]",
    "x",
    "dt",
    "t",
    " = ",
    "==",
    "<",
    "IF ",
    " THEN ",
    " ELSE ",
    " AND ",
    "NOT ",
    "exp(",
    "max(",
    "RMS(",
    "F(",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    "|",
    "\n",
    "+",
    "-",
    "*",
    "/",
    "^",
    "1",
    "10Hz",
    "1e308",
    "nan",
    "LET a = ",
    "{a}",
    "FOR i IN ",
    "END",
    " AS a",
    "FROM a",
    "IMPORT 'x.dql'",
    "'",
    "é\u{1b}",
];

/// Numbers at the limits of what a number can be, and quantities.
const VALUES: [&str; 44] = [
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "0.5",
    "1e-320",
    "1e308",
    "-1e308",
    "1e999",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "2147483647",
    "4294967296",
    "9223372036854775807",
    "18446744073709551616",
    "1e18",
    "0.1Hz",
    "10Hz",
    "499.999999Hz",
    "500Hz",
    "1e300Hz",
    "-10Hz",
    "1ns",
    "10ms",
    "1s",
    "1e9s",
    "1e300s",
    "-1s",
    "0s",
    "1m",
    "1e12km",
    "3dB",
    "-900dB",
    "1nstrain/s",
    "1Pa",
    "2%",
    "-5%",
    "1e300%",
    "65536",
    "16777216",
    "3.7",
];

const PATHS: [&str; 8] = [
    "''",
    "/",
    "../../../../etc/passwd",
    "'a\u{0}b'",
    "/dev/zero",
    "'…\u{202e}é'",
    "tcp://:0?=",
    "con:\\nul",
];

fn pick<'a>(noise: &mut Noise, from: &[&'a str]) -> &'a str {
    from[noise.below(from.len() as u64) as usize]
}

fn soup(noise: &mut Noise) -> String {
    (0..noise.below(60)).map(|_| pick(noise, &WORDS)).collect()
}

fn damaged(noise: &mut Noise, corpus: &[String]) -> String {
    let mut text: Vec<char> = corpus[noise.below(corpus.len() as u64) as usize].chars().collect();
    for _ in 0..=noise.below(3) {
        let begin = noise.below(text.len() as u64 + 1) as usize;
        let end = (begin + noise.below(8) as usize).min(text.len());
        let piece = if noise.below(2) == 0 { pick(noise, &WORDS) } else { pick(noise, &VALUES) };
        text.splice(begin..end, piece.chars());
    }
    text.into_iter().collect()
}

/// Operators with values that they must refuse or stand, and some that they take.
fn steps(noise: &mut Noise) -> String {
    let mut text = "READ a.h5".to_string();
    for _ in 0..=noise.below(3) {
        let schema = OPERATORS[noise.below(OPERATORS.len() as u64) as usize].schema;
        if noise.below(4) == 0 {
            let _ = write!(text, " | {}", schema.example);
            continue;
        }
        let _ = write!(text, " | {}", schema.name);
        for param in schema.params {
            if param.default.is_none() && noise.below(12) > 0 {
                let _ = write!(text, " {}", value(noise, &param.kind));
            } else if noise.below(3) == 0 {
                let _ = write!(text, " {}={}", param.name.to_uppercase(), value(noise, &param.kind));
            }
        }
    }
    text
}

fn value(noise: &mut Noise, kind: &Kind) -> String {
    if noise.below(10) == 0 {
        return pick(noise, &PATHS).to_string();
    }
    match kind {
        Kind::Choice(words) if noise.below(8) > 0 => pick(noise, words).to_string(),
        Kind::Flag if noise.below(8) > 0 => pick(noise, &["TRUE", "FALSE"]).to_string(),
        Kind::Integer if noise.below(2) > 0 => (noise.bits() >> noise.below(64)).to_string(),
        Kind::Optional(kind) => value(noise, kind),
        Kind::List(kind) => {
            let items: Vec<String> = (0..noise.below(5)).map(|_| value(noise, kind)).collect();
            format!("[{}]", items.join(", "))
        }
        Kind::Range(_) => {
            let stride =
                if noise.below(4) == 0 { format!("/{}", pick(noise, &VALUES)) } else { String::new() };
            format!("{}..{}{stride}", pick(noise, &VALUES), pick(noise, &VALUES))
        }
        Kind::Branch => pick(noise, &["a", "raw", "1"]).to_string(),
        Kind::FlowOrPath => pick(noise, &["a", "raw", "1", "a.npy", "'b'"]).to_string(),
        Kind::Reference if noise.below(2) > 0 => format!("noise({})", pick(noise, &VALUES)),
        Kind::Quantity(_)
        | Kind::Number
        | Kind::Integer
        | Kind::Flag
        | Kind::Choice(_)
        | Kind::Text
        | Kind::Path
        | Kind::Reference => pick(noise, &VALUES).to_string(),
    }
}

/// A definition that is well-formed, mostly, and used.
fn definition(noise: &mut Noise) -> String {
    let (depth, equations) = (noise.below(6), noise.below(4));
    let mut text = format!("DEF F(x, p: s = 1, n: 1 = 2) = {}", expression(noise, depth));
    for at in 0..equations {
        let name = ["y", "z", "w", "v"][at as usize];
        let joint = if at == 0 { " WHERE" } else { ";" };
        let _ = write!(text, "{joint} {name}[t] = {}", expression(noise, depth));
        if noise.below(4) == 0 {
            let _ = write!(text, "; {name}[t<0] = {}", expression(noise, 1));
        }
    }
    let (p, n) = (pick(noise, &VALUES), pick(noise, &VALUES));
    format!("{text}\nDEF G(x, p: s) = F(F(x, p), p)\nREAD a.h5 | F P={p} N={n}\nG {p}\n")
}

fn expression(noise: &mut Noise, depth: u64) -> String {
    if depth == 0 {
        let leaves = [
            "x",
            "x[t-1]",
            "x[t-n]",
            "x[t+2]",
            "x[c-1]",
            "x[c+1 | zero]",
            "y",
            "y[t-1]",
            "y[t-2]",
            "z[t-1]",
            "z",
            "w[t-1]",
            "v[t-3]",
            "p",
            "n",
            "dt",
            "x[t-16777216]",
            "y[t-128]",
            "y[t-129]",
        ];
        return if noise.below(4) == 0 { pick(noise, &VALUES) } else { pick(noise, &leaves) }.to_string();
    }
    let mut part = |depth: u64| expression(noise, depth);
    let (a, b) = (part(depth - 1), part(depth / 2));
    match noise.below(9) {
        0 => {
            let condition = pick(noise, &["<", ">=", "==", "!="]);
            format!("(IF {a} {condition} {b} THEN {} ELSE {b})", expression(noise, depth - 1))
        }
        1 => format!("{}({a})", pick(noise, &["abs", "sqrt", "exp", "log", "log10", "sin", "floor", "-"])),
        2 => format!("{}({a}, {b})", pick(noise, &["max", "min"])),
        3 => {
            let operator = OPERATORS[noise.below(OPERATORS.len() as u64) as usize].schema.name;
            format!("{operator}({a}, {})", pick(noise, &VALUES))
        }
        _ => format!("({a} {} {b})", pick(noise, &["+", "-", "*", "/", "^"])),
    }
}

/// Too deep, too long or too many.
fn nested(noise: &mut Noise) -> String {
    let many = 1usize << noise.below(15);
    let open = pick(
        noise,
        &["(", "-", "NOT ", "exp(", "F(", "x[t-", "IF x > 0 THEN ", "1 + ", "2 ^ ", "x = ", "max(x, "],
    );
    let chain: String = (0..many.min(200)).map(|i| format!("DEF F{}(x) = F{i}(F{i}(x))\n", i + 1)).collect();
    match noise.below(7) {
        0 => format!("DEF F(x) = {}x\nREAD a.h5 | F", open.repeat(many)),
        1 => format!("DEF F(x) = {}x{}\nREAD a.h5 | F", "(".repeat(many), ")".repeat(many)),
        2 => format!("DEF F0(x) = x + x[t-1]\n{chain}READ a.h5 | F{}", many.min(200)),
        3 => format!("DEF F(x) = x{}\nREAD a.h5 | F", " + x[t-1]".repeat(many)),
        4 => format!("READ a.h5{}", " | ABS".repeat(many.min(2000))),
        5 => format!("READ a.h5 | FBE {}{}", "[".repeat(many), "]".repeat(many)),
        _ => {
            let equations: Vec<String> = (0..many.min(1000))
                .map(|i| format!("v{i}[t] = v{}[t-1] + x", (i + 1) % many.min(1000)))
                .collect();
            format!("DEF F(x) = v0 WHERE {}\nREAD a.h5 | F", equations.join("; "))
        }
    }
}
