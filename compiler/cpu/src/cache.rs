//! Machine code on disk, so that a script that ran before starts without code generation.
//!
//! An entry's name is the SHA-256 of everything its code depends on: the kernel with its steps but not its parameter
//! values, the numeric profile, the processor's features, this compiler's version. Its content carries a MAC
//! under a secret of the folder, so an entry that somebody else wrote, or that a disk damaged, is never executed:
//! it counts as missing and the caller is told. Folder 0700, files 0600; written under another name and renamed.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use dasc_ir::kernel::{Kernel, LoopRef};
use dasc_ir::{DType, Diag, Result};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::code::{Code, Entry, MachineKernel, Options, compile};
use crate::codegen::Made;
use crate::host;
use crate::pool::{self, Pool};
use crate::wide::Isa;

/// A folder of compiled kernels.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
    secret: [u8; 32],
    /// Oldest entries go when all together exceed this many bytes.
    pub limit: u64,
}

/// Where the code of a kernel came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was generated.
    Hit,
    Miss,
    /// There was an entry that is not to be trusted, for this reason.
    Rejected(String),
}

const MAGIC: &[u8; 8] = b"dasccpu2";
const MAC: usize = 32;
const EXTENSION: &str = "kernel";

/// The code of a kernel from the cache, or generated and, if it can be, put there. A folder that cannot be written is
/// no error: the kernel runs all the same.
pub fn load_or_compile(
    kernel: &Kernel,
    options: &Options,
    cache: Option<&Cache>,
) -> Result<(MachineKernel, Outcome)> {
    let Some(cache) = cache else {
        return Ok((compile(kernel, options)?.load()?, Outcome::Miss));
    };
    let key = key(kernel, options)?;
    let outcome = match cache.read(&key) {
        Ok(Some(code)) if code.fits(kernel) => {
            return Ok((Code { few: options.few()?, ..code }.load()?, Outcome::Hit));
        }
        Ok(Some(_)) => Outcome::Rejected(format!("'{}' is of another kernel", cache.path(&key).display())),
        Ok(None) => Outcome::Miss,
        Err(reason) => Outcome::Rejected(reason),
    };
    let code = compile(kernel, options)?;
    // The next run will be slower; this one is not worse for it.
    let _ = cache.write(&key, &code);
    Ok((code.load()?, outcome))
}

