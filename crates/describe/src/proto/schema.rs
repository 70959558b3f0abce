//! From a contract to its packages: which methods there are, in which services.

use super::builder::{Builder, Source, message};
use super::cycles::Cycles;
use super::model::{Does, Method, Reply, Schema, Service, Streaming};
use super::own::{Exchange, given_names, own_service};
use crate::graphql::Standard;
use crate::graphql::offered::{Offered, standard};
use contract::{
    Binding, Contract, Diagnostic, Operation, OperationId, ResourceId, Root, RpcMethod, RpcPackage, names,
};
use std::collections::{BTreeMap, HashSet};

impl Schema {
    /// What a contract offers. The same contract always has the same schema.
    ///
    /// # Errors
    /// All names that would be those of two different things.
    pub fn new(contract: &Contract) -> Result<Self, Vec<Diagnostic>> {
        let (offered, cycles) = (Offered::new(contract), Cycles::new(contract));
        let source = Source { contract, offered, cycles };
        let mut schema = Self {
            contract: contract.name.clone(),
            packages: Vec::new(),
            messages: Vec::new(),
            enums: Vec::new(),
        };
        let mut found = Vec::new();
        for (package, services) in packages(&source).into_values() {
            found.extend(build(&source, package, &services, &mut schema));
        }
        if found.is_empty() { Ok(schema) } else { Err(found) }
    }
}

/// A method that is to be made.
struct Planned<'a> {
    id: OperationId,
    operation: &'a Operation,
    rpc: &'a RpcMethod,
    name: String,
    does: Does,
}

type Services<'a> = BTreeMap<String, Vec<Planned<'a>>>;

