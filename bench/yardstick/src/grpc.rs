//! The product service.

use crate::hub::Hub;
use crate::inventory::{Inventory, Refused};
use crate::options::Options;
use crate::token::{Claims, Verifier};
use crate::{products, reader};
use futures_util::Stream;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use proto::product_service_server::{ProductService, ProductServiceServer};
use proto::{InventoryUpdate, ListRequest, Product, ProductRequest, SyncMessage, UpdateSummary};
use std::error::Error;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use tokio::net::TcpListener;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

/// Messages and methods, as they are described in `proto/product.proto`.
pub mod proto {
    tonic::include_proto!("_");
}

/// Streams that a connection may have open at a time.
const STREAMS_MAX: u32 = 1024;
/// Bytes that a caller may send ahead of being read, on a stream and on a connection.
const STREAM_BYTES_MAX: u32 = 1 << 20;
const CONNECTION_BYTES_MAX: u32 = 4 << 20;
/// Products of a list that names no number, at the most, and read at a time.
const LIST_DEFAULT: usize = 100;
const LIST_MAX: usize = 100_000;
const PAGE_ROWS: usize = 256;
/// Changes of one call at the most.
const UPDATES_MAX: usize = 100_000;

type Products = Pin<Box<dyn Stream<Item = Result<Product, Status>> + Send>>;
type Messages = Pin<Box<dyn Stream<Item = Result<SyncMessage, Status>> + Send>>;

struct Service {
    database: Arc<PathBuf>,
    verifier: Verifier,
    inventory: Inventory,
    hub: Hub,
}

/// Serves every connection that comes in.
pub async fn serve(listener: &TcpListener, options: &Options) -> Result<(), Box<dyn Error>> {
    let service = TowerToHyperService::new(ProductServiceServer::new(Service {
        database: Arc::new(options.database.clone()),
        verifier: Verifier::new(&options.secret, options.memory),
        inventory: Inventory::start(&options.database)?,
        hub: Hub::new(),
    }));
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(STREAM_BYTES_MAX)
        .initial_connection_window_size(CONNECTION_BYTES_MAX);
    loop {
        let (stream, _) = listener.accept().await?;
        // Answers are written whole, so waiting for more to fill a segment would only delay them.
        stream.set_nodelay(true)?;
        // A connection that breaks off concerns nobody else.
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service.clone()));
    }
}

#[tonic::async_trait]
impl ProductService for Service {
    type ListProductsStream = Products;
    type BidirectionalSyncStream = Messages;

    async fn get_product(&self, request: Request<ProductRequest>) -> Result<Response<Product>, Status> {
        self.caller(request.metadata())?;
        let id = &request.get_ref().product_id;
        let found = reader::read(&self.database, |conn| products::product(conn, id)).map_err(failed)?;
        found.map(Response::new).ok_or_else(not_found)
    }

    async fn list_products(&self, request: Request<ListRequest>) -> Result<Response<Products>, Status> {
        self.caller(request.metadata())?;
        let ListRequest { page_size, page_token } = request.into_inner();
        let left = match usize::try_from(page_size) {
            Ok(0) => LIST_DEFAULT,
            Ok(rows) if rows <= LIST_MAX => rows,
            Ok(_) | Err(_) => return Err(Status::invalid_argument("page_size is out of range")),
        };
        let list = List {
            database: Arc::clone(&self.database),
            last: page_token,
            left,
            page: Vec::new().into_iter(),
        };
        Ok(Response::new(Box::pin(futures_util::stream::iter(list))))
    }

    async fn update_inventory(
        &self,
        request: Request<Streaming<InventoryUpdate>>,
    ) -> Result<Response<UpdateSummary>, Status> {
        let caller = self.caller(request.metadata())?;
        if !caller.roles.iter().any(|role| role == "admin") {
            return Err(Status::permission_denied("only admins may change what is in stock"));
        }
        let mut stream = request.into_inner();
        let mut updates = Vec::new();
        while let Some(update) = stream.message().await? {
            if updates.len() == UPDATES_MAX {
                return Err(Status::resource_exhausted("too many changes in a call"));
            }
            updates.push(update);
        }
        let changed = self.inventory.change(updates).await.map_err(refused)?;
        Ok(Response::new(UpdateSummary { total_updated: i32::try_from(changed).unwrap_or(i32::MAX) }))
    }

    async fn bidirectional_sync(
        &self,
        request: Request<Streaming<SyncMessage>>,
    ) -> Result<Response<Messages>, Status> {
        self.caller(request.metadata())?;
        Ok(Response::new(Box::pin(self.hub.join(request.into_inner()))))
    }
}

impl Service {
    /// Who calls, or the answer to one who does not prove it.
    fn caller(&self, metadata: &MetadataMap) -> Result<Arc<Claims>, Status> {
        metadata
            .get("authorization")
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .and_then(|token| self.verifier.verify(token))
            .ok_or_else(|| Status::unauthenticated("no valid token"))
    }
}

/// The rest of a list, read page by page as the caller takes it, so that no more than a page is in memory. Each page is
/// read within a call of `next`, on the thread that sends it, so that nothing is handed from thread to thread.
struct List {
    database: Arc<PathBuf>,
    /// The key that the next page begins after.
    last: String,
    left: usize,
    page: std::vec::IntoIter<Product>,
}

impl Iterator for List {
    type Item = Result<Product, Status>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.len() == 0 && self.left > 0 {
            match self.read() {
                Ok(page) => self.page = page.into_iter(),
                Err(error) => {
                    self.left = 0;
                    return Some(Err(failed(error)));
                }
            }
        }
        self.page.next().map(Ok)
    }
}

impl List {
    fn read(&mut self) -> rusqlite::Result<Vec<Product>> {
        let rows = self.left.min(PAGE_ROWS);
        let page = reader::read(&self.database, |conn| products::page(conn, &self.last, rows))?;
        match page.last() {
            Some(last) if page.len() == rows => {
                self.last.clone_from(&last.id);
                self.left -= rows;
            }
            Some(_) | None => self.left = 0,
        }
        Ok(page)
    }
}

fn not_found() -> Status {
    Status::not_found("Product not found")
}

fn failed(_: rusqlite::Error) -> Status {
    Status::internal("the database failed")
}

fn refused(why: Refused) -> Status {
    match why {
        Refused::Unknown => not_found(),
        Refused::OutOfStock => Status::failed_precondition("fewer are in stock than are to be taken out"),
        Refused::Unavailable => Status::unavailable("try again later"),
    }
}
