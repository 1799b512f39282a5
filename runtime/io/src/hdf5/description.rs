//! What an HDF5 file holds, as the worker process tells it: everything but the payload.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::array::{Element, Filter};

/// Groups and datasets by path without the leading slash; the root is the group `""`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Description {
    pub groups: BTreeMap<String, Attributes>,
    pub datasets: BTreeMap<String, Dataset>,
    /// Objects and attributes that were passed over, and why.
    pub skipped: Vec<String>,
}

pub type Attributes = BTreeMap<String, Value>;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dataset {
    pub shape: Vec<u64>,
    /// `None` for anything but numbers.
    pub element: Option<Element>,
    /// The type in words.
    pub type_name: String,
    pub storage: Storage,
    pub attributes: Attributes,
    /// Given for scalars, short vectors and text only.
    pub value: Option<Value>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Storage {
    Contiguous {
        offset: u64,
    },
    Chunked {
        chunk: Vec<u64>,
        filters: Vec<Filter>,
        chunks: Vec<Chunk>,
    },
    /// In the object header itself; the elements as stored.
    Compact(Vec<u8>),
    /// Never written, or laid out in a way that is not read: why.
    Elsewhere(String),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Chunk {
    pub first: Vec<u64>,
    pub offset: u64,
    pub size: u64,
    pub mask: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    Integers(Vec<i64>),
    /// As bit patterns: JSON has neither NaN nor infinities.
    Reals(#[serde(with = "bits")] Vec<f64>),
    Texts(Vec<String>),
}

impl Value {
    /// The first element as a number; text that spells one counts, as in Silixa's attributes.
    pub fn number(&self) -> Option<f64> {
        let number = match self {
            Value::Integers(v) => v.first().map(|x| *x as f64),
            Value::Reals(v) => v.first().copied(),
            Value::Texts(v) => v.first()?.trim().parse().ok(),
        };
        number.filter(|x| x.is_finite())
    }

    pub fn integer(&self) -> Option<i64> {
        match self {
            Value::Integers(v) => v.first().copied(),
            _ => self.number().filter(|x| x.fract() == 0.0 && x.abs() < 9e15).map(|x| x as i64),
        }
    }

    pub fn numbers(&self) -> Vec<f64> {
        match self {
            Value::Integers(v) => v.iter().map(|x| *x as f64).collect(),
            Value::Reals(v) => v.clone(),
            Value::Texts(v) => v.iter().filter_map(|x| x.trim().parse().ok()).collect(),
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Texts(v) => v.first().map(|s| s.trim()),
            _ => None,
        }
    }

    pub fn texts(&self) -> &[String] {
        match self {
            Value::Texts(v) => v,
            _ => &[],
        }
    }

    /// For people: long lists are cut.
    pub fn describe(&self) -> String {
        fn list<T: ToString>(items: &[T]) -> String {
            let shown = items.iter().take(8).map(T::to_string).collect::<Vec<_>>().join(", ");
            if items.len() > 8 { format!("{shown}, … ({} values)", items.len()) } else { shown }
        }
        match self {
            Value::Integers(v) => list(v),
            Value::Reals(v) => list(v),
            Value::Texts(v) => list(v),
        }
    }
}

mod bits {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        values.iter().map(|x| x.to_bits()).collect::<Vec<_>>().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        Ok(Vec::<u64>::deserialize(deserializer)?.into_iter().map(f64::from_bits).collect())
    }
}

impl Description {
    pub fn attribute(&self, path: &str, name: &str) -> Option<&Value> {
        let attributes = self.groups.get(path).or_else(|| self.datasets.get(path).map(|d| &d.attributes));
        attributes.and_then(|a| a.get(name))
    }

    pub fn number(&self, path: &str, name: &str) -> Option<f64> {
        self.attribute(path, name).and_then(Value::number)
    }

    pub fn text(&self, path: &str, name: &str) -> Option<&str> {
        self.attribute(path, name).and_then(Value::text)
    }

    /// The value of a scalar or short dataset.
    pub fn value(&self, path: &str) -> Option<&Value> {
        self.datasets.get(path).and_then(|d| d.value.as_ref())
    }

    /// Names directly below a group.
    pub fn children<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a str> {
        let below = move |path: &'a String| {
            let rest =
                if group.is_empty() { path.as_str() } else { path.strip_prefix(group)?.strip_prefix('/')? };
            (!rest.is_empty() && !rest.contains('/')).then_some(path.as_str())
        };
        self.groups.keys().chain(self.datasets.keys()).filter_map(below)
    }
}
