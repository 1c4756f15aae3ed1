//! http-01 with redirects.

use acme::{ChallengeType::Http01, ProblemType};
use tests::challenge_server::Page;

use crate::{Scene, assert_failure};

#[tokio::test]
async fn redirects_to_other_hosts_paths_and_schemes_are_followed() {
    let scene = Scene::new().await;
    let (http, https) = (scene.server.http_port, scene.server.tls_port);
    scene.set_page(Page::with_status(301, &format!("Location: http://b.test:{http}/one?x=y\r\n"), "moved"));
    scene.server.web.set("/one?x=y", Page::with_status(302, "Location: two/../two\r\n", ""));
    scene.server.web.set("/two", Page::with_status(307, &format!("Location: https://127.0.0.1:{https}/three\r\n"), ""));
    scene.server.web.set("/three", Page::with_status(308, &format!("Location: //c.test:{https}/four\r\n"), ""));
    scene.server.web.set("/four", Page::text(scene.key_authorization.as_str()));
    scene.probe(Http01, "a.test").await.unwrap();
    let seen: Vec<_> = scene.server.web.requests().into_iter().map(|request| (request.host, request.tls)).collect();
    assert_eq!(
        seen,
        [
            (format!("a.test:{http}"), false),
            (format!("b.test:{http}"), false),
            (format!("b.test:{http}"), false),
            (format!("127.0.0.1:{https}"), true),
            (format!("c.test:{https}"), true),
        ]
    );
}

/// The target of the redirect is not contacted: no allowed network contains it, and the second
/// request is not sent.
#[tokio::test]
async fn threat_12_redirects_pass_the_address_rule() {
    let scene = Scene::new().await;
    let (http, https) = (scene.server.http_port, scene.server.tls_port);
    scene.server.dns.set_addresses("metadata.test", &["169.254.169.254"]);
    for target in [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        format!("http://[::ffff:127.0.0.1]:{http}/"),
        format!("https://[::ffff:7f00:1]:{https}/"),
        format!("http://[::127.0.0.1]:{http}/"),
        format!("http://0.0.0.0:{http}/"),
        format!("http://[::]:{http}/"),
        format!("http://[64:ff9b::127.0.0.1]:{http}/"),
        "http://[64:ff9b::a9fe:a9fe]/".to_owned(),
        "http://[fd12::1]/".to_owned(),
        "http://[fd00:ec2::254]/".to_owned(),
        "http://[fe80::1]/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "https://192.168.0.1/".to_owned(),
        "http://metadata.test/".to_owned(),
        "//metadata.test:80/".to_owned(),
    ] {
        scene.set_page(Page::redirect(&target));
        let failure = scene.failure(Http01, "a.test").await;
        assert_failure(&failure, ProblemType::Unauthorized, false, "Not connecting to");
    }
    assert_eq!(scene.server.web.requests().len(), 15);
}

#[tokio::test]
async fn threat_12_odd_redirects_are_not_followed() {
    let scene = Scene::new().await;
    let http = scene.server.http_port;
    for target in [
        format!("ftp://a.test:{http}/"),
        "file:///etc/passwd".to_owned(),
        "gopher://127.0.0.1:6379/_FLUSHALL".to_owned(),
        format!("http://2130706433:{http}/"),
        format!("http://017700000001:{http}/"),
        format!("http://0177.0.0.1:{http}/"),
        format!("http://0x7f.0.0.1:{http}/"),
        format!("http://127.1:{http}/"),
        format!("http://user@127.0.0.1:{http}/"),
        "http://a.test:22/".to_owned(),
        "https://a.test:80/".to_owned(),
        format!("https://a.test:{http}/"),
    ] {
        scene.set_page(Page::redirect(&target));
        let failure = scene.failure(Http01, "a.test").await;
        assert_failure(&failure, ProblemType::IncorrectResponse, false, "which is not followed");
    }
    assert_eq!(scene.server.web.requests().len(), 12);

    // A hexadecimal number is a valid DNS name, which does not exist here.
    scene.set_page(Page::redirect(&format!("http://0x7f000001:{http}/")));
    let failure = scene.failure(Http01, "a.test").await;
    assert_failure(&failure, ProblemType::Dns, true, "The name 0x7f000001 does not exist in DNS");
}

#[tokio::test]
async fn threat_12_a_name_that_changes_to_an_internal_address_between_redirects_is_refused() {
    let scene = Scene::new().await;
    scene.set_page(Page::redirect("?again"));
    scene.server.dns.set_address_sequence("rebind.test", &["127.0.0.1", "169.254.169.254"]);
    let failure = scene.failure(Http01, "rebind.test").await;
    assert_failure(&failure, ProblemType::Unauthorized, false, "169.254.169.254 belongs to 169.254.0.0/16");
    assert_eq!(scene.server.web.requests().len(), 1);
}

#[tokio::test]
async fn threat_12_redirects_end_after_ten() {
    let scene = Scene::new().await;
    scene.set_page(Page::redirect(""));
    let failure = scene.failure(Http01, "a.test").await;
    assert_failure(&failure, ProblemType::IncorrectResponse, false, "redirects again after 10 redirects");
    assert_eq!(scene.server.web.requests().len(), 11);
}

/// Baseline Requirements 3.2.2.4.19: 301, 302, 307 and 308 are.
#[tokio::test]
async fn answers_that_name_another_resource_are_not_followed() {
    let scene = Scene::new().await;
    for status in [300, 303, 304, 305] {
        scene.set_page(Page::with_status(status, "Location: /there\r\n", ""));
        let failure = scene.failure(Http01, "a.test").await;
        assert_failure(&failure, ProblemType::IncorrectResponse, true, &status.to_string());
    }
    assert_eq!(scene.server.web.requests().len(), 4);
}

#[tokio::test]
async fn a_redirect_that_leads_nowhere_is_named() {
    let scene = Scene::new().await;
    scene.set_page(Page::with_status(302, "", ""));
    let failure = scene.failure(Http01, "a.test").await;
    assert_failure(&failure, ProblemType::IncorrectResponse, true, "without a Location");

    // The http port does not use TLS, but no redirect can request that: the ports depend on the
    // scheme.
    scene.set_page(Page::redirect(&format!("http://a.test:{}/", scene.server.tls_port)));
    let failure = scene.failure(Http01, "a.test").await;
    assert_failure(&failure, ProblemType::IncorrectResponse, false, "only the ports");
}

#[tokio::test]
async fn the_time_limit_is_for_all_hops_together() {
    let scene = Scene::in_a_hurry().await;
    scene.set_page(Page::redirect("/slow"));
    scene.server.web.set("/slow", Page::Silence);
    let start = std::time::Instant::now();
    assert_failure(&scene.failure(Http01, "a.test").await, ProblemType::Connection, true, "/slow at 127.0.0.1");
    assert!(start.elapsed() < scene.rules.timeout * 3);
}
