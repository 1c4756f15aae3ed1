//! A creation that fails, a deletion, and a creation after either.

use std::collections::BTreeSet;

use tests::{clients::Failure, life::Stack};

use super::{ADOPTING, Life, NAME, stack};

/// The finding AWS-A2: state with fixed names was in the way of the next try.
#[tokio::test]
async fn a_first_deployment_that_fails_late_leaves_nothing_and_is_tried_again() -> Result<(), Failure> {
    let Some(life) = Life::find().await? else { return Ok(()) };
    let mut account = life.account();
    account.create_and_fail(&stack(life.old, "1", &[]));
    let left: Vec<&str> = account.things().iter().map(|thing| thing.kind.as_str()).collect();
    let state = ["DynamoDB::Table", "KMS::Alias", "KMS::Alias", "KMS::Key", "KMS::Key", "S3::Bucket"];
    assert_eq!(left, state.map(|kind| format!("AWS::{kind}")), "the judge finds what e70810c left");
    let taken = account.create(&stack(life.old, "2", &[])).unwrap_err();
    assert_eq!(taken, names(["IssuingKeyAlias", "RootKeyAlias", "Table"]));

    let mut account = life.account();
    for parameters in [&[][..], &[("EventBusName", "default"), ("DataKeyArn", "arn:aws:kms:::key/data")]] {
        account.create_and_fail(&stack(life.new, "1", parameters));
        assert!(account.things().is_empty(), "{:?}", account.things());
    }
    assert_eq!(account.create(&stack(life.new, "2", &[])), Ok(()));
    Ok(())
}

/// The description of the parameter says so.
#[tokio::test]
async fn a_table_that_is_protected_from_the_start_cannot_be_taken_back() -> Result<(), Failure> {
    let Some(life) = Life::find().await? else { return Ok(()) };
    let mut account = life.account();
    account.create_and_fail(&stack(life.new, "1", &[("DeletionProtection", "true")]));
    let left: Vec<&str> = account.things().iter().map(|thing| thing.kind.as_str()).collect();
    assert_eq!(left, ["AWS::DynamoDB::Table"]);
    Ok(())
}

/// The finding AWS-C9: the logs were lost with the stack.
#[tokio::test]
async fn a_deleted_stack_leaves_the_ca_and_its_logs_and_nothing_else() -> Result<(), Failure> {
    let Some(life) = Life::find().await? else { return Ok(()) };
    let ca = ["IssuingKey", "IssuingKeyAlias", "RootKey", "RootKeyAlias", "StatusBucket", "Table"];
    let logs = ["AccessLogs", "ForwardEventsLogs", "FunctionLogs"];
    for (template, kept) in [(life.old, names(ca)), (life.new, &names(ca) | &names(logs))] {
        let mut account = life.account();
        let made = stack(template, "1", &[("EventBusName", "default")]);
        account.create(&made).unwrap();
        assert_eq!(account.delete(&made), kept);
        assert_eq!(account.things().len(), kept.len(), "{:?}", account.things());
    }
    Ok(())
}

/// Without adopting, the names that are left keep the second CA from being made; with the
/// parameters, nothing that is left is in the way.
#[tokio::test]
async fn what_a_deleted_stack_left_is_adopted_by_the_next_one_of_any_name() -> Result<(), Failure> {
    let Some(life) = Life::find().await? else { return Ok(()) };
    let mut account = life.account();
    let first = stack(life.new, "1", &[("EventBusName", "default")]);
    account.create(&first).unwrap();
    account.delete(&first);
    let left = account.things().clone();

    let taken = account.create(&stack(life.new, "2", &[])).unwrap_err();
    assert_eq!(taken, names(["IssuingKeyAlias", "RootKeyAlias", "Table"]));
    assert_eq!(*account.things(), left, "it leaves nothing");
    // Each of the three names is in the way by itself.
    for (parameter, resource) in
        [("AdoptTableName", "Table"), ("AdoptRootKeyArn", "RootKeyAlias"), ("AdoptIssuingKeyArn", "IssuingKeyAlias")]
    {
        let others: Vec<(&str, &str)> = ADOPTING.into_iter().filter(|(name, _)| *name != parameter).collect();
        assert_eq!(account.create(&stack(life.new, "2", &others)), Err(names([resource])));
    }
    assert_eq!(*account.things(), left, "they leave nothing");

    for (name, id) in [(NAME, "3"), ("another-name", "4")] {
        let next = Stack::new(life.new, name, id, &ADOPTING);
        assert_eq!(account.create(&next), Ok(()), "{name}");
        let made: BTreeSet<&str> = next.state();
        let adopted = ["IssuingKey", "IssuingKeyAlias", "RootKey", "RootKeyAlias", "StatusBucket", "Table"];
        assert!(adopted.iter().all(|resource| !made.contains(resource)), "{made:?}");
        // What it adopted stays whatever becomes of it.
        account.delete(&next);
        assert!(left.is_subset(account.things()), "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn stacks_of_two_names_stand_side_by_side() -> Result<(), Failure> {
    let Some(life) = Life::find().await? else { return Ok(()) };
    let mut account = life.account();
    for (name, id) in [(NAME, "1"), ("another-name", "2")] {
        let parameters = [("EventBusName", "default"), ("AlarmTopicArn", "arn:aws:sns:::topic")];
        assert_eq!(account.create(&Stack::new(life.new, name, id, &parameters)), Ok(()), "{name}");
    }
    Ok(())
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}
