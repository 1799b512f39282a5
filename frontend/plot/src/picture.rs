//! A finished figure and its encoding as PNG.

use std::io::Write;

use dasc_ir::{Diag, Result};

/// Red, green and blue of every pixel, row by row from the top, and the text that travels in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub dpi: u32,
    pub rgb: Vec<u8>,
    /// Key and text of the file's text chunks. Keys are 1 to 79 letters.
    pub text: Vec<(String, String)>,
}

impl Picture {
    /// The PNG file in memory.
    pub fn png(&self) -> Result<Vec<u8>> {
        let mut file = Vec::new();
        self.write_png(&mut file)?;
        Ok(file)
    }

    /// Writes an 8-bit RGB PNG with resolution and text chunks (`tEXt` for ASCII, else `iTXt`).
    /// Errors: the writer's, and a key that PNG cannot hold.
    pub fn write_png(&self, writer: impl Write) -> Result<()> {
        let mut encoder = png::Encoder::new(writer, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let per_metre = (f64::from(self.dpi) / 0.0254).round() as u32;
        let dims = png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter };
        encoder.set_pixel_dims(Some(dims));
        for (key, text) in &self.text {
            if key.is_empty() || key.len() > 79 || !key.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
                return Err(Diag::usage(format!("'{key}' cannot name a text in a PNG file"))
                    .help("use 1 to 79 ASCII letters"));
            }
            let (key, text) = (key.clone(), text.replace('\0', "\u{fffd}"));
            let added = if text.is_ascii() {
                encoder.add_text_chunk(key, text)
            } else {
                encoder.add_itxt_chunk(key, text)
            };
            added.map_err(failed)?;
        }
        let mut writer = encoder.write_header().map_err(failed)?;
        writer.write_image_data(&self.rgb).map_err(failed)?;
        writer.finish().map_err(failed)
    }
}

fn failed(error: png::EncodingError) -> Diag {
    Diag::world(format!("the picture could not be written: {error}"))
}
