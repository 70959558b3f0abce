//! What the operator decides: who is told the schema, which documents are taken, what is kept.

#![allow(clippy::unwrap_used)]

mod support;

use graphql::{CacheBounds, CacheStats, Introspection, NamedText, Settings, Suggestions, Trust};
use support::{face, json, post, send, service, service_of, text, token};

const SCHEMA: &str = r#"{"query":"{ __schema { queryType { name } } }"}"#;
const IN_A_FRAGMENT: &str =
    r#"{"query":"{ productsCount ...s } fragment s on Query { a: __type(name: \"User\") { name } }"}"#;
const CIRCULAR: &str =
    r#"{"query":"{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"}"#;
const TYPE_NAME: &str = r#"{"query":"{ __typename }"}"#;

fn files(files: &[(&str, &str)]) -> Vec<NamedText> {
    let named = |(name, text): &(&str, &str)| NamedText { name: name.to_string(), text: text.to_string() };
    files.iter().map(named).collect()
}

/// The first code of an answer, or nothing.
fn code(answer: &str) -> &str {
    answer.split("\"code\":\"").nth(1).map_or("", |rest| rest.split('"').next().unwrap())
}

#[tokio::test]
async fn the_schema_is_told_to_some_roles() {
    let auditors = Introspection::Roles(vec!["auditor".to_owned()]);
    let nobody = Introspection::Roles(Vec::new());
    let cases = [
        (Introspection::Everyone, None, SCHEMA, 200),
        (auditors.clone(), None, SCHEMA, 403),
        (auditors.clone(), Some("another"), SCHEMA, 403),
        (auditors.clone(), Some("auditor"), SCHEMA, 200),
        (auditors.clone(), None, TYPE_NAME, 200),
        (nobody, Some("auditor"), SCHEMA, 403),
        (auditors.clone(), None, IN_A_FRAGMENT, 403),
        (auditors, None, CIRCULAR, 403),
    ];
    for (introspection, role, body, expected) in cases {
        let service = service(Settings { introspection: introspection.clone(), ..Settings::default() });
        let bearer = role.map(|role| format!("Bearer {}", token(role)));
        let mut headers =
            vec![("content-type", "application/json"), ("accept", "application/graphql-response+json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        let response = send(&service, "POST", "/graphql", &headers, body.as_bytes()).await;
        assert_eq!(response.status().as_u16(), expected, "{introspection:?} {role:?} {body}");
        let answer = text(response);
        assert_eq!(code(&answer), if expected == 403 { "INTROSPECTION_DISABLED" } else { "" }, "{answer}");
    }
}

/// Reading a document takes a unit, also of one that is refused; asking about the schema takes more.
#[tokio::test]
async fn what_no_call_pays_for_is_paid_for() {
    for (body, times) in [(r#"{"query":"{"}"#, 20), (SCHEMA, 1)] {
        let engine =
            engine::Settings { address_units_per_min: 60, burst_units: 20, ..engine::Settings::default() };
        let service = service_of(Settings::default(), engine);
        let mut statuses = Vec::new();
        for _ in 0..=times {
            statuses.push(post(&service, body).await.0);
        }
        assert_eq!(statuses.pop(), Some(429), "{body}");
        assert!(!statuses.contains(&429), "{body}: {statuses:?}");
    }
}

#[tokio::test]
async fn names_are_suggested_unless_withheld() {
    let misspelt = [
        "{ prodcts { id } }",
        "{ products { nme } }",
        "{ products(limt: 1) { id } }",
        "{ node(id: \\\"x\\\") { ids } }",
    ];
    for (suggestions, expected) in [(Suggestions::Given, true), (Suggestions::Withheld, false)] {
        let service = service(Settings { suggestions, ..Settings::default() });
        for query in misspelt {
            let (status, answer) = post(&service, &format!("{{\"query\":\"{query}\"}}")).await;
            assert_eq!((status, answer.contains("did you mean `")), (400, expected), "{answer}");
        }
    }
}

#[tokio::test]
async fn strangers_learn_no_names() {
    let service = service(Settings { suggestions: Suggestions::Withheld, ..Settings::default() });
    let cases = [
        ("{ prodcts { id } }", "type `Query` does not have a field `prodcts`"),
        ("{ products { nme } }", "type `…` does not have a field `nme`"),
        (
            "query($v: UserFiltr) { users(where: $v) { id } }",
            "variable `$v` of type `UserFiltr` cannot be used for argument `where` of type `…`",
        ),
        ("{ node { __typename } }", "the required argument `Query.node(…:)` is not provided"),
        ("{ users(where: 1) { id } }", "the value is not of the type that is expected here"),
        (
            "mutation { createPost { __typename } }",
            "the required argument `Mutation.createPost(…:)` is not provided",
        ),
    ];
    for (query, expected) in cases {
        let (_, answer) = post(&service, &format!("{{\"query\":{}}}", json(query))).await;
        assert!(answer.contains(&format!("\"{expected}\"")), "{query}: {answer}");
    }
}

#[tokio::test]
async fn only_listed_documents_are_taken() {
    let trusted = files(&[
        ("count.graphql", "query Count { productsCount }\n"),
        ("relay.json", r#"{"0a": "{ a: __typename }", "0b": "{ b: __typename }"}"#),
        (
            "apollo.json",
            r#"{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"1c","name":"C","type":"query","body":"query C { c: __typename }"}]}"#,
        ),
    ]);
    let listed = service(Settings { trust: Trust::Listed, trusted: trusted.clone(), ..Settings::default() });
    let any = service(Settings { trusted, ..Settings::default() });
    // The SHA-256 of `{ a: __typename }`.
    let digest = "f4f8894a5f8f85d6b0e7eab534603e8cc5376c11e15a6c5cbf04d8db3c26670f";
    let persisted = |digest: &str| {
        format!(r#"{{"extensions":{{"persistedQuery":{{"version":1,"sha256Hash":"{digest}"}}}}}}"#)
    };
    let unknown = "0".repeat(64);
    let cases = [
        (r#"{"documentId":"count"}"#.to_owned(), "", ""),
        (r#"{"documentId":"0a"}"#.to_owned(), "", ""),
        (r#"{"documentId":"1c","operationName":"C"}"#.to_owned(), "", ""),
        (format!(r#"{{"documentId":"{digest}"}}"#), "", ""),
        (format!(r#"{{"documentId":"sha256:{digest}"}}"#), "", ""),
        (persisted(digest), "", ""),
        (r#"{"query":"query Count { productsCount }"}"#.to_owned(), "", ""),
        (r#"{"query":"query Count { productsCount }\n"}"#.to_owned(), "", ""),
        (r#"{"query":"{ d: __typename }"}"#.to_owned(), "DOCUMENT_NOT_TRUSTED", ""),
        (r#"{"query":"{"}"#.to_owned(), "DOCUMENT_NOT_TRUSTED", "GRAPHQL_PARSE_FAILED"),
        (r#"{"documentId":"0c"}"#.to_owned(), "DOCUMENT_NOT_TRUSTED", "PERSISTED_QUERY_NOT_FOUND"),
        (persisted(&unknown), "DOCUMENT_NOT_TRUSTED", "PERSISTED_QUERY_NOT_FOUND"),
    ];
    for (body, when_listed, when_any) in cases {
        assert_eq!(code(&post(&listed, &body).await.1), when_listed, "{body}");
        assert_eq!(code(&post(&any, &body).await.1), when_any, "{body}");
    }
}

#[test]
fn a_list_of_documents_is_checked_at_start() {
    let cases: [(&[(&str, &str)], &str); 9] = [
        (
            &[("a.graphql", "{\n  productsCont\n}")],
            "a.graphql:2:3: type `Query` does not have a field `productsCont`; did you mean `productsCount`? [GRAPHQL_VALIDATION_FAILED]",
        ),
        (
            &[("a.graphql", "{")],
            "a.graphql:1:2: syntax error: expected at least one Selection in Selection Set [GRAPHQL_PARSE_FAILED]",
        ),
        (
            &[("a.json", "{\"x\": \"{ y }\"}")],
            "a.json: the document `x`:1:3: type `Query` does not have a field `y` [GRAPHQL_VALIDATION_FAILED]",
        ),
        (&[("a.json", "{\n1}")], "a.json:2:1: expected a key in double quotes"),
        (&[("a.json", "[]")], "a.json: expected {\"<id>\": \"<document>\"} or Apollo's manifest"),
        (&[("a.json", "{\"x\": 1}")], "a.json: expected {\"<id>\": \"<document>\"} or Apollo's manifest"),
        (
            &[("a.json", "{\"operations\": [{\"id\": \"x\"}]}")],
            "a.json: expected {\"<id>\": \"<document>\"} or Apollo's manifest",
        ),
        (&[("a.txt", "")], "a.txt: neither a document (.graphql) nor a list of them (.json)"),
        (
            &[("a.graphql", "{ __typename }"), ("b.json", "{\"a\": \"{ a: __typename }\"}")],
            "b.json: the document `a`: another document has the id `a`",
        ),
    ];
    for (listed, expected) in cases {
        let settings = Settings { trusted: files(listed), ..Settings::default() };
        assert_eq!(face(settings).unwrap_err().0, expected);
    }
    let twice = files(&[("a.graphql", "{ __typename }"), ("b.json", "{\"a\": \"{ __typename }\"}")]);
    assert!(face(Settings { trusted: twice, ..Settings::default() }).is_ok());
}

#[tokio::test]
async fn documents_need_not_be_kept_for_clients() {
    let service =
        service(Settings { persisted: CacheBounds { entries_max: 0, bytes_max: 1 }, ..Settings::default() });
    let digest = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
    let extensions = format!(r#""extensions":{{"persistedQuery":{{"version":1,"sha256Hash":"{digest}"}}}}"#);
    let (_, answer) = post(&service, &format!("{{{extensions}}}")).await;
    assert!(answer.starts_with(r#"{"errors":[{"message":"PersistedQueryNotSupported","#), "{answer}");
    assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_SUPPORTED");
    let (status, _) = post(&service, &format!(r#"{{"query":"{{__typename}}",{extensions}}}"#)).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn what_is_kept_is_bounded() {
    let cache = CacheBounds { entries_max: 8, bytes_max: 1 << 20 };
    let service = service(Settings { cache, persisted: cache, ..Settings::default() });
    assert_eq!(service.graphql().cache_stats(), CacheStats::default());
    for at in 0..100 {
        let query = json(&format!("{{ a{at}: __typename }}"));
        post(&service, &format!("{{\"query\":{query}}}")).await;
    }
    for _ in 0..2 {
        post(&service, TYPE_NAME).await;
        post(&service, r#"{"query":"{"}"#).await;
    }
    let stats = service.graphql().cache_stats();
    assert_eq!((stats.hits, stats.misses), (1, 103));
    assert!(stats.entries <= 8, "{stats:?}");
}

/// Also the largest that is taken: it fits into the part of the cache that it falls into.
#[tokio::test]
async fn large_documents_are_kept() {
    let service = service(Settings::default());
    let comment = "x".repeat(120 << 10);
    let query = json(&format!("{{ __typename }} #{comment}"));
    for _ in 0..3 {
        assert_eq!(post(&service, &format!("{{\"query\":{query}}}")).await.0, 200);
    }
    assert_eq!(service.graphql().cache_stats(), CacheStats { hits: 2, misses: 1, entries: 1 });
}

#[tokio::test]
async fn paths_are_the_operators() {
    let settings = |path: Option<&str>, page: Option<&str>| Settings {
        path: path.map(str::to_owned),
        graphiql_path: page.map(str::to_owned),
        ..Settings::default()
    };
    let both = service(settings(Some("/api/g"), Some("/tools/ide")));
    for (path, mine) in [
        ("/api/g", true),
        ("/api/g/", false),
        ("/graphql", false),
        ("/tools/ide", true),
        ("/tools/ide/", true),
        ("/tools/ide/app.js", true),
        ("/tools/idea", false),
    ] {
        assert_eq!(both.is_mine(path), mine, "{path}");
    }
    let page = text(send(&both, "GET", "/tools/ide", &[], b"").await);
    assert!(
        page.contains("data-endpoint=\"/api/g\"") && page.contains("\"/tools/ide/graphiql.js?v="),
        "{page}"
    );
    assert!(!page.contains("\"/graphiql"), "{page}");
    let endpoint_alone = service(settings(Some("/graphql"), None));
    assert!(endpoint_alone.is_mine("/graphql") && !endpoint_alone.is_mine("/graphiql"));
    let neither = service(settings(None, Some("/graphiql")));
    assert!(!neither.is_mine("/graphql") && !neither.is_mine("/graphiql"));
}
