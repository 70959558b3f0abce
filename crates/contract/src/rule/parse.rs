//! Tokens to a syntax tree: recursive descent over the grammar of the CEL specification.

use super::compile::{DEPTH_MAX, Errors, NODES_MAX};
use super::lex::{RESERVED, Token, finite, lex};
use super::syntax::{Form, Node, Operator, Place, Word};
use super::{Arithmetic, Compare};

const COMPARISONS: [(&str, Operator); 7] = [
    ("==", Operator::Compare(Compare::Equal)),
    ("!=", Operator::Compare(Compare::NotEqual)),
    ("<", Operator::Compare(Compare::Less)),
    ("<=", Operator::Compare(Compare::LessOrEqual)),
    (">", Operator::Compare(Compare::Greater)),
    (">=", Operator::Compare(Compare::GreaterOrEqual)),
    ("in", Operator::In),
];
const SUMS: [(&str, Operator); 2] =
    [("+", Operator::Arithmetic(Arithmetic::Add)), ("-", Operator::Arithmetic(Arithmetic::Subtract))];
const PRODUCTS: [(&str, Operator); 3] = [
    ("*", Operator::Arithmetic(Arithmetic::Multiply)),
    ("/", Operator::Arithmetic(Arithmetic::Divide)),
    ("%", Operator::Arithmetic(Arithmetic::Remainder)),
];

/// The syntax tree of `source`. What cannot be read is reported and is [`Form::Bad`] in the tree.
pub(super) fn parse<'s>(source: &'s str, errors: &mut Errors) -> Node<'s> {
    let tokens = lex(source, errors);
    let mut parser = Parser { tokens, at: 0, nesting: 0, nodes: 0, errors };
    let node = parser.expression();
    if *parser.peek() == Token::End {
        return node;
    }
    parser.unexpected("an operator or the end of the rule");
    parser.node(node.place, Form::Unfinished(Box::new(node)))
}

