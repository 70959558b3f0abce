#![allow(clippy::unwrap_used)]

use super::*;
use crate::case::{Expect, Function, Kind, List, Match, Measure, More, Of, Refusal, Window};
use crate::chance::Chance;
use serde_json::json;

const WHOLE: &str = r#"
# People register.
contract ../examples/tour

caller ada sub=u1 roles=admin,staff scopes=read claims={"tenant": "x y", "level": 3}

seed User
  {"id": "u1", "name": "Ada"}
  {"id": "u2",
   "name": "Ben"}

case anyone can register
  nobody: create User {"name": "Cleo",
    "email": "c@x.test"}
    = {"id": "<uuid id>", "name": "Cleo"}
  ada: list Post "odd key"
    where {"title": {"like": "A%"}}
    order ["title desc"]
    select ["id", {"author": ["name"]}]
    limit 2
    offset 1
    total 9
    hides ["secret"]
    = any order [{"id": 1}]
  ada: create User {}
    ! Invalid INVALID_INPUT email:REQUIRED password
  ada: related User.posts $id
    = nothing
  ada: page Post
    first 2
    after $end
    more no
    = []
  ada: aggregate Post
    by ["author"]
    measures {"n": "count", "top": "max createdAt"}
    = []
  ada: batch Post [{"delete": {"id": "p1"}}]
    = [null]
"#;

fn read(text: &str) -> Parsed<CaseFile> {
    case_file(Path::new("x.case"), Path::new("/cases"), text)
}

#[test]
fn a_whole_file_is_read() {
    let file = read(WHOLE).unwrap();
    assert_eq!(file.contract, Path::new("/cases/../examples/tour"));
    assert_eq!(file.seeds[0].rows[1], json!({"id": "u2", "name": "Ben"}));
    assert_eq!(file.callers[0].roles, ["admin", "staff"]);
    assert_eq!(file.callers[0].claims["tenant"], "x y");
    let steps = &file.cases[0].steps;
    assert_eq!(file.cases[0].name, "anyone can register");
    assert_eq!(steps[0].input.data, Some(json!({"name": "Cleo", "email": "c@x.test"})));
    assert_eq!(steps[0].expect, Expect::Answer(Match::Exact, json!({"id": "<uuid id>", "name": "Cleo"})));
    assert_eq!(steps[1].input.key.as_deref(), Some("odd key"));
    let list = List {
        filter: Some(json!({"title": {"like": "A%"}})),
        order: vec!["title desc".into()],
        limit: Some(2),
        offset: Some(1),
    };
    assert_eq!((&steps[1].input.list, steps[1].total), (&list, Some(9)));
    assert_eq!(steps[1].hides, ["secret"]);
    let fields = vec![("email".to_owned(), Some("REQUIRED".to_owned())), ("password".to_owned(), None)];
    let refusal = Refusal { kinds: vec![Kind::Invalid], code: Some("INVALID_INPUT".into()), fields };
    assert_eq!(steps[2].expect, Expect::Fault(refusal));
    assert_eq!(steps[3].input.key.as_deref(), Some("$id"));
}

#[test]
fn pages_aggregates_and_batches_are_read() {
    let file = read(WHOLE).unwrap();
    let [.., page, aggregate, batch] = &file.cases[0].steps[..] else { panic!("seven steps expected") };
    let window = Window { first: Some(2), after: Some("$end".into()), ..Window::default() };
    assert_eq!((&page.input.window, page.more), (&window, Some(More::No)));
    let count = Measure { shown: "n".into(), of: Of::Rows };
    let top = Measure { shown: "top".into(), of: Of::Field(Function::Max, "createdAt".into()) };
    assert_eq!((&aggregate.input.by, &aggregate.input.measures), (&vec!["author".into()], &vec![count, top]));
    assert_eq!(batch.input.data, Some(json!([{"delete": {"id": "p1"}}])));
}

/// What is wrong with a file, the line that must be named, and a part of the message.
const WRONG: &[(&str, usize, &str)] = &[
    ("", 1, "no `contract`"),
    ("contract x\nfoo", 2, "expected contract, setting, caller, seed or case"),
    ("contract x\nsetting LIMIT=1", 2, "expected `SEPTET_…=value`"),
    ("contract x\ncaller ada", 2, "needs a `sub`"),
    ("contract x\ncaller nobody sub=u1", 2, "without an identity"),
    ("contract x\ncaller ada sub=u1 role=x", 2, "expected sub, roles"),
    ("contract x\ncase a\ncase b", 2, "needs a step"),
    ("contract x\ncase a\n  bob: get User u1\n    ok", 3, "introduced the caller `bob`"),
    ("contract x\ncase a\n  nobody: get User u1", 3, "what must come of it"),
    ("contract x\ncase a\n  nobody: fetch User u1\n    ok", 3, "found `fetch`"),
    ("contract x\ncase a\n  nobody: related User u1\n    ok", 3, "`Resource.field`"),
    ("contract x\ncase a\n  nobody: get User u1\n    = {\"a\":\n", 4, "no end"),
    ("contract x\ncase a\n  nobody: get User u1\n    = {\n \"a\": 1,\n b}", 6, "not JSON"),
    ("contract x\ncase a\n  nobody: get User u1\n    ! Wrong", 4, "found `Wrong`"),
    ("contract x\ncase a\n  nobody: list User\n    limit many\n    ok", 4, "not a count"),
    ("contract x\ncase a\n  nobody: page User\n    more some\n    ok", 4, "expected yes or no"),
    (
        "contract x\ncase a\n  nobody: aggregate User\n    measures {\"a\": \"sum\"}\n    ok",
        4,
        "a function and",
    ),
    (
        "contract x\ncase a\n  nobody: aggregate User\n    measures {\"a\": \"mode x\"}\n    ok",
        4,
        "a function and",
    ),
    ("contract x\ncase a\n  nobody: get A\n    ok\ncase a\n  nobody: get A\n    ok", 5, "already"),
];

#[test]
fn mistakes_are_found_on_their_line() {
    for (text, line, part) in WRONG {
        let error = read(text).expect_err(text);
        assert!(error.line == *line && error.message.contains(part), "{text}\n{error:?}");
    }
}

#[test]
fn no_bytes_break_the_reader() {
    let mut chance = Chance::new(5);
    for _ in 0..20_000 {
        let mut bytes = WHOLE.as_bytes().to_vec();
        for _ in 0..=chance.below(8) {
            let at = chance.below(bytes.len());
            match chance.below(3) {
                0 => bytes[at] = chance.next() as u8,
                1 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, *chance.pick(b"{}[]\":#\n =~!$")),
            }
        }
        fuzz_case(&bytes);
    }
}
