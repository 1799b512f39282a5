pub mod cache {
    use dasc_ir::Result; use dasc_ir::kernel::Kernel; use std::path::Path;
    pub struct Cache; impl Cache { pub fn open(_: &Path) -> Result<Cache> { Ok(Cache) } }
    #[allow(dead_code)]
    pub enum Outcome { Hit, Miss, Rejected(String) }
    pub fn load_or_compile(k: &Kernel, o: &dasc_cpu::Options, _: Option<&Cache>) -> Result<(dasc_cpu::MachineKernel, Outcome)> { Ok((dasc_cpu::compile(k, o)?.load()?, Outcome::Miss)) }
}
