//! Rows reached through relations. A row that is marked as deleted is never reached.

use super::{DELETED_AT, Draft, Link, Row, Scope, defect, field};
use crate::face::PlanError;
use crate::query::{Column, Predicate};
use contract::{Field, FieldId, Relation, Resource, ResourceId, Source};

/// Rows to read from: the FROM clause, what ties them to their parent, and the name of each row.
#[derive(Debug)]
pub(crate) struct Rows {
    /// The FROM clause without the word.
    pub from: String,
    /// What holds for each, joined by AND.
    pub conditions: Vec<String>,
    /// A row.
    pub row: Row,
}

impl Rows {
    /// `SELECT what FROM … WHERE …` with one condition more.
    pub fn select(&self, what: &str, condition: &str) -> String {
        let mut conditions = self.conditions.clone();
        conditions.push(condition.to_owned());
        format!("SELECT {what} FROM {} WHERE {}", self.from, conditions.join(" AND "))
    }
}

impl Draft<'_> {
    /// All rows of a resource.
    pub fn rows(&mut self, id: ResourceId) -> Result<Rows, PlanError> {
        let row = self.row(id)?;
        Ok(Rows { from: self.table(id, &row.alias)?, conditions: self.alive(id, &row.alias)?, row })
    }

    /// That a row is not marked as deleted, where that can be.
    pub fn alive(&self, id: ResourceId, alias: &str) -> Result<Vec<String>, PlanError> {
        Ok(match self.resource(id)?.soft_delete {
            true => vec![format!("{} IS NULL", self.qualified(alias, DELETED_AT))],
            false => Vec::new(),
        })
    }

    /// The row whose key a to-one field of `parent` holds.
    pub fn target(&mut self, parent: &Row, to_one: FieldId) -> Result<Rows, PlanError> {
        let target = to_one_target(field(self.resource(parent.resource)?, to_one)?)?;
        let foreign = self.column(parent, to_one)?;
        let mut rows = self.rows(target)?;
        rows.conditions.insert(0, format!("{} = {foreign}", rows.row.key));
        Ok(rows)
    }

    /// The rows of a to-many field of the row with this resource and key.
    pub fn related(&mut self, parent: ResourceId, to_many: FieldId, key: &str) -> Result<Rows, PlanError> {
        let field = field(self.resource(parent)?, to_many)?;
        let Some(target) = field.target() else { return defect(format!("{} is no relation", field.name)) };
        match &field.source {
            Source::Relation(Relation::By { field }) => self.related_by(target, *field, key),
            Source::Relation(Relation::Through { join, from, to }) => {
                let mut rows = match is_set(self.resource(*join)?, *from, *to) {
                    true => self.related_joined(target, [*from, *to], *join, key),
                    false => self.related_among(target, [*from, *to], *join, key),
                }?;
                rows.row.link = Some(Link { join: *join, ends: [*from, *to], near: key.to_owned() });
                Ok(rows)
            }
            Source::Column(_) | Source::Computed(_) | Source::Result => {
                defect(format!("{} is not to-many", field.name))
            }
        }
    }

    fn related_by(&mut self, target: ResourceId, by: FieldId, key: &str) -> Result<Rows, PlanError> {
        let mut rows = self.rows(target)?;
        let foreign = self.column(&rows.row, by)?;
        rows.conditions.insert(0, format!("{foreign} = {key}"));
        Ok(rows)
    }

    /// The join's rows are a set of pairs, so joining gives no row twice, and the join's own index gives them
    /// in the order of the target's key.
    fn related_joined(
        &mut self,
        target: ResourceId,
        [from, to]: [FieldId; 2],
        join: ResourceId,
        key: &str,
    ) -> Result<Rows, PlanError> {
        let pair = self.row(join)?;
        let mut rows = self.rows(target)?;
        let (near, far) = (self.column(&pair, from)?, self.column(&pair, to)?);
        let on = format!("{} = {far}", rows.row.key);
        rows.from = format!("{} JOIN {} ON {on}", self.table(join, &pair.alias)?, rows.from);
        rows.conditions.insert(0, format!("{near} = {key}"));
        rows.conditions.extend(self.alive(join, &pair.alias)?);
        rows.row.key = far;
        Ok(rows)
    }

    /// Nothing keeps the join from holding a pair twice, so membership is asked for.
    fn related_among(
        &mut self,
        target: ResourceId,
        [from, to]: [FieldId; 2],
        join: ResourceId,
        key: &str,
    ) -> Result<Rows, PlanError> {
        let pairs = self.rows(join)?;
        let (near, far) = (self.column(&pairs.row, from)?, self.column(&pairs.row, to)?);
        let mut rows = self.rows(target)?;
        let among = pairs.select(&far, &format!("{near} = {key}"));
        rows.conditions.insert(0, format!("{} IN ({among})", rows.row.key));
        Ok(rows)
    }

    /// That the row in scope was reached by a row of a join that satisfies a condition.
    pub fn is_linked(&mut self, scope: &Scope<'_>, filter: &Predicate) -> Result<String, PlanError> {
        let Some(link) = scope.row.link.clone() else { return defect("a row that no join led to") };
        let pairs = self.rows(link.join)?;
        let [from, to] = link.ends;
        let (near, far) = (self.column(&pairs.row, from)?, self.column(&pairs.row, to)?);
        let filter = self.predicate(&Scope { row: &pairs.row, outer: Some(scope) }, filter)?;
        let pair = format!("{near} = {} AND {far} = {} AND {filter}", link.near, scope.row.key);
        Ok(format!("EXISTS ({})", pairs.select("1", &pair)))
    }

    /// That the row in scope is among those of a to-many field of the parent with this key; of a join, the rows
    /// that satisfy `link` count.
    pub fn is_related_to(
        &mut self,
        scope: &Scope<'_>,
        (parent, to_many): (ResourceId, FieldId),
        key: &str,
        link: &Predicate,
    ) -> Result<String, PlanError> {
        let field = field(self.resource(parent)?, to_many)?;
        let row = scope.at(0)?;
        match &field.source {
            Source::Relation(Relation::By { field }) => {
                Ok(format!("({} = {key})", self.column(row, *field)?))
            }
            Source::Relation(Relation::Through { join, from, to }) => {
                let pairs = self.rows(*join)?;
                let (near, far) = (self.column(&pairs.row, *from)?, self.column(&pairs.row, *to)?);
                let link = self.predicate(&Scope { row: &pairs.row, outer: Some(scope) }, link)?;
                let among = pairs.select(&far, &format!("{near} = {key} AND {link}"));
                Ok(format!("({} IN ({among}))", row.key))
            }
            Source::Column(_) | Source::Computed(_) | Source::Result => {
                defect(format!("{} is not to-many", field.name))
            }
        }
    }

    /// The expression of a column that may be to-one fields away; null when a hop is.
    pub fn reached(&mut self, scope: &Scope<'_>, column: &Column) -> Result<String, PlanError> {
        let row = self.scoped(scope, column)?;
        let (hops, field) = self.shortened(row.resource, &column.hops, column.field)?;
        let Some((first, rest)) = hops.split_first() else { return self.column(row, field) };
        let mut path = self.target(row, *first)?;
        for hop in rest {
            let next = self.target(&path.row, *hop)?;
            path.from = format!("{} JOIN {}", path.from, next.from);
            path.conditions.extend(next.conditions);
            path.row = next.row;
        }
        let value = self.column(&path.row, field)?;
        Ok(format!("(SELECT {value} FROM {} WHERE {})", path.from, path.conditions.join(" AND ")))
    }

    /// The row in scope that a column starts from.
    fn scoped<'s>(&self, scope: &Scope<'s>, column: &Column) -> Result<&'s Row, PlanError> {
        let row = scope.at(column.scope)?;
        match row.resource == column.resource {
            true => Ok(row),
            false => defect("a column of another resource than the row in scope"),
        }
    }

    /// A path without its last hop where that only asks for the key that the to-one field holds itself.
    /// (Foreign keys are enforced, so the row is there; but one that is marked as deleted is not.)
    fn shortened<'p>(
        &self,
        from: ResourceId,
        hops: &'p [FieldId],
        last: FieldId,
    ) -> Result<(&'p [FieldId], FieldId), PlanError> {
        let target = self.resource(self.path_target(from, hops)?)?;
        Ok(match hops.split_last() {
            Some((hop, before)) if last == target.key && !target.soft_delete => (before, *hop),
            Some(_) | None => (hops, last),
        })
    }

    /// The resource at the end of a path of to-one fields.
    pub fn path_target(&self, from: ResourceId, hops: &[FieldId]) -> Result<ResourceId, PlanError> {
        hops.iter().try_fold(from, |at, hop| to_one_target(field(self.resource(at)?, *hop)?))
    }

    /// The resource that has the to-many field `over`, and the expression of its row's key.
    pub fn relation_parent(
        &mut self,
        scope: &Scope<'_>,
        over: &Column,
    ) -> Result<(ResourceId, String), PlanError> {
        let parent = self.path_target(over.resource, &over.hops)?;
        let key = Column { field: self.resource(parent)?.key, ..over.clone() };
        Ok((parent, self.reached(scope, &key)?))
    }
}

/// The resource that a to-one field points to.
pub(crate) fn to_one_target(field: &Field) -> Result<ResourceId, PlanError> {
    match (field.target(), field.column()) {
        (Some(target), Some(_)) => Ok(target),
        _ => defect(format!("{} is not to-one", field.name)),
    }
}

/// Whether a join resource can hold a pair only once.
fn is_set(join: &Resource, from: FieldId, to: FieldId) -> bool {
    join.unique.iter().any(|fields| fields.iter().all(|f| *f == from || *f == to))
}
