//! What only the one-process host has.

use acme::DirectoryId;
use serde_json::Value;

use crate::HOST;

#[tokio::test]
async fn the_default_directory_is_found_where_test_cas_have_it() {
    let environment = HOST.start().await;
    let origin = environment.base_url().strip_suffix("/api").unwrap().to_owned();
    let here = environment.http().get(&format!("{origin}/dir")).await.expect(200).json();
    let default: Value = environment.directory("default").stranger().await.directory.as_ref().clone();
    assert_eq!(here, default);
    environment.http().request("POST", &format!("{origin}/dir"), None, Vec::new()).await.expect(415);
}

#[tokio::test]
async fn the_host_prints_the_urls_that_it_serves() {
    let environment = HOST.start().await;
    for name in ["default", "raProfile/default"] {
        let id: DirectoryId = name.parse().unwrap();
        assert_eq!(environment.one_process().directory_url(&id), environment.directory(name).url());
    }
}

#[tokio::test]
async fn the_root_is_served_beside_the_crls() {
    let environment = HOST.start().await;
    let root = environment.http().get(&format!("{}/root.pem", environment.status_url())).await.expect(200);
    assert_eq!(root.body, std::fs::read(environment.root()).unwrap());
}

#[tokio::test]
async fn a_path_in_another_spelling_names_no_resource() {
    let environment = HOST.start().await;
    let client = environment.directory("default").stranger().await;
    for path in ["/%64irectory", "/order/..%2fdirectory", "/new%2dnonce"] {
        for method in ["GET", "POST"] {
            client.request(method, &client.below(path), None, Vec::new()).await.refused(404, "malformed");
        }
    }
}
