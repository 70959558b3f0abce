"""What a security auditor of GraphQL tries: the checks of graphql-cop by its list, and more of their kind.

usage: graphql_audit.py development|production
"""

import os
import re
import sys

import httpx

URL = os.environ["SERVER_URL"] + "/graphql"
SIGNED_IN = {"authorization": f"Bearer {os.environ['TOKEN_ADA']}"}
ANSWER_S_MAX = 5

client = httpx.Client(timeout=ANSWER_S_MAX)
found = []


def send(method, **request):
    """One request. What gets no answer in time is a finding wherever it is looked at."""
    try:
        return client.request(method, URL, **request)
    except httpx.HTTPError as error:
        return httpx.Response(599, text=f"no answer: {error!r}")


def answer(response):
    """The members of an answer that is JSON, or nothing of it."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {"batch": body}


def codes(response):
    return [error.get("extensions", {}).get("code") for error in answer(response).get("errors", [])]


def post(query, headers=SIGNED_IN, **more):
    return send("POST", json={"query": query, **more}, headers=headers)


def refused(title, response, *wanted):
    """The request must fail as a whole, with one of these codes, and not as a defect."""
    told = set(codes(response))
    status_fits = response.status_code == 200 or 400 <= response.status_code < 500
    holds(
        title, status_fits and told and told <= set(wanted) and answer(response).get("data") is None, response
    )


def holds(title, condition, response):
    if not condition:
        found.append(f"{title}: {response.status_code} {response.text[:300]}")


def times(count, text):
    """A text so many times, with its number in the place of `#`."""
    return " ".join(text.replace("#", str(at)).replace("+", str(at + 1)) for at in range(count))


# Documents that are small to send and much to do.
OVERLOADS = {
    "101 aliases": "query cop { %s }" % times(101, "alias#: __typename"),
    "101 aliases of a row": "{ %s }" % times(101, 'a#: user(id: "u1") { name }'),
    "60 root fields of a mutation": "mutation { %s }" % times(60, 'u#: deleteUser(id: "u1") { name }'),
    "500 times the same field": "query cop { %s }" % times(500, "__typename"),
    "5,000 times the same field below": '{ user(id: "u1") { %s } }' % times(5000, "name"),
    "1,000 directives": "{ %s }" % times(1000, "a#: __typename @include(if: true)"),
    "60 levels": "{ users { %s name %s } }" % (times(30, "posts { author {"), times(30, "} }")),
    "60 levels, as fragments": "{ users { ...f0 } } fragment f30 on User { name } "
    + times(30, "fragment f# on User { posts { author { ...f+ } } }"),
    # Each fragment spreads the next one twice: so many fields or spreads when they are all written out.
    "2⁴⁰ fields": "{ users { ...f0 } } fragment f40 on User { name } "
    + times(40, "fragment f# on User { a: following { ...f+ } b: following { ...f+ } }"),
    "2⁴⁰ spreads": "{ users { ...f0 } } fragment f40 on User { name } "
    + times(40, "fragment f# on User { ...f+ ...f+ }"),
}


def overloads():
    for title, document in OVERLOADS.items():
        refused(title, post(document), "LIMIT_EXCEEDED")
    wide = "{ users(limit: 1000) { %s name %s } }" % (times(4, "followers(limit: 1000) {"), times(4, "}"))
    refused("1000⁵ rows", post(wide), "COST_EXCEEDED", "LIMIT_EXCEEDED")
    batch = [{"query": "query cop { __typename }"}] * 10
    refused("a batch", send("POST", json=batch, headers=SIGNED_IN), "BATCHING_UNSUPPORTED")
    for directives in ("@aa " * 10, "@skip(if: false) " * 1000):
        told = post("query cop { __typename %s }" % directives)
        refused(f"directives: {directives[:20]}", told, "LIMIT_EXCEEDED", "GRAPHQL_VALIDATION_FAILED")
        holds(f"directives, told one by one: {directives[:20]}", len(codes(told)) < 10, told)


def circles():
    """Documents and values that have no end, or none in sight."""
    invalid = "GRAPHQL_VALIDATION_FAILED"
    refused("a fragment of itself", post("{ users { ...a } } fragment a on User { name ...a }"), invalid)
    refused(
        "two fragments of each other",
        post(
            "{ users { ...a } } fragment a on User { posts { author { ...b } } } fragment b on User { ...a }"
        ),
        invalid,
    )
    ring = " ".join(f"fragment f{at} on User {{ ...f{(at + 1) % 200} }}" for at in range(200))
    refused("a ring of 200 fragments", post("{ users { ...f0 } } " + ring), invalid, "LIMIT_EXCEEDED")
    for opening in ("{ a ", "{ users(where: { not: ", "{ users(limit: [", "query($v: ["):
        refused(f"10,000 times {opening!r}", post(opening * 10_000), "GRAPHQL_PARSE_FAILED", "LIMIT_EXCEEDED")
    nested = {"name": {"eq": "x"}}
    for _ in range(300):
        nested = {"not": nested}
    refused(
        "a variable of 300 levels",
        post("query($where: UserFilter) { users(where: $where) { id } }", variables={"where": nested}),
        "INVALID_INPUT",
        "BAD_USER_INPUT",
        "LIMIT_EXCEEDED",
        "BODY_TOO_DEEP",
    )


def forgeries():
    """What a page of another site can make a browser send."""
    query = {"query": "query cop { __typename }"}
    for title, response in {
        "a plain GET": send("GET", params=query),
        "a form": send("POST", data=query),
        "a form with a file": send("POST", data=query, files={"f": b"x"}),
        "plain text": send(
            "POST", content='{"query": "{ __typename }"}', headers={"content-type": "text/plain"}
        ),
        "no content type": send("POST", content='{"query": "{ __typename }"}'),
    }.items():
        refused(title, response, "CSRF_REFUSED", "UNSUPPORTED_MEDIA_TYPE")
    for headers in ({}, SIGNED_IN, {"graphql-require-preflight": "1"}):
        response = send("GET", params={"query": "mutation cop { __typename }"}, headers=headers)
        refused(f"a mutation by GET with {[*headers]}", response, "CSRF_REFUSED", "METHOD_NOT_ALLOWED")
    wrong = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    refused(
        "a document under another's hash",
        post("{ __typename }", extensions=wrong),
        "INVALID_INPUT",
        "BAD_USER_INPUT",
        "PERSISTED_QUERY_HASH_MISMATCH",
        "PERSISTED_QUERY_NOT_SUPPORTED",
    )


def leaks():
    """What an answer tells without being asked."""
    traced = post(
        "query cop { __typename }",
        {**SIGNED_IN, "x-apollo-tracing": "1", "apollo-federation-include-trace": "ftv1"},
    )
    holds("tracing", set(answer(traced)) == {"data"}, traced)
    for query in (
        "qwerty cop { abc }",
        "{ user(id: {}) { name } }",
        '{ user(id: "u1") { name { x } } }',
        "\x00",
        "{",
    ):
        response = post(query)
        words = ("exception", "stacktrace", "panicked", ".rs:", "sqlite", "SELECT ")
        holds(
            f"the server's workings after {query!r}",
            not any(word in response.text for word in words),
            response,
        )
        holds(f"a status for a defect after {query!r}", response.status_code < 500, response)
    page = send("GET", headers={"accept": "text/html"})
    holds("an IDE at the endpoint", "graphiql" not in page.text.lower(), page)


def hidden():
    """What production keeps to itself."""
    schema = "query cop { __schema { types { name fields { name } } } }"
    circular = "query cop { __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
    for query in (
        schema,
        circular,
        '{ __type(name: "User") { fields { name } } }',
        "{ a: __schema { queryType { name } } }",
    ):
        for headers in ({}, SIGNED_IN):
            refused(f"introspection: {query[:40]}", post(query, headers), "INTROSPECTION_DISABLED")
    got = send("GET", params={"query": schema}, headers=SIGNED_IN)
    refused("introspection by GET", got, "INTROSPECTION_DISABLED")
    for query, secret in {
        "{ usr(id: 1) { name } }": "user",
        "{ users { nam } }": "name",
        "{ users(limt: 1) { id } }": "limit",
        "{ users(where: { nme: {} }) { id } }": "name",
        "{ users(orderBy: [{ nme: ASC }]) { id } }": "name",
        "mutation { createPst { id } }": "createPost",
        "{ __schema { directive } }": "directives",
        "{ users { ... on Usr { id } } }": "User",
    }.items():
        response = post(query)
        holds(f"a suggestion for {query!r}", "id you mean" not in response.text, response)
        holds(f"a name for {query!r}", not re.search(rf"\b{secret}\b", response.text), response)


overloads()
circles()
forgeries()
leaks()
if sys.argv[1] == "production":
    hidden()
for finding in found:
    print(finding)
print(f"audit ({sys.argv[1]}): {len(found)} findings")
sys.exit(1 if found else 0)
