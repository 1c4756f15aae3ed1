//! S3 through the SDK's own client.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use cloud::Cloud;

#[tokio::test]
async fn an_object_keeps_its_media_type_and_caching() {
    let cloud = Cloud::start();
    cloud.create_bucket("status");
    let virtual_host = aws_sdk_s3::Client::new(&cloud.sdk_config("PublishCrl"));
    let by_path = aws_sdk_s3::config::Builder::from(&cloud.sdk_config("PublishCrl")).force_path_style(true).build();
    for (client, key) in [(virtual_host, "crl/issuer 1/0.crl"), (aws_sdk_s3::Client::from_conf(by_path), "path")] {
        let put = client.put_object().bucket("status").key(key).body(ByteStream::from_static(b"\x30\x00"));
        put.content_type("application/pkix-crl").cache_control("max-age=3600").send().await.unwrap();
        let object = cloud.object("status", key).unwrap();
        assert_eq!(object.body.as_ref(), b"\x30\x00");
        assert_eq!(object.content_type, "application/pkix-crl");
        assert_eq!(object.cache_control, "max-age=3600");
        let got = client.get_object().bucket("status").key(key).send().await.unwrap();
        assert_eq!(got.content_type(), Some("application/pkix-crl"));
        assert_eq!(got.body.collect().await.unwrap().to_vec(), b"\x30\x00");
    }
    assert_eq!(cloud.objects("status"), ["crl/issuer 1/0.crl", "path"]);
    let access = &cloud.calls()[0].accesses[0];
    assert_eq!(access.action, "s3:PutObject");
    assert_eq!(access.resource, "arn:aws:s3:::status/crl/issuer 1/0.crl");
}

#[tokio::test]
async fn a_missing_object_has_the_error_name_of_s3() {
    let cloud = Cloud::start();
    cloud.create_bucket("status");
    let client = aws_sdk_s3::Client::new(&cloud.sdk_config("PublishCrl"));
    let get = |bucket: &str| client.get_object().bucket(bucket).key("absent").send();
    assert!(get("status").await.unwrap_err().into_service_error().is_no_such_key());
    assert_eq!(get("nowhere").await.unwrap_err().code(), Some("NoSuchBucket"));
}
