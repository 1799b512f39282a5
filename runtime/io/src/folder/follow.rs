//! A folder that an instrument writes into, as a live stream: the files that are there, or none of them, then those that come.
//!
//! A file is taken once nothing has changed in it for a while and it opens; one that was renamed into the folder long after it was
//! written is taken at once. Files are put in the order of time among those that are there together; one that comes after a later
//! one was taken is too late, and said to be.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use dasc_ir::{Diag, Rational, Result};

use super::join::samples;
use super::summary::Summary;
use super::watch::{Opening, told};
use super::{index::Stamp, list, opened, survey, unchanged};
use crate::live::{Gaps, Halt, Waiting, stopped};
use crate::open::{Follow, OnBad};
use crate::record::check_read;
use crate::{ENDLESS, Header, OnGap, ReadOptions, Segment, Source};

/// So long nothing may have changed in a file before it is taken, and a file that does not open then is tried again so much longer.
const SETTLED: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the folder is looked at, and whether someone stops it.
const LOOK: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);

pub struct Followed {
    name: String,
    options: ReadOptions,
    header: Header,
    /// What all files have to be like.
    like: Summary,
    halt: Halt,
    state: Mutex<State>,
    read: AtomicU64,
}

#[derive(Default)]
struct State {
    known: HashSet<PathBuf>,
    /// Files that are not settled: what they were like, and since when.
    fresh: HashMap<PathBuf, (Option<Stamp>, Instant)>,
    looked: Option<Instant>,
    /// Stretches of files still to be placed, in order of time.
    queue: VecDeque<Stretch>,
    /// Placed rows, in order, from the one to be taken next on.
    parts: VecDeque<Part>,
    /// Where rows go on, if not where those placed end: with the part that begins there.
    behind: Option<(Segment, Part)>,
    /// The index behind the last row placed, and the clock of its file there.
    end: i64,
    end_ns: i64,
    gaps: Gaps,
    left_out: Vec<String>,
    over: bool,
}

/// A stretch of a file that was looked into.
struct Stretch {
    path: PathBuf,
    summary: Arc<Summary>,
    segment: (i64, u64, i64),
}

/// Rows of a file that are the next rows of the stream.
struct Part {
    path: PathBuf,
    summary: Arc<Summary>,
    source: Option<Arc<dyn Source>>,
    from: i64,
    first: i64,
    len: i64,
}

impl Part {
    fn end(&self) -> i64 {
        self.first.saturating_add(self.len)
    }
}

/// Follows the files that `path` names. Waits for the first of them.
pub fn follow(path: &str, options: &ReadOptions) -> Result<Followed> {
    if options.on_gap == OnGap::Mask {
        return Err(Diag::usage(
            "a folder that is followed has no ON_GAP=mask: how long a gap is shows when it is over",
        )
        .help("take ON_GAP=reset, where filters start anew after each gap"));
    }
    let mut state = State::default();
    if options.follow == Follow::New {
        state.known.extend(list::list_any(path)?);
    }
    let first = loop {
        if let Some(stretch) = state.queue.pop_front() {
            break stretch;
        }
        if stopped(Waiting::Files(path)) {
            return Err(Diag::world(format!("stopped while waiting for files of '{path}'")));
        }
        if !state.look(path, options)? {
            std::thread::sleep(TICK);
        }
    };
    let one = opened(&first.path, options)?;
    let (from, len, start_ns) = first.segment;
    let segment = Segment { start: 0, len: ENDLESS, start_ns };
    let lost = || Diag::compiler("a followed folder lost its first file");
    let header = first.summary.header(one.header().format, one.header().unit.clone(), vec![segment]);
    let mut header = header.ok_or_else(lost)?;
    header.attributes = one.header().attributes.clone();
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    (state.end, state.end_ns) = (len, end_of(start_ns, len, header.rate));
    let (path_of, summary) = (first.path, first.summary.clone());
    let source = Some(Arc::from(one));
    state.parts.push_back(Part { path: path_of, summary, source, from, first: 0, len });
    stopped(Waiting::Follows(path));
    Ok(Followed {
        name: path.to_string(),
        options: options.clone(),
        like: Summary::clone(&first.summary),
        header,
        halt: Halt::default(),
        state: Mutex::new(state),
        read: AtomicU64::new(0),
    })
}

