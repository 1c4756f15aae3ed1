//! Private keys of accounts and certificates.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
        EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use jose::base64url;
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519, PKCS_RSA_SHA256,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A private key.
pub struct Key {
    algorithm: Algorithm,
    pair: KeyPair,
}

/// The signature algorithms, which also determine the type of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256.
    Es256,
    /// ECDSA on P-384.
    Es384,
    /// ECDSA on P-521.
    Es512,
    /// RSASSA-PKCS1-v1_5 with an RSA key of 2048 bits.
    Rs256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every algorithm, in the order of the variants.
    pub const ALL: [Self; 5] = [Self::Es256, Self::Es384, Self::Es512, Self::Rs256, Self::EdDsa];

    /// The value of `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl Key {
    /// A new key.
    pub fn generate(algorithm: Algorithm) -> Self {
        let pair = KeyPair::generate_for(match algorithm {
            Algorithm::Es256 => &PKCS_ECDSA_P256_SHA256,
            Algorithm::Es384 => &PKCS_ECDSA_P384_SHA384,
            Algorithm::Es512 => &PKCS_ECDSA_P521_SHA512,
            Algorithm::Rs256 => &PKCS_RSA_SHA256,
            Algorithm::EdDsa => &PKCS_ED25519,
        });
        Self { algorithm, pair: pair.unwrap() }
    }

    /// A new P-256 key.
    pub fn p256() -> Self {
        Self::generate(Algorithm::Es256)
    }

    /// The algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key in the form that certificate requests need.
    pub fn pair(&self) -> &KeyPair {
        &self.pair
    }

    /// The public JWK, with only the members that its thumbprint needs.
    pub fn jwk(&self) -> Value {
        let public = self.pair.public_key_raw();
        let curve = |name: &str| {
            let (x, y) = public[1..].split_at(public.len() / 2);
            json!({"kty": "EC", "crv": name, "x": base64url::encode(x), "y": base64url::encode(y)})
        };
        match self.algorithm {
            Algorithm::Es256 => curve("P-256"),
            Algorithm::Es384 => curve("P-384"),
            Algorithm::Es512 => curve("P-521"),
            Algorithm::EdDsa => json!({"kty": "OKP", "crv": "Ed25519", "x": base64url::encode(public)}),
            Algorithm::Rs256 => {
                let key = self.rsa();
                let (n, e) = (key.public_key().modulus(), key.public_key().exponent());
                let text = |number: &[u8]| base64url::encode(number);
                json!({
                    "kty": "RSA",
                    "n": text(n.big_endian_without_leading_zero()),
                    "e": text(e.big_endian_without_leading_zero()),
                })
            }
        }
    }

    /// The thumbprint (RFC 7638): the hash of the JWK with its members in lexicographic order.
    pub fn thumbprint(&self) -> String {
        base64url::encode(&Sha256::digest(self.jwk().to_string()))
    }

    /// Signs in the form of JWS.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let ecdsa = |algorithm: &'static EcdsaSigningAlgorithm| {
            let key = EcdsaKeyPair::from_pkcs8(algorithm, self.pair.serialized_der()).unwrap();
            key.sign(&random, message).unwrap().as_ref().to_vec()
        };
        match self.algorithm {
            Algorithm::Es256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::Es512 => ecdsa(&ECDSA_P521_SHA512_FIXED_SIGNING),
            Algorithm::EdDsa => {
                let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(self.pair.serialized_der()).unwrap();
                key.sign(message).as_ref().to_vec()
            }
            Algorithm::Rs256 => {
                let key = self.rsa();
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    fn rsa(&self) -> RsaKeyPair {
        RsaKeyPair::from_pkcs8(self.pair.serialized_der()).unwrap()
    }
}
