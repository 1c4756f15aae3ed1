//! The software signer: CA keys as files in the data folder, mode 0600.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    error::Unspecified,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair, RsaKeyPair},
};
use ca::{IssuerKeyType, KeyHandle, SignError, Signature, SignatureAlgorithm, Signer};
use der::pem::{self, LineEnding};
use jose::PublicKey;

use crate::{StartError, data_folder::write_whole};

/// Keys in memory, read from their files at start.
#[derive(Default)]
pub(crate) struct SoftwareSigner {
    keys: HashMap<KeyHandle, Arc<Key>>,
}

impl SoftwareSigner {
    /// Reads the key behind a handle, or makes it when its file is not there and `may_make` allows
    /// it. The kind matters only for a new one: a CA keeps the key that it has.
    pub(crate) fn ensure_key(
        &mut self,
        path: PathBuf,
        name: &str,
        kind: IssuerKeyType,
        may_make: bool,
    ) -> Result<KeyHandle, StartError> {
        let key = match fs::read(&path) {
            Ok(text) => Key::read(&text).map_err(|reason| StartError::Key { path, reason })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_make => make(&path, kind)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StartError::KeyMissing(path)),
            Err(source) => return Err(StartError::Data { path, source }),
        };
        let handle = KeyHandle::new(name);
        self.keys.insert(handle.clone(), Arc::new(key));
        Ok(handle)
    }

    /// Reads the key behind a handle.
    pub(crate) fn read_key(&mut self, path: PathBuf, name: &str) -> Result<(), StartError> {
        self.ensure_key(path, name, IssuerKeyType::P256, false).map(drop)
    }

    fn key(&self, handle: &KeyHandle) -> Result<Arc<Key>, SignError> {
        self.keys.get(handle).cloned().ok_or_else(|| SignError::UnknownKey(handle.clone()))
    }
}

#[async_trait]
impl Signer for SoftwareSigner {
    async fn public_key(&self, key: &KeyHandle) -> Result<PublicKey, SignError> {
        Ok(self.key(key)?.public_key.clone())
    }

    async fn sign(
        &self,
        key: &KeyHandle,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Signature, SignError> {
        let key = self.key(key)?;
        if SignatureAlgorithm::of(&key.public_key) != Some(algorithm) {
            return Err(refused("the algorithm does not fit the key"));
        }
        match &key.pair {
            Pair::Ecdsa(_) => key.sign(message),
            // Milliseconds of work: not on a thread that others wait for.
            Pair::Rsa(_) => {
                let message = message.to_vec();
                let signed = tokio::task::spawn_blocking(move || key.sign(&message)).await;
                signed.unwrap_or_else(|error| Err(SignError::Unavailable { source: error.into() }))
            }
        }
    }
}

struct Key {
    public_key: PublicKey,
    pair: Pair,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Key {
    /// Reads PKCS #8 in PEM; the kind follows from what is inside.
    fn read(text: &[u8]) -> Result<Self, &'static str> {
        let (label, pkcs8) = pem::decode_vec(text).map_err(|_| "it is not PEM")?;
        if label != PEM_LABEL {
            return Err("its PEM label is not PRIVATE KEY");
        }
        let ecdsa = [&signature::ECDSA_P256_SHA256_ASN1_SIGNING, &signature::ECDSA_P384_SHA384_ASN1_SIGNING];
        let pair = ecdsa
            .into_iter()
            .find_map(|algorithm| EcdsaKeyPair::from_pkcs8(algorithm, &pkcs8).ok().map(Pair::Ecdsa))
            .or_else(|| RsaKeyPair::from_pkcs8(&pkcs8).ok().map(Pair::Rsa))
            .ok_or("it is no PKCS #8 key for P-256, P-384 or RSA")?;
        let spki: PublicKeyX509Der<'_> = match &pair {
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
            Pair::Rsa(pair) => pair.public_key().as_der(),
        }
        .map_err(|_| "its public half cannot be read")?;
        let public_key = PublicKey::from_spki_der(spki.as_ref()).map_err(|_| "its public half breaks the key rules")?;
        Ok(Self { public_key, pair })
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut signature).map(|()| signature)
            }
        };
        signature.map(Signature::new).map_err(|_| refused("the library failed"))
    }
}

fn make(path: &Path, kind: IssuerKeyType) -> Result<Key, StartError> {
    let failed = |reason| StartError::Key { path: path.to_owned(), reason };
    let ecdsa = |algorithm: &'static EcdsaSigningAlgorithm| -> Result<Vec<u8>, Unspecified> {
        EcdsaKeyPair::generate(algorithm)?.to_pkcs8v1().map(|document| document.as_ref().to_vec())
    };
    let rsa = |size| {
        let document: Pkcs8V1Der<'_> = RsaKeyPair::generate(size)?.as_der()?;
        Ok(document.as_ref().to_vec())
    };
    let pkcs8 = match kind {
        IssuerKeyType::P256 => ecdsa(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
        IssuerKeyType::P384 => ecdsa(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
        IssuerKeyType::Rsa2048 => rsa(KeySize::Rsa2048),
        IssuerKeyType::Rsa3072 => rsa(KeySize::Rsa3072),
        IssuerKeyType::Rsa4096 => rsa(KeySize::Rsa4096),
    };
    let pkcs8 = pkcs8.map_err(|_| failed("no key could be made"))?;
    let text = pem::encode_string(PEM_LABEL, LineEnding::LF, &pkcs8).map_err(|_| failed("no PEM could be made"))?;
    write_whole(path, 0o600, text.as_bytes()).map_err(|source| StartError::Data { path: path.to_owned(), source })?;
    Key::read(text.as_bytes()).map_err(failed)
}

fn refused(reason: &'static str) -> SignError {
    SignError::Refused { source: reason.into() }
}

const PEM_LABEL: &str = "PRIVATE KEY";
