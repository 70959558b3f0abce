//! Values over people that were made up, as SQL has them and as they are by hand.

use super::{Item, count, measure};
use crate::social::intent::field;
use crate::social::{Social, USER, user};
use contract::{FieldId, Scalar};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use store::{Measure, Operand};

const NUMBERS: [(FieldId, Scalar); 2] = [(user::AGE, Scalar::Int), (user::SCORE, Scalar::Float)];

/// Every measure of every field that has it, named by what it is.
pub fn everything(mask: impl Fn(Operand) -> Operand) -> Vec<Item> {
    let of = |id| mask(field(USER, id));
    let mut items = vec![count(), measure("count of nick", Measure::CountOf(of(user::NICK)), Scalar::Long)];
    for (id, scalar) in NUMBERS {
        let total = if scalar == Scalar::Int { Scalar::Long } else { scalar };
        let decimal = Scalar::Decimal { scale: 2 };
        items.extend([
            measure(&format!("count of {}", id.0), Measure::CountOf(of(id)), Scalar::Int),
            measure(&format!("sum of {}", id.0), Measure::Sum(of(id)), total),
            measure(
                &format!("average of {}", id.0),
                Measure::Average { of: of(id), scale: 2 },
                Scalar::Float,
            ),
            measure(&format!("least of {}", id.0), Measure::Least(of(id)), scalar),
            measure(&format!("greatest of {}", id.0), Measure::Greatest(of(id)), scalar),
        ]);
        if scalar == Scalar::Int {
            items.push(measure("decimal sum", Measure::Sum(of(id)), decimal));
        }
    }
    for id in [user::NICK, user::EMAIL] {
        items.push(measure(&format!("least of {}", id.0), Measure::Least(of(id)), Scalar::String));
        items.push(measure(&format!("greatest of {}", id.0), Measure::Greatest(of(id)), Scalar::String));
    }
    items
}

/// A person as the tests make them up.
#[derive(Debug, Clone)]
pub struct Person {
    pub email: String,
    pub nick: Option<String>,
    pub age: Option<i64>,
    pub score: Option<f64>,
    pub active: bool,
    pub company: Option<i64>,
}

/// Numbers below a limit that come out the same each time.
fn chance(mut state: u64) -> impl FnMut(u64) -> u64 {
    move |limit| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % limit
    }
}

pub fn made_up(seed: u64, number: usize) -> Vec<Person> {
    let mut chance = chance(seed);
    let nicks = ["", "a", "B", "ab", "Ä", "\u{10000}", "\u{ffff}", "a\u{0}b"];
    (0..number)
        .map(|i| Person {
            email: format!("{:03}-{i}@m.test", chance(1000)),
            nick: (chance(3) > 0).then(|| nicks[chance(8) as usize].to_owned()),
            age: (chance(4) > 0).then(|| chance(41) as i64 - 20),
            score: (chance(4) > 0).then(|| (chance(2001) as f64 - 1000.0) / 8.0),
            active: chance(2) == 0,
            company: (chance(3) > 0).then(|| 1 + chance(2) as i64),
        })
        .collect()
}

/// Only these people, who are in the table in any order.
pub fn world(people: &[Person]) -> Social {
    let social = Social::new();
    let conn = social.file.connection();
    conn.execute_batch(
        "PRAGMA foreign_keys=OFF;
         DELETE FROM comment; DELETE FROM follow; DELETE FROM post; DELETE FROM user;
         UPDATE company SET owner = NULL, _deleted_at = NULL",
    )
    .unwrap();
    let mut insert = conn
        .prepare(
            "INSERT INTO user(id, name, email, nick, age, score, active, company) \
             VALUES (?1, 'n', ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .unwrap();
    for (at, person) in people.iter().enumerate() {
        let Person { email, nick, age, score, active, company } = person;
        insert.execute((format!("m{at}"), email, nick, age, score, active, company)).unwrap();
    }
    drop(insert);
    social
}

/// What [`everything`] is of these people; a field is seen where `seen` says so.
pub fn by_hand(people: &[Person], seen: impl Fn(&Person) -> bool) -> BTreeMap<String, Json> {
    let (age, score) = (user::AGE.0, user::SCORE.0);
    let shown = || people.iter().filter(|person| seen(person));
    let ages: Vec<i64> = shown().filter_map(|person| person.age).collect();
    let scores: Vec<f64> = shown().filter_map(|person| person.score).collect();
    let nicks: Vec<&str> = shown().filter_map(|person| person.nick.as_deref()).collect();
    let emails: Vec<&str> = shown().map(|person| person.email.as_str()).collect();
    let sum = (!ages.is_empty()).then(|| ages.iter().sum::<i64>());
    let average = |sum: f64, count: usize| (count > 0).then(|| sum / (count as f64 * 100.0));
    let decimal = |units: i64| {
        format!("{}{}.{:02}", if units < 0 { "-" } else { "" }, units.abs() / 100, units.abs() % 100)
    };
    let total = |numbers: &[f64]| (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>());
    let values = [
        ("count".to_owned(), json!(people.len())),
        ("count of nick".to_owned(), json!(nicks.len().to_string())),
        (format!("count of {age}"), json!(ages.len())),
        (format!("sum of {age}"), json!(sum.map(|sum| sum.to_string()))),
        (format!("average of {age}"), json!(average(sum.unwrap_or(0) as f64, ages.len()))),
        (format!("least of {age}"), json!(ages.iter().min())),
        (format!("greatest of {age}"), json!(ages.iter().max())),
        ("decimal sum".to_owned(), json!(sum.map(decimal))),
        (format!("count of {score}"), json!(scores.len())),
        (format!("sum of {score}"), json!(total(&scores))),
        (format!("average of {score}"), json!(average(total(&scores).unwrap_or(0.0), scores.len()))),
        (format!("least of {score}"), json!(scores.iter().copied().reduce(f64::min))),
        (format!("greatest of {score}"), json!(scores.iter().copied().reduce(f64::max))),
        (format!("least of {}", user::NICK.0), json!(nicks.iter().min())),
        (format!("greatest of {}", user::NICK.0), json!(nicks.iter().max())),
        (format!("least of {}", user::EMAIL.0), json!(emails.iter().min())),
        (format!("greatest of {}", user::EMAIL.0), json!(emails.iter().max())),
    ];
    values.into_iter().collect()
}

/// Equal, but for the last digit of a double, of which serde_json is not sure.
pub fn assert_same(found: &Json, expected: &BTreeMap<String, Json>, about: &str) {
    let found = found.as_object().unwrap();
    assert_eq!(found.len(), expected.len(), "{about}");
    for (name, expected) in expected {
        let found = &found[name];
        let is_same = match (found.as_f64(), expected.as_f64()) {
            (Some(found), Some(expected)) => (found - expected).abs() <= expected.abs() * 1e-15,
            _ => found == expected,
        };
        assert!(is_same, "{about}: {name} is {found} and not {expected}");
    }
}
