//! What must hold at every moment, and what must hold in the end.

use std::collections::{BTreeMap, BTreeSet};

use acme::{AccountStatus, AuthorizationId, AuthorizationState, CertificateId, OrderState, RevocationReason};
use authority::IssuanceTask;
use store::CertificateState;

use crate::{
    gate::take_written,
    memory::Tables,
    operation::{Operation, Outcome},
    world::{ISSUER, Scene, World},
};

/// Looks at the records after every turn.
pub struct Witness {
    last: Tables,
    /// Certificates that were intended when a condition for them had ended, and which.
    begun_too_late: BTreeMap<String, &'static str>,
    /// The keys that were blocked when a certificate was intended.
    blocked_before: BTreeMap<String, BTreeSet<String>>,
}

impl Witness {
    /// A witness of what happens from now on.
    #[must_use]
    pub async fn new(world: &World) -> Self {
        Self {
            last: world.tables(&Tables::default()).await,
            begun_too_late: BTreeMap::new(),
            blocked_before: BTreeMap::new(),
        }
    }

    /// Compares the records with those of the last look, if they can have changed.
    ///
    /// # Errors
    /// The rule that is broken.
    pub async fn look(&mut self, world: &World) -> Result<(), String> {
        if !take_written() {
            return Ok(());
        }
        let now = world.tables(&self.last).await;
        self.look_at_certificates(&now)?;
        final_states_stay(&self.last, &now)?;
        accounts_and_keys_agree(&now, &world.scene)?;
        if let (Some(before), Some(after)) = (self.last.crls.values().next(), now.crls.values().next()) {
            rule(before == after || before.number < after.number, "a CRL number does not grow")?;
        }
        for (key, at) in &self.last.blocked_keys {
            rule(now.blocked_keys.get(key) == Some(at), "a blocked key changed")?;
        }
        if let (Some(before), Some(after)) = (self.last.nonce_secrets.get(""), now.nonce_secrets.get("")) {
            let kept = before.live.iter().all(|secret| after.live.contains(secret));
            rule(kept, "nonces that were given out are no longer accepted")?;
        }
        let replacing = now.orders.values().filter(|order| {
            order.replaces.as_ref() == Some(&world.scene.certificate_id)
                && !matches!(order.state, OrderState::Invalid(_))
        });
        rule(replacing.count() <= 1, "two orders replace one certificate")?;
        self.last = now;
        Ok(())
    }

    fn look_at_certificates(&mut self, now: &Tables) -> Result<(), String> {
        for (id, certificate) in &now.certificates {
            match self.last.certificates.get(id) {
                None => self.begun(now, &certificate.id),
                Some(before) if *before == *certificate => {}
                Some(before) => {
                    let kept = match (&before.revocation, &certificate.revocation) {
                        (None, _) => true,
                        (Some(before), Some(after)) => {
                            before == after
                                || (before.at == after.at && after.reason == RevocationReason::KeyCompromise)
                        }
                        (Some(_), None) => false,
                    };
                    rule(kept, "a revocation was lost")?;
                    let signed = matches!(before.state, CertificateState::Issued { .. });
                    rule(!signed || before.state == certificate.state, "a certificate was signed twice")?;
                }
            }
            if !matches!(certificate.state, CertificateState::Issued { .. }) {
                continue;
            }
            if let Some(why) = self.begun_too_late.get(id) {
                return Err(format!("a certificate was signed although {why} before it was intended"));
            }
            let blocked = certificate
                .key
                .as_ref()
                .is_some_and(|key| self.blocked_before.get(id).is_some_and(|keys| keys.contains(&key.to_string())));
            rule(!blocked, "a certificate was signed for a key that was blocked before it was intended")?;
        }
        for order in now.orders.values() {
            let of_order = now.certificates.values().filter(|certificate| {
                certificate.order == Some(order.id) && matches!(certificate.state, CertificateState::Issued { .. })
            });
            rule(of_order.count() <= 1, "an order has two certificates")?;
        }
        Ok(())
    }

    /// Notes what had ended when a certificate was intended.
    fn begun(&mut self, now: &Tables, id: &CertificateId) {
        let Some(certificate) = now.certificates.get(&id.to_string()) else { return };
        let key = id.to_string();
        self.blocked_before.insert(key.clone(), now.blocked_keys.keys().cloned().collect());
        let order = now.orders.values().find(|order| Some(order.id) == certificate.order);
        let Some(order) = order else { return };
        let valid = |id: &AuthorizationId| {
            let authorization = now.authorizations.values().find(|authorization| authorization.id == *id);
            authorization.is_some_and(|authorization| authorization.state == AuthorizationState::Valid)
        };
        if !order.authorizations.iter().all(valid) {
            self.begun_too_late.insert(key.clone(), "an authorization ended");
        }
        let account = now.accounts.get(&order.account.to_string());
        if account.is_none_or(|account| account.status != AccountStatus::Valid) {
            self.begun_too_late.insert(key, "the account ended");
        }
    }

    /// The issuances that the start of a host resumes, and a queue on AWS.
    #[must_use]
    pub fn unfinished(&self) -> Vec<IssuanceTask> {
        let processing = self.last.orders.values().filter(|order| matches!(order.state, OrderState::Processing(_)));
        processing.map(|order| IssuanceTask { account: order.account, order: order.id }).collect()
    }

