//! A select becomes one statement for its rows, with to-one relations joined, and one for the rows of each
//! to-many relation, bound to a column of its parent's row.

use super::relation::Rows;
use super::{Bind, Dialect, Draft, Row, Scope, Statement, defect, field};
use super::{COLUMNS_MAX, GROUPS_MAX, JOINS_MAX, STATEMENTS_MAX};
use crate::face::{PlanError, Root};
use crate::query::{End, OfReference, Output, Predicate, Select};
use contract::{Contract, FieldId};

/// A select as statements, a parent always before its children.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// The statements; the first one gives the rows of the root.
    pub statements: Vec<Statement>,
    /// Where each output comes from.
    pub record: Record,
    /// The column of the root's version, where one record is read.
    pub version: Option<usize>,
    /// The column of the root's cursor, where the rows are a page between cursors.
    pub cursor: Option<usize>,
    /// The column that says whether a row is one of the select's, where others are read as well.
    pub visible: Option<usize>,
}

/// Where the outputs of a record come from.
#[derive(Debug)]
pub(crate) struct Record {
    /// In the order of the select.
    pub outputs: Vec<From>,
}

/// Where an output comes from.
#[derive(Debug)]
pub(crate) enum From {
    /// A column of the statement.
    Column(usize),
    /// A record that was joined.
    Joined {
        /// The column of its key: null when there is none.
        key: usize,
        /// Its outputs, columns of the same statement.
        record: Record,
    },
    /// The rows of another statement.
    Statement {
        /// Which, counted from the first.
        statement: usize,
        /// Its outputs.
        record: Record,
    },
    /// The name of the row's type: nothing of the statement.
    TypeName,
    /// A record that is always there: more of the same row, or a row that every row is joined with.
    Group(Record),
}

/// Compiles reading the rows of a select.
pub(crate) fn records(
    contract: &Contract,
    dialect: Dialect,
    select: &Select,
    root: Root,
) -> Result<Compiled, PlanError> {
    let mut draft = Draft::new(contract, dialect);
    let rows = draft.rows(select.from)?;
    let mut statements = Statements { contract, dialect, done: Vec::new(), groups: 0 };
    let Made { record, version, cursor } = statements.statement(draft, rows, select, Wanted::Root(root))?;
    let done: Option<Vec<_>> = statements.done.into_iter().collect();
    let statements = different(done.expect("each reserved place is filled"));
    Ok(Compiled { statements, record, version, cursor, visible: None })
}

/// Compiles reading a select's records in the very statement that finds them: `tail` is what follows the table's name
/// there, in which columns of the table are named without it. Every row that the statement finds is read; which of them
/// are the select's says a column, and the version of one that is answered alone says another. `None` where the select
/// joins other rows: their columns could be meant in the tail.
pub(crate) fn found(
    contract: &Contract,
    dialect: Dialect,
    select: &Select,
    root: Root,
    tail: impl FnOnce(&mut Draft<'_>) -> String,
) -> Result<Option<Compiled>, PlanError> {
    let mut draft = Draft::new(contract, dialect);
    let rows = draft.rows(select.from)?;
    let mut statements = Statements { contract, dialect, done: vec![None], groups: 0 };
    let mut parts = Parts::new(draft, &rows);
    let record = statements.record(&mut parts, &rows.row, select)?;
    if !parts.joins.is_empty() || !parts.conditions.is_empty() {
        return Ok(None);
    }
    let version = match root {
        Root::One => Some(parts.column(parts.draft.version(&rows.row))?),
        Root::List => None,
    };
    let mut conditions = rows.conditions;
    if select.filter != Predicate::True {
        conditions.push(parts.draft.predicate(&Scope::of(&rows.row), &select.filter)?);
    }
    let visible = match conditions.is_empty() {
        true => None,
        false => Some(parts.column(format!("({})", conditions.join(" AND ")))?),
    };
    let tail = tail(&mut parts.draft);
    let sql = format!("SELECT {} FROM {}{tail}", parts.list(), rows.from);
    statements.done[0] = Some(parts.draft.finish(sql)?);
    let done: Option<Vec<_>> = statements.done.into_iter().collect();
    let statements = different(done.expect("each reserved place is filled"));
    Ok(Some(Compiled { statements, record, version, cursor: None, visible }))
}

/// The statements with texts of their own: two of one text could not be in use at the same time and both be found
/// among those that are prepared.
fn different(mut statements: Vec<Statement>) -> Vec<Statement> {
    for at in 1..statements.len() {
        let text = &statements[at].sql;
        let same = statements[..at].iter().filter(|before| before.sql.starts_with(&**text)).count();
        if same > 0 {
            statements[at].sql = format!("{text} /* {same} */").into();
        }
    }
    statements
}

/// Compiles counting the rows of a select.
pub(crate) fn count(contract: &Contract, dialect: Dialect, select: &Select) -> Result<Statement, PlanError> {
    let mut draft = Draft::new(contract, dialect);
    let mut rows = draft.rows(select.from)?;
    let presence = draft.presence(&rows.row, select)?;
    rows.conditions.extend(presence);
    let sql = rows.select("count(*)", dialect.boolean(true));
    draft.finish(sql)
}

/// What the rows of a statement are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Root(Root),
    Children,
}