struct Parser<'s, 'e> {
    tokens: Vec<(Token<'s>, Place)>,
    at: usize,
    /// Calls of [`Self::expression`] and unary operators that are not finished.
    nesting: usize,
    nodes: usize,
    errors: &'e mut Errors,
}

impl<'s> Parser<'s, '_> {
    fn peek(&self) -> &Token<'s> {
        &self.tokens[self.at].0
    }

    fn place(&self) -> Place {
        self.tokens[self.at].1
    }

    /// Steps over the current token, but never over the end.
    fn advance(&mut self) -> Place {
        let place = self.place();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        place
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(s) if *s == symbol);
        if found {
            self.advance();
        }
        found
    }

    fn node(&mut self, place: Place, form: Form<'s>) -> Node<'s> {
        let depth = 1 + form.children().iter().map(|child| child.depth).max().unwrap_or(0);
        self.nodes += 1;
        if depth > DEPTH_MAX {
            return self.give_up(place, format!("the rule is nested more than {DEPTH_MAX} levels deep"));
        }
        if self.nodes > NODES_MAX {
            return self.give_up(place, format!("the rule has more than {NODES_MAX} parts"));
        }
        Node { form, place, depth }
    }

    /// Reports a bound and moves to the end, so that everything under way finishes.
    fn give_up(&mut self, place: Place, message: String) -> Node<'s> {
        if self.at + 1 < self.tokens.len() || !self.errors.gave_up {
            self.errors.add(place, message).help("split it: give a part of it a name as a computed field");
        }
        self.errors.gave_up = true;
        self.at = self.tokens.len() - 1;
        Node { form: Form::Bad, place, depth: 1 }
    }

    fn bad(&self, place: Place) -> Node<'s> {
        Node { form: Form::Bad, place, depth: 1 }
    }

    /// Reports the current token and skips to where an operand may end.
    fn unexpected(&mut self, expected: &str) -> Node<'s> {
        let place = self.place();
        if !self.errors.gave_up && *self.peek() != Token::Bad {
            let found = describe(self.peek());
            self.errors.add(place, format!("unexpected {found}, expected {expected}"));
        }
        self.skip();
        self.bad(place)
    }

    /// Skips to the next token that can follow an operand, brackets included with what is in them.
    fn skip(&mut self) {
        let mut open = 0usize;
        loop {
            match self.peek() {
                Token::End => return,
                Token::Symbol("(" | "[" | "{") => open += 1,
                Token::Symbol(")" | "]" | "," | "&&" | "||" | "?" | ":") if open == 0 => return,
                Token::Symbol("}") if open == 0 => {}
                Token::Symbol(")" | "]" | "}") => open -= 1,
                Token::Symbol(_) | Token::Name(_) | Token::Int(_) | Token::Double(_) | Token::Text(_) => {}
                Token::True | Token::False | Token::Null | Token::Bad => {}
            }
            self.advance();
        }
    }

    fn close(&mut self, symbol: &'static str) -> Place {
        let place = self.place();
        if !self.eat(symbol) {
            self.unexpected(&format!("`{symbol}`"));
            self.eat(symbol);
        }
        place
    }

    /// `a`, or `condition ? a : b`.
    fn expression(&mut self) -> Node<'s> {
        self.nested(|parser| {
            let condition = parser.any();
            if !parser.eat("?") {
                return condition;
            }
            let yes = parser.any();
            if !parser.eat(":") {
                return parser.unexpected("`:` and what holds otherwise");
            }
            let no = parser.expression();
            parser.node(condition.place.to(no.place), Form::If(Box::new([condition, yes, no])))
        })
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Node<'s>) -> Node<'s> {
        if self.nesting >= DEPTH_MAX {
            let place = self.place();
            return self.give_up(place, format!("the rule is nested more than {DEPTH_MAX} levels deep"));
        }
        self.nesting += 1;
        let node = read(self);
        self.nesting -= 1;
        node
    }

    fn any(&mut self) -> Node<'s> {
        self.junction("||", "or", Self::all, Form::Or)
    }

    fn all(&mut self) -> Node<'s> {
        self.junction("&&", "and", Self::comparison, Form::And)
    }

    fn junction(
        &mut self,
        symbol: &'static str,
        word: &str,
        operand: fn(&mut Self) -> Node<'s>,
        form: fn(Vec<Node<'s>>) -> Form<'s>,
    ) -> Node<'s> {
        let first = operand(self);
        let mut items = vec![first];
        while self.eat(symbol) || self.eat_word(word, symbol) {
            items.push(operand(self));
        }
        match items.as_slice() {
            [first, .., last] => {
                let place = first.place.to(last.place);
                self.node(place, form(items))
            }
            _ => items.swap_remove(0),
        }
    }

    /// Reads `and` and `or` as what they are meant to be, and says so.
    fn eat_word(&mut self, word: &str, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Name(name) if name.eq_ignore_ascii_case(word));
        if found {
            let place = self.advance();
            self.errors.add(place, format!("`{word}` is not an operator")).help(format!("write `{symbol}`"));
        }
        found
    }

    fn comparison(&mut self) -> Node<'s> {
        self.chain(&COMPARISONS, Self::sum)
    }

    fn sum(&mut self) -> Node<'s> {
        self.chain(&SUMS, Self::product)
    }

    fn product(&mut self) -> Node<'s> {
        self.chain(&PRODUCTS, Self::unary)
    }

    fn chain(&mut self, operators: &[(&str, Operator)], operand: fn(&mut Self) -> Node<'s>) -> Node<'s> {
        let mut left = operand(self);
        loop {
            let symbol = match self.peek() {
                Token::Symbol(symbol) => *symbol,
                _ => return left,
            };
            let Some((_, operator)) = operators.iter().find(|(s, _)| *s == symbol) else { return left };
            self.advance();
            let right = operand(self);
            let place = left.place.to(right.place);
            left = self.node(place, Form::Binary(*operator, Box::new(left), Box::new(right)));
        }
    }

    fn unary(&mut self) -> Node<'s> {
        let start = self.place();
        if self.eat("!") {
            let of = self.nested(Self::unary);
            return self.node(start.to(of.place), Form::Not(Box::new(of)));
        }
        if !self.eat("-") {
            return self.member();
        }
        let number = start.to(self.place());
        match self.peek().clone() {
            Token::Int(digits) => {
                self.advance();
                let literal = self.int(number, -i128::from(digits));
                self.parts(literal)
            }
            Token::Double(digits) => {
                self.advance();
                let literal = self.double(number, format!("-{digits}"));
                self.parts(literal)
            }
            _ => {
                let of = self.nested(Self::unary);
                self.node(start.to(of.place), Form::Negate(Box::new(of)))
            }
        }
    }

    fn int(&mut self, place: Place, value: i128) -> Node<'s> {
        match i64::try_from(value) {
            Ok(value) => self.node(place, Form::Int(value)),
            Err(_) => {
                self.errors.add(place, "the number is too large").help("integers have 64 bits");
                self.bad(place)
            }
        }
    }

    fn double(&mut self, place: Place, text: String) -> Node<'s> {
        let value = finite(&text).unwrap_or(0.0);
        self.node(place, Form::Double(value, text))
    }

    fn member(&mut self) -> Node<'s> {
        let operand = self.operand();
        self.parts(operand)
    }

    /// What follows an operand: `.b`, `.f(…)`, `[…]`.
    fn parts(&mut self, mut of: Node<'s>) -> Node<'s> {
        loop {
            if self.eat(".") {
                of = self.selected(of);
            } else if self.eat("[") {
                let index = self.expression();
                let end = self.close("]");
                of = self.node(of.place.to(end), Form::Index(Box::new(of), Box::new(index)));
            } else if *self.peek() == Token::Symbol("{") {
                let place = self.place();
                self.errors.add(place, "messages and maps cannot be made in a rule");
                self.skip();
                return self.bad(place);
            } else {
                return of;
            }
        }
    }

    fn selected(&mut self, of: Node<'s>) -> Node<'s> {
        let Token::Name(text) = *self.peek() else {
            return self.unexpected("a name after the dot");
        };
        let word = Word { text, place: self.advance() };
        if !self.eat("(") {
            return self.node(of.place.to(word.place), Form::Select(Box::new(of), word));
        }
        let (arguments, end) = self.list(")");
        self.node(of.place.to(end), Form::Method(Box::new(of), word, arguments))
    }

    /// Expressions up to the closing bracket, and its place. A comma may stand before it.
    fn list(&mut self, close: &'static str) -> (Vec<Node<'s>>, Place) {
        let mut items = Vec::new();
        while !matches!(self.peek(), Token::Symbol(s) if *s == close) {
            items.push(self.expression());
            if !self.eat(",") {
                break;
            }
        }
        let end = self.close(close);
        (items, end)
    }

    fn operand(&mut self) -> Node<'s> {
        let place = self.place();
        let form = match self.peek().clone() {
            Token::Name(name) => return self.name(name),
            Token::Symbol("(") => {
                self.advance();
                let mut inner = self.expression();
                inner.place = place.to(self.close(")"));
                return inner;
            }
            Token::Symbol("[") => {
                self.advance();
                let (items, end) = self.list("]");
                return self.node(place.to(end), Form::List(items));
            }
            Token::Int(digits) => {
                self.advance();
                return self.int(place, i128::from(digits));
            }
            Token::Double(digits) => {
                self.advance();
                return self.double(place, digits.to_owned());
            }
            Token::Text(text) => Form::Text(text),
            Token::True => Form::Bool(true),
            Token::False => Form::Bool(false),
            Token::Null => Form::Null,
            Token::Bad => {
                self.advance();
                return self.bad(place);
            }
            Token::Symbol("{") => {
                self.errors.add(place, "maps are not part of the rule language");
                self.skip();
                return self.bad(place);
            }
            Token::Symbol(_) | Token::End => return self.unexpected("a value"),
        };
        self.advance();
        self.node(place, form)
    }

    fn name(&mut self, text: &'s str) -> Node<'s> {
        let word = Word { text, place: self.advance() };
        if RESERVED.contains(&text) {
            self.errors
                .add(word.place, format!("`{text}` is a reserved word"))
                .help(format!("write `this.{text}` or `args.{text}` for a field or argument of this name"));
        }
        if !self.eat("(") {
            return self.node(word.place, Form::Name(text));
        }
        let (arguments, end) = self.list(")");
        self.node(word.place.to(end), Form::Call(word, arguments))
    }
}

/// A token in the words of an error.
fn describe(token: &Token<'_>) -> String {
    match token {
        Token::Name(name) => format!("`{name}`"),
        Token::Int(digits) => format!("`{digits}`"),
        Token::Double(digits) => format!("`{digits}`"),
        Token::Text(_) => "text".to_owned(),
        Token::True => "`true`".to_owned(),
        Token::False => "`false`".to_owned(),
        Token::Null => "`null`".to_owned(),
        Token::Symbol(symbol) => format!("`{symbol}`"),
        Token::Bad => "something unreadable".to_owned(),
        Token::End => "end of the rule".to_owned(),
    }
}
