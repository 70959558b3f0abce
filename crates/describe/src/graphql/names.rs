//! The names that a schema adds to those of its contract, each written once.

/// The root field that finds any record, and the argument that names it.
pub const NODE: &str = "node";
/// The field of records that tells their version: what REST says in `ETag`.
pub const VERSION: &str = "_version";
/// The one field of a query root that would have none; always null.
pub const NOTHING: &str = "_nothing";

/// Which records.
pub const WHERE: &str = "where";
/// In which order.
pub const ORDER_BY: &str = "orderBy";
/// At most so many.
pub const LIMIT: &str = "limit";
/// After leaving out so many.
pub const OFFSET: &str = "offset";
/// The arguments of a list of records.
pub const LIST_ARGUMENTS: [&str; 4] = [WHERE, ORDER_BY, LIMIT, OFFSET];
/// The first so many of a connection.
pub const FIRST: &str = "first";
/// Only what follows this cursor.
pub const AFTER: &str = "after";
/// The last so many of a connection.
pub const LAST: &str = "last";
/// Only what precedes this cursor.
pub const BEFORE: &str = "before";
/// Steps into a JSON value.
pub const PATH: &str = "path";
/// The version that a record must still have to be written.
pub const IF_VERSION: &str = "ifVersion";
/// What a batch does.
pub const OPERATIONS: &str = "operations";

/// All of several conditions.
pub const AND: &str = "and";
/// One of several conditions.
pub const OR: &str = "or";
/// Not a condition.
pub const NOT: &str = "not";
/// A condition on at least one record of a list.
pub const SOME: &str = "some";
/// A condition on every record of a list.
pub const EVERY: &str = "every";
/// A condition on no record of a list.
pub const NONE: &str = "none";
/// A condition on a part of a JSON value.
pub const AT: &str = "at";

/// The edges of a connection.
pub const EDGES: &str = "edges";
/// Where a connection's page stands among all.
pub const PAGE_INFO: &str = "pageInfo";
/// How many records there are on all pages.
pub const TOTAL_COUNT: &str = "totalCount";
/// An edge's place.
pub const CURSOR: &str = "cursor";
/// Whether more records follow a page.
pub const HAS_NEXT_PAGE: &str = "hasNextPage";
/// Whether records precede a page.
pub const HAS_PREVIOUS_PAGE: &str = "hasPreviousPage";
/// The place of a page's first edge.
pub const START_CURSOR: &str = "startCursor";
/// The place of a page's last edge.
pub const END_CURSOR: &str = "endCursor";

/// How many records a group or an aggregate is of.
pub const COUNT: &str = "count";
/// The values that the records of a group share.
pub const KEY: &str = "key";

/// The field that counts the records of a to-many field: `postsCount`.
pub fn count_of(field: &str) -> String {
    format!("{field}Count")
}

/// The root field that pages through records by cursors: `usersConnection`.
pub fn connection_of(plural: &str) -> String {
    format!("{plural}Connection")
}

/// The root field that groups records: `usersGroups`.
pub fn groups_of(plural: &str) -> String {
    format!("{plural}Groups")
}
