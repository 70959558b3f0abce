//! Operands as SQL expressions, each a name, a call or in parentheses.

use super::{Draft, Scope, defect, field};
use crate::cursor::CURSOR_VALUES_MAX;
use crate::face::PlanError;
use crate::functions;
use crate::query::{Column, Operand, Param, Predicate};
use contract::rule::Held;
use contract::{Arithmetic, Arity, FieldId};

impl Draft<'_> {
    /// The expression of an operand.
    pub fn operand(&mut self, scope: &Scope<'_>, operand: &Operand) -> Result<String, PlanError> {
        self.deeper(1, |draft| draft.operand_here(scope, operand))
    }

    fn operand_here(&mut self, scope: &Scope<'_>, operand: &Operand) -> Result<String, PlanError> {
        Ok(match operand {
            Operand::Param(param) => self.param(*param),
            Operand::Null => "NULL".to_owned(),
            Operand::Bool(value) => self.dialect.boolean(*value).to_owned(),
            Operand::Column(column) => self.reached(scope, column)?,
            Operand::Version => self.version(scope.row),
            Operand::Json { of, path, as_text } => self.json_part(scope, of, path, *as_text)?,
            Operand::JsonOrder(of) => self.call(scope, functions::JSON_ORDER, &[of])?,
            Operand::KeyText(of) => self.dialect.text(&self.operand(scope, of)?),
            Operand::Held(held, of) => {
                let value = self.operand(scope, of)?;
                self.held(held, &value)
            }
            Operand::Masked(seen, of) => {
                let (seen, of) = (self.predicate(scope, seen)?, self.operand(scope, of)?);
                format!("(CASE WHEN {seen} THEN {of} END)")
            }
            Operand::If(test, then, otherwise) => self.either(scope, test, then, otherwise)?,
            Operand::Test(test) => self.predicate(scope, test)?,
            Operand::Arithmetic(operator, left, right) => {
                self.call(scope, arithmetic(*operator), &[left, right])?
            }
            Operand::Concat(left, right) => {
                format!("({} || {})", self.operand(scope, left)?, self.operand(scope, right)?)
            }
            Operand::Lower(of) => self.call(scope, "lower", &[of])?,
            Operand::Upper(of) => self.call(scope, "upper", &[of])?,
            Operand::Size(of) => self.size(scope, of)?,
            Operand::Count(over) => self.count(scope, over)?,
            Operand::Cursor(values) => self.cursor(scope, values)?,
        })
    }

    /// A function of operands.
    pub fn call(
        &mut self,
        scope: &Scope<'_>,
        function: &str,
        operands: &[&Operand],
    ) -> Result<String, PlanError> {
        let operands: Result<Vec<_>, _> = operands.iter().map(|o| self.operand(scope, o)).collect();
        Ok(format!("{function}({})", operands?.join(", ")))
    }

    fn cursor(&mut self, scope: &Scope<'_>, values: &[Operand]) -> Result<String, PlanError> {
        if values.len() > CURSOR_VALUES_MAX {
            return defect("a cursor of too many values");
        }
        let values: Vec<&Operand> = values.iter().collect();
        self.call(scope, functions::CURSOR, &values)
    }

    fn json_part(
        &mut self,
        scope: &Scope<'_>,
        of: &Operand,
        path: &[Param],
        as_text: bool,
    ) -> Result<String, PlanError> {
        let function = if as_text { functions::JSON_PART_TEXT } else { functions::JSON_PART };
        let mut arguments = vec![self.operand(scope, of)?];
        arguments.extend(path.iter().map(|step| self.param(*step)));
        Ok(format!("{function}({})", arguments.join(", ")))
    }

    /// A value where it is of a type, else null. Names of an enum's values are the contract's, as names of columns are.
    fn held(&self, held: &Held, value: &str) -> String {
        if let Some(range) = held.integers() {
            return format!("{}({value}, {}, {})", functions::WITHIN, range.start(), range.end());
        }
        let form = match held {
            Held::Int | Held::Decimal | Held::Duration => "",
            Held::Id => "id",
            Held::Uuid => "uuid",
            Held::Url => "url",
            Held::Email => "email",
            Held::Enum(values) => {
                let values: Vec<String> = values.iter().map(|name| self.dialect.literal(name)).collect();
                return format!("(CASE WHEN {value} IN ({}) THEN {value} END)", values.join(", "));
            }
        };
        format!("{}({value}, {})", functions::TEXT_OF, self.dialect.literal(form))
    }

    /// A condition that is not known chooses neither side, as an error in a rule would.
    fn either(
        &mut self,
        scope: &Scope<'_>,
        test: &Predicate,
        then: &Operand,
        otherwise: &Operand,
    ) -> Result<String, PlanError> {
        let test = self.predicate(scope, test)?;
        let (then, otherwise) = (self.operand(scope, then)?, self.operand(scope, otherwise)?);
        let (yes, no) = (self.dialect.boolean(true), self.dialect.boolean(false));
        Ok(format!("(CASE {test} WHEN {yes} THEN {then} WHEN {no} THEN {otherwise} END)"))
    }

    fn size(&mut self, scope: &Scope<'_>, of: &Operand) -> Result<String, PlanError> {
        let value = self.operand(scope, of)?;
        Ok(match self.is_list(of)? {
            true => self.dialect.list_size(&value),
            false => format!("{}({value})", functions::SIZE),
        })
    }

    /// Whether an operand's value is a stored list.
    fn is_list(&self, operand: &Operand) -> Result<bool, PlanError> {
        match operand {
            Operand::Column(column) => {
                let resource = self.resource(self.path_target(column.resource, &column.hops)?)?;
                Ok(matches!(field(resource, column.field)?.ty.arity, Arity::List { .. }))
            }
            Operand::Masked(_, of) | Operand::Held(_, of) => self.is_list(of),
            Operand::If(_, then, otherwise) => Ok(self.is_list(then)? || self.is_list(otherwise)?),
            Operand::Param(_)
            | Operand::Null
            | Operand::Bool(_)
            | Operand::Version
            | Operand::Json { .. }
            | Operand::JsonOrder(_)
            | Operand::KeyText(_)
            | Operand::Test(_)
            | Operand::Arithmetic(..)
            | Operand::Concat(..)
            | Operand::Lower(_)
            | Operand::Upper(_)
            | Operand::Size(_)
            | Operand::Cursor(_)
            | Operand::Count(_) => Ok(false),
        }
    }

    fn count(&mut self, scope: &Scope<'_>, over: &Column) -> Result<String, PlanError> {
        let (parent, key) = self.relation_parent(scope, over)?;
        let rows = self.related(parent, over.field, &key)?;
        let count = format!("({})", rows.select("count(*)", self.dialect.boolean(true)));
        Ok(if_reached(over, &key, count))
    }

    /// The number of rows of a to-many field of `parent` that satisfy a condition.
    pub fn count_where(
        &mut self,
        parent: &Scope<'_>,
        to_many: FieldId,
        filter: &Predicate,
    ) -> Result<String, PlanError> {
        let rows = self.related(parent.row.resource, to_many, &parent.row.key)?;
        let filter = self.predicate(&Scope { row: &rows.row, outer: Some(parent) }, filter)?;
        Ok(format!("({})", rows.select("count(*)", &filter)))
    }

    /// Whether an operand can never be null, whatever the row.
    pub fn never_null(&self, operand: &Operand) -> Result<bool, PlanError> {
        Ok(match operand {
            Operand::Bool(_) | Operand::Version | Operand::Cursor(_) => true,
            Operand::Column(column) => {
                column.hops.is_empty() && field(self.resource(column.resource)?, column.field)?.ty.required
            }
            Operand::Count(over) => over.hops.is_empty(),
            Operand::Lower(of) | Operand::Upper(of) | Operand::KeyText(of) => self.never_null(of)?,
            Operand::Concat(left, right) => self.never_null(left)? && self.never_null(right)?,
            Operand::Param(_)
            | Operand::Null
            | Operand::Json { .. }
            | Operand::JsonOrder(_)
            | Operand::Held(..)
            | Operand::Masked(..)
            | Operand::If(..)
            | Operand::Test(_)
            | Operand::Arithmetic(..)
            | Operand::Size(_) => false,
        })
    }
}

/// An expression about the rows of a relation of a row that may not be there: then it is null.
pub(super) fn if_reached(over: &Column, key: &str, expression: String) -> String {
    match over.hops.is_empty() {
        true => expression,
        false => format!("(CASE WHEN {key} IS NOT NULL THEN {expression} END)"),
    }
}

/// The function that computes: SQL's own operators turn an overflow into a double.
fn arithmetic(operator: Arithmetic) -> &'static str {
    match operator {
        Arithmetic::Add => functions::ADD,
        Arithmetic::Subtract => functions::SUBTRACT,
        Arithmetic::Multiply => functions::MULTIPLY,
        Arithmetic::Divide => functions::DIVIDE,
        Arithmetic::Remainder => functions::REMAINDER,
    }
}
