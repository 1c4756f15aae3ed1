//! The queue of validations on Lambda. The attempts of one validation are made within one
//! invocation.

use std::{process::ExitCode, sync::Arc};

use authority::ValidationTask;
use validate::{Settings, Sleep};

fn main() -> ExitCode {
    aws::work::<ValidationTask>(validate::NEEDS, |environment| {
        let settings = Arc::new(Settings::from_variables(|name| environment.optional(name))?);
        Ok(Arc::new(move |authority, task| {
            let settings = settings.clone();
            Box::pin(async move { validate::work(authority, &settings, task, &Sleep).await })
        }))
    })
}
