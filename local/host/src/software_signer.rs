//! The software signer: CA keys as files in the data folder, mode 0600, each named after its
//! issuer.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
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
use store::IssuerRecord;
use tokio::sync::Mutex;

use crate::{
    StartError,
    data_folder::{DataFolder, write_whole},
};

/// Keys in memory: read from their files at the start, or created while the host runs.
pub(crate) struct SoftwareSigner {
    folder: PathBuf,
    keys: RwLock<HashMap<KeyHandle, Arc<Key>>>,
    /// Held while a key is created, so that there are never two for one file.
    making: Mutex<()>,
}

impl SoftwareSigner {
    /// A signer for the keys of the folder, without any loaded yet.
    pub(crate) fn new(data: &DataFolder) -> Self {
        Self { folder: data.path().to_owned(), keys: RwLock::default(), making: Mutex::default() }
    }

    /// The file of a key.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.key"))
    }

    /// Reads the key with that name, or creates it if its file does not exist and `may_make` is
    /// true. The kind only applies to a new key: a CA keeps its existing key.
    pub(crate) fn ensure_key(&self, name: &str, kind: IssuerKeyType, may_make: bool) -> Result<KeyHandle, StartError> {
        let key = read_or_make(self.path(name), kind, may_make)?;
        Ok(self.keep(name, key))
    }

    /// Reads the keys of these issuers, and returns the reasons why some cannot be used. The others
    /// can sign without them.
    pub(crate) fn read_keys<'a>(&self, issuers: impl IntoIterator<Item = &'a IssuerRecord>) -> Vec<StartError> {
        let read = |issuer: &IssuerRecord| self.ensure_key(issuer.key.as_str(), IssuerKeyType::default(), false);
        issuers.into_iter().filter_map(|issuer| read(issuer).err()).collect()
    }

    fn keep(&self, name: &str, key: Key) -> KeyHandle {
        let handle = KeyHandle::new(name);
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(handle.clone(), Arc::new(key));
        handle
    }

    fn key(&self, handle: &KeyHandle) -> Result<Arc<Key>, SignError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.get(handle).cloned().ok_or_else(|| SignError::UnknownKey(handle.clone()))
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
            // Milliseconds of computation, which must not block the threads of the async runtime.
            Pair::Rsa(_) => {
                let message = message.to_vec();
                let signed = tokio::task::spawn_blocking(move || key.sign(&message)).await;
                signed.unwrap_or_else(|error| Err(SignError::Unavailable { source: error.into() }))
            }
        }
    }

    async fn make_key(&self, name: &str, kind: IssuerKeyType) -> Result<KeyHandle, SignError> {
        let _turn = self.making.lock().await;
        let path = self.path(name);
        // A large RSA key takes seconds.
        let made = tokio::task::spawn_blocking(move || read_or_make(path, kind, true)).await;
        let key = made.map_err(|error| SignError::Unavailable { source: error.into() })?;
        let key = key.map_err(|error| SignError::Refused { source: error.into() })?;
        if IssuerKeyType::of(&key.public_key) != Some(kind) {
            return Err(refused("a key of another kind lies in the file for it, where an earlier try left it"));
        }
        Ok(self.keep(name, key))
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
    /// Parses PKCS #8 in PEM; the kind follows from the contents.
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

fn read_or_make(path: PathBuf, kind: IssuerKeyType, may_make: bool) -> Result<Key, StartError> {
    match fs::read(&path) {
        Ok(text) => Key::read(&text).map_err(|reason| StartError::Key { path, reason }),
        Err(error) if error.kind() == io::ErrorKind::NotFound && may_make => make(&path, kind),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StartError::KeyMissing(path)),
        Err(source) => Err(StartError::Data { path, source }),
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
