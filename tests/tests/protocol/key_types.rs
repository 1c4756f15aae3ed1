//! Keys of accounts and of certificates (N10, RFC 7518, RFC 8037).

use ca::CertificateKeyType;
use jose::base64url;
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use tests::{
    client::{Algorithm, JOSE, Key, csr, csr_with},
    openssl,
};

use crate::HOST;

#[tokio::test]
async fn n10_accounts_with_every_type_of_key_obtain_a_certificate() {
    HOST.on_both_families(async |ca| {
        for algorithm in Algorithm::ALL {
            println!("{algorithm:?}");
            let client = ca.client_with(algorithm).await;
            for way in ["http-01", "dns-01", "tls-alpn-01"] {
                let name = format!("{way}.test");
                let order = client.order(&[&name]).await;
                let authorization = client.read(&order).await.json()["authorizations"][0].clone();
                client.solve(authorization.as_str().unwrap(), way).await;
                client.finish(order, &[&name], Key::p256()).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn n10_certificates_are_issued_for_every_type_of_key() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for algorithm in Algorithm::ALL {
            let issued = client.obtain_for(&["a.test"], Key::generate(algorithm)).await;
            let public = issued.key.pair().public_key_raw().to_vec();
            assert_eq!(super::certificates::public_key(&issued.chain), public, "{algorithm:?}");
            super::certificates::verify(&ca, &issued.chain).unwrap();
        }
        for size in [RsaKeySize::_3072, RsaKeySize::_4096] {
            let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).unwrap();
            let order = client.ready_order(&["a.test"]).await;
            client.finalize(&order, &csr_with(&["a.test"], &key, |_| {})).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn n10_a_profile_decides_which_certificate_keys_it_allows() {
    let p384_only = |config: &mut host::Config| config.ra_profiles[0].key_types = [CertificateKeyType::P384].into();
    let environment = HOST.configured(p384_only).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            let order = client.ready_order(&["a.test"]).await;
            for algorithm in [Algorithm::Es256, Algorithm::Es512, Algorithm::Rs256, Algorithm::EdDsa] {
                client.finalize(&order, &csr(&["a.test"], &Key::generate(algorithm))).await.refused(400, "badCSR");
            }
            client.finalize(&order, &csr(&["a.test"], &Key::generate(Algorithm::Es384))).await.expect(200);
        })
        .await;
}

#[tokio::test]
async fn n4_threat_23_a_weak_certificate_key_is_refused() {
    let weak = [
        vec!["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
        vec![
            "genpkey",
            "-quiet",
            "-algorithm",
            "RSA",
            "-pkeyopt",
            "rsa_keygen_bits:2048",
            "-pkeyopt",
            "rsa_keygen_pubexp:3",
        ],
        vec!["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
        vec!["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-224"],
        vec!["genpkey", "-algorithm", "ED448"],
    ];
    let requests: Vec<Vec<u8>> =
        weak.iter().map(|arguments| openssl_request(&openssl(arguments, b"").unwrap())).collect();
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test"]).await;
        for (request, arguments) in requests.iter().zip(&weak) {
            let problem = client.finalize(&order, request).await.refused(400, "badCSR");
            println!("{arguments:?}: {}", problem["detail"]);
        }
    })
    .await;
}

#[tokio::test]
async fn threat_23_an_account_key_that_is_weak_or_of_another_type_is_refused() {
    let weak: Vec<(Value, &str, &str)> = vec![
        (rsa(1024, 65537), "RS256", "badPublicKey"),
        (rsa(4104, 65537), "RS256", "badPublicKey"),
        (rsa(2048, 3), "RS256", "badPublicKey"),
        (json!({"kty": "EC", "crv": "secp256k1", "x": zeros(32), "y": zeros(32)}), "ES256", "badPublicKey"),
        (json!({"kty": "EC", "crv": "P-256", "x": zeros(32), "y": zeros(32)}), "ES256", "badPublicKey"),
        (json!({"kty": "EC", "crv": "P-256", "x": zeros(31), "y": zeros(32)}), "ES256", "malformed"),
        (json!({"kty": "EC", "crv": "P-256", "x": zeros(32)}), "ES256", "malformed"),
        (json!({"kty": "OKP", "crv": "Ed25519", "x": zeros(32)}), "EdDSA", "badPublicKey"),
        (json!({"kty": "OKP", "crv": "Ed448", "x": zeros(57)}), "EdDSA", "badPublicKey"),
        (json!({"kty": "OKP", "crv": "X25519", "x": zeros(32)}), "EdDSA", "badPublicKey"),
        (json!({"kty": "oct", "k": zeros(32)}), "ES256", "badPublicKey"),
        (json!({"kty": "none"}), "ES256", "badPublicKey"),
        (json!({}), "ES256", "malformed"),
        (json!([]), "ES256", "malformed"),
        (json!("key"), "ES256", "malformed"),
        (json!(null), "ES256", "malformed"),
    ];
    HOST.on_both_families(async |ca| {
        let client = ca.stranger().await;
        let url = client.url("newAccount");
        for (jwk, algorithm, problem) in &weak {
            println!("{jwk}");
            let jws = client.jws(url, "{}").await.with("jwk", jwk.clone()).with("alg", (*algorithm).into());
            client.send(url, &jws).await.refused(400, problem);
        }
    })
    .await;
}

#[tokio::test]
async fn a_jwk_that_discloses_its_private_half_is_refused() {
    HOST.on_both_families(async |ca| {
        let client = ca.stranger().await;
        let url = client.url("newAccount");
        let mut jwk = client.key.jwk();
        jwk["d"] = zeros(32).into();
        let jws = client.jws(url, "{}").await.with("jwk", jwk);
        client.request("POST", url, Some(JOSE), jws.body()).await.refused(400, "malformed");
    })
    .await;
}

/// A request for `a.test` in DER, with this key in PEM.
fn openssl_request(key: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(&file, key).unwrap();
    let file = file.to_str().unwrap();
    let names = "subjectAltName=DNS:a.test";
    openssl(&["req", "-new", "-key", file, "-subj", "/CN=a.test", "-addext", names, "-outform", "DER"], b"").unwrap()
}

fn zeros(length: usize) -> String {
    base64url::encode(&vec![0; length])
}

/// The JWK of a modulus with that number of bits, which cannot be factored and of which no one has
/// the private key.
fn rsa(bits: usize, exponent: u32) -> Value {
    let mut modulus = vec![0xff; bits / 8];
    *modulus.last_mut().unwrap() = 0xfb;
    let exponent = exponent.to_be_bytes();
    let exponent = &exponent[exponent.iter().take_while(|byte| **byte == 0).count()..];
    json!({"kty": "RSA", "n": base64url::encode(&modulus), "e": base64url::encode(exponent)})
}
