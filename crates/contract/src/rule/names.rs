//! What names stand for.

use super::check::{Checker, Typed};
use super::compile::{Awaited, States};
use super::kind::Kind;
use super::syntax::{Form, Node, Place, Word};
use super::walk::Reach;
use super::{CallerPart, Expr, FieldPath, State, Value};
use crate::model::{Arity, Field, FieldId, ResourceId, Source};

/// Names that always stand for the same thing; a field of the same name is `this.now`.
pub(super) const FIXED: [&str; 4] = ["caller", "now", "this", "args"];

/// The state of the record that a name stands for.
fn named_state(name: &str) -> Option<State> {
    match name {
        "old" => Some(State::Old),
        "new" => Some(State::New),
        _ => None,
    }
}

/// What a name, with what follows it, stands for.
#[derive(Debug, Clone)]
pub(super) enum Meaning {
    Value(Typed),
    Record(Row),
    /// The rows of a to-many field.
    Rows(Row, FieldId, ResourceId),
    /// The caller as a whole.
    Caller,
    /// The arguments as a whole.
    Arguments,
    /// The channel message as a whole.
    Message,
    /// A value of the call with parts that are found out at run time.
    Open(Root, Vec<String>),
    /// Something that has been reported.
    Bad,
}

/// Where a value that is found out at run time comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Root {
    Claims,
    Argument(u16),
    /// The item of a macro over a list, 0 being the innermost.
    Item(u8),
}

impl Root {
    fn part(self, path: Vec<String>) -> Expr {
        match self {
            Self::Claims => Expr::Caller(CallerPart::Claim(path)),
            Self::Argument(at) => Expr::Argument(at, path),
            Self::Item(level) => Expr::Item(level, path),
        }
    }
}

/// A record: one that is in scope, or one reached from it through to-one fields.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// How many macros over rows are around the record in scope; 0 is `this`.
    level: u8,
    resource: ResourceId,
    state: State,
    hops: Vec<FieldId>,
    target: ResourceId,
}

impl Row {
    pub fn in_scope(level: u8, resource: ResourceId) -> Self {
        Self { level, resource, state: State::Asked, hops: Vec::new(), target: resource }
    }
}

/// A variable of a macro.
#[derive(Debug, Clone)]
pub(super) struct Local<'c> {
    pub name: &'c str,
    pub meaning: Variable,
}

/// What a variable stands for.
#[derive(Debug, Clone)]
pub(super) enum Variable {
    Row(Row),
    /// The item of a list with items of this type.
    Item(u8, Kind),
}

impl<'c> Checker<'c> {
    /// What an expression stands for, when it may be more than a value.
    pub fn meaning(&mut self, node: &Node<'c>) -> Meaning {
        match &node.form {
            Form::Name(name) => self.name(Word { text: name, place: node.place }),
            Form::Select(of, word) => {
                let of = self.meaning(of);
                self.part(of, *word)
            }
            Form::Index(of, index) => {
                let of = self.meaning(of);
                self.indexed(of, index)
            }
            _ => Meaning::Value(self.check(node)),
        }
    }

