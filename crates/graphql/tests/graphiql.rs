//! The page and its files.

#![allow(clippy::unwrap_used)]

mod support;

use graphql::{Example, Settings};
use support::{face, send, service, text};

fn example(name: &str, query: &str, variables: Option<&str>) -> Example {
    Example { name: name.into(), query: query.into(), variables: variables.map(str::to_owned) }
}

#[tokio::test]
async fn the_page_holds_the_examples_and_nothing_else_of_theirs() {
    let examples = vec![
        example("One", "{ __typename }", Some("{ \"a\" : \"</script><script>\" }")),
        example("<b>", "# </script>\n{ a }", None),
    ];
    let service = service(Settings { examples, ..Settings::default() });
    let response = send(&service, "GET", "/graphiql", &[], b"").await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; ") && !policy.contains("unsafe-eval"));
    assert!(policy.contains("frame-ancestors 'none'"));
    let page = text(response);
    let listed = "[{\"name\":\"One\",\"query\":\"{ __typename }\",\
        \"variables\":{\"a\":\"\\u003c/script>\\u003cscript>\"}},\
        {\"name\":\"\\u003cb>\",\"query\":\"# \\u003c/script>\\n{ a }\"}]";
    assert!(page.contains(listed), "{page}");
    assert!(!page.contains("{{"), "{page}");
}

#[test]
fn variables_of_examples_are_checked_at_start() {
    let settings = Settings { examples: vec![example("one", "{ a }", Some("{"))], ..Settings::default() };
    let message = face(settings).unwrap_err().0;
    assert!(message.starts_with("variables of one: "), "{message}");
}

/// Every file the page names is there, is kept for good under that name, and is known by its tag.
#[tokio::test]
async fn files_are_kept_by_the_browser() {
    let service = service(Settings::default());
    let page = text(send(&service, "GET", "/graphiql", &[], b"").await);
    let named: Vec<&str> = page.split('"').filter(|part| part.starts_with("/graphiql/")).collect();
    assert_eq!(named.len(), 4, "{named:?}");
    for file in named {
        let response = send(&service, "GET", file, &[], b"").await;
        assert_eq!(response.status(), 200, "{file}");
        assert_eq!(response.headers()["cache-control"], "public, max-age=31536000, immutable");
        let tag = response.headers()["etag"].to_str().unwrap().to_owned();
        let known = send(&service, "GET", file, &[("if-none-match", &tag)], b"").await;
        assert_eq!((known.status().as_u16(), known.into_body().into_bytes().len()), (304, 0));
        let name = file.split('?').next().unwrap();
        let stale = send(&service, "GET", &format!("{name}?v=another"), &[], b"").await;
        assert_eq!(stale.headers()["cache-control"], "no-cache");
        let head = send(&service, "HEAD", name, &[], b"").await;
        assert_eq!((head.status().as_u16(), head.into_body().into_bytes().len()), (200, 0));
    }
}
