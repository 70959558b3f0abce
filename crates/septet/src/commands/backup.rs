//! `septet backup` and `septet restore`: copies of the database, checked.

use super::Failure;
use crate::cli::{BackupArgs, RestoreArgs};
use crate::config::Config;
use crate::open;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use store::{BackupError, BackupSummary, Place};

/// Writes a copy of the database; says what is in it. The server may run meanwhile.
///
/// # Errors
/// A file that is there already, a database or copy that cannot be used.
pub fn backup(
    args: &BackupArgs,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<String, Failure> {
    let file = args.settings.file(&args.contract);
    let config = Config::load(file.as_deref(), environment, &args.settings.arguments())?;
    let summary = store::back_up(&database(&config)?, &args.file).map_err(failed)?;
    Ok(format!("{}: {}, checked", args.file.display(), told(&summary)))
}

/// Puts a copy in the place of the database; says where the old one is.
///
/// # Errors
/// A server that has the folder, or a copy that is not whole: nothing is changed then.
pub fn restore(
    args: &RestoreArgs,
    environment: impl Iterator<Item = (String, String)>,
    now: SystemTime,
) -> Result<String, Failure> {
    let file = args.settings.file(&args.contract);
    let config = Config::load(file.as_deref(), environment, &args.settings.arguments())?;
    let database = database(&config)?;
    open::lock(&config.data)?;
    let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (summary, replaced) =
        store::restore(&args.file, &database, &since_epoch.as_secs().to_string()).map_err(failed)?;
    let old = replaced.map(|path| format!("\nthe old database is {}", path.display())).unwrap_or_default();
    Ok(format!("{}: {}{old}", database.display(), told(&summary)))
}

fn database(config: &Config) -> Result<PathBuf, Failure> {
    match &config.store.place {
        Place::File(path) => Ok(path.clone()),
        Place::Memory => Err(Failure::Other("a database in memory has no copies".into())),
    }
}

fn told(summary: &BackupSummary) -> String {
    let rows: u64 = summary.tables.iter().map(|(_, rows)| rows).sum();
    let of = summary.contract.as_ref().map(|name| format!(" of `{name}`")).unwrap_or_default();
    format!("{} tables{of} with {rows} rows in {} bytes", summary.tables.len(), summary.bytes)
}

fn failed(error: BackupError) -> Failure {
    Failure::Other(error.0)
}
