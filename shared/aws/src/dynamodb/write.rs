//! Writes of one item with a condition, of several in a transaction, and of many without
//! conditions.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::{BuildError, SdkError},
    operation::{put_item::PutItemError, transact_write_items::TransactWriteItemsError},
    types::{
        CancellationReason, Delete, DeleteRequest, Put, PutRequest, ReturnValuesOnConditionCheckFailure,
        TransactWriteItem, WriteRequest,
    },
};

use super::{
    DynamoDbStore,
    condition::{Condition, Verdict},
    item::Item,
    key::Key,
    retry::{Retries, unavailable},
};
use store::{OperationId, StoreError};

/// One write of a transaction.
#[derive(Clone, Debug)]
pub(super) enum Write {
    /// Replaces the stored item.
    Put(Item, Condition),
    /// Deletes the item.
    Delete(Key),
}

impl DynamoDbStore {
    /// Puts an item if the condition holds.
    pub(super) async fn put(&self, item: Item, condition: Condition) -> Result<Verdict, StoreError> {
        let call = self
            .client()
            .await?
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item.attributes()))
            .set_condition_expression(condition.expression())
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let mut retries = Retries::default();
        loop {
            match call.clone().send().await {
                Ok(_) => return Ok(Verdict::Held),
                Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                    return Ok(match error.into_err() {
                        PutItemError::ConditionalCheckFailedException(failed) => {
                            Verdict::Failed(failed.item.map(Item::from))
                        }
                        _ => Verdict::Failed(None),
                    });
                }
                Err(error) => retries.after(error).await?,
            }
        }
    }

    /// Puts a few items one after the other, unconditionally.
    pub(super) async fn put_each(&self, items: Vec<Item>) -> Result<(), StoreError> {
        for item in items {
            self.put(item, Condition::Always).await?;
        }
        Ok(())
    }

    /// Applies all of the writes or none, and returns the verdict on each of their conditions.
    /// `operation` makes a retry harmless.
    pub(super) async fn transact<const N: usize>(
        &self,
        operation: OperationId,
        writes: [Write; N],
    ) -> Result<[Verdict; N], StoreError> {
        let writes = writes.into_iter().map(|write| self.transaction_item(write)).collect::<Result<_, _>>()?;
        let call = self
            .client()
            .await?
            .transact_write_items()
            .set_transact_items(Some(writes))
            .client_request_token(operation.to_string());
        let mut retries = Retries::default();
        loop {
            let error = match call.clone().send().await {
                Ok(_) => return Ok([const { Verdict::Held }; N]),
                Err(error) => error,
            };
            match verdicts(&error) {
                Some(verdicts) => return Ok(verdicts),
                None => retries.after_transaction(error).await?,
            }
        }
    }

    /// Applies all of the writes or none, unconditionally; at most a hundred.
    pub(super) async fn transact_all(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let writes = writes.into_iter().map(|write| self.transaction_item(write)).collect::<Result<_, _>>()?;
        let call = self.client().await?.transact_write_items().set_transact_items(Some(writes));
        let mut retries = Retries::default();
        loop {
            match call.clone().send().await {
                Ok(_) => return Ok(()),
                Err(error) => retries.after_transaction(error).await?,
            }
        }
    }

    /// Puts many items, unconditionally. After an error some may have been written.
    pub(super) async fn put_all(&self, items: Vec<Item>) -> Result<(), StoreError> {
        let put = |item: Item| PutRequest::builder().set_item(Some(item.attributes())).build();
        let writes = items.into_iter().map(|item| Ok(WriteRequest::builder().put_request(put(item)?).build()));
        self.write_all(writes.collect::<Result<_, _>>().map_err(|error: BuildError| unavailable(error))?).await
    }

    /// Deletes many items. After an error some may have been deleted.
    pub(super) async fn delete_all(&self, keys: Vec<Key>) -> Result<(), StoreError> {
        let delete = |key: Key| DeleteRequest::builder().set_key(Some(key.attributes())).build();
        let writes = keys.into_iter().map(|key| Ok(WriteRequest::builder().delete_request(delete(key)?).build()));
        self.write_all(writes.collect::<Result<_, _>>().map_err(|error: BuildError| unavailable(error))?).await
    }

    async fn write_all(&self, writes: Vec<WriteRequest>) -> Result<(), StoreError> {
        for writes in writes.chunks(MAX_WRITES) {
            let mut rest = HashMap::from([(self.table.clone(), writes.to_vec())]);
            let mut retries = Retries::default();
            while !rest.is_empty() {
                match self.client().await?.batch_write_item().set_request_items(Some(rest.clone())).send().await {
                    Ok(output) => {
                        rest = output.unprocessed_items.unwrap_or_default();
                        if !rest.is_empty() {
                            retries.for_the_rest().await?;
                        }
                    }
                    Err(error) => retries.after(error).await?,
                }
            }
        }
        Ok(())
    }

    fn transaction_item(&self, write: Write) -> Result<TransactWriteItem, StoreError> {
        let item = TransactWriteItem::builder();
        Ok(match write {
            Write::Put(put, condition) => {
                let put = Put::builder()
                    .table_name(&self.table)
                    .set_item(Some(put.attributes()))
                    .set_condition_expression(condition.expression())
                    .set_expression_attribute_names(condition.names())
                    .set_expression_attribute_values(condition.values())
                    .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
                item.put(put.build().map_err(unavailable)?).build()
            }
            Write::Delete(key) => {
                let delete = Delete::builder().table_name(&self.table).set_key(Some(key.attributes()));
                item.delete(delete.build().map_err(unavailable)?).build()
            }
        })
    }
}

/// The verdicts, if the transaction was cancelled because of a condition.
fn verdicts<const N: usize>(error: &SdkError<TransactWriteItemsError>) -> Option<[Verdict; N]> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return None;
    };
    let verdict = |reason: &CancellationReason| match reason.code() {
        Some("ConditionalCheckFailed") => Verdict::Failed(reason.item().cloned().map(Item::from)),
        _ => Verdict::Held,
    };
    let verdicts: Vec<Verdict> = cancelled.cancellation_reasons().iter().map(verdict).collect();
    verdicts.iter().any(|verdict| *verdict != Verdict::Held).then_some(verdicts)?.try_into().ok()
}

/// The maximum number of items in one TransactWriteItems.
pub(super) const MAX_TOGETHER: usize = 100;
/// The maximum number of items in one BatchWriteItem.
const MAX_WRITES: usize = 25;
