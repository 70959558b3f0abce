//! `septet check`: everything that is wrong with a contract, at once.

use super::Failure;
use crate::cli::CheckArgs;
use crate::config::Config;
use crate::open;
use contract::NUMBERS_FILE;

/// What is said of a contract that can be served: its warnings and a summary.
///
/// # Errors
/// All findings, when the contract cannot be served, or all problems of the configuration.
pub fn check(
    args: &CheckArgs,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<String, Failure> {
    let config = Config::load(args.file().as_deref(), environment, &[])?;
    let (contract, mut warnings) = open::settled_contract(&args.dir)?;
    let too_long = engine::histories_too_long(&contract, config.engine.channel_held_bytes_max);
    warnings.extend(too_long.into_iter().map(|warning| warning + "\n"));
    let mut said = warnings.concat();
    said += &format!(
        "{} {}: {} resources, {} operations, {} channels; {} warnings",
        contract.name,
        contract.version,
        contract.resources.len(),
        contract.operations.len(),
        contract.channels.len(),
        warnings.len(),
    );
    if contract.sources.lock().is_none() {
        said += &format!(
            "\nhint: field numbers of gRPC are by order until `septet lock {}` keeps them in {NUMBERS_FILE}",
            args.dir.display()
        );
    }
    Ok(said)
}
