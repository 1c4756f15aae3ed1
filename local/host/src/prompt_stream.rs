//! A TCP connection without the delays of Nagle's algorithm and delayed acknowledgements, and with
//! a limit for idle time.
//!
//! Nagle's algorithm delays a small packet until the previous one is acknowledged, and the peer
//! delays its acknowledgements by 40 ms. Outgoing packets are therefore sent at once. Packets that
//! the client delays (an HTTP/2 client sends head and body of a request separately) are released by
//! immediate acknowledgements, where the system supports them.
//!
//! A peer that neither sends nor receives anything for a minute is disconnected, whatever the
//! protocol above is waiting for, because the number of connections is limited.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{self, Instant, Sleep},
};

/// A TCP connection without delays, and with a limit for idle time.
#[derive(Debug)]
pub(crate) struct PromptStream {
    stream: TcpStream,
    silence: Pin<Box<Sleep>>,
}

impl PromptStream {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, silence: Box::pin(time::sleep(MAX_SILENCE)) })
    }

    /// Passes on progress and restarts the idle timer; fails when the timer expires.
    fn heed<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.silence.as_mut().reset(Instant::now() + MAX_SILENCE);
            return polled;
        }
        self.silence.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for PromptStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        // The system returns to delayed acknowledgements by itself, so the option is set after each
        // read.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if buf.filled().len() > before {
            // The read succeeded, whether or not the system supports the option.
            let _ = self.stream.set_quickack(true);
        }
        self.heed(cx, polled)
    }
}

impl AsyncWrite for PromptStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.heed(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.heed(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

const MAX_SILENCE: Duration = Duration::from_secs(60);
