//! A small contract made by hand, and the printing of what is read.
#![allow(dead_code, reason = "each test uses its part")]

mod contract;
pub mod print;

pub use self::contract::contract;

use rest::{Rest, Settings};
use std::sync::Arc;
use wire::DecodeBounds;

pub fn rest() -> Rest {
    let settings = Settings {
        base_path: "/api".to_owned(),
        body_bytes_max: 200,
        query_bytes_max: 200,
        names: Default::default(),
        decode: DecodeBounds { depth_max: 8, ..DecodeBounds::default() },
    };
    Rest::new(Arc::new(contract()), settings).expect("the contract's paths are sound")
}
