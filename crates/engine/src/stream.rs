//! Calls whose answer, or whose input, is taken in parts.

mod inflow;
mod pages;
mod parts;

pub use inflow::Inflow;
pub use pages::Pages;
pub use parts::Parts;
