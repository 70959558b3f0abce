"""What Schemathesis has to know of the GraphQL API: its scalars, and the errors that a valid document may meet."""

import os
import re
from datetime import timezone

import graphql
import schemathesis
from hypothesis import reject
from hypothesis import strategies as st
from schemathesis.graphql import nodes, scalar

# Schemathesis reads a schema by an introspection that does not know of `@oneOf`.
with open(os.environ["SERVER_SDL"], encoding="utf-8") as text:
    SCHEMA = graphql.build_schema(text.read())

# `1` is the version that most rows have.
LONG = st.just("1") | st.integers(-(2**63), 2**63 - 1).map(str)
CENTS = {"places": 2, "allow_nan": False, "allow_infinity": False}
DECIMAL = (st.decimals(0, 100, **CENTS) | st.decimals(-(10**12), 10**12, **CENTS)).map(str)
DATE_TIME = st.datetimes(timezones=st.just(timezone.utc)).map(
    lambda moment: moment.isoformat().replace("+00:00", "Z")
)

for name, values in {"Long": LONG, "Decimal": DECIMAL, "DateTime": DATE_TIME}.items():
    scalar(name, values.map(nodes.String))


def is_given(node):
    return not isinstance(node.value, graphql.NullValueNode)


class Sense(graphql.Visitor):
    """Makes sense of what is valid by the types alone: Schemathesis knows nothing of more."""

    def __init__(self, types):
        super().__init__()
        self.types = types

    def enter_object_value(self, node, *_):
        """Exactly one key in an object of a `@oneOf` type."""
        expected = graphql.get_named_type(self.types.get_input_type())
        if not (graphql.is_input_object_type(expected) and expected.is_one_of):
            return None
        given = tuple(filter(is_given, node.fields))
        return graphql.ObjectValueNode(fields=given[:1]) if given else reject()

    def enter_field(self, node, *_):
        """A page from one end, where both ends are given: the first page, since no cursor is known."""
        given = {argument.name.value for argument in filter(is_given, node.arguments)}
        if not {"first", "last"} <= given:
            return None
        arguments = [
            argument for argument in node.arguments if argument.name.value not in ("last", "after", "before")
        ]
        return graphql.FieldNode(
            alias=node.alias,
            name=node.name,
            arguments=tuple(arguments),
            directives=node.directives,
            selection_set=node.selection_set,
        )


@schemathesis.hook
def map_body(ctx, document):
    errors = graphql.validate(SCHEMA, document, max_errors=1000)
    # What was made wrong on purpose stays as it is: it is wrong in another way than this.
    if any("OneOf" not in error.message for error in errors):
        return document
    types = graphql.TypeInfo(SCHEMA)
    return graphql.visit(document, graphql.TypeInfoVisitor(types, Sense(types)))


# What is said about the input, the caller or the rows. Anything else, such as a document that is found to be invalid
# or a defect, may not come of a document that was made from the schema.
EXPECTED = re.compile(
    r"INVALID_INPUT|ACCESS_DENIED|FIELD_DENIED|ALREADY_EXISTS|[A-Z_]+_NOT_FOUND|STILL_REFERENCED|VERSION_MISMATCH"
    r"|LIMIT_EXCEEDED|COST_EXCEEDED|SAME_ACCOUNT|NOT_ACCOUNT_OWNER|INSUFFICIENT_FUNDS|OUT_OF_STOCK"
)
# A document that was made wrong on purpose has to be told so.
REFUSED = {
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "INVALID_INPUT",
    "LIMIT_EXCEEDED",
}


@schemathesis.check
def expected_errors_only(ctx, response, case):
    assert response.status_code < 500, f"status {response.status_code}: {response.text}"
    answer = response.json()
    assert set(answer) <= {"data", "errors", "extensions"}, f"members of the answer: {sorted(answer)}"
    told = [error["extensions"] for error in answer.get("errors", [])]
    codes = [error["code"] for error in told]
    if case.meta.generation.mode.is_positive:
        wrong = [code for code in codes if not EXPECTED.fullmatch(code)]
        # What the schema has, the server knows.
        wrong += [field for error in told for field in error.get("fields", []) if field["code"] == "UNKNOWN"]
        assert not wrong, f"{wrong}: {response.text}"
    else:
        assert any(code in REFUSED for code in codes), f"codes {codes}: {response.text}"
