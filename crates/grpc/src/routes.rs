//! Methods by their paths.

use contract::OperationId;
use describe::proto::{Does, Method, Reply, Schema, Service, Streaming};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::Arc;
use wire::{Format, Wrapped};

/// A method with everything that a call of it needs.
#[derive(Debug)]
pub(crate) struct Rpc {
    pub operation: OperationId,
    pub does: Does,
    pub streaming: Streaming,
    /// Its request, by its position in the table of messages.
    pub request: u32,
    /// Its response.
    pub response: u32,
    /// Where in a package its messages are, which tells the messages of its records.
    pub package: Arc<str>,
    pub wrap: Wrap,
    /// It changes nothing.
    pub is_read: bool,
    /// The formats of messages that are streamed: an item each.
    pub items: [Format; 2],
}

/// How the engine's answer stands in the response; the names are those in ProtoJSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wrap {
    /// It is the response.
    Bare,
    /// It is a message in field 1.
    Field(&'static str),
    /// It is a list in field 1.
    List(&'static str),
    /// It is a scalar in field 1.
    Scalar(&'static str),
    /// It is a number of records, an `int64` in field 1.
    Count(&'static str),
    /// There is none.
    Nothing,
}

/// All methods.
#[derive(Debug)]
pub(crate) struct Routes {
    by_path: HashMap<Box<str>, Rpc, RandomState>,
}

impl Routes {
    pub fn new(contract: &contract::Contract, schema: &Schema) -> Self {
        let mut by_path = HashMap::default();
        for package in &schema.packages {
            let name: Arc<str> = package.name.as_str().into();
            for service in &package.services {
                for method in &service.methods {
                    let path = path(service, method).into();
                    by_path.insert(path, rpc(contract, schema, &name, method));
                }
            }
        }
        Self { by_path }
    }

    /// The method of a path.
    pub fn get(&self, path: &str) -> Option<&Rpc> {
        self.by_path.get(path)
    }
}

fn path(service: &Service, method: &Method) -> String {
    format!("/{}/{}", service.full_name, method.name)
}

fn rpc(contract: &contract::Contract, schema: &Schema, package: &Arc<str>, method: &Method) -> Rpc {
    let wrap = wrap(contract, schema, method);
    let wrapped = match &wrap {
        Wrap::Field(name) | Wrap::List(name) | Wrap::Scalar(name) | Wrap::Count(name) => Wrapped::Field(name),
        Wrap::Bare | Wrap::Nothing => Wrapped::Bare,
    };
    Rpc {
        operation: method.operation,
        does: method.does,
        streaming: method.streaming,
        request: method.request.0,
        response: method.response.0,
        package: Arc::clone(package),
        wrap,
        is_read: method.is_read,
        items: [Format::ProtobufItems(wrapped), Format::ProtoJsonItems(wrapped)],
    }
}

fn wrap(contract: &contract::Contract, schema: &Schema, method: &Method) -> Wrap {
    // Made once for each method when the server starts.
    let name = || -> &'static str {
        let field = schema.message(method.response).fields.iter().find(|field| field.number == 1);
        field.map_or("", |field| String::leak(field.json_name.clone()))
    };
    let is_list = matches!(contract.operation(method.operation).result.arity, contract::Arity::List { .. });
    match (method.reply, method.does) {
        (Reply::Nothing, _) => Wrap::Nothing,
        (Reply::Bare, _) => Wrap::Bare,
        (_, Does::Count(_)) => Wrap::Count(name()),
        (_, Does::List(_) | Does::Related { .. } | Does::Batch(_) | Does::Group(_)) => Wrap::List(name()),
        (_, Does::Get(_) | Does::Stream(_) | Does::Aggregate(_)) => Wrap::Field(name()),
        (_, Does::Create(_) | Does::Update(_) | Does::Upsert(_) | Does::Delete(_)) => Wrap::Field(name()),
        (_, Does::Own) if is_list => Wrap::List(name()),
        (Reply::Wrapped, Does::Own) => Wrap::Field(name()),
        (Reply::Scalar, Does::Own) => Wrap::Scalar(name()),
    }
}
