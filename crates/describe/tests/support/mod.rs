//! Contracts to describe.
#![allow(clippy::unwrap_used, dead_code)]

use contract::{Contract, Sources};
use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The contract in a folder of the workspace.
pub fn example(folder: &str) -> Contract {
    contract::load(&root().join(folder)).unwrap_or_else(|found| panic!("{found}")).contract
}

/// A contract from its text, without its header.
pub fn contract(text: &str) -> Contract {
    let mut sources = Sources::default();
    sources.add(
        "contract.graphql",
        format!("extend schema @contract(name: \"test\", version: \"1.0.0\")\n{text}"),
    );
    let loaded = contract::compile(sources, &|name| Err(format!("there is no {name}")));
    loaded.unwrap_or_else(|found| panic!("{found}")).contract
}
