//! A socket that notes its progress, writes what is ready together, says a last word when a head is overdue, and lingers
//! when it must.

use crate::activity::Activity;
use crate::batch::Batch;
use quota::{Holder, Reservation};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes thrown away after the last answer at the most; a peer that sends more is cut off.
const LINGER_BYTES_MAX: usize = 1024 * 1024;
/// Bytes thrown away at a time.
const DISCARD_BYTES: usize = 8 * 1024;
/// Bytes of a head that a connection has room for; a longer one takes room for the longest that may come.
const HEAD_BYTES_FREE: usize = 8 * 1024;

/// A peer's stream.
pub(crate) struct Socket<S> {
    stream: S,
    activity: Arc<Activity>,
    /// What is held of an HTTP/2 connection's writes.
    batch: Option<Box<Batch>>,
    closing: Closing,
    holder: Holder,
    header_bytes_max: usize,
    /// Of a head that has begun: bytes that have come, and what they hold once they are many.
    heading: (usize, Option<Reservation>),
}

enum Closing {
    Not,
    /// Our side is closed; this many bytes of the peer's were thrown away.
    Lingering(usize),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(crate) fn new(stream: S, activity: Arc<Activity>, holder: Holder, header_bytes_max: usize) -> Self {
        let (batch, closing, heading) = (None, Closing::Not, (0, None));
        Socket { stream, activity, batch, closing, holder, header_bytes_max, heading }
    }

    /// A head that is long before it is whole takes room.
    fn heading(&mut self, bytes: usize) -> io::Result<()> {
        if !self.activity.is_heading() {
            if self.heading.0 > 0 {
                self.heading = (0, None);
            }
            return Ok(());
        }
        self.heading.0 += bytes;
        if self.heading.0 > HEAD_BYTES_FREE && self.heading.1.is_none() {
            let room = self.holder.take(self.header_bytes_max);
            self.heading.1 = Some(room.map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?);
        }
        Ok(())
    }

    /// Where writes are held: only HTTP/2 has requests side by side.
    fn batch(&mut self) -> Option<&mut Batch> {
        match &mut self.batch {
            Some(batch) => Some(batch),
            none => self.activity.is_http2().then(|| &mut **none.insert(Box::default())),
        }
    }

    /// Writes what is held.
    fn poll_held(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // That nothing is held says nothing of the peer.
        let held = self.batch.as_mut().filter(|batch| !batch.is_empty());
        let Some(batch) = held else { return Poll::Ready(Ok(())) };
        let written = batch.poll_write(&mut self.stream, cx);
        self.noted(written)
    }

    fn noted<T>(&self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match &written {
            Poll::Pending => self.activity.stalled(),
            Poll::Ready(_) => self.activity.wrote(),
        }
        written
    }

    /// The one answer that is ours to give (RFC 9110 section 15.5.9). Nothing else is under way then, so the
    /// socket takes these few bytes or the peer is not there any more.
    fn time_out(&mut self, cx: &mut Context<'_>) -> io::Error {
        if self.activity.is_heading() {
            let date = httpdate::HttpDate::from(SystemTime::now());
            let line = "HTTP/1.1 408 Request Timeout";
            let text = format!("{line}\r\nconnection: close\r\ncontent-length: 0\r\ndate: {date}\r\n\r\n");
            let _ = Pin::new(&mut self.stream).poll_write(cx, text.as_bytes());
        }
        io::Error::from(io::ErrorKind::TimedOut)
    }

