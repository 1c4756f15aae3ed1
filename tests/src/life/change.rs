//! What an update does to each resource of a stack:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html>.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::deployed::transformed::Transformed;

use super::{
    schema::{Schema, Schemas},
    stack::{Policy, Resource, Stack},
};

/// What becomes of one resource. What does not change is not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is made.
    Create,
    /// It leaves the stack.
    Delete {
        /// Whether it stays in the account.
        retained: bool,
    },
    /// The update fails, because this property cannot be changed.
    Refuse {
        /// The property, as a JSON pointer.
        property: String,
    },
    /// A new one is made.
    Replace {
        /// The first property that cannot be changed, as a JSON pointer.
        property: String,
        /// Whether the old one stays in the account.
        retained: bool,
    },
    /// It has other properties, and is the same.
    Update,
}

/// An update of a stack.
#[derive(Debug)]
pub struct Update {
    /// What becomes of the resources, by logical id.
    pub changes: BTreeMap<String, Change>,
    /// The stack after it.
    pub after: Stack,
}

impl Update {
    /// The update of a stack of this name to a template and parameters.
    ///
    /// # Panics
    /// A resource changes its type, which CloudFormation refuses.
    pub fn of(schemas: &Schemas, before: &Stack, template: &Transformed, name: &str, given: &[(&str, &str)]) -> Self {
        let mut generations = before.generations.clone();
        // A resource that is replaced has another id, which may replace those that refer to it.
        loop {
            let after = Stack::after(template, name, &before.id, given, generations.clone());
            let changes = changes(schemas, before, &after);
            let mut settled = true;
            for (logical, change) in &changes {
                let is_new = matches!(change, Change::Replace { .. });
                let before = before.generations.get(logical).copied().unwrap_or_default();
                if is_new && generations.get(logical) != Some(&(before + 1)) {
                    generations.insert(logical.clone(), before + 1);
                    settled = false;
                }
            }
            if settled {
                let mut after = after;
                // What is made again later is another resource.
                for (logical, _) in changes.iter().filter(|(_, change)| matches!(change, Change::Delete { .. })) {
                    *after.generations.entry(logical.clone()).or_default() += 1;
                }
                return Self { changes, after };
            }
        }
    }

    /// The resources that a predicate is true for.
    pub fn those(&self, is_one: impl Fn(&Change) -> bool) -> BTreeSet<&str> {
        let those = self.changes.iter().filter(|(_, change)| is_one(change));
        those.map(|(logical, _)| logical.as_str()).collect()
    }

    /// Whether it fails before anything is changed for good.
    pub fn is_refused(&self) -> bool {
        self.changes.values().any(|change| matches!(change, Change::Refuse { .. }))
    }
}

fn changes(schemas: &Schemas, before: &Stack, after: &Stack) -> BTreeMap<String, Change> {
    let mut changes = BTreeMap::new();
    for (logical, old) in &before.resources {
        let change = match after.resources.get(logical) {
            // The policy is that of the template that still has the resource.
            None => Some(Change::Delete { retained: old.deletion != Policy::Delete }),
            Some(new) => changed(&schemas.of(&old.kind), logical, old, new),
        };
        changes.extend(change.map(|change| (logical.clone(), change)));
    }
    let made = after.resources.keys().filter(|logical| !before.resources.contains_key(*logical));
    changes.extend(made.map(|logical| (logical.clone(), Change::Create)));
    changes
}

fn changed(schema: &Schema, logical: &str, old: &Resource, new: &Resource) -> Option<Change> {
    assert_eq!(old.kind, new.kind, "{logical}: an update cannot change the type");
    let differs = |property: &&String| values(&old.properties, property) != values(&new.properties, property);
    if let Some(property) = schema.unchangeable.iter().find(differs) {
        return Some(Change::Refuse { property: property.clone() });
    }
    if let Some(property) = schema.create_only.iter().find(differs) {
        // "UpdateReplacePolicy" of the new template:
        // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
        return Some(Change::Replace { property: property.clone(), retained: new.replacement != Policy::Delete });
    }
    (old.properties != new.properties).then_some(Change::Update)
}

/// What is at a pointer, with `*` for all elements of an array; nothing where there is nothing.
pub(super) fn values<'a>(properties: &'a Value, pointer: &str) -> Vec<&'a Value> {
    let mut found = vec![properties];
    for part in pointer.split('/').skip(1) {
        found = found
            .into_iter()
            .flat_map(|value| match (part, value.as_array()) {
                ("*", Some(elements)) => elements.iter().collect::<Vec<_>>(),
                _ => value.get(part).into_iter().collect(),
            })
            .collect();
    }
    found
}
