//! Where operations are on each wire: what the contract says, what follows when it says nothing, and that no
//! two operations are in one place.

use crate::code;
use crate::diagnostic::{Diagnostic, Span};
use crate::load::assemble::Header;
use crate::load::names::{is_dotted, is_identifier, kebab, pascal, rpc_package};
use crate::load::operations::{Call, Own};
use crate::load::origin::{Applied, Directives};
use crate::load::paths::{self, Kind};
use crate::load::report::Report;
use crate::load::text::Text;
use crate::model::{
    Argument, Arity, Base, Method, Operation, RestRoute, Root, RpcMethod, RpcPackage, Scalar, SoapOperation,
};
use std::collections::{HashMap, HashSet};

/// What `@rest` says.
#[derive(Debug, Clone)]
pub(crate) enum RestChoice {
    /// Nothing: the default.
    Absent,
    /// The method, the path or both.
    Given(Option<Method>, Option<String>),
    /// Not in REST.
    Off,
}

/// What `@rpc` says.
#[derive(Debug, Clone, Default)]
pub(crate) struct RpcChoice {
    /// The service with its package.
    service: Option<String>,
    method: Option<String>,
    request: Option<String>,
    response: Option<String>,
}

/// What the contract says about an operation's places.
pub(crate) struct Named {
    pub(crate) rest: RestChoice,
    pub(crate) rpc: RpcChoice,
    pub(crate) soap: Option<SoapOperation>,
}

/// A method by its name in the definitions.
pub(crate) fn method(name: &str) -> Option<Method> {
    match name {
        "GET" => Some(Method::Get),
        "POST" => Some(Method::Post),
        "PUT" => Some(Method::Put),
        "PATCH" => Some(Method::Patch),
        "DELETE" => Some(Method::Delete),
        _ => None,
    }
}

/// Reads `@rest`, `@rpc` and `@soap`.
pub(crate) fn named(call: &Call<'_>, root: Root, directives: &Directives<'_>, report: &mut Report) -> Named {
    Named {
        rest: directives.get("rest").map_or(RestChoice::Absent, |d| rest(call, root, d, report)),
        rpc: directives.get("rpc").map_or_else(RpcChoice::default, |d| rpc(d, report)),
        soap: directives.get("soap").and_then(|d| soap(d, report)),
    }
}

fn rest(call: &Call<'_>, root: Root, applied: Applied<'_>, report: &mut Report) -> RestChoice {
    if applied.flag("off") {
        if applied.has("method") || applied.has("path") {
            report.error(code::CONFLICT, applied.place("off"), "what is off has no method and no path");
        }
        return RestChoice::Off;
    }
    let method = applied.variant("method").and_then(method);
    if let Some(message) = method.and_then(|method| unfit(method, root)) {
        report.error(code::CONFLICT, applied.place("method"), message);
    }
    let path = applied.text("path");
    if let Some(path) = &path {
        paths::check(path, Kind::Rest, report);
        check_places(call, path, report);
    }
    match (method, path) {
        (None, None) => RestChoice::Absent,
        (method, path) => RestChoice::Given(method, path.map(|text| text.value)),
    }
}

/// Why a method does not fit; RFC 9110 section 9.2.1: GET is safe.
fn unfit(method: Method, root: Root) -> Option<&'static str> {
    match (root, method) {
        (Root::Mutation, Method::Get) => Some("a mutation changes data, which GET must not"),
        (Root::Query, Method::Put | Method::Patch | Method::Delete) => Some("a query is read by GET or POST"),
        (Root::Subscription, Method::Post | Method::Put | Method::Patch | Method::Delete) => {
            Some("a subscription is read by GET")
        }
        (Root::Mutation | Root::Query | Root::Subscription, _) => None,
    }
}

