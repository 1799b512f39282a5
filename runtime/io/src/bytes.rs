//! Numbers and texts at positions of some bytes. Every answer is `None` where the bytes end before it.

#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a> {
    pub data: &'a [u8],
    pub big_endian: bool,
}

impl<'a> Bytes<'a> {
    pub fn little(data: &'a [u8]) -> Bytes<'a> {
        Bytes { data, big_endian: false }
    }

    pub fn big(data: &'a [u8]) -> Bytes<'a> {
        Bytes { data, big_endian: true }
    }

    pub fn part(&self, at: usize, count: usize) -> Option<&'a [u8]> {
        self.data.get(at..at.checked_add(count)?)
    }

    /// `N` bytes in little-endian order.
    fn number<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        let mut bytes: [u8; N] = self.part(at, N)?.try_into().ok()?;
        if self.big_endian {
            bytes.reverse();
        }
        Some(bytes)
    }

    pub fn u8(&self, at: usize) -> Option<u8> {
        self.data.get(at).copied()
    }

    pub fn i8(&self, at: usize) -> Option<i8> {
        self.number(at).map(i8::from_le_bytes)
    }

    pub fn u16(&self, at: usize) -> Option<u16> {
        self.number(at).map(u16::from_le_bytes)
    }

    pub fn i16(&self, at: usize) -> Option<i16> {
        self.number(at).map(i16::from_le_bytes)
    }

    pub fn u32(&self, at: usize) -> Option<u32> {
        self.number(at).map(u32::from_le_bytes)
    }

    pub fn i32(&self, at: usize) -> Option<i32> {
        self.number(at).map(i32::from_le_bytes)
    }

    pub fn u64(&self, at: usize) -> Option<u64> {
        self.number(at).map(u64::from_le_bytes)
    }

    pub fn i64(&self, at: usize) -> Option<i64> {
        self.number(at).map(i64::from_le_bytes)
    }

    pub fn f32(&self, at: usize) -> Option<f32> {
        self.number(at).map(f32::from_le_bytes)
    }

    pub fn f64(&self, at: usize) -> Option<f64> {
        self.number(at).map(f64::from_le_bytes)
    }

    /// Text without the blanks and zeros around it.
    pub fn text(&self, at: usize, count: usize) -> Option<String> {
        let text = String::from_utf8_lossy(self.part(at, count)?);
        Some(text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_string())
    }
}

/// Reads one thing after another.
#[derive(Debug)]
pub struct Cursor<'a> {
    pub bytes: Bytes<'a>,
    pub at: usize,
}

impl<'a> Cursor<'a> {
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let part = self.bytes.part(self.at, count)?;
        self.at = self.at.checked_add(count)?;
        Some(part)
    }

    pub fn u32(&mut self) -> Option<u32> {
        let value = self.bytes.u32(self.at)?;
        self.at = self.at.checked_add(4)?;
        Some(value)
    }

    pub fn u64(&mut self) -> Option<u64> {
        let value = self.bytes.u64(self.at)?;
        self.at = self.at.checked_add(8)?;
        Some(value)
    }
}
