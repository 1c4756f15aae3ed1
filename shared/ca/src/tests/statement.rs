//! Statements of issuers with each kind of key.

use jose::base64url;

use super::Authorities;
use crate::{IssuerKeyType, Statement, StatementError};

const TYPE: &str = "a-type";

async fn stated(by: &Authorities) -> String {
    let Authorities { signer, issuing, issuing_key, .. } = by;
    Statement::sign(TYPE, b"{\"a\":1}", issuing, signer, issuing_key).await.unwrap().value
}

#[tokio::test]
async fn a_statement_reads_back_with_the_certificate_of_its_issuer() {
    for kind in [IssuerKeyType::P256, IssuerKeyType::P384, IssuerKeyType::Rsa2048] {
        let authorities = Authorities::new(kind).await;
        // The numbers of an ECDSA signature are sometimes shorter.
        for _ in 0..if kind == IssuerKeyType::Rsa2048 { 1 } else { 300 } {
            let text = stated(&authorities).await;
            let statement = Statement::verify(TYPE, &text).unwrap();
            assert_eq!(statement.payload(), b"{\"a\":1}");
            assert_eq!(statement.certificate(), authorities.issuing.certificate());
            assert!(text.starts_with("ey"), "what is signed is no DER");
        }
        let wrong_key = Statement::sign(TYPE, b"{}", &authorities.issuing, &authorities.signer, &authorities.root_key);
        assert!(matches!(wrong_key.await, Err(StatementError::Signature(_))));
    }
}

#[tokio::test]
async fn what_was_changed_or_is_signed_by_another_is_no_statement() {
    let authorities = Authorities::new(IssuerKeyType::P256).await;
    let text = stated(&authorities).await;
    assert!(Statement::verify("another-type", &text).is_err());
    for (index, sign) in text.char_indices() {
        let other = if sign == 'A' { 'B' } else { 'A' };
        let mut changed = text.clone();
        changed.replace_range(index..=index, &other.to_string());
        assert!(Statement::verify(TYPE, &changed).is_err(), "{index}");
        assert!(Statement::verify(TYPE, &text[..index]).is_err(), "the first {index} letters");
    }

    let other = Authorities::new(IssuerKeyType::P256).await;
    let [header, _, _] = parts(&text);
    let [_, payload, signature] = parts(&stated(&other).await);
    let mixed = format!("{header}.{payload}.{signature}");
    assert!(matches!(Statement::verify(TYPE, &mixed), Err(StatementError::Signature(_))));
}

#[tokio::test]
async fn a_header_with_another_algorithm_or_further_members_is_refused() {
    let text = stated(Authorities::shared()).await;
    let [header, payload, signature] = parts(&text);
    let header = String::from_utf8(base64url::decode(&header).unwrap()).unwrap();
    for (from, to) in [
        ("ES256", "none"),
        ("ES256", "ES384"),
        ("{", "{\"crit\":[\"b64\"],"),
        ("\"x5c\":[", "\"x5c\":[\"AAAA\","),
        ("\"typ\":\"a-type\",", ""),
    ] {
        assert!(header.contains(from));
        let changed = base64url::encode(header.replacen(from, to, 1).as_bytes());
        let read = Statement::verify(TYPE, &format!("{changed}.{payload}.{signature}"));
        assert!(matches!(read, Err(StatementError::Form | StatementError::Json(_))), "{to}: {read:?}");
    }
}

fn parts(text: &str) -> [String; 3] {
    text.split('.').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()
}
