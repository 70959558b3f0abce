//! Conditions: `op.value`, and groups of them in `and(…)` and `or(…)`.

use super::budget::{Budget, LOGIC_DEPTH_MAX};
use super::cursor::Cursor;
use super::mistake::{Mistake, found, shown};
use super::name::{json_path, name};
use super::operator::{Modifier, Operator};
use super::value::{Extent, array, list, text};
use engine::{Filter, Is, Path, Test};
use wire::Value;

/// How the conditions of a group go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logic {
    /// All hold.
    And,
    /// Some holds.
    Or,
}

/// Reads the value of a field's parameter: `[not.]op[(modifier)].value`.
pub(crate) fn field(path: Path, value: &str, budget: &mut Budget) -> Result<Filter, Mistake> {
    let mut cursor = Cursor::new(value);
    let filter = condition(&mut cursor, path, Extent::Whole, budget)?;
    cursor.expect_end()?;
    Ok(filter)
}

/// Reads the value of an `and` or `or` parameter: `(condition,…)`.
pub(crate) fn group(logic: Logic, value: &str, budget: &mut Budget) -> Result<Filter, Mistake> {
    let mut cursor = Cursor::new(value);
    let filter = conditions(&mut cursor, logic, 0, budget)?;
    cursor.expect_end()?;
    Ok(filter)
}

fn conditions(
    cursor: &mut Cursor<'_>,
    logic: Logic,
    depth: usize,
    budget: &mut Budget,
) -> Result<Filter, Mistake> {
    if depth == LOGIC_DEPTH_MAX {
        return Err(cursor.mistake(format!("`and` and `or` are nested deeper than {LOGIC_DEPTH_MAX}")));
    }
    budget.take_nodes(1)?;
    cursor.expect("(")?;
    let mut filters = Vec::new();
    loop {
        cursor.skip_spaces();
        filters.push(member(cursor, depth, budget)?);
        cursor.skip_spaces();
        if !cursor.eat(",") {
            cursor.expect(")")?;
            break;
        }
    }
    Ok(match logic {
        Logic::And => Filter::And(filters),
        Logic::Or => Filter::Or(filters),
    })
}

/// A group or a condition inside a group.
fn member(cursor: &mut Cursor<'_>, depth: usize, budget: &mut Budget) -> Result<Filter, Mistake> {
    for (word, logic, negated) in GROUPS {
        let found = cursor.rest().strip_prefix(word).is_some_and(|rest| rest.starts_with('('));
        if found {
            cursor.expect(word)?;
            let filter = conditions(cursor, *logic, depth + 1, budget)?;
            return Ok(negate_if(*negated, filter));
        }
    }
    let path = Path { names: vec![name(cursor)?.text], json: json_path(cursor)? };
    cursor.expect(".")?;
    condition(cursor, path, Extent::Element, budget)
}

/// The words that open a group, and what they mean.
const GROUPS: &[(&str, Logic, Sense)] = &[
    ("and", Logic::And, Sense::Holds),
    ("or", Logic::Or, Sense::Holds),
    ("not.and", Logic::And, Sense::Fails),
    ("not.or", Logic::Or, Sense::Fails),
];

/// Whether a condition has to hold or to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    /// It has to hold.
    Holds,
    /// It has to fail (`not.`).
    Fails,
}

pub(crate) fn negate_if(sense: Sense, filter: Filter) -> Filter {
    match sense {
        Sense::Holds => filter,
        Sense::Fails => Filter::Not(Box::new(filter)),
    }
}

fn condition(
    cursor: &mut Cursor<'_>,
    path: Path,
    extent: Extent,
    budget: &mut Budget,
) -> Result<Filter, Mistake> {
    budget.take_nodes(1)?;
    let sense = if cursor.eat("not.") { Sense::Fails } else { Sense::Holds };
    let (operator, modifier) = operator(cursor)?;
    let test = match modifier {
        Some(Modifier::Each(each)) => {
            let operator_of_each = operator.quantifiable().expect("checked with the modifier");
            let values = array(cursor, budget)?.into_iter().map(|v| operand(operator, v)).collect();
            Test::Quantified(each, Box::new(operator_of_each), values)
        }
        Some(Modifier::Simple) | None => test(cursor, operator, extent, budget)?,
    };
    Ok(negate_if(sense, Filter::Test { path, test }))
}

/// `op.` or `op(modifier).`.
fn operator(cursor: &mut Cursor<'_>) -> Result<(Operator, Option<Modifier>), Mistake> {
    let start = *cursor;
    let word = cursor.take_while(|c, _| c.is_ascii_alphanumeric() || c == '_');
    if !matches!(cursor.peek(), Some('.' | '(')) {
        return Err(start.mistake("expected an operator and a value, as in `eq.5`,"));
    }
    let operator = Operator::named(word).ok_or_else(|| {
        start.mistake(format!("unknown operator `{}`", shown(word))).suggest(word, Operator::names())
    })?;
    let modifier = if cursor.eat("(") {
        let word = cursor.take_while(|c, _| c != ')');
        cursor.expect(")")?;
        Some(Modifier::of(operator, word)?)
    } else {
        None
    };
    cursor.expect(".")?;
    Ok((operator, modifier))
}

fn test(
    cursor: &mut Cursor<'_>,
    operator: Operator,
    extent: Extent,
    budget: &mut Budget,
) -> Result<Test, Mistake> {
    let start = *cursor;
    let mut value = || text(cursor, extent);
    Ok(match operator {
        Operator::Compare(compare) => Test::Compare(compare, Value::Text(value()?)),
        Operator::Like(test) | Operator::Match(test) => Test::Text(test, operand(operator, value()?)),
        Operator::In => Test::In(list(cursor, budget)?.into_iter().map(Value::Text).collect()),
        Operator::Is => Test::Is(is(&start, &value()?)?),
        Operator::Distinct => Test::Distinct(Value::Text(value()?)),
        Operator::Search(mode) => Test::Search(mode, value()?),
        Operator::Json(test) => Test::Json(test, Value::Text(value()?)),
        Operator::Range => {
            return Err(start.mistake("range operators are not supported: contracts have no ranges,"));
        }
    })
}

/// In patterns `*` stands for `%`, so that URLs need not encode it.
fn operand(operator: Operator, value: String) -> Value {
    Value::Text(match operator {
        Operator::Like(_) => value.replace('*', "%"),
        _ => value,
    })
}

fn is(start: &Cursor<'_>, word: &str) -> Result<Is, Mistake> {
    const WORDS: &[(&str, Is)] = &[
        ("null", Is::Null),
        ("not_null", Is::NotNull),
        ("true", Is::True),
        ("false", Is::False),
        ("unknown", Is::Unknown),
    ];
    let known = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
    known.map(|(_, is)| *is).ok_or_else(|| {
        let text = format!("expected null, not_null, true, false or unknown, {}", found(word));
        start.mistake(text).suggest(word, WORDS.iter().map(|(known, _)| *known))
    })
}
