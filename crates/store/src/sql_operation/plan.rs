//! The statements of an operation with their parameters, and how its answer is made.

use super::{direct, lexer, live};
use crate::face::{PlanError, ReadPlan, Root, SqlAnswer, SqlField, SqlParameter};
use crate::query::{Param, Select};
use crate::schema::Schema;
use crate::sql::defect;
use crate::sqlite::Proved;
use contract::{Binding, Contract, Expectation, OperationId, Scalar, SqlBinding, SqlStatement};
use wire::{Layout, Shape};

/// A compiled `@sql` operation.
#[derive(Debug)]
pub struct SqlPlan {
    pub(super) each: Vec<Statement>,
    pub(super) run: Vec<Statement>,
    pub(super) each_parameters: Vec<SqlParameter>,
    pub(super) parameters: Vec<SqlParameter>,
    pub(super) answer: Answer,
    /// The only statement with the records that it finds read in it, where that can be.
    pub(super) direct: Option<ReadPlan>,
    pub(crate) proved: Proved,
}

/// One statement.
#[derive(Debug)]
pub(super) struct Statement {
    pub sql: Box<str>,
    /// As the contract has it.
    pub text: Box<str>,
    /// For each of SQLite's parameters, its position among the plan's.
    pub binds: Box<[usize]>,
    pub expect: Option<Expectation>,
}

/// How rows become the answer.
#[derive(Debug)]
pub(super) enum Answer {
    Nothing,
    /// The first column of the first row in the place of the shape's only field.
    Scalar(Shape),
    /// Each row is a record of these sources, one per field of the shape.
    Object {
        shape: Shape,
        sources: Vec<Source>,
        root: Root,
    },
    /// A column has keys of records.
    Records {
        shape: Shape,
        read: Keyed,
        root: Root,
    },
}

/// Where a field of an answered record comes from.
#[derive(Debug)]
pub(super) enum Source {
    Column(String),
    Record(Keyed),
    Hidden,
    TypeName,
}

/// Reading the record whose key is in a column.
#[derive(Debug)]
pub(super) struct Keyed {
    pub column: String,
    pub plan: ReadPlan,
    /// The parameter that takes the key.
    pub key: Param,
}

impl SqlPlan {
    /// Compiles an operation. Its statements have been checked when the contract was loaded.
    pub(crate) fn new(
        contract: &Contract,
        operation: OperationId,
        answer: &SqlAnswer,
        shape: Option<Shape>,
        root: Root,
    ) -> Result<Self, PlanError> {
        let operation = contract.operation(operation);
        let Binding::Sql(SqlBinding { each, statements }) = &operation.binding else {
            return defect(format!("{} has no SQL", operation.name));
        };
        let schema = Schema::of(contract);
        let (mut each_parameters, mut parameters) = (Vec::new(), Vec::new());
        let each = each.as_ref().map_or([].as_slice(), |each| &each.statements);
        let each: Vec<Statement> =
            each.iter().map(|s| Statement::new(&schema, s, &mut each_parameters)).collect();
        let run: Vec<Statement> =
            statements.iter().map(|s| Statement::new(&schema, s, &mut parameters)).collect();
        let direct = match (each.is_empty(), statements.as_slice(), answer, &shape) {
            (true, [only], SqlAnswer::Records { select, key, column }, Some(shape)) => {
                let own = direct::Own { text: &only.text, parameters: &parameters, key: *key, column };
                own.plan(contract, select, shape, root)?
            }
            _ => None,
        };
        let answer = Answer::new(contract, answer, shape, root)?;
        Ok(Self { each, run, each_parameters, parameters, answer, direct, proved: Proved::default() })
    }

    /// Bytes of memory that it takes with the selection that it was made for, more or less.
    pub fn memory_bytes(&self) -> usize {
        let statements = self.each.iter().chain(&self.run).map(|statement| statement.sql.len());
        let answers = match &self.answer {
            Answer::Nothing | Answer::Scalar(_) => 0,
            Answer::Object { sources, .. } => sources.iter().map(Source::text_bytes).sum(),
            Answer::Records { read, .. } => read.plan.text_bytes(),
        };
        let direct = self.direct.as_ref().map_or(0, ReadPlan::text_bytes);
        crate::read::memory_bytes(statements.sum::<usize>() + answers + direct)
    }

