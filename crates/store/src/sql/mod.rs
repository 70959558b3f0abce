//! Intentions become the text of SQL statements.
