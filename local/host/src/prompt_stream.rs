//! A connection that lets nobody wait for TCP's thrift, and waits for nobody for ever.
//!
//! Nagle's algorithm holds a small packet back until the one before is acknowledged, and the other
//! side delays its acknowledgements by 40 ms. Our packets go out at once. What the client holds back
//! (an HTTP/2 client sends a request's head and body apart) we set free by acknowledging at once,
//! where the system can be told to.
//!
//! A peer that neither sends nor takes anything for a minute is let go, whatever the protocol above
//! is waiting for: places are few, and silence is cheap.

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

/// A TCP connection without delays and without endless silence.
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

    /// Lets progress pass and begins the silence anew; ends a silence that lasts too long.
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
        // The system falls back to its delays by itself, so it is told after each read.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if buf.filled().len() > before {
            // What was read counts, whether or not the system obliges.
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
