//! One of every kind of record, written and read through the traits, for the tests of what is
//! stored.

use acme::{
    Account, AccountId, AgreedTerms, AuthorizationId, CertificateId, Family, Identifier, IdentifierObject, OrderId,
    ProfileName, RevocationReason,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::{
    WORKS,
    fixture::{
        DAY, account_in, at, audit_record, authorization, bound, certificate, certificate_of, changed, crl, dns,
        expiry_watch, external_account_key, external_account_secret, grant_to, incident, issued_leaf, issuer,
        issuer_id, key, nonce, operation, order, processing, raised, random, revoked, seal, secrets, serial, valid,
        valid_order, validating, with_receipt,
    },
};
use crate::{
    AcmeProfile, AppliedConfiguration, CertificateEntry, CertificateRecord, CrlBackdate, Der, FirstProfiles, IssuerId,
    LimitWindow, Position, ProfileSet, RaProfile, SealPlace, StagedRevocation, Store, Versioned,
};

/// The keys of the records that are read one by one.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    accounts: Vec<AccountId>,
    orders: Vec<(AccountId, OrderId)>,
    authorizations: Vec<(AccountId, AuthorizationId)>,
    proofs: Vec<(AccountId, Identifier)>,
    certificates: Vec<CertificateId>,
    crls: Vec<(IssuerId, u16)>,
    windows: Vec<LimitWindow>,
}

