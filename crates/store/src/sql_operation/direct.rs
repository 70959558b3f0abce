//! A statement that does nothing but find keys in the table of the records that are answered: the records are read in it,
//! rather than each by its key.
//!
//! `SELECT id FROM product WHERE price > :least ORDER BY id LIMIT 10` becomes
//! `SELECT t0."id", t0."name", … FROM "product" t0 WHERE price > ?1 ORDER BY id LIMIT 10`.

use super::lexer::{Kind, Word, words};
use super::plan::parameter;
use crate::face::{PlanError, ReadPlan, Root, SqlParameter};
use crate::query::{Operand, Param, Predicate, Select};
use crate::sql::{Bind, Draft};
use contract::Contract;
use wire::Shape;

/// Words after which a statement does more than find rows of one table, or after which its rows are not those of the
/// table one by one.
const OTHERWISE: [&str; 21] = [
    "select",
    "from",
    "join",
    "union",
    "intersect",
    "except",
    "group",
    "having",
    "window",
    "distinct",
    "with",
    "values",
    "over",
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "total",
    "group_concat",
    "string_agg",
];
/// What aggregate functions of JSON begin with.
const JSON_GROUP: &str = "json_group";

/// A contract's own statement.
pub(super) struct Own<'a> {
    pub text: &'a str,
    /// The parameters of the plan.
    pub parameters: &'a [SqlParameter],
    /// The parameter of the answer's select that takes a key.
    pub key: Param,
    /// The column with the keys.
    pub column: &'a str,
}

impl<'a> Own<'a> {
    /// The plan; `None` where the statement is not such a one.
    pub fn plan(
        &self,
        contract: &Contract,
        select: &Select,
        shape: &Shape,
        root: Root,
    ) -> Result<Option<ReadPlan>, PlanError> {
        let resource = contract.resource(select.from);
        let is_key = resource.key_field().name == self.column;
        let key_column = resource.key_field().column().map(|column| column.name.as_str());
        let (Some(tail), Some(filter)) = (
            self.tail(key_column.filter(|_| is_key).unwrap_or_default(), &resource.table),
            without_key(&select.filter, self.key),
        ) else {
            return Ok(None);
        };
        let select = Select { filter, ..select.clone() };
        let tail = |draft: &mut Draft<'_>| self.numbered(tail, draft);
        ReadPlan::found(contract, &select, shape.clone(), root, tail)
    }

    /// What follows the table's name.
    fn tail(&self, key: &str, table: &str) -> Option<&'a str> {
        let words = words(self.text);
        let is =
            |word: &Word<'_>, name: &str| word.kind == Kind::Name && word.name.eq_ignore_ascii_case(name);
        let [first, column, from, named, rest @ ..] = words.as_slice() else { return None };
        let begins = is(first, "select") && is(column, key) && is(from, "from") && is(named, table);
        let goes_on = rest.first().is_none_or(|word| {
            ["where", "order", "limit"].iter().any(|name| is(word, name)) || word.kind == Kind::Semicolon
        });
        let is_other = |word: &Word<'_>| {
            let is_json = word.name.to_ascii_lowercase().starts_with(JSON_GROUP);
            OTHERWISE.iter().any(|name| is(word, name)) || is(word, table) || is_json
        };
        // How many rows were changed is known only while statements run one after another.
        let is_counted =
            |word: &Word<'_>| word.kind == Kind::Parameter && parameter(word.name) == SqlParameter::Changes;
        let is_plain = !rest.iter().any(|word| word.kind == Kind::Name && is_other(word) || is_counted(word));
        // A number there may be the position of a column, and the columns are others.
        let mut order =
            rest.iter().skip_while(|word| !is(word, "order")).take_while(|word| !is(word, "limit"));
        let is_number = |word: &Word<'_>| self.text.as_bytes()[word.start].is_ascii_digit();
        let is_plain = is_plain && !order.any(is_number);
        let end = rest.iter().find(|word| word.kind == Kind::Semicolon).map_or(self.text.len(), |w| w.start);
        (!key.is_empty() && begins && goes_on && is_plain).then(|| &self.text[named.end..end])
    }

    /// The text with numbers of parameters in the place of names.
    fn numbered(&self, tail: &str, draft: &mut Draft<'_>) -> String {
        let mut out = String::with_capacity(tail.len() + 8);
        let mut at = 0;
        for word in words(tail).iter().filter(|word| word.kind == Kind::Parameter) {
            let wanted = parameter(word.name);
            let position = self.parameters.iter().position(|known| *known == wanted).unwrap_or_default();
            out.push_str(&tail[at..word.start]);
            out.push_str(&draft.bind(Bind::Given(position)));
            at = word.end;
        }
        out.push_str(&tail[at..]);
        out
    }
}

/// A filter without its test of the key.
fn without_key(filter: &Predicate, key: Param) -> Option<Predicate> {
    let is_key = |part: &Predicate| matches!(part, Predicate::SqlCompare(contract::Compare::Equal, _, Operand::Param(param)) if *param == key);
    match filter {
        part if is_key(part) => Some(Predicate::True),
        Predicate::And(parts) => {
            let at = parts.iter().position(is_key)?;
            let mut rest = parts.clone();
            rest.remove(at);
            Some(if rest.len() == 1 { rest.remove(0) } else { Predicate::And(rest) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(text: &str) -> Option<&str> {
        let own = Own { text, parameters: &[], key: 0, column: "id" };
        own.tail("id", "product")
    }

    #[test]
    fn what_only_finds_keys_is_read_at_once() {
        assert_eq!(tail("SELECT id FROM product"), Some(""));
        assert_eq!(tail("select ID from Product where id = :id;"), Some(" where id = :id"));
        let page = "SELECT id FROM product WHERE id > coalesce(:t, '') ORDER BY id LIMIT coalesce(:n, 100)";
        assert!(tail(page).is_some());
        assert!(tail("SELECT id FROM product WHERE price > 2 ORDER BY id LIMIT 3").is_some());
        assert!(tail("SELECT \"id\" FROM \"product\" ORDER BY price DESC, id LIMIT 3 OFFSET 2").is_some());
    }

    #[test]
    fn what_does_more_is_not() {
        for text in [
            "SELECT name FROM product",
            "SELECT id, name FROM product",
            "SELECT DISTINCT id FROM product",
            "SELECT id FROM orders",
            "SELECT id FROM product p WHERE p.id = 1",
            "SELECT id FROM product, orders",
            "SELECT id FROM product JOIN orders",
            "SELECT id FROM product WHERE product.id = :id",
            "SELECT id FROM product WHERE id IN (SELECT item FROM cart)",
            "SELECT id FROM product GROUP BY id",
            "SELECT id FROM product ORDER BY count(*)",
            "SELECT id FROM product ORDER BY 1",
            "SELECT id FROM product WHERE price > 2 ORDER BY name, (1) DESC LIMIT 5",
            "SELECT id FROM product WHERE id = :_changes",
            "SELECT id FROM product UNION SELECT id FROM old",
            "WITH x AS (SELECT 1) SELECT id FROM product",
            "SELECT 'p1' AS id",
            "INSERT INTO product (id) VALUES (:id) RETURNING id",
            "",
        ] {
            assert_eq!(tail(text), None, "{text}");
        }
    }
}
