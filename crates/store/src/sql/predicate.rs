//! Predicates as SQL expressions of value 1, 0 or NULL, each in parentheses or a single word.

use super::operand::if_reached;
use super::{Draft, Scope, defect, field};
use crate::face::PlanError;
use crate::functions;
use crate::query::{Column, JsonTest, Operand, Predicate, SearchMode, TextTest};
use contract::{Base, Compare, Quantifier, Scalar};

impl Draft<'_> {
    /// The expression of a predicate.
    pub fn predicate(&mut self, scope: &Scope<'_>, predicate: &Predicate) -> Result<String, PlanError> {
        self.deeper(1, |draft| draft.predicate_here(scope, predicate))
    }

    fn predicate_here(&mut self, scope: &Scope<'_>, predicate: &Predicate) -> Result<String, PlanError> {
        Ok(match predicate {
            Predicate::True => self.dialect.boolean(true).to_owned(),
            Predicate::False => self.dialect.boolean(false).to_owned(),
            Predicate::Unknown => "NULL".to_owned(),
            Predicate::And(all) => self.chain(scope, all, " AND ", true)?,
            Predicate::Or(any) => self.chain(scope, any, " OR ", false)?,
            Predicate::Not(of) => format!("(NOT {})", self.predicate(scope, of)?),
            Predicate::Compare(compare, left, right) => {
                let operator = self.operator(*compare, left, right)?;
                self.binary(scope, left, operator, right)?
            }
            Predicate::SqlCompare(compare, left, right) => {
                self.binary(scope, left, self.dialect.compare(*compare), right)?
            }
            Predicate::IsNull(of) => format!("({} IS NULL)", self.operand(scope, of)?),
            Predicate::IsTrue(of) => {
                format!("({} = {})", self.operand(scope, of)?, self.dialect.boolean(true))
            }
            Predicate::InList(of, list) => {
                let (value, list) = (self.operand(scope, of)?, self.param(*list));
                let item = match of {
                    Operand::JsonOrder(_) => format!("{}(value)", functions::JSON_ORDER),
                    _ => "value".to_owned(),
                };
                format!("({})", self.dialect.in_list(&value, &item, &list))
            }
            Predicate::InColumn { of, list, column } => self.in_column(scope, of, list, column)?,
            Predicate::InOperands(of, among) => self.in_operands(scope, of, among)?,
            Predicate::Text(test, text, with) => self.text_test(scope, *test, text, with)?,
            Predicate::Json(test, left, right) => self.call(scope, json_function(*test), &[left, right])?,
            Predicate::Search(mode, text, query) => {
                self.call(scope, search_function(*mode), &[text, query])?
            }
            Predicate::Related { quantifier, over, filter } => {
                self.quantified(scope, *quantifier, over, filter)?
            }
            Predicate::RelatedTo { parent, field, key, link } => {
                let key = self.param(*key);
                self.is_related_to(scope, (*parent, *field), &key, link)?
            }
            Predicate::Linked(filter) => self.is_linked(scope, filter)?,
            Predicate::Reached { over, filter } => self.reaches(scope, over, filter)?,
        })
    }

    /// A list joined by AND or OR as a balanced tree, so that a long list does not make a deep expression.
    fn chain(
        &mut self,
        scope: &Scope<'_>,
        items: &[Predicate],
        operator: &str,
        empty: bool,
    ) -> Result<String, PlanError> {
        let of_items = |draft: &mut Self| items.iter().map(|item| draft.predicate(scope, item)).collect();
        let items: Vec<String> = self.deeper(items.len(), of_items)?;
        Ok(match items.is_empty() {
            true => self.dialect.boolean(empty).to_owned(),
            false => balanced(&items, operator),
        })
    }

    /// Plain equality where null cannot come up: the planner knows more about it.
    fn operator(&self, compare: Compare, left: &Operand, right: &Operand) -> Result<&'static str, PlanError> {
        Ok(match self.never_null(left)? && self.never_null(right)? {
            true => self.dialect.compare(compare),
            false => self.dialect.null_safe(compare),
        })
    }

    fn binary(
        &mut self,
        scope: &Scope<'_>,
        left: &Operand,
        operator: &str,
        right: &Operand,
    ) -> Result<String, PlanError> {
        Ok(format!("({} {operator} {})", self.operand(scope, left)?, self.operand(scope, right)?))
    }

    fn in_operands(
        &mut self,
        scope: &Scope<'_>,
        of: &Operand,
        among: &[Operand],
    ) -> Result<String, PlanError> {
        if among.is_empty() {
            return Ok(self.dialect.boolean(false).to_owned());
        }
        let of = self.operand(scope, of)?;
        let among: Result<Vec<_>, _> = among.iter().map(|item| self.operand(scope, item)).collect();
        Ok(format!("({of} IN ({}))", among?.join(", ")))
    }

    fn in_column(
        &mut self,
        scope: &Scope<'_>,
        of: &Operand,
        list: &Operand,
        column: &Column,
    ) -> Result<String, PlanError> {
        let resource = self.resource(self.path_target(column.resource, &column.hops)?)?;
        let kept = match field(resource, column.field)?.ty.base {
            Base::Scalar(Scalar::Decimal { scale }) => format!(", {scale}"),
            Base::Scalar(Scalar::Duration) => format!(", {}", self.dialect.literal("duration")),
            Base::Scalar(_) | Base::Enum(_) | Base::Resource(_) => String::new(),
            Base::Object(_) | Base::Input(_) | Base::Abstract(_) => {
                return defect("membership in a list whose items are not compared");
            }
        };
        let (list, of) = (self.operand(scope, list)?, self.operand(scope, of)?);
        Ok(format!("{}({list}, {of}{kept})", functions::LIST_HAS))
    }

    fn text_test(
        &mut self,
        scope: &Scope<'_>,
        test: TextTest,
        text: &Operand,
        with: &Operand,
    ) -> Result<String, PlanError> {
        let function = match test {
            TextTest::Like => functions::LIKE,
            TextTest::LikeIgnoringCase => functions::LIKE_IGNORING_CASE,
            TextTest::Matches => functions::MATCHES,
            TextTest::MatchesIgnoringCase => functions::MATCHES_IGNORING_CASE,
            TextTest::StartsWith => return self.starts_with(scope, text, with),
            TextTest::EndsWith => functions::ENDS_WITH,
            TextTest::Contains => {
                let (text, part) = (self.operand(scope, text)?, self.operand(scope, with)?);
                return Ok(self.dialect.contains(&text, &part));
            }
        };
        self.call(scope, function, &[text, with])
    }

    fn starts_with(
        &mut self,
        scope: &Scope<'_>,
        text: &Operand,
        with: &Operand,
    ) -> Result<String, PlanError> {
        match (text, with) {
            (Operand::Column(column), Operand::Param(prefix)) if column.hops.is_empty() => {
                let (column, prefix) = (self.reached(scope, column)?, self.param(*prefix));
                Ok(self.dialect.starts_with_range(&column, &prefix))
            }
            _ => self.call(scope, functions::STARTS_WITH, &[text, with]),
        }
    }

    fn quantified(
        &mut self,
        scope: &Scope<'_>,
        quantifier: Quantifier,
        over: &Column,
        filter: &Predicate,
    ) -> Result<String, PlanError> {
        let (parent, key) = self.relation_parent(scope, over)?;
        let rows = self.related(parent, over.field, &key)?;
        let filter = self.predicate(&Scope { row: &rows.row, outer: Some(scope) }, filter)?;
        let holds = match quantifier {
            Quantifier::Exists => format!("EXISTS ({})", rows.select("1", &filter)),
            Quantifier::All => {
                let fails = format!("{filter} IS NOT {}", self.dialect.boolean(true));
                format!("(NOT EXISTS ({}))", rows.select("1", &fails))
            }
            Quantifier::ExistsOne => {
                let two = format!("{} LIMIT 2", rows.select("1", &filter));
                format!("((SELECT count(*) FROM ({two})) = 1)")
            }
        };
        Ok(if_reached(over, &key, holds))
    }

    fn reaches(&mut self, scope: &Scope<'_>, over: &Column, filter: &Predicate) -> Result<String, PlanError> {
        let foreign = self.reached(scope, over)?;
        let mut hops = over.hops.clone();
        hops.push(over.field);
        let mut rows = self.rows(self.path_target(over.resource, &hops)?)?;
        rows.conditions.insert(0, format!("{} = {foreign}", rows.row.key));
        let filter = self.predicate(&Scope { row: &rows.row, outer: Some(scope) }, filter)?;
        Ok(format!("EXISTS ({})", rows.select("1", &filter)))
    }
}

/// One or more expressions joined as a balanced tree.
fn balanced(items: &[String], operator: &str) -> String {
    match items {
        [one] => one.clone(),
        _ => {
            let (left, right) = items.split_at(items.len() / 2);
            format!("({}{operator}{})", balanced(left, operator), balanced(right, operator))
        }
    }
}

fn json_function(test: JsonTest) -> &'static str {
    match test {
        JsonTest::Contains => functions::JSON_CONTAINS,
        JsonTest::ContainedIn => functions::JSON_CONTAINED_IN,
        JsonTest::Overlaps => functions::JSON_OVERLAPS,
    }
}

fn search_function(mode: SearchMode) -> &'static str {
    match mode {
        SearchMode::Query => functions::SEARCH_QUERY,
        SearchMode::Plain => functions::SEARCH_PLAIN,
        SearchMode::Phrase => functions::SEARCH_PHRASE,
        SearchMode::Web => functions::SEARCH_WEB,
    }
}
