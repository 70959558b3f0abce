//! Updates of a contract's own count the version up themselves, as those of the store's do: otherwise the table's
//! trigger would, by a second update of each row.

use super::lexer::{Kind, Word, words};
use crate::sql::VERSION;
use contract::Contract;
use std::borrow::Cow;

/// The statement with the version counted up in it, where it is a plain `UPDATE table SET` of a resource's table. Any
/// other is left to the trigger.
pub(super) fn counted<'t>(contract: &Contract, text: &'t str) -> Cow<'t, str> {
    let words = words(text);
    let is = |word: &Word<'_>, name: &str| word.kind == Kind::Name && word.name.eq_ignore_ascii_case(name);
    let [update, table, set, rest @ ..] = words.as_slice() else { return Cow::Borrowed(text) };
    let is_of_ours = contract.resources.iter().any(|resource| is(table, &resource.table));
    let sets_it = rest.iter().any(|word| is(word, VERSION));
    if !is(update, "update") || !is_of_ours || !is(set, "set") || sets_it {
        return Cow::Borrowed(text);
    }
    let (before, after) = text.split_at(set.end);
    Cow::Owned(format!("{before} \"{VERSION}\" = \"{VERSION}\" + 1,{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_updates_count_the_version() {
        let text = "extend schema @contract(name: \"t\", version: \"1.0.0\")\n\
            type Product @resource @access(read: \"true\") { id: ID! stock: Int! }";
        let mut sources = contract::Sources::default();
        sources.add("t.graphql", text);
        let none = |_: &str| Err("there are no other files".to_owned());
        let contract = contract::compile(sources, &none).expect("a contract").contract;
        let counted = |text| counted(&contract, text).into_owned();
        assert_eq!(
            counted("UPDATE product SET stock = stock + :n WHERE id = :id"),
            "UPDATE product SET \"_version\" = \"_version\" + 1, stock = stock + :n WHERE id = :id"
        );
        for left in [
            "UPDATE product AS p SET stock = 1",
            "UPDATE OR IGNORE product SET stock = 1",
            "UPDATE product SET stock = 1, _version = 7",
            "UPDATE other SET stock = 1",
            "DELETE FROM product",
            "SELECT 1",
        ] {
            assert_eq!(counted(left), left);
        }
    }
}
