//! What is checked before an intention, checked again when the certificate is signed (N16): the
//! account, its authorizations, both keys, the directory and the rules of its profiles. That the
//! issuer is active is checked by the one who signs.

use std::{collections::BTreeMap, sync::Arc};

use acme::{Account, AccountStatus, Authorization, AuthorizationStatus, Order, Problem, ProblemType, Subproblem};
use async_trait::async_trait;
use authority::{Clock, Failure};
use ca::CertificateKeyType;
use issuing::Clearance;
use store::{AccountStore, AuthorizationStore, CertificateRecord, CertificateStore};

use crate::{Directories, Directory, Error, NamePolicies, Refusal, order::authorizations_of};

/// Clears the certificates of orders for signing.
pub struct OrderClearance {
    accounts: Arc<dyn AccountStore>,
    authorizations: Arc<dyn AuthorizationStore>,
    certificates: Arc<dyn CertificateStore>,
    directories: Arc<Directories>,
    policies: Arc<NamePolicies>,
    clock: Arc<dyn Clock>,
}

impl OrderClearance {
    /// Clears by the present records of these stores.
    pub fn new(
        accounts: Arc<dyn AccountStore>,
        authorizations: Arc<dyn AuthorizationStore>,
        certificates: Arc<dyn CertificateStore>,
        directories: Arc<Directories>,
        policies: Arc<NamePolicies>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { accounts, authorizations, certificates, directories, policies, clock }
    }

    /// The account, if it may still have certificates.
    async fn account(&self, order: &Order) -> Result<Result<Account, Problem>, Failure> {
        let account = self.accounts.account(order.account).await?.map(|account| account.value);
        let Some(account) = account.filter(|account| account.status == AccountStatus::Valid) else {
            return Ok(Err(unauthorized("The account ended before the certificate was issued.")));
        };
        if self.certificates.is_key_blocked(&account.key.thumbprint()).await? {
            let detail = "The account's key was reported as compromised before the certificate was issued.";
            return Ok(Err(unauthorized(detail)));
        }
        Ok(Ok(account))
    }

    async fn objection_to_key(
        &self,
        account: &Account,
        serving: &Directory,
        order: &Order,
        intended: &CertificateRecord,
    ) -> Result<Option<Problem>, Failure> {
        let key = intended.state.public_key().map_err(Failure::issuing)?;
        let Ok(profile) = serving.issuing_profile(order.profile.as_deref()) else {
            return Ok(Some(Problem::new(ProblemType::InvalidProfile, "The directory no longer offers the profile.")));
        };
        if !profile.enabled {
            return Ok(Some(unauthorized("The RA Profile was disabled before the certificate was issued.")));
        }
        let detail = if key == account.key {
            "The key of the certificate became that of the account; make a key of its own."
        } else if !profile.key_types.contains(&CertificateKeyType::of(&key)) {
            "The profile no longer certifies keys of that type."
        } else if self.certificates.is_key_blocked(&key.thumbprint()).await? {
            "The key was reported as compromised before the certificate was issued; make a new one."
        } else {
            return Ok(None);
        };
        Ok(Some(Problem::new(ProblemType::BadCsr, detail)))
    }

    /// The names that may not be certified any more, or control of which is no longer shown.
    async fn objection_to_names(
        &self,
        account: &Account,
        serving: &Directory,
        order: &Order,
    ) -> Result<Option<Problem>, Failure> {
        let authorizations = authorizations_of(self.authorizations.as_ref(), order).await?;
        let now = self.clock.now();
        let known: BTreeMap<_, &Authorization> = authorizations.iter().map(|known| (known.id, known)).collect();
        let holds = |id| known.get(id).is_some_and(|shown| shown.status(now) == AuthorizationStatus::Valid);
        if !order.authorizations.iter().all(holds) {
            let ended = authorizations.iter().filter(|shown| shown.status(now) != AuthorizationStatus::Valid);
            let ended: Vec<String> = ended.map(|shown| shown.identifier.to_string()).collect();
            let detail = format!("Control of {} was no longer shown when the certificate was to be signed.", {
                if ended.is_empty() { "a name".to_owned() } else { ended.join(", ") }
            });
            return Ok(Some(unauthorized(&detail)));
        }
        let policy = self.policies.of(serving, account).await?;
        match policy.check(serving, &order.identifiers, &authorizations) {
            Ok(()) => Ok(None),
            Err(Error::Refused(Refusal::Identifiers(refused))) => {
                let detail = "Some names were refused before the certificate was issued; see the subproblems.";
                let subproblems = refused.into_iter().map(|(identifier, refusal)| {
                    Subproblem::new(ProblemType::RejectedIdentifier, refusal.to_string(), identifier)
                });
                let problem = Problem::new(ProblemType::RejectedIdentifier, detail);
                Ok(Some(Problem { subproblems: subproblems.collect(), ..problem }))
            }
            Err(Error::Refused(other)) => Ok(Some(Problem::new(ProblemType::RejectedIdentifier, other.to_string()))),
            Err(Error::Failed(failure)) => Err(failure),
        }
    }
}

#[async_trait]
impl Clearance for OrderClearance {
    async fn objection(&self, order: &Order, intended: &CertificateRecord) -> Result<Option<Problem>, Failure> {
        let account = match self.account(order).await? {
            Ok(account) => account,
            Err(problem) => return Ok(Some(problem)),
        };
        let serving = self.directories.find(&order.directory).await?;
        let Some(serving) = serving.filter(|serving| serving.acme.enabled) else {
            return Ok(Some(unauthorized("The directory went out of service before the certificate was issued.")));
        };
        match self.objection_to_key(&account, &serving, order, intended).await? {
            None => self.objection_to_names(&account, &serving, order).await,
            objection => Ok(objection),
        }
    }
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(ProblemType::Unauthorized, detail)
}
