//! A write as statements.
//!
//! A change first finds its row and judges it, and then changes it by its key, so that each way to fail is told
//! from the others. Nothing can come in between: there is one writer.

use super::bind::{KEY, NOW};
use crate::face::PlanError;
use crate::functions::MERGE_PATCH;
use crate::query::{Growth, Merge, Operand, Param, Predicate, Write};
use crate::sql::{DELETED_AT, Dialect, Draft, Scope, Statement, VERSION, column};
use contract::{Contract, FieldId, KeyKind, Resource, ResourceId};

/// A compiled write.
#[derive(Debug)]
pub struct WritePlan {
    pub(super) action: Action,
}

/// What a write does.
#[derive(Debug)]
pub(super) enum Action {
    Insert(Insert),
    /// An update or delete.
    Change(Change),
    Upsert(Insert, Change),
}

/// A new row.
#[derive(Debug)]
pub(super) struct Insert {
    pub statement: Statement,
    pub key: NewKey,
    /// Whether the rule holds for the new row; `None` when it does for all.
    pub check: Option<Statement>,
    /// Whose key it is, for what is wrong with one.
    pub of: (ResourceId, FieldId),
}

/// Where the key of a new row comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum NewKey {
    /// From the server, or from the operator.
    Given(Param),
    /// From a caller, for a resource whose keys the server makes: it has to be one that the server could have made.
    Chosen(Param, KeyKind),
    /// SQLite makes it.
    Made,
}

/// A change of a row that is there.
#[derive(Debug)]
pub(super) struct Change {
    /// The row's key and version, whether the caller sees it, whether the rule holds for it, for each of `fixed`
    /// whether it is as given, and what is kept of it.
    pub find: Statement,
    /// Fields that are given and cannot change.
    pub fixed: Box<[FieldId]>,
    /// The parameters that take what is kept.
    pub kept: Box<[Param]>,
    pub resource: ResourceId,
    /// The version the caller saw.
    pub version: Option<Param>,
    /// What is done to the row; `None` when no field is set.
    pub statement: Option<Statement>,
    /// Whether the rule holds afterwards; `None` when it does for all rows.
    pub after: Option<Statement>,
}

type Set = [(FieldId, Param)];

impl WritePlan {
    /// Bytes of memory that it takes with the intention that it was made from, more or less.
    pub fn memory_bytes(&self) -> usize {
        let (insert, change) = match &self.action {
            Action::Insert(insert) => (Some(insert), None),
            Action::Change(change) => (None, Some(change)),
            Action::Upsert(insert, change) => (Some(insert), Some(change)),
        };
        let insert = insert.into_iter().flat_map(|insert| [Some(&insert.statement), insert.check.as_ref()]);
        let change = change
            .into_iter()
            .flat_map(|change| [Some(&change.find), change.statement.as_ref(), change.after.as_ref()]);
        let texts = insert.chain(change).flatten().map(|statement| statement.sql.len());
        crate::read::memory_bytes(texts.sum())
    }

    /// Whether it is one statement and nothing that is judged after it: SQLite itself undoes it when it fails.
    pub(super) fn is_one_statement(&self) -> bool {
        match &self.action {
            Action::Insert(insert) => insert.check.is_none(),
            Action::Change(_) | Action::Upsert(..) => false,
        }
    }

    /// Compiles a write.
    pub(crate) fn new(contract: &Contract, dialect: Dialect, write: &Write) -> Result<Self, PlanError> {
        let of = |resource: &ResourceId| Compiler { contract, dialect, resource: *resource };
        let action = match write {
            Write::Insert { resource, set, check } => Action::Insert(of(resource).insert(set, check)?),
            Write::Update {
                resource,
                filter,
                visible,
                before,
                set,
                merges,
                kept,
                growth,
                after,
                version,
            } => {
                let compiler = of(resource);
                Action::Change(Change {
                    find: compiler.find(Wanted::Filter(filter), visible, before, &[], kept)?,
                    fixed: Box::default(),
                    kept: kept.iter().map(|(_, param)| *param).collect(),
                    resource: *resource,
                    version: *version,
                    statement: compiler.update(set, merges, *growth)?,
                    after: compiler.check(after)?,
                })
            }
            Write::Upsert {
                resource,
                key,
                insert,
                create_check,
                update,
                growth,
                fixed,
                visible,
                before,
                kept,
                after,
                version,
            } => {
                let compiler = of(resource);
                let change = Change {
                    find: compiler.find(Wanted::Key(*key), visible, before, fixed, kept)?,
                    fixed: fixed.iter().map(|(field, _)| *field).collect(),
                    kept: kept.iter().map(|(_, param)| *param).collect(),
                    resource: *resource,
                    version: *version,
                    statement: compiler.update(update, &[], *growth)?,
                    after: compiler.check(after)?,
                };
                let insert = compiler.insert(insert, create_check)?;
                let key = NewKey::Chosen(*key, contract.resource(*resource).key_kind);
                Action::Upsert(Insert { key, ..insert }, change)
            }
            Write::Delete { resource, filter, visible, before, version } => {
                let compiler = of(resource);
                Action::Change(Change {
                    find: compiler.find(Wanted::Filter(filter), visible, before, &[], &[])?,
                    fixed: Box::default(),
                    kept: Box::default(),
                    resource: *resource,
                    version: *version,
                    statement: Some(compiler.delete()?),
                    after: None,
                })
            }
        };
        Ok(Self { action })
    }
}

/// Which row a change is about.
enum Wanted<'a> {
    Filter(&'a Predicate),
    Key(Param),
}

/// Makes the statements for one resource.
struct Compiler<'c> {
    contract: &'c Contract,
    dialect: Dialect,
    resource: ResourceId,
}

