//! What a server answers to each method, to be compared with what another one does.

use crate::Failure;
use crate::call::Call;
use crate::connection::Connection;
use crate::list;
use crate::options::Options;
use crate::proto::{InventoryUpdate, Product, ProductRequest, UpdateSummary};
use crate::update::framed_all;
use crate::worker::product_id;
use http::HeaderValue;
use serde_json::{Value, json};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::timeout;

/// Time for everything.
const CHECK_MAX: Duration = Duration::from_secs(20);
/// Products looked at one by one.
const LOOKED_AT: usize = 100;
/// More than there is of anything.
const TOO_MANY: i32 = 1_000_000;
const METHODS: [&str; 4] = ["GetProduct", "ListProducts", "UpdateInventory", "BidirectionalSync"];

/// One server, and three who call it.
struct Server<'a> {
    connection: Connection,
    options: &'a Options,
    caller: &'a HeaderValue,
    admin: &'a HeaderValue,
    forged: &'a HeaderValue,
}

/// All that is looked at, as JSON. What is in stock is as it was before when this returns.
pub async fn all(options: &Options) -> Result<Value, Failure> {
    timeout(CHECK_MAX, look(options)).await.map_err(|_| "an answer does not come")?
}

async fn look(options: &Options) -> Result<Value, Failure> {
    let [caller, admin, forged] = options.tokens.as_slice() else {
        return Err("`check` takes three tokens: a caller's, an admin's, and a forged one".into());
    };
    let connection = Connection::open(options.address, &Rc::default()).await?;
    let server = Server { connection, options, caller, admin, forged };
    let mut forged = Vec::new();
    for method in METHODS {
        forged.push(server.code(server.empty(method, server.forged).await?).await?);
    }
    let mut products = Vec::new();
    for turn in 0..LOOKED_AT {
        products.push(shown(&server.product(&product_id(turn, options.products)).await?.only().await?));
    }
    Ok(json!({
        "forged": forged,
        "products": products,
        "unknown_product": server.code(server.product("none").await?).await?,
        "list": server.list().await?,
        "updates": server.updates().await?,
    }))
}

impl Server<'_> {
    /// A call that sends one empty message, which is one of every method's.
    async fn empty(&self, method: &str, token: &HeaderValue) -> Result<Call, Failure> {
        let mut call = self.connection.call(&self.connection.target(method)?, token).await?;
        call.send_only(&ProductRequest::default())?;
        Ok(call)
    }

    async fn product(&self, id: &str) -> Result<Call, Failure> {
        let mut call = self.connection.call(&self.connection.target("GetProduct")?, self.caller).await?;
        call.send_only(&ProductRequest { product_id: id.to_owned() })?;
        Ok(call)
    }

    async fn update(&self, token: &HeaderValue, changes: &[(&str, i32)]) -> Result<Call, Failure> {
        let mut call = self.connection.call(&self.connection.target("UpdateInventory")?, token).await?;
        call.requests.send_last(framed_all(
            changes
                .iter()
                .map(|&(id, quantity_change)| InventoryUpdate { product_id: id.to_owned(), quantity_change }),
        ))?;
        Ok(call)
    }

    async fn list(&self) -> Result<Vec<Value>, Failure> {
        let target = self.connection.target("ListProducts")?;
        let mut call = list::begin(&self.connection, &target, self.caller, self.options.items).await?;
        let mut products = Vec::new();
        while let Some(product) = call.answers.next::<Product>().await? {
            products.push(shown(&product));
        }
        call.answers.succeeded().await?;
        Ok(products)
    }

    /// Changes that are refused leave everything as it was; others can be undone.
    async fn updates(&self) -> Result<Value, Failure> {
        let stock = async |id| Ok::<_, Failure>(self.product(id).await?.only::<Product>().await?.inventory);
        let before = [stock("p1").await?, stock("p2").await?];
        let by_caller = self.code(self.update(self.caller, &[("p1", 1)]).await?).await?;
        let unknown = self.code(self.update(self.admin, &[("p1", 1), ("none", 1)]).await?).await?;
        let out_of_stock = self.code(self.update(self.admin, &[("p1", 1), ("p2", -TOO_MANY)]).await?).await?;
        let refused = [stock("p1").await?, stock("p2").await?];
        let made = self.update(self.admin, &[("p1", 2), ("p2", 1), ("p1", -1)]).await?;
        let made = made.only::<UpdateSummary>().await?.total_updated;
        let after = [stock("p1").await?, stock("p2").await?];
        self.update(self.admin, &[("p1", -1), ("p2", -1)]).await?.only::<UpdateSummary>().await?;
        Ok(json!({
            "by_caller": by_caller, "unknown": unknown, "out_of_stock": out_of_stock, "made": made,
            "before": before, "refused": refused, "after": after,
        }))
    }

    /// The status of a call that has no answer.
    async fn code(&self, mut call: Call) -> Result<u32, Failure> {
        if call.answers.next::<Product>().await?.is_some() {
            return Err("an answer where there should be none".into());
        }
        Ok(call.answers.end().await?.code)
    }
}

fn shown(product: &Product) -> Value {
    json!([product.id, product.name, product.price, product.inventory])
}
