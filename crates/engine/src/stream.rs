//! Calls whose answer, or whose input, is taken in parts.

mod inflow;
mod pages;

pub use inflow::Inflow;
pub use pages::Pages;
