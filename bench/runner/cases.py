"""What is measured under load. Each function makes one case; a bar is what Septet promises."""
import json
import random
import re

from runner import data
from runner.compare import Bar, Case, Pair, Side
from runner.requests import Request, caller
from runner.servers import FORGETFUL, Failed
from runner.setting import ROWS, TOUR

USERS = 1000
# A prime, so that the ids come in no order that a B-tree knows.
STRIDE = 617
LIST_ROWS = 20
POINT_ROWS = (10_000, 100_000, 1_000_000)
POINT_IDS = 10_000

PLAIN, REMEMBERING = "yardstick", "yardstick, remembers tokens"
SEPTET, SEPTET_FORGETFUL = "Septet", "Septet, remembers one token"
GROUPS, SINGLES = "yardstick, group commit", "yardstick, one transaction per request"

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


def get_user(setting):
    paths = [f"/api/users/u{1 + number * STRIDE % USERS}" for number in range(USERS)]
    return _against_yardstick(setting, "get_user", paths, Bar(rate_min=0.85, p99_max=1.3))


def list_posts_20(setting):
    paths = [f"/api/posts?limit={LIST_ROWS}"] * 100
    return _against_yardstick(setting, "list_posts_20", paths, Bar(rate_min=0.85))


def _against_yardstick(setting, name, paths, bar):
    """The same reads of the same rows: both remember tokens, neither does, and as both come."""
    asked = [Request("GET", path, caller(number)) for number, path in enumerate(paths)]
    source = data.tour(setting)
    septet, yardstick = data.copy(setting, source, "septet"), data.copy(setting, source, "yardstick")
    sides = [
        Side(SEPTET, setting.septet(SEPTET, TOUR, septet), asked),
        Side(PLAIN, setting.yardstick(PLAIN, yardstick), asked),
        Side(REMEMBERING, setting.yardstick(REMEMBERING, yardstick, "--remember-tokens"), asked),
        Side(SEPTET_FORGETFUL, setting.septet(SEPTET_FORGETFUL, TOUR, data.copy(setting, source, "septet-forgetful"),
                                              FORGETFUL), asked),
    ]
    pairs = [Pair(SEPTET, PLAIN, bar), Pair(SEPTET, REMEMBERING, bar), Pair(SEPTET_FORGETFUL, PLAIN, bar)]
    return Case(name, sides, pairs, asked[0], lambda clients: _all_answer_alike(clients, asked))


def rule_get(setting):
    """Rows that the caller may read under the rule, half of them because they are visible, half as their owner."""
    numbers = [1 + number * STRIDE % data.RULED_ROWS for number in range(1000)]
    asked = {kind: [Request("GET", f"/api/{kind}/{data.row_id(n)}", data.row_owner(n)) for n in numbers]
             for kind in ("openRows", "ruledRows")}
    return _with_rule(setting, "rule_get", asked)


def rule_list_20(setting):
    """The first page, every row of which the caller may read under the rule."""
    asked = {kind: [Request("GET", f"/api/{kind}?limit={LIST_ROWS}", data.row_owner(1))]
             for kind in ("openRows", "ruledRows")}
    return _with_rule(setting, "rule_list_20", asked)


def _with_rule(setting, name, asked):
    rows = data.rows(setting, data.RULED_ROWS, ("open", "ruled"))
    server = setting.septet("Septet rows", ROWS, rows)
    sides = [Side("with a row rule", server, asked["ruledRows"]), Side("without", server, asked["openRows"])]

    def check(clients):
        client = clients["without"]
        for ruled, opened in zip(asked["ruledRows"], asked["openRows"]):
            if _body(client, ruled) != _body(client, opened):
                raise Failed(f"{ruled.path} and {opened.path} differ")
        strange = Request("GET", f"/api/ruledRows/{data.row_id(2)}", data.row_owner(101))
        if client.ask(strange)[0] != 404:
            raise Failed("the rule does not hide another's row")

    return Case(name, sides, [Pair("with a row rule", "without", Bar(rate_min=0.9))], asked["openRows"][0], check)


