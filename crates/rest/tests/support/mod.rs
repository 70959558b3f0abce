//! A small contract made by hand, and the printing of what is read.

pub mod contract;
pub mod print;
