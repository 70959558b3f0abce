//! How much of anything a contract may have.

/// Files in a contract's folder, `*.graphql` and `*.sql` each.
pub const FILES_MAX: usize = 256;
/// Bytes of one file.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// Bytes of all `*.graphql` files together.
pub const CONTRACT_BYTES_MAX: usize = 8 << 20;
/// Lexical tokens of one `*.graphql` file.
pub const TOKENS_MAX: usize = 400_000;
/// How deep lists and objects nest in types and constants.
pub const NESTING_MAX: usize = 32;
/// Types of one kind, operations, and values of one enum: ids are 16 bits.
pub const ITEMS_MAX: usize = 65_535;
/// Fields of one type, arguments of one operation: databases limit columns to a few more than this.
pub const MEMBERS_MAX: usize = 1_000;
/// Interfaces of one type; GraphQL validation looks at each pair of them.
pub const INTERFACES_MAX: usize = 100;
/// Ways through required fields from one input type down to others; GraphQL validation walks each of them.
pub const INPUT_PATHS_MAX: usize = 10_000;
/// Statements of one `@sql`.
pub const STATEMENTS_MAX: usize = 100;
/// Bytes of a compiled `@pattern`.
pub const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Different patterns of a contract: compiling one of the greatest takes some milliseconds.
pub const PATTERNS_MAX: usize = 1_000;
/// Bytes of a table's or column's name: the least of the databases.
pub const IDENTIFIER_BYTES_MAX: usize = 63;
/// `@channel(history:)`.
pub const HISTORY_MAX: i32 = 10_000;
/// Findings in one answer; the rest is counted.
pub const FINDINGS_MAX: usize = 200;
