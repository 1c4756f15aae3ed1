//! Updates: from the template of e70810c, and of each parameter to another value and back.

use std::collections::{BTreeMap, BTreeSet};

use tests::{
    clients::Failure,
    life::{Change, Stack, Update},
};

use super::{
    Life, NAME,
    parameters::{Changed, changed},
    stack,
};

/// State that an update replaces or takes out of the stack, and why that loses nothing.
struct Explained {
    /// The parameter, or `e70810c`.
    update: &'static str,
    resources: &'static [&'static str],
    why: &'static str,
}

const EXPLAINED: [Explained; 6] = [
    Explained {
        update: "AdoptTableName",
        resources: &["Table"],
        why: "the stack goes on with another table; its own stays (docs/operations/backup.md, a restore)",
    },
    Explained {
        update: "AdoptRootKeyArn",
        resources: &["RootKey", "RootKeyAlias"],
        why: "the stack goes on with another key; its own stays (docs/operations/deploy.md)",
    },
    Explained {
        update: "AdoptIssuingKeyArn",
        resources: &["IssuingKey", "IssuingKeyAlias"],
        why: "the stack goes on with another key; its own stays (docs/operations/deploy.md)",
    },
    Explained {
        update: "AdoptStatusBucketName",
        resources: &["StatusBucket"],
        why: "the stack goes on with another bucket; its own stays (docs/operations/deploy.md)",
    },
    Explained {
        update: "EventBusName",
        resources: &["ForwardEventsDeadLetters"],
        why: "what could not be put on the bus is of no use without it, and every event is in the log",
    },
    Explained {
        update: "e70810c",
        resources: &["AccessLogs", "ForwardEventsLogs", "FunctionLogs"],
        why: "the groups get other names, and the old ones stay (docs/operations/upgrade.md)",
    },
];

/// What cannot be made because the name is taken by what the stack itself left, and why that is
/// meant.
const IN_THE_WAY: [(&str, &[&str]); 3] = [
    // Taking such a parameter back would make a second CA with the name of the first.
    ("AdoptTableName", &["Table"]),
    ("AdoptRootKeyArn", &["RootKeyAlias"]),
    ("AdoptIssuingKeyArn", &["IssuingKeyAlias"]),
];

#[tokio::test]
async fn no_update_loses_state_or_meets_what_the_stack_left_unless_that_is_explained() -> Result<(), Failure> {
    let Some(life) = Life::find().await? else { return Ok(()) };
    let mut lost: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut met: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut faults = Vec::new();
    for Changed { parameter, value, with } in changed() {
        let to: Vec<(&str, &str)> = with.iter().copied().chain([(parameter, value)]).collect();
        let mut account = life.account();
        let mut now = stack(life.new, "1", with);
        account.create(&now).unwrap();
        // There and back, and there again: what the first step left is in the way of the third.
        for given in [&to[..], with, &to[..]] {
            let update = Update::of(&life.schemas, &now, life.new, NAME, given);
            if update.is_refused() {
                break;
            }
            lost.entry(parameter).or_default().extend(lost_by(&now, &update));
            faults.extend(deleted_by(&now, &update).map(|resource| format!("{parameter} deletes {resource}")));
            let things = account.things().clone();
            match account.update(&now, &update) {
                Ok(()) => now = update.after,
                Err(taken) => {
                    let left: Vec<_> = account.things().symmetric_difference(&things).collect();
                    assert!(left.is_empty(), "{parameter}: a roll-back changes {left:?}");
                    met.entry(parameter).or_default().extend(taken);
                    break;
                }
            }
        }
    }

    let mut account = life.account();
    let old = stack(life.old, "1", &[("EventBusName", "default")]);
    account.create(&old).unwrap();
    let update = Update::of(&life.schemas, &old, life.new, NAME, &[("EventBusName", "default")]);
    assert!(!update.is_refused(), "{:?}", update.changes);
    lost.insert("e70810c", lost_by(&old, &update).collect());
    faults.extend(deleted_by(&old, &update).map(|resource| format!("e70810c's update deletes {resource}")));
    if let Err(taken) = account.update(&old, &update) {
        met.insert("e70810c", taken);
    }

    let owned = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    lost.retain(|_, resources| !resources.is_empty());
    let explained: BTreeMap<&str, BTreeSet<String>> =
        EXPLAINED.iter().map(|Explained { update, resources, .. }| (*update, owned(resources))).collect();
    let reasons = EXPLAINED.map(|Explained { update, why, .. }| format!("{update}: {why}"));
    assert_eq!(lost, explained, "what leaves the stack, and what is explained: {reasons:#?}");
    let in_the_way: BTreeMap<&str, BTreeSet<String>> =
        IN_THE_WAY.iter().map(|(parameter, resources)| (*parameter, owned(resources))).collect();
    assert_eq!(met, in_the_way, "what is in the way, and what is meant to be");
    // The dead letters of a bus that there is no more are the only state that does not stay.
    assert_eq!(faults, ["EventBusName deletes ForwardEventsDeadLetters"]);
    Ok(())
}

/// State that is replaced or leaves the stack.
fn lost_by(before: &Stack, update: &Update) -> impl Iterator<Item = String> {
    state_of(before, update.those(|change| matches!(change, Change::Delete { .. } | Change::Replace { .. })))
}

/// State that does not even stay in the account.
fn deleted_by(before: &Stack, update: &Update) -> impl Iterator<Item = String> {
    let deleted = update
        .those(|change| matches!(change, Change::Delete { retained: false } | Change::Replace { retained: false, .. }));
    state_of(before, deleted)
}

fn state_of(stack: &Stack, those: BTreeSet<&str>) -> impl Iterator<Item = String> {
    let state = stack.state();
    let state: Vec<String> = those.into_iter().filter(|one| state.contains(one)).map(str::to_owned).collect();
    state.into_iter()
}

/// KMS never changes the type of a key, and CloudFormation does not replace one because of it.
#[tokio::test]
async fn an_update_of_the_type_of_a_key_is_refused_and_nothing_else_is() -> Result<(), Failure> {
    let Some(life) = Life::find().await? else { return Ok(()) };
    let mut refused = BTreeSet::new();
    for Changed { parameter, value, with } in changed() {
        let to: Vec<(&str, &str)> = with.iter().copied().chain([(parameter, value)]).collect();
        let update = Update::of(&life.schemas, &stack(life.new, "1", with), life.new, NAME, &to);
        if update.is_refused() {
            refused.insert(parameter);
        }
    }
    assert_eq!(refused, BTreeSet::from(["IssuingKeySpec", "MultiRegionKeys", "RootKeySpec"]));
    let fixed = |parameter: &&str| {
        let description = life.new.description(parameter);
        description.contains("Fixed at the first deployment")
    };
    assert!(refused.iter().all(fixed), "their descriptions say so");
    Ok(())
}

/// The table of e70810c is always protected; now a parameter says so, and its default is not to.
#[tokio::test]
async fn an_update_from_e70810c_keeps_the_protection_of_the_table_where_the_parameter_says_so() -> Result<(), Failure> {
    let Some(life) = Life::find().await? else { return Ok(()) };
    let old = stack(life.old, "1", &[]);
    assert_eq!(old.resources["Table"].properties["DeletionProtectionEnabled"], true);
    for (given, protected) in [(&[][..], false), (&[("DeletionProtection", "true")], true)] {
        let update = Update::of(&life.schemas, &old, life.new, NAME, given);
        assert_eq!(update.changes["Table"], Change::Update);
        assert_eq!(update.after.resources["Table"].properties["DeletionProtectionEnabled"], protected);
    }
    Ok(())
}
