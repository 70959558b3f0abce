//! Requests and responses of the contract's own operations.

use super::builder::{Builder, message, read_mask, without_gone};
use super::fields::fixed;
use super::model::{Field, Label, MessageId, Presence, Reply, Type};
use super::part::{Part, Piece};
use contract::{
    Argument, Arity, Base, Binding, Literal, Numbered, Operation, RpcMethod, RpcPackage, Scalar, TypeRef,
    names,
};

/// The numbers of what own operations take beside their arguments.
const FILTER: u32 = 1_001;
const ORDER_BY: u32 = 1_002;
const LIMIT: u32 = 1_003;
const OFFSET: u32 = 1_004;
const READ_MASK: u32 = 1_005;
const INCLUDE: u32 = 1_006;

/// What an own operation is sent and answers.
pub(super) struct Exchange {
    pub(super) request: MessageId,
    pub(super) response: MessageId,
    pub(super) reply: Reply,
}

/// The names of messages that the contract gives, or that follow from a method in a service that it names.
pub(super) fn given_names(rpc: &RpcMethod) -> impl Iterator<Item = String> {
    let request = match &rpc.package {
        RpcPackage::Own => rpc.request.clone(),
        RpcPackage::Named(_) => Some(rpc.request.clone().unwrap_or_else(|| format!("{}Request", rpc.method))),
    };
    request.into_iter().chain(rpc.response.clone())
}

impl Builder<'_> {
    /// Makes the messages of an own operation.
    pub(super) fn exchange(&mut self, operation: &Operation, rpc: &RpcMethod) -> Exchange {
        let request = self.own_request(operation, rpc);
        let (response, reply) = match rpc.package {
            RpcPackage::Own => self.own_response(operation, rpc),
            RpcPackage::Named(_) => self.named_response(operation, rpc),
        };
        Exchange { request, response, reply }
    }

    /// Where one streamed list is all that is given, each message is an item of it.
    fn own_request(&mut self, operation: &Operation, rpc: &RpcMethod) -> MessageId {
        if let [Argument { stream: true, ty: TypeRef { base: Base::Input(id), .. }, .. }] =
            operation.arguments[..]
        {
            let item = Part::Input(id);
            return match (&rpc.package, &rpc.request) {
                (_, Some(name)) => self.message_called(item, name),
                (RpcPackage::Named(_), None) => self.message(item),
                (RpcPackage::Own, None) => {
                    let name = self.message_name(rpc, "Request");
                    self.message_called(item, &name)
                }
            };
        }
        let mut fields: Vec<Field> =
            operation.arguments.iter().map(|argument| self.argument(argument)).collect();
        fields.extend(self.beside(operation));
        let name = rpc.request.clone().unwrap_or_else(|| self.message_name(rpc, "Request"));
        let made = message(format!("What `{}` is given.", rpc.method), fields);
        let made = without_gone(made, self.contract, Numbered::Operation, &operation.name);
        self.defined(&name, made, operation.span)
    }

    /// `<Method>Request`. In the contract's package it steps aside for its types, by the service's name.
    fn message_name(&mut self, rpc: &RpcMethod, suffix: &str) -> String {
        let short = format!("{}{suffix}", rpc.method);
        let long = format!("{}{short}", rpc.service);
        match rpc.package {
            RpcPackage::Named(_) => short,
            RpcPackage::Own if rpc.service == own_service(self.contract) => self.claim(&[short, long]),
            RpcPackage::Own => self.claim(&[long]),
        }
    }

    fn argument(&mut self, argument: &Argument) -> Field {
        let given = self.given(argument);
        match (argument.ty.arity, argument.stream) {
            // An item stands in each message.
            (Arity::List { .. }, true) => Field { label: Label::One(Presence::Implicit), ..given }.optional(),
            (Arity::List { .. }, false) => given,
            (Arity::One, _) if self.package == RpcPackage::Own => given,
            (Arity::One, _) => given.present(zero(argument)),
        }
    }

    /// What an own operation takes beside its arguments, where none of them has the name.
    fn beside(&mut self, operation: &Operation) -> Vec<Field> {
        let mut fields = Vec::new();
        if let Binding::List(id) = operation.binding {
            let int = Type::Scalar(Scalar::Int);
            let order = fixed("order_by", ORDER_BY, self.of(id, Piece::Order)).repeated();
            fields.extend([
                fixed("filter", FILTER, self.of(id, Piece::Filter)).described("Only these; all when absent."),
                order.described("In this order."),
                fixed("limit", LIMIT, int).optional().described("At most so many."),
                fixed("offset", OFFSET, int).optional().described("After leaving out so many."),
            ]);
        }
        if self.package == RpcPackage::Own {
            fields.extend(self.selected(operation.result.base));
        }
        let is_free = |field: &Field| {
            operation.arguments.iter().all(|argument| names::snake(&argument.name) != field.name)
        };
        fields.retain(is_free);
        fields
    }

    /// `read_mask` and `include` where records are answered.
    fn selected(&mut self, result: Base) -> Vec<Field> {
        let include = match result {
            Base::Resource(id) => self.include_field(id, INCLUDE),
            Base::Object(id) if !self.holds_records(id) => return Vec::new(),
            Base::Object(id) => self
                .has_include(id)
                .then(|| fixed("include", INCLUDE, Type::Message(self.message(Part::ObjectInclude(id))))),
            Base::Scalar(_) | Base::Enum(_) | Base::Input(_) | Base::Abstract(_) => return Vec::new(),
        };
        [read_mask(READ_MASK, "the result")].into_iter().chain(include).collect()
    }

    /// `<Method>Response { T result = 1; }`; of a stream, one item in each.
    fn own_response(&mut self, operation: &Operation, rpc: &RpcMethod) -> (MessageId, Reply) {
        let (ty, reply) = self.result(operation.result.base);
        let result = fixed("result", 1, ty).optional();
        let fields = vec![if is_many(operation) { result.repeated() } else { result }];
        let name = rpc.response.clone().unwrap_or_else(|| self.message_name(rpc, "Response"));
        let made = message(format!("What `{}` answers.", rpc.method), fields);
        (self.defined(&name, made, operation.span), reply)
    }

    /// The result's own message, or one around what has none.
    fn named_response(&mut self, operation: &Operation, rpc: &RpcMethod) -> (MessageId, Reply) {
        let part = match operation.result.base {
            Base::Resource(id) => Some(Part::Of(id, Piece::Record)),
            Base::Object(id) => Some(Part::Object(id, Vec::new())),
            Base::Scalar(_) | Base::Enum(_) | Base::Input(_) | Base::Abstract(_) => None,
        };
        match (part, &rpc.response) {
            (Some(part), Some(name)) if !is_many(operation) => (self.message_called(part, name), Reply::Bare),
            (Some(part), None) if !is_many(operation) => (self.message(part), Reply::Bare),
            (Some(_) | None, _) => self.response_around(operation, rpc),
        }
    }

    fn response_around(&mut self, operation: &Operation, rpc: &RpcMethod) -> (MessageId, Reply) {
        let (ty, reply) = self.result(operation.result.base);
        let fields = match is_many(operation) {
            true => vec![fixed("items", 1, ty).repeated()],
            false => vec![fixed("value", 1, ty).present(self.presence(!operation.result.required))],
        };
        let name = rpc.response.clone().unwrap_or_else(|| self.message_name(rpc, "Response"));
        let made = message(format!("What `{}` answers.", rpc.method), fields);
        (self.defined(&name, made, operation.span), reply)
    }

    fn result(&mut self, base: Base) -> (Type, Reply) {
        match base {
            Base::Scalar(scalar) => (Type::Scalar(scalar), Reply::Scalar),
            Base::Enum(id) => (Type::Enum(self.own_enum(id)), Reply::Scalar),
            Base::Resource(id) => (self.of(id, Piece::Record), Reply::Wrapped),
            Base::Object(id) => (Type::Message(self.message(Part::Object(id, Vec::new()))), Reply::Wrapped),
            // No operation that answers one is offered.
            Base::Input(_) | Base::Abstract(_) => (Type::Scalar(Scalar::Json), Reply::Scalar),
        }
    }
}

