//! A folder of files, or those that a pattern names, as one record: `/data/2024-05`, `/data/2024-05-0[1-7]/*.h5`, `/data/**/*.tdms`.
//!
//! Headers are read once, side by side, and remembered; files are opened again when their rows are read, a few at a time.

mod follow;
mod index;
mod join;
mod list;
mod summary;
mod survey;
mod watch;

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dasc_ir::{Diag, Result};

use crate::array::buffer;
use crate::open::OnBad;
use crate::record::check_read;
use crate::{Header, Location, OnOverlap, ReadOptions, Source, zarr};

pub use follow::follow;
pub use index::remember_in;
use index::{Index, Stamp};
pub use join::samples;
use join::{Joined, Part, join};
pub use list::names_several;
pub use summary::Summary;
pub use watch::{Opening, watch_openings};

/// Files opened together, for starting a process that describes one takes longer than describing many; and files held open.
const TOGETHER: usize = 16;
const OPEN: usize = 3 * TOGETHER;
/// Scratch memory of a comparison.
const SCRATCH: usize = 1 << 20;

/// Files joined in the order of time.
pub struct Folder {
    header: Header,
    files: Vec<(PathBuf, Summary)>,
    parts: Vec<Part>,
    options: ReadOptions,
    /// The files read last, the latest last.
    open: Mutex<VecDeque<(usize, Arc<dyn Source>)>>,
    /// Rows that several files have, the first of them compared already.
    common: Vec<Part>,
    compared: Mutex<usize>,
    left_out: Vec<String>,
    /// What is odd about how the files fit together.
    odd: Vec<String>,
    read: AtomicU64,
}

/// Bytes of the files that `path` names.
pub fn bytes_of(path: &str) -> Result<u64> {
    let size = |file: PathBuf| match zarr::is_zarr(&file) {
        true => zarr::bytes_of(&file),
        false => std::fs::metadata(file).map_or(0, |found| found.len()),
    };
    Ok(list::list(path)?.files.into_iter().map(size).fold(0, u64::saturating_add))
}

/// Opens the files that `path` names.
pub fn open(path: &str, options: &ReadOptions) -> Result<Folder> {
    let listing = list::list(path)?;
    let index = Index::open(path, options);
    let mut notes: Vec<String> = index.damaged.iter().cloned().collect();
    let of = listing.files.len();
    let mut known: HashMap<PathBuf, (Stamp, Summary)> = HashMap::with_capacity(of);
    let mut fresh = Vec::new();
    for file in listing.files {
        let stamp = Stamp::of(&file);
        match stamp.and_then(|stamp| Some((index.find(&file, &stamp)?, stamp))) {
            Some((summary, stamp)) => drop(known.insert(file, (stamp, summary))),
            None => fresh.push(file),
        }
    }
    let mut left_out = Vec::new();
    for (file, found) in fresh.iter().zip(survey::survey(path, &fresh, options, of)?) {
        match (found, options.on_bad) {
            (Ok(found), _) => drop(known.insert(file.clone(), found)),
            (Err(diag), OnBad::Skip) => left_out.push(format!("left out: {diag}")),
            (Err(diag), OnBad::Stop) => {
                let more = "ON_BAD=skip of READ leaves such files out";
                let help = diag.help.as_ref().map_or(more.to_string(), |help| format!("{help}; {more}"));
                return Err(diag.help(help));
            }
        }
    }
    notes.extend(index.save(known.clone()));
    let _ = watch::told(&Opening { folder: path, files: of, of, done: true });
    let mut files: Vec<(PathBuf, Summary)> =
        known.into_iter().map(|(file, (_, summary))| (file, summary)).collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    agree(&files)?;
    let joined = join(&files)?;
    if joined.parts.is_empty() {
        let why = left_out.first().map_or(String::new(), |first| format!(", the first {first}"));
        return Err(Diag::world(format!("none of the files of '{path}' could be read{why}"))
            .help("dasc inspect of a single file says what is wrong with it"));
    }
    let odd = odd(&joined);
    notes.extend(told(&files, &joined, listing.passed_over));
    notes.extend(odd.iter().cloned());
    let header = header(&files, &joined, options, notes)?;
    Ok(Folder {
        header,
        common: joined.common,
        compared: Mutex::new(0),
        parts: joined.parts,
        files,
        options: options.clone(),
        odd,
        open: Mutex::new(VecDeque::new()),
        left_out,
        read: AtomicU64::new(0),
    })
}

