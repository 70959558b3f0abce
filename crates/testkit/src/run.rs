//! Runs files of cases: each case on a server and a database of its own.

use crate::case::{Case, CaseFile, Expect, Step, Window};
use crate::driver::{Answer, Call, Driver, Failure, Outcome, Total};
use crate::expect::{self, Captures};
use crate::graphql::Graphql;
use crate::grpc::{self, Grpc, Lists, Schema, Wire};
use crate::parse;
use crate::report::{Reach, Report, Row, Verdict};
use crate::rest::Rest;
use crate::server::Server;
use crate::stage::Stage;
use crate::wire_case::{self, WireCase, WireFile};
use contract::Contract;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The stores that cases run on.
const STORE: &str = "sqlite";
/// Every protocol that the neutral cases run over, in its forms.
pub const PROTOCOLS: &[Protocol] = &[
    Protocol::Rest,
    Protocol::Graphql,
    Protocol::Grpc("grpc", Wire::Grpc, Lists::Whole),
    Protocol::Grpc("grpc stream", Wire::Grpc, Lists::Streamed),
    Protocol::Grpc("grpc-web", Wire::Web, Lists::Whole),
    Protocol::Grpc("connect", Wire::ConnectJson, Lists::Whole),
    Protocol::Grpc("connect bytes", Wire::ConnectBytes, Lists::Whole),
];
/// The folders of cases that only one wire has.
const WIRES: &[&str] = &["rest", "graphql", "grpc"];
/// Folders inside folders of cases.
const DEPTH_MAX: usize = 8;

/// A protocol and its form.
#[derive(Debug, Clone, Copy)]
pub enum Protocol {
    /// REST.
    Rest,
    /// GraphQL.
    Graphql,
    /// gRPC and what is like it: its name, how it is framed, and how lists come.
    Grpc(&'static str, Wire, Lists),
}

impl Protocol {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Graphql => "graphql",
            Self::Grpc(name, ..) => name,
        }
    }

    /// What of it runs, for who reads the table.
    fn described(self) -> &'static str {
        match self {
            Self::Rest => "JSON over HTTP",
            Self::Graphql => "documents with variables, by POST",
            Self::Grpc(_, Wire::Grpc, Lists::Whole) => "HTTP/2 without TLS, a connection for each call",
            Self::Grpc(_, _, Lists::Streamed) => {
                "the cases with a list that is no page of one: each row in a message of its own (`Stream`)"
            }
            Self::Grpc(_, Wire::Web, _) => "in binary, over HTTP/1.1",
            Self::Grpc(_, Wire::ConnectJson, _) => "ProtoJSON by POST, over HTTP/1.1",
            Self::Grpc(_, Wire::ConnectBytes, _) => {
                "messages as bytes over HTTP/1.1: what reads by GET in base64, what writes by POST"
            }
        }
    }

    /// Whether a case is another one in this form than in those before it.
    fn takes(self, case: &Case) -> bool {
        match self {
            Self::Rest | Self::Graphql | Self::Grpc(_, _, Lists::Whole) => true,
            Self::Grpc(_, _, Lists::Streamed) => case.steps.iter().any(grpc::is_streamed),
        }
    }

    /// Asks a server of a contract over it.
    pub fn driver(self, contract: &Arc<Contract>, schema: &Arc<Schema>, server: &Server) -> Box<dyn Driver> {
        let contract = Arc::clone(contract);
        match self {
            Self::Rest => Box::new(Rest::new(contract, server.url())),
            Self::Graphql => Box::new(Graphql::new(contract, server.url())),
            Self::Grpc(_, wire, lists) => {
                let form = (wire, lists);
                Box::new(Grpc::new(form, (contract, Arc::clone(schema)), server.address))
            }
        }
    }
}

/// What runs over a protocol, by its name.
pub fn described(name: &str) -> &'static str {
    PROTOCOLS.iter().find(|protocol| protocol.name() == name).map_or("", |protocol| protocol.described())
}

