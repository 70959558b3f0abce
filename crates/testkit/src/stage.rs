//! What the cases of one file share: the contract, its rows, and who calls.

use crate::case::{CaseFile, NOBODY};
use crate::grpc::Schema;
use crate::server::{self, Server};
use contract::Contract;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A contract with its rows loaded once; each case gets a copy of the data.
pub struct Stage {
    /// Holds the contract and the data until the file is done.
    folder: TempDir,
    /// The contract, loaded.
    pub contract: Arc<Contract>,
    settings: Vec<(String, String)>,
    /// Callers' tokens by name.
    pub tokens: Vec<(String, String)>,
}

impl Stage {
    /// Loads a file's contract and rows, and makes its callers' tokens.
    pub fn set(file: &CaseFile) -> Result<Self, String> {
        let folder = TempDir::new().map_err(|e| format!("a folder for the server: {e}"))?;
        let (contract_dir, data) = (folder.path().join("contract"), folder.path().join("template"));
        prepare(file, &contract_dir).map_err(|e| format!("{}: {e}", file.path.display()))?;
        let loaded = contract::load(&contract_dir).map_err(|found| format!("{found}"))?;
        // The first start makes the database and loads the rows; what it acknowledged survives the kill.
        Server::start(&contract_dir, &data)?.kill();
        let mut tokens = Vec::new();
        for caller in &file.callers {
            if let Some(token) = server::token(&contract_dir, &data, &file.settings, caller)? {
                tokens.push((caller.name.clone(), token));
            }
        }
        let settings = file.settings.clone();
        Ok(Self { folder, contract: Arc::new(loaded.contract), settings, tokens })
    }

    /// A server on a copy of the data, which lives as long as the folder that comes with it.
    pub fn server(&self) -> Result<(Server, TempDir), String> {
        let folder =
            TempDir::new_in(self.folder.path()).map_err(|e| format!("a folder for the data: {e}"))?;
        let data = folder.path().join("data");
        copy(&self.folder.path().join("template"), &data).map_err(|e| format!("copying the data: {e}"))?;
        let server = Server::start_with(&self.folder.path().join("contract"), &data, &self.settings)?;
        Ok((server, folder))
    }

    /// The services and messages that the server prints for the contract.
    pub fn schema(&self) -> Result<Schema, String> {
        let files = self.folder.path().join("proto");
        server::export_proto(&self.folder.path().join("contract"), &files)?;
        Schema::compile(&files)
    }

    /// The token of a caller; nobody has none.
    pub fn token(&self, caller: &str) -> Option<&str> {
        match caller {
            NOBODY => None,
            name => self.tokens.iter().find(|(known, _)| known == name).map(|(_, token)| token.as_str()),
        }
    }
}

/// Copies the contract and puts the file's own rows, if it has any, in the place of the sample rows.
fn prepare(file: &CaseFile, to: &Path) -> std::io::Result<()> {
    copy(&file.contract, to)?;
    if file.seeds.is_empty() {
        return Ok(());
    }
    let data = to.join("data");
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    fs::create_dir_all(&data)?;
    for seed in &file.seeds {
        let rows: String = seed.rows.iter().map(|row| format!("{row}\n")).collect();
        fs::write(data.join(format!("{}.ndjson", seed.resource)), rows)?;
    }
    Ok(())
}

/// Copies a folder with what is in it.
pub fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => fs::copy(entry.path(), &target).map(|_| ())?,
        }
    }
    Ok(())
}
