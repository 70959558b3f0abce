//! Products, read.

use crate::grpc::proto::Product;
use rusqlite::{Connection, OptionalExtension, Result, Row};

/// A product; `None` when there is none of that id.
pub fn product(conn: &Connection, id: &str) -> Result<Option<Product>> {
    let mut statement =
        conn.prepare_cached("SELECT id, name, price, inventory FROM product WHERE id = ?1")?;
    statement.query_row([id], read).optional()
}

/// The first products with keys above `after`, in the order of their keys.
pub fn page(conn: &Connection, after: &str, rows_max: usize) -> Result<Vec<Product>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, name, price, inventory FROM product WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let limit = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let mut products = Vec::with_capacity(rows_max);
    for product in statement.query_map((after, limit), read)? {
        products.push(product?);
    }
    Ok(products)
}

fn read(row: &Row<'_>) -> Result<Product> {
    Ok(Product { id: row.get(0)?, name: row.get(1)?, price: row.get(2)?, inventory: row.get(3)? })
}