def point_read(setting):
    """One row by its key, out of more and more rows; as many different ones each time, spread over all."""
    sides, names = [], [f"{number:,} rows" for number in POINT_ROWS]
    for name, number in zip(names, POINT_ROWS):
        server = setting.septet(f"Septet {name}", ROWS, data.rows(setting, number, ("open",)))
        wanted = [1 + place * (number // POINT_IDS) for place in range(POINT_IDS)]
        random.Random(number).shuffle(wanted)
        asked = [Request("GET", f"/api/openRows/{data.row_id(n)}", caller(n)) for n in wanted]
        sides.append(Side(name, server, asked))
    small, middle, large = names
    bar = Bar(rate_min=1 / 1.3, rate_max=1.3)
    pairs = [Pair(middle, small, bar), Pair(large, middle, bar), Pair(large, small, bar)]

    def check(clients):
        for side in sides:
            for request in side.requests[:1000]:
                wanted = request.path.rpartition("/")[2]
                if json.loads(_body(clients[side.name], request))["id"] != wanted:
                    raise Failed(f"{request.path} is answered with another row")

    first = Request("GET", f"/api/openRows/{data.row_id(1)}", caller(0))
    return Case("point_read", sides, pairs, first, check)


def create(setting):
    """Durable posts, each with its event. Every server writes to a database of its own."""
    source = data.tour(setting)
    folders = {name: data.copy(setting, source, f"create-{number}")
               for number, name in enumerate((SEPTET, GROUPS, SINGLES))}
    asked = [_post(number) for number in range(1000)]
    sides = [
        Side(SEPTET, setting.septet("Septet creating", TOUR, folders[SEPTET]), asked),
        Side(SINGLES, setting.yardstick(SINGLES, folders[SINGLES], "--commit", "single"), asked),
        Side(GROUPS, setting.yardstick(GROUPS, folders[GROUPS], "--commit", "group"), asked),
    ]
    before = {name: _written(folder) for name, folder in folders.items()}

    def verify(answers):
        for name, folder in folders.items():
            posts, events = (now - then for now, then in zip(_written(folder), before[name]))
            if posts != events or posts < answers[name]:
                raise Failed(f"{name}: {answers[name]} answers left {posts} posts and {events} events")

    probe = Request("GET", "/api/users/u1", caller(0))
    pairs = [Pair(SEPTET, SINGLES, Bar(rate_min=5)), Pair(SEPTET, GROUPS)]
    return Case("create", sides, pairs, probe, lambda clients: _all_create_alike(clients, asked[:20]), verify)


def _post(number):
    title = f"Post {number} of the benchmark"
    content = f"The quick brown fox writes post {number} and means \"every\" word of it. " * 5
    return Request("POST", "/api/posts", caller(number), json.dumps({"title": title, "content": content}))


def _written(folder):
    return data.count(folder, "post"), data.count(folder, "_septet_outbox")


def _body(client, request):
    status, headers, body = client.ask(request)
    if status != 200 or headers.get_content_type() != "application/json":
        raise Failed(f"{request.path} is answered {status} {headers.get_content_type()}: {body[:200]}")
    return body


def _all_answer_alike(clients, asked):
    """Byte for byte."""
    for request in dict.fromkeys(asked):
        bodies = {name: _body(client, request) for name, client in clients.items()}
        if len(set(bodies.values())) != 1:
            raise Failed(f"{request.path} is answered differently: {bodies}")


def _all_create_alike(clients, asked):
    """Byte for byte but for the new row's id and time."""
    for request in asked:
        for name, client in clients.items():
            status, headers, body = client.ask(request)
            given = json.loads(request.body)
            text = [json.dumps(given[key], ensure_ascii=False) for key in ("title", "content")]
            wanted = (rf'\{{"id":"({UUID})","title":{re.escape(text[0])},"content":{re.escape(text[1])},'
                      rf'"author":"{request.caller}","createdAt":"{INSTANT}"\}}')
            found = re.fullmatch(wanted, body.decode())
            if status != 201 or found is None or headers["Location"] != f"/api/posts/{found[1]}":
                raise Failed(f"{name} answers a create with {status}, {headers['Location']}, {body[:400]}")


LOADED = {case.__name__: case for case in (get_user, list_posts_20, rule_get, rule_list_20, point_read, create)}