    /// Compares what the operations answered with what is stored and published in the end.
    ///
    /// # Errors
    /// The rule that is broken.
    pub async fn judge(
        &self,
        world: &World,
        pair: [Operation; 2],
        outcomes: &[Option<Outcome>; 2],
    ) -> Result<(), String> {
        let tables = world.tables(&self.last).await;
        let succeeded: Vec<Operation> = pair
            .into_iter()
            .zip(outcomes)
            .filter(|(_, outcome)| matches!(outcome, Some(Ok(()))))
            .map(|(o, _)| o)
            .collect();
        rule(self.unfinished().is_empty(), "an order is processing for ever")?;
        for operation in &succeeded {
            rule(is_done(*operation, &tables, &world.scene), &format!("{operation:?} succeeded, and is undone"))?;
        }
        let times = |operation| succeeded.iter().filter(|succeeded| **succeeded == operation).count();
        let both = |a, b| if a == b { times(a) == 2 } else { times(a) > 0 && times(b) > 0 };
        use Operation::{Bind, BindOtherwise, Finalize, FinalizeOtherwise, Redeem, Validated, ValidationFailed};
        for (a, b) in [
            (Redeem, Redeem),
            (Finalize, FinalizeOtherwise),
            (Bind, BindOtherwise),
            (Validated, ValidationFailed),
            (Validated, Validated),
        ] {
            rule(!both(a, b), &format!("{a:?} and {b:?} succeeded, although only one can"))?;
        }
        crls_are_whole(world, &tables)
    }
}

/// Whether what the operation answered is so.
fn is_done(operation: Operation, tables: &Tables, scene: &Scene) -> bool {
    let account = tables.accounts.get(&scene.account.to_string());
    let authorization = |id| tables.authorizations.values().find(|stored| stored.id == id).map(|stored| stored.state);
    match operation {
        Operation::DeactivateAuthorization => authorization(scene.ready.1) == Some(AuthorizationState::Deactivated),
        Operation::Validated => authorization(scene.validating.1) == Some(AuthorizationState::Valid),
        Operation::ValidationFailed => authorization(scene.validating.1) == Some(AuthorizationState::Invalid),
        Operation::DeactivateAccount => account.is_some_and(|account| account.status == AccountStatus::Deactivated),
        Operation::DisableAccount => account.is_some_and(|account| account.status != AccountStatus::Valid),
        Operation::ChangeContact => account.is_some_and(|account| account.contact.len() == 1),
        Operation::ChangeKey => account.is_some_and(|account| account.key == scene.new_keys[0]),
        Operation::BlockRequestKey => tables.blocked_keys.contains_key(&scene.request_keys[0].thumbprint().to_string()),
        Operation::RevokeExternalKey => {
            tables.external_account_keys.get(&scene.external.id.to_string()).is_some_and(|key| key.revoked)
        }
        Operation::RevokeByAccount | Operation::RevokeByKey | Operation::RevokeByOperator => {
            let certificate = tables.certificates.get(&scene.certificate_id.to_string());
            certificate.is_some_and(|certificate| certificate.revocation.is_some())
        }
        _ => true,
    }
}

/// Every revoked certificate is on the published CRL, which is the newest.
fn crls_are_whole(world: &World, tables: &Tables) -> Result<(), String> {
    let newest = tables.crls.values().filter(|crl| crl.issuer.to_string() == ISSUER).max_by_key(|crl| crl.number);
    let Some(newest) = newest else { return Err("there is no CRL".to_owned()) };
    let published = world.surroundings.published(&format!("crl/{ISSUER}/0.crl"));
    rule(published.as_ref() == Some(&newest.der), "the published CRL is not the newest")?;
    for certificate in tables.certificates.values().filter(|certificate| certificate.revocation.is_some()) {
        let serial = certificate.id.serial().as_bytes();
        let listed = newest.der.windows(serial.len()).any(|window| window == serial);
        rule(listed, "a revoked certificate is on no CRL")?;
    }
    Ok(())
}

/// What has ended stays so.
fn final_states_stay(last: &Tables, now: &Tables) -> Result<(), String> {
    for (id, before) in &last.orders {
        let ended = matches!(before.state, OrderState::Valid(_) | OrderState::Invalid(_));
        let same = now.orders.get(id).is_some_and(|after| after.state == before.state);
        rule(!ended || same, "an order that had ended changed")?;
    }
    for (id, before) in &last.authorizations {
        let Some(after) = now.authorizations.get(id) else { return Err("an authorization is gone".to_owned()) };
        let may_follow = match before.state {
            AuthorizationState::Pending => true,
            AuthorizationState::Valid => {
                matches!(after.state, AuthorizationState::Valid | AuthorizationState::Deactivated)
            }
            ended @ (AuthorizationState::Invalid | AuthorizationState::Deactivated) => after.state == ended,
        };
        rule(may_follow, "an authorization that had ended changed")?;
    }
    for (id, before) in &last.accounts {
        let stays = before.status != AccountStatus::Deactivated
            || now.accounts.get(id).is_some_and(|after| after.status == AccountStatus::Deactivated);
        rule(stays, "an account that had ended lives again")?;
    }
    Ok(())
}

/// No key has two accounts, no account two keys, no external account key more accounts than it may.
fn accounts_and_keys_agree(now: &Tables, scene: &Scene) -> Result<(), String> {
    let keys: BTreeSet<String> = now.accounts.values().map(|account| account.key.thumbprint().to_string()).collect();
    rule(keys.len() == now.accounts.len(), "a key has two accounts")?;
    rule(now.account_of_key.len() == keys.len(), "an account is found by two keys")?;
    let bound = now.accounts.values().filter(|account| account.external_account == Some(scene.external.id)).count();
    rule(bound <= 1, "an external account key for one account has two")?;
    let key = now.external_account_keys.get(&scene.external.id.to_string());
    let counted = key.map_or(0, |key| key.accounts as usize);
    // An account is counted before it is bound, so that a crash in between never binds too many.
    rule(counted >= bound, "the accounts of an external account key are miscounted")?;
    Ok(())
}

fn rule(holds: bool, broken: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(broken.to_owned()) }
}
