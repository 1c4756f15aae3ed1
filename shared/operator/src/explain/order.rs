//! The explanation of an order.

use acme::{Account, AccountId, Authorization, Order, OrderId, Problem, Subproblem};
use ra::{Directory, LimitState, authorizations_of};
use store::CertificateRecord;

use super::{ExplainedOrder, Explanation, NameVerdict, Records, advice, listed, timeline, verdict::verdict};
use crate::{Error, Explanations, Refusal};

/// An order with everything that is stored about it.
struct Known {
    order: Order,
    authorizations: Vec<Authorization>,
    certificate: Option<CertificateRecord>,
}

impl Explanations {
    /// Explains an order.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn order(&self, account: AccountId, id: OrderId) -> Result<Explanation, Error> {
        let account = self.find_account(account).await?;
        let known = self.known(self.orders.order(account.id, id).await?.ok_or(Refusal::NotFound)?.value).await?;
        let Known { order, authorizations, certificate } = known;
        let now = self.clock.now();
        let status = order.status(&authorizations, now);
        let (names, limits) = self.policy_of(&account, &order).await?;
        let mut advice = advice::for_order(&account, status, &authorizations, now);
        advice.extend(advice::for_a_new_order(&names, &limits));
        Ok(Explanation {
            summary: format!(
                "The order {id} of the account {} in the directory {} is {}.",
                account.id,
                order.directory,
                format!("{status:?}").to_lowercase()
            ),
            error: order.error(&authorizations, now),
            advice,
            timeline: timeline::of_order(&order, &authorizations, certificate.as_ref(), now),
            names,
            limits,
            orders: Vec::new(),
            records: Records {
                external_account_key: self.binding_of(&account).await?,
                account: Some(account),
                order: Some(order),
                authorizations,
                certificate,
            },
        })
    }

    /// A summary of each order; orders that no longer exist are left out.
    pub(super) async fn in_lines(&self, orders: Vec<(AccountId, OrderId)>) -> Result<Vec<ExplainedOrder>, Error> {
        let mut lines = Vec::new();
        for (account, id) in orders {
            let Some(order) = self.orders.order(account, id).await? else { continue };
            let Known { order, authorizations, .. } = self.known(order.value).await?;
            let now = self.clock.now();
            lines.push(ExplainedOrder {
                order: id,
                account,
                made_at: order.created_at,
                status: order.status(&authorizations, now),
                names: order.identifiers.iter().map(ToString::to_string).collect(),
                reason: order.error(&authorizations, now).map(|error| reason(&error)),
            });
        }
        Ok(lines)
    }

    async fn known(&self, order: Order) -> Result<Known, Error> {
        let authorizations = authorizations_of(self.authorizations.as_ref(), &order).await?;
        let certificate = match order.issuance() {
            Some(issuance) => self.lookup.certificate(&issuance.certificate).await?.map(|record| record.value),
            None => None,
        };
        Ok(Known { order, authorizations, certificate })
    }

    /// Whether the same order would be accepted now.
    async fn policy_of(&self, account: &Account, order: &Order) -> Result<(Vec<NameVerdict>, Vec<LimitState>), Error> {
        // The profile was deleted, so there is no policy.
        let Some(serving) = self.directories.find(&order.directory).await? else { return Ok((Vec::new(), Vec::new())) };
        let Directory { acme, ra, .. } = serving.as_ref();
        let signing = self.signing(ra).await?;
        let policy = signing.policy(self.policies.of(&serving, account).await?);
        let names = order.identifiers.iter().map(|name| verdict(acme, Some(&signing), &policy, true, name)).collect();
        let limits = self.limits.states_for_order(&serving, account, &order.identifiers).await?;
        Ok((names, limits))
    }
}

/// A problem as one line.
fn reason(error: &Problem) -> String {
    let of_name = |problem: &Subproblem| format!("{}: {}", problem.identifier.value, problem.detail);
    match error.subproblems.as_slice() {
        [] => error.detail.clone(),
        of_names => listed(of_names.iter().map(of_name)),
    }
}
