//! Values over rows become one statement, with a row for each group.
//!
//! Groups and their order are said by the positions of columns: an expression is compiled once, whatever
//! parameters are in it, and one that is a bare number is never taken for a position.

use super::relation::Rows;
use super::select::{From, Record};
use super::{COLUMNS_MAX, Dialect, Draft, GROUPS_MAX, Scope, Statement, defect};
use crate::face::{PlanError, Root};
use crate::functions::{AVERAGE, SUM};
use crate::query::{Aggregate, AggregateOutput, Direction, Measure, Nulls, Operand};
use contract::rule::Held;
use contract::{Contract, Scalar};
use wire::{Layout, Shape};

/// Compiles values over rows: where `root` is one record they are of all rows, otherwise of each group.
pub(crate) fn aggregate(
    contract: &Contract,
    dialect: Dialect,
    aggregate: &Aggregate,
    shape: &Shape,
    root: Root,
) -> Result<(Statement, Record), PlanError> {
    let mut draft = Draft::new(contract, dialect);
    let rows = draft.rows(aggregate.from)?;
    let mut parts = Parts { draft, rows, columns: Vec::new(), keys: Vec::new(), groups: 0 };
    let record = parts.record(&aggregate.outputs, shape)?;
    let sql = match root {
        Root::One if parts.keys.is_empty() => parts.text(aggregate)?,
        Root::One => return defect("one record of many groups"),
        Root::List => {
            let limit = aggregate.limit.map(|param| parts.draft.param(param));
            let offset = aggregate.offset.map(|param| parts.draft.param(param));
            parts.text(aggregate)? + &dialect.page(limit.as_deref(), offset.as_deref())
        }
    };
    Ok((parts.draft.finish(sql)?, record))
}

/// A statement in the making.
struct Parts<'c> {
    draft: Draft<'c>,
    rows: Rows,
    columns: Vec<String>,
    keys: Vec<Key>,
    /// Records around what is made.
    groups: usize,
}

/// A column that rows are grouped by.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    /// From 0.
    column: usize,
    /// What is said of nulls in an order.
    nulls: &'static str,
}