/// The statements made so far; a place is reserved for a parent while its children are made.
struct Statements<'c> {
    contract: &'c Contract,
    dialect: Dialect,
    done: Vec<Option<Statement>>,
    /// Groups around what is made.
    groups: usize,
}

/// What a statement was made for.
struct Made {
    record: Record,
    version: Option<usize>,
    cursor: Option<usize>,
}

/// A statement in the making.
struct Parts<'c> {
    draft: Draft<'c>,
    /// The name of the statement's own row; all others are joined to it.
    own: String,
    /// The names of rows that are there in every row of the statement.
    present: Vec<String>,
    columns: Vec<String>,
    joins: Vec<String>,
    conditions: Vec<String>,
}

impl<'c> Parts<'c> {
    /// A statement of these rows, of which nothing is wanted yet.
    fn new(draft: Draft<'c>, rows: &Rows) -> Self {
        let own = rows.row.alias.clone();
        let present = vec![own.clone()];
        let (columns, joins, conditions) = (Vec::new(), Vec::new(), Vec::new());
        Self { draft, own, present, columns, joins, conditions }
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

    /// The columns of the statement; there is at least one.
    fn list(&self) -> String {
        if self.columns.is_empty() { "1".to_owned() } else { self.columns.join(", ") }
    }

    /// The text of the statement for these rows.
    fn text(&mut self, rows: Rows, select: &Select, wanted: Wanted) -> Result<String, PlanError> {
        let filter = self.draft.predicate(&Scope::of(&rows.row), &select.filter)?;
        let conditions = [rows.conditions, vec![filter], std::mem::take(&mut self.conditions)].concat();
        let (columns, joins) = (self.list(), self.joins.concat());
        let mut sql =
            format!("SELECT {columns} FROM {}{joins} WHERE {}", rows.from, conditions.join(" AND "));
        if wanted != Wanted::Root(Root::One) || !select.order.is_empty() {
            let end = select.edges.as_ref().map_or(End::First, |edges| edges.end);
            sql.push_str(&format!(" ORDER BY {}", self.draft.order(&rows.row, &select.order, end)?));
        }
        let limit = select.limit.map(|param| self.draft.param(param));
        let limit = match select.edges {
            None => limit,
            Some(_) => limit.map(|limit| self.draft.dialect.one_more(&limit)),
        };
        let offset = select.offset.map(|param| self.draft.param(param));
        sql.push_str(&self.draft.dialect.page(limit.as_deref(), offset.as_deref()));
        Ok(sql)
    }
}

impl<'c> Statements<'c> {
    /// Makes the statement of a select and those below it.
    fn statement(
        &mut self,
        draft: Draft<'c>,
        rows: Rows,
        select: &Select,
        wanted: Wanted,
    ) -> Result<Made, PlanError> {
        if self.done.len() == STATEMENTS_MAX {
            return defect("a read has too many statements");
        }
        let place = self.done.len();
        self.done.push(None);
        let mut parts = Parts::new(draft, &rows);
        let record = self.record(&mut parts, &rows.row, select)?;
        let version = match wanted {
            Wanted::Root(Root::One) => Some(parts.column(parts.draft.version(&rows.row))?),
            Wanted::Root(Root::List) | Wanted::Children => None,
        };
        let cursor = match (&select.edges, wanted) {
            (None, _) => None,
            (Some(edges), Wanted::Root(Root::List)) => {
                let cursor = parts.draft.operand(&Scope::of(&rows.row), &edges.cursor)?;
                Some(parts.column(cursor)?)
            }
            (Some(_), Wanted::Root(Root::One) | Wanted::Children) => {
                return defect("a page between cursors that is not the reply");
            }
        };
        let sql = parts.text(rows, select, wanted)?;
        self.done[place] = Some(parts.draft.finish(sql)?);
        Ok(Made { record, version, cursor })
    }

