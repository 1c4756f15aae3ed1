//! Functions that operators invoke directly.

use aws::{Asked, Function, Invocation, InvocationError, work_by};
use serde_json::{Value, json, value::to_raw_value};

use crate::invoke;

#[tokio::test]
async fn a_request_is_answered_and_a_refusal_says_its_reason() {
    let act = work_by((), |(), Asked { alias, request }| {
        Box::pin(async move {
            match request["action"].as_str() {
                Some(action) => Ok(json!({ "did": action, "through": alias })),
                None => Err("there is no action".into()),
            }
        })
    });
    let function = Invocation::new(act);
    assert_eq!(
        invoke(&function, json!({ "action": "status" })).await.unwrap(),
        json!({ "did": "status", "through": null })
    );
    let event = to_raw_value(&json!({ "action": "status" })).unwrap();
    let through = function.invoke_through(Some("view"), &event).await.unwrap();
    assert_eq!(through.get(), r#"{"did":"status","through":"view"}"#);
    let refused = invoke(&function, Value::Null).await;
    assert!(matches!(&refused, Err(InvocationError::Failed(reason)) if reason == "there is no action"), "{refused:?}");
}
