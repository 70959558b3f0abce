//! A socket that notes its progress, says a last word when a head is overdue, and lingers when it must.

use crate::activity::Activity;
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

/// A peer's stream.
pub(crate) struct Socket<S> {
    stream: S,
    activity: Arc<Activity>,
    closing: Closing,
}

enum Closing {
    Not,
    /// Our side is closed; this many bytes of the peer's were thrown away.
    Lingering(usize),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(crate) fn new(stream: S, activity: Arc<Activity>) -> Self {
        Socket { stream, activity, closing: Closing::Not }
    }

    fn noted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
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
        if let read @ [_, ..] = &buffer.filled()[before..] {
            self.activity.received(read);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.noted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let discarded = match self.closing {
            Closing::Lingering(discarded) => discarded,
            Closing::Not => {
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
