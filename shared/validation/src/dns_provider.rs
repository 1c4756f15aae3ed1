//! The sockets of the DNS client, with the reason for which one could not be opened: a look-up that
//! fails for it does not say so.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use hickory_resolver::net::runtime::{RuntimeProvider, TokioRuntimeProvider};

use crate::Lack;

/// Opens sockets like the usual one, and keeps what was lacking the first time that one could not
/// be opened.
#[derive(Clone, Default)]
pub(crate) struct DnsProvider {
    sockets: TokioRuntimeProvider,
    lack: Arc<OnceLock<Lack>>,
}

impl DnsProvider {
    /// What was lacking for a socket since this was made.
    pub(crate) fn lack(&self) -> Option<Lack> {
        self.lack.get().copied()
    }

    fn noted<T: Send + 'static>(
        &self,
        server: SocketAddr,
        opened: impl Future<Output = io::Result<T>> + Send + 'static,
    ) -> Opening<T> {
        let noted = self.lack.clone();
        Box::pin(async move {
            let opened = opened.await;
            if let Some(lack) = opened.as_ref().err().and_then(|error| Lack::towards(server.ip(), error)) {
                // The first one is enough.
                let _ = noted.set(lack);
            }
            opened
        })
    }
}

impl RuntimeProvider for DnsProvider {
    type Handle = <TokioRuntimeProvider as RuntimeProvider>::Handle;
    type Timer = <TokioRuntimeProvider as RuntimeProvider>::Timer;
    type Udp = <TokioRuntimeProvider as RuntimeProvider>::Udp;
    type Tcp = <TokioRuntimeProvider as RuntimeProvider>::Tcp;

    fn create_handle(&self) -> Self::Handle {
        self.sockets.create_handle()
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        local: Option<SocketAddr>,
        timeout: Option<Duration>,
    ) -> Opening<Self::Tcp> {
        self.noted(server, self.sockets.connect_tcp(server, local, timeout))
    }

    fn bind_udp(&self, local: SocketAddr, server: SocketAddr) -> Opening<Self::Udp> {
        self.noted(server, self.sockets.bind_udp(local, server))
    }
}

/// A socket that is being opened.
type Opening<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;