/// Refuses files that cannot be one record.
fn agree(files: &[(PathBuf, Summary)]) -> Result<()> {
    let Some((first, one)) = files.first() else { return Ok(()) };
    for (path, other) in files {
        if let Some((what, ours, theirs)) = one.clash(other) {
            let (first, path) = (first.display(), path.display());
            return Err(Diag::world(format!(
                "'{first}' and '{path}' cannot be one record: their {what} is {ours} and {theirs}"
            ))
            .help("read them apart, each kind by a pattern of its own such as 'folder/a*.h5'"));
        }
    }
    Ok(())
}

/// What a user should know of how the files were joined.
fn told(files: &[(PathBuf, Summary)], joined: &Joined, passed_over: usize) -> Vec<String> {
    let mut notes = vec![match joined.segments.len().saturating_sub(1) {
        0 => format!("{} without gaps", counted(files.len(), "file")),
        gaps => format!("{} with {}", counted(files.len(), "file"), counted(gaps, "gap")),
    }];
    if passed_over > 0 {
        notes.push(format!("{} beside them passed over by the ending", counted(passed_over, "other file")));
    }
    notes
}

/// `1 gap`, `2 gaps`.
fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// What every user should know of it.
fn odd(joined: &Joined) -> Vec<String> {
    let mut odd = Vec::new();
    let overlaps = joined.common.len().saturating_sub(joined.within);
    if overlaps > 0 {
        let files = counted(overlaps, "overlap");
        odd.push(format!("{files} between files: common samples are compared and taken once"));
    }
    if joined.within > 0 {
        let files = counted(joined.within, "file");
        odd.push(format!("{files} with nothing that others have not: compared and left aside"));
    }
    if joined.drift > 1.0 {
        odd.push(format!(
            "clocks of files differ from the count of samples by up to {:.1} samples",
            joined.drift
        ));
    }
    odd
}

fn header(
    files: &[(PathBuf, Summary)],
    joined: &Joined,
    options: &ReadOptions,
    mut notes: Vec<String>,
) -> Result<Header> {
    let lost = || Diag::compiler("a folder lost its first file");
    let part = joined.parts.first().ok_or_else(lost)?;
    let (first, summary) = files.get(part.file).ok_or_else(lost)?;
    let one = opened(first, options)?;
    if let Some((other, _)) = files.iter().find(|(_, other)| other.format != summary.format) {
        notes.push(format!("'{}' and '{}' are of different formats", first.display(), other.display()));
    }
    let format = one.header().format;
    let mut header =
        summary.header(format, one.header().unit.clone(), joined.segments.clone()).ok_or_else(lost)?;
    header.attributes = one.header().attributes.clone();
    header.attributes.insert("files".into(), files.len().to_string());
    header.notes.extend(notes);
    Ok(header)
}

fn opened(path: &Path, options: &ReadOptions) -> Result<Box<dyn Source>> {
    crate::open(&Location { path: path.to_string_lossy().into_owned(), options: options.of_a_part() })
}

impl Folder {
    fn file(&self, number: usize) -> Result<Arc<dyn Source>> {
        let lock = || self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = latest(&mut lock(), number) {
            return Ok(source);
        }
        let lost = || Diag::compiler("a folder was asked for a file that it does not have");
        // Those that follow will be wanted next.
        let mut numbers = vec![number];
        let at = self.parts.iter().position(|part| part.file == number).map_or(self.parts.len(), |at| at + 1);
        for part in self.parts.iter().skip(at).take(TOGETHER - 1) {
            if !numbers.contains(&part.file) && !lock().iter().any(|(known, _)| *known == part.file) {
                numbers.push(part.file);
            }
        }
        let files: Vec<&(PathBuf, Summary)> = numbers.iter().filter_map(|n| self.files.get(*n)).collect();
        let paths: Vec<&Path> = files.iter().map(|(path, _)| path.as_path()).collect();
        let mut opened =
            survey::open_each(&paths, &self.options.of_a_part()).into_iter().zip(&numbers).zip(&files);
        let ((wanted, _), (path, summary)) = opened.next().ok_or_else(lost)?;
        let wanted: Arc<dyn Source> = Arc::from(unchanged(wanted?, path, summary)?);
        // What is wrong with a later file is said when that one is read.
        let later = opened.filter_map(|((source, number), (path, summary))| {
            let source = unchanged(source.ok()?, path, summary).ok()?;
            Some((*number, Arc::from(source)))
        });
        let later: Vec<(usize, Arc<dyn Source>)> = later.collect();
        let mut open = lock();
        for (number, source) in later.into_iter().chain([(number, wanted.clone())]) {
            if !open.iter().any(|(known, _)| *known == number) {
                open.push_back((number, source));
            }
        }
        while open.len() > OPEN {
            open.pop_front();
        }
        Ok(wanted)
    }