    fn record(&mut self, parts: &mut Parts<'c>, row: &Row, select: &Select) -> Result<Record, PlanError> {
        if select.from != row.resource {
            return defect("a select of another resource than its relation's");
        }
        self.outputs(parts, row, &select.outputs)
    }

    fn outputs(&mut self, parts: &mut Parts<'c>, row: &Row, outputs: &[Output]) -> Result<Record, PlanError> {
        let outputs: Result<_, _> = outputs.iter().map(|output| self.output(parts, row, output)).collect();
        Ok(Record { outputs: outputs? })
    }

    fn output(&mut self, parts: &mut Parts<'c>, row: &Row, output: &Output) -> Result<From, PlanError> {
        Ok(match output {
            Output::Value(operand) => {
                let value = parts.draft.operand(&Scope::of(row), operand)?;
                From::Column(parts.column(value)?)
            }
            Output::Count { field, filter } => {
                let count = parts.draft.count_where(&Scope::of(row), *field, filter)?;
                From::Column(parts.column(count)?)
            }
            Output::Reference { key, outputs } => {
                let key = parts.draft.operand(&Scope::of(row), key)?;
                let key = parts.column(key)?;
                let outputs = outputs.iter().map(|output| match output {
                    OfReference::Key => From::Column(key),
                    OfReference::TypeName => From::TypeName,
                });
                From::Joined { key, record: Record { outputs: outputs.collect() } }
            }
            Output::One { field, select, inner } => self.joined(parts, row, *field, select, *inner)?,
            Output::Many { field, select, inner } => {
                if *inner && row.alias == parts.own {
                    let present = parts.draft.has_many(row, *field, select)?;
                    parts.conditions.push(present);
                }
                self.children(parts, row, *field, select)?
            }
            Output::TypeName => From::TypeName,
            Output::Group(outputs) => From::Group(self.group(parts, row, outputs)?),
        })
    }

    fn group(&mut self, parts: &mut Parts<'c>, row: &Row, outputs: &[Output]) -> Result<Record, PlanError> {
        if self.groups == GROUPS_MAX {
            return defect("groups are nested too deep");
        }
        self.groups += 1;
        let record = self.outputs(parts, row, outputs);
        self.groups -= 1;
        record
    }

    /// A to-one relation: joined where its row is present. (What is `inner` of a joined row has been asked for where
    /// that row was joined.) Where it always is, nobody has to look whether it is.
    fn joined(
        &mut self,
        parts: &mut Parts<'c>,
        row: &Row,
        to_one: FieldId,
        select: &Select,
        inner: bool,
    ) -> Result<From, PlanError> {
        if parts.joins.len() == JOINS_MAX {
            return defect("a statement has too many joins");
        }
        let mut rows = parts.draft.target(row, to_one)?;
        if parts.present.contains(&row.alias) && parts.draft.is_there(row, to_one, select)? {
            parts.joins.push(parts.draft.dialect.join_present(&rows.from, &rows.conditions.join(" AND ")));
            parts.present.push(rows.row.alias.clone());
            return Ok(From::Group(self.record(parts, &rows.row, select)?));
        }
        rows.conditions.extend(parts.draft.presence(&rows.row, select)?);
        parts.joins.push(format!(" LEFT JOIN {} ON {}", rows.from, rows.conditions.join(" AND ")));
        if inner && row.alias == parts.own {
            parts.conditions.push(format!("{} IS NOT NULL", rows.row.key));
        }
        let key = parts.column(rows.row.key.clone())?;
        Ok(From::Joined { key, record: self.record(parts, &rows.row, select)? })
    }

