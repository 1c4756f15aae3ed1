//! Certificates and their chains (RFC 8555 §7.4.2, RFC 5280), checked with OpenSSL.

use std::path::Path;

use tests::{
    Environment,
    client::{Issued, Key},
    openssl,
};
use x509_cert::{
    Certificate,
    der::{Decode, oid::AssociatedOid},
    ext::pkix::{
        AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage,
        KeyUsage, SubjectAltName, SubjectKeyIdentifier, name::GeneralName,
    },
};

use crate::HOST;

#[tokio::test]
async fn s14_the_chain_is_leaf_first_with_lf_line_ends_and_without_the_root() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let issued = client.obtain(&["a.test"]).await;
        let reply = client.read(&issued.certificate).await.expect(200);
        assert_eq!(reply.header("content-type"), Some("application/pem-certificate-chain"));
        let text = reply.text();
        assert!(!text.contains('\r') && text.ends_with("-----END CERTIFICATE-----\n"), "{text}");
        assert!(text.starts_with("-----BEGIN CERTIFICATE-----\n"), "there is no text around the certificates");
        let chain = Certificate::load_pem_chain(text.as_bytes()).unwrap();
        assert_eq!(chain.len(), 2);
        let [leaf, issuer] = [chain[0].tbs_certificate(), chain[1].tbs_certificate()];
        assert_eq!(leaf.issuer(), issuer.subject());
        assert_ne!(issuer.issuer(), issuer.subject(), "the root is left out");
        verify(&ca, &text).unwrap();
    })
    .await;
}

#[tokio::test]
async fn s14_an_unsigned_get_does_not_download() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let issued = client.obtain(&["a.test"]).await;
        for method in ["GET", "HEAD"] {
            let reply = client.request(method, &issued.certificate, None, Vec::new()).await.expect(405);
            assert_eq!(reply.header("allow"), Some("POST, OPTIONS"));
        }
        client.post(&issued.certificate, &serde_json::json!({})).await.refused(400, "malformed");
    })
    .await;
}

#[tokio::test]
async fn s14_a_certificate_that_was_not_issued_yet_cannot_be_downloaded() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test"]).await;
        client.read(&order.replace("/order/", "/cert/")).await.refused(404, "malformed");
    })
    .await;
}

#[tokio::test]
async fn a_certificate_has_the_form_that_a_private_web_pki_needs() {
    HOST.on_both_families(async |ca| {
        let issued = ca.client().await.obtain(&["a.test", "*.b.test"]).await;
        assert_eq!(names(&issued), ["a.test", "*.b.test"]);
        let text =
            openssl(&["x509", "-noout", "-subject", "-ext", "keyUsage,extendedKeyUsage"], issued.chain.as_bytes());
        let text = String::from_utf8(text.unwrap()).unwrap();
        for wanted in ["CN = a.test", "Digital Signature", "TLS Web Server Authentication"] {
            assert!(text.contains(wanted), "{text}");
        }
        assert!(!text.contains("Client Authentication"), "it would make a host a client: {text}");
        assert!(!text.contains("Key Encipherment"), "a P-256 key enciphers nothing: {text}");
        let leaf = issued.leaf();
        let is_critical =
            |oid| leaf.tbs_certificate().extensions().unwrap().iter().find(|e| e.extn_id == oid).map(|e| e.critical);
        assert_eq!(is_critical(SubjectAltName::OID), Some(false), "the subject is not empty");
        assert_eq!(is_critical(KeyUsage::OID), Some(true));
        for oid in [
            SubjectKeyIdentifier::OID,
            AuthorityKeyIdentifier::OID,
            ExtendedKeyUsage::OID,
            AuthorityInfoAccessSyntax::OID,
            CrlDistributionPoints::OID,
        ] {
            assert_eq!(is_critical(oid), Some(false), "{oid}");
        }
        let constraints = extension::<BasicConstraints>(&leaf);
        assert!(constraints.is_none_or(|constraints| !constraints.ca));
        let serial = leaf.tbs_certificate().serial_number().as_bytes();
        assert!((8..=20).contains(&serial.len()), "{serial:?}");
    })
    .await;
}

#[tokio::test]
async fn an_rsa_key_may_encipher_keys() {
    HOST.on_both_families(async |ca| {
        let key = Key::generate(tests::client::Algorithm::Rs256);
        let issued = ca.client().await.obtain_for(&["a.test"], key).await;
        let text = openssl(&["x509", "-noout", "-ext", "keyUsage"], issued.chain.as_bytes()).unwrap();
        assert!(String::from_utf8(text).unwrap().contains("Key Encipherment"));
    })
    .await;
}

