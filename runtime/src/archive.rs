//! Saving and restoring state with one description for both directions.
//!
//! A type says once, in `archive`, what it consists of; an [`Archive`] either writes it down or fills it in.

use dasc_ir::{Diag, Result};

use crate::pad::Bytes;

/// Bytes being written or read.
#[derive(Debug)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
    /// Where reading stands; `None` while writing.
    at: Option<usize>,
}

/// State that can be saved into, or restored from, an archive.
pub(crate) trait Archived {
    fn archive(&mut self, a: &mut Archive) -> Result<()>;
}

impl Archive {
    pub fn writing() -> Archive {
        Archive { bytes: Vec::new(), at: None }
    }

    pub fn reading(bytes: &[u8]) -> Archive {
        Archive { bytes: bytes.to_vec(), at: Some(0) }
    }

    pub fn is_reading(&self) -> bool {
        self.at.is_some()
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Whether everything was read.
    pub fn is_at_end(&self) -> bool {
        self.at == Some(self.bytes.len())
    }

    pub fn raw(&mut self, data: &mut [u8]) -> Result<()> {
        match &mut self.at {
            None => self.bytes.extend_from_slice(data),
            Some(at) => {
                let saved = at.checked_add(data.len()).and_then(|end| self.bytes.get(*at..end));
                data.copy_from_slice(saved.ok_or_else(|| Diag::world("the saved state is cut off"))?);
                *at += data.len();
            }
        }
        Ok(())
    }

    pub fn i64(&mut self, value: &mut i64) -> Result<()> {
        let mut word = value.to_le_bytes();
        self.raw(&mut word)?;
        *value = i64::from_le_bytes(word);
        Ok(())
    }

    pub fn usize(&mut self, value: &mut usize) -> Result<()> {
        let mut wide = *value as i64;
        self.i64(&mut wide)?;
        *value = usize::try_from(wide).map_err(|_| Diag::world("the saved state holds a negative length"))?;
        Ok(())
    }

    pub fn flag(&mut self, value: &mut bool) -> Result<()> {
        let mut byte = [u8::from(*value)];
        self.raw(&mut byte)?;
        *value = byte[0] != 0;
        Ok(())
    }

    pub fn f64(&mut self, value: &mut f64) -> Result<()> {
        let mut word = value.to_le_bytes();
        self.raw(&mut word)?;
        *value = f64::from_le_bytes(word);
        Ok(())
    }

    /// A list whose length is part of the state; `fresh` makes an element to be filled in.
    pub fn list<T: Archived>(&mut self, items: &mut Vec<T>, fresh: impl Fn() -> T) -> Result<()> {
        let mut len = items.len();
        self.usize(&mut len)?;
        if self.is_reading() {
            if len > self.bytes.len() {
                return Err(Diag::world("the saved state holds an impossible length"));
            }
            items.clear();
            items.resize_with(len, fresh);
        }
        items.iter_mut().try_for_each(|item| item.archive(self))
    }

    /// A list whose length follows from the plan.
    pub fn each<'a, T: Archived + 'a>(&mut self, items: impl IntoIterator<Item = &'a mut T>) -> Result<()> {
        items.into_iter().try_for_each(|item| item.archive(self))
    }
}

impl Archived for Bytes {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.raw(self.bytes_mut())
    }
}

impl Archived for i64 {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.i64(self)
    }
}
