//! Sintela's Onyx: a stream of packets with a header each, raw (version 3) or as protocol buffers.

mod packets;
mod protobuf;
mod raw;
mod wire;

pub(crate) use protobuf::{MAGIC, open as open_protobuf};
pub(crate) use raw::{SYNC, open as open_raw};
