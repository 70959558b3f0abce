//! The settings of `buf` for the files: all of its standard rules, but for names that the contract gives.

use super::files::path;
use super::model::{Message, Method, Package, Schema, Service};
use contract::names::{pascal, snake};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

/// The name of the settings, beside the files.
pub const BUF_FILE: &str = "buf.yaml";

/// Why a file is let off a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Rule {
    PackageDefined,
    PackageVersionSuffix,
    PackageLowerSnakeCase,
    ServiceSuffix,
    ServicePascalCase,
    RpcPascalCase,
    RpcRequestStandardName,
    RpcResponseStandardName,
    RpcRequestResponseUnique,
    MessagePascalCase,
}

impl Rule {
    /// What `buf` calls it.
    fn name(self) -> &'static str {
        match self {
            Self::PackageDefined => "PACKAGE_DEFINED",
            Self::PackageVersionSuffix => "PACKAGE_VERSION_SUFFIX",
            Self::PackageLowerSnakeCase => "PACKAGE_LOWER_SNAKE_CASE",
            Self::ServiceSuffix => "SERVICE_SUFFIX",
            Self::ServicePascalCase => "SERVICE_PASCAL_CASE",
            Self::RpcPascalCase => "RPC_PASCAL_CASE",
            Self::RpcRequestStandardName => "RPC_REQUEST_STANDARD_NAME",
            Self::RpcResponseStandardName => "RPC_RESPONSE_STANDARD_NAME",
            Self::RpcRequestResponseUnique => "RPC_REQUEST_RESPONSE_UNIQUE",
            Self::MessagePascalCase => "MESSAGE_PASCAL_CASE",
        }
    }

    /// Why the contract's names do not keep it.
    fn reason(self) -> &'static str {
        match self {
            Self::PackageDefined => "The contract's `@rpc(service:)` names a service without a package.",
            Self::PackageVersionSuffix => "The package has no version, or one before the first.",
            Self::PackageLowerSnakeCase => "The contract's `@rpc(service:)` writes the package like this.",
            Self::ServiceSuffix => "The contract's `@rpc(service:)` names a service without the suffix.",
            Self::ServicePascalCase => "The contract's `@rpc(service:)` writes the service like this.",
            Self::RpcPascalCase => "The contract's `@rpc(method:)` writes the method like this.",
            Self::RpcRequestStandardName => {
                "The contract names requests itself, or sends items of a stream as they are."
            }
            Self::RpcResponseStandardName => {
                "Methods of services that the contract names answer its own messages."
            }
            Self::RpcRequestResponseUnique => "Methods of services that the contract names share messages.",
            Self::MessagePascalCase => {
                "The contract's `@rpc(request:, response:)` writes messages like this."
            }
        }
    }
}

/// The settings as YAML.
pub fn buf_file(schema: &Schema) -> String {
    let mut broken: BTreeMap<Rule, Vec<String>> = BTreeMap::new();
    for package in &schema.packages {
        for rule in broken_rules(schema, package) {
            broken.entry(rule).or_default().push(path(schema, package));
        }
    }
    let mut text =
        "# Written by `septet export proto`.\nversion: v2\nlint:\n  use:\n    - STANDARD\n".to_owned();
    if !broken.is_empty() {
        text.push_str("  ignore_only:\n");
    }
    for (rule, files) in broken {
        let _ = writeln!(text, "    # {}\n    {}:", rule.reason(), rule.name());
        for file in files {
            let _ = writeln!(text, "      - {file}");
        }
    }
    text.push_str("breaking:\n  use:\n    - FILE\n");
    text
}

/// The rules that a package does not keep.
fn broken_rules(schema: &Schema, package: &Package) -> Vec<Rule> {
    let messages = package.messages.iter().map(|id| schema.message(*id));
    let mut seen = HashSet::new();
    let methods =
        package.services.iter().flat_map(|service| service.methods.iter().map(move |m| (service, m)));
    let methods: Vec<(&Service, &Method)> = methods.collect();
    let request = |method: &Method| local(&schema.message(method.request).full_name);
    let response = |method: &Method| local(&schema.message(method.response).full_name);
    let is_standard = |service: &Service, method: &Method, name: &str, suffix: &str| {
        let short = format!("{}{suffix}", method.name);
        name == short || name == format!("{}{short}", local(&service.full_name))
    };
    let rules = [
        (Rule::PackageDefined, package.name.is_empty()),
        (Rule::PackageVersionSuffix, !package.name.is_empty() && !has_version(&package.name)),
        (Rule::PackageLowerSnakeCase, package.name.split('.').any(|part| snake(part) != part)),
        (Rule::ServiceSuffix, package.services.iter().any(|s| !s.full_name.ends_with("Service"))),
        (Rule::ServicePascalCase, package.services.iter().any(|s| !is_pascal(local(&s.full_name)))),
        (Rule::RpcPascalCase, methods.iter().any(|(_, method)| !is_pascal(&method.name))),
        (
            Rule::RpcRequestStandardName,
            methods.iter().any(|(s, m)| !is_standard(s, m, request(m), "Request")),
        ),
        (
            Rule::RpcResponseStandardName,
            methods.iter().any(|(s, m)| !is_standard(s, m, response(m), "Response")),
        ),
        (
            Rule::RpcRequestResponseUnique,
            !methods.iter().flat_map(|(_, m)| [m.request, m.response]).all(|id| seen.insert(id)),
        ),
        (Rule::MessagePascalCase, messages.map(|m: &Message| local(&m.full_name)).any(|n| !is_pascal(n))),
    ];
    rules.into_iter().filter_map(|(rule, is_broken)| is_broken.then_some(rule)).collect()
}

fn local(full_name: &str) -> &str {
    full_name.rsplit('.').next().unwrap_or(full_name)
}

fn is_pascal(name: &str) -> bool {
    pascal(name) == name
}

/// Whether the last part is a version as `buf` reads it: `v1`, `v2beta1`, `v1p1alpha`, `v1test`.
fn has_version(package: &str) -> bool {
    let last = package.rsplit('.').next().unwrap_or_default();
    let Some(version) = last.strip_prefix('v') else { return false };
    let digits = version.bytes().take_while(u8::is_ascii_digit).count();
    !version.starts_with('0') && digits > 0 && version.len() == digits
}
