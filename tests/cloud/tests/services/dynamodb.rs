//! DynamoDB through the SDK's own client.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Get, KeysAndAttributes, Put, PutRequest, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure, TransactGetItem, TransactWriteItem, Update, WriteRequest,
};
use cloud::{CallOutcome, Cloud, Fault, FaultKind, Service, Units};

const TABLE: &str = "acme";

fn cloud() -> (Cloud, Client) {
    let cloud = Cloud::start();
    cloud.create_table(TABLE);
    let client = client(&cloud, "tester");
    (cloud, client)
}

/// A client without retries, so that each call is recorded once.
fn client(cloud: &Cloud, principal: &str) -> Client {
    let config = cloud.sdk_config(principal).into_builder().retry_config(RetryConfig::disabled()).build();
    Client::new(&config)
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

async fn put(client: &Client, pk: &str, record: &str) {
    let put = client.put_item().table_name(TABLE).item("pk", text(pk)).item("sk", text("-"));
    put.item("record", text(record)).send().await.unwrap();
}

async fn record(client: &Client, pk: &str, consistent: bool) -> Option<String> {
    let get = client.get_item().table_name(TABLE).key("pk", text(pk)).key("sk", text("-"));
    let item = get.consistent_read(consistent).send().await.unwrap().item?;
    Some(item["record"].as_s().unwrap().clone())
}

fn transaction_put(pk: &str, condition: Option<&str>) -> TransactWriteItem {
    let put = Put::builder().table_name(TABLE).item("pk", text(pk)).item("sk", text("-")).item("record", text("new"));
    let put = put
        .set_condition_expression(condition.map(str::to_owned))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}

fn write(pk: &str) -> WriteRequest {
    let put = PutRequest::builder().item("pk", text(pk)).item("sk", text("-")).item("record", text(pk));
    WriteRequest::builder().put_request(put.build().unwrap()).build()
}

#[tokio::test]
async fn a_failed_condition_returns_the_present_item() {
    let (cloud, client) = cloud();
    put(&client, "ORDER#1", "first").await;
    let error = client
        .put_item()
        .table_name(TABLE)
        .item("pk", text("ORDER#1"))
        .item("sk", text("-"))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let refused = match error {
        aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(error) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused.item.unwrap()["record"], text("first"));
    let calls = cloud.calls();
    assert_eq!(calls[1].outcome, CallOutcome::Refused("ConditionalCheckFailedException".into()));
    assert!(calls[1].conditional && !calls[0].conditional);
    assert_eq!(calls[1].units, Units { read: 0.0, write: 1.0 });
    assert_eq!(calls[1].leading_keys(), ["ORDER#1"]);
    assert_eq!(calls[1].accesses[0].resource, "arn:aws:dynamodb:eu-central-1:123456789012:table/acme");
}

#[tokio::test]
async fn a_cancelled_transaction_gives_a_reason_for_each_entry() {
    let (cloud, client) = cloud();
    put(&client, "B", "old").await;
    let error = client
        .transact_write_items()
        .transact_items(transaction_put("A", Some("attribute_not_exists(pk)")))
        .transact_items(transaction_put("B", Some("attribute_not_exists(pk)")))
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
        cancelled,
    ) = error
    else {
        panic!("{error:?}")
    };
    let reasons = cancelled.cancellation_reasons();
    assert_eq!(reasons[0].code(), Some("None"));
    assert_eq!(reasons[1].code(), Some("ConditionalCheckFailed"));
    assert_eq!(reasons[1].item().unwrap()["record"], text("old"));
    assert_eq!(record(&client, "A", true).await, None);
    assert_eq!(cloud.calls()[1].units.write, 4.0);
}

