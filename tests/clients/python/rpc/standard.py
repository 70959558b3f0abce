"""grpcio: the services that every resource has."""
from google.protobuf.field_mask_pb2 import FieldMask
from session import ADA, ADMIN, PATIENCE_S, channel, expect, exported, fails, run

modules = exported()
pb = modules["tour.v1.tour_pb2"]
services = modules["tour.v1.tour_pb2_grpc"]
connection = channel()
users = services.UserServiceStub(connection)
posts = services.PostServiceStub(connection)
products = services.ProductServiceStub(connection)
orders = services.OrderServiceStub(connection)
items = services.OrderItemServiceStub(connection)
tour = services.TourServiceStub(connection)
AS_ADA = {"metadata": ADA, "timeout": PATIENCE_S}
AS_ADMIN = {"metadata": ADMIN, "timeout": PATIENCE_S}


def mask(*paths):
    return FieldMask(paths=paths)


def read():
    got = users.Get(pb.UserServiceGetRequest(id="u1"), **AS_ADA)
    expect(got.user, pb.User(id="u1", name="Ada Abel", email="ada@example.com"))
    assert got.row_version > 0, got
    named = users.Get(pb.UserServiceGetRequest(id="u1", read_mask=mask("name", "posts.title", "posts_count")), **AS_ADA)
    expect(named.user.name, "Ada Abel")
    assert not named.user.HasField("email"), "what is not named is not answered"
    expect(sorted(post.title for post in named.user.posts), ["On paper", "Tide tables"])
    expect(named.user.posts_count, 2)
    # A relation to one is its key, until it is asked for.
    plain = posts.Get(pb.PostServiceGetRequest(id="post1"), **AS_ADA).post
    expect(plain.author, pb.User(id="u1"))
    expect(plain.created_at.ToJsonString(), "2026-01-05T08:00:00Z")
    whole = posts.Get(pb.PostServiceGetRequest(id="post1", read_mask=mask("*", "author")), **AS_ADA).post
    expect(whole.author.name, "Ada Abel")
    fails("INVALID_ARGUMENT", users.Get, pb.UserServiceGetRequest(id="u1", read_mask=mask("colour")), **AS_ADA)
    fails("PERMISSION_DENIED", users.Get, pb.UserServiceGetRequest(id="u1", read_mask=mask("password")), **AS_ADA)
    fails("NOT_FOUND", users.Get, pb.UserServiceGetRequest(id="u0"), reason="USER_NOT_FOUND", **AS_ADA)


def include():
    include = pb.UserInclude(
        posts=pb.PostSubset(
            filter=pb.PostFilter(title=pb.StringFilter(like="%e%")),
            order_by=[pb.PostOrder(created_at=pb.DIRECTION_DESC)],
            limit=1,
        )
    )
    got = users.Get(pb.UserServiceGetRequest(id="u1", read_mask=mask("name", "posts.title"), include=include), **AS_ADA)
    expect([post.title for post in got.user.posts], ["On paper"])
    required = pb.UserInclude(posts=pb.PostSubset(filter=pb.PostFilter(id=pb.IDFilter(eq="post4")), required=True))
    listed = users.List(pb.UserServiceListRequest(read_mask=mask("name", "posts.id"), include=required), **AS_ADA)
    expect([user.name for user in listed.users], ["Cleo Cole"])


def pages():
    """Every page by its token, each record once, also where other records come meanwhile."""
    found, token, count = [], "", 0
    order = [pb.PostOrder(author=pb.UserOrder(name=pb.DIRECTION_DESC)), pb.PostOrder(id=pb.DIRECTION_ASC)]
    while True:
        request = pb.PostServiceListRequest(page_size=2, page_token=token, order_by=order, include_total=True)
        page = posts.List(request, **AS_ADA)
        expect(page.total_size, 5)
        found += [post.id for post in page.posts]
        token, count = page.next_page_token, count + 1
        if not token:
            break
    expect((found, count), (["post4", "post3", "post5", "post1", "post2"], 3))
    untold = posts.List(pb.PostServiceListRequest(), **AS_ADA)
    assert not untold.HasField("total_size"), "nobody asked for the total"
    of_ada = users.ListPosts(pb.UserServiceListPostsRequest(user_id="u1", page_size=1), **AS_ADA)
    expect(([post.id for post in of_ada.posts], bool(of_ada.next_page_token)), (["post1"], True))
    streamed = posts.Stream(pb.PostServiceStreamRequest(order_by=order, limit=4), **AS_ADA)
    expect([answer.post.id for answer in streamed], ["post4", "post3", "post5", "post1"])
    fails("INVALID_ARGUMENT", posts.List, pb.PostServiceListRequest(page_token="nonsense"), **AS_ADA)
    fails("INVALID_ARGUMENT", posts.List, pb.PostServiceListRequest(page_size=-1), **AS_ADA)


