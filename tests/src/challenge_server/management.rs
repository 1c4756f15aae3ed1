//! The management endpoint, for the hooks of command-line clients:
//!
//! | request | body |
//! | --- | --- |
//! | `POST /set-txt` | `{"host": "_acme-challenge.a.test.", "value": "…"}`, adds a record |
//! | `POST /clear-txt` | `{"host": "_acme-challenge.a.test."}`, removes all |
//! | `POST /add-http01` | `{"token": "…", "content": "…"}` |
//! | `POST /del-http01` | `{"token": "…"}` |

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;

use super::{Page, Site, Zone, well_known};

/// The body of any request; missing members are empty.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Order {
    host: String,
    value: String,
    token: String,
    content: String,
}

/// Handles the requests of one connection.
pub(super) async fn answer(stream: TcpStream, zone: Zone, site: Site) {
    let service = service_fn(|request: Request<Incoming>| async {
        let mut response = Response::new(Empty::<Bytes>::new());
        *response.status_mut() = apply(request, &zone, &site).await;
        Ok::<_, Infallible>(response)
    });
    // A client that disconnects early has what it wanted.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn apply(request: Request<Incoming>, zone: &Zone, site: &Site) -> StatusCode {
    let path = request.uri().path().to_owned();
    let Ok(body) = request.into_body().collect().await else { return StatusCode::BAD_REQUEST };
    let Ok(order) = serde_json::from_slice::<Order>(&body.to_bytes()) else { return StatusCode::BAD_REQUEST };
    match path.as_str() {
        "/set-txt" => zone.add_txt(&order.host, &[&order.value]),
        "/clear-txt" => zone.clear_txt(&order.host),
        "/add-http01" => site.set(&well_known(&order.token), Page::text(&order.content)),
        "/del-http01" => site.remove_token(&order.token),
        _ => return StatusCode::NOT_FOUND,
    }
    StatusCode::OK
}
