//! A root and an issuing CA with keys in memory.

use std::{collections::BTreeMap, sync::LazyLock};

use acme::{Identifier, IdentifierObject, Serial};
use async_trait::async_trait;
use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    rsa,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256,
        RsaKeyPair,
    },
};
use jiff::Timestamp;
use jose::PublicKey;

use crate::{
    AuthorityName, Certificate, Issuer, IssuerKeyType, IssuingAuthority, KeyHandle, Pointers, Root, SignError,
    Signature, SignatureAlgorithm, Signer,
};

/// A signer with keys in memory.
#[derive(Default)]
pub(crate) struct SoftwareSigner(BTreeMap<KeyHandle, Key>);

enum Key {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl SoftwareSigner {
    pub(crate) fn generate(&mut self, name: &str, kind: IssuerKeyType) -> KeyHandle {
        let ecdsa = |algorithm| Key::Ecdsa(EcdsaKeyPair::generate(algorithm).unwrap());
        let rsa = |size| Key::Rsa(RsaKeyPair::generate(size).unwrap());
        let key = match kind {
            IssuerKeyType::P256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            IssuerKeyType::P384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
            IssuerKeyType::Rsa2048 => rsa(rsa::KeySize::Rsa2048),
            IssuerKeyType::Rsa3072 => rsa(rsa::KeySize::Rsa3072),
            IssuerKeyType::Rsa4096 => rsa(rsa::KeySize::Rsa4096),
        };
        let handle = KeyHandle::new(name);
        self.0.insert(handle.clone(), key);
        handle
    }

    fn key(&self, key: &KeyHandle) -> Result<&Key, SignError> {
        self.0.get(key).ok_or_else(|| SignError::UnknownKey(key.clone()))
    }
}

#[async_trait]
impl Signer for SoftwareSigner {
    async fn public_key(&self, key: &KeyHandle) -> Result<PublicKey, SignError> {
        let spki: PublicKeyX509Der<'_> = match self.key(key)? {
            Key::Ecdsa(pair) => pair.public_key().as_der().unwrap(),
            Key::Rsa(pair) => pair.public_key().as_der().unwrap(),
        };
        Ok(PublicKey::from_spki_der(spki.as_ref()).unwrap())
    }

    async fn sign(&self, key: &KeyHandle, _: SignatureAlgorithm, message: &[u8]) -> Result<Signature, SignError> {
        let random = SystemRandom::new();
        Ok(Signature::new(match self.key(key)? {
            Key::Ecdsa(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }))
    }
}

/// A root and an issuing CA, valid from 2026 to 2036 and to 2031.
pub(crate) struct Authorities {
    pub(crate) signer: SoftwareSigner,
    pub(crate) root: Issuer,
    pub(crate) root_key: KeyHandle,
    pub(crate) issuing: Issuer,
    pub(crate) issuing_key: KeyHandle,
}

impl Authorities {
    pub(crate) async fn new(kind: IssuerKeyType) -> Self {
        let mut signer = SoftwareSigner::default();
        let root_key = signer.generate("root", kind);
        let issuing_key = signer.generate("issuing", kind);
        let root = root(&signer, &root_key).await;
        let issuing = IssuingAuthority {
            issuer: &root,
            subject: &AuthorityName::new("Issuing E1", None).unwrap(),
            serial: serial(2),
            public_key: &signer.public_key(&issuing_key).await.unwrap(),
            not_before: at("2026-01-01T00:00:00Z"),
            not_after: at("2031-01-01T00:00:00Z"),
            pointers: &Pointers {
                ca_issuers: Some("http://status.test/root.der".to_owned()),
                crl: Some("http://status.test/root.crl".to_owned()),
            },
            constraints: None,
        };
        let linted = issuing.tbs().unwrap().lint().unwrap();
        let certificate = linted.sign(&root, &signer, &root_key).await.unwrap().value;
        let issuing = Issuer::new(certificate).unwrap();
        Self { signer, root, root_key, issuing, issuing_key }
    }

    /// One pair for all tests that do not need their own.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: LazyLock<Authorities> = LazyLock::new(|| {
            std::thread::spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(Authorities::new(IssuerKeyType::P256))
            })
            .join()
            .unwrap()
        });
        &SHARED
    }
}

async fn root(signer: &SoftwareSigner, key: &KeyHandle) -> Issuer {
    let subject = AuthorityName::new("Root X1", Some("Example Ltd".to_owned())).unwrap();
    let public_key = signer.public_key(key).await.unwrap();
    let root = Root {
        subject: &subject,
        serial: serial(1),
        public_key: &public_key,
        not_before: at("2026-01-01T00:00:00Z"),
        not_after: at("2036-01-01T00:00:00Z"),
    };
    let linted = root.tbs().unwrap().lint().unwrap();
    let certificate: Certificate = linted.sign_root(signer, key).await.unwrap().value;
    Issuer::new(certificate).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn serial(seed: u8) -> Serial {
    crate::new_serial([seed; 16])
}

pub(crate) fn identifiers(texts: &[&str]) -> Vec<Identifier> {
    texts
        .iter()
        .map(|text| {
            let r#type = if text.parse::<std::net::IpAddr>().is_ok() { "ip" } else { "dns" };
            let object = IdentifierObject { r#type: r#type.into(), value: (*text).into() };
            Identifier::try_from(object).unwrap()
        })
        .collect()
}

/// A new P-256 key.
pub(crate) fn public_key() -> PublicKey {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    PublicKey::from_spki_der(spki.as_ref()).unwrap()
}
