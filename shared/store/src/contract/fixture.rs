//! Samples of every record. Ids, names of directories and the like are random, everything else is
//! as simple as possible.

use std::{
    cell::Cell,
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use acme::{
    Account, AccountId, AccountStatus, AuditId, Authorization, AuthorizationId, AuthorizationState, CertificateId,
    Challenge, ChallengeState, ChallengeToken, ChallengeType, DirectoryId, ExternalAccountKeyId, Family, Identifier,
    IdentifierObject, IncidentId, Issuance, KeyAuthorization, Observation, Order, OrderId, OrderState,
    RevocationReason, Serial, UnknownMembers, Validation, ValidationEvidence,
};
use ca::KeyHandle;
use jiff::{SignedDuration, Timestamp};
use jose::{PublicKey, base64url};

use crate::{
    AuditRecord, Basis, CertificateRecord, CertificateState, CrlBackdate, CrlRecord, Der, EnrolmentGrant, ExpiryWatch,
    ExternalAccountKey, ExternalAccountSecret, Ground, Incident, IssuerId, IssuerRecord, IssuerRole, LimitWindow,
    NonceSecret, NonceSecrets, OperationId, Revocation, Seal, SealPlace, Selection, Versioned,
};

/// That number of seconds after the day of the samples, which is far enough in the future that no
/// engine deletes them.
pub fn at(seconds: i64) -> Timestamp {
    let day = Timestamp::from_second(4_102_444_800).expect("2100-01-01 is a time");
    day.checked_add(SignedDuration::from_secs(seconds)).expect("the samples end before time does")
}

/// Makes the samples that this thread takes from now on the same in every run.
pub fn repeat_samples() {
    REPEATED.set(Some(0));
}

/// Random bytes, different for each call.
pub fn random<const N: usize>() -> [u8; N] {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let mut bytes = [0; N];
    if let Some(state) = REPEATED.get() {
        let numbers = (1..).map(|step| mixed(state.wrapping_add(step)));
        bytes.chunks_mut(8).zip(numbers).for_each(|(chunk, number)| fill(chunk, number));
        REPEATED.set(Some(state.wrapping_add(N.div_ceil(8) as u64)));
        return bytes;
    }
    let (state, call) = (RandomState::new(), CALLS.fetch_add(1, Ordering::Relaxed));
    bytes.chunks_mut(8).enumerate().for_each(|(index, chunk)| fill(chunk, state.hash_one((call, index))));
    bytes
}

fn fill(chunk: &mut [u8], number: u64) {
    chunk.iter_mut().zip(number.to_be_bytes()).for_each(|(byte, random)| *byte = random);
}

/// The output of SplitMix64 at that step.
fn mixed(step: u64) -> u64 {
    let number = step.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

thread_local! {
    static REPEATED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// A random operation id.
pub fn operation() -> OperationId {
    OperationId::from_random(random())
}

/// A changed record with a new version.
pub fn changed<T: Clone>(before: &Versioned<T>, change: impl FnOnce(&mut T)) -> Versioned<T> {
    let mut value = before.value.clone();
    change(&mut value);
    Versioned::new(value, operation())
}

/// A directory with a random name.
pub fn directory() -> DirectoryId {
    let name = format!("contract-{:016x}", u64::from_be_bytes(random()));
    DirectoryId { family: Family::AcmeProfile, name: name.parse().expect("hexadecimal names a profile") }
}

/// A public key; the same number gives the same key.
pub fn key(number: u8) -> PublicKey {
    // About every second string of 32 bytes is a point of Ed25519.
    let candidates = (0..=u8::MAX).map(|attempt| {
        let mut x = [7; 32];
        x[0] = number;
        x[1] = attempt;
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, base64url::encode(&x))
    });
    candidates.filter_map(|jwk| PublicKey::from_jwk_str(&jwk).ok()).next().expect("one of 256 is a point")
}

/// An account in a directory with a random name.
pub fn account() -> Versioned<Account> {
    account_in(&directory(), key(0))
}

/// An account with that key in that directory.
pub fn account_in(directory: &DirectoryId, key: PublicKey) -> Versioned<Account> {
    let account = Account {
        id: AccountId::new(at(0), random()),
        directory: directory.clone(),
        key,
        status: AccountStatus::Valid,
        contact: vec!["mailto:admin@example.com".parse().expect("a contact")],
        agreed_terms: None,
        created_at: at(0),
        external_account: None,
        former_keys: Vec::new(),
        unused_until: None,
        unknown: UnknownMembers::default(),
    };
    Versioned::new(account, operation())
}

/// A DNS identifier; with `*.`, a wildcard name.
pub fn dns(name: &str) -> Identifier {
    identifier("dns", name)
}

/// An IP address identifier.
pub fn ip(address: &str) -> Identifier {
    identifier("ip", address)
}

fn identifier(r#type: &str, value: &str) -> Identifier {
    let object = IdentifierObject { r#type: r#type.to_owned(), value: value.to_owned() };
    Identifier::try_from(object).expect("the samples name things properly")
}

/// An authorization that waits for a challenge.
pub fn authorization(account: &Account, name: Identifier) -> Versioned<Authorization> {
    let challenge = |r#type| Challenge::new(r#type, ChallengeToken::from_random(random()));
    let challenges = ChallengeType::ALL.into_iter().filter(|r#type| r#type.fits(&name)).map(challenge).collect();
    let authorization = Authorization {
        id: AuthorizationId::new(at(0), random()),
        account: account.id,
        directory: account.directory.clone(),
        identifier: name,
        created_at: at(0),
        expires_at: at(DAY),
        state: AuthorizationState::Pending,
        challenges,
        pre_approval: None,
        evidence: None,
    };
    Versioned::new(authorization, operation())
}

/// The authorization with its first challenge in the state `processing`.
pub fn validating(before: &Versioned<Authorization>) -> Versioned<Authorization> {
    changed(before, |authorization| {
        let challenge = authorization.challenges.first_mut().expect("a challenge is offered");
        let token = challenge.token.as_ref().expect("its type has a token");
        challenge.state = ChallengeState::Processing(Validation {
            lease_until: at(31),
            deadline: at(61),
            key_authorization: KeyAuthorization::new(token, &key(0).thumbprint()),
            account_urls: Vec::new(),
        });
    })
}

/// The authorization after its first challenge was validated.
pub fn valid(before: &Versioned<Authorization>) -> Versioned<Authorization> {
    changed(before, |authorization| {
        let challenge = authorization.challenges.first_mut().expect("a challenge is offered");
        challenge.state = ChallengeState::Valid { at: at(2), address: None };
        authorization.evidence = Some(evidence(challenge.r#type));
        authorization.state = AuthorizationState::Valid;
        authorization.expires_at = at(30 * DAY);
    })
}

/// The evidence of a successful validation.
fn evidence(challenge: ChallengeType) -> ValidationEvidence {
    let observed = Observation { address: "192.0.2.1".parse().ok(), ..Observation::default() };
    let observed = observed.with_seen("http://www.example.com/.well-known/acme-challenge/x");
    let profile = Some("web".parse().expect("a profile name"));
    ValidationEvidence {
        challenge,
        at: at(2),
        profile,
        observations: vec![observed],
        unknown: UnknownMembers::default(),
    }
}

/// An order with those authorizations, created `seconds` after the start of the samples.
pub fn order_at(seconds: i64, account: &Account, authorizations: &[Versioned<Authorization>]) -> Versioned<Order> {
    let order = Order {
        id: OrderId::new(at(seconds), random()),
        account: account.id,
        directory: account.directory.clone(),
        identifiers: authorizations.iter().map(|authorization| authorization.identifier.clone()).collect(),
        authorizations: authorizations.iter().map(|authorization| authorization.id).collect(),
        created_at: at(seconds),
        expires_at: at(seconds + DAY),
        not_before: None,
        not_after: None,
        profile: None,
        replaces: None,
        is_renewal: false,
        state: OrderState::Open,
    };
    Versioned::new(order, operation())
}

/// An order with those authorizations.
pub fn order(account: &Account, authorizations: &[Versioned<Authorization>]) -> Versioned<Order> {
    order_at(0, account, authorizations)
}

/// The order while its certificate is being issued.
pub fn processing(before: &Versioned<Order>, certificate: &CertificateRecord) -> Versioned<Order> {
    changed(before, |order| {
        order.state = OrderState::Processing(Issuance {
            certificate: certificate.id.clone(),
            csr_digest: vec![5; 32],
            began_at: at(3),
            not_after: certificate.not_after,
            ra_profile: Some("default".parse().expect("a profile's name")),
        });
    })
}

/// The order with its certificate.
pub fn valid_order(before: &Versioned<Order>) -> Versioned<Order> {
    changed(before, |order| {
        let issuance = order.issuance().cloned().expect("the order is being issued");
        order.state = OrderState::Valid(issuance);
    })
}

/// A serial number from its octets.
pub fn serial(octets: &[u8]) -> Serial {
    Serial::from_der_content(octets.to_vec()).expect("the samples number certificates properly")
}

/// An intended certificate of an issuer with a random name.
pub fn certificate() -> Versioned<CertificateRecord> {
    certificate_of(&issuer_id(), 0, ca::new_serial(random()))
}

/// An intended certificate of the issuer, with that CRL shard and serial number.
pub fn certificate_of(issuer: &IssuerId, crl_shard: u16, serial: Serial) -> Versioned<CertificateRecord> {
    let certificate = CertificateRecord {
        id: CertificateId::new(random::<20>().to_vec(), serial),
        issuer: issuer.clone(),
        crl_shard,
        account: Some(AccountId::new(at(0), random())),
        order: Some(OrderId::new(at(0), random())),
        identifiers: vec![dns("www.example.com"), ip("2001:db8::1")],
        not_before: at(0),
        not_after: at(90 * DAY),
        state: CertificateState::Intended { tbs: vec![0x30; 700] },
        revocation: None,
        replacement: None,
        directory: None,
        ra_profile: None,
        profile: None,
        key: None,
        signer_request: None,
        receipt: None,
        unknown: UnknownMembers::default(),
    };
    Versioned::new(certificate, operation())
}

/// The certificate with a receipt in which nothing is left out.
pub fn with_receipt(before: &Versioned<CertificateRecord>) -> Versioned<CertificateRecord> {
    with_receipt_of(at(3), before)
}

/// The same, written at that time.
pub fn with_receipt_of(written: Timestamp, before: &Versioned<CertificateRecord>) -> Versioned<CertificateRecord> {
    changed(before, |certificate| {
        let ground = |identifier: &Identifier| Ground {
            identifier: identifier.clone(),
            authorization: AuthorizationId::new(at(0), random()),
            evidence: Some(evidence(ChallengeType::Http01)),
            pre_approval: Some(".example.com".to_owned()),
            unknown: UnknownMembers::default(),
        };
        let basis = Basis {
            at: written,
            acme_profile: "web".parse().expect("a profile's name"),
            rules: "0123456789abcdef01234567".to_owned(),
            grounds: certificate.identifiers.iter().map(ground).collect(),
        };
        certificate.receipt = Some(basis.receipt(&[0x30; 600]).expect("a document"));
    })
}

/// A seal at that place.
pub fn seal(place: SealPlace) -> Versioned<Seal> {
    let until = place.from + SignedDuration::from_hours(24);
    let (jws, signer_request) = ("eyJhbGciOiJFUzI1NiJ9.e30.AAAA".to_owned(), Some("request".to_owned()));
    Versioned::new(Seal { place, until, parts: 1, jws, signer_request }, operation())
}

/// The certificate with its signature.
pub fn issued(before: &Versioned<CertificateRecord>) -> Versioned<CertificateRecord> {
    changed(before, |certificate| {
        certificate.state = CertificateState::Issued { der: vec![0x30; 800] };
        certificate.directory = Some("default".parse().expect("a directory's name"));
        certificate.ra_profile = Some("default".parse().expect("a profile's name"));
        certificate.key = Some(key(1).thumbprint());
        certificate.signer_request = Some("01234567-89ab-cdef-0123-456789abcdef".to_owned());
    })
}

/// The DER of a certificate as an issuing CA of this program makes it, for one name of twenty
/// characters, with two URLs of status information.
pub fn leaf() -> &'static [u8] {
    include_bytes!("leaf.der")
}

/// The certificate with a signature and a key that can be read.
pub fn issued_leaf(before: &Versioned<CertificateRecord>) -> Versioned<CertificateRecord> {
    changed(&issued(before), |certificate| {
        certificate.state = CertificateState::Issued { der: leaf().to_vec() };
        certificate.key = certificate.state.public_key().ok().map(|key| key.thumbprint());
    })
}

/// The certificate after its revocation.
pub fn revoked(before: &Versioned<CertificateRecord>) -> Versioned<CertificateRecord> {
    changed(before, |certificate| {
        certificate.revocation =
            Some(Revocation { at: at(DAY), reason: RevocationReason::Superseded, raised_at: None });
    })
}

/// The revoked certificate after its key was found to be compromised.
pub fn raised(before: &Versioned<CertificateRecord>) -> Versioned<CertificateRecord> {
    changed(before, |certificate| {
        let (reason, raised_at) = (RevocationReason::KeyCompromise, Some(at(2 * DAY)));
        certificate.revocation = Some(Revocation { at: at(DAY), reason, raised_at });
    })
}

/// A CRL with that number.
pub fn crl(issuer: &IssuerId, number: u64) -> CrlRecord {
    CrlRecord {
        issuer: issuer.clone(),
        shard: 0,
        number,
        this_update: at(0),
        next_update: at(DAY),
        der: random::<64>().to_vec(),
        signer_request: None,
        made_at: None,
    }
}

/// A random name of an issuer.
pub fn issuer_id() -> IssuerId {
    format!("contract-{:016x}", u64::from_be_bytes(random())).parse().expect("hexadecimal names an issuer")
}

/// A root with a random name.
pub fn issuer() -> IssuerRecord {
    let id = issuer_id();
    IssuerRecord {
        key: KeyHandle::new("contract"),
        role: IssuerRole::Issuing,
        certificate: Some(Der(random::<64>().to_vec())),
        parent: id.clone(),
        crl_shards: 1,
        crl_backdate: CrlBackdate::default(),
        request: None,
        chain: Vec::new(),
        retired_at: None,
        revocation: None,
        signer_request: None,
        unknown: UnknownMembers::default(),
        id,
    }
}

/// Nonce secrets with one live secret.
pub fn secrets() -> Versioned<NonceSecrets> {
    let secret = NonceSecret { number: 1, made_at: at(0), key: random::<32>().to_vec() };
    Versioned::new(NonceSecrets { live: vec![secret] }, operation())
}

/// An external account key.
pub fn external_account_key() -> Versioned<ExternalAccountKey> {
    let id = ExternalAccountKeyId::new(at(0), random());
    Versioned::new(ExternalAccountKey::new(id, at(0), at(DAY)), operation())
}

/// The key once it binds the account.
pub fn bound(before: &Versioned<ExternalAccountKey>, account: &Account) -> Versioned<ExternalAccountKey> {
    changed(before, |key| *key = key.binding(account.id))
}

/// A secret of external accounts.
pub fn external_account_secret() -> ExternalAccountSecret {
    ExternalAccountSecret { made_at: at(0), key: random::<32>().to_vec() }
}

/// An audit record.
pub fn audit_record() -> AuditRecord {
    audit_record_at(0)
}

/// An audit record, `seconds` after the start of the samples.
pub fn audit_record_at(seconds: i64) -> AuditRecord {
    AuditRecord {
        id: AuditId::new(at(seconds), random()),
        at: at(seconds),
        actor: "someone".to_owned(),
        action: "account disable".to_owned(),
        subject: "an account".to_owned(),
        detail: BTreeMap::from([("reason".to_owned(), "a test".to_owned())]),
    }
}

/// A grant to the role for the profile.
pub fn grant_to(role: &str, profile: &str) -> Versioned<EnrolmentGrant> {
    let grant = EnrolmentGrant {
        principal: format!("arn:aws:iam::123456789012:role/{role}").parse().expect("a principal"),
        profile: profile.parse().expect("a profile's name"),
        scope: vec![".web.example".parse().expect("a rule")],
        key_seconds: 3_600,
        granted_at: at(0),
        granted_by: "someone".to_owned(),
        revoked_at: None,
        unknown: UnknownMembers::default(),
    };
    Versioned::new(grant, operation())
}

/// An open incident.
pub fn incident() -> Versioned<Incident> {
    incident_at(0)
}

/// An incident that was declared `seconds` after the start of the samples.
pub fn incident_at(seconds: i64) -> Versioned<Incident> {
    let incident = Incident {
        id: IncidentId::new(at(seconds), random()),
        declared_at: at(seconds),
        declared_by: "someone".to_owned(),
        description: "Serial numbers were too short.".to_owned(),
        explanation_url: Some("https://ca.example/incidents/1".to_owned()),
        affected: Selection { issuer: Some(issuer_id()), ..Selection::default() },
        counted: None,
        renew_by: at(seconds + DAY),
        revocation: None,
        ended_at: None,
        unknown: UnknownMembers::default(),
    };
    Versioned::new(incident, operation())
}

/// A window of one hour with a random key.
pub fn limit_window() -> LimitWindow {
    let key = format!("contract#{:016x}", u64::from_be_bytes(random()));
    LimitWindow::containing(at(0), 3_600, key)
}

/// A position of the expiry watch.
pub fn expiry_watch() -> Versioned<ExpiryWatch> {
    Versioned::new(ExpiryWatch { until: at(DAY), after: None }, operation())
}

/// The text of a nonce.
pub fn nonce() -> String {
    base64url::encode(&random::<24>())
}

/// A day in seconds.
pub const DAY: i64 = 24 * 60 * 60;
