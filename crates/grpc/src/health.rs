//! Health checking (<https://github.com/grpc/grpc/blob/master/doc/health-checking.md>).

use crate::code::Code;
use crate::outcome::Writer;
use crate::source::End;
use crate::status::Status;
use describe::proto::Schema;
use edge::{Piece, Source};
use prost::Message as _;
use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::watch;

/// Bytes of a request at the most: it names a service.
pub(crate) const REQUEST_BYTES_MAX: usize = 4096;

/// The state of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Serving = 1,
    NotServing = 2,
    ServiceUnknown = 3,
}

/// What the server is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its work.
    Serving,
    /// It cannot keep data; it may again.
    Failing,
    /// It is about to end.
    Draining,
}

#[derive(Clone, PartialEq, prost::Message)]
struct HealthCheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct HealthListResponse {
    #[prost(map = "string, message", tag = "1")]
    statuses: HashMap<String, HealthCheckResponse>,
}

/// The health of all services, which is that of the server.
#[derive(Debug)]
pub(crate) struct Health {
    services: Vec<String>,
    phase: watch::Sender<Phase>,
}

impl Health {
    pub fn new(schema: &Schema) -> Self {
        let services = schema.packages.iter().flat_map(|package| &package.services);
        let own = ["", "grpc.health.v1.Health"].map(str::to_owned);
        let services = own.into_iter().chain(services.map(|service| service.full_name.clone())).collect();
        Self { services, phase: watch::Sender::new(Phase::Serving) }
    }

    /// The server is about to end.
    pub fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }

    /// The server can, or cannot, keep data. Who is about to end does not come back.
    pub fn turn(&self, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let turns = *phase != Phase::Draining && *phase != to;
            if turns {
                *phase = to;
            }
            turns
        });
    }

    /// Ready once the server is about to end.
    pub fn drained(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut phase = self.phase.subscribe();
        Box::pin(async move {
            // The sender lives as long as the server.
            let _ = phase.wait_for(|phase| *phase == Phase::Draining).await;
        })
    }

    fn of(&self, request: &[u8]) -> Result<Option<State>, Status> {
        let request = HealthCheckRequest::decode(request)
            .map_err(|_| Status::new(Code::Internal, "the request is not a message"))?;
        let is_known = self.services.contains(&request.service);
        Ok(is_known.then(|| serving(*self.phase.borrow())))
    }

    /// The state of one service.
    pub fn check(&self, request: &[u8]) -> Result<Vec<u8>, Status> {
        let serving = self.of(request)?.ok_or_else(|| Status::new(Code::NotFound, "unknown service"))?;
        Ok(response(serving).encode_to_vec())
    }

    /// The state of all services.
    pub fn list(&self) -> Vec<u8> {
        let state = response(serving(*self.phase.borrow()));
        let statuses = self.services.iter().map(|service| (service.clone(), state)).collect();
        HealthListResponse { statuses }.encode_to_vec()
    }

    /// The state of a service now, and whenever it becomes another. One that is not known is told so, and waited for.
    pub fn watch(&self, request: &[u8], writer: Writer) -> Result<Watch, Status> {
        let known = self.of(request)?;
        let next = Box::pin(std::future::ready(()));
        Ok(Watch {
            known: known.is_some(),
            told: None,
            phase: self.phase.subscribe(),
            is_last: false,
            next,
            writer,
            end: End::Next(Ok(())),
        })
    }
}

fn serving(phase: Phase) -> State {
    match phase {
        Phase::Serving => State::Serving,
        Phase::Failing | Phase::Draining => State::NotServing,
    }
}

fn response(serving: State) -> HealthCheckResponse {
    HealthCheckResponse { status: serving as i32 }
}

/// One who watches.
pub(crate) struct Watch {
    known: bool,
    told: Option<State>,
    phase: watch::Receiver<Phase>,
    is_last: bool,
    next: Pin<Box<dyn Future<Output = ()> + Send>>,
    writer: Writer,
    end: End,
}

impl Source for Watch {
    fn poll_piece(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        let this = &mut *self;
        loop {
            if this.is_last {
                // What comes after it is said elsewhere: the connection ends.
                return Poll::Ready(this.end.take(&this.writer));
            }
            if this.next.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let phase = *this.phase.borrow_and_update();
            let state = if this.known { serving(phase) } else { State::ServiceUnknown };
            this.is_last = this.known && phase == Phase::Draining;
            let mut changes = this.phase.clone();
            this.next = Box::pin(async move {
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            });
            if this.told != Some(state) {
                this.told = Some(state);
                let message = response(state).encode_to_vec();
                return Poll::Ready(Some(Piece::Data(this.writer.data(this.writer.envelope(&message)))));
            }
        }
    }
}