impl<'c> Compiler<'c> {
    fn draft(&self) -> Draft<'c> {
        Draft::new(self.contract, self.dialect)
    }

    fn insert(&self, set: &Set, check: &Predicate) -> Result<Insert, PlanError> {
        let mut draft = self.draft();
        let resource = draft.resource(self.resource)?;
        let table = self.dialect.quoted(&resource.table);
        let sql = if set.is_empty() {
            format!("INSERT INTO {table} DEFAULT VALUES")
        } else {
            let names = self.names(resource, set)?;
            let values: Vec<String> = set.iter().map(|(_, param)| draft.param(*param)).collect();
            format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "))
        };
        let given = set.iter().find(|(field, _)| *field == resource.key);
        let key = given.map_or(NewKey::Made, |(_, param)| NewKey::Given(*param));
        let of = (self.resource, resource.key);
        Ok(Insert { statement: draft.finish(sql)?, key, check: self.check(check)?, of })
    }

    fn names(&self, resource: &Resource, set: &Set) -> Result<Vec<String>, PlanError> {
        set.iter().map(|(field, _)| Ok(self.dialect.quoted(column(resource, *field)?))).collect()
    }

    fn find(
        &self,
        wanted: Wanted<'_>,
        visible: &Predicate,
        before: &Predicate,
        fixed: &[(FieldId, Predicate)],
        kept: &[(Operand, Param)],
    ) -> Result<Statement, PlanError> {
        let mut draft = self.draft();
        let rows = draft.rows(self.resource)?;
        let scope = Scope::of(&rows.row);
        let (visible, before) = (draft.predicate(&scope, visible)?, draft.predicate(&scope, before)?);
        let kept: Vec<String> =
            kept.iter().map(|(of, _)| draft.operand(&scope, of)).collect::<Result<_, _>>()?;
        let condition = match wanted {
            Wanted::Filter(filter) => draft.predicate(&scope, filter)?,
            Wanted::Key(key) => format!("{} = {}", rows.row.key, draft.param(key)),
        };
        let version = draft.version(&rows.row);
        let mut what = format!("{}, {version}, {visible}, {before}", rows.row.key);
        for (_, same) in fixed {
            what.push_str(", ");
            what.push_str(&draft.predicate(&scope, same)?);
        }
        for of in &kept {
            what.push_str(", ");
            what.push_str(of);
        }
        draft.finish(format!("{} LIMIT 1", rows.select(&what, &condition)))
    }

    /// Sets fields and patches them. As the event is written when one of them really changes, so the version grows, unless
    /// that would tell.
    fn update(&self, set: &Set, merges: &[Merge], growth: Growth) -> Result<Option<Statement>, PlanError> {
        if set.is_empty() && merges.is_empty() {
            return Ok(None);
        }
        let mut draft = self.draft();
        let resource = draft.resource(self.resource)?;
        let params: Vec<String> = set.iter().map(|(_, param)| draft.param(*param)).collect();
        let mut pairs: Vec<(String, String)> = self.names(resource, set)?.into_iter().zip(params).collect();
        for merge in merges {
            let name = self.dialect.quoted(column(resource, merge.field)?);
            let (patch, required) = (draft.param(merge.patch), draft.param(merge.required));
            let merged = format!("{MERGE_PATCH}({name}, {patch}, {required})");
            pairs.push((name, merged));
        }
        let mut sets: Vec<String> = pairs.iter().map(|(name, param)| format!("{name} = {param}")).collect();
        let grown = match growth {
            Growth::Always => "1".to_owned(),
            Growth::WhenChanged => {
                let differ: Vec<String> =
                    pairs.iter().map(|(name, param)| format!("{name} IS NOT {param}")).collect();
                differ.join(" OR ")
            }
        };
        let version = self.dialect.quoted(VERSION);
        sets.push(format!("{version} = {version} + ({grown})"));
        let (table, this) = (self.dialect.quoted(&resource.table), self.this(&mut draft, resource)?);
        Ok(Some(draft.finish(format!("UPDATE {table} SET {} WHERE {this}", sets.join(", ")))?))
    }

    fn delete(&self) -> Result<Statement, PlanError> {
        let mut draft = self.draft();
        let resource = draft.resource(self.resource)?;
        let (table, this) = (self.dialect.quoted(&resource.table), self.this(&mut draft, resource)?);
        let sql = match resource.soft_delete {
            false => format!("DELETE FROM {table} WHERE {this}"),
            true => {
                let (at, version) = (self.dialect.quoted(DELETED_AT), self.dialect.quoted(VERSION));
                let now = draft.bind(NOW);
                format!("UPDATE {table} SET {at} = {now}, {version} = {version} + 1 WHERE {this}")
            }
        };
        draft.finish(sql)
    }

    /// That a row is the one at hand.
    fn this(&self, draft: &mut Draft<'c>, resource: &Resource) -> Result<String, PlanError> {
        let key = self.dialect.quoted(column(resource, resource.key)?);
        Ok(format!("{key} = {}", draft.bind(KEY)))
    }

    /// A statement that has a row when the predicate holds for the row at hand.
    fn check(&self, predicate: &Predicate) -> Result<Option<Statement>, PlanError> {
        if *predicate == Predicate::True {
            return Ok(None);
        }
        let mut draft = self.draft();
        let row = draft.row(self.resource)?;
        let from = draft.table(self.resource, &row.alias)?;
        let (holds, key) = (draft.predicate(&Scope::of(&row), predicate)?, draft.bind(KEY));
        let sql = format!("SELECT 1 FROM {from} WHERE {} = {key} AND {holds}", row.key);
        Ok(Some(draft.finish(sql)?))
    }
}
