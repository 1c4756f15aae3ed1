//! Functions that operators invoke directly.

use aws::{Invocation, InvocationError};
use ra::Needs;
use serde_json::{Value, json};

use crate::{cloud, invoke};

#[tokio::test]
async fn a_request_is_answered_and_a_refusal_is_an_error_with_its_reason() {
    let (cloud, environment) = cloud();
    let config = cloud.sdk_config("AdminFunction");
    let function = Invocation::new(&config, &environment, Needs::STORE, |_, request| {
        Box::pin(async move {
            match request["action"].as_str() {
                Some(action) => Ok(json!({ "did": action })),
                None => Err("there is no action".into()),
            }
        })
    });
    let function = function.unwrap();
    assert_eq!(invoke(&function, json!({ "action": "status" })).await.unwrap(), json!({ "did": "status" }));
    let refused = invoke(&function, Value::Null).await;
    assert!(matches!(&refused, Err(InvocationError::Failed(reason)) if reason == "there is no action"), "{refused:?}");
}
