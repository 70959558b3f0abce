//! GraphiQL: a page and its files, all of them from here. Nothing is loaded from anywhere else.

use crate::StartError;
use crate::digest::Digest;
use edge::ResponseBody;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, REFERRER_POLICY,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use http_semantics::reply::{common_headers, respond, set};
use http_semantics::tags;
use wire::encode::json::string;
use wire::{DecodeBounds, decode_json};

/// A document that the page offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What it is called.
    pub name: String,
    /// Its text.
    pub query: String,
    /// Its variables, a JSON object as text.
    pub variables: Option<String>,
}

/// A file as it is sent.
#[derive(Debug)]
struct File {
    /// Its name in the address; empty for the page itself.
    name: &'static str,
    content_type: &'static str,
    encoding: Option<&'static str>,
    body: bytes::Bytes,
    tag: String,
}

/// The page under its path.
#[derive(Debug)]
pub(crate) struct Graphiql {
    path: String,
    files: Vec<File>,
}

/// What the page may load and where it may be shown: from here, and nowhere else. Its icons are in its styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A file that is named with its tag never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";

const PAGE: &str = include_str!("../assets/graphiql/index.html");
const FILES: [(&str, &str, Option<&str>, &[u8]); 5] = [
    ("graphiql.js", SCRIPT, GZIP, include_bytes!("../assets/graphiql/graphiql.js.gz")),
    ("graphiql.css", STYLE, GZIP, include_bytes!("../assets/graphiql/graphiql.css.gz")),
    ("app.js", SCRIPT, None, include_bytes!("../assets/graphiql/app.js")),
    ("app.css", STYLE, None, include_bytes!("../assets/graphiql/app.css")),
    ("LICENSES.txt", "text/plain; charset=utf-8", None, include_bytes!("../assets/graphiql/LICENSES.txt")),
];
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const GZIP: Option<&str> = Some("gzip");

impl Graphiql {
    /// The page at `path` for an endpoint.
    ///
    /// # Errors
    /// An example whose variables are not JSON.
    pub(crate) fn new(path: &str, endpoint: &str, examples: &[Example]) -> Result<Self, StartError> {
        let mut files: Vec<File> = FILES
            .iter()
            .map(|(name, content_type, encoding, body)| File {
                name,
                content_type,
                encoding: *encoding,
                body: bytes::Bytes::from_static(body),
                tag: Digest::of(body).tag(),
            })
            .collect();
        let mut page = PAGE.to_owned();
        for file in &files {
            let is = format!("\"/graphiql/{}\"", file.name);
            page = page.replace(&is, &format!("\"{}/{}?v={}\"", html(path), file.name, version(&file.tag)));
        }
        page = page.replace("{{endpoint}}", &html(endpoint)).replace("{{examples}}", &listed(examples)?);
        let tag = Digest::of(page.as_bytes()).tag();
        let content_type = "text/html; charset=utf-8";
        files.push(File { name: "", content_type, encoding: None, body: page.into(), tag });
        Ok(Self { path: path.to_owned(), files })
    }

    /// Whether a path is the page's or under it.
    pub(crate) fn is_mine(&self, path: &str) -> bool {
        path.strip_prefix(&self.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Sends the page or one of its files.
    pub(crate) fn answer(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        request_id: &str,
    ) -> Response<ResponseBody> {
        let mut head = common_headers(request_id);
        if *method != Method::GET && *method != Method::HEAD {
            head.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return respond(StatusCode::METHOD_NOT_ALLOWED, head, ResponseBody::empty());
        }
        let name = uri.path().strip_prefix(&self.path).map(|rest| rest.strip_prefix('/').unwrap_or(rest));
        let Some(file) = self.files.iter().find(|file| Some(file.name) == name) else {
            return respond(StatusCode::NOT_FOUND, head, ResponseBody::empty());
        };
        let version = uri.query().and_then(|query| query.strip_prefix("v="));
        let keeps = if version == Some(self::version(&file.tag)) { FOREVER } else { "no-cache" };
        head.insert(CACHE_CONTROL, HeaderValue::from_static(keeps));
        set(&mut head, ETAG, &file.tag);
        if tags::is_known(&tags::known_tags(headers), &file.tag) {
            return respond(StatusCode::NOT_MODIFIED, head, ResponseBody::empty());
        }
        file.describe(&mut head);
        let body = if *method == Method::HEAD { bytes::Bytes::new() } else { file.body.clone() };
        respond(StatusCode::OK, head, body.into())
    }
}

impl File {
    fn describe(&self, head: &mut HeaderMap) {
        head.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some(encoding) = self.encoding {
            head.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        head.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        head.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        head.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
}

/// The tag as it stands in an address.
fn version(tag: &str) -> &str {
    tag.trim_matches('"')
}

/// The examples as JSON that may stand in a page.
fn listed(examples: &[Example]) -> Result<String, StartError> {
    let mut out = vec![b'['];
    for (at, example) in examples.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"{\"name\":" } else { b",{\"name\":" });
        string(&mut out, &example.name);
        out.extend_from_slice(b",\"query\":");
        string(&mut out, &example.query);
        if let Some(variables) = &example.variables {
            let value = decode_json(variables.as_bytes(), &DecodeBounds::default());
            let value =
                value.map_err(|error| StartError(format!("variables of {}: {error}", example.name)))?;
            out.extend_from_slice(b",\"variables\":");
            out.extend_from_slice(value.json_text().as_bytes());
        }
        out.push(b'}');
    }
    out.push(b']');
    let text = String::from_utf8(out).expect("JSON of texts is text");
    // What would end the element around it.
    Ok(text.replace('<', "\\u003c"))
}

/// A text as it stands in an attribute.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