    /// hyper answers a head that it cannot read by itself, and without a word: its answer with one.
    fn explained(&self, slices: &[io::IoSlice<'_>]) -> Option<String> {
        if !self.activity.is_heading() {
            return None;
        }
        let mut written = slices.iter().filter(|slice| !slice.is_empty());
        let (only, None) = (written.next()?, written.next()) else { return None };
        let answer = std::str::from_utf8(only).ok().filter(|answer| answer.ends_with("\r\n\r\n"))?;
        let words = match answer.strip_prefix("HTTP/1.1 ")?.get(..3)? {
            "400" => {
                "the request's line or a header field is malformed, or has a character that has to be encoded\n"
            }
            "414" => "the target is too long\n",
            "431" => "the head is too large\n",
            _ => return None,
        };
        let (before, after) = answer.split_once("content-length: 0\r\n")?;
        let fields = format!("content-type: text/plain\r\ncontent-length: {}\r\n", words.len());
        Some([before, &fields, after, words].concat())
    }

    /// A socket that is closed with unread input resets the connection, and the reset destroys an answer that
    /// the peer has not read yet (RFC 9112 section 9.6). So what still comes is read and thrown away for a
    /// while.
    fn poll_linger(&mut self, mut discarded: usize, cx: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0u8; DISCARD_BYTES];
        while discarded < LINGER_BYTES_MAX {
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
            let Poll::Ready(outcome) = read else {
                self.closing = Closing::Lingering(discarded);
                return Poll::Pending;
            };
            if outcome.is_err() || buffer.filled().is_empty() {
                break;
            }
            discarded += buffer.filled().len();
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.activity.is_overdue() {
            return Poll::Ready(Err(self.time_out(cx)));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = &buffer.filled()[before..];
        let bytes = read.len();
        if bytes > 0 {
            self.activity.received(read);
        }
        Poll::Ready(self.heading(bytes))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(bytes) = self.batch().and_then(|batch| batch.hold(slices)) {
            return Poll::Ready(Ok(bytes));
        }
        ready!(self.poll_held(cx))?;
        if let Some(answer) = self.explained(slices) {
            // The last answer, of a few bytes: the socket takes them all, or the peer is not there any more.
            let written = Pin::new(&mut self.stream).poll_write(cx, answer.as_bytes());
            let all = slices.iter().map(|slice| slice.len()).sum();
            return self.noted(written).map_ok(|_| all);
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_last = !self.activity.has_open();
        if let Some(batch) = &mut self.batch {
            ready!(batch.poll_turn(is_last, cx));
            ready!(self.poll_held(cx))?;
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let discarded = match self.closing {
            Closing::Lingering(discarded) => discarded,
            Closing::Not => {
                ready!(self.poll_held(cx))?;
                ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
                if !self.activity.has_unread() {
                    return Poll::Ready(Ok(()));
                }
                self.activity.closing();
                0
            }
        };
        self.poll_linger(discarded, cx).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::activity::Lapse;
    use std::future::poll_fn;
    use tokio::io::AsyncWriteExt;

    /// What is written, write by write; every write after one that was cut short finds no room at first.
    #[derive(Default)]
    struct Wire {
        writes: Vec<Vec<u8>>,
        /// Bytes taken by one write, if not all.
        takes: Option<usize>,
        is_full: bool,
        is_shut: bool,
    }

    impl AsyncRead for Wire {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Wire {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            if std::mem::take(&mut self.is_full) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let taken = bytes.len().min(self.takes.unwrap_or(usize::MAX));
            self.is_full = taken < bytes.len();
            self.writes.push(bytes[..taken].to_vec());
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.is_shut = true;
            Poll::Ready(Ok(()))
        }
    }

    fn socket(first: &[u8], wire: Wire) -> Socket<Wire> {
        let activity = Activity::begin(None);
        activity.received(first);
        let holder = quota::Pool::new(1 << 20).holder(quota::Owner::Caller("a"));
        Socket::new(wire, activity, holder, 32 * 1024)
    }

    fn http2(wire: Wire) -> Socket<Wire> {
        socket(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", wire)
    }

    async fn is_flushed(socket: &mut Socket<Wire>) -> bool {
        poll_fn(|cx| Poll::Ready(Pin::new(&mut *socket).poll_flush(cx).is_ready())).await
    }

    #[tokio::test]
    async fn what_becomes_ready_in_one_turn_is_written_together() {
        let mut socket = http2(Wire::default());
        let _open = socket.activity.open();
        for _ in 0..2 {
            socket.write_all(b"one ").await.unwrap();
            assert!(!is_flushed(&mut socket).await);
            socket.write_all(b"two ").await.unwrap();
            assert!(!is_flushed(&mut socket).await);
            assert!(socket.stream.writes.is_empty());
            // The request that is open stays open: the turn ends nevertheless.
            socket.flush().await.unwrap();
            assert_eq!(std::mem::take(&mut socket.stream.writes), [b"one two "]);
        }
    }

    #[tokio::test]
    async fn the_last_of_the_answers_does_not_wait() {
        let mut socket = http2(Wire::default());
        let open = socket.activity.open();
        socket.write_all(b"one ").await.unwrap();
        assert!(!is_flushed(&mut socket).await);
        drop(open);
        socket.write_all(b"two").await.unwrap();
        assert!(is_flushed(&mut socket).await);
        assert_eq!(socket.stream.writes, [b"one two"]);
    }

    #[tokio::test]
    async fn http1_does_not_wait() {
        let mut socket = socket(b"GET / HTTP/1.1\r\n", Wire::default());
        let _open = socket.activity.open();
        socket.write_all(b"one").await.unwrap();
        assert_eq!(socket.stream.writes, [b"one"]);
    }

    /// What is too much to be held is written at once, and after what was written before it.
    #[tokio::test]
    async fn much_does_not_wait() {
        let mut socket = http2(Wire::default());
        let _open = socket.activity.open();
        let much = vec![b'x'; 20_000];
        socket.write_all(b"one ").await.unwrap();
        socket.write_all(&much).await.unwrap();
        assert_eq!(socket.stream.writes, [b"one ".to_vec(), much]);
    }

    /// A peer that takes nothing is not one that took something because it is tried again.
    #[tokio::test(start_paused = true)]
    async fn a_stall_begins_once() {
        let limits = crate::limits::Limits::default();
        let mut socket = http2(Wire::default());
        let _open = socket.activity.open();
        let (began, much) = (tokio::time::Instant::now(), vec![b'x'; 20_000]);
        for _ in 0..2 {
            socket.stream.is_full = true;
            let write = poll_fn(|cx| Poll::Ready(Pin::new(&mut socket).poll_write(cx, &much).is_pending()));
            assert!(write.await);
            assert_eq!(
                socket.activity.deadline(&limits),
                Some((began + limits.write_stall(), Lapse::WriteStall))
            );
            tokio::time::advance(std::time::Duration::from_secs(1)).await;
        }
        socket.write_all(&much).await.unwrap();
        assert_eq!(socket.activity.deadline(&limits), None);
    }

    /// A peer that takes little gets every byte, once and in order.
    #[tokio::test]
    async fn nothing_that_is_held_is_lost() {
        let mut socket = http2(Wire { takes: Some(3), ..Wire::default() });
        let _open = socket.activity.open();
        let mut sent = Vec::new();
        for number in 0..2_000 {
            let word = format!("{number} ");
            socket.write_all(word.as_bytes()).await.unwrap();
            sent.extend_from_slice(word.as_bytes());
            if number % 7 == 0 {
                is_flushed(&mut socket).await;
            }
            if number == 1_000 {
                socket.flush().await.unwrap();
                assert_eq!(socket.stream.writes.concat(), sent);
            }
        }
        socket.shutdown().await.unwrap();
        assert!(socket.stream.is_shut);
        assert_eq!(socket.stream.writes.concat(), sent);
    }
}
