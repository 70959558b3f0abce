//! Bodies for fuzzing: nothing that a peer sends may panic, hang, overflow the stack, or grow without bound.

use crate::document::Document;
use crate::{Graphql, NamedText, media, request, trusted};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use http_semantics::cross_site;
use wire::DecodeBounds;

/// Bytes of a message at the most, whatever it is about.
const MESSAGE_BYTES_MAX: usize = 2048;

/// Reads a document. What is accepted has operations or fragments alone; what is refused says why in few words.
pub fn fuzz_document(face: &Graphql, data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Document::new(face, text) {
        Ok(document) => {
            let _ = document.choose(None);
            for operation in document.executable.operations.iter() {
                let empty = wire::Value::Object(Vec::new());
                let _ = face.introspect(&document.executable, operation, &empty);
            }
        }
        Err(problems) => {
            assert!((1..=20).contains(&problems.len()));
            assert!(problems.iter().all(|problem| problem.message.len() < MESSAGE_BYTES_MAX));
        }
    }
}

/// Reads a list of trusted documents. What is listed was in the text.
pub fn fuzz_manifest(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let file = NamedText { name: "list.json".to_owned(), text };
    if let Ok(listed) = trusted::listed(&file) {
        let bytes = listed.iter().map(|listed| listed.text.len()).sum::<usize>();
        assert!(bytes <= file.text.len());
    }
}

/// Reads a body, a query string, and the headers that say how.
pub fn fuzz_request(data: &[u8]) {
    let bounds = DecodeBounds::default();
    for fault in [
        request::from_body(data, &bounds).err(),
        request::from_query(&String::from_utf8_lossy(data), 1 << 16, &bounds).err(),
    ]
    .into_iter()
    .flatten()
    {
        assert!(fault.message.len() < MESSAGE_BYTES_MAX, "messages quote little of what came");
    }
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let headers: HeaderMap = [(ACCEPT, value.clone()), (CONTENT_TYPE, value)].into_iter().collect();
    let _ = media::Media::negotiate(&headers);
    let is_read = request::check_content_type(&headers).is_ok();
    assert!(!is_read || !cross_site::may_be_cross_site(&headers), "what is read was never a simple request");
}