#[tokio::test]
async fn each_entry_of_a_transaction_is_its_own_access() {
    let (cloud, client) = cloud();
    put(&client, "B", "old").await;
    put(&client, "D", "old").await;
    cloud.clear();
    let update = Update::builder().table_name(TABLE).key("pk", text("B")).key("sk", text("-"));
    let update = update.update_expression("SET r = :r").expression_attribute_values(":r", text("x"));
    let check = ConditionCheck::builder().table_name(TABLE).key("pk", text("C")).key("sk", text("-"));
    let check = check.condition_expression("attribute_not_exists(pk)");
    let delete = Delete::builder().table_name(TABLE).key("pk", text("D")).key("sk", text("-"));
    client
        .transact_write_items()
        .transact_items(transaction_put("A", None))
        .transact_items(TransactWriteItem::builder().update(update.build().unwrap()).build())
        .transact_items(TransactWriteItem::builder().condition_check(check.build().unwrap()).build())
        .transact_items(TransactWriteItem::builder().delete(delete.build().unwrap()).build())
        .send()
        .await
        .unwrap();
    let call = &cloud.calls()[0];
    let seen: Vec<_> = call
        .accesses
        .iter()
        .map(|access| (access.action.as_str(), access.values("dynamodb:LeadingKeys").collect::<Vec<_>>()))
        .collect();
    assert_eq!(
        seen,
        [
            ("dynamodb:PutItem", vec!["A"]),
            ("dynamodb:UpdateItem", vec!["B"]),
            ("dynamodb:ConditionCheckItem", vec!["C"]),
            ("dynamodb:DeleteItem", vec!["D"]),
        ]
    );
    assert_eq!(call.accesses[0].values("dynamodb:EnclosingOperation").collect::<Vec<_>>(), ["TransactWriteItems"]);
    assert_eq!(call.units.write, 8.0);
    assert_eq!(call.operation, "TransactWriteItems");
}

#[tokio::test]
async fn batches_and_queries_name_their_leading_keys() {
    let (cloud, client) = cloud();
    client.batch_write_item().request_items(TABLE, vec![write("A"), write("B")]).send().await.unwrap();
    let keys = ["A", "B"].map(|pk| [("pk".to_owned(), text(pk)), ("sk".to_owned(), text("-"))].into());
    let keys = KeysAndAttributes::builder().set_keys(Some(keys.into())).consistent_read(true).build().unwrap();
    client.batch_get_item().request_items(TABLE, keys).send().await.unwrap();
    for condition in ["pk = :p", "#k=:p AND begins_with(sk, :s)", "(sk >= :s) AND (pk = :p)"] {
        let query = client.query().table_name(TABLE).key_condition_expression(condition);
        let query = query.expression_attribute_values(":p", text("A"));
        let query = if condition.contains(":s") { query.expression_attribute_values(":s", text("-")) } else { query };
        let query = if condition.contains("#k") { query.expression_attribute_names("#k", "pk") } else { query };
        assert_eq!(query.send().await.unwrap().count, 1, "{condition}");
    }
    let calls = cloud.calls();
    assert_eq!(calls[0].accesses.len(), 1);
    assert_eq!(calls[0].accesses[0].action, "dynamodb:BatchWriteItem");
    assert_eq!(calls[0].leading_keys(), ["A", "B"]);
    assert_eq!(calls[1].accesses[0].action, "dynamodb:BatchGetItem");
    assert_eq!(calls[1].leading_keys(), ["A", "B"]);
    assert!(calls[1].consistent);
    for call in &calls[2..] {
        assert_eq!(call.accesses[0].action, "dynamodb:Query");
        assert_eq!(call.leading_keys(), ["A"]);
        assert!(!call.consistent);
        assert_eq!(call.units, Units { read: 0.5, write: 0.0 });
    }
}

#[tokio::test]
async fn units_follow_the_sizes_of_the_items() {
    let (cloud, client) = cloud();
    put(&client, "A", &"x".repeat(3000)).await;
    put(&client, "A", "small").await;
    put(&client, "A", &"x".repeat(5000)).await;
    record(&client, "A", true).await;
    record(&client, "A", false).await;
    record(&client, "absent", true).await;
    client
        .delete_item()
        .table_name(TABLE)
        .key("pk", text("A"))
        .key("sk", text("-"))
        .condition_expression("attribute_not_exists(pk)")
        .send()
        .await
        .unwrap_err();
    client.transact_write_items().transact_items(transaction_put("A", None)).send().await.unwrap();
    let get = Get::builder().table_name(TABLE).key("pk", text("A")).key("sk", text("-")).build().unwrap();
    client.transact_get_items().transact_items(TransactGetItem::builder().get(get).build()).send().await.unwrap();
    let units: Vec<_> = cloud.calls().iter().map(|call| (call.units.read, call.units.write)).collect();
    let expected = [
        (0.0, 3.0),  // new
        (0.0, 3.0),  // the old one was larger
        (0.0, 5.0),  // the new one is larger
        (2.0, 0.0),  // a consistent read
        (1.0, 0.0),  // an eventually consistent read costs half
        (1.0, 0.0),  // a missing item costs one, too
        (0.0, 5.0),  // a failed condition: the present item
        (0.0, 10.0), // twice in a transaction
        (2.0, 0.0),
    ];
    assert_eq!(units, expected);
    assert_eq!(cloud.units_of("tester"), Units { read: 6.0, write: 26.0 });
    assert_eq!(cloud.units_of("someone else"), Units::default());
}