    /// Reads rows of the record, parts one after another.
    fn rows(&self, rows: Range<i64>, channels: &Range<usize>, out: &mut [u8], stride: usize) -> Result<()> {
        let mut at = rows.start;
        let mut number = self.parts.partition_point(|part| part.first <= at).saturating_sub(1);
        while at < rows.end {
            let beyond = || Diag::compiler(format!("rows {rows:?} of a folder do not lie in one segment"));
            let part = self.parts.get(number).ok_or_else(beyond)?;
            let end = part.first.saturating_add(i64::try_from(part.len).unwrap_or(i64::MAX)).min(rows.end);
            if at < part.first || at >= end {
                return Err(beyond());
            }
            let file = self.file(part.file)?;
            let from = part.from + (at - part.first);
            let skip = (at - rows.start) as usize * stride;
            let before = file.bytes_read();
            file.read(from..from + (end - at), channels.clone(), &mut out[skip..], stride)?;
            self.read.fetch_add(file.bytes_read().saturating_sub(before), Ordering::Relaxed);
            (at, number) = (end, number + 1);
        }
        Ok(())
    }

    /// Compares what several files have, as far as it begins before a row.
    fn compare(&self, end: i64) -> Result<()> {
        if self.options.on_overlap == OnOverlap::First {
            return Ok(());
        }
        // Held while comparing: other readers wait for what is compared, as they must.
        let mut compared = self.compared.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(common) = self.common.get(*compared).filter(|common| common.first < end) {
            self.same(common)?;
            *compared += 1;
        }
        Ok(())
    }

    /// Refuses rows of a file that are not those of the record.
    fn same(&self, common: &Part) -> Result<()> {
        let all = 0..self.header.channels.count;
        let row = all.len() * self.header.file_type.size();
        let together = (SCRATCH / row.max(1)).max(1);
        let scratch = || buffer((together * row) as u64, "what several files have");
        let (mut ours, mut theirs) = (scratch()?, scratch()?);
        let file = self.file(common.file)?;
        let len = i64::try_from(common.len).unwrap_or(i64::MAX);
        let mut done = 0;
        while done < len {
            let now = (len - done).min(together as i64);
            let (here, there) = (common.first + done, common.from + done);
            let bytes = now as usize * row;
            self.rows(here..here + now, &all, &mut ours[..bytes], row)?;
            file.read(there..there + now, all.clone(), &mut theirs[..bytes], row)?;
            if ours[..bytes] != theirs[..bytes] {
                let path = self.files.get(common.file).map(|(path, _)| path.display().to_string());
                return Err(Diag::world(format!(
                    "'{}' has {len} samples at times that earlier files have too, and they are not the same",
                    path.unwrap_or_default()
                ))
                .help(
                    "see when the files say they begin (dasc inspect); ON_OVERLAP=first of READ takes the samples of the earlier file",
                ));
            }
            done += now;
        }
        Ok(())
    }
}

/// Refuses a file that is not what was found in it before.
fn unchanged(source: Box<dyn Source>, path: &Path, summary: &Summary) -> Result<Box<dyn Source>> {
    let now = Summary::of(source.header());
    if now.clash(summary).is_none() && now.segments == summary.segments {
        return Ok(source);
    }
    Err(Diag::world(format!("'{}' has changed since its header was read", path.display()))
        .help("run again when nothing writes into the folder any more"))
}

/// A file that is open, which becomes the one read last.
fn latest(open: &mut VecDeque<(usize, Arc<dyn Source>)>, number: usize) -> Option<Arc<dyn Source>> {
    let at = open.iter().position(|(known, _)| *known == number)?;
    let entry = open.remove(at)?;
    let source = entry.1.clone();
    open.push_back(entry);
    Some(source)
}

impl Source for Folder {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, rows: Range<i64>, channels: Range<usize>, out: &mut [u8], stride: usize) -> Result<()> {
        check_read(&self.header, &rows, &channels, out.len(), stride)?;
        if rows.is_empty() || channels.is_empty() {
            return Ok(());
        }
        self.compare(rows.end)?;
        self.rows(rows, &channels, out, stride)
    }

    fn losses(&self) -> Vec<String> {
        self.left_out.clone()
    }

    fn remarks(&self) -> Vec<String> {
        self.odd.clone()
    }

    fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}
