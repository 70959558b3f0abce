//! Accepting connections, as many as there are places for.

use crate::limits::Limits;
use quota::block;
use socket2::{SockRef, TcpKeepalive};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long to wait when the system gives no more sockets: long enough not to spin, short enough not to
/// matter.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Probes without an answer after which a peer is gone.
const PROBES: u32 = 3;
/// Systems count these times in seconds.
const PROBE_TIME_MIN: Duration = Duration::from_secs(1);

/// The places for connections, in all and per address.
#[derive(Debug)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    all_max: usize,
    per_address_max: usize,
    per_address: Mutex<HashMap<IpAddr, usize>>,
}

/// A place that is free for anybody.
type Vacancy = OwnedSemaphorePermit;

/// A place that a connection holds until this is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    address: IpAddr,
    _vacancy: Vacancy,
}

impl Places {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Places {
            all: Arc::new(Semaphore::new(limits.connections_max)),
            all_max: limits.connections_max,
            per_address_max: limits.connections_per_address_max,
            per_address: Mutex::default(),
        })
    }

    /// Waits until there is a place.
    pub(crate) async fn vacancy(&self) -> Vacancy {
        self.all.clone().acquire_owned().await.expect("the semaphore of places is never closed")
    }

    /// Gives the place to a peer, unless its address has too many.
    pub(crate) fn take(self: &Arc<Self>, vacancy: Vacancy, peer: SocketAddr) -> Option<Place> {
        let address = block(peer.ip());
        let mut per_address = self.per_address.lock().unwrap_or_else(PoisonError::into_inner);
        let held = per_address.entry(address).or_default();
        if *held >= self.per_address_max {
            return None;
        }
        *held += 1;
        Some(Place { places: self.clone(), address, _vacancy: vacancy })
    }

    /// How many places are taken. Only exact once nobody waits for a vacancy any more.
    pub(crate) fn taken(&self) -> usize {
        self.all_max - self.all.available_permits()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut per_address = self.places.per_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = per_address.get_mut(&self.address) {
            *held -= 1;
            if *held == 0 {
                per_address.remove(&self.address);
            }
        }
    }
}

/// Readies a connection. Without this it works as well, so errors are nobody's concern.
pub(crate) fn prepare(stream: &TcpStream, limits: &Limits) {
    // An answer is written at once and whole: waiting for more of it would only delay it.
    let _ = stream.set_nodelay(true);
    // HTTP/2 peers are sent pings; whether an HTTP/1.1 peer is there at all shows, while an answer is silent,
    // only here.
    let interval = Duration::from_millis(limits.ping_answer_ms_max) / PROBES;
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_millis(limits.ping_interval_ms).max(PROBE_TIME_MIN))
        .with_interval(interval.max(PROBE_TIME_MIN))
        .with_retries(PROBES);
    let _ = SockRef::from(stream).set_tcp_keepalive(&keepalive);
}

/// The next connection. An error is told and waited out, so that a lack of file descriptors does not spin.
pub(crate) async fn accept(listener: &TcpListener, failed: impl Fn(io::Error)) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                failed(error);
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whether only the connection that was to be accepted failed.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_silent_peer_is_probed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        prepare(&stream, &Limits::default());
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap() && socket.tcp_nodelay().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(30));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(3));
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
    }

    #[tokio::test]
    async fn places_come_back() {
        let limits = Limits { connections_max: 3, connections_per_address_max: 1, ..Limits::default() };
        let places = Places::new(&limits);
        let peer = |text: &str| text.parse::<SocketAddr>().unwrap();
        let first = places.take(places.vacancy().await, peer("192.0.2.1:1")).unwrap();
        assert!(places.take(places.vacancy().await, peer("192.0.2.1:2")).is_none());
        let other = places.take(places.vacancy().await, peer("192.0.2.2:1")).unwrap();
        assert_eq!(places.taken(), 2);
        drop((first, other));
        assert_eq!(places.taken(), 0);
        assert!(places.per_address.lock().unwrap().is_empty());
        assert!(places.take(places.vacancy().await, peer("192.0.2.1:3")).is_some());
    }
}