impl Keys {
    /// Notes a key of that kind of record, whose parts are joined with `#`; those of other kinds
    /// are passed over.
    pub fn note(&mut self, kind: &str, key: &str) {
        let parts: Vec<&str> = key.splitn(3, '#').collect();
        match (kind, parts.as_slice()) {
            ("account", [id]) => self.accounts.push(id.parse().expect(KEY)),
            ("order", [account, id]) => self.orders.push((account.parse().expect(KEY), id.parse().expect(KEY))),
            ("authorization", [account, id]) => {
                self.authorizations.push((account.parse().expect(KEY), id.parse().expect(KEY)));
            }
            ("proof", [account, kind, name]) => {
                let name = IdentifierObject { r#type: (*kind).to_owned(), value: (*name).to_owned() };
                self.proofs.push((account.parse().expect(KEY), Identifier::try_from(name).expect(KEY)));
            }
            ("certificate", [id]) => self.certificates.push(id.parse().expect(KEY)),
            ("CRL", [issuer, shard]) => self.crls.push((issuer.parse().expect(KEY), shard.parse().expect(KEY))),
            ("limit", [starts_at, length, what]) => self.windows.push(LimitWindow {
                key: (*what).to_owned(),
                starts_at: Timestamp::from_second(starts_at.parse().expect(KEY)).expect(KEY),
                length: SignedDuration::from_secs(length.parse().expect(KEY)),
            }),
            _ => {}
        }
    }
}

/// Every record as JSON, without the member `novel` of a newer version.
pub async fn read_everything(store: &dyn Store, keys: &Keys) -> Vec<Value> {
    let mut all = Vec::new();
    let mut add = |value: Value| all.push(without_novel(value));
    for id in &keys.accounts {
        add(json(store.account(*id).await.expect(WORKS).expect(WORKS)));
    }
    for (account, id) in &keys.orders {
        add(json(store.order(*account, *id).await.expect(WORKS).expect(WORKS)));
    }
    for (account, id) in &keys.authorizations {
        add(json(store.authorization(*account, *id).await.expect(WORKS).expect(WORKS)));
    }
    for (account, name) in &keys.proofs {
        let proofs = store.proofs(*account, std::slice::from_ref(name)).await.expect(WORKS);
        assert_eq!(proofs.len(), 1, "a proof of {name}");
        add(json(proofs));
    }
    for id in &keys.certificates {
        let certificate = store.certificate(id).await.expect(WORKS).expect(WORKS);
        if let Some(receipt) = store.receipt(&certificate).await.expect(WORKS) {
            add(json(receipt));
        }
        add(json(certificate));
    }
    for (issuer, shard) in &keys.crls {
        add(json(store.crl(issuer, *shard).await.expect(WORKS).expect(WORKS)));
        add(json(store.revoked_certificates(issuer, *shard, Timestamp::UNIX_EPOCH).await.expect(WORKS)));
    }
    add(json(store.counted(&keys.windows).await.expect(WORKS)));
    add(json(store.nonce_secrets().await.expect(WORKS).expect(WORKS)));
    add(json(store.external_account_keys(None, MANY).await.expect(WORKS)));
    add(json(store.external_account_secret().await.expect(WORKS).expect(WORKS)));
    add(json(store.issuers().await.expect(WORKS)));
    add(json(store.profiles().await.expect(WORKS)));
    add(json(store.applied_configuration().await.expect(WORKS)));
    add(json(store.audit(None, MANY).await.expect(WORKS)));
    add(json(store.grants(None).await.expect(WORKS)));
    add(json(store.incidents().await.expect(WORKS)));
    add(json(store.seals(None, MANY).await.expect(WORKS)));
    add(json(store.expiry_watch().await.expect(WORKS)));
    add(json(store.blocked_keys(None, MANY).await.expect(WORKS)));
    all
}

/// Writes one of every kind of record, with every member.
pub async fn write_everything(store: &dyn Store) {
    write_profiles(store).await;
    let issuing = write_issuers(store).await;
    let account = write_account(store).await;
    write_issuance(store, &issuing, &account).await;
    store.block_key(&key(9).thumbprint(), at(0)).await.expect(WORKS);
    store.redeem_nonce(&nonce(), at(300), operation()).await.expect(WORKS);
    store.update_nonce_secrets(None, &secrets()).await.expect(WORKS);
    store.append_audit(&audit_record()).await.expect(WORKS);
    write_incident(store).await;
    let watched = changed(&expiry_watch(), |watch| {
        watch.after = Some(CertificateEntry { not_after: at(DAY), id: certificate().value.id });
    });
    store.put_expiry_watch(None, &watched).await.expect(WORKS);
    let window = LimitWindow::containing(at(0), 3_600, "orders#contract".to_owned());
    store.count(&window, 2, 9, operation()).await.expect(WORKS);
    let from_before = changed(&account_in(&account.directory, key(8)), |account| account.contact.clear());
    store.create_account_if_absent(&from_before).await.expect(WORKS);
    let revoked = changed(&grant_to("web", "default"), |grant| grant.revoked_at = Some(at(DAY)));
    store.put_grant(None, &revoked).await.expect(WORKS);
    store.put_seal(&seal(SealPlace { from: at(0), part: 0 })).await.expect(WORKS);
}

async fn write_profiles(store: &dyn Store) {
    let name = || "default".parse::<ProfileName>().expect("a profile's name");
    let ra = RaProfile { acme_profile: Some(name()), ..RaProfile::new(name(), "issuing".parse().expect("an id")) };
    let acme = AcmeProfile { ra_profile: Some(name()), description: "golden".to_owned(), ..AcmeProfile::new(name()) };
    let set = ProfileSet { acme_profile: vec![acme], ra_profile: vec![ra] };
    store.apply_profiles(&set.changes_from(&ProfileSet::default())).await.expect(WORKS);
    let mut applied = AppliedConfiguration { first_profiles: FirstProfiles::Made, ..Default::default() };
    applied.applied.insert("acmeProfile.default".to_owned(), "digest".to_owned());
    applied.kept.insert("raProfile.default".to_owned(), "digest".to_owned());
    store.put_applied_configuration(&applied).await.expect(WORKS);
}

async fn write_issuers(store: &dyn Store) -> IssuerId {
    let mut issuer = issuer();
    issuer.request = Some(Der(random::<64>().to_vec()));
    issuer.chain = vec![Der(random::<64>().to_vec())];
    issuer.retired_at = Some(at(DAY));
    issuer.signer_request = Some(REQUEST.to_owned());
    issuer.crl_backdate = CrlBackdate::from_secs(60).expect("less than a day");
    store.create_issuer_if_absent(&issuer).await.expect(WORKS);
    let mut crl = crl(&issuer.id, 1);
    crl.signer_request = Some(REQUEST.to_owned());
    crl.made_at = Some(at(60));
    store.put_crl(&crl).await.expect(WORKS);
    issuer.id
}

async fn write_account(store: &dyn Store) -> Versioned<Account> {
    store.create_external_account_secret_if_absent(&external_account_secret()).await.expect(WORKS);
    let minted = changed(&external_account_key(), |key| {
        (key.label, key.minted_by) = ("golden".to_owned(), "someone".to_owned());
        key.profile = Some("default".parse().expect("a profile's name"));
        key.scope = vec![".example.com".parse().expect("a rule")];
        key.max_accounts = Some(2);
    });
    store.create_external_account_key(&minted).await.expect(WORKS);
    let account = changed(&account_in(&"default".parse().expect("a directory"), key(0)), |account| {
        account.agreed_terms = Some(AgreedTerms { url: Some("https://ca.example/terms".to_owned()), at: at(0) });
        account.external_account = Some(minted.id);
    });
    let after = bound(&minted, &account);
    store.create_bound_account_if_absent(&account, &minted, &after).await.expect(WORKS);
    let rolled = changed(&account, |account| *account = account.with_key(key(2)));
    store.replace_account_key(&account, &rolled).await.expect(WORKS);
    rolled
}

/// Certificates that are intended, issued and revoked, the last two with an order.
async fn write_issuance(store: &dyn Store, issuing: &IssuerId, account: &Account) {
    let name = dns("warm.one.budget.test");
    let pending = authorization(account, name.clone());
    let open = changed(&order(account, std::slice::from_ref(&pending)), |order| {
        (order.not_before, order.not_after) = (Some(at(0)), Some(at(90 * DAY)));
        order.profile = Some("short".to_owned());
        order.replaces = Some(certificate().value.id);
    });
    store.create_order(&open, std::slice::from_ref(&pending)).await.expect(WORKS);
    let begun = validating(&pending);
    store.update_authorization(&pending, &begun).await.expect(WORKS);
    store.update_authorization(&begun, &valid(&begun)).await.expect(WORKS);
    let waiting = authorization(account, dns("b.example.com"));
    store.create_order(&order(account, std::slice::from_ref(&waiting)), &[waiting]).await.expect(WORKS);

    let of_account = |octets: &[u8]| {
        changed(&certificate_of(issuing, 0, serial(octets)), |record| {
            (record.account, record.order) = (Some(account.id), Some(open.id));
            record.identifiers = vec![name.clone()];
        })
    };
    store.intend_certificate(&of_account(&[1])).await.expect(WORKS);
    let intended = with_receipt(&of_account(&[2]));
    let under_way = processing(&open, &intended);
    store.begin_issuance(&intended, &open, &under_way).await.expect(WORKS);
    let issued = changed(&issued_leaf(&intended), |record: &mut CertificateRecord| {
        record.profile = Some("short".to_owned());
    });
    store.complete_issuance(&intended, &issued, &under_way, &valid_order(&under_way)).await.expect(WORKS);
    let gone = of_account(&[3]);
    store.intend_certificate(&gone).await.expect(WORKS);
    let signed = changed(&issued_leaf(&gone), |record: &mut CertificateRecord| {
        let name = "other".parse().expect("a profile's name");
        record.directory = Some(acme::DirectoryId { family: Family::RaProfile, name });
        record.signer_request = Some("138".to_owned());
    });
    store.update_certificate(&gone, &signed).await.expect(WORKS);
    let superseded = revoked(&signed);
    store.update_certificate(&signed, &superseded).await.expect(WORKS);
    store.update_certificate(&superseded, &raised(&superseded)).await.expect(WORKS);
}

async fn write_incident(store: &dyn Store) {
    let declared = changed(&incident(), |incident| {
        incident.counted = Some(7);
        incident.affected.issuer = Some(issuer_id());
        incident.revocation = Some(StagedRevocation {
            reason: RevocationReason::Superseded,
            begins_at: at(DAY),
            position: Some(Position::EndingFrom(at(DAY))),
            revoked: 3,
            finished_at: None,
        });
    });
    store.put_incident(None, &declared).await.expect(WORKS);
}

/// Adds an unknown member to every object of a record, at every depth.
pub fn add_novel_members(json: &mut Value) {
    add_novel_members_in(json, "");
}

fn add_novel_members_in(json: &mut Value, name: &str) {
    match json {
        Value::Object(members) => {
            members.iter_mut().for_each(|(name, member)| add_novel_members_in(member, name));
            // Maps whose keys are data, and enumerations, which are an object of one member.
            if !["labels", "detail", "profiles", "state", "applied", "kept", "position"].contains(&name) {
                members.insert("novel".to_owned(), serde_json::json!({ "of": ["a", "newer", 1] }));
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| add_novel_members_in(element, name)),
        _ => {}
    }
}

fn without_novel(mut json: Value) -> Value {
    match &mut json {
        Value::Object(members) => {
            members.remove("novel");
            members.values_mut().for_each(|member| *member = without_novel(member.take()));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| *element = without_novel(element.take())),
        _ => {}
    }
    json
}

fn json(value: impl Serialize) -> Value {
    serde_json::to_value(value).expect("records are JSON")
}

/// A signer's request id, as AWS makes them.
const REQUEST: &str = "01234567-89ab-cdef-0123-456789abcdef";
/// More than there is of any kind.
const MANY: usize = 99;
const KEY: &str = "the key of a record is read";
