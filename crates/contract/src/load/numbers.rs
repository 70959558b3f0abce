//! Numbers from the lock file, and new ones for what it does not have.

mod parse;

use crate::code;
use crate::diagnostic::{Diagnostic, FileId, Span};
use crate::load::report::Report;
use crate::model::{Argument, Contract, EnumValue, Field};
use crate::numbers::{Member, NUMBERS_FILE, Numbered, Numbers, Owner, Standing};
pub(crate) use parse::{Locked, parse};
use parse::{LockedMember, LockedOwner};
use std::collections::BTreeMap;

/// Gives everything in the contract its number: the one that the lock file has, else the next above all that it ever
/// had. Without a lock file, numbers are by order. Answers where the contract and the file differ.
pub(crate) fn apply(contract: &mut Contract, locked: Option<Locked>, report: &mut Report) -> Vec<Diagnostic> {
    let mut ledger = Ledger { locked, numbers: Numbers::default(), drift: Report::default(), report };
    for resource in &mut contract.resources {
        let members = resource.fields.iter_mut().map(of_field).collect();
        ledger.number(Numbered::Type, &resource.name, resource.span, members);
    }
    for object in &mut contract.objects {
        let members = object.fields.iter_mut().map(of_field).collect();
        ledger.number(Numbered::Type, &object.name, object.span, members);
    }
    for input in &mut contract.inputs {
        let members = input.fields.iter_mut().map(of_argument).collect();
        ledger.number(Numbered::Type, &input.name, input.span, members);
    }
    for values in &mut contract.enums {
        let members = values.values.iter_mut().map(of_value).collect();
        ledger.number(Numbered::Enum, &values.name, values.span, members);
    }
    for operation in &mut contract.operations {
        let members = operation.arguments.iter_mut().map(of_argument).collect();
        ledger.number(Numbered::Operation, &operation.name, operation.span, members);
    }
    let (numbers, drift) = ledger.finish();
    // A channel's message is an object too.
    for channel in &mut contract.channels {
        for field in &mut channel.fields {
            let known = numbers.number(Numbered::Type, &channel.name, &field.name);
            field.number = known.unwrap_or(field.number);
        }
    }
    contract.numbers = numbers;
    drift
}

/// Something in the contract that has a number.
struct Place<'a> {
    name: &'a str,
    span: Span,
    number: &'a mut u32,
}

fn of_field(field: &mut Field) -> Place<'_> {
    Place { name: &field.name, span: field.span, number: &mut field.number }
}

fn of_argument(argument: &mut Argument) -> Place<'_> {
    Place { name: &argument.name, span: argument.span, number: &mut argument.number }
}

fn of_value(value: &mut EnumValue) -> Place<'_> {
    Place { name: &value.name, span: value.span, number: &mut value.number }
}

/// What is known so far.
struct Ledger<'a> {
    /// Those that were not met in the contract yet.
    locked: Option<Locked>,
    numbers: Numbers,
    drift: Report,
    report: &'a mut Report,
}

impl Ledger<'_> {
    fn number(&mut self, what: Numbered, name: &str, span: Span, places: Vec<Place<'_>>) {
        let known = self.locked.as_mut().map(|locked| locked.owners.remove(&(what, name.to_owned())));
        let owner = match known {
            Some(Some(owner)) => self.known((what, name, span), owner, places),
            _ if places.is_empty() => return,
            Some(None) => {
                let message = format!("the {} `{name}` has no numbers in {NUMBERS_FILE}", what.word());
                self.drift(span, message);
                by_order(places)
            }
            None => by_order(places),
        };
        self.numbers.insert(what, name, owner);
    }

    /// What the lock file has, and above it what it has not.
    fn known(
        &mut self,
        (what, name, span): (Numbered, &str, Span),
        owner: LockedOwner,
        places: Vec<Place<'_>>,
    ) -> Owner {
        let word = what.word();
        if owner.standing == Standing::Gone && !places.is_empty() {
            self.drift(span, format!("the {word} `{name}` is gone in {NUMBERS_FILE}"));
        }
        let mut next = owner.members.keys().next_back().map_or(1, |last| last + 1);
        let mut left: BTreeMap<String, (u32, Span)> = owner.members.iter().filter_map(live).collect();
        let mut members: BTreeMap<u32, Member> = owner.members.into_iter().map(gone).collect();
        for place in places {
            let number = left.remove(place.name).map_or(next, |(number, _)| number);
            if number == next {
                next += 1;
                let message =
                    format!("`{}` of the {word} `{name}` has no number in {NUMBERS_FILE}", place.name);
                self.drift(place.span, message);
            }
            if number > what.max() {
                let message =
                    format!("`{}` would have number {number}: {} is the last", place.name, what.max());
                self.report.error(code::TOO_MANY, place.span, message);
            }
            *place.number = number;
            members.insert(number, Member { name: place.name.to_owned(), standing: Standing::Here });
        }
        for (member, (_, span)) in left.into_iter().filter(|_| owner.standing == Standing::Here) {
            self.drift(span, format!("the {word} `{name}` has no `{member}`"));
        }
        Owner { standing: Standing::Here, members }
    }

    fn drift(&mut self, span: Span, message: String) {
        let found = Diagnostic::warning(code::DRIFT, span, message);
        self.drift.push(found.with_help("`septet lock DIR` brings numbers.lock up to date"));
    }

    /// What is left is gone: its members stay as they are, for when it comes back.
    fn finish(mut self) -> (Numbers, Vec<Diagnostic>) {
        let left = self.locked.take().map(|locked| locked.owners).unwrap_or_default();
        for ((what, name), owner) in left {
            if owner.standing == Standing::Here {
                self.drift(owner.span, format!("the contract has no {} `{name}`", what.word()));
            }
            let members = owner
                .members
                .into_iter()
                .map(|(number, LockedMember { name, standing, .. })| (number, Member { name, standing }));
            let owner = Owner { standing: Standing::Gone, members: members.collect() };
            self.numbers.insert(what, &name, owner);
        }
        (self.numbers, self.drift.finish())
    }
}

/// As they come: each place has the number of its position already.
fn by_order(places: Vec<Place<'_>>) -> Owner {
    let member =
        |place: Place<'_>| (*place.number, Member { name: place.name.to_owned(), standing: Standing::Here });
    Owner { standing: Standing::Here, members: places.into_iter().map(member).collect() }
}

fn live((number, member): (&u32, &LockedMember)) -> Option<(String, (u32, Span))> {
    (member.standing == Standing::Here).then(|| (member.name.clone(), (*number, member.span)))
}

/// A member as it is when nothing in the contract has its number.
fn gone((number, member): (u32, LockedMember)) -> (u32, Member) {
    (number, Member { name: member.name, standing: Standing::Gone })
}

/// The lock file of a contract that had this one, and in how many places they differed; none when it is refused.
pub(crate) fn fuzz_numbers(contract: &Contract, text: &str) -> Option<(String, usize)> {
    let (mut contract, mut report) = (contract.clone(), Report::default());
    let locked = parse(FileId(0), text, &mut report);
    let drift = apply(&mut contract, Some(locked), &mut report);
    report.finish().is_empty().then(|| (contract.numbers.to_string(), drift.len()))
}