    fn name(&mut self, word: Word<'c>) -> Meaning {
        if let Some(local) = self.locals.iter().rev().find(|local| local.name == word.text) {
            return match local.meaning.clone() {
                Variable::Row(row) => Meaning::Record(row),
                Variable::Item(level, kind) => Self::of_call(Root::Item(self.items - level), kind),
            };
        }
        match word.text {
            "caller" => return Meaning::Caller,
            "now" => return Meaning::Value(Typed::new(Expr::Now, Kind::Timestamp, word.place)),
            "args" => return Meaning::Arguments,
            "this" => return self.this(word),
            _ => {}
        }
        if let Some(row) = self.this_row().filter(|row| self.resource(row).field_named(word.text).is_some()) {
            return self.field(row, word);
        }
        let known = |fields: &[Field]| fields.iter().any(|field| field.name == word.text);
        if known(self.scope.message) {
            return self.message_field(word);
        }
        if self.scope.arguments.iter().any(|argument| argument.name == word.text) {
            return self.argument(word);
        }
        if let Some(state) = named_state(word.text) {
            return self.in_state(state, word);
        }
        let mut names: Vec<&str> = FIXED.to_vec();
        names.extend(self.locals.iter().map(|local| local.name));
        names.extend(
            self.this_row().iter().flat_map(|row| &self.resource(row).fields).map(|f| f.name.as_str()),
        );
        names.extend(self.scope.message.iter().map(|field| field.name.as_str()));
        names.extend(self.scope.arguments.iter().map(|argument| argument.name.as_str()));
        let message = format!("there is nothing called `{}` here", word.text);
        self.errors.add(word.place, message).suggest(word.text, names);
        Meaning::Bad
    }

    /// `old` and `new`, where nothing else has the name.
    fn in_state(&mut self, state: State, word: Word<'c>) -> Meaning {
        match self.this_row().filter(|_| self.scope.states == States::BeforeAndAfter) {
            Some(row) => Meaning::Record(Row { state, ..row }),
            None => {
                let message = format!("there is nothing called `{}` here", word.text);
                let help = "`old` and `new` are the record before and after an update, in the `update` rule of a resource";
                self.errors.add(word.place, message).help(help);
                Meaning::Bad
            }
        }
    }

    fn this(&mut self, word: Word<'c>) -> Meaning {
        match self.this_row() {
            Some(row) => Meaning::Record(row),
            None if !self.scope.message.is_empty() => Meaning::Message,
            None => {
                self.errors.add(word.place, "there is no record here that `this` could stand for");
                Meaning::Bad
            }
        }
    }

    fn this_row(&self) -> Option<Row> {
        self.scope.record.map(|resource| Row::in_scope(0, resource))
    }

