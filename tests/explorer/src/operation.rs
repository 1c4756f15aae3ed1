//! The operations that touch one account, order, authorization, certificate or key.

use std::{future::Future, pin::Pin, sync::Arc};

use acme::{
    Account, AccountUpdate, ChallengeType, IdentifierObject, NewAccount, NewOrder, Observation, Problem, ProblemType,
    RevocationReason,
};
use authority::{Clock, CrlTask, IssuanceTask, ValidationTask};
use aws_lc_rs::hmac;
use jiff::SignedDuration;
use jose::{PublicKey, base64url};
use operator::FormerHolders;
use ra::{KeyRollover, Revoker};
use serde_json::json;
use store::Versioned;

use crate::world::{ISSUER, NEW_ACCOUNT, Process, Scene, World};

macro_rules! operations {
    ($($(#[$doc:meta])+ $name:ident),+ $(,)?) => {
        /// What is asked of the CA, or a queue delivers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Operation {
            $($(#[$doc])+ $name),+
        }

        impl Operation {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

operations! {
    /// The order that is ready is finalized with the first request.
    Finalize,
    /// The order that is ready is finalized with another request.
    FinalizeOtherwise,
    /// The queue delivers the interrupted issuance.
    Resume,
    /// The client deactivates the authorization of the order that is ready.
    DeactivateAuthorization,
    /// The client ends the account.
    DeactivateAccount,
    /// The client changes the contact.
    ChangeContact,
    /// An operator disables the account.
    DisableAccount,
    /// The client gives the account another key.
    ChangeKey,
    /// Someone registers that other key.
    RegisterOtherKey,
    /// Someone registers a key with the external account key.
    Bind,
    /// Someone registers another key with the same external account key.
    BindOtherwise,
    /// The operator revokes the external account key.
    RevokeExternalKey,
    /// The challenge was validated.
    Validated,
    /// The challenge failed.
    ValidationFailed,
    /// The client starts the challenge again.
    Initiate,
    /// The account revokes its certificate.
    RevokeByAccount,
    /// The holder of the certificate's key revokes it as compromised.
    RevokeByKey,
    /// An operator revokes the certificate.
    RevokeByOperator,
    /// An operator blocks the key of the first request.
    BlockRequestKey,
    /// A new order replaces the certificate.
    Replace,
    /// A nonce is redeemed.
    Redeem,
    /// A CRL is due.
    MakeCrl,
    /// The nonce secrets are made or rotated.
    RotateNonceSecrets,
}

/// What came of it; the words are for people.
pub type Outcome = Result<(), String>;

/// An operation that runs.
pub type Running = Pin<Box<dyn Future<Output = Outcome>>>;

impl Operation {
    /// The operation in a process of its own, before its first call.
    #[must_use]
    pub fn start(self, world: &World) -> Running {
        let (process, scene) = (world.process(), world.scene.clone());
        Box::pin(async move { self.run(&process, &scene).await })
    }

    async fn run(self, process: &Process, scene: &Arc<Scene>) -> Outcome {
        match self {
            Self::Finalize | Self::FinalizeOtherwise => self.finalize(process, scene).await,
            Self::Resume => {
                let task = IssuanceTask { account: scene.account, order: scene.interrupted };
                process.ra.resumption.resume(task).await.map_err(words)
            }
            Self::DeactivateAuthorization => {
                let account = account(process, scene).await?;
                let authorization = scene.ready.1;
                done(process.ra.authorizations.deactivate(&account, authorization, "deactivated").await)
            }
            Self::DeactivateAccount | Self::ChangeContact => self.update_account(process, scene).await,
            Self::DisableAccount => done(process.operator.accounts.disable("explorer", scene.account).await),
            Self::ChangeKey => change_key(process, scene).await,
            Self::RegisterOtherKey => register(process, &scene.new_keys[0], NewAccount::default(), scene).await,
            Self::Bind => register(process, &scene.new_keys[0], bound(scene, &scene.new_keys[0]), scene).await,
            Self::BindOtherwise => register(process, &scene.new_keys[1], bound(scene, &scene.new_keys[1]), scene).await,
            Self::RevokeExternalKey => {
                done(process.operator.external_account_keys.revoke("explorer", scene.external.id).await)
            }
            Self::Validated | Self::ValidationFailed => self.settle(process, scene).await,
            Self::Initiate => {
                let (account, serving) = (account(process, scene).await?, directory(process, scene).await?);
                let (challenges, authorization) = (&process.ra.challenges, scene.validating.1);
                done(challenges.initiate(&serving, &account, authorization, ChallengeType::Http01, &[]).await)
            }
            Self::RevokeByAccount => {
                let (account, serving) = (account(process, scene).await?, directory(process, scene).await?);
                let (revoker, reason) = (Revoker::Account(&account), RevocationReason::Superseded);
                done(process.ra.revocations.revoke(&serving, revoker, &scene.certificate, reason).await)
            }
            Self::RevokeByKey => {
                let (key, reason) = (Revoker::Key(&scene.certificate_key), RevocationReason::KeyCompromise);
                let serving = directory(process, scene).await?;
                done(process.ra.revocations.revoke(&serving, key, &scene.certificate, reason).await)
            }
            Self::RevokeByOperator => {
                let reason = RevocationReason::PrivilegeWithdrawn;
                done(process.operator.revocations.revoke("explorer", &scene.certificate_id, reason).await)
            }
            Self::BlockRequestKey => {
                let key = scene.request_keys[0].thumbprint();
                done(process.operator.blocked_keys.block_key("explorer", &key, FormerHolders::Kept).await)
            }
            Self::Replace => replace(process, scene).await,
            Self::Redeem => {
                let expires_at = process.clock.now() + SignedDuration::from_hours(1);
                match process.ra.nonces.redeem("a nonce", expires_at).await.map_err(words)? {
                    true => Ok(()),
                    false => Err("redeemed before".to_owned()),
                }
            }
            Self::MakeCrl => done(process.ra.crls.make(&crl_task()).await),
            Self::RotateNonceSecrets => done(process.ra.nonce_secret_rotation.ensure().await),
        }
    }

    async fn finalize(self, process: &Process, scene: &Scene) -> Outcome {
        let (account, serving) = (account(process, scene).await?, directory(process, scene).await?);
        let csr = &scene.requests[usize::from(self == Self::FinalizeOtherwise)];
        done(process.ra.finalization.finalize(&serving, &account, scene.ready.0, csr).await)
    }

    async fn update_account(self, process: &Process, scene: &Scene) -> Outcome {
        let (account, serving) = (account(process, scene).await?, directory(process, scene).await?);
        let update = match self {
            Self::DeactivateAccount => AccountUpdate { status: Some("deactivated".to_owned()), ..Default::default() },
            _ => AccountUpdate { contact: Some(vec!["mailto:new@example.com".to_owned()]), ..Default::default() },
        };
        done(process.ra.account_changes.update(&serving, account, &update).await)
    }

    /// A worker that takes the task, and records its result.
    async fn settle(self, process: &Process, scene: &Scene) -> Outcome {
        let (validations, authorization) = (&process.ra.validations, scene.validating.1);
        let task = ValidationTask { account: scene.account, authorization, challenge: ChallengeType::Http01 };
        let Some(job) = validations.job(task).await.map_err(words)? else { return Err("nothing to do".to_owned()) };
        if self == Self::Validated {
            return done(validations.succeeded(job, vec![Observation::default()]).await);
        }
        done(validations.failed(job, Problem::new(ProblemType::Connection, "refused").into()).await)
    }
}

/// The request for a CRL of the issuer of the certificates.
#[must_use]
pub fn crl_task() -> CrlTask {
    CrlTask { issuer: ISSUER.parse().expect("an id"), shard: 0 }
}

async fn directory(process: &Process, scene: &Scene) -> Result<Arc<ra::Directory>, String> {
    process.directory(scene).await.map_err(words)
}

/// The account as a request with its `kid` finds it.
async fn account(process: &Process, scene: &Scene) -> Result<Versioned<Account>, String> {
    process.ra.accounts.account(&scene.directory, scene.account).await.map_err(words)
}

async fn change_key(process: &Process, scene: &Scene) -> Outcome {
    let (account, serving) = (account(process, scene).await?, directory(process, scene).await?);
    let rollover = KeyRollover {
        account: Some(scene.account),
        old_key: scene.account_key.clone(),
        new_key: scene.new_keys[0].clone(),
    };
    done(process.ra.key_changes.change(&serving, &account, rollover).await)
}

async fn register(process: &Process, key: &PublicKey, request: NewAccount, scene: &Scene) -> Outcome {
    let serving = directory(process, scene).await?;
    done(process.ra.registrations.create(&serving, key.clone(), &request, NEW_ACCOUNT).await)
}

/// A new account with an external account binding (RFC 8555 §7.3.4).
fn bound(scene: &Scene, key: &PublicKey) -> NewAccount {
    let header = json!({ "alg": "HS256", "kid": scene.external.id.to_string(), "url": NEW_ACCOUNT });
    let protected = base64url::encode(header.to_string().as_bytes());
    let payload = base64url::encode(serde_json::to_string(key).expect("a JWK").as_bytes());
    let mac_key = hmac::Key::new(hmac::HMAC_SHA256, &scene.external.mac_key);
    let mac = hmac::sign(&mac_key, format!("{protected}.{payload}").as_bytes());
    let jws = json!({ "protected": protected, "payload": payload, "signature": base64url::encode(mac.as_ref()) });
    let binding = serde_json::value::to_raw_value(&jws).expect("JSON");
    NewAccount { external_account_binding: Some(binding), ..NewAccount::default() }
}

async fn replace(process: &Process, scene: &Scene) -> Outcome {
    let (account, serving) = (account(process, scene).await?, directory(process, scene).await?);
    let request = NewOrder {
        identifiers: vec![IdentifierObject { r#type: "dns".to_owned(), value: "issued.example".to_owned() }],
        not_before: None,
        not_after: None,
        replaces: Some(scene.certificate_id.to_string()),
        profile: None,
    };
    done(process.ra.new_orders.create(&serving, &account, request).await)
}

fn done<T, E: std::error::Error>(result: Result<T, E>) -> Outcome {
    result.map(drop).map_err(words)
}

fn words(error: impl std::error::Error) -> String {
    error.to_string()
}
