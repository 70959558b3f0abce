"""The Python client of PostgREST, pointed at the API."""
import os

from postgrest import CountMethod, SyncPostgrestClient
from postgrest.exceptions import APIError

client = SyncPostgrestClient(
    os.environ["SERVER_URL"] + "/api", headers={"Authorization": f"Bearer {os.environ['TOKEN_ADA']}"}
)


def expect(found, wanted):
    assert found == wanted, f"{wanted!r} expected, {found!r} found"


def ids(query):
    return [row["id"] for row in query.execute().data]


def posts():
    return client.from_("posts").select("id")


expect(ids(posts().eq("author", "u1").order("id")), ["post1", "post2"])
expect(ids(posts().neq("author", "u1").order("id", desc=True)), ["post5", "post4", "post3"])
expect(ids(posts().in_("id", ["post1", "post9", "a,b", 'c"d'])), ["post1"])
expect(ids(posts().like("title", "T%").order("id")), ["post1", "post5"])
expect(ids(posts().ilike("title", "%FORGE%")), ["post3"])
expect(ids(posts().gte("createdAt", "2026-01-08T00:00:00Z").lt("createdAt", "2026-01-09T00:00:00Z")), ["post4"])
expect(ids(posts().not_.eq("author", "u2").order("id")), ["post1", "post2", "post4"])
expect(ids(posts().or_("id.eq.post1,and(author.eq.u2,title.like.A*)").order("id")), ["post1", "post3"])
expect(ids(posts().order("createdAt", desc=True).limit(2)), ["post5", "post4"])
expect(ids(posts().order("id").range(1, 2)), ["post2", "post3"])
expect(ids(posts().plfts("content", "harbor boats")), ["post1"])

counted = client.from_("posts").select("id", count=CountMethod.exact).limit(1).execute()
expect((counted.count, len(counted.data)), (5, 1))

nested = (
    client.from_("users")
    .select("id, name, posts(title, comments(text, author(name)))")
    .eq("id", "u2")
    .order("id", foreign_table="posts")
    .limit(1, foreign_table="posts")
    .execute()
)
expect(
    nested.data,
    [{"id": "u2", "name": "Ben Brook", "posts": [
        {"title": "A quiet forge", "comments": [{"text": "So it does.", "author": {"name": "Ada Abel"}}]}]}],
)

inner = client.from_("posts").select("id, author!inner(name)").eq("author.name", "Cleo Cole").execute()
expect(inner.data, [{"id": "post4", "author": {"name": "Cleo Cole"}}])

groups = client.from_("orders").select("status, count()").execute()
expect(groups.data, [{"status": "OPEN", "count": 1}, {"status": "PAID", "count": 1}])
totals = client.from_("orderItems").select("total:quantity.sum(), price.max()").eq("product", "p2").execute()
expect(totals.data, [{"total": "7", "max": "29.99"}])
counts = client.from_("users").select("id, posts(count)").like("posts.title", "T%").in_("id", ["u1", "u3"]).order("id")
expect(counts.execute().data, [{"id": "u1", "postsCount": 1}, {"id": "u3", "postsCount": 0}])

try:
    client.from_("posts").select("colour").execute()
except APIError:
    pass
else:
    raise AssertionError("an unknown field must be refused")
print("postgrest: the Python client")
