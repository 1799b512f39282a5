pub mod fft {
    use dasc_ir::kernel::{BufferAt, Fft, FftKind};
    use rustfft::{FftPlanner, num_complex::Complex};
    pub struct Plan { kind: FftKind, n: usize }
    impl Plan {
        pub fn new(fft: &Fft) -> Plan { Plan { kind: fft.kind, n: fft.n as usize } }
        pub unsafe fn run(&self, input: &BufferAt, output: &BufferAt, start: i64, rows: i64, lanes: usize) {
            let mut p = FftPlanner::<f32>::new();
            let n = self.n;
            let f = p.plan_fft_forward(n);
            assert!(matches!(self.kind, FftKind::Forward));
            for r in start..start + rows { for l in 0..lanes {
                let at = |b: &BufferAt, i: usize, pl: usize| b.base.wrapping_offset(r as isize * b.row + i as isize * b.inner + pl as isize * b.plane).cast::<f32>().wrapping_add(l);
                let mut x: Vec<Complex<f32>> = (0..n).map(|i| Complex::new(unsafe { at(input, i, 0).read() }, 0.0)).collect();
                f.process(&mut x);
                for i in 0..n / 2 + 1 { unsafe { at(output, i, 0).write(x[i].re); at(output, i, 1).write(x[i].im); } }
            } }
        }
    }
}
pub mod cache {
    use dasc_ir::Result; use dasc_ir::kernel::Kernel; use std::path::Path;
    pub struct Cache; impl Cache { pub fn open(_: &Path) -> Result<Cache> { Ok(Cache) } }
    #[allow(dead_code)]
    pub enum Outcome { Hit, Miss, Rejected(String) }
    pub fn load_or_compile(k: &Kernel, o: &dasc_cpu::Options, _: Option<&Cache>) -> Result<(dasc_cpu::MachineKernel, Outcome)> { Ok((dasc_cpu::compile(k, o)?.load()?, Outcome::Miss)) }
}
