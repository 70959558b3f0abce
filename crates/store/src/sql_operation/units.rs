//! Decimals are kept as whole numbers of their smallest unit, and SQL does not know it: `sum(price)` is a number like any
//! other. So statements that answer are tried on two small databases that differ in nothing but the size of their
//! decimals, which is larger by ten to the number of their digits in the second one. A result that grows by ten to the `n`
//! is made of decimals with `n` digits, and that is what the field which answers it has to be.

use super::lexer::{Kind, words};
use super::live;
use crate::schema::{Column, Form, Schema, Table, quote};
use crate::sqlite::open::configure;
use contract::code;
use contract::{Argument, Arity, Base, Contract, Diagnostic, Operation, Scalar, SqlStatement, TypeRef};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The units of a sample. It ends in no zero, and no part of it does: what is divided by a power of ten is no multiple of
/// what it was.
const UNITS: i64 = 1_234_567;
/// Digits that are tried; with more, sums leave the range of integers.
const SCALE_TRIED_MAX: u8 = 9;
/// Looks at the clockwork of SQLite, thousand steps each, before a try is given up.
const LOOKS_MAX: u32 = 2_000;

/// Whether decimals are as large as in the first database or as in the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Small,
    Large,
}

/// The two databases.
pub(super) struct Samples {
    small: Sample,
    large: Sample,
}

struct Sample {
    conn: Connection,
    size: Size,
    looks: Arc<AtomicU32>,
}

impl Samples {
    pub fn of(schema: &Schema) -> rusqlite::Result<Self> {
        Ok(Self { small: Sample::of(schema, Size::Small)?, large: Sample::of(schema, Size::Large)? })
    }

    /// Compares what an operation's fields are with what its answering statement makes.
    pub fn check(
        &self,
        contract: &Contract,
        schema: &Schema,
        operation: &Operation,
        statement: &SqlStatement,
    ) -> Vec<Diagnostic> {
        let text = live::rewrite(schema, &statement.text).text;
        let open = without_conditions(&text);
        let row = |sample: &Sample| sample.row(contract, operation, &open);
        let (Some(small), Some(large)) = (row(&self.small), row(&self.large)) else { return Vec::new() };
        let wanted = results(contract, operation);
        let of = |(name, ty): &(Option<&str>, TypeRef)| {
            let at =
                name.map_or(Some(0), |name| small.iter().position(|(n, _)| n.eq_ignore_ascii_case(name)))?;
            let message = misfit(name.unwrap_or(&operation.name), *ty, &small.get(at)?.1, &large.get(at)?.1)?;
            let mut named = words(&statement.text).into_iter().filter(|word| word.kind == Kind::Name);
            let place = name.and_then(|name| named.rfind(|word| word.name.eq_ignore_ascii_case(name)));
            let span =
                place.map_or(statement.places.span, |word| statement.places.span(word.start, word.end));
            let help =
                "the result is a `Decimal` with the scale of what it is made of, or `decimal_text(…, scale)`";
            Some(Diagnostic::error(code::DECIMAL_UNITS, span, message).with_help(help))
        };
        wanted.iter().filter_map(of).collect()
    }
}

/// The names and types that a statement answers.
fn results<'c>(contract: &'c Contract, operation: &'c Operation) -> Vec<(Option<&'c str>, TypeRef)> {
    match operation.result.base {
        Base::Object(id) => {
            let fields = contract.objects[id.index()].fields.iter();
            fields.map(|field| (Some(field.name.as_str()), field.ty)).collect()
        }
        Base::Scalar(_) => vec![(None, operation.result)],
        Base::Enum(_) | Base::Resource(_) | Base::Input(_) | Base::Abstract(_) => Vec::new(),
    }
}

