//! A store with many old certificates.

use std::{path::Path, sync::Arc, time::Instant};

use acme::{AccountId, CertificateId, DirectoryId, Identifier, IdentifierObject, Issuance, Order, OrderId, OrderState};
use authority::{Clock, SystemClock};
use jiff::{SignedDuration, Timestamp};
use store::{
    CertificateRecord, CertificateState, CertificateStore, OperationId, OrderStore, Versioned,
    embedded::{EmbeddedStore, EngineOptions},
};
use tokio::task::JoinSet;

use crate::connection::Failure;

/// Makes a data folder with a store of that number of orders and certificates.
pub(crate) async fn fill(data: &Path, certificates: usize) -> Result<(), Failure> {
    let began = Instant::now();
    std::fs::create_dir_all(data)?;
    let options = EngineOptions { cache_size: 1 << 30, ..EngineOptions::default() };
    let store = Arc::new(EmbeddedStore::open(data.join("store.redb"), options)?);
    let past = Arc::new(Past::new(SystemClock.now())?);
    let fillers: JoinSet<_> = (0..FILLERS)
        .map(|filler| {
            let (store, past) = (store.clone(), past.clone());
            async move {
                for number in (filler..certificates).step_by(FILLERS) {
                    let (order, certificate) = past.issue(number)?;
                    store.create_order(&order, &[]).await?;
                    store.intend_certificate(&certificate).await?;
                }
                Ok::<_, Failure>(())
            }
        })
        .collect();
    fillers.join_all().await.into_iter().collect::<Result<(), _>>()?;
    store.close().await?;
    let mebibytes = std::fs::metadata(data.join("store.redb"))?.len() >> 20;
    println!("{certificates} certificates stored in {:.1?}, a file of {mebibytes} MiB", began.elapsed());
    Ok(())
}

/// What all of the certificates have in common.
struct Past {
    directory: DirectoryId,
    key_identifier: [u8; 20],
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Past {
    fn new(not_before: Timestamp) -> Result<Self, Failure> {
        Ok(Self {
            directory: "default".parse()?,
            key_identifier: random()?,
            not_before,
            not_after: not_before + SignedDuration::from_hours(90 * 24),
        })
    }

    /// An order with its certificate, for one of a thousand accounts.
    fn issue(&self, number: usize) -> Result<(Versioned<Order>, Versioned<CertificateRecord>), Failure> {
        let mut account = [0; 10];
        account[..8].copy_from_slice(&(number as u64 % ACCOUNTS).to_be_bytes());
        let account = AccountId::new(self.not_before, account);
        let name = IdentifierObject { r#type: "dns".to_owned(), value: format!("host-{number}.past.test") };
        let identifiers = vec![Identifier::try_from(name)?];
        let order = OrderId::new(self.not_before, random()?);
        let certificate = CertificateId::new(self.key_identifier.to_vec(), ca::new_serial(random()?));
        let order = Order {
            id: order,
            account,
            directory: self.directory.clone(),
            identifiers: identifiers.clone(),
            authorizations: Vec::new(),
            created_at: self.not_before,
            expires_at: self.not_after,
            not_before: None,
            not_after: None,
            profile: None,
            replaces: None,
            is_renewal: false,
            state: OrderState::Valid(Issuance {
                certificate: certificate.clone(),
                csr_digest: random::<32>()?.to_vec(),
                began_at: self.not_before,
                not_after: self.not_after,
                ra_profile: None,
            }),
        };
        let record = CertificateRecord {
            id: certificate,
            issuer: "issuing".parse()?,
            crl_shard: 0,
            account: Some(account),
            order: Some(order.id),
            identifiers,
            not_before: self.not_before,
            not_after: self.not_after,
            state: CertificateState::Issued { der: random::<DER_LENGTH>()?.to_vec() },
            revocation: None,
            replacement: None,
            directory: None,
            ra_profile: None,
            profile: None,
            key: None,
            signer_request: None,
            receipt: None,
            unknown: acme::UnknownMembers::default(),
        };
        Ok((versioned(order)?, versioned(record)?))
    }
}

fn versioned<T>(value: T) -> Result<Versioned<T>, Failure> {
    Ok(Versioned::new(value, OperationId::from_random(random()?)))
}

fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut octets = [0; N];
    aws_lc_rs::rand::fill(&mut octets)?;
    Ok(octets)
}

const FILLERS: usize = 512;
const ACCOUNTS: u64 = 1000;
/// The length of a leaf with one name and a P-256 key, in octets.
const DER_LENGTH: usize = 700;
