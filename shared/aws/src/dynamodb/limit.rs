//! Counters of limits: one item for a window, and one conditional addition for a count.

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::UpdateItemError,
    primitives::Blob,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};

use super::{
    DynamoDbStore,
    item::{EXPIRES, Item, VERSION, malformed, seconds},
    key,
    retry::Retries,
};
use store::{Counted, LimitStore, LimitWindow, OperationId, StoreError};

#[async_trait]
impl LimitStore for DynamoDbStore {
    async fn count(
        &self,
        window: &LimitWindow,
        amount: u32,
        maximum: u32,
        operation: OperationId,
    ) -> Result<Counted, StoreError> {
        let over = Counted::Over { retry_at: window.ends_at() };
        let Some(room) = maximum.checked_sub(amount) else { return Ok(over) };
        let call = self
            .client()
            .await?
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key::limit(window).attributes()))
            .update_expression(format!(
                "SET {COUNTED} = if_not_exists({COUNTED}, :none) + :amount, {VERSION} = :operation, {EXPIRES} = :expires"
            ))
            // A retry finds its own operation id in the item.
            .condition_expression(format!(
                "attribute_not_exists(pk) OR ({COUNTED} <= :room AND {VERSION} <> :operation)"
            ))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":amount", number(amount))
            .expression_attribute_values(":room", number(room))
            .expression_attribute_values(":operation", version(operation))
            .expression_attribute_values(":expires", seconds(self.retention.of_limit(window)))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let mut retries = Retries::default();
        loop {
            match call.clone().send().await {
                Ok(output) => return Ok(Counted::Within { used: used(output.attributes.map(Item::from).as_ref())? }),
                Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                    let stored = match error.into_err() {
                        UpdateItemError::ConditionalCheckFailedException(failed) => failed.item.map(Item::from),
                        _ => None,
                    };
                    let is_ours = stored.as_ref().and_then(Item::version) == Some(operation);
                    return if is_ours { Ok(Counted::Within { used: used(stored.as_ref())? }) } else { Ok(over) };
                }
                Err(error) => retries.after(error).await?,
            }
        }
    }

    async fn take_back(
        &self,
        window: &LimitWindow,
        amount: u32,
        counted: OperationId,
        operation: OperationId,
    ) -> Result<(), StoreError> {
        let call = self
            .client()
            .await?
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key::limit(window).attributes()))
            .update_expression(format!("SET {COUNTED} = {COUNTED} - :amount, {VERSION} = :operation"))
            .condition_expression(format!("{VERSION} = :counted"))
            .expression_attribute_values(":amount", number(amount))
            .expression_attribute_values(":counted", version(counted))
            .expression_attribute_values(":operation", version(operation));
        let mut retries = Retries::default();
        loop {
            match call.clone().send().await {
                Ok(_) => return Ok(()),
                // Something was counted after it, or this is a retry.
                Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                    return Ok(());
                }
                Err(error) => retries.after(error).await?,
            }
        }
    }

    async fn counted(&self, windows: &[LimitWindow]) -> Result<Vec<u32>, StoreError> {
        let found = self.get_all(windows.iter().map(key::limit).collect()).await?;
        let counted = |window| found.get(&key::limit(window)).map_or(Ok(0), |item| used(Some(item)));
        windows.iter().map(counted).collect()
    }
}

fn used(item: Option<&Item>) -> Result<u32, StoreError> {
    let number = item.and_then(|item| item.number(COUNTED));
    number.and_then(|number| number.try_into().ok()).ok_or_else(|| malformed("counter of a limit"))
}

fn version(operation: OperationId) -> AttributeValue {
    AttributeValue::B(Blob::new(*operation.as_bytes()))
}

fn number(number: u32) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// The attribute of the count.
const COUNTED: &str = "counted";
