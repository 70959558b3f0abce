//! One connection from its first byte to its last.

use crate::activity::{Activity, Lapse, Open};
use crate::body::Body;
use crate::coding::{self, Coding, Compression, Compressor, Terms};
use crate::head::{Refused, admissible, leave_out_body, refusal};
use crate::limits::Limits;
use crate::message::{Handler, Notice, Request, Response};
use crate::outgoing::{Outgoing, Panics, Room, Streams};
use crate::serve::Phase;
use crate::socket::Socket;
use http::{HeaderValue, Method, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use quota::{Exceeded, Holder, Owner, Pool, Reservation};
use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::Instant;

/// hyper asks for a read buffer of at least so many bytes.
const BUFFER_BYTES_MIN: usize = 8 * 1024;
/// What hyper parses without an allocation per request.
const HEADERS_ON_STACK: usize = 100;
/// Bytes of a reply that HTTP/2 holds for a stream whose peer grants a window and does not read.
const STREAM_UNSENT_BYTES_MAX: usize = 64 * 1024;
/// What a peer may send of one HTTP/2 request's body before it is read.
pub(crate) const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// What a peer may send of all bodies on an HTTP/2 connection before they are read. It is more than a
/// stream's, so that one which is not read does not keep the others waiting, and by so much because h2 ends a
/// connection on which frames of less than 256 bytes lie unread that lack half of this in all: a stream's
/// window may be filled with frames of 16 bytes, which are messages of gRPC that hold a number or two.
pub(crate) const CONNECTION_WINDOW_BYTES: u32 = 32 * STREAM_WINDOW_BYTES;

/// Memory of a request beside its head: its futures, its place among the streams of a connection, its answer's head.
const REQUEST_BYTES: usize = 4 * 1024;
/// Memory of a header field beside its text.
const HEADER_FIELD_BYTES: usize = 64;

/// What all connections of a server share.
pub(crate) struct Shared<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) limits: Limits,
    /// What everything that is held for peers is taken from.
    pub(crate) held: Arc<Pool>,
    protocols: auto::Builder<Streams>,
    /// `None` where replies are sent as they are.
    compressor: Option<Compressor>,
    /// How many there have been.
    connections: AtomicU64,
}

impl<H> Shared<H> {
    pub(crate) fn new(
        handler: Arc<H>,
        limits: Limits,
        compression: Compression,
        held: Arc<Pool>,
    ) -> Arc<Self> {
        let protocols = protocols(&limits);
        let compressor = match compression {
            Compression::On => Some(Compressor::new()),
            Compression::Off => None,
        };
        Arc::new(Shared { handler, limits, held, protocols, compressor, connections: AtomicU64::new(0) })
    }
}

/// What the requests of one connection share.
struct Link<H> {
    shared: Arc<Shared<H>>,
    activity: Arc<Activity>,
    peer: SocketAddr,
    /// What the peer's address holds.
    holder: Holder,
}

