//! What every figure has: titles, size, events and provenance.

use dasc_ir::{Diag, Result};

/// Titles, size and what is laid over the data. Text that does not fit is shortened with ….
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub title: String,
    /// A smaller line below: file name, start of the record.
    pub subtitle: String,
    /// Inches.
    pub width: f64,
    /// Inches.
    pub height: f64,
    /// Pixels to the inch.
    pub dpi: u32,
    pub events: Vec<Event>,
    /// Key and text of the PNG text chunks, for example `Software`, `Source`.
    pub provenance: Vec<(String, String)>,
}

/// A detection to mark: a box or a line on a waterfall, a span of time on a spectrogram or on traces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// Nanoseconds since 1970 where the time axis knows its start, else since row 0.
    pub start_ns: i64,
    pub end_ns: i64,
    /// Lowest and highest channel or position, in the unit of the axis (channel number, metres); `None` is all. Of a line, where
    /// it begins and where it ends.
    pub extent: Option<(f64, f64)>,
    pub mark: Mark,
    /// May be empty.
    pub label: String,
}

/// How an event is marked where places along the fibre are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    Box,
    /// Something that moves: a line from where it is when it begins to where it is when it ends.
    Line,
}

impl Figure {
    /// 7.5 × 5 inches, the width of a page, at 200 dpi.
    pub fn new(title: impl Into<String>) -> Figure {
        Figure {
            title: title.into(),
            subtitle: String::new(),
            width: 7.5,
            height: 5.0,
            dpi: 200,
            events: Vec::new(),
            provenance: Vec::new(),
        }
    }

    /// Width and height in pixels. Errors: outside 3 to 40 by 2 to 40 inches, 50 to 1200 dpi or 100 million pixels.
    pub fn pixels(&self) -> Result<(u32, u32)> {
        if !(3.0..=40.0).contains(&self.width) || !(2.0..=40.0).contains(&self.height) {
            return Err(Diag::usage(format!(
                "a figure of {} × {} inches cannot be drawn",
                self.width, self.height
            ))
            .help("choose 3 to 40 inches of width and 2 to 40 of height"));
        }
        if !(50..=1200).contains(&self.dpi) {
            return Err(Diag::usage(format!("{} dpi is no useful resolution", self.dpi))
                .help("choose 50 to 1200 dpi"));
        }
        let size = |inches: f64| (inches * f64::from(self.dpi)).round();
        let (width, height) = (size(self.width), size(self.height));
        if width * height > 1e8 {
            return Err(Diag::usage(format!("a figure of {width} × {height} pixels is beyond 100 million"))
                .help("lower the size or the dpi"));
        }
        Ok((width as u32, height as u32))
    }
}
