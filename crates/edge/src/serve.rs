//! Listening, and the three phases of a server's life.

use crate::accept::{Places, accept, prepare};
use crate::coding::Compression;
use crate::connection::{self, Shared};
use crate::limits::Limits;
use crate::message::{Connection, Handler, Notice};
use quota::{Owner, Pool};
use std::future::Future;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Memory of a connection without a request: its buffers, its task, what HTTP/2 keeps for it.
const CONNECTION_BYTES: usize = 16 * 1024;

/// What all connections are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Go on.
    Open,
    /// Finish what is under way, then close.
    Draining,
    /// Close.
    Cut,
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were still busy after `drain_ms_max` and were cut.
    pub cut: usize,
}

/// Serves on these listeners until `shutdown` completes, then stops accepting, lets requests under way
/// finish, and cuts what is left after `drain_ms_max`. Everything that is held for peers is taken from `held`. Returns when no connection is left. Must run within a
/// tokio runtime.
pub async fn serve<H: Handler>(
    listeners: Vec<TcpListener>,
    handler: Arc<H>,
    limits: Limits,
    compression: Compression,
    held: Arc<Pool>,
    shutdown: impl Future<Output = ()>,
) -> Drained {
    let places = Places::new(&limits);
    let drain_max = limits.drain();
    let shared = Shared::new(handler, limits, compression, held);
    // Every connection and acceptor holds a receiver; when all are dropped, everything is over.
    let (phase, receiver) = watch::channel(Phase::Open);
    for listener in listeners {
        tokio::spawn(acceptor(listener, shared.clone(), places.clone(), receiver.clone()));
    }
    drop(receiver);
    shutdown.await;
    let _ = phase.send(Phase::Draining);
    if tokio::time::timeout(drain_max, phase.closed()).await.is_ok() {
        return Drained { cut: 0 };
    }
    let cut = places.taken();
    let _ = phase.send(Phase::Cut);
    phase.closed().await;
    Drained { cut }
}

/// Accepts until the phase changes. The listener closes with it, so new connections are refused from then on.
async fn acceptor<H: Handler>(
    listener: TcpListener,
    shared: Arc<Shared<H>>,
    places: Arc<Places>,
    mut phase: watch::Receiver<Phase>,
) {
    // Connections watch from here, so that none accepted while the phase changes misses it.
    let connections_phase = phase.clone();
    let accepting = async {
        loop {
            let vacancy = places.vacancy().await;
            let (stream, peer) = accept(&listener, |e| shared.handler.notice(Notice::AcceptFailed(e))).await;
            // What the connection takes counts for its address like all that is held on it.
            let room = shared.held.holder(Owner::Address(peer.ip())).take(CONNECTION_BYTES);
            let (Some(place), Ok(room)) = (places.take(vacancy, peer), room) else {
                shared.handler.notice(Notice::TooManyConnections(peer));
                continue;
            };
            prepare(&stream, &shared.limits);
            let (shared, phase) = (shared.clone(), connections_phase.clone());
            let told = Told::of(shared.handler.clone());
            tokio::spawn(async move {
                // Dropped from the last to the first, and after the connection: who is counted as gone is
                // gone, and `serve` waits for that.
                let _over = phase.clone();
                let _told = told;
                let _place = place;
                let _room = room;
                connection::run(shared, stream, peer, phase).await;
            });
        }
    };
    tokio::select! {
        _ = phase.changed() => {}
        () = accepting => {}
    }
}

/// A connection that the handler was told of. It is told of its end when this is dropped.
struct Told<H: Handler>(Arc<H>);

impl<H: Handler> Told<H> {
    fn of(handler: Arc<H>) -> Self {
        handler.connection(Connection::Began);
        Told(handler)
    }
}

impl<H: Handler> Drop for Told<H> {
    fn drop(&mut self) {
        self.0.connection(Connection::Ended);
    }
}
