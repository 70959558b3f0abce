"""httpx over HTTP/1.1 and over cleartext HTTP/2: statuses, headers, many requests at once on one connection."""
import asyncio
import os

import httpx

URL, TOKEN = os.environ["SERVER_URL"], os.environ["TOKEN_ADA"]
SIGNED_IN = {"authorization": f"Bearer {TOKEN}"}


def expect(found, wanted):
    assert found == wanted, f"{wanted!r} expected, {found!r} found"


def walk(client, version):
    answer = client.get("/api/products/p1")
    expect(answer.http_version, version)
    expect(answer.json(), {"id": "p1", "name": "Laptop", "price": 999.99, "inventory": 50})
    expect(client.get("/api/users/u1").status_code, 401)
    expect(client.get("/api/users/u1", headers=SIGNED_IN).json()["name"], "Ada Abel")

    created = client.post("/api/posts", headers=SIGNED_IN, json={"title": version, "content": "x"})
    expect(created.status_code, 201)
    place = created.headers["location"]
    expect(client.get(place, headers=SIGNED_IN).json(), created.json())
    changed = client.patch(place, headers=SIGNED_IN, json={"title": "changed"})
    expect((changed.status_code, changed.json()["title"]), (200, "changed"))
    expect(client.delete(place, headers=SIGNED_IN).status_code, 204)
    missing = client.get(place, headers=SIGNED_IN)
    expect((missing.status_code, missing.json()["error"]["code"]), (404, "POST_NOT_FOUND"))


async def at_once():
    """A hundred streams of one connection, each with its own answer."""
    async with httpx.AsyncClient(base_url=URL, http1=False, http2=True, headers=SIGNED_IN) as client:
        await client.get("/api/products")
        keys = [f"u{1 + at % 4}" for at in range(100)]
        answers = await asyncio.gather(*(client.get(f"/api/users/{key}") for key in keys))
        expect([answer.json()["id"] for answer in answers], keys)


with httpx.Client(base_url=URL) as client:
    walk(client, "HTTP/1.1")
with httpx.Client(base_url=URL, http1=False, http2=True) as client:
    walk(client, "HTTP/2")
asyncio.run(at_once())
print("httpx: HTTP/1.1 and HTTP/2")
