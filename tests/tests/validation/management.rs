//! The management endpoint of the challenge server, as the hooks of command-line clients use it.

use acme::ChallengeType::{Dns01, Http01};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Scene;

async fn post(port: u16, path: &str, body: Value) -> String {
    let body = body.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request =
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn hooks_set_and_clear_answers() {
    let scene = Scene::new().await;
    let port = scene.server.management_port;
    let host = "_acme-challenge.a.test.";

    let record = json!({"host": host, "value": scene.key_authorization.dns_value()});
    assert_eq!(post(port, "/set-txt", record).await, "200");
    scene.probe(Dns01, "a.test").await.unwrap();
    assert_eq!(post(port, "/clear-txt", json!({"host": host})).await, "200");
    scene.failure(Dns01, "a.test").await;

    let file = json!({"token": scene.token.as_str(), "content": scene.key_authorization.as_str()});
    assert_eq!(post(port, "/add-http01", file).await, "200");
    scene.probe(Http01, "a.test").await.unwrap();
    assert_eq!(post(port, "/del-http01", json!({"token": scene.token.as_str()})).await, "200");
    scene.failure(Http01, "a.test").await;

    assert_eq!(post(port, "/other", json!({})).await, "404");
    assert_eq!(post(port, "/set-txt", json!([1])).await, "400");
}
