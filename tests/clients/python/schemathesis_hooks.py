"""What Schemathesis has to know of the GraphQL API: its scalars, and which errors a valid document may meet."""

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

LONG = st.integers(-(2**63), 2**63 - 1).map(str)
DECIMAL = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=2).map(str)
DATE_TIME = st.datetimes(timezones=st.just(timezone.utc)).map(
    lambda moment: moment.isoformat().replace("+00:00", "Z")
)

for name, values in {"Long": LONG, "Decimal": DECIMAL, "DateTime": DATE_TIME}.items():
    scalar(name, values.map(nodes.String))


class OneKey(graphql.Visitor):
    """Leaves one key to each object of a `@oneOf` type. Schemathesis makes them like any other input object."""

    def __init__(self, types):
        super().__init__()
        self.types = types

    def enter_object_value(self, node, *_):
        expected = graphql.get_named_type(self.types.get_input_type())
        if not (graphql.is_input_object_type(expected) and expected.is_one_of):
            return None
        given = [field for field in node.fields if not isinstance(field.value, graphql.NullValueNode)]
        return graphql.ObjectValueNode(fields=tuple(given[:1])) if given else reject()


@schemathesis.hook
def map_body(ctx, document):
    errors = graphql.validate(SCHEMA, document, max_errors=1000)
    # What was made wrong on purpose is wrong in another way as well, and stays as it is.
    if not (errors and all("OneOf" in error.message for error in errors)):
        return document
    types = graphql.TypeInfo(SCHEMA)
    return graphql.visit(document, graphql.TypeInfoVisitor(types, OneKey(types)))


# What is said about the input, the caller or the rows. Anything else, such as a document that is found to be invalid
# or a defect, may not come of a document that was made from the schema.
EXPECTED = re.compile(
    r"INVALID_INPUT|ACCESS_DENIED|FIELD_DENIED|ALREADY_EXISTS|REFERENCE_NOT_FOUND|STILL_REFERENCED|VERSION_MISMATCH"
    r"|LIMIT_EXCEEDED|COST_EXCEEDED|[A-Z_]+_NOT_FOUND|SAME_ACCOUNT|OUT_OF_STOCK|INSUFFICIENT_FUNDS"
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
    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    if case.meta.generation.mode.is_positive:
        wrong = [code for code in codes if not EXPECTED.fullmatch(code)]
        assert not wrong, f"codes {wrong}: {response.text}"
    else:
        assert any(code in REFUSED for code in codes), f"codes {codes}: {response.text}"
