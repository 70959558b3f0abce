use super::*;
use crate::error::Location;
use engine::FieldFault;

const BUDGET: Budget = Budget { limit: 100, remaining: 7, reset_s: 3 };

fn about<'a>(method: &'a Method, media: Media, known_tags: &'a [HeaderValue]) -> About<'a> {
    About { method, request_id: "r1", media, known_tags }
}

fn data(json: &str) -> Outcome {
    Outcome { data: Some(json.into()), cost: 5, budget: Some(BUDGET), ..Outcome::default() }
}

fn header<'a>(response: &'a Response<Vec<u8>>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("ASCII"))
}

fn body(response: &Response<Vec<u8>>) -> &str {
    std::str::from_utf8(response.body()).expect("UTF-8")
}

#[test]
fn a_partial_result_has_both_and_is_kept_by_nobody() {
    let problem = Problem {
        path: vec![PathPart::Field("users".into()), PathPart::Item(2), PathPart::Field("email".into())],
        fields: vec![FieldFault::new("a.0", "RANGE", "is \"too\" large")],
        ..Problem::new(Kind::NotFound, "USER_NOT_FOUND", "no user has this id")
    };
    let problem = problem.at(vec![Location { line: 3, column: 14 }, Location { line: 4, column: 1 }]);
    let partial = Outcome { problems: vec![problem], ..data("{\"users\":null}") };
    let response = outcome(partial, TellCost::Yes, &about(&Method::GET, Media::Graphql, &[]));
    assert_eq!(response.status(), 200);
    assert_eq!((header(&response, "cache-control"), header(&response, "etag")), ("no-store", ""));
    assert_eq!(header(&response, "ratelimit"), "\"caller\";r=7;t=3");
    assert_eq!(
        body(&response),
        "{\"errors\":[{\"message\":\"no user has this id\",\
         \"locations\":[{\"line\":3,\"column\":14},{\"line\":4,\"column\":1}],\
         \"path\":[\"users\",2,\"email\"],\
         \"extensions\":{\"code\":\"USER_NOT_FOUND\",\"kind\":\"NotFound\",\
         \"fields\":[{\"field\":\"a.0\",\"code\":\"RANGE\",\"message\":\"is \\\"too\\\" large\"}],\
         \"requestId\":\"r1\"}}],\
         \"data\":{\"users\":null},\
         \"extensions\":{\"cost\":{\"requested\":5,\"limit\":100,\"remaining\":7,\"resetS\":3}}}"
    );
}

#[test]
fn a_read_by_get_is_kept_as_long_as_its_parts() {
    let public = Cache { max_age_s: 60, scope: CacheScope::Public };
    let private = Cache { max_age_s: 5, scope: CacheScope::Private };
    let cases = [
        (Method::GET, None, "private, no-cache", true),
        (Method::GET, Some(public), "public, max-age=60", true),
        (Method::HEAD, Some(private), "private, max-age=5", true),
        (Method::POST, Some(public), "no-store", false),
    ];
    for (method, cache, expected, has_tag) in cases {
        let answer = Outcome { cache, ..data("{}") };
        let response = outcome(answer, TellCost::No, &about(&method, Media::Json, &[]));
        assert_eq!(header(&response, "cache-control"), expected);
        assert_eq!(!header(&response, "etag").is_empty(), has_tag, "{method}");
    }
}

#[test]
fn what_is_known_is_not_sent_again() {
    let first = outcome(data("{\"a\":1}"), TellCost::No, &about(&Method::GET, Media::Json, &[]));
    let tag = first.headers()["etag"].clone();
    for (json, status, bytes) in [("{\"a\":1}", 304, 0), ("{\"a\":2}", 200, 16)] {
        let known = [tag.clone()];
        let again = outcome(data(json), TellCost::No, &about(&Method::GET, Media::Json, &known));
        assert_eq!((again.status().as_u16(), again.body().len()), (status, bytes));
    }
}

#[test]
fn the_first_problem_decides_the_status() {
    let cases = [
        (Kind::Unauthenticated, 401, 401),
        (Kind::Denied, 403, 200),
        (Kind::Invalid, 400, 200),
        (Kind::Throttled, 429, 429),
        (Kind::Timeout, 504, 200),
        (Kind::Unavailable, 503, 503),
        (Kind::Internal, 500, 200),
    ];
    for (kind, when_graphql, when_json) in cases {
        for (media, expected) in [(Media::Graphql, when_graphql), (Media::Json, when_json)] {
            let problems = vec![Problem::new(kind, "X", "x"), Problem::new(Kind::Conflict, "Y", "y")];
            let refused = Outcome { problems, ..Outcome::default() };
            let response = outcome(refused, TellCost::No, &about(&Method::POST, media, &[]));
            assert_eq!(response.status().as_u16(), expected, "{kind:?} {media:?}");
        }
    }
}

#[test]
fn a_throttled_caller_is_told_when_to_come_again() {
    let problem = Problem { budget: Some(BUDGET), ..Problem::new(Kind::Throttled, "THROTTLED", "too many") };
    let response = refusal(Refused::Operation, &[problem], &about(&Method::POST, Media::Json, &[]));
    assert_eq!(header(&response, "retry-after"), "3");
    assert_eq!(header(&response, "ratelimit-policy"), "\"caller\";q=100");
    let bad_token = Problem { bad_token: true, ..Problem::new(Kind::Unauthenticated, "INVALID_TOKEN", "x") };
    let response = refusal(Refused::Operation, &[bad_token], &about(&Method::POST, Media::Json, &[]));
    let challenge = "Bearer error=\"invalid_token\", error_description=\"x\"";
    assert_eq!(header(&response, "www-authenticate"), challenge);
}
