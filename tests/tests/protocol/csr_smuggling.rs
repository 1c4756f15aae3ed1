//! Certificate requests that ask for more than was ordered (threat 15): whatever they contain, a
//! certificate has exactly the names of the order, or is not issued.

use rcgen::{
    Attribute, CustomExtension, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, OtherNameValue,
    SanType,
};
use tests::{
    client::{Key, csr_of_version, csr_with, csr_with_attributes},
    openssl,
};

use crate::HOST;

#[tokio::test]
async fn threat_15_other_kinds_of_subject_alternative_names_are_refused() {
    let kinds = [
        SanType::Rfc822Name("admin@a.test".try_into().unwrap()),
        SanType::URI("https://a.test/".try_into().unwrap()),
        SanType::OtherName((
            vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 3],
            OtherNameValue::Utf8String("admin@a.test".to_owned()),
        )),
        SanType::IpAddress([127, 0, 0, 1].into()),
        SanType::DnsName("evil.test".try_into().unwrap()),
        SanType::DnsName("*.a.test".try_into().unwrap()),
        SanType::DnsName("a.test\0.evil.test".try_into().unwrap()),
        SanType::DnsName("a.test.".try_into().unwrap()),
        SanType::DnsName("".try_into().unwrap()),
        SanType::DnsName("a..test".try_into().unwrap()),
        SanType::DnsName("a_b.test".try_into().unwrap()),
    ];
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test"]).await;
        for kind in &kinds {
            println!("{kind:?}");
            let request = csr_with(&["a.test"], Key::p256().pair(), |params| {
                params.subject_alt_names.push(kind.clone());
            });
            client.finalize(&order, &request).await.refused(400, "badCSR");
        }
        // None of these requests has damaged the order.
        client.finish(order, &["a.test"], Key::p256()).await;
    })
    .await;
}

#[tokio::test]
async fn threat_15_a_common_name_that_was_not_ordered_is_refused() {
    let subjects = [
        (DnType::CommonName, "evil.test"),
        (DnType::CommonName, "a.test\0"),
        (DnType::CommonName, "Admin of a.test"),
        (DnType::CommonName, "127.0.0.1"),
    ];
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test"]).await;
        for (kind, value) in &subjects {
            println!("{kind:?} {value:?}");
            let request = csr_with(&["a.test"], Key::p256().pair(), |params| {
                params.distinguished_name.push(kind.clone(), DnValue::Utf8String((*value).to_owned()));
            });
            client.finalize(&order, &request).await.refused(400, "badCSR");
        }
    })
    .await;
}

#[tokio::test]
async fn threat_15_several_common_names_are_refused() {
    let two_names = openssl_request("/CN=a.test/CN=a.test");
    let same_set = openssl_request("/CN=a.test+CN=b.test");
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test"]).await;
        for request in [&two_names, &same_set] {
            client.finalize(&order, request).await.refused(400, "badCSR");
        }
    })
    .await;
}

#[tokio::test]
async fn threat_15_a_second_list_of_names_is_refused() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test"]).await;
        // A second list of requested extensions, with a second subject alternative name.
        let more = Attribute { oid: &[1, 2, 840, 113549, 1, 9, 14], values: second_list() };
        client
            .finalize(&order, &csr_with_attributes(&["a.test"], &Key::p256(), vec![more]))
            .await
            .refused(400, "badCSR");
        let twice = csr_with(&["a.test"], Key::p256().pair(), |params| {
            params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 17], evil_names()));
        });
        client.finalize(&order, &twice).await.refused(400, "badCSR");
        let password = Attribute { oid: &[1, 2, 840, 113549, 1, 9, 7], values: vec![0x31, 3, 0x0c, 1, b'x'] };
        let request = csr_with_attributes(&["a.test"], &Key::p256(), vec![password]);
        client.finalize(&order, &request).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn threat_15_other_contents_of_a_request_are_not_in_the_certificate() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test"]).await;
        let key = Key::p256();
        let request = csr_with(&["a.test"], key.pair(), |params| {
            params.distinguished_name.push(DnType::OrganizationName, "Evil");
            params.distinguished_name.push(DnType::CountryName, "XX");
            params.is_ca = IsCa::NoCa;
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            params.extended_key_usages =
                vec![ExtendedKeyUsagePurpose::CodeSigning, ExtendedKeyUsagePurpose::OcspSigning];
            params
                .custom_extensions
                .push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], vec![0x30, 3, 2, 1, 5]));
            // BasicConstraints with cA, as in the certificate of a CA.
            params
                .custom_extensions
                .push(CustomExtension::from_oid_content(&[2, 5, 29, 19], vec![0x30, 3, 1, 1, 0xff]));
        });
        let object = client.finalize(&order, &request).await.expect(200).json();
        let chain = client.read(object["certificate"].as_str().unwrap()).await.expect(200).text();
        let text = openssl(&["x509", "-noout", "-text"], chain.as_bytes()).unwrap();
        let text = String::from_utf8(text).unwrap();
        for unwanted in [
            "Evil",
            "XX",
            "Certificate Sign",
            "CRL Sign",
            "Code Signing",
            "OCSP Signing",
            "CA:TRUE",
            "TLS Feature",
            "1.24",
        ] {
            assert!(!text.contains(unwanted), "{unwanted}: {text}");
        }
        super::certificates::verify(&ca, &chain).unwrap();
    })
    .await;
}

