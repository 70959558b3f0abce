"""Selections over relations by GraphQL: Septet against the yardstick, and against Apollo Server."""
import json
from dataclasses import replace

from runner import data, social
from runner.compare import Bar, Case, Pair, Side
from runner.requests import CALLERS, Request, caller
from runner.servers import FORGETFUL, Failed
from runner.setting import TOUR

PLAIN, REMEMBERING = "yardstick", "yardstick, remembers tokens"
SEPTET, SEPTET_FORGETFUL = "Septet", "Septet, remembers one token"
APOLLO = "Apollo Server"

DASHBOARD = ("query($id: ID!) { user(id: $id) { name email posts(limit: 5) { title createdAt "
             "comments(limit: 3) { text author { name } } } followers(limit: 10) { name } } }")
LIST_USERS = (10, 100, 1000)
LIST = "{ users(limit: %d) { name posts(limit: 5) { title } } }"
# Of an answer that is not as it must be.
SHOWN_BYTES = 1000
TYPES = ("application/json", "application/graphql-response+json")

YARDSTICK_BAR = Bar(rate_min=0.7, p99_max=1.5)
APOLLO_BAR = Bar(per_cpu_min=8, memory_max=1 / 3)
# How much more the processor time for each user may change from one list to the next than the yardstick's does.
GROWTH_MAX = 1.15
# Its code is compiled while it runs.
APOLLO_WARM_UP_S = 5


def graphql_dashboard(setting):
    """A user with posts, their comments and these' authors, and followers; another user each time."""
    source = data.social(setting)
    ids = data.column(source, f"SELECT id FROM user ORDER BY id LIMIT {social.ASKED}")
    asked = [_request(number, DASHBOARD, {"id": user}) for number, user in enumerate(ids)]

    def is_whole(answer):
        posts, followers = answer["user"]["posts"], answer["user"]["followers"]
        return [len(post["comments"]) for post in posts] == [3] * 5 and len(followers) == 10

    return _against_apollo(setting, _against_yardstick(setting, "graphql_dashboard", asked, is_whole, YARDSTICK_BAR))


def graphql_list_10(setting):
    return _list(setting, 10, Bar())


def graphql_list_100(setting):
    return _against_apollo(setting, _list(setting, 100, YARDSTICK_BAR))


def graphql_list_1000(setting):
    return _list(setting, 1000, Bar())


def _list(setting, users, bar):
    """The first users with their posts."""
    asked = [list_request(number, users) for number in range(CALLERS)]
    is_whole = lambda answer: [len(user["posts"]) for user in answer["users"]] == [5] * users
    return _against_yardstick(setting, list_name(users), asked, is_whole, bar)


def list_name(users):
    return f"graphql_list_{users}"


def list_request(number, users):
    return _request(number, LIST % users)


def _request(number, document, variables=None):
    body = {"query": document} | ({"variables": variables} if variables else {})
    return Request("POST", "/graphql", caller(number), json.dumps(body))


def _against_yardstick(setting, name, asked, is_whole, bar):
    """Both remember tokens, neither does, and as both come. `is_whole` looks whether an answer has all its rows."""
    source = data.social(setting)
    septet, yardstick, forgetful = (data.copy(setting, source, f"social-{whose}")
                                    for whose in ("septet", "yardstick", "septet-forgetful"))
    sides = [
        Side(SEPTET, setting.septet("Septet social", TOUR, septet), asked),
        Side(PLAIN, setting.yardstick("yardstick social", yardstick), asked),
        Side(REMEMBERING, setting.yardstick("yardstick social, remembers tokens", yardstick, "--remember-tokens"),
             asked),
        Side(SEPTET_FORGETFUL, setting.septet("Septet social, remembers one token", TOUR, forgetful, FORGETFUL), asked),
    ]
    pairs = [Pair(SEPTET, PLAIN, bar), Pair(SEPTET, REMEMBERING, bar), Pair(SEPTET_FORGETFUL, PLAIN, bar)]
    return Case(name, sides, pairs, asked[0], lambda clients: _all_answer_alike(clients, asked, is_whole))


def _against_apollo(setting, case):
    """The same with one server more."""
    server = setting.apollo(APOLLO, data.copy(setting, data.social(setting), "social-apollo"))
    side = Side(APOLLO, server, case.sides[0].requests, APOLLO_WARM_UP_S)
    return replace(case, sides=[*case.sides, side], pairs=[*case.pairs, Pair(SEPTET, APOLLO, APOLLO_BAR)])


def _all_answer_alike(clients, asked, is_whole):
    """Byte for byte, but for white space around, and with all the rows that were asked for."""
    for request in dict.fromkeys(asked):
        bodies = {name: _body(name, client, request) for name, client in clients.items()}
        begins = {name: body[:SHOWN_BYTES] for name, body in bodies.items()}
        if len(set(bodies.values())) != 1:
            raise Failed(f"{request.body} is answered differently: {begins}")
        answer = json.loads(next(iter(bodies.values())))
        if list(answer) != ["data"] or not is_whole(answer["data"]):
            raise Failed(f"{request.body} is answered without all its rows: {begins}")


def _body(name, client, request):
    status, headers, body = client.ask(request)
    if status != 200 or headers.get_content_type() not in TYPES:
        raise Failed(f"{name} answers {request.body} with {status} {headers.get_content_type()}: "
                     f"{body[:SHOWN_BYTES]}")
    return body.strip()


GRAPHQL = {case.__name__: case for case in (graphql_dashboard, graphql_list_10, graphql_list_100, graphql_list_1000)}
