//! Functions behind API Gateway: events of payloads 1.0 and 2.0, and their answers.

use api::{Context, Request, RequestId, Response};
use aws::{Clients, Environment, EnvironmentError, HttpFunction, InvocationError, StartError};
use bytes::Bytes;
use http::StatusCode;
use ra::Openness;
use serde_json::{Value, json};

use crate::{TABLE, cloud, invoke};

/// Answers with what it received.
async fn echo(context: &Context, request: Request) -> Response {
    let seen = json!({
        "method": request.method().as_str(),
        "uri": request.uri().to_string(),
        "base": context.urls().base(),
        "contentType": request.headers().get("content-type").map(|value| value.to_str().unwrap()),
        "number": request.extensions().get::<RequestId>().unwrap().0,
        "body": String::from_utf8_lossy(request.body()),
    });
    let mut response = Response::new(Bytes::from(seen.to_string()));
    *response.status_mut() = StatusCode::CREATED;
    for link in ["<a>", "<b>"] {
        response.headers_mut().append("link", link.parse().unwrap());
    }
    response
}

fn function(environment: &Environment) -> Result<HttpFunction, StartError> {
    let config = crate::cloud().0.sdk_config("EchoFunction");
    let handler = aws::handler((), |context, (), request| Box::pin(echo(context, request)));
    HttpFunction::new(&Clients::new(&config, environment)?, handler)
}

fn with(variables: &[(&str, &str)]) -> Environment {
    [("TABLE_NAME", TABLE)].iter().chain(variables).copied().collect()
}

/// An event as API Gateway sends it.
fn event(method: &str, path: &str, query: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /api/v1/protocols/acme/{profile}/order/{order}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {
            "accept": "*/*",
            "content-type": "application/jose+json",
            "host": "attacker.example",
            "x-forwarded-for": "192.0.2.7",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "client",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
            "time": "10/Mar/2026:05:16:23 +0000",
            "timeEpoch": 1_583_348_638_390_i64,
        },
        "pathParameters": {"profile": "default", "order": "x"},
        "body": "eyJhIjoxfQ==",
        "isBase64Encoded": true,
    })
}

/// An event of a REST API, which has names in its own spelling, and the path without the stage.
fn rest_event(method: &str, path: &str, context_path: &str) -> Value {
    json!({
        "resource": ORDER,
        "path": path,
        "httpMethod": method,
        "headers": {"Content-Type": "application/jose+json", "Host": "attacker.example"},
        "multiValueHeaders": {"Content-Type": ["application/jose+json"], "Host": ["attacker.example"]},
        "queryStringParameters": {"cursor": "b_-c"},
        "multiValueQueryStringParameters": {"cursor": ["b_-c"]},
        "pathParameters": {"profile": "default", "order": "x"},
        "stageVariables": null,
        "requestContext": {
            "resourceId": "abc123",
            "resourcePath": ORDER,
            "httpMethod": method,
            "path": context_path,
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "prod",
            "domainPrefix": "a1b2c3d4e5",
            "domainName": DOMAIN,
            "apiId": "a1b2c3d4e5",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTime": "10/Mar/2026:05:16:23 +0000",
            "requestTimeEpoch": 1_583_348_638_390_i64,
            "identity": {"sourceIp": "192.0.2.7", "userAgent": "client", "accessKey": null},
        },
        "body": r#"{"a":1}"#,
        "isBase64Encoded": false,
    })
}

const ORDER: &str = "/api/v1/protocols/acme/{profile}/order/{order}";
const DOMAIN: &str = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com";

