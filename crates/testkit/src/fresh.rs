//! Answers of a server that has answered others before are those of a fresh one.
//!
//! A cache whose key is less than what the cached thing depends on answers with what somebody else asked for. So a
//! random contract with many fields of one form is asked random things: first a fresh server for each thing, then one
//! server for all of them, in random order and again and again, over every protocol.

mod model;
mod question;

use crate::case::{CaseFile, NOBODY};
use crate::chance::Chance;
use crate::driver::{Call, Driver, Failure, Outcome};
use crate::grpc::Schema;
use crate::run::{PROTOCOLS, Protocol, in_parallel};
use crate::stage::Stage;
use model::Model;
use question::Question;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// Where chance begins when no seed is given.
pub const SEED: u64 = 0xF2E5;
/// Contracts that are tried.
const CONTRACTS: u64 = 3;
/// Forms of questions that each contract is asked.
const FORMS: usize = 60;
/// Questions of one form, about other fields each.
const SIBLINGS: usize = 4;
/// Calls of the server that answers all of them.
const CALLS: usize = 1_200;
/// Of all that is asked at least one in so many must be answered: refusals alone would prove little.
const ANSWERED_ONE_IN: usize = 2;
/// Failures kept and shown.
const FAILURES_MAX: usize = 10;

/// Something to ask, and over which protocol.
struct Asked {
    question: Question,
    protocol: Protocol,
}

/// What a server says to it; nothing where the protocol cannot say it.
type Said = Option<String>;

/// Tries some contracts and tells whether every answer was that of a fresh server.
pub fn run(seed: u64) -> Result<bool, String> {
    let mut held = true;
    for number in 0..CONTRACTS {
        held &= contract(seed + number)?;
    }
    Ok(held)
}

fn contract(seed: u64) -> Result<bool, String> {
    let mut chance = Chance::new(seed);
    let model = Model::new(&mut chance);
    let folder = TempDir::new().map_err(|e| format!("a folder for the contract: {e}"))?;
    let file = case_file(&model, folder.path()).map_err(|e| format!("{}: {e}", folder.path().display()))?;
    let stage = Stage::set(&file).map_err(|e| format!("{e}\n{}", model.text))?;
    let schema = Arc::new(stage.schema()?);
    let asked: Vec<Asked> = (0..FORMS).flat_map(|_| siblings(&model, &mut chance)).collect();
    let fresh: Vec<Result<Said, String>> = in_parallel(&asked, |asked| {
        let (server, _data) = stage.server()?;
        ask(asked, asked.protocol.driver(&stage.contract, &schema, &server).as_ref(), &stage)
    });
    let fresh: Vec<Said> = fresh.into_iter().collect::<Result<_, _>>()?;
    let failures = compare(&asked, &fresh, &stage, &schema, &mut chance)?;
    Ok(report(seed, &model, &fresh, &failures))
}

/// Questions of one form by one caller over one protocol.
fn siblings(model: &Model, chance: &mut Chance) -> Vec<Asked> {
    let (first, protocol) = (Question::random(model, chance), *chance.pick(PROTOCOLS));
    let others: Vec<Question> = (1..SIBLINGS).map(|_| first.sibling(model, chance)).collect();
    [first].into_iter().chain(others).map(|question| Asked { question, protocol }).collect()
}

/// Asks one server everything in random order; what it answers otherwise than a fresh one is told.
fn compare(
    asked: &[Asked],
    fresh: &[Said],
    stage: &Stage,
    schema: &Arc<Schema>,
    chance: &mut Chance,
) -> Result<Vec<String>, String> {
    let (server, _data) = stage.server()?;
    let drivers: Vec<Box<dyn Driver>> =
        PROTOCOLS.iter().map(|protocol| protocol.driver(&stage.contract, schema, &server)).collect();
    let mut failures = Vec::new();
    for _ in 0..CALLS {
        let at = chance.below(asked.len());
        let driver = PROTOCOLS.iter().position(|known| known.name() == asked[at].protocol.name());
        let driver = driver.and_then(|at| drivers.get(at)).ok_or("a protocol without a driver")?;
        let said = ask(&asked[at], driver.as_ref(), stage)?;
        if said != fresh[at] && failures.len() < FAILURES_MAX {
            let (protocol, question) = (asked[at].protocol.name(), &asked[at].question);
            let text = |said: &Said| said.clone().unwrap_or_else(|| "nothing".to_owned());
            failures.push(format!(
                "{protocol}: {question}\n    a fresh server: {}\n    this one:       {}",
                text(&fresh[at]),
                text(&said)
            ));
        }
    }
    Ok(failures)
}

/// Asks, and undoes what was done.
fn ask(asked: &Asked, driver: &dyn Driver, stage: &Stage) -> Result<Said, String> {
    let Question { caller, action, input, total, undo } = &asked.question;
    let call = Call { token: stage.token(caller), action, input, total: *total };
    let said = said(driver.call(&call))?;
    if let Some((action, input)) = undo {
        let undone = driver.call(&Call { token: stage.token(caller), action, input, total: *total });
        undone.map_err(|failure| format!("undoing {}: {failure:?}", asked.question))?;
    }
    Ok(said)
}

fn said(outcome: Result<Outcome, Failure>) -> Result<Said, String> {
    match outcome {
        Ok(outcome) => Ok(Some(match outcome.result {
            Ok(answer) => {
                let body = answer.body.map(|body| body.to_string()).unwrap_or_default();
                format!("{body} total {:?} version {:?} {:?}", answer.total, answer.version, answer.page)
            }
            Err(fault) => format!("refused: {} {:?}", fault.code, fault.fields),
        })),
        Err(Failure::Unspeakable(_)) => Ok(None),
        Err(Failure::Broken(how)) => Ok(Some(format!("broken: {how}"))),
    }
}

fn case_file(model: &Model, folder: &Path) -> std::io::Result<CaseFile> {
    std::fs::write(folder.join("fresh.graphql"), &model.text)?;
    Ok(CaseFile {
        path: folder.to_owned(),
        contract: folder.to_owned(),
        seeds: model.seeds(),
        callers: model.callers(),
        ..CaseFile::default()
    })
}

fn report(seed: u64, model: &Model, fresh: &[Said], failures: &[String]) -> bool {
    for failure in failures {
        println!("FAILED {failure}");
    }
    if !failures.is_empty() {
        println!("the contract was\n{}", model.text);
    }
    let spoken = fresh.iter().flatten().count();
    let is_answer = |said: &&String| !said.starts_with("refused") && !said.starts_with("broken");
    let answered = fresh.iter().flatten().filter(is_answer).count();
    println!(
        "fresh: seed {seed}: {spoken} questions, {answered} of them answered, asked {CALLS} times, {} failures",
        failures.len()
    );
    let is_enough = answered * ANSWERED_ONE_IN >= fresh.len();
    if !is_enough {
        println!("FAILED too little was answered to tell anything");
        for said in fresh.iter().flatten().filter(|said| !is_answer(said)).take(FAILURES_MAX) {
            println!("    {said}");
        }
    }
    failures.is_empty() && is_enough
}

/// Who asks.
const CALLERS: &[&str] = &[NOBODY, "ant", "bee"];