/// What is wrong when a field of this type is answered with this value.
fn misfit(name: &str, ty: TypeRef, small: &Value, large: &Value) -> Option<String> {
    let Base::Scalar(scalar) = ty.base else { return None };
    if let (Scalar::Decimal { .. }, Value::Real(_)) = (scalar, small) {
        return Some(format!(
            "`{name}` is a decimal, which is a whole number of units, and this makes a fraction"
        ));
    }
    let digits = digits(number(small)?, number(large)?)?;
    match scalar {
        Scalar::Decimal { scale } if scale != digits => {
            Some(format!("`{name}` has {scale} digits after its point, and what it is made of has {digits}"))
        }
        Scalar::Int | Scalar::Long | Scalar::Float | Scalar::String | Scalar::Id | Scalar::Duration => {
            let unit = format!("{:.*}", usize::from(digits), 1.0);
            Some(format!(
                "`{name}` would show units: for {unit} it would answer {}",
                10_u64.pow(digits.into())
            ))
        }
        Scalar::Decimal { .. } | Scalar::Boolean | Scalar::DateTime | Scalar::Date | Scalar::Time => None,
        Scalar::Uuid | Scalar::Json | Scalar::Bytes | Scalar::Url | Scalar::Email => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Real(number) if number.fract() == 0.0 => Some(*number),
        Value::Real(_) | Value::Null | Value::Text(_) | Value::Blob(_) => None,
    }
}

/// How many digits after the point what is made has; nothing where that is none, or cannot be told.
fn digits(small: f64, large: f64) -> Option<u8> {
    let is = |digits: &u8| (large - small * 10_f64.powi((*digits).into())).abs() <= large.abs() * 1e-12;
    (1..=2 * SCALE_TRIED_MAX).find(is).filter(|_| small != 0.0)
}

/// The statement with conditions that always hold.
fn without_conditions(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut at = 0;
    let words = words(text);
    for (i, word) in words.iter().enumerate() {
        let next = words.get(i + 1).map_or("", |next| next.name);
        let is = |name: &str| word.kind == Kind::Name && word.name.eq_ignore_ascii_case(name);
        let added = match () {
            () if is("where") || is("having") => " 1 OR ",
            () if is("on") && !next.eq_ignore_ascii_case("conflict") => " 1 OR ",
            () if is("offset") => " 0 * ",
            () => continue,
        };
        out.push_str(&text[at..word.end]);
        out.push_str(added);
        at = word.end;
    }
    out.push_str(&text[at..]);
    out
}

