//! The examples of the documentation are those of the tour: documents are valid, and what is shown of the schema stands
//! in it.
#![allow(clippy::unwrap_used)]

mod support;

use apollo_compiler::ExecutableDocument;
use describe::filter::OPERATORS;
use describe::measure::Measure;
use describe::order::Direction;

fn page() -> String {
    std::fs::read_to_string(support::root().join("docs/graphql.md")).unwrap()
}

#[test]
fn examples_are_right() {
    let contract = support::example("examples/tour");
    let (printed, schema) = (describe::graphql::sdl(&contract), support::schema(&contract));
    let page = page();
    let blocks: Vec<&str> =
        page.split("```graphql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() > 8);
    for block in blocks {
        if block.starts_with("type ") {
            let missing =
                block.lines().find(|line| *line != "  …" && !printed.contains(&format!("{line}\n")));
            assert_eq!(missing, None);
        } else {
            let valid = ExecutableDocument::parse_and_validate(&schema, block, "example.graphql");
            valid.unwrap_or_else(|found| panic!("{}", found.errors));
        }
    }
}

#[test]
fn everything_has_a_place() {
    let page = page();
    let names = OPERATORS.iter().map(|operator| operator.name);
    let names = names.chain(Direction::ALL.map(Direction::name)).chain(Measure::ALL.map(Measure::name));
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

/// The fields in the tables of queries and mutations are those of the schema.
#[test]
fn tables_are_right() {
    let schema = support::schema(&support::example("examples/tour"));
    let page = page();
    let rows: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let fields: Vec<&str> = rows.into_iter().filter(|row| row.contains("): ")).collect();
    assert_eq!(fields.len(), 11);
    for row in fields {
        let name = row.split('(').next().unwrap();
        let found =
            ["Query", "Mutation"].iter().find_map(|root| support::field(&schema, root, name)).unwrap();
        // Lists name their arguments alone: `where:` for `where: PostFilter`.
        let (given, ty) = row.rsplit_once("): ").unwrap();
        assert!(found.ends_with(&format!("): {ty}")), "{row}\n{found}");
        let arguments = given.split_once('(').unwrap().1.split(", ");
        for argument in arguments {
            assert!(found.contains(argument), "{row}\n{found}");
        }
    }
}
