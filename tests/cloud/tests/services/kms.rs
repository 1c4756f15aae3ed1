//! KMS through the SDK's own client.

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec as Spec, KeyState, KeyUsageType, MessageType, SigningAlgorithmSpec};
use cloud::{Cloud, Fault, FaultKind, KeySpec, Service};

const MESSAGE: &[u8] = b"to be signed";

fn client(cloud: &Cloud) -> Client {
    let config = cloud.sdk_config("Finalize").into_builder().retry_config(RetryConfig::disabled()).build();
    Client::new(&config)
}

/// The algorithm, how its signatures are verified, and the digest of the message.
fn algorithm(name: &str) -> (SigningAlgorithmSpec, &'static dyn VerificationAlgorithm, Vec<u8>) {
    let (verification, digested): (&'static dyn VerificationAlgorithm, _) = match name {
        "ECDSA_SHA_256" => (&ECDSA_P256_SHA256_ASN1, digest(&SHA256, MESSAGE)),
        "ECDSA_SHA_384" => (&ECDSA_P384_SHA384_ASN1, digest(&SHA384, MESSAGE)),
        "RSASSA_PKCS1_V1_5_SHA_256" => (&RSA_PKCS1_2048_8192_SHA256, digest(&SHA256, MESSAGE)),
        "RSASSA_PKCS1_V1_5_SHA_384" => (&RSA_PKCS1_2048_8192_SHA384, digest(&SHA384, MESSAGE)),
        "RSASSA_PKCS1_V1_5_SHA_512" => (&RSA_PKCS1_2048_8192_SHA512, digest(&SHA512, MESSAGE)),
        other => panic!("{other}"),
    };
    (SigningAlgorithmSpec::from(name), verification, digested.as_ref().to_vec())
}

async fn sign_and_verify(spec: KeySpec) {
    let cloud = Cloud::start();
    let client = client(&cloud);
    let arn = cloud.create_key(spec);
    let public = client.get_public_key().key_id(&arn).send().await.unwrap();
    assert_eq!(public.key_spec, Some(Spec::from(spec.name())));
    for name in public.signing_algorithms() {
        let (name, verification, digest) = algorithm(name.as_str());
        for (message_type, message) in [(MessageType::Digest, digest), (MessageType::Raw, MESSAGE.to_vec())] {
            let sign = client.sign().key_id(&arn).signing_algorithm(name.clone()).message_type(message_type);
            let signed = sign.message(Blob::new(message)).send().await.unwrap();
            let key = UnparsedPublicKey::new(verification, public.public_key().unwrap().as_ref());
            key.verify(MESSAGE, signed.signature.unwrap().as_ref()).unwrap();
        }
    }
}

#[tokio::test]
async fn p256_signatures_verify() {
    sign_and_verify(KeySpec::EccNistP256).await;
}

#[tokio::test]
async fn p384_signatures_verify() {
    sign_and_verify(KeySpec::EccNistP384).await;
}

#[tokio::test]
async fn rsa_2048_signatures_verify() {
    sign_and_verify(KeySpec::Rsa2048).await;
}

#[tokio::test]
async fn rsa_3072_signatures_verify() {
    sign_and_verify(KeySpec::Rsa3072).await;
}

#[tokio::test]
async fn rsa_4096_signatures_verify() {
    sign_and_verify(KeySpec::Rsa4096).await;
}

#[tokio::test]
async fn a_key_made_by_the_api_is_described_and_signs() {
    let cloud = Cloud::start();
    let client = client(&cloud);
    let create = client.create_key().key_spec(Spec::EccNistP256).key_usage(KeyUsageType::SignVerify);
    let made = create.description("issuer").send().await.unwrap().key_metadata.unwrap();
    let described = client.describe_key().key_id(&made.key_id).send().await.unwrap().key_metadata.unwrap();
    assert_eq!(described, made);
    assert_eq!(described.description(), Some("issuer"));
    assert_eq!(described.key_state(), Some(&KeyState::Enabled));
    let (name, _, digest) = algorithm("ECDSA_SHA_256");
    let sign = client.sign().key_id(made.arn().unwrap()).signing_algorithm(name).message_type(MessageType::Digest);
    sign.message(Blob::new(digest)).send().await.unwrap();
    let access = cloud.calls()[2].accesses[0].clone();
    assert_eq!((access.action.as_str(), access.resource.as_str()), ("kms:Sign", made.arn().unwrap()));
    assert_eq!(access.values("kms:SigningAlgorithm").collect::<Vec<_>>(), ["ECDSA_SHA_256"]);
    assert_eq!(access.values("kms:MessageType").collect::<Vec<_>>(), ["DIGEST"]);
}

#[tokio::test]
async fn errors_carry_the_names_that_kms_gives_them() {
    let cloud = Cloud::start();
    let client = client(&cloud);
    let arn = cloud.create_key(KeySpec::EccNistP256);
    let sign = |arn: &str, name: &str, length: usize| {
        let sign = client.sign().key_id(arn).signing_algorithm(name.into()).message_type(MessageType::Digest);
        sign.message(Blob::new(vec![7; length])).send()
    };
    let code = |error: aws_sdk_kms::error::SdkError<_, _>| error.code().map(str::to_owned).unwrap();
    let refused = sign(&arn, "ECDSA_SHA_256", 48).await.unwrap_err();
    assert_eq!(code(refused), "ValidationException", "a digest of another length");
    let refused = sign(&arn, "ECDSA_SHA_384", 48).await.unwrap_err();
    assert_eq!(code(refused), "InvalidKeyUsageException", "an algorithm of another key");
    let refused = sign(&arn.replace(":key/", ":key/0"), "ECDSA_SHA_256", 32).await.unwrap_err();
    assert_eq!(code(refused), "NotFoundException");
    cloud.enable_key(&arn, false);
    assert_eq!(code(sign(&arn, "ECDSA_SHA_256", 32).await.unwrap_err()), "DisabledException");
    client.enable_key().key_id(&arn).send().await.unwrap();
    sign(&arn, "ECDSA_SHA_256", 32).await.unwrap();
}

#[tokio::test]
async fn kms_is_throttled_and_unavailable_on_demand() {
    let cloud = Cloud::start();
    let client = client(&cloud);
    let arn = cloud.create_key(KeySpec::EccNistP256);
    let sign = || {
        let sign = client.sign().key_id(&arn).signing_algorithm(SigningAlgorithmSpec::EcdsaSha256);
        sign.message_type(MessageType::Digest).message(Blob::new([7; 32])).send()
    };
    cloud.inject(Fault::new(FaultKind::Throttled).on(Service::Kms, "Sign"));
    assert_eq!(sign().await.unwrap_err().code(), Some("ThrottlingException"));
    cloud.inject(Fault::new(FaultKind::Unavailable).on_service(Service::Kms).always());
    assert_eq!(sign().await.unwrap_err().code(), Some("KMSInternalException"));
    assert!(client.get_public_key().key_id(&arn).send().await.is_err());
    cloud.heal();
    sign().await.unwrap();
}
