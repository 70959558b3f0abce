//! From a rule's text to a typed expression, or to everything that is wrong with it.

use super::check::Checker;
use super::parse::parse;
use super::syntax::Place;
use super::{Expr, Value};
use crate::diagnostic::closest;
use crate::model::{Argument, Enum, Field, FieldId, Resource, ResourceId, TypeRef};

/// Bytes of a rule's text at the most.
pub const RULE_BYTES_MAX: usize = 8 * 1024;
/// Levels of nesting in a rule's text at the most.
pub const DEPTH_MAX: usize = 64;
/// Parts (names, constants, operators) of a rule's text at the most.
pub const NODES_MAX: usize = 1024;
/// Parts of a compiled rule at the most, computed fields and both ways of every conditional written out.
pub const COMPILED_NODES_MAX: usize = 4 * NODES_MAX;
/// Levels of nesting in a compiled rule at the most, computed fields written out.
pub const COMPILED_DEPTH_MAX: usize = 4 * DEPTH_MAX;
/// Macros over lists of the call inside one another at the most.
pub const LISTS_NESTED_MAX: u8 = 2;
/// Findings reported for one rule at the most.
pub const ERRORS_MAX: usize = 20;

/// What the names of a rule may stand for.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// All resources, by id.
    pub resources: &'a [Resource],
    /// All enums, by id.
    pub enums: &'a [Enum],
    /// The resource whose record is `this`.
    pub record: Option<ResourceId>,
    /// Whether it has a state before and one after.
    pub states: States,
    /// The fields of the channel message that is judged.
    pub message: &'a [Field],
    /// The arguments of the operation.
    pub arguments: &'a [Argument],
    /// What the expression must be.
    pub expect: Expect,
}

/// Which states of its record a rule may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum States {
    /// The one that it is asked of.
    One,
    /// Also `old` and `new`: it is a rule for updates.
    BeforeAndAfter,
}

/// What an expression must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// A condition.
    Bool,
    /// A value for a field of this type (`@computed`).
    Type(TypeRef),
}

/// Something wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// The first byte in the rule's text that is wrong.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// What was found and what was expected: lower case, no full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl RuleError {
    pub(super) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Adds "did you mean …?" when one of `known` is close to `given`.
    pub(super) fn suggest<'n>(&mut self, given: &str, known: impl IntoIterator<Item = &'n str>) -> &mut Self {
        if let Some(name) = closest(given, known) {
            self.help = Some(format!("did you mean `{name}`?"));
        }
        self
    }
}

/// The findings so far.
#[derive(Debug, Default)]
pub(super) struct Errors {
    found: Vec<RuleError>,
    /// A bound was passed and the rest of the text was not read: what follows from that is not reported.
    pub gave_up: bool,
}

impl Errors {
    pub fn add(&mut self, place: Place, message: impl Into<String>) -> &mut RuleError {
        self.found.push(RuleError {
            start: place.start,
            end: place.end,
            message: message.into(),
            help: None,
        });
        self.found.last_mut().expect("just pushed")
    }

    /// Adds "did you mean …?" to the last finding.
    pub fn suggest_last<'n>(&mut self, given: &str, known: impl IntoIterator<Item = &'n str>) {
        if let Some(error) = self.found.last_mut() {
            error.suggest(given, known);
        }
    }

    pub fn none(&self) -> bool {
        self.found.is_empty()
    }

    /// The findings in the order of their places, one for each.
    fn finish(mut self) -> Vec<RuleError> {
        self.found.sort_by_key(|error| error.start);
        self.found.dedup_by_key(|error| (error.start, error.end));
        self.found.truncate(ERRORS_MAX);
        self.found
    }
}

/// A computed field that a rule names and that is not compiled yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Awaited {
    pub(crate) resource: ResourceId,
    pub(crate) field: FieldId,
    /// Where the rule's text names it.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// What came of a rule.
#[derive(Debug)]
pub(crate) enum Compiled {
    /// It can be used.
    Ready(Expr),
    /// Nothing is wrong with its names and types, and it can be compiled once these are.
    Waits(Vec<Awaited>),
    /// All findings that do not follow from one another.
    Wrong(Vec<RuleError>),
}

/// Compiles a rule. On failure: all findings that do not follow from one another, in the order of their
/// places.
///
/// The result is in the form that [`Expr::normal`] describes. Computed fields are written out, so those of
/// `scope.resources` that `source` names have to be compiled before.
pub fn compile(source: &str, scope: &Scope<'_>) -> Result<Expr, Vec<RuleError>> {
    match attempt(source, scope) {
        Compiled::Ready(expr) => Ok(expr),
        Compiled::Wrong(errors) => Err(errors),
        Compiled::Waits(awaited) => Err(awaited.iter().map(|awaited| unusable(scope, awaited)).collect()),
    }
}

/// That a computed field cannot be used because its own expression is wrong.
fn unusable(scope: &Scope<'_>, awaited: &Awaited) -> RuleError {
    let field = scope.resources[awaited.resource.index()].field(awaited.field);
    let message = format!("the computed field `{}` cannot be used here", field.name);
    RuleError { start: awaited.start, end: awaited.end, message, help: None }
}

/// Compiles a rule as far as the computed fields that it names are compiled.
pub(crate) fn attempt(source: &str, scope: &Scope<'_>) -> Compiled {
    let whole = Place { start: 0, end: source.len() };
    let mut errors = Errors::default();
    if source.len() > RULE_BYTES_MAX {
        errors.add(whole, format!("the rule has more than {RULE_BYTES_MAX} bytes"));
        return Compiled::Wrong(errors.finish());
    }
    let tree = parse(source, &mut errors);
    let mut checker = Checker::new(scope, errors);
    let expr = checker.whole(&tree);
    let (mut errors, awaited) = (checker.errors, checker.awaited);
    if !errors.none() {
        return Compiled::Wrong(errors.finish());
    }
    if !awaited.is_empty() {
        return Compiled::Waits(awaited);
    }
    let normal = match scope.expect {
        Expect::Bool => expr.normal(scope.resources),
        Expect::Type(_) => expr.normal_value(scope.resources),
    };
    match normal {
        Some(Expr::Error) => errors.add(whole, "the rule is an error whatever the caller and the record are"),
        Some(expr) if expr.mixes_states() => errors
            .add(whole, "a comparison with `old` or `new` in it says of each field which of them it means")
            .help("write `old.total <= new.total`; a comparison of plain fields is asked of both"),
        Some(expr) => return Compiled::Ready(expr),
        None => errors
            .add(whole, format!("the rule has more than {COMPILED_NODES_MAX} parts once it is written out"))
            .help("nest fewer conditionals and computed fields in conditions"),
    };
    Compiled::Wrong(errors.finish())
}

impl From<bool> for Expr {
    fn from(value: bool) -> Self {
        Self::Value(Value::Bool(value))
    }
}
