//! A request's body: read whole, or piece by piece.

use crate::activity::Activity;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::Body as _;
use hyper::body::Incoming;
use quota::{Exceeded, Reservation};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::task::coop;

/// Bytes reserved on the word of `Content-Length` alone; the rest is reserved as it comes.
const RESERVE_BYTES_MAX: u64 = 64 * 1024;

/// Memory of what is made of a body for each of its bytes: itself, its values, and what they become. Values may be larger
/// than their text; most are not.
const BYTES_PER_BODY_BYTE: usize = 4;

/// A request's body, still to be read. What is not asked for is not taken from the peer, beyond what its
/// window lets it send ahead. Trailers are passed over.
#[derive(Debug)]
pub struct Body {
    content: Content,
    room: Option<Arc<Reservation>>,
}

#[derive(Debug)]
enum Content {
    Full(Bytes),
    Incoming(Unread),
    /// Said again when asked again: a broken body must not look like one that ended.
    Failed(BodyError),
}

/// A body on its way. When it is dropped before its end, an HTTP/1.1 connection lingers so that the answer
/// arrives; of an HTTP/2 stream the rest is refused with NO_ERROR once the answer is out (RFC 9113 section
/// 8.1).
#[derive(Debug)]
struct Unread {
    incoming: Incoming,
    has_ended: bool,
    time_max: Duration,
    activity: Arc<Activity>,
}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It is, or is announced to be, larger than allowed.
    TooLarge,
    /// It did not come in time.
    Timeout,
    /// The peer went away or broke the framing before its end.
    Incomplete,
    /// Too much is being gathered already, by this peer or by all.
    NoRoom(Exceeded),
}

impl BodyError {
    /// The status that says it (RFC 9110 sections 15.5.14, 15.5.9, 15.5.1, 15.6.4; RFC 6585 section 4).
    pub fn status(self) -> StatusCode {
        match self {
            BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Timeout => StatusCode::REQUEST_TIMEOUT,
            BodyError::Incomplete => StatusCode::BAD_REQUEST,
            BodyError::NoRoom(Exceeded::Share) => StatusCode::TOO_MANY_REQUESTS,
            BodyError::NoRoom(Exceeded::Pool) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            BodyError::TooLarge => "the body is too large",
            BodyError::Timeout => "the body did not arrive in time",
            BodyError::Incomplete => "the body is incomplete, or its framing is broken",
            BodyError::NoRoom(_) => "too much is being gathered to take more of the body",
        })
    }
}

impl std::error::Error for BodyError {}

impl<T: Into<Bytes>> From<T> for Body {
    /// A body that is already there.
    fn from(bytes: T) -> Self {
        Body { content: Content::Full(bytes.into()), room: None }
    }
}

impl Body {
    pub(crate) fn incoming(
        incoming: Incoming,
        time_max: Duration,
        activity: &Arc<Activity>,
        room: Option<Arc<Reservation>>,
    ) -> Self {
        if incoming.is_end_stream() {
            return Body::from(Bytes::new());
        }
        let activity = activity.clone();
        let content = Content::Incoming(Unread { incoming, has_ended: false, time_max, activity });
        Body { content, room }
    }

    /// Takes room for so many bytes of the body that are kept, beside what [`Body::read`] takes by itself. It is held
    /// until the reply is sent.
    ///
    /// # Errors
    /// [`BodyError::NoRoom`].
    pub fn hold(&self, bytes: usize) -> Result<(), BodyError> {
        match &self.room {
            Some(room) => room.grow(bytes.saturating_mul(BYTES_PER_BODY_BYTE)).map_err(BodyError::NoRoom),
            None => Ok(()),
        }
    }

    /// Takes room for at least so many bytes in all that wait within a stream: those that are buffered because nobody
    /// reads them, and those of the message that is not whole.
    ///
    /// # Errors
    /// [`BodyError::NoRoom`].
    pub fn hold_stream(&self, waiting: usize) -> Result<(), BodyError> {
        match &self.room {
            Some(room) => {
                let window = crate::connection::STREAM_WINDOW_BYTES as usize;
                room.grow_to(window + waiting).map_err(BodyError::NoRoom)
            }
            None => Ok(()),
        }
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        match &self.content {
            Content::Full(bytes) => bytes.is_empty(),
            Content::Incoming(unread) => unread.incoming.is_end_stream(),
            Content::Failed(_) => false,
        }
    }

