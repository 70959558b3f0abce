//! The schema of the tour, word for word. `UPDATE=1 cargo test -p describe` writes it anew.
#![allow(clippy::unwrap_used)]

mod support;

use apollo_compiler::Schema;

#[test]
fn the_tour_is_described() {
    let printed = describe::graphql::sdl(&support::example("examples/tour"));
    let golden = support::root().join("crates/describe/tests/tour.graphql");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&golden, &printed).unwrap();
    }
    Schema::parse_and_validate(printed.as_str(), "tour.graphql").unwrap();
    assert!(printed == std::fs::read_to_string(&golden).unwrap(), "UPDATE=1 writes {}", golden.display());
}