/// What names an entry, as 64 hexadecimal digits.
pub fn key(kernel: &Kernel, options: &Options) -> Result<String> {
    let mut shape = kernel.clone();
    let params = std::mem::take(&mut shape.params).len();
    let mut hash = Sha256::new();
    for part in [
        env!("CARGO_PKG_VERSION"),
        cranelift_codegen::VERSION,
        &host::features()?,
        options.profile.name(),
        &options.isa()?.map_or_else(|| "portable".to_string(), |isa| isa.to_string()),
        &format!("{:?} {:?}", options.group, options.few()?),
        &params.to_string(),
        &format!("{shape:?}"),
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut hex = String::new();
    for byte in hash.finalize() {
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

impl Cache {
    /// Opens or makes a cache in a folder that belongs to the user alone.
    pub fn open(folder: &Path) -> Result<Cache> {
        let fail = |what: &str, e: std::io::Error| {
            Diag::world(format!("kernel cache '{}': {what}: {e}", folder.display()))
        };
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent).map_err(|e| fail("cannot make the folder", e))?;
        }
        match DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) => return Err(fail("cannot make the folder", e)),
        }
        let known = fs::symlink_metadata(folder).map_err(|e| fail("cannot look at the folder", e))?;
        // SAFETY: `geteuid` has no preconditions.
        let user = unsafe { libc::geteuid() };
        if !known.is_dir() || known.uid() != user || known.permissions().mode() & 0o077 != 0 {
            return Err(Diag::world(format!(
                "kernel cache '{}' is open to other users, so its code cannot be trusted",
                folder.display()
            ))
            .help("take their rights away with chmod 700, or choose another folder"));
        }
        let secret = secret(folder).map_err(|e| fail("cannot read or make its secret", e))?;
        Ok(Cache { folder: folder.to_path_buf(), secret, limit: 256 << 20 })
    }

    /// The file of an entry.
    pub fn path(&self, key: &str) -> PathBuf {
        self.folder.join(key).with_extension(EXTENSION)
    }

    fn mac(&self, key: &str, content: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).ok()?;
        mac.update(key.as_bytes());
        mac.update(content);
        Some(mac)
    }

    /// The entry; `None` if there is none, an error with the reason if it is not to be trusted.
    fn read(&self, key: &str) -> std::result::Result<Option<Code>, String> {
        let path = self.path(key);
        let mut file = match OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(format!("'{}' cannot be read: {e}", path.display())),
        };
        let wrong = |why: &str| format!("'{}' {why}", path.display());
        let size = file.metadata().map_err(|e| wrong(&e.to_string()))?.len();
        if size > self.limit {
            return Err(wrong("is larger than the whole cache may be"));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| wrong(&e.to_string()))?;
        let split = bytes.len().checked_sub(MAC).ok_or_else(|| wrong("is cut short"))?;
        let (content, mac) = bytes.split_at(split);
        let expected = self.mac(key, content).ok_or_else(|| wrong("cannot be checked"))?;
        expected.verify_slice(mac).map_err(|_| wrong("was changed, or written by somebody else"))?;
        // Used entries are young, so that eviction takes others.
        let _ = file.set_modified(std::time::SystemTime::now());
        decode(content).map(Some).ok_or_else(|| wrong("has another format"))
    }

    fn write(&self, key: &str, code: &Code) -> std::io::Result<()> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let mut bytes = encode(code);
        let Some(mac) = self.mac(key, &bytes) else { return Ok(()) };
        bytes.extend_from_slice(&mac.finalize().into_bytes());
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = self.folder.join(format!(".{}-{count}.tmp", std::process::id()));
        let written = create(&temporary)
            .and_then(|mut file| file.write_all(&bytes))
            .and_then(|()| fs::rename(&temporary, self.path(key)));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written?;
        self.evict()
    }

    /// Removes the entries that were not used for longest until the rest fits.
    fn evict(&self) -> std::io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let path = entry.path();
            if path.extension().is_some_and(|e| e == EXTENSION) {
                // Another process may have removed it meanwhile.
                let Ok(known) = entry.metadata() else { continue };
                entries.push((known.modified()?, known.len(), path));
            }
        }
        entries.sort();
        let mut total: u64 = entries.iter().map(|(_, size, _)| size).sum();
        for (_, size, path) in entries {
            if total <= self.limit {
                break;
            }
            let _ = fs::remove_file(path);
            total -= size;
        }
        Ok(())
    }
}

fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// The folder's secret; the first process to link one into place wins.
fn secret(folder: &Path) -> std::io::Result<[u8; 32]> {
    let path = folder.join("secret");
    let read = || -> std::io::Result<[u8; 32]> {
        let mut file = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(&path)?;
        let known = file.metadata()?;
        if known.permissions().mode() & 0o077 != 0 {
            return Err(std::io::Error::new(ErrorKind::PermissionDenied, "other users can read it"));
        }
        let mut secret = [0; 32];
        file.read_exact(&mut secret)?;
        Ok(secret)
    };
    match read() {
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        // A file cut short is replaced.
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => fs::remove_file(&path)?,
        other => return other,
    }
    let mut fresh = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut fresh)?;
    let temporary = folder.join(format!(".secret-{}-{:p}.tmp", std::process::id(), &fresh));
    create(&temporary)?.write_all(&fresh)?;
    let linked = fs::hard_link(&temporary, &path);
    let _ = fs::remove_file(&temporary);
    match linked {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(e),
        _ => read(),
    }
}

