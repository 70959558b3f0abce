//! The order of the steps.

use crate::code;
use crate::diagnostic::{Diagnostic, FileId, Sources, Span};
use crate::load::bounds::ITEMS_MAX;
use crate::load::context::Context;
use crate::load::names::{is_label, is_version};
use crate::load::operations::{Known, operations};
use crate::load::origin::{Applied, Origin};
use crate::load::report::Report;
use crate::load::resources::{Draft, resources};
use crate::load::rules::{self, Ruled};
use crate::load::{channels, events, numbers, routes, schema, sql, standard, types};
use crate::model::{Contract, Resource};
use crate::numbers::Numbers;
use std::collections::HashSet;

/// Walks the texts into a contract; `None` when they are not GraphQL. What is found goes into the report.
pub(crate) fn assemble(
    sources: &mut Sources,
    read_file: &dyn Fn(&str) -> Result<String, String>,
    report: &mut Report,
) -> Option<Assembled> {
    let parsed = schema::parse(sources, report)?;
    let names = sql::file_names(&parsed.schema, &Origin { sources, files: &parsed.files }, report);
    let sql_files = sql::read_files(&names, sources, read_file, report);
    let origin = Origin { sources, files: &parsed.files };
    let cx = Context::new(&parsed.schema, &origin, &sql_files, report);
    let mut contract = walk(&cx, report);
    let locked = sources.lock().map(|file| numbers::parse(file, sources.text(file), report));
    let drift = numbers::apply(&mut contract, locked, report);
    Some(Assembled { contract, drift })
}

/// A contract, and where it and its lock file differ.
pub(crate) struct Assembled {
    pub(crate) contract: Contract,
    pub(crate) drift: Vec<Diagnostic>,
}

fn walk(cx: &Context<'_>, report: &mut Report) -> Contract {
    let mut pending = Vec::new();
    let header = header(cx, report);
    let enums = types::enums(cx, report);
    let inputs = types::inputs(cx, report);
    let objects = types::objects(cx, report);
    let abstracts = types::abstracts(cx, report);
    let mut drafts = resources(cx, &mut pending, report);
    let mut channels = channels::channels(cx, &mut pending, report);
    let stored: Vec<Resource> = drafts.iter().map(|draft| draft.resource.clone()).collect();
    let emitted = events::emitted(cx);
    let known = Known { resources: &stored, inputs: &inputs, channels: &channels, emitted: &emitted };
    let mut own = operations(cx, &known, &mut pending, report);
    let ruled = Ruled { drafts: &mut drafts, enums: &enums, channels: &mut channels, own: &mut own };
    rules::compile_all(ruled, pending, report);
    let indistinct: HashSet<Span> = drafts.iter().filter(|d| !d.distinct).map(|d| d.resource.span).collect();
    let operations = routes::complete(standard::operations(&drafts), own, &header, &indistinct, report);
    if operations.len() > ITEMS_MAX {
        let start = Span { file: FileId(0), start: 0, end: 0 };
        let message = format!("a contract has at most {ITEMS_MAX} operations, standard ones among them");
        report.error(code::TOO_MANY, start, message);
    }
    Contract {
        name: header.name,
        version: header.version,
        description: crate::load::fields::description(&cx.schema.schema_definition.description),
        resources: drafts.into_iter().map(|Draft { resource, .. }| resource).collect(),
        objects,
        inputs,
        enums,
        abstracts,
        operations,
        channels,
        numbers: Numbers::default(),
        sources: Sources::default(),
    }
}

/// What `@contract` says.
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) version: String,
}

fn header(cx: &Context<'_>, report: &mut Report) -> Header {
    let directives = cx.of_type(&cx.schema.schema_definition.directives);
    let Some(contract) = directives.get("contract") else {
        let start = Span { file: FileId(0), start: 0, end: 0 };
        let message = "the contract has no name: `extend schema @contract(name: \"…\", version: \"1.0.0\")`";
        report.error(code::CONTRACT, start, message);
        return Header { name: "contract".to_owned(), version: "0.0.0".to_owned() };
    };
    Header { name: name(contract, report), version: version(contract, report) }
}

fn name(contract: Applied<'_>, report: &mut Report) -> String {
    let Some(text) = contract.text("name") else { return "contract".to_owned() };
    if !is_label(&text.value) {
        let message = "a contract's name is a letter, then letters, digits, `-` and `_`";
        report.error(code::BAD_NAME, text.span(), message);
    }
    text.value
}

fn version(contract: Applied<'_>, report: &mut Report) -> String {
    let Some(text) = contract.text("version") else { return "0.0.0".to_owned() };
    if !is_version(&text.value) {
        report.error(code::BAD_VALUE, text.span(), "expected a semantic version like `1.0.0`");
    }
    text.value
}
