"""How often the database is asked for lists of more and more users, as Septet tells it in its log."""
import json
import os

from runner import data
from runner.graphql import LIST_USERS, list_request
from runner.idle import Quiet
from runner.requests import Client
from runner.servers import Failed
from runner.setting import TOUR

LOGGING = {"SEPTET_LOG_LEVEL": "debug", "SEPTET_LOG_FORMAT": "json"}


def graphql_round_trips(setting, tell):
    """Round trips for each list."""
    folder = data.copy(setting, data.social(setting), "social-septet")
    server = setting.septet("Septet social, logging", TOUR, folder, LOGGING)
    asked = [list_request(0, users) for users in LIST_USERS]
    logged_before = os.path.getsize(server.log) if os.path.exists(server.log) else 0
    with server:
        server.start(asked[0])
        client = Client(server.port)
        for request in asked:
            if client.ask(request)[0] != 200:
                raise Failed(f"{request.body} is not answered with 200; the log is {server.log}")
        client.close()
    # The server has ended, so its log is whole; the last calls are those above.
    calls = [line for line in _lines(server.log, logged_before) if line["message"] == "call"][-len(asked):]
    if len(calls) != len(asked) or not all("round_trips" in call for call in calls):
        raise Failed(f"{server.log} does not tell the round trips of {len(asked)} calls")
    trips = [call["round_trips"] for call in calls]
    tell(f"graphql_round_trips: {trips}")
    what = f"round trips for lists of {', '.join(f'{users:,}' for users in LIST_USERS)} users"
    return [Quiet(what, ", ".join(map(str, trips)), "–", "as many for each", len(set(trips)) == 1)]


def _lines(path, start):
    with open(path, encoding="utf-8") as file:
        file.seek(start)
        return [json.loads(line) for line in file if line.startswith("{")]


TRIPS = {"graphql_round_trips": graphql_round_trips}
