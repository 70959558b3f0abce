//! Whether the columns of the answering statement make the operation's result.

use contract::{Base, Contract, Diagnostic, Operation, Scalar, SqlStatement, code};

/// Compares the result type with the answering statement and its columns.
pub(super) fn check(
    contract: &Contract,
    operation: &Operation,
    answering: Option<(&SqlStatement, &[String])>,
) -> Vec<Diagnostic> {
    let Some((statement, columns)) = answering else { return no_answer(operation).into_iter().collect() };
    let missing = |name: &str, of: &str| {
        let message = format!("the result has no column `{name}`, which {of} needs");
        let found = Diagnostic::error(code::MISSING_RESULT_COLUMN, statement.places.span, message);
        found.suggest(name, columns.iter().map(String::as_str))
    };
    let has = |name: &str| columns.iter().any(|c| c.eq_ignore_ascii_case(name));
    match operation.result.base {
        Base::Scalar(_) | Base::Enum(_) => too_many(operation, statement, columns).into_iter().collect(),
        Base::Object(id) => {
            let object = &contract.objects[id.index()];
            let fields = object.fields.iter().filter(|f| !has(&f.name));
            fields.map(|f| missing(&f.name, &format!("`{}.{}`", object.name, f.name))).collect()
        }
        Base::Resource(id) => {
            let resource = contract.resource(id);
            let key = &resource.fields[resource.key.index()].name;
            if has(key) { Vec::new() } else { vec![missing(key, &format!("reading {}", resource.name))] }
        }
        Base::Abstract(_) | Base::Input(_) => {
            let message = "SQL cannot answer with a union or an interface: answer with one of its types";
            vec![Diagnostic::error(code::INVALID_RESULT, operation.span, message)]
        }
    }
}

/// That it was done is answer enough for what may be null and for a boolean.
fn no_answer(operation: &Operation) -> Option<Diagnostic> {
    let is_done_enough = !operation.result.required || operation.result.base == Base::Scalar(Scalar::Boolean);
    let message = format!("no statement returns rows to answer `{}` with", operation.name);
    (!is_done_enough).then(|| {
        Diagnostic::error(code::NO_RESULT, operation.span, message)
            .with_help("end with a SELECT, or use RETURNING")
    })
}

fn too_many(operation: &Operation, statement: &SqlStatement, columns: &[String]) -> Option<Diagnostic> {
    let message =
        format!("only the first of {} columns is the result of `{}`", columns.len(), operation.name);
    (columns.len() > 1).then(|| Diagnostic::warning(code::UNUSED_COLUMNS, statement.places.span, message))
}
