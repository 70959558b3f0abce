//! `septet lock`: keeps the numbers of fields, arguments and enum values.

use super::Failure;
use crate::cli::LockArgs;
use crate::open;
use contract::NUMBERS_FILE;

/// Writes the contract's lock file, if it would not be what it is: what is new gets the next free number, and what is
/// gone keeps its own.
///
/// # Errors
/// All findings, when the contract cannot be served or its lock file cannot be read; a file that cannot be written.
pub fn lock(args: &LockArgs) -> Result<String, Failure> {
    let contract = open::loaded(&args.dir)?.contract;
    let path = args.dir.join(NUMBERS_FILE);
    let text = contract.numbers.to_string();
    let known = contract.sources.lock().map(|file| contract.sources.text(file));
    if known == Some(text.as_str()) {
        return Ok(format!("{} is up to date", path.display()));
    }
    // Under another name first: whoever reads it meanwhile sees all of it or the old one.
    let new = args.dir.join(format!(".{NUMBERS_FILE}.new"));
    let written = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &path));
    written.map_err(|error| Failure::Other(format!("cannot write {}: {error}", path.display())))?;
    Ok(format!("wrote {}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::CheckArgs;
    use crate::commands::check::check;
    use std::path::Path;

    const CONTRACT: &str = r#"
extend schema @contract(name: "notes", version: "1.0.0")
type Note @resource @access(read: "true") { id: ID!  text: String! }
"#;

    fn checked(dir: &Path) -> Result<String, Failure> {
        check(&CheckArgs { dir: dir.to_owned(), config: None }, std::iter::empty())
    }

    #[test]
    fn numbers_are_locked_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let (args, path) = (LockArgs { dir: dir.to_owned() }, dir.join(NUMBERS_FILE));
        let write = |text: &str| std::fs::write(dir.join("notes.graphql"), text).unwrap();
        write(CONTRACT);
        let hint = format!("`septet lock {}`", dir.display());
        assert!(checked(dir).unwrap().contains(&hint));

        assert_eq!(lock(&args).unwrap(), format!("wrote {}", path.display()));
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("\ntype Note\n  1 id\n  2 text\n"));
        assert!(!checked(dir).unwrap().contains("hint"));
        assert_eq!(lock(&args).unwrap(), format!("{} is up to date", path.display()));

        write(&CONTRACT.replace("text: String!", "title: String!"));
        let failure = checked(dir).unwrap_err().to_string();
        assert!(failure.contains("error[DRIFT]: `title` of the type `Note` has no number"), "{failure}");
        assert!(failure.contains("error[DRIFT]: the type `Note` has no `text`"), "{failure}");
        assert!(failure.contains("numbers.lock:6:5"), "{failure}");
        let (_, warnings) = open::contract(dir).unwrap();
        assert_eq!(warnings.len(), 2);
        lock(&args).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("\ntype Note\n  1 id\n  2 reserved text\n  3 title\n"), "{text}");
        assert_eq!(std::fs::read_dir(dir).unwrap().count(), 2);
    }
}