async fn seen(environment: &Environment, event: Value) -> Value {
    let answer = invoke(&function(environment).unwrap(), event).await.unwrap();
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn n14_directories_may_be_open_only_where_a_variable_says_so() {
    let (cloud, _) = cloud();
    let openness = |value: &str| {
        let environment = [("TABLE_NAME", TABLE), ("OPEN", value)].into_iter().collect();
        Clients::new(&cloud.sdk_config("function"), &environment).map(|clients| clients.settings().openness)
    };
    assert_eq!(openness("").unwrap(), Openness::Closed);
    assert_eq!(openness("false").unwrap(), Openness::Closed);
    assert_eq!(openness("true").unwrap(), Openness::Opened);
    assert!(openness("yes").is_err());
}

#[tokio::test]
async fn a_request_arrives_as_api_gateway_received_it() {
    let path = "/api/v1/protocols/acme/default/order/x";
    let seen = seen(&with(&[]), event("POST", path, "cursor=%2b&b")).await;
    let expected = json!({
        "method": "POST",
        "uri": format!("{path}?cursor=%2b&b"),
        "base": "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/api",
        "contentType": "application/jose+json",
        "number": "JKJaXmPLvHcESHA=",
        "body": r#"{"a":1}"#,
    });
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_rest_api_is_answered_below_its_stage_and_below_the_base_path_of_its_domain() {
    let own = "/api/v1/protocols/acme/default/order/x";
    let function = function(&with(&[])).unwrap();
    for (domain, context_prefix, prefix) in [
        // Below the domain of the API, the stage is in the path of the context alone.
        (DOMAIN, "/prod", ""),
        // A custom domain: without a base path, and with base paths of one and of two segments.
        ("acme.example.com", "", ""),
        ("acme.example.com", "/ca", "/ca"),
        ("acme.example.com", "/pki/ca", "/pki/ca"),
    ] {
        let mut event = rest_event("POST", &format!("{prefix}{own}"), &format!("{context_prefix}{own}"));
        event["requestContext"]["domainName"] = domain.into();
        let answer = invoke(&function, event.clone()).await.unwrap();
        let expected = json!({
            "method": "POST",
            "uri": format!("{context_prefix}{own}?cursor=b_-c"),
            "base": format!("https://{domain}{context_prefix}/api"),
            "contentType": "application/jose+json",
            "number": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "body": r#"{"a":1}"#,
        });
        assert_eq!(serde_json::from_str::<Value>(answer["body"].as_str().unwrap()).unwrap(), expected);
        assert_eq!(answer["statusCode"], 201);
        assert_eq!(answer["multiValueHeaders"], json!({"link": ["<a>, <b>"]}));
        assert_eq!(answer["isBase64Encoded"], false);

        // What stands in front of the API has its own name, and no stage.
        let configured = with(&[("PUBLIC_BASE_URL", "https://ca.example/acme/api")]);
        let seen = seen(&configured, event).await;
        assert_eq!(seen["base"], "https://ca.example/acme/api");
        assert_eq!(seen["uri"], format!("/acme{own}?cursor=b_-c"));
    }
}

#[tokio::test]
async fn both_payloads_of_one_request_are_one_request() {
    let environment = with(&[("PUBLIC_BASE_URL", "https://ca.example/api")]);
    let path = "/api/v1/protocols/acme/default/order/x";
    let (mut http, mut rest) = (event("POST", path, "cursor=b_-c"), rest_event("POST", path, &format!("/prod{path}")));
    // Repeated headers are a list in one, and arrays in the other.
    http["headers"] = json!({"content-type": "a, b", "user-agent": "a\u{7}"});
    rest["multiValueHeaders"] = json!({"Content-Type": ["a", "b"], "User-Agent": ["a\u{7}"]});
    for event in [&mut http, &mut rest] {
        event["requestContext"]["requestId"] = "id".into();
    }
    let (http, rest) = (seen(&environment, http).await, seen(&environment, rest).await);
    assert_eq!(http["contentType"], "a, b");
    assert_eq!(http, rest);
}

#[tokio::test]
async fn an_answer_that_is_text_is_not_base64_whatever_its_media_type() {
    async fn binary(octets: &'static [u8]) -> Response {
        let mut response = Response::new(Bytes::from_static(octets));
        response.headers_mut().insert("content-type", "application/pem-certificate-chain".parse().unwrap());
        response.headers_mut().insert("content-length", "4".parse().unwrap());
        response
    }
    let (cloud, environment) = cloud();
    let clients = Clients::new(&cloud.sdk_config("EchoFunction"), &environment).unwrap();
    for (octets, body, is_base64) in [(&b"text"[..], "text", false), (&b"\xff"[..], "/w==", true)] {
        let handler = aws::handler(octets, |_, octets, _| Box::pin(binary(octets)));
        let function = HttpFunction::new(&clients, handler).unwrap();
        for event in [event("GET", "/", ""), rest_event("GET", "/", "/")] {
            let answer = invoke(&function, event).await.unwrap();
            assert_eq!((answer["body"].as_str(), answer["isBase64Encoded"].as_bool()), (Some(body), Some(is_base64)));
            assert!(!answer.to_string().contains("content-length"), "{answer}");
        }
    }
}

#[tokio::test]
async fn an_answer_has_every_header_once() {
    let answer = invoke(&function(&with(&[])).unwrap(), event("HEAD", "/", "")).await.unwrap();
    assert_eq!(answer["statusCode"], 201);
    assert_eq!(answer["headers"], json!({"link": "<a>, <b>"}));
    assert_eq!(answer["isBase64Encoded"], false);
}

#[tokio::test]
async fn threat_20_the_base_of_urls_is_configured_or_api_gateways_own_and_never_the_hosts_header() {
    let configured = with(&[("PUBLIC_BASE_URL", "https://ca.example/api/")]);
    assert_eq!(seen(&configured, event("GET", "/", "")).await["base"], "https://ca.example/api");

    // One warm function distinguishes a custom domain from the API's own.
    let function = function(&with(&[("PUBLIC_BASE_URL", "")])).unwrap();
    for domain in ["acme.example.com", "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com", "acme.example.com"] {
        let mut event = event("GET", "/", "");
        event["requestContext"]["domainName"] = domain.into();
        let answer = invoke(&function, event).await.unwrap();
        let seen: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(seen["base"], format!("https://{domain}/api"));
    }
    for mut nowhere in [event("GET", "/", ""), rest_event("GET", "/", "/")] {
        nowhere["requestContext"].as_object_mut().unwrap().remove("domainName");
        assert!(matches!(invoke(&function, nowhere.clone()).await, Err(InvocationError::NoDomain)));
        nowhere["requestContext"]["domainName"] = "no domain".into();
        assert!(matches!(invoke(&function, nowhere).await, Err(InvocationError::NoDomain)));
    }
}

#[tokio::test]
async fn an_event_of_another_kind_is_refused() {
    let function = function(&with(&[])).unwrap();
    let balancer = json!({
        "requestContext": {"elb": {"targetGroupArn": "arn"}},
        "httpMethod": "GET", "path": "/", "headers": {}, "body": "", "isBase64Encoded": false,
    });
    for event in [json!({}), json!({"Records": []}), json!("text"), crate::scheduled(), balancer] {
        assert!(matches!(invoke(&function, event).await, Err(InvocationError::Event { .. })));
    }
    let mut garbled = event("POST", "/", "");
    garbled["body"] = "{}".into();
    assert!(matches!(invoke(&function, garbled).await, Err(InvocationError::Body)));
}

#[tokio::test]
async fn a_function_does_not_start_without_what_it_is_constructed_from() {
    let (cloud, complete) = cloud();
    let clients = Clients::new(&cloud.sdk_config("EchoFunction"), &complete).unwrap();
    let missing = |asked: Result<(), EnvironmentError>| match asked {
        Err(EnvironmentError::Missing { variable, .. }) => variable,
        other => panic!("{other:?}"),
    };
    assert_eq!(missing(clients.validation_queue().map(drop)), "VALIDATE_QUEUE_URL");
    assert_eq!(missing(clients.issuance_queue().map(drop)), "ISSUE_QUEUE_URL");
    assert_eq!(missing(clients.crl_queue().map(drop)), "PUBLISH_CRL_QUEUE_URL");
    assert_eq!(missing(clients.publisher().map(drop)), "STATUS_BUCKET");
    assert!(matches!(
        function(&Environment::default()).map(drop),
        Err(StartError::Environment(EnvironmentError::Missing { variable: "TABLE_NAME", .. }))
    ));
    for (variable, value) in
        [("STATUS_URL", "https://status.example"), ("PUBLIC_BASE_URL", "ca.example"), ("RETENTION_DAYS", "a year")]
    {
        let error = function(&with(&[(variable, value)])).map(drop).unwrap_err();
        assert!(error.to_string().contains(variable), "{error}");
    }
}
