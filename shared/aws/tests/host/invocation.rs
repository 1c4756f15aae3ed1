//! Functions that operators invoke directly.

use aws::{Invocation, InvocationError, work_by};
use serde_json::{Value, json};

use crate::invoke;

#[tokio::test]
async fn a_request_is_answered_and_a_refusal_says_its_reason() {
    let act = work_by((), |(), request: Value| {
        Box::pin(async move {
            match request["action"].as_str() {
                Some(action) => Ok(json!({ "did": action })),
                None => Err("there is no action".into()),
            }
        })
    });
    let function = Invocation::new(act);
    assert_eq!(invoke(&function, json!({ "action": "status" })).await.unwrap(), json!({ "did": "status" }));
    let refused = invoke(&function, Value::Null).await;
    assert!(matches!(&refused, Err(InvocationError::Failed(reason)) if reason == "there is no action"), "{refused:?}");
}