fn end_of(start_ns: i64, len: i64, rate: Rational) -> i64 {
    start_ns.saturating_add(rate.recip().unwrap_or(Rational::ONE).nanoseconds(len))
}

impl State {
    /// Looks for files that are new and settled. Whether any were found.
    fn look(&mut self, path: &str, options: &ReadOptions) -> Result<bool> {
        if self.looked.is_some_and(|at| at.elapsed() < LOOK) {
            return Ok(false);
        }
        self.looked = Some(Instant::now());
        let mut settled = Vec::new();
        for file in list::list_any(path)? {
            if self.known.contains(&file) {
                continue;
            }
            let stamp = Stamp::of(&file);
            let now = Instant::now();
            let (was, since) = self.fresh.entry(file.clone()).or_insert((stamp.clone(), now));
            if *was != stamp {
                (*was, *since) = (stamp, now);
            }
            if since.elapsed() >= SETTLED || at_rest(&file) {
                settled.push(file);
            }
        }
        let of = settled.len();
        let mut found = Vec::new();
        let surveyed = survey::survey(path, &settled, options, of);
        let _ = told(&Opening { folder: path, files: of, of, done: true });
        for (file, looked) in settled.iter().zip(surveyed?) {
            match looked {
                Ok((_, summary)) => {
                    let summary = Arc::new(summary);
                    found.extend(summary.segments.iter().map(|segment| Stretch {
                        path: file.clone(),
                        summary: summary.clone(),
                        segment: *segment,
                    }));
                }
                // Some write the end of a file long after its beginning.
                Err(_) if self.fresh.get(file).is_some_and(|(_, since)| since.elapsed() < PATIENCE) => {
                    continue;
                }
                Err(diag) if options.on_bad == OnBad::Skip => self.leave_out(diag.to_string()),
                Err(diag) => {
                    let more = "ON_BAD=skip of READ leaves such files out";
                    let help = diag.help.as_ref().map_or(more.to_string(), |help| format!("{help}; {more}"));
                    return Err(diag.help(help));
                }
            }
            self.fresh.remove(file);
            self.known.insert(file.clone());
        }
        found.retain(|stretch| stretch.segment.1 > 0);
        // Of two that begin together the longer leads.
        found.sort_by_key(|stretch| (stretch.segment.2, std::cmp::Reverse(stretch.segment.1)));
        let any = !found.is_empty();
        self.queue.extend(found);
        Ok(any)
    }

    fn leave_out(&mut self, why: String) {
        /// Enough to see what goes wrong; the rest are counted by their absence from the output.
        const MOST: usize = 1000;
        stopped(Waiting::Strange(&why));
        if self.left_out.len() < MOST {
            self.left_out.push(why);
        }
    }

    /// Rows placed from `first` on.
    fn ready(&self, first: i64) -> usize {
        let end = self.parts.back().map_or(first, Part::end);
        usize::try_from(end.saturating_sub(first)).unwrap_or(0)
    }

