//! The queue of interrupted issuances on Lambda.

use std::{process::ExitCode, sync::Arc};

use authority::IssuanceTask;

fn main() -> ExitCode {
    aws::work::<IssuanceTask>(issue::NEEDS, |_| Ok(Arc::new(|authority, task| Box::pin(issue::work(authority, task)))))
}
