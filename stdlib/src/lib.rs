pub mod defined;
pub mod design;
pub mod ops;
pub mod pieces;
pub mod reference;