/// Runs every case whose file or name contains `filter`.
pub fn cases(project: &Path, filter: &str) -> Result<Report, String> {
    let mut report = Report::default();
    for path in files(&project.join("cases"), DEPTH_MAX)? {
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let base = path.parent().unwrap_or(project);
        let at = |e: parse::ParseError| format!("{}:{}: {}", path.display(), e.line, e.message);
        match path.extension().and_then(|e| e.to_str()) {
            Some("case") => {
                let file = parse::case_file(&path, base, &text).map_err(at)?;
                report.rows.extend(neutral(&file, filter)?);
            }
            Some("http") => {
                let file = wire_case::wire_file(&path, base, &text).map_err(at)?;
                report.rows.extend(wire(&file, filter)?);
            }
            _ => {}
        }
    }
    Ok(report)
}

/// All files below a folder, in order.
fn files(folder: &Path, depth: usize) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() && depth > 0 {
            found.extend(files(&path, depth - 1)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

fn neutral(file: &CaseFile, filter: &str) -> Result<Vec<Row>, String> {
    let wanted: Vec<&Case> = file.cases.iter().filter(|c| is_wanted(&file.path, &c.name, filter)).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let stage = Stage::set(file)?;
    let schema = Arc::new(stage.schema()?);
    let all = wanted.iter().flat_map(|case| PROTOCOLS.iter().map(|protocol| (*case, *protocol)));
    let runs: Vec<(&Case, Protocol)> = all.filter(|(case, protocol)| protocol.takes(case)).collect();
    Ok(in_parallel(&runs, |(case, protocol)| {
        let verdict = stage.server().map_or_else(Verdict::Failed, |(server, _data)| {
            let driver = protocol.driver(&stage.contract, &schema, &server);
            with_log(run_case(case, driver.as_ref(), &stage), &server)
        });
        row(&file.path, &case.name, protocol.name(), verdict, Reach::Neutral)
    }))
}

fn wire(file: &WireFile, filter: &str) -> Result<Vec<Row>, String> {
    let path = &file.setting.path;
    let protocol = wire_of(path)?;
    let wanted: Vec<&WireCase> = file.cases.iter().filter(|c| is_wanted(path, &c.name, filter)).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let stage = Stage::set(&file.setting)?;
    Ok(in_parallel(&wanted, |case| {
        let verdict = stage.server().map_or_else(Verdict::Failed, |(server, _data)| {
            let ran = wire_case::run(case, &server, &stage.tokens);
            with_log(ran.map_or_else(Verdict::Failed, |()| Verdict::Passed), &server)
        });
        row(path, &case.name, protocol, verdict, Reach::Wire)
    }))
}

/// Which wire a file's cases are of: its folder says so.
fn wire_of(path: &Path) -> Result<&'static str, String> {
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    let found = WIRES.iter().find(|wire| folder == **wire);
    found.copied().ok_or_else(|| format!("{}: its folder is none of {}", path.display(), WIRES.join(", ")))
}

fn row(path: &Path, case: &str, protocol: &'static str, verdict: Verdict, reach: Reach) -> Row {
    Row { file: stem(path), case: case.to_owned(), protocol, store: STORE, verdict, reach }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_wanted(path: &Path, case: &str, filter: &str) -> bool {
    format!("{}: {case}", stem(path)).contains(filter)
}

/// A failure is easier to read with what the server logged.
fn with_log(verdict: Verdict, server: &Server) -> Verdict {
    match verdict {
        Verdict::Failed(message) => {
            let log = server.log();
            let tail: Vec<&str> = log.lines().rev().take(6).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            Verdict::Failed(format!("{message}\n    log: {}", tail.join("\n         ")))
        }
        other => other,
    }
}

/// Runs a function over the items on as many threads as there are processors; results keep the items' order.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], run: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(items.len().max(1));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((at, item)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    items.get(at).map(|item| (at, item))
                } {
                    let result = run(item);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

fn run_case(case: &Case, driver: &dyn Driver, stage: &Stage) -> Verdict {
    let mut captures = Captures::new();
    for step in &case.steps {
        match run_step(step, driver, stage.token(&step.caller), &mut captures) {
            Ok(()) => {}
            Err(Failure::Unspeakable(why)) => return Verdict::Unspeakable(why),
            Err(Failure::Broken(how)) => return Verdict::Failed(format!("line {}: {how}", step.line)),
        }
    }
    Verdict::Passed
}

fn run_step(
    step: &Step,
    driver: &dyn Driver,
    token: Option<&str>,
    captures: &mut Captures,
) -> Result<(), Failure> {
    let mut input = step.input.clone();
    input.key = input.key.map(|key| expect::fill_text(&key, captures));
    input.version = input.version.map(|version| expect::fill_text(&version, captures));
    input.data = input.data.map(|data| expect::fill(&data, captures));
    let cursor = |text: Option<String>| text.map(|text| expect::fill_text(&text, captures));
    input.window =
        Window { after: cursor(input.window.after), before: cursor(input.window.before), ..input.window };
    input.list.filter = input.list.filter.map(|filter| expect::fill(&filter, captures));
    let total = if step.total.is_some() { Total::Wanted } else { Total::Unwanted };
    let outcome = driver.call(&Call { token, action: &step.action, input: &input, total })?;
    if let Ok(answer) = &outcome.result {
        keep(answer, captures);
    }
    if let (Some(why), Err(_), false) = (&outcome.improper, &outcome.result, is_refusal(&step.expect)) {
        return Err(Failure::Unspeakable(why.clone()));
    }
    judge(step, &outcome, captures).map_err(|how| Failure::Broken(format!("{how}\n    {}", outcome.text)))
}

fn is_refusal(expect: &Expect) -> bool {
    matches!(expect, Expect::Fault(_))
}

/// What later steps call `$version`, `$start` and `$end`: the version of the last row that had one, and the ends of the
/// last page, as far as it told them.
fn keep(answer: &Answer, captures: &mut Captures) {
    if let Some(version) = &answer.version {
        captures.insert("version".to_owned(), version.as_str().into());
    }
    if let Some(page) = &answer.page {
        for (name, cursor) in [("start", &page.start), ("end", &page.end)] {
            captures.remove(name);
            captures.extend(cursor.iter().map(|cursor| (name.to_owned(), cursor.as_str().into())));
        }
    }
}

fn judge(step: &Step, outcome: &Outcome, captures: &mut Captures) -> Result<(), String> {
    if let Some(hidden) = step.hides.iter().find(|text| expect::tells(&outcome.text, text)) {
        return Err(format!("`{hidden}` must be nowhere in it"));
    }
    match (&step.expect, &outcome.result) {
        (Expect::Fault(wanted), Err(fault)) => {
            if !wanted.kinds.iter().any(|kind| fault.kinds.contains(kind))
                || wanted.code.as_ref().is_some_and(|code| *code != fault.code)
            {
                return Err(format!("{wanted:?} expected, {fault:?} found"));
            }
            let named = |(field, code): &(String, Option<String>)| {
                fault.fields.iter().any(|(f, c)| f == field && (code.is_none() || c == code))
            };
            let named_first =
                |(field, _): &(String, Option<String>)| fault.fields.iter().any(|(f, _)| f == field);
            match (&outcome.improper, wanted.fields.iter().find(|field| !named(field))) {
                (_, None) => Ok(()),
                (Some(_), Some(_)) if wanted.fields.iter().any(named_first) => Ok(()),
                (_, Some(field)) => Err(format!("the fault does not name {field:?}")),
            }
        }
        (Expect::Fault(wanted), Ok(_)) => Err(format!("{wanted:?} expected, an answer found")),
        (_, Err(fault)) => Err(format!("an answer expected, {fault:?} found")),
        (Expect::Done, Ok(_)) => Ok(()),
        (Expect::Nothing, Ok(answer)) => match &answer.body {
            None => Ok(()),
            Some(_) => Err("nothing expected".into()),
        },
        (Expect::Answer(how, expected), Ok(answer)) => {
            if step.total.is_some() && step.total != answer.total {
                return Err(format!("{:?} in all expected, {:?} found", step.total, answer.total));
            }
            let more = answer.page.as_ref().map(|page| page.more);
            if step.more.is_some() && step.more != more {
                return Err(format!("more rows: {:?} expected, {more:?} found", step.more));
            }
            let found = answer.body.as_ref().ok_or("an answer expected, nothing found")?;
            expect::matches(*how, expected, found, captures)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::case::Action;
    use std::collections::BTreeSet;

    fn action_word(action: &Action) -> String {
        match action {
            Action::Standard { verb, .. } => format!("{verb:?}"),
            Action::Related { .. } => "Related".to_owned(),
            Action::Page { .. } => "Page".to_owned(),
            Action::Aggregate { .. } => "Aggregate".to_owned(),
            Action::Batch { .. } => "Batch".to_owned(),
            Action::Own { .. } => "Own".to_owned(),
        }
    }

    /// Every step is about an operation that its contract has. What a protocol cannot say is counted.
    fn unspoken(file: &CaseFile) -> usize {
        let contract = contract::load(&file.contract).unwrap_or_else(|found| panic!("{found}")).contract;
        let mut unspoken = 0;
        for step in file.cases.iter().flat_map(|case| &case.steps) {
            let call = Call { token: None, action: &step.action, input: &step.input, total: Total::Unwanted };
            let rest = crate::rest::render(&contract, &call).map(|_| ());
            let graphql = crate::graphql::render(&contract, &call).map(|_| ());
            for said in [rest, graphql] {
                match said {
                    Ok(()) => {}
                    Err(Failure::Unspeakable(_)) => unspoken += 1,
                    Err(Failure::Broken(how)) => panic!("{}:{}: {how}", file.path.display(), step.line),
                }
            }
        }
        unspoken
    }

    /// All files of cases are well formed, and together they try every kind of call.
    #[test]
    fn every_file_of_cases_is_read() {
        let project = Path::new(crate::PROJECT);
        let (mut neutral, mut wire, mut unspoken, mut words) = (0, 0, 0, BTreeSet::new());
        for path in files(&project.join("cases"), DEPTH_MAX).unwrap() {
            let text = || fs::read_to_string(&path).unwrap();
            let base = path.parent().unwrap();
            match path.extension().and_then(|e| e.to_str()) {
                Some("case") => {
                    let file =
                        parse::case_file(&path, base, &text()).unwrap_or_else(|e| panic!("{path:?}: {e:?}"));
                    assert!(file.contract.is_dir(), "{path:?}: no contract at {:?}", file.contract);
                    unspoken += self::tests::unspoken(&file);
                    neutral += file.cases.len();
                    words.extend(file.cases.iter().flat_map(|c| &c.steps).map(|s| action_word(&s.action)));
                }
                Some("http") => {
                    let file = wire_case::wire_file(&path, base, &text())
                        .unwrap_or_else(|e| panic!("{path:?}: {e:?}"));
                    assert!(file.setting.contract.is_dir() && wire_of(&path).is_ok(), "{path:?}");
                    wire += file.cases.len();
                }
                _ => {}
            }
        }
        assert!(neutral >= 120 && wire >= 30, "{neutral} neutral cases, {wire} of one wire");
        assert!(unspoken * 50 < neutral, "{unspoken} steps cannot be said in some protocol");
        assert_eq!(words.len(), 11, "{words:?}");
    }
}