#[tokio::test]
async fn a_refused_write_is_measured_as_a_write_of_the_same_item() {
    let (cloud, client) = cloud();
    for length in 960..1030 {
        cloud.clear();
        let put = |condition: Option<&str>| {
            let put = client.put_item().table_name(TABLE).item("pk", text("A")).item("sk", text(&length.to_string()));
            let put = put.item("expires", AttributeValue::N("1700000001".into()));
            let put = put.item("version", AttributeValue::B(Blob::new([7; 16])));
            let put = put.item("list", AttributeValue::L(vec![AttributeValue::Bool(true), AttributeValue::Null(true)]));
            let put = put.item("record", text(&"é".repeat(length / 2)));
            put.set_condition_expression(condition.map(str::to_owned)).send()
        };
        put(None).await.unwrap();
        put(Some("attribute_not_exists(pk)")).await.unwrap_err();
        let calls = cloud.calls();
        assert_eq!(calls[0].units, calls[1].units, "{length}");
    }
    assert_eq!(cloud.units().write, 4.0, "the largest of them takes two units each time");
}

#[tokio::test]
async fn consumed_capacity_is_answered_only_when_asked_for() {
    let (_cloud, client) = cloud();
    let put = || client.put_item().table_name(TABLE).item("pk", text("A")).item("sk", text("-"));
    assert!(put().send().await.unwrap().consumed_capacity.is_none());
    let asked = put().return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
    assert_eq!(asked.consumed_capacity.unwrap().capacity_units, Some(1.0));
}

#[tokio::test]
async fn throttling_affects_only_the_chosen_call() {
    let (cloud, client) = cloud();
    let injection = cloud.inject(Fault::new(FaultKind::Throttled).on(Service::DynamoDb, "PutItem").at(2));
    put(&client, "A", "1").await;
    record(&client, "A", true).await;
    let refused = client.put_item().table_name(TABLE).item("pk", text("A")).item("sk", text("-")).send().await;
    assert_eq!(refused.unwrap_err().code(), Some("ProvisionedThroughputExceededException"));
    assert_eq!(record(&client, "A", true).await.as_deref(), Some("1"));
    put(&client, "A", "3").await;
    assert_eq!((injection.seen(), injection.struck()), (3, 1));
    assert_eq!(cloud.calls()[2].units, Units::default());
}

#[tokio::test]
async fn a_conflict_cancels_the_transaction_and_changes_nothing() {
    let (cloud, client) = cloud();
    cloud.inject(Fault::new(FaultKind::TransactionConflict));
    let items = [transaction_put("A", None), transaction_put("B", None)];
    let error = client.transact_write_items().set_transact_items(Some(items.to_vec())).send().await.unwrap_err();
    let error = error.into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
        cancelled,
    ) = error
    else {
        panic!("{error:?}")
    };
    let codes: Vec<_> = cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap()).collect();
    assert_eq!(codes, ["TransactionConflict", "None"]);
    assert!(cancelled.message().unwrap().contains("[TransactionConflict, None]"));
    assert!(cloud.items(TABLE).is_empty());

    cloud.inject(Fault::new(FaultKind::TransactionConflict));
    let refused = client.put_item().table_name(TABLE).item("pk", text("A")).item("sk", text("-")).send().await;
    assert_eq!(refused.unwrap_err().code(), Some("TransactionConflictException"));
}

