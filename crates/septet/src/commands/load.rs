//! `septet load`: rows from NDJSON files, one per resource, with their keys kept. All of them or none, in any order.

use super::Failure;
use crate::cli::LoadArgs;
use crate::config::Config;
use crate::{open, process};
use contract::{Contract, FieldId, Resource, ResourceId};
use engine::{CHUNK_RECORDS_MAX, Engine, Fault, Import, NotKept};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wire::{DecodeBounds, Value};

/// Bytes of one line at the most.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// Brings in every file of the folder; what was brought in is said.
///
/// # Errors
/// The first record that is refused, with its file and line. Nothing is brought in then.
pub fn load(args: &LoadArgs, environment: impl Iterator<Item = (String, String)>) -> Result<String, Failure> {
    let file = args.settings.file(&args.contract);
    let config = Config::load(file.as_deref(), environment, &args.settings.arguments())?;
    let (contract, _) = open::contract(&args.contract)?;
    let contract = Arc::new(contract);
    let store = open::store(&contract, &config)?;
    let engine = open::engine(contract, store, &config)?;
    let runtime = process::runtime(|| ()).map_err(|error| Failure::Other(error.to_string()))?;
    runtime.block_on(folder(&engine, &args.dir))
}

/// Brings in every file of a folder, whichever points to which.
///
/// # Errors
/// As [`load`].
pub async fn folder(engine: &Engine, dir: &Path) -> Result<String, Failure> {
    let contract = Arc::clone(engine.contract());
    check_names(&contract, dir)?;
    let import = engine.import().map_err(|fault| Failure::Other(told(&fault)))?;
    let mut said = Vec::new();
    for (id, resource) in contract.resources() {
        let path = file_of(dir, resource);
        if path.is_file() {
            let rows = one_file(&import, id, &path).await?;
            said.push(format!("{} {rows}", resource.name));
        }
    }
    if said.is_empty() {
        return Err(Failure::Other(format!("{} has no <Resource>.ndjson", dir.display())));
    }
    match import.finish().await {
        Ok(()) => Ok(said.join(", ")),
        Err(NotKept::Failed(fault)) => Err(Failure::Other(told(&fault))),
        Err(NotKept::Dangling { resource, field, key }) => {
            Err(dangling(&contract, dir, resource, field, &key)?)
        }
    }
}

fn file_of(dir: &Path, resource: &Resource) -> PathBuf {
    dir.join(format!("{}.ndjson", resource.name))
}

/// Says on which line a reference dangles: the first one that holds the key.
fn dangling(
    contract: &Contract,
    dir: &Path,
    id: ResourceId,
    field: FieldId,
    key: &str,
) -> Result<Failure, Failure> {
    let resource = contract.resource(id);
    let (path, name) = (file_of(dir, resource), &resource.field(field).name);
    let what = format!("`{name}` points to `{key}`, which is not there (REFERENCE_NOT_FOUND)");
    if path.is_file() {
        let mut lines = Lines::of(&path)?;
        while let Some((number, record)) = lines.next()? {
            let is_it = match record.get(name) {
                Some(Value::Text(text)) => text == key,
                Some(Value::Int(number)) => number.to_string() == key,
                _ => false,
            };
            if is_it {
                return Ok(at(&path, number, &what));
            }
        }
    }
    Ok(Failure::Other(format!("{}: {what}", resource.name)))
}

/// A file that is for no resource is a misspelling, not something to pass over.
fn check_names(contract: &Contract, dir: &Path) -> Result<(), Failure> {
    let entries = std::fs::read_dir(dir).map_err(|error| unreadable(dir, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| unreadable(dir, &error))?.path();
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if path.extension().is_some_and(|e| e == "ndjson") && contract.resource_named(&stem).is_none() {
            let known = contract.resources.iter().map(|r| r.name.as_str());
            let hint = contract::diagnostic::closest(&stem, known)
                .map(|near| format!("; did you mean {near}.ndjson?"));
            let message = format!("{} is for no resource{}", path.display(), hint.unwrap_or_default());
            return Err(Failure::Other(message));
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Other(format!("cannot read {}: {error}", path.display()))
}

/// The records of a file with the numbers of their lines.
struct Lines<'p> {
    path: &'p Path,
    file: BufReader<File>,
    number: usize,
}

impl<'p> Lines<'p> {
    fn of(path: &'p Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        Ok(Self { path, file: BufReader::new(file), number: 0 })
    }

    /// The next record; blank lines are passed over.
    fn next(&mut self) -> Result<Option<(usize, Value)>, Failure> {
        loop {
            let mut line = String::new();
            let read = self.file.by_ref().take(LINE_BYTES_MAX).read_line(&mut line);
            let bytes = read.map_err(|error| unreadable(self.path, &error))?;
            if bytes == 0 {
                return Ok(None);
            }
            self.number += 1;
            if bytes as u64 == LINE_BYTES_MAX {
                let what = format!("the line has more than {LINE_BYTES_MAX} bytes");
                return Err(at(self.path, self.number, &what));
            }
            if !line.trim().is_empty() {
                let record = wire::decode_json(line.as_bytes(), &DecodeBounds::default());
                let record = record.map_err(|error| at(self.path, self.number, &error.to_string()))?;
                return Ok(Some((self.number, record)));
            }
        }
    }
}

async fn one_file(import: &Import<'_>, id: ResourceId, path: &Path) -> Result<u64, Failure> {
    let (mut lines, mut rows) = (Lines::of(path)?, 0u64);
    let mut chunk = Vec::with_capacity(CHUNK_RECORDS_MAX);
    loop {
        let next = lines.next()?;
        let is_end = next.is_none();
        chunk.extend(next);
        if chunk.len() == CHUNK_RECORDS_MAX || (is_end && !chunk.is_empty()) {
            rows += chunk.len() as u64;
            bring_in(import, id, path, &mut chunk).await?;
        }
        if is_end {
            return Ok(rows);
        }
    }
}

async fn bring_in(
    import: &Import<'_>,
    id: ResourceId,
    path: &Path,
    chunk: &mut Vec<(usize, Value)>,
) -> Result<(), Failure> {
    let (lines, records): (Vec<usize>, Vec<Value>) = chunk.drain(..).unzip();
    import.add(id, &records).await.map_err(|refused| {
        let what = told(&refused.fault);
        match (refused.record.and_then(|record| lines.get(record)), lines.as_slice()) {
            (Some(line), _) => at(path, *line, &what),
            (None, [first, .., last]) => Failure::Other(format!("{}:{first}-{last}: {what}", path.display())),
            (None, [only]) => at(path, *only, &what),
            (None, []) => Failure::Other(format!("{}: {what}", path.display())),
        }
    })
}

/// A fault with its code, its fields and what only the operator is told.
fn told(fault: &Fault) -> String {
    let fields: Vec<String> =
        fault.fields.iter().map(|field| format!("{} {}", field.field, field.message)).collect();
    let detail = fault.detail.as_deref().unwrap_or_default();
    let what = format!("{} ({}) {detail} {}", fault.message, fault.code, fields.join("; "));
    what.trim().to_owned()
}

fn at(path: &Path, line: usize, what: &str) -> Failure {
    Failure::Other(format!("{}:{line}: {what}", path.display()))
}
