//! Contracts to describe.
#![allow(clippy::unwrap_used, dead_code)]

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use contract::{Contract, Sources};
use std::path::{Path, PathBuf};

/// The folders with contracts in the workspace.
pub const FOLDERS: [&str; 6] = [
    "examples/tour",
    "cases/contracts/hidden",
    "cases/contracts/rules",
    "cases/contracts/scalars",
    "crates/contract/tests/contracts/read",
    "crates/contract/tests/contracts/tour",
];

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
    let header = "extend schema @contract(name: \"test\", version: \"1.0.0\")\n";
    sources.add("contract.graphql", header.to_owned() + text);
    let loaded = contract::compile(sources, &|name| Err(format!("there is no {name}")));
    loaded.unwrap_or_else(|found| panic!("{found}")).contract
}

/// What a contract's schema is to the library that serves it.
pub fn schema(contract: &Contract) -> Valid<Schema> {
    let printed = describe::graphql::sdl(contract);
    Schema::parse_and_validate(printed.as_str(), "schema.graphql")
        .unwrap_or_else(|found| panic!("{}\n{printed}", found.errors))
}

/// A field of a type as it stands in the schema: `posts(limit: Int): [Post!]!`.
pub fn field(schema: &Schema, ty: &str, name: &str) -> Option<String> {
    let field = schema.type_field(ty, name).ok()?;
    let arguments: Vec<String> = field.arguments.iter().map(|a| format!("{}: {}", a.name, a.ty)).collect();
    let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
    Some(format!("{name}{arguments}: {}", field.ty))
}

/// A field of an input as it stands in the schema: `eq: String`.
pub fn input_field(schema: &Schema, ty: &str, name: &str) -> Option<String> {
    let field = schema.get_input_object(ty)?.fields.get(name)?;
    Some(format!("{name}: {}", field.ty))
}
