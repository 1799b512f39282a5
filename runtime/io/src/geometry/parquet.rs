//! Tables of channels as Parquet. The decoding runs in the worker process: the reader panics and takes any memory on
//! malformed files.

use std::ffi::OsStr;
use std::fs::File;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::{Deserialize, Serialize};

/// No fibre has so many channels.
const MOST_ROWS: i64 = 1 << 20;
const MOST_COLUMNS: usize = 256;

/// What a worker found: every column by name, numbers where it holds numbers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Table {
    pub rows: usize,
    pub columns: Vec<Named>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Named {
    pub name: String,
    pub cells: Cells,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Cells {
    /// `None` for nulls and what is not finite.
    Numbers(Vec<Option<f64>>),
    /// The name of another type.
    Other(String),
}

impl Cells {
    pub fn number(&self, row: usize) -> Option<f64> {
        match self {
            Cells::Numbers(numbers) => numbers.get(row).copied().flatten(),
            Cells::Other(_) => None,
        }
    }
}

/// Reads the table at `path` in this process: only the worker calls it.
pub fn read_here(path: &OsStr) -> Result<Table, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| e.to_string())?;
    let rows = reader.metadata().file_metadata().num_rows();
    let fields = reader.schema().fields().clone();
    if !(0..=MOST_ROWS).contains(&rows) || fields.len() > MOST_COLUMNS {
        return Err(format!(
            "it has {rows} rows and {} columns; a channel table has at most {MOST_ROWS} and {MOST_COLUMNS}",
            fields.len()
        ));
    }
    let mut columns: Vec<Named> = fields
        .iter()
        .map(|field| Named {
            name: field.name().clone(),
            cells: match field.data_type().is_numeric() {
                true => Cells::Numbers(Vec::new()),
                false => Cells::Other(field.data_type().to_string()),
            },
        })
        .collect();
    let mut found = 0;
    for batch in reader.build().map_err(|e| e.to_string())? {
        let batch = batch.map_err(|e| e.to_string())?;
        found += batch.num_rows();
        for (column, array) in columns.iter_mut().zip(batch.columns()) {
            let Cells::Numbers(numbers) = &mut column.cells else { continue };
            match values(array) {
                Some(more) => numbers.extend(more),
                None => column.cells = Cells::Other(array.data_type().to_string()),
            }
        }
    }
    if found as i64 != rows {
        return Err(format!("it claims {rows} rows and holds {found}"));
    }
    Ok(Table { rows: found, columns })
}

/// The elements of an array of numbers as F64; `None` for decimals and other types.
fn values(array: &ArrayRef) -> Option<Vec<Option<f64>>> {
    macro_rules! numbers {
        ($t:ty) => {
            array.as_primitive_opt::<$t>()?.iter().map(|x| x.map(|x| x as f64)).collect::<Vec<_>>()
        };
    }
    let mut values = match array.data_type() {
        DataType::Int8 => numbers!(Int8Type),
        DataType::Int16 => numbers!(Int16Type),
        DataType::Int32 => numbers!(Int32Type),
        DataType::Int64 => numbers!(Int64Type),
        DataType::UInt8 => numbers!(UInt8Type),
        DataType::UInt16 => numbers!(UInt16Type),
        DataType::UInt32 => numbers!(UInt32Type),
        DataType::UInt64 => numbers!(UInt64Type),
        DataType::Float32 => numbers!(Float32Type),
        DataType::Float64 => numbers!(Float64Type),
        _ => return None,
    };
    values.iter_mut().for_each(|x| *x = x.filter(|x| x.is_finite()));
    Some(values)
}
