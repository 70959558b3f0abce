//! `septet load`: rows from NDJSON files, one per resource, with their keys kept.

use super::Failure;
use crate::cli::LoadArgs;
use crate::config::Config;
use crate::{open, process};
use contract::{Contract, Resource, ResourceId, Source};
use engine::{CHUNK_RECORDS_MAX, Engine};
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
/// The first record that is refused, with its file and line. The chunks before it stay.
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

/// Brings in every file of a folder, the resources that others point to first.
///
/// # Errors
/// As [`load`].
pub async fn folder(engine: &Engine, dir: &Path) -> Result<String, Failure> {
    let contract = Arc::clone(engine.contract());
    check_names(&contract, dir)?;
    let mut said = Vec::new();
    for id in in_order(&contract) {
        let path = dir.join(format!("{}.ndjson", contract.resource(id).name));
        if path.is_file() {
            let rows = one_file(engine, id, &path).await?;
            said.push(format!("{} {rows}", contract.resource(id).name));
        }
    }
    if said.is_empty() {
        return Err(Failure::Other(format!("{} has no <Resource>.ndjson", dir.display())));
    }
    Ok(said.join(", "))
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

/// The resources, each after those that its required fields point to. In a cycle of them the order is the contract's,
/// and the rows must be able to come in that order.
fn in_order(contract: &Contract) -> Vec<ResourceId> {
    let mut order = Vec::with_capacity(contract.resources.len());
    let mut seen = vec![false; contract.resources.len()];
    for (id, _) in contract.resources() {
        visit(contract, id, &mut seen, &mut order);
    }
    order
}

fn visit(contract: &Contract, id: ResourceId, seen: &mut [bool], order: &mut Vec<ResourceId>) {
    if std::mem::replace(&mut seen[id.index()], true) {
        return;
    }
    for target in points_to(contract.resource(id)) {
        visit(contract, target, seen, order);
    }
    order.push(id);
}

fn points_to(resource: &Resource) -> impl Iterator<Item = ResourceId> {
    resource.fields.iter().filter(|f| matches!(f.source, Source::Column(_))).filter_map(|f| f.target())
}

async fn one_file(engine: &Engine, id: ResourceId, path: &PathBuf) -> Result<u64, Failure> {
    let mut lines = BufReader::new(File::open(path).map_err(|error| unreadable(path, &error))?);
    let (mut rows, mut line_number, mut chunk) = (0u64, 0usize, Vec::with_capacity(CHUNK_RECORDS_MAX));
    let mut first_line = 1;
    loop {
        let mut line = String::new();
        let read = lines.by_ref().take(LINE_BYTES_MAX).read_line(&mut line);
        let bytes = read.map_err(|error| unreadable(path, &error))?;
        line_number += 1;
        if bytes as u64 == LINE_BYTES_MAX {
            return Err(at(path, line_number, &format!("the line has more than {LINE_BYTES_MAX} bytes")));
        }
        if !line.trim().is_empty() {
            let record = wire::decode_json(line.as_bytes(), &DecodeBounds::default());
            chunk.push((line_number, record.map_err(|error| at(path, line_number, &error.to_string()))?));
        }
        if chunk.len() == CHUNK_RECORDS_MAX || (bytes == 0 && !chunk.is_empty()) {
            rows += chunk.len() as u64;
            bring_in(engine, id, path, &mut chunk, first_line).await?;
            first_line = line_number + 1;
        }
        if bytes == 0 {
            return Ok(rows);
        }
    }
}

async fn bring_in(
    engine: &Engine,
    id: ResourceId,
    path: &Path,
    chunk: &mut Vec<(usize, Value)>,
    first_line: usize,
) -> Result<(), Failure> {
    let (lines, records): (Vec<usize>, Vec<Value>) = chunk.drain(..).unzip();
    engine.import(id, &records).await.map_err(|refused| {
        let fields: Vec<String> =
            refused.fault.fields.iter().map(|field| format!("{} {}", field.field, field.message)).collect();
        let detail = refused.fault.detail.unwrap_or_default();
        let what =
            format!("{} ({}) {detail} {}", refused.fault.message, refused.fault.code, fields.join("; "));
        match refused.record {
            Some(record) => at(path, lines[record], what.trim()),
            None => {
                let last = lines.last().copied().unwrap_or(first_line);
                Failure::Other(format!("{}:{first_line}-{last}: {}", path.display(), what.trim()))
            }
        }
    })
}

fn at(path: &Path, line: usize, what: &str) -> Failure {
    Failure::Other(format!("{}:{line}: {what}", path.display()))
}
