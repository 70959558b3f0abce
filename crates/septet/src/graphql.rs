//! GraphQL's settings with what is in files: trusted documents, and GraphiQL's examples.

use crate::commands::Failure;
use crate::config::Config;
use engine::Engine;
use graphql::{Example, Introspection, NamedText, Settings, Suggestions};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder in a contract's own with the requests that GraphiQL shows: `<name>.graphql`, and its variables in
/// `<name>.json`.
const EXAMPLES_FOLDER: &str = "queries";
/// Files of a folder at the most.
const FILES_MAX: usize = 10_000;
/// Bytes of a file; a list of documents may be long.
const FILE_BYTES_MAX: u64 = 32 << 20;

/// GraphQL over an engine.
///
/// # Errors
/// A file that cannot be read, a trusted document that is not valid.
pub fn service(engine: &Arc<Engine>, config: &Config, contract: &Path) -> Result<graphql::Service, Failure> {
    let sdl = describe::graphql::sdl(engine.contract());
    let settings = settings(config, contract)?;
    let face = graphql::Graphql::new(Arc::clone(engine.contract()), &sdl, settings);
    let face = face.map_err(|error| Failure::Other(error.0))?;
    Ok(graphql::Service::new(face, Arc::clone(engine)))
}

/// What is served, and under which path.
pub fn places(config: &Config) -> impl Iterator<Item = (&'static str, &str)> {
    let endpoint = config.graphql.settings.path.as_deref().map(|path| ("graphql", path));
    let page = graphiql_path(config).map(|path| ("graphiql", path));
    endpoint.into_iter().chain(page)
}

/// The page is for development, and of no use without an endpoint.
fn graphiql_path(config: &Config) -> Option<&str> {
    let settings = &config.graphql.settings;
    let is_served = !config.production && settings.path.is_some();
    settings.graphiql_path.as_deref().filter(|_| is_served)
}

/// What production keeps to itself, and where the rest comes from.
fn settings(config: &Config, contract: &Path) -> Result<Settings, Failure> {
    let mut settings = config.graphql.settings.clone();
    settings.body_bytes_max = config.api.body_bytes_max;
    // The edge bounds the whole target; its query cannot be longer.
    settings.query_bytes_max = config.edge.uri_bytes_max;
    settings.decode = config.api.decode();
    if let Some(folder) = &config.graphql.trusted_folder {
        settings.trusted = trusted(folder)?;
    }
    settings.graphiql_path = graphiql_path(config).map(str::to_owned);
    if config.production {
        settings.introspection = Introspection::Roles(config.graphql.introspection_roles.clone());
        settings.suggestions = Suggestions::Withheld;
    } else {
        settings.examples = examples(&contract.join(EXAMPLES_FOLDER))?;
    }
    Ok(settings)
}

fn trusted(folder: &Path) -> Result<Vec<NamedText>, Failure> {
    let files = files(folder, &["graphql", "gql", "json"])?;
    let named = |path: PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(NamedText { name, text: read(&path)? })
    };
    files.into_iter().map(named).collect()
}

/// In the order of the files' names; digits before a name are only for that order.
fn examples(folder: &Path) -> Result<Vec<Example>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let example = |path: PathBuf| {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let name = stem.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned();
        let variables = path.with_extension("json");
        let variables = if variables.is_file() { Some(read(&variables)?) } else { None };
        Ok(Example { name: if name.is_empty() { stem } else { name }, query: read(&path)?, variables })
    };
    files(folder, &["graphql"])?.into_iter().map(example).collect()
}

/// The files of a folder with one of these extensions, by name; hidden ones are left out.
fn files(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let is_one = path.extension().is_some_and(|is| extensions.iter().any(|extension| is == *extension));
        if is_one && !is_hidden {
            paths.push(path);
        }
        if paths.len() > FILES_MAX {
            let message = format!("{} has more than {FILES_MAX} files", folder.display());
            return Err(Failure::Other(message));
        }
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let bytes = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text);
    if bytes.map_err(|error| unreadable(path, &error))? as u64 > FILE_BYTES_MAX {
        return Err(Failure::Other(format!("{} has more than {FILE_BYTES_MAX} bytes", path.display())));
    }
    Ok(text)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Other(format!("cannot read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn config(variables: &[(&str, &str)]) -> Config {
        let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        Config::load(None, variables, &[]).unwrap()
    }

    #[test]
    fn production_keeps_the_schema_to_itself() {
        let tour = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tour");
        let open = settings(&config(&[]), &tour).unwrap();
        assert_eq!((open.introspection, open.suggestions), (Introspection::Everyone, Suggestions::Given));
        assert_eq!(open.graphiql_path.as_deref(), Some("/graphiql"));
        assert!(open.examples.iter().any(|e| e.name == "dashboard" && e.variables.is_some()));
        let variables = [
            ("SEPTET_PRODUCTION", "true"),
            ("SEPTET_IDENTITY_JWT_SECRET", "a secret of the tests, 32 bytes or more"),
            ("SEPTET_GRAPHQL_INTROSPECTION_ROLES", "admin"),
        ];
        let closed = settings(&config(&variables), &tour).unwrap();
        assert_eq!(closed.introspection, Introspection::Roles(vec!["admin".to_owned()]));
        assert_eq!((closed.suggestions, closed.graphiql_path), (Suggestions::Withheld, None));
        assert!(closed.examples.is_empty());
    }

    #[test]
    fn trusted_documents_are_read_from_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("b.json", "{}"), ("a.graphql", "{ a }"), (".c.json", "x"), ("README.md", "x")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let path = folder.path().display().to_string();
        let read = settings(&config(&[("SEPTET_GRAPHQL_TRUSTED_FOLDER", &path)]), folder.path()).unwrap();
        let named: Vec<_> = read.trusted.iter().map(|file| (&*file.name, &*file.text)).collect();
        assert_eq!(named, [("a.graphql", "{ a }"), ("b.json", "{}")]);
        let nowhere = folder.path().join("nowhere").display().to_string();
        let failure = settings(&config(&[("SEPTET_GRAPHQL_TRUSTED_FOLDER", &nowhere)]), folder.path());
        assert!(failure.unwrap_err().to_string().starts_with(&format!("error: cannot read {nowhere}: ")));
    }
}
