//! From a contract's folder and a configuration to an engine: what `serve`, `check` and `load` share.

use crate::commands::Failure;
use crate::config::{Config, Keys};
use crate::log::Calls;
use contract::{Contract, Diagnostic, Diagnostics, Loaded, Severity};
use describe::proto;
use engine::identity::{Key, Rules, Verifier};
use engine::{Engine, Observer, SystemClock};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{Cleaned, Place, Store};

/// The file whose lock says that a server has the data folder.
const LOCK_FILE: &str = "lock";

/// Compiles the contract in a folder, its SQL and its names in gRPC included. Warnings are in the second part, among them
/// where it differs from its lock file of numbers.
///
/// # Errors
/// All findings at once, when one of them refuses the contract.
pub fn contract(dir: &Path) -> Result<(Contract, Vec<String>), Failure> {
    let Loaded { contract, mut warnings, drift } = loaded(dir)?;
    warnings.extend(drift);
    let rendered = warnings.iter().map(|warning| contract.sources.render(warning)).collect();
    Ok((contract, rendered))
}

/// The same, for which numbers that are not settled are errors.
///
/// # Errors
/// All findings at once, when one of them refuses the contract.
pub fn settled_contract(dir: &Path) -> Result<(Contract, Vec<String>), Failure> {
    let Loaded { contract, mut warnings, drift } = loaded(dir)?;
    let settled = drift.is_empty();
    warnings.extend(drift.into_iter().map(|found| Diagnostic { severity: Severity::Error, ..found }));
    match settled {
        false => Err(refused(&contract, warnings)),
        true => {
            let rendered = warnings.iter().map(|warning| contract.sources.render(warning)).collect();
            Ok((contract, rendered))
        }
    }
}

/// The contract in a folder, when nothing refuses it.
///
/// # Errors
/// All findings at once, when one of them does.
pub fn loaded(dir: &Path) -> Result<Loaded, Failure> {
    let mut loaded = contract::load(dir).map_err(|found| Failure::Contract(Box::new(found)))?;
    loaded.warnings.extend(store::check_sql(&loaded.contract));
    loaded.warnings.extend(proto::Schema::new(&loaded.contract).err().into_iter().flatten());
    let is_error = |found: &Diagnostic| found.severity == Severity::Error;
    match loaded.warnings.iter().any(is_error) {
        true => Err(refused(&loaded.contract, loaded.warnings)),
        false => Ok(loaded),
    }
}

/// What is found of a contract that is refused.
pub fn refused(contract: &Contract, found: Vec<Diagnostic>) -> Failure {
    Failure::Contract(Box::new(Diagnostics { sources: contract.sources.clone(), found }))
}

/// Opens the database of a contract, making the folder for it. What is changed in the database to follow the contract
/// is logged.
///
/// # Errors
/// A folder or database that cannot be made or opened, or that does not fit the contract.
pub fn store(contract: &Arc<Contract>, config: &Config) -> Result<Store, Failure> {
    make_folder(&config.data)?;
    let failed = |error: store::OpenError| Failure::Other(error.0);
    let plan = store::migration_plan(contract, &config.store.place).map_err(failed)?;
    for warning in &plan.warnings {
        tracing::warn!("{warning}");
    }
    // A new database is all steps; what follows a changed contract is worth a line each.
    let is_new = matches!(&config.store.place, Place::File(path) if !path.exists());
    // With a difference that is not mended nothing is done.
    let is_told = !is_new && plan.drift.is_empty();
    for step in plan.steps.iter().filter(|_| is_told) {
        tracing::info!("database: {}", step.what);
    }
    let store = Store::open(Arc::clone(contract), &config.store).map_err(failed)?;
    tell_cleaned(store.cleaned());
    Ok(store)
}

/// What was removed from the database, which its operator has to know: copies of it still hold it.
fn tell_cleaned(cleaned: Cleaned) {
    let Cleaned { events, is_rewritten } = cleaned;
    if events > 0 {
        tracing::warn!(
            "database: secrets were removed from {events} events of operations; older copies of the data still hold them"
        );
    }
    if events > 0 && !is_rewritten {
        tracing::warn!(
            "database: there was no space to write the file anew; parts not used may still hold them"
        );
    }
}

/// Makes the data folder, closed to others. One that is there is left as it is: it may be shared on purpose.
fn make_folder(data: &Path) -> Result<(), Failure> {
    let mut folder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder
        .recursive(true)
        .create(data)
        .map_err(|error| Failure::Other(format!("cannot make the folder {}: {error}", data.display())))
}

/// Keeps the folder for this server until its process ends: two of them would each miss the other's newest commits for
/// a moment. (`septet load` may come beside a server: its rows are seen a moment later.)
///
/// # Errors
/// A folder that cannot be made, or that another server has.
pub fn lock(data: &Path) -> Result<(), Failure> {
    make_folder(data)?;
    let path = data.join(LOCK_FILE);
    let cannot = |error: std::io::Error| Failure::Other(format!("cannot lock {}: {error}", path.display()));
    let file = std::fs::File::create(&path).map_err(cannot)?;
    match file.try_lock() {
        // The lock is the open file's: it is let go when the process ends, however it ends.
        Ok(()) => {
            std::mem::forget(file);
            Ok(())
        }
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(Failure::Other(format!("another server has the data folder {}", data.display())))
        }
        Err(std::fs::TryLockError::Error(error)) => Err(cannot(error)),
    }
}

/// The engine of a contract on its database; its calls are logged.
///
/// # Errors
/// A key that cannot be used.
pub fn engine(contract: Arc<Contract>, store: Store, config: &Config) -> Result<Engine, Failure> {
    observed_engine(contract, store, config, Arc::new(Calls))
}

/// As [`engine`], with somebody else to tell of its calls.
///
/// # Errors
/// A key that cannot be used.
pub fn observed_engine(
    contract: Arc<Contract>,
    store: Store,
    config: &Config,
    observer: Arc<dyn Observer>,
) -> Result<Engine, Failure> {
    let rules = Rules {
        issuers: config.identity.issuers.clone(),
        audiences: config.identity.audience.clone(),
        leeway: Duration::from_secs(config.identity.leeway_s),
        roles_claim: config.identity.roles_claim.clone(),
    };
    let keys = keys(config.identity.keys(&config.data)?)?;
    let settings = config.engine.clone();
    let verifier = Verifier::new(keys, rules, settings.tokens_max);
    Ok(Engine::new(contract, store, settings, verifier, Arc::new(SystemClock), observer))
}

fn keys(read: Keys) -> Result<Vec<Key>, Failure> {
    let named = |path: &Path| {
        let path = path.display().to_string();
        move |error: engine::identity::KeyError| Failure::Other(format!("{path}: {}", error.0))
    };
    let mut keys = Vec::new();
    if let Some(secret) = &read.secret {
        keys.push(Key::hs256(secret.expose()).map_err(|error| Failure::Other(error.0))?);
    }
    for (path, pem) in &read.pem {
        keys.push(Key::pem(pem).map_err(named(path))?);
    }
    if let Some((path, json)) = &read.jwks {
        keys.extend(Key::set(json).map_err(named(path))?);
    }
    Ok(keys)
}