    /// A to-many relation: a statement of its own, bound to the key of its parent's row.
    fn children(
        &mut self,
        parts: &mut Parts<'c>,
        row: &Row,
        to_many: FieldId,
        select: &Select,
    ) -> Result<From, PlanError> {
        let key = parts.column(row.key.clone())?;
        let mut draft = Draft::new(self.contract, self.dialect);
        let key = draft.bind(Bind::Parent(key));
        let rows = draft.related(row.resource, to_many, &key)?;
        let statement = self.done.len();
        let record = self.statement(draft, rows, select, Wanted::Children)?.record;
        Ok(From::Statement { statement, record })
    }
}

impl Draft<'_> {
    /// What makes a row one of the select's: its filter, and that nothing `inner` is missing.
    fn presence(&mut self, row: &Row, select: &Select) -> Result<Vec<String>, PlanError> {
        let mut conditions = vec![self.predicate(&Scope::of(row), &select.filter)?];
        self.inner(row, &select.outputs, &mut conditions)?;
        Ok(conditions)
    }

    /// Whether every row has the row that a to-one field points to: the field is never null, nothing says which rows
    /// are meant, and foreign keys are enforced.
    fn is_there(&self, row: &Row, to_one: FieldId, select: &Select) -> Result<bool, PlanError> {
        let required = field(self.resource(row.resource)?, to_one)?.ty.required;
        let unconditional = select.filter == Predicate::True && !has_inner(&select.outputs);
        Ok(required && unconditional && !self.resource(select.from)?.soft_delete)
    }

    /// That nothing `inner` among the outputs of a row is missing.
    fn inner(
        &mut self,
        row: &Row,
        outputs: &[Output],
        conditions: &mut Vec<String>,
    ) -> Result<(), PlanError> {
        for output in outputs {
            match output {
                Output::One { field, select, inner: true } => {
                    conditions.push(self.has_one(row, *field, select)?);
                }
                Output::Many { field, select, inner: true } => {
                    conditions.push(self.has_many(row, *field, select)?);
                }
                Output::Group(outputs) => self.deeper(1, |draft| draft.inner(row, outputs, conditions))?,
                Output::One { inner: false, .. }
                | Output::Many { inner: false, .. }
                | Output::Value(_)
                | Output::TypeName
                | Output::Reference { .. }
                | Output::Count { .. } => {}
            }
        }
        Ok(())
    }

    /// That the row which a to-one field points to is one of the select's.
    fn has_one(&mut self, row: &Row, to_one: FieldId, select: &Select) -> Result<String, PlanError> {
        let rows = self.target(row, to_one)?;
        self.has(&rows, select)
    }

    /// That some row of a to-many field is one of the select's.
    fn has_many(&mut self, row: &Row, to_many: FieldId, select: &Select) -> Result<String, PlanError> {
        let rows = self.related(row.resource, to_many, &row.key)?;
        self.has(&rows, select)
    }

    fn has(&mut self, rows: &Rows, select: &Select) -> Result<String, PlanError> {
        let present = self.deeper(1, |draft| draft.presence(&rows.row, select))?;
        Ok(format!("EXISTS ({})", rows.select("1", &present.join(" AND "))))
    }
}

/// Whether something among the outputs of a row leaves out rows that have none of it.
fn has_inner(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| match output {
        Output::One { inner, .. } | Output::Many { inner, .. } => *inner,
        Output::Group(outputs) => has_inner(outputs),
        Output::Value(_) | Output::Count { .. } | Output::TypeName | Output::Reference { .. } => false,
    })
}