def skipping():
    """Records are left out before the page, also after the place that a token stands for (AIP-158)."""
    order = [pb.PostOrder(id=pb.DIRECTION_ASC)]
    skipped = posts.List(pb.PostServiceListRequest(skip=3, order_by=order), **AS_ADA)
    expect([post.id for post in skipped.posts], ["post4", "post5"])
    first = posts.List(pb.PostServiceListRequest(page_size=1, order_by=order), **AS_ADA)
    after = pb.PostServiceListRequest(page_token=first.next_page_token, skip=1, page_size=2, order_by=order)
    expect([post.id for post in posts.List(after, **AS_ADA).posts], ["post3", "post4"])


def filters():
    def ids(condition):
        order = [pb.PostOrder(id=pb.DIRECTION_ASC)]
        return [post.id for post in posts.List(pb.PostServiceListRequest(filter=condition, order_by=order), **AS_ADA).posts]

    F, S = pb.PostFilter, pb.StringFilter
    by_ben = F(author=pb.UserFilter(name=S(eq="Ben Brook")))
    expect(ids(F(title=S(like="T%"))), ["post1", "post5"])
    expect(ids(by_ben), ["post3", "post5"])
    expect(ids(F(**{"or": [F(id=pb.IDFilter(eq="post1")), F(**{"and": [by_ben, F(title=S(like="A%"))]})]})), ["post1", "post3"])
    expect(ids(F(**{"not": by_ben})), ["post1", "post2", "post4"])
    strings = pb.Strings(values=["Tide tables", "On paper", "nothing"])
    expect(ids(F(title=pb.StringFilter(**{"in": strings}))), ["post1", "post2"])
    expect(ids(F(title=pb.StringFilter(**{"in": pb.Strings()}))), [])
    expect(ids(F(content=S(search_plain="harbor boats"))), ["post1"])
    commented = pb.CommentListFilter(some=pb.CommentFilter(text=S(like="%fog%")))
    expect(ids(F(comments=commented)), ["post1"])
    when = pb.DateTimeFilter()
    when.gte.FromJsonString("2026-01-08T00:00:00Z")
    when.lt.FromJsonString("2026-01-09T00:00:00Z")
    expect(ids(F(created_at=when)), ["post4"])
    expect(ids(F(created_at=pb.DateTimeFilter(is_null=False))), [f"post{at}" for at in range(1, 6)])
    status = pb.OrderFilter(status=pb.OrderStatusFilter(eq=pb.ORDER_STATUS_PAID))
    expect(orders.Count(pb.OrderServiceCountRequest(filter=status), **AS_ADA).count, 1)
    cheap = pb.ProductFilter(price=pb.FloatFilter(lt=100.0))
    expect(products.Count(pb.ProductServiceCountRequest(filter=cheap), timeout=PATIENCE_S).count, 1)


def totals():
    asked = pb.OrderItemServiceAggregateRequest(read_mask=mask("count", "sums.quantity", "greatest.price", "averages.quantity"))
    found = items.Aggregate(asked, **AS_ADA).totals
    expect((found.count, found.sums.quantity, found.greatest.price), (3, 8, "999.99"))
    assert abs(found.averages.quantity - 8 / 3) < 1e-9, found
    grouped = orders.Group(pb.OrderServiceGroupRequest(by=mask("status"), read_mask=mask("count")), **AS_ADA)
    expect(
        sorted((group.key.status, group.totals.count) for group in grouped.groups),
        [(pb.ORDER_STATUS_OPEN, 1), (pb.ORDER_STATUS_PAID, 1)],
    )