/// The packages by their names.
fn packages<'a>(source: &Source<'a>) -> BTreeMap<String, (RpcPackage, Services<'a>)> {
    let contract = source.contract;
    let places = contract.operations().filter_map(|(_, operation)| operation.rpc.as_ref());
    let mut taken: HashSet<(&RpcPackage, &str, &str)> =
        places.map(|rpc| (&rpc.package, rpc.service.as_str(), rpc.method.as_str())).collect();
    let mut packages: BTreeMap<String, (RpcPackage, Services<'a>)> = BTreeMap::new();
    for (id, operation) in contract.operations() {
        let (Some(rpc), Some(does)) = (&operation.rpc, does(source, operation)) else { continue };
        let name = match &rpc.package {
            RpcPackage::Own => contract.rpc_package(),
            RpcPackage::Named(name) => name.clone(),
        };
        let (_, services) = packages.entry(name).or_insert_with(|| (rpc.package.clone(), BTreeMap::new()));
        let methods = services.entry(rpc.service.clone()).or_default();
        let planned = |name: &str, does| Planned { id, operation, rpc, name: name.to_owned(), does };
        methods.push(planned(&rpc.method, does));
        if let Some((name, does)) = added(does)
            && taken.insert((&rpc.package, &rpc.service, name))
        {
            methods.push(planned(name, does));
        }
    }
    packages
}

/// What a standard operation has beside its own method.
fn added(does: Does) -> Option<(&'static str, Does)> {
    match does {
        Does::List(id) => Some(("Stream", Does::Stream(id))),
        Does::Aggregate(id) => Some(("Group", Does::Group(id))),
        Does::Get(_) | Does::Related { .. } | Does::Stream(_) | Does::Count(_) | Does::Group(_) => None,
        Does::Create(_) | Does::Update(_) | Does::Upsert(_) | Does::Delete(_) | Does::Batch(_) => None,
        Does::Own => None,
    }
}

/// What an operation's method does; none where it is not offered.
fn does(source: &Source<'_>, operation: &Operation) -> Option<Does> {
    let contract = source.contract;
    if let Some((id, does)) = standard(contract, operation) {
        return standard_does(source, id, does);
    }
    match (&operation.binding, operation.root) {
        (_, Root::Subscription) => None,
        (Binding::Related { parent, field }, _) => {
            let resource = contract.resource(*parent).field(*field).target()?;
            Some(Does::Related { resource, parent: *parent })
        }
        // What is published to a channel, or said in it, is a mutation.
        (Binding::Channel(_), _) => (operation.root == Root::Mutation).then_some(Does::Own),
        _ => source.offered.serves(operation).then_some(Does::Own),
    }
}

fn standard_does(source: &Source<'_>, id: ResourceId, does: Standard) -> Option<Does> {
    Some(match does {
        Standard::Get => Does::Get(id),
        Standard::List => Does::List(id),
        Standard::Count => Does::Count(id),
        Standard::Aggregate => Does::Aggregate(id),
        Standard::Create => Does::Create(id),
        Standard::Update => Does::Update(id),
        Standard::Upsert => Does::Upsert(id),
        Standard::Delete => Does::Delete(id),
        Standard::Batch if source.offered.batch(source.contract, id).is_empty() => return None,
        Standard::Batch => Does::Batch(id),
        Standard::Connection | Standard::Groups => return None,
    })
}

fn streaming(operation: &Operation) -> Streaming {
    let client = operation.arguments.iter().any(|argument| argument.stream);
    match (client, operation.stream) {
        (false, false) => Streaming::Unary,
        (false, true) => Streaming::Server,
        (true, false) => Streaming::Client,
        (true, true) => Streaming::Bidirectional,
    }
}

fn build(
    source: &Source<'_>,
    package: RpcPackage,
    services: &Services<'_>,
    schema: &mut Schema,
) -> Vec<Diagnostic> {
    let own = services.values().flatten().filter(|planned| planned.does == Does::Own);
    let taken: Vec<String> =
        services.keys().cloned().chain(own.flat_map(|planned| given_names(planned.rpc))).collect();
    let mut builder = Builder::new(source, package, &taken);
    let made = services.iter().map(|(name, methods)| {
        let methods = methods.iter().map(|planned| method(&mut builder, planned)).collect();
        let description = service_description(source.contract, name, &builder.package);
        Service { full_name: builder.full_name(name), description, methods }
    });
    let made = made.collect();
    builder.finish(made, schema)
}

fn service_description(contract: &Contract, service: &str, package: &RpcPackage) -> Option<String> {
    if *package != RpcPackage::Own {
        return None;
    }
    let of = |name: &str| format!("{}Service", names::pascal(name));
    match contract.resources.iter().find(|resource| of(&resource.name) == service) {
        Some(resource) => Some(format!("What can be done with `{}` records.", resource.name)),
        None if service == own_service(contract) => contract.description.clone(),
        None => None,
    }
}

fn method(builder: &mut Builder<'_>, planned: &Planned<'_>) -> Method {
    let operation = planned.operation;
    let (exchange, streaming) = match planned.does {
        Does::Own => (builder.exchange(operation, planned.rpc), streaming(operation)),
        does => (standard_exchange(builder, planned, does), standard_streaming(does)),
    };
    let Exchange { request, response, reply } = exchange;
    Method {
        name: planned.name.clone(),
        description: described(builder.contract, planned),
        deprecated: operation.deprecated.clone(),
        operation: planned.id,
        does: planned.does,
        streaming,
        request,
        response,
        reply,
        is_read: operation.root == Root::Query,
    }
}

fn standard_streaming(does: Does) -> Streaming {
    match does {
        Does::Stream(_) => Streaming::Server,
        Does::Get(_) | Does::List(_) | Does::Related { .. } | Does::Count(_) => Streaming::Unary,
        Does::Aggregate(_) | Does::Group(_) | Does::Batch(_) | Does::Own => Streaming::Unary,
        Does::Create(_) | Does::Update(_) | Does::Upsert(_) | Does::Delete(_) => Streaming::Unary,
    }
}

/// `<Service><Method>Request` and `<Service><Method>Response`.
fn standard_exchange(builder: &mut Builder<'_>, planned: &Planned<'_>, does: Does) -> Exchange {
    let name = format!("{}{}", planned.rpc.service, planned.name);
    let span = planned.operation.span;
    let (fields, called) = (builder.request(does), builder.claim(&[format!("{name}Request")]));
    let made = message(format!("What `{}` is given.", planned.name), fields);
    let request = builder.defined(&called, made, span);
    let (fields, called) = (builder.response(does), builder.claim(&[format!("{name}Response")]));
    let made = message(format!("What `{}` answers.", planned.name), fields);
    let response = builder.defined(&called, made, span);
    let reply = match does {
        Does::Count(_) => Reply::Scalar,
        Does::Get(_) | Does::List(_) | Does::Related { .. } | Does::Stream(_) => Reply::Wrapped,
        Does::Create(_) | Does::Update(_) | Does::Upsert(_) | Does::Delete(_) => Reply::Wrapped,
        Does::Aggregate(_) | Does::Group(_) | Does::Batch(_) | Does::Own => Reply::Wrapped,
    };
    Exchange { request, response, reply }
}

fn described(contract: &Contract, planned: &Planned<'_>) -> Option<String> {
    let name = |id: ResourceId| &contract.resource(id).name;
    Some(match planned.does {
        Does::Own => return planned.operation.description.clone(),
        Does::Get(id) => format!("One `{}` by its key.", name(id)),
        Does::List(id) => format!("A page of `{}` records.", name(id)),
        Does::Related { resource, parent } => {
            format!("A page of the `{}` records of one `{}`.", name(resource), name(parent))
        }
        Does::Stream(id) => format!("All `{}` records, one message each.", name(id)),
        Does::Count(id) => format!("How many `{}` records there are.", name(id)),
        Does::Aggregate(id) => format!("Values over `{}` records.", name(id)),
        Does::Group(id) => format!("Values over each group of `{}` records.", name(id)),
        Does::Create(id) => format!("Makes one `{}`.", name(id)),
        Does::Update(id) => format!("Changes fields of one `{}`.", name(id)),
        Does::Upsert(id) => format!("Creates the `{}` with this key, or sets what is given of it.", name(id)),
        Does::Delete(id) => format!("Deletes one `{}`.", name(id)),
        Does::Batch(id) => {
            format!("Creates, updates, upserts and deletes of `{}` records, all or none.", name(id))
        }
    })
}
