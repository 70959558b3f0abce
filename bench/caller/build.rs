//! Code for the messages of the product service.

use std::error::Error;

const FOLDER: &str = "../proto";
const FILE: &str = "product.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let description = protox::compile([FILE], [FOLDER])?;
    Ok(prost_build::Config::new().compile_fds(description)?)
}