/// Every place of the path is an argument that fits into one segment.
fn check_places(call: &Call<'_>, path: &Text, report: &mut Report) {
    for (at, name) in paths::places(&path.value) {
        let span = path.places.span(at, at + name.len());
        match call.arguments.iter().find(|argument| argument.name == name) {
            None => {
                let message = format!("`{}` has no argument `{name}`", call.definition.name);
                let known = call.arguments.iter().map(|argument| argument.name.as_str());
                report.unknown(code::UNKNOWN_ARGUMENT, span, message, name, known);
            }
            Some(argument) if !fits_segment(argument) => {
                let message = format!("`{name}` does not fit into a path: it is not a single scalar or enum");
                report.error(code::PATH, span, message);
            }
            Some(_) => {}
        }
    }
}

fn fits_segment(argument: &Argument) -> bool {
    let plain = match argument.ty.base {
        Base::Scalar(scalar) => scalar != Scalar::Json,
        Base::Enum(_) => true,
        Base::Resource(_) | Base::Object(_) | Base::Input(_) | Base::Abstract(_) => false,
    };
    plain && argument.ty.arity == Arity::One
}

fn rpc(applied: Applied<'_>, report: &mut Report) -> RpcChoice {
    let mut name = |argument: &str, valid: fn(&str) -> bool| {
        let text = applied.text(argument)?;
        if !valid(&text.value) {
            let message = "expected a name of protobuf: a letter, then letters, digits and `_`";
            report.error(code::BAD_NAME, text.span(), message);
        }
        Some(text.value)
    };
    let (service, method) = (name("service", is_dotted), name("method", is_identifier));
    let (request, response) = (name("request", is_identifier), name("response", is_identifier));
    RpcChoice { service, method, request, response }
}

fn soap(applied: Applied<'_>, report: &mut Report) -> Option<SoapOperation> {
    let (operation, namespace) = (applied.text("operation")?, applied.text("namespace")?);
    if !is_identifier(&operation.value) {
        let message = "an operation is a letter, then letters, digits and `_`";
        report.error(code::BAD_NAME, operation.span(), message);
    }
    if !namespace.value.contains(':') || namespace.value.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        report.error(
            code::BAD_VALUE,
            namespace.span(),
            "a namespace is a URI, like `http://bank.example.com`",
        );
    }
    Some(SoapOperation { operation: operation.value, namespace: namespace.value })
}

/// All operations with their places: the standard ones without those that an own one replaces, then the own
/// ones.
pub(crate) fn complete(
    standard: Vec<Operation>,
    own: Vec<Own>,
    header: &Header,
    indistinct: &HashSet<Span>,
    report: &mut Report,
) -> Vec<Operation> {
    let names: HashSet<&str> = own.iter().map(|own| own.operation.name.as_str()).collect();
    let (replaced, mut all): (Vec<_>, Vec<_>) =
        standard.into_iter().partition(|operation| names.contains(operation.name.as_str()));
    let replaced: HashMap<String, Operation> =
        replaced.into_iter().map(|operation: Operation| (operation.name.clone(), operation)).collect();
    let mut places = Places::default();
    for operation in all.iter().filter(|operation| !indistinct.contains(&operation.span)) {
        if !places.name(operation) {
            let message = format!("another standard operation is named `{}` too", operation.name);
            let found = Diagnostic::error(code::DUPLICATE, operation.span, message);
            report.push(found.with_help("`@resource(plural:)` renames the operations of a resource"));
            continue;
        }
        places.take(operation, [operation.span; 3], report);
    }
    for Own { mut operation, rest, rpc, rest_span, rpc_span, soap_span } in own {
        let standard = replaced.get(&operation.name);
        operation.rest = route(&operation, &rest, standard);
        operation.rpc = Some(rpc_method(&operation.name, rpc, standard, header));
        // Of two own operations of one name the second has been refused.
        if places.name(&operation) {
            places.take(&operation, [rest_span, rpc_span, soap_span], report);
        }
        all.push(operation);
    }
    all
}

