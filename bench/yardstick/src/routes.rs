//! The routes.

use crate::graphql::Asked;
use crate::options::Options;
use crate::posts::{self, Draft};
use crate::token::{Claims, Verifier};
use crate::writer::{Refused, Writer};
use crate::{reader, users};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;

/// Posts of a list that names no limit, and at the most.
const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 1000;

struct App {
    database: PathBuf,
    verifier: Verifier,
    writer: Writer,
}

type Shared = State<Arc<App>>;

#[derive(Deserialize)]
struct Page {
    limit: Option<u32>,
}

/// All routes.
pub fn router(options: &Options) -> rusqlite::Result<Router> {
    let app = App {
        database: options.database.clone(),
        verifier: Verifier::new(&options.secret, options.memory),
        writer: Writer::start(&options.database, options.commit)?,
    };
    Ok(Router::new()
        .route("/api/users/{id}", get(user))
        .route("/api/posts", get(list_posts).post(create_post))
        .route("/graphql", post(graphql))
        .with_state(Arc::new(app)))
}

async fn user(State(app): Shared, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if let Err(refusal) = app.caller(&headers) {
        return refusal;
    }
    match reader::read(&app.database, |conn| users::user(conn, &id)) {
        Ok(Some(body)) => json(StatusCode::OK, body),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn list_posts(State(app): Shared, headers: HeaderMap, Query(page): Query<Page>) -> Response {
    if let Err(refusal) = app.caller(&headers) {
        return refusal;
    }
    let limit = page.limit.unwrap_or(LIMIT_DEFAULT);
    if limit > LIMIT_MAX {
        return StatusCode::BAD_REQUEST.into_response();
    }
    match reader::read(&app.database, |conn| posts::first(conn, limit)) {
        Ok(body) => json(StatusCode::OK, body),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn create_post(State(app): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let caller = match app.caller(&headers) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let Some(draft) = Draft::read(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    match app.writer.create(draft.by(&caller.sub)).await {
        Ok(post) => {
            let place = HeaderValue::from_str(&format!("/api/posts/{}", post.id)).expect("a UUID is ASCII");
            let mut response = json(StatusCode::CREATED, post.json());
            response.headers_mut().insert(LOCATION, place);
            response
        }
        Err(Refused::Conflict) => StatusCode::CONFLICT.into_response(),
        Err(Refused::Unavailable) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn graphql(State(app): Shared, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = app.caller(&headers) {
        return refusal;
    }
    let Some(asked) = Asked::read(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    match reader::read(&app.database, |conn| asked.answer(conn)) {
        Ok(body) => json(StatusCode::OK, body),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl App {
    /// Who asks, or the answer to one who does not prove it.
    #[expect(clippy::result_large_err, reason = "the error is the answer itself and is sent as it is")]
    fn caller(&self, headers: &HeaderMap) -> Result<Arc<Claims>, Response> {
        headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .and_then(|token| self.verifier.verify(token))
            .ok_or_else(|| (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]).into_response())
    }
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