/// hyper's settings for these limits. Its own header timer is off: it would be set anew for every request,
/// where our watch moves one timer a minute.
fn protocols(limits: &Limits) -> auto::Builder<Streams> {
    let mut builder = auto::Builder::new(Streams { stall_max: limits.write_stall() });
    let mut http1 = builder.http1();
    http1
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        // A head has to fit into the read buffer, so this is the bound of a head as well.
        .max_buf_size(limits.header_bytes_max.max(BUFFER_BYTES_MIN));
    if limits.headers_max > HEADERS_ON_STACK {
        http1.max_headers(limits.headers_max);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_max)
        .max_header_list_size(limits.header_bytes_max.try_into().unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(limits.stream_resets_max)
        .max_local_error_reset_streams(limits.stream_errors_max)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(STREAM_UNSENT_BYTES_MAX)
        // Those of the peer are answered one by one before anything else is read, so none pile up; there is
        // no other bound on them.
        .keep_alive_interval(Duration::from_millis(limits.ping_interval_ms))
        .keep_alive_timeout(Duration::from_millis(limits.ping_answer_ms_max));
    builder
}

/// Serves one connection until it is finished, has lapsed, or is cut.
pub(crate) async fn run<H: Handler, S>(
    shared: Arc<Shared<H>>,
    stream: S,
    peer: SocketAddr,
    mut phase: watch::Receiver<Phase>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let number = shared.connections.fetch_add(1, Relaxed);
    let activity = Activity::begin(shared.limits.connection_age(number));
    let holder = shared.held.holder(Owner::Address(peer.ip()));
    let socket = Socket::new(stream, activity.clone(), holder.clone(), shared.limits.header_bytes_max);
    let link = Arc::new(Link { shared: shared.clone(), activity: activity.clone(), peer, holder });
    let service = service_fn(|request| answer(link.clone(), link.activity.open(), request));
    let io = TokioIo::new(socket);
    let mut connection = pin!(shared.protocols.serve_connection(io, service));
    loop {
        tokio::select! {
            biased;
            _ = connection.as_mut() => return,
            lapse = watched(&activity, &shared.limits) => match lapse {
                Lapse::WriteStall => return shared.handler.notice(Notice::WriteStall(peer)),
                Lapse::Closing | Lapse::Outlived => return,
                Lapse::Aged => {
                    activity.grow_old();
                    // Its next response says that it is the last: an HTTP/1 peer cannot be told before.
                    if !activity.is_http1() {
                        connection.as_mut().graceful_shutdown();
                    }
                }
                Lapse::Idle => {
                    activity.closing();
                    connection.as_mut().graceful_shutdown();
                }
                Lapse::SlowHead => {
                    if activity.is_heading() {
                        shared.handler.notice(Notice::SlowHead(peer));
                    }
                    activity.set_overdue();
                    // The socket says its last word when it is next read from, which an awaited head does.
                    let _ = std::future::poll_fn(|cx| Poll::Ready(connection.as_mut().poll(cx))).await;
                    return;
                }
            },
            changed = phase.changed() => match changed.map(|()| *phase.borrow_and_update()) {
                Ok(Phase::Draining) => connection.as_mut().graceful_shutdown(),
                Ok(Phase::Open) => {}
                Ok(Phase::Cut) | Err(_) => return,
            },
        }
    }
}

/// Waits until a deadline of the connection passes. Deadlines that move later are let move: when the timer
/// fires early it is set again. So a busy connection touches its timer once in `idle_ms_max`, not once in a
/// request.
async fn watched(activity: &Activity, limits: &Limits) -> Lapse {
    let mut timer = pin!(tokio::time::sleep_until(Instant::now()));
    let mut armed: Option<Instant> = None;
    std::future::poll_fn(|cx| {
        loop {
            let due = activity.deadline(limits);
            if let Some((deadline, _)) = due
                && armed.is_none_or(|at| deadline < at)
            {
                timer.as_mut().reset(deadline);
                armed = Some(deadline);
            }
            if armed.is_none() || timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            armed = None;
            if let Some((deadline, lapse)) = due
                && deadline <= Instant::now()
            {
                return Poll::Ready(lapse);
            }
        }
    })
    .await
}

/// Answers one request of a connection. What needs no waiting is done before the future is made, and the
/// handler's part is in a box: hyper moves that future, so it is kept small.
fn answer<H: Handler>(
    link: Arc<Link<H>>,
    open: Open,
    mut request: http::Request<Incoming>,
) -> impl Future<Output = Result<http::Response<Outgoing>, h2::Error>> + Send {
    let version = request.version();
    let is_head = request.method() == Method::HEAD;
    let admitted = admissible(&request, &link.shared.limits, &*link.shared.handler);
    let (terms, room, request) = match admitted.and_then(|()| link.terms(&mut request)) {
        Ok(terms) => {
            let room = link.room(&request);
            let (room, overload) = match room {
                Ok(room) => (Some(room), None),
                Err(exceeded) => (None, Some(exceeded)),
            };
            let body_room = room.as_ref().and_then(|room| room.body.clone());
            (terms, room, Ok(link.request(request, body_room, overload)))
        }
        Err(refused) => (None, None, Err(refused)),
    };
    async move {
        let response = match request {
            // What is no request gets no answer.
            Err(Refused::Malformed) => return Err(h2::Reason::PROTOCOL_ERROR.into()),
            Err(refused) => refusal(refused),
            Ok(request) => handled(&link, request).await,
        };
        let (response, coding) = link.chosen(terms.as_deref(), response);
        let mut response = match coding {
            None => response,
            // In a box: most replies are short.
            Some(coding) => Box::pin(link.encoded(terms, coding, response)).await,
        };
        if is_head {
            leave_out_body(&mut response);
        }
        if version != Version::HTTP_2 && link.activity.is_last() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        // What was made without asking whether there is room for it, such as a description of the API.
        if let Some(room) = &room
            && let Err(exceeded) = room.take_reply(response.body())
        {
            response = refusal(Refused::NoRoom(exceeded));
        }
        Ok(response.map(|body| Outgoing::new(body, version, open, room, link)))
    }
}

/// What a request's head takes.
fn head_bytes<B>(request: &http::Request<B>) -> usize {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let fields = request.headers().iter();
    target + fields.map(|(_, value)| HEADER_FIELD_BYTES + value.len()).sum::<usize>()
}

impl<H> Link<H> {
    /// What a request holds from its beginning on.
    fn room(&self, request: &http::Request<Incoming>) -> Result<Room, Exceeded> {
        let own = self.holder.take(REQUEST_BYTES + head_bytes(request))?;
        let body = match http_body::Body::is_end_stream(request.body()) {
            true => None,
            false => Some(Arc::new(self.holder.take(0)?)),
        };
        Ok(Room { own, body })
    }

    fn request(
        &self,
        request: http::Request<Incoming>,
        room: Option<Arc<Reservation>>,
        overload: Option<Exceeded>,
    ) -> Request {
        let (head, incoming) = request.into_parts();
        let http::request::Parts { method, uri, version, headers, .. } = head;
        let body = Body::incoming(incoming, self.shared.limits.body_read(), &self.activity, room);
        Request { method, uri, version, headers, peer: self.peer, body, overload }
    }

    /// What the request says of codings.
    fn terms<B>(&self, request: &mut http::Request<B>) -> Result<Option<Box<Terms>>, Refused> {
        match self.shared.compressor {
            Some(_) => Terms::of(request).map_err(|coding::TakesNothing| Refused::NoCoding),
            None => Ok(None),
        }
    }

    /// A response, and the coding that its body is to get. It is moved on rather than lent: what is lent
    /// while a future waits becomes part of it.
    fn chosen(&self, terms: Option<&Terms>, mut response: Response) -> (Response, Option<Coding>) {
        let coding = self.shared.compressor.as_ref().and_then(|_| coding::chosen(terms, &mut response));
        (response, coding)
    }

    async fn encoded(&self, terms: Option<Box<Terms>>, coding: Coding, mut response: Response) -> Response {
        if let (Some(compressor), Some(terms)) = (&self.shared.compressor, terms) {
            compressor.encode(&terms, coding, &mut response).await;
        }
        response
    }
}

impl<H: Handler> Panics for Link<H> {
    fn panicked(&self) {
        self.shared.handler.notice(Notice::Panicked(self.peer));
    }
}

/// Runs the handler; a panic in it is a 500 for this request and nobody else's business.
fn handled<H: Handler>(link: &Link<H>, request: Request) -> impl Future<Output = Response> + Send {
    let handler = &*link.shared.handler;
    let response = caught(|| Box::pin(handler.handle(request)));
    async move {
        let response = match response {
            None => None,
            Some(mut response) => {
                std::future::poll_fn(|cx| match caught(|| response.as_mut().poll(cx)) {
                    Some(Poll::Pending) => Poll::Pending,
                    Some(Poll::Ready(response)) => Poll::Ready(Some(response)),
                    None => Poll::Ready(None),
                })
                .await
            }
        };
        response.unwrap_or_else(|| {
            link.panicked();
            refusal(Refused::Panic)
        })
    }
}

/// What a step of the handler returns, unless it panics. Whatever the panic left half done belongs to its
/// request.
pub(crate) fn caught<T>(step: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(AssertUnwindSafe(step)).ok()
}