impl Sample {
    fn of(schema: &Schema, size: Size) -> rusqlite::Result<Self> {
        let mut conn = Connection::open_in_memory()?;
        configure(&conn)?;
        conn.execute_batch("PRAGMA foreign_keys=OFF")?;
        let looks = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&looks);
        conn.progress_handler(1_000, Some(move || counted.fetch_add(1, Ordering::Relaxed) > LOOKS_MAX))?;
        let sample = Self { conn, size, looks };
        for table in &schema.tables {
            sample.conn.execute_batch(&table.create())?;
            sample.conn.execute(&insertion(table), rusqlite::params_from_iter(sample.values(table)))?;
        }
        Ok(sample)
    }

    fn units(&self, scale: u8) -> i64 {
        match self.size {
            Size::Small => UNITS,
            Size::Large => UNITS * 10_i64.pow(scale.min(SCALE_TRIED_MAX).into()),
        }
    }

    fn values(&self, table: &Table) -> Vec<Value> {
        table.columns.iter().map(|column| self.value(column)).collect()
    }

    fn value(&self, column: &Column) -> Value {
        let text = |text: &str| Value::Text(text.to_owned());
        match &column.form {
            Form::Decimal(scale) => Value::Integer(self.units(*scale)),
            Form::IntegerKey | Form::Int | Form::Long | Form::Boolean | Form::Duration => Value::Integer(1),
            Form::Float => Value::Real(1.0),
            Form::Text | Form::TextKey => text("k"),
            Form::DateTime => text("2026-01-02T03:04:05.000000Z"),
            Form::Date => text("2026-01-02"),
            Form::Time => text("03:04:05.000000"),
            Form::Bytes => Value::Blob(vec![1]),
            Form::Enum(names) => text(names.first().map_or("", String::as_str)),
            Form::List => text("[]"),
            Form::Json | Form::Object => text("{}"),
        }
    }

    /// The names and values of the first row that the statement answers.
    fn row(&self, contract: &Contract, operation: &Operation, sql: &str) -> Option<Vec<(String, Value)>> {
        self.looks.store(0, Ordering::Relaxed);
        self.conn.execute_batch("SAVEPOINT tried").ok()?;
        let row = self.first(contract, operation, sql);
        self.conn.execute_batch("ROLLBACK TO tried; RELEASE tried").ok()?;
        row
    }

    fn first(&self, contract: &Contract, operation: &Operation, sql: &str) -> Option<Vec<(String, Value)>> {
        let mut statement = self.conn.prepare(sql).ok()?;
        for at in 1..=statement.parameter_count() {
            let name = statement.parameter_name(at)?.trim_start_matches(':').to_owned();
            let argument = operation.arguments.iter().find(|argument| argument.name == name);
            let value = argument.map_or_else(|| reserved(&name), |a| self.argument(contract, a));
            statement.raw_bind_parameter(at, value).ok()?;
        }
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.raw_query();
        let row = rows.next().ok()??;
        names.into_iter().enumerate().map(|(at, name)| Some((name, row.get(at).ok()?))).collect()
    }

    fn argument(&self, contract: &Contract, argument: &Argument) -> Value {
        match (argument.ty.arity, argument.ty.base) {
            (Arity::One, Base::Scalar(Scalar::Decimal { scale })) => Value::Integer(self.units(scale)),
            (Arity::One, Base::Scalar(Scalar::Int | Scalar::Long | Scalar::Boolean | Scalar::Duration)) => {
                Value::Integer(1)
            }
            (Arity::One, Base::Scalar(Scalar::Float)) => Value::Real(1.0),
            (Arity::One, Base::Input(_)) => Value::Text(self.json(contract, argument.ty.base).to_string()),
            (Arity::One, _) => Value::Text("k".to_owned()),
            (Arity::List { .. }, base) => {
                Value::Text(serde_json::Value::Array(vec![self.json(contract, base)]).to_string())
            }
        }
    }

    /// An item of a list, or an input, in the form that JSON has it in; an input in it is left empty.
    fn json(&self, contract: &Contract, base: Base) -> serde_json::Value {
        match base {
            Base::Scalar(scalar @ Scalar::Decimal { scale }) => {
                wire::number_to_text(scalar, self.units(scale)).into()
            }
            Base::Scalar(Scalar::Int | Scalar::Float) => 1.into(),
            Base::Input(id) => {
                let plain = contract.inputs[id.index()].fields.iter().filter(|member| match member.ty.base {
                    Base::Input(_) => false,
                    Base::Scalar(_)
                    | Base::Enum(_)
                    | Base::Resource(_)
                    | Base::Object(_)
                    | Base::Abstract(_) => true,
                });
                let members = plain.map(|member| (member.name.clone(), self.json(contract, member.ty.base)));
                serde_json::Value::Object(members.collect())
            }
            Base::Scalar(_) | Base::Enum(_) | Base::Resource(_) | Base::Object(_) | Base::Abstract(_) => {
                "k".into()
            }
        }
    }
}

/// What the server supplies.
fn reserved(name: &str) -> Value {
    match name {
        "_changes" => Value::Integer(1),
        "_now" => Value::Text("2026-01-02T03:04:05.000000Z".to_owned()),
        _ => Value::Text("k".to_owned()),
    }
}

fn insertion(table: &Table) -> String {
    let columns: Vec<String> = table.columns.iter().map(|column| quote(&column.name)).collect();
    let places: Vec<String> = (1..=columns.len()).map(|at| format!("?{at}")).collect();
    format!("INSERT INTO {} ({}) VALUES ({})", quote(&table.name), columns.join(", "), places.join(", "))
}
