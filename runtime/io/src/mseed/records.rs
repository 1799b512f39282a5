//! Records decoded on demand.

use std::sync::Arc;

use dasc_ir::{Diag, Result};

use super::{decode::decode, header};
use crate::FileType;
use crate::array::DataFile;

#[derive(Debug)]
pub struct Records {
    pub file: Arc<DataFile>,
    pub file_type: FileType,
}

impl Records {
    /// The samples of the record at `offset`, in native byte order.
    pub fn samples(&self, offset: u64, length: u32) -> Result<Arc<Vec<u8>>> {
        let record = self.file.part(offset, length.into())?;
        let decoded = header::read(&record).and_then(|header| decode(&header, &record, self.file_type));
        decoded.map(Arc::new).map_err(|why| {
            let path = self.file.path();
            Diag::world(format!("the miniSEED record at byte {offset} of '{path}' cannot be decoded: {why}"))
                .help("the file is damaged there; fetch it again, or cut the damaged record out")
        })
    }
}
