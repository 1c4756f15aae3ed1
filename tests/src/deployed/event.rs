//! Requests in the form in which API Gateway passes them to a function: events with payload format
//! 2.0.

use std::sync::Arc;

use http::Uri;
use jose::base64url;
use serde_json::{Value, json};

use crate::{
    challenge_server::ChallengeServer,
    client::{Client, Http, JOSE, Jws, Key, challenge, csr, identifiers, strings},
};

/// The event of a request.
pub fn event(method: &str, url: &str, body: Option<&str>) -> Value {
    let uri: Uri = url.parse().unwrap();
    let (path, query) = (uri.path(), uri.query().unwrap_or_default());
    let domain = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": format!("{method} {path}"),
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"accept": "*/*", "host": domain, "user-agent": "an ACME client", "x-forwarded-proto": "https"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "domainName": domain,
            "domainPrefix": domain.split('.').next(),
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "an ACME client",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": format!("{method} {path}"),
            "stage": "$default",
            "time": "10/Mar/2026:05:16:23 +0000",
            "timeEpoch": 1_773_119_783_000_u64,
        },
        "isBase64Encoded": false,
    });
    if let Some(body) = body {
        event["body"] = body.into();
        event["headers"]["content-type"] = JOSE.into();
        event["headers"]["content-length"] = body.len().to_string().into();
    }
    event
}

/// Makes a valid next request for an operation of a running CA, including the account, the order
/// and whatever else it needs. The CA's names must resolve to the challenge server that is managed
/// at `management`. The request itself is not sent.
///
/// `None` if there is no such operation.
pub async fn fresh(http: Arc<Http>, directory: &str, management: &str, operation: &str) -> Option<Value> {
    let base = directory.strip_suffix("/directory").unwrap_or(directory);
    match operation {
        "directory" => return Some(event("GET", directory, None)),
        "new-nonce" => return Some(event("HEAD", &format!("{base}/new-nonce"), None)),
        "fallback" => return Some(event("GET", &format!("{base}/nothing"), None)),
        _ => {}
    }
    let unused = Arc::new(ChallengeServer::start().await);
    let client = Client::new(http, unused, directory, Key::p256()).await;
    if operation == "new-account" {
        let payload = json!({"termsOfServiceAgreed": true}).to_string();
        let jws = client.jws(client.url("newAccount"), payload).await;
        return Some(signed(client.url("newAccount"), &jws));
    }
    let client = client.registered().await;
    let (url, payload) = match operation {
        "account" => (client.account().to_owned(), String::new()),
        "orders" => (client.below(&format!("/orders/{}", client.account_id())), String::new()),
        "new-order" => (client.url("newOrder").to_owned(), json!({"identifiers": identifiers(&[NAME])}).to_string()),
        "new-authorization" => {
            (client.url("newAuthz").to_owned(), json!({"identifier": identifiers(&[NAME])[0]}).to_string())
        }
        "key-change" => {
            let url = client.url("keyChange").to_owned();
            (url, client.rollover(&Key::p256().into()).members().to_string())
        }
        _ => of_an_order(&client, management, operation).await?,
    };
    if operation == "renewal-info" {
        return Some(event("GET", &url, None));
    }
    let jws = client.jws(&url, payload).await;
    Some(signed(&url, &jws))
}

/// The URL and the payload for an operation that needs an order, which is advanced as far as the
/// operation needs it.
async fn of_an_order(client: &Client, management: &str, operation: &str) -> Option<(String, String)> {
    let order = client.order(&[NAME]).await;
    let object = client.read(&order).await.expect(200).json();
    let authorization = strings(&object["authorizations"]).remove(0);
    let authorized = client.read(&authorization).await.expect(200).json();
    let dns = challenge(&authorized, "dns-01");
    let proof = client.key_authorization(dns["token"].as_str().unwrap());
    let record = json!({"host": format!("_acme-challenge.{NAME}."), "value": proof.dns_value()}).to_string();
    client.http().request("POST", &format!("{management}/set-txt"), None, record.into_bytes()).await.expect(200);
    let challenge = dns["url"].as_str().unwrap().to_owned();
    let nothing = String::new();
    match operation {
        "order" => return Some((order, nothing)),
        "authorization" => return Some((authorization, nothing)),
        "challenge" => return Some((challenge, "{}".to_owned())),
        _ => {}
    }
    client.post(&challenge, &json!({})).await.expect(200);
    client.wait(&authorization, "valid").await;
    if operation == "finalize" {
        let csr = base64url::encode(&csr(&[NAME], &Key::p256()));
        return Some((format!("{order}/finalize"), json!({"csr": csr}).to_string()));
    }
    let issued = client.finish(order, &[NAME], Key::p256()).await;
    match operation {
        "certificate" => Some((issued.certificate, nothing)),
        "revoke-cert" => {
            let payload = json!({"certificate": issued.encoded(), "reason": 4}).to_string();
            Some((client.url("revokeCert").to_owned(), payload))
        }
        "renewal-info" => {
            let id = ca::Certificate::from_der(&base64url::decode(&issued.encoded()).unwrap()).unwrap();
            Some((format!("{}/{}", client.url("renewalInfo"), id.certificate_id()), nothing))
        }
        _ => None,
    }
}

fn signed(url: &str, jws: &Jws) -> Value {
    event("POST", url, Some(&String::from_utf8(jws.body()).unwrap()))
}

const NAME: &str = "event.test";