    /// Puts the next stretch where it belongs.
    fn place(&mut self, like: &Summary, rate: Rational, options: &ReadOptions) -> Result<()> {
        let Some(Stretch { path, summary, segment: (from, len, start_ns) }) = self.queue.pop_front() else {
            return Ok(());
        };
        let name = path.display().to_string();
        if let Some((what, was, is)) = like.clash(&summary) {
            let text =
                format!("'{name}' does not go on with the files before it: its {what} is {is}, theirs {was}");
            if options.on_bad == OnBad::Skip {
                self.leave_out(format!("left out: {text}"));
                return Ok(());
            }
            return Err(
                Diag::world(text).help("follow such files apart, or leave them out with ON_BAD=skip of READ")
            );
        }
        let len = i64::try_from(len).unwrap_or(i64::MAX);
        let late = samples(start_ns, self.end_ns, rate);
        let again = late.checked_neg().filter(|n| *n > 0).unwrap_or(0);
        if again >= len {
            self.leave_out(format!("left out: '{name}' came too late, or has only samples that others have"));
            return Ok(());
        }
        let first = self.end.saturating_add(late.max(0));
        let (from, len) = (from.saturating_add(again), len - again);
        let part = Part { path, summary, source: None, from, first, len };
        (self.end, self.end_ns) = (part.end(), end_of(start_ns, len + again, rate));
        if late <= 0 {
            self.parts.push_back(part);
            return Ok(());
        }
        if options.on_gap == OnGap::Error {
            self.over = true;
            self.left_out.push(format!("ended early: {late} samples are missing before '{name}'"));
            return Ok(());
        }
        self.gaps.add(first.saturating_sub(late), late);
        self.behind = Some((Segment { start: first, len: ENDLESS, start_ns }, part));
        Ok(())
    }
}

/// Whether a file was written long before now.
fn at_rest(file: &std::path::Path) -> bool {
    let modified = std::fs::metadata(file).and_then(|found| found.modified());
    modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age >= SETTLED))
}

impl Followed {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Followed {
    fn header(&self) -> &Header {
        &self.header
    }

    fn wait(&self, first: i64, most: usize) -> Result<usize> {
        loop {
            let mut state = self.state();
            // Ctrl-C ends the stream between two chunks, whatever is waiting to be read.
            state.over |= self.halt.asked(Waiting::Rows);
            if state.over {
                return Ok(0);
            }
            let ready = state.ready(first);
            if ready > 0 || state.behind.is_some() {
                return Ok(ready.min(most));
            }
            if !state.queue.is_empty() {
                state.place(&self.like, self.header.rate, &self.options)?;
                continue;
            }
            match state.look(&self.name, &self.options) {
                // Opening files was stopped.
                Err(_) if stopped(Waiting::Rows) => {}
                Ok(true) => {}
                Ok(false) => {
                    drop(state);
                    std::thread::sleep(TICK);
                }
                Err(diag) => return Err(diag),
            }
        }
    }

    fn halt(&self) {
        self.halt.set();
    }

    fn resumes(&self) -> Result<Option<Segment>> {
        let mut state = self.state();
        let Some((segment, part)) = state.behind.take() else { return Ok(None) };
        state.parts.push_back(part);
        Ok(Some(segment))
    }

    fn read(&self, rows: Range<i64>, channels: Range<usize>, out: &mut [u8], stride: usize) -> Result<()> {
        check_read(&self.header, &rows, &channels, out.len(), stride)?;
        let mut state = self.state();
        let mut at = rows.start;
        while at < rows.end {
            while state.parts.front().is_some_and(|part| part.end() <= at) {
                state.parts.pop_front();
            }
            let beyond = || Diag::compiler(format!("rows {rows:?} of a followed folder are not there"));
            let part = state.parts.front_mut().filter(|part| part.first <= at).ok_or_else(beyond)?;
            let source = match &part.source {
                Some(source) => source.clone(),
                None => {
                    let source = unchanged(opened(&part.path, &self.options)?, &part.path, &part.summary)?;
                    part.source.insert(Arc::from(source)).clone()
                }
            };
            let end = part.end().min(rows.end);
            let (from, skip) = (part.from + (at - part.first), (at - rows.start) as usize * stride);
            let before = source.bytes_read();
            source.read(from..from + (end - at), channels.clone(), &mut out[skip..], stride)?;
            self.read.fetch_add(source.bytes_read().saturating_sub(before), Ordering::Relaxed);
            at = end;
        }
        Ok(())
    }

    fn losses(&self) -> Vec<String> {
        let state = self.state();
        state.gaps.told().into_iter().chain(state.left_out.iter().cloned()).collect()
    }

    fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}
