//! The objects that a segment's metadata add to those before: which channels follow each other, and their properties.

use std::collections::{BTreeMap, HashMap};

use super::value::{TEXT, Value, property, string};
use crate::bytes::Cursor;

/// What a channel has in a chunk of raw data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw {
    pub code: u32,
    pub count: u64,
}

#[derive(Debug, Default)]
pub struct Objects {
    /// Those of the present list, in the order of their raw data.
    list: Vec<(String, Option<Raw>)>,
    places: HashMap<String, usize>,
    /// What each had last, which a later segment may refer to.
    last: HashMap<String, Raw>,
    /// Of all objects; where several have one of the same name, the first has it.
    pub properties: BTreeMap<String, Value>,
}

impl Objects {
    /// Channels with raw data.
    pub fn channels(&self) -> impl Iterator<Item = (&str, Raw)> {
        self.list.iter().filter_map(|(path, raw)| Some((path.as_str(), (*raw)?)))
    }

    /// Takes in the metadata of one segment and tells whether they change the list. The error is a phrase.
    pub fn update(&mut self, cursor: &mut Cursor, new_list: bool) -> Result<bool, String> {
        let mut changed = new_list;
        if new_list {
            self.list.clear();
            self.places.clear();
        }
        let ends = || "its metadata end too early".to_string();
        let objects = cursor.u32().ok_or_else(ends)?;
        for _ in 0..objects {
            let path = string(cursor).ok_or_else(ends)?;
            let raw = self.raw_index(cursor, &path)?;
            if let Some(raw) = raw {
                self.last.insert(path.clone(), raw);
            }
            match self.places.get(&path).and_then(|at| self.list.get_mut(*at)) {
                Some(object) => {
                    changed |= object.1 != raw;
                    object.1 = raw;
                }
                None => {
                    changed = true;
                    self.places.insert(path.clone(), self.list.len());
                    self.list.push((path, raw));
                }
            }
            for _ in 0..cursor.u32().ok_or_else(ends)? {
                let (name, value) =
                    property(cursor).ok_or("a property of it is cut off or of an unknown type")?;
                self.properties.entry(name).or_insert(value);
            }
        }
        Ok(changed)
    }

    fn raw_index(&self, cursor: &mut Cursor, path: &str) -> Result<Option<Raw>, String> {
        let ends = || "its metadata end too early".to_string();
        match cursor.u32().ok_or_else(ends)? {
            0xffff_ffff => Ok(None),
            0 => {
                let last = self.last.get(path).copied();
                last.map(Some)
                    .ok_or_else(|| format!("{path} refers to an earlier segment that has none of it"))
            }
            0x1269 | 0x1369 | 0x6912_0000 | 0x6913_0000 => {
                Err("its samples are in the raw format of NI-DAQmx, which is not read".into())
            }
            _ => {
                let (code, axes) = (cursor.u32().ok_or_else(ends)?, cursor.u32().ok_or_else(ends)?);
                let count = cursor.u64().ok_or_else(ends)?;
                if axes != 1 {
                    return Err(format!("{path} has {axes} axes"));
                }
                if code == TEXT {
                    cursor.u64().ok_or_else(ends)?;
                }
                Ok(Some(Raw { code, count }))
            }
        }
    }
}
