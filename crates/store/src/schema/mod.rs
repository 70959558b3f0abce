//! The tables a contract wants, what is there already, and the steps from one to the other.
//!
//! A row is kept in the stored forms of [`Form`]. Beside its fields it has `_version`, which grows with every change,
//! and with soft deletion `_deleted_at`. Triggers write the event of every change into `_septet_outbox`, so that no
//! statement, from wherever it comes, can change a row without its event.

mod actual;
mod cleaning;
mod comparison;
mod ddl;
mod form;
mod migration;
mod outbox;
mod triggers;

pub use cleaning::Cleaned;
pub(crate) use cleaning::remove_secrets;
pub(crate) use form::Form;
pub use migration::{Plan, Step as MigrationStep, migration_plan};
pub(crate) use migration::{apply, found, owned_by, plan};
pub(crate) use triggers::{CHECK_PREFIX, DANGLING, REFERENCED};

pub(crate) use crate::sql::{DELETED_AT, VERSION};
use contract::{
    Assign, Column as ContractColumn, Contract, Field, FieldId, KeyKind, OnDelete, Relation, Resource, Source,
};

/// What the names of the store's own tables and triggers begin with.
pub(crate) const OWN_PREFIX: &str = "_septet_";
/// Columns of one resource at the most: an event is one `json_object` call, which takes 1000 arguments.
pub(crate) const COLUMNS_MAX: usize = 450;

/// All tables a contract wants, in the order of its resources.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    /// The contract's name: the database remembers whose it is.
    pub contract: String,
    pub tables: Vec<Table>,
}

/// The table of a resource.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// Its name.
    pub name: String,
    /// The resource's name, which its events carry.
    pub resource: String,
    /// The columns of the fields that have one, in the contract's order.
    pub columns: Vec<Column>,
    /// The position of the key in `columns`.
    pub key: usize,
    /// How keys come to be.
    pub key_kind: KeyKind,
    /// Whether deletion marks rows rather than removing them.
    pub deletion: Deletion,
    /// All indexes but the key's own.
    pub indexes: Vec<Index>,
    /// The to-one columns of all tables that point here.
    pub referrers: Vec<Referrer>,
}

/// What deleting a row does to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// It is removed.
    Hard,
    /// It is marked.
    Soft,
}

/// The column of a field.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// Its name.
    pub name: String,
    /// The field's name, which events carry.
    pub field: String,
    /// How its values are kept.
    pub form: Form,
    /// Whether it may be null.
    pub required: bool,
    /// Whether it must never be shown, not even in an event.
    pub secret: bool,
    /// The SQL literal of its default.
    pub default: Option<String>,
    /// Whether the time of each change is put into it.
    pub assigned_on_change: bool,
    /// What it points to.
    pub reference: Option<Reference>,
}

/// What a to-one column points to.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// The table.
    pub table: String,
    /// Its key column.
    pub key: String,
    /// What becomes of this row when that one is deleted.
    pub on_delete: OnDelete,
    /// How rows of that table are deleted.
    pub deletion: Deletion,
}

/// A to-one column that points to a table, seen from there.
#[derive(Debug, Clone)]
pub(crate) struct Referrer {
    /// The table that points.
    pub table: String,
    /// Its column.
    pub column: String,
    /// What becomes of its rows.
    pub on_delete: OnDelete,
    /// How its rows are deleted.
    pub deletion: Deletion,
}

/// An index. Its name says what it is: `"post.author.index"`, `"user.email.unique"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Index {
    pub name: String,
    pub columns: Vec<String>,
    pub kind: IndexKind,
}

/// Whether an index is a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IndexKind {
    Plain,
    Unique,
    /// Unique among the rows that are not marked as deleted.
    UniqueLive,
}

/// A name as an SQL identifier.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as an SQL literal.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Schema {
    /// The tables of a contract.
    pub fn of(contract: &Contract) -> Self {
        let mut tables: Vec<Table> = contract.resources.iter().map(|r| Table::of(contract, r)).collect();
        let referrers: Vec<(String, Referrer)> = tables.iter().flat_map(Table::references).collect();
        for table in &mut tables {
            table.referrers = referrers
                .iter()
                .filter(|(target, _)| *target == table.name)
                .map(|(_, r)| r.clone())
                .collect();
        }
        Self { contract: contract.name.clone(), tables }
    }

    /// A table by its name, which SQL compares without case.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|t| t.name.eq_ignore_ascii_case(name))
    }
}

impl Table {
    fn of(contract: &Contract, resource: &Resource) -> Self {
        let stored: Vec<(&Field, &ContractColumn)> =
            resource.fields.iter().filter_map(|f| Some((f, f.column()?))).collect();
        let key = resource.fields[resource.key.index()].name.as_str();
        Self {
            name: resource.table.clone(),
            resource: resource.name.clone(),
            columns: stored.iter().map(|(f, c)| Column::of(contract, resource, f, c)).collect(),
            key: stored.iter().position(|(f, _)| f.name == key).expect("a key has a column"),
            key_kind: resource.key_kind,
            deletion: Deletion::of(resource),
            indexes: indexes(contract, resource),
            referrers: Vec::new(),
        }
    }

