//! Functions and macros.

use super::super::compile::LISTS_NESTED_MAX;
use super::super::kind::Kind;
use super::super::names::{FIXED, Local, Meaning, Row, Variable};
use super::super::syntax::{Form, Node, Place, Word};
use super::super::{Arithmetic, Expr, Function, Pattern, Quantifier, Value};
use super::{Checker, Typed};
use crate::diagnostic::closest;
use crate::model::{FieldId, ResourceId};

/// Bytes of a compiled regular expression at the most.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// What is called with a dot.
const METHODS: [&str; 10] = [
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "size",
    "lowerAscii",
    "upperAscii",
    "exists",
    "all",
    "exists_one",
];
/// What is called without one.
const FUNCTIONS: [&str; 8] = ["size", "has", "matches", "timestamp", "duration", "int", "double", "string"];

/// Functions of CEL that the rule language leaves out, and why.
const LEFT_OUT: [(&str, &str); 9] = [
    ("map", "a rule asks about rows with `exists`, `all` and `exists_one`"),
    ("filter", "a rule asks about rows with `exists`, `all` and `exists_one`"),
    ("uint", "integers are signed: `int(…)`"),
    ("bool", "write `== 'true'`"),
    ("bytes", "bytes are not part of the rule language"),
    ("type", "types are checked when the contract is loaded"),
    ("dyn", "types are checked when the contract is loaded"),
    ("getFullYear", "compare timestamps: `created >= timestamp(\"2026-01-01T00:00:00Z\")`"),
    ("getHours", "compare timestamps, or keep a `Time`"),
];