    /// The parameters of the `each:` statements, in order.
    pub fn each_parameters(&self) -> &[SqlParameter] {
        &self.each_parameters
    }

    /// The parameters of the other statements, in order.
    pub fn parameters(&self) -> &[SqlParameter] {
        &self.parameters
    }
}

impl Source {
    fn text_bytes(&self) -> usize {
        match self {
            Self::Record(keyed) => keyed.plan.text_bytes(),
            Self::Column(name) => name.len(),
            Self::Hidden | Self::TypeName => 0,
        }
    }
}

impl Statement {
    fn new(schema: &Schema, statement: &SqlStatement, parameters: &mut Vec<SqlParameter>) -> Self {
        let sql = live::rewrite(schema, &statement.text).text;
        let position = |name: &str| {
            let parameter = parameter(name);
            parameters.iter().position(|known| *known == parameter).unwrap_or_else(|| {
                parameters.push(parameter);
                parameters.len() - 1
            })
        };
        Self {
            binds: lexer::parameters(&sql).into_iter().map(position).collect(),
            sql: sql.as_ref().into(),
            text: statement.text.as_str().into(),
            expect: statement.expect.clone(),
        }
    }
}

/// The parameters that the server supplies.
pub(super) const RESERVED: [(&str, SqlParameter); 4] = [
    ("_caller_id", SqlParameter::CallerId),
    ("_now", SqlParameter::Now),
    ("_changes", SqlParameter::Changes),
    ("_new_id", SqlParameter::NewId),
];

pub(super) fn parameter(name: &str) -> SqlParameter {
    let reserved = RESERVED.iter().find(|(reserved, _)| *reserved == name);
    reserved.map_or_else(|| SqlParameter::Argument(name.to_owned()), |(_, parameter)| parameter.clone())
}

impl Answer {
    fn new(
        contract: &Contract,
        answer: &SqlAnswer,
        shape: Option<Shape>,
        root: Root,
    ) -> Result<Self, PlanError> {
        Ok(match (answer, shape) {
            (SqlAnswer::Nothing, _) => Self::Nothing,
            (_, None) => return defect("an answer needs a shape"),
            (SqlAnswer::Scalar, Some(shape)) if shape.fields.len() == 1 => Self::Scalar(shape),
            (SqlAnswer::Scalar, Some(_)) => return defect("a scalar answer has a shape of one field"),
            (SqlAnswer::Object(fields), Some(shape)) => {
                if fields.len() != shape.fields.len() {
                    return defect("an answer and its shape differ");
                }
                let source =
                    |(field, of): (&SqlField, &wire::ShapeField)| Source::new(contract, field, &of.layout);
                let sources = fields.iter().zip(&shape.fields).map(source).collect::<Result<_, _>>()?;
                Self::Object { shape, sources, root }
            }
            (SqlAnswer::Records { select, key, column }, Some(shape)) => {
                let read = Keyed::new(contract, select, *key, column, &shape)?;
                Self::Records { shape, read, root }
            }
        })
    }
}

impl Source {
    fn new(contract: &Contract, field: &SqlField, layout: &Layout) -> Result<Self, PlanError> {
        Ok(match (field, layout) {
            (SqlField::TypeName, Layout::Scalar(Scalar::String)) => Self::TypeName,
            (SqlField::TypeName, _) => return defect("the name of a type is a string"),
            (SqlField::Column(name), _) => Self::Column(name.clone()),
            (SqlField::Hidden, _) => Self::Hidden,
            (SqlField::Record { column, select, key }, Layout::One(shape)) => {
                Self::Record(Keyed::new(contract, select, *key, column, shape)?)
            }
            (SqlField::Record { column, .. }, _) => {
                return defect(format!("{column} is a record, and its shape is not"));
            }
        })
    }
}

impl Keyed {
    fn new(
        contract: &Contract,
        select: &Select,
        key: Param,
        column: &str,
        shape: &Shape,
    ) -> Result<Self, PlanError> {
        let plan = ReadPlan::records(contract, select, shape.clone(), Root::One)?;
        Ok(Self { column: column.to_owned(), plan, key })
    }
}
