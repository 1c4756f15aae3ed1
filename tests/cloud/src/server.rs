//! The same cloud over plain HTTP/1.1, for programs that run with `AWS_ENDPOINT_URL`.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::cloud::Cloud;
use crate::request::access_key_id;
use crate::response::Broken;

impl Cloud {
    /// Listens for plain HTTP/1.1 at an address (port 0 uses a free one). The principal of a
    /// request is its access key id.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn listen(&self, address: SocketAddr) -> io::Result<Listener> {
        Listener::bind(self.clone(), address).await
    }
}

/// A listening cloud. It stops, with all its connections, on drop.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Listener {
    async fn bind(cloud: Cloud, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, task: tokio::spawn(accept(cloud, listener)) })
    }

    /// The address at which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The value for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(cloud: Cloud, listener: TcpListener) {
    let mut connections = JoinSet::new();
    // A failed `accept` ends the listener: the test then has its connections refused.
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let cloud = cloud.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| serve(cloud.clone(), request));
            // An error here means that the client or a fault closed the connection.
            drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

/// The principal is the access key id of the signature. Hyper closes the connection on an error, as
/// the fault requires.
async fn serve(cloud: Cloud, request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, Broken> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Broken::Closed)?.to_bytes();
    let request = http::Request::from_parts(head, body);
    let principal = access_key_id(&request).unwrap_or(ANONYMOUS).to_owned();
    match cloud.answer(principal, request).await {
        Ok(response) => Ok(response.map(Full::new)),
        Err(Broken::Closed) => Err(Broken::Closed),
        Err(Broken::TimedOut) => std::future::pending().await, // until the client gives up
    }
}

const ANONYMOUS: &str = "anonymous";
