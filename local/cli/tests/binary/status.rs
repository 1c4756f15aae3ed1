//! The files that relying parties fetch over plain HTTP.

use std::fs;

use crate::{
    http::{get_status, request_status},
    process::Server,
};

#[tokio::test]
async fn root_crls_and_issuer_certificates_are_listed_and_served() {
    let server = Server::start(&[]).await;
    let index = String::from_utf8(get_status(&server, "/").await.body.to_vec()).unwrap();
    let paths: Vec<&str> = index.lines().map(|line| line.split_once("  ").unwrap().0).collect();
    for (path, media_type) in [
        ("/crl/issuing/0.crl", "application/pkix-crl"),
        ("/crl/root/0.crl", "application/pkix-crl"),
        ("/issuer/issuing.cer", "application/pkix-cert"),
        ("/issuer/root.cer", "application/pkix-cert"),
        ("/root.pem", "application/x-pem-file"),
    ] {
        assert!(paths.contains(&path), "{path}\n{index}");
        let file = get_status(&server, path).await;
        assert_eq!((file.status, file.header("content-type")), (200, Some(media_type)), "{path}");
        assert!(file.header("cache-control").unwrap().starts_with("max-age="), "{path}");
        let head = request_status(&server, "HEAD", path).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(head.header("content-length"), Some(file.body.len().to_string().as_str()), "{path}");
    }
    assert_eq!(paths.len(), 5, "{index}");
    assert_eq!(get_status(&server, "/root.pem").await.body, fs::read(server.data().join("root.pem")).unwrap());
}

#[tokio::test]
async fn the_listener_says_that_it_is_up_and_what_it_has_not() {
    let server = Server::start(&[]).await;
    assert_eq!(get_status(&server, "/health").await.body, "ok\n");
    for path in ["/root.key", "/../root.key", "/crl", "/crl/issuing/1.crl"] {
        assert_eq!(get_status(&server, path).await.status, 404, "{path}");
    }
    let refused = request_status(&server, "POST", "/root.pem").await;
    assert_eq!(refused.status, 405);
    assert_eq!(refused.header("allow"), Some("GET, HEAD"));
}
