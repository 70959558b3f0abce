//! Which operation a method and a path name.

use contract::{Method, OperationId};
use http_semantics::form;
use matchit::Router;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Bytes of a path at the most; a longer one names nothing.
const PATH_BYTES_MAX: usize = 4096;

/// What a method and a path name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// An operation.
    Operation(Matched),
    /// The path is there and asks what it allows (`OPTIONS`).
    Options(Allow),
    /// The path is there and the method is not.
    MethodNotAllowed(Allow),
    /// Nothing under the base path.
    NotFound,
    /// The path is not under the base path: another adapter's, perhaps.
    NotMine,
}

/// An operation and what its path says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// The operation.
    pub id: OperationId,
    /// The key in the path of a standard operation.
    pub key: Option<String>,
    /// The arguments in the path of an own operation.
    pub params: Vec<(Arc<str>, String)>,
}

/// The methods a path has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allow(u8);

const METHODS: [Method; 5] = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];

impl Allow {
    /// Whether the path has this method.
    pub fn has(self, method: Method) -> bool {
        self.0 & (1 << method as u8) != 0
    }

    fn with(self, method: Method) -> Self {
        Self(self.0 | 1 << method as u8)
    }
}

impl fmt::Display for Allow {
    /// As the `Allow` header has it; `HEAD` comes with `GET`, `OPTIONS` always.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        METHODS.into_iter().filter(|m| self.has(*m)).try_for_each(|m| write!(f, "{}, ", names(m)))?;
        f.write_str("OPTIONS")
    }
}

fn names(method: Method) -> &'static str {
    match method {
        Method::Get => "GET, HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

/// The contract's method that an HTTP method asks for; `HEAD` is `GET` whose body is not sent.
fn asked(method: &http::Method) -> Option<Method> {
    match *method {
        http::Method::GET | http::Method::HEAD => Some(Method::Get),
        http::Method::POST => Some(Method::Post),
        http::Method::PUT => Some(Method::Put),
        http::Method::PATCH => Some(Method::Patch),
        http::Method::DELETE => Some(Method::Delete),
        _ => None,
    }
}

/// An operation's place, as the table is built from.
pub(crate) struct Place<'a> {
    pub(crate) id: OperationId,
    pub(crate) method: Method,
    /// The path template, `/users/{id}`.
    pub(crate) path: &'a str,
    pub(crate) params: Params,
}

/// What the places in a path are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Params {
    /// The one there may be is a row's key.
    Key,
    /// They are arguments by name.
    Arguments,
}

/// Two operations cannot be told apart, or a path is not a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteError(pub String);

/// All paths of a contract: one tree, the methods in its values.
#[derive(Debug)]
pub(crate) struct Routes {
    base: String,
    tree: Router<Leaves>,
}

/// The operations at one path, by method.
#[derive(Debug, Default)]
struct Leaves {
    by_method: [Option<Leaf>; METHODS.len()],
    allow: Allow,
}

#[derive(Debug)]
struct Leaf {
    id: OperationId,
    names: Box<[Arc<str>]>,
    params: Params,
}

impl Routes {
    pub(crate) fn new<'a>(
        base: &str,
        places: impl IntoIterator<Item = Place<'a>>,
    ) -> Result<Self, RouteError> {
        let mut by_path: BTreeMap<String, Leaves> = BTreeMap::new();
        for place in places {
            let Template { path, names } = template(place.path)?;
            if place.params == Params::Key && names.len() > 1 {
                return Err(RouteError(format!("`{}` has more than a key", place.path)));
            }
            let leaves = by_path.entry(path).or_default();
            let leaf = Leaf { id: place.id, names, params: place.params };
            if leaves.by_method[place.method as usize].replace(leaf).is_some() {
                return Err(RouteError(format!(
                    "two operations are at {} `{}`",
                    names_one(place.method),
                    place.path
                )));
            }
            leaves.allow = leaves.allow.with(place.method);
        }
        let mut tree = Router::new();
        for (path, leaves) in by_path {
            tree.insert(path.as_str(), leaves).map_err(|error| RouteError(format!("`{path}`: {error}")))?;
        }
        Ok(Self { base: base.trim_end_matches('/').to_owned(), tree })
    }

    /// The base path, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Whether a path is under the base path.
    pub(crate) fn is_mine(&self, path: &str) -> bool {
        self.below_base(path).is_some()
    }

    fn below_base<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(self.base.as_str()).filter(|p| p.is_empty() || p.starts_with('/'))
    }

    pub(crate) fn find(&self, method: &http::Method, path: &str) -> Route {
        let Some(path) = self.below_base(path) else {
            return Route::NotMine;
        };
        if path.len() > PATH_BYTES_MAX {
            return Route::NotFound;
        }
        let Ok(found) = self.tree.at(path) else {
            return Route::NotFound;
        };
        if method == http::Method::OPTIONS {
            return Route::Options(found.value.allow);
        }
        match asked(method).and_then(|m| found.value.by_method[m as usize].as_ref()) {
            Some(leaf) => leaf.matched(&found.params).map_or(Route::NotFound, Route::Operation),
            None => Route::MethodNotAllowed(found.value.allow),
        }
    }
}

impl Leaf {
    /// The operation with its places decoded; `None` when one is not UTF-8 in percent-encoding.
    fn matched(&self, params: &matchit::Params<'_, '_>) -> Option<Matched> {
        let mut values = params.iter().map(|(_, value)| form::decode_segment(value).ok());
        let mut matched = Matched { id: self.id, key: None, params: Vec::new() };
        match self.params {
            Params::Key => matched.key = values.next().map_or(Some(None), |key| key.map(Some))?,
            Params::Arguments => {
                for (name, value) in self.names.iter().zip(values) {
                    matched.params.push((name.clone(), value?));
                }
            }
        }
        Some(matched)
    }
}

fn names_one(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post | Method::Put | Method::Patch | Method::Delete => names(method),
    }
}

/// A path template with its places numbered, so that operations may call the same place by different names.
struct Template {
    path: String,
    names: Box<[Arc<str>]>,
}

fn template(path: &str) -> Result<Template, RouteError> {
    if !path.starts_with('/') {
        return Err(RouteError(format!("`{path}` does not begin with a slash")));
    }
    let (mut numbered, mut names) = (String::with_capacity(path.len()), Vec::new());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            return Err(RouteError(format!("`{path}` has a `{{` that is not closed")));
        };
        if name.is_empty() || name.starts_with('*') || name.contains('{') {
            return Err(RouteError(format!("`{path}` has a place without a plain name")));
        }
        numbered.push_str(&format!("{before}{{p{}}}", names.len()));
        names.push(Arc::from(name));
        rest = after;
    }
    numbered.push_str(rest);
    Ok(Template { path: numbered, names: names.into() })
}
