//! Code for the messages and methods of the product service.

use std::error::Error;

const FOLDER: &str = "../proto";
const FILE: &str = "product.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let description = protox::compile([FILE], [FOLDER])?;
    tonic_prost_build::configure().build_client(false).build_transport(false).compile_fds(description)?;
    Ok(())
}
