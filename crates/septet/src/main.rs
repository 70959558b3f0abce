//! The Septet server.
fn main() {}