impl Parts<'_> {
    fn record(&mut self, outputs: &[AggregateOutput], shape: &Shape) -> Result<Record, PlanError> {
        if outputs.len() != shape.fields.len() {
            return defect(format!("{} outputs for {} fields", outputs.len(), shape.fields.len()));
        }
        let fields = outputs.iter().zip(&shape.fields);
        let outputs: Result<_, _> =
            fields.map(|(output, field)| self.output(output, &field.layout)).collect();
        Ok(Record { outputs: outputs? })
    }

    fn output(&mut self, output: &AggregateOutput, layout: &Layout) -> Result<From, PlanError> {
        Ok(match output {
            AggregateOutput::Key(operand) => From::Column(self.key(operand)?),
            AggregateOutput::Measure(measure) => {
                let value = self.measure(measure, layout)?;
                From::Column(self.column(value)?)
            }
            AggregateOutput::TypeName => From::TypeName,
            AggregateOutput::Group(outputs) => From::Group(self.group(outputs, layout)?),
        })
    }

    fn group(&mut self, outputs: &[AggregateOutput], layout: &Layout) -> Result<Record, PlanError> {
        let Layout::One(shape) = layout else { return defect("a group that is no record") };
        if self.groups == GROUPS_MAX {
            return defect("groups are nested too deep");
        }
        self.groups += 1;
        let record = self.record(outputs, shape);
        self.groups -= 1;
        record
    }

    fn key(&mut self, operand: &Operand) -> Result<usize, PlanError> {
        let value = self.operand(operand)?;
        let nulls = match self.draft.never_null(operand)? {
            true => "",
            false => self.draft.dialect.nulls(Direction::Ascending, Nulls::Last),
        };
        let key = Key { column: self.column(value)?, nulls };
        let column = key.column;
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
        Ok(column)
    }

    fn measure(&mut self, measure: &Measure, layout: &Layout) -> Result<String, PlanError> {
        Ok(match (measure, layout) {
            (Measure::Count, Layout::Scalar(Scalar::Int | Scalar::Long)) => "count(*)".to_owned(),
            (Measure::CountOf(of), Layout::Scalar(Scalar::Int | Scalar::Long)) => {
                format!("count({})", self.operand(of)?)
            }
            (Measure::Sum(of), Layout::Scalar(scalar)) => {
                let range = range(*scalar)?;
                format!("{SUM}({}{range})", self.operand(of)?)
            }
            (Measure::Average { of, scale }, Layout::Scalar(Scalar::Float)) => {
                format!("{AVERAGE}({}, {scale})", self.operand(of)?)
            }
            (Measure::Least(of), Layout::Scalar(_) | Layout::Reference(_) | Layout::Enum(_)) => {
                format!("min({})", self.operand(of)?)
            }
            (Measure::Greatest(of), Layout::Scalar(_) | Layout::Reference(_) | Layout::Enum(_)) => {
                format!("max({})", self.operand(of)?)
            }
            (
                Measure::Count
                | Measure::CountOf(_)
                | Measure::Sum(_)
                | Measure::Average { .. }
                | Measure::Least(_)
                | Measure::Greatest(_),
                _,
            ) => return defect("a value over rows of another layout than its field"),
        })
    }

    fn operand(&mut self, operand: &Operand) -> Result<String, PlanError> {
        self.draft.operand(&Scope::of(&self.rows.row), operand)
    }

    /// The position of a column, which is added unless it is there.
    fn column(&mut self, expression: String) -> Result<usize, PlanError> {
        if let Some(at) = self.columns.iter().position(|column| *column == expression) {
            return Ok(at);
        }
        if self.columns.len() == COLUMNS_MAX {
            return defect("a statement has too many columns");
        }
        self.columns.push(expression);
        Ok(self.columns.len() - 1)
    }

    fn text(&mut self, aggregate: &Aggregate) -> Result<String, PlanError> {
        if self.columns.is_empty() {
            // Nothing is asked of the rows, and the one group of all of them is always there.
            return Ok("SELECT 1".to_owned());
        }
        let mut sql = format!("SELECT {} FROM {}", self.columns.join(", "), self.rows.from);
        let mut conditions = self.rows.conditions.clone();
        let filter = self.draft.predicate(&Scope::of(&self.rows.row), &aggregate.filter)?;
        conditions.extend(Some(filter).filter(|filter| filter != self.draft.dialect.boolean(true)));
        // Where there is no condition at all, also none that always holds, SQLite counts by pages and not by rows.
        if !conditions.is_empty() {
            sql.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
        }
        if !self.keys.is_empty() {
            let ascending = self.draft.dialect.direction(Direction::Ascending);
            let by = |key: &Key| (key.column + 1).to_string();
            let order = |key: &Key| format!("{} {ascending}{}", by(key), key.nulls);
            let (groups, order) = (self.keys.iter().map(by), self.keys.iter().map(order));
            let (groups, order) = (groups.collect::<Vec<_>>(), order.collect::<Vec<_>>());
            sql.push_str(&format!(" GROUP BY {} ORDER BY {}", groups.join(", "), order.join(", ")));
        }
        Ok(sql)
    }
}

fn within(held: &Held) -> String {
    held.integers().map_or_else(String::new, |range| format!(", {}, {}", range.start(), range.end()))
}

/// The arguments that say which sums a scalar can hold.
fn range(scalar: Scalar) -> Result<String, PlanError> {
    Ok(match scalar {
        Scalar::Long | Scalar::Float => String::new(),
        Scalar::Int => within(&Held::Int),
        Scalar::Decimal { .. } => within(&Held::Decimal),
        Scalar::Duration => within(&Held::Duration),
        Scalar::Id
        | Scalar::String
        | Scalar::Boolean
        | Scalar::DateTime
        | Scalar::Date
        | Scalar::Time
        | Scalar::Uuid
        | Scalar::Json
        | Scalar::Bytes
        | Scalar::Url
        | Scalar::Email => return defect("a sum of what has none"),
    })
}