#[tokio::test]
async fn the_urls_in_a_certificate_lead_to_its_issuer_and_its_crl() {
    HOST.on_both_families(async |ca| {
        let issued = ca.client().await.obtain(&["a.test"]).await;
        let (issuer, crl) = pointers(&issued.leaf());
        for url in [&issuer, &crl] {
            assert!(url.starts_with(&format!("{}/", ca.status_url())), "{url}");
        }
        let issuer = ca.http().get(&issuer).await.expect(200);
        let second = Certificate::load_pem_chain(issued.chain.as_bytes()).unwrap().remove(1);
        assert_eq!(Certificate::from_der(&issuer.body).unwrap(), second);
        assert_eq!(issuer.header("content-type"), Some("application/pkix-cert"));
        let crl = ca.http().get(&crl).await.expect(200);
        assert_eq!(crl.header("content-type"), Some("application/pkix-crl"));
        openssl(&["crl", "-inform", "DER", "-noout"], &crl.body).unwrap();
    })
    .await;
}

#[tokio::test]
async fn n11_certificates_and_orders_survive_a_restart() {
    let environment = HOST.start().await;
    let mut before = Vec::new();
    for name in ["default", "raProfile/default"] {
        let client = environment.directory(name).client().await;
        let issued = client.obtain(&["a.test"]).await;
        before.push((client, issued));
    }
    let environment = environment.restarted(|_| {}).await;
    for (client, issued) in before {
        assert_eq!(client.read(&issued.certificate).await.expect(200).text(), issued.chain);
        assert_eq!(client.read(&issued.order).await.expect(200).json()["status"], "valid");
        verify(&environment, &client.obtain(&["b.test"]).await.chain).unwrap();
    }
}

#[tokio::test]
async fn the_issuers_have_the_keys_of_the_configuration() {
    use ca::IssuerKeyType;
    for (root_key, issuing_key) in
        [(IssuerKeyType::P384, IssuerKeyType::P384), (IssuerKeyType::Rsa3072, IssuerKeyType::Rsa2048)]
    {
        let environment = HOST.configured(|config| {
            config.ca.root_key = root_key;
            config.ca.issuing_key = issuing_key;
        });
        let environment = environment.await;
        let issued = environment.directory("default").client().await.obtain(&["a.test"]).await;
        verify(&environment, &issued.chain).unwrap();
    }
}

/// Verifies the first certificate of a chain with OpenSSL, strictly, against the root.
pub(crate) fn verify(environment: &Environment, chain: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    verify_in(folder.path(), environment, chain, &[])
}

/// The same with additional arguments, and the folder for the chain.
pub(crate) fn verify_in(folder: &Path, environment: &Environment, chain: &str, more: &[&str]) -> Result<(), String> {
    let file = folder.join("chain.pem");
    std::fs::write(&file, chain).unwrap();
    let (file, root) = (file.to_str().unwrap(), environment.root());
    let mut arguments = vec!["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root.to_str().unwrap()];
    arguments.extend(more);
    arguments.extend(["-untrusted", file, file]);
    openssl(&arguments, b"").map(drop)
}

/// The subject alternative names, in their order.
pub(crate) fn names(issued: &Issued) -> Vec<String> {
    let names = extension::<SubjectAltName>(&issued.leaf()).unwrap().0;
    let text = |name: &GeneralName| match name {
        GeneralName::DnsName(name) => name.to_string(),
        GeneralName::IpAddress(octets) => match <[u8; 4]>::try_from(octets.as_bytes()) {
            Ok(v4) => std::net::Ipv4Addr::from(v4).to_string(),
            Err(_) => std::net::Ipv6Addr::from(<[u8; 16]>::try_from(octets.as_bytes()).unwrap()).to_string(),
        },
        other => panic!("{other:?}"),
    };
    names.iter().map(text).collect()
}

/// The public key of the first certificate of a chain: the contents of its BIT STRING.
pub(crate) fn public_key(chain: &str) -> Vec<u8> {
    let leaf = Certificate::load_pem_chain(chain.as_bytes()).unwrap().remove(0);
    leaf.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes().to_vec()
}

/// The URLs of the issuer's certificate and of the CRL.
pub(crate) fn pointers(leaf: &Certificate) -> (String, String) {
    let uri = |name: &GeneralName| match name {
        GeneralName::UniformResourceIdentifier(uri) => uri.to_string(),
        other => panic!("{other:?}"),
    };
    let access = extension::<AuthorityInfoAccessSyntax>(leaf).unwrap().0;
    let points = extension::<CrlDistributionPoints>(leaf).unwrap().0;
    let Some(x509_cert::ext::pkix::name::DistributionPointName::FullName(crl)) = &points[0].distribution_point else {
        panic!("{points:?}");
    };
    (uri(&access[0].access_location), uri(&crl[0]))
}

/// An extension of a certificate; `None` if it is absent.
pub(crate) fn extension<T: AssociatedOid + for<'a> Decode<'a>>(certificate: &Certificate) -> Option<T> {
    let extensions = certificate.tbs_certificate().extensions()?;
    let found = extensions.iter().find(|extension| extension.extn_id == T::OID)?;
    T::from_der(found.extn_value.as_bytes()).ok()
}