/// The service of the contract's own operations.
pub(super) fn own_service(contract: &contract::Contract) -> String {
    format!("{}Service", names::pascal(&contract.name))
}

/// Whether one response holds a list.
fn is_many(operation: &Operation) -> bool {
    matches!(operation.result.arity, Arity::List { .. }) && !operation.stream
}

/// Whether a zero is told from nothing, in a message whose form the contract decides: only where a zero may be meant.
/// An empty text never is.
fn zero(argument: &Argument) -> Presence {
    let may_be_meant = match argument.ty.base {
        Base::Scalar(Scalar::Boolean | Scalar::DateTime | Scalar::Duration) => true,
        Base::Scalar(Scalar::Int | Scalar::Long | Scalar::Float) => !excludes_zero(argument),
        Base::Scalar(Scalar::Id | Scalar::String | Scalar::Uuid | Scalar::Url | Scalar::Email) => false,
        Base::Scalar(Scalar::Decimal { .. } | Scalar::Date | Scalar::Time) => false,
        Base::Scalar(Scalar::Json | Scalar::Bytes) => false,
        // Number 0 stands for no value.
        Base::Enum(_) => false,
        Base::Resource(_) | Base::Object(_) | Base::Input(_) | Base::Abstract(_) => true,
    };
    match (argument.default.is_some(), argument.ty.required, may_be_meant) {
        (true, _, _) | (false, false, true) => Presence::Explicit,
        (false, true, _) | (false, false, false) => Presence::Implicit,
    }
}

fn excludes_zero(argument: &Argument) -> bool {
    let number = |literal: &Option<Literal>| match literal {
        Some(Literal::Int(int)) => Some(*int as f64),
        Some(Literal::Number(text) | Literal::Text(text)) => text.parse::<f64>().ok(),
        Some(Literal::Null | Literal::Bool(_) | Literal::Enum(_) | Literal::List(_) | Literal::Object(_))
        | None => None,
    };
    let range = argument.checks.range.as_ref();
    range.is_some_and(|range| {
        number(&range.min).is_some_and(|min| min > 0.0) || number(&range.max).is_some_and(|max| max < 0.0)
    })
}
