"""Requests: their tokens, the file the load generator sends them from, and asking one of them by itself."""
import base64
import hashlib
import hmac
import http.client
import json
import time
from dataclasses import dataclass

SECRET = "a secret that is used by this benchmark alone"
CALLERS = 100
TOKEN_VALID_S = 86_400
ANSWER_S_MAX = 10


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    caller: str
    body: str = ""

    def is_answered(self, port):
        """Whether a server answers with 200."""
        client = Client(port)
        try:
            return client.ask(self)[0] == 200
        except ConnectionError:
            return False
        finally:
            client.close()


def _base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def sign(caller, secret, roles=()):
    """A JSON Web Token signed with HS256 (RFC 7515, RFC 7519)."""
    now = int(time.time())
    claims = {"sub": caller, "iat": now, "exp": now + TOKEN_VALID_S} | ({"roles": list(roles)} if roles else {})
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    text = b".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    signature = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return (text + b"." + _base64(signature)).decode()


_TOKENS = {}


def token(caller):
    """The caller's token, the same one all the time."""
    if caller not in _TOKENS:
        _TOKENS[caller] = sign(caller, SECRET)
    return _TOKENS[caller]


def caller(number):
    """One of the callers in turn."""
    return f"u{1 + number % CALLERS}"


def write(path, requests):
    """Writes the load generator's file."""
    with open(path, "w", encoding="utf-8") as file:
        for request in requests:
            parts = (request.method, request.path, token(request.caller), request.body)
            file.write("\t".join(parts) + "\n")


class Client:
    """One connection that asks one thing after the other."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S_MAX)

    def ask(self, request, bearer=None):
        """Status, headers and body of the answer; with another token than the caller's when one is given."""
        headers = {"Authorization": f"Bearer {bearer or token(request.caller)}"}
        if request.body:
            headers["Content-Type"] = "application/json"
        self.connection.request(request.method, request.path, request.body or None, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def close(self):
        self.connection.close()
