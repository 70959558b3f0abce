//! `__Type.isOneOf` (GraphQL, section 4.5), which the library does not know.
//!
//! The schema is given the field. To answer it, it is asked as the type's name under a name of our own, and what comes
//! back under that name is replaced.

use apollo_compiler::ast;
use apollo_compiler::executable::{FragmentMap, Operation, Selection, SelectionSet};
use apollo_compiler::response::serde_json_bytes::ByteString;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Schema, name};
use std::borrow::Cow;

/// What names begin with under which a type's name stands for the answer.
const MARK: &str = "__isOneOf__";
const FIELD: Name = name!("isOneOf");
const TYPE: &str = "__Type";

/// Adds the field to a schema that is not validated yet.
pub(crate) fn define(schema: &mut Schema) {
    if let Some(ExtendedType::Object(ty)) = schema.types.get_mut(TYPE) {
        let field = FieldDefinition {
            description: Some("Whether the type is an input object with `@oneOf`.".into()),
            name: FIELD,
            arguments: Vec::new(),
            ty: ast::Type::Named(name!("Boolean")),
            directives: ast::DirectiveList::default(),
        };
        ty.make_mut().fields.insert(FIELD, Component::new(field));
    }
}

/// The document and the operation with the name asked instead, where one of them asks for the field.
pub(super) fn rewrite<'a>(
    schema: &Schema,
    document: &'a Valid<ExecutableDocument>,
    operation: &'a Operation,
) -> (Cow<'a, ExecutableDocument>, Cow<'a, Operation>) {
    let Ok(name) = schema.type_field(TYPE, "name") else {
        return (Cow::Borrowed(document), Cow::Borrowed(operation));
    };
    let sets = document.fragments.values().map(|fragment| &fragment.selection_set);
    if !sets.chain([&operation.selection_set]).any(asks) {
        return (Cow::Borrowed(document), Cow::Borrowed(operation));
    }
    let (mut document, mut operation) = (ExecutableDocument::clone(document), operation.clone());
    rewrite_fragments(&mut document.fragments, name);
    rewrite_set(&mut operation.selection_set, name);
    (Cow::Owned(document), Cow::Owned(operation))
}

fn is_asked(set: &SelectionSet, field: &Name) -> bool {
    set.ty == TYPE && *field == FIELD
}

/// Recursive, as deep as selections may nest; the next one too.
fn asks(set: &SelectionSet) -> bool {
    set.selections.iter().any(|selection| match selection {
        Selection::Field(field) => is_asked(set, &field.name) || asks(&field.selection_set),
        Selection::InlineFragment(fragment) => asks(&fragment.selection_set),
        Selection::FragmentSpread(_) => false,
    })
}

fn rewrite_set(set: &mut SelectionSet, name: &Component<FieldDefinition>) {
    let is_of_type = set.ty == TYPE;
    for selection in &mut set.selections {
        match selection {
            Selection::Field(field) if is_of_type && field.name == FIELD => {
                let field = field.make_mut();
                field.alias = Name::new(&format!("{MARK}{}", field.response_key())).ok();
                field.name = name.name.clone();
                field.definition = name.node.clone();
            }
            Selection::Field(field) => rewrite_set(&mut field.make_mut().selection_set, name),
            Selection::InlineFragment(fragment) => rewrite_set(&mut fragment.make_mut().selection_set, name),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn rewrite_fragments(fragments: &mut FragmentMap, name: &Component<FieldDefinition>) {
    for fragment in fragments.values_mut() {
        rewrite_set(&mut fragment.make_mut().selection_set, name);
    }
}

/// Replaces names of types by what was asked about them. Recursive, as deep as the answer.
pub(super) fn restore(schema: &Schema, members: JsonMap) -> JsonMap {
    let member = |(name, value): (ByteString, JsonValue)| match name.as_str().strip_prefix(MARK) {
        Some(asked) => (asked.into(), is_one_of(schema, &value)),
        None => (name, restore_value(schema, value)),
    };
    members.into_iter().map(member).collect()
}

fn restore_value(schema: &Schema, value: JsonValue) -> JsonValue {
    match value {
        JsonValue::Array(items) => {
            JsonValue::Array(items.into_iter().map(|item| restore_value(schema, item)).collect())
        }
        JsonValue::Object(members) => JsonValue::Object(restore(schema, members)),
        JsonValue::Null | JsonValue::Bool(_) | JsonValue::Number(_) | JsonValue::String(_) => value,
    }
}

/// Of an input object, whether it is one; of any other type, null.
fn is_one_of(schema: &Schema, name: &JsonValue) -> JsonValue {
    match name.as_str().and_then(|name| schema.types.get(name)) {
        Some(ExtendedType::InputObject(ty)) => JsonValue::Bool(ty.directives.get("oneOf").is_some()),
        Some(
            ExtendedType::Scalar(_)
            | ExtendedType::Object(_)
            | ExtendedType::Interface(_)
            | ExtendedType::Union(_)
            | ExtendedType::Enum(_),
        )
        | None => JsonValue::Null,
    }
}
