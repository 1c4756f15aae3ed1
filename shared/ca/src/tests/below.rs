//! Certificates below a CA with name constraints and below external CAs, as OpenSSL sees them.

use jiff::Timestamp;

use super::{
    Authorities, SoftwareSigner, at, identifiers,
    leaf::{NOW, issue},
    openssl::Openssl,
    public_key, serial,
};
use crate::{
    AuthorityName, AuthorityRequest, Certificate, Issuer, IssuerKeyType, IssuingAuthority, NameConstraints, PathError,
    Pointers, Signer, Subtree, path,
};

/// The certificate of the issuing CA, issued again with these constraints.
async fn constrained(authorities: &Authorities, constraints: &NameConstraints) -> Certificate {
    let issuing = IssuingAuthority {
        issuer: &authorities.root,
        subject: &AuthorityName::new("Issuing E1", None).unwrap(),
        serial: serial(3),
        public_key: authorities.issuing.public_key(),
        not_before: at("2026-01-01T00:00:00Z"),
        not_after: at("2031-01-01T00:00:00Z"),
        pointers: &Pointers::default(),
        constraints: Some(constraints),
    };
    let linted = issuing.tbs().unwrap().lint().unwrap();
    linted.sign(&authorities.root, &authorities.signer, &authorities.root_key).await.unwrap().value
}

