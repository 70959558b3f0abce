//! Opening a database.
