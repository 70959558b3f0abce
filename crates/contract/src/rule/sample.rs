//! A small contract for tests and fuzzing, built by hand.

use super::{Expect, Scope, States, compile};
use crate::diagnostic::{FileId, Span};
use crate::model::{
    Access, Argument, Arity, Base, Checks, Column, Enum, EnumId, EnumValue, Field, FieldId, KeyKind,
    OnDelete, Relation, Resource, ResourceId, Scalar, Source, TypeRef, Xml,
};
use crate::rule::{Expr, Rule};

const SPAN: Span = Span { file: FileId(0), start: 0, end: 0 };

/// The people.
pub const USER: ResourceId = ResourceId(0);
/// What they write.
pub const POST: ResourceId = ResourceId(1);
/// What others say about it.
pub const COMMENT: ResourceId = ResourceId(2);
/// Who follows whom.
pub const FOLLOW: ResourceId = ResourceId(3);
/// Something with integer keys.
pub const PRODUCT: ResourceId = ResourceId(4);

/// The sample contract, as far as rules look at one.
#[derive(Debug)]
pub struct Sample {
    /// Users, posts, comments, follows, products.
    pub resources: Vec<Resource>,
    /// `Role`.
    pub enums: Vec<Enum>,
    /// The fields of a channel's message.
    pub message: Vec<Field>,
    /// The arguments of an operation.
    pub arguments: Vec<Argument>,
}

impl Sample {
    /// All names that a rule can have, with posts as the records.
    pub fn scope(&self) -> Scope<'_> {
        Scope {
            resources: &self.resources,
            enums: &self.enums,
            record: Some(POST),
            states: States::One,
            message: &[],
            arguments: &self.arguments,
            expect: Expect::Bool,
        }
    }
}

/// Builds the sample contract.
pub fn sample() -> Sample {
    let mut resources = vec![user(), post(), comment(), follow(), product()];
    let enums = vec![roles()];
    for (resource, name, expr) in [
        (USER, "label", "name + ' <' + email + '>'"),
        (USER, "active", "role != 'READER' && has(joined)"),
        (POST, "popular", "size(comments) > 10"),
    ] {
        compute(&mut resources, &enums, resource, name, expr);
    }
    Sample { resources, enums, message: message(), arguments: arguments() }
}

/// Compiles a computed field. `unready` ones stay uncompiled.
fn compute(resources: &mut [Resource], enums: &[Enum], resource: ResourceId, name: &str, expr: &str) {
    let id = resources[resource.index()].field_named(name).expect("the field is in the sample");
    let ty = resources[resource.index()].field(id).ty;
    let scope = Scope {
        resources,
        enums,
        record: Some(resource),
        states: States::One,
        message: &[],
        arguments: &[],
        expect: Expect::Type(ty),
    };
    let expr = compile(expr, &scope).expect("the sample's rules are right");
    resources[resource.index()].fields[id.index()].source = Source::Computed(rule(expr));
}

fn rule(expr: Expr) -> Rule {
    Rule { source: String::new(), span: SPAN, expr }
}

fn user() -> Resource {
    let posts = Relation::By { field: FieldId(3) };
    let followers = Relation::Through { join: FOLLOW, from: FieldId(2), to: FieldId(1) };
    resource(
        "User",
        KeyKind::Uuid,
        vec![
            column("id", one(Scalar::Id).required()),
            column("name", one(Scalar::String).required()),
            column("email", one(Scalar::Email).required()),
            secret(column("password", one(Scalar::String).required())),
            column("role", ty(Base::Enum(EnumId(0))).required()),
            column("age", one(Scalar::Int)),
            column("score", one(Scalar::Float)),
            column("balance", one(Scalar::Decimal { scale: 2 }).required()),
            column("manager", ty(Base::Resource(USER))),
            column("joined", one(Scalar::DateTime)),
            column("born", one(Scalar::Date)),
            column("tags", many(Base::Scalar(Scalar::String)).required()),
            column("settings", one(Scalar::Json)),
            field("posts", many(Base::Resource(POST)).required(), Source::Relation(posts)),
            field("followers", many(Base::Resource(USER)).required(), Source::Relation(followers)),
            field("label", one(Scalar::String), Source::Computed(rule(Expr::Error))),
            field("active", one(Scalar::Boolean), Source::Computed(rule(Expr::Error))),
        ],
    )
}