/// What replaces a standard operation is where that was, unless the contract says otherwise.
fn rpc_method(name: &str, choice: RpcChoice, replaced: Option<&Operation>, header: &Header) -> RpcMethod {
    let RpcChoice { service, method, request, response } = choice;
    let inherited = replaced.and_then(|standard| standard.rpc.as_ref());
    let (package, service, default) = match (service, inherited) {
        (Some(service), _) => {
            let (package, service) = named_service(&service, header);
            (package, service, None)
        }
        (None, Some(standard)) => (RpcPackage::Own, standard.service.clone(), Some(standard.method.clone())),
        (None, None) => (RpcPackage::Own, format!("{}Service", pascal(&header.name)), None),
    };
    let method = method.or(default).unwrap_or_else(|| pascal(name));
    RpcMethod { package, service, method, request, response }
}

/// The package and the name of a service that the contract names.
fn named_service(service: &str, header: &Header) -> (RpcPackage, String) {
    let (package, name) = service.rsplit_once('.').unwrap_or(("", service));
    let package = match package == rpc_package(&header.name, &header.version) {
        true => RpcPackage::Own,
        false => RpcPackage::Named(package.to_owned()),
    };
    (package, name.to_owned())
}

/// What replaces a standard operation is where that was, if its arguments fill the path.
fn route(operation: &Operation, choice: &RestChoice, replaced: Option<&Operation>) -> Option<RestRoute> {
    let method = match operation.root {
        Root::Query => Method::Get,
        Root::Mutation => Method::Post,
        Root::Subscription => Method::Get,
    };
    let path = || format!("/{}", kebab(&operation.name));
    let filled = |route: &RestRoute| {
        let given = |name: &str| operation.arguments.iter().any(|a| a.name == name && fits_segment(a));
        unfit(route.method, operation.root).is_none()
            && paths::places(&route.path).iter().all(|(_, name)| given(name))
    };
    let inherited = replaced.and_then(|standard| standard.rest.clone()).filter(filled);
    match (choice, operation.root) {
        (RestChoice::Off, _) => None,
        (RestChoice::Absent, Root::Subscription) => None,
        (RestChoice::Absent, Root::Query | Root::Mutation) => {
            Some(inherited.unwrap_or_else(|| RestRoute { method, path: path() }))
        }
        (RestChoice::Given(given, given_path), _) => {
            Some(RestRoute { method: given.unwrap_or(method), path: given_path.clone().unwrap_or_else(path) })
        }
    }
}

/// Which operation is where.
#[derive(Default)]
struct Places {
    names: HashSet<String>,
    rest: HashMap<(Method, String), String>,
    rpc: HashMap<(RpcPackage, String, String), String>,
    soap: HashMap<(String, String), String>,
}

impl Places {
    /// Takes the operation's name; false when it is another one's.
    fn name(&mut self, operation: &Operation) -> bool {
        self.names.insert(operation.name.clone())
    }

    /// Takes the operation's places and reports those that are another one's.
    fn take(
        &mut self,
        operation: &Operation,
        [rest_span, rpc_span, soap_span]: [Span; 3],
        report: &mut Report,
    ) {
        let name = &operation.name;
        let mut taken = |other: Option<String>, span: Span, place: String| {
            if let Some(other) = other {
                report.error(code::ROUTE, span, format!("{place} is the place of `{other}` already"));
            }
        };
        if let Some(route) = &operation.rest {
            let key = (route.method, paths::shape(&route.path));
            let place = format!("{} {}", method_name(route.method), route.path);
            taken(self.rest.insert(key, name.clone()), rest_span, place);
        }
        if let Some(rpc) = &operation.rpc {
            let key = (rpc.package.clone(), rpc.service.clone(), rpc.method.clone());
            taken(self.rpc.insert(key, name.clone()), rpc_span, format!("{}.{}", rpc.service, rpc.method));
        }
        if let Some(soap) = &operation.soap {
            let key = (soap.namespace.clone(), soap.operation.clone());
            taken(self.soap.insert(key, name.clone()), soap_span, soap.operation.clone());
        }
    }
}

fn method_name(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}