def changes():
    made = users.Create(pb.UserServiceCreateRequest(user=pb.User(name="Eve Elm", email="eve@example.com", password="pw")), **AS_ADMIN)
    assert made.user.id and made.row_version and not made.user.password, made
    key = made.user.id
    # Without a mask, what is set.
    changed = users.Update(pb.UserServiceUpdateRequest(user=pb.User(id=key, name="Eve Oak")), **AS_ADMIN)
    expect((changed.user.name, changed.user.email), ("Eve Oak", "eve@example.com"))
    # With one, what it names: the address is given and not named.
    both = pb.User(id=key, name="Eve Ash", email="other@example.com")
    changed = users.Update(pb.UserServiceUpdateRequest(user=both, update_mask=mask("name")), **AS_ADMIN)
    expect((changed.user.name, changed.user.email), ("Eve Ash", "eve@example.com"))
    # What is named and not given becomes null, which a name may not.
    nameless = pb.UserServiceUpdateRequest(user=pb.User(id=key), update_mask=mask("name"))
    fails("INVALID_ARGUMENT", users.Update, nameless, fields=["user.name"], **AS_ADMIN)
    unknown = pb.UserServiceUpdateRequest(user=pb.User(id=key), update_mask=mask("colour"))
    fails("INVALID_ARGUMENT", users.Update, unknown, fields=["update_mask"], **AS_ADMIN)
    # Versions.
    stale = pb.UserServiceUpdateRequest(user=pb.User(id=key, name="x"), if_version=made.row_version)
    fails("FAILED_PRECONDITION", users.Update, stale, **AS_ADMIN)
    fresh = pb.UserServiceUpdateRequest(user=pb.User(id=key, name="Eve"), if_version=changed.row_version)
    expect(users.Update(fresh, **AS_ADMIN).user.name, "Eve")
    # Deletes, with what was there where that is asked for.
    gone = users.Delete(pb.UserServiceDeleteRequest(id=key, read_mask=mask("name")), **AS_ADMIN)
    expect(gone.user.name, "Eve")
    fails("NOT_FOUND", users.Delete, pb.UserServiceDeleteRequest(id=key), reason="USER_NOT_FOUND", **AS_ADMIN)


def upserts():
    lamp = pb.Product(id="p3", name="Lamp", price=12.5, inventory=3)
    made = products.Upsert(pb.ProductServiceUpsertRequest(product=lamp), **AS_ADMIN)
    expect((made.product, made.created), (lamp, True))
    lamp.price = 10
    again = products.Upsert(pb.ProductServiceUpsertRequest(product=lamp), **AS_ADMIN)
    expect((again.product, again.created), (lamp, False))
    # An inventory of zero is not an inventory that is not said.
    none = products.Update(pb.ProductServiceUpdateRequest(product=pb.Product(id="p3", inventory=0)), **AS_ADMIN).product
    expect((none.inventory, none.HasField("inventory")), (0, True))
    expect(products.Delete(pb.ProductServiceDeleteRequest(id="p3"), **AS_ADMIN).HasField("product"), False)


def batches():
    O = pb.ProductOperation
    operations = [
        O(create=pb.Product(id="b1", name="One", price=1)),
        O(upsert=pb.ProductUpsert(product=pb.Product(id="b2", name="Two", price=2, inventory=2))),
        O(update=pb.ProductUpdate(product=pb.Product(id="b1", inventory=7), update_mask=mask("inventory"))),
        O(delete=pb.ProductDelete(id="b2")),
    ]
    done = products.Batch(pb.ProductServiceBatchRequest(operations=operations), **AS_ADMIN)
    expect([product.id for product in done.products], ["b1", "b2", "b1", ""])
    expect(done.products[2].inventory, 7)
    failing = [O(create=pb.Product(id="b3", name="Three", price=3)), O(create=pb.Product(id="b4", name="", price=-1))]
    found = fails("INVALID_ARGUMENT", products.Batch, pb.ProductServiceBatchRequest(operations=failing), **AS_ADMIN)
    fields = [violation.field for violation in found["BadRequest"].field_violations]
    assert fields and all(field.startswith("operations[1].create.") for field in fields), fields
    fails("NOT_FOUND", products.Get, pb.ProductServiceGetRequest(id="b3"), reason="PRODUCT_NOT_FOUND")
    products.Delete(pb.ProductServiceDeleteRequest(id="b1"), **AS_ADMIN)


def own():
    made = tour.AddComment(pb.AddCommentRequest(post_id="post2", text="From afar", read_mask=mask("text", "post.title")), **AS_ADA)
    expect((made.result.text, made.result.post.title), ("From afar", "On paper"))
    moved = tour.TransferFunds(pb.TransferFundsRequest(from_account="a1", to_account="a2", amount="10.00"), **AS_ADA)
    expect((moved.result.amount, moved.result.currency), ("10.00", "EUR"))
    poor = pb.TransferFundsRequest(from_account="a1", to_account="a2", amount="99999.00")
    fails("FAILED_PRECONDITION", tour.TransferFunds, poor, reason="INSUFFICIENT_FUNDS", **AS_ADA)


run("grpcio: standard services", [read, include, pages, skipping, filters, totals, changes, upserts, batches, own])
