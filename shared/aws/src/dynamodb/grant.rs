//! Grants of enrolment. They are few and have one partition.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    condition::Condition,
    item::{Item, Record},
    key,
    read::Consistency,
};
use store::{EnrolmentGrant, GrantStore, IamPrincipal, OperationId, Retention, StoreError, Versioned};

#[async_trait]
impl GrantStore for DynamoDbStore {
    async fn put_grant(
        &self,
        before: Option<OperationId>,
        after: &Versioned<EnrolmentGrant>,
    ) -> Result<(), StoreError> {
        let item = Item::of_versioned(key::grant(&after.principal, &after.profile), after, &self.retention)?;
        self.put(item, Condition::still(before)).await?.accept(after.version)
    }

    async fn grants(&self, to: Option<&IamPrincipal>) -> Result<Vec<Versioned<EnrolmentGrant>>, StoreError> {
        let items = self.query(key::grants(to), Consistency::Strong).await?;
        items.iter().map(Item::versioned).collect()
    }
}

impl Record for EnrolmentGrant {
    const NAME: &'static str = "enrolment grant";

    fn kept_until(&self, _: &Retention) -> Option<Timestamp> {
        None
    }
}