#[tokio::test]
async fn openssl_permits_below_name_constraints_what_they_permit_here() {
    let Some(openssl) = Openssl::find() else { return };
    let authorities = Authorities::shared();
    let dns = |name: &str| Subtree::Dns(name.to_owned());
    let ip = |network: &str| Subtree::Ip(network.parse().unwrap());
    let permitted = vec![dns("example.com"), ip("10.0.0.0/8"), ip("2001:db8::/32")];
    let constraints = NameConstraints::new(permitted, vec![dns("secret.example.com"), ip("10.1.0.0/16")]).unwrap();
    let certificate = constrained(authorities, &constraints).await;
    let issuer = Issuer::new(certificate.clone()).unwrap();
    assert_eq!(certificate.name_constraints().unwrap(), Some(constraints));

    openssl.write("root.pem", authorities.root.certificate().pem()).write("issuing.pem", certificate.pem());
    let text = openssl.expect("x509 -in issuing.pem -noout -text");
    for part in [
        "X509v3 Name Constraints: critical",
        "Permitted:",
        "DNS:example.com",
        "IP:10.0.0.0/255.0.0.0",
        "IP:2001:DB8:0:0:0:0:0:0/FFFF:FFFF:0:0:0:0:0:0",
        "Excluded:",
        "DNS:secret.example.com",
        "IP:10.1.0.0/255.255.0.0",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    for (name, expected) in [
        ("example.com", true),
        ("a.b.example.com", true),
        ("*.a.example.com", true),
        ("10.2.0.1", true),
        ("2001:db8::1", true),
        ("example.org", false),
        ("badexample.com", false),
        ("secret.example.com", false),
        ("a.secret.example.com", false),
        ("10.1.0.1", false),
        ("11.0.0.1", false),
        ("2001:db9::1", false),
    ] {
        // The same CA without constraints signs what the lints would refuse.
        let leaf = issue(authorities, &public_key(), &[name], 20).await;
        openssl.write("leaf.pem", leaf.pem());
        let verified =
            openssl.run(&format!("verify -x509_strict -attime {NOW} -CAfile root.pem -untrusted issuing.pem leaf.pem"));
        assert_eq!(verified.success, expected, "{name}\n{}", verified.text);
        assert_eq!(issuer.constraints_against(&identifiers(&[name])[0]).is_none(), expected, "{name}");
    }
}

/// The request of a CA, and the certificates that a corporate CA made from it with OpenSSL.
async fn corporate(openssl: &Openssl, extensions: &str) -> (AuthorityRequest, Vec<Certificate>) {
    let mut signer = SoftwareSigner::default();
    let key = signer.generate("corporate", IssuerKeyType::P384);
    let public_key = signer.public_key(&key).await.unwrap();
    let name = AuthorityName::new("Issuing C7", Some("Example Ltd".to_owned())).unwrap();
    let request = AuthorityRequest::sign(&name, &public_key, &signer, &key).await.unwrap();
    openssl.write("request.pem", request.pem()).write("extensions", extensions);
    openssl.expect("req -x509 -newkey rsa:2048 -nodes -keyout r.key -out r.pem -subj /CN=Corporate -days 900");
    openssl.expect("req -newkey rsa:2048 -nodes -keyout m.key -out m.csr -subj /O=Example/CN=Policy");
    openssl.write("middle", "basicConstraints=critical,CA:TRUE,pathlen:1\nkeyUsage=critical,keyCertSign,cRLSign\nnameConstraints=critical,permitted;DNS:corp.test\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n");
    openssl.expect("x509 -req -in m.csr -CA r.pem -CAkey r.key -CAcreateserial -days 800 -extfile middle -out m.pem");
    openssl.expect(
        "x509 -req -in request.pem -CA m.pem -CAkey m.key -CAcreateserial -days 700 -extfile extensions -out i.pem",
    );
    let read = |name: &str| Certificate::from_pem(std::str::from_utf8(&openssl.read(name)).unwrap()).unwrap();
    (request, ["i.pem", "r.pem", "m.pem"].into_iter().flat_map(read).collect())
}

#[tokio::test]
async fn a_request_signed_by_an_external_ca_has_a_path_to_its_root() {
    let Some(openssl) = Openssl::find() else { return };
    let (request, certificates) = corporate(&openssl, GOOD).await;
    let text = openssl.expect("req -in request.pem -noout -text -verify");
    for part in ["O = Example Ltd, CN = Issuing C7", "CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(AuthorityRequest::from_der(request.der()).unwrap(), request);
    let now = certificates[0].not_before();
    assert_eq!(certificates[0].public_key(), request.public_key());
    let above = path(&certificates[0], &certificates, now).unwrap();
    assert_eq!(above, [certificates[2].clone(), certificates[1].clone()], "the nearest first, the root last");
    // The constraints of the CA above apply, too.
    let issuer = Issuer::new(certificates[0].clone()).unwrap().below(&above).unwrap();
    assert!(issuer.constraints_against(&identifiers(&["a.corp.test"])[0]).is_none());
    assert!(issuer.constraints_against(&identifiers(&["a.test"])[0]).is_some());

    let gap = path(&certificates[0], &certificates[..2], now).unwrap_err();
    assert!(matches!(gap, PathError::Gap(_)), "{gap}");
    let root = path(&certificates[1], &certificates, now).unwrap_err();
    assert_eq!(root, PathError::SelfIssued);
    let late = path(&certificates[0], &certificates, Timestamp::MAX).unwrap_err();
    assert!(matches!(late, PathError::Time(..)), "{late}");
}

#[tokio::test]
async fn a_certificate_that_cannot_issue_for_servers_is_refused_with_the_reason() {
    let Some(openssl) = Openssl::find() else { return };
    // The certificate itself was made last, so the others are valid when it is.
    let begin = |certificates: &[Certificate]| certificates[0].not_before();
    // OpenSSL and rustls refuse leaves below a CA for any usage.
    for usages in ["codeSigning", "anyExtendedKeyUsage"] {
        let (_, certificates) = corporate(&openssl, &format!("{GOOD}extendedKeyUsage={usages}\n")).await;
        let usage = path(&certificates[0], &certificates, begin(&certificates)).unwrap_err();
        assert!(matches!(usage, PathError::ExtendedKeyUsage(_)), "{usage}");
    }
    // rustls refuses critical policies.
    for extension in ["certificatePolicies=critical,1.3.6.1.4.1.32473.1", "inhibitAnyPolicy=critical,0"] {
        let (_, certificates) = corporate(&openssl, &format!("{GOOD}{extension}\n")).await;
        let critical = path(&certificates[0], &certificates, begin(&certificates)).unwrap_err();
        assert!(matches!(critical, PathError::Critical(..)), "{critical}");
    }
    let (_, certificates) = corporate(&openssl, GOOD).await;
    // The very same CA, one level too deep.
    openssl.write("middle", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n");
    openssl.expect("x509 -req -in m.csr -CA r.pem -CAkey r.key -days 800 -extfile middle -out m0.pem");
    let shallow = Certificate::from_pem(std::str::from_utf8(&openssl.read("m0.pem")).unwrap()).unwrap();
    let root = [shallow[0].clone(), certificates[1].clone()];
    openssl.write("extensions", GOOD);
    openssl.expect("x509 -req -in request.pem -CA m0.pem -CAkey m.key -days 700 -extfile extensions -out i.pem");
    openssl.expect("req -new -key m.key -subj /CN=Deeper -out deeper.csr");
    openssl.write("deeper", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n");
    openssl.expect("x509 -req -in deeper.csr -CA m0.pem -CAkey m.key -days 800 -extfile deeper -out d.pem");
    openssl.expect("x509 -req -in request.pem -CA d.pem -CAkey m.key -days 700 -extfile extensions -out i.pem");
    let read = |name: &str| Certificate::from_pem(std::str::from_utf8(&openssl.read(name)).unwrap()).unwrap().remove(0);
    let own = read("i.pem");
    let others = [read("d.pem"), root[0].clone(), root[1].clone()];
    let depth = path(&own, &others, own.not_before()).unwrap_err();
    assert!(matches!(depth, PathError::PathLength(_)), "{depth}");
}

#[tokio::test]
async fn a_ca_with_the_name_of_its_issuer_is_not_taken_for_the_root() {
    let Some(openssl) = Openssl::find() else { return };
    let (_, certificates) = corporate(&openssl, GOOD).await;
    // The key of the CA in the middle, certified by the root under the root's own name, with
    // constraints above it that would not be seen.
    openssl.expect("req -new -key m.key -subj /CN=Corporate -out same.csr");
    openssl.expect("x509 -req -in same.csr -CA r.pem -CAkey r.key -days 800 -extfile middle -out same.pem");
    openssl.expect("x509 -req -in request.pem -CA same.pem -CAkey m.key -days 700 -extfile extensions -out i.pem");
    let read = |name: &str| Certificate::from_pem(std::str::from_utf8(&openssl.read(name)).unwrap()).unwrap().remove(0);
    let (own, same) = (read("i.pem"), read("same.pem"));
    assert!(same.is_self_issued());
    let refusal = path(&own, &[same, certificates[1].clone()], own.not_before()).unwrap_err();
    assert!(matches!(refusal, PathError::NotARoot(_)), "{refusal}");
}

const GOOD: &str = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