fn post() -> Resource {
    let comments = Relation::By { field: FieldId(2) };
    resource(
        "Post",
        KeyKind::Uuid,
        vec![
            column("id", one(Scalar::Id).required()),
            column("title", one(Scalar::String).required()),
            column("summary", one(Scalar::String)),
            column("author", ty(Base::Resource(USER)).required()),
            column("editor", ty(Base::Resource(USER))),
            column("published", one(Scalar::Boolean).required()),
            column("archived", one(Scalar::Boolean)),
            column("rank", one(Scalar::Long)),
            column("price", one(Scalar::Decimal { scale: 2 })),
            column("fee", one(Scalar::Decimal { scale: 4 })),
            column("createdAt", one(Scalar::DateTime).required()),
            column("readingTime", one(Scalar::Duration)),
            column("opens", one(Scalar::Time)),
            column("cover", one(Scalar::Bytes)),
            field("comments", many(Base::Resource(COMMENT)).required(), Source::Relation(comments)),
            field("popular", one(Scalar::Boolean), Source::Computed(rule(Expr::Error))),
            field("circular", one(Scalar::Boolean), Source::Computed(rule(Expr::Error))),
        ],
    )
}

fn comment() -> Resource {
    resource(
        "Comment",
        KeyKind::Uuid,
        vec![
            column("id", one(Scalar::Id).required()),
            column("text", one(Scalar::String).required()),
            column("post", ty(Base::Resource(POST)).required()),
            column("author", ty(Base::Resource(USER))),
            column("hidden", one(Scalar::Boolean)),
            column("stars", one(Scalar::Int)),
            column("product", ty(Base::Resource(PRODUCT))),
        ],
    )
}

fn follow() -> Resource {
    resource(
        "Follow",
        KeyKind::Uuid,
        vec![
            column("id", one(Scalar::Id).required()),
            column("follower", ty(Base::Resource(USER)).required()),
            column("followee", ty(Base::Resource(USER)).required()),
        ],
    )
}

fn product() -> Resource {
    resource(
        "Product",
        KeyKind::Integer,
        vec![
            column("id", one(Scalar::Id).required()),
            column("code", one(Scalar::String).required()),
            column("namespace", one(Scalar::String)),
        ],
    )
}

fn message() -> Vec<Field> {
    vec![
        field("user", one(Scalar::String).required(), Source::Result),
        field("text", one(Scalar::String).required(), Source::Result),
    ]
}

fn arguments() -> Vec<Argument> {
    let input = TypeRef { base: Base::Input(crate::model::InputId(0)), arity: Arity::One, required: false };
    vec![
        argument("amount", one(Scalar::Decimal { scale: 2 }).required()),
        argument("title", one(Scalar::String)),
        argument("userId", one(Scalar::Id)),
        argument("ids", many(Base::Scalar(Scalar::Id)).required()),
        argument("address", input),
        argument("lines", many(Base::Input(crate::model::InputId(0))).required()),
        argument("count", one(Scalar::Int)),
    ]
}

fn roles() -> Enum {
    let values = ["ADMIN", "EDITOR", "READER"];
    let values = (1..).zip(values).map(|(number, name)| EnumValue {
        name: name.to_owned(),
        description: None,
        deprecated: None,
        number,
        span: SPAN,
    });
    Enum { name: "Role".to_owned(), description: None, values: values.collect(), span: SPAN }
}

fn ty(base: Base) -> TypeRef {
    TypeRef { base, arity: Arity::One, required: false }
}

fn one(scalar: Scalar) -> TypeRef {
    ty(Base::Scalar(scalar))
}

fn many(base: Base) -> TypeRef {
    TypeRef { base, arity: Arity::List { item_required: true }, required: false }
}

impl TypeRef {
    fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

fn column(name: &str, ty: TypeRef) -> Field {
    let column = Column {
        name: name.to_owned(),
        unique: false,
        index: false,
        default: None,
        assign: None,
        immutable: false,
        secret: false,
        on_delete: OnDelete::Restrict,
    };
    field(name, ty, Source::Column(column))
}

fn secret(mut field: Field) -> Field {
    if let Source::Column(column) = &mut field.source {
        column.secret = true;
    }
    field
}

fn field(name: &str, ty: TypeRef, source: Source) -> Field {
    Field {
        name: name.to_owned(),
        description: None,
        deprecated: None,
        ty,
        source,
        read: None,
        write: None,
        checks: Checks::default(),
        number: 1,
        xml: Xml::Element,
        span: SPAN,
    }
}

fn argument(name: &str, ty: TypeRef) -> Argument {
    Argument {
        name: name.to_owned(),
        description: None,
        deprecated: None,
        ty,
        default: None,
        checks: Checks::default(),
        stream: false,
        field: None,
        number: 1,
        xml: Xml::Element,
        span: SPAN,
    }
}

fn resource(name: &str, key_kind: KeyKind, fields: Vec<Field>) -> Resource {
    Resource {
        name: name.to_owned(),
        description: None,
        plural: format!("{}s", name.to_lowercase()),
        table: name.to_lowercase(),
        fields,
        key: FieldId(0),
        key_kind,
        unique: Vec::new(),
        indexes: Vec::new(),
        soft_delete: false,
        access: Access::default(),
        login: None,
        cache: None,
        cost: 1,
        deprecated: None,
        implements: Vec::new(),
        span: SPAN,
    }
}
