//! Clients for the tests: key pairs of each type, and the JWS that they sign.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
        EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use jose::{Algorithm, PublicKey, base64url};

pub(crate) enum KeyPairOf {
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

pub(crate) struct Signer {
    pub(crate) pair: KeyPairOf,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: PublicKey,
}

impl Signer {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let pair = match algorithm {
            Algorithm::Es256 => KeyPairOf::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()),
            Algorithm::Es384 => KeyPairOf::Ec(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap()),
            Algorithm::Es512 => KeyPairOf::Ec(EcdsaKeyPair::generate(&ECDSA_P521_SHA512_FIXED_SIGNING).unwrap()),
            Algorithm::Rs256 => KeyPairOf::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
            Algorithm::EdDsa => KeyPairOf::Ed25519(Ed25519KeyPair::generate().unwrap()),
        };
        Self::from_pair(pair, algorithm)
    }

    pub(crate) fn rsa(size: KeySize) -> Self {
        Self::from_pair(KeyPairOf::Rsa(RsaKeyPair::generate(size).unwrap()), Algorithm::Rs256)
    }

    pub(crate) fn all() -> Vec<Self> {
        Algorithm::ALL.into_iter().map(Self::new).collect()
    }

    fn from_pair(pair: KeyPairOf, algorithm: Algorithm) -> Self {
        use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
        let der: PublicKeyX509Der<'_> = match &pair {
            KeyPairOf::Ec(pair) => pair.public_key().as_der().unwrap(),
            KeyPairOf::Ed25519(pair) => pair.public_key().as_der().unwrap(),
            KeyPairOf::Rsa(pair) => pair.public_key().as_der().unwrap(),
        };
        let key = PublicKey::from_spki_der(der.as_ref()).unwrap();
        assert_eq!(key.spki_der(), der.as_ref());
        Self { pair, algorithm, key }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            KeyPairOf::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            KeyPairOf::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            KeyPairOf::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    pub(crate) fn jwk(&self) -> String {
        serde_json::to_string(&self.key).unwrap()
    }

    /// A protected header that contains the key.
    pub(crate) fn header(&self) -> String {
        format!(r#"{{"alg":"{}","jwk":{},"nonce":"bm9uY2U","url":"{URL}"}}"#, self.algorithm, self.jwk())
    }

    /// A flattened JWS.
    pub(crate) fn jws(&self, header: &str, payload: &[u8]) -> String {
        let protected = base64url::encode(header.as_bytes());
        let payload = base64url::encode(payload);
        let signature = base64url::encode(&self.sign(format!("{protected}.{payload}").as_bytes()));
        format!(r#"{{"protected":"{protected}","payload":"{payload}","signature":"{signature}"}}"#)
    }
}

pub(crate) const URL: &str = "https://ca.example/acme/new-account";
