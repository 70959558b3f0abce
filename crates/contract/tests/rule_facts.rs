//! What of a call a rule sees.
#![allow(clippy::unwrap_used)]

use contract::rule::sample::sample;
use contract::rule::{Facts, Scope, Value, compile};
use contract::{Expr, Reduced};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn facts<'a>(claims: &'a Value, arguments: &'a [Value], message: Option<&'a [Value]>) -> Facts<'a> {
    let now = "2026-11-22T18:32:34.000000Z";
    Facts { caller_id: None, roles: &[], scopes: &[], claims, now, arguments, message }
}

#[test]
fn a_message_is_judged_only_when_there_is_one() {
    let sample = sample();
    let scope = Scope { record: None, message: &sample.message, arguments: &[], ..sample.scope() };
    let rule = compile("caller.id == null && size(text) < 4", &scope).unwrap();
    let claims = Value::Null;
    let reduce = |message: Option<&[Value]>| rule.reduce(&facts(&claims, &[], message));
    assert_eq!(reduce(None), Reduced::Never);
    assert_eq!(reduce(Some(&[text("u"), text("abc")])), Reduced::Always);
    assert_eq!(reduce(Some(&[text("u"), text("abcd")])), Reduced::Never);
}

#[test]
fn arguments_are_null_where_nothing_is_and_claims_an_error() {
    let sample = sample();
    let scope = Scope { record: None, ..sample.scope() };
    let address = Value::Map(vec![("city".to_owned(), text("Bern")), ("zip".to_owned(), Value::Int(3000))]);
    let lines: Vec<Value> = (0..2000).map(|_| Value::Null).collect();
    let amount = Value::Decimal { units: 1050, scale: 2 };
    let few = Value::List(vec![text("u1"), Value::Null]);
    let arguments = [amount, Value::Null, text("u1"), few, address, Value::List(lines), Value::Null];
    let claims =
        Value::Map(vec![("limit".to_owned(), Value::Float(10.5)), ("nothing".to_owned(), Value::Null)]);
    let cases = [
        ("args.address.city == 'Bern'", true),
        ("args.address.street == null && args.address.street.name == null", true),
        ("args.address.city.name == null", false),
        ("has(args.address.city) && !has(args.address.street)", true),
        ("args.address.zip > 2999.5", true),
        ("args.address.zip == '3000' || true", true),
        ("args.address.zip == '3000' || args.address.zip != '3000'", false),
        ("args.title == null && !(args.title > 'a') ", false),
        ("userId in ids && !('u2' in ids)", true),
        ("amount == caller.claims.limit", true),
        ("amount <= 10.5 && amount * 2 == 21 && amount > count", false),
        ("double(amount) == 10.5 && string(amount) == '10.50'", true),
        ("caller.claims.nothing == null && has(caller.claims.nothing)", true),
        ("caller.claims.missing == null", false),
        ("!has(caller.claims.missing) && !has(caller.claims.limit.of)", true),
        ("caller.claims.limit == 'ten' || caller.claims.limit != 'ten'", false),
        ("'limit' in caller.claims && !('missing' in caller.claims)", true),
        ("ids.exists_one(i, i == null) && ids.exists(i, i == 'u1')", true),
        // More items than a macro looks at.
        ("lines.all(l, l == null)", false),
        ("!lines.all(l, l == null)", false),
        ("size(lines) == 2000", true),
        ("now + duration('1h') > now && now - timestamp('2026-11-22T18:32:33Z') == duration('1s')", true),
        ("timestamp(0) == timestamp('1970-01-01T00:00:00Z') && int('12') == 12 && int(2.9) == 2", true),
    ];
    for (source, wanted) in cases {
        let rule = compile(source, &scope).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
        let found = rule.reduce(&facts(&claims, &arguments, None));
        assert_eq!(found, if wanted { Reduced::Always } else { Reduced::Never }, "{source}");
    }
}

#[test]
fn what_a_rule_depends_on() {
    let sample = sample();
    let cases = [
        ("true", false, false),
        ("caller.id != null && now > timestamp(0)", false, true),
        ("has(caller.claims.x)", false, true),
        ("amount > 1", false, false),
        ("published", true, false),
        ("comments.exists(c, c.author == caller.id)", true, true),
        ("size(comments) > 3", true, false),
        ("ids.exists(i, i == author)", true, false),
    ];
    for (source, record, caller) in cases {
        let rule = compile(source, &sample.scope()).unwrap();
        assert_eq!((rule.depends_on_record(), rule.depends_on_caller()), (record, caller), "{source}");
    }
}

#[test]
fn a_value_is_folded() {
    let sample = sample();
    let rule = compile("published && caller.id == author", &sample.scope()).unwrap();
    let claims = Value::Null;
    let folded = rule.fold(&facts(&claims, &[], None));
    assert_eq!(folded.named(&sample.resources).to_string(), "false");
    assert_eq!(Expr::Now.fold(&facts(&claims, &[], None)).to_string(), "\"2026-11-22T18:32:34.000000Z\"");
}
