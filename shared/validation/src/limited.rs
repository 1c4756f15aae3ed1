//! A stream with a limit on the number of bytes that are read from it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Limits the bytes that are read from `S`. It is between the socket and every parser, so that
/// endless headers, bodies, TLS records and interim responses are all cut off.
#[derive(Debug)]
pub struct Limited<S> {
    inner: S,
    remaining: usize,
}

impl<S> Limited<S> {
    /// Reads at most `limit` bytes, and the rest of the read in which the limit is reached.
    pub(crate) fn new(inner: S, limit: usize) -> Self {
        Self { inner, remaining: limit }
    }

    /// The stream without the limit, for a connection that serves many answers, each of which its
    /// reader bounds.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Limited<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.remaining == 0 {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::FileTooLarge, LimitReached)));
        }
        let before = buf.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(cx, buf);
        let read = buf.filled().len().saturating_sub(before);
        self.remaining = self.remaining.saturating_sub(read);
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// The server sent more than any valid response needs.
#[derive(Debug, thiserror::Error)]
#[error("the server sends more than any response needs")]
struct LimitReached;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, repeat};

    use super::*;

    #[tokio::test]
    async fn threat_12_reading_ends_with_an_error_at_the_limit() {
        let mut stream = Limited::new(repeat(b'a'), 1000);
        let mut chunk = [0; 300];
        let mut total = 0;
        let error = loop {
            match stream.read(&mut chunk).await {
                Ok(read) => total += read,
                Err(error) => break error,
            }
        };
        assert_eq!((total, error.kind()), (1200, io::ErrorKind::FileTooLarge));
    }
}
