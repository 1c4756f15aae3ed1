//! DynamoDB: an emulator in memory, with what the emulator lacks: the capacity units of refused
//! writes, partly processed batches, and stale reads.
//!
//! One lock is held during each request, so the state of the items before and after it is exact.

mod batch;
mod engine;
mod schema;
mod touch;
mod units;

use std::collections::BTreeMap;
use std::sync::Mutex;

use dynoxide::{Database, DynoxideError};
use serde_json::{Map, Value, json};

use crate::account::{ACCOUNT, REGION};
use crate::call::{Access, Units};
use crate::description::Description;
use crate::fault::Manner;
use crate::lock::locked;
use crate::request::Request;
use crate::response::{JSON, Reply, answer};

use schema::Schema;
use touch::{Place, Touches};

/// An item in DynamoDB JSON: attribute names and typed values.
type Item = Map<String, Value>;

#[derive(Default)]
pub(crate) struct DynamoDb {
    tables: Mutex<Tables>,
}

struct Tables {
    database: Database,
    schemas: BTreeMap<String, Schema>,
    /// Each item before its last change, which a stale read returns.
    previous: BTreeMap<Place, Option<Item>>,
}

impl Default for Tables {
    fn default() -> Self {
        let database = Database::memory().expect("a database in memory has no external dependencies");
        Self { database, schemas: BTreeMap::new(), previous: BTreeMap::new() }
    }
}

impl DynamoDb {
    pub(crate) fn create_table(&self, name: &str) -> String {
        let tables = locked(&self.tables);
        let attributes = json!([
            { "AttributeName": "pk", "AttributeType": "S" },
            { "AttributeName": "sk", "AttributeType": "S" },
        ]);
        let keys = json!([
            { "AttributeName": "pk", "KeyType": "HASH" },
            { "AttributeName": "sk", "KeyType": "RANGE" },
        ]);
        let table = json!({
            "TableName": name, "AttributeDefinitions": attributes, "KeySchema": keys, "BillingMode": "PAY_PER_REQUEST",
        });
        let expiry = json!({
            "TableName": name, "TimeToLiveSpecification": { "AttributeName": "expires", "Enabled": true },
        });
        engine::execute(&tables.database, "CreateTable", &table).expect("a new table");
        engine::execute(&tables.database, "UpdateTimeToLive", &expiry).expect("the table takes an expiry");
        table_arn(name)
    }

    pub(crate) fn items(&self, table: &str) -> Vec<Item> {
        let tables = locked(&self.tables);
        let mut items = Vec::new();
        let mut request = json!({ "TableName": table, "ConsistentRead": true });
        loop {
            let mut page = engine::execute(&tables.database, "Scan", &request).expect("a scan of a table");
            if let Value::Array(found) = page["Items"].take() {
                items.extend(found.into_iter().filter_map(|item| match item {
                    Value::Object(item) => Some(item),
                    _ => None,
                }));
            }
            match page["LastEvaluatedKey"].take() {
                Value::Null => return items,
                key => request["ExclusiveStartKey"] = key,
            }
        }
    }

    pub(crate) fn fill(&self, table: &str, items: Vec<Item>) {
        let tables = locked(&self.tables);
        for item in items {
            let request = json!({ "TableName": table, "Item": item });
            engine::execute(&tables.database, "PutItem", &request).expect("an item with its key");
        }
    }

    pub(crate) fn describe(&self, request: &Request) -> Description {
        let operation = &request.operation;
        let touches = locked(&self.tables).touches(operation, &request.json);
        let mut accesses: Vec<Access> = Vec::new();
        for touch in &touches.items {
            let leading = touch.place.leading();
            let arn = table_arn(&touch.place.table);
            match accesses.iter_mut().find(|access| !touches.transaction && access.resource == arn) {
                Some(access) => *access = access.clone().with(LEADING_KEYS, [leading]),
                None => {
                    let access = Access::new(touch.action, arn).with(LEADING_KEYS, [leading]);
                    accesses.push(if touches.transaction {
                        access.with("dynamodb:EnclosingOperation", [operation.clone()])
                    } else {
                        access
                    });
                }
            }
        }
        if let Some(range) = &touches.range {
            let arn = match &range.index {
                Some(index) => format!("{}/index/{index}", table_arn(&range.table)),
                None => table_arn(&range.table),
            };
            let access = Access::new(format!("dynamodb:{operation}"), arn);
            accesses.push(access.with(LEADING_KEYS, range.leading.clone()));
        }
        if accesses.is_empty() {
            let resource = match request.json["TableName"].as_str() {
                Some(table) => table_arn(table),
                None => "*".to_owned(),
            };
            accesses.push(Access::new(format!("dynamodb:{operation}"), resource));
        }
        Description { accesses, consistent: touches.consistent, conditional: touches.conditional }
    }