    fn resource(&self, row: &Row) -> &'c crate::model::Resource {
        &self.scope.resources[row.target.index()]
    }

    /// `of.word`
    fn part(&mut self, of: Meaning, word: Word<'c>) -> Meaning {
        match of {
            Meaning::Bad => Meaning::Bad,
            Meaning::Caller => self.caller_part(word),
            Meaning::Record(row) => self.field(row, word),
            Meaning::Arguments => self.argument(word),
            Meaning::Message => self.message_field(word),
            Meaning::Open(root, mut path) => {
                path.push(word.text.to_owned());
                Meaning::Open(root, path)
            }
            Meaning::Rows(row, field, _) => {
                let name = &self.resource(&row).field(field).name;
                let help = format!("write `{name}.exists(x, x.{} …)`", word.text);
                self.errors.add(word.place, format!("`{name}` is many rows, not one")).help(help);
                Meaning::Bad
            }
            Meaning::Value(typed) => {
                if typed.kind != Kind::Bad {
                    let what = typed.kind.describe(self.scope);
                    self.errors.add(word.place, format!("{what} has no part `{}`", word.text));
                }
                Meaning::Bad
            }
        }
    }

    fn indexed(&mut self, of: Meaning, index: &Node<'c>) -> Meaning {
        match (of, &index.form) {
            (Meaning::Bad, _) | (_, Form::Bad) => {}
            (Meaning::Open(root, mut path), Form::Text(name)) => {
                path.push(name.clone());
                return Meaning::Open(root, path);
            }
            (Meaning::Open(..), _) => {
                self.errors
                    .add(index.place, "the name in brackets is text in quotes")
                    .help("a list is tested with `in` or `.exists(x, …)`");
            }
            (_, _) => {
                self.errors
                    .add(index.place, "only claims and structured arguments have parts in brackets")
                    .help("write `.name` for a field; a list is tested with `in` or `.exists(x, …)`");
            }
        }
        Meaning::Bad
    }

    fn caller_part(&mut self, word: Word<'c>) -> Meaning {
        let texts = || Kind::List(Box::new(Kind::Text));
        let (part, kind) = match word.text {
            "id" => (CallerPart::Id, Kind::Text),
            "roles" => (CallerPart::Roles, texts()),
            "scopes" => (CallerPart::Scopes, texts()),
            "claims" => return Meaning::Open(Root::Claims, Vec::new()),
            other => {
                let error = self.errors.add(word.place, format!("the caller has no `{other}`"));
                error.help(format!("what a token says is `caller.claims.{other}`"));
                error.suggest(other, ["id", "roles", "scopes", "claims"]);
                return Meaning::Bad;
            }
        };
        Meaning::Value(Typed::new(Expr::Caller(part), kind, word.place))
    }

    fn argument(&mut self, word: Word<'c>) -> Meaning {
        let arguments = self.scope.arguments;
        match arguments.iter().position(|argument| argument.name == word.text) {
            Some(at) => Self::of_call(Root::Argument(at as u16), Kind::of(arguments[at].ty)),
            None => {
                let names = arguments.iter().map(|argument| argument.name.as_str());
                self.errors
                    .add(word.place, format!("there is no argument `{}`", word.text))
                    .suggest(word.text, names);
                Meaning::Bad
            }
        }
    }

    fn message_field(&mut self, word: Word<'c>) -> Meaning {
        let fields = self.scope.message;
        match fields.iter().position(|field| field.name == word.text) {
            Some(at) if fields[at].target().is_none() || fields[at].ty.arity == Arity::One => {
                Meaning::Value(Typed::new(Expr::Message(at as u16), Kind::of(fields[at].ty), word.place))
            }
            Some(_) => {
                self.errors.add(word.place, "a rule cannot look into rows of a message");
                Meaning::Bad
            }
            None => {
                let names = fields.iter().map(|field| field.name.as_str());
                self.errors
                    .add(word.place, format!("the message has no field `{}`", word.text))
                    .suggest(word.text, names);
                Meaning::Bad
            }
        }
    }

    /// An argument or item: a value, or something with parts.
    fn of_call(root: Root, kind: Kind) -> Meaning {
        if matches!(kind, Kind::Dynamic | Kind::Json) {
            return Meaning::Open(root, Vec::new());
        }
        let expr = root.part(Vec::new());
        Meaning::Value(Typed::new(expr, kind, Place { start: 0, end: 0 }))
    }

    fn field(&mut self, row: Row, word: Word<'c>) -> Meaning {
        let resource = self.resource(&row);
        let Some(id) = resource.field_named(word.text) else {
            let message = format!("`{}` has no field `{}`", resource.name, word.text);
            self.errors
                .add(word.place, message)
                .suggest(word.text, resource.fields.iter().map(|f| f.name.as_str()));
            return Meaning::Bad;
        };
        let field = resource.field(id);
        if field.is_secret() {
            self.errors.add(word.place, format!("`{}` is @secret: no rule may name it", word.text));
            return Meaning::Bad;
        }
        let related = match &field.source {
            Source::Relation(_) => true,
            Source::Computed(rule) => {
                rule.expr.any(&|e| matches!(e, Expr::Quantified { .. } | Expr::Count(_)))
            }
            Source::Column(_) | Source::Result => false,
        };
        if related && row.state == State::Old {
            let message = format!("`{}` is about other records, and they are as they are now", word.text);
            let help = format!("write `new.{0}`, or `{0}` to ask before and after", word.text);
            self.errors.add(word.place, message).help(help);
            return Meaning::Bad;
        }
        match (&field.source, field.target()) {
            (Source::Relation(_), Some(target)) => Meaning::Rows(row, id, target),
            (Source::Column(_), Some(target)) if field.ty.arity == Arity::One => {
                let mut hops = row.hops;
                hops.push(id);
                Meaning::Record(Row { hops, target, ..row })
            }
            (Source::Computed(rule), _) if rule.expr != Expr::Error => {
                let reach = Reach {
                    scope: self.rows - row.level,
                    resource: row.resource,
                    state: row.state,
                    hops: &row.hops,
                };
                Meaning::Value(Typed::new(rule.expr.relocated(&reach), Kind::of(field.ty), word.place))
            }
            // It stands for itself until it is compiled: names and types can be judged already.
            (Source::Computed(_), _) => {
                let Place { start, end } = word.place;
                self.awaited.push(Awaited { resource: row.target, field: id, start, end });
                Meaning::Value(Typed::new(Expr::Field(self.path(&row, id)), Kind::of(field.ty), word.place))
            }
            (Source::Column(_) | Source::Relation(_), _) => {
                let kind = if id == resource.key { Kind::Key(Some(row.target)) } else { Kind::of(field.ty) };
                Meaning::Value(Typed::new(Expr::Field(self.path(&row, id)), kind, word.place))
            }
            (Source::Result, _) => {
                self.errors
                    .add(word.place, format!("`{}` is not kept, so no rule can look at it", word.text));
                Meaning::Bad
            }
        }
    }

    /// The path to a field of a row, from the record in scope here.
    pub fn path(&self, row: &Row, field: FieldId) -> FieldPath {
        let (resource, state, hops) = (row.resource, row.state, row.hops.clone());
        FieldPath { scope: self.rows - row.level, resource, state, hops, field }
    }

    /// The value that something stands for: of a record its key.
    pub fn value(&mut self, meaning: Meaning, place: Place) -> Typed {
        let (message, help) = match meaning {
            Meaning::Value(typed) => return Typed { place, ..typed },
            Meaning::Record(row) => return Typed::new(self.key(&row), Kind::Key(Some(row.target)), place),
            Meaning::Open(root, path) => {
                return Typed::new(root.part(path), Kind::Dynamic, place);
            }
            Meaning::Bad => return Typed::bad(place),
            Meaning::Rows(row, field, _) => {
                let name = &self.resource(&row).field(field).name;
                (
                    format!("`{name}` is many rows, not a value"),
                    format!("write `{name}.exists(x, …)` or `size({name})`"),
                )
            }
            Meaning::Caller => ("the caller is not a value".to_owned(), "write `caller.id`".to_owned()),
            Meaning::Arguments => {
                ("the arguments are not a value".to_owned(), "write `args.name`".to_owned())
            }
            Meaning::Message => ("the message is not a value".to_owned(), "write `this.name`".to_owned()),
        };
        self.errors.add(place, message).help(help);
        Typed::bad(place)
    }

    /// The key of a row. Of a row that a to-one field points to, that field holds it.
    fn key(&self, row: &Row) -> Expr {
        Expr::Field(match row.hops.split_last() {
            None => self.path(row, self.resource(row).key),
            Some((field, hops)) => FieldPath {
                scope: self.rows - row.level,
                resource: row.resource,
                state: row.state,
                hops: hops.to_vec(),
                field: *field,
            },
        })
    }

    /// `has(…)`: whether a claim is there, or a field or argument is not null.
    pub fn has(&mut self, node: &Node<'c>) -> Expr {
        let meaning = self.meaning(node);
        if let Meaning::Open(Root::Claims, path) = meaning {
            return Expr::Caller(CallerPart::HasClaim(path));
        }
        if let Meaning::Rows(row, field, _) = &meaning {
            let name = &self.resource(row).field(*field).name;
            self.errors.add(node.place, "`has` asks for one value").help(format!("write `size({name}) > 0`"));
            return Expr::Error;
        }
        let of = self.value(meaning, node.place);
        if of.is_written_list() {
            return self.written_list(node.place).expr;
        }
        Expr::Compare(super::Compare::NotEqual, Box::new(of.expr), Box::new(Expr::Value(Value::Null)))
    }
}
