//! `septet load`: in any order, in circles, and where it is told what is wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what it needs")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const CONTRACT: &str = r#"
extend schema @contract(name: "circles", version: "1.0.0")
type Person @resource(id: CLIENT) @access(read: "true") { id: ID! team: Team! boss: Person name: String }
type Team @resource(id: CLIENT) @access(read: "true") { id: ID! lead: Person! }
"#;
/// More than are taken at once.
const ROWS: usize = 2_501;

/// Loads rows into a new database and tells what was said.
fn load(persons: &str, teams: &str) -> Result<String, String> {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let write = |path: &Path, text: &str| std::fs::write(path, text).unwrap();
    for name in ["contract", "rows"] {
        std::fs::create_dir(at(name)).unwrap();
    }
    write(&at("contract/circles.graphql"), CONTRACT);
    write(&at("rows/Person.ndjson"), persons);
    write(&at("rows/Team.ndjson"), teams);
    let mut command = Command::new(env!("CARGO_BIN_EXE_septet"));
    command.arg("load").arg(at("rows")).arg("--contract").arg(at("contract")).arg("--data").arg(at("data"));
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

/// Everybody's boss is the next one, the last one's is the first; every team has a lead who is in it.
fn circle() -> (String, String) {
    let (mut persons, mut teams) = (String::new(), String::new());
    for number in 0..ROWS {
        let next = (number + 1) % ROWS;
        writeln!(persons, r#"{{"id": "p{number}", "team": "t{number}", "boss": "p{next}"}}"#).unwrap();
        writeln!(teams, r#"{{"id": "t{number}", "lead": "p{number}"}}"#).unwrap();
    }
    (persons, teams)
}

#[test]
fn what_points_in_circles_is_loaded() {
    let (persons, teams) = circle();
    let said = load(&persons, &teams).unwrap();
    assert!(said.contains(&format!("Person {ROWS}, Team {ROWS}")), "{said}");
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_field() {
    let (persons, teams) = circle();
    let dangling = persons.replace(r#""boss": "p2400""#, r#""boss": "nobody""#);
    let said = load(&dangling, &teams).unwrap_err();
    assert!(said.contains("Person.ndjson:2400: `boss` points to `nobody`"), "{said}");
    let twice = format!("{persons}\n{{\"id\": \"p7\", \"team\": \"t7\"}}\n");
    let said = load(&twice, &teams).unwrap_err();
    assert!(
        said.contains(&format!("Person.ndjson:{}:", ROWS + 2)) && said.contains("ALREADY_EXISTS"),
        "{said}"
    );
    let mistyped = persons.replace(r#""boss": "p2400""#, r#""boss": 7"#);
    let said = load(&mistyped, &teams).unwrap_err();
    assert!(said.contains("Person.ndjson:2400:") && said.contains("boss"), "{said}");
}
