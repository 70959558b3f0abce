//! `@http` and `@grpc`: upstreams.

use crate::code;
use crate::load::names;
use crate::load::operations::Call;
use crate::load::origin::Applied;
use crate::load::paths;
use crate::load::report::Report;
use crate::load::routes::method;
use crate::load::text::Text;
use crate::model::{Binding, GrpcBinding, HttpBinding};

/// `@http(method:, url:)`.
pub(crate) fn http(call: &Call<'_>, applied: Applied<'_>, report: &mut Report) -> Option<Binding> {
    let url = applied.text("url")?;
    check_url(&url, report);
    for (at, name) in paths::places(&url.value) {
        if !call.arguments.iter().any(|argument| argument.name == name) {
            let span = url.places.span(at, at + name.len());
            let known = call.arguments.iter().map(|argument| argument.name.as_str());
            let message = format!("`{}` has no argument `{name}`", call.definition.name);
            report.unknown(code::UNKNOWN_ARGUMENT, span, message, name, known);
        }
    }
    Some(Binding::Http(HttpBinding { method: method(applied.variant("method")?)?, url: url.value }))
}

/// A scheme, a host, and no place before the path: a caller must not choose whom the server asks.
fn check_url(url: &Text, report: &mut Report) {
    let rest = ["https://", "http://"].into_iter().find_map(|scheme| url.value.strip_prefix(scheme));
    let Some(rest) = rest.filter(|rest| !rest.is_empty() && !rest.starts_with('/')) else {
        report.error(
            code::BAD_VALUE,
            url.span(),
            "expected an absolute URL beginning with `https://` or `http://`",
        );
        return;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    if host.contains(['{', '}']) {
        report.error(code::BAD_VALUE, url.span(), "an argument cannot be part of the host");
    } else if url.value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        report.error(code::BAD_VALUE, url.span(), "a URL has no spaces");
    }
}

/// `@grpc(url:, service:, method:)`.
pub(crate) fn grpc(applied: Applied<'_>, report: &mut Report) -> Option<Binding> {
    let (url, service, method) = (applied.text("url")?, applied.text("service")?, applied.text("method")?);
    check_url(&url, report);
    if !paths::places(&url.value).is_empty() {
        report.error(code::BAD_VALUE, url.span(), "the URL of a gRPC upstream has no places");
    }
    if !names::is_dotted(&service.value) {
        report.error(code::BAD_NAME, service.span(), "a service is names with dots between them");
    }
    if !names::is_identifier(&method.value) {
        report.error(code::BAD_NAME, method.span(), "a method is a letter, then letters, digits and `_`");
    }
    Some(Binding::Grpc(GrpcBinding { url: url.value, service: service.value, method: method.value }))
}
