//! Schemas of whole contracts: that of the tour word for word (`UPDATE=1 cargo test -p describe` writes it anew), and
//! what holds of all.
#![allow(clippy::unwrap_used)]

mod support;

use apollo_compiler::schema::ExtendedType;
use contract::{Arity, Base, Contract, Field, Scalar, Source};
use support::{FOLDERS, example, field, schema};

#[test]
fn the_tour_is_described() {
    let printed = describe::graphql::sdl(&example("examples/tour"));
    let golden = support::root().join("crates/describe/tests/tour.graphql");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&golden, &printed).unwrap();
    }
    let kept = std::fs::read_to_string(&golden).unwrap();
    let line = printed.lines().zip(kept.lines()).position(|(now, then)| now != then);
    assert!(printed == kept, "differs from line {line:?}; UPDATE=1 writes {}", golden.display());
}

/// What the tour's clients were promised.
#[test]
fn the_tour_has_its_root_fields() {
    let schema = schema(&example("examples/tour"));
    let roots = [
        ("Query", "user(id: ID!): User"),
        ("Query", "post(id: ID!): Post"),
        ("Query", "users(where: UserFilter, orderBy: [UserOrder!], limit: Int, offset: Int): [User!]!"),
        ("Query", "getProduct(productId: ID!): Product!"),
        ("Query", "listProducts(pageSize: Int, pageToken: String): [Product!]!"),
        ("Mutation", "createUser(name: String!, email: String!, password: String!): User!"),
        ("Mutation", "createPost(title: String!, content: String!): Post!"),
        ("Mutation", "addComment(postId: ID!, text: String!): Comment!"),
        ("Mutation", "bidirectionalSync(messages: [SyncInput!]!): [SyncMessage!]!"),
        ("Mutation", "updateInventory(updates: [InventoryUpdate!]!): UpdateSummary!"),
        (
            "Mutation",
            "transferFunds(fromAccount: ID!, toAccount: ID!, amount: Decimal!, currency: String): Transfer!",
        ),
    ];
    for (root, expected) in roots {
        let name = expected.split('(').next().unwrap();
        assert_eq!(field(&schema, root, name).as_deref(), Some(expected));
    }
    // Not served yet.
    assert!(schema.schema_definition.subscription.is_none());
}

#[test]
fn what_can_be_read_is_there_and_secrets_are_not() {
    for folder in FOLDERS {
        let contract = example(folder);
        let schema = schema(&contract);
        for resource in &contract.resources {
            let Some(record) = schema.get_object(&resource.name) else {
                // Nothing leads to records of a resource without operations.
                assert!(contract.operations.iter().all(|o| o.span != resource.span), "{}", resource.name);
                continue;
            };
            for own in &resource.fields {
                let printed = record.fields.get(own.name.as_str());
                assert_eq!(printed.is_some(), !own.is_secret(), "{folder}: {}.{}", resource.name, own.name);
                let is_required = printed.is_some_and(|printed| printed.ty.is_non_null());
                let never_null = !own.is_secret() && !contract.may_be_null(own);
                assert_eq!(is_required, never_null, "{folder}: {}.{}", resource.name, own.name);
            }
            assert_eq!(field(&schema, &resource.name, "_version").as_deref(), Some("_version: Long!"));
        }
    }
}

/// Every type is named by another one or is a root, every added one is described, and every scalar says what it is.
#[test]
fn nothing_is_printed_for_nothing() {
    for folder in FOLDERS {
        let contract = example(folder);
        let printed = describe::graphql::sdl(&contract);
        for (name, ty) in &schema(&contract).types {
            if ty.is_built_in() {
                continue;
            }
            let is_whole = |at: usize| {
                let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
                !printed[..at].ends_with(is_part) && !printed[at + name.len()..].starts_with(is_part)
            };
            let uses = printed.match_indices(name.as_str()).filter(|(at, _)| is_whole(*at)).count();
            assert!(uses > 1, "{folder}: {name}");
            let is_own = own_names(&contract).any(|own| own == name.as_str());
            let is_root = ["Query", "Mutation"].contains(&name.as_str());
            assert!(is_own || is_root || ty.description().is_some(), "{folder}: {name}");
            let is_unsaid = matches!(ty, ExtendedType::Scalar(_)) && !ty.directives().has("specifiedBy");
            assert!(!is_unsaid, "{folder}: {name}");
        }
    }
}

fn own_names(contract: &Contract) -> impl Iterator<Item = &str> {
    let records = contract.resources.iter().map(|own| own.name.as_str());
    let others = contract.inputs.iter().map(|own| own.name.as_str());
    let others = others.chain(contract.abstracts.iter().map(|own| own.name.as_str()));
    let others = others.chain(contract.objects.iter().map(|own| own.name.as_str()));
    records.chain(others).chain(contract.enums.iter().map(|own| own.name.as_str()))
}

/// Filters and orders reach what can be read, and nothing else.
#[test]
fn filters_and_orders_name_what_can_be_read() {
    for folder in FOLDERS {
        let contract = example(folder);
        let schema = schema(&contract);
        for resource in &contract.resources {
            let Some(filter) = schema.get_input_object(&format!("{}Filter", resource.name)) else { continue };
            let readable = resource.fields.iter().filter(|own| !own.is_secret());
            let expected = ["and", "or", "not"].into_iter().chain(readable.map(|own| own.name.as_str()));
            assert!(filter.fields.keys().map(|name| name.as_str()).eq(expected), "{}", resource.name);
            let order = schema.get_input_object(&format!("{}Order", resource.name)).unwrap();
            assert!(order.directives.has("oneOf"));
            for own in &resource.fields {
                let ordered = order.fields.contains_key(own.name.as_str());
                assert_eq!(ordered, is_ordered(own), "{}.{}", resource.name, own.name);
            }
        }
    }
}

fn is_ordered(field: &Field) -> bool {
    let is_json = field.ty.base == Base::Scalar(Scalar::Json);
    let is_one = field.ty.arity == Arity::One;
    is_one && !is_json && !field.is_secret() && !matches!(field.source, Source::Relation(_))
}

#[test]
fn the_same_contract_gives_the_same_text() {
    for folder in FOLDERS {
        let twice = [example(folder), example(folder)].map(|contract| describe::graphql::sdl(&contract));
        assert_eq!(twice[0], twice[1]);
    }
}
