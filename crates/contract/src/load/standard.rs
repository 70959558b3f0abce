//! The operations that every resource has.

use crate::load::names::{camel, pascal};
use crate::load::resources::Draft;
use crate::model::{
    Arity, Base, Binding, Field, FieldId, Method, Operation, Relation, Resource, ResourceId, RestRoute, Root,
    RpcMethod, RpcPackage, Scalar, Source, TypeRef,
};
use std::collections::HashSet;

/// A standard operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standard {
    Get,
    List,
    Count,
    Create,
    Update,
    Upsert,
    Delete,
    Batch,
    Aggregate,
}

impl Standard {
    /// All of them.
    pub(crate) const ALL: [Self; 9] = [
        Self::Get,
        Self::List,
        Self::Count,
        Self::Create,
        Self::Update,
        Self::Upsert,
        Self::Delete,
        Self::Batch,
        Self::Aggregate,
    ];

    /// Its name in `@resource(operations:)`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::List => "LIST",
            Self::Count => "COUNT",
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Upsert => "UPSERT",
            Self::Delete => "DELETE",
            Self::Batch => "BATCH",
            Self::Aggregate => "AGGREGATE",
        }
    }
}

/// The standard operations of all resources, nested collections among them.
pub(crate) fn operations(drafts: &[Draft]) -> Vec<Operation> {
    let own = |(id, draft): (u16, &Draft)| {
        let one = |standard: &Standard| operation(*standard, ResourceId(id), &draft.resource);
        draft.standard.iter().map(one).collect::<Vec<Operation>>()
    };
    let plain: Vec<Vec<Operation>> = (0..).zip(drafts).map(own).collect();
    let names: HashSet<String> = plain.iter().flatten().map(|operation| operation.name.clone()).collect();
    let mut all = Vec::new();
    for ((id, draft), plain) in (0..).map(ResourceId).zip(drafts).zip(plain) {
        all.extend(plain);
        all.extend(related(id, draft, drafts, &names));
    }
    all
}

fn operation(standard: Standard, id: ResourceId, resource: &Resource) -> Operation {
    let plural = &resource.plural;
    let verb = |verb: &str| format!("{verb}{}", pascal(&resource.name));
    let row = format!("/{plural}/{{id}}");
    let rows = format!("/{plural}");
    let (name, method, route, binding) = match standard {
        Standard::Get => (camel(&resource.name), "Get", Some((Method::Get, row)), Binding::Get(id)),
        Standard::List => (plural.clone(), "List", Some((Method::Get, rows)), Binding::List(id)),
        Standard::Count => (format!("{plural}Count"), "Count", None, Binding::Count(id)),
        Standard::Create => (verb("create"), "Create", Some((Method::Post, rows)), Binding::Create(id)),
        Standard::Update => (verb("update"), "Update", Some((Method::Patch, row)), Binding::Update(id)),
        Standard::Upsert => (verb("upsert"), "Upsert", Some((Method::Put, row)), Binding::Upsert(id)),
        Standard::Delete => (verb("delete"), "Delete", Some((Method::Delete, row)), Binding::Delete(id)),
        Standard::Batch => {
            let rows = format!("/{plural}:batch");
            (format!("batch{}", upper_first(plural)), "Batch", Some((Method::Post, rows)), Binding::Batch(id))
        }
        // Over REST it is a list whose selection holds a function.
        Standard::Aggregate => (format!("{plural}Aggregate"), "Aggregate", None, Binding::Aggregate(id)),
    };
    let one = |required| TypeRef { base: Base::Resource(id), arity: Arity::One, required };
    let many = |item_required| TypeRef { arity: Arity::List { item_required }, ..one(true) };
    let (root, result) = match standard {
        Standard::Get => (Root::Query, one(false)),
        Standard::List => (Root::Query, many(true)),
        Standard::Count => (Root::Query, TypeRef { base: Base::Scalar(Scalar::Int), ..one(true) }),
        Standard::Create | Standard::Update | Standard::Upsert | Standard::Delete => {
            (Root::Mutation, one(true))
        }
        Standard::Aggregate => {
            let arity = Arity::List { item_required: true };
            (Root::Query, TypeRef { base: Base::Scalar(Scalar::Json), arity, required: true })
        }
        // A deleted row leaves a gap.
        Standard::Batch => (Root::Mutation, many(false)),
    };
    let rest = route.map(|(method, path)| RestRoute { method, path });
    bare(resource, name, root, result, binding, rest, rpc(resource, method.to_owned()))
}

fn rpc(resource: &Resource, method: String) -> RpcMethod {
    let service = format!("{}Service", pascal(&resource.name));
    RpcMethod { package: RpcPackage::Own, service, method, request: None, response: None }
}

fn upper_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

/// The nested collections of a resource: one per to-many field whose rows can be listed, if the row itself
/// can be got.
fn related<'a>(
    parent: ResourceId,
    draft: &'a Draft,
    drafts: &'a [Draft],
    names: &'a HashSet<String>,
) -> impl Iterator<Item = Operation> + use<'a> {
    let listed = |field: &Field| {
        let target = field.target().and_then(|target| drafts.get(target.index()));
        target.is_some_and(|target| target.standard.contains(&Standard::List))
    };
    let resource = &draft.resource;
    let reachable = draft.standard.contains(&Standard::Get);
    let to_many = (0..).map(FieldId).zip(&resource.fields).filter(move |(_, field)| {
        let Source::Relation(Relation::By { .. } | Relation::Through { .. }) = field.source else {
            return false;
        };
        reachable && listed(field)
    });
    to_many.map(move |(field, definition)| {
        let name = nested_name(&resource.name, &definition.name, names);
        nested(name, parent, resource, field, definition)
    })
}

/// `userPosts`, or `postsOfUser` where the former is an operation of some resource: `items` of `Order` beside
/// a resource `OrderItem` is a common pair.
fn nested_name(parent: &str, field: &str, taken: &HashSet<String>) -> String {
    let name = format!("{}{}", camel(parent), upper_first(field));
    if taken.contains(&name) { format!("{field}Of{}", pascal(parent)) } else { name }
}

fn nested(name: String, parent: ResourceId, resource: &Resource, id: FieldId, field: &Field) -> Operation {
    let result = TypeRef { arity: Arity::List { item_required: true }, required: true, ..field.ty };
    let path = format!("/{}/{{id}}/{}", resource.plural, field.name);
    let method = format!("List{}", pascal(&field.name));
    let rest = Some(RestRoute { method: Method::Get, path });
    let binding = Binding::Related { parent, field: id };
    bare(resource, name, Root::Query, result, binding, rest, rpc(resource, method))
}

/// An operation that takes all else from its resource.
fn bare(
    resource: &Resource,
    name: String,
    root: Root,
    result: TypeRef,
    binding: Binding,
    rest: Option<RestRoute>,
    rpc: RpcMethod,
) -> Operation {
    Operation {
        name,
        description: None,
        deprecated: resource.deprecated.clone(),
        root,
        arguments: Vec::new(),
        result,
        stream: false,
        binding,
        rule: None,
        cost: resource.cost,
        limit: None,
        cache: resource.cache.filter(|_| root == Root::Query),
        idempotent: false,
        emits: Vec::new(),
        inbound: None,
        errors: Vec::new(),
        rest,
        rpc: Some(rpc),
        soap: None,
        span: resource.span,
    }
}