    pub(crate) fn handle(&self, request: &Request, manner: Manner) -> Reply {
        let mut tables = locked(&self.tables);
        let operation = request.operation.as_str();
        let (body, left_over) = match manner {
            Manner::HalfOfTheBatch => batch::halve(&request.json),
            Manner::Plain | Manner::Stale => (request.json.clone(), None),
        };
        let outcome = match manner {
            // The emulator refuses an empty batch, as it should for a client, so it must not get
            // one here.
            _ if batch::is_emptied(&body, left_over.as_ref()) => Ok((batch::nothing(operation), Units::default())),
            Manner::Stale => tables.stale(operation, &body),
            Manner::Plain | Manner::HalfOfTheBatch => tables.execute(operation, &body),
        };
        match outcome {
            Ok((mut body, units)) => {
                if let Some(left_over) = left_over {
                    body[batch::left_over_member(operation)] = left_over;
                }
                Reply::json(&body).costing(units)
            }
            Err(Failure { error, units }) => {
                let name = error.error_type().rsplit('#').next().unwrap_or_default().to_owned();
                let http = answer(error.status_code(), JSON, error.to_json().into());
                Reply { refused: Some(name), ..Reply::raw(http).costing(units) }
            }
        }
    }
}

/// An error of the emulator, with the cost of the request.
struct Failure {
    error: DynoxideError,
    units: Units,
}

impl Tables {
    fn touches(&mut self, operation: &str, body: &Value) -> Touches {
        let Self { database, schemas, .. } = self;
        Touches::of(operation, body, &mut |table| Schema::known(database, schemas, table))
    }

    fn execute(&mut self, operation: &str, body: &Value) -> Result<(Value, Units), Failure> {
        let touches = self.touches(operation, body);
        let writes: Vec<_> = touches.items.iter().filter(|touch| touch.is_write()).collect();
        let before: Vec<_> = writes.iter().map(|touch| self.image(&touch.place)).collect();
        let outcome = units::measured(&self.database, operation, body);
        if matches!(operation, "CreateTable" | "DeleteTable" | "UpdateTable") {
            self.schemas.clear();
        }
        match outcome {
            Ok(done) => {
                for (touch, before) in writes.into_iter().zip(before) {
                    if self.image(&touch.place) != before {
                        self.previous.insert(touch.place.clone(), before);
                    }
                }
                Ok(done)
            }
            Err(error) => {
                let units = units::of_refused(&error, writes.into_iter().zip(&before));
                Err(Failure { error, units })
            }
        }
    }

    /// Runs a read on the items as they were, and then restores them.
    fn stale(&mut self, operation: &str, body: &Value) -> Result<(Value, Units), Failure> {
        let touches = self.touches(operation, body);
        let rewound: Vec<_> = self
            .previous
            .iter()
            .filter(|(place, _)| touches.cover(place))
            .map(|(place, before)| (place.clone(), self.image(place), before.clone()))
            .collect();
        for (place, _, before) in &rewound {
            self.put_back(place, before.as_ref());
        }
        let outcome = units::measured(&self.database, operation, body);
        for (place, now, _) in &rewound {
            self.put_back(place, now.as_ref());
        }
        outcome.map_err(|error| Failure { error, units: Units::default() })
    }

    fn image(&self, place: &Place) -> Option<Item> {
        let request = json!({ "TableName": place.table, "Key": place.key(), "ConsistentRead": true });
        match engine::execute(&self.database, "GetItem", &request).ok()?["Item"].take() {
            Value::Object(item) => Some(item),
            _ => None,
        }
    }

    fn put_back(&self, place: &Place, item: Option<&Item>) {
        let done = match item {
            Some(item) => {
                engine::execute(&self.database, "PutItem", &json!({ "TableName": place.table, "Item": item }))
            }
            None => {
                engine::execute(&self.database, "DeleteItem", &json!({ "TableName": place.table, "Key": place.key() }))
            }
        };
        done.expect("an item that fitted before fits again");
    }
}

fn table_arn(table: &str) -> String {
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}")
}

const LEADING_KEYS: &str = "dynamodb:LeadingKeys";
