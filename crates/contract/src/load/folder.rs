//! The rim: reads a contract's folder.

use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics, Sources, Span};
use crate::load::bounds::{CONTRACT_BYTES_MAX, FILE_BYTES_MAX, FILES_MAX};
use crate::load::{DEFINITIONS_FILE, Loaded, compile};
use crate::numbers::NUMBERS_FILE;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Compiles the contract in `dir`: its `*.graphql` files in the order of their names, without
/// [`DEFINITIONS_FILE`].
///
/// # Errors
/// All findings, when one of them refuses the contract or the folder cannot be read.
pub fn load(dir: &Path) -> Result<Loaded, Diagnostics> {
    let paths = list(dir).map_err(|message| unreadable(dir, &message))?;
    let mut sources = Sources::default();
    for path in &paths {
        let text = read(path).map_err(|message| unreadable(path, &message))?;
        sources.add(path.clone(), text);
    }
    let lock = dir.join(NUMBERS_FILE);
    if let Some(text) = read_lock(&lock).map_err(|message| unreadable(&lock, &message))? {
        sources.add_lock(lock, text);
    }
    if paths.is_empty() {
        return Err(unreadable(dir, "there are no *.graphql files"));
    }
    compile(sources, &|name| read_inside(dir, name))
}

fn list(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|e| e.to_string())? {
        let path = entry.map_err(|e| e.to_string())?.path();
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        let definitions = path.file_name().is_some_and(|n| n == DEFINITIONS_FILE);
        if path.extension().is_some_and(|e| e == "graphql") && !definitions && !hidden {
            paths.push(path);
        }
        if paths.len() > FILES_MAX {
            return Err(format!("a contract has at most {FILES_MAX} files"));
        }
    }
    paths.sort();
    Ok(paths)
}

/// A file's text.
fn read(path: &Path) -> Result<String, String> {
    read_bounded(File::open(path).map_err(|e| e.to_string())?, FILE_BYTES_MAX)
}

/// The lock file of numbers, if there is one: it may be as large as all files of the contract.
fn read_lock(path: &Path) -> Result<Option<String>, String> {
    match File::open(path) {
        Ok(file) => read_bounded(file, CONTRACT_BYTES_MAX).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// A file's text; never reads more than one byte over the bound.
fn read_bounded(file: File, bytes_max: usize) -> Result<String, String> {
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() > bytes_max {
        return Err(format!("the file is larger than {bytes_max} bytes"));
    }
    String::from_utf8(bytes).map_err(|e| format!("not UTF-8 at byte {}", e.utf8_error().valid_up_to()))
}

/// A file that the contract names. The name has no way out of the folder, and a link does not make one.
fn read_inside(dir: &Path, name: &str) -> Result<String, String> {
    let real = |path: &Path| path.canonicalize().map_err(|e| e.to_string());
    let path = real(&dir.join(name))?;
    if !path.starts_with(real(dir)?) {
        return Err("the file is outside of the contract's folder".to_owned());
    }
    read(&path)
}

fn unreadable(path: &Path, message: &str) -> Diagnostics {
    let mut sources = Sources::default();
    let file = sources.add(path, "");
    let span = Span { file, start: 0, end: 0 };
    Diagnostics { sources, found: vec![Diagnostic::error(code::FILE, span, message)] }
}