#[tokio::test]
async fn threat_15_a_request_with_the_habits_of_other_software_is_issued_without_them() {
    let mail = (DnType::CustomDnType(vec![1, 2, 840, 113549, 1, 9, 1]), "admin@a.test");
    let domain = (DnType::CustomDnType(vec![0, 9, 2342, 19200300, 100, 1, 25]), "evil");
    let router = (DnType::CustomDnType(vec![1, 2, 840, 113549, 1, 9, 2]), "evil.test");
    let unknown = (DnType::CustomDnType(vec![1, 2, 3, 4]), "evil.test");
    let empty = (DnType::CommonName, "");
    let utf8 = |value: &str| DnValue::Utf8String(value.to_owned());
    let mut requests: Vec<Vec<u8>> = [mail, domain, router, unknown, empty]
        .map(|(kind, value)| {
            csr_with(&["a.test"], Key::p256().pair(), |it| it.distinguished_name.push(kind, utf8(value)))
        })
        .into();
    requests.push(csr_with(&["a.test"], Key::p256().pair(), |params| {
        params.distinguished_name.push(DnType::CommonName, DnValue::BmpString("a.test".try_into().unwrap()));
    }));
    requests.push(openssl_request("/CN=a.test+O=Evil"));
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for request in &requests {
            let order = client.ready_order(&["a.test"]).await;
            let object = client.finalize(&order, request).await.expect(200).json();
            let chain = client.read(object["certificate"].as_str().unwrap()).await.expect(200).text();
            let text = openssl(&["x509", "-noout", "-subject", "-ext", "subjectAltName"], chain.as_bytes()).unwrap();
            let text = String::from_utf8(text).unwrap();
            assert!(text.contains("DNS:a.test") && !text.to_lowercase().contains("evil"), "{text}");
            assert!(!text.contains("admin"), "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_of_an_old_library_is_issued_whatever_its_version_and_without_attributes() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for (version, has_attributes) in [(0, true), (1, true), (2, true), (0, false), (2, false)] {
            println!("{version} {has_attributes}");
            let order = client.ready_order(&["a.test"]).await;
            client.finalize(&order, &csr_of_version("a.test", version, has_attributes)).await.expect(200);
        }
    })
    .await;
}

/// A request for `a.test` with this subject, in DER.
fn openssl_request(subject: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(&file, Key::p256().pair().serialize_pem()).unwrap();
    let file = file.to_str().unwrap();
    let names = "subjectAltName=DNS:a.test";
    let arguments = ["req", "-new", "-utf8", "-key", file, "-subj", subject, "-addext", names, "-outform", "DER"];
    openssl(&arguments, b"").unwrap()
}

/// The GeneralNames of `evil.test`.
fn evil_names() -> Vec<u8> {
    [&[0x30, 11, 0x82, 9][..], b"evil.test"].concat()
}

/// An attribute value: a second list of extensions with a subject alternative name.
fn second_list() -> Vec<u8> {
    let names = evil_names();
    let value = [&[0x04, names.len() as u8][..], &names].concat();
    let extension = [&[0x30, 5 + value.len() as u8, 6, 3, 0x55, 0x1d, 17][..], &value].concat();
    let list = [&[0x30, extension.len() as u8][..], &extension].concat();
    [&[0x31, list.len() as u8][..], &list].concat()
}
