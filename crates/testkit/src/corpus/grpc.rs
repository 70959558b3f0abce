//! What calls of a storm are made of.

/// Proper calls of the tour: method, and message in ProtoJSON.
pub const CALLS: &[(&str, &str)] = &[
    ("/ProductService/GetProduct", r#"{"productId": "p1"}"#),
    (
        "/tour.v1.UserService/Get",
        r#"{"id": "u1", "readMask": "name,posts.title,posts.comments.text,postsCount"}"#,
    ),
    (
        "/tour.v1.PostService/List",
        r#"{"filter": {"or": [{"title": {"like": "A%"}}, {"author": {"name": {"in": {"values": ["Ada Abel"]}}}}]},
            "orderBy": [{"author": {"name": "DIRECTION_DESC_NULLS_LAST"}}, {"id": "DIRECTION_ASC"}],
            "pageSize": 3, "skip": 1, "includeTotal": true, "readMask": "id,title,author.name"}"#,
    ),
    (
        "/tour.v1.UserService/List",
        r#"{"include": {"posts": {"filter": {"comments": {"some": {"text": {"ilike": "%x%"}}}}, "limit": 2,
            "orderBy": [{"title": "DIRECTION_DESC"}], "include": {"comments": {"limit": 1}}}}}"#,
    ),
    ("/tour.v1.UserService/ListPosts", r#"{"userId": "u1", "pageSize": 2}"#),
    ("/tour.v1.PostService/Count", r#"{"filter": {"createdAt": {"gt": "2026-01-05T00:00:00Z"}}}"#),
    ("/tour.v1.OrderItemService/Aggregate", r#"{"readMask": "count,sums.price,averages,greatest.quantity"}"#),
    (
        "/tour.v1.OrderItemService/Group",
        r#"{"by": "product", "readMask": "count,sums.quantity", "limit": 5}"#,
    ),
    (
        "/tour.v1.PostService/Create",
        r#"{"post": {"title": "A storm", "content": "It rained."}, "readMask": "*"}"#,
    ),
    (
        "/tour.v1.PostService/Update",
        r#"{"post": {"id": "post1", "title": "Tide tables, again"}, "updateMask": "title", "readMask": "title"}"#,
    ),
    (
        "/tour.v1.ProductService/Upsert",
        r#"{"product": {"id": "p9", "name": "Lamp", "price": 5, "inventory": 1}}"#,
    ),
    (
        "/tour.v1.CommentService/Batch",
        r#"{"operations": [{"update": {"comment": {"id": "c5", "text": "So it does."}}}]}"#,
    ),
    ("/tour.v1.TourService/TransferFunds", r#"{"fromAccount": "a1", "toAccount": "a2", "amount": "0.01"}"#),
];

/// Headers that mean something to the family.
pub const HEADERS: &[&str] = &[
    "connect-protocol-version: 2",
    "connect-timeout-ms: 0",
    "connect-timeout-ms: 99999999999",
    "grpc-timeout: 1n",
    "grpc-timeout: 5",
    "grpc-encoding: gzip",
    "grpc-encoding: lzma",
    "connect-content-encoding: gzip",
    "grpc-accept-encoding: gzip,,identity",
    "x-grpc-web: 1",
    "idempotency-key: storm",
];

/// Media types of the family, and some that are nearly.
pub const MEDIA_TYPES: &[&str] = &[
    "application/json",
    "application/proto",
    "application/connect+json",
    "application/connect+proto",
    "application/grpc",
    "application/grpc-web+json",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/grpc-web-text+json",
    "application/grpc+thrift",
];