    /// Reads all of it, at most `bytes_max` bytes and within `body_read_ms_max`. A body that announces itself
    /// as larger is refused before a byte of it is read (so `Expect: 100-continue` gets no 100).
    pub async fn read(self, bytes_max: usize) -> Result<Bytes, BodyError> {
        match self.content {
            Content::Full(bytes) if bytes.len() > bytes_max => Err(BodyError::TooLarge),
            Content::Full(bytes) => Ok(bytes),
            Content::Incoming(unread) => unread.read(bytes_max, self.room.as_deref()).await,
            Content::Failed(error) => Err(error),
        }
    }

    /// The next piece as it came, never empty; `None` is the end. Waits at most `wait_max` for it; a wait
    /// that was too long may be repeated.
    pub async fn next(&mut self, wait_max: Option<Duration>) -> Result<Option<Bytes>, BodyError> {
        let piece = std::future::poll_fn(|cx| self.poll_piece(cx));
        match wait_max {
            None => piece.await,
            Some(wait_max) => tokio::time::timeout(wait_max, piece).await.unwrap_or(Err(BodyError::Timeout)),
        }
    }

    /// The next piece as it came, never empty; `None` is the end. How long it may take, and how much it may
    /// be in all, is for the caller to bound.
    pub fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BodyError>> {
        let unread = match &mut self.content {
            Content::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                return Poll::Ready(Ok(Some(bytes).filter(|bytes| !bytes.is_empty())));
            }
            Content::Incoming(unread) => unread,
            Content::Failed(error) => return Poll::Ready(Err(*error)),
        };
        // A peer that always has something lets others have their turn now and then.
        let turn = ready!(coop::poll_proceed(cx));
        let piece = ready!(unread.poll_next(cx));
        turn.made_progress();
        match &piece {
            Ok(Some(_)) => {}
            Ok(None) => self.content = Content::Full(Bytes::new()),
            Err(error) => self.content = Content::Failed(*error),
        }
        Poll::Ready(piece)
    }
}

impl Unread {
    async fn read(mut self, bytes_max: usize, room: Option<&Reservation>) -> Result<Bytes, BodyError> {
        if self.incoming.size_hint().lower() > bytes_max as u64 {
            return Err(BodyError::TooLarge);
        }
        let time_max = self.time_max;
        tokio::time::timeout(time_max, self.collect(bytes_max, room)).await.unwrap_or(Err(BodyError::Timeout))
    }

    /// A body in one piece, the usual case, is handed on without a copy.
    async fn collect(&mut self, bytes_max: usize, room: Option<&Reservation>) -> Result<Bytes, BodyError> {
        let hold = |bytes: &Bytes| match room {
            Some(room) => room.grow(bytes.len() * BYTES_PER_BODY_BYTE).map_err(BodyError::NoRoom),
            None => Ok(()),
        };
        let Some(first) = self.next().await? else { return Ok(Bytes::new()) };
        hold(&first)?;
        if first.len() > bytes_max {
            return Err(BodyError::TooLarge);
        }
        let announced = self.incoming.size_hint().lower();
        let Some(second) = self.next().await? else { return Ok(first) };
        let mut all = BytesMut::with_capacity(first.len() + announced.min(RESERVE_BYTES_MAX) as usize);
        all.extend_from_slice(&first);
        let mut piece = Some(second);
        while let Some(bytes) = piece {
            if all.len() + bytes.len() > bytes_max {
                return Err(BodyError::TooLarge);
            }
            hold(&bytes)?;
            all.extend_from_slice(&bytes);
            piece = self.next().await?;
        }
        Ok(all.freeze())
    }

    async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The next piece of data. What has none is passed over; it comes at the end only, so this is no long
    /// loop.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BodyError>> {
        loop {
            match ready!(Pin::new(&mut self.incoming).poll_frame(cx)) {
                None => {
                    self.has_ended = true;
                    return Poll::Ready(Ok(None));
                }
                Some(Err(_)) => {
                    self.activity.broke_off();
                    return Poll::Ready(Err(BodyError::Incomplete));
                }
                Some(Ok(frame)) => {
                    if let Some(data) = frame.into_data().ok().filter(|data| !data.is_empty()) {
                        return Poll::Ready(Ok(Some(data)));
                    }
                }
            }
        }
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        if !self.has_ended && !self.incoming.is_end_stream() {
            self.activity.left_unread();
        }
    }
}
