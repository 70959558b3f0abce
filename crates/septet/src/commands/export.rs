//! `septet export`: what clients are told of a contract, for tools that do not ask the server.

use super::Failure;
use crate::cli::{Export, ExportArgs, ProtoTarget};
use crate::open;
use contract::Contract;
use describe::proto::{self, Schema};
use std::io::Write;
use std::path::Path;

/// Prints a description of a contract to `out` or writes it to a file. Warnings about the contract go to `warnings`, so
/// that what is printed can be piped.
///
/// # Errors
/// All findings, when the contract cannot be served; a file that cannot be written.
pub fn export(args: &ExportArgs, out: &mut impl Write, warnings: &mut impl Write) -> Result<(), Failure> {
    match &args.what {
        Export::Sdl(target) => {
            let text = describe::graphql::sdl(&open(&target.contract, warnings)?);
            match &target.output {
                None => print(&text, out),
                Some(file) => write(file, &text),
            }
        }
        Export::Proto(target) => protocol_buffers(target, out, warnings),
    }
}

fn open(dir: &Path, warnings: &mut impl Write) -> Result<Contract, Failure> {
    let (contract, found) = open::contract(dir)?;
    // Nobody may be reading them.
    let _ = warnings.write_all(found.concat().as_bytes());
    Ok(contract)
}

fn print(text: &str, out: &mut impl Write) -> Result<(), Failure> {
    let printed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    printed.map_err(|error| Failure::Other(format!("cannot write: {error}")))
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text)
        .map_err(|error| Failure::Other(format!("cannot write {}: {error}", file.display())))
}

/// All files one after another, each under its name, or as they are in a folder.
fn protocol_buffers(
    target: &ProtoTarget,
    out: &mut impl Write,
    warnings: &mut impl Write,
) -> Result<(), Failure> {
    let contract = open(&target.contract, warnings)?;
    let schema = Schema::new(&contract).map_err(|found| open::refused(&contract, found))?;
    let files = proto::files(&schema);
    let Some(folder) = &target.output else {
        let texts: Vec<String> =
            files.iter().map(|file| format!("// {}\n{}", file.path, file.text)).collect();
        return print(&texts.join("\n"), out);
    };
    for file in files {
        let path = folder.join(file.path);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|error| {
            Failure::Other(format!("cannot make the folder {}: {error}", parent.display()))
        })?;
        write(&path, &file.text)?;
    }
    write(&folder.join(proto::BUF_FILE), &proto::buf_file(&schema))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::ExportTarget;

    const CONTRACT: &str = r#"
extend schema @contract(name: "notes", version: "1.0.0")
type Note @resource @access(read: "true") { id: ID!  text: String! }
type Vault @resource { id: ID! }
"#;

    fn run(contract: &Path, output: Option<&Path>) -> (Result<(), Failure>, String, String) {
        let target = ExportTarget { contract: contract.to_owned(), output: output.map(Path::to_owned) };
        let (mut out, mut warnings) = (Vec::new(), Vec::new());
        let result = export(&ExportArgs { what: Export::Sdl(target) }, &mut out, &mut warnings);
        (result, String::from_utf8(out).unwrap(), String::from_utf8(warnings).unwrap())
    }

    #[test]
    fn the_schema_is_printed_or_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("notes.graphql"), CONTRACT).unwrap();
        let (result, printed, warnings) = run(folder.path(), None);
        result.unwrap();
        assert!(printed.starts_with("schema {\n  query: Query\n"), "{printed}");
        assert!(printed.contains("\ntype Note implements Node {\n"), "{printed}");
        assert!(warnings.contains("nobody can reach `Vault`"), "{warnings}");
        let file = folder.path().join("schema.graphql.txt");
        let (result, nothing, _) = run(folder.path(), Some(&file));
        result.unwrap();
        assert_eq!((nothing.as_str(), std::fs::read_to_string(&file).unwrap()), ("", printed));
    }

    #[test]
    fn protocol_buffers_are_printed_or_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("notes.graphql"), CONTRACT).unwrap();
        let run = |output: Option<&Path>| {
            let target =
                ProtoTarget { contract: folder.path().to_owned(), output: output.map(Path::to_owned) };
            let mut out = Vec::new();
            export(&ExportArgs { what: Export::Proto(target) }, &mut out, &mut Vec::new()).unwrap();
            String::from_utf8(out).unwrap()
        };
        let printed = run(None);
        let text = printed.strip_prefix("// notes/v1/notes.proto\n").unwrap();
        assert!(text.starts_with("syntax = \"proto3\";\n\npackage notes.v1;\n"), "{text}");
        let output = folder.path().join("out");
        assert_eq!(run(Some(&output)), "");
        assert_eq!(std::fs::read_to_string(output.join("notes/v1/notes.proto")).unwrap(), text);
        let settings = std::fs::read_to_string(output.join("buf.yaml")).unwrap();
        assert!(settings.contains("    - STANDARD\n") && !settings.contains("ignore_only"), "{settings}");
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("notes.graphql"), CONTRACT).unwrap();
        let nowhere = folder.path().join("nowhere/schema.graphql");
        let (result, ..) = run(folder.path(), Some(&nowhere));
        let failure = result.unwrap_err().to_string();
        assert!(failure.starts_with(&format!("error: cannot write {}: ", nowhere.display())), "{failure}");
        std::fs::write(folder.path().join("notes.graphql"), "type Note @resource { id: Int! }").unwrap();
        let (result, printed, _) = run(folder.path(), None);
        assert!(matches!(result, Err(Failure::Contract(_))) && printed.is_empty());
    }
}