#[tokio::test]
async fn half_of_a_batch_stays_unprocessed() {
    let (cloud, client) = cloud();
    cloud.inject(Fault::new(FaultKind::Unprocessed).from_nth(1));
    let send = |writes: Vec<WriteRequest>| client.batch_write_item().request_items(TABLE, writes).send();
    let answer = send(["A", "B", "C"].map(write).to_vec()).await.unwrap();
    assert_eq!(answer.unprocessed_items.unwrap()[TABLE], ["B", "C"].map(write));
    assert_eq!(cloud.items(TABLE).len(), 1);
    let answer = send(vec![write("B")]).await.unwrap();
    assert_eq!(answer.unprocessed_items.unwrap()[TABLE], [write("B")]);
    assert_eq!(cloud.calls()[1].units, Units::default());

    let keys = ["A", "B"].map(|pk| [("pk".to_owned(), text(pk)), ("sk".to_owned(), text("-"))].into());
    let keys = KeysAndAttributes::builder().set_keys(Some(keys.into())).consistent_read(true).build().unwrap();
    let answer = client.batch_get_item().request_items(TABLE, keys).send().await.unwrap();
    assert_eq!(answer.responses.unwrap()[TABLE].len(), 1);
    let left = &answer.unprocessed_keys.unwrap()[TABLE];
    assert_eq!(left.keys()[0]["pk"], text("B"));
    assert_eq!(left.consistent_read(), Some(true));
}

#[tokio::test]
async fn a_lost_answer_is_not_a_lost_write() {
    for (kind, timed_out) in [(FaultKind::AnswerLost, false), (FaultKind::AnswerLate, true)] {
        let (cloud, client) = cloud();
        cloud.inject(Fault::new(kind));
        let send = client.put_item().table_name(TABLE).item("pk", text("A")).item("sk", text("-"));
        let error = send.item("record", text("written")).send().await.unwrap_err();
        let aws_sdk_dynamodb::error::SdkError::DispatchFailure(failure) = error else { panic!("{error:?}") };
        assert_eq!((failure.is_timeout(), failure.is_io()), (timed_out, !timed_out));
        assert_eq!(record(&client, "A", true).await.as_deref(), Some("written"));
        let call = &cloud.calls()[0];
        assert_eq!(call.outcome, CallOutcome::Lost { refused: None });
        assert!(call.is_applied());
        assert_eq!(call.units.write, 1.0);
    }
}

