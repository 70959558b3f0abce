//! Cases over GraphQL: an action is one document with variables.

mod answer;
mod document;
mod draft;
pub mod filter;
mod select;
mod types;
mod variables;

use crate::client::{Client, Message};
use crate::driver::{Call, Driver, Failure, Outcome};
use contract::Contract;
use document::Request;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Asks over GraphQL.
#[derive(Debug)]
pub struct Graphql {
    contract: Arc<Contract>,
    client: Client,
}

impl Graphql {
    /// A driver for the server of a contract at a URL without a path.
    pub fn new(contract: Arc<Contract>, url: String) -> Self {
        Self { contract, client: Client::new(url) }
    }
}

impl Driver for Graphql {
    /// Everything is what the schema has: each field is named. When the server refuses one of them, the call is made
    /// again without it. So what is missing in the answer has been refused.
    fn call(&self, call: &Call<'_>) -> Result<Outcome, Failure> {
        let (mut left_out, mut text) = (BTreeSet::new(), String::new());
        loop {
            let request = document::request(&self.contract, call, &left_out)?;
            let reply = self.client.send(&message(&request, call))?;
            text.push_str(&reply.text);
            let refused = answer::refused_of_everything(&request, &reply);
            if refused.is_some_and(|name| left_out.insert(name)) {
                continue;
            }
            let shown = |failure| with_document(failure, &request, &text);
            let result = answer::read(&request, &reply, call.input).map_err(shown)?;
            return Ok(Outcome { result, text, improper: None });
        }
    }
}

/// A failure is easier to read with what was asked.
fn with_document(failure: Failure, request: &Request, text: &str) -> Failure {
    match failure {
        Failure::Broken(how) => Failure::Broken(format!("{how}\n    {}\n    {text}", request.document)),
        Failure::Unspeakable(why) => Failure::Unspeakable(why),
    }
}

/// The document of a call, or why there is none.
#[cfg(test)]
pub fn render(contract: &Contract, call: &Call<'_>) -> Result<String, Failure> {
    document::request(contract, call, &BTreeSet::new()).map(|request| request.document)
}

fn message(request: &Request, call: &Call<'_>) -> Message {
    let mut headers = vec![
        ("accept", "application/graphql-response+json".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    headers.extend(call.token.map(|token| ("authorization", format!("Bearer {token}"))));
    headers.extend(call.input.idempotency.clone().map(|key| ("idempotency-key", key)));
    let body = json!({"query": request.document, "variables": request.variables});
    Message { method: "POST", target: "/graphql".to_owned(), headers, body: Some(body) }
}

/// The tour's contract, for tests.
#[cfg(test)]
fn tour() -> Contract {
    let folder = std::path::Path::new(crate::PROJECT).join("examples/tour");
    contract::load(&folder).unwrap_or_else(|found| panic!("{found}")).contract
}

#[cfg(test)]
mod tests;