fn encode(code: &Code) -> Vec<u8> {
    let mut out = Vec::from(*MAGIC);
    let mut texts = code.name.clone();
    let mut number = |n: u64| out.extend_from_slice(&n.to_le_bytes());
    for n in [code.buffers, code.carries, code.params, code.entries.len()] {
        number(n as u64);
    }
    for entry in &code.entries {
        let (kind, index) = match entry.which {
            LoopRef::Step(i) => (0, i),
            LoopRef::Merge(i) => (1, i),
            LoopRef::Finish(i) => (2, i),
        };
        let (made, why) = match &entry.made {
            Made::Portable(why) => (0, why.as_str()),
            Made::Wide(isa) => (1 + *isa as u64, ""),
        };
        let lanes = u64::from(entry.lanes.unwrap_or(0));
        let (width, count) = (entry.pool.width as u64, entry.pool.entries.len() as u64);
        for n in [kind, u64::from(index), entry.offset as u64, lanes, made, why.len() as u64, width, count] {
            number(n);
        }
        texts.push_str(why);
        for item in &entry.pool.entries {
            let row = match *item {
                pool::Entry::Bits { bits, dtype } => [0, bits, 0, dtype as u64],
                pool::Entry::Params { first, count, dtype } => {
                    [1, u64::from(first), u64::from(count), dtype as u64]
                }
                pool::Entry::Scalars { first, count, dtype } => {
                    [2, u64::from(first), u64::from(count), dtype as u64]
                }
                pool::Entry::Lanes { vector } => [3, u64::from(vector), 0, 0],
            };
            row.into_iter().for_each(&mut number);
        }
    }
    number(code.name.len() as u64);
    number(texts.len() as u64);
    number(code.blob.len() as u64);
    out.extend_from_slice(texts.as_bytes());
    out.extend_from_slice(&code.blob);
    out
}

fn decode(bytes: &[u8]) -> Option<Code> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let mut number = || -> Option<u64> {
        let (head, tail) = rest.split_first_chunk::<8>()?;
        rest = tail;
        Some(u64::from_le_bytes(*head))
    };
    let mut index = || number().and_then(|n| usize::try_from(n).ok());
    let (buffers, carries, params, count) = (index()?, index()?, index()?, index()?);
    let (mut entries, mut reasons) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (kind, which, offset, lanes) = (index()?, index()?, index()?, index()?);
        let (made, why, width, count) = (index()?, index()?, index()?, index()?);
        let which = u32::try_from(which).ok()?;
        let which = match kind {
            0 => LoopRef::Step(which),
            1 => LoopRef::Merge(which),
            2 => LoopRef::Finish(which),
            _ => return None,
        };
        let lanes = u32::try_from(lanes).ok()?;
        let made = match made {
            0 => Made::Portable(String::new()),
            wide => Made::Wide(*Isa::ALL.get(wide - 1)?),
        };
        if !matches!(width, 16 | 32 | 64) {
            return None;
        }
        let mut pool = Pool::new(width);
        for _ in 0..count {
            let [kind, a, b, dtype] = [index()?, index()?, index()?, index()?];
            let dtype = [DType::Bool, DType::I32, DType::I64, DType::F32, DType::F64]
                .into_iter()
                .find(|d| *d as usize == dtype);
            pool.entries.push(match kind {
                0 => pool::Entry::Bits { bits: a as u64, dtype: dtype? },
                1 | 2 => {
                    let (first, count, dtype) = (u32::try_from(a).ok()?, u32::try_from(b).ok()?, dtype?);
                    if kind == 1 {
                        pool::Entry::Params { first, count, dtype }
                    } else {
                        pool::Entry::Scalars { first, count, dtype }
                    }
                }
                3 => pool::Entry::Lanes { vector: u32::try_from(a).ok()? },
                _ => return None,
            });
        }
        entries.push(Entry { which, offset, lanes: (lanes > 0).then_some(lanes), pool, made });
        reasons.push(why);
    }
    let (name, texts, blob) = (index()?, index()?, index()?);
    if texts.checked_add(blob)? != rest.len() {
        return None;
    }
    let (texts, blob) = rest.split_at(texts);
    let (name, mut texts) = std::str::from_utf8(texts).ok()?.split_at_checked(name)?;
    for (entry, len) in entries.iter_mut().zip(reasons) {
        let (why, rest) = texts.split_at_checked(len)?;
        if let Made::Portable(reason) = &mut entry.made {
            *reason = why.to_string();
        }
        texts = rest;
    }
    let name = name.to_string();
    Some(Code {
        name,
        blob: blob.to_vec(),
        entries,
        buffers,
        carries,
        params,
        few: None,
        listings: Vec::new(),
    })
}
