//! Grants of enrolment.

use async_trait::async_trait;

use super::{
    EmbeddedStore,
    change::Change,
    record::Record,
    table::{self, TableName},
};
use crate::{EnrolmentGrant, GrantStore, IamPrincipal, OperationId, StoreError, Versioned};

#[async_trait]
impl GrantStore for EmbeddedStore {
    async fn put_grant(
        &self,
        before: Option<OperationId>,
        after: &Versioned<EnrolmentGrant>,
    ) -> Result<(), StoreError> {
        let key = format!("{}#{}", after.principal, after.profile);
        self.apply_from_reserve(vec![Change::new(key, before, after)?]).await
    }

    async fn grants(&self, to: Option<&IamPrincipal>) -> Result<Vec<Versioned<EnrolmentGrant>>, StoreError> {
        let mut grants =
            self.read(|snapshot| Ok(snapshot.versioned_page::<EnrolmentGrant>(None, usize::MAX)?.items))?;
        grants.retain(|grant| to.is_none_or(|principal| grant.principal == *principal));
        Ok(grants)
    }
}

impl Record for EnrolmentGrant {
    const TABLE: TableName = table::GRANT;
}