    /// The key's column.
    pub fn key_column(&self) -> &Column {
        &self.columns[self.key]
    }

    fn references(&self) -> Vec<(String, Referrer)> {
        let of = |column: &Column| {
            let reference = column.reference.as_ref()?;
            let referrer = Referrer {
                table: self.name.clone(),
                column: column.name.clone(),
                on_delete: reference.on_delete,
                deletion: self.deletion,
            };
            Some((reference.table.clone(), referrer))
        };
        self.columns.iter().filter_map(of).collect()
    }
}

impl Deletion {
    fn of(resource: &Resource) -> Self {
        if resource.soft_delete { Self::Soft } else { Self::Hard }
    }
}

impl Column {
    fn of(contract: &Contract, resource: &Resource, field: &Field, column: &ContractColumn) -> Self {
        let form = Form::of(contract, resource, field);
        let default = column.default.as_ref().filter(|_| !column.secret).and_then(|d| form.literal(d));
        let reference = field.target().map(|id| contract.resource(id)).map(|target| Reference {
            table: target.table.clone(),
            key: column_name(target, target.key).to_owned(),
            on_delete: column.on_delete,
            deletion: Deletion::of(target),
        });
        Self {
            name: column.name.clone(),
            field: field.name.clone(),
            form,
            required: field.ty.required,
            secret: column.secret,
            default,
            assigned_on_change: column.assign == Some(Assign::NowOnChange),
            reference,
        }
    }
}

/// The column of a field that is known to have one.
pub(crate) fn column_name(resource: &Resource, field: FieldId) -> &str {
    let column = resource.fields[field.index()].column();
    &column.expect("keys, indexed and written fields have columns").name
}

/// The indexes of a resource: unique ones; those of to-one and `@index` fields, which end in the key so that a list
/// by that field comes in the order of the key (or newest first, read backwards) without a sort; and, of a join, both
/// ends from the one that a relation starts at, so that its records come in the order of their key without a look at the
/// join's rows.
fn indexes(contract: &Contract, resource: &Resource) -> Vec<Index> {
    let mut found = Vec::new();
    let single = |wanted: &dyn Fn(&Field, &ContractColumn) -> bool| {
        let of = |f: &Field| f.column().filter(|c| wanted(f, c)).map(|c| vec![c.name.clone()]);
        resource.fields.iter().filter_map(of).collect::<Vec<_>>()
    };
    let names = |fields: &Vec<FieldId>| fields.iter().map(|f| column_name(resource, *f).to_owned()).collect();
    let unique = single(&|_, c| c.unique).into_iter().chain(resource.unique.iter().map(names));
    for columns in unique {
        add(&mut found, resource, columns, unique_kind(resource));
    }
    let plain = single(&|f, c| (c.index || f.target().is_some()) && !c.unique);
    for columns in plain.into_iter().chain(resource.indexes.iter().map(names)) {
        add(&mut found, resource, columns, IndexKind::Plain);
    }
    for ends in joined(contract, resource) {
        if found.iter().all(|index| !index.columns.starts_with(&ends)) {
            let name = format!("{}.{}.index", resource.table, ends.join("."));
            found.push(Index { name, columns: ends, kind: IndexKind::Plain });
        }
    }
    found
}

/// The columns of both ends of each relation that goes through a resource.
fn joined(contract: &Contract, join: &Resource) -> Vec<Vec<String>> {
    let through = |field: &Field| match field.source {
        Source::Relation(Relation::Through { join: by, from, to })
            if contract.resource(by).name == join.name =>
        {
            Some([from, to].map(|end| column_name(join, end).to_owned()).to_vec())
        }
        Source::Relation(_) | Source::Column(_) | Source::Computed(_) | Source::Result => None,
    };
    contract.resources.iter().flat_map(|resource| &resource.fields).filter_map(through).collect()
}

fn unique_kind(resource: &Resource) -> IndexKind {
    match Deletion::of(resource) {
        Deletion::Hard => IndexKind::Unique,
        Deletion::Soft => IndexKind::UniqueLive,
    }
}

fn add(found: &mut Vec<Index>, resource: &Resource, mut columns: Vec<String>, kind: IndexKind) {
    let key = column_name(resource, resource.key);
    if columns == [key] {
        return;
    }
    let suffix = if kind == IndexKind::Plain { "index" } else { "unique" };
    let name = format!("{}.{}.{suffix}", resource.table, columns.join("."));
    // An integer key is the row's own number, which every index ends in anyway.
    let ends_in_key = resource.key_kind == KeyKind::Integer || columns.iter().any(|c| c == key);
    if kind == IndexKind::Plain && !ends_in_key {
        columns.push(key.to_owned());
    }
    if found.iter().all(|i| i.name != name) {
        found.push(Index { name, columns, kind });
    }
}
