//! The signer on KMS: its signatures verify, and its errors say whether a retry can help.

use std::time::Duration;

use aws::KmsSigner;
use aws_config::retry::RetryConfig;
use aws_sdk_kms::Client;
use ca::{KeyHandle, SignError, SignatureAlgorithm, Signer};
use cloud::{Cloud, Fault, FaultKind, KeySpec, Service};

fn signer(cloud: &Cloud) -> KmsSigner {
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let config = cloud.sdk_config("FinalizeFunction").into_builder().retry_config(retries).build();
    KmsSigner::new(Client::new(&config))
}

async fn outcome(cloud: &Cloud, key: &KeyHandle, algorithm: SignatureAlgorithm) -> Result<(), SignError> {
    signer(cloud).sign(key, algorithm, b"to be signed").await.map(drop)
}

#[tokio::test]
async fn signatures_of_every_kind_of_key_verify_with_its_public_key() {
    let cloud = Cloud::start();
    let signer = signer(&cloud);
    // Longer than KMS accepts as a message, so the digest is sent.
    let message = [7; 10_000];
    for spec in [KeySpec::EccNistP256, KeySpec::EccNistP384, KeySpec::Rsa2048, KeySpec::Rsa3072] {
        let key = KeyHandle::new(cloud.create_key(spec));
        let public_key = signer.public_key(&key).await.unwrap();
        let algorithm = SignatureAlgorithm::of(&public_key).unwrap();
        let signature = signer.sign(&key, algorithm, &message).await.unwrap();
        algorithm.verify(&public_key, &message, &signature).unwrap();
        assert!(algorithm.verify(&public_key, b"another message", &signature).is_err(), "{spec:?}");
    }
}

#[tokio::test]
async fn transient_errors_are_distinguished_from_permanent_ones() {
    let cloud = Cloud::start();
    let key = KeyHandle::new(cloud.create_key(KeySpec::EccNistP256));
    let algorithm = SignatureAlgorithm::EcdsaSha256;
    for kind in [
        FaultKind::Throttled,
        FaultKind::Unavailable,
        FaultKind::Unreachable,
        FaultKind::AnswerLost,
        FaultKind::AnswerLate,
        FaultKind::Denied,
    ] {
        cloud.inject(Fault::new(kind).on(Service::Kms, "Sign").always());
        let error = outcome(&cloud, &key, algorithm).await.unwrap_err();
        let is_right = match kind {
            FaultKind::Throttled => matches!(error, SignError::Throttled { .. }),
            _ => matches!(error, SignError::Unavailable { .. }),
        };
        assert!(is_right, "{kind:?}: {error:?}");
        cloud.heal();
    }
    outcome(&cloud, &key, algorithm).await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_not_there_or_not_to_be_used_is_refused_for_good() {
    let cloud = Cloud::start();
    let key = KeyHandle::new(cloud.create_key(KeySpec::EccNistP256));
    let other_algorithm = outcome(&cloud, &key, SignatureAlgorithm::RsaSha256).await.unwrap_err();
    assert!(matches!(other_algorithm, SignError::Refused { .. }), "{other_algorithm:?}");
    cloud.enable_key(key.as_str(), false);
    let disabled = outcome(&cloud, &key, SignatureAlgorithm::EcdsaSha256).await.unwrap_err();
    assert!(matches!(disabled, SignError::Disabled { .. }), "{disabled:?}");

    let unknown = KeyHandle::new("arn:aws:kms:eu-central-1:123456789012:key/0");
    for error in [
        outcome(&cloud, &unknown, SignatureAlgorithm::EcdsaSha256).await.unwrap_err(),
        signer(&cloud).public_key(&unknown).await.unwrap_err(),
    ] {
        assert!(matches!(&error, SignError::UnknownKey(key) if *key == unknown), "{error:?}");
    }
}

#[tokio::test]
async fn one_fault_is_made_good_by_another_try() {
    let cloud = Cloud::start();
    let key = KeyHandle::new(cloud.create_key(KeySpec::EccNistP256));
    for kind in [
        FaultKind::Throttled,
        FaultKind::Unavailable,
        FaultKind::Unreachable,
        FaultKind::AnswerLost,
        FaultKind::AnswerLate,
    ] {
        let fault = cloud.inject(Fault::new(kind).on(Service::Kms, "Sign"));
        outcome(&cloud, &key, SignatureAlgorithm::EcdsaSha256).await.unwrap();
        assert!(fault.is_reached(), "{kind:?}");
    }
}

/// Records name a key by its ARN in the region where it was made.
#[tokio::test]
async fn a_multi_region_key_signs_in_each_of_its_regions_by_the_name_that_the_first_one_gave_it() {
    let cloud = Cloud::start();
    let [key, single] = [cloud.create_multi_region_key(KeySpec::EccNistP256), cloud.create_key(KeySpec::EccNistP256)];
    let replica = cloud.replicate_key(&key, "eu-west-1");
    let [key, single, replica] = [key, single, replica].map(KeyHandle::new);
    let at_home = signer(&cloud);
    let public_key = at_home.public_key(&key).await.unwrap();
    let there = KmsSigner::new(Client::new(&cloud.sdk_config_in("FinalizeFunction", "eu-west-1")));
    assert!(there.is_same_key(&key, &replica) && at_home.is_same_key(&key, &replica));
    assert!(!there.is_same_key(&key, &single));
    for handle in [&key, &replica] {
        assert_eq!(there.public_key(handle).await.unwrap(), public_key);
        let algorithm = SignatureAlgorithm::EcdsaSha256;
        let signature = there.sign(handle, algorithm, b"message").await.unwrap();
        algorithm.verify(&public_key, b"message", &signature).unwrap();
    }
    let elsewhere = there.public_key(&single).await.unwrap_err();
    assert!(matches!(&elsewhere, SignError::UnknownKey(handle) if *handle == single), "{elsewhere:?}");
    let nowhere = KmsSigner::new(Client::new(&cloud.sdk_config_in("FinalizeFunction", "us-east-1")));
    assert!(matches!(nowhere.public_key(&key).await.unwrap_err(), SignError::UnknownKey(_)), "no replica is there");
}
