//! What documents of a storm are made of.

/// Proper documents of the tour with the values of their variables.
pub const DOCUMENTS: &[(&str, &str)] = &[
    (
        "query Dashboard($id: ID!) { user(id: $id) { name email posts(limit: 5) { title createdAt comments(limit: 3) \
         { text author { name } } } followers(limit: 10) { name } } }",
        r#"{"id": "u1"}"#,
    ),
    ("{ users(limit: 100) { name posts(limit: 5) { title } } }", "{}"),
    (
        "query($where: PostFilter, $by: [PostOrder!] = [{title: ASC}]) { posts(where: $where, orderBy: $by, limit: 3) \
         { id title } postsCount(where: $where) }",
        r#"{"where": {"or": [{"title": {"like": "A%"}}, {"author": {"name": {"in": ["Ada Abel"]}}}]}}"#,
    ),
    (
        "{ postsConnection(first: 2, orderBy: [{author: {name: DESC}}, {createdAt: ASC_NULLS_FIRST}]) { edges \
         { cursor node { id title } } pageInfo { hasNextPage endCursor } totalCount } }",
        "{}",
    ),
    (
        "{ orderItemsAggregate(where: {quantity: {gte: 1}}) { count sum { price quantity } avg { quantity } \
         min { price } max { price } } orderItemsGroups { key { product } count sum { price } } }",
        "{}",
    ),
    (
        "query($id: ID!) { node(id: $id) { __typename id ... on Post { title author { ...A } } } } \
      fragment A on User { name }",
        r#"{"id": "post1"}"#,
    ),
    (
        "query($deep: Boolean!) { a: post(id: \"post1\") { title } b: post(id: \"post2\") { title author \
         @include(if: $deep) { name commentsCount } } }",
        r#"{"deep": true}"#,
    ),
    (
        "{ users(where: {posts: {some: {comments: {none: {text: {ilike: \"%x%\"}}}}}}) { id followers(orderBy: \
         [{name: ASC}], limit: 2, offset: 1) { id } } }",
        "{}",
    ),
    (
        "{ posts(where: {content: {searchWeb: \"harbor -boats\"}, not: {title: {matches: \"^T\"}}}) { id } }",
        "{}",
    ),
    ("{ listProducts(pageSize: 1) { id name } getProduct(productId: \"p1\") { price } }", "{}"),
    (
        "query Types { __schema { queryType { name } types { kind name fields(includeDeprecated: true) { name args \
         { name type { kind name ofType { name } } } } } } }",
        "{}",
    ),
    (
        "mutation($title: String!) { createPost(title: $title, content: \"It rained.\") { id title author { name } } }",
        r#"{"title": "A storm"}"#,
    ),
    (
        "mutation { a: addComment(postId: \"post1\", text: \"Hear, hear.\") { id } b: updateUser(id: \"u1\", name: \
         \"Ada Abel\") { name _version } }",
        "{}",
    ),
    (
        "mutation($to: ID!, $amount: Decimal!) { transferFunds(fromAccount: \"a1\", toAccount: $to, amount: $amount) \
         { id amount from { balance } } }",
        r#"{"to": "a2", "amount": "0.01"}"#,
    ),
    (
        "mutation($operations: [ProductBatchOperation!]!) { batchProducts(operations: $operations) { id inventory } }",
        r#"{"operations": [{"upsert": {"id": "p8", "name": "Rope", "price": 3}}, {"update": {"id": "p8", "inventory": 4}}, {"delete": {"id": "p8"}}]}"#,
    ),
    (
        "mutation { upsertPost(id: \"post1\", title: \"Tide tables\", content: \"High at noon.\") { id } }",
        "{}",
    ),
];

/// Words and signs of documents, to be strung together.
pub const TOKENS: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "{}",
    ":",
    "!",
    "=",
    "|",
    "&",
    "$",
    "$id",
    "@",
    "...",
    "#",
    "\"",
    "\"\"\"",
    "\\",
    ",",
    "\u{feff}",
    "\u{0}",
    "\u{1F600}",
    "query",
    "mutation",
    "subscription",
    "fragment F on Post",
    "...F",
    "... on User",
    "on",
    "true",
    "null",
    "__typename",
    "__schema",
    "__type(name: \"User\")",
    "_version",
    "id",
    "name",
    "password",
    "posts",
    "author",
    "comments",
    "followers",
    "node(id: \"u1\")",
    "users",
    "usersConnection",
    "usersAggregate",
    "usersGroups",
    "key",
    "sum",
    "count",
    "edges",
    "cursor",
    "pageInfo",
    "where",
    "where: {}",
    "where: null",
    "orderBy: []",
    "orderBy: [{}]",
    "limit: -1",
    "first: 0",
    "last: 99999999999",
    "after: \"\"",
    "before: \"AAAA\"",
    "limit: 1e400",
    "-0",
    "0.1e-999",
    "@include(if: true)",
    "@skip(if: $id)",
    "@deprecated",
    "@defer",
    "@oneOf",
];