#[tokio::test]
async fn a_stale_read_sees_the_item_before_its_last_change() {
    let (cloud, client) = cloud();
    put(&client, "A", "1").await;
    put(&client, "A", "2").await;
    put(&client, "B", "1").await;
    let fault = cloud.inject(Fault::new(FaultKind::Stale).always());
    assert_eq!(record(&client, "A", false).await.as_deref(), Some("1"));
    assert_eq!(record(&client, "A", true).await.as_deref(), Some("2"));
    assert_eq!(record(&client, "B", false).await, None);
    let query = || {
        let query = client.query().table_name(TABLE).key_condition_expression("pk = :p");
        query.expression_attribute_values(":p", text("A"))
    };
    let items = query().send().await.unwrap().items.unwrap();
    assert_eq!(items[0]["record"], text("1"));
    let delete = client.delete_item().table_name(TABLE).key("pk", text("A")).key("sk", text("-"));
    delete.send().await.unwrap();
    let items = query().send().await.unwrap().items.unwrap();
    assert_eq!(items[0]["record"], text("2"), "a deleted item is still there");
    let scanned = client.scan().table_name(TABLE).send().await.unwrap();
    assert_eq!(scanned.count, 1, "A before its deletion, B before it was made");
    assert_eq!(fault.struck(), 5);
    cloud.remove(&fault);
    assert_eq!(query().send().await.unwrap().count, 0);
    assert_eq!(record(&client, "B", false).await.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_fault_about_some_keys_leaves_calls_about_others_alone() {
    let (cloud, client) = cloud();
    for key in ["A", "B"] {
        put(&client, key, "1").await;
        put(&client, key, "2").await;
    }
    let fault = cloud.inject(Fault::new(FaultKind::Stale).about(&["B"]).at(2));
    for (key, expected) in [("B", "2"), ("A", "2"), ("A", "2"), ("B", "1"), ("B", "2")] {
        assert_eq!(record(&client, key, false).await.as_deref(), Some(expected), "{key}");
    }
    assert_eq!((fault.seen(), fault.struck()), (3, 1));
}

#[tokio::test]
async fn a_refused_or_repeated_write_does_not_make_reads_staler() {
    let (cloud, client) = cloud();
    put(&client, "A", "1").await;
    put(&client, "A", "2").await;
    let conditional = transaction_put("A", Some("attribute_not_exists(pk)"));
    client.transact_write_items().transact_items(conditional).send().await.unwrap_err();
    put(&client, "A", "2").await;
    cloud.inject(Fault::new(FaultKind::Stale));
    assert_eq!(record(&client, "A", false).await.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_crashed_principal_stays_silent_until_it_is_revived() {
    let (cloud, client) = cloud();
    let other = self::client(&cloud, "other");
    cloud.inject(Fault::new(FaultKind::Crash).of("tester").at(2));
    put(&other, "O", "1").await;
    put(&client, "A", "1").await;
    put(&client, "A", "2").await;
    let dead = client.put_item().table_name(TABLE).item("pk", text("A")).item("sk", text("-")).send().await;
    assert!(matches!(dead, Err(aws_sdk_dynamodb::error::SdkError::DispatchFailure(_))));
    assert_eq!(record(&other, "A", true).await.as_deref(), Some("2"));
    assert_eq!(cloud.calls_of("tester")[2].outcome, CallOutcome::Unreached);
    cloud.revive("tester");
    assert_eq!(record(&client, "A", true).await.as_deref(), Some("2"));
}

#[tokio::test]
async fn unreachable_unavailable_and_denied_calls_change_nothing() {
    let (cloud, client) = cloud();
    let send = || client.put_item().table_name(TABLE).item("pk", text("A")).item("sk", text("-")).send();
    cloud.inject(Fault::new(FaultKind::Unreachable));
    assert!(matches!(send().await, Err(aws_sdk_dynamodb::error::SdkError::DispatchFailure(_))));
    cloud.inject(Fault::new(FaultKind::Unavailable));
    assert_eq!(send().await.unwrap_err().code(), Some("InternalServerError"));
    cloud.inject(Fault::new(FaultKind::Denied));
    assert_eq!(send().await.unwrap_err().code(), Some("AccessDeniedException"));
    assert!(cloud.items(TABLE).is_empty());
    assert!(!cloud.calls().iter().any(cloud::Call::is_applied));
    cloud.inject(Fault::new(FaultKind::Unavailable).always());
    assert!(send().await.is_err());
    cloud.heal();
    send().await.unwrap();
}

#[tokio::test]
async fn the_sdk_retries_a_lost_transaction_without_applying_it_twice() {
    let (cloud, _) = cloud();
    let client = Client::new(&cloud.sdk_config("tester"));
    cloud.inject(Fault::new(FaultKind::AnswerLost));
    let update = Update::builder().table_name(TABLE).key("pk", text("A")).key("sk", text("-"));
    let update =
        update.update_expression("ADD n :one").expression_attribute_values(":one", AttributeValue::N("1".into()));
    let item = TransactWriteItem::builder().update(update.build().unwrap()).build();
    client.transact_write_items().transact_items(item).send().await.unwrap();
    assert_eq!(cloud.items(TABLE)[0]["n"]["N"], "1");
    let calls = cloud.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!((calls[0].units.write, calls[1].units.write), (2.0, 0.0));
    assert_eq!(calls[1].units.read, 2.0, "a repetition is charged as a read");
}

#[tokio::test]
async fn parallel_conditional_puts_have_one_winner() {
    let (_cloud, client) = cloud();
    let mut puts = tokio::task::JoinSet::new();
    for n in 0..50_u8 {
        let put = client.put_item().table_name(TABLE).item("pk", text("A")).item("sk", text("-"));
        let put =
            put.item("version", AttributeValue::B(Blob::new([n]))).condition_expression("attribute_not_exists(pk)");
        puts.spawn(put.send());
    }
    let winners = puts.join_all().await.into_iter().filter(Result::is_ok).count();
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn the_table_takes_its_expiry_from_one_attribute() {
    let (_cloud, client) = cloud();
    let answer = client.describe_time_to_live().table_name(TABLE).send().await.unwrap();
    assert_eq!(answer.time_to_live_description.unwrap().attribute_name.as_deref(), Some("expires"));
}
