//! Which directives belong where, more finely than GraphQL's locations can say.

use crate::code;
use crate::diagnostic::Diagnostic;
use crate::load::origin::Directives;
use crate::load::report::Report;

/// Where a directive can stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Resource,
    Channel,
    Object,
    ResourceField,
    MessageField,
    ObjectField,
    InterfaceField,
    Query,
    Mutation,
    Subscription,
    Argument,
    InputField,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::Resource => "a resource",
            Self::Channel => "a channel",
            Self::Object => "a type that is not stored",
            Self::ResourceField => "a field of a resource",
            Self::MessageField => "a field of a channel's message",
            Self::ObjectField => "a field of a type that is not stored",
            Self::InterfaceField => "a field of an interface",
            Self::Query => "a query",
            Self::Mutation => "a mutation",
            Self::Subscription => "a subscription",
            Self::Argument => "an argument",
            Self::InputField => "a field of an input",
        }
    }
}

use Place::{
    Argument, Channel, InputField, InterfaceField, MessageField, Mutation, ObjectField, Query, Resource,
    ResourceField, Subscription,
};

const CHECKED: &[Place] = &[ResourceField, MessageField, ObjectField, Argument, InputField];
const VALUES: &[Place] = &[ResourceField, MessageField, ObjectField, InterfaceField, Argument, InputField];
const CALLS: &[Place] = &[Query, Mutation];
const OPERATIONS: &[Place] = &[Query, Mutation, Subscription];

/// Septet's directives with their places; GraphQL's own are not among them.
const PLACES: &[(&str, &[Place])] = &[
    ("resource", &[Resource]),
    ("login", &[Resource]),
    ("access", &[Resource, Channel, ResourceField, Query, Mutation, Subscription]),
    ("column", &[ResourceField]),
    ("unique", &[Resource, ResourceField]),
    ("index", &[Resource, ResourceField]),
    ("default", &[ResourceField, MessageField]),
    ("assign", &[ResourceField, MessageField]),
    ("immutable", &[ResourceField]),
    ("secret", &[ResourceField]),
    ("computed", &[ResourceField]),
    ("relation", &[ResourceField]),
    ("length", CHECKED),
    ("range", CHECKED),
    ("pattern", CHECKED),
    ("format", CHECKED),
    (
        "decimal",
        &[ResourceField, MessageField, ObjectField, InterfaceField, Argument, InputField, Query, Mutation],
    ),
    ("xml", VALUES),
    ("get", &[Query]),
    ("list", &[Query]),
    ("create", &[Mutation]),
    ("update", &[Mutation]),
    ("delete", &[Mutation]),
    ("sql", CALLS),
    ("http", CALLS),
    ("grpc", CALLS),
    ("publish", &[Mutation]),
    ("on", &[Subscription]),
    ("emits", &[Mutation]),
    ("inbound", &[Mutation]),
    ("error", CALLS),
    ("stream", &[Query, Mutation, Argument]),
    ("channel", &[Channel]),
    ("rest", OPERATIONS),
    ("rpc", OPERATIONS),
    ("soap", CALLS),
    ("cost", &[Resource, Query, Mutation, Subscription]),
    ("limit", OPERATIONS),
    ("cache", &[Resource, Query]),
    ("idempotent", &[Mutation]),
];

/// Reports directives that mean nothing where they stand.
pub(crate) fn check(place: Place, directives: &Directives<'_>, report: &mut Report) {
    for directive in directives.iter() {
        let Some((name, places)) = PLACES.iter().find(|(name, _)| *name == directive.name()) else {
            continue;
        };
        if !places.contains(&place) {
            let message = format!("`@{name}` does not belong on {}", place.name());
            let belongs: Vec<&str> = places.iter().map(|place| place.name()).collect();
            let help = format!("it belongs on {}", belongs.join(" or "));
            report.push(Diagnostic::error(code::MISPLACED, directive.span(), message).with_help(help));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apollo_compiler::ast::{Definition, Document};

    #[test]
    fn every_directive_of_the_definitions_on_types_and_fields_has_places() {
        let document = Document::parse(crate::load::DEFINITIONS, "septet.graphql").unwrap();
        let defined: Vec<&str> = document
            .definitions
            .iter()
            .filter_map(|d| match d {
                Definition::DirectiveDefinition(d) => Some(d.name.as_str()),
                _ => None,
            })
            .filter(|name| !["contract", "oneOf"].contains(name))
            .collect();
        let placed: Vec<&str> = PLACES.iter().map(|(name, _)| *name).collect();
        assert!(defined.iter().all(|name| placed.contains(name)), "{defined:?}");
        assert!(placed.iter().all(|name| defined.contains(name)), "{placed:?}");
    }
}
