//! A key pair and its signing algorithms.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair,
};

use crate::account::REGION;

/// The key specs that this cloud supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeySpec {
    /// `ECC_NIST_P256`.
    EccNistP256,
    /// `ECC_NIST_P384`.
    EccNistP384,
    /// `RSA_2048`.
    Rsa2048,
    /// `RSA_3072`.
    Rsa3072,
    /// `RSA_4096`: making one takes a second or more.
    Rsa4096,
}

impl KeySpec {
    /// Every key spec.
    pub const ALL: [Self; 5] = [Self::EccNistP256, Self::EccNistP384, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096];

    /// The name that KMS uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::EccNistP256 => "ECC_NIST_P256",
            Self::EccNistP384 => "ECC_NIST_P384",
            Self::Rsa2048 => "RSA_2048",
            Self::Rsa3072 => "RSA_3072",
            Self::Rsa4096 => "RSA_4096",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|spec| spec.name() == name)
    }

    pub(super) fn algorithms(self) -> &'static [&'static str] {
        match self {
            Self::EccNistP256 => &["ECDSA_SHA_256"],
            Self::EccNistP384 => &["ECDSA_SHA_384"],
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => {
                &["RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512"]
            }
        }
    }
}

/// A signing algorithm, by its digest; the padding depends on the key.
#[derive(Clone, Copy)]
pub(super) struct Algorithm {
    digest: &'static digest::Algorithm,
    rsa: &'static dyn RsaEncoding,
}

impl Algorithm {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "ECDSA_SHA_256" | "RSASSA_PKCS1_V1_5_SHA_256" => {
                Some(Self { digest: &digest::SHA256, rsa: &RSA_PKCS1_SHA256 })
            }
            "ECDSA_SHA_384" | "RSASSA_PKCS1_V1_5_SHA_384" => {
                Some(Self { digest: &digest::SHA384, rsa: &RSA_PKCS1_SHA384 })
            }
            "RSASSA_PKCS1_V1_5_SHA_512" => Some(Self { digest: &digest::SHA512, rsa: &RSA_PKCS1_SHA512 }),
            _ => None,
        }
    }

    pub(super) fn digest(self, message: &[u8]) -> Digest {
        digest::digest(self.digest, message)
    }

    /// A digest that the caller made; `None` if its length is not that of this algorithm.
    pub(super) fn import(self, digest: &[u8]) -> Option<Digest> {
        Digest::import_less_safe(digest, self.digest).ok()
    }
}

#[derive(Clone)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) spec: KeySpec,
    pub(super) description: String,
    pub(super) enabled: bool,
    pub(super) tags: BTreeMap<String, String>,
    /// Where it, or a replica of it, is.
    pub(super) regions: BTreeSet<String>,
    pair: Pair,
}

#[derive(Clone)]
enum Pair {
    Ecdsa(Arc<EcdsaKeyPair>),
    Rsa(Arc<RsaKeyPair>),
}

impl Key {
    pub(super) fn generate(spec: KeySpec, description: String) -> Self {
        let ecdsa = |algorithm| EcdsaKeyPair::generate(algorithm).map(Arc::new).map(Pair::Ecdsa);
        let rsa = |size| RsaKeyPair::generate(size).map(Arc::new).map(Pair::Rsa);
        let pair = match spec {
            KeySpec::EccNistP256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            KeySpec::EccNistP384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
            KeySpec::Rsa2048 => rsa(KeySize::Rsa2048),
            KeySpec::Rsa3072 => rsa(KeySize::Rsa3072),
            KeySpec::Rsa4096 => rsa(KeySize::Rsa4096),
        };
        let pair = pair.expect("the generator makes keys of all these kinds");
        let regions = BTreeSet::from([REGION.to_owned()]);
        Self { id: random_id(), spec, description, enabled: true, tags: BTreeMap::new(), regions, pair }
    }

    /// The same key with the id of one that may have replicas.
    pub(super) fn multi_region(self) -> Self {
        Self { id: format!("mrk-{}", self.id.replace('-', "")), ..self }
    }

    pub(super) fn is_multi_region(&self) -> bool {
        self.id.starts_with("mrk-")
    }

    /// The SubjectPublicKeyInfo in DER.
    pub(super) fn public_key(&self) -> Vec<u8> {
        let der: Result<PublicKeyX509Der<'static>, _> = match &self.pair {
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
            Pair::Rsa(pair) => pair.public_key().as_der(),
        };
        der.expect("a generated key has an encoding").as_ref().to_vec()
    }

    pub(super) fn sign(&self, algorithm: Algorithm, digest: Digest) -> Vec<u8> {
        match &self.pair {
            Pair::Ecdsa(pair) => {
                pair.sign_digest(&digest).expect("the digest is of the key's algorithm").as_ref().to_vec()
            }
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(algorithm.rsa, &digest, &mut signature).expect("the digest is of this algorithm");
                signature
            }
        }
    }
}

/// A key id in the form of a UUID.
fn random_id() -> String {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).expect("the system gives randomness");
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}
