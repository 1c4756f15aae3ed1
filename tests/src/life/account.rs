//! What there is in an account and region, whichever stack made it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    change::{Change, Update, values},
    schema::Schemas,
    stack::{Policy, Resource, Stack},
};

/// An account. Every operation takes names, or gives them back.
pub struct Account<'a> {
    schemas: &'a Schemas,
    things: BTreeSet<Thing>,
}

/// Something that exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thing {
    /// What CloudFormation calls it, such as `AWS::KMS::Key`.
    pub kind: String,
    /// Its name if the template gives it one, and otherwise the id that AWS makes.
    pub name: String,
}

impl<'a> Account<'a> {
    /// An account with nothing in it.
    pub fn new(schemas: &'a Schemas) -> Self {
        Self { schemas, things: BTreeSet::new() }
    }

    /// What there is now.
    pub fn things(&self) -> &BTreeSet<Thing> {
        &self.things
    }

    /// Creates a stack.
    ///
    /// # Errors
    /// The resources whose names are taken. Everything is rolled back then.
    pub fn create(&mut self, stack: &Stack) -> Result<(), BTreeSet<String>> {
        let taken = self.taken(stack, stack.resources.keys());
        if taken.is_empty() {
            self.things.extend(self.of(stack).into_values());
            return Ok(());
        }
        // In the worst case everything else was made before.
        let kept = self.kept_in_rollback(stack, stack.resources.keys().filter(|logical| !taken.contains(*logical)));
        self.things.extend(kept);
        Err(taken)
    }

    /// Creates a stack whose last resource fails: everything is made, and rolled back.
    ///
    /// "Resources with the Retain option are also preserved when they are deleted in a roll-back":
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html>.
    pub fn create_and_fail(&mut self, stack: &Stack) {
        let taken = self.taken(stack, stack.resources.keys());
        assert!(taken.is_empty(), "{taken:?}");
        let kept = self.kept_in_rollback(stack, stack.resources.keys());
        self.things.extend(kept);
    }

    /// Updates a stack.
    ///
    /// # Errors
    /// The resources whose names are taken. The stack is as it was then.
    pub fn update(&mut self, before: &Stack, update: &Update) -> Result<(), BTreeSet<String>> {
        // A new resource is made before the old one is deleted, so a name that does not change is
        // taken by the old one:
        // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-replace-custom-name-resources.html
        let made = update.those(|change| matches!(change, Change::Create | Change::Replace { .. }));
        let made: Vec<String> = made.into_iter().map(str::to_owned).collect();
        let taken = self.taken(&update.after, made.iter());
        if !taken.is_empty() {
            let others = made.iter().filter(|logical| !taken.contains(*logical));
            let kept = self.kept_in_rollback(&update.after, others);
            self.things.extend(kept);
            return Err(taken);
        }
        let old = self.of(before);
        for (logical, change) in &update.changes {
            match change {
                Change::Delete { retained } | Change::Replace { retained, .. } => {
                    if !retained && !is_protected(&before.resources[logical]) {
                        self.things.remove(&old[logical]);
                    }
                }
                Change::Create | Change::Refuse { .. } | Change::Update => {}
            }
        }
        let new = self.of(&update.after);
        self.things.extend(made.iter().map(|logical| new[logical].clone()));
        Ok(())
    }

    /// Deletes a stack, and says which of its resources stay, by logical id.
    pub fn delete(&mut self, stack: &Stack) -> BTreeSet<String> {
        let mut kept = BTreeSet::new();
        for (logical, thing) in self.of(stack) {
            let resource = &stack.resources[&logical];
            if resource.deletion == Policy::Delete && !is_protected(resource) {
                self.things.remove(&thing);
            } else {
                kept.insert(logical);
            }
        }
        kept
    }

    fn taken<'s>(&self, stack: &Stack, made: impl Iterator<Item = &'s String>) -> BTreeSet<String> {
        let things = self.of(stack);
        made.filter(|logical| self.things.contains(&things[*logical])).cloned().collect()
    }

    fn kept_in_rollback<'s>(&self, stack: &Stack, made: impl Iterator<Item = &'s String>) -> BTreeSet<Thing> {
        let things = self.of(stack);
        let kept = made.filter(|logical| {
            let resource = &stack.resources[*logical];
            resource.deletion == Policy::Retain || is_protected(resource)
        });
        kept.map(|logical| things[logical].clone()).collect()
    }

    /// What the resources of a stack are, by logical id.
    fn of(&self, stack: &Stack) -> BTreeMap<String, Thing> {
        let things = stack.resources.iter().map(|(logical, resource)| {
            let Resource { kind, properties, .. } = resource;
            let schema = self.schemas.of(kind);
            let parts: Vec<Vec<&Value>> = schema.name.iter().map(|property| values(properties, property)).collect();
            let is_named = !parts.is_empty() && parts.iter().all(|part| !part.is_empty());
            let name = parts.concat().into_iter().map(|part| part.as_str().unwrap()).collect::<Vec<_>>().join(" ");
            let name = if is_named { name } else { stack.physical(logical) };
            (logical.clone(), Thing { kind: kind.clone(), name })
        });
        things.collect()
    }
}

/// "When deletion protection is enabled, it can't be deleted by anyone":
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html>.
fn is_protected(resource: &Resource) -> bool {
    resource.properties["DeletionProtectionEnabled"] == true
}