impl<'c> Checker<'c> {
    pub(super) fn call(&mut self, word: Word<'c>, arguments: &[Node<'c>], place: Place) -> Typed {
        let conversion = match word.text {
            "has" | "size" => None,
            "matches" => return self.global_matches(word, arguments, place),
            "timestamp" => Some((Function::Timestamp, Kind::Timestamp)),
            "duration" => Some((Function::Duration, Kind::Duration)),
            "int" => Some((Function::Int, Kind::Int)),
            "double" => Some((Function::Double, Kind::Float)),
            "string" => Some((Function::String, Kind::Text)),
            _ => return self.unknown(word, arguments, &FUNCTIONS),
        };
        let [argument] = arguments else { return self.count(word, arguments, 1) };
        match conversion {
            Some((function, kind)) => self.conversion(function, kind, word, argument, place),
            None if word.text == "has" => Typed::new(self.has(argument), Kind::Bool, place),
            None => self.size(argument, place),
        }
    }

    pub(super) fn method(
        &mut self,
        of: &Node<'c>,
        word: Word<'c>,
        arguments: &[Node<'c>],
        place: Place,
    ) -> Typed {
        let function = match word.text {
            "exists" => return self.quantified(Quantifier::Exists, of, word, arguments, place),
            "all" => return self.quantified(Quantifier::All, of, word, arguments, place),
            "exists_one" => return self.quantified(Quantifier::ExistsOne, of, word, arguments, place),
            "size" if arguments.is_empty() => return self.size(of, place),
            "matches" if arguments.len() == 1 => return self.matches(of, &arguments[0], place),
            "lowerAscii" | "upperAscii" if arguments.is_empty() => {
                let text = self.text_operand(word, of);
                let lower = word.text == "lowerAscii";
                let function = if lower { Function::LowerAscii } else { Function::UpperAscii };
                return self.constant(Typed { place, ..on_text(function, vec![text], Kind::Text) });
            }
            "size" | "lowerAscii" | "upperAscii" => return self.count(word, arguments, 0),
            "matches" => return self.count(word, arguments, 1),
            "startsWith" => Function::StartsWith,
            "endsWith" => Function::EndsWith,
            "contains" => Function::Contains,
            _ => return self.unknown(word, arguments, &METHODS),
        };
        let [argument] = arguments else { return self.count(word, arguments, 1) };
        let operands = vec![self.text_operand(word, of), self.text_operand(word, argument)];
        self.constant(Typed { place, ..on_text(function, operands, Kind::Bool) })
    }

    fn unknown(&mut self, word: Word<'c>, arguments: &[Node<'c>], known: &[&'static str]) -> Typed {
        let left_out = LEFT_OUT.iter().find(|(name, _)| *name == word.text);
        // The arguments of what may be meant to be a macro have names of its own in them.
        if left_out.is_none() && arguments.len() < 2 {
            arguments.iter().for_each(|argument| drop(self.meaning(argument)));
        }
        let help = match (left_out, METHODS.contains(&word.text), FUNCTIONS.contains(&word.text)) {
            (Some((_, why)), ..) => Some((*why).to_owned()),
            (None, true, _) => Some(format!("write `value.{}(…)`", word.text)),
            (None, _, true) => Some(format!("write `{}(value)`", word.text)),
            (None, false, false) => {
                closest(word.text, known.iter().copied()).map(|name| format!("did you mean `{name}`?"))
            }
        };
        self.fail(word.place, format!("there is no function `{}` here", word.text), help.as_deref())
    }

    fn count(&mut self, word: Word<'c>, arguments: &[Node<'c>], wanted: usize) -> Typed {
        let plural = if wanted == 1 { "" } else { "s" };
        let message = format!("`{}` takes {wanted} argument{plural}, found {}", word.text, arguments.len());
        self.fail(word.place, message, None)
    }

    fn text_operand(&mut self, word: Word<'c>, node: &Node<'c>) -> Typed {
        let found = self.check(node);
        match &found.kind {
            Kind::Text | Kind::Dynamic | Kind::Bad => found,
            kind => {
                let help = matches!(kind, Kind::Key(_)).then_some("keys are only compared");
                let message =
                    format!("`{}` is defined for text, found {}", word.text, kind.describe(self.scope));
                self.fail(node.place, message, help)
            }
        }
    }

    fn global_matches(&mut self, word: Word<'c>, arguments: &[Node<'c>], place: Place) -> Typed {
        match arguments {
            [of, pattern] => self.matches(of, pattern, place),
            _ => self.count(word, arguments, 2),
        }
    }

    fn matches(&mut self, of: &Node<'c>, pattern: &Node<'c>, place: Place) -> Typed {
        let of = self.text_operand(Word { text: "matches", place }, of);
        let text = match &pattern.form {
            Form::Text(text) => text,
            Form::Bad => return Typed::bad(place),
            _ => {
                return self.fail(
                    pattern.place,
                    "the pattern is written out as text",
                    Some("it is compiled at load"),
                );
            }
        };
        match regex::RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build() {
            Ok(regex) if of.kind != Kind::Bad => {
                let pattern = Expr::Pattern(Pattern(regex));
                let typed =
                    Typed::new(Expr::Call(Function::Matches, vec![of.expr, pattern]), Kind::Bool, place);
                self.constant(typed)
            }
            Ok(_) => Typed::bad(place),
            Err(error) => {
                let error = error.to_string();
                let why = error.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
                self.fail(pattern.place, format!("the pattern cannot be compiled: {why}"), None)
            }
        }
    }

    fn size(&mut self, node: &Node<'c>, place: Place) -> Typed {
        let meaning = self.meaning(node);
        if let Meaning::Rows(row, field, _) = &meaning {
            return Typed::new(Expr::Count(self.path(row, *field)), Kind::Int, place);
        }
        let of = self.value(meaning, node.place);
        match &of.kind {
            Kind::Bad => of,
            Kind::List(_) if of.is_written_list() => self.written_list(node.place),
            Kind::Text | Kind::List(_) | Kind::Dynamic => {
                self.constant(Typed::new(Expr::Call(Function::Size, vec![of.expr]), Kind::Int, place))
            }
            kind => {
                let message = format!(
                    "`size` is defined for text, lists and rows, found {}",
                    kind.describe(self.scope)
                );
                self.fail(node.place, message, None)
            }
        }
    }

    fn conversion(
        &mut self,
        function: Function,
        to: Kind,
        word: Word<'c>,
        node: &Node<'c>,
        place: Place,
    ) -> Typed {
        let of = self.check(node);
        if of.kind == to || of.kind == Kind::Bad {
            return Typed { place, ..of };
        }
        let name = word.text;
        if !convertible(function, &of.kind) {
            let message = format!("`{name}` cannot be made of {}", of.kind.describe(self.scope));
            return self.fail(node.place, message, None);
        }
        if of.on_record() {
            let help = "compare the field as it is";
            return self.fail(
                place,
                format!("`{name}` converts values of the call, not of the record"),
                Some(help),
            );
        }
        let typed = self.constant(Typed::new(Expr::Call(function, vec![of.expr]), to, node.place));
        Typed { place, ..typed }
    }

    fn quantified(
        &mut self,
        quantifier: Quantifier,
        of: &Node<'c>,
        word: Word<'c>,
        arguments: &[Node<'c>],
        place: Place,
    ) -> Typed {
        let over = self.meaning(of);
        let (name, body) = match arguments {
            [Node { form: Form::Name(name), .. }, body] if !FIXED.contains(name) => (*name, body),
            [Node { form: Form::Bad, .. }, ..] => return Typed::bad(place),
            [variable, _] => {
                return self.fail(
                    variable.place,
                    "expected a name for what is looked at, for example `x`",
                    None,
                );
            }
            _ => {
                let help = format!("write `.{}(x, condition on x)`", word.text);
                return self.fail(
                    word.place,
                    format!("`{}` takes a name and a condition", word.text),
                    Some(&help),
                );
            }
        };
        if let Meaning::Rows(row, field, target) = over {
            return self.over_rows(quantifier, (&row, field, target), name, body, place);
        }
        let list = self.value(over, of.place);
        let item = match &list.kind {
            Kind::List(kind) => (**kind).clone(),
            Kind::Dynamic => Kind::Dynamic,
            Kind::Bad => Kind::Bad,
            kind => {
                let message =
                    format!("`{}` needs rows or a list, found {}", word.text, kind.describe(self.scope));
                return self.fail(of.place, message, None);
            }
        };
        if list.on_record() {
            let message = format!(
                "`{}` looks at rows and at lists of the call, not at a list of the record",
                word.text
            );
            return self.fail(of.place, message, Some("write `value in list`"));
        }
        self.over_list(quantifier, list.expr, (name, item), body, place)
    }

    fn over_rows(
        &mut self,
        quantifier: Quantifier,
        rows: (&Row, FieldId, ResourceId),
        name: &'c str,
        body: &Node<'c>,
        place: Place,
    ) -> Typed {
        let (row, field, target) = rows;
        let over = self.path(row, field);
        self.rows += 1;
        self.locals.push(Local { name, meaning: Variable::Row(Row::in_scope(self.rows, target)) });
        let body = Box::new(self.condition(body));
        self.locals.pop();
        self.rows -= 1;
        Typed::new(Expr::Quantified { quantifier, over, target, body }, Kind::Bool, place)
    }

    fn over_list(
        &mut self,
        quantifier: Quantifier,
        list: Expr,
        item: (&'c str, Kind),
        body: &Node<'c>,
        place: Place,
    ) -> Typed {
        if self.items >= LISTS_NESTED_MAX {
            let message =
                format!("macros over lists of the call stand at most {LISTS_NESTED_MAX} deep in one another");
            return self.fail(place, message, None);
        }
        let (name, kind) = item;
        self.items += 1;
        self.locals.push(Local { name, meaning: Variable::Item(self.items, kind) });
        let body = Box::new(self.condition(body));
        self.locals.pop();
        self.items -= 1;
        if quantifier == Quantifier::ExistsOne && body.depends_on_record() {
            let message = "`exists_one` over a list of the call cannot have a condition on the record";
            return self.fail(place, message, Some("write `exists`"));
        }
        Typed::new(Expr::Each { quantifier, list: Box::new(list), body }, Kind::Bool, place)
    }
}

fn on_text(function: Function, operands: Vec<Typed>, kind: Kind) -> Typed {
    let bad = operands.iter().any(|operand| operand.kind == Kind::Bad);
    let place = operands[0].place;
    let exprs = operands.into_iter().map(|operand| operand.expr).collect();
    if bad { Typed::bad(place) } else { Typed::new(Expr::Call(function, exprs), kind, place) }
}

/// Whether values of a type can be converted by a function, other than by not changing them.
fn convertible(function: Function, of: &Kind) -> bool {
    match function {
        Function::Timestamp => matches!(of, Kind::Text | Kind::Int | Kind::Dynamic),
        Function::Duration => matches!(of, Kind::Text | Kind::Dynamic),
        Function::Int => matches!(of, Kind::Float | Kind::Text | Kind::Dynamic),
        Function::Double => matches!(of, Kind::Int | Kind::Decimal(_) | Kind::Text | Kind::Dynamic),
        Function::String => !matches!(of, Kind::Null | Kind::Json | Kind::Bytes | Kind::List(_)),
        Function::StartsWith
        | Function::EndsWith
        | Function::Contains
        | Function::Matches
        | Function::Size => false,
        Function::LowerAscii | Function::UpperAscii | Function::Concat => false,
    }
}

/// What is wrong with constants that always make an error, and what to write instead.
pub(super) fn always_wrong(expr: &Expr) -> (&'static str, Option<&'static str>) {
    match expr {
        Expr::Call(Function::Timestamp, _) => {
            let help = "write it as `2026-11-22T18:32:34Z`, with at most six digits after the second";
            ("this is not a timestamp of RFC 3339", Some(help))
        }
        Expr::Call(Function::Duration, _) => {
            ("this is not a duration", Some("write it as `1h30m`, `45s` or `100ms`"))
        }
        Expr::Call(Function::Int, _) => ("this is not an integer of 64 bits", None),
        Expr::Call(Function::Double, _) => ("this is not a number", None),
        Expr::Arithmetic(Arithmetic::Divide | Arithmetic::Remainder, _, zero)
            if **zero == Expr::Value(Value::Int(0)) =>
        {
            ("this divides by zero", None)
        }
        Expr::Arithmetic(..) => ("the result does not fit its type", None),
        Expr::Held(..) => ("the value does not fit the field's type", None),
        _ => ("this is always an error", None),
    }
}
