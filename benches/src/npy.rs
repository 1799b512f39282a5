//! NumPy's files, as far as the benchmarks exchange them: little-endian, in C order.

use std::path::Path;

use dasc_ir::{DType, Diag, Result};

/// An array as it lies in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    pub dtype: DType,
    pub shape: Vec<usize>,
    pub bytes: Vec<u8>,
}

const TYPES: [(&str, DType); 5] =
    [("<i2", DType::I16), ("<i4", DType::I32), ("<f4", DType::F32), ("<f8", DType::F64), ("<c8", DType::C32)];
const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

pub fn read(path: &Path) -> Result<Array> {
    let bad = |what: &str| Diag::world(format!("'{}': {what}", path.display()));
    let mut bytes = std::fs::read(path).map_err(|error| bad(&error.to_string()))?;
    let length = bytes.get(8..10).map_or(0, |b| usize::from(u16::from_le_bytes([b[0], b[1]])));
    let header = bytes.get(10..10 + length).map(String::from_utf8_lossy);
    let header = header.filter(|_| bytes.starts_with(MAGIC)).ok_or_else(|| bad("no array of version 1"))?;
    let after = |key: &str| header.split_once(key).map(|(_, rest)| rest.trim_start());
    let dtype =
        TYPES.iter().find(|(name, _)| after("'descr':").is_some_and(|d| d.starts_with(&format!("'{name}'"))));
    let (_, dtype) = dtype.ok_or_else(|| bad("a type that is not exchanged here"))?;
    let shape = after("'shape':").and_then(|rest| rest.strip_prefix('(')?.split_once(')'));
    let (shape, _) = shape.ok_or_else(|| bad("no shape"))?;
    if header.contains("'fortran_order': True") {
        return Err(bad("columns lie side by side, not rows"));
    }
    let shape: Vec<usize> = shape.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    bytes.drain(..10 + length);
    Ok(Array { dtype: *dtype, shape, bytes })
}

pub fn write(path: &Path, array: &Array) -> Result<()> {
    let descr = TYPES.iter().find(|(_, dtype)| *dtype == array.dtype).map_or("|b1", |(name, _)| name);
    let shape: String = array.shape.iter().map(|n| format!("{n},")).collect();
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    header += &" ".repeat(63 - (10 + header.len()) % 64);
    header.push('\n');
    let mut file = MAGIC.to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(&array.bytes);
    std::fs::write(path, file).map_err(|error| Diag::world(format!("'{}': {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let array = Array { dtype: DType::I16, shape: vec![2, 3], bytes: (0..12).collect() };
        write(&path, &array).unwrap();
        assert_eq!(std::fs::read(&path).unwrap().len() % 64, 12);
        assert_eq!(read(&path).unwrap(), array);
    }
}
