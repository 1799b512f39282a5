//! The text of a kernel reads back as the same kernel.

use dasc_ir::kernel::text::{canonical, parse};
use dasc_ir::kernel::{Kernel, Step, random};

#[test]
fn text_reads_back() {
    for seed in 0..2000 {
        let mut kernel: Kernel = random::kernel(seed);
        kernel.params.push([f64::NEG_INFINITY, -0.0, 1e-310, 1.5e300][seed as usize % 4]);
        for step in &mut kernel.steps {
            if let Step::Loop(body) = step {
                *body = canonical(body);
            }
        }
        let text = kernel.to_string();
        let again = parse(&text).unwrap_or_else(|diag| panic!("seed {seed}: {diag}\n{text}"));
        assert_eq!(again, kernel, "seed {seed}\n{text}");
        assert_eq!(again.to_string(), text);
    }
}
